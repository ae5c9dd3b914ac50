"""Measures of the field from what a run wrote down, by replication, period and place, with names used everywhere."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt

from models.arms.arms import MIDNIGHT, Observed
from sim.clock import DAY
from sim.kernel.layout import BLOCKED, IN_SERVICE, IN_TRANSITION

__all__ = [
    "beds_open",
    "by_period",
    "cancelled",
    "cancelled_share",
    "delayed_beds",
    "delayed_days",
    "delayed_share",
    "long_wait_share",
    "occupied_beds",
    "site_mask",
    "total_delay_beds",
    "used_days",
]

Floats = npt.NDArray[np.float64]
HELD = [MIDNIGHT.index(s) for s in ("in_service", "blocked", "in_transition")]
PLACES = MIDNIGHT.index("places")


def by_period(values: npt.NDArray[np.int64], masks: list[npt.NDArray[np.bool_]]) -> npt.NDArray[np.int64]:
    """Sum (R, M) values over periods given by month masks: (R, periods)."""
    return np.stack([values[:, mask].sum(axis=1) for mask in masks], axis=1)


def site_mask(o: Observed, site: str | None) -> list[str]:
    """Sites meant by a name; None is the whole footprint."""
    return list(o.arm.system.footprint.sites) if site is None else [site]


def _inside_share(o: Observed, site: str) -> float:
    """Share of a site's community beds that lies inside the counted hospital beds; closures take both alike."""
    system = o.arm.system
    return system.inside[site] / system.places[site, system.footprint.community_overlap.pathway]


def _community_beds(o: Observed, site: str) -> str:
    """Station of the community beds some of which lie inside the counted hospital beds."""
    system = o.arm.system
    return system.roles.services[site, system.footprint.community_overlap.pathway][0]


def occupied_beds(o: Observed, site: str | None = None) -> Floats:
    """Mean general and acute beds in use at midnight (R, M), community beds inside the count included."""
    total = np.zeros(o.midnight.shape[:2])
    for name in site_mask(o, site):
        for station in o.arm.system.roles.wards[name]:
            total += o.midnight[:, :, o.station(station)][..., HELD].sum(axis=2) / o.days
        p2 = o.station(_community_beds(o, name))
        total += _inside_share(o, name) * o.midnight[:, :, p2][..., HELD].sum(axis=2) / o.days
        if name in o.arm.system.roles.beside:
            unit, _ = o.arm.system.roles.beside[name]
            total += o.midnight[:, :, o.station(unit)][..., HELD].sum(axis=2) / o.days
    return total


def beds_open(o: Observed, site: str | None = None) -> Floats:
    """Mean general and acute beds open (R, M), community beds inside the count included."""
    total = np.zeros(o.midnight.shape[:2])
    for name in site_mask(o, site):
        for station in o.arm.system.roles.wards[name]:
            total += o.midnight[:, :, o.station(station), PLACES] / o.days
        p2 = o.station(_community_beds(o, name))
        total += _inside_share(o, name) * o.midnight[:, :, p2, PLACES] / o.days
        total += o.arm.system.roles.beside.get(name, ("", 0))[1]
    return total


def _held(o: Observed, stations: list[str], states: list[int]) -> npt.NDArray[np.int64]:
    index = [o.station(s) for s in stations]
    return o.area[:, :, index][..., states].sum(axis=(2, 3, 4))


def delayed_beds(o: Observed, setting: str = "acute", site: str | None = None) -> Floats:
    """Mean beds (R, M) held by people countable as delayed: c to d, blocked for a place that is not free."""
    return _held(o, _settings(o, setting, site), [BLOCKED]) / (o.days * DAY)


def total_delay_beds(o: Observed) -> Floats:
    """Mean acute beds (R, M) held from medically ready to leaving by a pathway or into the discharge window: a to d."""
    return _held(o, _settings(o, "acute"), [BLOCKED, IN_TRANSITION]) / (o.days * DAY)


def delayed_days(o: Observed, setting: str, masks: list[npt.NDArray[np.bool_]]) -> Floats:
    """Bed-days held by people countable as delayed (R, periods); settings as for :func:`delayed_share`."""
    return by_period(_held(o, _settings(o, setting), [BLOCKED]), masks) / DAY


def used_days(o: Observed, setting: str, masks: list[npt.NDArray[np.bool_]]) -> Floats:
    """Occupied bed-days (R, periods); settings as for :func:`delayed_share`."""
    if setting == "acute":
        return np.stack([(occupied_beds(o) * o.days)[:, mask].sum(axis=1) for mask in masks], axis=1)
    return by_period(_held(o, _settings(o, setting), [IN_SERVICE, BLOCKED, IN_TRANSITION]), masks) / DAY


def delayed_share(o: Observed, setting: str, masks: list[npt.NDArray[np.bool_]]) -> Floats:
    """Delayed bed-days over occupied bed-days (R, periods).

    Parameters
    ----------
    setting : str
        ``acute``: over general and acute beds, as they are counted at midnight; ``all``: hospital and community beds.
    """
    return delayed_days(o, setting, masks) / np.maximum(1, used_days(o, setting, masks))


def _settings(o: Observed, setting: str, site: str | None = None) -> list[str]:
    system = o.arm.system
    wards = system.roles.in_all(system.roles.wards, site)
    community = [_community_beds(o, name) for name in site_mask(o, site)]
    return {"acute": wards, "non_acute": community, "all": wards + community}[setting]


def long_wait_share(o: Observed, site: str | None, masks: list[npt.NDArray[np.bool_]], clock: int = 0) -> Floats:
    """Share (R, periods) of emergencies who waited longer than a clock (0: 4 h, 1: 12 h) from decision to bed."""
    over, came, roles = 0, 0, o.arm.system.roles
    if roles.bed_clocks:
        return _late_by_clocks(o, site, masks, clock)
    for station in roles.in_all(roles.entries, site):
        for cls in roles.emergencies:
            over = over + by_period(o.waits_over(station, cls, clock), masks)
            came = came + by_period(o.flows(station, cls, "started") - o.flows(station, cls, "transferred_in"), masks)
    return over / np.maximum(1, came)


def _late_by_clocks(o: Observed, site: str | None, masks: list[npt.NDArray[np.bool_]], clock: int) -> Floats:
    """Return the same where the wait for a bed has clocks of its own."""
    network, roles = o.arm.lowered.network, o.arm.system.roles
    names, classes = list(network.observe.clocks), [network.classes.index(cls) for cls in roles.emergencies]
    rows = [names.index(row) for name in site_mask(o, site) for row in roles.bed_clocks[name][clock]]
    counts = o.clocks[:, :, rows][:, :, :, classes].sum(axis=(2, 3))
    return by_period(counts[..., 1], masks) / np.maximum(1, by_period(counts[..., 0], masks))


def cancelled(o: Observed, site: str | None = None) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Planned overnight admissions cancelled because no bed was free, and those due (R, M).

    With a list, who has had a slot and went neither to a bed nor, for another reason, back to the list was cancelled
    for want of a bed; nobody is between the two at the end of a month, as sessions and what follows them end before
    midnight.
    """
    lost, due = np.zeros(o.midnight.shape[:2], np.int64), np.zeros(o.midnight.shape[:2], np.int64)
    roles = o.arm.system.roles
    for name in site_mask(o, site):
        stations = [roles.lists[name]] if roles.lists else roles.wards[name]
        for station, cls in itertools.product(stations, roles.planned):
            if roles.lists:
                lost += o.flows(station, cls, "served") - o.flows(station, cls, "transferred_out")
                due += o.flows(station, cls, "served")
            else:
                lost += o.flows(station, cls, "lost")
                due += o.flows(station, cls, "arrived")
    return lost, due


def cancelled_share(o: Observed, site: str | None, masks: list[npt.NDArray[np.bool_]]) -> Floats:
    """Share (R, periods) of planned overnight admissions cancelled because no bed was free."""
    lost, due = (by_period(counts, masks) for counts in cancelled(o, site))
    return lost / np.maximum(1, due)
