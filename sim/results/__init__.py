"""Figures of a network with half-widths: from what replications have written down to tables, JSON and text."""

from sim.results.results import Block, Estimate, Results
from sim.results.simulate import Experiment, simulate

__all__ = ["Block", "Estimate", "Experiment", "Results", "simulate"]
