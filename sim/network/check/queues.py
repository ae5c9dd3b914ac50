"""Rules about who may come, wait and start at a station: rooms, priorities, holds, overflow, slots, patience."""

from __future__ import annotations

import math

from sim.network.check.findings import (
    Findings,
    count_findings,
    finding,
    hours_findings,
    known,
)
from sim.network.check.names import class_known, service_findings, station_known, where_findings
from sim.network.check.top import DIE
from sim.network.places import HoldStep
from sim.network.schema import LEAVE, Network, Patience, Station

__all__ = ["queue_findings"]

_FARTHEST = 1_000_000  # priority


def queue_findings(network: Network, key: str, station: Station) -> Findings:
    """Findings about the queue of a station and about what a stay needs to start."""
    yield from _rooms(key, station)
    yield from _classes(network, key, station)
    if station.divert is not None:
        yield from station_known(network, f"{key}.divert", station.divert, also=[LEAVE])
    for i, rule in enumerate(station.holds):
        yield from where_findings(network, f"{key}.holds.{i}", rule.where)
        for pool, steps in rule.pools.items():
            yield from _held(network, f"{key}.holds.{i}.pools.{pool}", pool, steps)
    yield from _overflow(network, key, station)
    for i, entry in enumerate(station.slots):
        yield from hours_findings(f"{key}.slots.{i}", entry, "an entry of slots")
    if station.preempt is not None:
        for field in ("holds", "overflow", "slots"):
            if getattr(station, field):
                rule = f"a station cannot have both preempt and {field}."
                reads = (f"{key}.preempt", f"{key}.{field}")
                yield finding(f"{key}.preempt", station.preempt, rule, reads=reads)
    for i, patience in enumerate(station.patience):
        yield from _patience(network, f"{key}.patience.{i}", patience)


def _rooms(key: str, station: Station) -> Findings:
    rooms = station.waiting_room
    for cls, room in rooms.items() if isinstance(rooms, dict) else [("", rooms)]:
        here = f"{key}.waiting_room" + (f".{cls}" if cls else "")
        yield from count_findings(here, room, "a waiting room")
    yield from count_findings(f"{key}.inside_room", station.inside_room, "a waiting room")


def _classes(network: Network, key: str, station: Station) -> Findings:
    by_class = {"priority": station.priority, "reserve": station.reserve}
    by_class |= {f: v for f in ("waiting_room", "multiplier") if isinstance(v := getattr(station, f), dict)}
    shown = {"priority": "1", "reserve": "2", "waiting_room": "12", "multiplier": "[{from: 30 d, value: 0.9}]"}
    for field, classes in by_class.items():
        for cls in classes:
            example = shown[field]
            yield from class_known(
                network, f"{key}.{field}.{cls}", cls, lambda c, f=field, e=example: f"{f}: {{{c}: {e}}}"
            )
    for cls, number in station.priority.items():
        if abs(number) > _FARTHEST:
            rule = f"a priority lies between -{_FARTHEST:,} and {_FARTHEST:,}."
            yield finding(f"{key}.priority.{cls}", number, rule)
    for cls, number in station.reserve.items():
        yield from count_findings(f"{key}.reserve.{cls}", number, "a reserve")


def _held(network: Network, key: str, pool: str, steps: list[HoldStep]) -> Findings:
    """Amounts of one pool that a stay holds."""
    example = f"{pool}: [{{after: 0 h, amount: 2}}, {{after: 4 h, amount: 1}}]"
    if pool in network.stations:
        rule = "this is a station; a stay holds shared pools besides a place of its own station."
        shown = next(iter(network.pools), "nurses")
        reads = (key, f"stations.{pool}", "pools")
        yield finding(key, pool, rule, reads=reads, example=f"holds: {{{shown}: 2}}")
    else:
        yield from known(key, pool, network.pools, "pool", f"pools.{pool}", lambda p: f"holds: {{{p}: 2}}")
    if not steps or steps[0].after:
        given = steps[0].after if steps else None
        yield finding(key, given, "the first step of an amount is after 0 h.", example=example)
    times = [math.floor(step.after + 0.5) for step in steps]
    amounts = [step.amount for step in steps]
    if any(b <= a for a, b in zip(times, times[1:], strict=False)):
        rule = "steps must follow one another in time; one lies at or before the last."
        yield finding(key, None, rule, example=example)
    if any(b >= a for a, b in zip(amounts, amounts[1:], strict=False)):
        yield finding(key, amounts, "amounts fall from step to step.", example=example)
    for i, amount in enumerate(amounts):
        yield from count_findings(f"{key}.{i}.amount", amount, "an amount")


def _overflow(network: Network, key: str, station: Station) -> Findings:
    if station.overflow is None:
        return
    here = f"{key}.overflow.to"
    name = key.removeprefix("stations.")
    if station.places == "inf":
        rule = "places here are without limit (inf), so nobody overflows; give a number or leave overflow out."
        yield finding(f"{key}.overflow", None, rule, reads=(f"{key}.overflow", f"{key}.places"), example="places: 20")
    targets = station.overflow.to
    others = [other for other in network.stations if other != name]
    if len(set(targets)) != len(targets):
        yield finding(here, targets, "names must differ.")
    for to in dict.fromkeys(targets):
        if to == name:
            example = f"to: [{others[0]}]" if others else ""
            yield finding(here, to, "a station cannot overflow into itself.", example=example)
        elif to not in network.stations:
            yield from known(here, to, others, "station", f"stations.{to}", lambda choice: f"to: [{choice}]")
        elif network.stations[to].places == "inf":
            rule = "a station of unlimited places cannot serve as overflow."
            yield finding(here, to, rule, reads=(here, f"stations.{to}.places"))


def _patience(network: Network, key: str, rule: Patience) -> Findings:
    yield from where_findings(network, key, rule.where)
    yield from service_findings(network, f"{key}.after", rule.after)
    if isinstance(rule.then, str):
        yield from station_known(network, f"{key}.then", rule.then, also=[LEAVE, DIE])
    elif "class" not in rule.then:
        text = "give leave, die, the name of a station, or {class: name}."
        yield finding(f"{key}.then", None, text)
    else:
        yield from class_known(network, f"{key}.then.class", rule.then["class"])
