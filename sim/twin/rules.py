"""What a network file says, looked up plainly: the rules of stations and the windows of the reference program.

Section 7 of ``docs/semantics.md``. Nothing here changes during a run.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from sim.clock import HOUR
from sim.network.fields import Where
from sim.network.schema import LEAVE, HoldStep, Network, Return, Service, Weekly
from sim.network.schema import Station as StationSpec
from sim.select import CLASS, first_fit, fits, levels_of
from sim.services import Resolved, resolve

__all__ = ["LEAVES", "WEEK_HOURS", "Kind", "Rules", "Window", "hours_of_week"]

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
        self.pools = [*self.names, *network.pools]  # own pools, then shared pools
        self.classes = {name: i for i, name in enumerate(network.classes)}
        self.groups = len(network.classes) * math.prod(len(network.attributes[a]) for a in network.observe.by)
        # distinct kinds are few and entities many: every look-up is made once
        self._service: dict[tuple[int, Kind], Resolved] = {}
        self._route: dict[tuple[int, Kind], int] = {}
        self._return: dict[tuple[int, Kind], int] = {}
        self._holds: dict[tuple[int, Kind], dict[int, list[HoldStep]]] = {}
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

    def holds(self, station: int, kind: Kind) -> dict[int, list[HoldStep]]:
        """Steps of the amounts that a stay holds of shared pools, in the order of the pools."""
        key = (station, kind)
        if key not in self._holds:
            rules = self.specs[station].holds
            number = first_fit([r.where for r in rules], self._levels(kind))
            steps = {} if number < 0 else {self.shared(name): given for name, given in rules[number].pools.items()}
            self._holds[key] = dict(sorted(steps.items()))
        return self._holds[key]

    def fits(self, where: Where, kind: Kind) -> bool:
        """Whether `where` names this kind of entity."""
        return fits(where, self._levels(kind))

    def shared(self, name: str) -> int:
        """Index of a shared pool among all pools."""
        return len(self.names) + list(self.network.pools).index(name)

    def destination(self, name: str) -> int:
        """Index of a destination."""
        return LEAVES if name == LEAVE else self.names.index(name)


def hours_of_week(given: Iterable[Weekly]) -> set[int]:
    """Hours of the week, Monday 00:00 being 0, that any of the entries names."""
    return {day * 24 + hour for entry in given for day in entry.weekdays for hour in range(*entry.hours)}


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
        self.open = hours_of_week(spec.window)

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
