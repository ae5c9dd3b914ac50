"""Fitting a footprint to its baseline year, or saying that it cannot be done.

Simulated method of moments with common random numbers: one factor on stays a hospital (target: beds in use at
midnight), and one factor on community capacity a pathway (target: beds held by people who wait for it). V8: the
baseline comes first.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from models.arms.arms import Observed, make_arm, run_arms
from models.calibration.bases import check_bases
from models.calibration.feedback import mechanisms_of
from models.calibration.front import Pace, fit_front_door, front_in_words
from models.care.pressure import Pressure
from models.footprint.footprint import Footprint, inputs_hash, to_basis
from models.measures.measures import delayed_beds, occupied_beds
from models.settings.fit import DetailName, Fit
from models.settings.future import Future
from models.system.demand import prior_routes
from models.system.details import build
from sim import CarebridgeError
from sim.clock import DAY
from sim.kernel.layout import AWAITED, BLOCKED, FLOWS, IN_SERVICE, IN_TRANSITION, WAITING

__all__ = ["CannotFit", "Targets", "delayed_by_pathway", "delayed_each", "fit_footprint", "half_a_place"]
__all__ += ["mean_pressure", "targets"]

OCCUPANCY_TOLERANCE = 0.005  # relative, each hospital's beds in use
#: first factor on places; detailed services have places to spare before they are fitted
START = {"beds": 0.96, "default": 0.96, "full": 0.82}
DELAY_TOLERANCE = 0.05  # relative, beds held by each pathway's queue
LATE = 2 / 3  # share of the rounds after which the nearest whole number of places will do
IN_BEDS = (IN_SERVICE, BLOCKED, IN_TRANSITION)
STARTED = FLOWS.index("started")


class CannotFit(CarebridgeError):
    """The footprint's own recent past cannot be reproduced; no verdict may be given on it."""


@dataclass(frozen=True)
class Targets:
    """What the fit aims at: beds in use by site, beds delayed by pathway (host trusts)."""

    occupied: dict[str, float]
    delayed: dict[str, float]


def targets(footprint: Footprint) -> Targets:
    """Observed beds in use by hospital, and delayed beds by pathway converted from residents to host trusts.

    Raises
    ------
    FaultsError
        When figures of different bases, years or clocks would be compared without a declared conversion.
    """
    check_bases(footprint)
    factor = footprint.delays.host_conversion
    return Targets(
        {name: site.beds_occupied.value for name, site in footprint.sites.items()},
        {name: to_basis(p.delayed_target, "host trust", factor).value for name, p in footprint.pathways.items()},
    )


def delayed_by_pathway(o: Observed, months: np.ndarray) -> dict[str, float]:
    """Mean hospital beds held by people waiting for each pathway; those who wait in community beds are left out."""
    awaited, started = _awaited(o, months)
    in_beds = delayed_beds(o, "non_acute")[:, months].mean()
    pooled = {p: np.asarray(v.mean()) for p, v in awaited.items()}
    held = _in_hospital(o, pooled, {p: np.asarray(v.sum()) for p, v in started.items()}, in_beds)
    return {p: float(v) for p, v in held.items()}


def delayed_each(o: Observed, months: np.ndarray) -> dict[str, np.ndarray]:
    """The same by replication (R,): those who wait in community beds are told apart within each replication."""
    awaited, started = _awaited(o, months)
    return _in_hospital(o, awaited, started, delayed_beds(o, "non_acute")[:, months].mean(axis=1))


def _awaited(o: Observed, months: np.ndarray) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Mean number awaiting each pathway, wherever they lie, and how many began it, by replication."""
    footprint = o.arm.system.footprint
    span, services = o.days[months].sum() * DAY, o.arm.system.roles.services
    awaited, started = {}, {}
    for name in footprint.pathways:
        index = [o.station(station) for s in footprint.sites for station in services[s, name]]
        awaited[name] = o.area[:, months][:, :, index][..., AWAITED].sum(axis=(1, 2, 3)) / span
        started[name] = o.flow[:, months][:, :, index][..., STARTED].sum(axis=(1, 2, 3))
    return awaited, started


def _in_hospital(
    o: Observed, awaited: dict[str, np.ndarray], started: dict[str, np.ndarray], in_community: np.ndarray
) -> dict[str, np.ndarray]:
    """Take those who wait in community beds off, shared out by where they go on and how long that takes."""
    footprint = o.arm.system.footprint
    onward = footprint.pathways[footprint.community_overlap.pathway].onward
    shares = {p: s for p, s in (onward.shares if onward else {}).items() if p in awaited}
    weight = {p: s * awaited[p] / np.maximum(1, started[p]) for p, s in shares.items()}
    whole = np.asarray(sum(weight.values()))
    whole = np.where(whole > 0, whole, 1.0)
    return {p: awaited[p] - in_community * weight.get(p, 0.0) / whole for p in awaited}


def fit_footprint(
    footprint: Footprint,
    future: Future,
    *,
    replications: int = 32,
    seed: int = 1,
    workers: int = 1,
    rounds: int = 24,
    feedback: Pressure | None = None,
    detail: DetailName = "beds",
    on_round: Callable[[int, float], None] | None = None,
) -> Fit:
    """Fit stays and community capacity to the baseline year.

    Feedback is fitted in two steps: first without it, which gives the usual pressure of each hospital, then with it.
    The answer to pressure is measured from what is usual, so on average it is neutral in the baseline year.

    Parameters
    ----------
    feedback : Pressure, optional
        How stays answer to pressure.
    detail : {"beds", "default", "full"}
        How much of the care system is simulated. Where A&E is counted by crowding, the published type-1 four-hour share
        of each hospital gives its base breach; where people are followed there, a factor on the time in a cubicle.
    on_round : callable, optional
        Called after each round with its number and the largest relative miss, in units of its tolerance.

    Raises
    ------
    CannotFit
        When some target is still missed by more than its tolerance (see :func:`half_a_place`) after `rounds` rounds, or
        cannot be met from the outset; says which, and by how much.
    FaultsError
        When figures of different bases, years or clocks would be compared.
    """
    aim = targets(footprint)
    _possible(footprint, aim)
    zero_day, direct = prior_routes(footprint)
    stay = dict.fromkeys(footprint.sites, 0.93)
    capacity = dict.fromkeys(footprint.pathways, START[detail])
    pace = Pace(footprint) if detail == "full" else None
    slope = {p: -5.0 * footprint.pathways[p].static_capacity_prior.value * 0.25 for p in capacity}
    before: dict[str, tuple[float, float]] = {}
    misses: dict[str, float] = {}
    seen: dict[str, dict[int, float]] = {p: {} for p in capacity}
    allowed = dict.fromkeys(stay, OCCUPANCY_TOLERANCE) | dict.fromkeys(capacity, DELAY_TOLERANCE)
    usual = {name: site.beds_occupied.value / site.beds_available.value for name, site in footprint.sites.items()}
    answers = None
    for number in range(rounds):
        fit = Fit(
            footprint=footprint.name,
            detail=detail,
            cubicle_time=pace.factors if pace else {},
            inputs=inputs_hash(footprint),
            stay_factor=_rounded(stay),
            capacity_factor=_rounded(capacity),
            zero_day_share=_rounded(zero_day),
            direct_per_day=_rounded(direct),
            usual_pressure=_rounded(usual),
            replications=replications,
            seed=seed,
            feedback=feedback.name if feedback is not None else "none",
            mechanisms=mechanisms_of(feedback),
        )
        o = _baseline(footprint, fit, future, answers, seed, replications, workers)
        months = o.in_year(footprint.baseline_year)
        occupied = {s: float(occupied_beds(o, s)[:, months].mean()) for s in footprint.sites}
        delayed = delayed_by_pathway(o, months)
        misses = {s: (occupied[s] / aim.occupied[s] - 1) / allowed[s] for s in occupied}
        late = number >= LATE * rounds  # by then what whole places allow has been tried
        if late and max(abs(m) for m in misses.values()) <= 1:  # otherwise stays are to change, and delays with them
            for p, beds in delayed.items():
                places = sum(n for (_, name), n in o.arm.system.places.items() if name == p)
                seen[p][places] = beds
                allowed[p] = max(DELAY_TOLERANCE, half_a_place(seen[p], places) / aim.delayed[p])
        misses |= {p: (delayed[p] / aim.delayed[p] - 1) / allowed[p] for p in delayed}
        misses |= pace.misses(o, months) if pace else {}
        worst = max(abs(m) for m in misses.values())
        if on_round:
            on_round(number + 1, worst)
        if worst <= 1 and answers is None and feedback is not None and feedback.any:
            usual, answers = {s: mean_pressure(o, s, months) for s in usual}, feedback
            continue
        if worst <= 1:
            achieved = {f"{s}_beds_occupied": round(v, 2) for s, v in occupied.items()}
            achieved |= {f"{p}_delayed_beds": round(v, 2) for p, v in delayed.items()}
            breach, shares = fit_front_door(o, months)
            words = front_in_words(breach, fit.cubicle_time)
            return fit.model_copy(
                update={"achieved": achieved | shares, "base_breach": breach, "identified": words}
            )  # fmt: skip
        if pace:
            pace.move(o, months)
        for s in stay:
            wards = [o.station(name) for name in o.arm.system.roles.wards[s]]
            in_care = o.area[:, months][:, :, wards][..., IN_SERVICE].sum()
            in_care = in_care / (o.area.shape[0] * o.days[months].sum() * DAY)
            stay[s] *= float(np.clip(1 + (aim.occupied[s] - occupied[s]) / in_care, 0.2, 5.0))
        for p in capacity:
            if p in before and abs(before[p][0] - np.log(capacity[p])) > 1e-4:
                secant = (delayed[p] - before[p][1]) / (np.log(capacity[p]) - before[p][0])
                slope[p] = float(np.clip(0.5 * slope[p] + 0.5 * secant, 8 * slope[p], slope[p] / 8))
            before[p] = (float(np.log(capacity[p])), delayed[p])
            move = float(np.clip((aim.delayed[p] - delayed[p]) / slope[p], -0.03, 0.03))
            capacity[p] *= float(np.exp(move))
    text = ", ".join(f"{k} ({v * allowed[k]:+.1%})" for k, v in misses.items() if abs(v) > 1)
    raise CannotFit(f"{footprint.title}: the baseline {footprint.baseline_year} is not reproduced: {text}.")


def _possible(footprint: Footprint, aim: Targets) -> None:
    """Refuse what no stay can bring about: more people in beds at midnight than there are beds."""
    have = {name: site.beds_available.value for name, site in footprint.sites.items()}
    over = [f"{n} ({beds:.1f} beds in use, {have[n]:.1f} open)" for n, beds in aim.occupied.items() if beds > have[n]]
    if over:
        year = footprint.baseline_year
        raise CannotFit(
            f"{footprint.title}: the baseline {year} cannot be reproduced, with more beds in use than open: "
            + ", ".join(over)
            + "."
        )


def half_a_place(seen: Mapping[int, float], places: int) -> float:
    """Half of what one place more or less has changed the delayed beds by; nought while neither has been tried.

    Places are whole. Where one of them moves the delayed beds by more than twice the tolerance, no number of places may
    lie within it; in late rounds this much is then allowed, which is to take the nearest.

    Parameters
    ----------
    seen : mapping
        Delayed beds by number of places, in rounds whose stays fit.
    places : int
        Number of places of this round.
    """
    return max((abs(seen[places] - seen[n]) / 2 for n in (places - 1, places + 1) if n in seen), default=0.0)


def _rounded(values: dict[str, float]) -> dict[str, float]:
    return {k: round(v, 5) for k, v in values.items()}


def mean_pressure(o: Observed, site: str, months: np.ndarray) -> float:
    """Mean number of people in a hospital's beds and waiting for one, over its beds open."""
    stations = [o.station(name) for name in o.arm.system.roles.wards[site]]
    people = o.area[:, months][:, :, stations][..., [WAITING, *IN_BEDS]].sum()
    return float(people / o.places[:, months][:, :, stations, 0].sum())


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
