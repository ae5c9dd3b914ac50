"""Parameters of a calibration: what is not known of a footprint, with priors from its own ranges, and how it is run.

Arrivals, stays and places of every pathway are parameters of their own, so that the figures themselves show what they
cannot tell apart. Places are worked out from arrivals and stays and never measured: their prior is as wide as both.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.arms.arms import Observed, make_arm, run_arms
from models.calibration.targets import range_sd
from models.care.pressure import Pressure
from models.figures.figures import Figure
from models.footprint.footprint import Footprint, Pathway, inside_beds
from models.settings.fit import Fit
from models.settings.future import Future
from models.system.details import build
from models.system.sizes import offered_places
from sim.calibration import LogNormal, Normal, Parameter

__all__ = ["WIDENED", "Replayed", "at_point", "start_of", "step_of", "unknowns"]

WIDENED = (0.7, 1.4)  #: arrivals counted in another year than the baseline year: at least this range
STAY_SD = 0.25  #: of the logarithm of a hospital's factor on national stays (assumed: 0.66 to 1.51)
_BOUND = 4.0  #: prior standard deviations to which a factor may go
_STAY_STEP, _LOAD_STEP = 0.02, 0.015  #: steps of differences in stays, and in the load of places (logarithm)
_PLACES_STEP = 3  #: whole places that a step is worth at least
_STEP = 0.25  #: of all other parameters, in prior standard deviations


def unknowns(footprint: Footprint, fit: Fit) -> list[Parameter]:
    """Every parameter with its prior: a figure's range is its middle 90 %; logarithmic where factors multiply."""
    out = [_factor(f"stay_factor_{site}", 1.0, STAY_SD, fit.stay_factor[site], "factor") for site in footprint.sites]
    start, room = start_of(footprint, fit), _room(footprint)
    for name, pathway in footprint.pathways.items():
        arrivals, stay = _log_sd(_widened(footprint, pathway.arrivals_per_day)), _log_sd(pathway.service_days.range)
        most = pathway.arrivals_per_day.value * room
        if arrivals:
            value = pathway.arrivals_per_day.value
            out.append(_factor(f"arrivals_{name}", value, arrivals, value, "per day", most))
        if stay:
            value = pathway.service_days.value
            out.append(_factor(f"stay_{name}", value, stay, value, "days"))
        places = math.hypot(arrivals, stay) or _log_sd(pathway.static_capacity_prior.range) or STAY_SD
        median = pathway.static_capacity_prior.value + _onward_load(footprint, name)
        out.append(_factor(f"places_{name}", median, places, start[f"places_{name}"], "places"))
    for name, pathway in footprint.pathways.items():
        if flex := _log_sd(pathway.flex_elasticity.range):
            value = pathway.flex_elasticity.value
            out.append(_factor(f"flex_{name}", value, flex, value, "elasticity"))
    reported = footprint.delays.reported_share
    if sd := _log_sd(reported.range):
        low = max(0.75 * reported.range[0], _least_reported(footprint))
        if low < reported.value < reported.range[1]:
            prior = LogNormal(reported.value, sd)
            out.append(Parameter("reported_share", low, reported.range[1], prior, "share"))
    overlap = footprint.community_overlap.beds
    if overlap.range[0] < overlap.value < overlap.range[1]:
        prior = Normal(overlap.value, range_sd(*overlap.range))
        out.append(Parameter("overlap_beds", *overlap.range, prior, "beds"))
    noise = footprint.demand.noise_variance
    if sd := _log_sd(noise.range):
        out.append(_factor("noise_variance", noise.value, sd, noise.value, "variance"))
    return out


def start_of(footprint: Footprint, fit: Fit) -> dict[str, float]:
    """Where the point estimate lies: the footprint's own figures with the fitted factors."""
    loads = offered_places(footprint, fit)
    out = {f"stay_factor_{site}": factor for site, factor in fit.stay_factor.items()}
    for name, pathway in footprint.pathways.items():
        out[f"arrivals_{name}"] = pathway.arrivals_per_day.value
        out[f"stay_{name}"] = pathway.service_days.value
        out[f"places_{name}"] = sum(loads[s, name] for s in footprint.sites) * fit.capacity_factor[name]
        out[f"flex_{name}"] = pathway.flex_elasticity.value
    out["reported_share"] = footprint.delays.reported_share.value
    out["overlap_beds"] = footprint.community_overlap.beds.value
    out["noise_variance"] = footprint.demand.noise_variance.value
    return out


def step_of(parameter: Parameter, places: Mapping[str, float]) -> float:
    """Half width of central differences, in prior standard deviations.

    Wide enough to see past whole beds and places, narrow enough for queues, which bend: 1.5 % of places is half of a
    queue.

    Parameters
    ----------
    places : mapping
        Places by pathway; a step in one, or in what loads it, is worth some whole places at least.
    """
    kind, _, name = parameter.name.rpartition("_")
    if parameter.name.startswith("stay_factor_"):
        return _STAY_STEP / parameter.scale
    if kind in ("arrivals", "stay", "places") and name in places:
        return max(_LOAD_STEP, _PLACES_STEP / places[name]) / parameter.scale
    return _STEP


def at_point(footprint: Footprint, fit: Fit, point: Mapping[str, float]) -> tuple[Footprint, Fit]:
    """Footprint and fit with the parameters at a point; those that it does not name stay as they are."""
    new = _with_figures(footprint, point)
    stays = {site: point.get(f"stay_factor_{site}", factor) for site, factor in fit.stay_factor.items()}
    loads = offered_places(new, fit)
    before = start_of(footprint, fit)
    capacity = {
        name: point.get(f"places_{name}", before[f"places_{name}"]) / sum(loads[s, name] for s in new.sites)
        for name in new.pathways
    }
    usual = _usual_pressure(footprint, new, fit)
    return new, fit.model_copy(update={"stay_factor": stays, "capacity_factor": capacity, "usual_pressure": usual})


@dataclass(frozen=True)
class Replayed:
    """A footprint as a simulator of a calibration: takes a point and numbers of replications, gives figures by name.

    Parameters
    ----------
    footprint, fit, future, feedback
        As the point estimate was made.
    end : date
        First day that is no longer simulated.
    figures : callable
        What is read from a run, by name of the target.
    """

    footprint: Footprint
    fit: Fit
    future: Future
    feedback: Pressure | None
    end: dt.date
    figures: Callable[[Observed], dict[str, Any]]

    def __call__(self, point: dict[str, float], replications: range) -> dict[str, Any]:
        """Figures at a point, one value a replication."""
        footprint, fit = at_point(self.footprint, self.fit, point)
        system = build(footprint, fit, self.future, self.end, feedback=self.feedback)
        return self.figures(run_arms([make_arm("point", system)], self.fit.seed, replications, 1)[0])


def _factor(name: str, median: float, sd: float, start: float, unit: str, most: float = math.inf) -> Parameter:
    """Parameter that multiplies; the bounds hold the start as well."""
    reach = math.exp(_BOUND * sd)
    low, high = min(median / reach, start / math.exp(sd)), max(median * reach, start * math.exp(sd))
    return Parameter(name, low, min(high, most), LogNormal(median, sd), unit)


def _log_sd(ends: tuple[float, float]) -> float:
    """Standard deviation of the logarithm; 0 where there is no range."""
    low, high = ends
    return range_sd(math.log(low), math.log(high)) if 0 < low < high else 0.0


def _widened(footprint: Footprint, figure: Figure) -> tuple[float, float]:
    low, high = figure.range
    if figure.year in (footprint.baseline_year, "not applicable"):
        return low, high
    return min(low, WIDENED[0] * figure.value), max(high, WIDENED[1] * figure.value)


def _onward_load(footprint: Footprint, name: str) -> float:
    """Places used by those who come on from another pathway, which the footprint's prior leaves out."""
    days = footprint.pathways[name].service_days.value
    return days * sum(
        p.arrivals_per_day.value * p.onward.shares.get(name, 0.0) for p in footprint.pathways.values() if p.onward
    )


def _room(footprint: Footprint) -> float:
    """Factor on all arrivals at which the first cohort would have nobody left who goes home."""
    emergencies = sum(site.overnight_emergencies_per_day.value for site in footprint.sites.values())
    rooms = []
    for name, cohort in footprint.cohorts.items():
        ways = footprint.pathways.values()
        drawn = sum(p.arrivals_per_day.value * p.drawn_from.shares.get(name, 0.0) for p in ways)
        if drawn:
            rooms.append(emergencies * cohort.share.value / drawn)
    return max(1.01, 0.98 * min(rooms, default=math.inf))


def _least_reported(footprint: Footprint) -> float:
    """Reported share below which some stay would have to be shorter than a day."""
    shares = np.linspace(0.05, 1.0, 96)
    fine = [float(r) for r in shares if all(c.mean_at(float(r)) >= 1 for c in footprint.cohorts.values())]
    return min(fine, default=1.0)


def _with_figures(footprint: Footprint, point: Mapping[str, float]) -> Footprint:
    pathways = {name: _pathway(p, name, point) for name, p in footprint.pathways.items()}
    delays, overlap, demand = footprint.delays, footprint.community_overlap, footprint.demand
    changed = {
        "pathways": pathways,
        "delays": delays.model_copy(update={"reported_share": _put(delays.reported_share, point, "reported_share")}),
        "community_overlap": overlap.model_copy(update={"beds": _put(overlap.beds, point, "overlap_beds")}),
        "demand": demand.model_copy(update={"noise_variance": _put(demand.noise_variance, point, "noise_variance")}),
    }
    return footprint.model_copy(update=changed)


def _pathway(pathway: Pathway, name: str, point: Mapping[str, float]) -> Pathway:
    return pathway.model_copy(
        update={
            "arrivals_per_day": _put(pathway.arrivals_per_day, point, f"arrivals_{name}"),
            "service_days": _put(pathway.service_days, point, f"stay_{name}"),
            "flex_elasticity": _put(pathway.flex_elasticity, point, f"flex_{name}"),
        }
    )


def _put(figure: Figure, point: Mapping[str, float], name: str) -> Figure:
    return figure.model_copy(update={"value": point[name]}) if name in point else figure


def _usual_pressure(before: Footprint, after: Footprint, fit: Fit) -> dict[str, float]:
    """Usual pressure is observed, so it stays; beds taken out of a hospital as community beds are full."""
    was, now = inside_beds(before), inside_beds(after)
    out = {}
    for site, usual in fit.usual_pressure.items():
        have = before.sites[site].beds_available.value - was[site]
        more = now[site] - was[site]
        out[site] = (usual * have - more) / (have - more) if more else usual
    return out
