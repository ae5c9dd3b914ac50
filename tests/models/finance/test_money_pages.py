"""The pages of the money: statements that add up, who carries the risk, and pages that lead somewhere."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib import image
from matplotlib.figure import Figure

from models.arms.prepare import USUAL
from models.finance.invariants import BEFORE
from models.finance.mean_books import mean_books
from models.finance.simulated.change_table import change_table
from models.finance.simulated.costs import DOUBLE_RUNNING, STRANDED
from models.finance.simulated.forms import Agreed, carried, gains, register
from models.finance.simulated.results import by_year, money_table, years_of
from models.finance.simulated.settings import FORMS
from models.finance.statements import CONVENTION, SYSTEM, balance_sheet, cash_flow, income_and_expenditure
from models.report import money_page, style, write_money_pages
from models.report.charts_money import organisations_charts
from models.report.money_page import result_of
from models.report.tables_carried import carried_rows
from models.report.tables_control import control_section
from models.report.tables_money import summary_rows
from models.report.tables_statements import bracketed, memo_tables, statement_tables, within
from models.run.money import accounts_of
from models.run.runner import Outcome, summary
from models.settings.settings import Settings
from tests.models.report.test_report import Page

# -- who carries the risk ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", list(FORMS))
def test_what_a_form_would_have_paid_is_what_it_pays_in_books_of_that_form(outcome: Outcome, form: str):
    """To the penny, for every organisation, year and replication, before interest."""
    chosen, found = outcome.settings, outcome.money
    assert chosen.money and found
    alike = replace(chosen, money=chosen.money.model_copy(update={"form": form}))
    other = accounts_of(alike, outcome.observed, outcome.schedules)
    assert other
    account = found.arms["3y"]
    told = gains(register(account.books, years_of(account)), FORMS[form], found.finance, found.money.rules)
    assert not sum(told.values(), np.zeros(1, np.int64)).any()
    for who in found.finance.organisations:
        one, two = (by_year(a, result_of(a.books, who, BEFORE)) for a in (account, other.arms["3y"]))
        assert (two - one == told.get(who, 0)).all(), who


#: pounds paid for 110 done against a plan of 100, and for 90: the published worked cases of seven contracts
WORKED = {"pbr": (110, 90), "mret": (107, 90), "blended": (102, 98), "block": (100, 100), "cap_collar": (105, 95)}


@pytest.mark.parametrize("form", list(WORKED))
def test_work_above_and_below_plan_is_carried_by_payer_or_payee(chosen: Settings, form: str):
    assert chosen.finance and chosen.money
    agreed = [Agreed("a", "b", "x", *(np.array([[n]]) for n in (100_00, done, 100_00))) for done in (110_00, 90_00)]
    one = carried(agreed, FORMS[form], chosen.finance, chosen.money.rules)
    above, below = WORKED[form]
    assert (one.above, one.below) == (10_00, 10_00)
    assert (one.paid_above, one.kept_below) == ((above - 100) * 100, (below - 90) * 100)
    as_agreed = carried(agreed, None, chosen.finance, chosen.money.rules)
    assert (as_agreed.paid_above, as_agreed.kept_below) == (0, 10_00)  # both were paid their plan


# -- statements of the mean ----------------------------------------------------------------------------------------


def test_statements_of_the_mean_are_the_mean_of_statements_and_add_up(outcome: Outcome):
    assert outcome.money
    books = outcome.money.arms["5y"].books
    mean = mean_books(books)
    for make in (income_and_expenditure, cash_flow, balance_sheet):
        for who in (SYSTEM, "royal_devon_exeter", "new_devon"):
            every = [make(books, who, place=n).table for n in range(len(books.numbers))]
            wanted = sum(every[1:], every[0]) / len(every)
            got = make(mean, who).table
            shared = [line for line in wanted.index if line in got.index]
            assert (
                np.abs(got.loc[shared] - wanted.loc[shared]).to_numpy().max() < 100_00
            )  # half a penny a month and line
    flows = income_and_expenditure(mean, "livewell").table
    assert (flows.iloc[:-1].sum(axis=0) == flows.iloc[-1]).all()


def test_the_result_is_split_at_the_sustainability_fund(outcome: Outcome):
    assert outcome.money
    books = mean_books(outcome.money.arms["5y"].books)
    table = statement_tables(books, "livewell")[0]
    assert table.heads[-3:] == ["Result before PSF", "PSF, net", "Result after PSF"]
    result = income_and_expenditure(books, "livewell").table.iloc[-1]
    assert [row[-1] for row in table.rows] == [bracketed(pence / 1e8) for pence in result]
    lines = pd.DataFrame({"2018/19": [50, 5, -52, -2, 1]}, dtype="int64") * 10**8
    lines.index = [
        "Income: patient_care",
        "Income: psf",
        "Expenditure: staff",
        "Expenditure: psf",
        "Surplus or (deficit)",
    ]
    from models.report.tables_statements import _before_and_after

    split = _before_and_after(lines)["2018/19"] / 10**8
    assert split.to_dict() == {
        "Income: patient_care": 50,
        "Expenditure: staff": -52,
        "Result before PSF": -2,
        "PSF, net": 3,
        "Result after PSF": 1,
    }


def test_numbers_are_written_as_in_published_accounts():
    assert [bracketed(x) for x in (1234.56, -1.04, -0.04, 0.0)] == ["1,234.6", "(1.0)", "0.0", "0.0"]
    assert within([1.0, 1.0]) == "1.0" and within([-1.0, 1.0]) == "0.0 [(1.0) to 1.0]"


def test_memoranda_appear_whatever_they_are_called():
    rows = [
        ("2018/19", "memo: control total", -2e6),
        ("2019/20", "memo: control total", 3e6),
        ("2018/19", "memo: x", 1e6),
        ("2019/20", "memo: control total missed, per cent of futures", 12.5),
        ("2019/20", "memo: dashboard ratio, per cent", -0.4),
    ]
    (table,) = memo_tables(pd.DataFrame(rows, columns=["year", "line", "mean"]))
    per_cent = ["Control total missed, per cent of futures", "Dashboard ratio, per cent"]
    assert table.heads == ["April to March", "Control total", "X", *per_cent]
    assert table.rows == [["2018/19", "(2.0)", "1.0", "0.0", "0.0"], ["2019/20", "3.0", "0.0", "12.5", "(0.4)"]]
    assert memo_tables(pd.DataFrame(columns=["year", "line", "mean"])) == []


SIZES = [(1, 1, 1), (13, 3, 1), (13, 5, 2), (40, 3, 4), (40, 5, 5)]


@pytest.mark.parametrize(("organisations", "arms", "charts"), SIZES)
def test_charts_of_organisations_fit_a_printed_page_and_leave_nobody_out(organisations, arms, charts, monkeypatch):
    """A4 on its side with margins of 14 mm is 182 mm tall; charts are printed 180 mm wide; the caption takes 14 mm."""
    drawn: list[Figure] = []
    monkeypatch.setattr(style, "save", lambda fig, *_: drawn.append(fig) or "")
    results = {
        f"organisation {n}": {f"arm {k}": np.array([n - 3.0, n + 0.5 * k]) for k in range(arms)}
        for n in range(organisations)
    }
    found = list(organisations_charts("chart", "Results", results, Path()))
    assert len({name for name, _, _ in found}) == len(found) == len(drawn) == charts
    assert all(180 * fig.get_figheight() / fig.get_figwidth() <= 182 - 14 for fig in drawn)
    labels = [label.get_text() for fig in drawn for label in fig.axes[0].get_yticklabels()]
    assert labels == list(results)
    assert len({fig.axes[0].get_xlim() for fig in drawn}) == 1
    assert drawn[0].axes[0].get_xlim()[1] > organisations - 1 + 0.5 * (arms - 1)


# -- pages ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")  # drawn: charts are left out of functions of this file, see conftest.py
def folder(outcome: Outcome, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("money")
    charts, pages = write_money_pages(out, outcome)
    assert pages == ["money.html", "money_business_as_usual.html", "money_3y.html", "money_5y.html"]
    assert charts == ["chart_money_bridge_3y.png", "chart_money_bridge_5y.png", "chart_money_organisations.png"]
    return out


def test_pages_are_well_formed_load_nothing_and_lead_somewhere(folder: Path):
    names = {path.name for path in folder.glob("*.html")} | {"report.html"}
    for path in folder.glob("*.html"):
        page = Page(path.read_text("utf-8"))
        assert page.faults == [] and len(page.ids) == len(set(page.ids))
        assert not {"script", "link", "img", "iframe"} & set(page.tags)
        assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)
        assert {link for link in page.links if not link.startswith("#")} <= names


def test_every_organisation_has_its_statements_each_with_its_convention(outcome: Outcome, folder: Path):
    assert outcome.money
    organisations = outcome.money.finance.organisations
    text = (folder / "money_5y.html").read_text("utf-8")
    used = {name for name in outcome.money.finance.funds if name in Page(text).ids}
    assert used == {"better_care_devon", "better_care_plymouth", "better_care_torbay"}
    assert {*organisations, SYSTEM} <= set(Page(text).ids)
    for words in CONVENTION.values():
        assert text.replace("&#39;", "'").count(words) == len(organisations) + len(used) + 1
    assert text.count("made-up opening accounts") == len(organisations) + 1 and "synthetic" not in text
    assert "Opening accounts are made up" in text and "Double running" in text


def test_the_overview_holds_the_area_and_the_three_twins_and_closes_to_nought(outcome: Outcome, folder: Path):
    text = " ".join(Page((folder / "money.html").read_text("utf-8")).text.split())
    for words in ("Do nothing, demand met", "business as usual: before PSF", "5-year plan: after PSF", "left out"):
        assert words in text
    zeros = "0.0" * len(FORMS)
    assert text.count(f"The whole area{zeros}") == 3  # one an arm: what a payee gains its payer loses
    assert outcome.money
    year = by_year(outcome.money.arms[USUAL], result_of(outcome.money.arms[USUAL].books, SYSTEM))[:, 0].mean() / 1e8
    nought = r"0\.0 \[\(0\.\d\) to 0\.\d\]"  # in the baseline year everybody breaks even before PSF
    assert re.search(rf"2018/190\.0{nought}{re.escape(bracketed(year))}", text)


def test_the_same_outcome_gives_the_same_pages(outcome: Outcome, tmp_path: Path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write_money_pages(tmp_path / name, outcome)
    for path in (tmp_path / "one").iterdir():
        assert (tmp_path / "two" / path.name).read_bytes() == path.read_bytes(), path.name


def test_charts_are_pictures(folder: Path):
    for path in folder.glob("*.png"):
        assert min(image.imread(path).shape[:2]) > 300


def test_who_is_paid_by_nobody_and_whose_reserves_run_out_stands_on_every_page(
    outcome: Outcome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(type(outcome.money), "unpaid", property(lambda _: ["X is paid by nobody."]))
    assert outcome.money and not any("section 114" in line for line in summary(outcome))
    plan = outcome.money.arms["3y"]
    dearer = [replace(e, floor=40 * 10**8) if e.name == "devon_council" else e for e in plan.books.entities]
    arms = dict(outcome.money.arms) | {"3y": replace(plan, books=replace(plan.books, entities=tuple(dearer)))}
    short = replace(outcome, money=replace(outcome.money, arms=arms))
    every = f"in {len(plan.books.numbers)} of {len(plan.books.numbers)} simulated futures, first in 2018/19"
    told = f"adult social care, 3-year plan: reserves are below their minimum of £40.0 million at a year’s end {every}"
    for name in write_money_pages(tmp_path, short)[1]:
        text = (tmp_path / name).read_text("utf-8")
        assert "X is paid by nobody." in text and told in text and "section 114 notice" in text
    assert [line for line in summary(short) if told in line] and "section 114" in "".join(summary(short))


def test_what_is_carried_forward_is_the_sum_of_all_results(outcome: Outcome):
    """To the penny: a commissioner's cumulative position, and by how much a council's reserves have changed."""
    assert outcome.money
    table = money_table(outcome.money).to_pandas().set_index(["arm", "organisation", "line", "year"])["mean"]
    rows = {row[0]: row for row in carried_rows(outcome.money, lambda millions: repr(millions.tolist()))}
    for n, (arm, account) in enumerate(outcome.money.arms.items()):
        books, years = account.books, years_of(account)
        last = len(books.months) // 12 - 1
        for e in (e for e in books.entities if e.kind in ("commissioner", "council")):
            total = np.cumsum(by_year(account, result_of(books, e.name)), axis=1)
            council = e.kind == "council"
            if council:
                cash = books.opening[books.keys.index[e.name, "cash", "", ""]]
                total = total + cash
            line = "memo: reserves left" if council else "memo: cumulative surplus or deficit carried forward"
            for year, pence in zip(years, total.T, strict=True):
                assert table[arm, e.name, line, year] == pytest.approx(pence.mean() / 100, rel=1e-12, abs=1e-6)
            assert rows[e.title][2 + n] == repr((total[:, last] / 1e8).tolist())
            assert not [k for k in books.keys.listed if k[0] == e.name and k[3] == "interest"]


def test_without_money_there_are_no_pages(outcome: Outcome, tmp_path: Path):
    assert write_money_pages(tmp_path, replace(outcome, money=None)) == ([], [])
    assert list(tmp_path.iterdir()) == []
    assert money_page.PAGE == "money.html"


def test_what_the_change_costs_can_be_worked_out_from_its_file(outcome: Outcome):
    """Double running, stranded cost, the most that a plan is behind, and when, by replication and to the penny."""
    found = outcome.money
    assert found
    assert change_table(found, USUAL).num_rows == 0
    account = found.arms["3y"]
    assert account.both
    rows = change_table(found, "3y").to_pandas()
    rows["month"] = pd.to_datetime(rows["month"])
    for item in (DOUBLE_RUNNING, STRANDED):
        own = rows[rows["item"] == item].groupby("replication")["pence"].sum()
        assert own.tolist() == account.costs.of(item).sum(axis=0).tolist()
        by_owner = rows[rows["item"] == item].groupby("organisation", observed=True)["pence"].sum()
        assert by_owner.sum() == own.sum()
    added = rows[~rows["item"].isin([STRANDED, "cost ended"])]
    ended = rows[rows["item"] == "cost ended"]
    months = pd.to_datetime(account.months[account.starts :])
    for r, (peak, at) in enumerate(zip(account.both.peak, account.both.month_of_peak, strict=True)):
        one, other = (t[t["replication"] == r].groupby("month")["pence"].sum() for t in (added, ended))
        behind = (one.reindex(months, fill_value=0) - other.reindex(months, fill_value=0)).cumsum()
        assert behind.max() == peak
        assert behind.index.get_loc(behind.idxmax()) == at - 1


def test_a_trust_that_meets_its_control_total_may_lose_money_and_the_page_says_why(outcome: Outcome):
    assert outcome.money
    section = control_section(outcome.money)
    assert section
    assert section["lost"] and section["tested"].startswith("That is asked every quarter, of the year so far. 30")
    money = outcome.money.money
    earlier = money.model_copy(update={"control": money.control.model_copy(update={"terms": "2016/17"})})
    told = control_section(replace(outcome.money, money=earlier))
    assert told and "12" in told["tested"].split("%")[0]


def test_what_closed_at_average_cost_is_saved_or_stranded(outcome: Outcome):
    assert outcome.money
    plans = list(outcome.money.arms.values())[1:]
    rows = {row[0]: row[1:] for row in summary_rows(plans)}
    average = next(cells for words, cells in rows.items() if "saved and stranded together" in words)
    for account, cell in zip(plans, average, strict=True):
        both = account.costs.ended.sum(axis=0).mean() + account.costs.of(STRANDED).sum(axis=0).mean()
        assert cell.split(" ")[0] == f"{both / 1e8:,.1f}"
