"""The journal: worked examples by hand, what it refuses, and books that do not depend on how they were kept."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.finance.books import Books, month_starts, year_ends, year_of
from models.finance.invariants import same_system_pound, system_result
from models.finance.ledger import Book
from sim.errors import CarebridgeError
from tests.models.finance.random_system import random_book, system

CCG, TRUST = "org_0", "org_1"


def at(books: Books, month: int, entity: str, account: str, other: str = "", purpose: str = "") -> int:
    """Closing balance in whole pence of the first replication."""
    place = books.keys.index.get((entity, account, other, purpose))
    return 0 if place is None else int(books.closing[place, 0, month])


def test_a_contract_paid_a_month_later_by_hand() -> None:
    """£600.00 a month: owed at the end of April, one month owed ever after; cash starts in May."""
    book = Book(system(2), months=3)
    book.pay(slice(None), CCG, TRUST, "block", 600_00, "patient_care", settle_months=1)
    books = book.close()
    assert [at(books, m, TRUST, "receivable", CCG) for m in range(3)] == [600_00, 600_00, 600_00]
    assert [at(books, m, CCG, "payable", TRUST) for m in range(3)] == [-600_00, -600_00, -600_00]
    assert [at(books, m, TRUST, "income", CCG, "patient_care") for m in range(3)] == [-600_00, -1200_00, -1800_00]
    opening = 5_000_000_00
    assert [at(books, m, TRUST, "cash") for m in range(3)] == [opening, opening + 600_00, opening + 1200_00]
    assert [at(books, m, CCG, "cash") for m in range(3)] == [opening, opening - 600_00, opening - 1200_00]


def test_year_end_closes_income_and_expenditure_into_the_reserve_by_hand() -> None:
    """A year of £100.00 in and £70.01 out a month leaves £359.88 in the reserve; the next year starts at nothing."""
    book = Book(system(2), months=13)
    book.pay(slice(None), CCG, TRUST, "block", 100_00, "patient_care")
    book.pay(slice(None), TRUST, "staff", "pay", 70_01, "staff")
    books = book.close()
    reserve = -at(books, 10, TRUST, "ie_reserve")
    assert -at(books, 11, TRUST, "ie_reserve") - reserve == 12 * (100_00 - 70_01) == 359_88
    assert at(books, 10, TRUST, "income", CCG, "patient_care") == -11 * 100_00
    assert at(books, 11, TRUST, "income", CCG, "patient_care") == 0
    assert at(books, 12, TRUST, "income", CCG, "patient_care") == -100_00
    assert at(books, 12, TRUST, "expenditure", "staff", "staff") == 70_01


def test_assets_loans_and_capital_by_hand() -> None:
    book = Book(system(2), months=4)
    book.build(0, TRUST, "ward", 1200_00)
    book.depreciate([1, 2, 3], TRUST, "wear", 10_00)
    book.impair(2, TRUST, "ward_closed", 300_00)
    book.retire(3, TRUST, "scrapped", 50_00)
    book.revalue(3, TRUST, "valuer", 99_00)
    book.receive_pdc(0, TRUST, "pdc", 1000_00)
    book.draw_loan(1, TRUST, "dhsc", "loan", 400_00)
    book.repay_loan(2, TRUST, "dhsc", "loan", 150_00)
    assert book.owed(TRUST, "dhsc", 2).tolist() == [1_000_000_00 + 250_00]
    books = book.close()
    assert at(books, 3, TRUST, "ppe_cost") == 9_000_000_00 + 1200_00 - 50_00 + 99_00
    assert at(books, 3, TRUST, "accumulated_depreciation") == -(2_000_000_00 + 30_00 + 300_00 - 50_00)
    assert at(books, 3, TRUST, "pdc", "dhsc") == -(4_000_000_00 + 1000_00)
    assert at(books, 3, "dhsc", "pdc_held", TRUST) == 4_000_000_00 + 1000_00
    assert at(books, 3, TRUST, "loan", "dhsc") == -at(books, 3, "dhsc", "loan_asset", TRUST) == -1_000_250_00
    assert at(books, 3, TRUST, "cash") == 5_000_000_00 - 1200_00 + 1000_00 + 400_00 - 150_00
    assert at(books, 3, TRUST, "revaluation_reserve") == -99_00
    assert system_result(books).tolist() == [[0, -10_00, -310_00, -10_00]]


def test_rules_may_ask_for_cash_net_assets_and_the_surplus() -> None:
    book = Book(system(2), months=15, replications=2)
    book.pay(3, CCG, TRUST, "pbr", np.array([7, 9]), "patient_care")
    book.pay(4, "psf", TRUST, "psf", 5, "psf")
    book.depreciate(13, TRUST, "wear", 3)
    assert book.cash(TRUST, 2).tolist() == [5_000_000_00, 5_000_000_00]
    assert book.cash(TRUST, 14).tolist() == [5_000_000_00 + 12, 5_000_000_00 + 14]
    assert book.surplus(TRUST, slice(0, 12)).tolist() == [12, 14]
    assert book.surplus(TRUST, slice(0, 12), without=("psf",)).tolist() == [7, 9]
    assert book.net_assets(TRUST, 14).tolist() == [11_000_000_00 + 9, 11_000_000_00 + 11]


@pytest.mark.parametrize(("tenths", "millions"), [(15, 32.41), (35, 32.97), (60, 33.68)])
def test_loans_fill_the_floor_and_no_more(tenths: int, millions: float) -> None:
    """Opening cash £5 m, floor £1 m, deficit £1.5 m a month for 24 months, interest on what was owed the month before.

    FINANCE 2.5 works the balance out for 1.5, 3.5 and 6 % a year.
    """
    book = Book(system(3, floor=1_000_000), months=24)
    earlier = 1_000_000_00  # the loan of the opening balance sheet, which bears no interest here
    for month in range(24):
        if month:
            owed = book.owed(TRUST, "dhsc", month - 1) - earlier
            book.pay(month, TRUST, "dhsc", "interest", (owed * tenths + 6_000) // 12_000, "interest")
        book.pay(month, TRUST, "staff", "deficit", 1_500_000_00, "staff")
        drawn = book.fund_floor(month, TRUST)
        assert (drawn > 0) == (book.cash(TRUST, month) == 1_000_000_00)
    books = book.close()
    assert round((-at(books, 23, TRUST, "loan", "dhsc") - earlier) / 100e6, 2) == millions


FORMS = {  # what each form pays for activity worth 106 against a plan of 100 (£ million; verification case)
    "pbr": 106.0,
    "block": 100.0,
    "mret70": 104.2,
    "mret30": 101.8,
    "blended20": 101.2,
    "cap_collar_5pct": 105.0,
    "tolerance_2pct_then_marginal50": 102.0,
}


@pytest.mark.parametrize(("form", "paid"), FORMS.items())
def test_the_system_pound_does_not_depend_on_the_form_of_contract(form: str, paid: float) -> None:
    """Allocation 150, other spending 45, provider cost 108: the system is at -3.0 in every form (HFMA 2018; S3)."""

    def books(form: str, paid: float) -> Books:
        book = Book(system(2, cash=20_000_000), months=1)
        book.pay(0, "nhs_england", CCG, "allocation", 150_000_000_00, "allocation")
        book.pay(0, CCG, "suppliers", "other", 45_000_000_00, "supplies")
        book.pay(0, TRUST, "staff", "pay", 108_000_000_00, "staff")
        book.pay(0, CCG, TRUST, form, round(paid * 100) * 1_000_000, "patient_care")
        provider, commissioner = (book.surplus(name, slice(0, 1))[0] / 100e6 for name in (TRUST, CCG))
        assert (provider, commissioner) == pytest.approx((paid - 108, 105 - paid))
        return book.close()

    one, other = books(form, paid), books("pbr", 106.0)
    assert system_result(one).tolist() == system_result(other).tolist() == [[-3_000_000_00]]
    assert same_system_pound(other, one) == []


def test_another_system_pound_is_named() -> None:
    def books(wages: int) -> Books:
        book = Book(system(2), months=2)
        book.pay(1, TRUST, "staff", "pay", wages, "staff")
        return book.close()

    (breach,) = same_system_pound(books(100), books(101))
    assert (breach.invariant, breach.when, breach.pence, breach.entity) == (6, "2018-05", -1, "the system")


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda b: b.pay(0, CCG, "org_x", "r", 1, "staff"), "rule r: nobody called 'org_x' keeps books. Did you mean"),
        (lambda b: b.pay(0, CCG, CCG, "r", 1, "staff"), "org_0 cannot have a transaction with itself"),
        (
            lambda b: b.pay(0, CCG, TRUST, "r", 1, "stuff"),
            "no purpose of money is called 'stuff'. Did you mean 'staff'?",
        ),
        (lambda b: b.pay(0, CCG, TRUST, "r", 1.5, "staff"), "whole pence (int64), not float64"),
        (lambda b: b.pay(0, CCG, TRUST, "r", True, "staff"), "whole pence"),
        (lambda b: b.pay(9, CCG, TRUST, "r", 1, "staff"), "rule r: months 9 to 9 must lie from 0 to 3"),
        (lambda b: b.pay([2, 1], CCG, TRUST, "r", 1, "staff"), "each once and in order"),
        (lambda b: b.pay(slice(None), CCG, TRUST, "r", [1, 2, 3], "staff"), "do not fit (2 replications, 4 months)"),
        (lambda b: b.pay(0, CCG, TRUST, "r", 10**16, "staff"), "cannot be right"),
        (lambda b: b.pay(0, CCG, TRUST, "r", -(10**16), "staff"), "cannot be right"),
    ],
)
def test_what_cannot_be_right_is_refused_with_its_rule(call: Any, words: str) -> None:
    with pytest.raises(CarebridgeError) as caught:
        call(Book(system(2), months=4, replications=2))
    assert words in str(caught.value)


def test_what_is_due_after_the_last_month_stays_owed() -> None:
    book = Book(system(2), months=2)
    book.pay([0, 1], CCG, TRUST, "pbr", [10, 20], "patient_care", settle_months=2)
    books = book.close()
    assert at(books, 1, TRUST, "receivable", CCG) == 30
    assert at(books, 1, TRUST, "cash") == 5_000_000_00


def test_a_true_up_gives_money_back() -> None:
    book = Book(system(2), months=1)
    book.pay(0, CCG, TRUST, "true_up", -250, "patient_care")
    books = book.close()
    assert at(books, 0, CCG, "cash") == 5_000_000_00 + 250
    assert at(books, 0, CCG, "expenditure", TRUST, "patient_care") == -250


def test_months_and_years() -> None:
    months = month_starts(system(2).start, 26)
    assert (str(months[0]), str(months[12]), str(months[25])) == ("2018-04-01", "2019-04-01", "2020-05-01")
    assert year_ends(system(2).start, 26).tolist() == [11, 23]
    assert [year_of(months[n]) for n in (0, 11, 12)] == ["2018/19", "2018/19", "2019/20"]
    assert year_of(month_starts(system(2).start, 300)[-1]) == "2042/43"


@given(st.integers(0, 10**6), st.integers(2, 12))
def test_the_journal_adds_up_to_the_balances(seed: int, count: int) -> None:
    """Every account's lines sum to its balance, replication by replication; transactions are numbered without gaps."""
    books = random_book(seed, count, steps=15).close()
    for place in range(2):
        lines = books.lines_of(place)
        assert lines is not None
        total = np.zeros(len(books.keys), np.int64)
        np.add.at(total, lines.key, lines.pence)
        assert (books.opening + total == books.closing[:, place, -1]).all()
        assert np.unique(lines.txn).tolist() == list(range(int(lines.txn.max()) + 1))
