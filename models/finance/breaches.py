"""Breaches of an invariant: what does not hold, named by entity, account, month, rule and amount."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.finance.accounts import Pence, pounds
from models.finance.books import Books, Lines
from sim.errors import ConservationError

__all__ = ["TITLES", "Breach", "LedgerError", "found_in", "group_sums"]

#: The twelve invariants of the money.
TITLES = {
    1: "every transaction and every organisation balances in every month",
    2: "what cash one pays another receives: over all entities no cash appears or vanishes",
    3: "what one is owed the other owes; income of one is expenditure of the other",
    4: "opening balance + movements = closing balance, and the reserve moves at year end only",
    5: "cash is not below its floor: what is lacking is drawn in the same month",
    6: "payments inside the system leave the system pound as it was",
    7: "a contract's payment never falls with activity, and never jumps",
    8: "a block contract pays what was agreed, whatever was done",
    9: "no asset is worn out by more than it cost",
    10: "no more is paid from a national fund than it holds, and what is not paid stays in it",
    11: "a pooled or ring-fenced fund is spent on its purposes only and never overdrawn",
    12: "a saving is booked once",
}

NOT_KEPT = "no journal kept"  #: where a rule cannot be named
MOST = 20  #: breaches of one invariant that are listed


@dataclass(frozen=True)
class Breach:
    """One thing that does not hold.

    Parameters
    ----------
    invariant : int
        1 to 12, see :data:`TITLES`.
    entity, account : str
    when : str
        Month (``2018-06``) or financial year (``2018/19``).
    rule : str
        Whose posting it is, as far as a journal was kept.
    pence : int
        How much is wrong, debits positive.
    replication : int
        The first in which it is wrong.
    replications : int
        In how many it is.
    words : str
        What is wrong.
    """

    invariant: int
    entity: str
    account: str
    when: str
    rule: str
    pence: int
    replication: int
    replications: int
    words: str

    def __str__(self) -> str:
        where = f"replication {self.replication}"
        if self.replications > 1:
            where += f" and {self.replications - 1} more"
        return (
            f"invariant {self.invariant}: {self.entity}, {self.account}, {self.when}, rule {self.rule}, "
            f"{pounds(self.pence)}: {self.words} ({where})"
        )


class LedgerError(ConservationError):
    """Books that do not hold; all breaches at once."""

    def __init__(self, breaches: Sequence[Breach]) -> None:
        self.breaches = list(breaches)
        count = len(self.breaches)
        head = f"the books do not hold, {count} breach{'es' if count != 1 else ''}:"
        super().__init__("\n".join([head, *(f"  - {breach}" for breach in self.breaches)]))


def group_sums(values: Pence, groups: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], Pence]:
    """Sums of `values` (first axis) by group number; negative numbers are left out. Returns numbers and sums."""
    order = np.argsort(groups, kind="stable")
    order = order[np.searchsorted(groups[order], 0) :]
    if not len(order):
        return np.zeros(0, np.int64), np.zeros((0, *values.shape[1:]), np.int64)
    ordered = groups[order]
    firsts = np.flatnonzero(np.diff(ordered, prepend=-1))
    return ordered[firsts], np.add.reduceat(values[order], firsts, axis=0)


def found_in(
    number: int,
    books: Books,
    wrong: Pence,
    name: Callable[[int], tuple[str, str, npt.NDArray[np.int64], str]],
) -> list[Breach]:
    """Breaches of an invariant from an array that should be zero everywhere.

    Parameters
    ----------
    number : int
    books : Books
    wrong : int64 array (G, R, M)
    name : callable
        Entity, account, keys concerned and words of group g.

    Returns
    -------
    list of Breach
        One a group: its first month and replication.
    """
    out = []
    bad = wrong != 0
    if not bad.any():
        return []
    for g in np.flatnonzero(bad.any(axis=(1, 2)))[:MOST]:
        month = int(np.flatnonzero(bad[g].any(axis=0))[0])
        place = int(np.flatnonzero(bad[g, :, month])[0])
        entity, account, keys, words = name(int(g))
        out.append(
            Breach(
                invariant=number,
                entity=entity,
                account=account,
                when=f"{books.months[month]:%Y-%m}",
                rule=rule_of(books, place, month, keys, int(wrong[g, place, month])),
                pence=int(wrong[g, place, month]),
                replication=books.numbers[place],
                replications=int(bad[g].any(axis=1).sum()),
                words=words,
            )
        )
    return out


def rule_of(books: Books, place: int, month: int, keys: npt.NDArray[np.int64], pence: int) -> str:
    """The rule whose posting explains a difference: an unbalanced transaction first, then one of that amount."""
    lines = books.lines_of(place)
    if lines is None:
        return NOT_KEPT
    here = np.flatnonzero((lines.month == month) & np.isin(lines.key, keys))
    if not len(here):
        return "none: no line of the journal"
    broken = _broken(books, lines, here)
    if not broken.any():
        amounts = np.abs(lines.pence[here])
        broken = amounts == abs(pence) if (amounts == abs(pence)).any() else np.ones(len(here), bool)
    found = sorted({books.rules[code] for code in lines.rule[here[broken]]})
    return ", ".join(found[:3]) + (f" and {len(found) - 3} more" if len(found) > 3 else "")


def _broken(books: Books, lines: Lines, here: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Which of some lines belong to a transaction that is not whole."""
    inside = np.flatnonzero(np.isin(lines.txn, lines.txn[here]))
    txn, key, pence = lines.txn[inside], lines.key[inside], lines.pence[inside]
    bad: set[int] = set()
    for part in (books.keys.entity[key], books.keys.pair[key]):
        wide = int(part.max(initial=0)) + 1
        groups = np.where(part >= 0, txn * wide + part, -1)
        numbers, sums = group_sums(pence, groups)
        bad |= set((numbers[sums != 0] // wide).tolist())
    return np.isin(lines.txn[here], list(bad))
