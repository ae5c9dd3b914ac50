"""One run of a lowered network: set up, advance, change the plan, save, restore."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.census import identities, residuals
from sim.clock import DAY
from sim.conservation import assert_conserved
from sim.errors import CarebridgeError
from sim.kernel.advance import LOG_MARGIN, advance, place_census
from sim.kernel.layout import (
    ARRIVAL_ROW,
    BUCKET_BITS,
    DONE,
    ENTITY,
    EVENTS,
    EXTRA,
    EXTRAS,
    FINE_BINS,
    FINE_WAITS,
    FIRST_FLOW,
    FIRST_WEEKDAY,
    FLOWS,
    FOREVER,
    FREE,
    HEAP_SIZE,
    HORIZON,
    HOUR_MS,
    LOG_AT,
    LOG_ROW,
    LOGGED,
    NARROWEST_BITS,
    NEED_ARRIVALS,
    NEED_ENTITIES,
    NEXT_RULE,
    NEXT_WEEKLY,
    NOBODY,
    NOISE_DAY,
    NOW,
    NOWHERE,
    NUMBERS,
    OFFERED_AT,
    OPENED,
    PATIENT_ROW,
    PLAN_AT,
    PLAN_ROW,
    POISSON,
    POOL,
    PRESENT,
    RULE_NOW,
    RUNNING,
    SNAPSHOT,
    SNAPSHOT_STEP,
    STATE_AT,
    STATES,
    TABLES_AT,
    TURN_BITS,
    WAIT_EDGES,
    WAIT_TOTAL,
    WEEKLY,
    WIDEST_BITS,
    WORK_SIZE,
    State,
    Tables,
)
from sim.kernel.queues import NUMBER_WAITING, SERVING
from sim.littles_law import assert_littles_law
from sim.pages import in_large_pages
from sim.tables import Change, Lowered

__all__ = ["Run"]

_FIRST_POOL = 4096
_FIRST_BUFFER = 256
_FIRST_LOG = 65_536
_TOGETHER = 50_000_000  #: bytes of the log that are put together
#: fields of a state that results keep
_WRITTEN_DOWN = ("area", "flow", "wait_hist", "wait_fine", "clocks", "places_area", "snapshot", "log")
_IN_BUCKET = 8  #: arrivals while a bucket lasts


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
    log : bool
        Whether to keep a log of every event (`log_rows`).
    """

    def __init__(
        self, lowered: Lowered, seed: int, replication: int = 0, *, log: bool = False, pool: int = _FIRST_POOL
    ):
        self.lowered = lowered
        self._logged: list[npt.NDArray[np.uint8]] = []
        self._recent: list[npt.NDArray[np.uint8]] = []
        census = [_census(lowered, row, seed, replication) for row in range(len(lowered.network.census))]
        people = sum(len(c[0]) for c in census)
        self.state = _near(_fresh(lowered, seed, replication, max(pool, 2 * people + 2), log))
        self.tables = _tables(lowered, log)
        waiting = [c for c in census if c[3].size and c[3][0] < 0]
        for ids, levels, stations, left in [c for c in census if c[3].size and c[3][0] >= 0] + waiting:
            place_census(self.tables, self.state, ids, levels, stations, left)
        if waiting:
            stations = len(lowered.network.stations)
            self.state.pool["work"][:stations] = range(stations)
            self.state.numbers[WORK_SIZE] = stations
            self.state.pool["listed"][:stations] = 1

    @property
    def address(self) -> tuple[int, int]:
        """Seed and replication: what addresses every draw."""
        return int(self.state.words[0]), int(self.state.words[1])

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
            status = advance(self.tables, self.state, until)
            if status == DONE:
                break
            self.grow(status)
        assert_conserved(self.lowered, self.state)
        if until == horizon:
            assert_littles_law(self.lowered, self.state)

    def grow(self, status: int) -> None:
        """Enlarge the memory that the kernel reports as full; nothing else changes."""
        if status == NEED_ENTITIES:
            self.state = _more_entities(self.state)
        elif status == NEED_ARRIVALS:
            self.state = _more_arrivals(self.state)
        else:
            self._drain_log()

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

    def _drain_log(self) -> None:
        """Move the log out of the kernel's memory, and make that larger if one instant may fill it."""
        if not self.tables.constants[LOGGED]:
            raise ValueError("this run keeps no log; make it with log=True")
        s = self.state
        size = int(s.numbers[LOG_AT])
        self._recent.append(s.log[:size].view(np.uint8).copy())  # bytes are copied faster than records
        if sum(map(len, self._recent)) >= _TOGETHER:
            self._gather_log()
        s.numbers[LOG_AT] = 0
        needed = 4 * LOG_MARGIN * (int(s.numbers[PRESENT]) + 2)
        if needed > s.log.size:
            self.state = s._replace(log=np.zeros(needed, LOG_ROW))

    def _gather_log(self) -> None:
        """Put what was moved out lately into one piece of memory, large enough to go back to the system when freed."""
        self._logged.append(np.concatenate(self._recent))
        self._recent.clear()

    def log_rows(self) -> npt.NDArray[np.void]:
        """All events so far, in order: time (ms), id, station, group and flow (index of FLOWS).

        Raises
        ------
        ValueError
            When the run keeps no log.
        """
        self._drain_log()
        self._logged = [np.concatenate([*self._logged, *self._recent])]
        self._recent.clear()
        return self._logged[0].view(LOG_ROW)

    def log_blocks(self) -> Iterator[npt.NDArray[np.void]]:
        """The same in blocks of rows, each forgotten by the run once it is handed over.

        Raises
        ------
        ValueError
            When the run keeps no log.
        """
        self._drain_log()
        blocks, self._logged = [*self._logged, *self._recent][::-1], []
        self._recent.clear()
        while blocks:
            yield blocks.pop().view(LOG_ROW)

    def observations(self) -> dict[str, Any]:
        """What has been written down, as arrays whose shapes the semantics page gives."""
        s, stations = self.state, len(self.lowered.network.stations)
        return {
            "area": s.area,
            "flow": s.flow[..., : len(FLOWS)],
            "wait_total": s.flow[..., WAIT_TOTAL],
            "wait_over": s.flow[..., WAIT_TOTAL + 1 :],
            "wait_hist": s.wait_hist,
            "wait_fine": s.wait_fine,
            "places_area": s.places_area[..., 0],
            "draining_area": s.places_area[..., 1],
            "held_area": s.places_area[..., 2] - s.places_area[..., 3],
            "turnaround_area": s.places_area[..., 3],
            "outlying_area": s.places_area[:, :stations, 4],
            "slots_offered": s.places_area[:, :stations, 5],
            "clock_ended": s.clocks[..., 0],
            "clock_over": s.clocks[..., 1],
            "clock_total": s.clocks[..., 2],
            "snapshot": s.snapshot,
            "events": self.events,
            "fingerprint": self.fingerprint,
        }

    def save(self) -> bytes:
        """Write the state down, byte for byte."""
        out, numbers = io.BytesIO(), self.state.numbers.copy()
        numbers[[TABLES_AT, STATE_AT]] = 0  # where memory lies is no part of the run
        np.savez(out, **self.state._replace(numbers=numbers)._asdict())
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
        run._logged, run._recent = [], []
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            arrays = {name: file[name] for name in State._fields}
        run.state = _near(State(**arrays))
        run.tables = _tables(lowered, run.state.log.size > 0)
        fresh = _fresh(lowered, 0, 0, 1, False)
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
    if entry.state == "waiting":
        return ids, full[0], full[1], np.full(entry.count, -1, np.int64)
    return ids, full[0], full[1], residuals(network, row, seed, replication)


def _tables(lowered: Lowered, log: bool) -> Tables:
    """Tables of a run: those of the network, but for whether it keeps a log."""
    if not log:
        return lowered.tables
    constants = lowered.tables.constants.copy()
    constants[LOGGED] = 1
    return lowered.tables._replace(constants=constants)


def _fresh(lowered: Lowered, seed: int, replication: int, pool: int, log: bool) -> State:
    T: Tables = lowered.tables
    S, R, C, G = len(T.station), len(T.place), T.entry.shape[1], len(lowered.groups)
    P, W, B, K = len(T.period_edges) - 1, len(T.wait_over), len(WAIT_EDGES), len(lowered.network.observe.clocks)
    horizon, step = int(T.constants[HORIZON]), int(T.constants[SNAPSHOT_STEP])
    entity = np.zeros(pool, ENTITY)
    entity["next"] = np.append(np.arange(1, pool), NOBODY)
    extra = np.zeros(pool if T.constants[EXTRAS] else 1, EXTRA)
    numbers = np.zeros(NUMBERS, np.int64)
    numbers[NOISE_DAY] = numbers[OPENED] = -1
    numbers[OFFERED_AT] = NOWHERE
    numbers[BUCKET_BITS] = bits = _bucket_bits(T)
    numbers[NEXT_WEEKLY] = 0 if T.constants[WEEKLY] else FOREVER
    numbers[NEXT_RULE] = 0 if T.escalation.size else FOREVER

    def zeros(*shape: int) -> npt.NDArray[np.int64]:
        return np.zeros(shape, np.int64)

    queue = np.full((S, C, SERVING + 2), NOBODY, np.int32)
    queue[..., NUMBER_WAITING:SERVING] = 0
    noise = zeros(len(T.noise), 2).astype(float)
    noise[:, 1] = 1.0
    source_at = zeros(len(T.source), 4)
    source_at[:, 0] = T.source["begin"]
    source_at[:, 1] = -1
    return State(
        numbers=numbers,
        words=np.array([seed, replication, 0], np.uint64),
        entity=entity,
        extra=extra,
        heap_time=zeros(pool),
        heap_entity=np.zeros(pool, np.uint32),
        later=np.zeros(pool, np.int32),
        bucket=np.full(1 << (TURN_BITS - bits), NOBODY, np.int32),
        patient=np.zeros(len(extra), PATIENT_ROW),
        first=zeros(4, len(T.source)).astype(float),
        arrival=np.zeros(_FIRST_BUFFER, ARRIVAL_ROW),
        drawn=np.zeros(_FIRST_BUFFER, ARRIVAL_ROW),
        first_of_part=np.zeros(_FIRST_BUFFER + 1, np.int32),
        source_at=source_at,
        noise=noise,
        pool=_pools(lowered),
        queue=queue,
        multiplier=lowered.multiplier.copy(),
        share=lowered.share.copy(),
        rule=np.zeros(len(T.escalation), RULE_NOW),
        plan=_plan(lowered.changes),
        present=_lines((S, G, FIRST_FLOW + WAIT_TOTAL + W), np.int32),
        running=_lines((S, G, RUNNING), np.int64),
        area=zeros(P, S, G, len(STATES)),
        flow=zeros(P, S, G, WAIT_TOTAL + 1 + W),
        wait_hist=zeros(-(-horizon // (365 * DAY)), S, B),
        wait_fine=zeros(S, G, FINE_BINS if T.constants[FINE_WAITS] else 0),
        clocks=zeros(P, K, G, 3),
        places_area=zeros(P, R, 6),
        snapshot=np.zeros((-(-horizon // step), R, len(SNAPSHOT)), np.int32),
        log=np.zeros(_FIRST_LOG if log else 0, LOG_ROW),
    )


def _near(state: State) -> State:
    """The state with all that it works with side by side; what is written down is kept by results, array by array."""
    return state._replace(**in_large_pages({n: getattr(state, n) for n in State._fields if n not in _WRITTEN_DOWN}))


def _bucket_bits(T: Tables) -> int:
    """Width of the buckets of timed events: as many as keep the list of those that are due soon short."""
    poisson = T.source["kind"] == POISSON
    an_hour = float((T.week.mean(axis=0) * T.day.mean(axis=0))[poisson].sum()) if poisson.any() else 0.0
    if an_hour <= 0.0:
        return WIDEST_BITS
    return int(np.clip(np.floor(np.log2(_IN_BUCKET * HOUR_MS / an_hour)), NARROWEST_BITS, WIDEST_BITS))


def _lines(shape: tuple[int, ...], kind: type[np.generic]) -> npt.NDArray[Any]:
    """Zeros whose last axis fills cache lines, the first of which begins with it."""
    line = 64 // np.dtype(kind).itemsize
    *rest, last = shape
    shape = (*rest, -(-last // line) * line)
    size = math.prod(shape)
    out = np.zeros(size + line, kind)
    skip = -out.ctypes.data % 64 // out.itemsize
    return out[skip : skip + size].reshape(shape)


def _pools(lowered: Lowered) -> npt.NDArray[np.void]:
    """Pools at the start: planned places, or those of the timetable."""
    T: Tables = lowered.tables
    pools = np.zeros(len(T.place), POOL)
    pools["planned"] = lowered.places
    pools["first_out"] = pools["last_out"] = NOBODY
    pools["weekly"] = -1
    hour = 24 * int(T.constants[FIRST_WEEKDAY])
    timed = T.place["timetable"] >= 0
    pools["weekly"][timed] = T.weekly[T.place["timetable"][timed], hour]
    pools["places"] = np.where(pools["weekly"] >= 0, pools["weekly"], pools["planned"])
    return pools


def _more_entities(s: State) -> State:
    """Enlarge the pool of entities by a fifth, so that little of it is idle; nothing else changes.

    All that lies beside it moves with it: what stayed behind would hold the memory of the pool that was too small.
    """
    old = len(s.entity)
    new = old + old // 5 + 16
    entity = np.zeros(new, ENTITY)
    entity[:old] = s.entity
    entity["next"][old:] = np.append(np.arange(old + 1, new), s.numbers[FREE])
    s.numbers[FREE] = old
    soon = int(s.numbers[HEAP_SIZE])  # what of the heap is not in use is not copied
    more = {name: _longer(getattr(s, name)[:soon], new) for name in ("heap_time", "heap_entity")}
    more["later"] = _longer(s.later, new)
    if len(s.extra) == old:
        more |= {name: _longer(getattr(s, name), new) for name in ("extra", "patient")}
    return _near(s._replace(entity=entity, **more))


def _longer(array: npt.NDArray[Any], size: int) -> npt.NDArray[Any]:
    out = np.zeros(size, array.dtype)
    out[: len(array)] = array
    return out


def _more_arrivals(s: State) -> State:
    """Double the buffers of an hour's arrivals; they are empty when this is called."""
    size = 2 * len(s.arrival)
    arrival, drawn = (np.zeros(size, ARRIVAL_ROW) for _ in range(2))
    return s._replace(arrival=arrival, drawn=drawn, first_of_part=np.zeros(size + 1, np.int32))
