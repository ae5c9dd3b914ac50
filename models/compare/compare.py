"""The same plan on several timelines, and what each mechanism of the transition contributes to the difference (T2).

All arms meet the same people, over the same years. A mechanism is left out alone; what then changes is its contribution
beside the others, so contributions need not add up.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.arms.arms import Observed, make_arm, run_arms, with_plan
from models.arms.prepare import USUAL, window
from models.compare.costs import Both, cost_of_both
from models.compare.mechanisms import AROUND
from models.finance.simulated.accounts import Accounts
from models.measures.plan import closed_by_month, double_running, opened_by_month
from models.plans import months_after
from models.plans.schedule import Schedule, schedule
from models.run.money import accounts_of
from models.settings.settings import Settings
from models.system.details import build
from models.transition.brief import Switches
from models.transition.followed import merged_services
from models.verdict.conditions import name_conditions
from models.verdict.criteria_money import money_criterion
from models.verdict.criteria_money_parts import money_parts
from models.verdict.verdict import Verdict, judge, passed

__all__ = ["AS_PLANNED", "AFTER", "BEFORE", "CALENDAR", "OWN", "WINDOWS", "Compared", "Judged", "compare"]
__all__ += ["end_of_runs", "own_window"]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Window = tuple[dt.date, dt.date]

CALENDAR, OWN = "calendar", "plan"
WINDOWS = {CALENDAR: (CALENDAR,), OWN: (OWN,), "both": (CALENDAR, OWN)}  #: what `window=` may ask for
BEFORE, AFTER = 2, 1  #: years of a plan's own window before and after its end
AS_PLANNED = "nothing"


@dataclass(frozen=True)
class Judged:
    """What is said over one window of years, and of which replications."""

    verdict: Verdict
    delivered: Bools
    safe: Bools


@dataclass(frozen=True)
class Compared:
    """One timeline with one mechanism left out, or with all of them.

    Parameters
    ----------
    timeline : str
    years : int
    left_out : str
        Name of a mechanism, or ``nothing``.
    judged : dict of Judged
        Over the same years for every timeline (``calendar``), and over as many years about the plan's own end
        (``plan``); the latter is left out where the plan is too short to hold its years.
    closed : (R,)
        Beds and community places closed by the last simulated day, and `planned` of them.
    opened : (R,)
        Places outside hospital open then beyond those before, and `places` of them planned.
    late_months : (R,)
        Mean delay of what closed.
    peak, bed_years : (R,)
        Double running: beds still open whose replacement is already open; the most at once, and added up over years.
    cost : Both, optional
        The same in pounds; none where money is left out.
    money : Accounts, optional
        Books of the arm beside business as usual; kept where nothing is left out.
    months : list of date
        First day of each month from the plan's start.
    by_month : dict of (R, months)
        Beds and places ``closed`` so far, places ``opened``, and beds running ``double``.
    """

    timeline: str
    years: int
    left_out: str
    judged: dict[str, Judged]
    closed: Floats
    planned: int
    opened: Floats
    places: int
    late_months: Floats
    peak: Floats
    bed_years: Floats
    months: list[dt.date]
    by_month: dict[str, Floats]
    cost: Both | None = None
    money: Accounts | None = None

    @property
    def first(self) -> Judged:
        """What is said over the years that were asked for first."""
        return next(iter(self.judged.values()))

    @property
    def verdict(self) -> Verdict:
        """Verdict over the years that were asked for first."""
        return self.first.verdict


def own_window(plan: Schedule) -> Window | None:
    """Years of the same number for every timeline, about the plan's own end; None where it has too few before it."""
    first = months_after(plan.end, -12 * BEFORE)
    return None if first < plan.plan.starts else (first, months_after(plan.end, 12 * AFTER))


def compare(
    chosen: Settings,
    mechanisms: list[str],
    workers: int,
    on_done: Callable[[str], None] | None = None,
    windows: str = CALENDAR,
) -> list[Compared]:
    """Run every timeline as planned, and again with each of some mechanisms left out.

    Parameters
    ----------
    mechanisms : list of str
        Names of :data:`models.compare.mechanisms.MECHANISMS`.
    on_done : callable, optional
        Told what is about to run.
    windows : str
        Over which years each timeline is judged, a key of :data:`WINDOWS`. Runs are as long as all of them ask for.

    Returns
    -------
    list of Compared
        By what is left out, nothing first, then by timeline.
    """
    found, usual = [], dict[str, Observed]()
    for left_out in (AS_PLANNED, *mechanisms):
        found += _without(left_out, chosen, workers, on_done or (lambda _: None), usual, WINDOWS[windows])
    return found


def _without(
    left_out: str,
    chosen: Settings,
    workers: int,
    say: Callable[[str], None],
    kept: dict[str, Observed],
    windows: tuple[str, ...],
) -> list[Compared]:
    """Every timeline with one mechanism left out; business as usual is run again only where it lacks it too."""
    assert chosen.fit is not None  # noqa: S101 - callers ask first
    years = window(chosen)
    feedback = None if left_out == "feedback" else chosen.feedback
    slow = chosen.around.switched(workforce=False) if left_out == "staff" else chosen.around  # the others stay
    basis = (chosen.footprint, chosen.fit, chosen.future, end_of_runs(chosen, windows), feedback, slow)
    known = {f.name for f in dataclasses.fields(Switches)}
    switches = Switches(**{left_out: False}) if left_out in known else Switches()
    system = build(*basis)
    own = left_out if left_out in AROUND else AS_PLANNED
    if own not in kept:
        say(f"business as usual, {own} left out")
        kept[own] = run_arms([make_arm(USUAL, system)], chosen.seed, chosen.replications, workers)[0]
    usual = kept[own]
    planned = make_arm("plan", build(*basis, planned=True, between=merged_services(chosen.plan)))
    rows = []
    for timeline in chosen.timelines:
        fund = None if left_out == "money" else chosen.fund
        laid_out = schedule(chosen.plan, timeline, chosen.gates, system.sizes, fund)
        say(f"{timeline.years} years, {left_out} left out")
        arm = with_plan(planned, timeline.name, laid_out, chosen.future, switches)
        o = run_arms([arm], chosen.seed, chosen.replications, workers)[0]
        spans = {CALENDAR: years, OWN: own_window(laid_out)}
        arms = {USUAL: usual, timeline.name: o}
        money = accounts_of(chosen, arms, {timeline.name: laid_out})
        judged = {name: _judged(arms, laid_out, chosen, span, money) for name in windows if (span := spans[name])}
        cost = cost_of_both(money.arms[timeline.name]) if money else None
        kept_books = money if left_out == AS_PLANNED else None
        rows.append(dataclasses.replace(_compared(o, laid_out, left_out, judged), cost=cost, money=kept_books))
    for name in windows:
        beside = {row.timeline: row.judged[name].verdict for row in rows if name in row.judged}
        name_conditions(beside, {row.timeline: row.years for row in rows})
    return rows


def end_of_runs(chosen: Settings, windows: tuple[str, ...]) -> dt.date:
    """Return the day after the last that any window asks for."""
    longest = max(timeline.years for timeline in chosen.timelines)
    own = months_after(chosen.plan.starts, 12 * (longest + AFTER))
    return max(window(chosen)[1], own) if OWN in windows else window(chosen)[1]


def _judged(
    arms: dict[str, Observed], plan: Schedule, chosen: Settings, years: Window, money: Accounts | None
) -> Judged:
    name = plan.timeline.name
    k7 = money_criterion(money, name, years) if money else ""
    parts = money_parts(money, name, plan, years) if money else ()
    verdict, assessed = judge(arms[name], arms[USUAL], plan, chosen.criteria, years, [], k7, parts, "", chosen.around)
    return Judged(verdict, *passed(assessed))


def _compared(o: Observed, plan: Schedule, left_out: str, judged: dict[str, Judged]) -> Compared:
    both, opened = double_running(o, plan), opened_by_month(o, plan)
    closed = np.array([sum(c.step.beds for c in closures if c.closed) for closures in o.closures], float)
    late = [[(c.closed - c.step.due).days / 30.4 for c in closures if c.closed] for closures in o.closures]
    keep = np.array([m >= plan.plan.starts for m in o.months])
    by_month = {"closed": closed_by_month(o), "opened": opened, "double": both}
    return Compared(
        timeline=plan.timeline.name,
        years=plan.timeline.years,
        left_out=left_out,
        judged=judged,
        closed=closed,
        planned=sum(s.beds for s in plan.closures),
        opened=opened[:, -1],
        places=sum(steps[-1][1] for service in plan.services for steps in plan.opened(service).values()),
        late_months=np.array([np.mean(months) if months else np.nan for months in late]),
        peak=both.max(axis=1),
        bed_years=both.sum(axis=1) / 12,
        months=[m for m in o.months if m >= plan.plan.starts],
        by_month={name: values[:, keep] for name, values in by_month.items()},
    )
