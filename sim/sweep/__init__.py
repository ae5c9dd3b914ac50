"""Sweeps: a study run over a design of points, on one machine or many, with nothing lost and nothing done twice.

The study says what a point means (:mod:`sim.sweep.study`); the design says which points there are
(:mod:`sim.sweep.design`); the folder holds what is done (:mod:`sim.sweep.folder`).
"""

from sim.sweep.begin import Sweep, begin
from sim.sweep.collect import collect
from sim.sweep.coordinate import Outcome, coordinate
from sim.sweep.design import Part, Points, lay_out
from sim.sweep.folder import Folder
from sim.sweep.local import LocalExecutor
from sim.sweep.status import status
from sim.sweep.study import Study

__all__ = [
    "Folder",
    "LocalExecutor",
    "Outcome",
    "Part",
    "Points",
    "Study",
    "Sweep",
    "begin",
    "collect",
    "coordinate",
    "lay_out",
    "status",
]
