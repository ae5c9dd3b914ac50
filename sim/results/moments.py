"""Ratios of sums over replications, with half-widths, gathered one replication at a time."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import special

__all__ = ["Moments"]

Float = npt.NDArray[np.float64]

LEVEL = 0.95
_NOTHING = 1e-12  #: share of the spread below which a residual is rounding, for quantities that are always equal


class Moments:
    """Means and second moments of numerators and denominators, updated in the order of the replications.

    The estimate is the ratio of the sums. Its half-width is that of a t interval over replications of the ratio
    expanded to first order around the ratio of the sums; where the denominator is the same in all replications (a
    length of time) this is the usual interval of a mean. Nothing but the moments is kept, so memory does not grow with
    the number of replications.
    """

    def __init__(self) -> None:
        self.n = 0

    def add(self, part: Float, whole: Float) -> None:
        """Take up one replication: numerators and denominators, arrays of one shape."""
        x, y = np.broadcast_arrays(np.asarray(part, float), np.asarray(whole, float))
        if self.n == 0:
            self.x, self.y = np.zeros(x.shape), np.zeros(x.shape)
            self.xx, self.xy, self.yy = np.zeros(x.shape), np.zeros(x.shape), np.zeros(x.shape)
        dx, dy = x - self.x / max(self.n, 1), y - self.y / max(self.n, 1)
        self.n += 1
        self.x += x  # sums: whole numbers stay exact
        self.y += y
        f = (self.n - 1) / self.n
        self.xx += f * dx * dx
        self.xy += f * dx * dy
        self.yy += f * dy * dy

    def value(self) -> Float:
        """Ratio of the sums; nan where the denominator is zero."""
        known = self.y != 0
        return np.where(known, self.x / np.where(known, self.y, 1.0), np.nan)

    def half_width(self, level: float = LEVEL) -> Float:
        """Half-width of the two-sided interval; nan with fewer than two replications."""
        value = self.value()
        if self.n < 2:  # noqa: PLR2004
            return np.full(value.shape, np.nan)
        residual = self.xx - 2 * value * self.xy + value**2 * self.yy
        spread = self.xx + 2 * np.abs(value * self.xy) + value**2 * self.yy
        variance = np.where(residual > _NOTHING * spread, residual, 0.0) / (self.n - 1)
        quantile = -float(special.stdtrit(self.n - 1, (1 - level) / 2))
        half = quantile * np.sqrt(variance * self.n) / np.where(self.y != 0, np.abs(self.y), 1.0)
        return np.where(np.isnan(value), np.nan, half)
