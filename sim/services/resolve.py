"""From a distribution as a network file writes it to one that is ready for the kernel."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from sim.errors import CarebridgeError
from sim.network.schema import Service
from sim.services.functions import mass
from sim.services.laws import (
    Deterministic,
    Empirical,
    Exponential,
    Gamma,
    Law,
    Lognormal,
    Mixture,
    Normal,
    Smooth,
    Triangular,
    Uniform,
    Weibull,
)
from sim.services.phases import Coxian
from sim.services.resolved import (
    DETERMINISTIC,
    EMPIRICAL,
    EXPONENTIAL,
    LOGNORMAL,
    NORMAL,
    TABLE,
    TRIANGULAR,
    UNIFORM,
    WEIBULL,
    Resolved,
)
from sim.services.table import tabulate

__all__ = ["law_of", "resolve"]

Range = tuple[float, float]


def resolve(service: Service) -> Resolved:
    """Make a distribution that has no faults ready for the kernel."""
    law, between = law_of(service), service.between
    least, most = service.at_least or 0.0, math.inf if service.at_most is None else service.at_most
    if isinstance(law, Empirical):
        kept = [x for x in law.values if between is None or between[0] <= x <= between[1]]
        return _resolved(Empirical(tuple(min(max(x, least), most) for x in kept)), None, None)
    bounded = isinstance(law, Normal) or between is not None or least > 0 or math.isfinite(most)
    low, high = between or (0.0, math.inf)
    bounds = (min(max(low, least), most), min(max(high, least), most))
    return _resolved(law, between, bounds if bounded else None)


def law_of(service: Service) -> Law:
    """Law of a distribution that has no faults, without its range and bounds."""
    mean = service.mean or 0.0
    match service.kind:
        case "exponential":
            return Exponential(mean)
        case "deterministic":
            return Deterministic(mean)
        case "lognormal":
            variance = 2 * math.log(mean / service.median) if service.median else math.log1p(_cv(service) ** 2)
            return Lognormal(math.log(mean) - variance / 2, math.sqrt(variance))
        case "weibull":
            k = service.shape or 1.0
            return Weibull(mean / math.gamma(1 + 1 / k), 1 / k)
        case "gamma" | "erlang":
            k = service.shape if service.shape is not None else _cv(service) ** -2
            return Gamma(k, mean / k)
        case "uniform":
            return Uniform(service.low or 0.0, service.high or 0.0)
        case "triangular":
            return Triangular(service.low or 0.0, service.mode or 0.0, service.high or 0.0)
        case "normal":
            return Normal(mean, _cv(service) * mean)
        case "hyperexponential":
            return _hyperexponential(mean, _cv(service))
        case "coxian":
            phases = [(phase.mean, phase.ends) for phase in service.phases or []]
            return Coxian((*phases[:-1], (phases[-1][0], 1.0)))
        case "mixture":
            return Mixture(tuple((part.share or 0.0, _smooth(part)) for part in service.parts or []))
        case "empirical":
            if not isinstance(service.observed, list):
                raise CarebridgeError("observed times in a CSV column are read when the network is loaded.")
            return Empirical(tuple(sorted(service.observed)))


def _cv(service: Service) -> float:
    if service.sd is not None:
        return service.sd / (service.mean or 1.0)
    return service.cv or 0.0


def _smooth(part: Service) -> Smooth:
    return law_of(part)  # type: ignore[return-value]  # other kinds are faults


def _hyperexponential(mean: float, cv: float) -> Mixture:
    """Two exponential phases that contribute equally to the mean."""
    share = (1 + math.sqrt((cv**2 - 1) / (cv**2 + 1))) / 2
    return Mixture(tuple((p, Exponential(mean / (2 * p))) for p in (share, 1 - share)))


@lru_cache(maxsize=1024)
def _resolved(law: Law, between: Range | None, bounds: Range | None) -> Resolved:
    form = _form(law)
    if bounds is None:
        return Resolved(law, **form)
    base, span = (0.0, 1.0) if between is None else _window(law, *between, form["kind"])
    return Resolved(law, **form, bounded=True, base=base, span=span, low=bounds[0], high=bounds[1], between=between)


def _window(law: Law, low: float, high: float, kind: int) -> Range:
    """Share at which a range begins, and its share in all; of longer times where the quantile falls with u."""
    first = law.survival(np.array(high)) if kind in (EXPONENTIAL, WEIBULL) else law.cdf(np.array(low))
    return float(first), float(mass(law, low, high))


def _form(law: Law) -> dict:
    """Kind and parameters under which the kernel knows a law."""
    match law:
        case Exponential(mean):
            return {"kind": EXPONENTIAL, "a": mean}
        case Deterministic(value):
            return {"kind": DETERMINISTIC, "a": value}
        case Lognormal(mu, sigma):
            return {"kind": LOGNORMAL, "a": mu, "b": sigma}
        case Weibull(scale, power):
            return {"kind": WEIBULL, "a": scale, "b": power}
        case Uniform(low, high):
            return {"kind": UNIFORM, "a": low, "b": high - low}
        case Triangular(low, _, high):
            return {"kind": TRIANGULAR, "a": low, "b": high - low, "c": law.turn}
        case Normal(mean, sd):
            return {"kind": NORMAL, "a": mean, "b": sd}
        case Empirical(values):
            return {"kind": EMPIRICAL, "a": float(len(values)), "values": values}
    table = tabulate(law)  # type: ignore[arg-type]
    return {
        "kind": TABLE,
        "cubics": tuple(map(tuple, table.cubics.tolist())),
        "cells": tuple(table.cells.tolist()),
    }
