"""One run of a lowered network: set up, advance, change the plan, save, restore."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.census import identities, residuals
from sim.clock import DAY
from sim.conservation import assert_conserved
from sim.errors import CarebridgeError
from sim.kernel.advance import advance, place_census
from sim.kernel.layout import (
    ARRIVAL_ROW,
    DONE,
    ENTITY,
    EVENTS,
    FLOWS,
    FREE,
    HEAP_SIZE,
    HORIZON,
    NEED_ENTITIES,
    NOBODY,
    NOISE_DAY,
    NOW,
    NUMBERS,
    PLAN_AT,
    PLAN_ROW,
    POOL,
    SNAPSHOT,
    SNAPSHOT_STEP,
    STATES,
    WAIT_EDGES,
    WAIT_TOTAL,
    State,
    Tables,
)
from sim.kernel.queues import NUMBER_WAITING
from sim.tables import Change, Lowered

__all__ = ["Run"]

_FIRST_POOL = 4096
_FIRST_BUFFER = 256


class Run:
    """One replication of a network.

    Parameters
    ----------
    lowered : Lowered
        The network, ready to run; shared by all replications.
    seed : int
        Seed of the experiment.
    replication : int
        Number of the replication; with the seed it addresses every draw.
    """

    def __init__(self, lowered: Lowered, seed: int, replication: int = 0, *, pool: int = _FIRST_POOL):
        self.lowered = lowered
        census = [_census(lowered, row, seed, replication) for row in range(len(lowered.network.census))]
        people = sum(len(c[0]) for c in census)
        self.state = _fresh(lowered, seed, replication, max(pool, people))
        for ids, levels, stations, left in census:
            place_census(lowered.tables, self.state, ids, levels, stations, left)

    @property
    def now(self) -> int:
        """Instant (ms) up to which everything has been done."""
        return int(self.state.numbers[NOW])

    @property
    def events(self) -> int:
        """Events carried out so far (arrivals, ends of stays and transitions, return visits)."""
        return int(self.state.numbers[EVENTS])

    @property
    def fingerprint(self) -> int:
        """Hash of the whole trajectory so far."""
        return int(self.state.words[2])

    def advance(self, until: int | None = None) -> None:
        """Do everything due before `until` (ms; the horizon by default), growing memory as needed.

        Raises
        ------
        ConservationError
            When entities, places or time do not add up; checked exactly after every call.
        """
        horizon = int(self.lowered.tables.constants[HORIZON])
        until = horizon if until is None else min(int(until), horizon)
        while True:
            status = advance(self.lowered.tables, self.state, until)
            if status == DONE:
                break
            self.state = _more_entities(self.state) if status == NEED_ENTITIES else _more_arrivals(self.state)
        assert_conserved(self.lowered, self.state)

    def change(self, changes: Sequence[Change]) -> None:
        """Add planned changes; each must lie at or after `now`.

        Raises
        ------
        ValueError
            When a change lies in the past.
        """
        if any(c.time < self.now for c in changes):
            raise ValueError("a planned change cannot lie in the past")
        left = self.state.plan[int(self.state.numbers[PLAN_AT]) :]
        plan = np.concatenate([left, _plan(changes)])
        self.state.numbers[PLAN_AT] = 0
        self.state = self.state._replace(plan=plan[np.lexsort((plan["index"], plan["what"], plan["time"]))])

    def set_places(self, station: str, places: int, at: int) -> None:
        """Plan that `station` has `places` from instant `at` (ms) on."""
        self.change([self.lowered.places_at(station, places, at)])

    def observations(self) -> dict[str, Any]:
        """What has been written down, as arrays whose shapes the semantics page gives."""
        s = self.state
        return {
            "area": s.area,
            "flow": s.flow[..., : len(FLOWS)],
            "wait_total": s.flow[..., WAIT_TOTAL],
            "wait_over": s.flow[..., WAIT_TOTAL + 1 :],
            "wait_hist": s.wait_hist,
            "places_area": s.places_area[..., 0],
            "draining_area": s.places_area[..., 1],
            "snapshot": s.snapshot,
            "events": self.events,
            "fingerprint": self.fingerprint,
        }

    def save(self) -> bytes:
        """Write the state down, byte for byte."""
        out = io.BytesIO()
        np.savez(out, **self.state._asdict())
        return out.getvalue()

    @classmethod
    def restore(cls, lowered: Lowered, saved: bytes | Path) -> Run:
        """Continue a saved run of the same network.

        Raises
        ------
        CarebridgeError
            When the state does not belong to this network.
        """
        data = saved.read_bytes() if isinstance(saved, Path) else saved
        run = cls.__new__(cls)
        run.lowered = lowered
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            arrays = {name: file[name] for name in State._fields}
        run.state = State(**arrays)
        fresh = _fresh(lowered, 0, 0, 1)
        if any(getattr(fresh, n).shape != arrays[n].shape for n in ("area", "snapshot", "queue", "share", "flow")):
            raise CarebridgeError("this saved state belongs to another network")
        return run


def _plan(changes: Sequence[Change]) -> npt.NDArray[np.void]:
    return np.array([(c.time, c.what, c.index, c.value) for c in changes], PLAN_ROW)


def _census(lowered: Lowered, row: int, seed: int, replication: int) -> tuple[Any, Any, Any, Any]:
    network = lowered.network
    entry = network.census[row]
    packed = network.classes.index(entry.cls)
    for a, (name, levels) in enumerate(network.attributes.items()):
        packed |= levels.index(entry.attributes.get(name, levels[0])) << (7 * (a + 1))
    ids = identities(row, entry.count)
    station = list(network.stations).index(entry.station)
    full = [np.full(entry.count, v, np.int64) for v in (packed, station)]
    return ids, full[0], full[1], residuals(network, row, seed, replication)


def _fresh(lowered: Lowered, seed: int, replication: int, pool: int) -> State:
    T: Tables = lowered.tables
    S, C, G = len(lowered.places), T.entry.shape[1], len(lowered.groups)
    P, W, B = len(T.period_edges) - 1, len(T.wait_over), len(WAIT_EDGES)
    horizon, step = int(T.constants[HORIZON]), int(T.constants[SNAPSHOT_STEP])
    entity = np.zeros(pool, ENTITY)
    entity["next"] = np.append(np.arange(1, pool), NOBODY)
    numbers = np.zeros(NUMBERS, np.int64)
    numbers[NOISE_DAY] = -1

    def zeros(*shape: int) -> npt.NDArray[np.int64]:
        return np.zeros(shape, np.int64)

    stations = np.zeros(S, POOL)
    stations["places"] = lowered.places
    queue = np.full((S, C, 5), NOBODY, np.int32)
    queue[..., NUMBER_WAITING] = 0
    noise = zeros(len(T.noise), 2).astype(float)
    noise[:, 1] = 1.0
    return State(
        numbers=numbers,
        words=np.array([seed, replication, 0], np.uint64),
        entity=entity,
        heap_time=zeros(pool),
        heap_entity=np.zeros(pool, np.uint32),
        arrival=np.zeros(_FIRST_BUFFER, ARRIVAL_ROW),
        noise=noise,
        pool=stations,
        queue=queue,
        multiplier=lowered.multiplier.copy(),
        share=lowered.share.copy(),
        work=zeros(S + 1),
        plan=_plan(lowered.changes),
        present=zeros(S, G, len(STATES)),
        running=zeros(S, G, len(STATES)),
        area=zeros(P, S, G, len(STATES)),
        flow=zeros(P, S, G, WAIT_TOTAL + 1 + W),
        wait_hist=zeros(-(-horizon // (365 * DAY)), S, B),
        places_area=zeros(P, S, 2),
        snapshot=np.zeros((-(-horizon // step), S, len(SNAPSHOT)), np.int32),
    )


def _more_entities(s: State) -> State:
    """Double the pool of entities; nothing else changes."""
    old = len(s.entity)
    entity = np.zeros(2 * old, ENTITY)
    entity[:old] = s.entity
    entity["next"][old:] = np.append(np.arange(old + 1, 2 * old), s.numbers[FREE])
    s.numbers[FREE] = old
    size = int(s.numbers[HEAP_SIZE])
    heap_time, heap_entity = np.zeros(2 * old, np.int64), np.zeros(2 * old, np.uint32)
    heap_time[:size], heap_entity[:size] = s.heap_time[:size], s.heap_entity[:size]
    return s._replace(entity=entity, heap_time=heap_time, heap_entity=heap_entity)


def _more_arrivals(s: State) -> State:
    """Double the buffer of an hour's arrivals; it is empty when this is called."""
    return s._replace(arrival=np.zeros(2 * len(s.arrival), ARRIVAL_ROW))
