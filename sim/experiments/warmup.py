"""How much of a run's beginning to leave out: MSER-5, and Welch's moving average for the eye."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["WarmUp", "mser", "welch"]

Floats = npt.NDArray[np.float64]

_LEAST_LEFT = 5  #: batches that must be left; the statistic of fewer is small by chance


@dataclass(frozen=True)
class WarmUp:
    """What to leave out of a series.

    Parameters
    ----------
    truncate_batches, truncate_obs : int or None
        Batches and observations to leave out; None when no steady state was found.
    statistic : float
        The lowest MSER statistic, wherever it lies.
    mean_after : float or None
        Mean of the batches that are left.
    statistics : array
        MSER statistic after leaving out 0, 1, 2, … batches.
    """

    truncate_batches: int | None
    truncate_obs: int | None
    statistic: float
    mean_after: float | None
    statistics: Floats

    def __str__(self) -> str:
        if self.truncate_obs is None:
            return "no steady state found: the run is too short for its warm-up, or it has no steady state"
        return f"leave out the first {self.truncate_obs} observations"


def mser(series: npt.ArrayLike, batch: int = 5) -> WarmUp:
    """Warm-up by the marginal standard error rule, MSER-5 with batches of five.

    Of the means z of n whole batches the first d are left out, where d gives the lowest
    sum((z - mean of those left) ** 2) / (n - d) ** 2. A minimum in the second half says that the series has not
    settled. The last five batches are never judged alone.

    Parameters
    ----------
    series : array (observations,) or (replications, observations)
        Equally spaced observations; replications are averaged first.
    batch : int
        Observations in a batch.

    Raises
    ------
    ValueError
        When there are fewer than ten whole batches, or a value is not finite.

    Notes
    -----
    K. P. White (1997), Simulation 69, 323-334; batches by K. P. White, M. J. Cobb, S. C. Spratt (2000), Winter
    Simulation Conference, 755-760; the second-half rule as in K. Hoad, S. Robinson, R. Davies (2010), Journal of the
    Operational Research Society 61, 1389-1403.

    Examples
    --------
    >>> level = [9.0, 7.0, 5.0, 3.0, 2.0] + [1.0, 1.1, 0.9, 1.0, 1.0] * 20
    >>> mser(level).truncate_obs
    5
    """
    x = _averaged(series)
    if batch < 1 or x.size // batch < 2 * _LEAST_LEFT:
        raise ValueError(f"MSER needs at least {2 * _LEAST_LEFT} whole batches; {x.size} values in batches of {batch}")
    n = x.size // batch
    z = x[: n * batch].reshape(n, batch).mean(axis=1)
    statistics = np.array([((z[d:] - z[d:].mean()) ** 2).sum() / (n - d) ** 2 for d in range(n - _LEAST_LEFT + 1)])
    d = int(statistics.argmin())
    if d >= n / 2:
        return WarmUp(None, None, float(statistics[d]), None, statistics)
    return WarmUp(d, d * batch, float(statistics[d]), float(z[d:].mean()), statistics)


def welch(series: npt.ArrayLike, window: int) -> Floats:
    """Welch's moving average: where it becomes flat, to the eye, the warm-up ends.

    Parameters
    ----------
    series : array (observations,) or (replications, observations)
        Replications are averaged first.
    window : int
        Observations on each side, at most half of the series; near the beginning only as many as there are before.

    Returns
    -------
    array (observations - window,)

    Notes
    -----
    P. D. Welch (1983), in Lavenberg (ed.), Computer performance modeling handbook.

    Examples
    --------
    >>> welch([4.0, 1.0, 1.0, 4.0, 1.0], 1)
    array([4., 2., 2., 2.])
    """
    x = _averaged(series)
    if not 0 <= window <= x.size // 2:
        raise ValueError(f"the window lies between 0 and half of the {x.size} observations, not at {window}")
    total = np.concatenate([[0.0], x.cumsum()])
    at = np.arange(x.size - window)
    side = np.minimum(at, window)
    return (total[at + side + 1] - total[at - side]) / (2 * side + 1)


def _averaged(series: npt.ArrayLike) -> Floats:
    x = np.asarray(series, float)
    if x.ndim == 2:
        x = x.mean(axis=0)
    if x.ndim != 1 or not np.isfinite(x).all():
        raise ValueError("a series is one row of finite numbers, or one row for each replication")
    return x
