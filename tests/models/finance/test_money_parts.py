"""The parts of K7: each with its value, and none of them decides."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from models.arms.prepare import USUAL
from models.finance.simulated.accounts import Accounts
from models.finance.simulated.standing import standing
from models.report.tables_control import control_section, part_rows
from models.run.money import accounts_of
from models.run.runner import Outcome
from models.run.write import verdict_document
from models.transition.funding import Fund, Prices
from models.verdict.criteria_money import area_income, money_criterion
from models.verdict.criteria_money_parts import area_support, control_total_held, money_parts
from models.verdict.verdict import judge

NAMES = ["The area's result less its control totals", "Double running in its worst year", "Cash support", "Payback"]


def _parts(outcome: Outcome, money: Accounts | None = None, fund: Fund | None = None) -> dict[str, dict[str, Any]]:
    schedule = replace(outcome.schedules["3y"], fund=fund)
    money = money or outcome.money
    assert money
    return {part["name"]: part for part in money_parts(money, "3y", schedule, outcome.window)}


def _again(outcome: Outcome, **changes: Any) -> Accounts:
    chosen = outcome.settings
    assert chosen.money
    money = chosen.money.model_copy(update=changes)
    found = accounts_of(replace(chosen, money=money), outcome.observed, outcome.schedules)
    assert found
    return found


def test_the_control_total_holds_when_it_is_met_at_the_end_and_never_missed_by_more_before():
    variance = np.array([[-9, -1, 0], [-9, -2, 5], [-9, 3, -1], [9, 9, 0]])
    held = control_total_held(variance, 1, 2, np.array([0, 1, 1]))  # the first year lies before the plan
    assert held.tolist() == [True, False, False, True]


def test_every_part_is_reported_and_k7_is_as_it_was(outcome: Outcome):
    document = verdict_document(outcome)
    row = next(c for c in document["criteria"] if c["id"] == "K7")
    assert not row["assessed"] and not row["decides"]
    assert [part["name"] for part in row["parts"]] == NAMES
    assert {part["status"] for part in row["parts"]} == {"reported"}
    args = outcome.observed["3y"], outcome.observed[USUAL], outcome.schedules["3y"], outcome.settings.criteria
    assert outcome.money
    told = money_criterion(outcome.money, "3y", outcome.window)
    without, _ = judge(*args, outcome.window, outcome.baseline.reasons, told)
    told_with = replace(outcome.verdicts["3y"], criteria=[])
    assert replace(without, criteria=[]) == told_with  # the parts decide nothing
    assert "parts" not in next(c for c in without.criteria if c["id"] == "K7")


def test_double_running_is_held_against_the_money_that_is_set_aside_for_a_year(outcome: Outcome):
    plain = _parts(outcome)[NAMES[1]]
    assert plain["limit"] is None and plain["within"] is None
    prices = Prices({}, 0.0, 28.0, 0.0)
    for pounds, within in ((1e6 * plain["value"] / 2, 0.0), (1e6 * plain["value"] * 2, 1.0)):
        held = _parts(outcome, fund=Fund(pounds, 1.0, 0.0, 0.0, prices))[NAMES[1]]
        assert held["limit"] == pounds / 1e6 and held["within"] == within and held["value"] == plain["value"]


def test_cash_support_is_what_the_books_show(outcome: Outcome):
    assert outcome.money
    books = outcome.money.arms["3y"].books
    owed, inside = np.zeros(books.movement.shape[1:], np.int64), outcome.money.finance.organisations
    for n in books.keys.where("loan", "cash_drawn"):
        if books.keys.listed[n][0] in inside:
            owed += books.opening[n] - books.closing[n]
    assert (area_support(books) == owed).all() and owed.any()
    part = _parts(outcome)[NAMES[2]]
    most = owed[:, outcome.money.arms["3y"].starts :].max(axis=1).mean() / 1e8
    assert part["value"] == pytest.approx(most, rel=1e-12)
    income = area_income(outcome.money.arms[USUAL])[0]
    assert part["limit"] == 0.02 * float(income) / 1e8
    limits = outcome.money.money.limits
    none = limits.model_copy(update={"cash_support": limits.cash_support.model_copy(update={"value": 0.0})})
    strict = _parts(outcome, _again(outcome, limits=none))[NAMES[2]]
    assert strict["within"] == strict["usual_within"] == 0.0
    usual = outcome.money.arms[USUAL]
    before = area_support(usual.books)[:, usual.starts :].max(axis=1) / 1e8
    assert part["usual_within"] == (before <= part["limit"]).mean()


def test_the_areas_income_does_not_hang_on_the_fund(outcome: Outcome):
    assert outcome.money
    control = outcome.money.money.control
    off = _again(outcome, control=control.model_copy(update={"enabled": False}))
    for name, account in outcome.money.arms.items():
        assert (area_income(account) == area_income(off.arms[name])).all()
    assert list(_parts(outcome, off)) == NAMES[1:]  # nobody has a control total
    assert control_section(off) is None


def test_the_control_total_of_the_plans_last_year(outcome: Outcome):
    assert outcome.money
    part = _parts(outcome)[NAMES[0]]
    account = outcome.money.arms["3y"]
    assert account.position
    end = outcome.schedules["3y"].end
    year = (end.year - 2018) - (end.month < 4 or (end.month, end.day) == (4, 1))
    assert part["year"].startswith(f"{2018 + year}/")
    found, totals = outcome.money.finance.organisations, account.position.totals.names
    left = [o.title for name, o in found.items() if name not in totals]
    assert left and part["note"].endswith(f"; without a control total, so not in it: {'; '.join(left)}")
    variance = standing(account.position, account.books).variance.sum(axis=1)[:, year]
    assert part["value"] == pytest.approx(variance.mean() / 1e8, rel=1e-12)
    usual = outcome.money.arms[USUAL]
    assert usual.position
    every = [standing(a.position, a.books).variance.sum(axis=1) for a in (account, usual) if a.position]
    first, allowed = account.starts // 12, np.rint(outcome.money.money.allowance.value * area_income(usual))
    held = [(v[:, year] >= 0) & (v[:, first:year] >= -allowed[first:year]).all(axis=1) for v in every]
    assert [part["within"], part["usual_within"]] == [one.mean() for one in held]


def test_the_page_tells_parts_and_who_misses(outcome: Outcome):
    assert outcome.money
    rows = part_rows(outcome.verdicts.values())
    assert len(rows) == 4 and all(len(row) == 3 for row in rows)
    assert rows[1][1].endswith("no limit set")
    assert rows[0][1].count(" of 3") == rows[2][1].count(" of 3") == 2 and rows[3][1].count(" of 3") == 1
    found = control_section(outcome.money)
    assert found
    assert found["missed"][-1][0] == "The area as a whole"
    position = outcome.money.arms["3y"].position
    assert position
    lost = (position.due.sum() * len(position.paid) - position.paid.sum()) / len(position.paid) / 1e8
    assert found["lost"][-1][2] == f"{lost:,.1f} (0.0)"
