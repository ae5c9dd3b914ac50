"""Families of distributions of time, each by its distribution function, its inverse and its moments. Times are in ms.

Shares are given to an inverse as log-odds y = log(u / (1 - u)), which are as exact in the upper tail as in the lower.
What the methods mean is said once, in the protocols :class:`Law`, :class:`Closed` and :class:`Smooth`.
"""
# ruff: noqa: D102

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import mul
from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy import special

__all__ = [
    "Closed",
    "Deterministic",
    "Empirical",
    "Exponential",
    "FloatArray",
    "Gamma",
    "Law",
    "Lognormal",
    "Mixture",
    "Normal",
    "Smooth",
    "Triangular",
    "Uniform",
    "Weibull",
]

FloatArray = npt.NDArray[np.float64]
Triple = tuple[FloatArray, FloatArray, FloatArray]

_TINY = 1e-300


class Law(Protocol):
    """A distribution of time, without range and bounds."""

    def cdf(self, x: FloatArray) -> FloatArray:
        """P(time <= x), exact also where it is tiny."""
        ...

    def survival(self, x: FloatArray) -> FloatArray:
        """P(time > x), exact also where it is tiny."""
        ...

    def moments(self) -> tuple[float, float]:
        """Mean of the time and of its square."""
        ...

    @property
    def corners(self) -> Sequence[float]:
        """Times at which the distribution function is not smooth."""
        ...


class Closed(Law, Protocol):
    """A law whose inverse has a closed form."""

    def inverse(self, y: FloatArray) -> FloatArray:
        """Time below which the share with log-odds `y` lies."""
        ...


class Smooth(Law, Protocol):
    """A law of positive times with a density, which may be part of a mixture."""

    def at_log(self, z: FloatArray) -> Triple:
        """P(time <= x), P(time > x) and the density of log(time), at x = exp(z)."""
        ...


def _normal_at(y: FloatArray) -> FloatArray:
    """Quantile of the standard normal at log-odds."""
    return np.copysign(special.ndtri(special.expit(-np.abs(y))), y)


@dataclass(frozen=True)
class Deterministic:
    """Always the same time."""

    value: float

    @property
    def corners(self) -> Sequence[float]:
        return (self.value,)

    def cdf(self, x: FloatArray) -> FloatArray:
        return (x >= self.value).astype(float)

    def survival(self, x: FloatArray) -> FloatArray:
        return (x < self.value).astype(float)

    def inverse(self, y: FloatArray) -> FloatArray:
        return np.full_like(y, self.value)

    def moments(self) -> tuple[float, float]:
        return self.value, self.value**2


@dataclass(frozen=True)
class Exponential:
    """Exponential distribution of a given mean."""

    mean: float
    corners = ()

    def cdf(self, x: FloatArray) -> FloatArray:
        return -np.expm1(-x / self.mean)

    def survival(self, x: FloatArray) -> FloatArray:
        return np.exp(-x / self.mean)

    def at_log(self, z: FloatArray) -> Triple:
        x = np.exp(z)
        return self.cdf(x), self.survival(x), x / self.mean * self.survival(x)

    def inverse(self, y: FloatArray) -> FloatArray:
        return self.mean * np.logaddexp(0.0, y)

    def moments(self) -> tuple[float, float]:
        return self.mean, 2 * self.mean**2


@dataclass(frozen=True)
class Lognormal:
    """The logarithm is normal with mean `mu` and standard deviation `sigma`."""

    mu: float
    sigma: float
    corners = ()

    def cdf(self, x: FloatArray) -> FloatArray:
        return special.ndtr((np.log(np.maximum(x, _TINY)) - self.mu) / self.sigma)

    def survival(self, x: FloatArray) -> FloatArray:
        return special.ndtr((self.mu - np.log(np.maximum(x, _TINY))) / self.sigma)

    def at_log(self, z: FloatArray) -> Triple:
        s = (z - self.mu) / self.sigma
        return special.ndtr(s), special.ndtr(-s), np.exp(-s * s / 2) / (self.sigma * math.sqrt(2 * math.pi))

    def inverse(self, y: FloatArray) -> FloatArray:
        return np.exp(self.mu + self.sigma * _normal_at(y))

    def moments(self) -> tuple[float, float]:
        return math.exp(self.mu + self.sigma**2 / 2), math.exp(2 * self.mu + 2 * self.sigma**2)


@dataclass(frozen=True)
class Weibull:
    """P(time > x) = exp(-(x / scale) ** (1 / power))."""

    scale: float
    power: float
    corners = ()

    def _hazard(self, x: FloatArray) -> FloatArray:
        with np.errstate(over="ignore"):  # nothing is left beyond the largest double
            return (np.maximum(x, 0.0) / self.scale) ** (1 / self.power)

    def cdf(self, x: FloatArray) -> FloatArray:
        return -np.expm1(-self._hazard(x))

    def survival(self, x: FloatArray) -> FloatArray:
        return np.exp(-self._hazard(x))

    def at_log(self, z: FloatArray) -> Triple:
        h = np.exp(np.minimum((z - math.log(self.scale)) / self.power, 700.0))
        return -np.expm1(-h), np.exp(-h), h * np.exp(-h) / self.power

    def inverse(self, y: FloatArray) -> FloatArray:
        return self.scale * np.logaddexp(0.0, y) ** self.power

    def moments(self) -> tuple[float, float]:
        return self.scale * math.gamma(1 + self.power), self.scale**2 * math.gamma(1 + 2 * self.power)


@dataclass(frozen=True)
class Uniform:
    """Every time between `low` and `high` is equally likely."""

    low: float
    high: float

    @property
    def corners(self) -> Sequence[float]:
        return self.low, self.high

    def cdf(self, x: FloatArray) -> FloatArray:
        return np.clip((x - self.low) / (self.high - self.low), 0.0, 1.0)

    def survival(self, x: FloatArray) -> FloatArray:
        return np.clip((self.high - x) / (self.high - self.low), 0.0, 1.0)

    def inverse(self, y: FloatArray) -> FloatArray:
        return self.low + (self.high - self.low) * special.expit(y)

    def moments(self) -> tuple[float, float]:
        low, high = self.low, self.high
        return (low + high) / 2, (low * low + low * high + high * high) / 3


@dataclass(frozen=True)
class Triangular:
    """The density rises in a straight line from `low` to `mode` and falls to `high`."""

    low: float
    mode: float
    high: float

    @property
    def corners(self) -> Sequence[float]:
        return self.low, self.mode, self.high

    @property
    def turn(self) -> float:
        """Share of times below the mode."""
        return (self.mode - self.low) / (self.high - self.low)

    def cdf(self, x: FloatArray) -> FloatArray:
        return np.where(x < self.mode, self._rising(x), 1 - self._falling(x))

    def survival(self, x: FloatArray) -> FloatArray:
        return np.where(x < self.mode, 1 - self._rising(x), self._falling(x))

    def _rising(self, x: FloatArray) -> FloatArray:
        t = np.maximum(x - self.low, 0.0) / (self.high - self.low)
        return t * t / self.turn if self.turn > 0 else np.zeros_like(t)

    def _falling(self, x: FloatArray) -> FloatArray:
        t = np.maximum(self.high - x, 0.0) / (self.high - self.low)
        return t * t / (1 - self.turn) if self.turn < 1 else np.zeros_like(t)

    def inverse(self, y: FloatArray) -> FloatArray:
        u, above, width = special.expit(y), special.expit(-y), self.high - self.low
        rising = self.low + width * np.sqrt(u * self.turn)
        return np.where(u < self.turn, rising, self.high - width * np.sqrt(above * (1 - self.turn)))

    def moments(self) -> tuple[float, float]:
        a, m, b = self.low, self.mode, self.high
        return (a + m + b) / 3, (a * a + m * m + b * b + a * m + a * b + m * b) / 6


@dataclass(frozen=True)
class Normal:
    """Normal distribution; values below zero are moved to zero by a bound, not here."""

    mean: float
    sd: float
    corners = ()

    def cdf(self, x: FloatArray) -> FloatArray:
        return special.ndtr((x - self.mean) / self.sd)

    def survival(self, x: FloatArray) -> FloatArray:
        return special.ndtr((self.mean - x) / self.sd)

    def inverse(self, y: FloatArray) -> FloatArray:
        return self.mean + self.sd * _normal_at(y)

    def moments(self) -> tuple[float, float]:
        return self.mean, self.mean**2 + self.sd**2


@dataclass(frozen=True)
class Gamma:
    """Gamma distribution; Erlang's when the shape is a whole number."""

    shape: float
    scale: float
    corners = ()

    def cdf(self, x: FloatArray) -> FloatArray:
        return special.gammainc(self.shape, np.maximum(x, 0.0) / self.scale)

    def survival(self, x: FloatArray) -> FloatArray:
        return special.gammaincc(self.shape, np.maximum(x, 0.0) / self.scale)

    def at_log(self, z: FloatArray) -> Triple:
        z = np.minimum(z - math.log(self.scale), 700.0)
        x = np.exp(z)
        density = np.exp(self.shape * z - x - special.gammaln(self.shape))
        return special.gammainc(self.shape, x), special.gammaincc(self.shape, x), density

    def log_quantile(self, y: FloatArray) -> FloatArray:
        """Logarithm of the time at log-odds, also where the time is below the smallest double."""
        low, high = special.expit(y), special.expit(-y)
        x = np.where(y < 0, special.gammaincinv(self.shape, low), special.gammainccinv(self.shape, high))
        # there the gamma's lower tail is a power: F(x) ~ x^k / Gamma(k + 1)
        tail = (np.log(np.maximum(low, _TINY)) + special.gammaln(self.shape + 1)) / self.shape
        return np.where(x > 1e-250, np.log(np.maximum(x, _TINY)), tail) + math.log(self.scale)

    def moments(self) -> tuple[float, float]:
        return self.shape * self.scale, self.shape * (self.shape + 1) * self.scale**2


@dataclass(frozen=True)
class Mixture:
    """One of several laws, each with its share."""

    parts: tuple[tuple[float, Smooth], ...]
    corners = ()

    def cdf(self, x: FloatArray) -> FloatArray:
        return np.sum([share * law.cdf(x) for share, law in self.parts], axis=0)

    def survival(self, x: FloatArray) -> FloatArray:
        return np.sum([share * law.survival(x) for share, law in self.parts], axis=0)

    def at_log(self, z: FloatArray) -> Triple:
        below, above, density = np.sum([np.multiply(share, law.at_log(z)) for share, law in self.parts], axis=0)
        return below, above, density

    def moments(self) -> tuple[float, float]:
        means, squares = zip(*(law.moments() for _, law in self.parts), strict=True)
        shares = [share for share, _ in self.parts]
        return math.fsum(map(mul, shares, means)), math.fsum(map(mul, shares, squares))


@dataclass(frozen=True)
class Empirical:
    """One of a list of times at random; ``values`` are sorted."""

    values: tuple[float, ...]

    @cached_property
    def _array(self) -> FloatArray:
        return np.array(self.values)

    @property
    def corners(self) -> Sequence[float]:
        return self.values

    def cdf(self, x: FloatArray) -> FloatArray:
        return np.searchsorted(self._array, x, side="right") / len(self.values)

    def survival(self, x: FloatArray) -> FloatArray:
        return (len(self.values) - np.searchsorted(self._array, x, side="right")) / len(self.values)

    def inverse(self, y: FloatArray) -> FloatArray:
        n = len(self.values)
        return self._array[np.minimum((special.expit(y) * n).astype(int), n - 1)]

    def moments(self) -> tuple[float, float]:
        n = len(self.values)
        return math.fsum(self.values) / n, math.fsum(x * x for x in self.values) / n
