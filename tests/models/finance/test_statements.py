"""Statements: a worked example by hand, and what must add up between them for any books."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.finance.books import Books
from models.finance.ledger import Book
from models.finance.statements import (
    CONVENTION,
    SYSTEM,
    Period,
    balance_sheet,
    cash_flow,
    income_and_expenditure,
    statement_text,
)
from tests.models.finance.random_system import random_book, system

CCG, TRUST = "org_0", "org_1"
SURPLUS = "Surplus or (deficit)"


@pytest.fixture(scope="module")
def books() -> Books:
    """Fourteen months of a commissioner that pays a trust £1,000.00 a month, one month later."""
    book = Book(system(2), months=14)
    book.pay(slice(None), "nhs_england", CCG, "allocation", 1_010_00, "allocation")
    book.pay(slice(None), CCG, TRUST, "block", 1_000_00, "patient_care", settle_months=1)
    book.pay(slice(None), TRUST, "staff", "pay", 900_00, "staff")
    book.depreciate(slice(None), TRUST, "wear", 25_00)
    book.build(2, TRUST, "equipment", 300_00)
    book.draw_loan(2, TRUST, "dhsc", "loan", 200_00)
    return book.close()


def test_income_and_expenditure_by_hand(books: Books) -> None:
    table = income_and_expenditure(books, TRUST).table
    assert list(table.columns) == ["2018/19", "2019/20 to May"]
    assert table.T.to_dict("list") == {
        "Income: patient_care": [12_000_00, 2_000_00],
        "Expenditure: depreciation": [-300_00, -50_00],
        "Expenditure: staff": [-10_800_00, -1_800_00],
        SURPLUS: [900_00, 150_00],
    }


def test_the_system_leaves_out_what_its_members_pay_each_other(books: Books) -> None:
    table = income_and_expenditure(books).table
    assert list(table.index) == ["Income: allocation", "Expenditure: depreciation", "Expenditure: staff", SURPLUS]
    assert table.loc[SURPLUS].tolist() == [12 * (1_010_00 - 925_00), 2 * (1_010_00 - 925_00)]
    assert "Receivables" not in balance_sheet(books).table.index
    assert balance_sheet(books, TRUST).table.loc["Receivables"].tolist() == [1_000_00, 1_000_00]


def test_cash_flow_by_hand(books: Books) -> None:
    year = cash_flow(books, TRUST).table["2018/19"]
    assert year.to_dict() == {
        SURPLUS: 900_00,
        "Depreciation and impairment": 300_00,
        "Receivables": -1_000_00,
        "Payables": 0,
        "Property, plant and equipment": -300_00,
        "Loans": 200_00,
        "Public dividend capital": 0,
        "Cash drawn beyond income": 0,
        "Change of cash": 100_00,
        "Cash at the start": 5_000_000_00,
        "Cash at the end": 5_000_100_00,
    }


def test_balance_sheet_by_hand(books: Books) -> None:
    year = balance_sheet(books, TRUST).table["2018/19"]
    assert year.to_dict() == {
        "Cash": 5_000_100_00,
        "Receivables": 1_000_00,
        "Property, plant and equipment at cost": 9_000_300_00,
        "Accumulated depreciation": -2_000_300_00,
        "Loans": -1_000_200_00,
        "Net assets": 11_000_900_00,
        "Public dividend capital": 4_000_000_00,
        "Income and expenditure reserve": 7_000_900_00,
        "Surplus or (deficit) of the year so far": 0,
        "Taxpayers' equity": 11_000_900_00,
    }


def test_text_states_its_convention_and_puts_negatives_in_brackets(books: Books) -> None:
    text = statement_text(income_and_expenditure(books, TRUST), unit=100)
    assert text.splitlines() == [
        "org_1: income and expenditure, £, replication 0",
        CONVENTION["income and expenditure"],
        "",
        "                            2018/19  2019/20 to May",
        "Income: patient_care        12,000           2,000",
        "Expenditure: depreciation     (300)            (50)",
        "Expenditure: staff         (10,800)         (1,800)",
        "Surplus or (deficit)           900             150",
    ]
    for make in (income_and_expenditure, cash_flow, balance_sheet):
        assert make(books, TRUST).convention in statement_text(make(books, TRUST))


@given(st.integers(0, 10**6), st.integers(2, 6), st.sampled_from(["month", "year"]))
def test_statements_add_up_to_each_other(seed: int, count: int, by: Period) -> None:
    books = random_book(seed, count, months=14, steps=10).close()
    for entity in (f"org_{seed % count}", "pool", "dhsc", SYSTEM):
        i, c, b = (make(books, entity, by, 1).table for make in (income_and_expenditure, cash_flow, balance_sheet))
        surplus, equity = i.loc[SURPLUS].to_numpy(), b.loc["Taxpayers' equity"].to_numpy()
        assert (b.loc["Net assets"].to_numpy() == equity).all()
        assert (b.loc["Cash"].to_numpy() == c.loc["Cash at the end"].to_numpy()).all()
        assert (c.loc["Cash at the start"].to_numpy()[1:] == c.loc["Cash at the end"].to_numpy()[:-1]).all()
        assert (surplus == c.loc[SURPLUS].to_numpy()).all()
        assert (surplus == i.drop(SURPLUS).to_numpy().sum(axis=0)).all()
        outside = ["Public dividend capital", "Cash drawn beyond income", "Revaluation reserve"]
        given_capital = b[b.index.isin(outside)].to_numpy().sum(axis=0)
        assert (np.diff(equity - given_capital) == surplus[1:]).all()
    members = [e.name for e in books.entities if not e.external]
    each = [income_and_expenditure(books, name, by, 1).table.loc[SURPLUS].to_numpy() for name in members]
    whole = income_and_expenditure(books, SYSTEM, by, 1).table.loc[SURPLUS].to_numpy()
    assert (np.sum(each, axis=0) == whole).all()
