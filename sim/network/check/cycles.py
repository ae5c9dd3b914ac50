"""Rules about rings: chains of diversions that meet themselves, and what stations that could lock up may not use."""

from __future__ import annotations

from sim.network.check.findings import Findings, finding
from sim.network.cycles import deadlock_prone, finite_for_transfers
from sim.network.schema import LEAVE, Network, Station

__all__ = ["chain", "cycle_findings"]

_FORBIDDEN = ("reserve", "holds", "overflow", "slots")
_READ = ("places", "waiting_room", "inside_room", "holds", "routes")  # what makes a ring


def cycle_findings(network: Network) -> Findings:
    """Findings about rings of stations."""
    yield from _diversions(network)
    for ring in deadlock_prone(network):
        yield from _ring(network, ring)
    for name, station in network.stations.items():
        yield from _own_ways(network, name, station)


def chain(network: Network, name: str) -> list[str]:
    """Stations that are asked one after another when `name` has neither place nor room, `name` first."""
    found: list[str] = []
    to: str | None = name
    while to is not None and to != LEAVE and to in network.stations and to not in found:
        found.append(to)
        to = network.stations[to].divert
    return found


def _diversions(network: Network) -> Findings:
    """A chain that meets itself is reported once, at its first station in the order of the file."""
    done: set[str] = set()
    for name in network.stations:
        links = chain(network, name)
        last = network.stations[links[-1]].divert if links else None
        if last in links and last not in done:
            ring = links[links.index(last) :]
            done.update(ring)
            first = min(ring, key=list(network.stations).index)
            turned = [*ring[ring.index(first) :], *ring[: ring.index(first)]]
            rule = f"diversions go round: {' → '.join([*turned, first])}; let one of them end (divert: leave)."
            reads = [f"stations.{one}.divert" for one in ring]
            yield finding(f"stations.{first}.divert", network.stations[first].divert, rule, reads=reads)


def _ring(network: Network, ring: list[str]) -> Findings:
    shared = [f"stations.{n}.{f}" for n in ring for f in _READ]
    text = f"{', '.join(ring)} lead to one another with limited places and waiting rooms, so that they can lock up"
    for name in ring:
        station = network.stations[name]
        for field in _FORBIDDEN:
            given = getattr(station, field)
            if any(given.values()) if field == "reserve" else given:
                key = f"stations.{name}.{field}"
                rule = f"{text}; stations there cannot use {field}. Leave it out, or give one of them room."
                yield finding(key, None, rule, reads=(key, *shared), example="waiting_room: inf")
    for name, station in network.stations.items():
        for to in station.overflow.to if station.overflow else ():
            if to in ring:
                key = f"stations.{name}.overflow.to"
                rule = f"{text}; stations there cannot be used as overflow."
                yield finding(key, to, rule, reads=(key, *shared), example="waiting_room: inf")


def _own_ways(network: Network, name: str, station: Station) -> Findings:
    """An outlier could wait for the very place that it holds, where its station leads to the one it lodges at."""
    onward = {to for rule in station.routes for to in rule.to} - {LEAVE, name}
    limited = {to for to in onward if to in network.stations and finite_for_transfers(network.stations[to])}
    over = set(station.overflow.to if station.overflow else ())
    for to in sorted(limited & over):
        key = f"stations.{name}.overflow.to"
        rule = f"'{name}' leads to '{to}': an outlier there could wait for the place that it holds. Give '{to}' room."
        reads = (key, f"stations.{name}.routes", f"stations.{to}.waiting_room", f"stations.{to}.inside_room")
        yield finding(key, to, rule, reads=reads, example="waiting_room: inf")
