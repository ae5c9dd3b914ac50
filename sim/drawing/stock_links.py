"""Links as arcs: of several bends each takes the one that meets the fewest names, links and pipes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sim.drawing.stock_graph import Link
from sim.drawing.stock_plan import Plan, Point, Rectangle

__all__ = ["Arc", "arcs", "bounds"]

_BENDS = (0.1, -0.1, 0.2, -0.2, 0.32, -0.32, 0.0, 0.45, -0.45, 0.62, -0.62, 0.85, -0.85, 1.15, -1.15, 1.6, -1.6)
_SAMPLES = 25
_KEPT = 26  #: curves compared with other links, of those that meet the fewest names
_AIR = 4.0  #: between the tip of an arrow and a name
#: what it costs: a link through a name, links that cross, links that lie on each other, a link over or along a pipe
_THROUGH, _CROSSED, _ALONG, _OVER = 9.0, 1.6, 0.5, 0.6


@dataclass(frozen=True)
class Arc:
    """A link as drawn: a quadratic curve from begin to end, and the point and direction of its mark of delay."""

    link: Link
    begin: Point
    control: Point
    end: Point
    mark: tuple[Point, Point]
    points: np.ndarray
    cost: float


def arcs(plan: Plan, links: Sequence[Link], sweeps: int = 3) -> list[Arc]:
    """Draw all links: short ones first, and each again when all are there."""
    order = sorted(range(len(links)), key=lambda k: (round(_length(plan, links[k]), 3), k))
    tracks = {k: _choices(plan, links[k]) for k in order}
    taken: dict[int, np.ndarray] = {}
    chosen: dict[int, int] = {}
    cost: dict[int, float] = {}
    for _ in range(sweeps):
        for k in order:
            others = [points for m, points in taken.items() if m != k]
            chosen[k], cost[k] = _best(tracks[k], others)
            taken[k] = tracks[k][1][chosen[k]]
    return [_arc(plan, links[k], tracks[k][0][chosen[k]], taken[k], cost[k]) for k in range(len(links))]


def _length(plan: Plan, link: Link) -> float:
    a, b = plan.at[link.start], plan.at[link.end]
    return float(np.hypot(a[0] - b[0], a[1] - b[1]))


def _anchors(plan: Plan, key: str) -> list[Point]:
    """Points from which (and to which) arcs are drawn: the middle, and off it for a stock's wide box."""
    rooms = plan.rooms[key]
    x, y = plan.at[key]
    if len(rooms) > 1 or key.startswith("f:"):
        return [(x, y)]
    dx, dy = (rooms[0][2] - rooms[0][0]) * 0.3, (rooms[0][3] - rooms[0][1]) * 0.25
    return [(x, y), (x - dx, y), (x + dx, y), (x - dx, y - dy), (x + dx, y - dy), (x - dx, y + dy), (x + dx, y + dy)]


def _choices(plan: Plan, link: Link) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Curves to choose from, clipped at names and boxes: three points each, samples, and what each costs by itself."""
    found, own = [], []
    for k, a in enumerate(_anchors(plan, link.start)):
        for m, b in enumerate(_anchors(plan, link.end)):
            for bend in _BENDS:
                a_, b_ = np.array(a), np.array(b)
                across = np.array([-(b_ - a_)[1], (b_ - a_)[0]])
                curve = np.array([a_, (a_ + b_) / 2 + bend * across, b_])
                found.append(curve)
                own.append(1.3 * abs(abs(bend) - 0.1) + 0.12 * (k > 0) + 0.12 * (m > 0))
    curves = np.array(found)
    curves = _clipped(curves, plan.rooms[link.start], plan.rooms[link.end])
    samples = _at(curves, np.linspace(0, 1, _SAMPLES)[None] + np.zeros((len(curves), 1)))
    length = np.hypot(*np.moveaxis(np.diff(samples, axis=1), -1, 0)).sum(axis=1)
    cost = np.array(own) + length / 160 + (length / 500) ** 2 + 4 * np.clip((42 - length) / 42, 0, 1)
    cost += _blocked(plan, link, samples)
    few = np.argsort(np.round(cost, 6), kind="stable")[:_KEPT]
    return curves[few], samples[few], cost[few]


def _blocked(plan: Plan, link: Link, samples: np.ndarray) -> np.ndarray:
    """Cost of names, boxes and pipes that a curve meets."""
    cost = np.zeros(len(samples))
    rooms = [r for key, some in plan.rooms.items() if key not in (link.start, link.end) for r in some] + plan.clouds
    low, high = samples.min(axis=(0, 1)) - 6, samples.max(axis=(0, 1)) + 6
    for room in rooms:
        if room[0] > high[0] or room[1] > high[1] or room[2] < low[0] or room[3] < low[1]:
            continue
        within = _inside(samples, [room], 3.0).sum(axis=1)
        cost += np.where(within > 0, _THROUGH, 0) + 0.6 * within
    for a, b, c, d in plan.segments():
        room = (min(a, c), min(b, d), max(a, c), max(b, d))
        if room[0] > high[0] or room[1] > high[1] or room[2] < low[0] or room[3] < low[1]:
            continue
        near = _inside(samples, [room], 6.0).sum(axis=1)
        cost += np.where(near > 0, _OVER, 0) + 0.35 * np.clip(near - 3, 0, None)
    return cost


def _clipped(curves: np.ndarray, start: Sequence[Rectangle], end: Sequence[Rectangle]) -> np.ndarray:
    """The parts of curves between two rooms."""
    t, step = np.linspace(0, 1, 61), np.arange(61)
    points = _at(curves, np.broadcast_to(t, (len(curves), 61)))
    low = np.where(_inside(points, start, 2.0), step, 0).max(axis=1)
    high = np.where(_inside(points, end, _AIR) & (step > low[:, None]), step, 60).min(axis=1)
    high = np.maximum(high, np.minimum(low + 2, 60))
    t0 = _edge(curves, start, 2.0, t[low], t[np.minimum(low + 1, 60)])
    t1 = _edge(curves, end, _AIR, t[high], t[high - 1])
    return _part(curves, t0, np.maximum(t1, t0 + 1e-3))


def _edge(
    curves: np.ndarray, rooms: Sequence[Rectangle], air: float, inner: np.ndarray, outer: np.ndarray
) -> np.ndarray:
    """Where curves leave a room, between a point inside and one outside."""
    for _ in range(8):
        middle = (inner + outer) / 2
        within = _inside(_at(curves, middle[:, None]), rooms, air)[:, 0]
        inner, outer = np.where(within, middle, inner), np.where(within, outer, middle)
    return outer


def _at(curves: np.ndarray, t: np.ndarray) -> np.ndarray:
    """Points of quadratic curves."""
    t = t[..., None]
    a, b, c = (curves[:, None, k] for k in range(3))
    return (1 - t) ** 2 * a + 2 * t * (1 - t) * b + t**2 * c


def _part(curves: np.ndarray, t0: np.ndarray, t1: np.ndarray) -> np.ndarray:
    """The part of each curve between two values of its parameter, as a curve itself."""
    a, b, c = curves[:, 0], curves[:, 1], curves[:, 2]
    t0, t1 = t0[:, None], t1[:, None]

    def blossom(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        return (1 - u) * (1 - v) * a + (u * (1 - v) + v * (1 - u)) * b + u * v * c

    return np.stack([blossom(t0, t0), blossom(t0, t1), blossom(t1, t1)], axis=1)


def _inside(points: np.ndarray, rooms: Sequence[Rectangle], air: float) -> np.ndarray:
    found = np.zeros(points.shape[:2], dtype=bool)
    for a, b, c, d in rooms:
        x, y = points[..., 0], points[..., 1]
        found |= (x > a - air) & (x < c + air) & (y > b - air) & (y < d + air)
    return found


def _best(choices: tuple[np.ndarray, np.ndarray, np.ndarray], others: Sequence[np.ndarray]) -> tuple[int, float]:
    """The cheapest of the curves, the other links being where they are, and its cost."""
    _, samples, own = choices
    cost = own.copy()
    low, high = samples.min(axis=(0, 1)), samples.max(axis=(0, 1))
    for other in others:
        if (other.max(axis=0) < low - 5).any() or (other.min(axis=0) > high + 5).any():
            continue
        cost += _CROSSED * _crossings(samples[:, ::2], other[::2])
        apart = np.hypot(*np.moveaxis(samples[:, 1:-1:2, None] - other[None, None], -1, 0)).min(axis=2)
        cost += _ALONG * np.clip(2.0 * (apart < 5).sum(axis=1) - 2, 0, None)
    best = int(np.argmin(np.round(cost, 6)))
    return best, float(cost[best])


def _crossings(samples: np.ndarray, other: np.ndarray) -> np.ndarray:
    """How often each curve crosses another one."""
    p, r = samples[:, :-1, None], (samples[:, 1:] - samples[:, :-1])[:, :, None]
    q, s = other[None, None, :-1], (other[1:] - other[:-1])[None, None]
    below = r[..., 0] * s[..., 1] - r[..., 1] * s[..., 0]
    safe = np.where(np.abs(below) < 1e-9, 1e-9, below)
    d = q - p
    t = (d[..., 0] * s[..., 1] - d[..., 1] * s[..., 0]) / safe
    u = (d[..., 0] * r[..., 1] - d[..., 1] * r[..., 0]) / safe
    hit = (np.abs(below) > 1e-9) & (t >= 0) & (t < 1) & (u >= 0) & (u < 1)
    return hit.sum(axis=(1, 2))


def _arc(plan: Plan, link: Link, curve: np.ndarray, points: np.ndarray, cost: float) -> Arc:
    begin, control, end = ((float(x), float(y)) for x, y in curve)
    blocked = [r for some in plan.rooms.values() for r in some]
    tries = [_SAMPLES // 2 + k for k in (0, -2, 2, -4, 4, -6, 6, -8, 8)]
    free = [k for k in tries if not _inside(points[None, k : k + 1], blocked, 8.0).any()]
    k = (free or tries)[0]
    along = points[k + 1] - points[k - 1]
    along = along / max(float(np.hypot(*along)), 1e-9)
    mark = (float(points[k, 0]), float(points[k, 1])), (float(along[0]), float(along[1]))
    return Arc(link, begin, control, end, mark, points, cost)


def bounds(plan: Plan, found: Sequence[Arc]) -> Rectangle:
    """Whole room of the drawing, with its arcs."""
    corners = [p for run in plan.runs for p in run.points]
    corners += [(float(x), float(y)) for arc in found for x, y in arc.points]
    for a, b, c, d in [*(r for some in plan.rooms.values() for r in some), *plan.clouds]:
        corners += [(a, b), (c, d)]
    corners = corners or [(0.0, 0.0)]
    xs, ys = [p[0] for p in corners], [p[1] for p in corners]
    return min(xs), min(ys), max(xs), max(ys)
