"""Hospital beds that people need, had there been one for everybody: those in use and those that are wanted in vain.

Means over a period, not counts at midnight, so that by Little's law they are admissions a day times days of stay.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from models.arms.arms import Observed
from models.care.pressure import ANSWERS
from models.measures.measures import by_period, cancelled, site_mask
from sim.clock import DAY
from sim.kernel.layout import BLOCKED, IN_SERVICE, IN_TRANSITION

__all__ = ["beds_needed", "ward_beds"]

Floats = npt.NDArray[np.float64]
Masks = list[npt.NDArray[np.bool_]]
HELD, CARE = [IN_SERVICE, BLOCKED, IN_TRANSITION], [IN_SERVICE]


def ward_beds(o: Observed, site: str | None, masks: Masks) -> Floats:
    """Mean beds open on wards (R, periods): those that a plan may close."""
    wards = [o.station(name) for name in o.arm.system.roles.in_all(o.arm.system.roles.wards, site)]
    return by_period(o.places[:, :, wards, 0].sum(axis=2), masks) / _time(o, masks)


def beds_needed(o: Observed, site: str | None, masks: Masks, stays_as: Observed | None = None) -> Floats:
    """Mean ward beds that people need (R, periods): in use, waited for, and of those whose admission was cancelled.

    Parameters
    ----------
    stays_as : Observed, optional
        Run whose answer of stays to pressure counts in place of the run's own: what people would need there.

    Notes
    -----
    Where there are too few beds, people wait for one and planned admissions are cancelled; beds that are freed there
    are filled at once. Beds in use alone would then say that nothing was freed. Who was cancelled would have held a bed
    for as long as those who were not.
    """
    total = np.zeros((len(o.area), len(masks)))
    for name in site_mask(o, site):
        total += _held(o, name, masks) + _waited_for(o, name, masks) + _cancelled(o, name, masks)
        if stays_as is not None:
            total += _held(o, name, masks, CARE) * (_answer(stays_as, name, masks) / _answer(o, name, masks) - 1)
    return total


def _held(
    o: Observed, site: str, masks: Masks, states: Sequence[int] = HELD, classes: Sequence[str] | None = None
) -> Floats:
    """Beds in use on the wards of a site, by everybody or by some classes of people."""
    wards = [o.station(name) for name in o.arm.system.roles.wards[site]]
    area = o.area[:, :, wards][..., states].sum(axis=(2, 4))
    if classes is not None:
        area = area[..., [o.arm.lowered.network.classes.index(name) for name in classes]]
    return by_period(area.sum(axis=2), masks) / _time(o, masks)


def _waited_for(o: Observed, site: str, masks: Masks) -> Floats:
    """People who wait for a bed, in the assessment unit too where there is one."""
    roles = o.arm.system.roles
    entries = [o.station(name) for name in roles.entries[site]]
    area = o.area[:, :, entries][..., roles.queued].sum(axis=(2, 3))
    if site in roles.beside:
        area = area + o.area[:, :, o.station(roles.beside[site][0]), :, BLOCKED].sum(axis=2)
    return by_period(area, masks) / _time(o, masks)


def _cancelled(o: Observed, site: str, masks: Masks) -> Floats:
    """Beds that those would have held whose planned admission was cancelled for want of a bed."""
    lost, due = (by_period(counts, masks) for counts in cancelled(o, site))
    return _held(o, site, masks, classes=o.arm.system.roles.planned) * lost / np.maximum(1, due - lost)


def _answer(o: Observed, site: str, masks: Masks) -> Floats:
    """Mean factor on stays in answer to pressure (R, periods); 1 where stays do not answer, or nobody wrote it down."""
    columns = [o.stock_columns.index(c) for name in ANSWERS if (c := f"{name}[{site}]") in o.stock_columns]
    if not columns:
        return np.ones((len(o.area), len(masks)))
    ends = np.cumsum(o.days)
    month = np.minimum(np.searchsorted(ends, o.stock_days, side="right"), len(ends) - 1)
    factor = o.stocks[:, :, columns].prod(axis=2)
    return np.stack([factor[:, mask[month]].mean(axis=1) for mask in masks], axis=1)


def _time(o: Observed, masks: Masks) -> Floats:
    return np.array([o.days[mask].sum() * DAY for mask in masks], float)
