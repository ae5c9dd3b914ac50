"""Tables of the money: double running by year and organisation, when a plan pays for itself, and the area's result."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from models.figures.figures import Figure
from models.finance.invariants import system_result
from models.finance.rules.double_running import NEVER
from models.finance.simulated.accounts import Account, Accounts
from models.finance.simulated.carried import LAW
from models.finance.simulated.costs import DOUBLE_RUNNING, NEW_PLACES, REDUNDANCY, STRANDED
from models.finance.simulated.results import break_even_years, by_year, years_of
from models.plans import months_after
from models.report import series
from models.report.tables_control import control_section, part_rows
from models.report.tables_plan import UNITS
from models.report.words import amount, figure_value, month, of_futures, percent, with_unit

if TYPE_CHECKING:
    from models.run.runner import Outcome

__all__ = ["money_section", "owner_rows", "summary_rows", "year_rows"]

A_MILLION = 10**8  #: pence
PRESENTED = ("psf", "interest")  #: purposes that the area's result is shown without
LEAST = 0.05  #: of a million pounds; years with less have no row of their own

Floats = npt.NDArray[np.float64]


def money_section(outcome: Outcome) -> dict[str, Any] | None:
    """What the page says about money; nothing where no books are kept."""
    found = outcome.money
    if found is None:
        return None
    names = [name for name, _ in series.arms(outcome)]
    usual, *plans = found.arms.values()
    return {
        "names": [name[0].upper() + name[1:] for name in names[1:]],
        "summary": summary_rows(plans),
        "years": year_rows(plans),
        "owners": owner_rows(found, plans),
        "result": _results(usual, plans),
        "nothing": _nothing(found),
        "growth": percent(found.nothing.growth, 1),
        "pools": [pool.fund.title for pool in found.basis.pools.values()],
        "bias": _bias(found, plans),
        "made_up": outcome.settings.finance is None,
        "assumed": _assumed(found),
        "alike": found.money.form,
        "control": control_section(found),
        "parts": part_rows(outcome.verdicts.values()),
        "unpaid": found.unpaid,
        "reserves": found.beyond_reserves(dict(zip(found.arms, names, strict=True))),
        "law": LAW,
    }


def _millions(pence: npt.NDArray[np.int64]) -> Floats:
    return np.asarray(pence, float) / A_MILLION


def _cell(values: npt.ArrayLike, digits: int = 1) -> str:
    """Mean over replications, and the range that holds 90 % of them."""
    spread = series.spread(values)
    low, high = amount(float(spread.low), digits), amount(float(spread.high), digits)
    mean = amount(float(spread.mean), digits)
    return mean if low == high == mean else f"{mean} ({low} to {high})"


def summary_rows(plans: list[Account]) -> list[list[str]]:
    """Lines with a cell a timeline."""
    whole = {
        "Double running, all years": (DOUBLE_RUNNING,),
        "New places whose beds have closed, all years": (NEW_PLACES,),
        "Stranded cost, all years": (STRANDED,),
    }
    rows = [
        [words, *(_cell(_millions(a.costs.of(*items).sum(axis=0))) for a in plans)] for words, items in whole.items()
    ]
    capital = [_millions(sum(a.costs.capital.values(), np.zeros(1, np.int64)).sum(axis=0)) for a in plans]
    if any(np.any(c) for c in capital):
        rows.append(["Capital of the plan", *(_cell(np.atleast_1d(c)) for c in capital)])
    rows += _once(plans)
    rows.append(
        [
            "Saved: cost of wards and places that has ended, all years",
            *(_cell(_millions(a.costs.ended.sum(axis=0))) for a in plans),
        ]
    )
    average = [_millions((a.costs.ended + a.costs.of(STRANDED)).sum(axis=0)) for a in plans]
    words = "What closed wards and places cost on average, all years: saved and stranded together"
    rows.append([words, *map(_cell, average)])
    rows.append(["Most that the plan is behind at once: all it has added less all that has ended", *map(_peak, plans)])
    rows.append(["Month in which it is furthest behind", *map(_peak_month, plans)])
    rows.append(["Pays for itself (the last twelve months repeating)", *map(_even, plans)])
    return rows


def _once(plans: list[Account]) -> list[list[str]]:
    """Redundancies and savings programmes, where there are any."""
    redundant = [_millions(a.costs.of(REDUNDANCY).sum(axis=0)) for a in plans]
    rows = [["Redundancies, all years", *map(_cell, redundant)]] if any(map(np.any, redundant)) else []
    if any(a.costs.savings for a in plans):
        for words, part in (("planned", "planned"), ("booked", "booked"), ("booked, lasting part", "recurrent")):
            each = [sum((getattr(s, part).sum(axis=0) for s in a.costs.savings), np.zeros(1, np.int64)) for a in plans]
            rows.append([f"Savings programmes, {words}, all years", *(_cell(_millions(pence)) for pence in each)])
    return rows


def _peak(a: Account) -> str:
    assert a.both is not None  # noqa: S101 - of a plan
    return _cell(_millions(a.both.peak))


def _peak_month(a: Account) -> str:
    assert a.both is not None  # noqa: S101 - of a plan
    at = a.both.month_of_peak[a.both.month_of_peak != NEVER]
    if not len(at):
        return "never behind"
    return month(months_after(a.months[a.starts], int(np.median(at)) - 1))


def _even(a: Account) -> str:
    years = break_even_years(a)
    done = np.isfinite(years)
    if not done.any():
        return "in no future"
    said = of_futures(float(done.mean()), len(years))
    return f"in {said} futures; the middle one of these after {amount(float(np.median(years[done])), 1)} years"


def year_rows(plans: list[Account]) -> list[list[str]]:
    """Double running by year; only years with any."""
    found = [_millions(by_year(a, a.costs.of(DOUBLE_RUNNING).T)) for a in plans]
    years = years_of(plans[0])
    shown = [n for n in range(len(years)) if max(f[:, n].mean() for f in found) >= LEAST]
    return [[years[n], *(_cell(f[:, n]) for f in found)] for n in shown]


def owner_rows(
    found: Accounts, plans: list[Account], cell: Callable[[npt.NDArray[np.float64]], str] | None = None
) -> list[list[str]]:
    """By organisation: double running and stranded cost of all years, each written by `cell`."""
    cell = cell or _cell
    rows = []
    for name, organisation in found.finance.organisations.items():
        cells, any_ = [], False
        for a in plans:
            for item in (DOUBLE_RUNNING, STRANDED):
                own = [
                    c.pence for c in a.costs.lines if c.item == item and found.basis.owners.of(c.site, c.runs) == name
                ]
                total = _millions(sum(own, np.zeros_like(a.costs.lines[0].pence)).sum(axis=0))
                any_ |= bool(total.mean() >= LEAST)
                cells.append(cell(total))
        if any_:
            rows.append([organisation.title, *cells])
    return rows


def _results(usual: Account, plans: list[Account]) -> list[list[str]]:
    """The area's result by year, before PSF and interest: in the baseline year it breaks even."""
    arms = [usual, *plans]
    found = [_millions(by_year(a, system_result(a.books, PRESENTED))) for a in arms]
    years = years_of(usual)
    return [[year, *(_cell(f[:, n]) for f in found)] for n, year in enumerate(years)]


def _bias(found: Accounts, plans: list[Account]) -> str:
    """How sure the capital of the plan is; nothing where it has none."""
    if not any(a.costs.capital for a in plans):
        return ""
    rules = found.money.rules.efficiency
    most, least = (percent(f.value) for f in (rules.optimism_capital, rules.optimism_least))
    return {
        "none": "Capital is as the plan states it, without optimism bias.",
        "stated": f"Capital is {most} above what the plan states: the usual optimism bias.",
        "drawn": f"Capital is between {least} and {most} above what the plan states, drawn anew in every future.",
    }[found.money.bias.capital]


def _nothing(found: Accounts) -> list[list[str]]:
    """The do-nothing twin every five years."""
    twin = found.nothing
    rows = zip(twin.years, twin.income, twin.care, twin.other, twin.result, strict=True)
    every = [row for n, row in enumerate(rows) if n % 5 == 0 or n == len(twin.years) - 1]
    return [[str(row[0]), *(amount(float(pence) / A_MILLION, 1) for pence in row[1:])] for row in every]


def _assumed(found: Accounts) -> list[str]:
    """The figures that the amounts rest on, with their range and status."""
    money, rules = found.money, found.money.rules
    shares = dict.fromkeys(pool.terms.share for pool in found.basis.pools.values())
    named: list[tuple[str, Figure]] = [
        ("A ward of 28 beds", rules.step_costs.ward),
        ("An occupied bed-day", rules.step_costs.occupied_bed_day),
        ("Months for which a closed ward still costs", rules.step_costs.ward_notice),
        ("Part of the staff of a closed ward made redundant", rules.staffing.redundant),
        ("Life of buildings and equipment", rules.capital.opening_life),
        *(("Part of their services that pooled funds pay for", share) for share in shares),
        ("Treatment that comes with one more admission", money.hospital.treatment),
        *((f"A day of a place ({name})", s.day) for name, s in money.services.items()),
        ("Part of it that is spent on an empty place", money.services["p1"].standing if "p1" in money.services else
         next(iter(money.services.values())).standing),
        ("Real growth of income a year", money.growth),
    ]  # fmt: skip
    out = []
    for words, f in named:
        low, high = f.range
        span = "" if low == high else f", range {figure_value(f, low, words)} to {figure_value(f, high, words)}"
        out.append(f"{words}: {with_unit(figure_value(f, title=words), UNITS.get(f.unit, f.unit))} ({f.status}{span})")
    return out
