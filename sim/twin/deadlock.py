"""Stations that block one another for ever, and the swap that frees them (section 16)."""

from __future__ import annotations

from sim.network.schema import Network, Station
from sim.twin.places import Places
from sim.twin.queues import Queues
from sim.twin.stations import NOWHERE, Entity
from sim.twin.stays import Stays
from sim.twin.world import World

__all__ = ["Deadlock", "may_lock_up"]


class Deadlock:
    """Finds a circle of blocked entities and lets them all move at once.

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
        self.possible = may_lock_up(world.network)

    def resolve(self) -> None:
        """Swap until every station is live."""
        while self.possible and (circle := self._circle()):
            self._swap(circle)

    def _circle(self) -> list[Entity]:
        """Those who are to move, each into the place of the next, or nobody."""
        holders: list[list[Entity]] = [[] for _ in self.world.stations]
        for entity in self.world.entities.values():
            if entity.lodging != NOWHERE:
                holders[entity.lodging].append(entity)
        live = self._live(holders)
        here = next((s for s in range(len(holders)) if s not in live), NOWHERE)
        path: dict[int, Entity] = {}  # by station, in the order in which they are met
        while here != NOWHERE and here not in path:
            path[here] = min(holders[here], key=lambda e: (e.joined, e.identity))
            here = path[here].bound_for
        met = list(path)
        return [path[s] for s in met[met.index(here) :]] if met else []

    def _live(self, holders: list[list[Entity]]) -> set[int]:
        """Stations at which something can still happen by itself."""
        live: set[int] = set()
        while True:
            more = {
                s
                for s, here in enumerate(holders)
                if s not in live
                and (
                    not here
                    or self.world.pools[s].turning > 0
                    or any(e.state != "blocked" or e.bound_for in live for e in here)
                )
            }
            if not more:
                return live
            live |= more

    def _swap(self, circle: list[Entity]) -> None:
        """Let everybody on the circle leave, then let their stays start; nobody else is considered."""
        for entity in circle:
            self.queues.take_out(entity)
            self.world.book(entity, "swapped")
            self.world.part(entity, "transferred_out")
            self.places.pass_on(entity)
            self.world.join(entity, entity.bound_for, "transferred_in", by_transfer=True)
        for entity in circle:
            self.stays.start(entity, entity.station)


def may_lock_up(network: Network) -> bool:
    """Whether stations of finite places and rooms lead to one another in a cycle."""
    finite = {name for name, station in network.stations.items() if _is_finite(station)}
    onward = {
        name: {to for rule in network.stations[name].routes for to in rule.to if to in finite and to != name}
        for name in finite
    }
    while ends := {name for name, to in onward.items() if not to}:
        onward = {name: to - ends for name, to in onward.items() if name not in ends}
    return bool(onward)


def _is_finite(station: Station) -> bool:
    """Whether somebody who comes by transfer may find neither a place nor room."""
    rooms = station.waiting_room if station.inside_room is None else station.inside_room
    limits = rooms.values() if isinstance(rooms, dict) else [rooms]
    return station.places != "inf" and any(limit != "inf" for limit in limits)
