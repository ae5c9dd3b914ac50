"""The stages a step of a move goes through, by kind of move, and which transitions are allowed.

T1 (build, run both, prove, release), G17 (stage gates), G18 (stopped by a veto or a court), G19 (consultation).
"""

from __future__ import annotations

from enum import StrEnum

__all__ = ["CLOSING", "PATHS", "Stage", "allowed", "before_effect", "in_effect"]


class Stage(StrEnum):
    """Where a step stands."""

    PLANNED = "planned"
    CONSULTING = "consulting"  # the public is asked (G19)
    APPROVING = "approving"  # partners decide (G13)
    CHALLENGED = "challenged"  # before a court, or referred to the Secretary of State (G18)
    READY = "ready"  # nobody objects; the time to build has not come
    BUILDING = "building"  # built, recruited for, trained for
    RUNNING_BOTH = "running both"  # the old stays until what replaces it is live (T1, A10)
    PROVING = "proving"  # what replaces it is live; judged by the gates until they hold
    MOTHBALLED = "mothballed"  # beds closed, staff and costs still there, can reopen
    DECOMMISSIONED = "decommissioned"  # cost and staff released, cannot reopen
    LIVE = "live"  # open, or in effect
    ADOPTED = "adopted"  # in full effect
    STOPPED = "stopped"  # will never happen


S = Stage
_DECIDED = (S.PLANNED, S.CONSULTING, S.APPROVING, S.CHALLENGED)
_CLOSED = (S.RUNNING_BOTH, S.PROVING, S.MOTHBALLED, S.DECOMMISSIONED)
_BUILT = (*_DECIDED, S.READY, S.BUILDING, S.LIVE, S.ADOPTED)

#: Stages in their order by kind of move. Those of `OPTIONAL` are passed over where they take no time.
PATHS: dict[str, tuple[Stage, ...]] = {
    "close": (*_DECIDED, *_CLOSED),
    "convert": (*_DECIDED, *_CLOSED, S.BUILDING, S.LIVE, S.ADOPTED),
    "merge": (*_DECIDED, S.READY, S.BUILDING, *_CLOSED),
    **dict.fromkeys(("open", "avoid", "shorten", "shift", "invest", "recruit", "retrain"), _BUILT),
}
OPTIONAL = frozenset({S.CONSULTING, S.APPROVING, S.CHALLENGED, S.READY, S.MOTHBALLED})
CLOSING = frozenset({"close", "convert", "merge"})  #: kinds that close beds or places

_EFFECTIVE = {kind: S.MOTHBALLED if kind in CLOSING else S.LIVE for kind in PATHS}


def in_effect(kind: str, stage: Stage) -> bool:
    """Whether what a step is about has happened: beds closed, places open, effect begun."""
    return stage is not S.STOPPED and PATHS[kind].index(stage) >= PATHS[kind].index(_EFFECTIVE[kind])


def before_effect(kind: str, stage: Stage) -> bool:
    """Whether a step is still to come."""
    return stage is not S.STOPPED and not in_effect(kind, stage)


def allowed(kind: str, old: Stage, new: Stage) -> bool:
    """Whether a step of this kind may go from one stage to another.

    Forward along its path, passing over what takes no time; from mothballed back to proving, when a rule reopens it;
    and to stopped from anywhere before it took effect.
    """
    path = PATHS[kind]
    if old not in path:
        return False
    if new is S.STOPPED:
        return before_effect(kind, old)
    if new not in path:
        return False
    if (old, new) == (S.MOTHBALLED, S.PROVING):
        return True
    i, j = path.index(old), path.index(new)
    return i < j and all(stage in OPTIONAL for stage in path[i + 1 : j])
