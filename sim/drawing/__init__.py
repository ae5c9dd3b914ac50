"""Networks and stock-flow models as pictures: SVG without further programs, to look at and to print."""

from sim.drawing.stocks import draw_stocks
from sim.drawing.svg import draw

__all__ = ["draw", "draw_stocks"]
