"""Who is there when a run of the reference program begins (section 10 of ``docs/semantics.md``)."""

from __future__ import annotations

from sim.census import identities, residuals
from sim.network.schema import Census
from sim.twin.places import Places
from sim.twin.quantiles import Purpose
from sim.twin.queues import Queues
from sim.twin.stations import Entity
from sim.twin.stays import Stays
from sim.twin.world import World

__all__ = ["seat_census"]


def seat_census(world: World, places: Places, queues: Queues, stays: Stays) -> None:
    """Put everybody of the census where they are; no flow is booked for them.

    Parameters
    ----------
    world : World
    places : Places
    queues : Queues
    stays : Stays
    """
    rows = list(enumerate(world.network.census))
    for number, row in rows:
        if row.state == "in_service":
            left = residuals(world.network, number, int(world.draws.seed), int(world.draws.replication))
            for entity, residual in zip(_entities(world, number, row), left.tolist(), strict=True):
                entity.stay = 1
                _, entity.route = world.draws.uniforms(Purpose.STAY, entity.identity, 1)
                entity.length = residual
                places.take(entity, entity.station)
                stays.serve(entity, residual)
    for number, row in rows:
        if row.state == "waiting":
            for entity in _entities(world, number, row):
                queues.wait(entity)


def _entities(world: World, number: int, row: Census) -> list[Entity]:
    kind, station = world.rules.kind(row.cls, row.attributes), world.rules.names.index(row.station)
    found = [world.entity(identity, kind, station) for identity in identities(number, row.count).tolist()]
    for entity in found:
        world.join(entity, station, None)
    world.census += len(found)
    return found
