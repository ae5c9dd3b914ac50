"""Cross-field rules of a network: names that must exist, shares that must sum to one, cycles that could lock up."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

from sim.clock import DAY
from sim.errors import Fault, nearest
from sim.network.schema import LEAVE, Destination, Network, RouteRule, Service, ServiceRule, Source, Station, Step
from sim.rates import stream
from sim.select import CLASS
from sim.services import service_faults

__all__ = ["check"]

_TOLERANCE = 1e-9
_MOST_AN_HOUR = 10_000  # an arrival's number within its hour has 16 bits of its identity


def check(network: Network) -> list[Fault]:
    """All cross-field faults of a network whose shape is sound."""
    return list(
        chain(
            _top(network),
            *(_source(network, name, s) for name, s in network.sources.items()),
            *(_station(network, name, s) for name, s in network.stations.items()),
            _census(network),
            _addresses(network),
            _cycles(network),
        )
    )


def _known(key: str, name: str, choices: Iterable[str], what: str) -> Iterator[Fault]:
    choices = list(choices)
    if name not in choices:
        known = ", ".join(choices[:12]) or "none is declared"
        yield Fault(key, name, f"no such {what}; known: {known}.", nearest=nearest(name, choices))


def _top(network: Network) -> Iterator[Fault]:
    if network.horizon < 1 or network.horizon != int(network.horizon):
        yield Fault("horizon", network.horizon, "the horizon is a whole number of milliseconds above zero.")
    for name in (LEAVE, CLASS):
        if name in network.stations or name in network.attributes:
            yield Fault(name, None, f"'{name}' is a reserved word and cannot name a station or an attribute.")
    for key, names in (("classes", network.classes), *((f"attributes.{a}", v) for a, v in network.attributes.items())):
        if len(set(names)) != len(names):
            yield Fault(key, names, "names must differ.")
    for name, service in network.services.items():
        yield from _service(network, f"services.{name}", service)
    if network.observe.period != "month" and not 1 <= network.observe.period:
        yield Fault("observe.period", network.observe.period, "a period lasts at least a millisecond.")
    if network.observe.snapshot_every < 1:
        yield Fault("observe.snapshot_every", network.observe.snapshot_every, "a step lasts at least a millisecond.")
    for name in network.observe.by:
        yield from _known("observe.by", name, network.attributes, "attribute")


def _service(network: Network, key: str, service: Service | str) -> Iterator[Fault]:
    if isinstance(service, str):
        yield from _known(key, service, network.services, "service")
    else:
        for text in service_faults(service):
            yield Fault(key, None, f"{text}.")


def _where(network: Network, key: str, where: Mapping[str, str | list[str]]) -> Iterator[Fault]:
    for name, value in where.items():
        if name == CLASS:
            choices: list[str] = network.classes
        elif name in network.attributes:
            choices = network.attributes[name]
        else:
            yield from _known(f"{key}.where", name, [CLASS, *network.attributes], "attribute")
            continue
        for one in value if isinstance(value, list) else [value]:
            yield from _known(f"{key}.where.{name}", one, choices, "level")


def _sums(key: str, shares: Iterable[float]) -> Iterator[Fault]:
    total = sum(shares)
    if abs(total - 1) > _TOLERANCE:
        yield Fault(key, None, f"shares sum to {total:.6g}, not to one.")


def _source(network: Network, name: str, source: Source) -> Iterator[Fault]:
    key = f"sources.{name}"
    yield from _known(f"{key}.class", source.cls, network.classes, "class")
    yield from _known(f"{key}.to", source.to, network.stations, "station")
    if source.noise is not None:
        yield from _known(f"{key}.noise", source.noise, network.noise, "noise")
    if source.week is not None and (source.hour is not None or source.weekday is not None):
        yield Fault(f"{key}.week", None, "give either week (168 weights) or hour and weekday.")
    if _busiest_hour(source) > _MOST_AN_HOUR:
        yield Fault(f"{key}.rate_per_day", source.rate_per_day, f"at most {_MOST_AN_HOUR} arrivals an hour; split it.")
    for field in ("hour", "weekday", "month", "week"):
        weights = getattr(source, field)
        if weights is not None and sum(weights) <= 0:
            yield Fault(f"{key}.{field}", None, "at least one weight must be above zero.")
    if source.begin is not None and source.end is not None and _at(network, source.end) <= _at(network, source.begin):
        yield Fault(f"{key}.end", source.end, f"the end must lie after the beginning ({source.begin}).")
    for field in ("begin", "end"):
        instant = getattr(source, field)
        if isinstance(instant, float) and instant % DAY:
            yield Fault(f"{key}.{field}", instant, "a source begins and ends at midnight; give whole days.")
    for step in source.level:
        if isinstance(step.since, float) and step.since % DAY:
            yield Fault(f"{key}.level", step.since, "levels change at midnight; give whole days.")
    for attribute, shares in source.attributes.items():
        here = f"{key}.attributes.{attribute}"
        if attribute not in network.attributes:
            yield from _known(here, attribute, network.attributes, "attribute")
            continue
        levels = network.attributes[attribute]
        for level in [shares] if isinstance(shares, str) else shares:
            yield from _known(here, level, levels, "level")
        if not isinstance(shares, str):
            yield from _sums(here, shares.values())


def _busiest_hour(source: Source) -> float:
    """Return a bound on the expected arrivals of an hour, before growth, levels and noise."""
    peak = (source.rate_per_day or 0.0) / 24
    for weights in (source.hour, source.weekday, source.month, source.week):
        if weights is not None and sum(weights) > 0:
            peak *= max(weights) * len(weights) / sum(weights)
    return peak


def _at(network: Network, instant: dt.date | float) -> float:
    return (instant - network.start).days * DAY if isinstance(instant, dt.date) else float(instant)


def _steps(network: Network, key: str, instants: Iterable[dt.date | float]) -> Iterator[Fault]:
    at = [_at(network, i) for i in instants]
    if any(b <= a for a, b in zip(at, at[1:], strict=False)):
        yield Fault(key, None, "steps must follow one another in time; an end lies before a start.")


def _station(network: Network, name: str, station: Station) -> Iterator[Fault]:
    key = f"stations.{name}"
    if isinstance(station.places, int) and station.places < 0:
        yield Fault(f"{key}.places", station.places, "a number of places cannot be negative.")
    if isinstance(station.places, list):
        yield from _steps(network, f"{key}.places", (s.since for s in station.places))
        if not station.places:
            yield Fault(f"{key}.places", [], "a plan of places needs at least one step.")
        elif _at(network, station.places[0].since) > 0:
            yield Fault(f"{key}.places", station.places[0].since, "the first step must hold from the start on.")
    rooms = station.waiting_room if isinstance(station.waiting_room, dict) else {"*": station.waiting_room}
    for cls, room in rooms.items():
        if isinstance(room, int) and room < 0:
            here = f"{key}.waiting_room" if cls == "*" else f"{key}.waiting_room.{cls}"
            yield Fault(here, room, "a waiting room cannot be negative.")
    by_class: list[tuple[str, Iterable[str]]] = [("priority", station.priority), ("reserve", station.reserve)]
    if isinstance(station.waiting_room, dict):
        by_class.append(("waiting_room", station.waiting_room))
    if isinstance(station.multiplier, dict):
        by_class.append(("multiplier", station.multiplier))
    for field, classes in by_class:
        for cls in classes:
            yield from _known(f"{key}.{field}", cls, network.classes, "class")
    multipliers: list[list[Step]] = (
        list(station.multiplier.values()) if isinstance(station.multiplier, dict) else [station.multiplier]
    )
    for steps in multipliers:
        yield from _steps(network, f"{key}.multiplier", (s.since for s in steps))
    for window in station.window:
        if window.hours[1] <= window.hours[0] or not window.weekdays:
            yield Fault(
                f"{key}.window.hours", window.hours, "a window opens before it closes, on at least one weekday."
            )
    yield from _rules(network, key, station)


def _rules(network: Network, key: str, station: Station) -> Iterator[Fault]:
    if isinstance(station.service, list):
        for i, rule in enumerate(station.service):
            yield from _where(network, f"{key}.service.{i}", rule.where)
            yield from _service(network, f"{key}.service.{i}.use", rule.use)
        if not station.service or station.service[-1].where:
            yield Fault(f"{key}.service", None, "the last rule must hold for everyone (no 'where').")
    else:
        yield from _service(network, f"{key}.service", station.service)
    for i, route in enumerate(station.routes):
        yield from _route(network, f"{key}.routes.{i}", route)
    if station.routes and station.routes[-1].where:
        yield Fault(f"{key}.routes", None, "the last rule must hold for everyone (no 'where').")
    for i, back in enumerate(station.returns):
        yield from _where(network, f"{key}.returns.{i}", back.where)
        yield from _service(network, f"{key}.returns.{i}.after", back.after)
        yield from _known(f"{key}.returns.{i}.to", back.to, network.stations, "station")


def _route(network: Network, key: str, route: RouteRule) -> Iterator[Fault]:
    yield from _where(network, key, route.where)
    for to, destination in route.to.items():
        yield from _known(f"{key}.to", to, [LEAVE, *network.stations], "station")
        if destination.transition is not None:
            yield from _service(network, f"{key}.to.{to}.transition", destination.transition)
        if isinstance(destination.share, list):
            yield from _steps(network, f"{key}.to.{to}.share", (s.since for s in destination.share))
    instants = sorted({0.0, *(_at(network, s.since) for d in route.to.values() for s in _share_steps(d))})
    for at in instants:
        shares = [_share_at(network, d, at) for d in route.to.values()]
        before = len(instants) > 1
        yield from _sums(f"{key}.to" + (f" at day {at / DAY:g}" if before else ""), shares)


def _share_steps(destination: Destination) -> list[Step]:
    return destination.share if isinstance(destination.share, list) else []


def _share_at(network: Network, destination: Destination, at: float) -> float:
    if not isinstance(destination.share, list):
        return destination.share or 0.0
    value = 0.0
    for step in destination.share:
        if _at(network, step.since) <= at:
            value = step.value
    return value


def _census(network: Network) -> Iterator[Fault]:
    placed: dict[str, int] = {}
    for i, row in enumerate(network.census):
        key = f"census.{i}"
        yield from _known(f"{key}.station", row.station, network.stations, "station")
        yield from _known(f"{key}.class", row.cls, network.classes, "class")
        yield from _where(network, key, row.attributes)
        placed[row.station] = placed.get(row.station, 0) + row.count
    for name, count in placed.items():
        station = network.stations.get(name)
        if station is None or station.places == "inf":
            continue
        first = station.places if isinstance(station.places, int) else station.places[0].places if station.places else 0
        if count > first:
            yield Fault(f"census ({name})", count, f"more entities than the {first} places of '{name}' at the start.")


def _addresses(network: Network) -> Iterator[Fault]:
    """No two sources, census rows or noises may share the address of their draws."""
    seen: dict[int, str] = {}
    names = [*network.sources, *(f"census:{i}" for i in range(len(network.census)))]
    for name in names:
        address = stream(name)
        if address in seen:
            yield Fault(
                f"sources.{name}", None, f"its random draws would coincide with those of '{seen[address]}'; rename one."
            )
        seen[address] = name


def _finite(station: Station) -> bool:
    rooms = station.waiting_room.values() if isinstance(station.waiting_room, dict) else [station.waiting_room]
    return station.places != "inf" and any(room != "inf" for room in rooms)


def _cycles(network: Network) -> Iterator[Fault]:
    """Refuse cycles of finite stations (they could block one another for ever) and of stays that take no time."""
    finite = [name for name, station in network.stations.items() if _finite(station)]
    ring = _ring({n: [to for to in _onward(network, n) if to in finite and to != n] for n in finite})
    if ring:
        text = "a cycle of stations with finite places and waiting rooms can lock up."
        yield Fault("stations", " → ".join(ring), text)
    trap = _trap(network)
    if trap:
        text = "entities would go round these stations for ever without time passing; give one of them a stay."
        yield Fault("stations", ", ".join(trap), text)


def _trap(network: Network) -> list[str]:
    """Stations whose stays take no time and whose routes all lead to one another."""
    trap = [name for name, station in network.stations.items() if station.routes and _instant(network, station)]
    while True:
        kept = [name for name in trap if all(to in trap for to in _onward(network, name))]
        if kept == trap:
            return trap
        trap = kept


def _onward(network: Network, name: str) -> list[str]:
    return [to for rule in network.stations[name].routes for to in rule.to]


def _instant(network: Network, station: Station) -> bool:
    """Whether no stay at a station takes time."""
    rules = station.service if isinstance(station.service, list) else [ServiceRule(use=station.service)]
    services = [network.services.get(r.use) if isinstance(r.use, str) else r.use for r in rules]
    return all(s is not None and s.kind == "deterministic" and (s.mean or 0) < 1 for s in services)


def _ring(edges: Mapping[str, list[str]]) -> list[str]:
    """Return a cycle of a graph, its first node repeated at the end, or an empty list."""
    done: set[str] = set()
    for root in edges:
        path = [root]
        stack = [(root, iter(edges[root]))] if root not in done else []
        while stack:
            child = next(stack[-1][1], None)
            if child is None:
                stack.pop()
                done.add(path.pop())
            elif child in path:
                return [*path[path.index(child) :], child]
            elif child not in done:
                path.append(child)
                stack.append((child, iter(edges[child])))
    return []
