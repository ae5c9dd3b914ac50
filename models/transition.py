"""The transition inside a run: closures go ahead on their date, or later, when their gate lets them.

T1, A10 (old and new side by side until the new is proven), A12 (compensation), and the spirit of NHS England's test of
March 2017.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from models.levers import Levers
from models.plan import Future, Schedule, Step, months_after
from models.system import System
from sim import Run
from sim.clock import Calendar
from sim.hybrid import HybridRun
from sim.kernel.layout import PERIOD, STARTED, TRANSFERRED_IN, WAIT_TOTAL
from sim.tables import Lowered

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
    future: Future

    def watch(self, run: Run, around: HybridRun | None = None) -> Watch:
        """Follow one replication."""
        return Watch(self, run, list(self.schedule.closures), Levers(self.system, self.lowered, run, around))


@dataclass
class Watch:
    """The gatekeeper's view of one replication."""

    keeper: Gatekeeper
    run: Run
    waiting: list[Step]
    levers: Levers
    closed: dict[tuple[str, str], int] = field(default_factory=dict)
    done: list[Closure] = field(default_factory=list)
    held: dict[int, str] = field(default_factory=dict)
    kept_away: dict[str, int] = field(default_factory=dict)

    @property
    def closures(self) -> list[Closure]:
        """All closures, done and not done."""
        return [*self.done, *(Closure(s, None, self.held.get(id(s), "not due")) for s in self.waiting)]

    def decide(self, month: int) -> None:
        """On the first of a month: open what is due, close what is due and may close, keep seasonal beds net of it."""
        keeper, edges = self.keeper, self.keeper.lowered.tables.period_edges
        calendar = Calendar(keeper.lowered.network.start, int(edges[-1]))
        today = calendar.date(int(edges[month]))
        for step in [s for s in self.waiting if s.due <= today]:
            cause = self._held_by(step, month, today)
            if cause:
                self.held[id(step)] = cause
                continue
            self.waiting.remove(step)
            self.done.append(Closure(step, today, self.held.pop(id(step), "")))
            key = (step.kind, step.site)
            self.closed[key] = self.closed.get(key, 0) + step.beds
            if step.kind == "acute":
                self.levers.beds(step.site, self.closed[key])
            else:
                self._close_places(step.site, self.closed[key])
        for site, steps in keeper.schedule.openings.items():
            self._open_places(site, steps, today)
        self.levers.season(today)
        self.levers.pull()

    def _close_places(self, site: str, closed: int) -> None:
        """As community beds close, those who would have used them go home with support instead."""
        before = self.keeper.system.places[site, "p2"]
        self.levers.service(site, "p2", closed=closed)
        self.levers.redirect(site, "p2", "p1", 1 - max(0, before - closed) / before)

    def _open_places(self, site: str, steps: list[tuple[dt.date, int]], today: dt.date) -> None:
        """Places at home open, and posts of those to come are filled; as they are in use, fewer come to hospital."""
        ahead = today + dt.timedelta(days=self.keeper.system.ahead_days)
        added, posts = (max((n for day, n in steps if day <= by), default=0) for by in (today, ahead))
        self.levers.service(site, "p1", added=added, posts=posts)
        effect, have = -self.keeper.future.admissions_effect.value, self.levers.added_open(site, "p1")
        if effect and have != self.kept_away.get(site, 0):
            self.kept_away[site] = have
            self.levers.demand(site, effect * have / (steps[-1][1] or 1), effect)

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
        home = self.keeper.system.roles.services[site, "p1"]
        return self._held(home, months) / max(1, self._open(home, months))

    def _long_waits(self, site: str, months: slice) -> float:
        """Share of emergencies that waited over 4 h for a bed."""
        roles, classes = self.keeper.system.roles, self.keeper.lowered.network.classes
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
