"""Whether time can pass: the longest time that a distribution can give."""

from __future__ import annotations

import math

from sim.network.schema import Network, Service

__all__ = ["longest", "takes_time"]


def takes_time(network: Network, use: Service | str | None) -> bool:
    """Whether a distribution can give a millisecond or more, once rounded; nothing given takes none."""
    service = network.services.get(use) if isinstance(use, str) else use
    if service is None:
        return isinstance(use, str)  # a name that does not exist is a fault of its own
    return longest(service) >= 0.5


def longest(service: Service) -> float:
    """Supremum (ms) of a distribution; infinite where it has none or its parameters are at fault."""
    top = _unbounded(service)
    if service.between is not None:
        top = min(top, service.between[1])
    if service.at_least is not None:
        top = max(top, service.at_least)
    return top if service.at_most is None else min(top, service.at_most)


def _unbounded(service: Service) -> float:
    top: float | None = None
    if service.kind == "deterministic":
        top = service.mean
    elif service.kind in ("uniform", "triangular"):
        top = service.high
    elif service.kind == "empirical" and isinstance(service.observed, list):
        top = max(service.observed, default=None)
    return math.inf if top is None else top
