"""Income and expenditure, cash flow and balance sheet, by organisation and for the system, monthly and yearly.

Convention on every statement: income, receipts and assets are positive; expenditure, payments and liabilities are
negative; a positive result is a surplus. In text, negative amounts stand in brackets.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.finance.accounts import ACCOUNTS, CODES, MIRRORS, Pence
from models.finance.books import Books, year_of

__all__ = [
    "CONVENTION",
    "SYSTEM",
    "Period",
    "Statement",
    "balance_sheet",
    "cash_flow",
    "income_and_expenditure",
    "statement_text",
]

SYSTEM = "system"  #: all members together, what they owe and pay each other taken out
CONVENTION = {
    "income and expenditure": "Income is positive, expenditure negative (in brackets); a positive result is a surplus.",
    "cash flow": "Receipts are positive, payments negative (in brackets).",
    "balance sheet": (
        "What is owned is positive, what is owed negative (in brackets). Net assets equal taxpayers' equity, in which "
        "capital and surpluses are positive and accumulated deficits negative (in brackets)."
    ),
}
Period = Literal["month", "year"]


@dataclass(frozen=True)
class Statement:
    """One statement of one organisation, or of the system.

    Parameters
    ----------
    kind : str
        ``income and expenditure``, ``cash flow`` or ``balance sheet``.
    entity : str
    replication : int
    convention : str
        Which sign means what.
    table : DataFrame
        Rows are lines, columns months (``2018-06``) or financial years (``2018/19``), in pence (int64).
    """

    kind: str
    entity: str
    replication: int
    convention: str
    table: pd.DataFrame


def income_and_expenditure(books: Books, entity: str = SYSTEM, by: Period = "year", place: int = 0) -> Statement:
    """Income and expenditure by purpose, and the surplus or deficit.

    Parameters
    ----------
    books : Books
    entity : str
        An organisation, or :data:`SYSTEM`, in which payments between members are taken out.
    by : str
        ``month`` or ``year``; a year that the books do not hold whole is named so (``2018/19 to June``).
    place : int
        Place of the replication.
    """
    chosen = np.flatnonzero(_of(books, entity) & books.keys.part("income", "expenditure"))
    flows = -_periods(books, books.movement[chosen, place], by)
    rows: dict[str, Pence] = {}
    for n, flow in zip(chosen, flows, strict=True):
        _, account, _, purpose = books.keys.listed[n]
        label = f"{ACCOUNTS[account].words}: {purpose}"
        rows[label] = rows.get(label, 0) + flow
    rows = dict(sorted(rows.items(), key=lambda row: (row[0].startswith("Expenditure"), row[0])))
    rows["Surplus or (deficit)"] = flows.sum(axis=0)
    return _statement("income and expenditure", books, entity, by, place, rows)


def cash_flow(books: Books, entity: str = SYSTEM, by: Period = "year", place: int = 0) -> Statement:
    """From the surplus to the change of cash: what was no cash, working capital, capital spending, and financing."""
    own, keys = np.flatnonzero(_of(books, entity)), books.keys
    moves = -_periods(books, books.movement[own, place], by)  # credits positive: what brings cash
    listed = [keys.listed[n] for n in own]

    def total(*accounts: str, purposes: Sequence[str] = ()) -> Pence:
        which = [key[1] in accounts and (not purposes or key[3] in purposes) for key in listed]
        return moves[np.array(which, bool)].sum(axis=0)

    no_cash = -total("expenditure", purposes=("depreciation", "impairment"))
    capital = total("ppe_cost", "accumulated_depreciation", "revaluation_reserve") - no_cash
    rows = {
        "Surplus or (deficit)": total("income", "expenditure"),
        "Depreciation and impairment": no_cash,
        "Receivables": total("receivable"),
        "Payables": total("payable"),
        "Property, plant and equipment": capital,
        "Loans": total("loan", "loan_asset"),
        "Public dividend capital": total("pdc", "pdc_held"),
        "Cash drawn beyond income": total("cash_drawn", "cash_given"),
    }
    closing = books.closing[np.intersect1d(own, keys.where("cash")), place].sum(axis=0)
    change = np.sum(list(rows.values()), axis=0)
    ends = _ends(books, by)
    rows["Change of cash"] = change
    rows["Cash at the start"] = closing[ends] - change
    rows["Cash at the end"] = closing[ends]
    return _statement("cash flow", books, entity, by, place, rows)


def balance_sheet(books: Books, entity: str = SYSTEM, by: Period = "year", place: int = 0) -> Statement:
    """What is owned and owed at the end of each period, and the taxpayers' equity that it makes."""
    own, keys = np.flatnonzero(_of(books, entity)), books.keys
    closing = books.closing[own, place][:, _ends(books, by)]

    def lines(parts: Sequence[str], sign: int, always: str) -> dict[str, Pence]:
        out = {}
        for account, about in ACCOUNTS.items():
            which = keys.account[own] == CODES[account]
            if about.part in parts and (which.any() or account == always):
                out[about.words] = sign * closing[which].sum(axis=0)
        return out

    worth, result = keys.part("asset", "liability")[own], keys.part("income", "expenditure")[own]
    rows = lines(("asset", "liability"), 1, "cash")
    rows["Net assets"] = closing[worth].sum(axis=0)
    rows |= lines(("equity",), -1, "ie_reserve")
    rows["Surplus or (deficit) of the year so far"] = -closing[result].sum(axis=0)
    rows["Taxpayers' equity"] = -closing[~worth].sum(axis=0)
    return _statement("balance sheet", books, entity, by, place, rows)


def statement_text(statement: Statement, unit: int = 1_000_00) -> str:
    """A statement as plain text, in thousands of pounds unless another unit (in pence) is given."""
    words = {1_000_00: "£ thousand", 1_00: "£", 1_000_000_00: "£ million"}.get(unit, f"{unit} pence")
    table = statement.table
    cells = [[_bracketed(int(value), unit) for value in row] for row in table.to_numpy()]
    first = max([len(str(label)) for label in table.index], default=0)
    widths = [max([len(str(c)), *(len(row[n]) for row in cells)]) for n, c in enumerate(table.columns)]
    head = f"{statement.entity}: {statement.kind}, {words}, replication {statement.replication}"
    lines = [head, statement.convention, ""]
    lines.append(" " * first + "  " + "  ".join(str(c).rjust(w) for c, w in zip(table.columns, widths, strict=True)))
    for label, row in zip(table.index, cells, strict=True):
        lines.append(str(label).ljust(first) + "  " + "  ".join(v.rjust(w) for v, w in zip(row, widths, strict=True)))
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _bracketed(pence: int, unit: int) -> str:
    whole = (abs(pence) + unit // 2) // unit  # halves away from zero, in integers
    return f"({whole:,})" if pence < 0 and whole else f"{whole:,} "


def _of(books: Books, entity: str) -> npt.NDArray[np.bool_]:
    """Accounts of an entity; of the system, those of its members without what members hold against each other."""
    keys = books.keys
    if entity != SYSTEM:
        return keys.entity == keys.entities.index(entity)
    inside = {e.name for e in books.entities if not e.external}
    against = np.array([key[2] in inside and key[1] in MIRRORS for key in keys.listed])
    return books.internal[keys.entity] & ~against


def _names(books: Books, by: Period) -> list[str]:
    """Name of the period of each month."""
    if by == "month":
        return [f"{month:%Y-%m}" for month in books.months]
    years = [year_of(month) for month in books.months]
    last = books.months[-1]
    part = f"{years[-1]} to {last:%B}" if years.count(years[-1]) < 12 else years[-1]
    return [part if year == years[-1] else year for year in years]


def _firsts(books: Books, by: Period) -> npt.NDArray[np.int64]:
    names = np.array(_names(books, by))
    return np.flatnonzero(np.concatenate([[True], names[1:] != names[:-1]]))


def _ends(books: Books, by: Period) -> npt.NDArray[np.int64]:
    """Place of the last month of each period."""
    return np.append(_firsts(books, by)[1:], len(books.months)) - 1


def _periods(books: Books, values: Pence, by: Period) -> Pence:
    """Sums of monthly values (K, M) over periods (K, P)."""
    return np.add.reduceat(values, _firsts(books, by), axis=1)


def _statement(kind: str, books: Books, entity: str, by: Period, place: int, rows: dict[str, Pence]) -> Statement:
    names = _names(books, by)
    columns: Sequence[str] = [names[end] for end in _ends(books, by)]
    table = pd.DataFrame(list(rows.values()), index=list(rows), columns=list(columns), dtype="int64")
    return Statement(kind, entity, books.numbers[place], CONVENTION[kind], table)
