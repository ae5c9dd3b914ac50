"""What happens to those who have waited, or been blocked, for too long (section 17)."""

from __future__ import annotations

from sim.network.schema import LEAVE
from sim.twin.agenda import Rank
from sim.twin.journeys import Journeys
from sim.twin.places import Places
from sim.twin.queues import Queues
from sim.twin.spells import Spells
from sim.twin.stations import Entity, Station
from sim.twin.world import World

__all__ = ["Patience"]

DIE = "die"


class Patience:
    """Leaving, dying, going elsewhere, changing class.

    Parameters
    ----------
    world : World
    spells : Spells
    places : Places
    queues : Queues
    journeys : Journeys
    """

    def __init__(self, world: World, spells: Spells, places: Places, queues: Queues, journeys: Journeys):
        self.world = world
        self.spells = spells
        self.places = places
        self.queues = queues
        self.journeys = journeys
        world.agenda.handlers[Rank.PATIENCE_END] = self._end

    def _end(self, entity: Entity) -> None:
        """Let the rule act whose deadline came first; another that has passed has its turn in this same instant."""
        _, number = min(self.spells.deadlines(entity))
        entity.acted.add(number)
        then = self.world.rules.specs[entity.station].patience[number].then
        if isinstance(then, str):
            self._leave(entity, then)
        else:
            self._reclassify(entity, then["class"])

    def _leave(self, entity: Entity, then: str) -> None:
        """Leave the queue, and go where the rule says."""
        station, cls, waited = self.queues.at(entity), entity.cls, entity.state == "waiting"
        kind = entity.kind
        self.queues.take_out(entity)
        self.world.part(entity, "died" if then == DIE else "reneged")
        entity.preempted = False
        if not waited:
            self.places.give_up(entity)
        if then in (LEAVE, DIE):
            self.world.forget(entity)
        else:
            self.journeys.come(entity, self.world.rules.destination(then), "transferred_in")
        if waited:
            self.queues.refill(station, cls)
        self._list(station, kind)

    def _reclassify(self, entity: Entity, name: str) -> None:
        """Let an entity be of another class, and move to the queue of that class."""
        station, old, state = self.queues.at(entity), entity.cls, entity.state
        self.queues.line(entity).remove(entity)
        self.world.reclassify(entity, name)
        self.queues.insert(entity, station)
        self.spells.schedule(entity)
        if state == "waiting":
            self.queues.refill(station, old)
        self._list(station, entity.kind)

    def _list(self, station: Station, kind: tuple[str, ...]) -> None:
        """List the shared pools that a stay at a station would draw on, and its own pool."""
        for shared in self.world.rules.holds(station.index, kind):
            self.world.list_pool(self.world.pools[shared])
        self.world.list_pool(self.world.pools[station.index])
