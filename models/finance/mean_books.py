"""Books of the mean: every account's movement averaged over replications, so that statements of the mean add up."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from models.finance.books import Books, year_ends
from models.finance.ledger import year_end_transfers

__all__ = ["mean_books"]


def mean_books(books: Books) -> Books:
    """Return books of one replication that hold the mean of all, to the penny of each movement.

    Movements are rounded to whole pence and balances made from them, so that every line of a statement of these books
    is the sum of its parts; a balance may differ from the mean of balances by half a penny a month, and the two sides
    of a balance sheet by pennies, which no page shows.
    """
    movement = np.rint(books.movement.mean(axis=1, keepdims=True)).astype(np.int64)
    transfer = year_end_transfers(books.keys, movement, year_ends(books.start, movement.shape[2]))
    closing = np.cumsum(movement + transfer, axis=2) + books.opening[:, None, None]
    return replace(
        books,
        movement=movement,
        transfer=transfer,
        closing=closing,
        numbers=(0,),
        contracts=books.contracts.iloc[:0],
        savings=books.savings.iloc[:0],
        lines_of=lambda _: None,
    )
