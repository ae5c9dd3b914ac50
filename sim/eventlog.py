"""The log of a run in two layouts: for animation with vidigi, and for process mining.

A log is a structured array with the fields ``time`` (ms), ``id`` (entity), ``station`` (-1 outside), ``flow`` (index
into ``sim.kernel.layout.FLOWS``) and ``group``, in the order in which things were done.

A stay lasts from its start until the entity gives up its place, with the time blocked and in transition. Places are
numbered from 1 at each station, and whoever starts gets the lowest number that is free; an outlier is numbered at the
station that it belongs to. A return visit is a new entity.
"""

from __future__ import annotations

import datetime as dt
import heapq
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from sim.census import at_start
from sim.kernel.layout import FLOWS
from sim.results.axes import UNITS
from sim.tables import Lowered

__all__ = ["process_log", "vidigi_log"]

Rows = npt.NDArray[np.void]
OUTSIDE = -1


@dataclass(frozen=True)
class _Step:
    """Something that happened to an entity; `what` is enter, queue, start, end or exit."""

    time: int
    entity: int
    group: int
    station: int
    what: str
    place: int = 0


@dataclass
class _Places:
    """Numbers of the places of one station."""

    free: list[int] = field(default_factory=list)
    taken: dict[int, int] = field(default_factory=dict)

    def take(self, entity: int) -> int:
        """Lowest free number, now that of `entity`."""
        number = heapq.heappop(self.free) if self.free else len(self.taken) + 1
        self.taken[entity] = number
        return number

    def give(self, entity: int) -> int:
        """Number that `entity` gives up, or 0."""
        number = self.taken.pop(entity, 0)
        if number:
            heapq.heappush(self.free, number)
        return number


class _Walk:
    """The steps of all entities, read off a log."""

    def __init__(self, stations: int):
        self.places = [_Places() for _ in range(stations)]
        self.where: dict[int, int] = {}  # station of everybody present
        self.steps: list[_Step | None] = []
        self.last: dict[int, int] = {}  # position of an entity's last step

    def add(self, step: _Step) -> None:
        """Append a step; a queue that is left in the instant in which it was joined is forgotten."""
        at = self.last.get(step.entity, -1)
        before = self.steps[at] if at >= 0 else None
        if before and before.what == "queue" and before.time == step.time and step.what in ("queue", "exit"):
            self.steps[at] = None
        self.last[step.entity] = len(self.steps)
        self.steps.append(step)

    def start(self, time: int, entity: int, group: int, station: int) -> None:
        """A stay begins; one that follows another in the same place keeps its number."""
        places = self.places[station]
        number = places.taken.get(entity, 0)
        if number:
            self.add(_Step(time, entity, group, station, "end", number))
        self.add(_Step(time, entity, group, station, "start", number or places.take(entity)))

    def give_up(self, time: int, entity: int, group: int, station: int) -> None:
        """The place is given up, if there was one."""
        if number := self.places[station].give(entity):
            self.add(_Step(time, entity, group, station, "end", number))

    def read(self, time: int, entity: int, group: int, station: int, flow: str) -> None:
        """Take up one row of the log."""
        if flow in ("arrived", "returned"):
            self.add(_Step(time, entity, group, OUTSIDE, "enter"))
            self.add(_Step(time, entity, group, station, "queue"))
            self.where[entity] = station
        elif flow == "transferred_in":
            before = self.where.get(entity, OUTSIDE)
            if before != station:
                self._revoke_exit(time, entity)
                if before != OUTSIDE:
                    self.give_up(time, entity, group, before)
                self.add(_Step(time, entity, group, station, "queue"))
            self.where[entity] = station
        elif flow in ("started", "resumed"):
            self.start(time, entity, group, station)
        elif flow == "preempted":
            self.give_up(time, entity, group, station)
            self.add(_Step(time, entity, group, station, "queue"))
        elif flow in ("left", "lost", "reneged", "died"):
            self.give_up(time, entity, group, station)
            self.add(_Step(time, entity, group, OUTSIDE, "exit"))
            self.where[entity] = OUTSIDE

    def _revoke_exit(self, time: int, entity: int) -> None:
        """Who gave up a queue to go to another station has not left."""
        at = self.last.get(entity, -1)
        before = self.steps[at] if at >= 0 else None
        if before and before.what == "exit" and before.time == time:
            self.steps[at] = None


def _walk(lowered: Lowered, log: Rows) -> list[_Step]:
    network = lowered.network
    walk = _Walk(len(network.stations))
    for row in at_start(network, lowered.groups):
        for entity in row.ids.tolist():
            walk.where[entity] = row.station
            walk.add(_Step(0, entity, row.group, OUTSIDE, "enter"))
            if row.waits:
                walk.add(_Step(0, entity, row.group, row.station, "queue"))
            else:
                walk.start(0, entity, row.group, row.station)
    columns = [log[name].tolist() for name in ("time", "id", "group", "station", "flow")]
    for time, entity, group, station, flow in zip(*columns, strict=True):
        walk.read(time, entity, group, station, FLOWS[flow])
    return [step for step in walk.steps if step is not None]


def vidigi_log(lowered: Lowered, log: Rows, run: int = 1) -> pd.DataFrame:
    """Lay a log out as vidigi reads it.

    Parameters
    ----------
    lowered : Lowered
        The network that was run.
    log : structured array
        As ``Run.log_rows`` gives it.
    run : int
        Number of the run.

    Returns
    -------
    DataFrame
        Columns entity_id (1, 2, … in order of coming), pathway (class, and attributes observed), event_type
        (arrival_departure, queue, resource_use, resource_use_end), event (``arrival``, ``depart``, or the station's
        name with ``_queue``, ``_begins`` or ``_ends``), time in the unit of the network, resource_id, run.
    """
    names, unit = list(lowered.network.stations), UNITS[lowered.network.unit]
    kinds = {"queue": "queue", "start": "resource_use", "end": "resource_use_end"}
    endings = {"queue": "_queue", "start": "_begins", "end": "_ends"}
    whole = {"enter": "arrival", "exit": "depart"}
    steps, number = _walk(lowered, log), {}
    pathways = [", ".join(group) for group in lowered.groups]
    return pd.DataFrame(
        {
            "entity_id": [number.setdefault(s.entity, len(number) + 1) for s in steps],
            "pathway": [pathways[s.group] for s in steps],
            "event_type": [kinds.get(s.what, "arrival_departure") for s in steps],
            "event": [whole.get(s.what) or names[s.station] + endings[s.what] for s in steps],
            "time": [s.time / unit for s in steps],
            "resource_id": pd.array([s.place or None for s in steps], "Int64"),
            "run": run,
        }
    )


def process_log(lowered: Lowered, log: Rows, run: int = 1) -> pd.DataFrame:
    """Lay a log out for process mining: one row for the scheduling, the start and the completion of each stay.

    Parameters
    ----------
    lowered, log, run
        As for :func:`vidigi_log`.

    Returns
    -------
    DataFrame
        Columns case_id (run and number of the entity), activity (station), lifecycle (``schedule`` when the entity
        joins the queue, ``start``, ``complete``), timestamp, resource (station and number of the place; missing in the
        queue), class. A wait that somebody gave up has no start.
    """
    names = list(lowered.network.stations)
    midnight = np.datetime64(dt.datetime.combine(lowered.network.start, dt.time()), "ms")
    phases = {"queue": "schedule", "start": "start", "end": "complete"}
    number: dict[int, int] = {}
    steps = _walk(lowered, log)
    cases = [number.setdefault(s.entity, len(number) + 1) for s in steps]
    told = [(case, s) for case, s in zip(cases, steps, strict=True) if s.what in phases]
    pathways = [", ".join(group) for group in lowered.groups]
    return pd.DataFrame(
        {
            "case_id": [f"{run}-{case}" for case, _ in told],
            "activity": [names[s.station] for _, s in told],
            "lifecycle": [phases[s.what] for _, s in told],
            "timestamp": midnight + np.array([s.time for _, s in told], "timedelta64[ms]"),
            "resource": pd.array([f"{names[s.station]} {s.place}" if s.place else None for _, s in told], "string"),
            "class": [pathways[s.group] for _, s in told],
        }
    )
