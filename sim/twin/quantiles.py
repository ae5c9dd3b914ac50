"""Draws and quantiles of the reference program: one number at a time, with the C library's log, exp and pow.

Sections 3 and 8 of ``docs/semantics.md``. Every expression is written in the order in which it is to be evaluated,
because the results are compared with the compiled kernel to the last bit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from enum import IntEnum

import numpy as np

from sim.kernel.draws import _words, pair
from sim.services import (
    CELLS,
    DETERMINISTIC,
    EMPIRICAL,
    EXPONENTIAL,
    LAST_SHARE,
    LOGIT_MAX,
    LOGNORMAL,
    NORMAL,
    TABLE,
    TRIANGULAR,
    UNIFORM,
    WEIBULL,
    Resolved,
)

__all__ = ["LONGEST_STAY", "Draws", "Purpose", "inverse_normal", "quantile", "whole_ms"]

LONGEST_STAY = 1e15  #: ms
WORD = 2**64 - 1
TOP_BIT = 1 << 63


class Purpose(IntEnum):
    """What a draw is for; part of its address."""

    ARRIVAL = 1
    ATTRIBUTE = 2
    STAY = 3
    TRANSITION = 4
    RETURN = 5
    IDENTITY = 6
    NOISE = 7
    CENSUS = 8
    TURNAROUND = 9
    PATIENCE = 10
    BATCH = 11


class Draws:
    """The random numbers of one replication, found by address and never consumed.

    Parameters
    ----------
    seed, replication : int
        Taken modulo 2**64.
    """

    def __init__(self, seed: int, replication: int):
        self.seed = seed
        self.replication = replication

    def uniforms(self, purpose: Purpose, entity: int, k: int) -> tuple[float, float]:
        """Two numbers in (0, 1) at an address."""
        address = (self.seed, self.replication, purpose, entity, k)
        u, w = pair(*(np.uint64(int(part) & WORD) for part in address))
        return float(u), float(w)

    def identity_of_return(self, entity: int) -> int:
        """Identity of the visit with which `entity` comes back; its highest bit tells it from an arrival's."""
        return self._new_identity(Purpose.IDENTITY, entity, 0)

    def identity_of_member(self, entity: int, j: int) -> int:
        """Identity of member `j` (from 1) of the batch that `entity` leads; its highest bit is set, too."""
        return self._new_identity(Purpose.BATCH, entity, j)

    def _new_identity(self, purpose: Purpose, entity: int, k: int) -> int:
        key = (self.replication * 256 + purpose) & WORD
        first, _ = _words(np.uint64(entity), np.uint64(k), np.uint64(self.seed & WORD), np.uint64(key))
        return int(first) | TOP_BIT


def whole_ms(x: float) -> int:
    """Round to the nearest millisecond, halves up."""
    return math.floor(x + 0.5)


def quantile(service: Resolved, u: float) -> float:
    """Time (ms) below which a share `u` of times lies, never above the longest stay."""
    if service.bounded:
        u = min(service.base + u * service.span, LAST_SHARE)
    try:
        x = _QUANTILES[service.kind](service, u)
    except OverflowError:  # Python raises where the C library returns infinity
        x = math.inf
    if service.bounded:
        x = min(max(x, service.low), service.high)
    return min(x, LONGEST_STAY)


def _exponential(service: Resolved, u: float) -> float:
    return -service.a * math.log(u)


def _lognormal(service: Resolved, u: float) -> float:
    return math.exp(service.a + service.b * inverse_normal(u))


def _weibull(service: Resolved, u: float) -> float:
    return service.a * math.pow(-math.log(u), service.b)


def _deterministic(service: Resolved, u: float) -> float:
    return service.a


def _uniform(service: Resolved, u: float) -> float:
    return service.a + service.b * u


def _triangular(service: Resolved, u: float) -> float:
    if u < service.c:
        return service.a + service.b * math.sqrt(u * service.c)
    return service.a + service.b * (1 - math.sqrt((1 - u) * (1 - service.c)))


def _normal(service: Resolved, u: float) -> float:
    return service.a + service.b * inverse_normal(u)


def _empirical(service: Resolved, u: float) -> float:
    n = len(service.values)
    return service.values[min(int(u * n), n - 1)]


def _table(service: Resolved, u: float) -> float:
    """Cubic in the log-odds of u, in the part of a cell in which they fall."""
    p = min(max((math.log(u / (1 - u)) + LOGIT_MAX) / (2 * LOGIT_MAX / CELLS), 0.0), float(CELLS))
    cell = min(int(p), CELLS - 1)
    first = service.cells[cell]
    parts = service.cells[cell + 1] - first
    q = (p - cell) * parts
    part = min(int(q), parts - 1)
    t = q - part
    c0, c1, c2, c3 = service.cubics[first + part]
    return math.exp(((c3 * t + c2) * t + c1) * t + c0)


_QUANTILES: dict[int, Callable[[Resolved, float], float]] = {
    EXPONENTIAL: _exponential,
    LOGNORMAL: _lognormal,
    WEIBULL: _weibull,
    DETERMINISTIC: _deterministic,
    UNIFORM: _uniform,
    TRIANGULAR: _triangular,
    NORMAL: _normal,
    EMPIRICAL: _empirical,
    TABLE: _table,
}

# Wichura's AS 241, PPND16; coefficients from the highest power down
_CENTRE_NUM = (
    2509.0809287301226727,
    33430.575583588128105,
    67265.770927008700853,
    45921.953931549871457,
    13731.693765509461125,
    1971.5909503065514427,
    133.14166789178437745,
    3.387132872796366608,
)
_CENTRE_DEN = (
    5226.495278852545925,
    28729.085735721942674,
    39307.89580009271061,
    21213.794301586595867,
    5394.1960214247511077,
    687.1870074920579083,
    42.313330701600911252,
    1.0,
)
_NEAR_NUM = (
    7.7454501427834140764e-4,
    0.0227238449892691845833,
    0.24178072517745061177,
    1.27045825245236838258,
    3.64784832476320460504,
    5.7694972214606914055,
    4.6303378461565452959,
    1.42343711074968357734,
)
_NEAR_DEN = (
    1.05075007164441684324e-9,
    5.475938084995344946e-4,
    0.0151986665636164571966,
    0.14810397642748007459,
    0.68976733498510000455,
    1.6763848301838038494,
    2.05319162663775882187,
    1.0,
)
_FAR_NUM = (
    2.01033439929228813265e-7,
    2.71155556874348757815e-5,
    0.0012426609473880784386,
    0.026532189526576123093,
    0.29656057182850489123,
    1.7848265399172913358,
    5.4637849111641143699,
    6.6579046435011037772,
)
_FAR_DEN = (
    2.04426310338993978564e-15,
    1.4215117583164458887e-7,
    1.8463183175100546818e-5,
    7.868691311456132591e-4,
    0.0148753612908506148525,
    0.13692988092273580531,
    0.59983220655588793769,
    1.0,
)


def _horner(coefficients: Sequence[float], r: float) -> float:
    value = coefficients[0]
    for coefficient in coefficients[1:]:
        value = value * r + coefficient
    return value


def inverse_normal(p: float) -> float:
    """Quantile of the standard normal (Wichura 1988, algorithm AS 241)."""
    q = p - 0.5
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        return q * _horner(_CENTRE_NUM, r) / _horner(_CENTRE_DEN, r)
    r = math.sqrt(-math.log(min(p, 1.0 - p)))
    if r <= 5.0:
        r = r - 1.6
        x = _horner(_NEAR_NUM, r) / _horner(_NEAR_DEN, r)
    else:
        r = r - 5.0
        x = _horner(_FAR_NUM, r) / _horner(_FAR_DEN, r)
    return -x if q < 0.0 else x
