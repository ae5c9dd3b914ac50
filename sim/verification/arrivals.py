"""Other ways of arriving, and stays made of phases: one place each, in steady state."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy import optimize

from sim.verification.acceptance import CHANCE, MEAN, Case
from sim.verification.answers import expected, params
from sim.verification.formulas import mg1_wait
from sim.verification.parts import QUEUE_KINDS, exponential, network, queue_figures, source, station, time
from sim.verification.record import Measured, Record

__all__ = ["batches", "fixed_intervals", "kept_bookings", "phases"]

WARM = 2000.0


def _figures(r: Record) -> Measured:
    return {**queue_figures(r), "P_wait": (r.flow("w", "waited"), r.flow("w", "started"))}


def _wanted(rate: float, mean: float, wait: float) -> dict[str, tuple[float, str]]:
    """L, Lq, W and Wq by Little's law."""
    found = {"Lq": rate * wait, "L": rate * (wait + mean), "W": wait + mean, "Wq": wait}
    return {name: (value, QUEUE_KINDS[name]) for name, value in found.items()}


def fixed_intervals() -> Case:
    """Arrivals at fixed intervals."""
    name = "dm1_rho80"
    p, wanted = params(name), expected(name)
    every = {"class": "a", "to": "w", "every": {"kind": "deterministic", "mean": time(1 / p["lambda"], "h")}}
    return Case(
        name,
        lambda t: network(t, WARM, {"w": station(1, exponential(1 / p["mu"]))}, {"s": every}),
        _figures,
        {
            **_wanted(p["lambda"], 1 / p["mu"], wanted["Wq"]),
            "P_wait": (wanted["sigma"], CHANCE),
        },
        time=170_000,
        warm=WARM,
    )


def kept_bookings() -> Case:
    """Bookings once an hour, each kept with probability 0.7: the times between arrivals are geometric."""
    kept, rate = 0.7, 0.9

    def gap(sigma: float) -> float:
        """Transform of the time between arrivals, at the rate that makes `sigma` the probability of waiting."""
        hour = math.exp(-rate * (1 - sigma))
        return kept * hour / (1 - (1 - kept) * hour) - sigma

    sigma = optimize.root_scalar(gap, bracket=(0.0, 0.999)).root
    bookings = {"class": "a", "to": "w", "every": {"kind": "deterministic", "mean": "1 h"}, "attend": kept}
    return Case(
        "gm1_kept_bookings",
        lambda t: network(t, WARM, {"w": station(1, exponential(1 / rate))}, {"s": bookings}),
        _figures,
        {**_wanted(kept, 1 / rate, sigma / (rate * (1 - sigma))), "P_wait": (sigma, CHANCE)},
        time=180_000,
        warm=WARM,
        family="One place, bookings at fixed times of which some are not kept (G/M/1)",
        source="Kendall 1953; the times between arrivals are geometric",
    )


def batches() -> Case:
    """Several arrive together."""
    sizes = {1: 0.5, 2: 0.3, 4: 0.2}
    load = 0.7
    mean, square = (sum(share * n**k for n, share in sizes.items()) for k in (1, 2))
    rate, number = load / mean, load * (mean + square) / (2 * mean * (1 - load))
    groups = source("w", rate) | {"batch": sizes}

    def measure(r: Record) -> Measured:
        return {**queue_figures(r), "busy": r.area("w", "in_service") / r.time, "came": r.flow("w", "arrived") / r.time}

    return Case(
        "mxm1_batches",
        lambda t: network(t, WARM, {"w": station(1, exponential(1.0))}, {"s": groups}),
        measure,
        {
            **_wanted(load, 1.0, number / load - 1.0),
            "busy": (load, MEAN),
            "came": (load, MEAN),
        },
        time=340_000,
        warm=WARM,
        family="One place, several arrive together (M^X/M/1)",
        source="Burke 1975: L = rho (E X + E X^2) / (2 E X (1 - rho))",
    )


#: services made of phases: what the file says, mean, mean square
PHASES: dict[str, tuple[dict[str, Any], float, float]] = {}


def _coxian(stages: list[tuple[float, float]]) -> tuple[float, float]:
    """Mean and mean square of a Coxian time: mean of each phase and probability that all ends with it."""
    n = len(stages)
    leaving = np.zeros((n, n))
    for i, (mean, ends) in enumerate(stages):
        leaving[i, i] = -1 / mean
        if i + 1 < n:
            leaving[i, i + 1] = (1 - ends) / mean
    inverse = np.linalg.inv(-leaving)
    return float(inverse[0].sum()), float(2 * (inverse @ inverse)[0].sum())


_STAGES = [(0.3, 0.4), (0.5, 0.5), (2.0, 1.0)]
_MIX = [(0.7, 0.4), (0.3, 1.7)]
PHASES["coxian"] = (
    {"kind": "coxian", "phases": [{"mean": time(mean, "h"), "ends": ends} for mean, ends in _STAGES]},
    *_coxian(_STAGES),
)
PHASES["mixture"] = (
    {"kind": "mixture", "parts": [{**exponential(mean), "share": share} for share, mean in _MIX]},
    sum(share * mean for share, mean in _MIX),
    sum(2 * share * mean**2 for share, mean in _MIX),
)
PHASES["hyperexponential"] = ({"kind": "hyperexponential", "mean": "1 h", "cv": 1.6}, 1.0, 1.0 + 1.6**2)


def phases(kind: str) -> Case:
    """A single place with stays made of exponential phases."""
    service, mean, square = PHASES[kind]
    rate = 0.65 / mean
    return Case(
        f"mph1_{kind}",
        lambda t: network(t, WARM, {"w": station(1, service)}, {"s": source("w", rate)}),
        queue_figures,
        _wanted(rate, mean, mg1_wait(rate, mean, square)),
        time=320_000,
        warm=WARM,
        family="One place, stays made of exponential phases (M/Ph/1)",
        source="Pollaczek and Khinchine, with the moments of a phase-type distribution (Neuts 1981)",
    )
