"""Rules about time: entities may not go round for ever without any passing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from sim.network.check.cycles import chain
from sim.network.check.durations import takes_time
from sim.network.check.findings import Findings, finding
from sim.network.schema import LEAVE, Destination, Network, Patience, Return, RouteRule, ServiceRule, Station
from sim.select import CLASS

__all__ = ["endless_findings"]

_Rule = TypeVar("_Rule", ServiceRule, RouteRule, Return, Patience)
_READ = ("service", "multiplier", "routes", "returns", "patience", "divert")


def endless_findings(network: Network) -> Findings:
    """Report the stations that some class could go round for ever in a single instant."""
    for cls in network.classes:
        trap = _trap(network, cls)
        if trap:
            rule = (
                "entities would go round these stations for ever without time passing; "
                "give a stay, a delay or a patience there some time."
            )
            reads = [f"stations.{name}.{field}" for name in trap for field in _READ]
            example = "service: {kind: deterministic, mean: 20 min}"
            yield finding("stations", ", ".join(trap), rule, reads=[*reads, "services", "classes"], example=example)
            return


def _trap(network: Network, cls: str) -> list[str]:
    """Stations from which somebody of a class may be sent on, at once, only to one another."""
    trap = list(network.stations)
    while True:
        kept = [n for n in trap if _sent_on(network, n, cls, trap) or _passes(network, n, cls, trap)]
        if kept == trap:
            return trap
        trap = kept


def _sent_on(network: Network, name: str, cls: str, trap: list[str]) -> bool:
    """Whether somebody who finds no place is at once sent on to a station of the trap."""
    station = network.stations[name]
    if station.places == "inf" and not station.holds and not station.slots:
        return False
    return any(
        to in trap
        for rule in station.patience
        if _may_fit(rule, cls) and isinstance(rule.then, str) and not takes_time(network, rule.after)
        for to in chain(network, rule.then)
    )


def _passes(network: Network, name: str, cls: str, trap: list[str]) -> bool:
    """Whether a stay takes no time and leads, whatever is drawn, to a station of the trap."""
    station = network.stations[name]
    rules = list(_first_fitting(station.routes, cls))
    if not rules or not _instant(network, station, cls):
        return False
    return all(_stays_in(network, station, rule, cls, trap) for rule in rules)


def _stays_in(network: Network, station: Station, rule: RouteRule, cls: str, trap: list[str]) -> bool:
    inside = [
        (_back_in(network, station, cls, trap) if to == LEAVE else to in trap)
        and not takes_time(network, destination.transition)
        for to, destination in rule.to.items()
        if rule.choose != "shares" or _has_share(destination)
    ]
    return any(inside) and (rule.choose != "shares" or all(inside))


def _has_share(destination: Destination) -> bool:
    share = destination.share
    return any(step.value > 0 for step in share) if isinstance(share, list) else bool(share)


def _back_in(network: Network, station: Station, cls: str, trap: list[str]) -> bool:
    """Whether those who leave are surely back at once."""
    rules = list(_first_fitting(station.returns, cls))
    return bool(rules and not rules[-1].where) and all(
        rule.probability == 1 and rule.to in trap and not takes_time(network, rule.after) for rule in rules
    )


def _instant(network: Network, station: Station, cls: str) -> bool:
    """Whether no stay of a class takes time, now or under some step of the multiplier."""
    steps = station.multiplier.get(cls, []) if isinstance(station.multiplier, dict) else station.multiplier
    if any(step.value == 0 for step in steps):
        return True
    rules = station.service if isinstance(station.service, list) else [ServiceRule(use=station.service)]
    return not any(takes_time(network, rule.use) for rule in _first_fitting(rules, cls))


def _first_fitting(rules: Iterable[_Rule], cls: str) -> Iterator[_Rule]:
    """Rules that may be the first that fits somebody of a class, whatever the attributes."""
    for rule in rules:
        if _may_fit(rule, cls):
            yield rule
            if not set(rule.where) - {CLASS}:
                return


def _may_fit(rule: _Rule, cls: str) -> bool:
    named = rule.where.get(CLASS, cls)
    return cls in (named if isinstance(named, list) else [named])
