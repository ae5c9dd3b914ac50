"""Where along a scale something stops holding: an even grid first, then the gap at each edge is halved.

For answers that need all replications at once, such as a bound of a probability, and for criteria that may go back and
forth in one replication, so that :func:`sim.experiments.invert` cannot bisect in each. Nothing is assumed between the
points that were tried: what holds must hold at every easier point that was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

__all__ = ["Edge", "edge", "find_edges", "spread"]

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Edge:
    """Where something stops holding, as positions from the easy end of a scale.

    Parameters
    ----------
    last : int or None
        Hardest position up to which it holds at every one that was tried; None when not even at the easiest.
    beyond : int or None
        The next position that was tried, at which it does not hold; None when it holds at all of them.
    """

    last: int | None
    beyond: int | None


def spread(size: int, points: int) -> tuple[int, ...]:
    """Positions, ends included, spread evenly over a scale."""
    return tuple(sorted({round(k * (size - 1) / (points - 1)) for k in range(points)}))


def edge(tried: Mapping[int, Answer], holds: Callable[[Answer], bool]) -> Edge:
    """Return the edge of what holds among the positions that were tried."""
    last = None
    for position in sorted(tried):
        if not holds(tried[position]):
            return Edge(last, position)
        last = position
    return Edge(last, None)


def find_edges(
    try_at: Callable[[int], Answer], size: int, holds: Sequence[Callable[[Answer], bool]], grid: int = 5
) -> dict[int, Answer]:
    """Try positions of a scale until every edge lies between two neighbours.

    Parameters
    ----------
    try_at : callable
        Answer at a position, from 0 (easiest) to ``size - 1`` (hardest); each is tried once.
    size : int
        Positions of the scale, at least 1.
    holds : sequence of callable
        What may hold of an answer; each has an edge of its own.
    grid : int
        Positions that are tried first, ends included, at least 2.

    Returns
    -------
    dict
        Answers by position, in ascending order.

    Raises
    ------
    ValueError
        When the scale or the grid is too small.
    """
    if size < 1 or grid < 2:  # noqa: PLR2004 - both ends
        raise ValueError("size >= 1 and grid >= 2")
    tried = {position: try_at(position) for position in spread(size, grid)}
    for one in holds:
        while (gap := _gap(edge(tried, one))) is not None:
            tried[gap] = try_at(gap)
    return dict(sorted(tried.items()))


def _gap(found: Edge) -> int | None:
    """Middle of the gap at an edge; None when there is nothing left between."""
    if found.last is None or found.beyond is None or found.beyond - found.last <= 1:
        return None
    return (found.last + found.beyond) // 2
