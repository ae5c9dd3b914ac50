"""Trying values of a question: each is a whole comparison with business as usual, judged as a run would be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from models.arms.arms import Observed, run_arms
from models.arms.prepare import Prepared, prepare, window
from models.calibration.baseline import check_baseline
from models.command_line.doctor import compiled
from models.measures.plan import closed_by_month
from models.plans.listing import what_moves
from models.plans.moves import BEDS
from models.search.names import YEARS
from models.search.question import Given, Question, laid_over
from models.settings.request import Request
from models.settings.settings import Settings, settings
from models.verdict.verdict import Verdict, judge
from sim.errors import CarebridgeError
from sim.experiments import find_edges, spans

__all__ = ["BOTH", "GRID", "OUTCOMES", "SAFE", "Found", "Looker", "Stretch", "Tried", "tries"]

GRID = 5  #: values that are tried first, ends included
FIRST_LOOK = 12  #: replications after which a value that nearly always fails is left alone
SAFE, BOTH = "safe", "both"
OUTCOMES = {BOTH: "delivered and safe", SAFE: "safe, whether delivered or not"}

Interval = tuple[float, float]


@dataclass(frozen=True)
class Tried:
    """One value, and what is said of the plan there.

    Parameters
    ----------
    value : float
    words : list of str
        That set it, for ``carebridge run``.
    moves : str
        What closes and opens there, in words.
    verdict : Verdict
    closed : (float, float, float)
        Hospital beds closed by the last simulated day: mean, and 5 and 95 % of replications.
    """

    value: float
    words: list[str]
    moves: str
    verdict: Verdict
    closed: tuple[float, float, float]

    def chance(self, outcome: str) -> tuple[float, Interval]:
        """Share of replications with an outcome, and its exact one-sided bounds."""
        if outcome == BOTH:
            return self.verdict.probability, self.verdict.interval
        return self.verdict.safe["probability"], self.verdict.safe["interval"]


@dataclass(frozen=True)
class Stretch:
    """Values from easy to hard at all of which, as far as tried, something holds.

    Parameters
    ----------
    first, last : Tried
    before, beyond : Tried or None
        Those that were tried next to it, at which it does not hold; None at an end of the scale.
    """

    first: Tried
    last: Tried
    before: Tried | None
    beyond: Tried | None


@dataclass(frozen=True)
class Found:
    """Answer to one question on one timeline.

    Parameters
    ----------
    question : Question
    timeline : str
    years : int
        Over which the plan is carried out on it.
    ends : str
        Month in which the plan as written ends on it, such as ``2024-03``.
    target : float
        Share of replications that must hold, with confidence.
    tried : list of Tried
        From easy to hard.
    base : tuple of str
        Words of the command line that made the run around the value, this timeline alone among them.
    given : Given, optional
        What was set beside.
    """

    question: Question
    timeline: str
    years: int
    ends: str
    target: float
    tried: list[Tried]
    base: tuple[str, ...] = ()
    given: Given | None = None

    @property
    def file(self) -> str:
        """Name of its chart, without ending; the same on every timeline."""
        beside = f"_{self.given.question.name}_{self.given.value:g}" if self.given else ""
        return self.question.file + beside.replace(".", "_")

    @property
    def where(self) -> str:
        """On which timeline, and what was set beside: ``5 years, with 10 % of the plan``; empty where it is all one."""
        years = "" if self.question.name == YEARS else f"{self.years} years"
        return ", ".join(part for part in (years, f"with {self.given}" if self.given else "") if part)

    def stretches(self, outcome: str) -> list[Stretch]:
        """Values over which an outcome is certain enough: its lower bound reaches the target, from easy to hard."""
        return self._stretches(outcome, 0)

    def stretch(self, outcome: str) -> Stretch | None:
        """The first of them: that which begins with the easiest value, if any does."""
        return next(iter(self.stretches(outcome)), None)

    def possible(self, outcome: str) -> Tried | None:
        """Hardest value up to which the outcome cannot be ruled out: its upper bound reaches the target."""
        found = [one.last for one in self._stretches(outcome, 1) if one.before is None]
        return found[0] if found else None

    def _stretches(self, outcome: str, bound: int) -> list[Stretch]:
        found = spans(dict(enumerate(self.tried)), _holds(self.question, outcome, self.target, bound))
        at = {None: None} | dict(enumerate(self.tried))
        return [Stretch(self.tried[s.first], self.tried[s.last], at[s.before], at[s.beyond]) for s in found]


def _holds(question: Question, outcome: str, target: float, bound: int = 0) -> Callable[[Tried], bool]:
    """Whether a bound of an outcome reaches the target at a value; what K9 rules out is no condition to set (V7)."""

    def holds(one: Tried) -> bool:
        never = bool(one.verdict.reasons) or (outcome == BOTH and question.lever and bool(one.verdict.ruled_out))
        return not never and one.chance(outcome)[1][bound] >= target

    return holds


def tries(values: int) -> int:
    """Values that are tried, for an estimate: the grid, and one edge for each outcome."""
    halvings = int(np.ceil(np.log2(max(1, (values - 1) / (GRID - 1)))))
    return min(values, GRID + len(OUTCOMES) * halvings)


@dataclass
class Looker:
    """What is kept between values: the request, business as usual where it is the same, and how to tell progress.

    Parameters
    ----------
    request : Request
        With one timeline.
    workers : int
    say : callable
        Told what is about to be simulated.
    given : Given, optional
        What the request has set beside, for those who read.
    """

    request: Request
    workers: int
    say: Callable[[str], None] = lambda _: None
    given: Given | None = None
    _settings: dict[tuple[str, float], Settings] = field(default_factory=dict)
    _usual: dict[int, tuple[tuple[Any, ...], Observed, list[str]]] = field(default_factory=dict)

    @property
    def base(self) -> tuple[str, ...]:
        """Words that ``carebridge run`` takes for all that values have in common."""
        mine = [w for w in self.request.words if w.partition("=")[0] not in ("timeline", "workers", "search", "out")]
        return (*mine, f"timeline={self.request.timelines[0]}")

    def check(self, chosen: Settings) -> None:
        """Ask whether there is a baseline to judge from.

        Raises
        ------
        CarebridgeError
            When there is none.
        """
        assert chosen.fit is not None  # noqa: S101 - callers ask first
        _, reasons = self._business_as_usual(chosen, prepare(chosen), chosen.replications)
        if reasons:
            raise CarebridgeError(f"NO BASELINE. {'; '.join(reasons)}.")

    def shares(self, other: Looker) -> None:
        """Keep business as usual where another looker keeps it."""
        self._usual = other._usual

    def knows(self, chosen: Settings, usual: Observed) -> None:
        """Take business as usual of all replications from where it has been simulated and found to be a baseline."""
        self._usual[chosen.replications] = _basis(chosen), usual, []

    def look(self, question: Question, chosen: Settings, steps: int) -> Found:
        """Try values until every edge lies between two neighbours of the scale."""
        values, target = question.values(steps), chosen.criteria.credible_from
        holds = [_holds(question, outcome, target) for outcome in OUTCOMES]
        tried = find_edges(lambda at: self.at(question, values[at]), len(values), holds, GRID)
        timeline = chosen.timelines[0]
        ends = f"{chosen.plan.starts.year + timeline.years}-03"
        return Found(question, timeline.name, timeline.years, ends, target, list(tried.values()), self.base, self.given)

    def settings_at(self, question: Question, value: float) -> Settings:
        """Settings with a value; raises what is wrong with it."""
        if (question.name, value) not in self._settings:
            words = laid_over(self.request.overrides, question.words(value))
            chosen = settings(replace(self.request, overrides=words))
            self._settings[question.name, value] = question.change(chosen, value) if question.change else chosen
        return self._settings[question.name, value]

    def at(self, question: Question, value: float) -> Tried:
        """Judge the plan at one value; what nearly always fails is known after a first look."""
        chosen = self.settings_at(question, value)
        ready, whole = prepare(chosen), chosen.replications
        where = "" if question.name == YEARS else f"{chosen.timelines[0].years} years, "
        where += f"{self.given}, " if self.given else ""
        self.say(f"{question.name}: {where}{question.shown(value)}: {whole} simulated futures ...")
        if whole > 2 * FIRST_LOOK:
            tried = self._judged(question, value, chosen, ready, FIRST_LOOK)
            if all(tried.chance(outcome)[1][1] < chosen.criteria.not_credible_below for outcome in OUTCOMES):
                return tried
        return self._judged(question, value, chosen, ready, whole)

    def _judged(self, q: Question, value: float, chosen: Settings, ready: Prepared, replications: int) -> Tried:
        usual, reasons = self._business_as_usual(chosen, ready, replications)
        plan = run_arms([ready.arms[1]], chosen.seed, replications, self.workers)[0]
        laid_out = next(iter(ready.schedules.values()))
        why_not = [] if q.change else reasons  # what is changed as no run can be keeps the fit of the area as it is
        verdict, _ = judge(plan, usual, laid_out, chosen.criteria, ready.window, why_not, around=chosen.around)
        closed = closed_by_month(plan, setting=BEDS)[:, -1]
        low, high = np.quantile(closed, [0.05, 0.95])
        beds = (float(closed.mean()), float(low), float(high))
        return Tried(value, q.words(value), what_moves(chosen.plan), verdict, beds)

    def _business_as_usual(self, chosen: Settings, ready: Prepared, replications: int) -> tuple[Observed, list[str]]:
        """Simulated once for all values that do not change it; with why it is no baseline, if it is none."""
        basis = _basis(chosen)
        kept = self._usual.get(replications)
        if kept is None or kept[0] != basis:
            first = "" if compiled() else " (the engine is compiled first, which takes a minute or two)"
            self.say(f"business as usual: {replications} simulated futures{first} ...")
            usual = run_arms([ready.arms[0]], chosen.seed, replications, self.workers)[0]
            kept = basis, usual, check_baseline(chosen.footprint, chosen.fit, usual).reasons
            self._usual[replications] = kept
        return kept[1:]


def _basis(chosen: Settings) -> tuple[Any, ...]:
    """What business as usual follows from; the effect on admissions hangs on places that only a plan opens."""
    none = chosen.future.admissions_effect.model_copy(update={"value": 0.0, "low": None, "high": None})
    future = chosen.future.model_copy(update={"admissions_effect": none})
    return chosen.footprint, chosen.fit, future, chosen.feedback, chosen.around, window(chosen), chosen.detail
