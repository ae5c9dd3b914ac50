"""Tornado: by how much an answer swings as one key goes from one end of its range to the other."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from sim.analysis.outcomes import Outcome
from sim.analysis.response import FEW_VALUES, by_draw
from sim.analysis.words import text

__all__ = ["tornado"]

TENTH, LEAST = 0.1, 5  #: share of the draws at either end, and the least number of them
COLUMNS = ["key", "from", "to", "mean_from", "mean_to", "swing", "low", "high", "rule"]


def tornado(outcome: Outcome) -> pd.DataFrame:
    """Swing of the mean answer for every key, the widest first.

    The rule is stated for every key. Chosen values: the mean answer at the greatest value minus that at the least,
    over all values of the other keys; the interval is from replications alone (see :func:`response`), the two ends
    taken as independent (Newcombe 1998, Statistics in Medicine 17, 873-890), which is wide for points that share
    random numbers. Drawn values: the mean of the draws in
    the upper tenth minus that of the lower tenth (at least five draws each), with the interval of Welch (1947),
    Biometrika 34, 28-35. Words have no order: the value with the greatest mean answer minus that with the least. The
    chart is Howard's (1988), Management Science 34, 679-695.

    Returns
    -------
    DataFrame
        key, from, to (what is compared), mean_from, mean_to, swing, low, high (95 %), rule.
    """
    known = outcome.known()
    rows = [row for key in outcome.keys if (row := _of_key(known, key)) is not None]
    found = pd.DataFrame(rows, columns=COLUMNS)
    order = np.argsort(-np.abs(found["swing"].to_numpy(float)), kind="stable")
    return found.iloc[order].reset_index(drop=True)


def _of_key(outcome: Outcome, key: str) -> tuple[object, ...] | None:
    x = outcome.values(key)
    grid = outcome.layout.of_key(key).is_grid
    number = outcome.is_number(key)
    if len(set(x)) < 2:
        return None  # its other values have no answers
    if number and not grid and len(set(x)) > FEW_VALUES:
        return _tenths(outcome, key)
    if number:
        ends, rule = (x.min(), x.max()), "greatest minus least value"
    else:
        means = {value: outcome.y[x == value].mean() for value in dict.fromkeys(x)}
        ends, rule = (
            (min(means, key=means.__getitem__), max(reversed(means), key=means.__getitem__)),
            "value of the greatest minus value of the least mean",
        )
    lower, upper = (outcome.at(x == end) for end in ends)
    if grid:
        first, last = float(lower.y.mean()), float(upper.y.mean())
        low, high = _of_ends(lower, upper)
    else:
        first, last, half = _welch(by_draw(lower, key)[1], by_draw(upper, key)[1])
        low, high = last - first - half, last - first + half
    return (key, *(text(end, 6) for end in ends), first, last, last - first, low, high, rule)


def _tenths(outcome: Outcome, key: str) -> tuple[object, ...]:
    x, y = by_draw(outcome, key)
    count = max(LEAST, round(TENTH * len(x)))
    count = min(count, len(x) // 2)
    order = np.argsort(x, kind="stable")
    lower, upper = order[:count], order[-count:]
    first, last, half = _welch(y[lower], y[upper])
    ends = (f"up to {x[lower].max():.4g}", f"from {x[upper].min():.4g}")
    rule = f"upper minus lower tenth ({count} draws each)"
    return (key, *ends, first, last, last - first, last - first - half, last - first + half, rule)


def _of_ends(lower: Outcome, upper: Outcome) -> tuple[float, float]:
    """Interval of the difference of two means from the interval of each; shares stay within their bounds."""
    swing = float(upper.y.mean() - lower.y.mean())
    below = np.hypot((upper.y - upper.low).mean(), (lower.high - lower.y).mean())
    above = np.hypot((upper.high - upper.y).mean(), (lower.y - lower.low).mean())
    return swing - float(below), swing + float(above)


def _welch(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64]) -> tuple[float, float, float]:
    """Both means and the half-width of the interval of their difference."""
    if len(a) < 2 or len(b) < 2:
        return float(a.mean()), float(b.mean()), np.nan
    u, v = a.var(ddof=1) / len(a), b.var(ddof=1) / len(b)
    if u + v == 0:
        return float(a.mean()), float(b.mean()), 0.0
    degrees = (u + v) ** 2 / (u**2 / (len(a) - 1) + v**2 / (len(b) - 1))
    return float(a.mean()), float(b.mean()), float(stats.t.ppf(0.975, degrees) * np.sqrt(u + v))
