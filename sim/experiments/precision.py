"""How many replications a mean needs: the replications algorithm of Hoad, Robinson and Davies.

K. Hoad, S. Robinson, R. Davies (2010), Automated selection of the number of replications for a discrete-event
simulation, Journal of the Operational Research Society 61, 1632-1644. With cumulative mean m(n) and half-width h(n) of
its t interval, the precision is d(n) = h(n) / |m(n)|. The number recommended is the smallest N with d(n) within the
limit at N and at each of the f(N) replications that follow, where

    f(N) = kLimit for N <= 100, and floor(kLimit * N / 100) beyond:

an interval that is narrow by chance for a moment does not end the experiment.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy import special

from sim.errors import CarebridgeError, nearest

__all__ = ["Narrowing", "Precise", "look_ahead_length", "until_precise"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Narrowing:
    """How the interval of one mean narrowed.

    Parameters
    ----------
    recommended : int or None
        Replications that the mean needs; None when the limit was not met.
    mean, halfwidth, precision : arrays (replications,)
        Cumulative mean, half-width of its interval and their ratio after 1, 2, … replications; the last two are
        infinite after the first.
    """

    recommended: int | None
    mean: Floats
    halfwidth: Floats
    precision: Floats


@dataclass(frozen=True)
class Precise:
    """How many replications all means need together.

    Parameters
    ----------
    recommended : int or None
        Replications needed: the largest number that any mean needs; None when the limit was not met by all.
    run : int
        Replications that were run, those of the look-ahead included.
    reason : str
        Why it stopped, in words.
    measures : dict
        The whole sequence of each mean.
    """

    recommended: int | None
    run: int
    reason: str
    measures: dict[str, Narrowing]

    @property
    def reached(self) -> bool:
        """Whether every mean is precise enough."""
        return self.recommended is not None


def look_ahead_length(k_limit: int, replications: int) -> int:
    """Replications that must confirm a precision reached after so many: f(N) above.

    Examples
    --------
    >>> [look_ahead_length(5, n) for n in (3, 100, 119, 120, 500)]
    [5, 5, 5, 6, 25]
    """
    return k_limit * max(replications, 100) // 100


def until_precise(
    results: Iterable[Mapping[str, float]],
    precision: float = 0.05,
    measures: Sequence[str] | None = None,
    k_limit: int = 5,
    level: float = 0.95,
    initial: int = 3,
    maximum: int = 1000,
) -> Precise:
    """Take replications until every mean is precise enough, and stays so.

    The decision is taken after each replication, in order, so it depends neither on batches nor on workers.

    Parameters
    ----------
    results : iterable of mapping
        What each replication measured, in order: a list, or :func:`sim.experiments.stream`, which is closed at the end.
    precision : float
        Limit of the half-width relative to the mean.
    measures : sequence of str, optional
        Names of the means that count; all that the first replication has by default.
    k_limit : int
        Replications to look ahead (for up to 100 replications; more beyond).
    level : float
        Confidence of the intervals, each for itself.
    initial : int
        Replications before the first look, at least 2.
    maximum : int
        Replications after which to give up.

    Raises
    ------
    CarebridgeError
        When a measure is missing or is not a finite number in some replication.
    ValueError
        When a setting makes no sense.
    """
    if not (precision > 0 and k_limit >= 0 and 0 < level < 1 and initial >= 2 and maximum >= initial):
        raise ValueError("precision > 0, k_limit >= 0, level in (0, 1), initial >= 2 and maximum >= initial")
    means: dict[str, _Running] = {}
    run = 0
    try:
        for run, one in enumerate(results, 1):
            means = means or {name: _Running(level) for name in (one if measures is None else measures)}
            for name, running in means.items():
                running.add(_number(one, name, run), precision, k_limit, initial)
            if all(m.recommended for m in means.values()) or run >= maximum:
                break
    finally:
        with suppress(AttributeError):
            results.close()  # type: ignore[attr-defined]
    found = {name: m.narrowing() for name, m in means.items()}
    needed = [m.recommended for m in found.values()]
    recommended = max((n for n in needed if n), default=None) if all(needed) else None
    return Precise(recommended, run, _reason(found, recommended, run, precision, k_limit), found)


def _number(one: Mapping[str, float], name: str, run: int) -> float:
    if name not in one:
        close = nearest(name, one)
        raise CarebridgeError(
            f"measure '{name}': a replication has no such measure." + (f" Did you mean '{close}'?" if close else "")
        )
    value = one[name]
    if np.ndim(value) or not math.isfinite(value):
        raise CarebridgeError(f"measure '{name}' = {value!r} in replication number {run}: must be a finite number.")
    return float(value)


def _reason(found: Mapping[str, Narrowing], recommended: int | None, run: int, limit: float, k_limit: int) -> str:
    if not found:
        return "there were no replications"
    if recommended is not None:
        k = look_ahead_length(k_limit, recommended)
        return f"within {limit:.3g} of the mean from {recommended} replications on, confirmed by {k} more"
    open_ = {name: m for name, m in found.items() if m.recommended is None}
    worst = max(open_, key=lambda name: open_[name].precision[-1])
    return (
        f"not reached: after {run} replications the half-width of '{worst}' is {open_[worst].precision[-1]:.3g} of "
        f"its mean, and {limit:.3g}, kept through the look-ahead, was asked for"
    )


@dataclass
class _Running:
    """Cumulative mean and half-width of one measure (Welford 1962), and since when it has been precise enough."""

    level: float
    recommended: int | None = None
    since: int | None = None
    squares: float = 0.0
    mean: list[float] = field(default_factory=list)
    halfwidth: list[float] = field(default_factory=list)
    precision: list[float] = field(default_factory=list)

    def add(self, value: float, limit: float, k_limit: int, initial: int) -> None:
        """Take up the next replication: mean, half-width and precision so far, and whether it was enough."""
        n, before = len(self.mean) + 1, self.mean[-1] if self.mean else 0.0
        mean = before + (value - before) / n
        self.squares += (value - before) * (value - mean)
        quantile = -float(special.stdtrit(n - 1, (1 - self.level) / 2)) if n > 1 else math.inf
        halfwidth = quantile * math.sqrt(self.squares / (n - 1) / n) if n > 1 else math.inf
        self.mean.append(mean)
        self.halfwidth.append(halfwidth)
        self.precision.append(halfwidth / abs(mean) if mean else (math.inf if halfwidth else 0.0))
        if n < initial or self.precision[-1] > limit:
            self.since = None
        elif self.since is None:
            self.since = n
        if self.recommended is None and self.since and n >= self.since + look_ahead_length(k_limit, self.since):
            self.recommended = self.since

    def narrowing(self) -> Narrowing:
        return Narrowing(self.recommended, *map(np.array, (self.mean, self.halfwidth, self.precision)))
