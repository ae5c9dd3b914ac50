"""Where the boxes go: columns by longest path, order within a column by neighbours, heights without overlap.

Arrows that would point to the left are left out of the columns and drawn around. An arrow that passes columns holds
a slot in each of them, so that it crosses no box.

K. Sugiyama, S. Tagawa, M. Toda (1981), Methods for visual understanding of hierarchical system structures, IEEE
Transactions on Systems, Man and Cybernetics 11, 109-125.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.optimize import isotonic_regression

__all__ = ["columns", "crossings", "heights", "ordered"]

SWEEPS = 12  #: of ordering the nodes, forwards and back

Edge = tuple[str, str]


def columns(boxes: Sequence[str], edges: Sequence[Edge], first: set[str]) -> dict[str, int]:
    """Column of every box: one more than the longest way to it, without the edges that close a circle.

    Boxes of `first` (the sources) stand just before the first box that they lead to.
    """
    onward: dict[str, list[str]] = {box: [] for box in boxes}
    for a, b in edges:
        if a != b and b not in onward[a]:
            onward[a].append(b)
    forward = _without_circles(boxes, onward)
    column = {box: 0 for box in boxes}
    for box in _in_order(boxes, forward):
        for to in forward[box]:
            column[to] = max(column[to], column[box] + 1)
    for box in first:
        column[box] = min((column[to] for to in forward[box]), default=1) - 1
    return column


def _without_circles(boxes: Sequence[str], onward: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Drop the edges that lead back to a box on the way to itself, found depth first in the order of the boxes."""
    forward: dict[str, list[str]] = {box: [] for box in boxes}
    done: set[str] = set()
    for root in boxes:
        way, stack = [root], [iter(onward[root])]
        while stack and root not in done:
            to = next(stack[-1], None)
            if to is None:
                stack.pop()
                done.add(way.pop())
            elif to not in way:
                forward[way[-1]].append(to)
                if to not in done:
                    way.append(to)
                    stack.append(iter(onward[to]))
    return forward


def _in_order(boxes: Sequence[str], forward: Mapping[str, list[str]]) -> list[str]:
    """Boxes so that every edge leads to a later one."""
    open_ = {box: 0 for box in boxes}
    for targets in forward.values():
        for to in targets:
            open_[to] += 1
    ready = [box for box in boxes if open_[box] == 0]
    for box in ready:
        for to in forward[box]:
            open_[to] -= 1
            if open_[to] == 0:
                ready.append(to)
    return ready


def ordered(layers: list[list[str]], links: Sequence[Edge]) -> list[list[str]]:
    """Order the nodes of every column so that few links cross: by the mean position of their neighbours.

    Of all orders met the one with the fewest crossings is kept.
    """
    best, fewest = [list(layer) for layer in layers], crossings(layers, links)
    now = [list(layer) for layer in layers]
    for sweep in range(SWEEPS):
        forwards = sweep % 2 == 0
        for layer in now if forwards else reversed(now):
            place = {node: i / max(1, len(one) - 1) for one in now for i, node in enumerate(one)}
            near: dict[str, list[float]] = {node: [] for node in layer}
            for a, b in links:
                here, there = (b, a) if forwards else (a, b)
                if here in near:
                    near[here].append(place[there])
            layer.sort(key=lambda node: sum(near[node]) / len(near[node]) if near[node] else place[node])
        met = crossings(now, links)
        if met < fewest:
            best, fewest = [list(layer) for layer in now], met
    return best


def crossings(layers: list[list[str]], links: Sequence[Edge]) -> int:
    """How many pairs of links cross."""
    at = {node: (c, i) for c, layer in enumerate(layers) for i, node in enumerate(layer)}
    found = 0
    for k, (a, b) in enumerate(links):
        for c, d in links[:k]:
            if at[a][0] == at[c][0] and (at[a][1] - at[c][1]) * (at[b][1] - at[d][1]) < 0:
                found += 1
    return found


def heights(
    layers: list[list[str]],
    size: Mapping[str, float],
    links: Sequence[Edge],
    gap: float,
    sweeps: int = 8,
    weight: Mapping[str, float] | None = None,
) -> dict[str, float]:
    """Middle of every node, near those of its neighbours, in the order given and `gap` apart.

    A node with more `weight` (1 unless given) gives way less; a link that is given twice pulls twice as much.
    """
    middle: dict[str, float] = {}
    for layer in layers:
        y = 0.0
        for node in layer:
            middle[node] = y + size[node] / 2
            y += size[node] + gap
    near: dict[str, list[str]] = {node: [] for node in middle}
    for a, b in links:
        near[a].append(b)
        near[b].append(a)
    for sweep in range(sweeps):
        for layer in layers if sweep % 2 == 0 else reversed(layers):
            _settle(layer, size, near, middle, gap, weight)
    top = min(middle[node] - size[node] / 2 for node in middle)
    return {node: y - top for node, y in middle.items()}


def _settle(
    layer: list[str],
    size: Mapping[str, float],
    near: Mapping[str, list[str]],
    middle: dict[str, float],
    gap: float,
    weight: Mapping[str, float] | None,
) -> None:
    """Move the nodes of a column as near as can be to the mean of their neighbours, keeping order and distance."""
    wanted = [sum(middle[m] for m in near[n]) / len(near[n]) if near[n] else middle[n] for n in layer]
    step = [0.0] + [(size[a] + size[b]) / 2 + gap for a, b in zip(layer, layer[1:], strict=False)]
    offset = np.cumsum(step)
    weights = None if weight is None else [weight.get(n, 1.0) for n in layer]
    settled = isotonic_regression(np.array(wanted) - offset, weights=weights).x + offset
    for node, y in zip(layer, settled, strict=True):
        middle[node] = float(y)
