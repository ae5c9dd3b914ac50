"""What a plan asks for that a run cannot answer: moves that go through their stages and change no number.

Nothing may be left out silently (R11): whoever reads the answer is told which moves these are, and why.
"""

from __future__ import annotations

from collections.abc import Container
from typing import NamedTuple

from models.care.workforce import Workforce
from models.plans import Plan
from models.plans.moves import BEDS, AnyMove, Merge
from models.transition.followed import said_by_shifts

__all__ = ["Idle", "idle_moves"]

NO_STAFF = "staff are not modelled in this run, and stay what they are"
NO_COMMUNITY_STAFF = "staff outside hospital are not modelled in this run, so nobody can move there"
NOBODY_FOLLOWED = "nobody is followed through A&E in this detail, and as many come (detail=full follows them)"


class Idle(NamedTuple):
    """A move, or the effect of one that also opens places, which changes nothing in a run, and why."""

    move: str
    title: str
    why: str


def idle_moves(plan: Plan, workforce: Workforce, sites: Container[str], follows_attendances: bool) -> list[Idle]:
    """Moves of a plan that change nothing in a run.

    Parameters
    ----------
    plan : Plan
    workforce : Workforce
        Staff around the network, with its switches.
    sites : container of str
        Hospitals; a shift between two of them is of people who come there, any other a way out of hospital.
    follows_attendances : bool
        Whether people who go home from A&E are part of the network.
    """
    found, said = [], said_by_shifts(plan)
    for name, move in plan.moves.items():
        title = move.title or name
        if why := _staff(move, workforce):
            found.append(Idle(name, title, why))
        if isinstance(move, Merge) and move.setting == BEDS and (shift := said.get((move.from_, move.to))):
            why = f"the shift '{plan.moves[shift].title or shift}' says already who goes from {move.from_} to {move.to}"
            found.append(Idle(name, f"People who would follow {title}", why))
        if not follows_attendances and _on_attendances(move, sites):
            found.append(Idle(name, f"Effect of {title}" if move.opens else title, NOBODY_FOLLOWED))
    return found


def _staff(move: AnyMove, workforce: Workforce) -> str:
    if move.kind not in ("recruit", "retrain"):
        return ""
    if not workforce.enabled:
        return NO_STAFF
    elsewhere = workforce.places_follow_staff.enabled
    return NO_COMMUNITY_STAFF if move.kind == "retrain" and not elsewhere else ""


def _on_attendances(move: AnyMove, sites: Container[str]) -> bool:
    effect = getattr(move, "effect", None)
    way_out = move.kind == "shift" and move.from_ not in sites
    return effect is not None and effect.affects == "attendances" and not way_out
