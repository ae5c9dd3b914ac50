"""What an arm did that costs money: beds, bed-days, admissions and places, by hospital, month and replication."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from models.arms.arms import Observed
from models.finance.simulated.access import in_time
from models.measures.measures import HELD, PLACES
from models.measures.plan import opened_at
from models.plans import Tranche
from models.plans.moves import BEDS
from models.plans.schedule import Schedule
from models.transition.books import CLOSED
from models.transition.log import Log
from models.transition.stages import CLOSING, Stage
from sim.errors import CarebridgeError

__all__ = ["Activity", "Changes", "activity", "changes"]

Ints = npt.NDArray[np.int64]
Place = tuple[str, str]  #: hospital and service


@dataclass(frozen=True)
class Activity:
    """Counts by month and replication [months, replications].

    Parameters
    ----------
    months : list of date
        First day of each month that the books hold.
    days : ndarray of int [months]
    bed_days : mapping
        Occupied bed-days of the wards, counted at midnight, by hospital.
    emergencies, elective : mapping
        Admissions that stay a night, by hospital.
    places, used : mapping
        Place-days open, and in use, by hospital and service. Where a place is made of several things it is the first of
        them that is counted, in places of the service; what lasts after a place is in the price of none.
    in_time : mapping
        Share of emergencies who had a bed in time, by hospital [quarters, replications].
    """

    months: list[dt.date]
    days: Ints
    bed_days: Mapping[str, Ints]
    emergencies: Mapping[str, Ints]
    elective: Mapping[str, Ints]
    places: Mapping[Place, Ints]
    used: Mapping[Place, Ints]
    in_time: Mapping[str, npt.NDArray[np.float64]]

    @cached_property
    def replications(self) -> int:
        """How many are held side by side."""
        return next(iter(self.bed_days.values())).shape[1]


class _Calendar:
    """Which periods of a run make up which month of the books."""

    def __init__(self, o: Observed, start: dt.date) -> None:
        if start not in o.months:
            raise CarebridgeError(f"the books open on {start}, but the run has no month that begins then.")
        self.first = o.months.index(start)
        firsts = [n for n, day in enumerate(o.months) if day.day == 1 and n >= self.first]
        self.months = [o.months[n] for n in firsts]
        self.cuts = np.array(firsts) - self.first

    def sums(self, values: npt.NDArray[np.int64]) -> Ints:
        """Sums [months, replications] of values by replication and period (R, periods)."""
        return np.add.reduceat(values[:, self.first :].astype(np.int64), self.cuts, axis=1).T


def activity(o: Observed, start: dt.date) -> Activity:
    """Return what an arm did from the first month of the books on.

    Parameters
    ----------
    o : Observed
    start : date
        First of a month.

    Raises
    ------
    CarebridgeError
        When the run has no such month.
    """
    calendar, system = _Calendar(o, start), o.arm.system
    sites, roles = list(system.footprint.sites), system.roles

    def nights(stations: Sequence[str], columns: list[int]) -> Ints:
        out = np.zeros(o.midnight.shape[:2], np.int64)
        for name in stations:
            out += o.midnight[:, :, o.station(name)][..., columns].sum(axis=2)
        return calendar.sums(out)

    def of_places(columns: list[int]) -> dict[Place, Ints]:
        made_of = {key: pieces[0] for key, pieces in roles.made_of.items()}
        return {k: np.rint(nights([p.pool], columns) / p.per_place).astype(np.int64) for k, p in made_of.items()}

    beside = {site: [roles.beside[site][0]] if site in roles.beside else [] for site in sites}
    return Activity(
        months=calendar.months,
        days=calendar.sums(o.days[None])[:, 0],
        bed_days={s: nights([*roles.wards[s], *beside[s]], HELD) for s in sites},
        emergencies={s: calendar.sums(_emergencies(o, s)) for s in sites},
        elective={s: calendar.sums(_elective(o, s)) for s in sites},
        places=of_places([PLACES]),
        used=of_places(HELD),
        in_time=in_time(o, calendar.first, len(calendar.months)),
    )


def _emergencies(o: Observed, site: str) -> Ints:
    """Emergencies who came to a bed for the night (R, periods).

    Where people are followed through A&E all come to the wards from elsewhere; who stays in assessment only is not in
    it.
    """
    roles = o.arm.system.roles
    if roles.bed_clocks:
        found = [o.flows(ward, cls, "started") for ward in roles.wards[site] for cls in roles.emergencies]
        return np.sum(found, axis=0)
    return _came(o, roles.entries[site], roles.emergencies)


def _elective(o: Observed, site: str) -> Ints:
    """Planned patients who came to a bed (R, periods): straight, or from the list once they had a slot."""
    roles = o.arm.system.roles
    if roles.lists:
        return np.sum([o.flows(roles.lists[site], cls, "transferred_out") for cls in roles.planned], axis=0)
    return _came(o, roles.wards[site], roles.planned)


def _came(o: Observed, stations: Sequence[str], classes: Sequence[str]) -> Ints:
    out = np.zeros(o.midnight.shape[:2], np.int64)
    for name in stations:
        for cls in classes:
            out += o.flows(name, cls, "started") - o.flows(name, cls, "transferred_in")
    return out


@dataclass(frozen=True)
class Changes:
    """What a plan has done so far, on the first of each month, by setting and hospital [months, replications].

    Parameters
    ----------
    closed : mapping
        Beds and places closed, mothballed ones included.
    released : mapping
        Of these, the ones decommissioned: their cost may end.
    added : mapping
        Hospital beds opened.
    opened : mapping
        Places of a service that are open, with their staff, beyond those before the plan.
    steps : mapping
        Steps that begin to be paid for in each month, by move and hospital, in shares of the whole move.
    retrained : mapping
        Staff who retrain in the month, by hospital.
    """

    closed: Mapping[Place, Ints]
    released: Mapping[Place, Ints]
    added: Mapping[Place, Ints]
    opened: Mapping[Place, npt.NDArray[np.float64]]
    steps: Mapping[Place, npt.NDArray[np.float64]]
    retrained: Mapping[str, Ints]


def changes(o: Observed, plan: Schedule | None, start: dt.date) -> Changes:
    """Return what a plan has changed, from the log of every replication; nothing in business as usual."""
    if plan is None:
        return Changes({}, {}, {}, {}, {}, {})
    calendar = _Calendar(o, start)
    tally = _Tally(calendar.months, len(o.logs), plan)
    for r, log in enumerate(o.logs):
        tally.read(r, log)
    opened = {
        (site, service): opened_at(o, plan, service, site)[:, calendar.first :][:, calendar.cuts].T
        for service in plan.services
        for site in plan.opened(service)
    }
    return Changes(
        closed=tally.so_far(tally.closed),
        released=tally.so_far(tally.released),
        added=tally.so_far(tally.added),
        opened=opened,
        steps=tally.paid,
        retrained={site: np.rint(n).astype(np.int64) for (site, _), n in tally.retrained.items()},
    )


class _Tally:
    """Events of the logs as counts by month of the books, which open before a plan starts."""

    def __init__(self, months: list[dt.date], replications: int, plan: Schedule) -> None:
        self.at = {month: n for n, month in enumerate(months)}
        self.shape = (len(months), replications)
        self.steps = {(t.move, t.site, t.number): t for t in plan.tranches}
        whole: dict[str, float] = {}
        for t in plan.tranches:
            whole[t.move] = whole.get(t.move, 0.0) + t.size
        count = {name: sum(t.move == name for t in plan.tranches) for name in whole}
        self.weight = {
            key: t.size / whole[t.move] if whole[t.move] else 1 / count[t.move] for key, t in self.steps.items()
        }
        self.closed: dict[Place, npt.NDArray[np.float64]] = {}
        self.released: dict[Place, npt.NDArray[np.float64]] = {}
        self.added: dict[Place, npt.NDArray[np.float64]] = {}
        self.paid: dict[Place, npt.NDArray[np.float64]] = {}
        self.retrained: dict[Place, npt.NDArray[np.float64]] = {}

    def read(self, r: int, log: Log) -> None:
        """Count the events of one replication."""
        stages: dict[tuple[str, str, int], Stage] = {}
        settled: set[tuple[str, str, int]] = set()
        for row in log:
            if row.event != "stage" or row.date not in self.at:
                continue
            key, stage = (row.move, row.site, row.number), Stage(row.stage)
            self._enter(r, self.at[row.date], self.steps[key], stages.get(key, Stage.PLANNED), stage)
            begins = stage is Stage.BUILDING or (self.steps[key].kind == "close" and stage in CLOSED)
            if begins and key not in settled:
                settled.add(key)
                self._add(self.paid, (row.move, row.site), self.at[row.date], r, self.weight[key])
            stages[key] = stage

    def _enter(self, r: int, month: int, t: Tranche, old: Stage, stage: Stage) -> None:
        if t.kind == "retrain" and stage is Stage.LIVE:
            self._add(self.retrained, (t.site, ""), month, r, t.size)
        if t.kind == "open" and t.setting == BEDS and stage is Stage.LIVE:
            self._add(self.added, (t.site, BEDS), month, r, t.size)
        if t.kind not in CLOSING:
            return
        place = (t.site, t.setting)
        if stage in CLOSED and old not in CLOSED:
            self._add(self.closed, place, month, r, t.size)
        if stage is Stage.PROVING and old in CLOSED:
            self._add(self.closed, place, month, r, -t.size)
        if stage is Stage.DECOMMISSIONED:
            self._add(self.released, place, month, r, t.size)
        if t.opens and stage is (Stage.LIVE if t.kind == "convert" else Stage.RUNNING_BOTH):
            setting, site = (t.setting, t.to) if t.kind == "merge" else (t.to, t.site)
            if setting == BEDS:
                self._add(self.added, (site, BEDS), month, r, t.opens)

    def _add(self, where: dict[Place, npt.NDArray[np.float64]], key: Place, month: int, r: int, amount: float) -> None:
        where.setdefault(key, np.zeros(self.shape))[month, r] += amount

    @staticmethod
    def so_far(found: Mapping[Place, npt.NDArray[np.float64]]) -> dict[Place, Ints]:
        """Running totals, in whole beds and places."""
        return {key: np.rint(np.cumsum(n, axis=0)).astype(np.int64) for key, n in found.items()}
