"""What the calendar does to places: planned changes, timetables, appointment slots, escalation (sections 9 and 15).

All of it is of rank 2; the first number of the order within the rank tells the four apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from sim.clock import HOUR
from sim.network.schema import Escalation, Weekly
from sim.twin.agenda import Rank
from sim.twin.grants import Grants
from sim.twin.plan import Row, What
from sim.twin.quantiles import whole_ms
from sim.twin.rules import WEEK_HOURS, hours_of_week
from sim.twin.stations import Pool
from sim.twin.world import World

__all__ = ["READ_HOUR", "Calendar"]

PLAN, TIMETABLES, SLOTS, ESCALATION = range(4)
READ_HOUR = 4  #: then arrivals of the hour that begins are put on the agenda, at rates that may just have changed


@dataclass(eq=False, slots=True)
class Rule:
    """A rule of escalation and what has come of it: it is off, called, or open."""

    pool: Pool
    given: Escalation
    queues: Sequence[int]  # stations whose queues count
    check_every: int
    opens: int | None = None  # when the places that were called open
    is_open: bool = False


class Calendar:
    """Changes of places that do not come from entities.

    Parameters
    ----------
    world : World
    grants : Grants
    """

    def __init__(self, world: World, grants: Grants):
        self.world = world
        self.grants = grants
        self.first_hour = world.network.start.weekday() * 24
        self.rules = [rule for pool in world.pools for rule in self._rules(pool)]
        self._looks: set[int] = set()  # instants at which escalation is looked at
        for pool in world.pools:
            pool.scheduled = self._scheduled(pool)
            world.tallies.pool(0, pool)

    def lay_out(self) -> None:
        """Put on the agenda what is known from the start."""
        for row in self.world.plan.rows:
            self.plan_change(row)
        if any(pool.timetable for pool in self.world.pools):
            self.world.agenda.add(0, Rank.PLAN_CHANGE, (TIMETABLES,), self._keep_timetables)
        if any(station.spec.slots for station in self.world.stations):
            self.world.agenda.add(0, Rank.PLAN_CHANGE, (SLOTS,), self._offer_slots)
        if self.rules:
            self._look_at(0)

    # -- planned changes ----------------------------------------------------------------------------------------------

    def plan_change(self, row: Row) -> None:
        """Put a planned change on the agenda."""
        order = (PLAN, row.what, row.index, row.number)
        self.world.agenda.add(row.at, Rank.PLAN_CHANGE, order, partial(self._change, row))

    def _change(self, row: Row) -> None:
        world = self.world
        if row.what == What.PLACES:
            with self._changing([world.pools[row.index]]):
                world.pools[row.index].planned = row.value
        elif row.what == What.MULTIPLIER:
            s, c = divmod(row.index, len(world.network.classes))
            world.stations[s].multiplier[c] = row.value
        elif row.what == What.SHARE:
            world.shares[row.index] = row.value
        else:
            world.plan.rates[row.index] = row.value

    @contextmanager
    def _changing(self, pools: Sequence[Pool]) -> Iterator[None]:
        """Note new places, and list the pools that have more of them; fewer evict nobody: the surplus drains."""
        before = [pool.places for pool in pools]
        yield
        for pool, places in zip(pools, before, strict=True):
            self.world.tallies.pool(self.world.now, pool)
            if pool.places > places:
                self.world.list_pool(pool)

    # -- timetables ---------------------------------------------------------------------------------------------------

    def _keep_timetables(self) -> None:
        """Set the places that hold from this hour on."""
        with self._changing(self.world.pools):
            for pool in self.world.pools:
                pool.scheduled = self._scheduled(pool)
        self.world.agenda.add(self.world.now + HOUR, Rank.PLAN_CHANGE, (TIMETABLES,), self._keep_timetables)

    def _scheduled(self, pool: Pool) -> int | None:
        return next((entry.places for entry in pool.timetable if self._holds(entry)), None)

    def _holds(self, entry: Weekly) -> bool:
        """Whether the hours of an entry hold now."""
        return (self.first_hour + self.world.now // HOUR) % WEEK_HOURS in hours_of_week([entry])

    # -- slots --------------------------------------------------------------------------------------------------------

    def _offer_slots(self) -> None:
        """Offer the slots of this hour, station by station; those that nobody takes lapse."""
        for station in self.world.stations:
            slots = sum(entry.each_hour for entry in station.spec.slots if self._holds(entry))
            if slots > 0:
                station.slots = slots
                self.world.tallies.offer(station.index, slots)
                self.world.list_pool(self.world.pools[station.index])
                self.grants.run()
                station.slots = 0
        self.world.agenda.add(self.world.now + HOUR, Rank.PLAN_CHANGE, (SLOTS,), self._offer_slots)

    # -- escalation ---------------------------------------------------------------------------------------------------

    def _rules(self, pool: Pool) -> list[Rule]:
        world = self.world
        if pool.index < len(world.stations):
            given, queues = world.stations[pool.index].spec.escalation, [pool.index]
        else:
            given, queues = world.network.pools[world.rules.pools[pool.index]].escalation, pool.members
        return [Rule(pool, one, queues, whole_ms(one.check_every)) for one in given]

    def _look_at(self, at: int) -> None:
        """Look at the rules at an instant, once."""
        if at not in self._looks:
            self._looks.add(at)
            self.world.agenda.add(at, Rank.PLAN_CHANGE, (ESCALATION,), self._look)

    def _look(self) -> None:
        """Look at all rules of which a check or the opening is due."""
        now = self.world.now
        self._looks.discard(now)
        with self._changing(self.world.pools):
            for rule in self.rules:
                if rule.opens == now:
                    self._open(rule)
                elif now % rule.check_every == 0:
                    self._check(rule)
        for rule in self.rules:
            if now % rule.check_every == 0:
                self._look_at(now + rule.check_every)

    def _check(self, rule: Rule) -> None:
        """Call for extra places, or stand them down."""
        if rule.opens is not None:
            return
        if rule.is_open and self._is_over(rule):
            rule.is_open = False
            rule.pool.extra -= rule.given.places
        elif not rule.is_open and self._is_called_for(rule):
            rule.opens = self.world.now + whole_ms(rule.given.lead)
            if rule.opens == self.world.now:
                self._open(rule)
            else:
                self._look_at(rule.opens)

    def _open(self, rule: Rule) -> None:
        rule.opens = None
        rule.is_open = True
        rule.pool.extra += rule.given.places

    def _is_called_for(self, rule: Rule) -> bool:
        trigger = rule.given.trigger
        queued = trigger.queued is not None and self._queued(rule) >= trigger.queued
        return queued or (trigger.occupancy is not None and rule.pool.occupied >= trigger.occupancy * rule.pool.base)

    def _is_over(self, rule: Rule) -> bool:
        limit = rule.given.stand_down
        return self._queued(rule) <= limit.queued and rule.pool.occupied <= limit.occupancy * rule.pool.base

    def _queued(self, rule: Rule) -> int:
        return sum(self.world.stations[s].queue() for s in rule.queues)
