"""Fitting a footprint to its own past, saying how well it is known, or that there is no baseline."""
