"""Lowering: a checked network becomes flat arrays for the kernel."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.clock import Calendar
from sim.kernel.layout import (
    BACK,
    ENTRY,
    INFINITE,
    LEAVES,
    NOISE,
    ROUTE,
    SELECTOR,
    SERVICE,
    SET_MULTIPLIER,
    SET_PLACES,
    SET_SHARE,
    SOURCE,
    STATION,
    WAIT_EDGES,
    Tables,
)
from sim.network.schema import LEAVE, Network, RouteRule, Service, Source, Station, Step
from sim.rates import instant_ms, rate_tables, stream
from sim.select import CLASS, first_fit
from sim.services import KNOTS, TABLE, Resolved, resolve

__all__ = ["Change", "Lowered", "lower"]

_UNLIMITED_ROOM = 2**40


@dataclass(frozen=True)
class Change:
    """One planned change: at `time` (ms) the thing `what` with flat `index` becomes `value`."""

    time: int
    what: int
    index: int
    value: float


@dataclass(frozen=True)
class Lowered:
    """A network ready to run.

    Parameters
    ----------
    network : Network
        What was lowered.
    tables : Tables
        Read-only arrays of the kernel.
    changes : list of Change
        Planned changes after the start, in the order in which they act.
    places, multiplier, share : arrays
        Values at the start: (stations,), (stations, classes), (destinations,).
    groups : list of tuple of str
        Class and attribute levels of each tally group.
    share_index : dict
        Position of a destination's share by (station, number of the route rule, destination).
    """

    network: Network
    tables: Tables
    changes: list[Change]
    places: npt.NDArray[np.int64]
    multiplier: npt.NDArray[np.float64]
    share: npt.NDArray[np.float64]
    groups: list[tuple[str, ...]]
    share_index: dict[tuple[str, int, str], int]

    def shares(self, station: str, rule: int, shares: Mapping[str, float], at: int) -> list[Change]:
        """Changes that give route rule number `rule` of a station new shares from instant `at` (ms) on."""
        total, changes = 0.0, []
        for to in self.network.stations[station].routes[rule].to:
            total += shares[to]
            changes.append(Change(at, SET_SHARE, self.share_index[station, rule, to], total))
        return changes

    def places_at(self, station: str, places: int, at: int) -> Change:
        """Return the change that gives a station a number of places from instant `at` (ms) on."""
        return Change(at, SET_PLACES, list(self.network.stations).index(station), float(places))

    def multiplier_at(self, station: str, cls: str, factor: float, at: int) -> Change:
        """Return the change that multiplies stays of a class at a station by `factor` from instant `at` (ms) on."""
        classes = self.network.classes
        index = list(self.network.stations).index(station) * len(classes) + classes.index(cls)
        return Change(at, SET_MULTIPLIER, index, factor)


@dataclass
class _Builder:
    """Collects rule tables and services while stations are walked through."""

    network: Network
    calendar: Calendar
    services: list[Resolved] = field(default_factory=list)
    selectors: list[tuple[int, int, int]] = field(default_factory=list)
    pick: list[tuple[int, int]] = field(default_factory=list)
    pick_rule: list[int] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)

    def service(self, use: Service | str) -> int:
        """Row of a service; equal services share one row."""
        resolved = resolve(self.network.services[use] if isinstance(use, str) else use)
        if resolved not in self.services:
            self.services.append(resolved)
        return self.services.index(resolved)

    def names(self, key: str) -> list[str]:
        return self.network.classes if key == CLASS else self.network.attributes[key]

    def shift(self, key: str) -> int:
        return 0 if key == CLASS else 7 * (list(self.network.attributes).index(key) + 1)

    def selector(self, wheres: Sequence[Mapping[str, Any]], rows: Sequence[int]) -> int:
        """Table of the first fitting rule by class and the attributes that any rule mentions; -1 for no rules."""
        if not wheres:
            return -1
        keys = [k for k in (CLASS, *self.network.attributes) if any(k in w for w in wheres)]
        base, first = len(self.pick_rule), len(self.pick)
        stride = math.prod(len(self.names(k)) for k in keys)
        for key in keys:
            stride //= len(self.names(key))
            self.pick.append((self.shift(key), stride))
        for levels in product(*(self.names(k) for k in keys)):
            fit = first_fit(wheres, dict(zip(keys, levels, strict=True)))
            self.pick_rule.append(rows[fit] if fit >= 0 else -1)
        self.selectors.append((first, len(self.pick), base))
        return len(self.selectors) - 1

    def steps(self, steps: Sequence[Step], what: int, index: int, first: float) -> float:
        """Register the steps after the start as changes; return the value at the start."""
        value = first
        for step in sorted(steps, key=lambda s: instant_ms(s.since, self.calendar)):
            at = instant_ms(step.since, self.calendar)
            if at <= 0:
                value = step.value
            else:
                self.changes.append(Change(at, what, index, step.value))
        return value


def lower(network: Network) -> Lowered:
    """Lower a checked network to arrays."""
    calendar = Calendar(network.start, int(network.horizon))
    build = _Builder(network, calendar)
    stations = _stations(build)
    groups = _groups(build)
    build.changes.sort(key=lambda c: (c.time, c.what, c.index))
    constants = [network.start.weekday(), groups[0], _nearest(network.observe.snapshot_every), int(network.horizon)]
    tables = Tables(
        constants=_int(constants),
        **_sources(build),
        **stations.arrays,
        **_service_arrays(build.services),
        selector=np.array(build.selectors, SELECTOR),
        pick=_int(build.pick).reshape(-1, 2),
        pick_rule=_int(build.pick_rule),
        wait_over=_int([math.floor(w) for w in network.observe.wait_over]),
        period_edges=_edges(network, calendar),
        wait_edges=WAIT_EDGES,
    )
    return Lowered(
        network,
        tables,
        build.changes,
        stations.places,
        stations.multiplier,
        stations.share,
        groups[1],
        stations.share_index,
    )


def _int(values: Any) -> npt.NDArray[np.int64]:
    return np.array(values, np.int64)


def _nearest(ms: float) -> int:
    """Whole millisecond nearest to a duration, halves up."""
    return math.floor(ms + 0.5)


def _edges(network: Network, calendar: Calendar) -> npt.NDArray[np.int64]:
    if network.observe.period == "month":
        return calendar.month_edges()
    return calendar.regular_edges(_nearest(network.observe.period))


def _groups(build: _Builder) -> tuple[int, list[tuple[str, ...]]]:
    keys = [CLASS, *build.network.observe.by]
    combos = list(product(*(build.names(k) for k in keys)))
    wheres = [dict(zip(keys, combo, strict=True)) for combo in combos]
    return build.selector(wheres, range(len(combos))), combos


def _sources(build: _Builder) -> dict[str, Any]:
    network, names, noises = build.network, list(build.network.stations), list(build.network.noise)
    week, day = rate_tables(network)
    draw: list[tuple[int, int, int]] = []
    draw_share: list[float] = []
    rows = []
    for name, source in network.sources.items():
        first = len(draw)
        levels = _attributes(build, source, draw, draw_share)
        noise = -1 if source.noise is None else noises.index(source.noise)
        cls, to = network.classes.index(source.cls), names.index(source.to)
        rows.append((stream(name) << 40, levels, cls, to, noise, first, len(draw)))
    sigma = [math.sqrt(math.log(1 + n.variance)) for n in network.noise.values()]
    noise_rows = [(stream(f"noise:{n}"), x, network.noise[n].correlation) for n, x in zip(noises, sigma, strict=True)]
    return {
        "source": np.array(rows, SOURCE),
        "week": week,
        "day": day,
        "draw": _int(draw).reshape(-1, 3),
        "draw_share": np.array(draw_share, float),
        "noise": np.array(noise_rows, NOISE),
    }


def _attributes(build: _Builder, source: Source, draw: list[Any], draw_share: list[float]) -> int:
    """Register the attributes that a source draws; return its class and fixed attributes, packed."""
    network = build.network
    packed = network.classes.index(source.cls)
    for a, (name, levels) in enumerate(network.attributes.items()):
        shares = source.attributes.get(name, levels[0])
        if isinstance(shares, str):
            packed |= levels.index(shares) << (7 * (a + 1))
            continue
        total, first, last = 0.0, len(draw_share), len(draw_share)
        for i, level in enumerate(levels):
            total += shares.get(level, 0.0)
            draw_share.append(total)
            if shares.get(level, 0.0) > 0:
                last = first + i
        draw.append((a, first, last))
    return packed


@dataclass
class _Stations:
    arrays: dict[str, Any]
    places: npt.NDArray[np.int64]
    multiplier: npt.NDArray[np.float64]
    share: npt.NDArray[np.float64]
    share_index: dict[tuple[str, int, str], int]


def _stations(build: _Builder) -> _Stations:
    network = build.network
    routes = _Routes()
    backs: list[tuple[float, int, int]] = []
    windows: list[list[tuple[int, int]]] = []
    rows, entries, places, multiplier = [], [], [], []
    for s, (name, station) in enumerate(network.stations.items()):
        flex = station.flex
        rows.append(
            (
                _service_rules(build, station),
                _route_rules(build, name, station, routes),
                _return_rules(build, station, backs),
                _window(station, windows),
                *((flex.elasticity, flex.scale, flex.floor) if flex else (0.0, 1.0, 0.0)),
            )
        )
        entries.append(
            [(_room(station, c), station.priority.get(c, 0), station.reserve.get(c, 0)) for c in network.classes]
        )
        places.append(_places(build, s, station))
        multiplier.append([_multiplier(build, s, c, station) for c in range(len(network.classes))])
    arrays: dict[str, Any] = {
        "station": np.array(rows, STATION),
        "entry": np.array(entries, ENTRY),
        "window": _int(windows).reshape(-1, 168, 2),
        "route_from": _int(routes.first),
        "route": np.array(list(zip(routes.to, routes.transition, strict=True)), ROUTE),
        "back": np.array(backs, BACK),
    }
    return _Stations(arrays, _int(places), np.array(multiplier, float), np.array(routes.share, float), routes.index)


def _room(station: Station, cls: str) -> int:
    room = station.waiting_room
    limit = room.get(cls, "inf") if isinstance(room, dict) else room
    return _UNLIMITED_ROOM if limit == "inf" else int(limit)


def _places(build: _Builder, s: int, station: Station) -> int:
    if station.places == "inf":
        return INFINITE
    if isinstance(station.places, int):
        return station.places
    steps = [Step.model_construct(since=p.since, value=float(p.places)) for p in station.places]
    return int(build.steps(steps, SET_PLACES, s, 0.0))


def _multiplier(build: _Builder, s: int, c: int, station: Station) -> float:
    steps = station.multiplier
    if isinstance(steps, dict):
        steps = steps.get(build.network.classes[c], [])
    return build.steps(steps, SET_MULTIPLIER, s * len(build.network.classes) + c, 1.0)


def _service_rules(build: _Builder, station: Station) -> int:
    rules = station.service
    if not isinstance(rules, list):
        return build.selector([{}], [build.service(rules)])
    return build.selector([r.where for r in rules], [build.service(r.use) for r in rules])


@dataclass
class _Routes:
    first: list[int] = field(default_factory=lambda: [0])
    to: list[int] = field(default_factory=list)
    transition: list[int] = field(default_factory=list)
    share: list[float] = field(default_factory=list)
    index: dict[tuple[str, int, str], int] = field(default_factory=dict)


def _route_rules(build: _Builder, name: str, station: Station, routes: _Routes) -> int:
    rows = []
    for number, rule in enumerate(station.routes):
        first = len(routes.to)
        routes.index |= {(name, number, to): first + n for n, to in enumerate(rule.to)}
        rows.append(_route(build, rule, routes))
    return build.selector([r.where for r in station.routes], rows)


def _route(build: _Builder, rule: RouteRule, routes: _Routes) -> int:
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
        routes.transition.append(-1 if d.transition is None else build.service(d.transition))
    routes.first.append(len(routes.to))
    return len(routes.first) - 2


def _share(build: _Builder, share: float | list[Step] | None, at: int) -> float:
    if not isinstance(share, list):
        return share or 0.0
    value = 0.0
    for step in share:
        if instant_ms(step.since, build.calendar) <= at:
            value = step.value
    return value


def _return_rules(build: _Builder, station: Station, backs: list[tuple[float, int, int]]) -> int:
    names = list(build.network.stations)
    rows = []
    for rule in station.returns:
        rows.append(len(backs))
        backs.append((rule.probability, build.service(rule.after), names.index(rule.to)))
    return build.selector([r.where for r in station.returns], rows)


def _window(station: Station, windows: list[list[tuple[int, int]]]) -> int:
    """Register a station's window; -1 where it is always open."""
    is_open = [False] * 168
    for window in station.window:
        for weekday in window.weekdays:
            for hour in range(*window.hours):
                is_open[24 * weekday + hour] = True
    if all(is_open) or not any(is_open):
        return -1
    wait = [next(k for k in range(169) if is_open[(h + k) % 168]) for h in range(168)]
    run = [next(k for k in range(169) if not is_open[(h + wait[h] + k) % 168]) for h in range(168)]
    windows.append(list(zip(wait, run, strict=True)))
    return len(windows) - 1


def _service_arrays(services: Sequence[Resolved]) -> dict[str, Any]:
    tabled = [s for s in services if s.kind == TABLE]
    rows = [(s.kind, tabled.index(s) if s.kind == TABLE else -1, s.a, s.b) for s in services]
    table = np.array([list(zip(s.values, s.slopes, strict=True)) for s in tabled], float)
    return {"service": np.array(rows, SERVICE), "table": table.reshape(-1, KNOTS, 2)}
