"""Entities, pools and stations of the reference program: who is where, and what is held (sections 5 and 6)."""

from __future__ import annotations

from dataclasses import dataclass, field

from sim.network.schema import Station as StationSpec
from sim.network.schema import Timetable
from sim.twin.agenda import Due
from sim.twin.rules import LEAVES, Kind, Window

__all__ = ["NOWHERE", "Entity", "Pool", "Station"]

NOWHERE = -1  #: the pool of one who holds no place


@dataclass(eq=False, slots=True)
class Entity:
    """Somebody in the network, for the length of one visit."""

    identity: int
    kind: Kind
    cls: int
    group: int
    station: int  # where it is
    visit: int  # when the visit began
    state: str = ""  # one of sim.twin.tallies.HERE, or "" when it is nowhere
    came: int = 0  # when it joined the station where it is
    by_transfer: bool = False  # whether it came there after a stay elsewhere
    # its stay
    stay: int = 0  # stays started in this visit
    route: float = 0.0  # uniform that decides where it goes next
    bound_for: int = LEAVES
    lodging: int = NOWHERE  # pool of which it holds a place
    held: dict[int, int] = field(default_factory=dict)  # amounts held of shared pools
    length: int = 0  # ms of the stay, as fixed when it started
    turn: int = 0  # order in which services started and resumed
    ends: int = 0  # when the service ends
    preempted: bool = False  # whether it gave way, and will resume
    left: int = 0  # ms that were left when it gave way
    # its queue
    joined: int = 0  # when it joined the queue it is in
    spell: int = 0  # waits and blocks begun in this visit
    acted: set[int] = field(default_factory=set)  # rules of patience that have acted in this spell
    due: Due | None = None  # end of service, transition or patience


@dataclass(eq=False, slots=True)
class Pool:
    """Places: a station's own, or shared by the stays of several stations."""

    index: int
    planned: float  # places by the plan
    timetable: list[Timetable]
    members: list[int]  # stations whose entities can use it
    scheduled: int | None = None  # places by the timetable, in hours in which it holds
    extra: int = 0  # places opened by escalation
    occupied: int = 0
    turning: int = 0  # those of them that nobody holds: turnarounds

    @property
    def base(self) -> float:
        """Normal places: by the timetable or, outside its hours, by the plan."""
        return self.planned if self.scheduled is None else self.scheduled

    @property
    def places(self) -> float:
        """Places in force."""
        return self.base + self.extra


@dataclass(eq=False, slots=True)
class Station:
    """A waiting room, and a queue of those blocked upstream, per class."""

    index: int
    spec: StationSpec
    multiplier: list[float]
    room: list[float]  # limit of the waiting room, by class
    inside: float | None  # limit, in each class, for those who came by transfer, where they have a room of their own
    priority: list[int]
    reserve: list[int]
    overflow: list[int]  # stations whose places serve, too
    window: Window | None
    waiting: list[list[Entity]]
    blocked: list[list[Entity]]  # they are elsewhere, and awaited here
    slots: int = 0  # left in the offer that is being made

    def queue(self) -> int:
        """Entities that wait here and entities that are awaited here."""
        return sum(len(line) for line in (*self.waiting, *self.blocked))

    def has_room(self, cls: int, by_transfer: bool) -> bool:
        """Whether the waiting room has space for this class."""
        line = self.waiting[cls]
        if self.inside is None:
            return len(line) < self.room[cls]
        alike = sum(entity.by_transfer == by_transfer for entity in line)
        return alike < (self.inside if by_transfer else self.room[cls])
