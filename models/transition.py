"""The transition inside a run: closures go ahead on their date, or later, when their gate lets them.

T1, A10 (old and new side by side until the new is proven), A12 (compensation), and the spirit of NHS England's test of
March 2017. Staff are not modelled yet, so "in place" means open for the proof period and in use.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from models.plan import Schedule, Step, months_after
from models.system import System
from sim import Run
from sim.clock import Calendar
from sim.kernel.layout import PERIOD, STARTED, TRANSFERRED_IN, WAIT_TOTAL
from sim.tables import Change, Lowered

__all__ = ["Closure", "Gatekeeper"]

CAUSES = ("proof", "use", "access", "occupancy")


@dataclass(frozen=True)
class Closure:
    """One closure as it happened: its step, the date (None when it never happened) and what held it back last."""

    step: Step
    closed: dt.date | None
    held_by: str = ""


@dataclass(frozen=True)
class Gatekeeper:
    """The closures of a plan and the gates before them; one for an arm, shared by its replications."""

    system: System
    lowered: Lowered
    schedule: Schedule

    def watch(self, run: Run) -> Watch:
        """Follow one replication."""
        return Watch(self, run, list(self.schedule.closures))


@dataclass
class Watch:
    """The gatekeeper's view of one replication."""

    keeper: Gatekeeper
    run: Run
    waiting: list[Step]
    closed: dict[tuple[str, str], int] = field(default_factory=dict)
    done: list[Closure] = field(default_factory=list)
    held: dict[int, str] = field(default_factory=dict)

    @property
    def closures(self) -> list[Closure]:
        """All closures, done and not done."""
        return [*self.done, *(Closure(s, None, self.held.get(id(s), "not due")) for s in self.waiting)]

    def decide(self, month: int) -> None:
        """On the first of a month: close what is due and may close; keep seasonal beds net of closures."""
        keeper, edges = self.keeper, self.keeper.lowered.tables.period_edges
        at = int(edges[month])
        calendar = Calendar(keeper.lowered.network.start, int(edges[-1]))
        today = calendar.date(at)
        changes: list[Change] = []
        for step in [s for s in self.waiting if s.due <= today]:
            cause = self._held_by(step, month, today)
            if cause:
                self.held[id(step)] = cause
                continue
            self.waiting.remove(step)
            self.done.append(Closure(step, today, self.held.pop(id(step), "")))
            key = (step.kind, step.site)
            self.closed[key] = self.closed.get(key, 0) + step.beds
            changes += self._close(step, today, at)
        for (kind, site), beds in self.closed.items():
            if kind == "acute" and beds and today.month % 3 == 1:  # the season's number of beds changes today
                changes += self._beds(site, today, at)
        if changes:
            self.run.change(changes)

    def _beds(self, site: str, today: dt.date, at: int) -> list[Change]:
        system = self.keeper.system
        open_beds = system.beds[site][Calendar.april_quarter(today)] - self.closed.get(("acute", site), 0)
        by_ward = system.roles.beds_by_ward(site, max(0, open_beds))
        return [self.keeper.lowered.places_at(station, beds, at) for station, beds in by_ward.items()]

    def _close(self, step: Step, today: dt.date, at: int) -> list[Change]:
        if step.kind == "acute":
            return self._beds(step.site, today, at)
        system = self.keeper.system
        (station,) = system.roles.services[step.site, "p2"]
        before = system.places[step.site, "p2"]
        left = max(0, before - self.closed["community", step.site])
        changes = [self.keeper.lowered.places_at(station, left, at)]
        for ward in system.roles.wards[step.site]:
            changes += self._redirect(step.site, ward, left / before, at)
        return changes

    def _redirect(self, site: str, station: str, remaining: float, at: int) -> list[Change]:
        """As community beds close, those who would have used them go home with support instead."""
        changes: list[Change] = []
        services = self.keeper.system.roles.services
        for number, rule in enumerate(self.keeper.lowered.network.stations[station].routes):
            shares = {to: d.share for to, d in rule.to.items() if isinstance(d.share, float)}
            beds, home = services[site, "p2"][0], [to for to in services[site, "p1"] if to in shares]
            if beds not in shares or not home:
                continue
            moved, before = shares[beds] * (1 - remaining), sum(shares[to] for to in home)
            shares |= {to: shares[to] + moved * (shares[to] / before) for to in home}
            shares[beds] -= moved
            changes += self.keeper.lowered.shares(station, number, shares, at)
        return changes

    def _held_by(self, step: Step, month: int, today: dt.date) -> str:
        """First condition that the step fails, or an empty text."""
        gate = self.keeper.schedule.plan.gate
        if not gate.enabled:
            return ""
        if not self._proven(step, today):
            return "proof"
        months = round(gate.access_months.value)
        recent, base = slice(month - months, month), self._baseline()
        if self._use(step.site, recent) < gate.use_share.value:
            return "use"
        allowed = max(gate.access_share.value, self._long_waits(step.site, base))
        if self._long_waits(step.site, recent) > allowed:
            return "access"
        limit = max(gate.occupancy.value, self._occupancy(step.site, base, 0))
        closed = self.closed.get(("acute", step.site), 0) + (step.beds if step.kind == "acute" else 0)
        if self._occupancy(step.site, recent, closed) > limit:
            return "occupancy"
        return ""

    def _baseline(self) -> slice:
        """Months of the baseline year."""
        year = int(self.keeper.system.footprint.baseline_year[:4])
        start = self.keeper.lowered.network.start
        first = 12 * (year - start.year) + 4 - start.month
        return slice(first, first + 12)

    def _proven(self, step: Step, today: dt.date) -> bool:
        """Whether the places at home that the step needs have been open for the proof period."""
        openings = self.keeper.schedule.openings.get(step.site, [])
        if not openings:
            return True
        since = months_after(today, -round(self.keeper.schedule.plan.gate.proof_months.value))
        proven = max((n for day, n in openings if day <= since), default=0)
        return proven >= step.share_before * openings[-1][1] - 0.5

    def _use(self, site: str, months: slice) -> float:
        home = self.keeper.system.with_places(site, "p1")
        return self._held(home, months) / max(1, self._open(home, months))

    def _long_waits(self, site: str, months: slice) -> float:
        """Share of emergencies that waited over 4 h for a bed."""
        roles, classes = self.keeper.system.roles, self.keeper.lowered.network.classes
        if roles.bed_clocks:
            names = list(self.keeper.lowered.network.observe.clocks)
            rows = [names.index(name) for name in roles.bed_clocks[site][0]]
            ended, over, _ = self.run.state.clocks[months][:, rows].sum(axis=(0, 1, 2))
            return float(over / max(1, ended))
        flow = self.run.state.flow[months][:, self._stations(roles.entries[site])]
        flow = flow[:, :, [classes.index(cls) for cls in roles.emergencies]]
        came = flow[..., STARTED].sum() - flow[..., TRANSFERRED_IN].sum()
        return float(flow[..., WAIT_TOTAL + 1].sum() / max(1, came))

    def _occupancy(self, site: str, months: slice, closed: int) -> float:
        """Mean use of a hospital's beds over some months, had it had its beds of that season but for `closed` ones."""
        edges, start = self.keeper.lowered.tables.period_edges, self.keeper.lowered.network.start
        calendar, season = Calendar(start, int(edges[-1])), self.keeper.system.beds[site]
        left = [
            max(0, season[Calendar.april_quarter(calendar.date(int(edges[m])))] - closed) * int(edges[m + 1] - edges[m])
            for m in range(months.start, months.stop)
        ]
        wards = self.keeper.system.roles.wards[site]
        return self._held(wards, months) / sum(left) if sum(left) > 0 else np.inf

    def _held(self, stations: Sequence[str], months: slice) -> int:
        """Time (ms) for which places were held; the month that ends now is still open in the engine's books."""
        s, state = self._stations(stations), self.run.state
        held = int(state.area[months][:, s, :, 1:4].sum())
        if months.stop > state.numbers[PERIOD]:
            held += int((state.running[s, :, 1:4] + state.present[s, :, 1:4] * self.run.now).sum())
        return held

    def _open(self, stations: Sequence[str], months: slice) -> int:
        """Time (ms) for which places were open."""
        s, state = self._stations(stations), self.run.state
        places = int(state.places_area[months][:, s, 0].sum())
        if months.stop > state.numbers[PERIOD]:
            places += int((state.pool["open_time"][s] + state.pool["places"][s] * self.run.now).sum())
        return places

    def _stations(self, names: Sequence[str]) -> list[int]:
        order = list(self.keeper.lowered.network.stations)
        return [order.index(name) for name in names]
