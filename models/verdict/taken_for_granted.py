"""What a plan takes for granted about demand under a future: growth of overnight bed-days, and its own effects.

D2 (growth of bed-days, never of admissions), D7 and V11 (an effect counts with its evidence). All effects are taken in
full, as once everything is in place; where a move acts at some hospitals only, sums weigh hospitals by their people.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from models.figures.figures import Figure
from models.footprint.footprint import Footprint
from models.plans.moves import AFFECTED, Effect
from models.plans.schedule import Schedule
from models.settings.future import Future
from models.transition.steering import readmitted

__all__ = ["BED_DAYS", "OWN_DATA", "Claim", "claims", "graded"]

BED_DAYS = "bed-days"  #: what growth is of; other claims are on what effects of moves are on
WITHOUT_PLAN = "Growth of overnight bed-days a year, without the plan"
#: what an effect is on, in words
ON = {"emergencies": "emergency admissions", "stays": "stays", "attendances": "A&E attendances"}
ON |= {"readmission": "readmission"}
OWN_DATA = "A"  #: grade of evidence of an effect that was seen in the area itself
NOWHERE_ELSE = ("host trust", "resident", "registered")  #: bases of figures of the area itself
SMALL = 1e-12


@dataclass(frozen=True)
class Claim:
    """One figure that a plan takes for granted.

    Parameters
    ----------
    title : str
    on : str
        ``bed-days`` (growth a year), or what an effect is on: emergencies, stays, attendances, readmission.
    value : float
        Growth a year, or a relative change; below zero is less.
    own : bool
        Whether it rests on evidence of the area's own.
    """

    title: str
    on: str
    value: float
    own: bool


@dataclass(frozen=True)
class _Source:
    """A move, or the places at home, with its effect at some hospitals."""

    title: str
    on: str
    value: float
    grade: str
    sites: frozenset[str]

    @property
    def own(self) -> bool:
        """Whether it rests on evidence of the area's own."""
        return self.grade == OWN_DATA


def graded(schedule: Schedule, future: Future, footprint: Footprint) -> dict[str, str]:
    """Grade of each piece of evidence that the claims rest on, by its title."""
    growth = future.growth_of(footprint)
    return {WITHOUT_PLAN: _grade(growth)} | {s.title: s.grade for s in _sources(schedule, future, footprint)}


def claims(
    schedule: Schedule, future: Future, footprint: Footprint, regraded: Mapping[str, str] = MappingProxyType({})
) -> list[Claim]:
    """Everything that a plan on a timeline takes for granted about demand, growth first, then effects and their sums.

    An effect of nought is none and is left out: who claims nothing has nothing to show.

    Parameters
    ----------
    regraded : mapping
        Other grades of some pieces of evidence (:func:`graded`).
    """
    growth = future.growth_of(footprint)
    sources = [replace(s, grade=regraded.get(s.title, s.grade)) for s in _sources(schedule, future, footprint)]
    local = regraded.get(WITHOUT_PLAN, _grade(growth)) == OWN_DATA
    found = [Claim(WITHOUT_PLAN, BED_DAYS, growth.value, local)]
    years = schedule.timeline.years
    whole = _bed_days(sources, footprint)
    if abs(whole - 1) > SMALL:
        title = f"The same with all that the plan does to demand and stays, mean of its {years} years"
        mean = (1 + growth.value) * whole ** (1 / years) - 1
        found.append(Claim(title, BED_DAYS, mean, all(s.own for s in sources)))
    found += [Claim(_named(s, footprint), s.on, s.value, s.own) for s in sources]
    for on, named in (("emergencies", ("emergencies", "readmission")), ("stays", ("stays",))):
        parts = [s for s in sources if s.on in named]
        if len(parts) > 1:
            each = {site: _factor(parts, site) for site in footprint.sites}
            title = f"All effects on {ON[on]} together"
            found.append(Claim(title, on, _mean(each, footprint) - 1, all(s.own for s in parts)))
    return found


def _sources(schedule: Schedule, future: Future, footprint: Footprint) -> list[_Source]:
    """All that has an effect."""
    return [s for s in (*_home(schedule, future, footprint), *_moves(schedule)) if s.value]


def _home(schedule: Schedule, future: Future, footprint: Footprint) -> Iterator[_Source]:
    """The future's effect of places at home, as far as there are enough of them."""
    effect = future.admissions_effect
    if schedule.openings:
        reach = future.reach(schedule.places_at_home, footprint.population.england_equivalents.value)
        title = "Places at home"
        at = frozenset(schedule.openings)
        yield _Source(title, "emergencies", effect.value * reach, _grade(effect), at)


def _moves(schedule: Schedule) -> Iterator[_Source]:
    """Moves that state an effect; a shift sends people elsewhere and takes nothing away."""
    for name, move in schedule.plan.moves.items():
        effect: Effect | None = getattr(move, "effect", None)
        if effect is None or move.kind == "shift":
            continue
        on = effect.affects or AFFECTED[move.kind][0]
        at = frozenset(t.site for t in schedule.tranches if t.move == name)
        yield _Source(move.title or name, on, effect.share.value, effect.grade, at)


def _grade(figure: Figure) -> str:
    """Grade of a figure's evidence: of the area itself, published of others, told by others, or assumed."""
    if figure.status in ("read", "derived"):
        return OWN_DATA if figure.basis in NOWHERE_ELSE else "B"
    return "D" if figure.status == "assumed" else "C"


def _named(source: _Source, footprint: Footprint) -> str:
    """What has the effect, on what, and where if not everywhere."""
    where = [site.name for name, site in footprint.sites.items() if name in source.sites]
    there = f", at {', '.join(where)}" if len(where) < len(footprint.sites) else ""
    return f"{source.title} (effect on {ON[source.on]}{there})"


def _factor(sources: list[_Source], site: str) -> float:
    """Emergencies, or stays, at a hospital over those without the plan, as the simulation multiplies effects."""
    back = math.prod(1 + s.value for s in sources if s.on == "readmission" and site in s.sites)
    direct = math.prod(1 + s.value for s in sources if s.on in ("emergencies", "stays") and site in s.sites)
    return direct * (1 - readmitted() * (1 - back))


def _mean(each: Mapping[str, float], footprint: Footprint) -> float:
    """Mean over hospitals, by the emergency patients who stay a night."""
    weights = {name: site.overnight_emergencies_per_day.value for name, site in footprint.sites.items()}
    return sum(each[name] * n for name, n in weights.items()) / sum(weights.values())


def _bed_days(sources: list[_Source], footprint: Footprint) -> float:
    """Overnight bed-days with the plan's effects over those without, as the planner's arithmetic counts them."""
    share = sum(s.overnight_emergencies_per_day.value for s in footprint.sites.values()) / footprint.overnight_per_day
    who = [s for s in sources if s.on in ("emergencies", "readmission")]
    stays = [s for s in sources if s.on == "stays"]
    each = {site: _factor(stays, site) * (1 - share * (1 - _factor(who, site))) for site in footprint.sites}
    return _mean(each, footprint)
