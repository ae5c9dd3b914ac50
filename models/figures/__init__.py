"""Figures with their evidence, the presets that hold them, and the register that lists them all."""
