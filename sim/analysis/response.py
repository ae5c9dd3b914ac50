"""Response curves: the mean of an answer as one key goes through its values."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from sim.analysis.outcomes import Outcome
from sim.analysis.words import text

__all__ = ["by_draw", "response"]

Floats = npt.NDArray[np.float64]

FEW_VALUES = 12  #: a drawn key with no more values than this is not put into bins
BINS, LEAST_A_BIN = 10, 8


def response(outcome: Outcome) -> pd.DataFrame:
    """Mean answer by value of every key, over all values of the other keys.

    Values that were chosen (a grid, a list, a file) each give a row, and the interval of a row is the mean of its
    points' intervals over replications: points share their random numbers, so their errors need not cancel, and this
    holds however they are correlated. Values that were drawn are put into bins of equal numbers (ten, or fewer of at
    least eight draws), and the interval is Student's t over the draws of the bin; it then includes what the other keys
    do. This is the conditional mean E(y | x) of Saltelli et al. (2008), *Global Sensitivity Analysis: The Primer*,
    Wiley, section 1.2.

    Returns
    -------
    DataFrame
        key, value (a number, or the mean of a bin; a word as text in ``label``), label, mean, low, high (95 %), least
        and greatest answer, points.
    """
    known = outcome.known()
    rows = [row for key in outcome.keys for row in _of_key(known, key)]
    return pd.DataFrame(rows, columns=["key", "value", "label", "mean", "low", "high", "least", "greatest", "points"])


def _of_key(outcome: Outcome, key: str) -> list[dict[str, object]]:
    x = outcome.values(key)
    grid = outcome.layout.of_key(key).is_grid
    number = outcome.is_number(key)
    if number and not grid and len(set(x)) > FEW_VALUES:
        groups = _bins(outcome, key)
    else:
        listed = [v for v in outcome.layout.of_key(key).listed(key) if v in set(x.tolist())]
        values = sorted(set(x)) if number else list(dict.fromkeys([*listed, *x]))
        groups = [x == v for v in values]
    rows = []
    for chosen in groups:
        own = x[chosen]
        mean, low, high = _mean(outcome.at(chosen), key, grid)
        first, last = (own.min(), own.max()) if number else (own[0], own[0])
        rows.append(
            {
                "key": key,
                "value": float(own.mean()) if number else np.nan,
                "label": text(first, 4) if first == last else f"{text(first, 4)} to {text(last, 4)}",
                "mean": mean,
                "low": low,
                "high": high,
                "least": float(outcome.y[chosen].min()),
                "greatest": float(outcome.y[chosen].max()),
                "points": int(chosen.sum()),
            }
        )
    return rows


def _bins(outcome: Outcome, key: str) -> list[npt.NDArray[np.bool_]]:
    """Bins of about the same number of draws; equal values stay together."""
    x = outcome.values(key).astype(float)
    draws, _ = by_draw(outcome, key)
    count = int(np.clip(len(draws) // LEAST_A_BIN, 2, BINS))
    inner = np.unique(np.quantile(draws, np.linspace(0, 1, count + 1)[1:-1]))
    number = np.searchsorted(inner, x, side="right")
    return [number == n for n in np.unique(number)]


def by_draw(outcome: Outcome, key: str) -> tuple[npt.NDArray, Floats]:
    """Value and mean answer of every draw of a key."""
    draws = outcome.layout.draws(key, outcome.points["point"].to_numpy())
    frame = pd.DataFrame({"draw": draws, "x": outcome.values(key), "y": outcome.y})
    one = frame.groupby("draw").agg(x=("x", "first"), y=("y", "mean"))
    return one["x"].to_numpy(), one["y"].to_numpy(float)


def _mean(outcome: Outcome, key: str, grid: bool) -> tuple[float, float, float]:
    """Mean answer with its interval."""
    if grid:
        return float(outcome.y.mean()), float(outcome.low.mean()), float(outcome.high.mean())
    _, y = by_draw(outcome, key)
    half = stats.t.ppf(0.975, len(y) - 1) * y.std(ddof=1) / np.sqrt(len(y)) if len(y) > 1 else np.nan
    return float(y.mean()), float(y.mean() - half), float(y.mean() + half)
