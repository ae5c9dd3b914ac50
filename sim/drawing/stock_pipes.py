"""Where stocks and flows go: chains of them from left to right, with pipes that cross no box.

A chain is laid out in columns as a network is (:mod:`sim.drawing.layers`): stocks in every other column, the valves of
flows and the clouds between them. A pipe that would run back to the left runs below its chain.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sim.drawing.layers import columns, crossings, heights, ordered
from sim.drawing.stock_graph import Node, Pipe

__all__ = ["CLOUD", "VALVE", "Chain", "Run", "chains"]

Point = tuple[float, float]
Rectangle = tuple[float, float, float, float]

CLOUD, VALVE = (36.0, 26.0), (20.0, 16.0)  #: width and height
SLOT, PORT, LANE = 22.0, 18.0, 13.0  #: room for a pipe that passes a column; between pipes at a box; between bends
_CLOSE = 14.5  #: the least between pipes at a box
GAP, REACH = 18.0, 26.0  #: between nodes of a column; between columns


@dataclass
class Run:
    """A pipe as drawn: corners from beginning to end, and where its valve sits."""

    pipe: Pipe
    points: list[Point]
    clouds: list[Point]

    def moved(self, dx: float, dy: float) -> Run:
        """Move a pipe."""
        moved = [(x + dx, y + dy) for x, y in self.points]
        return Run(self.pipe, moved, [(x + dx, y + dy) for x, y in self.clouds])


@dataclass
class Chain:
    """Stocks and flows that hang together, by themselves: middles of stocks and valves, and the room they take."""

    at: dict[str, Point]
    rooms: dict[str, list[Rectangle]]
    runs: list[Run]
    width: float
    height: float


@dataclass
class _Track:
    """A pipe on its way through the columns: nodes passed, and its height after each column."""

    pipe: Pipe
    nodes: list[str]
    back: bool = False
    bends: dict[int, float] = field(default_factory=dict)  # x of its bend in the gap before a column

    def links(self) -> list[tuple[str, str]]:
        return list(zip(self.nodes, self.nodes[1:], strict=False))


def room_of(node: Node, at: Point, size: Point) -> list[Rectangle]:
    """Room that a stock (its box) or a flow (valve, and name below it) takes."""
    x, y = at
    if node.kind == "stock":
        return [(x - size[0] / 2, y - size[1] / 2, x + size[0] / 2, y + size[1] / 2)]
    top = y + VALVE[1] / 2 + 2
    name = (x - node.width / 2 - 2, top, x + node.width / 2 + 2, top + node.height + 2)
    return [(x - VALVE[0] / 2, y - VALVE[1] / 2, x + VALVE[0] / 2, y + VALVE[1] / 2), name]


def box_size(node: Node) -> Point:
    """Width and height of a stock's box."""
    return max(86.0, node.width + 22), max(46.0, node.height + 20)


def chains(nodes: Mapping[str, Node], pipes: Sequence[Pipe]) -> list[Chain]:
    """Lay out every chain by itself, in the order of the file."""
    stocks = [key for key, node in nodes.items() if node.kind == "stock"]
    group = {key: key for key in [*stocks, *(p.flow for p in pipes)]}
    for pipe in pipes:
        for stock in (pipe.start, pipe.end):
            if stock is not None:
                old, new = group[pipe.flow], group[stock]
                group = {key: new if g == old else g for key, g in group.items()}
    found = []
    for g in dict.fromkeys(group.values()):
        inside = [s for s in stocks if group[s] == g]
        found.append(_Layout(nodes, inside, [p for p in pipes if group[p.flow] == g]).chain())
    return found


class _Layout:
    def __init__(self, nodes: Mapping[str, Node], stocks: list[str], pipes: list[Pipe]):
        self.nodes = nodes
        edges = [(p.start, p.end) for p in pipes if p.start and p.end]
        entered = {b for a, b in edges if a != b}
        column = columns(stocks, edges, {s for s in stocks if s not in entered})
        self.layer = {s: 2 * c + 2 for s, c in column.items()}
        self.size = {s: box_size(nodes[s]) for s in stocks}
        self.tracks = [self._track(p) for p in pipes]
        for s in stocks:  # tall enough for its pipes
            most = max(sum(p.end == s for p in pipes), sum(p.start == s for p in pipes))
            most += sum(s in t.nodes for t in self.tracks if t.back)
            self.size[s] = self.size[s][0], max(self.size[s][1], PORT * most + 10)
        self.onward = [t for t in self.tracks if not t.back]
        self.backs = sorted((t for t in self.tracks if t.back), key=self._span)
        used = sorted(set(self.layer.values()))
        self.layer = {node: used.index(c) for node, c in self.layer.items()}
        layers: list[list[str]] = [[] for _ in used]
        for node, c in self.layer.items():
            layers[c].append(node)
        links = [link for t in self.onward for link in t.links() for _ in range(self._weight(t))]
        self.layers = self._ordered(layers, links)
        weight = dict.fromkeys(stocks, 10.0) | {n: 10.0 for t in self.onward if self._weight(t) > 1 for n in t.nodes}
        self.y = heights(self.layers, {n: h for n, (_, h) in self.size.items()}, links, GAP, 24, weight)
        self._level()
        self.ports = {True: self._ports(True), False: self._ports(False)}

    @staticmethod
    def _weight(track: _Track) -> int:
        """A pipe between stocks is to be straight before those from and to outside."""
        return 40 if track.pipe.start and track.pipe.end else 1

    def _ordered(self, layers: list[list[str]], links: list[tuple[str, str]]) -> list[list[str]]:
        """Order every column, from several beginnings, so that few pipes cross."""
        once = list(dict.fromkeys(links))
        found: list[tuple[int, list[list[str]]]] = []
        for start in range(24):
            begin = [
                [layer[i] for i in sorted(range(len(layer)), key=lambda i: start * (i + 1) ** 2 * 37 % 101)]
                for layer in layers
            ]
            trial = ordered(begin, once)
            under = 0
            for t in self.backs:
                for stock in dict.fromkeys(t.nodes):
                    layer = trial[self.layer[stock]]
                    under += len(layer) - 1 - layer.index(stock)
            found.append((2 * crossings(trial, once) + under, trial))
        return min(found, key=lambda f: f[0])[1]

    def _level(self) -> None:
        """Set clouds to the height of their flows where nothing is in the way."""
        for t in self.onward:
            for cloud, flow in ((t.nodes[0], t.nodes[1]), (t.nodes[-1], t.nodes[-2])):
                if not cloud.startswith("c:"):
                    continue
                others = [n for n in self.layers[self.layer[cloud]] if n != cloud]
                if all(
                    abs(self.y[n] - self.y[flow]) >= (self.size[n][1] + CLOUD[1]) / 2 + 6
                    and (self.y[n] < self.y[cloud]) == (self.y[n] < self.y[flow])
                    for n in others
                ):
                    self.y[cloud] = self.y[flow]

    def _span(self, track: _Track) -> int:
        return self.layer[track.nodes[0]] - self.layer[track.nodes[-1]]

    def _track(self, pipe: Pipe) -> _Track:
        """Put the nodes of a pipe into columns."""
        node, layer = self.nodes[pipe.flow], self.layer
        first, last = pipe.start or f"c:{pipe.flow}:in", pipe.end or f"c:{pipe.flow}:out"
        if pipe.start and pipe.end and layer[pipe.end] <= layer[pipe.start]:
            return _Track(pipe, [first, last], back=True)
        layer[pipe.flow] = layer[pipe.start] + 1 if pipe.start else layer[pipe.end] - 1 if pipe.end else 1
        self.size[pipe.flow] = max(node.width, VALVE[0]) + 8, 2 * (node.height + VALVE[1] / 2 + 4)
        for cloud, at in ((first, layer[pipe.flow] - 1), (last, layer[pipe.flow] + 1)):
            if cloud.startswith("c:"):
                layer[cloud], self.size[cloud] = at, CLOUD
        slots = [f"s:{pipe.flow}:{c}" for c in range(layer[pipe.flow] + 1, layer[last])]
        for c, slot in enumerate(slots, layer[pipe.flow] + 1):
            layer[slot], self.size[slot] = c, (0.0, SLOT)
        return _Track(pipe, [first, pipe.flow, *slots, last])

    def _ports(self, out: bool) -> dict[tuple[str, str], float]:
        """Heights at which pipes leave (or enter) the stocks: as near as can be to where they come from."""
        found: dict[tuple[str, str], float] = {}
        for stock in (n for n in self.layer if n in self.nodes and self.nodes[n].kind == "stock"):
            mine = [t for t in self.onward if t.nodes[0 if out else -1] == stock]
            mine.sort(key=lambda t: self.y[t.nodes[1 if out else -2]])
            low = self.y[stock] - self.size[stock][1] / 2 + 8
            high = self.y[stock] + self.size[stock][1] / 2 - 8
            high -= PORT * sum(stock in t.nodes for t in self.backs)
            at = [min(max(self.y[t.nodes[1 if out else -2]], low), high) for t in mine]
            for k in range(1, len(at)):
                at[k] = max(at[k], at[k - 1] + _CLOSE)
            for k in reversed(range(len(at))):
                at[k] = min(at[k], high if k == len(at) - 1 else at[k + 1] - _CLOSE)
            found |= {(stock, t.pipe.flow): y for t, y in zip(mine, at, strict=True)}
        return found

    def _height(self, track: _Track, place: int, out: bool) -> float:
        """Height of a pipe on the right (`out`) or left side of its node."""
        node = track.nodes[place]
        return self.ports[out].get((node, track.pipe.flow), self.y[node])

    # -- bends --------------------------------------------------------------------------------------------------------

    def chain(self) -> Chain:
        """Set the columns apart, wide enough for the bends of pipes between them."""
        lowest = {layer[-1] for layer in self.layers}
        floor = max(self.y[n] + self.size[n][1] / 2 for n in self.y)
        lanes: dict[int, float] = {}
        for t in self.backs:
            lanes[id(t)] = floor + 18 + VALVE[1] / 2
            floor += self.nodes[t.pipe.flow].height + VALVE[1] + 24
        bends: list[list[tuple[_Track, float, float]]] = [[] for _ in range(len(self.layers) + 1)]  # before each column
        for t in self.onward:
            for place, node in enumerate(t.nodes[:-1]):
                a, b = self._height(t, place, True), self._height(t, place + 1, False)
                if abs(a - b) > 0.5:
                    bends[self.layer[node] + 1].append((t, a, b))
        straight = {id(t): self._straight(t, lowest) for t in self.backs}
        for t in self.backs:
            start, end = t.nodes
            if not straight[id(t)][0]:
                bends[self.layer[start] + 1].append((t, self._side(start, t), lanes[id(t)]))
            if not straight[id(t)][1]:
                bends[self.layer[end]].append((t, self._side(end, t), lanes[id(t)]))
        x, left, right = 0.0, [], []
        for c in range(len(self.layers) + 1):
            x = self._bend(bends[c], c, x)
            if c < len(self.layers):
                left.append(x)
                x += max(self.size[n][0] for n in self.layers[c])
                right.append(x)
        at = {n: ((left[c] + right[c]) / 2, self.y[n]) for n, c in self.layer.items()}
        runs = [self._run(t, at) for t in self.onward]
        for t in self.backs:
            runs.append(self._run_back(t, at, lanes[id(t)], straight[id(t)]))
            points = runs[-1].points
            at[t.pipe.flow] = (points[-3][0] + points[2][0]) / 2, lanes[id(t)]
        keys = {n: p for n, p in at.items() if n in self.nodes}
        rooms = {n: room_of(self.nodes[n], p, self.size.get(n, (0.0, 0.0))) for n, p in keys.items()}
        return Chain(keys, rooms, sorted(runs, key=lambda r: list(self.nodes).index(r.pipe.flow)), x, floor)

    def _side(self, stock: str, track: _Track) -> float:
        """Height at which a pipe that runs back meets the side of a box: near its lower corner."""
        place = [t for t in self.backs if stock in t.nodes].index(track)
        return self.y[stock] + self.size[stock][1] / 2 - 9 - PORT * place

    def _straight(self, track: _Track, lowest: set[str]) -> tuple[bool, bool]:
        """Whether a pipe that runs back can leave and enter the boxes from below."""
        start, end = track.nodes
        if self.layer[start] - self.layer[end] < 2:
            return False, False
        busy = {n for t in self.backs[: self.backs.index(track)] for n in t.nodes}
        return start in lowest and start not in busy, end in lowest and end not in busy

    def _bend(self, bends: list[tuple[_Track, float, float]], c: int, x: float) -> float:
        """Set the bends between two columns side by side so that they do not cross; gives the end of the gap."""
        rising = sorted((b for b in bends if b[2] < b[1]), key=lambda b: b[1])
        falling = sorted((b for b in bends if b[2] >= b[1]), key=lambda b: -b[1])
        taken: list[tuple[float, float, int]] = []
        for track, a, b in [*rising, *falling]:
            low, high = min(a, b) - 12, max(a, b) + 12
            lane = max((k + 1 for lo, hi, k in taken if lo < high and low < hi), default=0)
            taken.append((low, high, lane))
            end = -1 if self.layer[track.nodes[0]] + 1 == c else -2
            track.bends[end if track.back else c] = x + 14 + LANE * lane
        lanes = max((k for *_, k in taken), default=-1) + 1
        inner = 0 < c < len(self.layers)
        return x + (max(REACH, 28 + LANE * (lanes - 1)) if inner else 28 + LANE * (lanes - 1) if lanes else 0.0)

    # -- corners ------------------------------------------------------------------------------------------------------

    def _run(self, track: _Track, at: Mapping[str, Point]) -> Run:
        first, last = track.nodes[0], track.nodes[-1]
        begin = at[first][0] + self.size[first][0] / 2 - (6 if first.startswith("c:") else 0)
        end = at[last][0] - self.size[last][0] / 2 + (2 if last.startswith("c:") else 0)
        points = [(begin, self._height(track, 0, True))]
        for place, node in enumerate(track.nodes[:-1]):
            a, b = self._height(track, place, True), self._height(track, place + 1, False)
            bend = track.bends.get(self.layer[node] + 1)
            if abs(a - b) > 0.5 and bend is not None:
                points += [(bend, a), (bend, b)]
        points.append((end, points[-1][1]))
        return Run(track.pipe, points, [at[n] for n in (first, last) if n.startswith("c:")])

    def _run_back(self, track: _Track, at: Mapping[str, Point], lane: float, straight: tuple[bool, bool]) -> Run:
        points: list[Point] = []
        for node, below, side, bend in zip(track.nodes, straight, (1, -1), (-1, -2), strict=True):
            x, y = at[node]
            width, height = self.size[node]
            if below:
                mine = [(x, y + height / 2), (x, y + height / 2), (x, lane)]
            else:
                edge = (x + side * width / 2, self._side(node, track))
                mine = [edge, (track.bends[bend], edge[1]), (track.bends[bend], lane)]
            points += mine if side == 1 else mine[::-1]
        return Run(track.pipe, points, [])
