"""Offered load of every station and pool, by the traffic equations, before anything is simulated."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sim.load.averages import Averages
from sim.load.traffic import MOST, Kinds, Traffic, kinds_of
from sim.network.schema import HoldRule, Network, Service, ServiceRule, Station
from sim.select import CLASS, first_fit
from sim.services import mean_ms, quantile, resolve

__all__ = ["Load", "offered_load"]

Float = npt.NDArray[np.float64]
_ROUNDS, _SAME = 200, 1e-12
_GRID = (np.arange(2000) + 0.5) / 2000  #: shares at which a stay is looked at to follow amounts that fall


@dataclass(frozen=True)
class Load:
    """Load of a station or of a shared pool, mean over the measured time.

    Parameters
    ----------
    name, kind : str
        ``station`` or ``pool``.
    offered : float
        Places that would be held on average if there were always one free (Erlangs); nan where entities circulate
        without ever coming or leaving, so that nothing is offered from outside.
    places : float
        Places open, mean; infinite without limit.
    utilisation : float
        `offered` / `places`.
    strain : float
        Least share of all that could be opened that is needed: with extra places, overflow and shortened stays; for a
        station with appointments, visits asked for / appointments, if that is more.
    endless : bool
        Somebody who comes must be served there: no limit of room or patience ends the wait (or the blocking upstream).
    exact : bool
        Nobody is lost on the way there, so that the load will really come.
    """

    name: str
    kind: str
    offered: float
    places: float
    utilisation: float
    strain: float
    endless: bool
    exact: bool
    caught: bool = False

    @property
    def overloaded(self) -> bool:
        """Whether the queue must grow without end."""
        return self.endless and self.exact and self.strain >= 1 - 1e-9


def offered_load(network: Network) -> list[Load] | None:
    """Offered load of every station, then of every shared pool; None when the rules tell too many kinds apart.

    Blocking is left aside: places that blocked entities hold come on top. So are preemption and changes of class.
    """
    kinds = kinds_of(network)
    if len(kinds.levels) * len(network.stations) > MOST:
        return None
    traffic = Traffic(Averages(network), kinds)
    return _Loads(network, traffic, kinds).all()


class _Loads:
    def __init__(self, network: Network, traffic: Traffic, kinds: Kinds):
        self.network, self.traffic, self.kinds, self.averages = network, traffic, kinds, traffic.averages
        self.names = list(network.stations)
        self.doors = _doors(network)
        shape = (len(kinds.levels), len(self.names))
        self.stay, self.delay = np.zeros(shape), np.zeros(shape)
        for s, station in enumerate(network.stations.values()):
            window = self.averages.window_delay(station)
            for k, levels in enumerate(kinds.levels):
                self.stay[k, s] = self._stay(station, levels)
                self.delay[k, s] = window + self._transition(station, levels)
        turnaround = [st.turnaround for st in network.stations.values()]
        self.turnaround = np.array([0.0 if t is None else self.averages.service(t) for t in turnaround])
        self.floor = np.array([1.0 if st.flex is None else st.flex.floor for st in network.stations.values()])
        self.visits = self._balance()

    def all(self) -> list[Load]:
        """Loads of stations and pools."""
        either = ("waiting", "blocked")
        limited = {n for s, n in enumerate(self.names) if any(self._may_go(n, k, either) for k in self._come(s))}
        uncertain = self.traffic.after(limited)
        stations = [self._station(s, name, name not in uncertain) for s, name in enumerate(self.names)]
        return stations + [self._pool(name, uncertain) for name in self.network.pools]

    def _stay(self, station: Station, levels: Mapping[str, str]) -> float:
        steps = station.multiplier
        if isinstance(steps, dict):
            steps = steps.get(levels[CLASS], [])
        return mean_ms(resolve(_service(self.network, station, levels))) * self.averages.steps(steps, 1.0)

    def _transition(self, station: Station, levels: Mapping[str, str]) -> float:
        ways = self.traffic.onward(station, levels)
        return sum(p * self.averages.service(d.transition) for _, p, d in ways if d and d.transition is not None)

    def _own(self, stretch: Float) -> Float:
        """Places held at every station for visits as they are."""
        held = self.stay * stretch + self.delay + self.turnaround
        return (self.visits * held).sum(axis=0)

    def _balance(self) -> Float:
        """Visits when every station passes on no more than its places can serve."""
        places = np.array([self.traffic.places[n] for n in self.names])
        passed = np.ones(len(places))
        self.visits = self.traffic.visits()
        for _ in range(_ROUNDS):
            load = self._own(self.floor)
            new = np.where(load > places, places / np.where(load > 0, load, 1.0), 1.0)
            if np.abs(new - passed).max() < _SAME:
                break
            passed = new
            self.visits = self.traffic.visits(passed)
        return self.visits

    def _come(self, s: int) -> list[Mapping[str, str]]:
        """Levels of the kinds that come to a station."""
        return [levels for k, levels in enumerate(self.kinds.levels) if self.visits[k, s] > 0]

    def _may_go(self, name: str, levels: Mapping[str, str], states: tuple[str, ...]) -> bool:
        """Whether a kind may be turned away at a station or give up; who comes by transfer is blocked instead."""
        station = self.network.stations[name]
        gives_up = first_fit([p.where for p in station.patience if p.state in states], levels) >= 0
        turned_away = name in self.doors or station.divert is not None
        return gives_up or (turned_away and _room(station, levels[CLASS]) < math.inf)

    def _endless(self, s: int) -> bool:
        """Whether some kind that comes to a station must be served there, however long it takes."""
        return any(not self._may_go(self.names[s], levels, ("waiting",)) for levels in self._come(s))

    def _station(self, s: int, name: str, exact: bool) -> Load:
        station, places = self.network.stations[name], self.traffic.places[name]
        offered = float(self._own(np.ones(len(self.names)))[s])
        most = places + sum(e.places for e in station.escalation)
        most += sum(self.traffic.places[o] for o in station.overflow.to) if station.overflow else 0
        strain = _ratio(float(self._own(self.floor)[s]), most)
        if station.slots:
            strain = max(strain, _ratio(float(self.visits[:, s].sum()), self.averages.slots(station)))
        trapped, come = self.traffic.trapped.reshape(self.visits.shape)[:, s], self.visits[:, s] > 0
        offered = math.nan if trapped.all() and not come.any() else offered
        endless, caught = self._endless(s), bool((trapped & come).any())
        return Load(name, "station", offered, places, _ratio(offered, places), strain, endless, exact, caught)

    def _pool(self, name: str, uncertain: set[str]) -> Load:
        pool = self.network.pools[name]
        places = self.averages.places(pool)
        offered, endless, exact = 0.0, False, True
        for s, (member, station) in enumerate(self.network.stations.items()):
            amounts = [self._held(station, name, k, s) for k in range(len(self.kinds.levels))]
            if any(amounts):
                offered += float(self.visits[:, s] @ np.array(amounts))
                endless = endless or self._endless(s)
                exact = exact and member not in uncertain and station.flex is None
        strain = _ratio(offered, places + sum(e.places for e in pool.escalation))
        return Load(name, "pool", offered, places, _ratio(offered, places), strain, endless, exact)

    def _held(self, station: Station, pool: str, kind: int, s: int) -> float:
        """Place-time (ms) of a shared pool that one visit holds."""
        levels = self.kinds.levels[kind]
        rule: HoldRule | None = None
        if (fit := first_fit([r.where for r in station.holds], levels)) >= 0:
            rule = station.holds[fit]
        steps = rule.pools.get(pool, []) if rule else []
        if not steps:
            return 0.0
        if len(steps) == 1:
            return steps[0].amount * (self.stay[kind, s] + self.delay[kind, s])
        x = quantile(resolve(_service(self.network, station, levels)), _GRID)
        x = x * (self.stay[kind, s] / max(x.mean(), 1e-9))
        after = np.array([0.0, *(step.after for step in steps[1:]), math.inf])
        amount = np.array([step.amount for step in steps])
        spent = np.clip(x[:, None], after[:-1], after[1:]) - after[:-1]
        at_end = amount[np.searchsorted(after[1:-1], x, side="left")]
        return float((spent @ amount).mean() + at_end.mean() * self.delay[kind, s])


def _service(network: Network, station: Station, levels: Mapping[str, str]) -> Service:
    """Distribution of the stays of a kind at a station."""
    use: Service | str | list[ServiceRule] = station.service
    if isinstance(use, list):
        use = use[first_fit([rule.where for rule in use], levels)].use
    return network.services[use] if isinstance(use, str) else use


def _doors(network: Network) -> set[str]:
    """Stations to which somebody comes otherwise than by transfer."""
    found = {source.to for source in network.sources.values()}
    for station in network.stations.values():
        found |= {back.to for back in station.returns}
        found |= {rule.then for rule in station.patience if isinstance(rule.then, str)}
    return found


def _room(station: Station, cls: str) -> float:
    """Waiting room for a class: the smaller one, where those who come by transfer have their own."""
    room = station.waiting_room
    limit = room.get(cls, "inf") if isinstance(room, dict) else room
    both = [math.inf if r in ("inf", None) else float(r) for r in (limit, station.inside_room)]  # type: ignore[arg-type]
    return min(both)


def _ratio(load: float, places: float) -> float:
    if math.isinf(places):
        return 0.0
    return load / places if places > 0 else (math.inf if load > 0 else 0.0)
