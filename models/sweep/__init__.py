"""Sweeps of the care model and of any network: what the keys of a design mean, and the commands."""
