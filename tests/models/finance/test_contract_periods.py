"""Contracts in a run hold from their start to their end, with their own collar and cap; sums are worked by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from models.finance.books import Books, month_starts, year_of
from models.finance.invariants import same_system_pound
from models.finance.ledger import Book
from models.finance.organisations import Contract, System, read_system
from models.finance.simulated.basis import paid_contracts
from models.finance.simulated.periods import gap_words, gaps, shared
from models.finance.simulated.posting import _contract, _Years
from models.finance.simulated.results import money_table
from models.finance.simulated.settings import Money
from models.run.money import accounts_of
from models.run.runner import Outcome, summary
from models.settings.settings import Settings
from tests.models.finance.random_system import pounds, system_of

PAYER, PAYEE = "org_0", "org_1"
BASE = 1_200_000_00  #: pence a year that the work of the baseline year is worth


def _agreed(form: str, plan: float = 1_200_000, **more: Any) -> dict[str, Any]:
    return {"payer": PAYER, "payee": PAYEE, "form": form, "plan": pounds(plan, "GBP per year")} | more


def _share(value: float) -> dict[str, Any]:
    return pounds(value, "share")


THREE = {
    "first": _agreed("block", end="2019-03-31"),
    "second": _agreed(
        "cap and collar", start="2019-04-01", end="2020-06-30", collar=_share(0.95), cap=_share(1.1), settle_months=1
    ),
    "third": _agreed("guaranteed income", 1_320_000, start="2020-07-01"),
}
#: pounds a month that is done: above plan, above the cap, below the collar, and then anything
DONE = [110_000] * 12 + [120_000] * 12 + [90_000] * 3 + [130_000] * 9


def _system(contracts: dict[str, Any]) -> System:
    return read_system(system_of(3, cash=500_000_000) | {"contracts": contracts})


def _books(finance: System, money: Money, done: list[int]) -> Books:
    """Books in which nothing but the contracts is paid; the trust's work is given in pounds a month."""
    book = Book(finance, len(done))
    months = month_starts(finance.start, len(done))
    years, worth = _Years.read([year_of(month) for month in months]), np.array(done)[:, None] * 100
    for paid in paid_contracts(finance, {}, money):
        _contract(book, paid, years, worth if paid.driver == PAYEE else None, BASE, money)
    return book.close()


def _paid(books: Books, payer: str = PAYER) -> list[float]:
    """Pounds a month that the trust has earned from a buyer."""
    at = books.keys.where("income", entity=PAYEE)
    at = at[[books.keys.listed[n][2] == payer for n in at]]
    return (-books.movement[at, 0].sum(axis=0) / 100).tolist()


@pytest.fixture(scope="module")
def money(chosen: Settings) -> Money:
    assert chosen.money
    return chosen.money


def test_a_pair_goes_from_a_block_to_a_cap_and_collar_and_on_to_a_guaranteed_income(money: Money):
    books = _books(_system(THREE), money, DONE)
    # a block is a twelfth of the plan; 120 is above 110 % of 100; 90 is below 95 % of it; then 1,320 / 12
    assert _paid(books) == [100_000] * 12 + [110_000] * 12 + [95_000] * 3 + [110_000] * 9
    told = books.contracts.set_index("rule")
    assert sorted(told.index) == ["first", "second", "second", "third"]
    assert list(told.loc["second", "year"]) == ["2019/20", "2020/21"]
    assert list(told.loc["second", "plan_pence"]) == [1_200_000_00, 300_000_00]
    assert list(told.loc["second", "actual_pence"]) == [1_440_000_00, 270_000_00]
    assert list(told.loc["second", "paid_pence"]) == [1_320_000_00, 285_000_00]
    assert set(told.loc["second", "bands"]) == {"..-1/20 at 0; -1/20..1/10 at 1; 1/10.. at 0"}
    assert told.loc["third", "plan_pence"] == told.loc["third", "paid_pence"] == 990_000_00


def test_the_other_reading_pays_outside_its_bounds_at_the_marginal_rate(money: Money):
    tolerance = THREE | {"second": THREE["second"] | {"form": "tolerance and marginal rate"}}
    half = [100_000] * 12 + [105_000] * 12 + [97_500] * 3 + [110_000] * 9  # half of 10 above the cap, of 5 below
    assert _paid(_books(_system(tolerance), money, DONE)) == half
    # the same by the run's own form, which keeps a contract's bounds: 2 % for the first and the third, which have none
    all_alike = _paid(_books(_system(THREE), money.model_copy(update={"form": "tolerance"}), DONE))
    assert all_alike[:27] == [104_000] * 12 + half[12:27]  # 100 + (110 - 102) / 2
    assert all_alike[27:] == [(110_000 + (130_000 - 100_000 - 2_200) / 2)] * 9
    hard = _paid(_books(_system(tolerance), money.model_copy(update={"form": "cap_collar"}), DONE))
    assert hard[12:27] == [110_000] * 12 + [95_000] * 3


@pytest.mark.parametrize("form", ["block", "guaranteed", "pbr"])
def test_one_form_for_all_keeps_the_periods(money: Money, form: str):
    paid = _paid(_books(_system(THREE), money.model_copy(update={"form": form}), DONE))
    plans = [100_000] * 27 + [110_000] * 9
    extra = [month - 100_000 for month in DONE] if form == "pbr" else [0] * 36
    assert paid == [plan + more for plan, more in zip(plans, extra, strict=True)]


def test_part_of_a_year_is_its_months_of_the_plan_to_the_penny(money: Money):
    late = _agreed("block", 1000.01, start="2018-07-01")
    books = _books(_system({"late": late}), money, [100_000] * 15)
    # 100,001 pence are five months of 8,334 and seven of 8,333; April to June are not paid
    assert _paid(books) == [0] * 3 + [83.34] * 2 + [83.33] * 7 + [83.34] * 3
    assert list(books.contracts["paid_pence"]) == [2 * 8_334 + 7 * 8_333, 3 * 8_334]


def test_a_contract_grows_from_its_own_first_year(money: Money):
    grown = money.model_copy(
        update={"growth": money.growth.model_copy(update={"value": 0.1, "low": None, "high": None})}
    )
    two = {"first": _agreed("block", end="2019-06-30"), "second": _agreed("block", 1_440_000, start="2019-07-01")}
    paid = _paid(_books(_system(two), grown, [100_000] * 36))
    assert paid == [100_000] * 12 + [110_000] * 3 + [120_000] * 9 + [132_000] * 12


GAP = {
    "first": _agreed("payment by results", end="2019-03-31"),
    "second": _agreed("payment by results", start="2019-07-01"),
    "other": _agreed("payment by results", 400_000, payer="nhs_england"),
}


def test_in_a_gap_nobody_pays_and_it_is_told_who_is_not_paid(money: Money):
    finance = _system(GAP)
    books = _books(finance, money, [116_000] * 18)
    assert _paid(books) == [112_000] * 12 + [0] * 3 + [112_000] * 3  # three quarters of 16,000 on top
    # 400,000 / 12 = 33,333.33 with 4 pence left over, and a quarter of the 16,000 whether the other pays or not
    assert _paid(books, "nhs_england") == [*([37_333.34] * 4 + [37_333.33] * 8), *[37_333.34] * 4, *[37_333.33] * 2]
    found = gaps(finance, books.months)
    titles = {name: o.title for name, o in finance.organisations.items()}
    assert [gap_words(gap, titles) for gap in found] == [
        "Organisation 1 has no contract with Organisation 0 for patient care from April 2019 to June 2019: what it "
        "does for it then is paid by nobody."
    ]


def test_a_contract_that_ends_for_good_or_begins_late_is_told_too():
    finance = _system({"only": _agreed("block", start="2018-06-01", end="2019-01-31")})
    found = [(f"{g.first:%Y-%m}", f"{g.last:%Y-%m}") for g in gaps(finance, month_starts(finance.start, 11))]
    assert found == [("2018-04", "2018-05"), ("2019-02", "2019-02")]
    assert gaps(_system(THREE), month_starts(finance.start, 36)) == []


def test_parts_of_running_totals_lose_nothing_while_the_part_stays():
    pence = np.array([1, 1, 1, 1, 1, 1])[:, None]
    assert shared(pence, [0.5] * 6)[:, 0].sum() == 3
    assert shared(pence, [1 / 3] * 3 + [1.0] * 3)[:, 0].tolist() == [0, 1, 0, 1, 1, 1]


def test_an_exact_plan_may_be_shared_by_buyers_whose_plans_change(money: Money):
    changed = GAP | {"second": _agreed("payment by results", 1_200_000, start="2019-04-01"),
                     "other": GAP["other"] | {"end": "2019-03-31"},
                     "later": _agreed("payment by results", 1_200_000, payer="nhs_england", start="2019-04-01"),
                     }  # fmt: skip
    steps = {p.name: p.shares for p in paid_contracts(_system(changed), {}, money)}
    assert [share for _, share in steps["first"]] == [0.75, 0.0]
    assert [share for _, share in steps["second"]] == [0.0, 0.5]
    assert [share for _, share in steps["later"]] == [0.0, 0.5]


# -- in a run of Devon -----------------------------------------------------------------------------------------------


def _dated(outcome: Outcome) -> Any:
    """Devon with a contract that goes through three forms, and with a gap in another."""
    finance = outcome.settings.finance
    assert finance
    told = dict(finance.contracts)
    old = told.pop("new_devon_to_exeter").model_dump(exclude_none=True)
    for name, more in {
        "exeter_1": {"form": "block", "end": "2019-03-31"},
        "exeter_2": {"form": "cap and collar", "start": "2019-04-01", "end": "2021-09-30", "collar": _share(0.99),
                     "cap": _share(1.005)},
        "exeter_3": {"form": "guaranteed income", "start": "2021-10-01"},
    }.items():  # fmt: skip
        told[name] = Contract.model_validate(old | more)
    plymouth = told["south_devon_to_plymouth"].model_dump(exclude_none=True)
    told["south_devon_to_plymouth"] = Contract.model_validate(plymouth | {"end": "2020-03-31"})
    told["plymouth_again"] = Contract.model_validate(plymouth | {"start": "2020-07-01"})
    dated = finance.model_copy(update={"contracts": told})
    return replace(outcome.settings, finance=dated)


def test_forms_that_change_by_date_leave_the_area_as_it_was(outcome: Outcome):
    chosen = _dated(outcome)
    assert outcome.money and chosen.money
    books = accounts_of(chosen, outcome.observed, outcome.schedules)  # asserts all twelve invariants
    assert books
    for form in ("cap_collar", "tolerance", "pbr"):
        other = replace(chosen, money=chosen.money.model_copy(update={"form": form}))
        found = accounts_of(other, outcome.observed, outcome.schedules)
        assert found
        for arm, one in books.arms.items():
            assert same_system_pound(one.books, found.arms[arm].books) == []
    agreed = books.arms["3y"].books.contracts
    assert set(agreed.loc[agreed["rule"] == "exeter_2", "bands"]) == {"..-1/100 at 0; -1/100..1/200 at 1; 1/200.. at 0"}
    assert set(agreed.loc[agreed["rule"] == "exeter_3", "year"]) == {f"{y}/{y - 1999}" for y in range(2021, 2025)}
    rows = money_table(books).to_pandas()
    assert (rows.loc[rows["line"] == "income: patient care", "mean"] > 0).all()


def test_a_run_says_who_is_paid_by_nobody(outcome: Outcome):
    chosen = _dated(outcome)
    books = accounts_of(chosen, outcome.observed, outcome.schedules)
    told = "\n".join(summary(replace(outcome, settings=chosen, money=books)))
    assert "for patient care from April 2020 to June 2020: what it does for it then is paid by nobody." in told
    assert "paid by nobody" not in "\n".join(summary(outcome))
