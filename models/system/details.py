"""How much of the care system is simulated: hospital beds and services, the whole with aggregate A&E, or every contact.

A fit belongs to one detail, and a network is built in the detail of its fit, so that the two never differ.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from models.care.pressure import Pressure
from models.care.slow import Around
from models.footprint.footprint import Footprint
from models.settings.fit import Fit
from models.settings.future import Future
from models.system.sizes import community_places, sizes
from models.system.system import System
from models.system.system import build as build_beds
from models.system.ways_between import Between

__all__ = ["BEDS", "DETAILS", "Detail", "build", "fit_name", "places_before", "sizes_before"]

BEDS = "beds"


@dataclass(frozen=True)
class Detail:
    """What a detail simulates, and roughly what it takes.

    Parameters
    ----------
    title : str
    events : float
        For each overnight admission: arrivals, ends of stay, most waits for discharge hours, and what lies around.
    kept, classes : int
        Stations of a hospital and its services that are written down, and classes of people.
    """

    title: str
    events: float
    kept: int
    classes: int


DETAILS = {
    BEDS: Detail("hospital wards as one pool a site, and services by catchment", 2.6, 4, 4),
    "default": Detail("the whole care system; people who may use an overnight bed are individuals", 3.4, 6, 6),
    "full": Detail("the whole care system; every contact is an individual", 16.0, 12, 9),
}


def build(
    footprint: Footprint,
    fit: Fit,
    future: Future,
    horizon: dt.date,
    feedback: Pressure | None = None,
    slow: Around | None = None,
    planned: bool = False,
    between: Iterable[Between] = (),
) -> System:
    """Build the network of a footprint in the detail of its fit (see :func:`models.system.system.build`)."""
    if fit.detail == BEDS:
        return build_beds(footprint, fit, future, horizon, feedback, slow, planned, between)
    from models.system.whole.system import build_whole

    return build_whole(footprint, fit, future, horizon, feedback, slow, planned, between)


def places_before(footprint: Footprint, fit: Fit, future: Future) -> dict[tuple[str, str], int]:
    """Places of each community service by site and pathway, before any plan; in full detail its own rules give them."""
    if fit.detail != "full" or not future.named_in(footprint):
        return community_places(footprint, fit)
    return build(footprint, fit, future, footprint.start + dt.timedelta(days=2)).places


def sizes_before(footprint: Footprint, fit: Fit, future: Future) -> dict[tuple[str, str], float]:
    """Beds and places that there are before any plan, by (setting, site)."""
    if fit.detail != "full" or not future.named_in(footprint):
        return sizes(footprint, fit)
    return build(footprint, fit, future, footprint.start + dt.timedelta(days=2)).sizes


def fit_name(footprint: str, detail: str) -> str:
    """Name of the file of a fit in ``configs/fit``: each detail has its own."""
    return footprint if detail == BEDS else f"{footprint}_{detail}"
