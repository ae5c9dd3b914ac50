"""Tables of log-quantiles, for laws whose inverse has no closed form.

A table cuts the log-odds y = log(u / (1 - u)) into cells of equal length, in each of which log(time) is a cubic that
has the right value and slope at both ends (Hermite). Where the quantile is steep (a mixture of short and long stays,
say) a cell is divided into 2, 4, … equal parts until it is read well enough.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

from sim.services.laws import FloatArray, Gamma, Smooth
from sim.services.resolved import CELLS, LOGIT_MAX

__all__ = ["Table", "read", "tabulate"]

_STEP = 2 * LOGIT_MAX / CELLS
_TOLERANCE = 5e-9  # relative to the time, or to the odds
_FINEST = 4096  # parts of a cell
# logarithms of times in ms between which a quantile is sought; below -40 every law of time is a power
_GRID = np.concatenate([np.linspace(-700.0, -40.0, 133)[:-1], np.linspace(-40.0, 60.0, 2001)])


class Table(NamedTuple):
    """Cubics of log(time), and where to find them.

    ``cubics`` has the shape (parts of all cells, 4): log(time) is c0 + c1 t + c2 t^2 + c3 t^3 with t from 0 to 1 within
    a part. ``cells`` holds the number of the first part of each cell and, last, the number of all parts.
    """

    cubics: FloatArray
    cells: npt.NDArray[np.int64]


def tabulate(law: Smooth) -> Table:
    """Tabulate the log-quantile of a law."""
    done: dict[int, FloatArray] = {}
    active = np.arange(CELLS)
    knots = _log_quantile(law, _odds(np.arange(CELLS + 1.0)))
    z = np.column_stack([knots[:-1], knots[1:]])
    while True:
        parts = z.shape[1] - 1
        at = active[:, None] + np.arange(parts + 1) / parts
        steep = np.diff(z, axis=1) * parts
        slopes = _limited(_slopes(law, _odds(at), z), np.column_stack([steep[:, :1], steep, steep[:, -1:]]))
        good, middle = np.ones(len(active), bool), z[:, 1:]
        for t in (0.25, 0.5):  # two points: a curve that is symmetric about the middle is always right there
            middle = _log_quantile(law, _odds(at[:, :-1] + t / parts))
            error = np.abs(_at(_cubics(z, slopes, 1 / parts), t) - middle)
            good &= (error <= _TOLERANCE * np.maximum(1.0, steep / _STEP)).all(axis=1)
        good |= parts == _FINEST
        done |= {int(cell): row[:-1] for cell, row in zip(active[good], z[good], strict=True)}
        if good.all():
            return _joined(law, [done[cell] for cell in range(CELLS)], knots[-1])
        finer = np.empty((int((~good).sum()), 2 * parts + 1))
        finer[:, ::2], finer[:, 1::2] = z[~good], middle[~good]
        active, z = active[~good], finer


def _joined(law: Smooth, rows: list[FloatArray], last: float) -> Table:
    """Cells one after another, with slopes under which the table never falls (Fritsch and Carlson 1980)."""
    parts = np.array([len(row) for row in rows])
    cells = np.concatenate([[0], np.cumsum(parts)])
    at = np.append(np.concatenate([i + np.arange(n) / n for i, n in enumerate(parts)]), CELLS)
    z = np.maximum.accumulate(np.append(np.concatenate(rows), last))
    steep = np.diff(z) / np.diff(at)
    slopes = _limited(_slopes(law, _odds(at), z), np.concatenate([steep[:1], steep, steep[-1:]]))
    return Table(_cubics(z, slopes, 1 / np.repeat(parts, parts)), cells)


def _odds(at: FloatArray) -> FloatArray:
    """Log-odds at positions counted in cells."""
    return at * _STEP - LOGIT_MAX


def _slopes(law: Smooth, y: FloatArray, z: FloatArray) -> FloatArray:
    """Slopes of the log-quantile: its derivative by y is u (1 - u) over the density of log(time)."""
    density = np.maximum(law.at_log(z)[2], 1e-300)
    return special.expit(y) * special.expit(-y) / density * _STEP


def _limited(slopes: FloatArray, steep: FloatArray) -> FloatArray:
    """Slopes of at most three times the steepness on either side, along the last axis."""
    return np.minimum(slopes, 3 * np.minimum(steep[..., :-1], steep[..., 1:]))


def _cubics(z: FloatArray, slopes: FloatArray, width: FloatArray | float) -> FloatArray:
    """Coefficients of the cubics between values at knots, along the last axis; slopes are per cell, widths in cells."""
    rise, first, last = np.diff(z), slopes[..., :-1] * width, slopes[..., 1:] * width
    return np.stack([z[..., :-1], first, 3 * rise - 2 * first - last, first + last - 2 * rise], axis=-1)


def _at(cubics: FloatArray, t: FloatArray | float) -> FloatArray:
    c0, c1, c2, c3 = np.moveaxis(cubics, -1, 0)
    return ((c3 * t + c2) * t + c1) * t + c0


def read(table: Table, y: FloatArray) -> FloatArray:
    """Times (ms) at log-odds `y`; beyond the table its ends."""
    p = np.clip((y + LOGIT_MAX) / _STEP, 0.0, CELLS)
    cell = np.minimum(p.astype(int), CELLS - 1)
    parts = table.cells[cell + 1] - table.cells[cell]
    q = (p - cell) * parts
    j = np.minimum(q.astype(int), parts - 1)
    return np.exp(_at(table.cubics[table.cells[cell] + j], q - j))


def _log_quantile(law: Smooth, y: FloatArray) -> FloatArray:
    """Logarithm of the time at log-odds, by Newton's method kept within brackets."""
    if isinstance(law, Gamma):
        return law.log_quantile(y)
    i = np.clip(np.searchsorted(_grid_odds(law), y), 1, len(_GRID) - 1)
    low, high = _GRID[i - 1], _GRID[i]
    z = (low + high) / 2
    for _ in range(100):
        odds, rate = _odds_of(law, z)
        low, high = np.where(odds < y, z, low), np.where(odds < y, high, z)
        step = z - (odds - y) / rate
        step = np.where((low <= step) & (step <= high), step, (low + high) / 2)
        moved, z = np.abs(step - z), step
        if (moved <= 1e-10).all():
            break
    return z


@lru_cache(maxsize=16)
def _grid_odds(law: Smooth) -> FloatArray:
    return np.maximum.accumulate(_odds_of(law, _GRID)[0])


def _odds_of(law: Smooth, z: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Log-odds of times up to exp(z), and their derivative by z."""
    below, above, density = law.at_log(z)
    below, above = np.maximum(below, 1e-300), np.maximum(above, 1e-300)
    return np.log(below) - np.log(above), np.maximum(density / (below * above), 1e-300)
