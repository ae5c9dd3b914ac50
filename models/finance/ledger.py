"""The journal: what rules call to pay, accrue, settle, lend, build and wear out, for all replications at once.

Every call writes one balanced transaction a month. Between two entities it is a mirrored pair under one number, so
that neither can book what the other has not (FINANCE 2.0). Amounts are whole pence: an array of months, of
replications, or of both; nothing here loops over either.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.finance.accounts import ACCOUNTS, PURPOSES, Key, Keys, Pence
from models.finance.agreed import Agreed
from models.finance.books import YEAR_END, Books, Lines, entities_of, month_starts, year_ends
from models.finance.organisations import PUBLIC_MONEY, System
from sim.errors import CarebridgeError, nearest

__all__ = ["Book", "Months", "year_end_transfers"]

Months = int | slice | Sequence[int] | npt.NDArray[np.int64]
_MOST = 10**15  #: pence in one line: ten million million pounds, far from where int64 would wrap


@dataclass(frozen=True)
class _Entry:
    """One kind of transaction over some months: its lines all carry the same amount, some as credits."""

    rule: str
    months: npt.NDArray[np.int64]
    pence: Pence  #: (R, months)
    legs: tuple[tuple[Key, int], ...]


class Book:
    """An open ledger of a system.

    Parameters
    ----------
    system : System
        As :func:`models.finance.organisations.read_system` gives it.
    months : int
        How many, from the system's start (a first of April).
    replications : int
        How many are kept side by side.
    first_replication : int
        Number of the first of them, when a run is done in blocks.

    Notes
    -----
    Months are numbered from 0. `pence` may be one number, one a month (n,), one a replication (R,) when a single month
    is given, or both (R, n). A negative amount is the same transaction the other way round, for example a true-up that
    gives money back.
    """

    def __init__(self, system: System, months: int, replications: int = 1, first_replication: int = 0) -> None:
        self.system, self.months, self.replications = system, months, replications
        self.numbers = tuple(range(first_replication, first_replication + replications))
        self.entities = entities_of(system)
        self.opening = system.opening()
        self.agreed = Agreed()
        self.floors = system.floors()
        self._names = {e.name for e in self.entities}
        self._moves: dict[Key, Pence] = {}
        self._entries: list[_Entry] = []
        self._ends = year_ends(system.start, months)

    # --- payments between two ---------------------------------------------------------------------------------------

    def pay(
        self,
        months: Months,
        payer: str,
        payee: str,
        rule: str,
        pence: npt.ArrayLike,
        purpose: str,
        settle_months: int = 0,
    ) -> None:
        """Income of one and expenditure of the other; cash follows `settle_months` later.

        What would be settled after the last month stays a receivable of the one and a payable of the other.
        """
        if settle_months == 0:
            legs = [
                ((payer, "expenditure", payee, purpose), 1),
                ((payer, "cash", "", ""), -1),
                ((payee, "cash", "", ""), 1),
                ((payee, "income", payer, purpose), -1),
            ]
            self._write(rule, months, pence, legs)
            return
        self.accrue(months, payer, payee, rule, pence, purpose)
        where, amounts = self._amounts(rule, months, pence)
        later = where + settle_months
        self.settle(later[later < self.months], payer, payee, rule, amounts[:, later < self.months])

    def accrue(self, months: Months, payer: str, payee: str, rule: str, pence: npt.ArrayLike, purpose: str) -> None:
        """Income of one and expenditure of the other that is owed, not yet paid."""
        legs = [
            ((payer, "expenditure", payee, purpose), 1),
            ((payer, "payable", payee, ""), -1),
            ((payee, "receivable", payer, ""), 1),
            ((payee, "income", payer, purpose), -1),
        ]
        self._write(rule, months, pence, legs)

    def settle(self, months: Months, payer: str, payee: str, rule: str, pence: npt.ArrayLike) -> None:
        """Pay what is owed."""
        legs = [
            ((payer, "payable", payee, ""), 1),
            ((payer, "cash", "", ""), -1),
            ((payee, "cash", "", ""), 1),
            ((payee, "receivable", payer, ""), -1),
        ]
        self._write(rule, months, pence, legs)

    # --- buildings and equipment ------------------------------------------------------------------------------------

    def build(self, months: Months, entity: str, rule: str, pence: npt.ArrayLike, seller: str = "suppliers") -> None:
        """Buy an asset for cash; the seller hands it over at that price."""
        legs = [
            ((entity, "ppe_cost", "", ""), 1),
            ((entity, "cash", "", ""), -1),
            ((seller, "cash", "", ""), 1),
            ((seller, "ppe_cost", "", ""), -1),
        ]
        self._write(rule, months, pence, legs)

    def depreciate(self, months: Months, entity: str, rule: str, pence: npt.ArrayLike) -> None:
        """Wear: expenditure without cash."""
        self._wear(months, entity, rule, pence, "depreciation")

    def impair(self, months: Months, entity: str, rule: str, pence: npt.ArrayLike) -> None:
        """Loss of an asset's value, for example of a ward that is closed: expenditure without cash."""
        self._wear(months, entity, rule, pence, "impairment")

    def _wear(self, months: Months, entity: str, rule: str, pence: npt.ArrayLike, purpose: str) -> None:
        legs = [((entity, "expenditure", "", purpose), 1), ((entity, "accumulated_depreciation", "", ""), -1)]
        self._write(rule, months, pence, legs)

    def retire(self, months: Months, entity: str, rule: str, pence: npt.ArrayLike) -> None:
        """Take a fully worn-out asset off the books."""
        legs = [((entity, "accumulated_depreciation", "", ""), 1), ((entity, "ppe_cost", "", ""), -1)]
        self._write(rule, months, pence, legs)

    def revalue(self, months: Months, entity: str, rule: str, pence: npt.ArrayLike) -> None:
        """An asset is worth more (or, negative, less); no income."""
        legs = [((entity, "ppe_cost", "", ""), 1), ((entity, "revaluation_reserve", "", ""), -1)]
        self._write(rule, months, pence, legs)

    # --- loans and capital ------------------------------------------------------------------------------------------

    def draw_loan(self, months: Months, borrower: str, lender: str, rule: str, pence: npt.ArrayLike) -> None:
        """Borrow; negative amounts are repaid."""
        self._finance(months, borrower, lender, rule, pence, ("loan", "loan_asset"))

    def repay_loan(self, months: Months, borrower: str, lender: str, rule: str, pence: npt.ArrayLike) -> None:
        """Give a loan, or a part of it, back."""
        self.draw_loan(months, borrower, lender, rule, -np.asarray(pence))

    def receive_pdc(self, months: Months, trust: str, rule: str, pence: npt.ArrayLike, holder: str = "dhsc") -> None:
        """Receive public dividend capital; negative amounts are given back."""
        self._finance(months, trust, holder, rule, pence, ("pdc", "pdc_held"))

    def _finance(
        self, months: Months, taker: str, giver: str, rule: str, pence: npt.ArrayLike, accounts: tuple[str, str]
    ) -> None:
        legs = [
            ((taker, "cash", "", ""), 1),
            ((taker, accounts[0], giver, ""), -1),
            ((giver, accounts[1], taker, ""), 1),
            ((giver, "cash", "", ""), -1),
        ]
        self._write(rule, months, pence, legs)

    def make_up(self, months: Months, entity: str, pence: npt.ArrayLike) -> None:
        """Make up what cash lacks as the kind of an organisation does; negative amounts are given back.

        Commissioners and councils draw cash where their income comes from, without a loan and without interest;
        everybody else takes an interim loan.
        """
        organisation = self.system.organisations[entity]
        if organisation.kind in PUBLIC_MONEY:
            giver, _ = PUBLIC_MONEY[organisation.kind]
            self._finance(months, entity, giver, "cash_drawn", pence, ("cash_drawn", "cash_given"))
        else:
            self.draw_loan(months, entity, organisation.lender, "interim_loan", pence)

    def fund_floor(self, month: int, entity: str) -> Pence:
        """Draw what lifts an organisation's cash to its floor at the end of a month; returns it by replication (R,)."""
        short = np.maximum(self.floors[entity] - self.cash(entity, month), 0)
        if short.any():
            self.make_up(month, entity, short)
        return short

    # --- what rules ask ---------------------------------------------------------------------------------------------

    def cash(self, entity: str, month: int) -> Pence:
        """Cash at the end of a month as posted so far (R,)."""
        return self._balance((entity, "cash", "", ""), month)

    def cash_flow(self, entity: str) -> Pence:
        """Change of cash in every month as posted so far (R, M)."""
        moves = self._moves.get((entity, "cash", "", ""))
        return np.zeros((self.replications, self.months), np.int64) if moves is None else moves.copy()

    def owed(self, entity: str, lender: str, month: int) -> Pence:
        """Loan outstanding at the end of a month (R,), positive."""
        return -self._balance((entity, "loan", lender, ""), month)

    def net_assets(self, entity: str, month: int) -> Pence:
        """What an entity owns less what it owes at the end of a month (R,); for the dividend on public capital."""
        keys = {key for key in (*self._moves, *self.opening) if key[0] == entity}
        out = np.zeros(self.replications, np.int64)
        for key in keys:
            if ACCOUNTS[key[1]].part in ("asset", "liability"):
                out += self._balance(key, month)
        return out

    def surplus(self, entity: str, months: slice, without: Iterable[str] = ()) -> Pence:
        """Income less expenditure over some months (R,), without some purposes: the figure of a control total."""
        return self.result(entity, without)[:, months].sum(axis=1)

    def result(self, entity: str, without: Iterable[str] = ()) -> Pence:
        """Income less expenditure of every month as posted so far (R, M), without some purposes."""
        left_out, out = set(without), np.zeros((self.replications, self.months), np.int64)
        for key, moves in self._moves.items():
            if key[0] == entity and key[1] in ("income", "expenditure") and key[3] not in left_out:
                out -= moves
        return out

    def _balance(self, key: Key, month: int) -> Pence:
        moves = self._moves.get(key)
        opening = self.opening.get(key, 0)
        if moves is None:
            return np.full(self.replications, opening, np.int64)
        return opening + moves[:, : month + 1].sum(axis=1)

    # --- writing ----------------------------------------------------------------------------------------------------

    def _write(self, rule: str, months: Months, pence: npt.ArrayLike, legs: Sequence[tuple[Key, int]]) -> None:
        """Write one transaction a month; nothing is kept of amounts that are zero everywhere."""
        where, amounts = self._amounts(rule, months, pence)
        self._known(rule, legs)
        if not amounts.any():
            return
        span = slice(where[0], where[-1] + 1) if where[-1] - where[0] + 1 == len(where) else where
        for key, sign in legs:
            moves = self._moves.get(key)
            if moves is None:
                moves = self._moves[key] = np.zeros((self.replications, self.months), np.int64)
            moves[:, span] += amounts if sign > 0 else -amounts
        self._entries.append(_Entry(rule, where, amounts, tuple(legs)))

    def _amounts(self, rule: str, months: Months, pence: npt.ArrayLike) -> tuple[npt.NDArray[np.int64], Pence]:
        """Months as places, and amounts as (R, months)."""
        if isinstance(months, slice):
            where = np.arange(self.months)[months]
        else:
            where = np.atleast_1d(np.asarray(months, np.int64))
        if len(where) and (where.min() < 0 or where.max() >= self.months or (np.diff(where) <= 0).any()):
            rule_words = f"must lie from 0 to {self.months - 1}, each once and in order"
            raise CarebridgeError(f"rule {rule}: months {where.min()} to {where.max()} {rule_words}.")
        values = np.asarray(pence)
        if values.dtype.kind not in "iu" and values.size:
            raise CarebridgeError(f"rule {rule}: amounts are whole pence (int64), not {values.dtype}.")
        if values.ndim == 1 and len(where) == 1 and len(values) == self.replications:
            values = values[:, None]
        try:
            amounts = np.broadcast_to(values.astype(np.int64), (self.replications, len(where)))
        except ValueError:
            shape = f"({self.replications} replications, {len(where)} months)"
            raise CarebridgeError(f"rule {rule}: amounts of shape {values.shape} do not fit {shape}.") from None
        if amounts.size and max(int(amounts.max()), -int(amounts.min())) > _MOST:
            raise CarebridgeError(f"rule {rule}: an amount of more than {_MOST} pence cannot be right.")
        return where, amounts

    def _known(self, rule: str, legs: Sequence[tuple[Key, int]]) -> None:
        for (entity, account, other, purpose), _ in legs:
            for name in (entity, other):
                if name and name not in self._names:
                    close = nearest(name, self._names)
                    hint = f" Did you mean '{close}'?" if close else ""
                    raise CarebridgeError(f"rule {rule}: nobody called '{name}' keeps books.{hint}")
            if entity == other:
                raise CarebridgeError(f"rule {rule}: {entity} cannot have a transaction with itself.")
            if ACCOUNTS[account].part in ("income", "expenditure") and purpose not in PURPOSES:
                close = nearest(purpose, PURPOSES)
                hint = f" Did you mean '{close}'?" if close else ""
                raise CarebridgeError(f"rule {rule}: no purpose of money is called '{purpose}'.{hint}")

    # --- closing ----------------------------------------------------------------------------------------------------

    def close(self, check: bool = True) -> Books:
        """Close every month and every whole year, and assert the invariants.

        Parameters
        ----------
        check : bool
            Whether to assert; only a test of the invariants themselves leaves it out.

        Raises
        ------
        LedgerError
            Naming entity, account, month, rule and amount of everything that does not hold.
        """
        names = [e.name for e in self.entities]
        always: set[Key] = {(name, account, "", "") for name in names for account in ("cash", "ie_reserve")}
        used = {key for key, moves in self._moves.items() if moves.any()}
        keys = Keys.ordered(sorted(always | used | set(self.opening)), names)
        movement = np.zeros((len(keys), self.replications, self.months), np.int64)
        for n, key in enumerate(keys.listed):
            if key in self._moves:
                movement[n] = self._moves[key]
        opening = np.array([self.opening.get(key, 0) for key in keys.listed], np.int64)
        transfer = year_end_transfers(keys, movement, self._ends)
        closing = movement + transfer
        np.cumsum(closing, axis=2, out=closing)
        closing += opening[:, None, None]
        rules = tuple(sorted({entry.rule for entry in self._entries} | {YEAR_END}))
        books = Books(
            entities=self.entities,
            keys=keys,
            start=self.system.start,
            opening=opening,
            movement=movement,
            transfer=transfer,
            closing=closing,
            rules=rules,
            contracts=self.agreed.contract_table(
                self._income_of, month_starts(self.system.start, self.months), self.numbers
            ),
            savings=self.agreed.saving_table(month_starts(self.system.start, self.months), self.numbers),
            numbers=self.numbers,
            lines_of=lambda place: _lines(self._entries, keys, rules, transfer, self._ends, place),
        )
        if check:
            from models.finance.invariants import assert_sound

            assert_sound(books)
        return books

    def _income_of(self, rule: str, payer: str, payee: str) -> Pence:
        """Income (positive) of a payee from a payer under one rule, by replication and month."""
        out = np.zeros((self.replications, self.months), np.int64)
        for entry in self._entries:
            if entry.rule == rule:
                for (entity, account, other, _), sign in entry.legs:
                    if (entity, account, other) == (payee, "income", payer):
                        out[:, entry.months] -= sign * entry.pence
        return out


def year_end_transfers(keys: Keys, movement: Pence, ends: npt.NDArray[np.int64]) -> Pence:
    """Transfers of every whole year's income and expenditure into the reserve, in March."""
    out = np.zeros_like(movement)
    flows = np.flatnonzero(keys.part("income", "expenditure"))
    reserve = np.array([keys.index[name, "ie_reserve", "", ""] for name in keys.entities], np.int64)
    first = 0
    for end in ends:
        year = movement[flows, :, first : end + 1].sum(axis=2)
        out[flows, :, end] = -year
        np.add.at(out[:, :, end], reserve[keys.entity[flows]], year)
        first = int(end) + 1
    return out


def _lines(
    entries: Sequence[_Entry],
    keys: Keys,
    rules: Sequence[str],
    transfer: Pence,
    ends: npt.NDArray[np.int64],
    place: int,
) -> Lines:
    """Journal lines of one replication, in the order of writing, the year-end closes last.

    Transactions are numbered among those that are not zero in this replication, so that the numbers do not depend on
    which replications are kept side by side.
    """
    code = {rule: n for n, rule in enumerate(rules)}
    txn, month, key, rule, pence, numbered = [], [], [], [], [], 0
    for entry in entries:
        amounts = entry.pence[place]
        real = np.flatnonzero(amounts)
        legs = np.array([keys.index[k] for k, _ in entry.legs], np.int64) if len(real) else np.zeros(0, np.int64)
        if not len(real):
            continue
        signs = np.array([sign for _, sign in entry.legs], np.int64)
        txn.append(np.repeat(numbered + np.arange(len(real)), len(legs)))
        month.append(np.repeat(entry.months[real], len(legs)))
        key.append(np.tile(legs, len(real)))
        pence.append((amounts[real, None] * signs).ravel())
        rule.append(np.full(len(real) * len(legs), code[entry.rule], np.int64))
        numbered += len(real)
    for end in ends:
        moved = transfer[:, place, end]
        real = np.flatnonzero(moved)
        entity, which = np.unique(keys.entity[real], return_inverse=True)
        txn.append(numbered + which)
        month.append(np.full(len(real), end, np.int64))
        key.append(real)
        pence.append(moved[real])
        rule.append(np.full(len(real), code[YEAR_END], np.int64))
        numbered += len(entity)
    columns = [np.concatenate([np.zeros(0, np.int64), *c]) for c in (txn, month, key, rule, pence)]
    return Lines(*columns)
