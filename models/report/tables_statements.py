"""Statements as rows of a page: one organisation or the whole area, a row a year, in millions of pounds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.finance.books import Books
from models.finance.simulated.results import per_cent
from models.finance.statements import SYSTEM, Statement, balance_sheet, cash_flow, income_and_expenditure
from models.report.series import spread

__all__ = ["Table", "bracketed", "memo_cell", "memo_tables", "statement_tables", "within"]

A_MILLION = 10**8  #: pence
LEAST = A_MILLION // 20  #: pence; lines with less in every year are left out, but never a result or a total
PSF = ": psf"
RESULT = "Surplus or (deficit)"
ALWAYS = (RESULT, "Cash", "Cash at the start", "Cash at the end", "Change of cash", "Net assets", "Taxpayers' equity")

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Table:
    """One table of the page, with the convention of signs that holds in it."""

    caption: str
    convention: str
    heads: list[str]
    rows: list[list[str]]


def bracketed(millions: float) -> str:
    """A number as in published accounts: negative amounts in brackets, and no minus before nought."""
    text = f"{abs(millions):,.1f}"
    return f"({text})" if millions < 0 and float(text.replace(",", "")) else text


def within(values: npt.ArrayLike) -> str:
    """Mean over replications, and the range that holds 90 % of them."""
    found = spread(values)
    mean, low, high = (bracketed(float(v)) for v in (found.mean, found.low, found.high))
    return mean if low == high == mean else f"{mean} [{low} to {high}]"


def statement_tables(books: Books, entity: str = SYSTEM) -> list[Table]:
    """Income and expenditure before and after PSF, cash flow and balance sheet of one entity.

    Parameters
    ----------
    books : Books
        Of one replication, or of the mean (:func:`models.finance.mean_books.mean_books`).
    entity : str
    """
    made: list[tuple[str, Callable[[Books, str], Statement]]] = [
        ("Income and expenditure", income_and_expenditure),
        ("Cash flow", cash_flow),
        ("Balance sheet at the end of the year", balance_sheet),
    ]
    out = []
    for caption, make in made:
        statement = make(books, entity)
        lines = statement.table
        if make is income_and_expenditure:
            lines = _before_and_after(lines)
        out.append(_table(caption, statement.convention, lines))
    return out


def _before_and_after(lines: pd.DataFrame) -> pd.DataFrame:
    """The result split at the sustainability fund: a commissioner passes it on, a trust keeps it."""
    psf = lines.index.str.endswith(PSF)
    funded = lines.loc[psf].sum(axis=0)
    flows = lines.loc[~psf & (lines.index != RESULT)]
    result = lines.loc[[RESULT]]
    extra = pd.DataFrame([result.iloc[0] - funded, funded], index=["Result before PSF", "PSF, net"])
    return pd.concat([flows, extra, result.rename(index={RESULT: "Result after PSF"})])


def _table(caption: str, convention: str, lines: pd.DataFrame) -> Table:
    pence = lines.to_numpy(float)
    words = [str(label).replace("_", " ") for label in lines.index]
    kept = [
        n for n, label in enumerate(words)
        if np.abs(pence[n]).max(initial=0) >= LEAST or label in ALWAYS or label.startswith(("Result", "PSF"))
    ]  # fmt: skip
    rows = [[str(year), *(bracketed(pence[n, k] / A_MILLION) for n in kept)] for k, year in enumerate(lines.columns)]
    return Table(caption, convention, ["April to March", *(words[n] for n in kept)], rows)


def memo_tables(memos: pd.DataFrame) -> list[Table]:
    """Memoranda of one arm and organisation, whatever there are: a column a line, a row a year.

    Parameters
    ----------
    memos : DataFrame
        Rows of the table `money` whose line begins with ``memo:``.
    """
    if memos.empty:
        return []
    names = list(dict.fromkeys(str(line) for line in memos["line"]))
    heads = ["April to March", *(_memo(name) for name in names)]
    wide = memos.pivot(index="year", columns="line", values="mean").fillna(0.0)
    rows = [[str(year), *(memo_cell(name, float(wide.loc[year, name])) for name in names)] for year in wide.index]
    convention = (
        "Amounts of their own, part of no sum; each line has its own sign, negative amounts in brackets. Lines of per "
        "cent are no pounds."
    )
    return [Table("Memoranda", convention, heads, rows)]


def memo_cell(line: str, value: float) -> str:
    """A memorandum as a cell: pounds in millions, but per cent as it is."""
    return bracketed(value if per_cent(line) else value / 1e6)


def _memo(line: str) -> str:
    words = line.removeprefix("memo:").strip()
    return words[:1].upper() + words[1:]
