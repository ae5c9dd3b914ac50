"""Exact arithmetic of money: whole pence in, whole pence out, and parts that add up to the penny.

Rates are exact fractions: 0.035 means 35/1000, not the nearest binary number. What is rounded, and how:

* one amount: to the nearest penny, a half away from nought, so that a payment and its mirror image round alike;
* parts of a whole: by largest remainder, the earlier part first where remainders are equal;
* what grows month by month: the running total is rounded, and a month is the difference of two running totals.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from models.figures.figures import Figure
from sim.errors import Fault, FaultsError

__all__ = [
    "MONTHS",
    "Pence",
    "Rate",
    "exact",
    "exacts",
    "as_pence",
    "growing",
    "in_whole",
    "over",
    "pence",
    "product",
    "running",
]
__all__ += ["scaled", "split", "times", "whole_weights"]

MONTHS = 12  #: in a year
MILLIONTHS = 10**6  #: to which shares drawn at random are taken
ROOM = 2**58  #: products below it fit 64 bits with room for rounding and for sums of a few of them

Pence: TypeAlias = npt.NDArray[np.int64]
Rate: TypeAlias = int | float | str | Fraction | Figure


def exact(rate: Rate) -> Fraction:
    """Return a rate as the fraction that its decimal text says: 0.035 is 35/1000.

    Parameters
    ----------
    rate : number, text such as ``"1/12"`` or ``"0.035"``, Fraction or Figure
    """
    if isinstance(rate, Figure):
        rate = rate.value
    if isinstance(rate, (float, np.floating)):
        return Fraction(repr(float(rate)))
    return Fraction(rate if isinstance(rate, (str, Fraction)) else int(rate))


def exacts(rates: Sequence[Rate]) -> list[Fraction]:
    """Return several rates as fractions."""
    return [exact(rate) for rate in rates]


def pence(pounds: Rate) -> int:
    """Return an amount in pounds as whole pence, to the nearest, a half away from nought."""
    amount = exact(pounds) * 100
    return int(over(np.array(amount.numerator, dtype=object), amount.denominator))


def as_pence(amount: Any, key: str = "amount") -> Pence:
    """Return whole pence as a 64-bit array.

    Raises
    ------
    FaultsError
        When the amount is not in whole numbers, or too large for 64 bits.
    """
    array = np.asarray(amount)
    if array.dtype.kind not in "iuO" or (array.dtype == object and not all(isinstance(x, int) for x in array.flat)):
        raise FaultsError([Fault(key, amount, "money is counted in whole pence; convert with amounts.pence().")], key)
    return _narrow(array, key)


def over(amount: Any, denominator: Any) -> Pence:
    """Divide whole numbers by whole numbers above nought; nearest, a half away from nought.

    Parameters
    ----------
    amount, denominator : ndarray of whole numbers [...]

    Returns
    -------
    ndarray of int64 [...]
    """
    amount, denominator = _integers(amount), _integers(denominator)
    if max(_largest(amount), _largest(denominator)) >= ROOM:
        amount, denominator = amount.astype(object), denominator.astype(object)
    found = np.asarray((2 * abs(amount) + denominator) // (2 * denominator), dtype=amount.dtype)
    return _narrow(np.where(amount < 0, -found, found), "amount")


def times(amount: Any, rate: Rate) -> Pence:
    """Multiply pence by an exact rate, to the nearest penny, a half away from nought."""
    rate = exact(rate)
    return over(product(as_pence(amount), rate.numerator), rate.denominator)


def scaled(amount: Any, many: npt.ArrayLike, rate: Rate = 1) -> Pence:
    """Multiply pence by what a simulation gives (staff, bed-days, shares) and by an exact rate; nearest penny.

    Parameters
    ----------
    amount : ndarray of int64 [...]
    many : ndarray of int or float [...]
        Must broadcast with `amount`; numbers with a fraction are taken to the millionth.
    rate : rate
    """
    (counted, scale), rate = _counted(many), exact(rate)
    return over(product(product(as_pence(amount), counted), rate.numerator), scale * rate.denominator)


def growing(many: npt.ArrayLike, rate: Rate) -> Pence:
    """Price what a simulation gives month by month (bed-days, visits), rounding the running total.

    Parameters
    ----------
    many : ndarray of int or float [months, ...]
        Numbers with a fraction are taken to the millionth.
    rate : rate
        Pence for one.

    Returns
    -------
    ndarray of int64 [months, ...]
        The first t months together are within half a penny of their exact price, for every t.
    """
    (counted, scale), rate = _counted(many), exact(rate)
    totals = over(product(np.cumsum(counted, axis=0), rate.numerator), scale * rate.denominator)
    return np.diff(totals, axis=0, prepend=np.zeros_like(totals[:1]))


def _counted(many: npt.ArrayLike) -> tuple[npt.NDArray[Any], int]:
    """Numbers as whole ones, and what these are parts of."""
    counted = np.asarray(many)
    if counted.dtype.kind in "iuO":
        return counted, 1
    return np.rint(counted.astype(np.float64) * MILLIONTHS).astype(np.int64), MILLIONTHS


def product(left: Any, right: Any) -> npt.NDArray[Any]:
    """Multiply whole numbers, in 64 bits where they fit and in Python's own integers where they do not."""
    left, right = _integers(left), _integers(right)
    if object in (left.dtype, right.dtype) or _largest(left) * _largest(right) >= ROOM:
        return np.asarray(left.astype(object) * right.astype(object), dtype=object)
    return left * right


def split(total: Any, weights: npt.ArrayLike | Sequence[Rate]) -> Pence:
    """Share out pence in proportion to weights by largest remainder: the parts add up to the total, to the penny.

    Parameters
    ----------
    total : ndarray of int64 [...]
    weights : ndarray of whole numbers [..., n], or n rates
        At or above nought; they need not sum to one. Equal remainders: the earlier part comes first.

    Returns
    -------
    ndarray of int64 [..., n]

    Raises
    ------
    FaultsError
        When a weight is negative, or all are nought although there is something to share out.
    """
    total = as_pence(total, "total")
    parts = whole_weights(weights)
    whole = parts.sum(axis=-1)
    faults = []
    if (parts < 0).any():
        faults.append(Fault("weights", None, "must not be negative."))
    if np.any((whole == 0) & (total != 0)):
        faults.append(Fault("weights", None, "at least one must be above 0 where there is something to share out."))
    if faults:
        raise FaultsError(faults, "shares of an amount")
    whole = np.where(whole == 0, 1, whole)[..., None]
    claims = product(abs(total)[..., None], parts)
    given = claims // whole
    left = abs(total) - given.sum(axis=-1)
    remainders = claims - given * whole
    rank = np.argsort(np.argsort(-remainders, axis=-1, kind="stable"), axis=-1, kind="stable")
    given = given + (rank < left[..., None])
    return _narrow(np.where(total[..., None] < 0, -given, given), "total")


def running(amount: Any, cumulative: Sequence[Rate]) -> Pence:
    """Spread pence over time by running totals: part t is round(amount x c_t) - round(amount x c_{t-1}).

    Parameters
    ----------
    amount : ndarray of int64 [...]
    cumulative : sequence of n rates
        What has come by the end of each period, as multiples of the amount.

    Returns
    -------
    ndarray of int64 [n, ...]
        The first t parts together are within half a penny of amount x c_t, for every t.
    """
    shares, scale = in_whole(cumulative)
    amount = as_pence(amount)
    shares = shares.reshape(-1, *(1,) * amount.ndim)
    totals = over(product(amount[None], shares), scale)
    return np.diff(totals, axis=0, prepend=np.zeros_like(totals[:1]))


def whole_weights(weights: npt.ArrayLike | Sequence[Rate]) -> npt.NDArray[Any]:
    """Return weights as whole numbers in the same proportions."""
    if isinstance(weights, np.ndarray) and weights.dtype.kind in "iu":
        return weights.astype(np.int64)
    if isinstance(weights, np.ndarray) and weights.ndim > 1:
        raise FaultsError([Fault("weights", str(weights.dtype), "must be whole numbers.")], "shares")
    return in_whole(list(weights))[0]  # pyright: ignore[reportArgumentType]


def in_whole(rates: Sequence[Rate]) -> tuple[npt.NDArray[Any], int]:
    """Return rates as whole numbers over one common denominator."""
    found = exacts(rates)
    scale = math.lcm(*(rate.denominator for rate in found))
    return _integers([int(rate * scale) for rate in found]), scale


def _integers(values: Any) -> npt.NDArray[Any]:
    """Whole numbers as 64-bit integers, or as Python's own where one does not fit."""
    array = np.asarray(values)
    return array.astype(np.int64 if array.dtype.kind == "i" or _largest(array) < ROOM else object)


def _largest(array: npt.NDArray[Any]) -> int:
    return max(abs(int(array.max())), abs(int(array.min()))) if array.size else 0


def _narrow(array: npt.NDArray[Any], key: str) -> Pence:
    if array.dtype.kind != "i" and _largest(array) >= 2**63:
        raise FaultsError([Fault(key, None, "is larger than 64 bits of pence can hold.")], key)
    return array.astype(np.int64)
