"""Two arms compared by common random numbers: paired differences, and what the pairing was worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from sim.errors import CarebridgeError, nearest
from sim.statistics import binomial_bounds, mean_halfwidth

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Paired", "paired", "paired_shares", "variance_report"]

Floats = npt.NDArray[np.float64]

_FEWEST = 10  #: pairs below which the interval of a ratio of variances would mean nothing
_ROUNDING = 1e-24  #: a variance of the difference below this share of the sum is rounding


@dataclass(frozen=True)
class Paired:
    """The difference of one measure between two arms, replication by replication.

    Parameters
    ----------
    pairs : int
    mean_a, mean_b : float
    difference : float
        Mean of b - a.
    halfwidth : float
        Of its t interval.
    correlation : float
        Between the arms; NaN when an arm never varies.
    variance_paired : float
        Variance of b - a.
    variance_independent : float
        What it would be if the arms were run independently: the sum of their variances.
    ratio, ratio_low, ratio_high : float
        Independent over paired: how many times as many independent replications would be as good, with an interval
        at the same level; the interval is NaN with fewer than ten pairs.
    """

    pairs: int
    mean_a: float
    mean_b: float
    difference: float
    halfwidth: float
    correlation: float
    variance_paired: float
    variance_independent: float
    ratio: float
    ratio_low: float
    ratio_high: float

    @property
    def interval(self) -> tuple[float, float]:
        """Interval of the difference."""
        return self.difference - self.halfwidth, self.difference + self.halfwidth


def paired(a: Sequence[float] | Floats, b: Sequence[float] | Floats, level: float = 0.95) -> Paired:
    """Compare two arms whose replications of the same number share their random numbers.

    Parameters
    ----------
    a, b : sequence of float
        The measure by replication, in the same order.
    level : float
        Confidence of the intervals.

    Raises
    ------
    ValueError
        When the arms differ in length, have fewer than two replications or hold something that is not finite.

    Notes
    -----
    The interval of the ratio comes from the jackknife of its logarithm over pairs (R. G. Miller 1968, Annals of
    Mathematical Statistics 39, 567-582), which covers better than the bootstrap when measures are skewed.

    Examples
    --------
    >>> found = paired([4.0, 9.0, 6.0, 5.0], [3.0, 7.5, 5.5, 4.0])
    >>> found.difference, round(found.halfwidth, 2), round(found.ratio, 1)
    (-1.0, 0.65, 51.0)
    """
    x, y = np.asarray(a, float), np.asarray(b, float)
    if x.shape != y.shape or x.ndim != 1 or x.size < 2:
        raise ValueError(f"two arms need the same number of replications, at least two; found {x.shape} and {y.shape}")
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise ValueError("a measure is not finite in some replication")
    difference = y - x
    apart, together = float(x.var(ddof=1) + y.var(ddof=1)), float(difference.var(ddof=1))
    together = together if together > _ROUNDING * apart else 0.0
    constant = not (x.std() and y.std())
    low, high = _ratio_interval(x, y, level) if together else (np.nan, np.nan)
    return Paired(
        pairs=x.size,
        mean_a=float(x.mean()),
        mean_b=float(y.mean()),
        difference=float(difference.mean()),
        halfwidth=mean_halfwidth(difference, level),
        correlation=np.nan if constant else float(np.corrcoef(x, y)[0, 1]),
        variance_paired=together,
        variance_independent=apart,
        ratio=apart / together if together else (np.inf if apart else np.nan),
        ratio_low=low,
        ratio_high=high,
    )


def paired_shares(
    a: Sequence[bool] | npt.NDArray[np.bool_], b: Sequence[bool] | npt.NDArray[np.bool_], level: float = 0.95
) -> tuple[float, tuple[float, float]]:
    """Difference of two shares, b - a, of the same replications, with an interval that is never too short.

    Parameters
    ----------
    a, b : sequence of bool
        What happened in each replication, in the same order.
    level : float
        Confidence of the interval, at least.

    Returns
    -------
    difference : float
    (low, high) : (float, float)

    Raises
    ------
    ValueError
        When the arms differ in length or have no replication.

    Notes
    -----
    The difference is that of two probabilities: only b, and only a. Each has its exact (Clopper-Pearson) bounds, each
    of which misses with a quarter of the whole chance of a miss (Bonferroni). So it does not shrink to nothing when the
    arms happen to agree everywhere.

    Examples
    --------
    >>> difference, (low, high) = paired_shares([False] * 40, [False] * 36 + [True] * 4)
    >>> difference, round(low, 3), round(high, 3)
    (0.1, -0.081, 0.257)
    """
    x, y = np.asarray(a, bool), np.asarray(b, bool)
    if x.shape != y.shape or x.ndim != 1 or not x.size:
        raise ValueError(f"two arms need the same number of replications, at least one; found {x.shape} and {y.shape}")
    sure = 1 - (1 - level) / 4
    more, less = int((y & ~x).sum()), int((x & ~y).sum())
    (more_low, more_high), (less_low, less_high) = (binomial_bounds(k, x.size, sure) for k in (more, less))
    return (more - less) / x.size, (more_low - less_high, more_high - less_low)


def variance_report(
    a: Mapping[str, npt.ArrayLike], b: Mapping[str, npt.ArrayLike], level: float = 0.95
) -> pd.DataFrame:
    """What common random numbers were worth, measure by measure.

    Parameters
    ----------
    a, b : mapping
        Each measure's values by replication in either arm, as :func:`sim.experiments.stacked` gives them.
    level : float
        Confidence of the intervals.

    Returns
    -------
    DataFrame
        One row a measure, with the fields of :class:`Paired` as columns.

    Raises
    ------
    CarebridgeError
        When the arms have different measures.
    """
    import pandas as pd

    for name in a.keys() ^ b.keys():
        close = nearest(name, (b if name in a else a).keys())
        hint = f" Did you mean '{close}'?" if close else ""
        raise CarebridgeError(f"measure '{name}': one of the two arms has no such measure.{hint}")
    rows = {name: asdict(paired(np.asarray(a[name], float), np.asarray(b[name], float), level)) for name in a}
    return pd.DataFrame.from_dict(rows, orient="index")


def _ratio_interval(x: Floats, y: Floats, level: float) -> tuple[float, float]:
    """Interval of independent over paired variance by the jackknife of its logarithm."""
    n = x.size
    if n < _FEWEST:
        return np.nan, np.nan
    without = [_variances_without(v - v.mean()) for v in (x, y, y - x)]
    if not min(without[2].min(), (without[0] + without[1]).min()) > 0:
        return np.nan, np.nan
    logarithm = np.log(x.var() + y.var()) - np.log((y - x).var())
    pseudo = n * logarithm - (n - 1) * (np.log(without[0] + without[1]) - np.log(without[2]))
    middle, halfwidth = pseudo.mean(), mean_halfwidth(pseudo, level)
    return float(np.exp(middle - halfwidth)), float(np.exp(middle + halfwidth))


def _variances_without(x: Floats) -> Floats:
    """Variance of centred values, leaving out each in turn."""
    total, squares = x.sum() - x, (x * x).sum() - x * x
    return (squares - total * total / (x.size - 1)) / (x.size - 2)
