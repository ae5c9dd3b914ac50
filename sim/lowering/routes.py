"""Routes and return visits as flat arrays."""

from __future__ import annotations

from dataclasses import dataclass, field

from sim.kernel.layout import BY_SHARES, FIRST_FREE, LEAST_LOADED, LEAVES, SET_SHARE, SHORTEST
from sim.lowering.collect import Builder, Change
from sim.network.fields import Step
from sim.network.schema import LEAVE, RouteRule, Station
from sim.rates import instant_ms

__all__ = ["Routes", "return_rules", "route_rules"]

_CHOOSE = {"shares": BY_SHARES, "shortest": SHORTEST, "first_free": FIRST_FREE, "least_loaded": LEAST_LOADED}


@dataclass
class Routes:
    """Destinations of every route rule, rule by rule."""

    choice: list[tuple[int, int, int]] = field(default_factory=list)
    to: list[int] = field(default_factory=list)
    transition: list[int] = field(default_factory=list)
    share: list[float] = field(default_factory=list)
    index: dict[tuple[str, int, str], int] = field(default_factory=dict)


def route_rules(build: Builder, name: str, station: Station, routes: Routes) -> int:
    """Register the routes of a station; -1 where everybody leaves."""
    rows = []
    for number, rule in enumerate(station.routes):
        first = len(routes.to)
        routes.index |= {(name, number, to): first + n for n, to in enumerate(rule.to)}
        rows.append(_route(build, rule, routes))
    return build.selector([r.where for r in station.routes], rows)


def _route(build: Builder, rule: RouteRule, routes: Routes) -> int:
    """Register one route rule; cumulative shares change together at every step of any of its shares."""
    names = list(build.network.stations)
    instants = {0}
    for d in rule.to.values():
        if isinstance(d.share, list):
            instants |= {max(0, instant_ms(s.since, build.calendar)) for s in d.share}
    first = len(routes.to)
    for at in sorted(instants):
        total = 0.0
        for n, d in enumerate(rule.to.values()):
            total += _share(build, d.share, at)
            if at == 0:
                routes.share.append(total)
            else:
                build.changes.append(Change(at, SET_SHARE, first + n, total))
    for to, d in rule.to.items():
        routes.to.append(LEAVES if to == LEAVE else names.index(to))
        routes.transition.append(build.optional_service(d.transition))
    routes.choice.append((first, len(routes.to), _CHOOSE[rule.choose]))
    return len(routes.choice) - 1


def _share(build: Builder, share: float | list[Step] | None, at: int) -> float:
    if not isinstance(share, list):
        return share or 0.0
    value = 0.0
    for step in share:
        if instant_ms(step.since, build.calendar) <= at:
            value = step.value
    return value


def return_rules(build: Builder, station: Station, backs: list[tuple[float, int, int]]) -> int:
    """Register the return visits of a station; -1 for none."""
    names = list(build.network.stations)
    rows = []
    for rule in station.returns:
        rows.append(len(backs))
        backs.append((rule.probability, build.service(rule.after), names.index(rule.to)))
    return build.selector([r.where for r in station.returns], rows)
