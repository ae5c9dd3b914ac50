"""Where organisations and the area stand against control totals, year by year, and what that costs them of the fund."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from models.finance.books import Books
from models.finance.rules.amounts import MONTHS, Pence
from models.finance.rules.control_totals import dashboard_ratio, met, system_met
from models.finance.simulated.agreed_totals import QUARTERS
from models.finance.simulated.control import Position
from models.finance.statements import SYSTEM

__all__ = ["PER_CENT", "Standing", "memos", "standing"]

PER_CENT = 100  #: pence in a pound: an amount of the table that is a per cent, and not pounds, is taken times this


@dataclass(frozen=True)
class Standing:
    """Whole years (Y) of an arm, in pence.

    Parameters
    ----------
    names, trusts : tuple of str
        Those with a control total (O), and those whom the fund pays (T).
    asked : ndarray of int64 [O]
        Control total of a year.
    variance : ndarray of int64 [replications, O, Y]
        Result less control total, before money from the fund and after offsets.
    missed : ndarray of bool [replications, O, Y]
    missed_by_all : ndarray of bool [replications, Y]
        Whether the area as a whole missed.
    due : ndarray of int64 [T, Y]
    lost : ndarray of int64 [replications, T, Y]
        Not paid by the fund.
    by_partners : ndarray of int64 [replications, T, Y]
        Of that, what a trust's own result had earned: lost because partners missed.
    ratio : ndarray of float [replications, Y]
        All variances over the resource limits of the commissioners (F12); not a number where these have none.
    """

    names: tuple[str, ...]
    trusts: tuple[str, ...]
    asked: Pence
    variance: Pence
    missed: npt.NDArray[np.bool_]
    missed_by_all: npt.NDArray[np.bool_]
    due: Pence
    lost: Pence
    by_partners: Pence
    ratio: npt.NDArray[np.float64]


def standing(position: Position, books: Books) -> Standing:
    """Sum a position up by whole years."""
    totals = position.totals
    result = _yearly(position.result + position.moved)
    asked = totals.total.sum(axis=1)
    years, by_org = result.shape[-1], np.moveaxis(result, 1, -1)  # [replications, years, organisations]
    limits = np.stack([_allocation(books, name, years) for name in totals.names], axis=-1)
    due = _yearly(position.due)
    lost = due - _yearly(position.paid)
    return Standing(
        names=totals.names,
        trusts=totals.trusts,
        asked=asked,
        variance=result - asked[:, None],
        missed=~np.moveaxis(met(by_org, asked), -1, 1),
        missed_by_all=~system_met(by_org, asked),
        due=due,
        lost=lost,
        # of quarters that a later one made good nothing is lost
        by_partners=np.minimum(_yearly(np.maximum(position.own - position.paid, 0)), lost),
        ratio=_ratio(by_org, asked, limits),
    )


def _yearly(quarterly: Pence) -> Pence:
    """Sums [..., years] of whole years."""
    years = quarterly.shape[-1] // QUARTERS
    return quarterly[..., : years * QUARTERS].reshape(*quarterly.shape[:-1], years, QUARTERS).sum(axis=-1)


def _ratio(result: Pence, asked: Pence, limits: Pence) -> npt.NDArray[np.float64]:
    if (limits.sum(axis=-1) < 1).any():
        return np.full(result.shape[:2], np.nan)
    return dashboard_ratio(result, asked, limits).astype(float)


def _allocation(books: Books, name: str, years: int) -> Pence:
    """Resource limit of a commissioner [replications, years]: its allocation; nought of others."""
    at = books.keys.index.get((name, "income", "nhs_england", "allocation"))
    if at is None:
        return np.zeros((books.movement.shape[1], years), np.int64)
    return -books.movement[at][:, : years * MONTHS].reshape(-1, years, MONTHS).sum(axis=-1)


def memos(position: Position, books: Books) -> Iterator[tuple[str, str, npt.NDArray[np.floating[Any]]]]:
    """Lines of the table ``money``: organisation, line, and amounts [replications, years] in pence."""
    s = standing(position, books)
    whole = np.ones(s.ratio.shape)
    for n, name in enumerate(s.names):
        yield name, "memo: control total", s.asked[n] * whole
        yield name, "memo: result less control total", s.variance[:, n].astype(float)
        yield name, "memo: control total missed, per cent of futures", 100.0 * PER_CENT * s.missed[:, n]
    yield SYSTEM, "memo: control total", s.asked.sum() * whole
    yield SYSTEM, "memo: result less control total", s.variance.sum(axis=1).astype(float)
    yield SYSTEM, "memo: control total missed, per cent of futures", 100.0 * PER_CENT * s.missed_by_all
    if np.isfinite(s.ratio).all():
        yield SYSTEM, "memo: dashboard ratio, per cent", 100.0 * PER_CENT * s.ratio
    funds = (("memo: PSF lost", s.lost), ("memo: PSF lost because a partner missed", s.by_partners))
    for line, amounts in funds if s.trusts else ():
        for n, name in enumerate(s.trusts):
            yield name, line, amounts[:, n].astype(float)
        yield SYSTEM, line, amounts.sum(axis=1).astype(float)
