"""What commissioners and councils carry forward at the end of the books, as rows of a page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from models.finance.rules.amounts import MONTHS
from models.finance.simulated.accounts import Accounts
from models.finance.simulated.carried import cumulative, of_kind, reserves

__all__ = ["carried_rows"]

A_MILLION = 10**8  #: pence


def carried_rows(found: Accounts, cell: Callable[[npt.NDArray[np.float64]], str]) -> list[list[str]]:
    """Organisation, what is carried forward at the end of the last whole year, and a cell an arm written by `cell`."""
    books = [account.books for account in found.arms.values()]
    last = len(books[0].months) // MONTHS * MONTHS - 1

    def row(title: str, what: str, of: Callable[..., Any], name: str) -> list[str]:
        return [title, what, *(cell(of(own, name)[:, last] / A_MILLION) for own in books)]

    out = [
        row(one.title, "cumulative surplus or (deficit)", cumulative, one.name)
        for one in of_kind(books[0], "commissioner")
    ]
    for one in of_kind(books[0], "council"):
        least = f"reserves left; minimum {(one.floor or 0) / A_MILLION:,.1f}"
        out.append(row(one.title, least, reserves, one.name))
    return out
