"""Ways from the wards of one hospital to a service at another, for mergers of services: nobody takes them as yet."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from models.system.roles import Roles

__all__ = ["Between", "open_ways"]

Between = tuple[str, str, str]  #: service, site at which it closes, site to which it moves


def open_ways(data: dict[str, Any], roles: Roles, between: Iterable[Between]) -> None:
    """Add to every rule that leads to a service of a site the same service elsewhere, with a share of 0.

    Parameters
    ----------
    data : dict
        A network as data; its stations are changed.
    roles : Roles
    between : iterable of (service, site, site)
    """
    for service, site, other in between:
        there = dict(zip(roles.services[site, service], roles.services[other, service], strict=True))
        for ward in roles.wards[site]:
            station = data["stations"][ward]
            station["routes"] = [rule | {"to": _with(rule["to"], there)} for rule in station["routes"]]


def _with(to: dict[str, Any], there: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, way in to.items():
        found[name] = way
        if name in there and there[name] not in to:  # beside it, so that the last way stays the last
            found[there[name]] = way | {"share": 0.0} if isinstance(way, dict) else 0.0
    return found
