"""What each kind of organisation does when its cash would fall below its least amount: one function a kind.

They take and give the same: months of cash flow and where the organisation stands, and a :class:`Loan` by month. What
a commissioner or a council draws is no loan: it bears no interest, and what is drawn goes back when cash allows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from models.finance.rules.amounts import Rate
from models.finance.rules.loans import Loan, borrow

__all__ = ["Support", "commissioner_draws", "council_uses_reserves", "support_of", "trust_borrows"]

Support: TypeAlias = Callable[[Any, Any, Any, Any, Rate], Loan]


def trust_borrows(flow: Any, cash: Any, least: Any, owed: Any, rate: Rate) -> Loan:
    """An interim loan of what is lacking, with interest every month on what is owed; it is not repaid (F3).

    Parameters
    ----------
    flow : ndarray of int64 [months, ...]
        Cash in less cash out, in pence.
    cash, least, owed : ndarray of int64 [...]
        When the months begin.
    rate : Rate
        Of interest, a year.
    """
    return borrow(flow, cash, least, [rate], opening_loan=owed)


def commissioner_draws(flow: Any, cash: Any, least: Any, drawn: Any, rate: Rate) -> Loan:
    """Cash from NHS England as payments need it: no loan and no interest.

    What is drawn beyond the allocation goes back as soon as the allocation is more than payments need, since a
    commissioner keeps no cash that it does not need. Whether it overspends is another question, which income and
    expenditure answer: the result of its years is carried forward (:mod:`models.finance.simulated.carried`).
    """
    return borrow(flow, cash, least, [0], opening_loan=drawn, repay_above=least)


def council_uses_reserves(flow: Any, cash: Any, least: Any, beyond: Any, rate: Rate) -> Loan:
    """Reserves first, which is cash above its least amount; what is drawn is spent beyond them, and nobody owes it.

    A council may neither budget for a deficit nor borrow for one, so that what is drawn here has no lawful source. The
    books go on, and say so; later surpluses fill the hole before reserves grow again.
    """
    return borrow(flow, cash, least, [0], opening_loan=beyond, repay_above=least)


def support_of(kind: str) -> Support:
    """What an organisation of a kind does; whoever lives on no public money of its own borrows as a trust does."""
    return {"commissioner": commissioner_draws, "council": council_uses_reserves}.get(kind, trust_borrows)
