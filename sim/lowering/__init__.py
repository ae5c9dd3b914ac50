"""Lowering: how each part of a checked network becomes flat arrays; `sim.tables` puts them together."""
