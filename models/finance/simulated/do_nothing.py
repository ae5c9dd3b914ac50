"""The other twin: what the area would spend if all demand were met at today's rates and capacity followed it.

This is the published "do-nothing gap". It is not business as usual, in which capacity stays as it is and people wait:
the two are kept apart and never subtracted from one another.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from models.finance.organisations import EXTERNAL
from models.finance.organisations import System as Finance
from models.finance.rules.amounts import times
from models.finance.simulated.basis import Basis
from models.finance.simulated.settings import Money

__all__ = ["NAME", "DoNothing", "do_nothing"]

NAME = "do nothing, demand met"


@dataclass(frozen=True)
class DoNothing:
    """Pence a year of the whole area, from the baseline year on.

    Parameters
    ----------
    years : list of str
    growth : float
        Of what is simulated, a year.
    income : list of int
        From outside the area: allocations and grants as they are, and what is paid by activity.
    care, other : list of int
        Cost of what is simulated, and of the rest, wear and dividend with it.
    """

    years: list[str]
    growth: float
    income: list[int]
    care: list[int]
    other: list[int]

    @property
    def result(self) -> list[int]:
        """Income less cost; a gap is negative."""
        return [i - c - o for i, c, o in zip(self.income, self.care, self.other, strict=True)]


def do_nothing(finance: Finance, basis: Basis, years: list[str], growth: float, money: Money) -> DoNothing:
    """Return the twin of an area: the cost of the baseline year's care, grown with demand.

    Parameters
    ----------
    finance : Finance
    basis : Basis
        The baseline year of business as usual.
    years : list of str
        From the baseline year on.
    growth : float
        Of overnight bed-days, a year (the future's); beds, staff and places follow.
    money : Money
    """
    by_activity = ("payment by results",)
    fixed, varying, out = 0, 0, 0
    for paid in basis.contracts:
        payer, payee = paid.contract.payer, paid.contract.payee
        plan, share = paid.baseline_plan(finance.start), paid.baseline_share(finance.start)
        simulated = int(times(basis.value.get(paid.driver, 0), share)) if share else 0
        if payer in EXTERNAL and payee in finance.organisations:
            fixed += plan
            if paid.contract.form in by_activity:
                varying += simulated
        elif payee in EXTERNAL and payer in finance.organisations:
            out += plan - simulated
    public = sum(basis.public.values())
    care, other = sum(basis.direct.values()), sum(basis.other.values()) + out
    up, real = Fraction(repr(1 + growth)), Fraction(repr(1 + money.growth.value))
    span = range(len(years))
    return DoNothing(
        years=years,
        growth=growth,
        income=[int(times(public + fixed, real**n) + times(varying, up**n - 1)) for n in span],
        care=[int(times(care, up**n)) for n in span],
        other=[other + sum(basis.charges.values()) for _ in span],
    )
