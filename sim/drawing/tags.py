"""Small numbers beside names, by which a place in one part of a picture is found again in another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

__all__ = ["Tag", "tag_marks", "tags_width"]

_HEIGHT, _SIZE, _APART = 13.0, 9.5, 4.0


@dataclass(frozen=True)
class Tag:
    """A number or several in a rounded frame, white on black where it is `filled`."""

    text: str  # digits, commas and spaces
    filled: bool

    @property
    def width(self) -> float:
        """Width of the frame."""
        return max(_HEIGHT, 0.6 * _SIZE * len(self.text) + 7)


def tags_width(tags: Sequence[Tag]) -> float:
    """Width of tags in a row, with the distance to what stands before them."""
    return sum(tag.width + _APART for tag in tags)


def tag_marks(tags: Sequence[Tag], x: float, y: float) -> list[str]:
    """Draw tags in a row: `x` is the end of what stands before them, `y` their middle."""
    found = []
    for tag in tags:
        x += _APART
        paper, ink = ("black", "white") if tag.filled else ("white", "black")
        found.append(
            f'<rect class="tag" x="{x:.1f}" y="{y - _HEIGHT / 2:.1f}" width="{tag.width:.1f}" height="{_HEIGHT:g}" '
            f'rx="{_HEIGHT / 2:g}" fill="{paper}" stroke="black"/>'
            f'<text class="tag" x="{x + tag.width / 2:.1f}" y="{y + 3.4:.1f}" font-size="{_SIZE}" font-weight="bold" '
            f'text-anchor="middle" fill="{ink}">{escape(tag.text)}</text>'
        )
        x += tag.width
    return found
