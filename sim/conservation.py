"""Conservation of entities, places and time, asserted exactly in every run."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sim.census import at_start
from sim.errors import ConservationError
from sim.kernel.layout import (
    ARRIVED,
    AWAITED,
    AWAY,
    BLOCKED,
    DIED,
    DIVERTED,
    GONE,
    HEAP_SIZE,
    IN_SERVICE,
    IN_TRANSITION,
    INFINITE,
    LATER,
    LEFT,
    LOST,
    NOW,
    PATIENT,
    PERIOD,
    PRESENT,
    RECLASSIFIED_IN,
    RECLASSIFIED_OUT,
    RENEGED,
    RETURNED,
    STATES,
    TRANSFERRED_IN,
    TRANSFERRED_OUT,
    TURNING,
    WAITING,
    State,
)
from sim.tables import Lowered

__all__ = ["assert_conserved"]

_IN = [ARRIVED, RETURNED, TRANSFERRED_IN, RECLASSIFIED_IN]
_OUT = [LEFT, LOST, TRANSFERRED_OUT, DIVERTED, RENEGED, DIED, RECLASSIFIED_OUT]
_HOLDING = [IN_SERVICE, BLOCKED, IN_TRANSITION]
_PLACE_STATES = ("open", "draining", "occupied", "in turnaround", "lent by outliers", "offered in slots")


def assert_conserved(lowered: Lowered, s: State) -> None:
    """Check that nothing was lost or invented.

    Raises
    ------
    ConservationError
        Naming the first quantity that does not add up, with the station or pool.
    """
    names = list(lowered.network.stations)
    census = _census(lowered, s)
    flow = s.flow.sum(axis=0)
    here = s.present[:, :, :AWAITED].sum(axis=2)
    _equal("entities", flow[..., _IN].sum(axis=2) - flow[..., _OUT].sum(axis=2) + census, here, names)
    _places(lowered, s)
    queued = s.present[..., WAITING] + s.present[..., AWAITED]
    _equal("queues", s.pool["queued"][: len(names)], queued.sum(axis=1), names)
    if s.present[..., BLOCKED].sum() != s.present[..., AWAITED].sum():
        raise ConservationError("blocked entities and awaited entities differ")
    if s.present[..., BLOCKED].sum() != s.pool["blocked"].sum():
        raise ConservationError("blocked entities and the places they hold differ")
    n = s.numbers
    if n[PRESENT] != here.sum():
        raise ConservationError(f"the network counts {n[PRESENT]} entities, its stations hold {here.sum()}")
    timed = int(s.present[..., IN_SERVICE].sum() + s.present[..., IN_TRANSITION].sum() + n[AWAY] + n[TURNING])
    if n[HEAP_SIZE] + n[LATER] != timed:
        raise ConservationError(f"{n[HEAP_SIZE] + n[LATER]} events are scheduled for {timed} entities")
    if n[PATIENT] > queued.sum():
        raise ConservationError(f"{n[PATIENT]} lose patience, but {queued.sum()} wait or are blocked")
    if int(census.sum()) + int(flow[..., ARRIVED].sum()) != n[PRESENT] + n[AWAY] + n[GONE]:
        raise ConservationError("arrivals do not equal those present, away and gone")
    _time(lowered, s)


def _census(lowered: Lowered, s: State) -> npt.NDArray[np.int64]:
    """Entities there at the start, by station and group."""
    census = np.zeros(s.present.shape[:2], np.int64)
    for row in at_start(lowered.network, lowered.groups):
        census[row.station, row.group] += len(row.ids)
    return census


def _alone(lowered: Lowered) -> npt.NDArray[np.bool_]:
    """Stations whose entities hold places of their own pool only, and whose pool nobody else uses."""
    stations = lowered.network.stations.values()
    place = lowered.tables.place[: len(stations)]
    return np.array([x.overflow is None for x in stations]) & (place["last_member"] - place["first_member"] == 1)


def _places(lowered: Lowered, s: State) -> None:
    """Places occupied are held by entities, at their own station or elsewhere, or are in turnaround."""
    names, alone = list(lowered.network.stations), _alone(lowered)
    own, held = s.pool[: len(names)], s.present[..., _HOLDING].sum(axis=(1, 2))
    by_places = own["occupied"] - own["turning"]
    _equal("places held", by_places[alone], held[alone], [n for n, single in zip(names, alone, strict=True) if single])
    if by_places.sum() != held.sum():
        raise ConservationError(f"{held.sum()} entities hold {by_places.sum()} places")
    for name, pool in zip(lowered.pools, s.pool, strict=True):
        if not 0 <= pool["turning"] <= pool["occupied"]:
            raise ConservationError(f"'{name}': {pool['turning']} turnarounds of {pool['occupied']} places occupied")


def _equal(what: str, expected: np.ndarray, found: np.ndarray, names: list[str]) -> None:
    if not np.array_equal(expected, found):
        at = np.argwhere(expected != found)[0]
        raise ConservationError(
            f"{what} at '{names[at[0]]}': {expected[tuple(at)]} by the flows, {found[tuple(at)]} by the count"
        )


def _time(lowered: Lowered, s: State) -> None:
    """No entity-time or place-time is negative, and places held never exceed those open and draining."""
    names, pools = list(lowered.network.stations), lowered.pools
    closed = int(s.numbers[PERIOD])
    area, places = s.area[:closed], s.places_area[:closed]
    if area.size and area.min() < 0:
        p, station, _, state = np.argwhere(area < 0)[0]
        raise ConservationError(f"negative time {STATES[state]} at '{names[station]}' in period {p}")
    if places.size and places.min() < 0:
        p, pool, state = np.argwhere(places < 0)[0]
        raise ConservationError(f"negative time of places {_PLACE_STATES[state]} at '{pools[pool]}' in period {p}")
    held, used = area[..., _HOLDING].sum(axis=(2, 3)), (places[..., 2] - places[..., 3])[:, : len(names)]
    differ = (held != used) & _alone(lowered)
    if differ.any() or held.sum() != used.sum():
        p, station = np.argwhere(differ)[0] if differ.any() else (0, 0)
        raise ConservationError(f"place-time held at '{names[station]}' in period {p} differs from its entities'")
    finite = (lowered.places < INFINITE) & (s.pool["places"] < INFINITE)  # without limit, no place-time is counted
    over = (places[..., 2] > places[..., :2].sum(axis=2)) & finite
    if over.any():
        p, pool = np.argwhere(over)[0]
        raise ConservationError(f"more place-time held than open and draining at '{pools[pool]}' in period {p}")
    if closed and s.numbers[NOW] < lowered.tables.period_edges[closed]:
        raise ConservationError("a period was closed before its end")
