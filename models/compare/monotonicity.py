"""What more community places do to access, beside the same plan without them: whether more of a good thing ever harms.

A12, V7. A model in which more places made more people wait would be wrong, or would have found something that planners
must know. Every number of places meets the same people; only places are added, no effect on demand with them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from models.arms.arms import Observed, make_arm, run_arms, with_plan
from models.arms.prepare import window
from models.measures import measures
from models.plans import Plan
from models.plans.moves import Open
from models.plans.schedule import schedule
from models.settings.settings import Settings
from models.system.details import build
from models.transition.followed import merged_services
from sim.statistics import mean_halfwidth

__all__ = ["MEASURES", "PLACES", "Added", "monotonicity", "not_falling"]

Floats = npt.NDArray[np.float64]
PLACES = (10, 25, 50, 100)
LEVEL = 0.95  #: of each one-sided bound

#: what access is measured by, in words; both are shares, and less is better
MEASURES = {
    "long_waits": "emergencies who wait over 4 h for a bed (K1)",
    "delayed": "occupied hospital beds held by delayed people (K3)",
}


@dataclass(frozen=True)
class Added:
    """What some more places of one service do to one measure.

    Parameters
    ----------
    service : str
    places : int
        Beyond those of the plan, over the whole footprint, from the start of the plan on.
    measure : str
        A key of :data:`MEASURES`.
    values, without : (R,)
        Share by replication over the years that are judged, with these places and without.
    margin : float
        A change up to this does no harm (that of the verdict).
    """

    service: str
    places: int
    measure: str
    values: Floats
    without: Floats
    margin: float

    @property
    def change(self) -> float:
        """Mean of the paired differences."""
        return float((self.values - self.without).mean())

    @property
    def bounds(self) -> tuple[float, float]:
        """One-sided bounds of the mean difference, each with 95 % confidence."""
        half = mean_halfwidth(self.values - self.without, 2 * LEVEL - 1)
        return self.change - half, self.change + half

    @property
    def says(self) -> str:
        """``better``, ``no harm``, ``harm``, or ``undetermined`` where there are too few replications to tell."""
        low, high = self.bounds
        if high <= 0:
            return "better" if self.change < 0 else "no harm"
        if high <= self.margin:
            return "no harm"
        return "harm" if low > 0 else "undetermined"


def monotonicity(
    chosen: Settings,
    services: Sequence[str],
    places: Sequence[int] = PLACES,
    workers: int = 1,
    say: Callable[[str], None] | None = None,
) -> list[Added]:
    """Run a plan on its first timeline as it is, and again with more places of each service.

    Parameters
    ----------
    chosen : Settings
        With a baseline, and two replications or more.
    services : sequence of str
        Pathways of the footprint.
    places : sequence of int
        How many to add, in ascending order; shared between the sites in proportion to what is there.
    say : callable, optional
        Told what is about to run.

    Returns
    -------
    list of Added
        By service, measure and places.
    """
    assert chosen.fit is not None  # noqa: S101 - callers ask first
    years, tell = window(chosen), say or (lambda _: None)
    none = chosen.future.admissions_effect.model_copy(update={"value": 0.0, "low": None, "high": None})
    future = chosen.future.model_copy(update={"admissions_effect": none})
    basis = (chosen.footprint, chosen.fit, future, years[1], chosen.feedback, chosen.around)
    system = build(*basis, planned=True, between=merged_services(chosen.plan))
    arm = make_arm("plan", system)

    def shares(plan: Plan) -> dict[str, Floats]:
        laid_out = schedule(plan, chosen.timelines[0], chosen.gates, system.sizes)
        one = with_plan(arm, "plan", laid_out, future)
        return _shares(run_arms([one], chosen.seed, chosen.replications, workers)[0], years)

    tell("the plan as it is")
    without, found = shares(chosen.plan), dict[tuple[str, int], dict[str, Floats]]()
    for service in services:
        for number in places:
            tell(f"{number} more places of {service}")
            found[service, number] = shares(_with_more(chosen.plan, service, number))
    margin = chosen.criteria.margin_share.value
    return [
        Added(service, number, measure, found[service, number][measure], without[measure], margin)
        for service in services
        for measure in MEASURES
        for number in places
    ]


def not_falling(found: Sequence[Added]) -> Iterator[tuple[Added, Added]]:
    """Neighbours of which the one with more places has more waits or delay, beyond the chance of looking at all."""
    pairs = [
        (fewer, more)
        for fewer, more in pairwise(found)
        if (fewer.service, fewer.measure) == (more.service, more.measure)
    ]
    level = 1 - (1 - LEVEL) / max(1, len(pairs))  # Bonferroni
    for fewer, more in pairs:
        rise = more.values - fewer.values
        if rise.mean() - mean_halfwidth(rise, 2 * level - 1) > 0:
            yield fewer, more


def _shares(o: Observed, years: tuple[dt.date, dt.date]) -> dict[str, Floats]:
    span = [np.array([years[0] <= month < years[1] for month in o.months])]
    return {
        "long_waits": measures.long_wait_share(o, None, span)[:, 0],
        "delayed": measures.delayed_share(o, "acute", span)[:, 0],
    }


def _with_more(plan: Plan, service: str, number: int) -> Plan:
    """The plan, and so many more places from its first day on; nobody is asked, and nothing is built."""
    size = {"value": number, "unit": "places", "year": "not applicable", "basis": "not applicable", "status": "assumed"}
    move = Open.model_validate(
        {"kind": "open", "setting": service, "size": size, "when": {"from": 0.0}, "approval": "none", "priority": 1}
    )
    return plan.model_copy(update={"moves": plan.moves | {f"more_{service}": move}})
