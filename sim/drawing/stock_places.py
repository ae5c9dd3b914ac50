"""Where auxiliaries, parameters and the like go: above and below the chains, near what they act on.

Every name tries the places of a grid and takes the cheapest: short links, not through names or boxes, few crossings.
That is repeated until nothing moves, from several beginnings.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from sim.drawing.stock_graph import Link, Node
from sim.drawing.stock_links import Arc, arcs
from sim.drawing.stock_plan import Plan, Point, Rectangle, squeezed

__all__ = ["ICON", "places"]

ICON = 15.0  #: room for the mark before a name
_X, _Y = 16.0, 24.0  #: of the grid
_APART = 9.0  #: least distance of names and boxes
_TRIED = 220  #: places looked at closely, of those with the shortest links
_COMPARED = 4  #: beginnings whose links are drawn to find the best
_MANY = 50  #: names for which there is time to try everything
#: what it costs: a link through a name, links that cross, a link over a pipe, a link too short to be seen
_THROUGH, _CROSSED, _OVER, _SHORT = 6.0, 1.2, 0.7, 3.0


def places(nodes: Mapping[str, Node], fixed: Plan, links: Sequence[Link]) -> Plan:
    """Place the names between chains that have their places; of several ways the one with the best links."""
    plans = [squeezed(plan) for plan in _Search(nodes, fixed, links).found()]
    if len(plans) == 1:
        return plans[0]
    return min(plans, key=lambda plan: _unclear(arcs(plan, links, 2)))


def _unclear(drawn: Sequence[Arc]) -> float:
    """How hard links are to follow: the sum of what they cost, where a bad one weighs more than many fair ones."""
    return round(sum(arc.cost + 2 * max(0.0, arc.cost - 7) for arc in drawn), 3)


def label_room(node: Node, at: Point) -> Rectangle:
    """Room of a name with its mark."""
    width, height = node.width + ICON + 4, max(node.height, 12.0) + 3
    return (at[0] - width / 2, at[1] - height / 2, at[0] + width / 2, at[1] + height / 2)


class _Search:
    def __init__(self, nodes: Mapping[str, Node], fixed: Plan, links: Sequence[Link]):
        self.fixed = fixed
        self.loose = {key: n for key, n in nodes.items() if key not in fixed.at}
        self.near: dict[str, list[str]] = {n: [] for n in nodes}
        for link in links:
            self.near[link.start].append(link.end)
            self.near[link.end].append(link.start)
        inside = [a for a in links if a.start in fixed.at and a.end in fixed.at]
        self.links = [(a.start, a.end) for a in links if a not in inside]
        # links between stocks and flows are arcs already, so that names leave room for them
        tracks = [arc.points[::3] for arc in arcs(fixed, inside)]
        self.arcs = np.concatenate([np.zeros((0, 4)), *(np.hstack([t[:-1], t[1:]]) for t in tracks)])
        self.arc_ends = [(a.start, a.end) for a, t in zip(inside, tracks, strict=True) for _ in t[1:]]
        self.pipes = np.array(fixed.segments()).reshape(-1, 4)
        edges = np.array([r for rooms in fixed.rooms.values() for r in rooms] + fixed.clouds).reshape(-1, 4)
        around = edges if len(edges) else np.zeros((1, 4))
        self.frame = (*around[:, :2].min(axis=0), *around[:, 2:].max(axis=0))
        pipes = [np.minimum(self.pipes[:, :2], self.pipes[:, 2:]), np.maximum(self.pipes[:, :2], self.pipes[:, 2:])]
        edges = np.concatenate([edges, np.hstack(pipes)])
        self.half = {key: np.array(label_room(n, (0.0, 0.0))[2:]) for key, n in self.loose.items()}
        grid = self._grid()
        self.grid = {key: grid[_free(grid, half, edges)] for key, half in self.half.items()}

    def _grid(self) -> np.ndarray:
        x0, y0, x1, y1 = self.frame
        per_row = max(1.0, (x1 - x0 + 200) / 150)
        rows = 4 + math.ceil(1.2 * len(self.loose) / per_row)
        xs = np.arange(x0 - 176, x1 + 177, _X)
        ys = np.arange(y0 - 18 - _Y * 2 * rows, y1 + 18 + _Y * 2 * rows, _Y)
        return np.stack(np.meshgrid(xs, ys), axis=-1).reshape(-1, 2)

    def found(self) -> list[Plan]:
        """Plans from several beginnings, the cheaper ones."""
        found: list[tuple[float, dict[str, Point]]] = []
        names = list(self.loose)
        busy = sorted(names, key=lambda n: -len(self.near[n]))
        half = len(names) // 2
        turned = names[half:] + names[:half]
        orders = [names, names[::-1], busy, busy[::-1], turned, turned[::-1]]
        for order in orders if len(names) <= _MANY else orders[2:3]:
            at = dict(self.fixed.at)
            for key in self._outwards(order):
                at[key] = self._cheapest(key, at)[1]
            for _ in range(10 if len(names) <= _MANY else 4):
                before = dict(at)
                for key in order:
                    at[key] = self._cheapest(key, {k: p for k, p in at.items() if k != key}, at[key])[1]
                if at == before:
                    break
            whole = sum(self._cheapest(k, {m: p for m, p in at.items() if m != k}, at[k], True)[0] for k in names)
            found.append((round(whole, 3), at))
        plans = []
        for _, at in sorted(found, key=lambda f: f[0])[:_COMPARED]:
            rooms = self.fixed.rooms | {k: [label_room(n, at[k])] for k, n in self.loose.items()}
            plans.append(Plan(at, rooms, self.fixed.runs, self.fixed.clouds))
        return plans

    def _outwards(self, order: Sequence[str]) -> list[str]:
        """Names in the order of their distance from the chains."""
        done, found = set(self.fixed.at), []
        while len(found) < len(order):
            wave = [n for n in order if n not in done and any(m in done for m in self.near[n])]
            wave = wave or [n for n in order if n not in done]
            found += wave
            done |= set(wave)
        return found

    def _cheapest(
        self, key: str, at: Mapping[str, Point], now: Point | None = None, stay: bool = False
    ) -> tuple[float, Point]:
        """Find the cheapest place for a name, the others being where they are."""
        half = self.half[key]
        grid = np.array([now]) if stay else self.grid[key]
        rooms = [(k, r) for k in at for r in self._rooms(k, at)] + [("", r) for r in self.fixed.clouds]
        near = [m for m in self.near[key] if m in at]
        cost = self._far(grid, half, [self._rooms(m, at)[0] for m in near])
        if not stay:
            few = np.argsort(np.round(cost, 6), kind="stable")[: 4 * _TRIED]
            loose = np.array([self._rooms(k, at)[0] for k in at if k in self.loose]).reshape(-1, 4)
            few = few[_free(grid[few], half, loose)][:_TRIED]
            grid, cost = grid[few], cost[few]
        ends = [(a, b) for a, b in self.links if a in at and b in at]
        lines = np.concatenate([np.array([(*at[a], *at[b]) for a, b in ends]).reshape(-1, 4), self.arcs])
        ends += self.arc_ends
        for m in near:
            goal = np.array(at[m])
            segments = np.concatenate([grid, np.broadcast_to(goal, grid.shape)], axis=1)
            others = np.array([r for k, r in rooms if k != m]).reshape(-1, 4)
            cost = cost + _THROUGH * _through(segments, others).sum(axis=1)
            apart = np.array([m not in pair for pair in ends], dtype=bool)
            cost = cost + _CROSSED * _crossing(segments, lines[apart]).sum(axis=1)
            cost = cost + _OVER * _crossing(segments, self.pipes).sum(axis=1)
        boxes = np.concatenate([grid - half - 2, grid + half + 2], axis=1)
        cost = cost + _THROUGH * _through(lines, boxes).sum(axis=0)
        if now is not None:
            cost = cost + 0.02 * np.abs(grid - np.array(now)).max(axis=1).clip(0, 1)
        best = int(np.argmin(np.round(cost, 6)))
        return float(cost[best]), (float(grid[best, 0]), float(grid[best, 1]))

    def _rooms(self, key: str, at: Mapping[str, Point]) -> list[Rectangle]:
        if key in self.fixed.rooms:
            return self.fixed.rooms[key]
        (x, y), (w, h) = at[key], self.half[key]
        return [(x - w, y - h, x + w, y + h)]

    def _far(self, grid: np.ndarray, half: np.ndarray, ends: list[Rectangle]) -> np.ndarray:
        """Cost of the lengths of links, and of being outside the frame of the chains."""
        x0, y0, x1, y1 = self.frame
        outside = np.maximum(np.maximum(x0 - grid[:, 0] + half[0], grid[:, 0] + half[0] - x1), 0)
        above = np.maximum(np.maximum(y0 - grid[:, 1], grid[:, 1] - y1), 0)
        cost = 0.012 * outside + 0.004 * above
        for a, b, c, d in ends:
            dx = np.maximum(np.maximum(a - grid[:, 0] - half[0], grid[:, 0] - half[0] - c), 0)
            dy = np.maximum(np.maximum(b - grid[:, 1] - half[1], grid[:, 1] - half[1] - d), 0)
            middle = np.hypot(grid[:, 0] - (a + c) / 2, grid[:, 1] - (b + d) / 2)
            gap = np.hypot(dx, dy)
            cost = cost + gap / 90 + (gap / 240) ** 2 + middle / 400 + _SHORT * np.clip((24 - gap) / 24, 0, 1)
        if not ends:
            cost = cost + 0.01 * np.abs(grid[:, 1] - y1 - 40)
        return cost


def _free(grid: np.ndarray, half: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Places where a name stands on nothing else."""
    x, y = grid[:, 0, None], grid[:, 1, None]
    w, h = half + _APART
    over = (x - w < edges[:, 2]) & (x + w > edges[:, 0]) & (y - h < edges[:, 3]) & (y + h > edges[:, 1])
    return ~np.any(over, axis=1)


def _through(segments: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Whether each segment touches each box."""
    enter, leave = np.zeros((len(segments), len(boxes))), np.ones((len(segments), len(boxes)))
    for axis in (0, 1):
        start = segments[:, axis, None]
        along = segments[:, axis + 2, None] - start
        along = np.where(np.abs(along) < 1e-9, 1e-9, along)
        one, two = (boxes[:, axis] - start) / along, (boxes[:, axis + 2] - start) / along
        enter = np.maximum(enter, np.minimum(one, two))
        leave = np.minimum(leave, np.maximum(one, two))
    return enter < leave


def _crossing(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Whether each segment of the first crosses each of the second."""
    px, py, rx, ry = (v[:, None] for v in (*first.T[:2], *(first.T[2:] - first.T[:2])))
    qx, qy, sx, sy = *second.T[:2], *(second.T[2:] - second.T[:2])
    below = rx * sy - ry * sx
    parallel = np.abs(below) < 1e-9
    safe = np.where(parallel, 1e-9, below)
    t = ((qx - px) * sy - (qy - py) * sx) / safe
    u = ((qx - px) * ry - (qy - py) * rx) / safe
    return ~parallel & (t > 0) & (t < 1) & (u > 0) & (u < 1)
