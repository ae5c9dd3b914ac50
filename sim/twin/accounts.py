"""Conservation in the reference program: everybody is counted afresh and compared with the books (section 12)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from sim.errors import ConservationError
from sim.twin.stations import NOWHERE, Entity
from sim.twin.world import World

__all__ = ["balance"]


def balance(world: World) -> None:
    """Check the accounts of entities, queues and places.

    Parameters
    ----------
    world : World

    Raises
    ------
    ConservationError
        When the books and the count differ.
    """
    entities = list(world.entities.values())
    found = Counter((e.station, e.group, e.state) for e in entities)
    found.update((e.bound_for, e.group, "awaited") for e in entities if e.state == "blocked")
    world.tallies.expect(found)
    came = world.tallies.total("arrived") + world.census
    accounted = world.gone + world.away + len(entities)
    if came != accounted:
        raise ConservationError(f"{came} entities came in, {accounted} are accounted for")
    _queues(world, entities)
    _places(world, entities)


def _queues(world: World, entities: list[Entity]) -> None:
    """Those in the queues are those who wait or are blocked, in the line of their class; all others hold a place."""
    for station in world.stations:
        for cls in range(len(world.network.classes)):
            there = [e for e in entities if e.cls == cls]
            waiting = [e for e in there if e.state == "waiting" and e.station == station.index]
            _same(station.waiting[cls], waiting)
            _same(station.blocked[cls], [e for e in there if e.state == "blocked" and e.bound_for == station.index])
    for e in entities:
        if (e.state == "waiting") != (e.lodging == NOWHERE) or (e.state == "waiting" and e.held):
            raise ConservationError(f"entity {e.identity} is {e.state} and lodges in pool {e.lodging}")


def _same(line: Iterable[Entity], there: Iterable[Entity]) -> None:
    if sorted(e.identity for e in line) != sorted(e.identity for e in there):
        raise ConservationError("those in the queues are not those who wait or are blocked")


def _places(world: World, entities: list[Entity]) -> None:
    """Places occupied are those that entities hold and those in turnaround."""
    held = Counter(e.lodging for e in entities if e.lodging != NOWHERE)
    for entity in entities:
        held.update(entity.held)
    turning = Counter(world.turnarounds)
    for pool in world.pools:
        p = pool.index
        if pool.occupied != held[p] + turning[p] or pool.turning != turning[p]:
            raise ConservationError(
                f"pool {p}: {pool.occupied} places are held by {held[p]} entities and {turning[p]} turnarounds"
            )
        if pool.index < len(world.stations):
            outliers = sum(e.station == p and e.lodging not in (p, NOWHERE) for e in entities)
            if world.tallies.outlying[p].level != outliers:
                raise ConservationError(f"station {p}: {outliers} outliers, but others are booked")
