"""The band between a network and stocks: an arrow for what passes, down to the stocks or up to the network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from sim.drawing.exchange import Passed
from sim.drawing.stock_graph import clean, cut, width_of
from sim.drawing.svg import Piece

__all__ = ["band"]

_ARROW, _LEAST, _MOST, _APART = 34.0, 150.0, 260.0, 22.0  #: room of an arrow, width of a card's texts, between cards
_SIDE = 132.0  #: room for the interval, left of the cards
_NAME, _SMALL, _LINE = 12.0, 11.0, 14.5
_GAP, _ROWS = 15.0, 20.0  #: between the texts of a card, between rows of cards
_SHAFT, _HEAD, _RADIUS = 4.5, (11.0, 15.0), 9.5


@dataclass(frozen=True)
class _Card:
    """What passes, with the lines that are written: network above, what passes, stocks below."""

    passed: Passed
    above: tuple[str, ...]
    what: tuple[str, ...]
    notes: tuple[str, ...]
    below: tuple[str, ...]
    width: float

    @property
    def height(self) -> float:
        lines = len(self.above) + len(self.what) + len(self.notes) + len(self.below)
        return _LINE * lines + 2 * _GAP + 12


def band(found: Sequence[Passed], interval: str, width: float) -> Piece:
    """Draw what passes.

    Parameters
    ----------
    width : float
        At least so wide.
    """
    if not found:
        return Piece([_text(0, 24, "nothing passes between the two", _NAME, True)], width, 40)
    abreast = min(len(found), max(4, int((width - _SIDE) / (_LEAST + _ARROW + _APART))))
    room = min(max((width - _SIDE) / abreast - _ARROW - _APART, _LEAST), _MOST)
    cards = [_card(one, room) for one in found]
    rows = [cards[k : k + abreast] for k in range(0, len(cards), abreast)]
    lines, y, wide = [], 0.0, width
    for k, row in enumerate(rows):
        height = max(card.height for card in row)
        x = _SIDE
        share = max((width - _SIDE) / abreast, max(card.width for card in cards) + _ARROW + _APART)
        for card in row:
            lines += _drawn(card, x, y, height)
            x += share
        wide = max(wide, x)
        y += height + (_ROWS if k + 1 < len(rows) else 0.0)
    return Piece([*_side(interval, y), *lines], wide, y)


def _side(interval: str, height: float) -> list[str]:
    """How often, beside the arrows."""
    told = cut(clean(interval), 14, (_SIDE - 16) / 1.08, 99)
    top = height / 2 - 9 * len(told) + 14
    return [_text(0, top + 18 * k, line, 14, True) for k, line in enumerate(told)]


def _card(one: Passed, room: float) -> _Card:
    places, columns = _once(one.network), _once(one.stocks)
    above, below = _wrapped([clean(p) for p in places], room), _wrapped(_elements(columns), room)
    what = cut(clean(one.what), _NAME, room / 1.08, 99)
    *notes, unit = one.notes
    if len(places) > 1:
        notes.append("one each, in this order" if len(columns) > 1 else "the same for each")
    said = [line for note in [*notes, unit] for line in cut(clean(note), _SMALL, room, 99)]
    wide = [width_of(t, _NAME) * 1.08 for t in (*above, *what, *below)] + [width_of(t, _SMALL) for t in said]
    return _Card(one, above, what, tuple(said), below, max(wide))


def _once(names: Sequence[str]) -> Sequence[str]:
    """Names, or the one that all are."""
    return names[:1] if len(set(names)) == 1 else names


def _elements(columns: Sequence[str]) -> list[str]:
    """Names of columns, those of one variable with all their elements in one pair of brackets."""
    if len(columns) == 1 or not all("[" in c for c in columns):
        return [clean(c) for c in columns]
    name = clean(columns[0].partition("[")[0])
    inner = [clean(c.partition("[")[2].rpartition("]")[0]) for c in columns]
    if any("," in i for i in inner):
        return [f"{name}[{i}]" for i in inner]
    return [f"{name}[{inner[0]}", *inner[1:-1], f"{inner[-1]}]"]


def _wrapped(items: Sequence[str], room: float) -> tuple[str, ...]:
    """A list in lines, broken between its items where that is possible."""
    found: list[str] = []
    for k, item in enumerate(items):
        told = item + ("," if k + 1 < len(items) else "")
        together = f"{found[-1]} {told}" if found else told
        if found and width_of(together, _NAME) * 1.08 <= room:
            found[-1] = together
        else:
            found += cut(told, _NAME, room / 1.08, 999)
    return tuple(found)


def _drawn(card: _Card, x: float, y: float, height: float) -> list[str]:
    one = card.passed
    begin, end = (y, y + height) if one.feed else (y + height, y)
    way = "→" if one.feed else "←"
    told = [f"{n} {way} {s}: {one.what}" for n, s in zip(one.network, one.stocks, strict=True)]
    found = [f'<g class="{"feed" if one.feed else "drive"}"><title>{escape(clean("; ".join(told)))}</title>']
    found += [_block_arrow(x + 12, begin, end, one.feed), *_number(one.number, x + 12, y + height / 2, one.feed)]
    x += _ARROW
    found += [_text(x, y + 16 + _LINE * k, line, _NAME, True) for k, line in enumerate(card.above)]
    free = height - card.height
    middle = y + 6 + _LINE * len(card.above) + _GAP + free / 2
    for k, line in enumerate(card.what):
        found.append(_text(x, middle + 10 + _LINE * k, line, _NAME))
    middle += _LINE * len(card.what)
    found += [_text(x, middle + 10 + _LINE * k, line, _SMALL) for k, line in enumerate(card.notes)]
    bottom = y + height - 6 - _LINE * len(card.below)
    found += [_text(x, bottom + 10 + _LINE * k, line, _NAME, True) for k, line in enumerate(card.below)]
    return [*found, "</g>"]


def _block_arrow(x: float, begin: float, end: float, filled: bool) -> str:
    """A broad arrow, up or down, black where it is `filled`."""
    half, length = _HEAD[0], _HEAD[1] if end > begin else -_HEAD[1]
    neck = end - length
    track = (
        f"M{x - _SHAFT:.1f} {begin:.1f} V{neck:.1f} H{x - half:.1f} L{x:.1f} {end:.1f} L{x + half:.1f} {neck:.1f} "
        f"H{x + _SHAFT:.1f} V{begin:.1f} Z"
    )
    return f'<path class="exchange" d="{track}" fill="{"black" if filled else "white"}" stroke="black"/>'


def _number(told: int, x: float, y: float, filled: bool) -> list[str]:
    """The number of an arrow, upon it."""
    paper, ink = ("black", "white") if filled else ("white", "black")
    return [
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{_RADIUS}" fill="{paper}" stroke="{ink}"/>',
        f'<text x="{x:.1f}" y="{y + 4:.1f}" font-size="11" font-weight="bold" text-anchor="middle" fill="{ink}">'
        f"{told}</text>",
    ]


def _text(x: float, y: float, text: str, size: float, bold: bool = False) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}"{weight}>{escape(text)}</text>'
