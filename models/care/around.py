"""The network and the stocks around it, on one clock: one hybrid model, exchanged once a day."""

from __future__ import annotations

from models.care.stock_part import StockPart
from sim.hybrid import Hybrid, load_hybrid
from sim.network.schema import Network

__all__ = ["SAVE_EVERY_DAYS", "hybrid"]

SAVE_EVERY_DAYS = 28  #: rows of the stocks that are kept


def hybrid(network: Network, around: StockPart, name: str = "care system") -> Hybrid:
    """Couple a network with the stocks around it; raises FaultsError when they do not fit together."""
    stocks = {
        "name": name,
        "time": {"unit": "day", "start": 0, "dt": 1, "save_every": SAVE_EVERY_DAYS},
        "units": around.units,
        "dimensions": around.dimensions,
        "parameters": around.parameters,
        "inputs": around.inputs,
        "lookups": around.lookups,
        "stocks": around.stocks,
        "flows": around.flows,
        "auxiliaries": around.auxiliaries,
        "rules": around.rules,
    }
    coupling = {"name": name, "entity": "person", "place": "place", "stocks": stocks, "network": {}}
    return load_hybrid({**coupling, "feeds": around.feeds, "drives": around.drives}, network=network)
