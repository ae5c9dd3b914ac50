"""Where everything is: chains of stocks in rows with room for names between them, and empty strips taken out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from sim.drawing.stock_graph import Link, Node
from sim.drawing.stock_pipes import CLOUD, Chain, Run

__all__ = ["Plan", "Point", "Rectangle", "squeezed", "stacked"]

Point = tuple[float, float]
Rectangle = tuple[float, float, float, float]

BESIDE = 70.0  #: between chains of a row
ROOM = 1.9  #: room for names between chains, in terms of what the names take by themselves
_SQUEEZED = 40.0  #: the widest strip that stays empty


@dataclass
class Plan:
    """Where everything is: middles and room of the nodes, pipes, whole width and height."""

    at: dict[str, Point] = field(default_factory=dict)
    rooms: dict[str, list[Rectangle]] = field(default_factory=dict)
    runs: list[Run] = field(default_factory=list)
    clouds: list[Rectangle] = field(default_factory=list)

    def segments(self) -> list[tuple[float, float, float, float]]:
        """Straight parts of all pipes."""
        return [(*a, *b) for run in self.runs for a, b in zip(run.points, run.points[1:], strict=False)]


def stacked(found: Sequence[Chain], links: Sequence[Link], loose: Sequence[Node]) -> Plan:
    """Put chains into rows and leave room between these for names."""
    names = ROOM * sum((n.width + 40) * (n.height + 32) for n in loose)
    area = names + sum((c.width + 60) * (c.height + 40) for c in found)
    widest = max([math.sqrt(1.7 * area), 200.0, *(c.width for c in found)])
    rows: list[list[Chain]] = []
    for chain in found:
        if rows and sum(c.width + BESIDE for c in rows[-1]) + chain.width <= widest:
            rows[-1].append(chain)
        else:
            rows.append([chain])
    between = min(max(names / widest / max(1, len(rows)), 60.0), 260.0)
    plan, y = Plan(), 0.0
    for row in _near(rows, links):
        x = (widest - sum(c.width for c in row) - BESIDE * (len(row) - 1)) / 2
        height = max(c.height for c in row)
        for chain in row:
            _put(plan, chain, x, y + (height - chain.height) / 2)
            x += chain.width + BESIDE
        y += height + between
    return plan


def _put(plan: Plan, chain: Chain, dx: float, dy: float) -> None:
    runs = [run.moved(dx, dy) for run in chain.runs]
    plan.runs += runs
    plan.at |= {key: (x + dx, y + dy) for key, (x, y) in chain.at.items()}
    for key, rooms in chain.rooms.items():
        plan.rooms[key] = [(a + dx, b + dy, c + dx, d + dy) for a, b, c, d in rooms]
    w, h = CLOUD[0] / 2, CLOUD[1] / 2
    plan.clouds += [(x - w, y - h, x + w, y + h) for run in runs for x, y in run.clouds]


def _near(rows: list[list[Chain]], links: Sequence[Link]) -> list[list[Chain]]:
    """Order rows so that those with many links between them are near each other."""
    home = {key: k for k, row in enumerate(rows) for chain in row for key in chain.at}
    pull = np.zeros((len(rows), len(rows)))
    reach: dict[str, set[int]] = {}
    for link in links:
        for a, b in ((link.start, link.end), (link.end, link.start)):
            if b in home:
                reach.setdefault(a, set()).add(home[b])
                if a in home:
                    pull[home[a], home[b]] += 1
    for rows_of in reach.values():
        for a in rows_of:
            for b in rows_of:
                pull[a, b] += 0.5 * (a != b)
    order = list(range(len(rows)))

    def cost(order: list[int]) -> float:
        return sum(pull[a, b] * (j - i) ** 1.5 for i, a in enumerate(order) for j, b in enumerate(order) if i < j)

    for _ in range(len(rows)):
        trials = [order]
        for i in range(len(order)):
            for j in range(i):
                swapped = list(order)
                swapped[i], swapped[j] = swapped[j], swapped[i]
                trials.append(swapped)
        order = min(trials, key=lambda o: round(cost(o), 6))
    return [rows[k] for k in order]


def squeezed(plan: Plan) -> Plan:
    """Take out strips in which nothing stands, and begin at nought."""
    rooms = [r for some in plan.rooms.values() for r in some] + plan.clouds
    blocks: tuple[list[tuple[float, float]], ...] = ([], [])
    for axis in (0, 1):
        blocks[axis].extend((r[axis], r[axis + 2]) for r in rooms)
        for run in plan.runs:
            along = [p[axis] for p in run.points]
            blocks[axis].append((min(along), max(along)))
    shift = [_shifts(sorted(some)) for some in blocks]

    def move(x: float, axis: int) -> float:
        return x - next(s for begin, s in reversed(shift[axis]) if x >= begin - 1e-6)

    def point(p: Point) -> Point:
        return move(p[0], 0), move(p[1], 1)

    def room(r: Rectangle) -> Rectangle:
        return (move(r[0], 0), move(r[1], 1), move(r[2], 0), move(r[3], 1))

    runs = [Run(r.pipe, [point(p) for p in r.points], [point(p) for p in r.clouds]) for r in plan.runs]
    at = {k: point(p) for k, p in plan.at.items()}
    rooms_ = {k: [room(r) for r in some] for k, some in plan.rooms.items()}
    return Plan(at, rooms_, runs, [room(c) for c in plan.clouds])


def _shifts(blocks: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """By how much everything from each block on moves."""
    if not blocks:
        return [(-math.inf, 0.0)]
    shift, end, found = blocks[0][0], blocks[0][1], [(-math.inf, blocks[0][0])]
    for begin, stop in blocks[1:]:
        if begin - end > _SQUEEZED:
            shift += begin - end - _SQUEEZED
            found.append((begin, shift))
        end = max(end, stop)
    return found
