"""Hospital beds that people need, had there been one for everybody: those in use and those that are wanted in vain.

Means over a period, not counts at midnight, so that by Little's law they are admissions a day times days of stay.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from models.arms import Observed
from models.measures import by_period, cancelled, site_mask
from sim.clock import DAY
from sim.kernel.layout import BLOCKED, IN_SERVICE, IN_TRANSITION

__all__ = ["beds_needed", "ward_beds"]

Floats = npt.NDArray[np.float64]
Masks = list[npt.NDArray[np.bool_]]
HELD = [IN_SERVICE, BLOCKED, IN_TRANSITION]


def ward_beds(o: Observed, site: str | None, masks: Masks) -> Floats:
    """Mean beds open on wards (R, periods): those that a plan may close."""
    wards = [o.station(name) for name in o.arm.system.roles.in_all(o.arm.system.roles.wards, site)]
    return by_period(o.places[:, :, wards, 0].sum(axis=2), masks) / _time(o, masks)


def beds_needed(o: Observed, site: str | None, masks: Masks) -> Floats:
    """Mean ward beds that people need (R, periods): in use, waited for, and of those whose admission was cancelled.

    Where there are too few beds, people wait for one and planned admissions are cancelled; beds that are freed there
    are filled at once. Beds in use alone would then say that nothing was freed. Who was cancelled would have held a bed
    for as long as those who were not.
    """
    total = np.zeros((len(o.area), len(masks)))
    for name in site_mask(o, site):
        total += _held(o, name, masks) + _waited_for(o, name, masks) + _cancelled(o, name, masks)
    return total


def _held(o: Observed, site: str, masks: Masks, classes: tuple[str, ...] | None = None) -> Floats:
    """Beds in use on the wards of a site, by everybody or by some classes of people."""
    wards = [o.station(name) for name in o.arm.system.roles.wards[site]]
    area = o.area[:, :, wards][..., HELD].sum(axis=(2, 4))
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
    return _held(o, site, masks, o.arm.system.roles.planned) * lost / np.maximum(1, due - lost)


def _time(o: Observed, masks: Masks) -> Floats:
    return np.array([o.days[mask].sum() * DAY for mask in masks], float)
