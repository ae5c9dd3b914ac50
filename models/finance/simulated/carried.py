"""What commissioners and councils carry from one year into the next: over- and underspends, and reserves.

A commissioner's results of all years so far are its cumulative position; a deficit is first call on the allocations of
later years. A council's reserves are what it has in cash, and is owed, less what it owes for goods and services and
what it spent beyond them; neither buildings nor the loans for them are in it. Both are read off the books, to the
penny.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from models.finance.books import Books, Entity, year_of
from models.finance.rules.amounts import Pence
from models.finance.simulated.standing import PER_CENT

__all__ = ["LAW", "beyond_reserves", "carried_memos", "cumulative", "of_kind", "reserves", "year_ends_of"]

A_MILLION = 10**8  #: pence
LAW = (
    "A council may not budget for a deficit. What is simulated would not be lawful for a council whose reserves fall "
    "below their minimum: it would have to cut other spending or find income, or its chief finance officer would have "
    "to issue a section 114 notice. The books go on as if the care were paid for; this is a fact told, not a decision."
)


def of_kind(books: Books, kind: str) -> list[Entity]:
    """Organisations of a kind."""
    return [e for e in books.entities if e.kind == kind and not e.external]


def cumulative(books: Books, name: str) -> Pence:
    """Surplus (+) or deficit (-) of all months since the books opened [replications, months]."""
    return -np.cumsum(books.total(books.movement, books.keys.where("income", "expenditure", entity=name)), axis=1)


def reserves(books: Books, name: str) -> Pence:
    """Cash and receivables less payables and what was drawn beyond income, at each month's end [replications, months].

    When the books open this is what of a reserve is not tied up in buildings. It changes by the result of the months,
    as the law reverses a council's wear.
    """
    return books.total(books.closing, books.keys.where("cash", "receivable", "payable", "cash_drawn", entity=name))


def year_ends_of(books: Books) -> tuple[list[str], npt.NDArray[np.int64]]:
    """Financial years of the books, and the last month that each has in them."""
    names = np.array([year_of(month) for month in books.months])
    ends = np.flatnonzero(np.append(names[1:] != names[:-1], True))
    return names[ends].tolist(), ends


def carried_memos(books: Books) -> Iterator[tuple[str, str, npt.NDArray[np.floating[Any]]]]:
    """Lines of the table ``money``: organisation, line, and what stands at each year's end [replications, years]."""
    _, ends = year_ends_of(books)
    for one in of_kind(books, "commissioner"):
        standing = cumulative(books, one.name)[:, ends]
        yield one.name, "memo: cumulative surplus or deficit carried forward", standing.astype(float)
    for one in of_kind(books, "council"):
        left = reserves(books, one.name)[:, ends]
        yield one.name, "memo: reserves left", left.astype(float)
        yield one.name, "memo: reserves below their minimum, per cent of futures", 100.0 * PER_CENT * _below(one, left)


def beyond_reserves(books: Books, arm: str) -> list[str]:
    """In words, every council of an arm whose reserves are below their minimum at the end of a year."""
    years, ends = year_ends_of(books)
    out = []
    for one in of_kind(books, "council"):
        left = reserves(books, one.name)[:, ends]
        below = _below(one, left)
        if below.any():
            futures, first = below.any(axis=1).sum(), years[below.any(axis=0).argmax()]
            out.append(
                f"{one.title}, {arm}: reserves are below their minimum of {_millions(one.floor or 0)} at a year\u2019s "
                f"end in {futures} of {len(below)} simulated futures, first in {first}; at the worst one "
                f"{_millions(left[below.any(axis=1)].min(axis=1).mean())} is left on average over these futures"
                f"{' (its opening reserves are made up)' if one.opening == 'synthetic' else ''}."
            )
    return out


def _below(council: Entity, left: Pence) -> npt.NDArray[np.bool_]:
    return left < (council.floor or 0)


def _millions(pence: float) -> str:
    text = f"\u00a3{abs(pence) / A_MILLION:,.1f} million"
    return f"{text} less than nothing" if pence < 0 and "\u00a30.0" not in text else text
