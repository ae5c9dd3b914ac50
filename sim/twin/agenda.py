"""What is due when, in the reference program: SimPy's clock, and the order within one instant (section 2).

SimPy is the clock and nothing else. For every instant at which something is due there is one SimPy event; its callback
then does all that is due, lowest (rank, order within the rank) first, never in the order in which it was scheduled.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from functools import partial
from typing import Any

import simpy

from sim.twin.quantiles import WORD

__all__ = ["Agenda", "Due", "Rank"]


class Rank(IntEnum):
    """What may be due, in the order in which it happens within one instant (section 2)."""

    PERIOD_END = 0
    SNAPSHOT = 1
    PLAN_CHANGE = 2
    SERVICE_END = 3
    TRANSITION_END = 4
    RETURN_VISIT = 5
    STEP_DOWN = 6
    TURNAROUND_END = 7
    ARRIVAL = 8
    PATIENCE_END = 9


@dataclass(order=True, slots=True)
class Due:
    """Something that is due; what compares is rank, order within the rank, and, for equals, who was first."""

    rank: Rank
    order: tuple[int, ...]
    number: int
    action: Callable[[], None] = field(compare=False)
    cancelled: bool = field(default=False, compare=False)


class Agenda:
    """The clock, what is due, and the record of what has been done.

    Parameters
    ----------
    horizon : int
        What is due at or after it never happens.
    """

    def __init__(self, horizon: int):
        self.horizon = horizon
        self.clock = simpy.Environment()
        self.due: dict[int, list[Due]] = {}  # by instant, each a heap
        self.handlers: dict[Rank, Callable[[Any], None]] = {}  # what an event of each rank does to whom it befalls
        self.settle: Callable[[], None] = lambda: None  # what follows from everything that is done (section 6)
        self.events = 0
        self.fingerprint = 0
        self._number = 0

    @property
    def now(self) -> int:
        """The clock, in ms."""
        return int(self.clock.now)

    def run(self, until: int) -> None:
        """Do everything due before `until`, and leave the clock there."""
        if until > self.now:
            self.clock.run(until=until)

    def add(self, at: int, rank: Rank, order: tuple[int, ...], action: Callable[[], None]) -> Due:
        """Let something be done at an instant, which may be the present one."""
        self._number += 1
        due = Due(rank, order, self._number, action)
        if at < self.horizon:
            if at not in self.due:
                self.due[at] = []
                self.clock.timeout(at - self.now).callbacks.append(self._instant)
            heapq.heappush(self.due[at], due)
        return due

    def add_event(self, at: int, rank: Rank, station: int, identity: int, who: Any) -> Due:
        """Let something befall somebody; such events are counted and chained into the fingerprint."""
        return self.add(at, rank, (station, identity), partial(self._event, rank, station, identity, who))

    def _instant(self, _: simpy.Event) -> None:
        """Do everything due now, including what becomes due now while it is done."""
        due = self.due[self.now]
        while due:
            first = heapq.heappop(due)
            if not first.cancelled:
                first.action()
                if first.rank >= Rank.PLAN_CHANGE:
                    self.settle()
        del self.due[self.now]

    def _event(self, rank: Rank, station: int, identity: int, who: Any) -> None:
        f = self.fingerprint
        f = (f ^ self.now) * 0x9E3779B97F4A7C15 & WORD
        f = (f ^ identity ^ (rank << 56) ^ (station << 40)) * 0xD1B54A32D192ED03 & WORD
        self.fingerprint = f ^ (f >> 29)
        self.events += 1
        self.handlers[rank](who)
