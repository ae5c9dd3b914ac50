"""The reference program: the written semantics in plain Python, with SimPy as its clock and no compiled code.

It is what a modeller reads to understand the engine, where a new rule is tried out, and what the kernel is tested
against: their results are equal with ``==``.
"""

from sim.twin.engine import Twin

__all__ = ["Twin"]
