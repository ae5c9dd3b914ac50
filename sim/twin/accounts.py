"""Conservation in the reference program: everybody is counted afresh and compared with the books (section 12)."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Sequence

from sim.errors import ConservationError
from sim.twin.stations import Entity, Station
from sim.twin.tallies import Tallies

__all__ = ["balance"]


def balance(
    tallies: Tallies, stations: Sequence[Station], entities: Sequence[Entity], census: int, outside: int
) -> None:
    """Check the accounts of entities and places.

    Parameters
    ----------
    tallies : Tallies
    stations : sequence of Station
    entities : sequence of Entity
        Everybody who is at some station.
    census : int
        Entities present when the run began.
    outside : int
        Entities that left for good or are away.

    Raises
    ------
    ConservationError
        When the books and the count differ.
    """
    blocked = [e for e in entities if e.state == "blocked"]
    found = Counter((e.station, e.group, e.state) for e in entities)
    found.update((e.bound_for, e.group, "awaited") for e in blocked)
    tallies.expect(found)
    came = tallies.total("arrived") + census
    accounted = outside + tallies.total("lost") + len(entities)
    if came != accounted:
        raise ConservationError(f"{came} entities came in, {accounted} are accounted for")
    held = Counter(e.station for e in entities if e.state != "waiting")
    for s, station in enumerate(stations):
        if station.occupied != held[s]:
            raise ConservationError(f"station {s}: {station.occupied} places are held by {held[s]} entities")
        _same(station.waiting, [e for e in entities if e.state == "waiting" and e.station == s])
        _same(station.blocked, [e for e in blocked if e.bound_for == s])


def _same(lines: Iterable[deque[Entity]], there: Iterable[Entity]) -> None:
    if sorted(e.identity for line in lines for e in line) != sorted(e.identity for e in there):
        raise ConservationError("those in the queues are not those who wait or are blocked")
