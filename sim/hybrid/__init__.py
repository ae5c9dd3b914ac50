"""A network and stocks on one clock; see ``docs/hybrid.md``."""

from sim.hybrid.load import load_hybrid
from sim.hybrid.lower import Ready, ready
from sim.hybrid.model import Hybrid
from sim.hybrid.plain import Controller, KernelSide, Moment, PlainHybrid, TwinSide
from sim.hybrid.run import HybridRun

__all__ = [
    "Controller",
    "Hybrid",
    "HybridRun",
    "KernelSide",
    "Moment",
    "PlainHybrid",
    "Ready",
    "TwinSide",
    "load_hybrid",
    "ready",
]
