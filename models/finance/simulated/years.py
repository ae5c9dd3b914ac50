"""Financial years of the books: totals of the year so far, twelfths of a year, and what grows year by year."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from models.finance.rules.amounts import MONTHS, Pence, split, times
from models.finance.simulated.settings import Money

__all__ = ["Years", "grown", "twelfths"]


@dataclass(frozen=True)
class Years:
    """Financial years of the months of the books.

    Parameters
    ----------
    names : list of str
    number : ndarray of int [months]
        Of the year of each month, from 0.
    first : ndarray of int [months]
        First month of the year of each month.
    month : ndarray of int [months]
        Of the year, from 0.
    """

    names: list[str]
    number: npt.NDArray[np.int64]
    first: npt.NDArray[np.int64]
    month: npt.NDArray[np.int64]

    @classmethod
    def read(cls, named: list[str]) -> Years:
        """Years from the name of the year of each month."""
        names = list(dict.fromkeys(named))
        number = np.array([names.index(name) for name in named])
        first = np.array([named.index(name) for name in named])
        return cls(names, number, first, np.arange(len(named)) - first)

    @property
    def whole(self) -> list[npt.NDArray[np.int64]]:
        """Months of each year of which all twelve are in the books."""
        found = [np.flatnonzero(self.number == n) for n in range(len(self.names))]
        return [months for months in found if len(months) == MONTHS]

    def so_far(self, monthly: Pence) -> Pence:
        """Totals of the year so far [months, ...]."""
        total = np.cumsum(monthly, axis=0)
        before = np.concatenate([np.zeros_like(total[:1]), total[:-1]])
        return total - before[self.first]

    def apart(self, so_far: Pence) -> Pence:
        """Months of totals of the year so far."""
        before = np.concatenate([np.zeros_like(so_far[:1]), so_far[:-1]])
        opens = (self.month == 0).reshape(-1, *(1,) * (so_far.ndim - 1))
        return so_far - np.where(opens, 0, before)


def twelfths(yearly: int | Pence, years: Years) -> Pence:
    """A yearly amount, or one for each year, by month [months], to the penny."""
    amounts = np.broadcast_to(np.asarray(yearly, np.int64), len(years.names))
    return split(amounts, np.ones(MONTHS, np.int64))[years.number, years.month]


def grown(yearly: int, years: Years, money: Money) -> Pence:
    """The same with the real growth of income, year by year."""
    rate = 1 + Fraction(repr(money.growth.value))
    if rate == 1:
        return twelfths(yearly, years)
    return twelfths(np.array([int(times(yearly, rate**n)) for n in range(len(years.names))], np.int64), years)
