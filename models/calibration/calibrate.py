"""Fitting a footprint to its baseline year, or saying that it cannot be done.

Simulated method of moments with common random numbers: one factor on stays a hospital (target: beds in use at
midnight), and one factor on community capacity a pathway (target: beds held by people who wait for it). V8: the
baseline comes first.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from models.arms.arms import Observed, make_arm, run_arms
from models.calibration.aim import Targets, targets
from models.calibration.factors import Factors
from models.calibration.feedback import mechanisms_of
from models.calibration.front import FOUR_HOUR, FOUR_HOUR_TOLERANCE, Pace, fit_front_door, front_in_words
from models.calibration.reach import OVER_12H, Reach
from models.care.pressure import Pressure
from models.footprint.footprint import Footprint, inputs_hash
from models.settings.fit import DetailName, Fit
from models.settings.future import Future
from models.system.demand import prior_routes
from models.system.details import build
from sim import CarebridgeError
from sim.kernel.layout import BLOCKED, IN_SERVICE, IN_TRANSITION, WAITING

__all__ = ["CannotFit", "fit_footprint", "mean_pressure"]

#: first factor on places; detailed services have places to spare before they are fitted
START = {"beds": 0.96, "default": 0.96, "full": 0.82}
MORE = 16  #: rounds, where long waits are fitted too
LATE = 2 / 3  # share of the rounds after which the nearest whole number of places will do
IN_BEDS = (IN_SERVICE, BLOCKED, IN_TRANSITION)


class CannotFit(CarebridgeError):
    """The footprint's own recent past cannot be reproduced; no verdict may be given on it."""


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
        When some target is still missed by more than its tolerance after `rounds` rounds, a four-hour share stays far
        off with its factor at the end of its range, or something cannot be met from the outset; says which, and by how
        much. In late rounds the nearest whole number of places will do
        (:func:`models.calibration.factors.half_a_place`).
    FaultsError
        When figures of different bases, years or clocks would be compared.
    """
    aim = targets(footprint)
    _possible(footprint, aim)
    factors = Factors(footprint, aim, START[detail])
    pace = Pace(footprint) if detail == "full" else None
    reach = Reach(footprint) if footprint.fits_waits else None
    known = _known(footprint, detail, feedback, replications, seed)
    usual = {name: site.beds_occupied.value / site.beds_available.value for name, site in footprint.sites.items()}
    answers = None if feedback is None or not feedback.any else feedback
    neutral = answers is None  # whether the pressure that is usual here has been found
    misses: dict[str, float] = {}
    rounds += MORE if reach else 0
    for number in range(rounds):
        fit = Fit(
            **known,
            cubicle_time=pace.factors if pace else {},
            out_of_reach=reach.shares if reach else {},
            stay_factor=_rounded(factors.stay),
            capacity_factor=_rounded(factors.places),
            usual_pressure=_rounded(usual),
        )
        o = _baseline(footprint, fit, future, answers if neutral else None, seed, replications, workers)
        months = o.in_year(footprint.baseline_year)
        misses = factors.misses(o, months, late=number >= LATE * rounds)  # by then what whole places allow was tried
        misses |= pace.misses(o, months) if pace else {}
        misses |= reach.misses(o, months) if reach else {}
        worst = max(abs(m) for m in misses.values())
        if on_round:
            on_round(number + 1, worst)
        if worst <= 1 and neutral:
            return _met(fit, factors, reach, o, months)
        if worst <= 1:
            usual, neutral = {s: mean_pressure(o, s, months) for s in usual}, True
            if reach:
                reach.forget()
            continue
        if pace:
            if pace.hopeless:
                break
            pace.move(o, months)
        if reach:
            reach.move()
        factors.move(o, months)
    raise _missed(footprint, misses, factors.allowed, pace is not None and pace.hopeless)


def _known(
    footprint: Footprint, detail: DetailName, feedback: Pressure | None, replications: int, seed: int
) -> dict[str, Any]:
    """What a fit says of itself, and what does not change from round to round."""
    zero_day, direct = prior_routes(footprint)
    return {
        "footprint": footprint.name,
        "detail": detail,
        "inputs": inputs_hash(footprint),
        "zero_day_share": _rounded(zero_day),
        "direct_per_day": _rounded(direct),
        "replications": replications,
        "seed": seed,
        "feedback": feedback.name if feedback is not None else "none",
        "mechanisms": mechanisms_of(feedback),
    }


def _met(fit: Fit, factors: Factors, reach: Reach | None, o: Observed, months: np.ndarray) -> Fit:
    """Return the fit with what it achieves, and with what the four-hour shares of the year give."""
    breach, shares = fit_front_door(o, months)
    words = front_in_words(breach, fit.cubicle_time) + (reach.in_words() if reach else [])
    achieved = factors.achieved(o, months) | shares | (reach.achieved(o, months) if reach else {})
    return fit.model_copy(update={"achieved": achieved, "base_breach": breach, "identified": words})


def _missed(
    footprint: Footprint, misses: Mapping[str, float], allowed: Mapping[str, float], hopeless: bool
) -> CannotFit:
    """Say which targets are missed, and by how much: relative, and of the four-hour share in points."""
    said = []
    for name, miss in misses.items():
        if abs(miss) > 1 and name.endswith(FOUR_HOUR):
            said.append(f"{name} ({100 * miss * FOUR_HOUR_TOLERANCE:+.1f} points)")
        elif abs(miss) > 1 and name.endswith(OVER_12H):
            said.append(f"{name} ({miss:+.1f} tolerances)")
        elif abs(miss) > 1:
            said.append(f"{name} ({miss * allowed[name]:+.1%})")
    text = ", ".join(said)
    why = " The time in a cubicle is at the end of its range where shares are missed." if hopeless else ""
    return CannotFit(f"{footprint.title}: the baseline {footprint.baseline_year} is not reproduced: {text}.{why}")


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
