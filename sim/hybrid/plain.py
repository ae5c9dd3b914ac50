"""The slow, plain way to run a hybrid model: reference for the compiled driver, and the place for rules in Python.

It follows ``docs/hybrid.md`` by names of stations and variables. Beside the kernel it runs Python controllers, which
cost some hundred times the exchange of the compiled driver; beside the SimPy program it is the twin of the whole.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from sim.errors import CarebridgeError
from sim.hybrid.model import Hybrid, columns_of, unit_days
from sim.hybrid.schema import COUNTS, STATES_SEEN, Drive, Feed
from sim.kernel.layout import FLOWS, INFINITE, PERIOD, STATES
from sim.run import Run
from sim.stocks.compile import plain_functions
from sim.stocks.run import Stocks, Trajectory, rows_of
from sim.tables import Lowered
from sim.twin import Twin
from sim.twin.plan import NO_LIMIT

__all__ = ["Controller", "KernelSide", "Moment", "PlainHybrid", "TwinSide"]

_PRESENT = ("in_service", "blocked", "in_transition")


class Side(Protocol):
    """A network that goes on by steps, can be read, and can be changed."""

    def advance(self, until: int) -> None:
        """Do everything due before an instant (ms)."""
        ...

    def count(self, station: str, classes: Sequence[str] | None, flow: str) -> int:
        """Events of a flow so far."""
        ...

    def time_in(self, station: str, classes: Sequence[str] | None, state: str) -> int:
        """Entity-time (ms) in a state so far."""
        ...

    def place_time(self, pool: str, what: str) -> int:
        """Place-time (ms) "open" or "occupied" so far."""
        ...

    def change(self, at: int, what: str, key: Any, value: Any) -> None:
        """Plan a change, as `sim.twin.Twin.change` names it."""
        ...


@dataclass
class KernelSide:
    """The compiled network."""

    lowered: Lowered
    run: Run

    def advance(self, until: int) -> None:
        """Do everything due before an instant."""
        self.run.advance(until)

    def _groups(self, classes: Sequence[str] | None) -> list[int]:
        return [g for g, levels in enumerate(self.lowered.groups) if classes is None or levels[0] in classes]

    def count(self, station: str, classes: Sequence[str] | None, flow: str) -> int:
        """Events of a flow so far."""
        s = list(self.lowered.network.stations).index(station)
        return int(self.run.state.flow[:, s, self._groups(classes), FLOWS.index(flow)].sum())

    def time_in(self, station: str, classes: Sequence[str] | None, state: str) -> int:
        """Entity-time in a state so far."""
        s, k, state_ = list(self.lowered.network.stations).index(station), STATES.index(state), self.run.state
        groups = self._groups(classes)
        closed = state_.area[: int(state_.numbers[PERIOD]), s, groups, k].sum()
        return int(closed + state_.running[s, groups, k].sum() + state_.present[s, groups, k].sum() * self.run.now)

    def place_time(self, pool: str, what: str) -> int:
        """Place-time so far."""
        r, state = self.lowered.pools.index(pool), self.run.state
        closed, now = state.places_area[: int(state.numbers[PERIOD]), r], state.pool[r]
        if what == "occupied":
            return int(closed[:, 2].sum() + now["occupied_time"] + now["occupied"] * self.run.now)
        places = 0 if now["places"] == INFINITE else now["places"]
        return int(closed[:, 0].sum() + now["open_time"] + places * self.run.now)

    def change(self, at: int, what: str, key: Any, value: Any) -> None:
        """Plan a change."""
        if what == "places":
            change = self.lowered.places_at(key, int(value), at)
        elif what == "multiplier":
            station, cls = key
            change = self.lowered.multiplier_at(station, cls, value, at)
        elif what == "share":
            station, rule = key
            self.run.change(self.lowered.shares(station, rule, value, at))  # all shares of a rule at once
            return
        else:
            change = self.lowered.source_at(key, value, at)
        self.run.change([change])


@dataclass
class TwinSide:
    """The SimPy program."""

    twin: Twin

    def advance(self, until: int) -> None:
        """Do everything due before an instant."""
        self.twin.advance(until)

    @property
    def _names(self) -> list[str]:
        return self.twin.world.rules.names

    def _groups(self, classes: Sequence[str] | None) -> list[int]:
        tallies, network = self.twin.world.tallies, self.twin.network
        each = tallies.groups // len(network.classes)  # the class is the slowest part of a group's number
        return [g for g in range(tallies.groups) if classes is None or network.classes[g // each] in classes]

    def count(self, station: str, classes: Sequence[str] | None, flow: str) -> int:
        """Events of a flow so far."""
        flows = self.twin.world.tallies.flow[:, self._names.index(station)]
        return int(flows[:, self._groups(classes), FLOWS.index(flow)].sum())

    def time_in(self, station: str, classes: Sequence[str] | None, state: str) -> int:
        """Entity-time in a state so far."""
        tallies, s, k = self.twin.world.tallies, self._names.index(station), STATES.index(state)
        total = 0
        for g in self._groups(classes):
            meter = tallies.present[s][g][k]
            total += int(tallies.area[: tallies.period, s, g, k].sum()) + self._so_far(meter)
        return total

    def place_time(self, pool: str, what: str) -> int:
        """Place-time so far."""
        tallies, r = self.twin.world.tallies, self.twin.world.rules.pools.index(pool)
        names = ["places_area"] if what == "open" else ["held_area", "turnaround_area"]
        closed = sum(int(tallies.pool_area[name][: tallies.period, r].sum()) for name in names)
        return closed + sum(self._so_far(tallies.pool_meters[name][r]) for name in names)

    def _so_far(self, meter: Any) -> int:
        return meter.area + meter.level * (self.twin.now - meter.since)

    def change(self, at: int, what: str, key: Any, value: Any) -> None:
        """Plan a change."""
        if what == "share":
            station, rule = key
            total = 0.0
            for to, share in value.items():
                total += share
                self.twin.change(at, "share", (station, rule, to), total)
            return
        self.twin.change(at, what, key, NO_LIMIT if value == math.inf else value)


@dataclass
class Moment:
    """What a Python controller sees at an exchange, and what it may do.

    Parameters
    ----------
    step : int
        Number of exchanges so far.
    time : float
        In the stocks' unit of time.
    values : dict
        All columns of the stocks, now.
    network : Side
        To read what the network counted (``count``, ``time_in``, ``place_time``) or to change it.
    at : int
        The instant, in ms, from which changes may act.
    """

    step: int
    time: float
    values: dict[str, float]
    network: Side
    at: int
    changed: dict[str, float] = field(default_factory=dict)

    def set(self, parameter: str, value: float) -> None:
        """Give a parameter of the stocks another value from now on."""
        self.changed[parameter] = value


#: slow: called in Python at every exchange
Controller = Callable[[Moment], None]


class PlainHybrid:
    """One replication, exchange by exchange in Python.

    Parameters
    ----------
    hybrid : Hybrid
    side : Side
        The network: `KernelSide`, or `TwinSide` for the reference.
    controller : callable, optional
        Called after every exchange; slow.
    changes : dict, optional
        Parameters of the stocks that differ.
    """

    def __init__(
        self,
        hybrid: Hybrid,
        side: Side,
        controller: Controller | None = None,
        changes: dict[str, float] | None = None,
    ):
        self.hybrid, self.side, self.controller = hybrid, side, controller
        self.stocks = Stocks(hybrid.model)
        self.columns = hybrid.model.columns()
        self.changes = dict(changes or {})
        self.p = self.stocks.setting(self.changes)
        layout = self.stocks.generated.layout
        self.start, self.step = plain_functions(self.stocks.generated)
        self.y, self.x = np.zeros(layout.size["y"]), np.zeros(layout.size["x"])
        self.w, self.b = np.zeros((5, layout.size["y"])), np.zeros(0)
        self.row = np.zeros((2, layout.width))
        self.rows = np.zeros((rows_of(hybrid.model.time), layout.width))
        self.rest = [0.0] * len(hybrid.drives)
        self.last: list[float] = [-1.0] * len(hybrid.drives)
        self.totals: list[tuple[int, ...]] = [tuple(0 for _ in self._read(feed)) for feed in hybrid.feeds]

    def run(self) -> Trajectory:
        """Run to the end.

        Raises
        ------
        CarebridgeError
            When a stock sets what cannot be.
        """
        clock, t = self.stocks.clock, self.hybrid.model.time
        needed = self.start(self.y, self.x, self.p, self.b, clock)
        if needed > self.b.size:
            self.b = np.zeros(needed)
            self.start(self.y, self.x, self.p, self.b, clock)
        self.step(self.y, self.x, self.p, self.b, self.w, clock, self.row, 0, 0, 1, 1, 1)
        self.row[0] = 0.0
        self._control(0)
        self._set(0)
        kept = 0
        for k in range(t.steps):
            at = (k + 1) * self.hybrid.interval
            self.side.advance(at)
            self._feed()
            self.step(self.y, self.x, self.p, self.b, self.w, clock, self.row, k, k + 1, 0, 1, 1)
            if k % t.every == 0:
                self.rows[kept] = self.row[0]
                kept += 1
            if k + 1 < t.steps:
                self._control(k + 1)
                self._set(at)
        self.rows[-1] = self.row[1]
        return Trajectory(self.columns, self.stocks.time(), self.rows)

    # -- from the network to the stocks -------------------------------------------------------------------------------

    def _read(self, feed: Feed) -> tuple[int, ...]:
        """Integrals so far: one, or two for a share."""
        if feed.observes == "occupancy":
            return tuple(sum(self.side.place_time(s, w) for s in feed.station) for w in ("occupied", "open"))
        if feed.observes in COUNTS:
            return (sum(self.side.count(s, feed.cls, feed.observes) for s in feed.station),)
        if feed.observes in STATES_SEEN:
            states = _PRESENT if feed.observes == "present" else (feed.observes,)
            return (sum(self.side.time_in(s, feed.cls, k) for s in feed.station for k in states),)
        return (sum(self.side.place_time(s, feed.observes) for s in feed.station),)

    def _feed(self) -> None:
        layout = self.stocks.generated.layout
        for n, feed in enumerate(self.hybrid.feeds):
            now = self._read(feed)
            gained = [b - a for a, b in zip(self.totals[n], now, strict=True)]
            self.totals[n] = now
            if feed.observes == "occupancy":
                value = gained[0] / gained[1] if gained[1] > 0 else 0.0
            else:
                value = gained[0] / (self.hybrid.model.time.dt if feed.observes in COUNTS else self.hybrid.interval)
            column = columns_of(self.hybrid.model, feed.input)[0]
            base = column.partition("[")[0]
            self.p[layout.place[base][1] + self.columns.index(column) - layout.columns[base]] = value

    # -- from the stocks to the network -------------------------------------------------------------------------------

    def _control(self, k: int) -> None:
        if self.controller is None:
            return
        values = dict(zip(self.columns, map(float, self.row[1]), strict=True))
        moment = Moment(k, self.hybrid.model.time.at(k), values, self.side, k * self.hybrid.interval)
        self.controller(moment)
        if moment.changed:
            layout = self.stocks.generated.layout
            self.changes |= moment.changed
            new = self.stocks.setting(self.changes, "controller")
            for v in self.hybrid.model.of_kind("input"):  # what the network gave stays
                place = slice(layout.place[v.name][1], layout.place[v.name][1] + len(v.values))
                new[place] = self.p[place]
            self.p[:] = new
            # the drives act on what follows from the change
            self.step(self.y, self.x, self.p, self.b, self.w, self.stocks.clock, self.row, k, k, 1, 1, 1)

    def _set(self, at: int) -> None:
        dt = self.hybrid.model.time.dt
        for n, drive in enumerate(self.hybrid.drives):
            column = self.columns.index(columns_of(self.hybrid.model, drive.variable)[0])
            value = float(self.row[0, column]) * dt if drive.sets == "entities" else float(self.row[1, column])
            value = self._value(n, drive, value)
            if value == self.last[n]:
                continue
            self.last[n] = value
            for what, key, new in self._changes(drive, value):
                self.side.change(at, what, key, new)

    def _value(self, n: int, drive: Drive, value: float) -> float:
        """What is set: whole where it must be, with the rest kept for the next exchange."""
        if not math.isfinite(value) or value < 0 or (drive.sets == "share" and value > 1):
            raise CarebridgeError(f"{self.hybrid.name}: '{drive.variable}' = {value:g} cannot be set as {drive.sets}.")
        if drive.sets == "arrivals":
            days = unit_days(self.hybrid.model.time.unit) or 1.0
            return value * (1.0 / (days * (self.hybrid.network.sources[drive.source or ""].rate_per_day or 1.0)))
        if drive.sets not in ("places", "entities"):
            return value
        if drive.rounding == "nearest" and drive.sets == "places":
            return float(math.floor(value + 0.5))
        if drive.rounding == "down" and drive.sets == "places":
            return float(math.floor(value + 1e-9))
        whole = math.floor(value + self.rest[n] + 1e-9)
        self.rest[n] += value - whole
        return float(whole)

    def _changes(self, drive: Drive, value: float) -> list[tuple[str, Any, Any]]:
        network, station = self.hybrid.network, drive.station or ""
        if drive.sets == "places":
            return [("places", station, value)]
        if drive.sets == "stay_multiplier":
            return [("multiplier", (station, c), value) for c in drive.cls or network.classes]
        if drive.sets == "share":
            to = network.stations[station].routes[drive.rule].to
            parts = {name: float(d.share) for name, d in to.items() if name != drive.to}  # type: ignore[arg-type]
            others = sum(parts.values())
            shares = {name: value if name == drive.to else parts[name] / others * (1.0 - value) for name in to}
            return [("share", (station, drive.rule), shares)]
        return [("rate", drive.source, value)]
