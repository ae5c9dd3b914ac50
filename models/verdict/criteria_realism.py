"""K9, demand realism: whether what a plan takes for granted about demand has been seen anywhere (D2, D16).

Each figure has its percentile among what was observed: growth of overnight bed-days among plan areas, effects within
the range of the evidence. It is a property of the plan's figures and not of chance, so all replications pass or none.
Reported; but a figure beyond all that was seen, without evidence of the area's own, makes a plan not credible.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from models.arms.arms import Observed
from models.plans.moves import GRADES
from models.plans.schedule import Schedule
from models.settings.criteria import Criteria
from models.transition.steering import Steering
from models.verdict.criteria import Assessed, reported
from models.verdict.realism import (
    Realism,
    effect_between,
    growth_of_areas,
    growth_seen,
    percentile_of_effect,
    percentile_of_growth,
)
from models.verdict.taken_for_granted import BED_DAYS, Claim, claims, graded

__all__ = ["OUTSIDE", "UNCOMPARED", "UNSEEN", "WITHIN", "Laid", "beside", "percentile_in_words", "realism"]

WITHIN, OUTSIDE, UNSEEN = "within", "outside", "beyond all that was seen"
UNCOMPARED = "nothing to lay it beside"
NAMES = ("K9", "Demand realism", 1.0, "share of figures within the range of what was seen")
EFFECTS = ("emergencies", "stays")  #: those of which something is known
ROUNDING = 1e-9
SOURCE = "own proposal: 5 to 95 % of what was observed"


@dataclass(frozen=True)
class Laid:
    """One figure beside what was observed.

    Parameters
    ----------
    title, on, value, own
        As of :class:`models.verdict.taken_for_granted.Claim`.
    percentile : float or None
        Share of what was seen that lies below, 0 to 1; None where nothing is known.
    in_one_year : float or None
        Of growth: the same among areas in the one year that was seen.
    low, high : float or None
        What lies within: by default the 5 and 95 % points of what was seen.
    reading : str
        within, outside, beyond all that was seen, or nothing to lay it beside.
    """

    title: str
    on: str
    value: float
    own: bool
    percentile: float | None
    in_one_year: float | None
    low: float | None
    high: float | None
    reading: str


def realism(plan: Observed, schedule: Schedule, criteria: Criteria) -> list[Assessed]:
    """Judge K9 on a timeline; nothing where no plan is carried out, or where nothing is given to lay it beside."""
    steering, known = plan.arm.steering, criteria.realism
    if steering is None or known is None:
        return []
    taken = claims(schedule, steering.future, steering.system.footprint)
    laid = [beside(claim, schedule.timeline.years, known) for claim in taken]
    compared = [one for one in laid if one.percentile is not None]
    within = sum(one.reading == WITHIN for one in compared)
    share = np.full((len(plan.closures), 1), within / len(compared))
    unseen = _unseen(laid)
    found = reported((*NAMES, SOURCE), np.equal(share[:, 0], 1), [("all", "plan")], share, None, _note(laid, unseen))
    found.figures = tuple(asdict(one) for one in laid)
    if unseen:
        listed = "; ".join(_said(one) for one in unseen)
        found.rules_out = (f"What it takes for granted about demand is beyond all that was seen: {listed}",)
    found.regraded = _turning(steering, schedule, known, bool(unseen))
    return [found]


def _unseen(laid: list[Laid]) -> list[Laid]:
    """Figures that make a plan not credible."""
    return [one for one in laid if one.reading == UNSEEN and not one.own]


def _turning(
    steering: Steering, schedule: Schedule, known: Realism, ruled_out: bool
) -> tuple[tuple[str, str, str], ...]:
    """Steps of one grade with which the plan would be ruled out, or no longer: what is graded, its grade, the other."""
    about = (schedule, steering.future, steering.system.footprint)
    found = []
    for title, grade in graded(*about).items():
        at = GRADES.index(grade)
        for other in GRADES[max(0, at - 1) : at + 2]:
            laid = [beside(c, schedule.timeline.years, known) for c in claims(*about, regraded={title: other})]
            if bool(_unseen(laid)) != ruled_out:
                found.append((title, grade, other))
    return tuple(found)


def beside(claim: Claim, years: int, known: Realism) -> Laid:
    """Lay one figure beside what was observed.

    Parameters
    ----------
    years : int
        Over which the plan's growth is a mean.
    """
    tail = known.unusual.value
    if claim.on == BED_DAYS:
        seen = growth_seen(years, known.lasting.value)
        low, high = np.quantile(seen, [tail, 1 - tail]).tolist()
        once = percentile_of_growth(np.sort(list(growth_of_areas().values())), claim.value)
        percentile = percentile_of_growth(seen, claim.value)
    elif claim.on in EFFECTS:
        figure = getattr(known, claim.on)
        low, high = effect_between(figure, tail)
        once, percentile = None, percentile_of_effect(figure, claim.value)
    else:
        return Laid(**asdict(claim), percentile=None, in_one_year=None, low=None, high=None, reading=UNCOMPARED)
    reading = _reading(percentile, known)
    return Laid(**asdict(claim), percentile=percentile, in_one_year=once, low=low, high=high, reading=reading)


def _reading(percentile: float, known: Realism) -> str:
    end = min(percentile, 1 - percentile) + ROUNDING  # the ends of the range lie within it
    return WITHIN if end >= known.unusual.value else OUTSIDE if end >= known.unseen.value else UNSEEN


def _note(laid: list[Laid], unseen: list[Laid]) -> str:
    """What is outside, and how far."""
    note = "reported; of the plan's figures, so all simulated futures pass or none"
    out = [one for one in laid if one.reading in (OUTSIDE, UNSEEN)]
    if out:
        note += f"; outside: {'; '.join(_said(one) for one in out)}"
    if unseen:
        note += "; beyond all that was seen, with no evidence of the area's own, so the plan is not credible"
    return note


def _said(one: Laid) -> str:
    """A figure with its percentile and what lies within."""
    assert one.percentile is not None and one.low is not None and one.high is not None  # noqa: S101 - it was compared
    title = one.title[0].lower() + one.title[1:]
    between = f"{_signed(one.low)} to {_signed(one.high)}"
    return f"{title}, {_signed(one.value)} (percentile {percentile_in_words(one.percentile)}; seen: {between})"


def percentile_in_words(share: float) -> str:
    """A percentile, near the ends with a decimal; beyond 1 and 99 as such."""
    if not 0.01 <= share <= 0.99:  # noqa: PLR2004
        return "below 1" if share < 0.5 else "above 99"  # noqa: PLR2004
    return f"{100 * share:.{0 if 0.1 <= share <= 0.9 else 1}f}"  # noqa: PLR2004


def _signed(x: float) -> str:
    number = f"{100 * x:+.1f}".replace("-", "\u2212")
    return (number if any(digit in "123456789" for digit in number) else "0") + "\u00a0%"
