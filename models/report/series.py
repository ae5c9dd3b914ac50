"""Series that charts and tables share: by April year or month, with their mean and range over replications."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from models.arms.arms import MIDNIGHT, Observed
from models.measures import measures
from models.measures.plan import closed_by_month
from models.measures.tails import tails
from models.plans.schedule import Schedule
from models.system.system import System
from sim.clock import Calendar

if TYPE_CHECKING:
    from models.run.runner import Outcome

__all__ = [
    "Spread",
    "april_years",
    "arms",
    "by_period",
    "by_year",
    "closed_by_month",
    "delays_by_cause",
    "end_of",
    "masks",
]
__all__ += ["pathway_places", "planned_closed", "planned_open", "spread", "stock_by_period", "waits_by_year", "year_of"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Spread:
    """Mean over replications, and the range that holds 90 % of them; of a few, from the lowest to the highest."""

    mean: Floats
    low: Floats
    high: Floats


def spread(values: npt.ArrayLike) -> Spread:
    """Spread over the first axis, that of replications."""
    array = np.asarray(values, float)
    low, high = np.quantile(array, tails(len(array)), axis=0)
    return Spread(array.mean(axis=0), low, high)


def year_of(day: dt.date | str) -> str:
    """April year of a day, or of a text such as 2035-04."""
    date = dt.date.fromisoformat(f"{day}-01") if isinstance(day, str) else day
    return Calendar.april_year(date)


def april_years(o: Observed) -> list[str]:
    """April years from the baseline year to the end; the warm-up before it is no result."""
    first = o.arm.system.footprint.baseline_year
    return sorted({year for year in map(year_of, o.months) if year >= first})


def masks(o: Observed) -> list[npt.NDArray[np.bool_]]:
    """Months of each of :func:`april_years`."""
    return [o.in_year(year) for year in april_years(o)]


def by_year(o: Observed, values: Floats) -> Floats:
    """Means over the days of each April year (R, years) of monthly means (R, months)."""
    return by_period(o, values, masks(o))


def by_period(o: Observed, values: Floats, periods: list[npt.NDArray[np.bool_]]) -> Floats:
    """Means over the days of each period (R, periods) of monthly means (R, months)."""
    days = o.days
    return np.stack([(values[:, m] * days[m]).sum(axis=1) / days[m].sum() for m in periods], axis=1)


def stock_by_period(o: Observed, name: str, periods: list[npt.NDArray[np.bool_]], *, of: str = "") -> Floats | None:
    """Mean of a stock, summed over its subscripts, in each period (R, periods); None where it is not in this run.

    Parameters
    ----------
    of : str
        Only subscripts that end so, such as ``_p1``.
    """
    columns = [
        n for n, c in enumerate(o.stock_columns) if c.startswith(f"{name}[") and c.removesuffix("]").endswith(of)
    ]
    if not columns:
        return None
    start = o.arm.lowered.network.start
    months = [(start + dt.timedelta(days=float(day))).replace(day=1) for day in o.stock_days]
    inside = [{m for m, there in zip(o.months, mask, strict=True) if there} for mask in periods]
    rows = [[n for n, m in enumerate(months) if m in found] for found in inside]
    total = o.stocks[:, :, columns].sum(axis=2)
    return np.stack([total[:, own].mean(axis=1) for own in rows], axis=1)


def waits_by_year(o: Observed, site: str | None) -> Floats:
    """Share of emergencies who waited over 4 h for a bed (R, years); None is all hospitals."""
    return measures.long_wait_share(o, site, masks(o))


def pathway_places(o: Observed, pathway: str, *, used: bool = False) -> Floats:
    """Places of a community service open, or in use, at midnight (R, months), over all catchments."""
    columns = ["in_service", "blocked", "in_transition"] if used else ["places"]
    index = [MIDNIGHT.index(c) for c in columns]
    system = o.arm.system
    stations = [o.station(s) for site in system.footprint.sites for s in system.with_places(site, pathway)]
    return o.midnight[:, :, stations][..., index].sum(axis=(2, 3)) / o.days


def planned_closed(plan: Schedule, months: list[dt.date], kind: str | None = None, site: str | None = None) -> Floats:
    """Beds that the plan has closed by the first of each month."""
    steps = [s for s in plan.closures if kind in (None, s.kind) and site in (None, s.site)]
    return np.array([sum(s.beds for s in steps if s.due <= m) for m in months], float)


def planned_open(usual: Observed, plan: Schedule, system: System) -> Floats:
    """Hospital beds open each month had every closure gone ahead on its date, counted as the run counts them."""
    out = measures.beds_open(usual).mean(axis=0) - planned_closed(plan, usual.months, "acute")
    for site, inside in system.inside.items():
        places = system.places[site, system.footprint.community_overlap.pathway]
        left = np.maximum(0, places - planned_closed(plan, usual.months, "community", site))
        out -= min(inside, places) - np.minimum(inside, left)
    return out


def delays_by_cause(o: Observed) -> dict[str, dict[str, float]]:
    """Beds a replication, on average, by what held their closure back last, closed late or never."""
    out: dict[str, dict[str, float]] = {}
    for closures in o.closures:
        for c in closures:
            if c.held_by:
                row = out.setdefault(c.held_by, {"late": 0.0, "never": 0.0})
                row["never" if c.closed is None else "late"] += c.step.beds / len(o.closures)
    return out


def arms(outcome: Outcome) -> list[tuple[str, Observed]]:
    """Business as usual and then the timelines, by the names that readers see."""
    years = {t.name: t.years for t in outcome.settings.timelines}
    return [(f"{years[name]}-year plan" if name in years else name, o) for name, o in outcome.observed.items()]


def end_of(values: Any) -> float:
    """Mean over replications in the last period."""
    return float(np.asarray(values)[:, -1].mean())
