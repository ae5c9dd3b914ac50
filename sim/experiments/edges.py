"""Where along a scale something holds: an even grid first, then the gap at each edge is halved.

For answers that need all replications at once, such as a bound of a probability, and for criteria that may go back and
forth in one replication, so that :func:`sim.experiments.invert` cannot bisect in each. Nothing is assumed between the
points that were tried, and nothing about the order of the scale: what holds in its middle only is found as well, if the
grid meets it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

__all__ = ["Span", "find_edges", "spans", "spread"]

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Span:
    """Positions, from the first to the last, at all of which that were tried something holds.

    Parameters
    ----------
    first, last : int
    before, beyond : int or None
        The positions that were tried next to them on either side, at which it does not hold; None at an end of what was
        tried.
    """

    first: int
    last: int
    before: int | None
    beyond: int | None


def spread(size: int, points: int) -> tuple[int, ...]:
    """Positions, ends included, spread evenly over a scale."""
    return tuple(sorted({round(k * (size - 1) / (points - 1)) for k in range(points)}))


def spans(tried: Mapping[int, Answer], holds: Callable[[Answer], bool]) -> list[Span]:
    """Return the spans of what holds among the positions that were tried, in ascending order."""
    found, before, first, last = list[Span](), None, None, None
    for position in sorted(tried):
        if holds(tried[position]):
            first, last = (position if first is None else first), position
            continue
        if first is not None and last is not None:
            found.append(Span(first, last, before, position))
        before, first, last = position, None, None
    return [*found, Span(first, last, before, None)] if first is not None and last is not None else found


def find_edges(
    try_at: Callable[[int], Answer], size: int, holds: Sequence[Callable[[Answer], bool]], grid: int = 5
) -> dict[int, Answer]:
    """Try positions of a scale until every edge that the grid has shown lies between two neighbours.

    Parameters
    ----------
    try_at : callable
        Answer at a position, from 0 to ``size - 1``; each is tried once.
    size : int
        Positions of the scale, at least 1.
    holds : sequence of callable
        What may hold of an answer; each has edges of its own.
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
        while (gap := _gap(tried, one)) is not None:
            tried[gap] = try_at(gap)
    return dict(sorted(tried.items()))


def _gap(tried: Mapping[int, Answer], holds: Callable[[Answer], bool]) -> int | None:
    """Middle of the first gap at an edge; None when every edge lies between two neighbours."""
    for left, right in pairwise(sorted(tried)):
        if right - left > 1 and holds(tried[left]) != holds(tried[right]):
            return (left + right) // 2
    return None
