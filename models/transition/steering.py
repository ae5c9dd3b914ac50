"""The transition inside a run: what the stage machine sees of a replication, and how the replication follows it.

T1, A10 (old and new side by side until the new is proven), A12 (compensation), and NHS England's test of March 2017.
"""

from __future__ import annotations

import datetime as dt
import functools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from models import CONFIGS
from models.care.outcomes import read_outcomes
from models.care.shocks import left_open, shares_between
from models.plans.moves import BEDS
from models.plans.schedule import HOME_SERVICE, Schedule, Step
from models.settings.future import Future
from models.system.system import System
from models.transition.brief import Brief, Switches, brief_of
from models.transition.followed import said_by_shifts, share_that_follows, still_come
from models.transition.funding import Purse
from models.transition.levers import Levers, Way
from models.transition.log import Log, Outcome
from models.transition.machine import StageMachine
from models.transition.sight import Target
from sim import Run
from sim.clock import DAY, Calendar
from sim.hybrid import HybridRun
from sim.kernel.layout import BLOCKED, PERIOD, STARTED, TRANSFERRED_IN, WAIT_TOTAL
from sim.tables import Lowered

__all__ = ["Closure", "Steering", "Watch"]

OUTCOMES_FILE = CONFIGS / "care" / "outcomes.yaml"
COMMUNITY_BEDS = "p2"  #: who would have used them goes home with support once they are closed


@dataclass(frozen=True)
class Closure:
    """One closure as it happened: its step, the date (None when it never happened) and what held it back last."""

    step: Step
    closed: dt.date | None
    held_by: str = ""


@dataclass(frozen=True)
class Steering:
    """A plan ready to be carried out; one for an arm, shared by its replications.

    Parameters
    ----------
    keeps_beds : bool
        Whether the hospitals keep the beds that they have under business as usual, while all else happens as the plan
        says: closures, openings and rules are decided on and followed in everything but the number of hospital beds.
    """

    system: System
    lowered: Lowered
    schedule: Schedule
    future: Future
    brief: Brief
    keeps_beds: bool = False

    @classmethod
    def of(
        cls,
        system: System,
        lowered: Lowered,
        schedule: Schedule,
        future: Future,
        switches: Switches | None = None,
    ) -> Steering:
        """Make a plan ready on a system."""
        beds = {site: n for (setting, site), n in system.sizes.items() if setting == BEDS}
        prices = schedule.fund.prices.places if schedule.fund else None
        brief = brief_of(schedule.plan, schedule.tranches, schedule.gates, switches, beds, prices)
        return cls(system, lowered, schedule, future, brief)

    def watch(self, run: Run, around: HybridRun | None = None) -> Watch:
        """Follow one replication."""
        return Watch(self, run, around)


@functools.cache
def readmitted() -> float:
    """Share of people in hospital who come back as an emergency within 30 days (``configs/care/outcomes.yaml``)."""
    return read_outcomes(OUTCOMES_FILE).readmission.share.value


class Watch:
    """A plan in one replication: it sees (as :class:`models.transition.sight.Sight`), decides and acts."""

    def __init__(self, steering: Steering, run: Run, around: HybridRun | None = None):
        self.steering, self.run, self.around = steering, run, around
        self.levers = Levers(steering.system, steering.lowered, run, around)
        self.machine = StageMachine(steering.brief, *run.address)
        self.month, self.target = 0, Target()  #: what should hold now
        self.purse: Purse | None = None  #: money for change, from the plan's first month on
        self._whole = {site: steps[-1][1] for site, steps in steering.schedule.openings.items()}
        people = steering.system.footprint.population.england_equivalents.value
        self._said = said_by_shifts(steering.schedule.plan)
        self._reach = steering.future.reach(steering.schedule.places_at_home, people)

    @property
    def log(self) -> Log:
        """Everything that happened to the plan so far."""
        return self.machine.log

    @property
    def outcomes(self) -> list[Outcome]:
        """What has become of every step so far."""
        return self.machine.outcomes

    @property
    def closures(self) -> list[Closure]:
        """All closures, done and not done, by planned day."""
        found = [
            Closure(self.steering.schedule.step(o.tranche), o.happened, o.held_by or ("" if o.happened else "not due"))
            for o in self.outcomes
            if self.steering.schedule.plan.moves[o.tranche.move].closes and o.tranche.size
        ]
        return sorted(found, key=lambda c: (c.step.due, c.step.kind, c.step.site))

    def decide(self, month: int) -> None:
        """On the first of a month: see, decide, and let what should hold from now on take effect."""
        edges = self.steering.lowered.tables.period_edges
        today = self._date(month)
        if today.day != 1:  # a period that the end of the warm-up has cut off
            return
        self.month = month
        self._money(today)
        assert int(edges[month]) >= self.run.now  # noqa: S101 - months come one after another
        self.target = self.machine.step(today, self)
        if self.purse is not None:
            self.purse.follow(self.target)
        self._follow(self.target, today)

    def _money(self, today: dt.date) -> None:
        """Open the purse when the plan starts, and close its year every 1 April."""
        fund, year = self.steering.schedule.fund, slice(max(0, self.month - 12), self.month)
        if fund is None or today < self.steering.schedule.plan.starts:
            return
        if self.purse is None:
            self.purse = Purse(fund, self._bed_days(self._span(None)))
        elif today.month == 4:  # noqa: PLR2004 - April
            self.purse.close_year(self._bed_days(year))

    def _bed_days(self, months: slice) -> float:
        """Bed-days in hospital."""
        return sum(self._held(wards, months) for wards in self.steering.system.roles.wards.values()) / DAY

    # -- what is done -------------------------------------------------------------------------------------------------

    def _follow(self, target: Target, today: dt.date) -> None:
        system, sites = self.steering.system, self.steering.system.footprint.sites
        emergencies = {site: self.levers.emergencies_per_day(site) for site in sites}
        attendances = {site: self.levers.attendances_per_day(site) for site in sites}
        kept = still_come(target.effects, "emergencies", emergencies, self._following(target))
        attending = still_come(target.effects, "attendances", attendances, {})
        for site in sites:
            self._beds(site, target)
            for pathway in system.footprint.pathways:
                key = (pathway, site)
                opened = {"added": target.added.get(key, 0), "posts": target.recruiting.get(key, 0)}
                self.levers.service(site, pathway, closed=target.closed.get(key, 0), **opened)
            self.levers.ways(site, self._moved(target, site))
            stays = [f for (on, _, at), f in target.effects.items() if (on, at) == ("stays", site)]
            self.levers.stays(site, math.prod(stays))
            self._demand(site, target, kept[site])
            self.levers.attendances(site, attending[site])
            self.levers.repairs(site, target.repairs.get(site, 0.0))
        self.levers.people(target.staff, target.learning)
        self.levers.season(today)
        self.levers.pull()

    def _beds(self, site: str, target: Target) -> None:
        """Close and open hospital beds; where they are to be kept, only those open that move here with their people."""
        shut, released, added = (n.get((BEDS, site), 0) for n in (target.closed, target.released, target.added))
        if self.steering.keeps_beds:
            came = sum(n for (setting, _, to), n in target.merged.items() if (setting, to) == (BEDS, site))
            self.levers.beds(site, -min(added, came))
        else:
            self.levers.beds(site, shut - added, target.escalation.get(site, 0), shut - released)

    def _following(self, target: Target) -> dict[tuple[str, str], float]:
        """Shares of emergencies that follow hospital beds from one site to another."""
        beds, said = self.steering.system.sizes, self._said
        return {
            (site, to): share_that_follows(n, beds[BEDS, site])
            for (setting, site, to), n in target.merged.items()
            if setting == BEDS and (site, to) not in said
        }

    def _moved(self, target: Target, site: str) -> dict[Way, float]:
        """Shares of people who go to one service instead of another, or to the same at another site."""
        places = self.steering.system.places
        moved: dict[Way, float] = {}
        for (service, at, to), n in target.merged.items():
            if at == site and service != BEDS:
                moved[service, service, to] = share_that_follows(n, places[site, service])
        gone = _of_each_service(moved)
        beds, before = (COMMUNITY_BEDS, site), places.get((site, COMMUNITY_BEDS))
        closed = target.closed.get(beds, 0) - target.added.get(beds, 0)
        if closed > 0 and before:
            home = 1 - max(0, before - closed) / before - gone.get(COMMUNITY_BEDS, 0.0)
            if home > 0:
                moved[COMMUNITY_BEDS, HOME_SERVICE, site] = home
                gone[COMMUNITY_BEDS] = gone.get(COMMUNITY_BEDS, 0.0) + home
        for (_, setting, at), share in target.effects.items():  # of those who are left
            service, to, other = setting.partition(">")
            if at == site and to and service != "demand":
                way = (service, other, site)
                moved[way] = moved.get(way, 0.0) + (1 - min(1.0, gone.get(service, 0.0))) * share
        in_all = _of_each_service(moved)
        return {way: share / max(1.0, in_all[way[0]]) for way, share in moved.items()}  # more than all cannot go

    def _demand(self, site: str, target: Target, kept: float) -> None:
        """As places at home are open, fewer come to hospital; so do moves that avoid demand, and shifts of people."""
        effect, whole = -self.steering.future.admissions_effect.value, self._whole.get(site)
        share = self._reach * self.levers.added_open(site, HOME_SERVICE) / whole if whole else 0.0
        again = math.prod(f for (on, _, at), f in target.effects.items() if (on, at) == ("readmission", site))
        kept *= 1 - readmitted() * (1 - again)  # fewer come back: as many fewer emergencies as they are of them
        self.levers.demand(site, (1 - effect * share) * kept, share if effect > 0 else 0.0)

    # -- what is seen -------------------------------------------------------------------------------------------------

    def long_waits(self, site: str, months: int | None) -> float:
        """Share of emergencies that waited over 4 h for a bed."""
        span, roles = self._span(months), self.steering.system.roles
        if roles.bed_clocks:
            names = list(self.steering.lowered.network.observe.clocks)
            rows = [names.index(name) for name in roles.bed_clocks[site][0]]
            ended, over, _ = self.run.state.clocks[span][:, rows].sum(axis=(0, 1, 2))
            return float(over / max(1, ended))
        classes = self.steering.lowered.network.classes
        flow = self.run.state.flow[span][:, self._stations(roles.entries[site])]
        flow = flow[:, :, [classes.index(cls) for cls in roles.emergencies]]
        came = flow[..., STARTED].sum() - flow[..., TRANSFERRED_IN].sum()
        return float(flow[..., WAIT_TOTAL + 1].sum() / max(1, came))

    def occupancy(self, site: str, months: int | None, fewer_beds: int = 0) -> float:
        """Mean use of a hospital's beds, had it had its beds of those seasons before the plan but for some.

        Beds that are out of use today for want of repair are none of those that would be left, nor are beds on the
        days on which a wave of illness shut them.
        """
        span = self._span(months)
        fewer_beds += 0 if months is None else round(self._stock(f"beds_out_of_use[{site}]") or 0)
        left = sum(self._left(site, month, fewer_beds) for month in range(span.start, span.stop))
        return self._held(self.steering.system.roles.wards[site], span) / left if left > 0 else np.inf

    def _left(self, site: str, month: int, fewer_beds: int) -> int:
        """Time (ms) for which the hospital's beds of a month before the plan, but for some, would have been open."""
        system, edges = self.steering.system, self.steering.lowered.tables.period_edges
        first, end = self._date(month), self._date(month + 1)
        beds = max(0, system.beds[site][Calendar.april_quarter(first)] - fewer_beds)
        shut = shares_between(system.shut, first, end)
        if not any(share for _, share in shut):
            return beds * int(edges[month + 1] - edges[month])
        by_ward, ends = system.roles.beds_by_ward(site, beds).values(), [*(day for day, _ in shut[1:]), end]
        days = [(last - day).days for (day, _), last in zip(shut, ends, strict=True)]
        return DAY * sum(n * left_open(b, share) for n, (_, share) in zip(days, shut, strict=True) for b in by_ward)

    def delayed(self, site: str, months: int | None) -> float:
        """Share of occupied hospital beds held by people who could leave."""
        wards, span = self.steering.system.roles.wards[site], self._span(months)
        return self._held(wards, span, slice(BLOCKED, BLOCKED + 1)) / max(1, self._held(wards, span))

    def use(self, site: str, service: str, months: int) -> float:
        """Share of a service's open places that was in use."""
        stations, span = self.steering.system.with_places(site, service), self._span(months)
        return self._held(stations, span) / max(1, self._open(stations, span))

    def staffed(self, site: str, setting: str) -> float:
        """Share of wanted beds or places with staff in post; 1 where staff are not modelled."""
        if setting == BEDS:
            have, wanted = self._stock(f"beds_staffed[{site}]"), self._stock(f"beds_called[{site}]")
        else:
            service = self.steering.system.roles.in_stocks(site, setting)
            have, wanted = self._stock(f"open_places[{service}]"), self._stock(f"places_wanted[{service}]")
        if have is None or wanted is None:
            return 1.0
        return min(1.0, have / wanted) if wanted > 0 else 1.0

    def freed_staff(self, site: str) -> float:
        """Return 0: nobody is counted in the community before leaving the wards and learning the work there.

        That holds for staff whom a plan retrains and for those redeployed once their ward has closed, so a closure
        still to come can have freed none of those whom :meth:`staffed` counts.
        """
        return 0.0

    def programmes_at_once(self) -> float:
        """How many programmes leaders can carry, mean over the hospitals; infinite where it is not modelled."""
        led = [self._stock(f"led_now[{site}]") for site in self.steering.system.footprint.sites]
        known = [n for n in led if n is not None]
        return sum(known) / len(known) if known else math.inf

    def money_left(self) -> float:
        """Millions of pounds left this year for change; infinite where money is no limit."""
        return math.inf if self.purse is None else self.purse.left() / 1e6

    # -- the engine's books -------------------------------------------------------------------------------------------

    def _date(self, month: int) -> dt.date:
        edges, start = self.steering.lowered.tables.period_edges, self.steering.lowered.network.start
        return Calendar(start, int(edges[-1])).date(int(edges[month]))

    def _span(self, months: int | None) -> slice:
        """Return the last months, or those of the baseline year."""
        if months is not None:
            return slice(max(0, self.month - months), self.month)
        year = int(self.steering.system.footprint.baseline_year[:4])
        start = self.steering.lowered.network.start
        first = 12 * (year - start.year) + 4 - start.month
        return slice(first, first + 12)

    def _held(self, stations: Sequence[str], months: slice, states: slice = slice(1, 4)) -> int:
        """Time (ms) for which places were held; the month that ends now is still open in the engine's books."""
        s, state = self._stations(stations), self.run.state
        held = int(state.area[months][:, s, :, states].sum())
        if months.stop > state.numbers[PERIOD]:
            held += int(state.running[s, :, states].sum() + state.present[s, :, states].sum() * self.run.now)
        return held

    def _open(self, stations: Sequence[str], months: slice) -> int:
        """Time (ms) for which places were open."""
        s, state = self._stations(stations), self.run.state
        places = int(state.places_area[months][:, s, 0].sum())
        if months.stop > state.numbers[PERIOD]:
            places += int((state.pool["open_time"][s] + state.pool["places"][s] * self.run.now).sum())
        return places

    def _stock(self, column: str) -> float | None:
        return None if self.around is None else self.around.value(column)

    def _stations(self, names: Sequence[str]) -> list[int]:
        order = list(self.steering.lowered.network.stations)
        return [order.index(name) for name in names]


def _of_each_service(moved: Mapping[Way, float]) -> dict[str, float]:
    """Share of those who would have used each service that goes elsewhere."""
    return {service: sum(n for (s, _, _), n in moved.items() if s == service) for service, _, _ in moved}
