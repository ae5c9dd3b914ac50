"""A network and stocks in one picture: both as they are drawn by themselves, and between them what passes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING, TypeVar

from sim.drawing.exchange import Passed, interval_text, passed
from sim.drawing.exchange_band import band
from sim.drawing.stock_graph import clean, cut
from sim.drawing.stocks import draw_stocks_part
from sim.drawing.svg import Piece, draw_part
from sim.drawing.tags import Tag, tag_marks
from sim.drawing.taking_part import shown

if TYPE_CHECKING:
    from sim.hybrid.model import Hybrid

__all__ = ["draw_hybrid"]

MARGIN, TITLE, CAPTION, LINE = 24.0, 19.0, 30.0, 15.0
_LEAST = 660.0  #: width of the picture
K = TypeVar("K")

_MEANING = {
    True: "what the network tells the stocks: of the whole interval that has passed, never of one instant",
    False: "what the stocks set in the network, until the next exchange; a number of places or arrivals or a share "
    "written there is that of the network by itself",
}
_UNWRITABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def draw_hybrid(hybrid: Hybrid) -> str:
    """Draw a hybrid model as SVG.

    Parameters
    ----------
    hybrid : Hybrid

    Returns
    -------
    str
        The text of an SVG file: the network above, with the stations that take part and those next to them; the
        stocks below; between them an arrow for what passes, with its number, which stands again where it comes from
        and where it goes to. The same model gives the same text.
    """
    found = passed(hybrid)
    chosen = shown(hybrid.network, [place for one in found for place in one.places])
    places = _tags((place, one) for one in found for place in one.places)
    network = draw_part(hybrid.network, chosen.boxes, chosen.arrows, chosen.pools, places)
    stocks = draw_stocks_part(hybrid.model, _tags((v, one) for one in found for v in one.variables))
    between = band(found, interval_text(hybrid), max(network.width, stocks.width, _LEAST))
    inner = between.width
    width = inner + 2 * MARGIN
    title = cut(clean(hybrid.name), TITLE, inner / 1.08, 99)
    y = MARGIN + 24 * len(title) + 8
    body = [_text(MARGIN, MARGIN + 16 + 24 * k, line, TITLE, bold=True) for k, line in enumerate(title)]
    caption = f"Network: each {clean(hybrid.entity)} is followed one by one"
    part, y = _panel("network", caption, network, y, inner, chosen.note)
    body += part
    body.append(f'<g class="exchanges" transform="translate({MARGIN:.1f} {y:.1f})">')
    body += [*between.lines, "</g>"]
    part, y = _panel("stocks", "Stocks: numbers and what moves them", stocks, y + between.height, inner, "")
    body += part
    legend, y = _legend(found, inner, y + 26)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{y + MARGIN:.0f}" '
        f'viewBox="0 0 {width:.0f} {y + MARGIN:.0f}" font-family="Helvetica, Arial, sans-serif">'
    )
    marker = (
        '<defs><marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" '
        'markerUnits="userSpaceOnUse" orient="auto"><path d="M0 1 L10 5 L0 9 Z"/></marker></defs>'
    )
    paper = '<rect width="100%" height="100%" fill="white"/>'
    whole = "\n".join([head, marker, paper, *body, *legend, "</svg>", ""])
    return _UNWRITABLE.sub("\ufffd", whole)


def _tags(marked: Iterable[tuple[K, Passed]]) -> dict[K, list[Tag]]:
    """Numbers of what passes at each place: feeds white on black, drives black on white."""
    numbers: dict[K, dict[bool, list[int]]] = {}
    for place, one in marked:
        numbers.setdefault(place, {}).setdefault(one.feed, []).append(one.number)
    return {
        place: [Tag(", ".join(map(str, some[feed])), feed) for feed in (True, False) if feed in some]
        for place, some in numbers.items()
    }


def _panel(kind: str, caption: str, piece: Piece, y: float, width: float, note: str) -> tuple[list[str], float]:
    """A piece in a frame of the whole width, with what it is above and a note below; gives the end of it, too."""
    notes = cut(note, 11, width - 2 * MARGIN, 99) if note else ()
    height = CAPTION + piece.height + (LINE * len(notes) + 8 if notes else 0.0)
    below = y + CAPTION + piece.height
    lines = [
        f'<rect class="panel" x="{MARGIN:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="none" '
        'stroke="black" stroke-width="1.6"/>',
        _text(2 * MARGIN, y + 24, caption, 12, style=' font-style="italic"'),
        f'<g class="{kind}" transform="translate({MARGIN:.1f} {y + CAPTION - 8:.1f})">',
        *piece.lines,
        "</g>",
        *(_text(2 * MARGIN, below + 4 + LINE * k, line, 11) for k, line in enumerate(notes)),
    ]
    return lines, y + height


def _legend(found: Sequence[Passed], width: float, y: float) -> tuple[list[str], float]:
    """What arrows and numbers mean; gives the end of it, too."""
    lines: list[str] = []
    for feed, meaning in _MEANING.items():
        numbers = [one.number for one in found if one.feed is feed]
        if not numbers:
            continue
        lines += tag_marks([Tag(str(numbers[0]), feed)], MARGIN - 4, y)
        for line in cut(meaning, 11, width - 24, 9):
            lines.append(_text(MARGIN + 24, y + 4, line, 11))
            y += LINE
        y += 4
    return lines, y - LINE


def _text(x: float, y: float, text: str, size: float, bold: bool = False, style: str = "") -> str:
    weight = ' font-weight="bold"' if bold else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}"{weight}{style}>{escape(text)}</text>'
