"""The chart of accounts: which accounts an organisation keeps, and which account of the other side mirrors each.

Amounts are whole pence (int64), debits positive and credits negative, so that a transaction balances when its lines
sum to zero and no rounding can hide a penny (FINANCE 2.0).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

__all__ = ["ACCOUNTS", "CODES", "MIRRORS", "PURPOSES", "Account", "Key", "Keys", "Pence", "pounds"]

Pence = npt.NDArray[np.int64]
Key = tuple[str, str, str, str]  #: entity, account, counterparty, purpose; empty where an account has none

Class = Literal["asset", "liability", "equity", "income", "expenditure"]


@dataclass(frozen=True)
class Account:
    """One account of the chart.

    Parameters
    ----------
    words : str
        What it is called in statements.
    part : str
        Asset, liability, equity, income or expenditure.
    debit : bool
        Whether its balance is usually a debit; opening balances are written positive on this side.
    paired : bool
        Whether it is kept by counterparty.
    """

    words: str
    part: Class
    debit: bool
    paired: bool = False


ACCOUNTS = {
    "cash": Account("Cash", "asset", debit=True),
    "receivable": Account("Receivables", "asset", debit=True, paired=True),
    "loan_asset": Account("Loans made", "asset", debit=True, paired=True),
    "pdc_held": Account("Public dividend capital held in others", "asset", debit=True, paired=True),
    "cash_given": Account("Cash given beyond income", "asset", debit=True, paired=True),
    "ppe_cost": Account("Property, plant and equipment at cost", "asset", debit=True),
    "accumulated_depreciation": Account("Accumulated depreciation", "asset", debit=False),
    "payable": Account("Payables", "liability", debit=False, paired=True),
    "loan": Account("Loans", "liability", debit=False, paired=True),
    "pdc": Account("Public dividend capital", "equity", debit=False, paired=True),
    "cash_drawn": Account("Cash drawn beyond income", "equity", debit=False, paired=True),
    "ie_reserve": Account("Income and expenditure reserve", "equity", debit=False),
    "revaluation_reserve": Account("Revaluation reserve", "equity", debit=False),
    "income": Account("Income", "income", debit=False, paired=True),
    "expenditure": Account("Expenditure", "expenditure", debit=True, paired=True),
}

#: what stands in the books of the other side of each paired account
MIRRORS = {
    "receivable": "payable",
    "payable": "receivable",
    "loan_asset": "loan",
    "loan": "loan_asset",
    "pdc_held": "pdc",
    "pdc": "pdc_held",
    "cash_given": "cash_drawn",
    "cash_drawn": "cash_given",
    "income": "expenditure",
    "expenditure": "income",
}

#: What income and expenditure are for. One list for both sides, so that a pair agrees purpose by purpose.
PURPOSES = {
    "patient_care": "care under a contract between a commissioner and a provider",
    "social_care": "care paid for by a council",
    "primary_care": "general practice",
    "allocation": "a commissioner's allocation from NHS England",
    "grant": "a council's grants and taxes",
    "client_contributions": "what people pay for their own care",
    "border": "care of people from elsewhere, and of residents elsewhere",
    "psf": "sustainability funds (STF, PSF)",
    "transformation": "money for change, such as running old and new services side by side",
    "pool_contribution": "payments into a pooled fund",
    "pool_spending": "payments out of a pooled fund",
    "ring_fence": "money set aside for a stated purpose",
    "demand_management": "schemes that keep people out of hospital",
    "offset": "transfers between organisations inside a system control total",
    "gain_share": "shares of a saving or of a loss",
    "staff": "pay",
    "supplies": "goods, drugs and services that are bought",
    "one_off": "costs that come once, such as those of a savings programme",
    "depreciation": "wear of buildings and equipment; no cash",
    "impairment": "loss of an asset's value; no cash",
    "interest": "interest on loans",
    "pdc_dividend": "dividend on public dividend capital",
    "other": "everything else",
}

CODES = {name: code for code, name in enumerate(ACCOUNTS)}
_NAMES = tuple(ACCOUNTS)


def pounds(pence: int) -> str:
    """Pence as pounds and pence, negative amounts in brackets as in published accounts."""
    whole, part = divmod(abs(int(pence)), 100)
    text = f"£{whole:,}.{part:02d}"
    return f"({text})" if pence < 0 else text


@dataclass(frozen=True)
class Keys:
    """Every account that is in use, ordered by entity, account, counterparty and purpose.

    Parameters
    ----------
    listed : sequence of (entity, account, counterparty, purpose)
        In any order; each once.
    entities : sequence of str
        All entities, in the order in which they are written.
    """

    listed: tuple[Key, ...]
    entities: tuple[str, ...]

    @classmethod
    def ordered(cls, listed: Sequence[Key], entities: Sequence[str]) -> Keys:
        """Put keys into the order of the tables."""
        place = {name: n for n, name in enumerate(entities)} | {"": -1}
        purpose = {name: n for n, name in enumerate(PURPOSES)} | {"": -1}
        order = sorted(listed, key=lambda k: (place[k[0]], CODES[k[1]], place[k[2]], purpose[k[3]]))
        return cls(tuple(order), tuple(entities))

    def __len__(self) -> int:
        return len(self.listed)

    @cached_property
    def index(self) -> dict[Key, int]:
        """Where each key stands."""
        return {key: n for n, key in enumerate(self.listed)}

    @cached_property
    def entity(self) -> npt.NDArray[np.int64]:
        """Code of the entity of each key."""
        place = {name: n for n, name in enumerate(self.entities)}
        return np.array([place[key[0]] for key in self.listed], np.int64)

    @cached_property
    def account(self) -> npt.NDArray[np.int64]:
        """Code of the account of each key."""
        return np.array([CODES[key[1]] for key in self.listed], np.int64)

    @cached_property
    def pair(self) -> npt.NDArray[np.int64]:
        """A number that a paired account and its mirror share; -1 for accounts without a counterparty."""
        seen: dict[Key, int] = {}
        out = np.full(len(self), -1, np.int64)
        for n, (entity, account, other, purpose) in enumerate(self.listed):
            if other:
                mirror = (other, MIRRORS[account], entity, purpose)
                out[n] = seen.setdefault(min((entity, account, other, purpose), mirror), len(seen))
        return out

    def where(self, *accounts: str, entity: str | None = None) -> npt.NDArray[np.int64]:
        """Places of the given accounts, of one entity or of all."""
        codes = [CODES[name] for name in accounts]
        found = np.isin(self.account, codes)
        if entity is not None:
            found &= self.entity == self.entities.index(entity)
        return np.flatnonzero(found)

    def part(self, *parts: Class) -> npt.NDArray[np.bool_]:
        """Which keys are assets, liabilities, equity, income or expenditure."""
        codes = [code for code, name in enumerate(_NAMES) if ACCOUNTS[name].part in parts]
        return np.isin(self.account, codes)

    def words(self, n: int) -> str:
        """An account in words, without its entity."""
        _, account, other, purpose = self.listed[n]
        return account + (f"[{other}]" if other else "") + (f" for {purpose}" if purpose else "")
