"""Stocks and flows from a file, alone or with a network on one clock: ``carebridge stocks`` and ``hybrid``."""
