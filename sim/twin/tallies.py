"""What the reference program writes down, and the accounts that must balance.

Sections 11 and 12 of ``docs/semantics.md``.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from sim.clock import DAY, Calendar
from sim.errors import ConservationError
from sim.kernel.layout import FLOWS, SNAPSHOT, STATES, WAIT_EDGES
from sim.network.schema import Network
from sim.twin.clocks import Clocks
from sim.twin.plan import NO_LIMIT
from sim.twin.quantiles import whole_ms
from sim.twin.stations import Entity, Pool

__all__ = ["HERE", "IN", "OUT", "Meter", "Tallies", "period_edges"]

YEAR = 365 * DAY
#: levels that are measured of every pool
POOL_LEVELS = ("places_area", "draining_area", "held_area", "turnaround_area")
HERE = ("waiting", "in_service", "blocked", "in_transition")  #: states that say where an entity is
IN = ("arrived", "returned", "transferred_in", "reclassified_in")
OUT = ("transferred_out", "left", "lost", "diverted", "reneged", "died", "reclassified_out")
_STATE = {name: i for i, name in enumerate(STATES)}
_FLOW = {name: i for i, name in enumerate(FLOWS)}


class Meter:
    """A level that changes in steps, and the area under it since it was last read."""

    __slots__ = ("area", "level", "since")

    def __init__(self) -> None:
        self.level = 0
        self.since = 0
        self.area = 0

    def set(self, now: int, level: int) -> None:
        """Set the level from now on."""
        self.area += self.level * (now - self.since)
        self.since = now
        self.level = level

    def read(self, now: int) -> int:
        """Area up to now; the next reading starts from here."""
        self.set(now, self.level)
        area, self.area = self.area, 0
        return area


class Tallies:
    """Areas, flows, waits and snapshots by period, station and group.

    Parameters
    ----------
    network : Network
    groups : int
    """

    def __init__(self, network: Network, groups: int):
        horizon = int(network.horizon)
        observe = network.observe
        self.edges = period_edges(network)
        self.step = whole_ms(observe.snapshot_every)
        self.limits = list(observe.wait_over)
        self.wait_edges: list[int] = WAIT_EDGES.tolist()
        self.stations, self.groups = len(network.stations), groups
        self.pools = self.stations + len(network.pools)
        self.period = 0
        self.present = [[[Meter() for _ in STATES] for _ in range(groups)] for _ in range(self.stations)]
        self.pool_meters = {name: [Meter() for _ in range(self.pools)] for name in POOL_LEVELS}
        self.outlying = [Meter() for _ in range(self.stations)]
        periods = len(self.edges) - 1
        at = (periods, self.stations)
        self.area = np.zeros((*at, groups, len(STATES)), np.int64)
        self.flow = np.zeros((*at, groups, len(FLOWS)), np.int64)
        self.wait_total = np.zeros((*at, groups), np.int64)
        self.wait_over = np.zeros((*at, groups, len(self.limits)), np.int64)
        self.wait_hist = np.zeros((math.ceil(horizon / YEAR), self.stations, len(WAIT_EDGES)), np.int64)
        self.pool_area = {name: np.zeros((periods, self.pools), np.int64) for name in POOL_LEVELS}
        self.outlying_area = np.zeros(at, np.int64)
        self.slots_offered = np.zeros(at, np.int64)
        self.snapshot = np.zeros((math.ceil(horizon / self.step), self.pools, len(SNAPSHOT)), np.int32)
        self.clocks = Clocks(network, groups, periods)
        self._here_before = [[0] * groups for _ in range(self.stations)]

    # -- booking ------------------------------------------------------------------------------------------------------

    def count(self, now: int, station: int, group: int, state: str, change: int) -> None:
        """Let the number of entities in a state go up or down."""
        meter = self.present[station][group][_STATE[state]]
        meter.set(now, meter.level + change)

    def book(self, station: int, group: int, flow: str) -> None:
        """Count one event of a flow."""
        self.flow[self.period, station, group, _FLOW[flow]] += 1

    def book_wait(self, now: int, station: int, group: int, wait: int) -> None:
        """Book the wait of an entity that starts from the waiting room."""
        self.book(station, group, "waited")
        self.wait_total[self.period, station, group] += wait
        for w, limit in enumerate(self.limits):
            if wait > limit:
                self.wait_over[self.period, station, group, w] += 1
        self.wait_hist[now // YEAR, station, bisect_right(self.wait_edges, wait) - 1] += 1

    def pool(self, now: int, pool: Pool) -> None:
        """Note the places of a pool that are open, held, held by nobody, and held above those open."""
        limited = pool.places != NO_LIMIT
        levels = (
            int(pool.places) if limited else 0,
            max(0, pool.occupied - int(pool.places)) if limited else 0,
            pool.occupied - pool.turning,
            pool.turning,
        )
        for name, level in zip(POOL_LEVELS, levels, strict=True):
            self.pool_meters[name][pool.index].set(now, level)

    def count_outlier(self, now: int, station: int, change: int) -> None:
        """Let the number of those who hold a place elsewhere go up or down."""
        meter = self.outlying[station]
        meter.set(now, meter.level + change)

    def offer(self, station: int, slots: int) -> None:
        """Count the slots on offer."""
        self.slots_offered[self.period, station] += slots

    def end_clocks(self, now: int, entity: Entity, until: str) -> None:
        """End the clocks of the station where an entity is: its stay starts, or it leaves."""
        self.clocks.end(now, self.period, entity, until)

    def take_snapshot(self, now: int, pools: Sequence[Pool]) -> None:
        """Write down how many entities are in each state, the places open and those held."""
        row = self.snapshot[now // self.step]
        for pool in pools:
            if pool.index < self.stations:
                for k in range(len(STATES)):
                    row[pool.index, k] = sum(self.present[pool.index][g][k].level for g in range(self.groups))
            row[pool.index, len(STATES)] = -1 if pool.places == NO_LIMIT else int(pool.places)
            row[pool.index, len(STATES) + 1] = pool.occupied

    def start_accounts(self) -> None:
        """Take the entities that are present now as the opening balance."""
        self._here_before = [[self._here(s, g) for g in range(self.groups)] for s in range(self.stations)]

    def end_period(self, now: int) -> None:
        """Close the period that ends now."""
        p = self.period
        for s in range(self.stations):
            for g in range(self.groups):
                self.area[p, s, g] = [meter.read(now) for meter in self.present[s][g]]
            self.outlying_area[p, s] = self.outlying[s].read(now)
        for name, meters in self.pool_meters.items():
            self.pool_area[name][p] = [meter.read(now) for meter in meters]
        self._balance_stations()
        self.period += 1

    # -- conservation -------------------------------------------------------------------------------------------------

    def _here(self, s: int, g: int) -> int:
        return sum(self.present[s][g][_STATE[state]].level for state in HERE)

    def _balance_stations(self) -> None:
        """Present now = present before + in - out, by station and group; no area is negative."""
        p = self.period
        for s in range(self.stations):
            for g in range(self.groups):
                flow = self.flow[p, s, g]
                came = sum(int(flow[_FLOW[name]]) for name in IN)
                went = sum(int(flow[_FLOW[name]]) for name in OUT)
                here = self._here(s, g)
                if here != self._here_before[s][g] + came - went:
                    raise ConservationError(
                        f"period {p}, station {s}, group {g}: {self._here_before[s][g]} entities, "
                        f"+{came} -{went}, but {here} are present"
                    )
                self._here_before[s][g] = here
        for area in (self.area, self.outlying_area, *self.pool_area.values()):
            if (area[p] < 0).any():
                raise ConservationError(f"period {p}: a negative area")

    def expect(self, found: Counter[tuple[int, int, str]]) -> None:
        """Compare the meters with a count, made afresh, of entities by station, group and state."""
        for s in range(self.stations):
            for g in range(self.groups):
                for state, meter in zip(STATES, self.present[s][g], strict=True):
                    if meter.level != found[s, g, state]:
                        raise ConservationError(
                            f"station {s}, group {g}: {meter.level} {state} are booked, {found[s, g, state]} exist"
                        )

    def total(self, flow: str) -> int:
        """Events of one flow so far, everywhere."""
        return int(self.flow[..., _FLOW[flow]].sum())

    def results(self) -> dict[str, Any]:
        """Copies of everything that was written down; areas are those of the periods that have closed."""
        names = ("area", "flow", "wait_total", "wait_over", "wait_hist", "outlying_area", "slots_offered", "snapshot")
        found = {name: getattr(self, name) for name in names} | self.pool_area | self.clocks.results()
        return {name: array.copy() for name, array in found.items()}


def period_edges(network: Network) -> list[int]:
    """Edges (ms) of the periods, which are cut at the warm-up."""
    calendar = Calendar(network.start, int(network.horizon))
    period = network.observe.period
    regular = calendar.month_edges() if period == "month" else calendar.regular_edges(whole_ms(period))
    warm_up = whole_ms(network.warm_up)
    return sorted({*regular.tolist(), *([warm_up] if 0 < warm_up < network.horizon else [])})
