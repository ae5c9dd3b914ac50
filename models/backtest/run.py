"""Running a back-test: the plan started anew from the baseline, with what was known when it was written.

Compared are months since the plan's start, not dates: the published beds of single hospitals begin two years after the
plans of 2016, so their baseline cannot be that of the plan's own first year. What happened by the end of ``case.last``,
and to hospital beds since ``case.first`` where they are known, is laid beside the same months of the plan.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from models import CONFIGS
from models.arms.arms import Arm, Observed, make_arm, run_arms, with_plan
from models.arms.prepare import USUAL, window
from models.backtest.case import Case, months_between
from models.backtest.inputs import inputs
from models.figures.presets import read_section
from models.footprint.footprint import Footprint
from models.footprint.observed import beds_by_quarter
from models.measures.plan import closed_by_month, opened_by_month
from models.plans import months_after
from models.plans.check import load_gates, load_plan
from models.plans.schedule import Schedule, schedule
from models.plans.whose_plan import owner_of
from models.settings.future import Future
from models.settings.request import parse
from models.settings.settings import Settings, settings
from models.system.details import build
from models.transition.followed import merged_services
from models.verdict.verdict import Verdict, judge

__all__ = ["CONTROL", "Found", "Said", "backtest", "observed_beds", "of_case"]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
CONTROL = "control"  #: no gates, and staff for everything: nothing but the plan's own dates
CONTROL_TITLE = "no gates, and staff for everything (a check of the test)"


@dataclass(frozen=True)
class Said:
    """What the model says under one assumption, by replication (R).

    Parameters
    ----------
    name, title, known : str
        The effect that was assumed, and since when it could be known.
    closed, opened : (R,)
        Beds and community places closed by the end of the last quarter; places outside hospital open in its last month.
    hospital : (R,) or None
        Hospital beds that closed from the first to the last quarter (means of quarters, as the published beds are).
    none_closed : (R,)
        Whether nothing has closed by then.
    on_plan : (R,) or None
        Whether nine tenths of what was due half a year before has; none when nothing was due.
    held : dict of float
        Mean beds that were due by then and are still open, by what held them back then.
    verdict : Verdict
        Of the plan as a whole.
    """

    name: str
    title: str
    known: str
    closed: Floats
    hospital: Floats | None
    opened: Floats
    none_closed: Bools
    on_plan: Bools | None
    held: dict[str, float]
    verdict: Verdict


@dataclass(frozen=True)
class Found:
    """A back-test: what was told, what the plan said, what the model says, what happened.

    Parameters
    ----------
    planned, due : int
        What the plan closes in the end, and by the end of the last quarter.
    due_hospital : float or None
        Hospital beds that it closes from the first to the last quarter.
    month : int
        Of the plan, at the end of the last quarter.
    happened : DataFrame
        Quarter, available, change: hospital beds, and their change since the first quarter; empty without one.
    """

    case: Case
    chosen: Settings
    told: pd.DataFrame
    planned: int
    due: int
    due_hospital: float | None
    month: int
    said: list[Said]
    happened: pd.DataFrame


def of_case(case: Case, words: list[str] | None = None) -> Settings:
    """Settings of a case: its plan's footprint, its own timeline, and the window of that timeline alone.

    Parameters
    ----------
    words : list of str
        Further keys of ``carebridge run``.
    """
    given = list(words or [])
    if owner := owner_of(case.plan):
        given.insert(0, f"footprint={owner}")
    years = load_plan(CONFIGS / "plan" / f"{case.plan}.yaml").years
    own = [f"plan={case.plan}", f"timeline={years}y", f"criteria.longest_timeline_years={years}"]
    return settings(parse([*given, *own]))


def observed_beds(case: Case, footprint: Footprint) -> pd.DataFrame:
    """Hospital beds that were open in each quarter of the case: quarter, available, and change since the first."""
    if case.first is None:
        return pd.DataFrame({"quarter": [], "available": [], "change": []})
    rows: Any = beds_by_quarter(footprint)
    sums = rows.groupby(["year", "quarter"])["available"].sum().astype(float).sort_index()
    inside = sums.loc[(case.first.year, case.first.quarter) : (case.last.year, case.last.quarter)]
    names = [f"{year} Q{quarter}" for year, quarter in inside.index]
    return pd.DataFrame(
        {"quarter": names, "available": inside.to_numpy(), "change": (inside - inside.iloc[0]).to_numpy()}
    )


def backtest(case: Case, chosen: Settings, workers: int, say: Callable[[str], None] = lambda _: None) -> Found:
    """Run a back-test.

    Parameters
    ----------
    case : Case
    chosen : Settings
        From :func:`of_case`; the footprint must have been fitted.
    workers : int
    say : callable
        Told what is about to run.
    """
    assert chosen.fit is not None  # noqa: S101 - callers ask first
    futures = {name: _future(effect.future, case) for name, effect in case.effects.items()}
    any_future = next(iter(futures.values()))
    usual, planned = _arms(chosen, any_future, True)
    laid_out = schedule(chosen.plan, chosen.timelines[0], chosen.gates, usual.system.sizes)
    dates = _dates(case, chosen.plan.starts)
    say("business as usual")
    beside = run_arms([usual], chosen.seed, chosen.replications, workers)[0]
    said = []
    for name, effect in case.effects.items():
        say(effect.title)
        arm = with_plan(planned, name, laid_out, futures[name])
        o = run_arms([arm], chosen.seed, chosen.replications, workers)[0]
        said.append(_said(name, effect.title, effect.known, chosen, laid_out, o, beside, dates))
    say(CONTROL_TITLE)
    said.append(_control(chosen, any_future, dates, workers))
    return Found(
        case=case,
        chosen=chosen,
        told=inputs(case, chosen),
        planned=sum(s.beds for s in laid_out.closures),
        due=_due(laid_out, dates.end),
        due_hospital=_due_in(laid_out, dates.last) - _due_in(laid_out, dates.first) if dates.first else None,
        month=months_between(chosen.plan.starts, dates.end),
        said=said,
        happened=observed_beds(case, chosen.footprint),
    )


@dataclass(frozen=True)
class _Dates:
    """Months of the first quarter (none without one) and of the last in the model's calendar; the day after them."""

    first: list[dt.date]
    last: list[dt.date]
    end: dt.date


def _dates(case: Case, starts: dt.date) -> _Dates:
    shift = case.shift(starts)
    first = [months_after(month, shift) for month in case.first.months] if case.first else []
    last = [months_after(month, shift) for month in case.last.months]
    return _Dates(first, last, months_after(last[-1], 1))


def _future(name: str, case: Case) -> Future:
    """A future's effect with the growth that was known then."""
    return read_section(Future, CONFIGS / "future" / f"{name}.yaml", name).growing(case.growth)


def _arms(chosen: Settings, future: Future, staffed: bool) -> tuple[Arm, Arm]:
    """Business as usual, and the system in which the plan is carried out."""
    assert chosen.fit is not None  # noqa: S101 - callers ask first
    _, end = window(chosen)
    around = chosen.around if staffed else None
    basis = (chosen.footprint, chosen.fit, future, end, chosen.feedback, around)
    return make_arm(USUAL, build(*basis)), make_arm(
        "plan", build(*basis, planned=True, between=merged_services(chosen.plan))
    )


def _control(chosen: Settings, future: Future, dates: _Dates, workers: int) -> Said:
    """The plan with nothing to hold it: it must then happen as it was written, or the test could not show anything."""
    usual, planned = _arms(chosen, future, False)
    laid_out = schedule(chosen.plan, chosen.timelines[0], load_gates("none"), usual.system.sizes)
    arms = [usual, with_plan(planned, CONTROL, laid_out, future)]
    beside, o = run_arms(arms, chosen.seed, chosen.replications, workers)
    return _said(CONTROL, CONTROL_TITLE, "", chosen, laid_out, o, beside, dates)


def _said(
    name: str, title: str, known: str, chosen: Settings, plan: Schedule, o: Observed, usual: Observed, dates: _Dates
) -> Said:
    within = round(chosen.criteria.delivered_within_months.value)
    closed, hospital = closed_by_month(o), closed_by_month(o, kind="acute")
    at = o.months.index(dates.end)
    expected = chosen.criteria.delivered_share.value * _due(plan, months_after(dates.end, -within))
    criteria = chosen.criteria.model_copy(update={"realism": None})  # what was seen later, and in the area itself
    verdict, _ = judge(o, usual, plan, criteria, window(chosen), [])
    return Said(
        name=name,
        title=title,
        known=known,
        closed=closed[:, at],
        hospital=_mean(o, hospital, dates.last) - _mean(o, hospital, dates.first) if dates.first else None,
        opened=opened_by_month(o, plan)[:, o.months.index(dates.last[-1])],
        none_closed=closed[:, at] == 0,
        on_plan=closed[:, at] >= expected if expected else None,
        held=_held(o, dates.end),
        verdict=verdict,
    )


def _mean(o: Observed, values: Floats, months: list[dt.date]) -> Floats:
    """Mean over some months, by replication."""
    return values[:, [o.months.index(m) for m in months]].mean(axis=1)


def _due(plan: Schedule, day: dt.date) -> int:
    """Beds and places that the plan closes by a day."""
    return sum(step.beds for step in plan.closures if step.due <= day)


def _due_in(plan: Schedule, months: list[dt.date]) -> float:
    """Hospital beds that the plan has closed, as a mean of some months."""
    acute = [step for step in plan.closures if step.kind == "acute"]
    return float(np.mean([sum(step.beds for step in acute if step.due <= month) for month in months]))


def _held(o: Observed, day: dt.date) -> dict[str, float]:
    """Mean beds that were due by a day and were still open then, by the cause that held them back at that time."""
    late: Counter[str] = Counter()
    for closures, log in zip(o.closures, o.logs, strict=True):
        cause = {(r.move, r.site, r.number): r.cause for r in log if r.event == "held" and r.date <= day}
        for c in closures:
            t = c.step.tranche
            if c.step.due <= day and (c.closed is None or c.closed > day):
                late[cause.get((t.move, t.site, t.number), "not yet decided")] += c.step.beds
    return {name: beds / len(o.closures) for name, beds in late.most_common()}
