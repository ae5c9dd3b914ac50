"""Waiting rooms and queues of the blocked: joining, leaving, refilling (sections 5 and 6)."""

from __future__ import annotations

from sim.twin.places import Places
from sim.twin.spells import Spells
from sim.twin.stations import Entity, Station
from sim.twin.world import World

__all__ = ["Queues"]


class Queues:
    """Those who wait, and those who are blocked.

    Parameters
    ----------
    world : World
    places : Places
    spells : Spells
    """

    def __init__(self, world: World, places: Places, spells: Spells):
        self.world = world
        self.places = places
        self.spells = spells

    def wait(self, entity: Entity) -> None:
        """Join the waiting room of the station where the entity is, whatever its limit."""
        station = self.world.stations[entity.station]
        entity.joined = self.world.now
        if station.spec.order == "visit":
            self.insert(entity, station)
        else:
            station.waiting[entity.cls].append(entity)
        self.world.enter(entity, "waiting")
        self.spells.begin(entity)

    def wait_in_front(self, entity: Entity) -> None:
        """Join the front of the waiting room, after giving way to somebody else."""
        entity.joined = self.world.now
        self.world.stations[entity.station].waiting[entity.cls].insert(0, entity)
        self.world.enter(entity, "waiting")
        self.spells.begin(entity)

    def block(self, entity: Entity) -> None:
        """Keep the places here and be awaited where the entity is bound for."""
        entity.joined = self.world.now
        self.world.stations[entity.bound_for].blocked[entity.cls].append(entity)
        self.world.await_at(entity, 1)
        self.world.enter(entity, "blocked")
        self.world.book(entity, "delayed")
        self.spells.begin(entity)

    def take_out(self, entity: Entity) -> None:
        """Take an entity out of its queue, wherever it stands in it."""
        self.line(entity).remove(entity)
        if entity.state == "blocked":
            self.world.await_at(entity, -1)
        self.spells.end(entity)

    def refill(self, station: Station, cls: int) -> None:
        """Let the first of those blocked for a station move into its waiting room, if there is room."""
        if station.blocked[cls] and station.has_room(cls, by_transfer=True):
            follower = station.blocked[cls][0]
            self.take_out(follower)
            self.move(follower)
            self.wait(follower)

    def move(self, entity: Entity) -> None:
        """Give up the places held, and be at the station that the entity is bound for."""
        self.world.part(entity, "transferred_out")
        self.places.give_up(entity)
        self.world.join(entity, entity.bound_for, "transferred_in", by_transfer=True)

    def insert(self, entity: Entity, station: Station) -> None:
        """Put an entity into the queue of its class: behind the last who is not later by time and identity."""
        line = self.line(entity)
        key = self._key(entity, station)
        before = next((i for i in range(len(line), 0, -1) if self._key(line[i - 1], station) <= key), 0)
        line.insert(before, entity)

    def line(self, entity: Entity) -> list[Entity]:
        """Queue that an entity of its class and state stands in."""
        station = self.at(entity)
        return station.blocked[entity.cls] if entity.state == "blocked" else station.waiting[entity.cls]

    def at(self, entity: Entity) -> Station:
        """Station whose queue an entity stands in."""
        return self.world.stations[entity.bound_for if entity.state == "blocked" else entity.station]

    @staticmethod
    def _key(entity: Entity, station: Station) -> tuple[int, int]:
        return time_in_line(entity, station), entity.identity


def time_in_line(entity: Entity, station: Station) -> int:
    """Time by which a queue of a station is in order: the start of the visit or, by default, of the wait."""
    by_visit = station.spec.order == "visit" and entity.state != "blocked"
    return entity.visit if by_visit else entity.joined
