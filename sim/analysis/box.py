"""Boxes: limits on some keys of a design, and how well the points inside tell those of interest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

__all__ = ["Box", "Columns", "shares"]

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Columns:
    """Points by key: numbers as they are, words as codes.

    Parameters
    ----------
    values : dict
        Numbers, or codes of words, by key.
    words : dict
        Words of the codes, for keys that are words.
    """

    values: dict[str, npt.NDArray[np.float64]]
    words: dict[str, list[str]]

    @classmethod
    def of(cls, points: pd.DataFrame) -> Columns:
        """Keys that vary, of a table of points."""
        values, words = {}, {}
        for key, column in points.items():
            if len(set(column)) < 2:
                continue
            if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
                values[str(key)] = column.to_numpy(float)
            else:
                codes, names = pd.factorize(column, sort=True)
                values[str(key)] = codes.astype(float)
                words[str(key)] = [str(n).lower() if isinstance(n, (bool, np.bool_)) else str(n) for n in names]
        return cls(values, words)

    def __len__(self) -> int:
        return len(next(iter(self.values.values()), ()))


@dataclass(frozen=True)
class Box:
    """Limits by key: a least and a greatest number (both included), or the codes that are allowed."""

    limits: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    allowed: Mapping[str, frozenset[int]] = field(default_factory=dict)

    @property
    def keys(self) -> list[str]:
        """Keys that are restricted."""
        return [*self.limits, *self.allowed]

    def within(self, columns: Columns, key: str) -> Bools:
        """Points inside, as far as one key goes."""
        x = columns.values[key]
        if key in self.limits:
            low, high = self.limits[key]
            return (x >= low) & (x <= high)
        return np.isin(x, list(self.allowed[key])) if key in self.allowed else np.ones(len(x), bool)

    def inside(self, columns: Columns, but: str = "") -> Bools:
        """Points inside, with the limits on one key left out if it is named."""
        out = np.ones(len(columns), bool)
        for key in self.keys:
            if key != but:
                out &= self.within(columns, key)
        return out

    def limited(self, key: str, low: float, high: float) -> Box:
        """The same with other limits on a key; infinite limits are none."""
        limits = {k: v for k, v in self.limits.items() if k != key}
        if np.isfinite(low) or np.isfinite(high):
            limits[key] = (low, high)
        return Box(limits, self.allowed)

    def allowing(self, key: str, codes: frozenset[int], of: int) -> Box:
        """The same with other words of a key, which has `of` words."""
        allowed = {k: v for k, v in self.allowed.items() if k != key}
        if len(codes) < of:
            allowed[key] = codes
        return Box(self.limits, allowed)

    def without(self, key: str) -> Box:
        """The same without limits on a key."""
        return Box(
            {k: v for k, v in self.limits.items() if k != key}, {k: v for k, v in self.allowed.items() if k != key}
        )

    def quasi_p(self, columns: Columns, interest: Bools, key: str) -> float:
        """How likely chance alone is to give the box its density if the limits on this key did nothing.

        One-sided binomial test against the density without them (Bryant and Lempert 2010, section 3.2). It is a guide
        and no true p value: the limits were chosen to make the density large.
        """
        inside, without = self.inside(columns), self.inside(columns, but=key)
        return float(stats.binom.sf(interest[inside].sum() - 1, inside.sum(), interest[without].mean()))

    def rows(self, columns: Columns, interest: Bools) -> Iterator[dict[str, object]]:
        """What is restricted, a row a key."""
        for key in self.keys:
            low, high = self.limits.get(key, (np.nan, np.nan))
            names = [columns.words[key][code] for code in sorted(self.allowed.get(key, ()))]
            yield {
                "key": key,
                "low": low,
                "high": high,
                "words": " or ".join(names),
                "quasi_p": self.quasi_p(columns, interest, key),
            }


def shares(inside: Bools, interest: Bools, all_of_interest: int) -> tuple[float, float, float]:
    """Coverage, density and mass of the points inside."""
    caught, size = int((inside & interest).sum()), int(inside.sum())
    return caught / max(1, all_of_interest), caught / max(1, size), size / len(inside)
