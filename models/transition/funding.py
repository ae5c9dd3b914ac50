"""Money for change: how much there is in a year, what the plan has promised of it, and what deficits take.

E1 (part of the capital asked for), F2 and F22 (deficits come first, and crowd out what would prevent the next ones), F3
(what is borrowed for deficits costs interest), T1 (double running has to be paid for). What the books say afterwards,
to the penny, is in :mod:`models.finance.simulated`; here is what those who decide in a run can see: rates of the year,
in pounds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import AfterValidator, model_validator

from models.figures.figures import Figure, Name, Shape, must
from models.finance.rules.settings import AnyShare
from models.finance.simulated.settings import Money
from models.transition.sight import Target

__all__ = ["Fund", "Funding", "Prices", "Purse", "fund_of"]

PerHead = Annotated[Figure, AfterValidator(must("GBP a person a year", most=10_000))]
A_YEAR = 365.25
MONTHS = 12


class Funding(Shape):
    """How much money there is for change.

    Parameters
    ----------
    per_head : Figure, optional
        Pounds a person a year; without it money is no limit.
    kept : Figure, optional
        Share of the cost of closed wards that the plan may spend.
    crowding_out : Figure, optional
        Share of a year's deficit that the next year's money loses.
    cash_support : str
        Rate of ``money.rules.loans`` at which the rest of a deficit is borrowed, whose interest money for change bears;
        ``none`` without interest.
    """

    name: Name
    title: str
    per_head: PerHead | None = None
    kept: AnyShare | None = None
    crowding_out: AnyShare | None = None
    cash_support: Literal["none", "most_trusts", "revolving", "special_measures"] = "none"

    @model_validator(mode="after")
    def _whole(self) -> Funding:
        if self.per_head is not None and (self.kept is None or self.crowding_out is None):
            raise ValueError("where there is per_head, kept and crowding_out must be there too")
        return self

    @property
    def limited(self) -> bool:
        """Whether money can hold a plan back."""
        return self.per_head is not None


@dataclass(frozen=True)
class Prices:
    """Pounds: of a place a year by service, of a ward a year and its beds, of an occupied bed-day."""

    places: Mapping[str, float]
    ward: float
    ward_beds: float
    bed_day: float


@dataclass(frozen=True)
class Fund:
    """Money for change in an area; shared by all replications.

    Parameters
    ----------
    year : pounds
        Of each year, before anything is taken from it.
    kept, crowding_out : shares
    growth : a year
        Of the bed-days that income pays for.
    interest : a year
        On cash support: deficits that were borrowed.
    """

    year: float
    kept: float
    crowding_out: float
    growth: float
    prices: Prices
    interest: float = 0.0


def fund_of(funding: Funding, money: Money, people: float) -> Fund | None:
    """Return what a run needs; None where money is no limit.

    Parameters
    ----------
    people : float
        Whose care is planned.
    """
    if funding.per_head is None or funding.kept is None or funding.crowding_out is None:
        return None
    steps = money.rules.step_costs
    prices = Prices(
        places={name: _pounds(money, s.day) * s.standing.value * A_YEAR for name, s in money.services.items()},
        ward=_pounds(money, steps.ward),
        ward_beds=money.hospital.ward_beds.value,
        bed_day=_pounds(money, steps.occupied_bed_day),
    )
    year = funding.per_head.value * people
    lent = funding.cash_support
    interest = 0.0 if lent == "none" else float(getattr(money.rules.loans, lent).value)
    return Fund(year, funding.kept.value, funding.crowding_out.value, money.growth.value, prices, interest)


def _pounds(money: Money, figure: Figure) -> float:
    return float(money.pence(figure)) / 100


@dataclass
class Purse:
    """One replication's money for change, month by month.

    Parameters
    ----------
    fund : Fund
    usual_bed_days : float
        In the baseline year.
    taken : float
        What last year's deficit takes from this year's money.
    owed : float
        Cash support: the part of every deficit that no money for change has made good. Interim loans are not repaid.
    """

    fund: Fund
    usual_bed_days: float
    taken: float = 0.0
    owed: float = 0.0
    _spent: float = 0.0  # this April year so far, less what closed wards gave back
    _capital: float = 0.0  # committed before this April year
    _years: int = 0
    _target: Target = field(default_factory=Target)

    @property
    def year(self) -> float:
        """Pounds of this year."""
        return max(0.0, self.fund.year - self.taken - self.interest)

    @property
    def interest(self) -> float:
        """Pounds that what is owed costs this year."""
        return self.fund.interest * self.owed

    @property
    def running(self) -> float:
        """Pounds a year that what is promised so far costs, less what wards that are gone give back."""
        return self._target.running_pounds - self.fund.kept * self._given_back()

    def left(self) -> float:
        """Pounds left this year, when what is promised so far runs for all of it; below nought when overspent."""
        return self.year - self.running - (self._target.capital_pounds - self._capital)

    def follow(self, target: Target) -> None:
        """Take note of what holds from today on, for a month."""
        self._target = target
        self._spent += self.running / MONTHS

    def close_year(self, bed_days: float) -> None:
        """On 1 April: what the year's deficit takes from the next one's money, and what is borrowed for the rest of it.

        What this year had no money for, of interest and of last year's deficit, is borrowed too: who has no cash to pay
        interest with borrows it, as in the rules of loans.

        Parameters
        ----------
        bed_days : float
            Occupied in the year; beyond what income grew with they cost more than is paid.
        """
        self._years += 1
        paid = self.usual_bed_days * (1 + self.fund.growth) ** self._years
        over = self.fund.prices.bed_day * (bed_days - paid)
        spent = self._spent + self._target.capital_pounds - self._capital
        deficit = max(0.0, over + spent - self.year)
        unpaid = max(0.0, self.taken + self.interest - self.fund.year)
        self.taken = self.fund.crowding_out * deficit
        self.owed += deficit - self.taken + unpaid
        self._spent, self._capital = 0.0, self._target.capital_pounds

    def _given_back(self) -> float:
        """Pounds a year of wards that have closed for good: whole wards, hospital by hospital; places, each."""
        prices, total = self.fund.prices, 0.0
        for (setting, _), gone in self._target.released.items():
            each = prices.places.get(setting)
            total += gone * each if each is not None else prices.ward * (gone // prices.ward_beds)
        return total
