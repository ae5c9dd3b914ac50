"""Units of a stock-flow model: how they are written, and whether every equation agrees with them.

:mod:`~sim.stocks.units.registry` knows the units of a model, :mod:`~sim.stocks.units.expression` finds the unit of one
expression, :mod:`~sim.stocks.units.analysis` checks a whole model and :mod:`~sim.stocks.units.table` prints what was
found.
"""

from sim.stocks.units.analysis import Analysis, analyse
from sim.stocks.units.registry import UnitError, Units
from sim.stocks.units.table import report

__all__ = ["Analysis", "UnitError", "Units", "analyse", "report"]
