"""Lowering: a checked network becomes flat arrays for the kernel."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.clock import Calendar
from sim.kernel import layout as k
from sim.kernel.layout import SELECTOR, SERVICE, SET_MULTIPLIER, SET_PLACES, SET_SHARE, Tables
from sim.lowering.collect import Builder, Change, int_array, nearest_ms
from sim.lowering.sources import lower_sources
from sim.lowering.stations import lower_stations
from sim.network.cycles import deadlock_prone
from sim.network.schema import Network
from sim.pages import in_large_pages
from sim.select import CLASS
from sim.services import BOUNDED, CELLS, EMPIRICAL, TABLE, Resolved

__all__ = ["Change", "Lowered", "lower"]


@dataclass(frozen=True)
class Lowered:
    """A network ready to run.

    Parameters
    ----------
    network : Network
        What was lowered.
    tables : Tables
        Read-only arrays of the kernel.
    changes : list of Change
        Planned changes after the start, in the order in which they act.
    places, multiplier, share : arrays
        Planned values at the start: (pools,), (stations, classes), (destinations + sources,). The last of these are
        factors on the rates of sources, or of driven sources the number of entities of an interval.
    groups : list of tuple of str
        Class and attribute levels of each tally group.
    share_index : dict
        Position of a destination's share by (station, number of the route rule, destination).
    """

    network: Network
    tables: Tables
    changes: list[Change]
    places: npt.NDArray[np.int64]
    multiplier: npt.NDArray[np.float64]
    share: npt.NDArray[np.float64]
    groups: list[tuple[str, ...]]
    share_index: dict[tuple[str, int, str], int]

    def shares(self, station: str, rule: int, shares: Mapping[str, float], at: int) -> list[Change]:
        """Changes that give route rule number `rule` of a station new shares from instant `at` (ms) on."""
        total, changes = 0.0, []
        for to in self.network.stations[station].routes[rule].to:
            total += shares[to]
            changes.append(Change(at, SET_SHARE, self.share_index[station, rule, to], total))
        return changes

    def places_at(self, station: str, places: int, at: int) -> Change:
        """Return the change that gives a station or a shared pool a number of places from instant `at` (ms) on."""
        return Change(at, SET_PLACES, self.pools.index(station), float(places))

    def source_at(self, source: str, value: float, at: int) -> Change:
        """Return the change that multiplies a source's rate by `value`, or gives a driven source so many entities.

        It acts on the hours that begin at instant `at` (ms) or later.
        """
        number = list(self.network.sources).index(source)
        return Change(at, SET_SHARE, int(self.tables.constants[k.FIRST_RATE]) + number, value)

    @property
    def pools(self) -> list[str]:
        """Names of all pools: the own pool of each station, then the shared pools."""
        return [*self.network.stations, *self.network.pools]

    def multiplier_at(self, station: str, cls: str, factor: float, at: int) -> Change:
        """Return the change that multiplies stays of a class at a station by `factor` from instant `at` (ms) on."""
        classes = self.network.classes
        index = list(self.network.stations).index(station) * len(classes) + classes.index(cls)
        return Change(at, SET_MULTIPLIER, index, factor)


def lower(network: Network) -> Lowered:
    """Lower a checked network to arrays."""
    calendar = Calendar(network.start, int(network.horizon))
    build = Builder(network, calendar)
    stations = lower_stations(build)
    groups = _groups(build)
    sources = lower_sources(build)
    rates = [0.0 if source.driven is not None else 1.0 for source in network.sources.values()]
    build.changes.sort(key=lambda c: (c.time, c.what, c.index))
    tables = Tables(
        constants=_constants(network, groups[0], bool(stations.arrays["weekly"][0].any()), len(stations.routes.share)),
        **sources,
        **stations.arrays,
        **_service_arrays(build.services),
        selector=np.array(build.selectors, SELECTOR),
        pick=int_array(build.pick).reshape(-1, 2),
        pick_rule=int_array(build.pick_rule),
        wait_over=int_array([math.floor(w) for w in network.observe.wait_over]),
        period_edges=_edges(network, calendar),
    )
    return Lowered(
        network,
        tables._replace(**in_large_pages(tables._asdict())),
        build.changes,
        stations.places,
        stations.multiplier,
        np.array([*stations.routes.share, *rates], float),
        groups[1],
        stations.routes.index,
    )


def _constants(network: Network, group_pick: int, weekly: bool, first_rate: int) -> npt.NDArray[np.int64]:
    """Scalars of the network, and which mechanisms it uses."""
    all_stations = network.stations.values()
    out = np.zeros(k.CONSTANTS, np.int64)
    out[k.FIRST_WEEKDAY] = network.start.weekday()
    out[k.GROUP_PICK] = group_pick
    out[k.SNAPSHOT_STEP] = nearest_ms(network.observe.snapshot_every)
    out[k.HORIZON] = int(network.horizon)
    out[k.WARM_UP] = nearest_ms(network.warm_up)
    out[k.EXTRAS] = bool(network.observe.clocks) or network.observe.wait_quantiles
    for s in all_stations:
        special = s.holds or s.overflow or s.slots or s.preempt or s.patience or s.order == "visit"
        out[k.EXTRAS] |= bool(special)
        out[k.TURNAROUNDS] |= s.turnaround is not None
    out[k.WEEKLY] = weekly
    out[k.FIRST_RATE] = first_rate
    out[k.CYCLIC] = bool(deadlock_prone(network))
    out[k.FINE_WAITS] = network.observe.wait_quantiles
    return out


def _edges(network: Network, calendar: Calendar) -> npt.NDArray[np.int64]:
    """Edges of the periods (ms), cut at the warm-up."""
    if network.observe.period == "month":
        edges = calendar.month_edges()
    else:
        edges = calendar.regular_edges(nearest_ms(network.observe.period))
    warm = nearest_ms(network.warm_up)
    return np.unique(np.append(edges, warm)) if 0 < warm < network.horizon else edges


def _groups(build: Builder) -> tuple[int, list[tuple[str, ...]]]:
    keys = [CLASS, *build.network.observe.by]
    combos = list(product(*(build.names(key) for key in keys)))
    wheres = [dict(zip(keys, combo, strict=True)) for combo in combos]
    return build.selector(wheres, range(len(combos))), combos


def _service_arrays(services: Sequence[Resolved]) -> dict[str, Any]:
    rows, cubics, cells, observed = [], [], [], []
    for s in services:
        table = -1
        if s.kind == TABLE:
            table = len(cells)
            cells.append([len(cubics) + first for first in s.cells])
            cubics += s.cubics
        elif s.kind == EMPIRICAL:
            table = len(observed)
            observed += s.values
        rows.append((s.kind + BOUNDED * s.bounded, table, s.a, s.b, s.c, s.base, s.span, s.low, s.high))
    return {
        "service": np.array(rows, SERVICE),
        "table": np.array(cubics, float).reshape(-1, 4),
        "cell": np.array(cells, np.int64).reshape(-1, CELLS + 1),
        "observed": np.array(observed, float),
    }
