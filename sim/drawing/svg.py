"""The drawing itself: SVG in black and white, arrows with their shares, legend and shared pools below."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import NamedTuple

from sim.drawing.graph import Arrow, Box, graph
from sim.drawing.layers import columns, heights, ordered
from sim.drawing.tags import Tag, tag_marks, tags_width
from sim.drawing.words import pool_lines
from sim.network.schema import LEAVE, Network

__all__ = ["Piece", "Tags", "draw", "draw_part"]

#: numbers beside a box, by its key and nothing (a pool: `pool:` and its name), or beside an arrow, by both its ends
Tags = Mapping[tuple[str, str], Sequence[Tag]]

LINE, TITLE, PAD = 15.0, 20.0, 9.0  #: heights of a text line, of a title, and the margin inside a box
PORT, LANE, CURVE, TIP = 19.0, 11.0, 54.0, 12.0  #: distances of ports and lanes, width of curves, length of a tip
GAP, MARGIN, WRAP = 22.0, 24.0, 34  #: between boxes of a column, around the drawing, characters of a line
STYLE = {"route": "", "return": ' stroke-dasharray="7 4"', "other": ' stroke-dasharray="2 3"'}
CORNER = 7.0  #: radius of a track's corners
MEANING = {"route": "goes on to", "return": "comes back later", "other": "when full or giving up"}
_NARROW, _WIDE = set("ijltfrI.,:;'|!()[]/ 1"), set("mwMWQ@%–→…")


def text_width(text: str, size: float) -> float:
    """Width of a text in a common sans-serif font, rather too much than too little."""
    units = sum(0.34 if c in _NARROW else 0.92 if c in _WIDE else 0.70 if c.isupper() else 0.575 for c in text)
    return units * size


class Piece(NamedTuple):
    """What is drawn, as lines of SVG, and the room that it takes."""

    lines: list[str]
    width: float
    height: float


@dataclass
class _Placed:
    """A box, or the slot of an arrow that passes a column."""

    box: Box | None
    lines: list[str]
    width: float
    height: float
    x: float = 0.0
    y: float = 0.0  # its middle


@dataclass
class _Way:
    """An arrow with the nodes it passes; `back` arrows run below all boxes."""

    arrow: Arrow
    nodes: list[str]
    back: bool
    out: float = 0.0  # height of the port where it starts
    into: float = 0.0  # and where it ends


def draw(network: Network) -> str:
    """Draw a checked network as SVG.

    Returns
    -------
    str
        The text of an SVG file: stations in columns from left to right with places, waiting room and stay, sources
        with rates, shares on the arrows, shared pools below.
    """
    piece = _Drawing(network, *graph(network), list(network.pools), {}).piece()
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{piece.width:.0f}" height="{piece.height:.0f}" '
        f'viewBox="0 0 {piece.width:.0f} {piece.height:.0f}" font-family="Helvetica, Arial, sans-serif">'
    )
    marker = (
        '<defs><marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" '
        'markerUnits="userSpaceOnUse" orient="auto"><path d="M0 1 L10 5 L0 9 Z"/></marker></defs>'
    )
    paper = '<rect width="100%" height="100%" fill="white"/>'
    return "\n".join([head, marker, paper, *piece.lines, "</svg>", ""])


def draw_part(
    network: Network, boxes: Sequence[Box], arrows: Sequence[Arrow], pools: Sequence[str], tags: Tags
) -> Piece:
    """Draw chosen boxes, arrows and pools of a network, with tags, as a piece of a larger picture.

    The picture needs a marker called ``tip``.
    """
    return _Drawing(network, boxes, arrows, pools, tags).piece()


class _Drawing:
    def __init__(
        self, network: Network, boxes: Sequence[Box], arrows: Sequence[Arrow], pools: Sequence[str], tags: Tags
    ):
        self.network, self.pools, self.tags = network, pools, tags
        self.boxes = {box.key: box for box in boxes}
        edges = [(a.start, a.end) for a in arrows]
        column = columns(list(self.boxes), edges, {b.key for b in boxes if b.kind == "source"})
        self.placed = {box.key: _measured(box, arrows, self._tags_width(box.key)) for box in boxes}
        self.ways = [self._way(n, arrow, column) for n, arrow in enumerate(arrows)]
        last = max(column.values(), default=0)
        layers: list[list[str]] = [[] for _ in range(last + 1)]
        for node, c in column.items():
            layers[c].append(node)
        self.links = [
            (a, b) for way in self.ways if not way.back for a, b in zip(way.nodes, way.nodes[1:], strict=False)
        ]
        self.layers = ordered(layers, self.links)
        self.column = column
        self.exits: dict[str, list[float]] = {}
        self.below_width = 0.0
        self._place()

    def _way(self, number: int, arrow: Arrow, column: dict[str, int]) -> _Way:
        a, b = column[arrow.start], column[arrow.end]
        if b <= a:
            return _Way(arrow, [arrow.start, arrow.end], back=True)
        slots = [f"slot:{number}:{c}" for c in range(a + 1, b)]
        for c, slot in enumerate(slots, a + 1):
            column[slot] = c
            self.placed[slot] = _Placed(None, [], 0.0, PORT)
        return _Way(arrow, [arrow.start, *slots, arrow.end], back=False)

    # -- where everything is ------------------------------------------------------------------------------------------

    def _place(self) -> None:
        size = {node: p.height for node, p in self.placed.items()}
        for node, y in heights(self.layers, size, self.links, GAP).items():
            self.placed[node].y = y + MARGIN + 40
        self.labels = [max((self._label_width(n) for n in layer), default=0.0) for layer in self.layers]
        backs = [way for way in self.ways if way.back]
        down = [[w for w in backs if self.column[w.arrow.start] == c] for c in range(len(self.layers))]
        up = [[w for w in backs if self.column[w.arrow.end] == c] for c in range(len(self.layers))]
        x = MARGIN + (LANE * len(up[0]) + TIP + 6 if up[0] else 0.0)
        self.left, self.right = [], []
        for c, layer in enumerate(self.layers):
            width = max(self.placed[n].width for n in layer)
            self.left.append(x)
            self.right.append(x + width)
            for node in layer:
                one = self.placed[node]
                one.width = width if one.box is None else one.width
                one.x = x + (width - one.width) / 2
            after = LANE * len(up[c + 1]) if c + 1 < len(up) else 0.0
            x += width + self.labels[c] + LANE * len(down[c]) + (CURVE if c + 1 < len(up) else 0.0) + after + TIP
        self.bottom = max(p.y + p.height / 2 for p in self.placed.values())
        self.lanes = {id(way): self.bottom + 16 + LANE * 1.3 * n for n, way in enumerate(backs)}
        self.down = {
            id(w): self.right[c] + self.labels[c] + LANE * (k + 0.5)
            for c in range(len(down))
            for k, w in enumerate(down[c])
        }
        self.up = {id(w): self.left[c] - TIP - LANE * (k + 0.5) for c in range(len(up)) for k, w in enumerate(up[c])}
        self.width = x + MARGIN
        self._ports()

    def _label_width(self, node: str) -> float:
        """Room to the right of a box for what is written on its arrows."""
        box = self.placed[node].box
        if box is None:
            return 0.0
        arrows = [w.arrow for w in self.ways if w.arrow.start == node]
        widths = [text_width(a.label, 11) + self._tags_width(node, a.end) + 12 for a in arrows if a.label]
        widths += [text_width(t, 11) + self._tags_width(node, LEAVE) + TIP + 12 for t in box.exits]
        return max(widths, default=8.0)

    def _tags_width(self, start: str, end: str = "") -> float:
        return tags_width(self.tags.get((start, end), ()))

    def _tagged(self, start: str, end: str, x: float, y: float) -> list[str]:
        return tag_marks(self.tags.get((start, end), ()), x, y)

    def _ports(self) -> None:
        """Heights at which arrows leave and reach the boxes, in the order of their other ends."""
        for node, one in self.placed.items():
            if one.box is None:
                continue
            out = [w for w in self.ways if w.arrow.start == node]
            out.sort(key=lambda w: (w.back, self.placed[w.nodes[1]].y if not w.back else -self.down[id(w)]))
            heights_out = _spread(one, len(out) + len(one.box.exits))
            ahead = sum(not w.back for w in out)
            # exits stand between the arrows to the right and those that run below
            for way, y in zip(out, heights_out[:ahead] + heights_out[ahead + len(one.box.exits) :], strict=True):
                way.out = y
            self.exits[node] = heights_out[ahead : ahead + len(one.box.exits)]
            into = [w for w in self.ways if w.arrow.end == node]
            into.sort(key=lambda w: (w.back, self.placed[w.nodes[-2]].y if not w.back else -self.up[id(w)]))
            for way, y in zip(into, _spread(one, len(into)), strict=True):
                way.into = y

    # -- what is written ----------------------------------------------------------------------------------------------

    def piece(self) -> Piece:
        """All lines, and the size of the whole."""
        body = [self._title()]
        body += [line for way in self.ways for line in self._arrow(way)]
        body += [line for node, one in self.placed.items() if one.box for line in self._box(node, one)]
        below = max([self.bottom, *self.lanes.values()]) + 30
        pools, below = self._pools_below(below)
        legend, below = self._legend(below)
        width = max(self.width, self._title_width() + 2 * MARGIN, self.below_width)
        return Piece([*body, *pools, *legend], width, below + MARGIN)

    def _title_width(self) -> float:
        return text_width(self.network.name, 16)

    def _title(self) -> str:
        return _text(MARGIN, MARGIN + 14, self.network.name, 16, bold=True)

    def _box(self, node: str, one: _Placed) -> list[str]:
        assert one.box is not None  # noqa: S101 - slots are not drawn
        top, round_ = one.y - one.height / 2, 14 if one.box.kind == "source" else 2
        found = [
            f'<rect x="{one.x:.1f}" y="{top:.1f}" width="{one.width:.1f}" height="{one.height:.1f}" rx="{round_}" '
            'fill="white" stroke="black" stroke-width="1.4"/>',
            _text(one.x + PAD, top + PAD + 11, one.box.title, 13, bold=True),
            *self._tagged(node, "", one.x + one.width - PAD - self._tags_width(node), top + PAD + 6.5),
        ]
        found += [_text(one.x + PAD, top + TITLE + PAD + 11 + LINE * k, t, 11) for k, t in enumerate(one.lines)]
        for label, y in zip(one.box.exits, self.exits[node], strict=True):
            x, words = one.x + one.width, text_width(label, 11)
            first = LEAVE if label == one.box.exits[0] else "-"  # a route's exit stands first
            found.append(_path(f"M{x:.1f} {y:.1f} H{x + words + self._tags_width(node, first) + TIP + 8:.1f}", "route"))
            found.append(_text(x + 5, y - 3, label, 11))
            found += self._tagged(node, first, x + 5 + words, y - 7.5)
        return found

    def _arrow(self, way: _Way) -> list[str]:
        start, end = self.placed[way.arrow.start], self.placed[way.arrow.end]
        c = self.column[way.arrow.start]
        x, y = start.x + start.width, way.out
        label = [_text(x + 5, y - 3, way.arrow.label, 11)] if way.arrow.label else []
        if label and way.arrow.kind == "route":
            label += self._tagged(way.arrow.start, way.arrow.end, x + 5 + text_width(way.arrow.label, 11), y - 7.5)
        if way.back:
            points = [(x, y), (self.down[id(way)], y), (self.down[id(way)], self.lanes[id(way)])]
            points += [(self.up[id(way)], self.lanes[id(way)]), (self.up[id(way)], way.into), (end.x, way.into)]
            return [_path(_rounded(points), way.arrow.kind), *label]
        track = f"M{x:.1f} {y:.1f}"
        for node in way.nodes[1:]:
            one, there = self.placed[node], node == way.arrow.end
            begin = self.right[c] + self.labels[c]
            c += 1
            goal = way.into if there else one.y
            landing = self.left[c] - TIP - LANE * sum(w.back and w.arrow.end in self.layers[c] for w in self.ways)
            middle = (begin + landing) / 2
            track += f" H{begin:.1f} C{middle:.1f} {y:.1f} {middle:.1f} {goal:.1f} {landing:.1f} {goal:.1f}"
            track += f" H{one.x if there else self.right[c]:.1f}"
            y = goal
        return [_path(track, way.arrow.kind), *label]

    def _pools_below(self, y: float) -> tuple[list[str], float]:
        found, x, tallest = [], MARGIN, 0.0
        for name in self.pools:
            lines = pool_lines(self.network, name)
            tags = self._tags_width(f"pool:{name}")
            width = max(text_width(f"pool {name}", 13) * 1.08 + tags, *(text_width(t, 11) for t in lines)) + 2 * PAD
            height = TITLE + LINE * len(lines) + 2 * PAD - 4
            found.append(
                f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="white" '
                'stroke="black" stroke-width="1.4" stroke-dasharray="1 2"/>'
            )
            found.append(_text(x + PAD, y + PAD + 11, f"pool {name}", 13, bold=True))
            found += self._tagged(f"pool:{name}", "", x + width - PAD - tags, y + PAD + 6.5)
            found += [_text(x + PAD, y + TITLE + PAD + 11 + LINE * k, t, 11) for k, t in enumerate(lines)]
            x, tallest = x + width + GAP, max(tallest, height)
            self.below_width = max(self.below_width, x + MARGIN)
        return found, y + (tallest + GAP if found else 0.0)

    def _legend(self, y: float) -> tuple[list[str], float]:
        found, x = [], MARGIN
        for kind in ("route", "return", "other"):
            if any(way.arrow.kind == kind for way in self.ways):
                found.append(_path(f"M{x:.1f} {y:.1f} h34", kind))
                found.append(_text(x + 40, y + 4, MEANING[kind], 11))
                x += 40 + text_width(MEANING[kind], 11) + 22
        found.append(_text(x, y + 4, "shares: of those whose stay at the station ends", 11))
        self.below_width = max(self.below_width, x + 290)
        return found, y + 10


def _measured(box: Box, arrows: Iterable[Arrow], tags: float) -> _Placed:
    """Size of a box for its texts and for the ports of its arrows."""
    lines = [part for line in box.lines for part in textwrap.wrap(line, WRAP)]
    width = max([text_width(box.title, 13) * 1.08 + tags, *(text_width(t, 11) for t in lines)]) + 2 * PAD
    ports = max(sum(a.start == box.key for a in arrows) + len(box.exits), sum(a.end == box.key for a in arrows))
    return _Placed(box, lines, width, max(TITLE + LINE * len(lines) + 2 * PAD - 4, PORT * ports + 8))


def _spread(one: _Placed, n: int) -> list[float]:
    """Heights of `n` ports, evenly over the side of a box."""
    return [one.y + one.height * ((k + 0.5) / n - 0.5) for k in range(n)]


def _path(track: str, kind: str) -> str:
    return f'<path d="{track}" fill="none" stroke="black" stroke-width="1.1"{STYLE[kind]} marker-end="url(#tip)"/>'


def _text(x: float, y: float, text: str, size: int, bold: bool = False) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}"{weight}>{escape(text)}</text>'


def _rounded(points: list[tuple[float, float]]) -> str:
    """A track of straight lines along the axes, with rounded corners."""
    track = f"M{points[0][0]:.1f} {points[0][1]:.1f}"
    for (ax, ay), (bx, by), (cx, cy) in zip(points, points[1:], points[2:], strict=False):
        r = min(CORNER, (abs(bx - ax) + abs(by - ay)) / 2, (abs(cx - bx) + abs(cy - by)) / 2)
        before = bx - r * _sign(bx - ax), by - r * _sign(by - ay)
        after = bx + r * _sign(cx - bx), by + r * _sign(cy - by)
        track += f" L{before[0]:.1f} {before[1]:.1f} Q{bx:.1f} {by:.1f} {after[0]:.1f} {after[1]:.1f}"
    return track + f" L{points[-1][0]:.1f} {points[-1][1]:.1f}"


def _sign(x: float) -> int:
    return (x > 0) - (x < 0)
