"""Stays: how long they last, starting, resuming (sections 5 and 14)."""

from __future__ import annotations

import math

from sim.twin.agenda import Rank
from sim.twin.places import Places
from sim.twin.quantiles import LONGEST_STAY, Purpose, quantile, whole_ms
from sim.twin.stations import Entity, Station
from sim.twin.world import World

__all__ = ["Stays"]


class Stays:
    """Those in service.

    Parameters
    ----------
    world : World
    places : Places
    """

    def __init__(self, world: World, places: Places):
        self.world = world
        self.places = places

    def start(self, entity: Entity, lodging: int) -> None:
        """Start a stay at the station where the entity is, or resume the one that it was taken from."""
        self.places.take(entity, lodging)
        if entity.preempted:
            self._resume(entity)
        else:
            self._new(entity)

    def start_again(self, entity: Entity) -> None:
        """Start another stay in the same place."""
        self.places.hold_first(entity)
        self._new(entity, again=True)

    def serve(self, entity: Entity, until: int) -> None:
        """Be in service until an instant."""
        entity.turn = next(self.world.turn)
        entity.ends = until
        self.world.enter(entity, "in_service")
        entity.due = self.world.agenda.add_event(until, Rank.SERVICE_END, entity.station, entity.identity, entity)

    def _new(self, entity: Entity, again: bool = False) -> None:
        station = self.world.stations[entity.station]
        self._draw(entity, station)
        self.world.book(entity, "started")
        if entity.lodging != entity.station:
            self.world.book(entity, "overflowed")
        station.slots = max(0, station.slots - 1)
        if not again:
            self.world.tallies.end_clocks(self.world.now, entity, "started")
        self.serve(entity, self.world.now + entity.length)
        self.places.schedule_steps(entity)

    def _resume(self, entity: Entity) -> None:
        station = self.world.stations[entity.station]
        if station.spec.preempt == "resample":
            self._draw(entity, station)
        time = entity.left if station.spec.preempt == "resume" else entity.length
        entity.preempted = False
        self.world.book(entity, "resumed")
        self.serve(entity, self.world.now + time)

    def _draw(self, entity: Entity, station: Station) -> None:
        """Draw the next stay: its length, and the uniform that decides where the entity goes then."""
        entity.stay += 1
        u, entity.route = self.world.draws.uniforms(Purpose.STAY, entity.identity, entity.stay)
        x = quantile(self.world.rules.service(station.index, entity.kind), u)
        entity.length = whole_ms(min(x * station.multiplier[entity.cls] * _flex(station), LONGEST_STAY))


def _flex(station: Station) -> float:
    """Factor by which the queue at this moment shortens a stay."""
    if station.spec.flex is None:
        return 1.0
    flex = station.spec.flex
    return max(flex.floor, math.pow(1.0 + station.queue() / flex.scale, -flex.elasticity))
