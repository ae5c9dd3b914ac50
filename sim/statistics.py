"""Interval estimates for replications: exact binomial bounds, the half-width of a mean, ranks of a quantile."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import special

__all__ = ["binomial_bounds", "mean_halfwidth", "quantile_ranks"]


def binomial_bounds(successes: int, trials: int, level: float = 0.95, sided: Literal[1, 2] = 1) -> tuple[float, float]:
    """Exact (Clopper-Pearson) bounds of a probability.

    Parameters
    ----------
    successes : int
        Trials in which it happened.
    trials : int
        Independent trials, at least one.
    level : float
        Confidence, in (0, 1).
    sided : {1, 2}
        With 1, each bound alone holds with confidence `level`; with 2, both hold together.

    Returns
    -------
    lower, upper : float
        The bounds lie in [0, 1]; the lower one is 0 without a success, the upper one is 1 without a failure.

    Raises
    ------
    ValueError
        When the counts or the level make no sense.

    Notes
    -----
    Clopper and Pearson (1934): the bounds are the quantiles of Beta(s, n - s + 1) and of Beta(s + 1, n - s). Without a
    failure the one-sided lower bound is ``(1 - level) ** (1 / trials)``.

    Examples
    --------
    >>> round(binomial_bounds(29, 29)[0], 4)
    0.9019
    """
    if trials < 1 or not 0 <= successes <= trials:
        raise ValueError(f"{successes} successes in {trials} trials make no sense")
    if not 0 < level < 1:
        raise ValueError(f"a level of confidence lies between 0 and 1, not at {level}")
    if sided not in (1, 2):
        raise ValueError(f"bounds have 1 or 2 sides, not {sided}")
    miss = (1 - level) / sided
    failures = trials - successes
    lower = float(special.betaincinv(successes, failures + 1, miss)) if successes else 0.0
    upper = float(special.betainccinv(successes + 1, failures, miss)) if failures else 1.0
    return lower, upper


def mean_halfwidth(values: Sequence[float] | npt.NDArray[np.float64], level: float = 0.95) -> float:
    """Half-width of the two-sided t interval for a mean.

    Parameters
    ----------
    values : sequence of float
        Independent observations, at least two (one a replication, as a rule).
    level : float
        Confidence, in (0, 1).

    Raises
    ------
    ValueError
        When there are fewer than two values or the level makes no sense.
    """
    x = np.asarray(values, float)
    if x.ndim != 1 or x.size < 2:  # noqa: PLR2004
        raise ValueError("a half-width needs at least two values in one row")
    if not 0 < level < 1:
        raise ValueError(f"a level of confidence lies between 0 and 1, not at {level}")
    quantile = -float(special.stdtrit(x.size - 1, (1 - level) / 2))
    return quantile * float(x.std(ddof=1)) / x.size**0.5


def quantile_ranks(size: int, share: float, level: float = 0.95) -> tuple[int, int, int]:
    """Ranks of the ordered values that estimate and bound a quantile, whatever the distribution.

    Parameters
    ----------
    size : int
        Independent observations, at least one.
    share : float
        The quantile: the smallest value that this share of the distribution does not exceed, in (0, 1).
    level : float
        Confidence of the two bounds together, in (0, 1).

    Returns
    -------
    lower, middle, upper : int
        Ranks from 1. A lower rank of 0 and an upper rank of size + 1 say that there are too few observations for that
        bound.

    Raises
    ------
    ValueError
        When an argument makes no sense.

    Notes
    -----
    The number of observations up to the quantile is binomial; with discrete values the interval covers more often than
    `level` says. See H. A. David and H. N. Nagaraja (2003), Order statistics, section 7.1.

    Examples
    --------
    >>> quantile_ranks(60, 0.9)
    (49, 54, 59)
    """
    if size < 1 or not (0 < share < 1 and 0 < level < 1):
        raise ValueError(f"size {size} must be 1 or more, share {share} and level {level} between 0 and 1")
    # at_most[k]: probability that k observations or fewer lie below the quantile
    at_most = special.bdtr(np.arange(size + 1), size, share)
    miss = (1 - level) / 2
    lower = int((at_most <= miss).sum())
    upper = int((at_most < 1 - miss).sum()) + 1
    return lower, max(1, math.ceil(size * share - 1e-9)), upper
