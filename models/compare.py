"""The same plan on several timelines, and what each mechanism of the transition contributes to the difference (T2).

All arms meet the same people, over the same years. A mechanism is left out alone; what then changes is its contribution
beside the others, so contributions need not add up.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.arms import Observed, make_arm, run_arms, with_plan
from models.compose import Settings
from models.criteria_money import money_criterion
from models.details import build
from models.finance.simulated.accounts import Account
from models.finance.simulated.costs import DOUBLE_RUNNING
from models.finance.simulated.results import break_even_years, by_year, years_of
from models.measures_plan import closed_by_month, opened_by_month
from models.money import accounts_of
from models.plan import Schedule, schedule
from models.prepare import USUAL, window
from models.transition.brief import Switches
from models.verdict import Verdict, judge

__all__ = ["AS_PLANNED", "MECHANISMS", "Both", "Compared", "compare", "double_running"]

Floats = npt.NDArray[np.float64]
AS_PLANNED = "nothing"
A_MILLION = 10**8  #: pence

#: what can be left out, in words; the parts of the stage machine, and stocks around the network
MECHANISMS: dict[str, str] = {
    "approval": "consultation, decisions and courts",
    "proof": "proof before closing",
    "mothball": "mothballing over a winter",
    "lead_time": "time to build and recruit",
    "ramp": "adoption of effects over time",
    "staff": "staff: training, recruiting, retraining, and their gate",
    "change_capacity": "few programmes at once",
    "rules": "the plan's own rules when it goes wrong",
    "feedback": "stays that answer to pressure",
}

#: of these, what business as usual has too
AROUND = ("staff", "feedback")


@dataclass(frozen=True)
class Compared:
    """One timeline with one mechanism left out, or with all of them.

    Parameters
    ----------
    timeline : str
    years : int
    left_out : str
        Name of a mechanism, or ``nothing``.
    verdict : Verdict
    closed : (R,)
        Beds and community places closed by the end of the window, and `planned` of them.
    opened : (R,)
        Places outside hospital open then beyond those before.
    late_months : (R,)
        Mean delay of what closed.
    peak, bed_years : (R,)
        Double running: beds still open whose replacement is already open; the most at once, and added up over years.
    cost : Both, optional
        The same in pounds; none where money is left out.
    """

    timeline: str
    years: int
    left_out: str
    verdict: Verdict
    closed: Floats
    planned: int
    opened: Floats
    late_months: Floats
    peak: Floats
    bed_years: Floats
    cost: Both | None = None


@dataclass(frozen=True)
class Both:
    """What double running costs, by replication (R,).

    Parameters
    ----------
    total, peak_year : million pounds
        Over all years, and in the dearest financial year.
    dearest : int
        The year that is dearest on average, by the calendar year in which it begins.
    break_even : years
        From the plan's start until all that it added is made good by what has ended; infinite where it never is.
    """

    total: Floats
    peak_year: Floats
    dearest: int
    break_even: Floats


def compare(
    chosen: Settings, mechanisms: list[str], workers: int, on_done: Callable[[str], None] | None = None
) -> list[Compared]:
    """Run every timeline as planned, and again with each of some mechanisms left out.

    Parameters
    ----------
    mechanisms : list of str
        Names of :data:`MECHANISMS`.
    on_done : callable, optional
        Told what is about to run.

    Returns
    -------
    list of Compared
        By what is left out, nothing first, then by timeline.
    """
    found, usual = [], dict[str, Observed]()
    for left_out in (AS_PLANNED, *mechanisms):
        found += _without(left_out, chosen, workers, on_done or (lambda _: None), usual)
    return found


def _without(
    left_out: str, chosen: Settings, workers: int, say: Callable[[str], None], kept: dict[str, Observed]
) -> list[Compared]:
    """Every timeline with one mechanism left out; business as usual is run again only where it lacks it too."""
    assert chosen.fit is not None  # noqa: S101 - callers ask first
    years = window(chosen)
    feedback = None if left_out == "feedback" else chosen.feedback
    slow = None if left_out == "staff" else chosen.around
    basis = (chosen.footprint, chosen.fit, chosen.future, years[1], feedback, slow)
    known = {f.name for f in dataclasses.fields(Switches)}
    switches = Switches(**{left_out: False}) if left_out in known else Switches()
    system = build(*basis)
    own = left_out if left_out in AROUND else AS_PLANNED
    if own not in kept:
        say(f"business as usual, {own} left out")
        kept[own] = run_arms([make_arm(USUAL, system)], chosen.seed, chosen.replications, workers)[0]
    usual = kept[own]
    planned = make_arm("plan", build(*basis, planned=True))
    rows = []
    for timeline in chosen.timelines:
        laid_out = schedule(chosen.plan, timeline, chosen.gates, system.sizes)
        say(f"{timeline.years} years, {left_out} left out")
        arm = with_plan(planned, timeline.name, laid_out, chosen.future, switches)
        o = run_arms([arm], chosen.seed, chosen.replications, workers)[0]
        money = accounts_of(chosen, {USUAL: usual, timeline.name: o}, {timeline.name: laid_out})
        k7 = money_criterion(money, timeline.name, years) if money else ""
        verdict, _ = judge(o, usual, laid_out, chosen.criteria, years, [], k7)
        cost = _both(money.arms[timeline.name]) if money else None
        rows.append(dataclasses.replace(_compared(o, laid_out, left_out, verdict), cost=cost))
    return rows


def _compared(o: Observed, plan: Schedule, left_out: str, verdict: Verdict) -> Compared:
    both = double_running(o, plan)
    closed = np.array([sum(c.step.beds for c in closures if c.closed) for closures in o.closures], float)
    late = [[(c.closed - c.step.due).days / 30.4 for c in closures if c.closed] for closures in o.closures]
    return Compared(
        timeline=plan.timeline.name,
        years=plan.timeline.years,
        left_out=left_out,
        verdict=verdict,
        closed=closed,
        planned=sum(s.beds for s in plan.closures),
        opened=opened_by_month(o, plan)[:, -1],
        late_months=np.array([np.mean(months) if months else np.nan for months in late]),
        peak=both.max(axis=1),
        bed_years=both.sum(axis=1) / 12,
    )


def _both(account: Account) -> Both:
    yearly = by_year(account, account.costs.of(DOUBLE_RUNNING).T) / A_MILLION
    dearest = years_of(account)[int(np.argmax(yearly.mean(axis=0)))]
    return Both(yearly.sum(axis=1), yearly.max(axis=1), int(dearest[:4]), break_even_years(account))


def double_running(o: Observed, plan: Schedule) -> Floats:
    """Beds (R, months) that are still open although the part of the plan that replaces them is open.

    The part of all planned closures that corresponds to the part of the planned places that are open, less what has
    closed.
    """
    places = sum(steps[-1][1] for service in plan.services for steps in plan.opened(service).values())
    beds = sum(step.beds for step in plan.closures)
    if not places or not beds:
        return np.zeros((len(o.closures), len(o.months)))
    return np.clip(beds * opened_by_month(o, plan) / places - closed_by_month(o), 0, None)
