"""Rules about a network as a whole: its clock, its names, what it writes down, and the addresses of its draws."""

from __future__ import annotations

import datetime as dt

from sim.clock import DAY, HOUR
from sim.network.check.findings import Findings, finding
from sim.network.check.names import attribute_known, service_findings, station_known
from sim.network.schema import LEAVE, Network
from sim.rates import stream
from sim.select import CLASS

__all__ = ["top_findings"]

DIE = "die"
_MOST_HOURS = 2**24  # an hour's number has 24 bits of the identity of an arrival
_LAST = dt.date(9999, 12, 31)


def top_findings(network: Network) -> Findings:
    """Findings about the network as a whole."""
    yield from _clock(network)
    yield from _names(network)
    for name, service in network.services.items():
        yield from service_findings(network, f"services.{name}", service)
    yield from _observe(network)
    yield from _addresses(network)


def _clock(network: Network) -> Findings:
    horizon = network.horizon
    if horizon < 1 or horizon != int(horizon):
        yield finding("horizon", horizon, "the horizon is a whole number of milliseconds above zero.")
    elif horizon >= _MOST_HOURS * HOUR:
        yield finding("horizon", horizon, f"the horizon is below {_MOST_HOURS:,} hours (1,914 years).")
    elif horizon / DAY > (_LAST - network.start).days:
        yield finding("horizon", horizon, "the run must end before the year 10000.", reads=("horizon", "start"))
    if network.warm_up != int(network.warm_up):
        yield finding("warm_up", network.warm_up, "the warm-up is a whole number of milliseconds.")
    if network.warm_up and network.warm_up >= horizon:
        rule = "the warm-up must be shorter than the horizon."
        yield finding("warm_up", network.warm_up, rule, reads=("warm_up", "horizon"))


def _names(network: Network) -> Findings:
    for what in ("stations", "pools", "attributes"):
        for name in getattr(network, what):
            if name in (LEAVE, DIE, CLASS):
                rule = f"'{name}' is a reserved word and cannot name a station, a pool or an attribute."
                yield finding(f"{what}.{name}", None, rule)
            if not name.strip() or not name.isprintable():
                yield finding(f"{what}.{name}", name, "a name is one line of text that can be seen.")
    for name in network.pools:
        if name in network.stations:
            rule = "a station has this name; a pool needs another."
            yield finding(f"pools.{name}", None, rule, reads=(f"pools.{name}", f"stations.{name}"))
    lists = {"classes": network.classes, "observe.by": network.observe.by}
    for key, names in (lists | {f"attributes.{a}": v for a, v in network.attributes.items()}).items():
        if len(set(names)) != len(names):
            yield finding(key, names, "names must differ.")


def _observe(network: Network) -> Findings:
    observe = network.observe
    if observe.period != "month" and observe.period < 1:
        yield finding("observe.period", observe.period, "a period lasts at least a millisecond.")
    if observe.snapshot_every < 1:
        yield finding("observe.snapshot_every", observe.snapshot_every, "a step lasts at least a millisecond.")
    for name in observe.by:
        yield from attribute_known(network, "observe.by", name, lambda choice: f"by: [{choice}]")
    for name, clock in observe.clocks.items():
        yield from station_known(network, f"observe.clocks.{name}.station", clock.station)


def _addresses(network: Network) -> Findings:
    """No two sources or census rows, and no two noises, may share the address of their draws."""
    people = {name: f"sources.{name}" for name in network.sources}
    people |= {f"census:{i}": f"census.{i}" for i in range(len(network.census))}
    noises = {f"noise:{name}": f"noise.{name}" for name in network.noise}
    for keys in (people, noises):
        seen: dict[int, str] = {}
        for name, key in keys.items():
            first = seen.setdefault(stream(name), name)
            if first != name:
                yield finding(key, None, f"its random draws would coincide with those of '{first}'; rename one.")
