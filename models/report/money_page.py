"""The pages of the money: an overview of the area, and every statement of every organisation for each arm."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from markupsafe import Markup

from models.command_line.doctor import versions
from models.finance.books import Books
from models.finance.invariants import BEFORE, system_result
from models.finance.mean_books import mean_books
from models.finance.rules.amounts import MONTHS
from models.finance.simulated.accounts import Account, Accounts
from models.finance.simulated.carried import LAW
from models.finance.simulated.forms import carried, gains, register
from models.finance.simulated.results import by_year, money_table, years_of
from models.finance.simulated.settings import FORMS
from models.finance.statements import CONVENTION, SYSTEM
from models.measures.tails import that_holds
from models.report import charts_money, series, style
from models.report.page import environment
from models.report.pictures import Chart
from models.report.tables_carried import carried_rows
from models.report.tables_money import owner_rows
from models.report.tables_statements import A_MILLION, bracketed, memo_cell, memo_tables, statement_tables, within
from models.report.words import amount

if TYPE_CHECKING:
    from models.run.runner import Outcome

__all__ = ["PAGE", "result_of", "write_money_pages"]

PAGE = "money.html"
AREA = "The whole area"
Floats = npt.NDArray[np.float64]


def write_money_pages(folder: Path, outcome: Outcome) -> tuple[list[str], list[str]]:
    """Write ``money.html``, a page of statements for each arm, and the charts; nothing where money is left out.

    Returns
    -------
    charts, pages : list of str
        Names of the PNG files and of the pages.
    """
    found = outcome.money
    if found is None:
        return [], []
    names = dict(zip(found.arms, (name for name, _ in series.arms(outcome)), strict=True))
    files = {arm: f"money_{arm.replace(' ', '_')}.html" for arm in found.arms}
    env = environment()
    shared: dict[str, Any] = {
        "title": found.finance.title,
        "plan": outcome.settings.plan,
        "scenario_hash": outcome.settings.scenario_hash,
        "seed": outcome.settings.seed,
        "replications": len(next(iter(found.arms.values())).books.numbers),
        "versions": versions(),
        "synthetic": _titles(found, found.finance.synthetic),
        "unpaid": found.unpaid,
        "reserves": found.beyond_reserves(names),
        "law": LAW,
        "reasons": outcome.baseline.reasons,
        "links": [(names[arm], file) for arm, file in files.items()],
    }
    charts = _draw(folder, found, names)
    drawn = {c.name: {"title": c.title, "svg": Markup(c.svg), "caption": c.caption} for c in charts}
    memos = _memos(found)
    pages = {PAGE: env.get_template("money.html.j2").render(**shared, **_overview(found, names, memos), charts=drawn)}
    for arm, file in files.items():
        own = memos.loc[memos["arm"] == arm]
        about = {"arm": names[arm], "entities": _statements(found, found.arms[arm].books, own), "charts": {}}
        pages[file] = env.get_template("money_arm.html.j2").render(**shared, **about)
    for file, text in pages.items():
        (folder / file).write_text(text, encoding="utf-8", newline="\n")
    return [f"{chart.name}.png" for chart in charts], list(pages)


def _titles(found: Accounts, names: list[str]) -> list[str]:
    return [found.finance.organisations[name].title for name in names]


def _memos(found: Accounts) -> pd.DataFrame:
    """Memoranda of the table of money, whatever lines it has."""
    table = money_table(found).to_pandas()
    table = table.loc[table["line"].astype(str).str.startswith("memo:")]
    return table.astype({name: object for name in ("arm", "year", "organisation", "line")})


def _statements(found: Accounts, books: Books, memos: pd.DataFrame) -> list[dict[str, Any]]:
    """Every statement of the area, its organisations and those of its funds that were used."""
    mean = mean_books(books)
    used = {mean.keys.listed[n][0] for n in np.flatnonzero(mean.movement.any(axis=(1, 2)))}
    kept = [e for e in books.entities if not e.external and (e.name in found.finance.organisations or e.name in used)]
    rows = [(SYSTEM, AREA, "payments between its members taken out", bool(found.finance.synthetic))]
    rows += [(e.name, e.title, e.kind, e.opening == "synthetic") for e in kept]
    return [
        {
            "name": name,
            "title": title,
            "kind": kind,
            "synthetic": made_up,
            "tables": [*statement_tables(mean, name), *memo_tables(memos.loc[memos["organisation"] == name])],
        }
        for name, title, kind, made_up in rows
    ]


# -- overview ------------------------------------------------------------------------------------------------------


def whole_years(account: Account) -> int:
    """How many financial years the books hold whole."""
    return len(account.months) // MONTHS


def result_of(books: Books, entity: str, without: tuple[str, ...] = ()) -> npt.NDArray[np.int64]:
    """Surplus (positive) by replication and month (R, M), before some purposes."""
    if entity == SYSTEM:
        return system_result(books, without)
    at = books.keys.where("income", "expenditure", entity=entity)
    return -books.total(books.movement, [n for n in at if books.keys.listed[n][3] not in without])


def _yearly(account: Account, entity: str, without: tuple[str, ...] = ()) -> Floats:
    """Mean result a year over whole years (R,), million pounds."""
    years = by_year(account, result_of(account.books, entity, without))[:, : whole_years(account)]
    return years.mean(axis=1) / A_MILLION


def _overview(found: Accounts, names: Mapping[str, str], memos: pd.DataFrame) -> dict[str, Any]:
    usual, *plans = found.arms.values()
    years = years_of(usual)[: whole_years(usual)]
    everyone = {SYSTEM: AREA} | {name: o.title for name, o in found.finance.organisations.items()}
    heads = [f"{names[arm]}: {what}" for arm in found.arms for what in ("before PSF", "after PSF")]
    return {
        "span": f"{years[0]} to {years[-1]}",
        "convention": CONVENTION["income and expenditure"],
        "arms": list(names.values()),
        "result_heads": heads,
        "results": [
            [title, *(within(_yearly(a, who, psf)) for a in found.arms.values() for psf in (("psf",), ()))]
            for who, title in everyone.items()
        ],
        "system": _system_rows(found),
        "carried": carried_rows(found, within) if years else [],
        "carried_at": years[-1] if years else "",
        "owners": owner_rows(found, plans, within),
        "owner_heads": [
            f"{names[arm]}: {what}" for arm in list(found.arms)[1:] for what in ("double running", "stranded")
        ],
        "unfunded": not any(_funded(a.books) for a in found.arms.values()),
        "form": found.money.form,
        "forms": list(FORMS.values()),
        "risk": [_risk(found, arm, names[arm]) for arm in found.arms],
        "memos": _memo_rows(found, memos, years),
    }


def _funded(books: Books) -> bool:
    """Whether any sustainability fund is paid."""
    return any(key[3] == "psf" for key in books.keys.listed)


def _system_rows(found: Accounts) -> list[list[str]]:
    """The area by year: do nothing, and each arm before and after PSF."""
    usual = next(iter(found.arms.values()))
    twin = dict(zip(found.nothing.years, found.nothing.result, strict=True))
    arms = [
        by_year(a, result_of(a.books, SYSTEM, without)) / A_MILLION
        for a in found.arms.values()
        for without in (("psf",), ())
    ]
    return [
        [year, bracketed(twin[year] / A_MILLION), *(within(values[:, n]) for values in arms)]
        for n, year in enumerate(years_of(usual)[: whole_years(usual)])
    ]


def _risk(found: Accounts, arm: str, name: str) -> dict[str, Any]:
    """What each form would have paid for the work of one arm: by form, and by organisation."""
    account, finance, rules = found.arms[arm], found.finance, found.money.rules
    years = whole_years(account)
    agreed = register(account.books, years_of(account))
    if not agreed:
        return {"name": name, "carried": [], "gains": []}

    def a_year(pence: npt.NDArray[np.int64]) -> str:
        return bracketed(float(pence[:, :years].mean()) / A_MILLION)

    carries = []
    for form in (None, *FORMS.values()):
        one = carried(agreed, form, finance, rules)
        cells = (one.above, one.paid_above, one.above - one.paid_above)
        cells += (one.below, one.kept_below, one.below - one.kept_below)
        carries.append([form or "as agreed", *map(a_year, cells)])
    by_form = [gains(agreed, form, finance, rules) for form in FORMS.values()]
    told = {who: [a_year(of[who]) for of in by_form] for who in finance.organisations if who in by_form[0]}
    nought = bracketed(0)
    rows = [[finance.organisations[who].title, *cells] for who, cells in told.items() if set(cells) != {nought}]
    together = [a_year(sum(of.values(), np.zeros_like(agreed[0].plan))) for of in by_form]
    return {"name": name, "carried": carries, "gains": [*rows, [AREA, *together]]}


def _memo_rows(found: Accounts, memos: pd.DataFrame, years: list[str]) -> list[list[str]]:
    """Memoranda of the area, a year on average over whole years, by line and arm."""
    table = memos.loc[(memos["organisation"] == SYSTEM) & memos["year"].isin(years)]
    rows = []
    for line in dict.fromkeys(table["line"]):
        own = table.loc[table["line"] == line]
        means = [float(own.loc[own["arm"] == arm, "mean"].sum()) / len(years) for arm in found.arms]
        words = str(line).removeprefix("memo: ")
        rows.append([words[:1].upper() + words[1:], *(memo_cell(str(line), mean) for mean in means)])
    return rows


# -- charts --------------------------------------------------------------------------------------------------------


def _draw(folder: Path, found: Accounts, names: Mapping[str, str]) -> list[Chart]:
    usual, *plans = found.arms
    out = []
    with style.styled():
        for plan in plans:
            out.append(_bridge(folder, found, usual, plan, names[plan]))
        futures = len(found.arms[usual].books.numbers)
        results = {
            o.title: {names[arm]: _yearly(a, who) for arm, a in found.arms.items()}
            for who, o in found.finance.organisations.items()
        }
        title = "Result of each organisation, a year on average, after PSF, interest and dividend"
        caption = (
            f"A mark is the mean over simulated futures, the line the range {that_holds(futures)}. Who pays whom "
            "inside the area moves these results and not the area's."
        )
        drawn = charts_money.organisations_charts("chart_money_organisations", title, results, folder)
        out += [Chart(name, words, svg, caption) for name, words, svg in drawn]
    return out


def _bridge(folder: Path, found: Accounts, usual: str, plan: str, name: str) -> Chart:
    """From business as usual to a plan in the last whole year, by what changes."""
    last = whole_years(found.arms[usual]) - 1
    one, other = (_system_lines(found.arms[arm], last) for arm in (usual, plan))
    parts = [(words, other.get(words, 0.0) - one.get(words, 0.0)) for words in dict.fromkeys([*one, *other])]
    large = sorted((p for p in parts if abs(p[1]) >= 0.05), key=lambda p: -abs(p[1]))  # noqa: PLR2004 - a digit shown
    rest = sum(change for _, change in parts) - sum(change for _, change in large)
    if abs(rest) >= 0.05:  # noqa: PLR2004
        large.append(("Everything else", rest))
    before, after = sum(one.values()), sum(other.values())
    year = years_of(found.arms[usual])[last]
    better = "better" if after >= before else "worse"
    by = f"£{amount(abs(after - before), 1)} million {better}"
    title = f"The area in {year}: {by} under the {name} than in business as usual"
    key = f"chart_money_bridge_{plan}"
    svg = charts_money.bridge_chart(key, title, before, large, after, folder)
    caption = (
        "Means over simulated futures, before PSF, interest and dividend; payments between members of the area are "
        "taken out. Lines that change by less than £50,000 are left out or put together."
    )
    return Chart(key, title, svg, caption)


def _system_lines(account: Account, year: int) -> dict[str, float]:
    """Mean income and expenditure of the area from and to outside in a year, by purpose, before financing."""
    books, out = account.books, dict[str, float]()
    inside = {e.name for e in books.entities if not e.external}
    for n in books.keys.where("income", "expenditure"):
        entity, account_name, other, purpose = books.keys.listed[n]
        if entity in inside and other not in inside and purpose not in BEFORE:
            words = f"{account_name.capitalize()}: {purpose.replace('_', ' ')}"
            pence = by_year(account, -books.movement[n])[:, year].mean()
            out[words] = out.get(words, 0.0) + float(pence) / A_MILLION
    return out
