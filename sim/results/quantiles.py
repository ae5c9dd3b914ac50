"""Quantiles of waits from fine bins, with intervals."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sim.results.moments import Moments

__all__ = ["BINS", "BIN_EDGES", "SHARES", "quantiles"]

Float = npt.NDArray[np.float64]

BINS = 1152
SHARES = (0.5, 0.75, 0.9, 0.95, 0.98, 0.99)


def _edges() -> npt.NDArray[np.int64]:
    """Lower edges (ms) of the bins: single milliseconds below 64, then 32 bins for every doubling."""
    single = np.arange(64, dtype=np.int64)
    doubling, step = np.divmod(np.arange(BINS - 64, dtype=np.int64), 32)
    return np.concatenate([single, (32 + step) * 2 ** (doubling + 1)])


BIN_EDGES = _edges()


def quantiles(counts: Moments, unit_ms: int) -> tuple[Float, Float]:
    """Quantiles at SHARES and their half-widths.

    Parameters
    ----------
    counts : Moments
        Of the waits up to the end of each bin, as a share of all (stations, rows, bins).
    unit_ms : int
        Milliseconds of the unit of the answer.

    Returns
    -------
    value, half_width : array (shares, stations, rows)
        nan where nobody waited or came, and half-widths with fewer than two replications.

    Notes
    -----
    The quantile inverts the distribution of all replications together, linearly within a bin. Its interval inverts
    the bounds of the distribution function there (Woodruff, 1952); the half-width is half its length.
    """
    below, half = counts.value(), counts.half_width()
    shape = (len(SHARES), *below.shape[:-1])
    value, width = np.full(shape, np.nan), np.full(shape, np.nan)
    for at in np.ndindex(below.shape[:-1]):
        if np.isnan(below[at][-1]):
            continue
        for k, share in enumerate(SHARES):
            value[(k, *at)], h = _inverse(below[at], half[at], share)
            if not np.isnan(h):
                low = _inverse(below[at], half[at], max(share - h, 0.0))[0]
                high = _inverse(below[at], half[at], min(share + h, 1.0))[0]
                width[(k, *at)] = (high - low) / 2
    return value / unit_ms, width / unit_ms


def _inverse(below: Float, half: Float, share: float) -> tuple[float, float]:
    """Wait (ms) below which a share of waits lies, and the half-width of the distribution function there."""
    b = min(int(np.searchsorted(below, share * (1 - 1e-12))), BINS - 1)
    if b < 64:  # noqa: PLR2004 - a bin of one millisecond
        return float(BIN_EDGES[b]), float(half[b])
    before = below[b - 1]
    upper = BIN_EDGES[b + 1] if b + 1 < BINS else 2 * BIN_EDGES[b]
    part = min(max((share - before) / (below[b] - before), 0.0), 1.0) if below[b] > before else 0.0
    return float(BIN_EDGES[b] + part * (upper - BIN_EDGES[b])), float(half[b - 1] + part * (half[b] - half[b - 1]))
