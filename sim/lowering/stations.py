"""Stations, pools, routes and everything that stations declare, as flat arrays."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.kernel import layout as k
from sim.lowering.collect import Builder, int_array, nearest_ms, records, weekly_table
from sim.lowering.routes import Routes, return_rules, route_rules
from sim.network.fields import PlacesStep, Step
from sim.network.schema import LEAVE, HoldRule, Network, Pool, Station

__all__ = ["Stations", "lower_stations"]

_UNLIMITED_ROOM = 2**40
_FIRST = {"waiting": k.WAITING_FIRST, "blocked": k.BLOCKED_FIRST, "longest": k.LONGEST_FIRST}
_ORDER = {"joined": k.BY_JOINING, "visit": k.BY_VISIT}
_PREEMPT = {None: k.NO_PREEMPTION, "resume": k.RESUME, "restart": k.RESTART, "resample": k.RESAMPLE}
_STATE = {"waiting": k.WAITING, "blocked": k.BLOCKED}


@dataclass
class Stations:
    """Arrays of stations and pools; values at the start; positions of shares."""

    arrays: dict[str, Any]
    places: npt.NDArray[np.int64]
    multiplier: npt.NDArray[np.float64]
    routes: Routes


@dataclass
class _Rows:
    """Rows that stations append to."""

    windows: list[list[tuple[int, int]]] = field(default_factory=list)
    weekly: list[list[int]] = field(default_factory=lambda: [[0] * 168])  # the first row is written last
    linked: list[int] = field(default_factory=list)
    hold_from: list[int] = field(default_factory=lambda: [0])
    hold: list[tuple[int, int, int]] = field(default_factory=list)
    amount: list[tuple[int, int]] = field(default_factory=list)
    patience: list[tuple[int, int, int, int, int]] = field(default_factory=list)
    clock: list[tuple[int, int, int, int]] = field(default_factory=list)
    escalation: list[tuple[Any, ...]] = field(default_factory=list)
    backs: list[tuple[float, int, int]] = field(default_factory=list)


def lower_stations(build: Builder) -> Stations:
    """Lower all stations and pools."""
    network, rows, routes = build.network, _Rows(), Routes()
    stations, entries, multiplier = [], [], []
    for s, (name, station) in enumerate(network.stations.items()):
        stations.append(_station(build, s, name, station, rows, routes))
        entries.append([_entry(station, c) for c in network.classes])
        multiplier.append([_multiplier(build, s, c, station) for c in range(len(network.classes))])
    pools: list[Station | Pool] = [*network.stations.values(), *network.pools.values()]
    places = [_places(build, p, pool) for p, pool in enumerate(pools)]
    place = _pools(build, pools, rows)
    rows.weekly[0] = _weekly_hours(rows.weekly[1:], {int(row["slots"]) for row in stations})
    for row, own in zip(stations, place, strict=False):
        alone = own["last_member"] - own["first_member"] == 1
        row["solo"] = int(row["plain"] and alone and own["turnaround"] < 0)
    users = [rows.linked[row["first_member"] : row["last_member"]] for row in place]
    for s, row in enumerate(stations):
        row["first_use"] = len(rows.linked)
        rows.linked += [p for p, using in enumerate(users) if s in using]
        row["last_use"] = len(rows.linked)
    arrays: dict[str, Any] = {
        "station": records(stations, k.STATION),
        "entry": np.array(entries, k.ENTRY),
        "place": records(place, k.PLACE),
        "linked": int_array(rows.linked),
        "hold_from": int_array(rows.hold_from),
        "hold": np.array(rows.hold, k.HOLD),
        "amount": np.array(rows.amount, k.AMOUNT),
        "patience": np.array(rows.patience, k.PATIENCE),
        "clock": np.array(rows.clock, k.CLOCK),
        "escalation": np.array(rows.escalation, k.RULE),
        "weekly": int_array(rows.weekly),
        "window": int_array(rows.windows).reshape(-1, 168, 2),
        "choice": np.array(routes.choice, k.CHOICE),
        "route": np.array(list(zip(routes.to, routes.transition, strict=True)), k.ROUTE),
        "back": np.array(rows.backs, k.BACK),
    }
    return Stations(arrays, int_array(places), np.array(multiplier, float), routes)


def _station(build: Builder, s: int, name: str, station: Station, rows: _Rows, routes: Routes) -> dict[str, Any]:
    flex, names, gate = station.flex, list(build.network.stations), _gate(build.network, s, name)
    row: dict[str, Any] = {
        "service": _service_rules(build, station),
        "route": route_rules(build, name, station, routes),
        "back": return_rules(build, station, rows.backs),
        "window": _window(station, rows.windows),
        "elasticity": flex.elasticity if flex else 0.0,
        "scale": flex.scale if flex else 1.0,
        "floor": flex.floor if flex else 0.0,
        "plain": int(gate >= 0),
        "gate": gate,
        "simple": int(gate >= 0 and not station.preempt),
        "holds": _hold_rules(build, station.holds, rows),
        "first_overflow": len(rows.linked),
        "order": _ORDER[station.order],
        "first": _FIRST[station.first],
        "preempt": _PREEMPT[station.preempt],
        "first_patience": len(rows.patience),
        "first_clock": len(rows.clock),
    }
    if station.overflow:
        rows.linked += [names.index(o) for o in station.overflow.to]
    row["last_overflow"] = len(rows.linked)
    row["divert"] = _target(names, station.divert)
    row["slots"] = -1
    if station.slots:
        row["slots"] = len(rows.weekly)
        rows.weekly.append(weekly_table(station.slots, [x.each_hour for x in station.slots], 0, adds=True))
    rows.patience += [_patience(build, rule) for rule in station.patience]
    row["last_patience"] = len(rows.patience)
    for index, clock in enumerate(build.network.observe.clocks.values()):
        if clock.station == name:
            until = k.UNTIL_STARTED if clock.until == "started" else k.UNTIL_LEFT
            rows.clock.append((index, int(clock.since == "visit"), until, nearest_ms(clock.within)))
    row["last_clock"] = len(rows.clock)
    return row


def _gate(network: Network, s: int, name: str) -> int:
    """Pool of which a stay holds one place and that alone decides whether it may start; -1 where more than that does.

    A shared pool is one where the station itself is without limit and everybody holds one place of it throughout.
    """
    station = network.stations[name]
    if station.overflow or station.slots:
        return -1
    if not station.holds:
        return s
    rule = station.holds[0]
    special = station.turnaround or station.preempt or _lent(network, name)
    if special or station.places != "inf" or rule.where or len(rule.pools) > 1:
        return -1
    ((shared, steps),) = rule.pools.items()
    if [step.amount for step in steps] != [1]:
        return -1
    return len(network.stations) + list(network.pools).index(shared)


def _lent(network: Network, name: str) -> bool:
    """Whether another station overflows into this one."""
    return any(x.overflow and name in x.overflow.to for x in network.stations.values())


def _target(names: list[str], name: str | None) -> int:
    if name is None:
        return k.NO_DIVERSION
    return k.LEAVES if name == LEAVE else names.index(name)


def _patience(build: Builder, rule: Any) -> tuple[int, int, int, int, int]:
    then, target = k.THEN_LEAVE, 0
    if isinstance(rule.then, dict):
        then, target = k.THEN_CLASS, build.network.classes.index(rule.then["class"])
    elif rule.then == "die":
        then = k.THEN_DIE
    elif rule.then != LEAVE:
        then, target = k.THEN_GO, list(build.network.stations).index(rule.then)
    return build.selector([rule.where], [0]), _STATE[rule.state], build.service(rule.after), then, target


def _entry(station: Station, cls: str) -> tuple[int, int, int, int]:
    room = station.waiting_room
    limit = room.get(cls, "inf") if isinstance(room, dict) else room
    inside = -1 if station.inside_room is None else _room(station.inside_room)
    return _room(limit), inside, station.priority.get(cls, 0), station.reserve.get(cls, 0)


def _room(limit: int | str) -> int:
    return _UNLIMITED_ROOM if limit == "inf" else int(limit)


def _places(build: Builder, p: int, pool: Station | Pool) -> int:
    if pool.places == "inf":
        return k.INFINITE
    if isinstance(pool.places, int):
        return pool.places
    steps: list[PlacesStep] = pool.places
    return int(
        build.steps([Step.model_construct(since=x.since, value=float(x.places)) for x in steps], k.SET_PLACES, p, 0.0)
    )


def _multiplier(build: Builder, s: int, c: int, station: Station) -> float:
    steps = station.multiplier
    if isinstance(steps, dict):
        steps = steps.get(build.network.classes[c], [])
    return build.steps(steps, k.SET_MULTIPLIER, s * len(build.network.classes) + c, 1.0)


def _service_rules(build: Builder, station: Station) -> int:
    rules = station.service
    if not isinstance(rules, list):
        return build.selector([{}], [build.service(rules)])
    return build.selector([r.where for r in rules], [build.service(r.use) for r in rules])


def _hold_rules(build: Builder, rules: list[HoldRule], rows: _Rows) -> int:
    """Register what stays hold of shared pools, pools in their order."""
    pools = list(build.network.pools)
    numbers = []
    for rule in rules:
        numbers.append(len(rows.hold_from) - 1)
        for name in sorted(rule.pools, key=pools.index):
            first = len(rows.amount)
            rows.amount += [(nearest_ms(step.after), step.amount) for step in rule.pools[name]]
            rows.hold.append((len(build.network.stations) + pools.index(name), first, len(rows.amount)))
        rows.hold_from.append(len(rows.hold))
    return build.selector([r.where for r in rules], numbers)


def _pools(build: Builder, pools: list[Station | Pool], rows: _Rows) -> list[dict[str, int]]:
    """Rows of pools, and the stations that can use each: its own, those that overflow into it, those that hold it."""
    network, names = build.network, list(build.network.stations)
    place: list[dict[str, int]] = []
    for p, (name, pool) in enumerate(zip([*names, *network.pools], pools, strict=True)):
        row = {"turnaround": -1, "timetable": -1, "repatriate": 0, "first_member": len(rows.linked)}
        row["needed"] = int(_needed(network, name, pool))
        if isinstance(pool, Station):
            row["turnaround"] = build.optional_service(pool.turnaround)
            row["repatriate"] = int(pool.overflow is not None and pool.overflow.repatriate)
            over = [s for s, x in enumerate(network.stations.values()) if x.overflow and name in x.overflow.to]
            rows.linked += [p, *over]
        else:
            using = network.stations.values()
            rows.linked += [s for s, x in enumerate(using) if any(name in rule.pools for rule in x.holds)]
        row["last_member"] = len(rows.linked)
        if pool.timetable:
            row["timetable"] = len(rows.weekly)
            rows.weekly.append(weekly_table(pool.timetable, [x.places for x in pool.timetable], -1, adds=False))
        for e in pool.escalation:
            trigger, down = e.trigger, e.stand_down
            rows.escalation.append(
                (
                    p,
                    e.places,
                    nearest_ms(e.lead),
                    max(1, nearest_ms(e.check_every)),
                    -1 if trigger.queued is None else trigger.queued,
                    -1.0 if trigger.occupancy is None else trigger.occupancy,
                    down.queued,
                    down.occupancy,
                )
            )
        place.append(row)
    return place


def _needed(network: Network, name: str, pool: Station | Pool) -> bool:
    """Whether nobody starts at the stations that can use a pool without a place of it."""
    if isinstance(pool, Station):
        return not pool.overflow and not _lent(network, name)
    using = [x.holds for x in network.stations.values() if any(name in rule.pools for rule in x.holds)]
    everyone = all(any(not rule.where for rule in rules) for rules in using)
    return everyone and all(name in rule.pools and rule.pools[name][0].amount > 0 for r in using for rule in r)


def _weekly_hours(tables: list[list[int]], slots: set[int]) -> list[int]:
    """Hours from each hour of the week to the next in which a timetable changes or slots are offered; 0 for never."""
    busy = [
        any(table[h] if row in slots else table[h] != table[h - 1] for row, table in enumerate(tables, 1))
        for h in range(168)
    ]
    if not any(busy):
        return [0] * 168
    return [next(n for n in range(1, 169) if busy[(h + n) % 168]) for h in range(168)]


def _window(station: Station, windows: list[list[tuple[int, int]]]) -> int:
    """Register a station's window; -1 where it is always open."""
    is_open = [bool(x) for x in weekly_table(station.window, [1] * len(station.window), 0, adds=True)]
    if all(is_open) or not any(is_open):
        return -1
    wait = [next(n for n in range(169) if is_open[(h + n) % 168]) for h in range(168)]
    run = [next(n for n in range(169) if not is_open[(h + wait[h] + n) % 168]) for h in range(168)]
    windows.append(list(zip(wait, run, strict=True)))
    return len(windows) - 1
