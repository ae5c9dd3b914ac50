"""From replications to what is compared with a target: means and spreads, with their errors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import special

from sim.calibration.problem import Target

__all__ = ["spread", "spread_error", "summarise"]

Floats = npt.NDArray[np.float64]


def spread(values: npt.ArrayLike, axis: int = -1) -> Floats:
    """Standard deviation with the small-sample correction, for instance from year to year.

    Parameters
    ----------
    values : array
        At least two values along the axis, in any unit.
    axis : int
        Along which they vary.

    Returns
    -------
    array
        In the unit of the values, without that axis.

    Raises
    ------
    ValueError
        When there are fewer than two values.

    Notes
    -----
    The ordinary standard deviation of n normal values is too small by the factor c4(n), on average: by 20 % for two
    and 6 % for five values. It is divided by it. Values that are alike from one to the next (a slow trend, persistent
    years) need a longer record than n independent ones.

    Examples
    --------
    >>> round(float(spread([410.0, 425.0, 402.0, 431.0, 419.0])), 2)
    12.33
    """
    x = np.asarray(values, float)
    size = x.shape[axis]
    if size < 2:
        raise ValueError("a spread needs at least two values")
    return np.asarray(x.std(axis=axis, ddof=1) / _c4(size))


def spread_error(spread: float, size: int) -> float:
    """Standard error of a spread of `size` independent normal values: what to give as a target's ``sd_observed``.

    Examples
    --------
    >>> round(spread_error(12.33, 5), 2)
    4.48
    """
    if size < 2:
        raise ValueError("a spread needs at least two values")
    c4 = _c4(size)
    return float(spread) * (1 - c4**2) ** 0.5 / c4


def _c4(size: int) -> float:
    return float((2 / (size - 1)) ** 0.5 * np.exp(special.gammaln(size / 2) - special.gammaln((size - 1) / 2)))


def summarise(outputs: Floats, targets: Sequence[Target]) -> tuple[Floats, Floats]:
    """Estimate of every target's figure, and the covariance of the figures of a single replication.

    Parameters
    ----------
    outputs : (replications, targets) array

    Returns
    -------
    estimate : (targets,) array
    covariance : (targets, targets) array
        Divided by a number of replications it is the covariance of the estimate from so many. A spread enters by its
        influence function, ((x - m)^2 - s^2) / 2s.
    """
    middle = outputs.mean(axis=0)
    away = outputs - middle
    estimate, influence = middle.copy(), away.copy()
    for k, target in enumerate(targets):
        if target.kind == "spread":
            estimate[k] = s = float(spread(outputs[:, k]))
            influence[:, k] = (away[:, k] ** 2 - (away[:, k] ** 2).mean()) / (2 * s) if s else 0.0
    return estimate, influence.T @ influence / (len(outputs) - 1)
