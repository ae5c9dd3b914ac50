"""What hangs on results so far: cash that must be made up, offsets within a year, and the sustainability fund.

These come last and quarter by quarter, because each depends on what the quarters before have left: interest on loans
drawn, a finance gate on the result of the year so far, cash on what the fund has paid. Who makes up cash how is told,
kind by kind, in :mod:`models.finance.rules.cash_support`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.finance.accounts import Key
from models.finance.ledger import Book
from models.finance.organisations import PUBLIC_MONEY
from models.finance.organisations import System as Finance
from models.finance.rules.amounts import Pence, split
from models.finance.rules.cash_support import support_of
from models.finance.rules.control_totals import offsets
from models.finance.rules.sustainability_fund import FINANCE, access_gate, finance_gate, of_system, pay_fund
from models.finance.simulated.agreed_totals import QUARTERS, THREE, Totals, agree
from models.finance.simulated.basis import Basis
from models.finance.simulated.settings import Money

__all__ = ["Position", "settle"]

ACCESS = "ae"  #: the element of the fund that hangs on A&E
APART = ("impairment",)  #: purposes that no control total counts
EVERY = slice(None)
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Position:
    """Where an arm stands against its control totals, by quarter, in pence.

    Parameters
    ----------
    totals : Totals
    result : ndarray of int64 [replications, organisations, quarters]
        Before money from the fund, offsets and impairments, after interest and dividend.
    moved : ndarray of int64 [replications, organisations, quarters]
        Offsets received (+) or given (-); they sum to nought.
    due : ndarray of int64 [trusts, quarters]
        What the fund pays if every gate is open.
    paid, own : ndarray of int64 [replications, trusts, quarters]
        What it paid, and what it would have paid by each trust's own result alone, without offsets.
    """

    totals: Totals
    result: Pence
    moved: Pence
    due: Pence
    paid: Pence
    own: Pence


def settle(
    book: Book, finance: Finance, basis: Basis, in_time: Mapping[str, Floats], money: Money, totals: Totals | None
) -> Position | None:
    """Post what makes up cash, interest, offsets and the fund; everything else must have been posted.

    Parameters
    ----------
    book : Book
    finance : Finance
    basis : Basis
    in_time : mapping of trust to ndarray of float [replications, quarters]
        Share of emergencies who had a bed in time.
    money : Money
    totals : Totals, optional
        As agreed in business as usual; without them this arm is business as usual, and they are agreed from it.

    Returns
    -------
    Position or None
        None where control totals are switched off, or the books are shorter than a year.
    """
    names = list(finance.organisations)
    result = np.stack([book.result(name, APART) for name in names], axis=1)  # [replications, organisations, months]
    whole = result.shape[-1] // THREE
    if money.control.enabled and whole >= QUARTERS:
        totals = totals or agree(finance, basis, _quarterly(result, whole), in_time, money)
    walk = _Walk(book, finance, money, result)
    terms = _Terms(totals, names, in_time, money, whole, book.replications) if totals else None
    for quarter in range(-(-book.months // THREE)):
        walk.through(quarter, terms if quarter < whole else None)
    walk.post(finance)
    if terms is None:
        return None
    terms.post(book, finance, walk.late)
    return terms.position(_quarterly(walk.result, whole))


def _quarterly(monthly: Pence, whole: int) -> Pence:
    """Sums [..., quarters] of whole quarters."""
    return monthly[..., : whole * THREE].reshape(*monthly.shape[:-1], whole, THREE).sum(axis=-1)


class _Walk:
    """Cash, what was drawn to make it up, and results of every organisation, quarter by quarter."""

    def __init__(self, book: Book, finance: Finance, money: Money, result: Pence) -> None:
        self.book, self.names, self.result = book, list(finance.organisations), result
        ways = [support_of(finance.organisations[name].kind) for name in self.names]
        self.ways = {way: [n for n, own in enumerate(ways) if own is way] for way in ways}
        self.rate = money.rules.loans.most_trusts
        self.late = round(money.rules.sustainability_fund.arrears.value)
        self.flow = np.stack([book.cash_flow(name) for name in self.names], axis=1)
        self.cash = self._opening([(name, "cash", "", "") for name in self.names])
        givers = [PUBLIC_MONEY.get(finance.organisations[name].kind, ("",))[0] for name in self.names]
        self.owed = -self._opening(
            [(name, "cash_drawn", giver, "") for name, giver in zip(self.names, givers, strict=True)]
        )
        self.floor = np.array([book.floors[name] for name in self.names], np.int64)
        self.drawn, self.interest = np.zeros_like(self.flow), np.zeros_like(self.flow)

    def _opening(self, keys: list[Key]) -> Pence:
        """Balances of one account of each organisation when the books open [replications, organisations]."""
        return np.broadcast_to(np.array([self.book.opening.get(key, 0) for key in keys], np.int64), self.flow.shape[:2])

    def through(self, quarter: int, terms: _Terms | None) -> None:
        """Make up cash through a quarter; at its end the fund pays and offsets are made, in cash some months later."""
        span = slice(quarter * THREE, (quarter + 1) * THREE)
        after = self._make_up(span)
        self.result[:, :, span] -= self.interest[:, :, span]
        if terms is not None:
            got = terms.quarter(quarter, _quarterly(self.result, quarter + 1))
            at = span.stop - 1 + self.late
            if at < self.flow.shape[-1]:
                self.flow[:, :, at] += got
            if self.late == 0:  # it is in the till before this month's cash is made up; interest was due before
                after = self._make_up(span)
        self.cash, self.owed = after

    def _make_up(self, span: slice) -> tuple[Pence, Pence]:
        """Write down what is drawn, and paid as interest, in some months; return cash and what is owed after them."""
        cash, owed = np.zeros_like(self.cash), np.zeros_like(self.owed)
        for way, at in self.ways.items():
            flow = np.moveaxis(self.flow[:, at, span], -1, 0)
            found = way(flow, self.cash[:, at], self.floor[at], self.owed[:, at], self.rate)
            self.drawn[:, at, span] = np.moveaxis(found.drawn - found.repaid, 0, -1)
            self.interest[:, at, span] = np.moveaxis(found.interest, 0, -1)
            cash[:, at], owed[:, at] = found.cash[-1], found.balance[-1]
        return cash, owed

    def post(self, finance: Finance) -> None:
        """Post what was drawn, and interest on loans."""
        for n, name in enumerate(self.names):
            lender = finance.organisations[name].lender
            self.book.pay(EVERY, name, lender, "loan_interest", self.interest[:, n], "interest")
            self.book.make_up(EVERY, name, self.drawn[:, n])


class _Terms:
    """Gates, offsets and payments, as the quarters come."""

    def __init__(
        self,
        totals: Totals,
        names: list[str],
        in_time: Mapping[str, Floats],
        money: Money,
        quarters: int,
        replications: int,
    ) -> None:
        self.totals, self.money, self.everybody = totals, money, len(names)
        self.at = [names.index(name) for name in totals.names]
        fund = money.rules.sustainability_fund
        terms = fund.by_year[money.control.terms]
        self.weights, self.shares = terms.quarters.values, terms.elements.shares
        self.access = self._access(in_time, float(fund.access_standard.value), quarters, replications)
        shape = (replications, len(totals.trusts), quarters)
        self.paid, self.own = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        self.moved = np.zeros((replications, len(totals.names), quarters), np.int64)

    def _access(
        self, in_time: Mapping[str, Floats], standard: float, quarters: int, replications: int
    ) -> npt.NDArray[np.bool_]:
        """Whether each trust's access gate is open; always where there is no A&E [replications, trusts, quarters]."""
        out = np.ones((replications, len(self.totals.trusts), quarters), bool)
        for n, trust in enumerate(self.totals.trusts):
            if trust in self.totals.asked:
                asked = np.resize(self.totals.asked[trust], quarters)
                out[:, n] = access_gate(in_time[trust][:, :quarters], [asked], standard)
        return out

    def quarter(self, quarter: int, result: Pence) -> Pence:
        """Make offsets and pay for a quarter; returns what each organisation gets [replications, organisations].

        Parameters
        ----------
        quarter : int
            From nought.
        result : ndarray of int64 [replications, organisations, quarters so far]
        """
        year, now = quarter - quarter % QUARTERS, quarter % QUARTERS
        mine = result[:, self.at, year : quarter + 1]
        asked = self.totals.total[:, : now + 1]
        self.moved[:, :, quarter] = self._offsets(mine, asked, self.moved[:, :, year:quarter])
        out = np.zeros(result.shape[:2], np.int64)
        out[:, self.at] += self.moved[:, :, quarter]
        if self.totals.trusts:
            after = mine + self.moved[:, :, year : quarter + 1]
            fund = self.money.rules.sustainability_fund
            self.own[:, :, quarter] = self._paid(mine, asked, year, now, 0)
            self.paid[:, :, quarter] = self._paid(after, asked, year, now, fund.system_share.value)
            out[:, [self.at[n] for n in self.totals.paid]] += self.paid[:, :, quarter]
        return out

    def _offsets(self, mine: Pence, asked: Pence, before: Pence) -> Pence:
        """Offsets of this quarter: those of the year so far, less those of the quarters before."""
        rule = self.money.control.offsets
        if rule == "none":
            return np.zeros(mine.shape[:2], np.int64)
        base = self.totals.income if rule == "income" else None
        return offsets(mine.sum(axis=-1), asked.sum(axis=-1), rule, base) - before.sum(axis=-1)

    def _paid(self, mine: Pence, asked: Pence, year: int, now: int, system_share: float) -> Pence:
        """What the fund pays for a quarter [replications, trusts]; gates of later quarters do not matter to it."""
        later = ((0, 0), (0, 0), (0, QUARTERS - 1 - now))
        trusts = self.totals.paid
        own = np.pad(finance_gate(mine[:, trusts], asked[trusts]), later)
        access = np.pad(self.access[:, :, year : year + now + 1], later)
        gates = {name: {FINANCE: own, ACCESS: access}.get(name, np.ones_like(own)) for name in self.shares}
        paid = pay_fund(
            np.broadcast_to(self.totals.allocation, own.shape[:2]),
            self.weights,
            self.shares,
            gates,
            catch_up=[FINANCE] if self.money.control.catch_up else (),
            system_gate=np.pad(of_system(mine, asked), later),
            system_share=system_share,
        )
        return paid.quarters[..., now]

    def post(self, book: Book, finance: Finance, late: int) -> None:
        """Post what the fund gets and pays, and the offsets."""
        ends = np.arange(self.moved.shape[-1]) * THREE + THREE - 1
        for payer, payee, amounts in self._transfers():
            book.pay(ends, payer, payee, "control_total_offset", amounts, "offset", settle_months=late)
        if not self.totals.trusts:
            return
        fund, years = self.totals.fund, np.arange(0, book.months, THREE * QUARTERS)
        book.pay(years, finance.funds[fund].host, fund, "psf_fund", int(self.totals.allocation.sum()), "allocation")
        for n, (trust, lead) in enumerate(zip(self.totals.trusts, self.totals.leads, strict=True)):
            paid = self.paid[:, n]
            book.pay(ends, fund, lead, f"psf_for_{trust}", paid, "psf", settle_months=late)
            book.pay(ends, lead, trust, f"psf_for_{trust}", paid, "psf", settle_months=late)

    def _transfers(self) -> list[tuple[str, str, Pence]]:
        """Offsets as payments: those who give, in order, fill what those who receive lack, in order."""
        given, got = (np.cumsum(np.maximum(x, 0), axis=1) for x in (-self.moved, self.moved))
        names, out = self.totals.names, []
        for i, payer in enumerate(names):
            for j, payee in enumerate(names):
                low = np.maximum(given[:, i - 1] if i else 0, got[:, j - 1] if j else 0)
                amount = np.maximum(np.minimum(given[:, i], got[:, j]) - low, 0)
                if amount.any():
                    out.append((payer, payee, amount))
        return out

    def position(self, result: Pence) -> Position:
        """Where the arm stands, once all quarters have come."""
        due = split(self.totals.allocation, self.weights)
        quarters = self.moved.shape[-1]
        every = np.resize(due.T, (quarters, len(self.totals.trusts))).T
        return Position(self.totals, result[:, self.at], self.moved, every, self.paid, self.own)
