"""The twelve invariants of the money as functions over books; a run that breaks one fails loudly (FINANCE 2.0).

Each function returns every breach it finds; :func:`assert_sound` raises them. They know nothing of how the books came
about, so that ``carebridge audit`` asks the same of files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import numpy.typing as npt

from models.finance.accounts import Pence
from models.finance.agreements import block_as_agreed, payment_with_activity, savings_once
from models.finance.books import Books, Entity, year_ends
from models.finance.breaches import TITLES, Breach, LedgerError, found_in, group_sums
from models.finance.journal import journal_breaches

__all__ = ["INVARIANTS", "assert_sound", "breaches", "same_system_pound", "system_result"]

BEFORE = ("psf", "interest", "pdc_dividend")  #: national gates and financing: the system pound is counted before them
FUND_ACCOUNTS = ("cash", "receivable", "payable", "ie_reserve", "income", "expenditure")


def breaches(books: Books, numbers: Iterable[int] | None = None, journals: Iterable[int] | None = None) -> list[Breach]:
    """Everything that does not hold.

    Parameters
    ----------
    books : Books
    numbers : iterable of int, optional
        Invariants to check; all twelve unless given.
    journals : iterable of int, optional
        Replications (by place) whose journal is read line by line; the first unless given.
    """
    asked = INVARIANTS if numbers is None else numbers
    out = [breach for number in asked for breach in INVARIANTS[number](books)]
    for place in (0,) if journals is None else journals:
        out += journal_breaches(books, place)
    return sorted(out, key=lambda b: (b.invariant, b.when))


def assert_sound(books: Books) -> None:
    """Raise everything that does not hold.

    Raises
    ------
    LedgerError
    """
    found = breaches(books)
    if found:
        raise LedgerError(found)


def balanced(books: Books) -> list[Breach]:
    """1: debits equal credits in every entity and month, and in the opening balance sheets."""
    opening = books.by_entity(np.broadcast_to(books.opening[:, None, None], (len(books.keys), 1, 1)))
    out = found_in(1, books, opening, _entity(books, "opening balance sheet", "does not balance"))
    for values, words in (
        (books.movement, "debits and credits of the month differ"),
        (books.transfer, "the close differs"),
    ):
        out += found_in(1, books, books.by_entity(values), _entity(books, "all accounts", words))
    return out


def cash_conserved(books: Books) -> list[Breach]:
    """2: over all entities, cash changes sum to zero."""
    cash = books.keys.where("cash")
    wrong = books.total(books.movement, cash)[None]
    return found_in(2, books, wrong, lambda _: ("all entities", "cash", cash, "cash appeared or vanished"))


def agreed_between(books: Books) -> list[Breach]:
    """3: balances between two entities agree at every month's end; income and expenditure in every month."""
    flows = books.keys.part("income", "expenditure")
    out = []
    for which, values in ((~flows, books.closing), (flows, books.movement)):
        pairs = np.where(which, books.keys.pair, -1)
        numbers, sums = group_sums(values, pairs)
        if not sums.any():
            continue

        def name(g: int, numbers: npt.NDArray[np.int64] = numbers, pairs: npt.NDArray[np.int64] = pairs):
            keys = np.flatnonzero(pairs == numbers[g])
            entity, _, other, _ = books.keys.listed[keys[0]]
            return entity, books.keys.words(keys[0]), keys, f"{entity} and {other} do not agree"

        out += found_in(3, books, sums, name)
    return out


def rolled_forward(books: Books) -> list[Breach]:
    """4: opening + movements = closing for every account; the reserve moves by the year-end close only."""
    keys = books.keys
    before = np.concatenate(
        [np.broadcast_to(books.opening[:, None, None], (*books.closing.shape[:2], 1)), books.closing[:, :, :-1]], axis=2
    )
    wrong = books.closing - before - books.movement - books.transfer
    out = found_in(4, books, wrong, _key(books, "opening, movements and closing balance differ"))
    reserve = keys.where("ie_reserve")
    words = "the reserve moved outside the year-end close"
    out += found_in(4, books, books.movement[reserve], _key(books, words, reserve))
    for account, words in (
        ("loan", "more was repaid than was owed"),
        ("pdc", "more was given back than was received"),
        ("cash_drawn", "more was given back than was drawn"),
    ):
        at = keys.where(account)
        out += found_in(4, books, np.maximum(books.closing[at], 0), _key(books, words, at))
    ends = year_ends(books.start, len(books.months))
    flows = np.flatnonzero(keys.part("income", "expenditure"))
    open_after = np.zeros((len(flows), *books.closing.shape[1:]), np.int64)
    open_after[:, :, ends] = books.closing[flows][:, :, ends]
    out += found_in(4, books, open_after, _key(books, "was not closed at year end", flows))
    strange = books.transfer.copy()
    strange[np.ix_(np.concatenate([flows, reserve]), np.arange(strange.shape[1]), ends)] = 0
    return out + found_in(4, books, strange, _key(books, "a close outside March, or of another account"))


def cash_above_floor(books: Books) -> list[Breach]:
    """5: cash is at its floor or above it at every month's end, and no commissioner has taken a loan for it."""
    out = []
    for entity, keys, cash in _cash_of(books, lambda e: e.floor is not None and not e.fund):
        drawn = books.total(books.movement, books.keys.where("loan", "cash_drawn", entity=entity.name))
        short = np.minimum(cash - (entity.floor or 0), 0)
        for part, words in (
            (np.where(drawn < 0, 0, short), "cash is below the floor and no loan or cash was drawn"),
            (np.where(drawn < 0, short, 0), "cash is below the floor: the loan or cash drawn was too small"),
        ):
            out += found_in(5, books, part[None], lambda _, e=entity, k=keys, w=words: (e.name, "cash", k, w))
    commissioners = {e.name for e in books.entities if e.kind == "commissioner"}
    lent = np.array([n for n in books.keys.where("loan") if books.keys.listed[n][0] in commissioners], np.int64)
    words = "a commissioner draws cash from NHS England; it takes no loan"
    return out + found_in(5, books, np.minimum(books.movement[lent], 0), _key(books, words, lent))


def system_pound(books: Books) -> list[Breach]:
    """6: income and expenditure inside the system cancel in every month, so that no payment form changes its result."""
    inside = np.flatnonzero(_inside(books))
    wrong, words = books.total(books.movement, inside)[None], "payments inside it do not cancel"
    return found_in(6, books, wrong, lambda _: ("the system", "income and expenditure", inside, words))


def system_result(books: Books, without: Sequence[str] = BEFORE) -> Pence:
    """Surplus (positive) of the whole system by replication and month (R, M), before some purposes."""
    keys = books.keys
    flows = keys.part("income", "expenditure") & books.internal[keys.entity]
    kept = np.array([key[3] not in without for key in keys.listed])
    return -books.total(books.movement, np.flatnonzero(flows & kept))


def same_system_pound(one: Books, other: Books) -> list[Breach]:
    """6, between two runs: with another form of contract the system's result is the same to the penny (S3, F17).

    Behaviour must be switched off, and national gates and financing be the same in both; their purposes are left out.
    """
    wrong = (system_result(other) - system_result(one))[None]
    words = "the system's result depends on how its members pay each other"
    return found_in(6, one, wrong, lambda _: ("the system", "income and expenditure", np.zeros(0, np.int64), words))


def not_overworn(books: Books) -> list[Breach]:
    """9: accumulated depreciation is at most cost, and no more is taken off the books than was worn out."""
    out, inside = [], books.internal[books.keys.entity]
    for entity in (e for e in books.entities if not e.external):
        keys = books.keys.where("ppe_cost", "accumulated_depreciation", entity=entity.name)
        wrong = np.minimum(books.total(books.closing, keys), 0)[None]
        worn = (entity.name, "accumulated_depreciation", keys, "more was written off than it cost")
        out += found_in(9, books, wrong, lambda _, worn=worn: worn)
    for account, beyond in (("ppe_cost", np.minimum), ("accumulated_depreciation", np.maximum)):
        at = books.keys.where(account)
        at = at[inside[at]]
        words = "more was taken off the books than was on them"
        out += found_in(9, books, beyond(books.closing[at], 0), _key(books, words, at))
    return out


def national_funds(books: Books) -> list[Breach]:
    """10: a fund of an outside body, such as PSF: paid at most what it holds, to members; the rest stays."""
    return _funds(books, 10, lambda e: e.fund and e.external)


def pooled_funds(books: Books) -> list[Breach]:
    """11: a fund of the system: on its purposes only, and never negative."""
    return _funds(books, 11, lambda e: e.fund and not e.external)


def _funds(books: Books, number: int, which: Callable[[Entity], bool]) -> list[Breach]:
    out, keys = [], books.keys
    for entity, cash_keys, cash in _cash_of(books, which):
        own = np.flatnonzero(keys.entity == keys.entities.index(entity.name))
        worth = own[keys.part("asset", "liability")[own]]
        net = books.total(books.closing, worth)
        flows = own[keys.part("income", "expenditure")[own]]
        opening = books.opening[worth].sum()
        kept = opening - np.cumsum(books.total(books.movement, flows), axis=1)
        for wrong, account, at, words in (
            (np.minimum(cash, 0), "cash", cash_keys, "the fund is overdrawn"),
            (np.minimum(net, 0), "net assets", flows, "more was spent than the fund held"),
            (
                net - kept,
                "net assets",
                worth,
                "money left the fund without being spent: what is not paid must stay in it",
            ),
        ):
            out += found_in(number, books, wrong[None], lambda _, a=account, k=at, w=words, e=entity: (e.name, a, k, w))
        for n in own:
            _, account, other, purpose = keys.listed[n]
            words = ""
            if account == "expenditure" and purpose not in entity.purposes:
                words = f"spent on {purpose}; allowed: {', '.join(entity.purposes)}"
            elif account == "expenditure" and entity.external and entity.members and other not in entity.members:
                words = f"paid to {other}; allowed: {', '.join(entity.members)}"
            elif account not in FUND_ACCOUNTS:
                words = "a fund has no such account"
            if words:
                out += found_in(number, books, books.movement[[n]], _key(books, words, np.array([n])))
    return out


def _cash_of(books: Books, which: Callable[[Entity], bool]) -> list[tuple[Entity, npt.NDArray[np.int64], Pence]]:
    """Entities of a kind with the place of their cash, and cash at month ends (R, M)."""
    chosen = [e for e in books.entities if which(e)]
    found = [(e, books.keys.where("cash", entity=e.name)) for e in chosen]
    return [(e, keys, books.total(books.closing, keys)) for e, keys in found]


def _inside(books: Books) -> npt.NDArray[np.bool_]:
    """Income and expenditure of members of the system from and to members."""
    keys = books.keys
    inside = {e.name for e in books.entities if not e.external}
    both = np.array([key[0] in inside and key[2] in inside for key in keys.listed])
    return both & keys.part("income", "expenditure")


def _entity(books: Books, account: str, words: str):
    return lambda g: (books.keys.entities[g], account, np.flatnonzero(books.keys.entity == g), words)


def _key(books: Books, words: str, places: npt.NDArray[np.int64] | None = None):
    def name(g: int) -> tuple[str, str, npt.NDArray[np.int64], str]:
        n = g if places is None else int(places[g])
        return books.keys.listed[n][0], books.keys.words(n), np.array([n]), words

    return name


#: each invariant by its number
INVARIANTS: dict[int, Callable[[Books], list[Breach]]] = {
    1: balanced,
    2: cash_conserved,
    3: agreed_between,
    4: rolled_forward,
    5: cash_above_floor,
    6: system_pound,
    7: payment_with_activity,
    8: block_as_agreed,
    9: not_overworn,
    10: national_funds,
    11: pooled_funds,
    12: savings_once,
}
assert list(INVARIANTS) == list(TITLES)
