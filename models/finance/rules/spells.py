"""Price of hospital spells under payment by results, and readmissions that are not paid.

``(price + days above the trim point x price of a day) x market forces factor x adjustments``, rounded once for each
line of equal spells. Short stays of emergencies and the marginal rate for emergencies are adjustments and multiply.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from models.finance.rules.amounts import Pence, Rate, as_pence, exact, exacts, over, product
from models.finance.rules.checks import at_least, between, refuse

__all__ = ["Adjustment", "multiplier", "readmissions", "short_stay", "spells"]

Adjustment = tuple[Rate, Any]  #: factor, and where it applies (True or an array of bool)


def multiplier(factors: Sequence[Rate]) -> Fraction:
    """Return the product of adjustments: a short stay at 0.7 above the emergency baseline at 0.3 is paid 0.21."""
    return math.prod(exacts(factors), start=Fraction(1))


def spells(
    count: Any,
    price: Any,
    days: Any,
    trim: Any,
    per_diem: Any,
    mff: Rate,
    adjustments: Sequence[Adjustment] = (),
) -> Pence:
    """Return what lines of equal spells are paid.

    Parameters
    ----------
    count : ndarray of int64 [...]
        Spells in the line.
    price : ndarray of int64 [...]
        Tariff price of a spell, in pence.
    days, trim : ndarray of int64 [...]
        Length of stay and trim point; days above it are paid at `per_diem` each.
    per_diem : ndarray of int64 [...]
        Pence a day.
    mff : rate
        Market forces factor of the provider.
    adjustments : sequence of (rate, ndarray of bool [...])
        Factors, each with where it applies.

    Returns
    -------
    ndarray of int64 [...]

    Raises
    ------
    FaultsError
        When a price, a count, a length of stay or a factor is negative.
    """
    given = {"count": count, "price": price, "days": days, "trim": trim, "per_diem": per_diem}
    given = {key: as_pence(value, key) for key, value in given.items()}
    factors = [exact(mff), *(exact(factor) for factor, _ in adjustments)]
    refuse(at_least(0, **given) + at_least(0, factors=min(factors)), "price of spells")
    excess = np.maximum(given["days"] - given["trim"], 0)
    top = product(given["count"], given["price"] + product(excess, given["per_diem"]))
    bottom = factors[0].denominator
    top = product(top, factors[0].numerator)
    for factor, (_, where) in zip(factors[1:], adjustments, strict=True):
        top = product(top, np.where(where, factor.numerator, factor.denominator))
        bottom *= factor.denominator
    return over(top, bottom)


def short_stay(days: Any, emergency: npt.ArrayLike, longest: int) -> npt.NDArray[np.bool_]:
    """Say which spells are short stays of emergencies: at most `longest` days."""
    return (as_pence(days, "days") <= longest) & np.asarray(emergency, bool)


def readmissions(count: Any, value: Any, threshold: Any, avoidable: Rate) -> tuple[Pence, Pence]:
    """Return what readmissions within the window are paid, and what is withheld.

    Above the locally agreed threshold the avoidable share is not paid. The readmissions above it are worth the mean.

    Parameters
    ----------
    count : ndarray of int64 [...]
        Emergency readmissions within the window.
    value : ndarray of int64 [...]
        What they would be paid, in pence.
    threshold : ndarray of int64 [...]
        Number that is paid in full.
    avoidable : rate

    Returns
    -------
    paid, withheld : ndarray of int64 [...]
        Together the value, to the penny.
    """
    count, value, threshold = as_pence(count, "count"), as_pence(value, "value"), as_pence(threshold, "threshold")
    faults = at_least(0, count=count, value=value, threshold=threshold) + between(0, 1, avoidable=avoidable)
    refuse(faults, "readmissions")
    rate = exact(avoidable)
    above = np.maximum(count - threshold, 0)
    top, bottom = product(product(value, above), rate.numerator), np.maximum(count, 1) * rate.denominator
    withheld = over(top, bottom)
    return value - withheld, withheld
