"""The waterfall from the planner's arithmetic to the simulation: which mechanism asks for how many beds.

Each step turns one more mechanism on. A level is the fewest beds at which no more than the criterion's share of
emergencies (K1) wait over 4 h for a bed in the baseline year: for each hospital and each replication by bisection on
whole numbers with the same people under every switch, then the median over replications. Steps are differences of
levels, so they add up exactly. Without the first step equal to the spreadsheet there is no waterfall.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from models.plans import Timeline
from models.plans.schedule import Schedule, schedule
from models.settings.settings import Settings
from models.system.details import BEDS
from models.system.sizes import beds_out_of_reach, season_beds
from models.system.system import System, build
from models.waterfall.arithmetic import arithmetic
from models.waterfall.check import MEAN, Mean, keeps_littles_law, mean_in_beds, same_formula, same_load, within
from models.waterfall.count import Counted, counted, together
from models.waterfall.network import Basis, Mechanisms, network_of, offered_load
from models.waterfall.search import Search, fewest, fewest_in_all, finished
from models.waterfall.words import assumed
from sim import Lowered, Run
from sim.errors import CarebridgeError
from sim.experiments import Stopped, in_order
from sim.hybrid import HybridRun, Ready
from sim.theory import mmc_wait_over, servers_for, servers_for_occupancy

__all__ = ["REPLICATIONS", "STEPS", "TOGETHER", "Row", "Sheet", "Waterfall", "erlang_beds", "waterfall"]

REPLICATIONS = 12
TOGETHER = "together"
FOUR_HOURS = 4 / 24  #: days

#: names of the steps, with what is on
STEPS: dict[str, Mechanisms] = {
    "mean load": MEAN,
    "random variation": Mechanisms(patterns=False, blocking=False, transition=False, feedback=False),
    "patterns": Mechanisms(blocking=False, transition=False, feedback=False),
    "blocked beds": Mechanisms(transition=False, feedback=False),
    "transition": Mechanisms(feedback=False),
    "feedback": Mechanisms(),
}
#: around each answer of the first replication, beds as shares of it at which the criterion must be met, and missed
ABOVE, BELOW = (1.03, 1.06, 1.12), (0.97, 0.94)


@dataclass(frozen=True)
class Row:
    """One step at one hospital, or at all of them together.

    Parameters
    ----------
    step, site : str
        ``together`` adds the hospitals up; they cannot use one another's beds.
    beds : int
        Level: beds needed (median over replications; community beds inside the published count left out).
    added : int
        Beds added by this step; the first step's are its own.
    low, high : int
        Range that holds 90 % of the replications.
    words : str
        What is assumed.
    """

    step: str
    site: str
    beds: int
    added: int
    low: int
    high: int
    words: str


@dataclass(frozen=True)
class Sheet:
    """What a spreadsheet says about one hospital: load ÷ target occupancy.

    Parameters
    ----------
    admissions : float
        Overnight admissions a day.
    stay : float
        Mean days to medically ready.
    target : float
        Occupancy wanted.
    published : float
        Beds in use at midnight as published.
    erlang : int
        Beds by Erlang C for the same load: no more than the criterion's share of all waits over 4 h, if stays were
        exponential.
    """

    admissions: float
    stay: float
    target: float
    published: float
    erlang: int

    @property
    def load(self) -> float:
        """Mean number of people in beds who are not yet ready to leave."""
        return self.admissions * self.stay

    @property
    def beds(self) -> float:
        """Beds by the planner's formula."""
        return self.load / self.target


@dataclass(frozen=True)
class Waterfall:
    """The whole reconciliation.

    Parameters
    ----------
    rows : list of Row
        By step, and within a step by hospital and together.
    sheets, means, counts : dict
        By hospital: the spreadsheet, the check of the first step, and who is in the beds that are counted.
    needed : float
        Beds by the planner's formula on published beds in use (``models.waterfall.arithmetic``).
    open, left : dict
        By hospital: beds open in the baseline year, and after the plan's closures; community beds inside the count left
        out.
    growth : dict
        By hospital: beds of the step ``transition`` that demand alone asks for, without the plan.
    unsteady : tuple of (step, site)
        Where more beds did not always mean fewer long waits, so that the level is one of several.
    out_of_reach : dict
        By hospital: beds that are free, but not for the next emergency; none where the fit knows of none.
    """

    rows: list[Row]
    sheets: dict[str, Sheet]
    means: dict[str, Mean]
    counts: dict[str, Counted]
    needed: float
    open: dict[str, float]
    left: dict[str, float]
    growth: dict[str, int]
    names: dict[str, str]
    baseline_year: str
    limit: float
    timeline: Timeline | None
    replications: int
    seed: int
    unsteady: tuple[tuple[str, str], ...] = ()
    answers: dict[str, dict[str, list[int]]] = field(default_factory=dict)
    out_of_reach: dict[str, int] = field(default_factory=dict)

    def table(self) -> pd.DataFrame:
        """Return the rows as a table: step, site, beds, added, low, high, words."""
        return pd.DataFrame([vars(row) for row in self.rows])

    def row(self, step: str, site: str = TOGETHER) -> Row:
        """Return the row of one step and one hospital."""
        return next(row for row in self.rows if (row.step, row.site) == (step, site))

    @property
    def steps(self) -> list[str]:
        """Steps that there are, in order."""
        return list(dict.fromkeys(row.step for row in self.rows))


def erlang_beds(rate: float, stay: float, limit: float) -> int:
    """Return the fewest beds by Erlang C at which no more than a share `limit` waits over 4 h; `stay` in days."""

    def long_waits(beds: int, load: float) -> float:
        return mmc_wait_over(beds, rate, 1 / stay, FOUR_HOURS) if beds > load else 1.0

    return servers_for(rate * stay, limit, long_waits)


def waterfall(
    chosen: Settings,
    timeline: str | None = None,
    *,
    replications: int = REPLICATIONS,
    workers: int | None = None,
    sites: Sequence[str] | None = None,
    on_done: Callable[[int, int], None] | None = None,
) -> Waterfall:
    """Work out the waterfall of a footprint.

    Planned admissions that find no bed wait for one like emergencies, so that the beds found are enough for everybody;
    in the main job they are cancelled.

    Parameters
    ----------
    chosen : Settings
        The footprint must have been fitted.
    timeline : str, optional
        Name of the timeline of the step ``transition``; the first one unless given.
    replications : int
        Years simulated with different chance events, at every step the same.
    sites : sequence of str, optional
        Hospitals to look at; all unless given.
    on_done : callable, optional
        Called with the tasks done and the tasks in all.

    Raises
    ------
    NotReconciled
        When the first step is not the planner's arithmetic.
    CarebridgeError
        When the footprint has not been fitted.
    """
    named = _checked(chosen, timeline, replications)
    footprint, criteria = chosen.footprint, chosen.criteria
    limit, target = criteria.access_share.value, criteria.occupancy_year.value
    basis, laid_out, usual = _basis(chosen, named)
    sheets = {site: _sheet(basis, site, target, limit) for site in sites or footprint.sites}
    if len(sheets) == len(footprint.sites):
        same_formula(arithmetic(usual, laid_out, chosen.future, criteria), sheets.values(), target)
    ready = [_Site(basis, site, sheet, limit, chosen.seed) for site, sheet in sheets.items()]
    found = _run(ready, replications, workers or chosen.request.workers or os.cpu_count() or 1, on_done)
    means = {s: within(s, sheets[s].load, [one.mean for one in ones]) for s, ones in found.items()}
    open_now = {s: sum(usual.beds[s].values()) / len(usual.beds[s]) for s in sheets}
    answers = {s: {step: [one.answers[step] for one in ones] for step in ready[0].steps} for s, ones in found.items()}
    growth = {s: _median([one.growth - one.answers["blocked beds"] for one in ones]) for s, ones in found.items()}
    leaving = {s: sum(c.beds for c in laid_out.closures if (c.kind, c.site) == ("acute", s)) for s in open_now}
    result = Waterfall(
        rows=[],
        sheets=sheets,
        means=means,
        counts={s: together([one.counted for one in ones], "mean") for s, ones in found.items()},
        needed=sum(sheet.published for sheet in sheets.values()) / target,
        open=open_now,
        left={s: open_now[s] - leaving[s] for s in open_now},
        growth=growth if basis.schedule else {},
        names={s: footprint.sites[s].name for s in sheets},
        baseline_year=footprint.baseline_year,
        limit=limit,
        timeline=named if basis.schedule else None,
        replications=replications,
        seed=chosen.seed,
        unsteady=tuple((step, s) for s, ones in found.items() for one in ones for step in one.unsteady),
        answers=answers,
        out_of_reach={s: beds_out_of_reach(basis.fit, s, season_beds(footprint)[s]) for s in basis.fit.out_of_reach},
    )
    result.rows.extend(_rows(result, basis))
    return result


def _checked(chosen: Settings, timeline: str | None, replications: int) -> Timeline:
    """The timeline of that name, of settings that a waterfall can be made of."""
    if chosen.fit is None:
        raise CarebridgeError(f"{chosen.footprint.title} has not been fitted; run `carebridge calibrate` first.")
    if chosen.detail != BEDS:
        raise CarebridgeError(
            f"detail={chosen.detail}: the waterfall is of the network of beds; run it with detail=beds."
        )
    if replications < 2:  # noqa: PLR2004 - an interval needs two
        raise CarebridgeError(f"replications={replications}: the waterfall needs at least two.")
    named = next((t for t in chosen.timelines if timeline in (None, t.name)), None)
    if named is None:
        raise CarebridgeError(f"timeline={timeline}: these settings have {[t.name for t in chosen.timelines]}.")
    return named


def _sheet(basis: Basis, site: str, target: float, limit: float) -> Sheet:
    """The spreadsheet of one hospital, whose load must be that of the simulation."""
    rate, stay = offered_load(basis.footprint, basis.fit, site)
    same_load(basis, site)
    published = basis.footprint.sites[site].beds_occupied.value
    return Sheet(rate, stay, target, published, erlang_beds(rate, stay, limit))


def _basis(chosen: Settings, timeline: Timeline) -> tuple[Basis, Schedule, System]:
    assert chosen.fit is not None  # noqa: S101 - asked before
    first = Basis(chosen.footprint, chosen.fit, chosen.future, chosen.feedback)
    usual = build(chosen.footprint, chosen.fit, chosen.future, first.horizon)
    laid_out = schedule(chosen.plan, timeline, chosen.gates, usual.sizes)
    planned = laid_out if chosen.plan.moves else None
    return replace(first, schedule=planned), laid_out, usual


class _Site:
    """The networks of one hospital at every step, made ready once and shared by all replications."""

    def __init__(self, basis: Basis, site: str, sheet: Sheet, limit: float, seed: int):
        self.basis, self.site, self.sheet, self.limit, self.seed = basis, site, sheet, limit, seed
        self.steps = [s for s in STEPS if basis.schedule or s != "transition"]
        latest_first = [*basis.plan_years][::-1] or [0]
        self.networks: dict[str, list[Lowered | Ready]] = {}
        for step in self.steps:
            years = latest_first if STEPS[step].transition else [0]
            self.networks[step] = [network_of(basis, site, STEPS[step], year) for year in years]
        busiest = max(latest_first, key=lambda year: (1 + basis.growth) ** year)
        self.later = network_of(basis, site, STEPS["blocked beds"], busiest)
        self.as_open = network_of(basis, site, STEPS["blocked beds"], as_open=True)
        for network in (self.networks["feedback"][0], self.networks["patterns"][0]):  # compiles before threads need it
            HybridRun(network, 0).advance(1) if isinstance(network, Ready) else Run(network, 0).advance(1)

    def replication(self, number: int, stop: threading.Event) -> _Found:
        """Everything about one replication."""

        def search(network: Lowered | Ready) -> Search:
            if stop.is_set():
                raise Stopped
            return Search(network, self.site, self.seed, number)

        unlimited = self.networks["mean load"][0]
        answers, unsteady = {"mean load": servers_for_occupancy(self.sheet.load, 1.0)}, []
        guess = self.sheet.erlang
        for step in self.steps[1:]:
            searches = [search(network) for network in self.networks[step]]
            guess = answers[step] = fewest_in_all(searches, self.limit, guess)
            if number == 0 and self._unsteady(searches, guess):
                unsteady.append(step)
        growth = fewest(search(self.later), self.limit, answers["blocked beds"]) if self.basis.schedule else 0
        return _Found(
            answers,
            mean_in_beds(finished(unlimited, self.seed, number), self.site),
            growth,
            counted(finished(self.as_open, self.seed, number), self.basis, self.site),
            unsteady,
        )

    def _unsteady(self, searches: Sequence[Search], beds: int) -> bool:
        """Whether some number of beds above the answer misses the criterion, or some number below meets it."""
        above = any(s(round(k * beds)) > self.limit for k in ABOVE for s in searches)
        below = any(all(s(round(k * beds)) <= self.limit for s in searches) for k in BELOW if round(k * beds) < beds)
        return above or below


@dataclass(frozen=True)
class _Found:
    """What one replication of one hospital found."""

    answers: dict[str, int]
    mean: float
    growth: int
    counted: Counted
    unsteady: list[str]


def _run(
    sites: list[_Site], replications: int, workers: int, on_done: Callable[[int, int], None] | None
) -> dict[str, list[_Found]]:
    for one in sites:
        unlimited = one.networks["mean load"][0]
        assert isinstance(unlimited, Lowered)  # noqa: S101 - no stocks around it
        keeps_littles_law(unlimited, one.site, one.seed)
    tasks = [(one, r) for r in range(replications) for one in sites]

    def work(task: tuple[_Site, int], stop: threading.Event) -> _Found:
        return task[0].replication(task[1], stop)

    def show(done: int) -> None:
        if on_done:
            on_done(done, len(tasks))

    found: dict[str, list[_Found]] = {one.site: [] for one in sites}
    with closing(in_order(tasks, work, workers, show)) as results:
        for (one, _), result in zip(tasks, results, strict=True):
            found[one.site].append(result)
    return found


def _median(values: Sequence[int], q: float = 0.5) -> int:
    """Smallest answer that serves at least a share q of the replications."""
    return int(np.quantile(values, q, method="inverted_cdf"))


def _rows(w: Waterfall, basis: Basis) -> list[Row]:
    rows: list[Row] = []
    before = dict.fromkeys([*w.names, TOGETHER], 0)
    for step in next(iter(w.answers.values())):
        level = {s: _median(w.answers[s][step]) for s in w.names}
        spread = {s: w.answers[s][step] for s in w.names}
        level[TOGETHER] = sum(level.values())
        spread[TOGETHER] = [sum(one) for one in zip(*(w.answers[s][step] for s in w.names), strict=True)]
        for site, beds in level.items():
            low, high = (_median(spread[site], q) for q in (0.05, 0.95))
            rows.append(Row(step, site, beds, beds - before[site], low, high, assumed(w, basis, step, site)))
        before = level
    return rows
