"""Carebridge's engine: networks of sources, stations and routes, run by one compiled kernel.

It knows places, stations, entities and time, and nothing of what they stand for.
"""

from sim.errors import CarebridgeError, ConservationError, Fault, FaultsError
from sim.network.load import load_network
from sim.network.schema import Network
from sim.run import Run
from sim.tables import Lowered, lower

__all__ = [
    "CarebridgeError",
    "ConservationError",
    "Fault",
    "FaultsError",
    "Lowered",
    "Network",
    "Run",
    "load_network",
    "lower",
]
