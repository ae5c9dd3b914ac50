"""A network as boxes and arrows: what is drawn, before it is known where."""

from __future__ import annotations

from dataclasses import dataclass, field

from sim.drawing.words import rules_of, service_text, share_text, source_lines, station_lines, where_text
from sim.network.schema import LEAVE, Network, Station

__all__ = ["Arrow", "Box", "graph"]


@dataclass
class Box:
    """A source or a station; `exits` are the arrows out of the network."""

    key: str
    kind: str
    title: str
    lines: list[str]
    exits: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Arrow:
    """An arrow between two boxes: `route`, `return` (of those who left) or `other` (when full, when giving up)."""

    start: str
    end: str
    label: str
    kind: str


def graph(network: Network) -> tuple[list[Box], list[Arrow]]:
    """Boxes and arrows of a network, in the order of the file."""
    boxes = [Box(f"source:{n}", "source", n, source_lines(network, s)) for n, s in network.sources.items()]
    arrows = [Arrow(f"source:{n}", s.to, "", "route") for n, s in network.sources.items()]
    for name, station in network.stations.items():
        box = Box(name, "station", name, station_lines(network, station))
        boxes.append(box)
        for to in dict.fromkeys(to for rule in station.routes for to in rule.to):
            label = _route_label(network, station, to)
            if to == LEAVE:
                box.exits.append(f"leave {label}")
            else:
                arrows.append(Arrow(name, to, label, "route"))
        if not station.routes:
            box.exits.append("leave")
        arrows += _returns(network, name, station) + _others(name, station)
        if station.divert == LEAVE:
            box.exits.append("leave when full")
    return boxes, arrows


def _route_label(network: Network, station: Station, to: str) -> str:
    rules = rules_of(station, to)
    chosen = [rule for rule in rules if rule.choose != "shares"]
    if chosen:
        label = {"shortest": "shortest queue", "first_free": "first free", "least_loaded": "least loaded"}[
            chosen[0].choose
        ]
    else:
        label = share_text([(rule.where, rule.to[to].share) for rule in rules], len(station.routes))
    delays = [rule.to[to].transition for rule in rules if rule.to[to].transition is not None]
    if delays and delays[0] is not None:
        label += f", after {service_text(network, delays[0]).split(',')[0]}"
    return label


def _returns(network: Network, name: str, station: Station) -> list[Arrow]:
    found = []
    for to in dict.fromkeys(back.to for back in station.returns):
        rules = [back for back in station.returns if back.to == to]
        delay = service_text(network, rules[0].after).split(",")[0]
        share = share_text([(r.where, r.probability) for r in rules], len(station.returns))
        found.append(Arrow(name, to, f"{share} back in {delay}", "return"))
    return found


def _others(name: str, station: Station) -> list[Arrow]:
    found = [Arrow(name, to, "overflow", "other") for to in (station.overflow.to if station.overflow else [])]
    if station.divert not in (None, LEAVE):
        found.append(Arrow(name, str(station.divert), "when full", "other"))
    for rule in station.patience:
        if isinstance(rule.then, str) and rule.then not in ("leave", "die"):
            who = where_text(rule.where)
            found.append(Arrow(name, rule.then, f"{who + ' ' if who else ''}giving up", "other"))
    return found
