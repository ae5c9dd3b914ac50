"""Distributions of time: parameters, quantile tables, distribution functions and residual stays.

Closed forms are used where they exist; every other kind goes through one table of log-quantiles (cubic Hermite over
logit u). The distribution function of each kind gives residual stays conditional on the time already spent.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy import special

from sim.network.schema import Service

__all__ = [
    "DETERMINISTIC",
    "EXPONENTIAL",
    "KNOTS",
    "LOGIT_MAX",
    "LOGNORMAL",
    "TABLE",
    "WEIBULL",
    "Resolved",
    "mean_ms",
    "quantile",
    "residual",
    "resolve",
    "service_faults",
]

EXPONENTIAL, LOGNORMAL, WEIBULL, DETERMINISTIC, TABLE = range(5)
KNOTS = 1024  #: knots of a quantile table
LOGIT_MAX = 36.7  #: tables cover |log(u / (1 - u))| up to this, the range of 53-bit uniforms

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Resolved:
    """A distribution ready for the kernel: kind, two parameters (ms where they are times), and a quantile table.

    ``values`` and ``slopes`` are empty unless ``kind`` is TABLE.
    """

    kind: int
    a: float
    b: float
    values: tuple[float, ...] = ()
    slopes: tuple[float, ...] = ()


def service_faults(service: Service) -> list[str]:
    """Rules that a distribution breaks, in plain words."""
    found: list[str] = []
    kind = service.kind
    allowed = {
        "exponential": {"mean"},
        "deterministic": {"mean"},
        "lognormal": {"mean", "cv", "median"},
        "weibull": {"mean", "shape"},
        "gamma": {"mean", "shape", "cv"},
        "erlang": {"mean", "shape"},
        "mixture": {"parts"},
    }[kind]
    given = {k for k in ("mean", "cv", "median", "shape", "parts") if getattr(service, k) is not None}
    for extra in sorted(given - allowed):
        found.append(f"'{extra}' does not belong to {kind}; it takes {', '.join(sorted(allowed))}")
    if kind != "mixture" and service.mean is None:
        found.append(f"{kind} needs a mean")
    if kind not in ("deterministic", "mixture") and service.mean == 0:
        found.append(f"the mean of {kind} must be above zero")
    if kind == "lognormal" and (service.cv is None) == (service.median is None):
        found.append("lognormal needs either cv or median")
    if kind == "lognormal" and service.median is not None and not 0 < service.median < (service.mean or 0):
        found.append("the median of a lognormal lies above zero and below its mean")
    if kind in ("weibull", "erlang") and service.shape is None:
        found.append(f"{kind} needs a shape")
    if kind == "erlang" and service.shape is not None and service.shape != int(service.shape):
        found.append("the shape of Erlang is a whole number")
    if kind == "gamma" and (service.shape is None) == (service.cv is None):
        found.append("gamma needs either shape or cv")
    if kind == "mixture":
        found += _mixture_faults(service)
    return found


def _mixture_faults(service: Service) -> list[str]:
    if not service.parts:
        return ["a mixture needs parts"]
    found: list[str] = []
    shares = [part.share for part in service.parts]
    if any(share is None for share in shares):
        found.append("every part of a mixture needs a share")
    elif abs(sum(s for s in shares if s is not None) - 1) > 1e-9:
        found.append(f"the shares of a mixture sum to {sum(s for s in shares if s is not None):.6g}, not to one")
    for number, part in enumerate(service.parts):
        if part.kind in ("mixture", "deterministic"):
            found.append(f"part {number}: a part may not itself be {part.kind}")
        found += [f"part {number}: {text}" for text in service_faults(part)]
    return found


@lru_cache(maxsize=4096)
def _closed(kind: str, mean: float, cv: float | None, median: float | None, shape: float | None) -> Resolved:
    if kind == "exponential":
        return Resolved(EXPONENTIAL, mean, 0.0)
    if kind == "deterministic":
        return Resolved(DETERMINISTIC, mean, 0.0)
    if kind == "lognormal":
        variance = 2 * math.log(mean / median) if median is not None else math.log1p((cv or 0.0) ** 2)
        return Resolved(LOGNORMAL, math.log(mean) - variance / 2, math.sqrt(variance))
    if kind == "weibull":
        k = shape or 1.0
        return Resolved(WEIBULL, mean / math.gamma(1 + 1 / k), 1 / k)
    k = shape if shape is not None else (cv or 1.0) ** -2
    return _tabulate(lambda y: _log_gamma_quantile(k, y) + math.log(mean / k), mean)


def resolve(service: Service) -> Resolved:
    """Kernel parameters of a distribution that has no faults."""
    if service.kind != "mixture":
        return _closed(service.kind, service.mean or 0.0, service.cv, service.median, service.shape)
    parts = [(part.share or 0.0, resolve(part)) for part in service.parts or []]
    mean = sum(share * mean_ms(part) for share, part in parts)
    return _tabulate(lambda y: _log_mixture_quantile(parts, y), mean)


def _log_gamma_quantile(shape: float, y: FloatArray) -> FloatArray:
    low, high = special.expit(y), special.expit(-y)
    x = np.where(y < 0, special.gammaincinv(shape, low), special.gammainccinv(shape, high))
    # below the smallest double the gamma's lower tail is a power: F(x) ~ x^k / Gamma(k + 1)
    tail = (np.log(np.maximum(low, 1e-300)) + special.gammaln(shape + 1)) / shape
    return np.where(x > 1e-250, np.log(np.maximum(x, 1e-300)), tail)


def _log_mixture_quantile(parts: Sequence[tuple[float, Resolved]], y: FloatArray) -> FloatArray:
    def gap(z: FloatArray) -> FloatArray:
        x = np.exp(z)
        below = sum(share * cdf(part, x) for share, part in parts)
        above = sum(share * survival(part, x) for share, part in parts)
        return np.where(y < 0, np.log(np.maximum(below, 1e-300)), -np.log(np.maximum(above, 1e-300))) - np.where(
            y < 0, np.log(special.expit(y)), -np.log(special.expit(-y))
        )

    low, high = np.full_like(y, -40.0), np.full_like(y, 60.0)
    for _ in range(70):
        middle = (low + high) / 2
        under = gap(middle) < 0
        low, high = np.where(under, middle, low), np.where(under, high, middle)
    return (low + high) / 2


def _tabulate(log_quantile, mean: float) -> Resolved:  # noqa: ANN001
    y = np.linspace(-LOGIT_MAX, LOGIT_MAX, KNOTS)
    step, h = y[1] - y[0], 1e-3
    values = log_quantile(y)
    slopes = (log_quantile(y + h) - log_quantile(y - h)) / (2 * h) * step
    return Resolved(TABLE, mean, 0.0, tuple(values.tolist()), tuple(slopes.tolist()))


def mean_ms(service: Resolved) -> float:
    """Mean of a distribution in ms."""
    if service.kind == LOGNORMAL:
        return math.exp(service.a + service.b**2 / 2)
    if service.kind == WEIBULL:
        return service.a * math.gamma(1 + service.b)
    return service.a


def survival(service: Resolved, x: FloatArray) -> FloatArray:
    """P(stay > x), x in ms."""
    x = np.maximum(np.asarray(x, float), 1e-300)
    if service.kind == EXPONENTIAL:
        return np.exp(-x / service.a)
    if service.kind == LOGNORMAL:
        return special.ndtr((service.a - np.log(x)) / service.b)
    if service.kind == WEIBULL:
        return np.exp(-((x / service.a) ** (1 / service.b)))
    if service.kind == DETERMINISTIC:
        return (x < service.a).astype(float)
    return special.expit(-_table_logit(service, x))


def cdf(service: Resolved, x: FloatArray) -> FloatArray:
    """P(stay <= x), x in ms, exact also where it is tiny."""
    x = np.maximum(np.asarray(x, float), 1e-300)
    if service.kind == EXPONENTIAL:
        return -np.expm1(-x / service.a)
    if service.kind == LOGNORMAL:
        return special.ndtr((np.log(x) - service.a) / service.b)
    if service.kind == WEIBULL:
        return -np.expm1(-((x / service.a) ** (1 / service.b)))
    if service.kind == DETERMINISTIC:
        return (x >= service.a).astype(float)
    return special.expit(_table_logit(service, x))


def _table_logit(service: Resolved, x: FloatArray) -> FloatArray:
    values = np.array(service.values)
    return np.interp(np.log(x), values, np.linspace(-LOGIT_MAX, LOGIT_MAX, KNOTS))


def quantile(service: Resolved, u: FloatArray) -> FloatArray:
    """Stay (ms) below which a share `u` of stays lies; vectorised, for set-up and tests, not for the kernel."""
    u = np.asarray(u, float)
    if service.kind == EXPONENTIAL:
        return -service.a * np.log1p(-u)
    if service.kind == LOGNORMAL:
        return np.exp(service.a + service.b * special.ndtri(u))
    if service.kind == WEIBULL:
        return service.a * (-np.log1p(-u)) ** service.b
    if service.kind == DETERMINISTIC:
        return np.full_like(u, service.a)
    position = (special.logit(u) + LOGIT_MAX) / (2 * LOGIT_MAX) * (KNOTS - 1)
    i = np.clip(position.astype(int), 0, KNOTS - 2)
    t = position - i
    v, m = np.array(service.values), np.array(service.slopes)
    cubic = (2 * t**3 - 3 * t**2 + 1) * v[i] + (t**3 - 2 * t**2 + t) * m[i]
    return np.exp(cubic + (3 * t**2 - 2 * t**3) * v[i + 1] + (t**3 - t**2) * m[i + 1])


@lru_cache(maxsize=256)
def _stationary(service: Resolved) -> tuple[FloatArray, FloatArray]:
    """Return knots (share, residual ms) of the stationary residual stay, whose density is P(stay > x) / mean."""
    y = np.linspace(-LOGIT_MAX / 2, LOGIT_MAX / 2, 8193)
    x = np.concatenate([[0.0], quantile(service, special.expit(y))])
    tail = survival(service, x)
    area = np.concatenate([[0.0], np.cumsum((tail[1:] + tail[:-1]) / 2 * np.diff(x))])
    return area / area[-1], x


def residual(service: Resolved, u: FloatArray, elapsed_ms: float | None) -> FloatArray:
    """Residual stays in ms at shares `u`.

    Parameters
    ----------
    service : Resolved
    u : array of float
        Shares in (0, 1).
    elapsed_ms : float or None
        Time already spent, on which the residual is conditional; None for the stationary residual of a station
        observed at an arbitrary instant.
    """
    u = np.asarray(u, float)
    if service.kind == DETERMINISTIC:
        return service.a * u if elapsed_ms is None else np.full_like(u, max(0.0, service.a - elapsed_ms))
    if elapsed_ms is None:
        share, x = _stationary(service)
        return np.interp(u, share, x)
    # P(stay > elapsed + residual); of a stay beyond all expectation nothing is left
    left = np.maximum(survival(service, np.array(elapsed_ms)) * (1 - u), 1e-300)
    if service.kind == EXPONENTIAL:
        return -service.a * np.log1p(-u)
    if service.kind == LOGNORMAL:
        return np.maximum(0.0, np.exp(service.a - service.b * special.ndtri(left)) - elapsed_ms)
    if service.kind == WEIBULL:
        return np.maximum(0.0, service.a * (-np.log(left)) ** service.b - elapsed_ms)
    knots = np.linspace(-LOGIT_MAX, LOGIT_MAX, KNOTS)
    return np.maximum(0.0, np.exp(np.interp(-special.logit(left), knots, np.array(service.values))) - elapsed_ms)
