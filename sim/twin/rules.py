"""What a network file says, looked up plainly: rules, windows and arrivals of the reference program.

Sections 4 and 7 of ``docs/semantics.md``. Nothing here changes during a run.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from sim.clock import HOUR
from sim.network.schema import LEAVE, Network, Return, Service, Source
from sim.network.schema import Station as StationSpec
from sim.rates import rate_tables, stream
from sim.select import CLASS, first_fit, levels_of
from sim.services import Resolved, resolve
from sim.twin.quantiles import Draws, Purpose, inverse_normal

__all__ = ["LEAVES", "WEEK_HOURS", "Arrival", "Arrivals", "Kind", "Rules", "Window"]

LEAVES = -1  #: the destination that means: out of the network
WEEK_HOURS = 168

Kind = tuple[str, ...]  #: class, then the level of each attribute in the order of the file


class Rules:
    """First-fit rules of every station: service, route, return visits, tally group.

    Parameters
    ----------
    network : Network
    """

    def __init__(self, network: Network):
        self.network = network
        self.names = list(network.stations)
        self.specs: list[StationSpec] = list(network.stations.values())
        self.classes = {name: i for i, name in enumerate(network.classes)}
        self.groups = len(network.classes) * math.prod(len(network.attributes[a]) for a in network.observe.by)
        # distinct kinds are few and entities many: every look-up is made once
        self._service: dict[tuple[int, Kind], Resolved] = {}
        self._route: dict[tuple[int, Kind], int] = {}
        self._return: dict[tuple[int, Kind], int] = {}
        self._group: dict[Kind, int] = {}
        self._resolved: dict[int, Resolved] = {}

    def kind(self, cls: str, levels: dict[str, str]) -> Kind:
        """Class and attribute levels; an attribute that is not given has its first level."""
        return tuple(levels_of(self.network, cls, levels).values())

    def _levels(self, kind: Kind) -> dict[str, str]:
        return dict(zip([CLASS, *self.network.attributes], kind, strict=True))

    def group(self, kind: Kind) -> int:
        """Tally group: the class, then each attribute of ``observe.by``, in mixed radix."""
        if kind not in self._group:
            levels = self._levels(kind)
            g = self.classes[kind[0]]
            for name in self.network.observe.by:
                choices = self.network.attributes[name]
                g = g * len(choices) + choices.index(levels[name])
            self._group[kind] = g
        return self._group[kind]

    def resolved(self, use: Service | str) -> Resolved:
        """Distribution written in place or named."""
        service = self.network.services[use] if isinstance(use, str) else use
        if id(service) not in self._resolved:  # the network is frozen, so an object keeps its address
            self._resolved[id(service)] = resolve(service)
        return self._resolved[id(service)]

    def service(self, station: int, kind: Kind) -> Resolved:
        """Service of this kind of entity at a station."""
        key = (station, kind)
        if key not in self._service:
            rules = self.specs[station].service
            if isinstance(rules, list):
                self._service[key] = self.resolved(rules[first_fit([r.where for r in rules], self._levels(kind))].use)
            else:
                self._service[key] = self.resolved(rules)
        return self._service[key]

    def route(self, station: int, kind: Kind) -> int:
        """Number of the route rule that holds, or -1 where everybody leaves."""
        key = (station, kind)
        if key not in self._route:
            self._route[key] = first_fit([r.where for r in self.specs[station].routes], self._levels(kind))
        return self._route[key]

    def back(self, station: int, kind: Kind) -> Return | None:
        """Rule of return visits that holds, if any."""
        key = (station, kind)
        if key not in self._return:
            self._return[key] = first_fit([r.where for r in self.specs[station].returns], self._levels(kind))
        number = self._return[key]
        return None if number < 0 else self.specs[station].returns[number]

    def destination(self, name: str) -> int:
        """Index of a destination."""
        return LEAVES if name == LEAVE else self.names.index(name)


class Window:
    """Hours of the week in which entities may depart.

    Parameters
    ----------
    spec : schema.Station
    first_hour : int
        Hour of the week, Monday 00:00 being 0, at which the run starts.
    """

    def __init__(self, spec: StationSpec, first_hour: int):
        self.first_hour = first_hour
        self.open = {
            day * 24 + hour for window in spec.window for day in window.weekdays for hour in range(*window.hours)
        }

    def is_open(self, hour: int) -> bool:
        """Whether an hour counted from the start of the run is open."""
        return (self.first_hour + hour) % WEEK_HOURS in self.open

    def moved(self, ready: int, b: float) -> int:
        """`ready` itself when open, otherwise a point at share `b` of the next run of open hours."""
        hour = ready // HOUR
        if self.is_open(hour):
            return ready
        while not self.is_open(hour):
            hour += 1
        length = 1
        while length < WEEK_HOURS and self.is_open(hour + length):
            length += 1
        return hour * HOUR + math.floor(b * length * HOUR)


class Arrival(NamedTuple):
    """One arrival from outside."""

    at: int
    station: int
    identity: int
    source: int


class Arrivals:
    """Everybody who arrives from outside, hour by hour.

    Parameters
    ----------
    network : Network
    draws : Draws
    rules : Rules
    """

    def __init__(self, network: Network, draws: Draws, rules: Rules):
        self.network = network
        self.draws = draws
        self.rules = rules
        self.names = list(network.sources)
        self.sources: list[Source] = list(network.sources.values())
        self.first_hour = network.start.weekday() * 24
        week, day = rate_tables(network)
        # Python's floats: the same numbers, multiplied without NumPy
        self.week: list[list[float]] = week.tolist()
        self.day: list[list[float]] = day.tolist()
        self._x: dict[str, list[float]] = {name: [] for name in network.noise}

    def of_hour(self, hour: int) -> Iterator[Arrival]:
        """Arrivals of one hour, source by source; their order in time is left to the agenda."""
        for s, source in enumerate(self.sources):
            expected = self.expected(s, hour)
            height, k = 0.0, 0
            while True:
                identity = (stream(self.names[s]) << 40) + (hour << 16) + k
                u, w = self.draws.uniforms(Purpose.ARRIVAL, identity, 0)
                height += -math.log(u)
                if height > expected:
                    break
                yield Arrival(hour * HOUR + math.floor(w * HOUR), self.rules.names.index(source.to), identity, s)
                k += 1

    def expected(self, s: int, hour: int) -> float:
        """Arrivals expected of source `s` in an hour counted from the start."""
        d = hour // 24
        rate = self.week[s][(self.first_hour + hour) % WEEK_HOURS] * self.day[s][d]
        noise = self.sources[s].noise
        return rate if noise is None else rate * self.factor(noise, d)

    def factor(self, noise: str, d: int) -> float:
        """Multiplier of a noise group on day `d`: lognormal, mean one, autocorrelated."""
        spec = self.network.noise[noise]
        sigma = math.sqrt(math.log(1 + spec.variance))
        phi = spec.correlation
        x = self._x[noise]
        while len(x) <= d:
            u, _ = self.draws.uniforms(Purpose.NOISE, stream("noise:" + noise), len(x))
            z = inverse_normal(u)
            x.append(phi * x[-1] + math.sqrt(1 - phi * phi) * z if x else z)
        return math.exp(sigma * x[d] - 0.5 * sigma * sigma)

    def kind(self, arrival: Arrival) -> Kind:
        """Class and attributes of an arrival, drawn by the shares of its source."""
        source = self.sources[arrival.source]
        levels: dict[str, str] = {}
        for a, name in enumerate(self.network.attributes):
            shares = source.attributes.get(name)
            if isinstance(shares, str):
                levels[name] = shares
            elif shares is not None:
                pair = self.draws.uniforms(Purpose.ATTRIBUTE, arrival.identity, a // 2)
                levels[name] = self._level(self.network.attributes[name], shares, pair[a % 2])
        return self.rules.kind(source.cls, levels)

    @staticmethod
    def _level(levels: list[str], shares: dict[str, float], u: float) -> str:
        cumulative = 0.0
        last = levels[0]
        for level in levels:
            share = shares.get(level, 0.0)
            if share > 0:
                cumulative += share
                last = level
                if cumulative > u:
                    return level
        return last  # rounding left the sum of the shares short of u
