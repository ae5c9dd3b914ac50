"""Preemption: who gives way to somebody more urgent (section 14)."""

from __future__ import annotations

from sim.twin.places import Places
from sim.twin.queues import Queues
from sim.twin.stations import Entity, Station
from sim.twin.world import World

__all__ = ["Preemption"]


class Preemption:
    """Those in service may have to wait again.

    Parameters
    ----------
    world : World
    places : Places
    queues : Queues
    """

    def __init__(self, world: World, places: Places, queues: Queues):
        self.world = world
        self.places = places
        self.queues = queues

    def make_way(self, entity: Entity, station: Station) -> bool:
        """Let somebody at a station give way to the entity, if the rules allow it; say whether a place is free now."""
        victim = self._victim(entity, station)
        pool = self.world.pools[station.index]
        if victim is None or pool.occupied + station.reserve[entity.cls] > pool.places:
            return False
        assert victim.due is not None
        victim.due.cancelled = True
        victim.left = victim.ends - self.world.now
        victim.preempted = True
        self.world.book(victim, "preempted")
        self.places.pass_on(victim)
        self.queues.wait_in_front(victim)
        return True

    def _victim(self, entity: Entity, station: Station) -> Entity | None:
        """The least urgent of those in service, and of those the one whose service started or resumed last."""
        if station.spec.preempt is None:
            return None
        worse = [
            e
            for e in self.world.entities.values()
            if e.station == station.index
            and e.state == "in_service"
            and station.priority[e.cls] > station.priority[entity.cls]
        ]
        return max(worse, key=lambda e: (station.priority[e.cls], e.cls, e.turn), default=None)
