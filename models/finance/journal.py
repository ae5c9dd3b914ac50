"""The journal read line by line: every transaction whole, in one month, and agreeing with the trial balance."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from models.finance.accounts import Pence
from models.finance.books import YEAR_END, Books, Lines, year_of
from models.finance.breaches import MOST, Breach, group_sums

__all__ = ["journal_breaches"]


def journal_breaches(books: Books, place: int) -> list[Breach]:
    """What does not hold in the journal of one replication; nothing where no journal was kept.

    Parameters
    ----------
    books : Books
    place : int
        Place of the replication among those of the books.
    """
    lines = books.lines_of(place)
    if lines is None:
        return []
    keys = books.keys
    out = _in_one_month(books, lines, place)
    cash = np.zeros(len(keys), np.int64) - 1
    cash[keys.where("cash")] = 0
    for number, part, words in (
        (1, keys.entity, "debits and credits of one transaction differ"),
        (2, cash, "cash of one transaction appears or vanishes"),
        (3, keys.pair, "one side of a transaction has no mirror on the other"),
    ):
        out += _by_part(books, lines, place, number, part, words)
    return out + _against_balances(books, lines, place) + _against_contracts(books, lines, place)


def _in_one_month(books: Books, lines: Lines, place: int) -> list[Breach]:
    if not len(lines.txn):
        return []
    order = np.argsort(lines.txn, kind="stable")
    txn, month = lines.txn[order], lines.month[order]
    moved = np.flatnonzero((txn[1:] == txn[:-1]) & (month[1:] != month[:-1])) + 1
    words = "lines of one transaction lie in different months"
    return [_breach(books, lines, place, int(order[n]), 1, int(lines.pence[order[n]]), words) for n in moved[:MOST]]


def _by_part(
    books: Books, lines: Lines, place: int, number: int, part: npt.NDArray[np.int64], words: str
) -> list[Breach]:
    """Transactions whose lines do not sum to zero over each part (entity, pair, cash)."""
    of_line = np.where(_closes(books, lines) & (number == 3), -1, part[lines.key])  # a close has no other side
    wide = int(part.max(initial=0)) + 1
    groups = np.where(of_line >= 0, lines.txn * wide + of_line, -1)
    numbers, sums = group_sums(lines.pence, groups)
    out = []
    for n in np.flatnonzero(sums)[:MOST]:
        line = int(np.flatnonzero(groups == numbers[n])[0])
        out.append(_breach(books, lines, place, line, number, int(sums[n]), words))
    return out


def _against_balances(books: Books, lines: Lines, place: int) -> list[Breach]:
    """The lines of every account and month sum to its movement and close in the trial balance."""
    closes, out = _closes(books, lines), []
    for part, said in ((~closes, books.movement[:, place]), (closes, books.transfer[:, place])):
        out += _differences(books, lines, place, part, said)
    return out


def _closes(books: Books, lines: Lines) -> npt.NDArray[np.bool_]:
    """Which lines belong to the year-end close."""
    return lines.rule == (books.rules.index(YEAR_END) if YEAR_END in books.rules else -1)


def _differences(books: Books, lines: Lines, place: int, part: npt.NDArray[np.bool_], said: Pence) -> list[Breach]:
    posted: Pence = np.zeros((len(books.keys), len(books.months)), np.int64)
    np.add.at(posted, (lines.key[part], lines.month[part]), lines.pence[part])
    wrong, out = said - posted, []
    for n, month in np.argwhere(wrong)[:MOST]:
        at = np.flatnonzero(part & (lines.key == n) & (lines.month == month))
        rules = sorted({books.rules[code] for code in lines.rule[at]})
        out.append(
            Breach(
                invariant=1,
                entity=books.keys.listed[n][0],
                account=books.keys.words(int(n)),
                when=f"{books.months[month]:%Y-%m}",
                rule=", ".join(rules) or "none: no line of the journal",
                pence=int(wrong[n, month]),
                replication=books.numbers[place],
                replications=1,
                words="the trial balance says something else than the journal",
            )
        )
    return out


def _against_contracts(books: Books, lines: Lines, place: int) -> list[Breach]:
    """What the register of contracts says was paid is the payee's income from the payer under the contract's rule."""
    table = books.contracts.loc[books.contracts["replication"] == books.numbers[place], :]
    if table.empty:
        return []
    years, of_month = np.unique([year_of(month) for month in books.months], return_inverse=True)
    count = len(books.keys)
    groups, sums = group_sums(lines.pence, (lines.rule * count + lines.key) * len(years) + of_month[lines.month])
    posted: dict[tuple[str, ...], int] = {}
    for group, pence in zip(groups.tolist(), sums.tolist(), strict=True):
        before, year = divmod(group, len(years))
        rule, n = divmod(before, count)
        payee, account, payer, _ = books.keys.listed[n]
        if account == "income":
            place_of = (str(years[year]), books.rules[rule], payer, payee)
            posted[place_of] = posted.get(place_of, 0) - pence
    out = []
    for row in table.to_dict("records"):
        year, rule, payer, payee = (str(row[name]) for name in ("year", "rule", "payer", "payee"))
        wrong = int(row["paid_pence"]) - posted.get((year, rule, payer, payee), 0)
        if wrong:
            words = "the register of contracts says something else than the journal"
            number = books.numbers[place]
            out.append(Breach(8, payer, f"expenditure[{payee}]", year, rule, wrong, number, 1, words))
    return out[:MOST]


def _breach(books: Books, lines: Lines, place: int, line: int, number: int, pence: int, words: str) -> Breach:
    key = int(lines.key[line])
    return Breach(
        invariant=number,
        entity=books.keys.listed[key][0],
        account=books.keys.words(key),
        when=f"{books.months[lines.month[line]]:%Y-%m}",
        rule=books.rules[lines.rule[line]],
        pence=pence,
        replication=books.numbers[place],
        replications=1,
        words=words,
    )
