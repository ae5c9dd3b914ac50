"""Stock-flow models: files, checks, units, generated source, runs; see ``docs/stocks.md``."""

from sim.stocks.load import load_stocks
from sim.stocks.model import Model
from sim.stocks.run import Stocks, Trajectory, at_other_times

__all__ = ["Model", "Stocks", "Trajectory", "at_other_times", "load_stocks"]
