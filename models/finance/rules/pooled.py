"""Pooled budgets: who decides (pots A, B and C), what a pot may pay for, and who bears what it overspends.

A pooled fund of health and local government (Section 75, pot A) is spent by a joint decision that binds its partners.
An aligned budget (pot B) is spent as recommended once the partner whose money it is ratifies; services done in
collaboration (pot C) need the national commissioner too (F13). Each step takes time and may end in a refusal.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from models.finance.rules.amounts import Pence, Rate, as_pence, exact, split, whole_weights
from models.finance.rules.checks import at_least, fitting, known, refuse, summing_to_one
from sim.errors import Fault

__all__ = ["NEVER", "REFUSED", "Delays", "Spent", "bear", "decided", "pay_for_performance", "pooled", "pot_faults"]
__all__ += ["spend", "spent_as_decided"]

REFUSED = -1  #: month of a decision that never takes effect
NEVER = -1  #: month of a budget that never joins the pool
POTS = ("A", "B", "C")


@dataclass(frozen=True)
class Delays:
    """Months that each step of a decision takes."""

    joint: int
    partner: int
    national: int


def decided(pot: str, asked: Any, partners: npt.ArrayLike, national: npt.ArrayLike, delays: Delays) -> Pence:
    """Return the month from which a decision on a pot holds, or :data:`REFUSED`.

    Parameters
    ----------
    pot : str
        ``"A"`` binding, ``"B"`` ratified by the partner, ``"C"`` ratified by the national commissioner as well.
    asked : ndarray of int64 [...]
        Month in which the joint board takes it up.
    partners : ndarray of bool [...]
        Whether the partner concerned would ratify; without effect in pot A.
    national : ndarray of bool [...]
        Whether the national commissioner would; matters in pot C only.
    delays : Delays

    Raises
    ------
    FaultsError
        When there is no such pot, or a delay is negative.
    """
    faults = known("pot", [pot], POTS, "pot") + at_least(0, **vars(delays))
    refuse(faults, "decision on a pot")
    month = np.asarray(asked, np.int64) + delays.joint
    ratified = np.ones(month.shape, bool)
    if pot in "BC":
        month, ratified = month + delays.partner, ratified & np.asarray(partners, bool)
    if pot == "C":
        month, ratified = month + delays.national, ratified & np.asarray(national, bool)
    return np.where(ratified, month, REFUSED).astype(np.int64)


def spent_as_decided(
    pots: Sequence[str],
    before: Any,
    proposed: Any,
    asked: Any,
    partners: npt.ArrayLike,
    national: npt.ArrayLike,
    delays: Delays,
    months: int,
) -> Pence:
    """Return what is spent on each line by month: as before until a decision holds, then as proposed (F13).

    Every line of a budget lies in a pot, and the pot says who has to agree. What is refused stays as it was.

    Parameters
    ----------
    pots : sequence of str
        Pot of each line.
    before, proposed : ndarray of int64 [lines, ...]
        Spending of a month, in pence.
    asked : ndarray of int64 [lines, ...]
        Month in which the joint board takes it up, from 0.
    partners, national : ndarray of bool [lines, ...]
        Whether the partner concerned, and the national commissioner, would ratify.
    delays : Delays
    months : int

    Returns
    -------
    ndarray of int64 [months, lines, ...]

    Raises
    ------
    FaultsError
        When there is no such pot, amounts, months or delays are negative, or shapes do not fit.
    """
    old, new = as_pence(before, "before"), as_pence(proposed, "proposed")
    taken_up = np.asarray(asked, np.int64)
    shape = np.broadcast_shapes(old.shape, new.shape)
    faults = at_least(0, before=old, proposed=new, asked=taken_up, months=months)
    faults += known("pots", sorted(set(pots)), POTS, "pot") + at_least(0, **vars(delays))
    if shape[:1] != (len(pots),):
        faults.append(Fault("pots", len(pots), f"one pot is needed for each of {shape[0] if shape else 0} lines."))
    faults += fitting(shape, asked=taken_up, partners=np.asarray(partners), national=np.asarray(national))
    refuse(faults, "spending as decided")
    when, mine, theirs = (np.broadcast_to(np.asarray(x), shape) for x in (taken_up, partners, national))
    since = np.stack([decided(pot, when[n], mine[n], theirs[n], delays) for n, pot in enumerate(pots)])
    month = np.arange(months).reshape(-1, *(1,) * len(shape))
    return np.where((since != REFUSED) & (month >= since), new, old)


def pooled(budgets: Any, owners: Sequence[str], joins: Sequence[int], partners: Sequence[str]) -> Pence:
    """Return what each partner pays into a pool whose scope grows: each line's budget, once it has joined (F31).

    Parameters
    ----------
    budgets : ndarray of int64 [months, lines, ...]
    owners : sequence of str
        Partner whose budget each line is.
    joins : sequence of int
        Month from which the line is pooled; :data:`NEVER`.
    partners : sequence of str

    Returns
    -------
    ndarray of int64 [months, partners, ...]

    Raises
    ------
    FaultsError
        When an owner is no partner, a budget is negative, or a line has no owner or month.
    """
    budgets = as_pence(budgets, "budgets")
    faults = at_least(0, budgets=budgets) + known("owners", sorted(set(owners)), partners, "partner")
    faults += at_least(NEVER, joins=np.array(joins))
    lines = budgets.shape[1] if budgets.ndim > 1 else 0
    for key, given in (("owners", owners), ("joins", joins)):
        if len(given) != lines:
            faults.append(Fault(key, len(given), f"one is needed for each of {lines} lines."))
    refuse(faults, "scope of a pool")
    month, since = np.arange(len(budgets))[:, None], np.array(joins)
    inside = (since != NEVER) & (month >= since)
    paid = np.where(inside.reshape(*inside.shape, *(1,) * (budgets.ndim - 2)), budgets, 0)
    mine = [[owner == partner for owner in owners] for partner in partners]
    return np.stack([paid[:, own].sum(axis=1) for own in mine], axis=1)


def bear(contributions: Any, spent: Any, shares: Sequence[Rate] | None = None, caps: Any = None) -> tuple[Pence, Pence]:
    """Return what each partner bears of an overspend (+) or gets back of an underspend (-).

    Parameters
    ----------
    contributions : ndarray of int64 [..., partners]
    spent : ndarray of int64 [...]
    shares : sequence of rates, optional
        Agreed shares that sum to one; those of the contributions unless given.
    caps : ndarray of int64 [..., partners], optional
        Most that each partner bears of an overspend. What is above a cap falls on the partners below theirs.

    Returns
    -------
    borne : ndarray of int64 [..., partners]
    uncovered : ndarray of int64 [...]
        Overspend above all caps together: nobody's money covers it, so it may not be spent.

    Raises
    ------
    FaultsError
        When a contribution, an amount spent or a cap is negative, or shares do not sum to one.
    """
    paid_in, spent = as_pence(contributions, "contributions"), as_pence(spent, "spent")
    faults = at_least(0, contributions=paid_in, spent=spent)
    faults += [] if shares is None else summing_to_one("shares", shares)
    if shares is not None and len(shares) != paid_in.shape[-1]:
        faults.append(Fault("shares", len(shares), f"there are {paid_in.shape[-1]} partners."))
    faults += [] if caps is None else at_least(0, caps=caps)
    refuse(faults, "pooled fund")
    weights = paid_in if shares is None else whole_weights(shares)
    variance = spent - paid_in.sum(axis=-1)
    if caps is None:
        return split(variance, weights), np.zeros_like(variance)
    most = np.broadcast_to(as_pence(caps, "caps"), paid_in.shape)
    open_, borne = np.maximum(variance, 0), np.zeros(paid_in.shape, np.int64)
    for _ in range(paid_in.shape[-1]):
        # Each round either covers everything that is left or brings at least one more partner to its cap.
        takers = np.where(borne < most, weights, 0)
        takers = np.where(takers.sum(axis=-1, keepdims=True) > 0, takers, (borne < most).astype(np.int64))
        able = takers.sum(axis=-1) > 0
        borne = np.minimum(borne + split(np.where(able, open_, 0), takers), most)
        open_ = np.maximum(variance, 0) - borne.sum(axis=-1)
    return borne + split(np.minimum(variance, 0), weights), open_


@dataclass(frozen=True)
class Spent:
    """What a ring-fenced pot paid, in pence by month."""

    paid: dict[str, Pence]  #: by purpose, [months, ...]
    refused: dict[str, Pence]  #: wanted, but the pot was empty, [months, ...]
    balance: Pence  #: at the end of each month, [months, ...], never below nought


def pot_faults(pot: str, wanted: Collection[str], allowed: Collection[str]) -> list[Fault]:
    """Faults of purposes that a pot may not pay for."""
    return known(f"{pot}.purpose", sorted(wanted), allowed, "purpose of this pot")


def spend(pot: str, inflow: Any, wanted: Mapping[str, Any], allowed: Collection[str], opening: Any = 0) -> Spent:
    """Spend a ring-fenced pot on what it may pay for, as far as it goes; purposes share a short pot in proportion.

    Parameters
    ----------
    pot : str
        Name, for faults.
    inflow : ndarray of int64 [months, ...]
        For example what the commissioner keeps of the marginal rate for emergencies.
    wanted : mapping of purpose to ndarray of int64 [months, ...]
    allowed : collection of str
        Purposes that the pot may pay for.
    opening : ndarray of int64 [...]
        Balance before the first month.

    Raises
    ------
    FaultsError
        When a purpose is not allowed, or an amount is negative.
    """
    inflow = as_pence(inflow, "inflow")
    asked = {purpose: np.broadcast_to(as_pence(w, purpose), inflow.shape) for purpose, w in wanted.items()}
    faults = pot_faults(pot, wanted, allowed) + at_least(0, inflow=inflow, opening=opening)
    refuse(faults + at_least(0, **asked), f"pot '{pot}'")
    claims = np.stack(list(asked.values()), axis=-1) if asked else np.zeros((*inflow.shape, 0), np.int64)
    paid, balance = np.zeros_like(claims), np.zeros_like(inflow)
    held = np.broadcast_to(as_pence(opening, "opening"), inflow.shape[1:])
    for t in range(len(inflow)):
        there = held + inflow[t]
        if asked:
            paid[t] = split(np.minimum(claims[t].sum(axis=-1), there), claims[t])
        held = balance[t] = there - paid[t].sum(axis=-1)
    by_purpose = {purpose: paid[..., i] for i, purpose in enumerate(asked)}
    return Spent(by_purpose, {purpose: asked[purpose] - by_purpose[purpose] for purpose in asked}, balance)


def pay_for_performance(pot: Any, achieved: Any, baseline: Any, target: Rate) -> tuple[Pence, Pence]:
    """Split the performance part of the Better Care Fund by how far emergency admissions fell.

    Parameters
    ----------
    pot : ndarray of int64 [...]
        Pence at stake.
    achieved, baseline : ndarray of int64 [...]
        Emergency admissions fewer than, and in, the baseline.
    target : rate
        Reduction, as a share of the baseline, for which all of it is released.

    Returns
    -------
    released : ndarray of int64 [...]
        To the pooled fund: pot x min(1, reduction / target).
    kept : ndarray of int64 [...]
        Pays for hospital care. Together they are the pot.
    """
    pot, target = as_pence(pot, "pot"), exact(target)
    fewer, before = as_pence(achieved, "achieved"), as_pence(baseline, "baseline")
    faults = at_least(0, pot=pot) + at_least(1, baseline=before)
    if target <= 0:
        faults.append(Fault("target", float(target), "must be above 0."))
    refuse(faults, "pay for performance")
    shape = np.broadcast_shapes(pot.shape, fewer.shape, before.shape)
    whole = np.broadcast_to(before * target.numerator, shape)
    part = np.clip(np.broadcast_to(fewer * target.denominator, shape), 0, whole)
    released = split(np.broadcast_to(pot, shape), np.stack([part, whole - part], axis=-1))[..., 0]
    return released, pot - released
