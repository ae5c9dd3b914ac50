"""Points of the unit cube that a criterion leaves: an even sample, their share of the cube, and the least criterion.

Where plain sampling finds enough, it is plain sampling. Where little is left, the threshold is lowered in steps, each
of which keeps a tenth, with random walks in between (subset simulation: S. K. Au and J. L. Beck 2001, Probabilistic
Engineering Mechanics 16, 263-277; nested thresholds in history matching: I. Andrianakis et al. 2017).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import qmc

__all__ = ["Remaining", "remaining", "spaced"]

Floats = npt.NDArray[np.float64]
Criterion = Callable[[Floats], Floats]

_POWER = 12  #: two to this many points begin
_SIZE = 2000  #: points of the sample
_ENOUGH = 400  #: points of plain sampling that suffice
_KEPT = 0.1  #: share kept in a step
_STEPS = 60
_WALK = 8  #: moves of every point after a step
_MIX = 20  #: moves at the end
_STUCK = 0.002  #: a step that lowers the threshold by a smaller share than this ends the search
_TRIES = 200  #: random choices of which the best spaced is taken


@dataclass(frozen=True, eq=False)
class Remaining:
    """What a criterion leaves of the unit cube.

    Parameters
    ----------
    cube : (points, inputs) array
        Points at or below the threshold, evenly spread; when there are none, the best found.
    share : float
        Of the cube; 0 when nothing is left.
    least : float
        Lowest criterion seen.
    best : (inputs,) array
        Where.
    """

    cube: Floats
    share: float
    least: float
    best: Floats


def remaining(criterion: Criterion, inputs: int, threshold: float, rng: np.random.Generator) -> Remaining:
    """Sample the part of the unit cube where the criterion is at or below the threshold."""
    cube = qmc.Sobol(inputs, rng=rng).random_base2(_POWER)
    found = criterion(cube)
    share, best, least = 1.0, cube[found.argmin()], float(found.min())
    level, size = np.inf, 0.5
    for _ in range(_STEPS):
        inside = found <= threshold
        lowered = threshold if inside.sum() >= _ENOUGH else max(threshold, float(np.quantile(found, _KEPT)))
        keep = found <= lowered
        stuck = np.isfinite(level) and level - lowered < _STUCK * max(abs(level), 1e-12)
        if lowered > threshold and stuck:
            break
        share *= float(keep.mean())
        level = lowered
        chosen = np.flatnonzero(keep)[rng.integers(0, keep.sum(), _SIZE)]
        cube, found = cube[chosen], found[chosen]
        moves = _WALK if level > threshold else _MIX
        cube, found, size = _walk(criterion, cube, found, level, moves, size, rng)
        if found.min() < least:
            best, least = cube[found.argmin()], float(found.min())
        if level <= threshold:
            return Remaining(cube, share, least, best)
    return Remaining(cube, 0.0, least, best)


def _walk(
    criterion: Criterion, cube: Floats, found: Floats, level: float, moves: int, size: float, rng: np.random.Generator
) -> tuple[Floats, Floats, float]:
    """Move every point at random within the level; the size of the steps follows the share that succeeds.

    A step goes along the difference of two other points, so that it has the shape of what remains.
    """
    n, inputs = cube.shape
    for _ in range(moves):
        one, other = rng.integers(0, n, (2, n))
        length = size * np.exp(rng.normal(size=(n, 1)) * 0.7)
        step = length * (cube[one] - cube[other]) + 1e-4 * size * rng.normal(size=(n, inputs))
        tried = cube + step
        within = ((tried >= 0) & (tried <= 1)).all(axis=1)
        new = np.full(n, np.inf)
        if within.any():
            new[within] = criterion(tried[within])
        moved = new <= level
        cube, found = np.where(moved[:, None], tried, cube), np.where(moved, new, found)
        size = float(np.clip(size * np.exp(moved.mean() - 0.25), 1e-3, 2.0))
    return cube, found, size


def spaced(cube: Floats, points: int, rng: np.random.Generator) -> Floats:
    """So many of the points, of many random choices the one whose nearest two are furthest apart."""
    if len(cube) <= points:
        return cube
    size = np.maximum(cube.std(axis=0), 1e-9)
    best, widest = cube[:points], -1.0
    for _ in range(_TRIES):
        chosen = cube[rng.choice(len(cube), points, replace=False)]
        x = chosen / size
        squares = ((x[:, None, :] - x[None, :, :]) ** 2).sum(-1)
        np.fill_diagonal(squares, np.inf)
        if (nearest := float(squares.min())) > widest:
            best, widest = chosen, nearest
    return best
