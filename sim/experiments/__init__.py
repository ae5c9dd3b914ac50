"""Experiments: replications in parallel, how many are enough, comparisons, inverse questions.

==================  ===================================================================================================
in_order            tasks on threads or processes, results in order
replicate, stream   replications of a network, each measured; so many, or as many as are asked for
until_precise       how many replications a mean needs (Hoad, Robinson and Davies)
decide              is a probability above a threshold? with bounds that allow a look after every replication
mser, welch         how much of a run's beginning to leave out
paired              two arms under common random numbers; variance_report says what the pairing was worth;
                    paired_shares for what happens or does not
invert, frontier    the smallest or largest capacity that meets a criterion; the same for two levers
find_edges, spans   where along a scale something holds, for answers that need all replications at once
==================  ===================================================================================================

How they are used is shown in ``docs/experiments.md``.
"""

from sim.experiments.decide import Decision, anytime_bounds, decide
from sim.experiments.edges import Span, find_edges, spans
from sim.experiments.frontier import frontier
from sim.experiments.inversion import Inversion, Point, invert
from sim.experiments.levers import PlacesOf
from sim.experiments.order import Stopped, in_order
from sim.experiments.pairs import Paired, paired, paired_shares, variance_report
from sim.experiments.precision import Precise, until_precise
from sim.experiments.replicate import finish, replicate, stacked, stream
from sim.experiments.warmup import WarmUp, mser, welch

__all__ = [
    "Decision",
    "Inversion",
    "Paired",
    "PlacesOf",
    "Point",
    "Precise",
    "Span",
    "Stopped",
    "WarmUp",
    "anytime_bounds",
    "decide",
    "find_edges",
    "finish",
    "frontier",
    "in_order",
    "invert",
    "mser",
    "paired",
    "paired_shares",
    "replicate",
    "spans",
    "stacked",
    "stream",
    "until_precise",
    "variance_report",
    "welch",
]
