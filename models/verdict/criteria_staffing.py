"""K6, workforce: whether there are staff for the beds and places that shall be open.

W6, W7, W11: guaranteed levels of staffing in every setting. NHS England's test of March 2017 asks that "the new
workforce will be there"; here new places open only as far as there are staff, so that a lack of them shows in K0
(places not open) and in this criterion, which is reported.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import numpy.typing as npt

from models.arms.arms import Observed
from models.measures.measures import site_mask
from models.settings.criteria import Criteria
from models.verdict.criteria import Assessed, grid, months_between, reported

__all__ = ["staffed_share", "staffing"]

Floats = npt.NDArray[np.float64]
Masks = list[npt.NDArray[np.bool_]]
SOURCE = "NHS Providers, January 2018 (staffing guaranteed in every setting); the line is our own proposal"


def staffing(plan: Observed, usual: Observed, criteria: Criteria, window: tuple[dt.date, dt.date]) -> list[Assessed]:
    """Judge K6 over a window of dates; nothing when staff are not modelled in the run."""
    if not any(column.startswith("beds_staffed[") for column in plan.stock_columns):
        return []
    years = months_between(plan, *window, 12)
    cells, values = grid(plan, years, staffed_share)
    _, before = grid(usual, years, staffed_share)
    line = criteria.staffed_share
    meets = np.all(values >= line.value, axis=1)
    names = ("K6", "Workforce: staff for beds and places", line.value, "share of weeks", SOURCE)
    note = "reported; beds and places without staff stay shut, so that a lack of staff also shows in K0"
    return [reported(names, meets, cells, values, before, note, more_is_better=True)]


def staffed_share(o: Observed, site: str | None, masks: Masks) -> Floats:
    """Share of weeks in which a hospital has staff for its beds, and its services for their places (R, periods).

    At least the minimum of staff, for each bed of the season less closures, and for each place that is wanted. For the
    footprint all hospitals must have them at once.
    """
    assert o.arm.around is not None  # noqa: S101 - staff are among the stocks
    least = next(iter(o.arm.around.hybrid.model.variables["least_staffing"].values.values()))
    good = np.ones(o.stocks.shape[:2], bool)
    for name in site_mask(o, site):
        good &= o.stock(f"beds_staffed[{name}]") >= o.stock(f"beds_called[{name}]") - 1e-6
        for pathway in o.arm.system.footprint.pathways:
            service = o.arm.system.roles.in_stocks(name, pathway)
            wanted, opened = (f"{k}[{service}]" for k in ("places_wanted", "open_places"))
            if opened in o.stock_columns:
                good &= o.stock(opened) >= least * o.stock(wanted)
    month = np.searchsorted(np.cumsum(o.days), o.stock_days, side="right").clip(max=len(o.months) - 1)
    return np.stack([good[:, mask[month]].mean(axis=1) for mask in masks], axis=1)
