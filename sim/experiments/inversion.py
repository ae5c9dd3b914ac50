"""The inverse question: the smallest (or largest) capacity at which a criterion is met, with a confidence.

Under common random numbers each replication has an answer of its own, found by bisection without any noise. The
capacity that serves a share q of all possible replications is the q-quantile of these answers, with an interval from
order statistics; the same runs give the whole curve of the chance that the criterion is met. See, for the idea,
B. Y. Chen and B. W. Schmeiser (2001), Stochastic root finding via retrospective approximation, IIE Transactions 33.

Bisection needs a criterion that, once met, stays met as capacity becomes easier. A coarse grid is tried in every
replication first; if any of them goes back and forth, a grid of capacities is evaluated in all replications instead,
with exact binomial bounds at each point that hold together, and the answer says so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.experiments.edges import spread
from sim.experiments.order import Kind, Stop, in_order
from sim.experiments.replicate import finish, lowered, warm
from sim.run import Run
from sim.statistics import binomial_bounds, quantile_ranks
from sim.tables import Lowered

__all__ = ["Inversion", "Point", "invert"]

Seen = dict[int, bool]  #: by position on the scale from the hardest to the easiest capacity: was the criterion met?


@dataclass(frozen=True)
class Point:
    """How often the criterion is met at one capacity, with bounds of its probability."""

    capacity: int
    met: int
    replications: int
    lower: float
    upper: float


@dataclass(frozen=True)
class Inversion:
    """Answer to an inverse question.

    Parameters
    ----------
    answer : int or None
        Capacity at which the criterion is met with the confidence asked for; None when no capacity of the range is
        enough.
    lower, upper : int or None
        Interval of the answer; None where it reaches beyond the range or there are too few replications for a bound.
    confidence, level : float
        Share of replications to be served; confidence of the interval.
    monotone : bool
        Whether the answer rests on bisection in each replication (True) or on the grid (False).
    violations : tuple of int
        Replications that went back and forth.
    capacities : array (replications,)
        Answer of each replication; one beyond the range where no capacity was enough. Empty when not monotone.
    points : list of Point
        The curve: every capacity of the range, or those of the grid. The bounds hold for each point by itself, or,
        when not monotone, for all together.
    runs : int
        Model runs that it took.
    note : str
        How the answer was found, in words.
    """

    answer: int | None
    lower: int | None
    upper: int | None
    confidence: float
    level: float
    monotone: bool
    violations: tuple[int, ...]
    capacities: npt.NDArray[np.int64]
    points: list[Point]
    runs: int
    note: str


def invert(
    network_at: Callable[[int], Lowered],
    meets: Callable[[Run], bool],
    low: int,
    high: int,
    seed: int,
    replications: int,
    *,
    smallest: bool = True,
    confidence: float = 0.9,
    level: float = 0.95,
    grid: int = 5,
    fallback: int = 17,
    workers: int = 1,
    kind: Kind = "threads",
    first: int = 0,
) -> Inversion:
    """Find the smallest or largest capacity at which a criterion is met in a share of replications.

    Parameters
    ----------
    network_at : callable
        Network for a capacity, ready to run: :class:`sim.experiments.PlacesOf`, for example.
    meets : callable
        Takes a finished run and says whether it meets the criterion (all criteria together, if there are several).
    low, high : int
        Range of capacities, both included.
    seed, replications, first : int
        Replications ``first``, ``first + 1``, … of this seed, the same at every capacity.
    smallest : bool
        Whether more capacity makes the criterion easier (look for the smallest) or harder (the largest).
    confidence : float
        Share of replications that must meet the criterion, in (0, 1).
    level : float
        Confidence of the interval, in (0, 1).
    grid : int
        Capacities, ends included, at which each replication is tested for going back and forth, at least 2.
    fallback : int
        Capacities, ends included, that are evaluated when one does.
    workers, kind
        As in :func:`sim.experiments.replicate`; the answer does not depend on them.

    Raises
    ------
    ValueError
        When a setting makes no sense.
    """
    if not (low <= high and replications >= 1 and grid >= 2 and fallback >= 2 and 0 < confidence < 1 and 0 < level < 1):
        raise ValueError("low <= high, replications >= 1, grid and fallback >= 2, confidence and level in (0, 1)")
    scale = range(low, high + 1) if smallest else range(high, low - 1, -1)
    numbers = range(first, first + replications)
    coarse, fine = spread(len(scale), grid), spread(len(scale), fallback)
    warm(lowered(network_at(low)), seed)
    seen = _all(_Search(network_at, meets, seed, scale, coarse), [(r, {}) for r in numbers], workers, kind)
    against = tuple(r for r, one in zip(numbers, seen, strict=True) if _back_and_forth(one))
    if against:
        tasks = list(zip(numbers, seen, strict=True))
        seen = _all(_Search(network_at, meets, seed, scale, fine, False), tasks, workers, kind)
        return _from_grid(scale, fine, seen, against, confidence, level)
    return _from_answers(scale, seen, confidence, level, len(coarse))


def _all(work: _Search, tasks: Sequence[tuple[int, Seen]], workers: int, kind: Kind) -> list[Seen]:
    with closing(in_order(tasks, work, workers, kind=kind)) as results:
        return list(results)


@dataclass(frozen=True)
class _Search:
    """What one replication does: try the grid and, if asked and possible, bisect what lies between its points."""

    network_at: Callable[[int], Lowered]
    meets: Callable[[Run], bool]
    seed: int
    scale: range
    grid: tuple[int, ...]
    bisect: bool = True

    def __call__(self, task: tuple[int, Seen], stop: Stop) -> Seen:
        replication, seen = task[0], dict(task[1])

        def met(at: int) -> bool:
            if at not in seen:
                run = Run(lowered(self.network_at(self.scale[at])), self.seed, replication)
                seen[at] = bool(self.meets(finish(run, stop)))
            return seen[at]

        for at in self.grid:
            met(at)
        if self.bisect and not _back_and_forth(seen):
            fails, easy = _bracket(seen, len(self.scale))
            while easy - fails > 1:
                middle = (fails + easy) // 2
                fails, easy = (fails, middle) if met(middle) else (middle, easy)
        return seen


def _bracket(seen: Seen, size: int) -> tuple[int, int]:
    """Easiest position at which the criterion was missed (-1: none) and hardest at which it was met (size: none)."""
    return max((k for k, ok in seen.items() if not ok), default=-1), min(
        (k for k, ok in seen.items() if ok), default=size
    )


def _back_and_forth(seen: Seen) -> bool:
    fails, easy = _bracket(seen, max(seen) + 1)
    return fails > easy


def _from_answers(scale: range, seen: Sequence[Seen], confidence: float, level: float, grid: int) -> Inversion:
    size, count = len(scale), len(seen)
    answers = np.array([_bracket(one, size)[1] for one in seen])
    ordered = np.sort(answers)
    hard, middle, easy = quantile_ranks(count, confidence, level)
    at = [int(ordered[rank - 1]) if 1 <= rank <= count else None for rank in (hard, middle, easy)]
    runs = sum(map(len, seen))
    note = (
        f"bisection in each of {count} replications, {runs} model runs; none went back and forth on {grid} capacities"
    )
    if at[1] == size:
        note += "; no capacity of the range is enough"
    elif at[1] == 0:
        note += f"; already met at {scale[0]}, the end of the range, so the answer may lie beyond it"
    met = [int((answers <= k).sum()) for k in range(size)]
    points = [Point(scale[k], m, count, *binomial_bounds(m, count, level, 2)) for k, m in enumerate(met)]
    capacities = scale.start + answers * scale.step
    return Inversion(*_ends(scale, *at), confidence, level, True, (), capacities, points, runs, note)


def _from_grid(
    scale: range, grid: Sequence[int], seen: Sequence[Seen], against: tuple[int, ...], confidence: float, level: float
) -> Inversion:
    count = len(seen)
    each = 1 - (1 - level) / len(grid)  # so that all bounds hold together
    met = [sum(one[k] for one in seen) for k in grid]
    points = [Point(scale[k], m, count, *binomial_bounds(m, count, each, 2)) for k, m in zip(grid, met, strict=True)]
    # the criterion must be met at a point and at all easier ones: what matters is the last point against it
    hard = _after_last([p.upper < confidence for p in points], grid)
    middle = _after_last([p.met < confidence * count for p in points], grid)
    easy = _after_last([p.lower < confidence for p in points], grid)
    runs = sum(map(len, seen))
    note = (
        f"{len(against)} of {count} replications went back and forth as capacity became easier, so bisection does not "
        f"apply; {len(grid)} capacities were evaluated in all replications instead, {runs} model runs, with exact "
        "binomial bounds that hold together; the answer lies on this grid, met there and at every easier point of it"
    )
    ends = _ends(scale, hard, middle, easy)
    return Inversion(*ends, confidence, level, False, against, np.empty(0, np.int64), points, runs, note)


def _after_last(against: Sequence[bool], grid: Sequence[int]) -> int | None:
    """Grid position after the last point that speaks against; None when that is the easiest point."""
    following = max((n + 1 for n, no in enumerate(against) if no), default=0)
    return grid[following] if following < len(grid) else None


def _ends(scale: range, hard: Any, middle: Any, easy: Any) -> tuple[int | None, int | None, int | None]:
    """Answer and its lower and upper bound as capacities."""
    inside = [scale[k] if k is not None and k < len(scale) else None for k in (hard, middle, easy)]
    lower, upper = (inside[0], inside[2]) if scale.step > 0 else (inside[2], inside[0])
    return inside[1], lower, upper
