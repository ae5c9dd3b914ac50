"""Interim loans: a trust whose cash would fall below its minimum draws the difference, and pays interest every month.

Interest falls due on the balance at the start of the month, at the rate of the trust's standing: 1.5 per cent for most,
3.5 per cent for a revolving facility, 6 per cent in special measures, with relief once the trust has delivered for
some months (F3). It is paid in cash, so a trust without any borrows its interest too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from models.finance.rules.amounts import MONTHS, Pence, Rate, as_pence, exact, exacts, times
from models.finance.rules.checks import at_least, refuse
from sim.errors import Fault

__all__ = ["Loan", "borrow", "with_relief"]


@dataclass(frozen=True)
class Loan:
    """A loan by month, in pence, arrays of shape [months, ...]: open + drawn - repaid = close."""

    drawn: Pence
    repaid: Pence
    interest: Pence  #: paid in the month, on the balance at its start
    balance: Pence  #: at the end of the month
    cash: Pence  #: of the trust at the end of the month
    short: Pence  #: what was lacking to the minimum because the limit was reached


def borrow(
    flow: Any,
    opening_cash: Any,
    minimum: Any,
    rates: Sequence[Rate],
    standing: Any = 0,
    opening_loan: Any = 0,
    limit: Any = None,
    repay_above: Any = None,
) -> Loan:
    """Return the loan of a trust month by month.

    Parameters
    ----------
    flow : ndarray of int64 [months, ...]
        Cash in less cash out, before interest and loan.
    opening_cash, minimum, opening_loan : ndarray of int64 [...]
    rates : sequence of rates
        A year, one for each standing.
    standing : ndarray of int [months, ...]
        Which rate holds, counted from 0.
    limit : ndarray of int64 [...], optional
        Most that may be owed.
    repay_above : ndarray of int64 [...], optional
        Cash above it repays the loan (a revolving facility); without it nothing is repaid.

    Raises
    ------
    FaultsError
        When a rate is negative, a standing has no rate, or the level from which is repaid lies below the minimum.
    """
    flow = as_pence(flow, "flow")
    fixed = {"opening_cash": opening_cash, "minimum": minimum, "opening_loan": opening_loan}
    start = {key: np.broadcast_to(as_pence(value, key), flow.shape[1:]) for key, value in fixed.items()}
    at = np.broadcast_to(np.asarray(standing), flow.shape)
    refuse(_faults(start, rates, at, limit, repay_above), "interim loan")
    out = {key: np.zeros_like(flow) for key in ("drawn", "repaid", "interest", "balance", "cash", "short")}
    cash, owed, least = start["opening_cash"], start["opening_loan"], start["minimum"]
    monthly = [exact(rate) / MONTHS for rate in rates]
    for t in range(len(flow)):
        interest = sum(np.where(at[t] == k, times(owed, rate), 0) for k, rate in enumerate(monthly))
        cash = cash + flow[t] - interest
        lacking = np.maximum(least - cash, 0)
        drawn = lacking if limit is None else np.minimum(lacking, np.maximum(as_pence(limit) - owed, 0))
        spare = np.zeros_like(owed) if repay_above is None else np.maximum(cash - as_pence(repay_above), 0)
        repaid = np.minimum(spare, owed)
        cash, owed = cash + drawn - repaid, owed + drawn - repaid
        month = {"drawn": drawn, "repaid": repaid, "interest": interest, "balance": owed, "cash": cash}
        for key, value in (month | {"short": lacking - drawn}).items():
            out[key][t] = value
    return Loan(**out)


def _faults(
    start: dict[str, Pence], rates: Sequence[Rate], standing: npt.NDArray[Any], limit: Any, repay_above: Any
) -> list[Fault]:
    faults = at_least(0, opening_loan=start["opening_loan"], minimum=start["minimum"])
    faults += [Fault("rates", float(r), "a negative rate is not allowed.") for r in exacts(rates) if r < 0]
    if standing.size and not ((standing >= 0) & (standing < len(rates))).all():
        faults.append(Fault("standing", None, f"must count one of the {len(rates)} rates, from 0."))
    if limit is not None:
        faults += at_least(0, limit=limit)
    if repay_above is not None and (as_pence(repay_above) < start["minimum"]).any():
        faults.append(Fault("repay_above", None, "must not lie below the minimum of cash."))
    return faults


def with_relief(standing: Any, delivering: npt.ArrayLike, months: int, measures: int, relieved: int) -> Any:
    """Return the standing by month, with relief for trusts in special measures that deliver.

    Parameters
    ----------
    standing : ndarray of int [months, ...]
    delivering : ndarray of bool [months, ...]
        Whether the trust is on its plan in the month.
    months : int
        Months on end of delivering after which relief begins, in the month that follows.
    measures, relieved : int
        Standing of special measures, and that of relief; it lasts as long as the trust delivers.
    """
    standing, delivering = np.asarray(standing), np.asarray(delivering, bool)
    refuse(at_least(1, months=months), "relief")
    out, run = standing.copy(), np.zeros(standing.shape[1:], np.int64)
    for t in range(len(standing)):
        out[t] = np.where((standing[t] == measures) & (run >= months), relieved, standing[t])
        run = np.where(delivering[t], run + 1, 0)
    return out
