"""Networks as pictures: SVG without further programs, to look at and to print."""

from sim.drawing.svg import draw

__all__ = ["draw"]
