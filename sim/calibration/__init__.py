"""Calibration: parameters of a stochastic simulator from observed figures, or the finding that none will do.

========================  =============================================================================================
Parameter, Target         what is not known, with its prior; what was observed, with its tolerance
history_match             wave after wave, what cannot be right is ruled out; refuses when nothing is left
moments                   the point that fits best (simulated moments), with covariance and misses
identify                  which parameters, or combinations of them, the targets identify
posterior                 draws and ranges of the parameters, after either
held_out                  figures that the fit has not seen: predicted, compared, scored
spread, spread_error      variation from year to year as a target
CannotFit                 the refusal, which names the targets that contradict one another
========================  =============================================================================================

A simulator takes a point by name and numbers of replications; a replication of one number has the same draws at every
point. How all this is used is shown in ``docs/calibration.md``.
"""

from sim.calibration.held_out import HeldOut, held_out
from sim.calibration.history import HistoryMatch, Wave, history_match
from sim.calibration.identify import Direction, Identified, identify
from sim.calibration.moments import Moments, moments
from sim.calibration.posterior import Posterior, posterior
from sim.calibration.problem import LogNormal, Normal, Parameter, Target
from sim.calibration.refusal import CannotFit, Miss
from sim.calibration.runs import Simulator
from sim.calibration.summary import spread, spread_error

__all__ = [
    "CannotFit",
    "Direction",
    "HeldOut",
    "HistoryMatch",
    "Identified",
    "LogNormal",
    "Miss",
    "Moments",
    "Normal",
    "Parameter",
    "Posterior",
    "Simulator",
    "Target",
    "Wave",
    "held_out",
    "history_match",
    "identify",
    "moments",
    "posterior",
    "spread",
    "spread_error",
]
