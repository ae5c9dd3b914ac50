"""Crowding of A&E in figures for the whole: how many cubicles a hospital needs, and how many are late when they fill.

Sizes (:func:`cubicle_load`, :func:`size`) come from the offered load of :mod:`models.care.front_door`. The four-hour
share (:func:`four_hour_share`) is for runs in which people who are not admitted are no individuals: of those admitted,
the run knows the waits for a bed; of the others only how crowded it was, that is boarders over cubicles.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
from pydantic import AfterValidator
from scipy import stats

from models import CONFIGS
from models.care.demand_shape import DemandShape
from models.care.front_door import ARRIVALS, FrontDemand, FrontSize
from models.care.front_door_figures import CubicleTime, FrontDoor, Time
from models.figures.figures import Figure, Profile, Shape, must
from models.figures.presets import read_section
from sim.errors import Fault, FaultsError

__all__ = ["Crowding", "bed_wait_over", "cubicle_load", "four_hour_share", "late_admitted", "late_not_admitted"]
__all__ += ["read_crowding", "size"]

CONFIG = CONFIGS / "care" / "crowding.yaml"
DAY = 24 * 60  #: minutes
CELLS = 480  #: of the time before the standard, over which the sum of two times is added up
Float = npt.NDArray[np.float64]

HourFigure = Annotated[Figure, AfterValidator(must("hours"))]
Variation = Annotated[Figure, AfterValidator(must("coefficient of variation"))]
OneShare = Annotated[Figure, AfterValidator(must("share", most=1))]
Slope = Annotated[Figure, AfterValidator(must("per boarder in each cubicle"))]


class Crowding(Shape):
    """Time to the decision to admit, and how crowding makes people late; slopes of 0 switch crowding off."""

    standard: HourFigure
    decision: HourFigure
    decision_variation: Variation
    base_breach: OneShare
    crowding_slope: Slope
    admitted_slope: Slope


def read_crowding(source: Mapping[str, Any] | str | Path = CONFIG) -> Crowding:
    """Read and check the parameters of crowding; the defaults unless given.

    Raises
    ------
    FaultsError
        With every fault of shape, unit and range.
    """
    return read_section(Crowding, source, "crowding")


def four_hour_share(
    over: Float,
    thresholds_h: Float,
    boarders: Float,
    cubicles: Float,
    admitted_share: Float,
    crowding: Crowding,
) -> Float:
    """Share of attendances at A&E that leave within the standard, by period (and site, replication, ...).

    Parameters
    ----------
    over : ndarray [..., thresholds]
        Share of those admitted whose wait for a bed is above each threshold.
    thresholds_h : ndarray [thresholds]
        Thresholds in hours, rising; a first one of 0 is the share who wait at all. Without it, that share is continued
        from the first two.
    boarders : ndarray [...]
        Mean number who wait for a bed in a cubicle (cubicle-hours of boarders an hour).
    cubicles : ndarray [...]
        Mean number of cubicles staffed.
    admitted_share : ndarray [...]
        Share of attendances admitted.
    crowding : Crowding

    Returns
    -------
    ndarray [...]
        1 - admitted_share x late_admitted - (1 - admitted_share) x late_not_admitted.

    Raises
    ------
    FaultsError
        When shapes do not fit, thresholds do not rise, or shares lie outside 0 to 1.
    """
    over, thresholds_h = np.asarray(over, float), np.asarray(thresholds_h, float)
    boarders, cubicles = np.asarray(boarders, float), np.asarray(cubicles, float)
    share = np.asarray(admitted_share, float)
    faults = _faults(over, thresholds_h, boarders, cubicles, share)
    if faults:
        raise FaultsError(faults, "four-hour share")
    crowded = boarders / cubicles
    admitted = late_admitted(over, thresholds_h, crowded, crowding)
    return 1 - share * admitted - (1 - share) * late_not_admitted(crowded, crowding)


def late_admitted(over: Float, thresholds_h: Float, crowded: Float, crowding: Crowding) -> Float:
    """Share of those admitted who are late: time to the decision plus wait for a bed exceed the standard.

    Both times are taken as independent. Those in time by both are late all the same, because they waited for a cubicle,
    with the probability 1 - exp(-admitted_slope x crowded).

    Parameters
    ----------
    over : ndarray [..., thresholds]
    thresholds_h : ndarray [thresholds]
    crowded : ndarray [...]
        Boarders over cubicles.
    crowding : Crowding

    Returns
    -------
    ndarray [...]
    """
    limit = crowding.standard.value
    law = _lognormal(crowding.decision.value, crowding.decision_variation.value)
    edges = np.linspace(0.0, limit, CELLS + 1)
    decided = np.diff(law.cdf(edges))
    late = bed_wait_over(over, thresholds_h, limit - (edges[:-1] + edges[1:]) / 2) @ decided + law.sf(limit)
    return 1 - (1 - late) * np.exp(-crowding.admitted_slope.value * crowded)


def late_not_admitted(crowded: Float, crowding: Crowding) -> Float:
    """Share of those not admitted who are late: 1 - (1 - base_breach) x exp(-crowding_slope x crowded).

    Parameters
    ----------
    crowded : ndarray [...]
        Boarders over cubicles.
    crowding : Crowding

    Returns
    -------
    ndarray [...]
    """
    return 1 - (1 - crowding.base_breach.value) * np.exp(-crowding.crowding_slope.value * np.asarray(crowded, float))


def bed_wait_over(over: Float, thresholds_h: Float, hours: Float) -> Float:
    """Share whose wait for a bed is above any number of hours, between the thresholds and below the first.

    Between two thresholds the share falls exponentially (in a straight line where it reaches nought); below the first
    it goes on as between the first two, but not above 1; above the last it stays as it is.

    Parameters
    ----------
    over : ndarray [..., thresholds]
    thresholds_h : ndarray [thresholds]
    hours : ndarray [n]

    Returns
    -------
    ndarray [..., n]
    """
    over, at, hours = (np.asarray(x, float) for x in (over, thresholds_h, hours))
    cell = np.clip(np.searchsorted(at, hours, side="right") - 1, 0, len(at) - 2)
    left, right = over[..., cell], over[..., cell + 1]
    along = np.minimum((hours - at[cell]) / (at[cell + 1] - at[cell]), 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        falling = left * np.exp(along * np.log(right / left))
    straight = left + along * (right - left)
    return np.clip(np.where((right > 0) & (left > 0), falling, straight), 0.0, 1.0)


def _faults(over: Float, at: Float, boarders: Float, cubicles: Float, share: Float) -> list[Fault]:
    faults = []
    if at.ndim != 1 or len(at) < 2 or at[0] < 0 or (np.diff(at) <= 0).any():
        faults.append(Fault("thresholds_h", at.tolist(), "give two or more hours from 0 on, each above the last."))
    if over.ndim < 1 or over.shape[-1] != at.size:
        faults.append(Fault("over", over.shape, f"the last axis must hold the {at.size} thresholds."))
    elif not ((over >= 0) & (over <= 1)).all() or (np.diff(over, axis=-1) > 0).any():
        faults.append(Fault("over", None, "shares must lie between 0 and 1 and not rise with the threshold."))
    if not ((share >= 0) & (share <= 1)).all():
        faults.append(Fault("admitted_share", None, "must lie between 0 and 1."))
    if not (boarders >= 0).all():
        faults.append(Fault("boarders", None, "must be at least 0."))
    if not (cubicles > 0).all():
        faults.append(Fault("cubicles", None, "must be above 0."))
    try:
        np.broadcast_shapes(over.shape[:-1], boarders.shape, cubicles.shape, share.shape)
    except ValueError:
        shapes = f"{over.shape[:-1]}, {boarders.shape}, {cubicles.shape}, {share.shape}"
        faults.append(Fault("boarders, cubicles, admitted_share", shapes, "shapes must fit that of over[..., 0]."))
    return faults


def _lognormal(mean: float, variation: float) -> Any:
    spread = math.log1p(variation**2)
    return stats.lognorm(math.sqrt(spread), scale=mean * math.exp(-spread / 2))


# -- sizes ---------------------------------------------------------------------------------------------------------


def cubicle_load(care: FrontDoor, demand: FrontDemand, boarding_hours: float = 0.0) -> Float:
    """Offered load of the cubicles by hour of the mean day: cubicles in use if there were always one free.

    Parameters
    ----------
    care, demand
    boarding_hours : float
        Mean wait for a bed of those admitted, in hours, spread evenly over the day.

    Returns
    -------
    ndarray of 24 floats
        Mean over each hour from midnight on. Its mean is rate x time in a cubicle (Little).
    """
    load = np.full(24, demand.emergency * boarding_hours / 24)
    for cls in ARRIVALS:
        ambulance, rate = getattr(care.ambulance.share, cls).value, getattr(demand, cls)
        seen = 1 - care.triage.minors.value if cls == "attendance" else 1.0
        for share, before in ((ambulance, care.ambulance.handover), ((1 - ambulance) * seen, care.triage.time)):
            load += _in_service(demand.shape, rate * share, before, getattr(care.cubicle, cls))
    return load


def size(care: FrontDoor, demand: FrontDemand, boarding_hours: float = 0.0) -> FrontSize:
    """Cubicles and beds of a hospital from who comes there.

    Cubicles and minors have the margin over their offered load, in square roots of it and in the tightest hour, that
    the reference hospital has with the cubicles per attendance given, the pattern of arrivals being the same. Beds of
    the assessment unit and same-day places are offered load plus the margins given.

    Parameters
    ----------
    care, demand
    boarding_hours : float
        Mean wait for a bed that the cubicles shall make room for; none unless given.
    """
    total = demand.attendance + demand.emergency
    reference = care.reference_attendances.value
    scale, share = reference / total if total else 0.0, care.conversion.value
    usual = replace(demand, attendance=reference * (1 - share), emergency=reference * share)
    cubicles = _like(
        care.cubicle.staffing,
        reference * care.cubicle.per_attendance.value,
        cubicle_load(care, usual),
        cubicle_load(care, demand, boarding_hours),
    )
    walk_in = _minors_load(care, demand)
    minors = _like(care.minors.staffing, reference * care.minors.per_attendance.value, walk_in * scale, walk_in)
    beds, same_day = _admission_load(care, demand)
    unit = math.ceil(beds + care.assessment.margin.value * math.sqrt(beds))
    return FrontSize(cubicles, minors, unit, math.ceil(same_day + care.sdec.margin.value * math.sqrt(same_day)))


def _in_service(shape: DemandShape, rate: float, before: Time, stay: Time | CubicleTime) -> Float:
    """People in a stay that follows a first delay, by hour: Poisson arrivals by hour of the day, unlimited places."""
    weights = np.asarray(shape.hour)
    arrivals = np.repeat(rate * weights / weights.sum() / 60, 60)  # a minute
    days = 3
    minute = np.arange(days * DAY)
    starts = np.diff(_lognormal(before.minutes, before.variation.value).cdf(np.append(minute, minute[-1] + 1.0)))
    there = (
        np.convolve(starts, _lognormal(stay.minutes, stay.variation.value).sf(minute + 0.5))[: days * DAY]
        .reshape(days, DAY)
        .sum(axis=0)
    )
    now = np.fft.irfft(np.fft.rfft(arrivals) * np.fft.rfft(there), DAY)
    return now.reshape(24, 60).mean(axis=1)


def _like(staffing: Profile, most: float, usual: Float, load: Float) -> int:
    """Fewest places that give a load the margin, in its square roots, of `most` places for the usual load."""
    pattern = np.asarray(staffing.values) / max(staffing.values)
    busy = usual > 0
    margin = float(np.min((most * pattern - usual)[busy] / np.sqrt(usual[busy]))) if busy.any() else 0.0
    return math.ceil(float(np.max((load + margin * np.sqrt(load)) / pattern)))


def _minors_load(care: FrontDoor, demand: FrontDemand) -> Float:
    walk_in = demand.attendance * (1 - care.ambulance.share.attendance.value)
    return _in_service(demand.shape, walk_in * care.triage.minors.value, care.triage.time, care.minors.time)


def _admission_load(care: FrontDoor, demand: FrontDemand) -> tuple[float, float]:
    """Offered loads of the assessment unit over the day and of same-day care in its hours."""
    unit, open_ = care.assessment, care.sdec.open
    first, last = open_.hours
    decided = care.triage.time.minutes + care.cubicle.emergency.minutes
    beds = same_day = 0.0
    for cls, shape, later in (("emergency", demand.shape, decided), ("direct", demand.direct_shape, 0.0)):
        rate, need = getattr(demand, cls), demand.attributes.get(cls, {}).get("need", {})
        zero, one = need.get("zero_day", 0.0), need.get("one_night", 0.0)
        asked = np.roll(np.repeat(np.asarray(shape.hour) / sum(shape.hour) / 60, 60), round(later))
        by_day = float(asked[60 * first : 60 * last].sum()) * len(open_.weekdays) / 7
        sdec = rate * zero * care.sdec.share.value if care.sdec.enabled else 0.0
        same_day += sdec * by_day * care.sdec.time.minutes / 60 / (last - first)
        beds += sdec * (1 - by_day) * care.sdec.time.minutes / DAY + (rate * zero - sdec) * unit.zero_day.minutes / DAY
        longer = (1 - zero - one) * (1 - unit.bypass.value)
        beds += rate * (one * unit.one_night.minutes + longer * unit.longer.minutes) / DAY
    return beds, same_day
