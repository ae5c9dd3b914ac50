"""Granting freed places, there and wherever that frees places in turn; outliers come home (section 6)."""

from __future__ import annotations

from sim.twin.places import Places
from sim.twin.queues import Queues, time_in_line
from sim.twin.stations import NOWHERE, Entity, Pool, Station
from sim.twin.stays import Stays
from sim.twin.world import World

__all__ = ["Grants"]


class Grants:
    """The work list of pools of which places have become free.

    Parameters
    ----------
    world : World
    places : Places
    queues : Queues
    stays : Stays
    """

    def __init__(self, world: World, places: Places, queues: Queues, stays: Stays):
        self.world = world
        self.places = places
        self.queues = queues
        self.stays = stays

    def run(self) -> None:
        """Work on the pools listed, first in, first out, until none is left."""
        while self.world.listed:
            pool = self.world.pools[self.world.listed.popleft()]
            while (best := self._best(pool)) is not None:
                entity, lodging = best
                if entity.state == "waiting":
                    self._admit_waiting(entity, lodging)
                else:
                    self._admit_blocked(entity, lodging)
            if pool.index < len(self.world.stations):
                self._repatriate(self.world.stations[pool.index], pool)

    def _best(self, pool: Pool) -> tuple[Entity, int] | None:
        """Best of those who may start, and where it would lodge."""
        found: list[tuple[tuple[int, ...], Entity, int]] = []
        for member in pool.members:
            station = self.world.stations[member]
            for line in (*station.waiting, *station.blocked):
                if line and (lodging := self.places.lodging(line[0], station)) != NOWHERE:
                    found.append((_claim(line[0], station), line[0], lodging))
        return min(found, key=lambda claim: claim[0])[1:] if found else None

    def _admit_waiting(self, entity: Entity, lodging: int) -> None:
        """Start from the waiting room; somebody blocked may take the room."""
        station, cls = self.world.stations[entity.station], entity.cls
        self.queues.take_out(entity)
        self.world.tallies.book_wait(self.world.now, station.index, entity.group, self.world.now - entity.joined)
        self.stays.start(entity, lodging)
        self.queues.refill(station, cls)

    def _admit_blocked(self, entity: Entity, lodging: int) -> None:
        """Start a stay straight from upstream."""
        self.queues.take_out(entity)
        self.queues.move(entity)
        self.stays.start(entity, lodging)

    def _repatriate(self, station: Station, pool: Pool) -> None:
        """Bring outliers home, the one that started first before the others."""
        if station.spec.overflow is None or not station.spec.overflow.repatriate:
            return
        while pool.occupied < pool.places:
            outliers = [
                e
                for e in self.world.entities.values()
                if e.station == station.index and e.state == "in_service" and e.lodging != e.station
            ]
            if not outliers:
                return
            self.places.bring_home(min(outliers, key=lambda e: e.turn))


def _claim(entity: Entity, station: Station) -> tuple[int, ...]:
    """Order of those who may start: priority, kind of queue, time, identity."""
    blocked = entity.state == "blocked"
    last = {"waiting": blocked, "blocked": not blocked, "longest": False}[station.spec.first]
    return station.priority[entity.cls], int(last), time_in_line(entity, station), entity.identity
