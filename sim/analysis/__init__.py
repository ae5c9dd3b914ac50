"""Analysis of a collected sweep: what its answers depend on, and where they pass a threshold.

Every method takes an :class:`~sim.analysis.outcomes.Outcome`, which holds one answer a point of the design, and gives
a table. What the answers mean is the study's affair.
"""

from sim.analysis.frontier import frontier
from sim.analysis.indices import morris_effects, sobol_indices
from sim.analysis.layout import Layout
from sim.analysis.outcomes import Outcome, Tables
from sim.analysis.prim import Found, discover
from sim.analysis.response import response
from sim.analysis.tornado import tornado

__all__ = [
    "Found",
    "Layout",
    "Outcome",
    "Tables",
    "discover",
    "frontier",
    "morris_effects",
    "response",
    "sobol_indices",
    "tornado",
]
