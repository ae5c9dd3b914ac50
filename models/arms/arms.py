"""Running the arms of a comparison: the same patients under business as usual and under the plan on each timeline."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from models.care.around import hybrid
from models.care.slow import SHOWN
from models.plans.schedule import Schedule
from models.settings.future import Future
from models.system.system import System
from models.transition.brief import Switches
from models.transition.log import Log, Outcome
from models.transition.steering import Closure, Steering
from sim import Lowered, Run, lower
from sim.clock import DAY, Calendar
from sim.experiments import Stopped, in_order
from sim.hybrid import HybridRun, Ready, ready
from sim.kernel.layout import FLOWS, SNAPSHOT, WAIT_TOTAL, WAITED
from sim.visits import Visits, visits

__all__ = ["CARE_FLOWS", "Arm", "Observed", "keeping_beds", "make_arm", "run_arms", "with_plan"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

#: flows that the care model has; nobody loses patience or gives way in it
CARE_FLOWS = FLOWS[: WAITED + 1]
#: columns of a midnight count
MIDNIGHT = SNAPSHOT


@dataclass(frozen=True)
class Arm:
    """One arm: a lowered network, the stocks around it if there are any, and a plan to carry out if there is one.

    Parameters
    ----------
    also : tuple of str
        Variables of the stocks that are written down besides the usual ones, for a measure; in no table.
    """

    name: str
    system: System
    lowered: Lowered
    steering: Steering | None = None
    around: Ready | None = None
    also: tuple[str, ...] = ()

    @property
    def kept(self) -> list[str]:
        """Columns of the stocks around the network that are written down: every stock, and what is shown beside it."""
        if self.around is None:
            return []
        model = self.around.hybrid.model
        names = {v.name for v in model.variables.values() if v.kind == "stock" or v.name in (*SHOWN, *self.also)}
        return [c for c in model.columns() if c.partition("[")[0] in names]

    @property
    def stations_kept(self) -> list[int]:
        """Numbers of the stations of which replications are written down."""
        names = list(self.lowered.network.stations)
        return [names.index(name) for name in self.system.kept or names]


def make_arm(name: str, system: System) -> Arm:
    """Make a system ready to run as it is."""
    around = ready(hybrid(system.network, system.around)) if system.around else None
    return Arm(name, system, around.network if around else lower(system.network), None, around)


def with_plan(arm: Arm, name: str, schedule: Schedule, future: Future, switches: Switches | None = None) -> Arm:
    """Return the arm of a plan on the same system; its steps wait for their gates."""
    return replace(arm, name=name, steering=Steering.of(arm.system, arm.lowered, schedule, future, switches))


def keeping_beds(arm: Arm, name: str) -> Arm:
    """Return the arm of the same plan without what it changes in the number of hospital beds (A12)."""
    assert arm.steering is not None  # noqa: S101 - business as usual keeps its beds anyway
    return replace(arm, name=name, steering=replace(arm.steering, keeps_beds=True))


@dataclass
class Observed:
    """What an arm wrote down, stacked over replications (R), months (M), stations kept (S), classes (C), clocks (K).

    Parameters
    ----------
    area : (R, M, S, C, 5) entity-ms by state
    flow : (R, M, S, C, columns) counts of CARE_FLOWS, total wait (ms) and waits above each clock
    places : (R, M, S, 2) place-ms open and draining
    midnight : (R, M, S, 7) sums over the month's midnights of the five states, of places and of places occupied
    clocks : (R, M, K, C, 2) clocks that ended, and of these those above their limit
    months : list of date
        First day of each month.
    closures : list of list of Closure
        Closures by replication.
    logs : list of Log
        Everything that happened to the plan, by replication.
    outcomes : list of list of Outcome
        What became of every step of the plan, by replication.
    stocks : (R, rows, columns)
        What the stocks around the network were, every four weeks; `stock_columns` and `stock_days` say which and when.
    fingerprints : list of int
    visits : list of Visits
        Visits to every station, of the first replications where they were asked for.
    """

    arm: Arm
    months: list[dt.date]
    area: Ints
    flow: Ints
    places: Ints
    midnight: Ints
    closures: list[list[Closure]]
    logs: list[Log]
    outcomes: list[list[Outcome]]
    stocks: Floats
    stock_columns: list[str]
    stock_days: Floats
    clocks: Ints
    fingerprints: list[int] = field(default_factory=list)
    visits: list[Visits] = field(default_factory=list)
    events: int = 0

    @property
    def stations(self) -> list[str]:
        """Names of the stations that are kept, in order."""
        return list(self.arm.system.kept or self.arm.lowered.network.stations)

    @property
    def days(self) -> Ints:
        """Days of each month."""
        edges = self.arm.lowered.tables.period_edges
        return np.diff(edges) // DAY

    def stock(self, name: str) -> Floats:
        """One kept column of the stocks (R, rows)."""
        return self.stocks[:, :, self.stock_columns.index(name)]

    def station(self, name: str) -> int:
        """Index of a station."""
        return self.stations.index(name)

    def in_year(self, year: str) -> npt.NDArray[np.bool_]:
        """Which months lie in an April year such as 2018/19."""
        return np.array([Calendar.april_year(m) == year for m in self.months])

    def flows(self, station: str, cls: str, flow: str) -> Ints:
        """Counts (R, M) of one flow at one station for one class."""
        c = self.arm.lowered.network.classes.index(cls)
        return self.flow[:, :, self.station(station), c, CARE_FLOWS.index(flow)]

    def waits_over(self, station: str, cls: str, clock: int) -> Ints:
        """Counts (R, M) of waits above clock number `clock`."""
        c = self.arm.lowered.network.classes.index(cls)
        return self.flow[:, :, self.station(station), c, len(CARE_FLOWS) + 1 + clock]


@dataclass(frozen=True)
class _One:
    area: Ints
    flow: Ints
    places: Ints
    midnight: Ints
    closures: list[Closure]
    log: Log
    outcomes: list[Outcome]
    stocks: Floats
    clocks: Ints
    fingerprint: int
    events: int
    visits: Visits | None


def run_arms(
    arms: Sequence[Arm],
    seed: int,
    replications: int | range,
    workers: int,
    on_done: Callable[[int], None] | None = None,
    logged: int = 0,
) -> list[Observed]:
    """Run every arm for every replication; the same replication meets the same people in every arm.

    Parameters
    ----------
    replications : int or range
        How many, from number 0 on, or which.
    logged : int
        Of so many replications, from number 0 on, the visits of everybody are kept.

    Returns
    -------
    list of Observed
        In the order of `arms`; replications in order, whatever the number of workers.
    """
    numbers = range(replications) if isinstance(replications, int) else replications
    tasks = [(arm, r) for r in numbers for arm in arms]

    def work(task: tuple[Arm, int], stop: threading.Event) -> _One:
        return _run(*task, seed, stop, log=task[1] < logged)

    found = [_empty(arm, len(numbers)) for arm in arms]
    for n, one in enumerate(in_order(tasks, work, workers, on_done)):
        _keep(found[n % len(arms)], n // len(arms), one)
    return found


def _run(arm: Arm, replication: int, seed: int, stop: threading.Event, *, log: bool) -> _One:
    """Run one replication month by month, so that gates can be judged and the run can be stopped."""
    whole = HybridRun(arm.around, seed, replication, log=log) if arm.around else None
    run = whole.network if whole else Run(arm.lowered, seed, replication, log=log)
    watch = arm.steering.watch(run, whole) if arm.steering else None
    edges = arm.lowered.tables.period_edges
    for month in range(len(edges) - 1):
        if stop.is_set():
            raise Stopped
        if watch is not None:
            watch.decide(month)
        if whole:
            whole.advance(int(edges[month + 1]) // DAY)
        else:
            run.advance(int(edges[month + 1]))
    state, kept = run.state, arm.stations_kept
    return _One(
        state.area[:, kept],
        _care_flows(state.flow[:, kept]),
        state.places_area[:, kept, :2],
        _midnights(state.snapshot[:, kept], edges),
        watch.closures if watch else [],
        watch.log if watch else Log(),
        watch.outcomes if watch else [],
        _kept(arm, whole) if whole else np.zeros((0, 0)),
        state.clocks[..., :2],
        run.fingerprint,
        run.events,
        visits(arm.lowered, run.log_blocks()) if log else None,
    )


def _kept(arm: Arm, whole: HybridRun) -> Floats:
    """Rows of the columns that are kept."""
    found = whole.trajectory()
    return found.values[:, [found.columns.index(c) for c in arm.kept]]


def _care_flows(flow: Ints) -> Ints:
    """Counts of the flows that the care model has, total wait and waits above each clock."""
    return np.concatenate([flow[..., : len(CARE_FLOWS)], flow[..., WAIT_TOTAL:]], axis=-1)


def _midnights(snapshot: npt.NDArray[np.int32], edges: Ints) -> Ints:
    """Sums of the midnight counts of each month; a month's midnights are those that end its days."""
    first = edges[:-1] // DAY
    shifted = np.concatenate([snapshot[1:], snapshot[-1:]]).astype(np.int64)
    return np.add.reduceat(shifted, first, axis=0)


def _empty(arm: Arm, replications: int) -> Observed:
    tables = arm.lowered.tables
    edges, state, kept = tables.period_edges, Run(arm.lowered, 0, pool=1).state, arm.stations_kept
    calendar = Calendar(arm.lowered.network.start, int(edges[-1]))

    def zeros(*shape: int) -> Ints:
        return np.zeros((replications, *shape), np.int64)

    days = arm.around.stocks.time() if arm.around else np.zeros(0)
    return Observed(
        arm=arm,
        months=[calendar.date(int(e)) for e in edges[:-1]],
        area=zeros(*state.area[:, kept].shape),
        flow=zeros(*_care_flows(state.flow[:, kept]).shape),
        places=zeros(*state.places_area[:, kept, :2].shape),
        midnight=zeros(len(edges) - 1, len(kept), len(MIDNIGHT)),
        closures=[],
        logs=[],
        outcomes=[],
        stocks=np.zeros((replications, len(days), len(arm.kept))),
        stock_columns=arm.kept,
        stock_days=days,
        clocks=zeros(*state.clocks[..., :2].shape),
    )


def _keep(o: Observed, replication: int, one: _One) -> None:
    o.area[replication] = one.area
    o.flow[replication] = one.flow
    o.places[replication] = one.places
    o.midnight[replication] = one.midnight
    o.closures.append(one.closures)
    o.logs.append(one.log)
    o.outcomes.append(one.outcomes)
    o.stocks[replication] = one.stocks
    o.clocks[replication] = one.clocks
    o.fingerprints.append(one.fingerprint)
    o.events += one.events
    o.visits += [one.visits] if one.visits else []
