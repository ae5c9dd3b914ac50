"""Who comes to which hospital under a plan, and who follows beds and places that a merger moves: nobody is lost.

A8, A12: care is moved, not taken away. A merger takes along a share of those who come to its old site, in proportion to
what has closed there; a `shift` says a share itself, and then the merger adds nothing to it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from models.plans import Plan
from models.plans.moves import BEDS, Merge, Shift

__all__ = ["Ways", "merged_services", "said_by_shifts", "share_that_follows", "still_come"]

Ways = Mapping[tuple[str, str], float]  #: share of those who would come to one hospital and go to another instead

SMALL = 1e-9


def still_come(
    effects: Mapping[tuple[str, str, str], float], on: str, per_day: Mapping[str, float], follow: Ways
) -> dict[str, float]:
    """Share of those who come to each hospital that still come, those from other hospitals included.

    Parameters
    ----------
    effects : mapping
        As in :class:`models.transition.sight.Target`: a factor where demand is avoided, a share where it is shifted.
    on : str
        ``emergencies`` or ``attendances``.
    per_day : mapping
        How many come before any plan, by hospital; nobody can be sent where nobody is followed.
    follow : mapping
        Shares that follow beds from one hospital to another.
    """
    own, leaving = dict.fromkeys(per_day, 1.0), defaultdict[tuple[str, str], float](float)
    for (what, setting, at), amount in effects.items():
        here, _, there = setting.partition(">")
        if what != on or at not in own or (there and here != "demand"):  # from service to service: a way out
            continue
        if there:
            leaving[at, there] += amount
        else:
            own[at] *= amount
    for way, share in follow.items():
        leaving[way] += share
    leaving = {(at, to): n for (at, to), n in leaving.items() if per_day.get(at) and per_day.get(to)}
    come = {site: own[site] * n for site, n in per_day.items()}
    in_all = sum(come.values())
    for site in per_day:
        away = {to: share for (at, to), share in leaving.items() if at == site}
        whole = max(1.0, sum(away.values()))  # more than all cannot go
        for to, share in away.items():
            come[site] -= own[site] * per_day[site] * share / whole
            come[to] += own[site] * per_day[site] * share / whole
    assert abs(sum(come.values()) - in_all) <= SMALL * max(1.0, in_all), "people were lost between hospitals"  # noqa: S101
    return {site: max(0.0, come[site]) / n if n else own[site] for site, n in per_day.items()}


def share_that_follows(merged: int, before: float) -> float:
    """Share of those who use beds or places of a site that goes along when so many of those there before have moved."""
    return min(1.0, merged / before) if before > 0 else 0.0


def said_by_shifts(plan: Plan) -> dict[tuple[str, str], str]:
    """Shifts of emergencies by site from which and site to which: where there is one, it says who goes, no merger."""
    return {
        (move.from_, move.to): name
        for name, move in plan.moves.items()
        if isinstance(move, Shift) and move.effect.affects in (None, "emergencies")
    }


def merged_services(plan: Plan) -> Iterator[tuple[str, str, str]]:
    """Services that mergers move: service, site from which, site to which; people need a way there."""
    found = ((m.setting, m.from_, m.to) for m in plan.moves.values() if isinstance(m, Merge) and m.setting != BEDS)
    yield from dict.fromkeys(found)
