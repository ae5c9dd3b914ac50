"""The compiled event kernel: one rule a file, one loop in :mod:`sim.kernel.advance`."""
