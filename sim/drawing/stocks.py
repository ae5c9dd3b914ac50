"""Stock-flow models as system dynamicists draw them: SVG in black and white, with a legend of the marks."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from sim.drawing.stock_graph import Node, clean, cut, graph, width_of
from sim.drawing.stock_links import Arc, arcs, bounds
from sim.drawing.stock_pipes import VALVE, Run, chains
from sim.drawing.stock_places import ICON, places
from sim.drawing.stock_plan import Plan, Point, stacked
from sim.drawing.svg import Piece
from sim.drawing.tags import Tag, tag_marks, tags_width
from sim.stocks.model import Model

__all__ = ["draw_stocks", "draw_stocks_part"]

MARGIN, LINE = 24.0, 15.0
_HEAD = (11.0, 7.0)  #: length and half width of a pipe's arrow head
_MEANING = {
    "stock": "stock: what accumulates",
    "flow": "flow, with its valve",
    "both": "flow in both directions",
    "cloud": "outside the model",
    "auxiliary": "auxiliary, computed at every step",
    "parameter": "parameter, constant",
    "input": "input from outside",
    "lookup": "function given by points",
    "rule": "rule, on or off",
    "now": "acts on",
    "late": "acts with delay",
    "start": "acts on the value at the start",
}


def draw_stocks(model: Model) -> str:
    """Draw a stock-flow model as SVG.

    Parameters
    ----------
    model : Model
        Need not be free of faults: what an equation uses and the model does not have is left out.

    Returns
    -------
    str
        The text of an SVG file. The same model gives the same text.
    """
    piece = draw_stocks_part(model)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{piece.width:.0f}" height="{piece.height:.0f}" '
            f'viewBox="0 0 {piece.width:.0f} {piece.height:.0f}" font-family="Helvetica, Arial, sans-serif">',
            '<defs><marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7.5" markerHeight="7.5" '
            'markerUnits="userSpaceOnUse" orient="auto"><path d="M0 1 L10 5 L0 9 Z"/></marker></defs>',
            '<rect width="100%" height="100%" fill="white"/>',
            *piece.lines,
            "</svg>",
            "",
        ]
    )


def draw_stocks_part(model: Model, tags: Mapping[str, Sequence[Tag]] | None = None) -> Piece:
    """Draw stocks as a piece of a larger picture, with tags beside names of variables.

    The picture needs a marker called ``tip``.
    """
    nodes, pipes, links = graph(model)
    for name, some in (tags or {}).items():
        if (node := nodes.get(f"v:{name}")) is not None:
            nodes[node.key] = _Tagged(**vars(node), tags=tuple(some))
    loose = [n for n in nodes.values() if n.kind not in ("stock", "flow")]
    plan = places(nodes, stacked(chains(nodes, pipes), links, loose), links)
    found = arcs(plan, links)
    body = [part for run in plan.runs for part in _pipe(run)]
    body += [_arc(arc) for arc in found]
    body += [_node(nodes[key], at, plan) for key, at in plan.at.items()]
    left, top, right, bottom = bounds(plan, found)
    title = cut(clean(model.name), 16, max(right - left, 560.0) / 1.08, 3)
    above = MARGIN + 20 * len(title) + 12
    width = max(right - left, *(width_of(line, 16) * 1.08 for line in title)) + 2 * MARGIN
    width = max(width, 420.0)
    dx, dy = (width - right + left) / 2 - left, above - top
    legend, height = _legend(_used(nodes, plan, found), width, bottom + dy + 34)
    head = [_text(MARGIN, MARGIN + 14 + 20 * k, line, 16, 'font-weight="bold"') for k, line in enumerate(title)]
    middle = [f'<g class="model" transform="translate({dx:.1f} {dy:.1f})">', *body, "</g>"]
    return Piece([*head, *middle, '<g class="legend">', *legend, "</g>"], width, height + MARGIN)


@dataclass(frozen=True)
class _Tagged(Node):
    """A node with tags to the right of its name."""

    tags: tuple[Tag, ...] = ()

    @property
    def width(self) -> float:
        return super().width + tags_width(self.tags)


# -- pipes and links --------------------------------------------------------------------------------------------------


def _pipe(run: Run) -> list[str]:
    points = list(run.points)
    heads = [_tip(points[-2], points[-1], "black")]
    points[-1] = _short(points[-2], points[-1])
    if run.pipe.both_ways:
        heads.append(_tip(points[1], points[0], "white"))
        points[0] = _short(points[1], points[0])
    track = "M" + " L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    ends = f'data-flow="{_key(run.pipe.flow)}"'
    ends += f' data-from="{_key(run.pipe.start)}" data-to="{_key(run.pipe.end)}"'
    pipe = f'<g class="pipe" {ends}>{_double(track)}{"".join(heads)}</g>'
    return [pipe, *(_cloud(p) for p in run.clouds)]


def _double(track: str) -> str:
    wide = f'<path d="{track}" fill="none" stroke="black" stroke-width="6.4"/>'
    return wide + f'<path d="{track}" fill="none" stroke="white" stroke-width="4"/>'


def _key(key: str | None) -> str:
    return escape(clean(key[2:])) if key else ""


def _short(before: Point, tip: Point) -> Point:
    """Where a pipe ends so that its arrow head has room."""
    length = max(math.dist(before, tip), 1e-9)
    back = min(_HEAD[0], length) / length
    return tip[0] + (before[0] - tip[0]) * back, tip[1] + (before[1] - tip[1]) * back


def _tip(before: Point, tip: Point, fill: str) -> str:
    base = _short(before, tip)
    length = max(math.dist(base, tip), 1e-9)
    across = -(tip[1] - base[1]) / length * _HEAD[1], (tip[0] - base[0]) / length * _HEAD[1]
    corners = [tip, (base[0] + across[0], base[1] + across[1]), (base[0] - across[0], base[1] - across[1])]
    track = " L".join(f"{x:.1f} {y:.1f}" for x, y in corners)
    return f'<path class="head" d="M{track} Z" fill="{fill}" stroke="black"/>'


def _cloud(at: Point) -> str:
    x, y = at
    return (
        f'<path class="cloud" d="M{x - 11:.1f} {y + 8:.1f} a6.5 6.5 0 0 1 -2 -12 a8 8 0 0 1 11 -6 a8.5 8.5 0 0 1 13 3 '
        'a6.5 6.5 0 0 1 3 12 a7 7 0 0 1 -10 4 a8 8 0 0 1 -15 -1 Z" fill="white" stroke="black" stroke-width="1.1"/>'
    )


def _arc(arc: Arc) -> str:
    (ax, ay), (bx, by), (cx, cy) = arc.begin, arc.control, arc.end
    dash = ' stroke-dasharray="4 3"' if arc.link.kind == "start" else ""
    found = (
        f'<path class="link" data-from="{_key(arc.link.start)}" data-to="{_key(arc.link.end)}" '
        f'd="M{ax:.1f} {ay:.1f} Q{bx:.1f} {by:.1f} {cx:.1f} {cy:.1f}" fill="none" stroke="black" '
        f'stroke-width="0.9"{dash} marker-end="url(#tip)"/>'
    )
    return found + (_slashes(*arc.mark) if arc.link.kind == "late" else "")


def _slashes(at: Point, along: Point) -> str:
    """Two strokes across a link."""
    (x, y), (dx, dy) = at, along
    track = ""
    for k in (-2.0, 2.0):
        mx, my = x + k * dx, y + k * dy
        sx, sy = -dy * 6 + dx * 1.5, dx * 6 + dy * 1.5
        track += f"M{mx - sx:.1f} {my - sy:.1f} L{mx + sx:.1f} {my + sy:.1f} "
    return f'<path class="delay" d="{track.strip()}" fill="none" stroke="black" stroke-width="1.3"/>'


# -- names ------------------------------------------------------------------------------------------------------------


def _node(node: Node, at: Point, plan: Plan) -> str:
    x, y = at
    rooms = plan.rooms[node.key]
    left, top, right, bottom = rooms[-1]
    if node.kind == "stock":
        parts = [_rectangle(rooms[0], 'fill="white" stroke="black" stroke-width="1.6"')]
        parts += _lines(node, x, y - node.height / 2, 'font-weight="bold"')
    elif node.kind == "flow":
        parts = [_rectangle(rooms[1], 'fill="white"'), _valve(x, y), *_lines(node, x, top + 1)]
    else:
        parts = [_rectangle(rooms[0], 'fill="white"'), _MARKS[node.kind](left + 7, y)]
        style = 'font-style="italic"' if node.kind == "parameter" else ""
        parts += _lines(node, (left + ICON - 2 + right) / 2, (top + bottom) / 2 - node.height / 2, style)
    told = escape(node.name + (f": {node.about}" if node.about else ""))
    return f'<g class="{node.kind}" data-name="{_key(node.key)}"><title>{told}</title>{"".join(parts)}</g>'


def _lines(node: Node, x: float, top: float, style: str = "") -> list[str]:
    step = node.size + 2.5
    middle = f'{style} text-anchor="middle"'.strip()
    tags = node.tags if isinstance(node, _Tagged) else ()
    x -= tags_width(tags) / 2
    found = [_text(x, top + step * (k + 0.8), line, node.size, middle) for k, line in enumerate(node.lines)]
    if node.unit:
        found.append(_text(x, top + step * len(node.lines) + 9.5, node.unit, 10, 'text-anchor="middle"'))
    return found + tag_marks(tags, x + (node.width - tags_width(tags)) / 2, top + step / 2)


def _rectangle(room: tuple[float, float, float, float], style: str) -> str:
    a, b, c, d = room
    return f'<rect x="{a:.1f}" y="{b:.1f}" width="{c - a:.1f}" height="{d - b:.1f}" {style}/>'


def _text(x: float, y: float, text: str, size: float, style: str = "") -> str:
    style = f" {style}" if style else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}"{style}>{escape(text)}</text>'


def _mark(track: str, fill: str = "white") -> str:
    return f'<path d="{track}" fill="{fill}" stroke="black" stroke-width="1.1"/>'


def _valve(x: float, y: float) -> str:
    w, h = VALVE[0] / 2 - 1, VALVE[1] / 2
    track = f"M{x - w:.1f} {y - h:.1f} V{y + h:.1f} L{x + w:.1f} {y - h:.1f} V{y + h:.1f} Z"
    return f'<path class="valve" d="{track}" fill="white" stroke="black" stroke-width="1.3" stroke-linejoin="round"/>'


def _circle(x: float, y: float) -> str:
    return _mark(f"M{x - 4.5:.1f} {y:.1f} a4.5 4.5 0 1 0 9 0 a4.5 4.5 0 1 0 -9 0 Z")


def _diamond(x: float, y: float) -> str:
    return _mark(f"M{x - 5.5:.1f} {y:.1f} l5.5 -5.5 l5.5 5.5 l-5.5 5.5 Z")


def _triangle(x: float, y: float) -> str:
    return _mark(f"M{x - 4.5:.1f} {y - 5:.1f} l10 5 l-10 5 Z", "black")


def _switch(x: float, y: float) -> str:
    square = _mark(f"M{x - 5:.1f} {y - 5:.1f} h10 v10 h-10 Z")
    return square + _mark(f"M{x - 5:.1f} {y + 5:.1f} L{x + 5:.1f} {y - 5:.1f} V{y + 5:.1f} Z", "black")


def _graph(x: float, y: float) -> str:
    axes = _mark(f"M{x - 5:.1f} {y - 5.5:.1f} V{y + 5:.1f} H{x + 5.5:.1f}", "none")
    return axes + _mark(f"M{x - 5:.1f} {y + 3:.1f} c5 0 5 -7 10 -7", "none")


_MARKS: dict[str, Callable[[float, float], str]] = {
    "auxiliary": _circle,
    "parameter": _diamond,
    "input": _triangle,
    "rule": _switch,
    "lookup": _graph,
}


# -- legend -----------------------------------------------------------------------------------------------------------


def _used(nodes: dict[str, Node], plan: Plan, found: list[Arc]) -> list[str]:
    """Marks that the drawing uses."""
    used = {n.kind for n in nodes.values()} | {a.link.kind for a in found}
    clouds = {"cloud"} if plan.clouds else set()
    both = {"both"} if any(r.pipe.both_ways for r in plan.runs) else set()
    return [kind for kind in _MEANING if kind in used | clouds | both]


def _legend(kinds: list[str], width: float, y: float) -> tuple[list[str], float]:
    """Marks with their meaning, in as many lines as it takes; gives the end of it, too."""
    found: list[str] = []
    x = MARGIN
    for kind in kinds:
        meaning = _MEANING[kind]
        mark = 16 if kind in _MARKS else 42
        room = mark + width_of(meaning, 11) + 20
        if x > MARGIN and x + room - 20 > width - MARGIN:
            x, y = MARGIN, y + 24
        found += [_sample(kind, x, y), _text(x + mark, y + 4, meaning, 11)]
        x += room
    return found, y + 10


def _sample(kind: str, x: float, y: float) -> str:
    if kind == "stock":
        return _mark(f"M{x + 2:.1f} {y - 8:.1f} h32 v16 h-32 Z")
    if kind in ("flow", "both"):
        track = f"M{x + (11 if kind == 'both' else 0):.1f} {y:.1f} H{x + 27:.1f}"
        pipe = _double(track)
        back = _tip((x + 20, y), (x, y), "white") if kind == "both" else ""
        return pipe + back + _tip((x, y), (x + 38, y), "black") + ("" if back else _valve(x + 13, y))
    if kind == "cloud":
        return _cloud((x + 18, y))
    if kind in _MARKS:
        return _MARKS[kind](x + 6, y)
    dash = ' stroke-dasharray="4 3"' if kind == "start" else ""
    track = f'<path d="M{x:.1f} {y + 4:.1f} Q{x + 17:.1f} {y - 8:.1f} {x + 36:.1f} {y + 2:.1f}" fill="none" '
    mark = _slashes((x + 17, y - 2.4), (1.0, -0.05)) if kind == "late" else ""
    return track + f'stroke="black" stroke-width="0.9"{dash} marker-end="url(#tip)"/>' + mark
