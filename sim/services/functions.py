"""Distribution functions, quantiles and moments of a distribution with its range and bounds."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from scipy import special

from sim.services.laws import FloatArray, Law
from sim.services.resolved import TABLE, Resolved
from sim.services.table import Table, read

__all__ = ["areas", "cdf", "edges", "inverse", "mass", "mean_ms", "moments", "quantile", "survival"]

_FAR = 60.0  # log-odds beyond which nothing counts


def mass(law: Law, low: FloatArray | float, high: FloatArray | float) -> FloatArray:
    """P(low < time <= high), exact in both tails."""
    low, high = np.asarray(low, float), np.asarray(high, float)
    upto = law.cdf(high)
    return np.where(upto < 0.5, upto - law.cdf(low), law.survival(low) - law.survival(high))


def cdf(service: Resolved, x: FloatArray) -> FloatArray:
    """P(time <= x), x in ms, exact also where it is tiny."""
    x = np.asarray(x, float)
    if service.between is None:
        share = service.law.cdf(x)
    else:
        low, high = service.between
        share = mass(service.law, low, np.clip(x, low, high)) / mass(service.law, low, high)
    return np.where(x < service.low, 0.0, np.where(x >= service.high, 1.0, share))


def survival(service: Resolved, x: FloatArray) -> FloatArray:
    """P(time > x), x in ms, exact also where it is tiny."""
    x = np.asarray(x, float)
    if service.between is None:
        share = service.law.survival(x)
    else:
        low, high = service.between
        share = mass(service.law, np.clip(x, low, high), high) / mass(service.law, low, high)
    return np.where(x < service.low, 1.0, np.where(x >= service.high, 0.0, share))


def quantile(service: Resolved, u: FloatArray) -> FloatArray:
    """Time (ms) below which a share `u` of times lies; vectorised, for set-up and tests, not for the kernel."""
    return inverse(service, special.logit(np.asarray(u, float)))


def inverse(service: Resolved, y: FloatArray) -> FloatArray:
    """Time (ms) below which the share with log-odds `y` lies."""
    if service.between is not None:
        low, high = service.between
        span = mass(service.law, low, high)
        below = service.law.cdf(np.array(low)) + special.expit(y) * span
        y = np.log(below) - np.log(service.law.survival(np.array(high)) + special.expit(-y) * span)
    return np.clip(_inverse_of_law(service, y), service.low, service.high)


def _inverse_of_law(service: Resolved, y: FloatArray) -> FloatArray:
    if service.kind == TABLE:
        return read(Table(np.array(service.cubics), np.array(service.cells)), y)
    return service.law.inverse(y)  # type: ignore[attr-defined]


def mean_ms(service: Resolved) -> float:
    """Mean of a distribution in ms, with its range and bounds."""
    return moments(service)[0]


def moments(service: Resolved) -> tuple[float, float]:
    """Mean (ms) and squared coefficient of variation of a distribution, with its range and bounds.

    By formula where there is neither range nor bound, else by Gauss-Legendre quadrature of the distribution function
    between its quantiles, to about twelve figures.
    """
    mean, square = _bounded_moments(service) if service.bounded else service.law.moments()
    return mean, max(0.0, square / mean**2 - 1) if mean > 0 else 0.0


def _bounded_moments(service: Resolved) -> tuple[float, float]:
    """Mean of the time T and of its square: for g(T), g(low) and the integral of g'(x) P(T > x) from low to high."""
    low, high = service.low, service.high
    if math.isfinite(high):
        at = edges(service, low, high)
        mean = areas(lambda x: survival(service, x), at).sum()
        square = areas(lambda x: 2 * x * survival(service, x), at).sum()
        return float(low + mean), float(low**2 + square)
    # only short times are moved: their part alone changes
    law, (mean, square) = service.law, service.law.moments()
    at = edges(service, min(low, float(_inverse_of_law(service, np.array(-_FAR)))), low)
    return (
        mean + float(areas(law.cdf, at).sum()),
        square + float(areas(lambda x: 2 * x * law.cdf(x), at).sum()),
    )


def edges(service: Resolved, low: float, high: float, panels: int = 240) -> FloatArray:
    """Points from `low` to `high` between which the distribution function is smooth and changes little."""
    inner = _inverse_of_law(service, np.linspace(-_FAR, _FAR, panels + 1))
    inner = np.concatenate([inner, service.law.corners, [service.low, service.high]])
    return np.unique(np.concatenate([[low], inner[(low < inner) & (inner < high)], [high]]))


def areas(function: Callable[[FloatArray], FloatArray], at: FloatArray, nodes: int = 16) -> FloatArray:
    """Integrals of a function between neighbouring points, by Gauss-Legendre quadrature."""
    node, weight = np.polynomial.legendre.leggauss(nodes)
    half = np.diff(at) / 2
    x = (at[:-1] + half)[:, None] + half[:, None] * node
    return (function(x) * weight).sum(axis=1) * half
