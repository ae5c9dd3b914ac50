"""A hybrid model as arrays and one generated module: ready to run."""

from __future__ import annotations

import inspect
import math
from dataclasses import dataclass
from functools import cached_property
from types import ModuleType

import numpy as np

from sim.hybrid import driver, layout
from sim.hybrid.layout import Coupling
from sim.hybrid.model import Hybrid, columns_of, unit_days
from sim.hybrid.schema import COUNTS, PLACES_SEEN, STATES_SEEN, Drive, Feed
from sim.kernel import layout as kernel
from sim.kernel.layout import FLOWS, STATES
from sim.stocks.compile import module
from sim.stocks.run import Stocks
from sim.tables import Lowered, lower

__all__ = ["Ready", "ready"]

IMPORTS = """
from sim.kernel.jit import call_at as advance_network, compiled as entry, rule as folded
"""
_PRESENT = ("in_service", "blocked", "in_transition")
_MOST = 1e9  #: places
_WHOLE_ARRIVALS = 60_000  #: entities of an interval: their number has 16 bits of their identity
_LONGEST = 1e6  #: factor on stays or rates


@dataclass(frozen=True)
class Ready:
    """A hybrid model, lowered.

    Parameters
    ----------
    hybrid : Hybrid
    network : Lowered
    stocks : Stocks
    coupling : Coupling
    """

    hybrid: Hybrid
    network: Lowered
    stocks: Stocks
    coupling: Coupling

    @cached_property
    def source(self) -> str:
        """The generated module: stocks, and the driver around the network's kernel."""
        own = self.stocks.generated.source.partition("\n@compiled\ndef run(")[0]
        constants = _constants(layout, kernel)
        functions = [f"@folded\n{inspect.getsource(f)}" for f in driver.FUNCTIONS]
        functions += [f"@entry\n{inspect.getsource(f)}" for f in driver.ENTRIES]
        return "\n".join([own, IMPORTS, constants, *functions])

    @cached_property
    def compiled(self) -> ModuleType:
        """The module, compiled once for a model and a version of the engine, then read from disk."""
        return module(self.source)


def _constants(*modules: ModuleType) -> str:
    """Numbers that the driver names, as lines; so the text of the module says everything it depends on."""
    used = "".join(inspect.getsource(f) for f in (*driver.FUNCTIONS, *driver.ENTRIES))
    lines = []
    for one in modules:
        for name, value in sorted(vars(one).items()):
            if name.isupper() and isinstance(value, int) and name in used:
                lines.append(f"{name} = {value}")
    return "\n".join(lines) + "\n\n"


def ready(hybrid: Hybrid) -> Ready:
    """Lower a hybrid model that has been checked."""
    network, stocks = lower(hybrid.network), Stocks(hybrid.model)
    return Ready(hybrid, network, stocks, _coupling(hybrid, network, stocks))


def _coupling(hybrid: Hybrid, network: Lowered, stocks: Stocks) -> Coupling:
    place = stocks.generated.layout.place
    names = hybrid.model.columns()
    terms: list[tuple[int, ...]] = []
    feeds: list[tuple[float, ...]] = []
    sums = 0
    for feed in hybrid.feeds:
        column = columns_of(hybrid.model, feed.input)[0]
        base = column.partition("[")[0]
        at = place[base][1] + names.index(column) - stocks.generated.layout.columns[base]
        kinds: list[int | None] = [layout.TIME_HELD, layout.TIME_OPEN] if feed.observes == "occupancy" else [None]
        for n, kind in enumerate(kinds):
            terms += [(sums + n, *term) for term in _terms(hybrid, network, feed, kind)]
        how = layout.RATE if feed.observes in COUNTS else layout.RATIO if len(kinds) > 1 else layout.MEAN
        feeds.append((how, sums, sums + len(kinds) - 1, at, 1.0))
        sums += len(kinds)
    drives, portions = [], list[tuple[int, int, float]]()
    for drive in hybrid.drives:
        drives += _drive(hybrid, network, drive, portions)
    return Coupling(
        np.array(terms, layout.TERM),
        np.array(feeds, layout.FEED),
        np.array(drives, layout.DRIVE),
        np.array(portions, layout.PORTION),
        *_sides(stocks),
        _census(network),
        np.array([hybrid.interval, hybrid.first], np.int64),
    )


def _terms(hybrid: Hybrid, network: Lowered, feed: Feed, kind: int | None) -> list[tuple[int, int, int, int]]:
    """What is added up for a feed: kind, station or pool, group, column."""
    if kind is not None or feed.observes in PLACES_SEEN:
        kind = kind if kind is not None else layout.TIME_OPEN if feed.observes == "open" else layout.TIME_HELD
        return [(kind, network.pools.index(station), 0, 0) for station in feed.station]
    stations = list(hybrid.network.stations)
    groups = [g for g, levels in enumerate(network.groups) if feed.cls is None or levels[0] in feed.cls]
    if feed.observes in STATES_SEEN:
        kind = layout.TIME_IN_STATE
        seen = _PRESENT if feed.observes == "present" else (feed.observes,)
        columns = [STATES.index(s) for s in seen]
    else:
        kind, columns = layout.COUNT, [FLOWS.index(feed.observes)]
    return [(kind, stations.index(s), g, column) for s in feed.station for g in groups for column in columns]


def _drive(
    hybrid: Hybrid, network: Lowered, drive: Drive, portions: list[tuple[int, int, float]]
) -> list[tuple[float, ...]]:
    column = hybrid.model.columns().index(columns_of(hybrid.model, drive.variable)[0])
    rounding = {"carry": layout.CARRY, "nearest": layout.NEAREST, "down": layout.DOWN}[drive.rounding]
    days = unit_days(hybrid.model.time.unit) or 1.0
    if drive.sets == "places":
        index = network.pools.index(drive.station or "")
        return [(layout.PLACES, column, index, rounding, 1.0, 0, 0, 0.0, _MOST)]
    if drive.sets == "stay_multiplier":
        station, classes = list(hybrid.network.stations).index(drive.station or ""), hybrid.network.classes
        rows = [station * len(classes) + classes.index(c) for c in drive.cls or classes]
        return [(layout.FACTOR, column, index, 0, 1.0, 0, 0, 0.0, _LONGEST) for index in rows]
    if drive.sets == "share":
        first = len(portions)
        to = hybrid.network.stations[drive.station or ""].routes[drive.rule].to
        others = sum(float(d.share) for name, d in to.items() if name != drive.to)  # type: ignore[arg-type]
        for name, d in to.items():
            index = network.share_index[drive.station or "", drive.rule, name]
            portions.append((index, int(name == drive.to), float(d.share) / others))  # type: ignore[arg-type]
        return [(layout.SHARES, column, 0, 0, 1.0, first, len(portions), 0.0, 1.0)]
    source = hybrid.network.sources[drive.source or ""]
    index = network.source_at(drive.source or "", 0.0, 0).index
    if drive.sets == "entities":
        return [(layout.ENTITIES, column, index, layout.CARRY, 1.0, 0, 0, 0.0, _WHOLE_ARRIVALS)]
    scale = 1.0 if drive.sets == "arrivals_factor" else 1.0 / (days * (source.rate_per_day or 1.0))
    return [(layout.ARRIVALS, column, index, 0, scale, 0, 0, 0.0, _LONGEST)]


def _sides(stocks: Stocks) -> tuple[np.ndarray, np.ndarray]:
    """Flows of every stock, and the column of every stock by its state."""
    own = stocks.generated.layout
    rows: list[tuple[int, int, float]] = []
    column = np.full(own.size["y"], -1, np.int64)
    for stock in stocks.model.of_kind("stock"):
        first = own.place[stock.name][1]
        for e in range(math.prod(own.sizes(stock.name))):
            column[first + e] = own.columns[stock.name] + e
            for flows, sign in ((stock.inflows, 1.0), (stock.outflows, -1.0)):
                rows += [(first + e, own.columns[f] + e, sign) for f in flows]
    return np.array(rows, layout.SIDE), column


def _census(network: Lowered) -> np.ndarray:
    names = list(network.network.stations)
    census = np.zeros(len(names), np.int64)
    for row in network.network.census:
        census[names.index(row.station)] += row.count
    return census
