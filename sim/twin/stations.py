"""Entities and stations of the reference program: who is where, who may start, who is next (sections 5 and 6)."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from sim.network.schema import Flex
from sim.twin.rules import LEAVES, Kind, Window

__all__ = ["Entity", "Station"]


@dataclass(eq=False, slots=True)
class Entity:
    """Somebody in the network, for the length of one visit."""

    identity: int
    kind: Kind
    cls: int
    group: int
    station: int  # where it is
    state: str = ""  # one of sim.twin.tallies.HERE, or "" when it is nowhere
    stay: int = 0  # stays started in this visit
    route: float = 0.0  # uniform that decides where it goes next
    bound_for: int = LEAVES
    joined: int = 0  # when it joined the queue it is in


@dataclass(eq=False, slots=True)
class Station:
    """A pool of places with a waiting room, and a queue of those blocked upstream, per class."""

    index: int
    places: float
    multiplier: list[float]
    room: list[float]  # limit of the waiting room, by class
    priority: list[int]
    reserve: list[int]
    flex: Flex | None
    window: Window | None
    waiting: list[deque[Entity]]
    blocked: list[deque[Entity]]  # they are elsewhere, and awaited here
    occupied: int = 0

    def may_start(self, cls: int) -> bool:
        """Whether an entity of this class may take a place."""
        return self.occupied + self.reserve[cls] < self.places

    def has_room(self, cls: int) -> bool:
        """Whether the waiting room has space for this class."""
        return len(self.waiting[cls]) < self.room[cls]

    def queue(self) -> int:
        """Entities that wait here and entities that are awaited here."""
        return sum(len(line) for line in (*self.waiting, *self.blocked))

    def next_to_start(self) -> Entity | None:
        """Best of the heads of the queues that may start now."""
        heads = [
            (self.priority[c], from_blocked, line[0].joined, line[0].identity, line[0])
            for c in range(len(self.room))
            if self.may_start(c)
            for from_blocked, line in enumerate((self.waiting[c], self.blocked[c]))
            if line
        ]
        return min(heads)[-1] if heads else None
