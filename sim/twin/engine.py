"""The slow plain reference program: the network engine as one reads it in ``docs/semantics.md``.

It is the program to read in order to understand the engine, and to prototype new rules in. The compiled kernel is a
second program for the same page; what the two write down is equal with ``==``.

How it is put together:

* ``sim.twin.quantiles``: random draws by address, distributions of time (sections 3 and 8);
* ``sim.twin.rules``: rules over class and attributes, windows, arrivals (sections 4 and 7);
* ``sim.twin.plan``: planned changes (section 9);
* ``sim.twin.stations``: entities, stations and their queues (sections 5 and 6);
* ``sim.twin.agenda``: SimPy's clock, and the order within one instant (sections 1 and 2);
* ``sim.twin.tallies`` and ``sim.twin.accounts``: what is written down, and what must balance (sections 11 and 12);
* this module: what happens to entities, from arrival to return visit (sections 5, 6, 7.3 and 10).
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from functools import partial
from itertools import accumulate
from typing import Any

from sim.census import identities, residuals
from sim.clock import HOUR
from sim.network.schema import Destination, Network
from sim.twin.accounts import balance
from sim.twin.agenda import Agenda, Rank
from sim.twin.plan import NO_LIMIT, Plan, Row, What
from sim.twin.quantiles import LONGEST_STAY, Draws, Purpose, quantile, whole_ms
from sim.twin.rules import LEAVES, Arrival, Arrivals, Kind, Rules, Window
from sim.twin.stations import Entity, Station
from sim.twin.tallies import Tallies

__all__ = ["Twin"]


class Twin:
    """One replication of a network.

    Parameters
    ----------
    network : Network
        Read and checked by `sim.network.load_network`.
    seed, replication : int
    """

    def __init__(self, network: Network, seed: int, replication: int):
        self.network = network
        self.seed, self.replication = seed, replication
        self.horizon = int(network.horizon)
        self.draws = Draws(seed, replication)
        self.rules = Rules(network)
        self.arrivals = Arrivals(network, self.draws, self.rules)
        self.plan = Plan(network)
        self.shares = list(self.plan.share)
        self.tallies = Tallies(network, self.rules.groups)
        self.agenda = Agenda(self.horizon)
        self.entities: dict[int, Entity] = {}  # everybody who is at some station
        self.away = 0  # between a visit and the return visit
        self.gone = 0  # left for good
        self.census = 0
        self.stations = [self._build(s) for s in range(len(network.stations))]
        for station in self.stations:
            self.tallies.places(0, station.index, station.places, 0)
        self._seat_census()
        self.tallies.start_accounts()
        self._lay_out()

    # -- using it -----------------------------------------------------------------------------------------------------

    def advance(self, until_ms: int) -> None:
        """Do everything that is due before `until_ms`, and leave the clock there (at most at the horizon).

        Raises
        ------
        ValueError
            When `until_ms` lies in the past.
        ConservationError
            When the accounts of a period do not balance.
        """
        until = min(int(until_ms), self.horizon)
        if until < self.now:
            raise ValueError(f"the clock stands at {self.now} ms and cannot go back to {until} ms")
        self.agenda.run(until)
        if until == self.horizon and self.tallies.period < len(self.tallies.edges) - 1:
            self._end_period()

    def change(self, at_ms: int, what: str, key: str | tuple[str, str] | tuple[str, int, str], value: float) -> None:
        """Plan a change, between two calls of `advance`.

        Parameters
        ----------
        at_ms : int
            Not before the clock.
        what : str
            ``places``, ``multiplier`` or ``share``.
        key : str or tuple
            Name of the station; for multipliers, names of the station and the class; for shares, the station, the
            number of its route rule and the destination.
        value : float
        """
        if at_ms < self.now:
            raise ValueError(f"the clock stands at {self.now} ms: nothing can change at {at_ms} ms")
        if value < 0:
            raise ValueError(f"{what} cannot be negative: {value}")
        if what == "places" and isinstance(key, str):
            if value != NO_LIMIT and value != int(value):
                raise ValueError(f"a number of places is whole: {value}")
            row = self.plan.row(int(at_ms), What.PLACES, self.rules.names.index(key), value)
        elif what == "share" and len(key) == 3:
            name, rule, to = key
            station = self.rules.names.index(name)
            within = list(self.rules.specs[station].routes[int(rule)].to).index(str(to))
            row = self.plan.row(int(at_ms), What.SHARE, self.plan.share_rows[station, int(rule)][within], value)
        elif what == "multiplier" and len(key) == 2:
            index = self.rules.names.index(key[0]) * len(self.network.classes) + self.network.classes.index(key[1])
            row = self.plan.row(int(at_ms), What.MULTIPLIER, index, value)
        else:
            raise ValueError(f"cannot change {what!r} of {key!r}")
        self._plan_change(row)

    def observations(self) -> dict[str, Any]:
        """Everything written down so far; areas are those of the periods that have closed."""
        return {**self.tallies.results(), "events": self.agenda.events, "fingerprint": self.agenda.fingerprint}

    @property
    def now(self) -> int:
        """The clock, in ms."""
        return self.agenda.now

    # -- setting up ---------------------------------------------------------------------------------------------------

    def _build(self, s: int) -> Station:
        spec, classes = self.rules.specs[s], self.network.classes
        rooms = spec.waiting_room if isinstance(spec.waiting_room, dict) else dict.fromkeys(classes, spec.waiting_room)
        limits = [rooms.get(c, "inf") for c in classes]
        return Station(
            index=s,
            places=self.plan.places[s],
            multiplier=list(self.plan.multiplier[s]),
            room=[NO_LIMIT if limit == "inf" else int(limit) for limit in limits],
            priority=[spec.priority.get(c, 0) for c in classes],
            reserve=[spec.reserve.get(c, 0) for c in classes],
            flex=spec.flex,
            window=Window(spec, self.arrivals.first_hour) if spec.window else None,
            waiting=[deque() for _ in classes],
            blocked=[deque() for _ in classes],
        )

    def _entity(self, identity: int, kind: Kind, station: int) -> Entity:
        return Entity(identity, kind, self.rules.classes[kind[0]], self.rules.group(kind), station)

    def _seat_census(self) -> None:
        """Entities in service at the start, with residual stays (section 10); no flow is booked for them."""
        for number, row in enumerate(self.network.census):
            left = residuals(self.network, number, self.seed, self.replication)
            station = self.stations[self.rules.names.index(row.station)]
            kind = self.rules.kind(row.cls, row.attributes)
            for identity, residual in zip(identities(number, row.count).tolist(), left.tolist(), strict=True):
                entity = self._entity(identity, kind, station.index)
                entity.stay = 1
                _, entity.route = self.draws.uniforms(Purpose.STAY, identity, 1)
                self.entities[identity] = entity
                self.census += 1
                self._occupy(station, 1)
                self._enter(entity, "in_service")
                self._due_for(entity, residual, Rank.SERVICE_END, self._end_service)

    def _lay_out(self) -> None:
        """Put on the agenda what is known from the start: period ends, snapshots, planned changes, arrivals."""
        for edge in self.tallies.edges[1:-1]:  # the last period closes in `advance`
            self.agenda.add(edge, Rank.PERIOD_END, (), self._end_period)
        self.agenda.add(0, Rank.SNAPSHOT, (), self._take_snapshot)
        for row in self.plan.rows:
            self._plan_change(row)
        if self.network.sources:
            self.agenda.add(0, Rank.READ_HOUR, (), self._read_hour)

    def _plan_change(self, row: Row) -> None:
        self.agenda.add(row.at, Rank.PLAN_CHANGE, (row.what, row.index, row.number), partial(self._make_change, row))

    # -- snapshots and planned changes (sections 9 and 11) ------------------------------------------------------------

    def _take_snapshot(self) -> None:
        self.tallies.take_snapshot(
            self.now, [station.places for station in self.stations], [station.occupied for station in self.stations]
        )
        self.agenda.add(self.now + self.tallies.step, Rank.SNAPSHOT, (), self._take_snapshot)

    def _make_change(self, row: Row) -> None:
        """Let a planned change take effect (section 9)."""
        if row.what == What.PLACES:
            station = self.stations[row.index]
            before, station.places = station.places, row.value
            self.tallies.places(self.now, station.index, station.places, station.occupied)
            if station.places > before:  # fewer places evict nobody: the surplus drains
                self._grant(station)
        elif row.what == What.MULTIPLIER:
            s, c = divmod(row.index, len(self.network.classes))
            self.stations[s].multiplier[c] = row.value
        else:
            self.shares[row.index] = row.value

    # -- arriving and starting (section 5) ----------------------------------------------------------------------------

    def _read_hour(self) -> None:
        """Put the arrivals of the hour that begins now on the agenda."""
        for arrival in self.arrivals.of_hour(self.now // HOUR):
            action = partial(self._arrive, arrival)
            self.agenda.add_event(arrival.at, Rank.ARRIVAL, arrival.station, arrival.identity, action)
        self.agenda.add(self.now + HOUR, Rank.READ_HOUR, (), self._read_hour)

    def _arrive(self, arrival: Arrival) -> None:
        """Somebody arrives from outside."""
        self._visit(self._entity(arrival.identity, self.arrivals.kind(arrival), arrival.station), "arrived")

    def _come_back(self, entity: Entity) -> None:
        """Somebody who was away begins a return visit."""
        self.away -= 1
        self._visit(entity, "returned")

    def _visit(self, entity: Entity, flow: str) -> None:
        """Begin a visit, or be turned away."""
        station = self.stations[entity.station]
        self._book(entity, flow)
        if station.may_start(entity.cls):
            self.entities[entity.identity] = entity
            self._occupy(station, 1)
            self._start(entity)
        elif station.has_room(entity.cls):
            self.entities[entity.identity] = entity
            self._wait(entity)
        else:
            self._book(entity, "lost")

    def _wait(self, entity: Entity) -> None:
        """Join the waiting room of the station where the entity is."""
        entity.joined = self.now
        self.stations[entity.station].waiting[entity.cls].append(entity)
        self._enter(entity, "waiting")

    def _start(self, entity: Entity) -> None:
        """Start a stay at the station where the entity is; it holds a place there and is in no queue."""
        station = self.stations[entity.station]
        entity.stay += 1
        u, entity.route = self.draws.uniforms(Purpose.STAY, entity.identity, entity.stay)
        x = quantile(self.rules.service(station.index, entity.kind), u)
        stay = whole_ms(min(x * station.multiplier[entity.cls] * self._flex(station), LONGEST_STAY))
        self._book(entity, "started")
        self._enter(entity, "in_service")
        self._due_for(entity, self.now + stay, Rank.SERVICE_END, self._end_service)

    def _flex(self, station: Station) -> float:
        """Factor by which the queue at this moment shortens a stay."""
        if station.flex is None:
            return 1.0
        factor = math.pow(1.0 + station.queue() / station.flex.scale, -station.flex.elasticity)
        return max(station.flex.floor, factor)

    # -- going on (sections 5 and 7) ----------------------------------------------------------------------------------

    def _end_service(self, entity: Entity) -> None:
        """Look the route up, and depart at once or after a transition."""
        self._book(entity, "served")
        entity.bound_for, destination = self._next(entity)
        ready = self._ready(entity, destination)
        if ready > self.now:
            self._enter(entity, "in_transition")
            self._due_for(entity, ready, Rank.TRANSITION_END, self._depart)
        else:
            self._depart(entity)

    def _next(self, entity: Entity) -> tuple[int, Destination | None]:
        """Destination by the shares in force now; without a route everybody leaves."""
        rule = self.rules.route(entity.station, entity.kind)
        if rule < 0:
            return LEAVES, None
        destinations = list(self.rules.specs[entity.station].routes[rule].to.items())
        sums = accumulate(self.shares[i] for i in self.plan.share_rows[entity.station, rule])
        found = next((i for i, total in enumerate(sums) if total > entity.route), len(destinations) - 1)
        name, destination = destinations[found]
        return self.rules.destination(name), destination

    def _ready(self, entity: Entity, destination: Destination | None) -> int:
        """When the entity may ask for a place at its destination: after the transition delay, in an open hour."""
        a, b = self.draws.uniforms(Purpose.TRANSITION, entity.identity, entity.stay)
        ready = self.now
        if destination is not None and destination.transition is not None:
            ready += whole_ms(quantile(self.rules.resolved(destination.transition), a))
        window = self.stations[entity.station].window
        return ready if window is None else window.moved(ready, b)

    def _depart(self, entity: Entity) -> None:
        """Ask for a place where the entity is bound for (the five cases of section 5)."""
        here = self.stations[entity.station]
        if entity.bound_for == LEAVES:
            self._leave(entity)
            return
        there = self.stations[entity.bound_for]
        if there is here:
            self._book(entity, "transferred_out")
            self._book(entity, "transferred_in")
            self._start(entity)
        elif there.may_start(entity.cls):
            self._release(entity)
            self._take_place(entity)
            self._grant(here)
        elif there.has_room(entity.cls):
            self._release(entity)
            self._wait(entity)
            self._grant(here)
        else:
            self._block(entity, there)

    def _leave(self, entity: Entity) -> None:
        """Leave the network, for good or until a return visit."""
        here = self.stations[entity.station]
        self._book(entity, "left")
        self._enter(entity, "")
        self._occupy(here, -1)
        del self.entities[entity.identity]
        self._send_back(entity)
        self._grant(here)

    def _send_back(self, entity: Entity) -> None:
        """Decide on a return visit (section 7.3)."""
        rule = self.rules.back(entity.station, entity.kind)
        u, w = self.draws.uniforms(Purpose.RETURN, entity.identity, entity.stay)
        if rule is None or u >= rule.probability:
            self.gone += 1
            return
        self.away += 1
        identity = self.draws.identity_of_return(entity.identity)
        visitor = self._entity(identity, entity.kind, self.rules.destination(rule.to))
        at = self.now + whole_ms(quantile(self.rules.resolved(rule.after), w))
        self._due_for(visitor, at, Rank.RETURN_VISIT, self._come_back)

    def _release(self, entity: Entity) -> None:
        """Give back the place held upstream, on the way to where the entity is bound for."""
        self._book(entity, "transferred_out")
        self._enter(entity, "")
        self._occupy(self.stations[entity.station], -1)
        entity.station = entity.bound_for
        self._book(entity, "transferred_in")

    def _take_place(self, entity: Entity) -> None:
        self._occupy(self.stations[entity.station], 1)
        self._start(entity)

    def _block(self, entity: Entity, there: Station) -> None:
        """Keep the place here and be awaited there."""
        entity.joined = self.now
        there.blocked[entity.cls].append(entity)
        self.tallies.count(self.now, there.index, entity.group, "awaited", 1)
        self._enter(entity, "blocked")
        self._book(entity, "delayed")

    # -- granting freed places (section 6) ----------------------------------------------------------------------------

    def _grant(self, first: Station) -> None:
        """Fill freed places, here and at every station where that frees places in turn."""
        work = deque([first])
        while work:
            station = work.popleft()
            while (entity := station.next_to_start()) is not None:
                freed = self._admit_waiting(entity) if entity.state == "waiting" else self._admit_blocked(entity)
                if freed is not None and freed not in work:
                    work.append(freed)

    def _admit_waiting(self, entity: Entity) -> Station | None:
        """Start from the waiting room; somebody blocked may take the room. Return the station freed upstream."""
        station = self.stations[entity.station]
        station.waiting[entity.cls].popleft()
        self.tallies.book_wait(self.now, station.index, entity.group, self.now - entity.joined)
        self._take_place(entity)
        if not station.blocked[entity.cls] or not station.has_room(entity.cls):
            return None
        follower = station.blocked[entity.cls][0]
        upstream = self._end_block(follower)
        self._wait(follower)
        return upstream

    def _admit_blocked(self, entity: Entity) -> Station:
        """Start a stay straight from upstream, and return the station upstream."""
        upstream = self._end_block(entity)
        self._take_place(entity)
        return upstream

    def _end_block(self, entity: Entity) -> Station:
        """Let the first of the blocked go, and return the station upstream that it frees a place of."""
        upstream, there = self.stations[entity.station], self.stations[entity.bound_for]
        there.blocked[entity.cls].popleft()
        self.tallies.count(self.now, there.index, entity.group, "awaited", -1)
        self._release(entity)
        return upstream

    # -- book-keeping -------------------------------------------------------------------------------------------------

    def _due_for(self, entity: Entity, at: int, rank: Rank, action: Callable[[Entity], None]) -> None:
        self.agenda.add_event(at, rank, entity.station, entity.identity, partial(action, entity))

    def _enter(self, entity: Entity, state: str) -> None:
        """Change the state of an entity at the station where it is; "" takes it away from there."""
        if entity.state:
            self.tallies.count(self.now, entity.station, entity.group, entity.state, -1)
        entity.state = state
        if state:
            self.tallies.count(self.now, entity.station, entity.group, state, 1)

    def _occupy(self, station: Station, change: int) -> None:
        station.occupied += change
        self.tallies.places(self.now, station.index, station.places, station.occupied)

    def _book(self, entity: Entity, flow: str) -> None:
        self.tallies.book(entity.station, entity.group, flow)

    def _end_period(self) -> None:
        self.tallies.end_period(self.now)
        balance(self.tallies, self.stations, list(self.entities.values()), self.census, self.gone + self.away)
