"""Frontier: how much of one key is needed, for each value of another, for an answer to pass a threshold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from sim.analysis.outcomes import Outcome
from sim.analysis.words import place

__all__ = ["Passing", "by_others", "frontier"]

Bools = npt.NDArray[np.bool_]
LEAST, GREATEST = "least", "greatest"


@dataclass(frozen=True)
class Passing:
    """When an answer passes.

    Parameters
    ----------
    threshold : float
        It passes at the threshold too.
    at_least : bool
        Whether answers pass from the threshold up, or down.
    """

    threshold: float
    at_least: bool = True

    def __str__(self) -> str:
        return f"{'at least' if self.at_least else 'at most'} {self.threshold:g}"

    @property
    def fails(self) -> str:
        """What is said of answers that do not pass."""
        return f"{'below' if self.at_least else 'above'} {self.threshold:g}"

    def of(self, outcome: Outcome) -> Bools:
        """Points that pass, by their mean answer."""
        return outcome.y >= self.threshold if self.at_least else outcome.y <= self.threshold

    def surely(self, outcome: Outcome) -> Bools:
        """Points whose whole interval passes; without an interval the mean answer decides."""
        end = outcome.low if self.at_least else outcome.high
        end = np.where(np.isfinite(end), end, outcome.y)
        return end >= self.threshold if self.at_least else end <= self.threshold

    def possibly(self, outcome: Outcome) -> Bools:
        """Points whose interval reaches the threshold."""
        end = outcome.high if self.at_least else outcome.low
        end = np.where(np.isfinite(end), end, outcome.y)
        return end >= self.threshold if self.at_least else end <= self.threshold


def frontier(outcome: Outcome, first: str, second: str, passing: Passing, side: str = "") -> pd.DataFrame:
    """The least (or greatest) value of `second` with which the answer passes, for every value of `first`.

    Every combination of the other keys has its own frontier. A value is undecided when replications are too few to
    tell: between ``possible`` (the interval of the answer reaches the threshold) and ``sure`` (the whole interval
    passes). This is a level set on the grid itself; nothing is interpolated.

    Parameters
    ----------
    first, second : str
        Keys of numbers.
    side : {"least", "greatest", ""}
        Which value of `second` is sought; without it the least if more of `second` passes more often.

    Returns
    -------
    DataFrame
        at (values of the other keys), first, frontier, possible, sure (values of `second`, NaN for none), undecided,
        holds (whether all values beyond the frontier pass as well), side.
    """
    known = outcome.known()
    side = side or _side(known, second, passing)
    rows = []
    for at, own in by_others(known, first, second):
        for value in np.unique(own.values(first)):
            one = own.at(own.values(first) == value)
            rows.append({"at": at, first: value, **_edge(one, second, passing, side)})
    columns = ["at", first, "frontier", "possible", "sure", "undecided", "holds"]
    return pd.DataFrame(rows, columns=columns).assign(side=side)


def _side(outcome: Outcome, second: str, passing: Passing) -> str:
    """Least, if points that pass have more of the second key than those that fail."""
    passes, x = passing.of(outcome), outcome.values(second).astype(float)
    if passes.all() or not passes.any():
        y = outcome.y - outcome.y.mean()
        rising = (y * (x - x.mean())).sum() >= 0
        return LEAST if rising == passing.at_least else GREATEST
    return LEAST if x[passes].mean() >= x[~passes].mean() else GREATEST


def by_others(outcome: Outcome, first: str, second: str) -> Iterator[tuple[str, Outcome]]:
    """Parts of an outcome in which all keys but two are at one value, with these values in words."""
    others = [k for k in outcome.keys if k not in (first, second)]
    if not others:
        yield "", outcome
        return
    for values, rows in outcome.points.groupby(others, sort=False):
        told: Any = values
        at: dict[str, object] = dict(zip(others, told, strict=True))
        yield place(at), outcome.at(np.isin(outcome.values("point"), rows["point"].to_numpy()))


def _edge(one: Outcome, second: str, passing: Passing, side: str) -> dict[str, object]:
    """The frontier at one value of the first key."""
    x = one.values(second).astype(float)
    order = np.argsort(x if side == LEAST else -x, kind="stable")
    x = x[order]

    def first_of(which: Bools) -> float:
        passes = which[order]
        return float(x[passes.argmax()]) if passes.any() else np.nan

    passes = passing.of(one)[order]
    edge, possible, sure = (first_of(f(one)) for f in (passing.of, passing.possibly, passing.surely))
    decided = possible == sure or (np.isnan(possible) and np.isnan(sure))
    holds = bool(passes[passes.argmax() :].all()) if passes.any() else False
    return {"frontier": edge, "possible": possible, "sure": sure, "undecided": not decided, "holds": holds}
