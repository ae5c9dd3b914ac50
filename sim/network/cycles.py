"""Stations on a cycle of finite places and waiting rooms: there, holders may block one another for ever."""

from __future__ import annotations

from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from sim.network.schema import Network, Station

__all__ = ["deadlock_prone", "finite_for_transfers"]


def finite_for_transfers(station: Station) -> bool:
    """Whether somebody who comes to a station by transfer may find no place and no room."""
    if station.places == "inf" and not station.holds:
        return False
    if station.inside_room is not None:
        return station.inside_room != "inf"
    rooms = station.waiting_room.values() if isinstance(station.waiting_room, dict) else [station.waiting_room]
    return any(room != "inf" for room in rooms)


def deadlock_prone(network: Network) -> list[list[str]]:
    """Groups of stations that can lock up: strongly connected by routes between stations that may be full.

    A route from a station to itself does not count, since whoever takes it keeps the place.
    """
    finite = [name for name, station in network.stations.items() if finite_for_transfers(station)]
    index = {name: i for i, name in enumerate(finite)}
    edges = [
        (index[name], index[to])
        for name in finite
        for rule in network.stations[name].routes
        for to in rule.to
        if to in index and to != name
    ]
    if not edges:
        return []
    rows, columns = zip(*edges, strict=True)
    graph = csr_array(([1] * len(edges), (rows, columns)), shape=(len(finite), len(finite)))
    count, label = connected_components(graph, directed=True, connection="strong")
    groups = [[finite[i] for i in range(len(finite)) if label[i] == g] for g in range(count)]
    return [group for group in groups if len(group) > 1]
