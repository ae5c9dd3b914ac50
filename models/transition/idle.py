"""What a plan asks for that a run cannot answer: moves that go through their stages and change no number.

Nothing may be left out silently (R11): whoever reads the answer is told which moves these are, and why.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import NamedTuple

from models.care.slow import Around
from models.care.workforce import Workforce
from models.plans import Plan
from models.plans.moves import BEDS, AnyMove, Invest, Merge
from models.transition.followed import said_by_shifts

__all__ = ["Idle", "idle_moves"]

NO_STAFF = "staff are not modelled in this run, and stay what they are"
NO_COMMUNITY_STAFF = "staff outside hospital are not modelled in this run, so nobody can move there"
NO_EFFECT = "it states no effect and no move comes after it, so only its capital counts"
NO_BUILDINGS = "buildings are not modelled in this run, so nothing is repaired (around.estate.enabled=true models them)"
NOBODY_FOLLOWED = "nobody is followed through A&E in this detail, and as many come (detail=full follows them)"


class Idle(NamedTuple):
    """A move, or one part of what it does (its effect, its repairs), which changes nothing in a run, and why."""

    move: str
    title: str
    why: str


def idle_moves(plan: Plan, around: Around, sites: Container[str], follows_attendances: bool) -> list[Idle]:
    """Moves of a plan that change nothing in a run.

    Parameters
    ----------
    plan : Plan
    around : Around
        Staff, buildings and the rest around the network, with their switches.
    sites : container of str
        Hospitals; a shift between two of them is of people who come there, any other a way out of hospital.
    follows_attendances : bool
        Whether people who go home from A&E are part of the network.
    """
    found, said = [], said_by_shifts(plan)
    for name, move in plan.moves.items():
        title = move.title or name
        if why := _staff(move, around.workforce):
            found.append(Idle(name, title, why))
        if isinstance(move, Invest):
            found += _money(name, title, move, plan, around)
        if isinstance(move, Merge) and move.setting == BEDS and (shift := said.get((move.from_, move.to))):
            why = f"the shift '{plan.moves[shift].title or shift}' says already who goes from {move.from_} to {move.to}"
            found.append(Idle(name, f"People who would follow {title}", why))
        if not follows_attendances and _on_attendances(move, sites):
            more = move.opens or (isinstance(move, Invest) and move.repairs)
            found.append(Idle(name, f"Effect of {title}" if more else title, NOBODY_FOLLOWED))
    return found


def _money(name: str, title: str, move: Invest, plan: Plan, around: Around) -> Iterator[Idle]:
    """Repairs without buildings, and money from which nothing follows; a move that waits for it is something."""
    awaited = any(name in other.after for other in plan.moves.values())
    if move.repairs and not around.estate.enabled:
        yield Idle(name, f"Repairs of {title}" if move.effect or awaited else title, NO_BUILDINGS)
    elif not (move.repairs or move.effect or awaited):
        yield Idle(name, title, NO_EFFECT)


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
