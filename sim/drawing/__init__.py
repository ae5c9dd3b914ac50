"""Networks, stock-flow models and both together as pictures: SVG without further programs, to look at and to print."""

from sim.drawing.hybrid import draw_hybrid
from sim.drawing.stocks import draw_stocks
from sim.drawing.svg import draw

__all__ = ["draw", "draw_hybrid", "draw_stocks"]
