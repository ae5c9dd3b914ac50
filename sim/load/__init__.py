"""Offered load, and whether a network can have a steady state."""

from sim.load.offered import Load, offered_load
from sim.load.steady import Steadiness, steadiness

__all__ = ["Load", "Steadiness", "offered_load", "steadiness"]
