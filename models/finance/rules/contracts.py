"""One payment rule for every contract: the plan, and a rate for each band of activity above or below it.

``pay(plan, actual) = plan + integral of r from plan to actual``, r constant in bands of ``actual / plan - 1``, where
`actual` is activity x price x market forces factor. Payment by results is r = 1 throughout, a block r = 0 (F1, F4).
With rates at or above nought a payment never falls when activity rises, and it has no jumps; the one exception is a
plan that is set anew when the glass breaks (:func:`reset_plan`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from models.finance.rules.amounts import Pence, Rate, as_pence, exact, over, product, times
from models.finance.rules.checks import at_least, between, refuse
from sim.errors import Fault

__all__ = ["Band", "Contract", "at_cost", "blended", "blended_parts", "block", "break_glass", "broken", "cap_collar"]
__all__ += ["contract", "guaranteed_income", "mret", "mret_retained", "pay", "pbr", "reset_plan", "shadow"]
__all__ += ["from_words", "in_words", "tolerance", "uplifted"]


@dataclass(frozen=True)
class Band:
    """Rate paid for each pound of activity between two bounds of ``actual / plan - 1``; None is no bound."""

    low: Fraction | None
    high: Fraction | None
    rate: Fraction


@dataclass(frozen=True)
class Contract:
    """Bands from the lowest activity to the highest, without gaps; build it by one of the functions below."""

    kind: str
    bands: tuple[Band, ...]


def contract(kind: str, bands: Iterable[Sequence[Rate | None]]) -> Contract:
    """Return a contract from its bands.

    Parameters
    ----------
    kind : str
        What it is called in reports.
    bands : iterable of (low, high, rate)
        Bounds of ``actual / plan - 1``, None for no bound.

    Raises
    ------
    FaultsError
        When a rate is negative, or bands leave a gap, overlap, or do not reach from end to end.
    """
    found = tuple(
        Band(None if low is None else exact(low), None if high is None else exact(high), exact(rate or 0))
        for low, high, rate in bands
    )
    refuse(_band_faults(found), f"contract '{kind}'")
    return Contract(kind, found)


def _band_faults(bands: tuple[Band, ...]) -> list[Fault]:
    if not bands:
        return [Fault("bands", [], "give at least one band.")]
    faults = []
    for i, band in enumerate(bands):
        key = f"bands.{i}"
        if band.rate < 0:
            faults.append(Fault(f"{key}.rate", float(band.rate), "a negative price is not allowed."))
        if band.low is not None and band.high is not None and band.low >= band.high:
            faults.append(Fault(key, (float(band.low), float(band.high)), "the low bound must lie below the high."))
        before = bands[i - 1].high if i else None
        if (i and before is None) or band.low != before:
            rule = "must begin where the band before it ends" if i else "the first band must have no low bound"
            faults.append(Fault(f"{key}.low", None if band.low is None else float(band.low), f"{rule}."))
    if bands[-1].high is not None:
        faults.append(Fault(f"bands.{len(bands) - 1}.high", float(bands[-1].high), "the last band has no high bound."))
    return faults


def in_words(agreed: Contract) -> str:
    """Return the bands of a contract as one exact line, such as ``..0 at 1; 0.. at 7/10``; read by `from_words`."""
    ends = [("" if b.low is None else str(b.low), "" if b.high is None else str(b.high)) for b in agreed.bands]
    return "; ".join(f"{low}..{high} at {b.rate}" for (low, high), b in zip(ends, agreed.bands, strict=True))


def from_words(kind: str, words: str) -> Contract:
    """Return the contract that :func:`in_words` wrote down.

    Raises
    ------
    FaultsError
        When the words are no bands, or not those of a contract.
    """
    bands = []
    for part in words.split("; "):
        span, _, rate = part.partition(" at ")
        low, dots, high = span.partition("..")
        try:
            bands.append((Fraction(low) if low else None, Fraction(high) if high else None, Fraction(rate)))
        except (ValueError, ZeroDivisionError):
            dots = ""
        if not dots:
            refuse([Fault("bands", words, "write each band as low..high at rate.")], f"contract '{kind}'")
    return contract(kind, bands)


def pay(agreed: Contract, plan: Any, actual: Any) -> Pence:
    """Return what a contract pays for a whole period, or for a year up to now.

    Parameters
    ----------
    agreed : Contract
    plan, actual : ndarray of int64 [...]
        Value planned and value done at full price, in pence.

    Returns
    -------
    ndarray of int64 [...]
        Pence, rounded once, to the nearest, a half upwards.

    Raises
    ------
    FaultsError
        When a plan or an actual value is negative or not in whole pence.
    """
    plan, actual = as_pence(plan, "plan"), as_pence(actual, "actual")
    refuse(at_least(0, plan=plan, actual=actual), "payment")
    edges = [edge for band in agreed.bands for edge in (band.low, band.high) if edge is not None]
    fine = math.lcm(*(edge.denominator for edge in edges))
    scale = math.lcm(*(band.rate.denominator for band in agreed.bands))
    # In units of 1/(fine x scale) of a penny everything is whole, so nothing is rounded before the end.
    planned, done = product(plan, fine), product(actual, fine)
    due = product(planned, scale)
    for band in agreed.bands:
        low = None if band.low is None else product(plan, int((1 + band.low) * fine))
        high = None if band.high is None else product(plan, int((1 + band.high) * fine))
        due = due + product(_clip(done, low, high) - _clip(planned, low, high), int(band.rate * scale))
    return over(due, fine * scale)


def _clip(value: npt.NDArray[Any], low: npt.NDArray[Any] | None, high: npt.NDArray[Any] | None) -> npt.NDArray[Any]:
    value = value if low is None else np.maximum(value, low)
    return value if high is None else np.minimum(value, high)


# -- kinds of contract ---------------------------------------------------------------------------------------------


def pbr() -> Contract:
    """Payment by results: every pound of activity is paid (F1)."""
    return contract("payment by results", [(None, None, 1)])


def block() -> Contract:
    """Block: the agreed sum, whatever the activity (F4)."""
    return contract("block", [(None, None, 0)])


def guaranteed_income() -> Contract:
    """Guaranteed income: the agreed sum; what is put in or taken out changes the sum at its cost (:func:`at_cost`)."""
    return contract("guaranteed income", [(None, None, 0)])


def mret(marginal: Rate) -> Contract:
    """Marginal rate for emergencies: full price up to the baseline value (the plan), `marginal` above it."""
    refuse(between(0, 1, marginal=marginal), "marginal rate for emergencies")
    return contract("marginal rate for emergencies", [(None, 0, 1), (0, None, marginal)])


def cap_collar(below: Rate, above: Rate) -> Contract:
    """Cap and collar, hard: paid by activity from -`below` to +`above` of the plan, nothing more outside."""
    refuse(between(0, 1, below=below) + at_least(0, above=exact(above)), "cap and collar")
    return _joined("cap and collar", [(None, -exact(below), 0), (-exact(below), above, 1), (above, None, 0)])


def tolerance(below: Rate, above: Rate, marginal: Rate) -> Contract:
    """Cap and collar, the other reading: no change within the tolerance, `marginal` for each pound outside it."""
    refuse(between(0, 1, below=below, marginal=marginal) + at_least(0, above=exact(above)), "tolerance")
    bands = [(None, -exact(below), marginal), (-exact(below), above, 0), (above, None, marginal)]
    return _joined("tolerance and marginal rate", bands)


def blended(variable: Rate) -> Contract:
    """Blended payment, model A: the whole forecast value, and `variable` of what is above or below it."""
    refuse(between(0, 1, variable=variable), "blended payment")
    return contract("blended payment", [(None, None, variable)])


def blended_parts(plan: Any, actual: Any, variable: Rate) -> tuple[Pence, Pence]:
    """Blended payment, model B: a fixed part (1 - variable) x plan, and variable x actual.

    Returns
    -------
    fixed, variable : ndarray of int64 [...]
        Pence; together exactly model A, to the penny.
    """
    plan, actual, variable = as_pence(plan, "plan"), as_pence(actual, "actual"), exact(variable)
    refuse(between(0, 1, variable=variable) + at_least(0, plan=plan, actual=actual), "blended payment")
    top, bottom = variable.numerator, variable.denominator
    fixed = times(plan, 1 - variable)
    return fixed, over(product(plan, bottom - top) + product(actual, top), bottom) - fixed


def break_glass(agreed: Contract, beyond: Rate) -> Contract:
    """Return the contract with every pound paid outside -`beyond` to +`beyond` of the plan: no jump in pay."""
    beyond = exact(beyond)
    refuse(between(0, 1, beyond=beyond), "break glass")
    inside: list[tuple[Rate | None, Rate | None, Rate]] = []
    for band in agreed.bands:
        low = -beyond if band.low is None else max(band.low, -beyond)
        high = beyond if band.high is None else min(band.high, beyond)
        inside.append((low, high, band.rate))
    return _joined(f"{agreed.kind} with break glass", [(None, -beyond, 1), *inside, (beyond, None, 1)])


def broken(plan: Any, actual: Any, beyond: Rate) -> npt.NDArray[np.bool_]:
    """Say where activity is further than `beyond` (a share of the plan) from the plan."""
    plan, actual, beyond = as_pence(plan, "plan"), as_pence(actual, "actual"), exact(beyond)
    return np.asarray(product(abs(actual - plan), beyond.denominator) > product(plan, beyond.numerator))


def reset_plan(plan: Any, actual: Any, beyond: Rate, renegotiated: Any = None) -> Pence:
    """Return the plan, set anew where the glass is broken; pay is then due on the new plan, so it may jump.

    Parameters
    ----------
    plan, actual : ndarray of int64 [...]
    beyond : rate
    renegotiated : ndarray of int64 [...], optional
        The new plan; the actual value unless given.
    """
    anew = as_pence(actual if renegotiated is None else renegotiated, "renegotiated")
    return np.where(broken(plan, actual, beyond), anew, as_pence(plan, "plan"))


def _joined(kind: str, bands: Sequence[tuple[Rate | None, Rate | None, Rate]]) -> Contract:
    """A contract without the bands that have no width."""
    wide = [b for b in bands if b[0] is None or b[1] is None or exact(b[0]) < exact(b[1])]
    return contract(kind, wide)


# -- plans, and what follows from a payment ------------------------------------------------------------------------


def uplifted(plan: Any, rates: Sequence[Rate]) -> Pence:
    """Return the plan of each year: the last year's plan, uplifted by the year's rate (F7: flat, then 1 per cent).

    Returns
    -------
    ndarray of int64 [years, ...]
    """
    years, factor = [], Fraction(1)
    for rate in rates:
        factor *= 1 + exact(rate)
        years.append(times(plan, factor))
    return np.stack(years)


def at_cost(plan: Any, changes: Any) -> Pence:
    """Return the sum of a guaranteed income after each change, which counts at its cost and not at its price (F6).

    Parameters
    ----------
    plan : ndarray of int64 [...]
    changes : ndarray of int64 [n, ...]
        Agreed cost of what is put into (+) or taken out of (-) the contract.

    Returns
    -------
    ndarray of int64 [n, ...]

    Raises
    ------
    FaultsError
        When more would be taken out than the contract holds.
    """
    after = as_pence(plan, "plan") + np.cumsum(as_pence(changes, "changes"), axis=0)
    refuse(at_least(0, plan=after), "guaranteed income")
    return after


def shadow(agreed: Contract, plan: Any, actual: Any) -> Pence:
    """Return how much more payment by results would have paid (F5: tariff kept to watch activity and price)."""
    return as_pence(actual, "actual") - pay(agreed, plan, actual)


def mret_retained(baseline: Any, actual: Any, marginal: Rate) -> Pence:
    """Return what the commissioner keeps above the baseline: the difference to full price.

    It belongs into a pot that is spent on managing demand only (:func:`models.finance.rules.pooled.spend`).
    """
    return as_pence(actual, "actual") - pay(mret(marginal), baseline, actual)
