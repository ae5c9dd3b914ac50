"""The slow plain reference program: the network engine as one reads it in ``docs/semantics.md``.

It is the program to read in order to understand the engine, and to prototype new rules in. The compiled kernel is a
second program for the same page; what the two write down is equal with ``==``.

How it is put together, each module knowing only those before it:

* ``quantiles``: random draws by address, distributions of time (sections 3 and 8);
* ``rules`` and ``arrivals``: rules over class and attributes, windows, who arrives (sections 4 and 7);
* ``plan``: planned changes (section 9);
* ``agenda``: SimPy's clock, and the order within one instant (sections 1 and 2);
* ``stations``: entities, pools, stations and their queues (section 5);
* ``clocks`` and ``tallies``: what is written down (section 11);
* ``world``: everything that changes, and plain book-keeping;
* ``spells``: deadlines of patience (section 17);
* ``places``: who may start and where it lodges, shared pools, steps, turnaround (section 5);
* ``queues``: waiting rooms and the blocked (sections 5 and 6);
* ``stays``: how long a stay lasts, starting, resuming (sections 5 and 14);
* ``grants``: who gets a freed place (section 6);
* ``preemption``: who gives way (section 14);
* ``routes`` and ``journeys``: what happens to entities, from arrival to return visit (sections 5 and 7);
* ``patience``, ``deadlock``, ``calendar``: what else may happen (sections 9, 15, 16 and 17);
* ``census``: who is there at the start (section 10);
* ``accounts``: what must balance (section 12);
* this module: a run, from the outside.
"""

from __future__ import annotations

from typing import Any

from sim.clock import HOUR
from sim.network.schema import Network
from sim.twin.accounts import balance
from sim.twin.agenda import Rank
from sim.twin.arrivals import Arrivals
from sim.twin.calendar import READ_HOUR, Calendar
from sim.twin.census import seat_census
from sim.twin.deadlock import Deadlock
from sim.twin.grants import Grants
from sim.twin.journeys import Journeys
from sim.twin.patience import Patience
from sim.twin.places import Places
from sim.twin.plan import NO_LIMIT, What
from sim.twin.preemption import Preemption
from sim.twin.queues import Queues
from sim.twin.spells import Spells
from sim.twin.stays import Stays
from sim.twin.world import World

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
        self.horizon = int(network.horizon)
        self.world = world = World(network, seed, replication)
        self.arrivals = Arrivals(network, world.draws, world.rules, world.plan.rates)
        spells, places = Spells(world), Places(world)
        queues, stays = Queues(world, places, spells), Stays(world, places)
        self.grants = Grants(world, places, queues, stays)
        self.deadlock = Deadlock(world, places, queues, stays)
        self.calendar = Calendar(world, self.grants)
        journeys = Journeys(world, self.arrivals, places, queues, stays, Preemption(world, places, queues))
        Patience(world, spells, places, queues, journeys)
        seat_census(world, places, queues, stays)
        world.tallies.start_accounts()
        for pool in world.pools[: len(world.stations)]:
            world.list_pool(pool)
        self.grants.run()
        world.agenda.settle = self._settle
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
        self.world.agenda.run(until)
        if until == self.horizon and self.world.tallies.period < len(self.world.tallies.edges) - 1:
            self._end_period()

    def change(self, at_ms: int, what: str, key: str | tuple[str, str] | tuple[str, int, str], value: float) -> None:
        """Plan a change, between two calls of `advance`.

        Parameters
        ----------
        at_ms : int
            Not before the clock.
        what : str
            ``places``, ``multiplier``, ``share`` or ``rate``.
        key : str or tuple
            Name of the station or shared pool; for multipliers, names of the station and the class; for shares, the
            station, the number of its route rule and the destination; for rates, the source: a factor on its rate, or
            of a driven source the number of entities of the interval that begins.
        value : float
        """
        if at_ms < self.now:
            raise ValueError(f"the clock stands at {self.now} ms: nothing can change at {at_ms} ms")
        plan, rules = self.world.plan, self.world.rules
        if value < 0:
            raise ValueError(f"{what} cannot be negative: {value}")
        if what == "places" and isinstance(key, str):
            if value != NO_LIMIT and value != int(value):
                raise ValueError(f"a number of places is whole: {value}")
            row = plan.row(int(at_ms), What.PLACES, rules.pools.index(key), value)
        elif what == "rate" and isinstance(key, str):
            row = plan.row(int(at_ms), What.RATE, list(self.network.sources).index(key), value)
        elif what == "share" and len(key) == 3:
            name, rule, to = key
            station = rules.names.index(name)
            within = list(rules.specs[station].routes[int(rule)].to).index(str(to))
            row = plan.row(int(at_ms), What.SHARE, plan.share_rows[station, int(rule)][within], value)
        elif what == "multiplier" and len(key) == 2:
            index = rules.names.index(key[0]) * len(self.network.classes) + self.network.classes.index(key[1])
            row = plan.row(int(at_ms), What.MULTIPLIER, index, value)
        else:
            raise ValueError(f"cannot change {what!r} of {key!r}")
        self.calendar.plan_change(row)

    def observations(self) -> dict[str, Any]:
        """Everything written down so far; areas are those of the periods that have closed."""
        agenda = self.world.agenda
        return {**self.world.tallies.results(), "events": agenda.events, "fingerprint": agenda.fingerprint}

    @property
    def now(self) -> int:
        """The clock, in ms."""
        return self.world.now

    # -- the course of a run ------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        """Put on the agenda what is known from the start: period ends, snapshots, changes of places, arrivals."""
        agenda = self.world.agenda
        for edge in self.world.tallies.edges[1:-1]:  # the last period closes in `advance`
            agenda.add(edge, Rank.PERIOD_END, (), self._end_period)
        agenda.add(0, Rank.SNAPSHOT, (), self._take_snapshot)
        self.calendar.lay_out()
        if self.network.sources:
            agenda.add(0, Rank.PLAN_CHANGE, (READ_HOUR,), self._read_hour)

    def _read_hour(self) -> None:
        """Put the arrivals of the hour that begins now on the agenda."""
        agenda = self.world.agenda
        for arrival in self.arrivals.of_hour(self.now // HOUR):
            agenda.add_event(arrival.at, Rank.ARRIVAL, arrival.station, arrival.identity, arrival)
        agenda.add(self.now + HOUR, Rank.PLAN_CHANGE, (READ_HOUR,), self._read_hour)

    def _take_snapshot(self) -> None:
        tallies = self.world.tallies
        tallies.take_snapshot(self.now, self.world.pools)
        self.world.agenda.add(self.now + tallies.step, Rank.SNAPSHOT, (), self._take_snapshot)

    def _settle(self) -> None:
        """What follows from everything that is done, before the next thing is: grants, and the end of deadlocks."""
        self.grants.run()
        self.deadlock.resolve()

    def _end_period(self) -> None:
        self.world.tallies.end_period(self.now)
        balance(self.world)
