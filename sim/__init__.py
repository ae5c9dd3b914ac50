"""Carebridge's engine: networks of sources, stations and routes, run by one compiled kernel.

It knows places, stations, entities and time, and nothing of what they stand for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.errors import CarebridgeError, ConservationError, Fault, FaultsError
    from sim.network.load import load_network
    from sim.network.schema import Network
    from sim.run import Run
    from sim.tables import Lowered, lower

#: where each public name lives; loaded when first used, so that asking for help does not load a compiler
_HOMES = {
    "CarebridgeError": "sim.errors",
    "ConservationError": "sim.errors",
    "Fault": "sim.errors",
    "FaultsError": "sim.errors",
    "Lowered": "sim.tables",
    "Network": "sim.network.schema",
    "Run": "sim.run",
    "load_network": "sim.network.load",
    "lower": "sim.tables",
}

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


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'sim' has no attribute '{name}'")
    return getattr(import_module(_HOMES[name]), name)
