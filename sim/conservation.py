"""Conservation of entities, places and time, asserted exactly in every run."""

from __future__ import annotations

import numpy as np

from sim.errors import ConservationError
from sim.kernel.layout import (
    ARRIVED,
    AWAITED,
    AWAY,
    BLOCKED,
    GONE,
    HEAP_SIZE,
    IN_SERVICE,
    IN_TRANSITION,
    INFINITE,
    LEFT,
    LOST,
    NOW,
    PERIOD,
    PRESENT,
    RETURNED,
    STATES,
    TRANSFERRED_IN,
    TRANSFERRED_OUT,
    WAITING,
    State,
)
from sim.tables import Lowered

__all__ = ["assert_conserved"]


def assert_conserved(lowered: Lowered, s: State) -> None:
    """Check that nothing was lost or invented.

    Raises
    ------
    ConservationError
        Naming the first quantity that does not add up, with the station.
    """
    names = list(lowered.network.stations)
    flow = s.flow.sum(axis=0)
    census = np.zeros(flow.shape[:2], np.int64)
    for row in lowered.network.census:
        levels = [
            row.cls,
            *(row.attributes.get(a, lowered.network.attributes[a][0]) for a in lowered.network.observe.by),
        ]
        census[names.index(row.station), lowered.groups.index(tuple(levels))] += row.count
    here = s.present[:, :, :AWAITED].sum(axis=2)
    came = flow[..., ARRIVED] + flow[..., RETURNED] + flow[..., TRANSFERRED_IN] + census
    went = flow[..., LEFT] + flow[..., LOST] + flow[..., TRANSFERRED_OUT]
    _equal("entities", came - went, here, names)
    held = s.present[..., IN_SERVICE] + s.present[..., BLOCKED] + s.present[..., IN_TRANSITION]
    _equal("places held", s.pool["occupied"], held.sum(axis=1), names)
    queued = s.present[..., WAITING] + s.present[..., AWAITED]
    _equal("queues", s.pool["queued"], queued.sum(axis=1), names)
    if s.present[..., BLOCKED].sum() != s.present[..., AWAITED].sum():
        raise ConservationError("blocked entities and awaited entities differ")
    n = s.numbers
    if n[PRESENT] != here.sum():
        raise ConservationError(f"the network counts {n[PRESENT]} entities, its stations hold {here.sum()}")
    timed = int(s.present[..., IN_SERVICE].sum() + s.present[..., IN_TRANSITION].sum() + n[AWAY])
    if n[HEAP_SIZE] != timed:
        raise ConservationError(f"{n[HEAP_SIZE]} events are scheduled for {timed} entities")
    if int(census.sum()) + int(flow[..., ARRIVED].sum()) != n[PRESENT] + n[AWAY] + n[GONE]:
        raise ConservationError("arrivals do not equal those present, away and gone")
    _time(lowered, s, names)


def _equal(what: str, expected: np.ndarray, found: np.ndarray, names: list[str]) -> None:
    if not np.array_equal(expected, found):
        at = np.argwhere(expected != found)[0]
        raise ConservationError(
            f"{what} at '{names[at[0]]}': {expected[tuple(at)]} by the flows, {found[tuple(at)]} by the count"
        )


def _time(lowered: Lowered, s: State, names: list[str]) -> None:
    """No entity-time is negative, and places held never exceed those open and draining."""
    closed = int(s.numbers[PERIOD])
    area = s.area[:closed]
    if area.size and area.min() < 0:
        p, station, _, state = np.argwhere(area < 0)[0]
        raise ConservationError(f"negative time {STATES[state]} at '{names[station]}' in period {p}")
    held = area[..., [IN_SERVICE, BLOCKED, IN_TRANSITION]].sum(axis=(2, 3))
    finite = (lowered.places < INFINITE) & (s.pool["places"] < INFINITE)  # without limit, no place-time is counted
    over = held > s.places_area[:closed].sum(axis=2)
    if (over & finite).any():
        p, station = np.argwhere(over & finite)[0]
        raise ConservationError(f"more place-time held than open and draining at '{names[station]}' in period {p}")
    if closed and s.numbers[NOW] < lowered.tables.period_edges[closed]:
        raise ConservationError("a period was closed before its end")
