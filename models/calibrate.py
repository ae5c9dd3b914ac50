"""Fitting a footprint to its baseline year, or saying that it cannot be done.

Simulated method of moments with common random numbers: one factor on stays a hospital (target: beds in use at
midnight), and one factor on community capacity a pathway (target: beds held by people who wait for it). V8: the
baseline comes first.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from models.arms import Observed, make_arm, run_arms
from models.care.pressure import Pressure
from models.demand import prior_routes
from models.footprint import Footprint
from models.measures import delayed_beds, occupied_beds
from models.plan import Fit, Future
from models.system import build, pathway_station, ward
from sim import CarebridgeError
from sim.clock import DAY
from sim.kernel.layout import AWAITED, BLOCKED, IN_SERVICE, IN_TRANSITION, WAITING

__all__ = ["CannotFit", "delayed_by_pathway", "fit_footprint", "inputs_hash", "mean_pressure", "targets"]

OCCUPANCY_TOLERANCE = 0.005  # relative, each hospital's beds in use
DELAY_TOLERANCE = 0.05  # relative, beds held by each pathway's queue
IN_BEDS = (IN_SERVICE, BLOCKED, IN_TRANSITION)


class CannotFit(CarebridgeError):
    """The footprint's own recent past cannot be reproduced; no verdict may be given on it."""


def inputs_hash(footprint: Footprint) -> str:
    """Hash of every figure of a footprint: a fit belongs to exactly these."""
    text = json.dumps(footprint.model_dump(mode="json"), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Targets:
    """What the fit aims at: beds in use by site, beds delayed by pathway (host trusts)."""

    occupied: dict[str, float]
    delayed: dict[str, float]


def targets(footprint: Footprint) -> Targets:
    """Observed beds in use by hospital, and delayed beds by pathway converted from residents to host trusts."""
    factor = footprint.delays.host_conversion.value if footprint.delays.host_conversion else 1.0
    return Targets(
        {name: site.beds_occupied.value for name, site in footprint.sites.items()},
        {name: p.delayed_target.value * factor for name, p in footprint.pathways.items()},
    )


def delayed_by_pathway(o: Observed, months: np.ndarray) -> dict[str, float]:
    """Mean hospital beds held by people waiting for each pathway; those who wait in community beds are left out."""
    footprint = o.arm.system.footprint
    span = o.days[months].sum() * DAY * o.area.shape[0]
    awaited, arrivals = {}, {}
    for name in footprint.pathways:
        index = [o.station(pathway_station(s, name)) for s in footprint.sites]
        awaited[name] = o.area[:, months][:, :, index][..., AWAITED].sum() / span
        arrivals[name] = max(1, o.flow[:, months][:, :, index, :, 3].sum())
    beds = footprint.community_overlap.pathway
    in_beds = delayed_beds(o, "non_acute")[:, months].mean()
    onward = footprint.pathways[beds].onward
    weight = {p: s * awaited[p] / arrivals[p] for p, s in (onward.shares if onward else {}).items() if p in awaited}
    whole = sum(weight.values()) or 1.0
    return {p: float(awaited[p] - in_beds * weight.get(p, 0.0) / whole) for p in awaited}


def fit_footprint(
    footprint: Footprint,
    future: Future,
    *,
    replications: int = 32,
    seed: int = 1,
    workers: int = 1,
    rounds: int = 24,
    feedback: Pressure | None = None,
    on_round: Callable[[int, float], None] | None = None,
) -> Fit:
    """Fit stays and community capacity to the baseline year.

    Feedback is fitted in two steps: first without it, which gives the usual pressure of each hospital, then with it.
    The answer to pressure is measured from what is usual, so on average it is neutral in the baseline year.

    Parameters
    ----------
    feedback : Pressure, optional
        How stays answer to pressure.
    on_round : callable, optional
        Called after each round with its number and the largest relative miss, in units of its tolerance.

    Raises
    ------
    CannotFit
        When some target is still missed by more than its tolerance after `rounds` rounds; says which, and by how much.
    """
    aim = targets(footprint)
    zero_day, direct = prior_routes(footprint)
    stay = dict.fromkeys(footprint.sites, 0.93)
    capacity = dict.fromkeys(footprint.pathways, 0.96)
    slope = {p: -5.0 * footprint.pathways[p].static_capacity_prior.value * 0.25 for p in capacity}
    before: dict[str, tuple[float, float]] = {}
    misses: dict[str, float] = {}
    usual = {name: site.beds_occupied.value / site.beds_available.value for name, site in footprint.sites.items()}
    answers = None
    for number in range(rounds):
        fit = Fit(
            footprint=footprint.name,
            inputs=inputs_hash(footprint),
            stay_factor=_rounded(stay),
            capacity_factor=_rounded(capacity),
            zero_day_share=_rounded(zero_day),
            direct_per_day=_rounded(direct),
            usual_pressure=_rounded(usual),
            replications=replications,
            seed=seed,
        )
        o = _baseline(footprint, fit, future, answers, seed, replications, workers)
        months = o.in_year(footprint.baseline_year)
        occupied = {s: float(occupied_beds(o, s)[:, months].mean()) for s in footprint.sites}
        delayed = delayed_by_pathway(o, months)
        misses = {s: (occupied[s] / aim.occupied[s] - 1) / OCCUPANCY_TOLERANCE for s in occupied}
        misses |= {p: (delayed[p] / aim.delayed[p] - 1) / DELAY_TOLERANCE for p in delayed}
        worst = max(abs(m) for m in misses.values())
        if on_round:
            on_round(number + 1, worst)
        if worst <= 1 and answers is None and feedback is not None and feedback.any:
            usual, answers = {s: mean_pressure(o, s, months) for s in usual}, feedback
            continue
        if worst <= 1:
            achieved = {f"{s}_beds_occupied": round(v, 2) for s, v in occupied.items()}
            achieved |= {f"{p}_delayed_beds": round(v, 2) for p, v in delayed.items()}
            return fit.model_copy(update={"achieved": achieved})
        for s in stay:
            in_care = o.area[:, months][:, :, o.station(ward(s))][..., IN_SERVICE].sum()
            in_care = in_care / (o.area.shape[0] * o.days[months].sum() * DAY)
            stay[s] *= float(np.clip(1 + (aim.occupied[s] - occupied[s]) / in_care, 0.2, 5.0))
        for p in capacity:
            if p in before and abs(before[p][0] - np.log(capacity[p])) > 1e-4:
                secant = (delayed[p] - before[p][1]) / (np.log(capacity[p]) - before[p][0])
                slope[p] = float(np.clip(0.5 * slope[p] + 0.5 * secant, 8 * slope[p], slope[p] / 8))
            before[p] = (float(np.log(capacity[p])), delayed[p])
            move = float(np.clip((aim.delayed[p] - delayed[p]) / slope[p], -0.03, 0.03))
            capacity[p] *= float(np.exp(move))
    text = ", ".join(f"{k} ({v * _tolerance(k, footprint):+.1%})" for k, v in misses.items() if abs(v) > 1)
    raise CannotFit(f"{footprint.title}: the baseline {footprint.baseline_year} is not reproduced: {text}.")


def _tolerance(key: str, footprint: Footprint) -> float:
    return OCCUPANCY_TOLERANCE if key in footprint.sites else DELAY_TOLERANCE


def _rounded(values: dict[str, float]) -> dict[str, float]:
    return {k: round(v, 5) for k, v in values.items()}


def mean_pressure(o: Observed, site: str, months: np.ndarray) -> float:
    """Mean number of people in a hospital's beds and waiting for one, over its beds open."""
    station = o.station(ward(site))
    people = o.area[:, months, station][..., [WAITING, *IN_BEDS]].sum()
    return float(people / o.places[:, months, station, 0].sum())


def _baseline(
    footprint: Footprint,
    fit: Fit,
    future: Future,
    feedback: Pressure | None,
    seed: int,
    replications: int,
    workers: int,
) -> Observed:
    end = dt.date(int(footprint.baseline_year[:4]) + 1, 4, 1)
    system = build(footprint, fit, future, end, feedback=feedback)
    return run_arms([make_arm("fit", system)], seed, replications, workers)[0]
