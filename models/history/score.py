"""Scores of forecasts beside every naive one, and the words that may be said about them.

An error is the absolute distance from what happened, in percent of it or, for shares, in percentage points; a score is
its mean over the test quarters. Whether one forecast beats another is judged on the differences of their errors in
the same quarters. Those of a year share its winter and its forecast origin, so the interval treats the years as the
independent units: a delete-one-year jackknife, with Student's t on one degree fewer than there are years.

Five years are few. A real gain may well go unseen, and from one origin (``five_years``) the years follow a single path,
so that interval is too narrow. The best naive forecast is picked with the test quarters in sight, which favours it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import cast

import numpy as np
import pandas as pd
from scipy import stats

from models.history.data import INPUTS, History, Key, england, label, parse
from models.history.frozen import Frozen, NotFrozenError, opened
from models.history.naive import (
    HORIZONS,
    TARGETS,
    TEST_QUARTERS,
    Horizon,
    Naive,
    checked,
    forecasts,
    naive_forecasts,
    origin_of,
)
from sim.errors import Fault, FaultsError, nearest

__all__ = ["Forecast", "Paired", "Score", "best_naive", "claim", "diebold_mariano", "paired", "score", "table"]
__all__ += []

LEVEL = 0.95  #: of every interval
STEPS = {"one_year": 4, "five_years": None}  #: quarters ahead at most; from one origin too many for the test below
_HORIZON_WORDS = {"one_year": "one year ahead", "five_years": "five years ahead from 2014/15"}


@dataclass(frozen=True)
class Forecast:
    """A forecast of every quarter of a test and the frozen fit it came from.

    Parameters
    ----------
    name : str
    target : str
        What was forecast, a key of :data:`models.history.naive.TARGETS`.
    horizon : {'one_year', 'five_years'}
    values : mapping of (year, quarter) to float
        One for each of the test quarters, in the unit of the target's column (shares from 0 to 1).
    fit : Frozen, or mapping of year to Frozen
        The fit; one for each forecast year where it is fitted again every year.
    inputs : tuple of str
        What it was told of the quarters it forecasts.
    test : tuple of (year, quarter)
        The quarters of the test.
    """

    name: str
    target: str
    horizon: Horizon
    values: Mapping[Key, float]
    fit: Frozen | Mapping[str, Frozen]
    inputs: tuple[str, ...] = ()
    test: tuple[Key, ...] = TEST_QUARTERS

    def __post_init__(self) -> None:
        checked(self.target, self.horizon)
        values = {parse(key): float(value) for key, value in self.values.items()}
        due = set(self.test)
        faults = [Fault(f"values.{label(key)}", None, "forecast is missing") for key in sorted(due - set(values))]
        faults += [
            Fault(f"values.{label(key)}", values[key], "is no test quarter") for key in sorted(set(values) - due)
        ]
        faults += [
            Fault(f"values.{label(key)}", value, "must be a finite number")
            for key, value in values.items()
            if not np.isfinite(value)
        ]
        faults += [
            Fault("inputs", name, f"must be one of: {', '.join(INPUTS)}", nearest=nearest(name, INPUTS))
            for name in self.inputs
            if name not in INPUTS
        ]
        if faults:
            raise FaultsError(faults, f"the forecast '{self.name}'")
        object.__setattr__(self, "values", values)

    def fit_for(self, year: str) -> Frozen:
        """The fit with which the quarters of `year` were forecast.

        Raises
        ------
        NotFrozenError
            When there is none, or it is not frozen.
        """
        found = self.fit.get(year) if isinstance(self.fit, Mapping) else self.fit
        if not isinstance(found, Frozen):
            raise NotFrozenError(f"'{self.name}' has no frozen fit for {year}: freeze its parameters before testing")
        return found


@dataclass(frozen=True)
class Score:
    """Errors by test quarter and their mean, in `unit`: ``%`` or ``points``."""

    name: str
    unit: str
    errors: Mapping[Key, float]

    @property
    def mean(self) -> float:
        """Mean absolute error."""
        return float(np.mean(list(self.errors.values())))


@dataclass(frozen=True)
class Paired:
    """How much smaller the errors of one forecast are than those of another in the same quarters.

    Parameters
    ----------
    gain, low, high : float
        Mean difference of the errors with its 95 % interval; above zero, the first forecast is the better.
    years, quarters : int
        What the interval rests on.
    dm_p : float
        Two-sided p of the Diebold-Mariano test with the small-sample correction of Harvey, Leybourne and Newbold, as a
        second opinion; ``nan`` where it is not defined.
    """

    gain: float
    low: float
    high: float
    years: int
    quarters: int
    dm_p: float

    @property
    def verdict(self) -> str:
        """``better``, ``worse`` or ``not distinguishable``."""
        return "better" if self.low > 0 else "worse" if self.high < 0 else "not distinguishable"


def score(forecast: Forecast | Naive, history: History | None = None, test: tuple[Key, ...] = TEST_QUARTERS) -> Score:
    """Errors of a forecast in its test quarters; those of a naive one in the quarters `test`.

    Raises
    ------
    NotFrozenError
        When the fit is not frozen, or saw quarters later than the end of the year it forecast from.
    """
    history = england() if history is None else history
    if isinstance(forecast, Naive):
        return _naive_score(forecast, history, test)
    years = dict.fromkeys(year for year, _ in forecast.test)
    return _scored(forecast, forecast.values, pd.concat([_opened(forecast, year, history) for year in years]))


def paired(first: Score, second: Score, steps: int | None = None) -> Paired:
    """Compare two scores quarter by quarter, with the years as independent units.

    Parameters
    ----------
    first, second : Score
        Of the same quarters; the gain is the second's error less the first's.
    steps : int, optional
        Quarters ahead at most, for the Diebold-Mariano test; left out without it.
    """
    keys = list(first.errors)
    if set(keys) != set(second.errors) or first.unit != second.unit:
        raise FaultsError([Fault("scores", None, "must be of the same quarters and in the same unit")], "a comparison")
    gains = np.array([second.errors[key] - first.errors[key] for key in keys])
    years = np.array([year for year, _ in keys])
    names = np.unique(years)
    if len(names) < 3:
        raise FaultsError([Fault("scores", len(names), "must cover at least three years")], "a comparison")
    gain = float(gains.mean())
    without = np.array([gains[years != name].mean() for name in names])
    spread = np.sqrt((len(names) - 1) / len(names) * ((without - gain) ** 2).sum())
    reach = float(stats.t.ppf(0.5 + LEVEL / 2, len(names) - 1) * spread)
    dm_p = float("nan") if steps is None else diebold_mariano(gains, steps)
    return Paired(gain, gain - reach, gain + reach, len(names), len(keys), dm_p)


def diebold_mariano(gains: Sequence[float] | np.ndarray, steps: int) -> float:
    """Two-sided p that mean loss differences are zero, for forecasts `steps` ahead.

    The variance counts autocovariances to ``steps - 1``; Harvey, Leybourne and Newbold's factor and Student's t correct
    for a short series (International Journal of Forecasting 13, 1997). ``nan`` where that variance is not positive.
    """
    values = np.asarray(gains, float)
    n, rest = len(values), values - np.mean(values)
    covariances = [float(rest[lag:] @ rest[: n - lag]) / n for lag in range(min(steps, n))]
    variance = (covariances[0] + 2 * sum(covariances[1:])) / n
    factor = (n + 1 - 2 * steps + steps * (steps - 1) / n) / n
    if variance <= 0 or factor <= 0:
        return float("nan")
    return float(2 * stats.t.sf(abs(values.mean()) / np.sqrt(variance) * np.sqrt(factor), n - 1))


def best_naive(
    target: str, horizon: str, history: History | None = None, test: tuple[Key, ...] = TEST_QUARTERS
) -> tuple[Naive, Score]:
    """The naive forecast with the smallest mean error, whatever inputs it is told; none chosen with hindsight."""
    scores = [(naive, score(naive, history, test)) for naive in naive_forecasts(target, horizon) if not naive.hindsight]
    return min(scores, key=lambda pair: pair[1].mean)


def table(
    given: Iterable[Forecast] = (),
    history: History | None = None,
    of: Iterable[tuple[str, str]] | None = None,
) -> pd.DataFrame:
    """Forecasts beside every naive forecast of the same target and horizon, the smallest error first.

    Parameters
    ----------
    given : iterable of Forecast
        All of the same test quarters.
    history : History, optional
        England unless another is given.
    of : iterable of (target, horizon), optional
        What to show; that of the forecasts, or everything when there are none.

    Returns
    -------
    pd.DataFrame
        Columns: target, horizon, forecast, kind (``given``, ``naive``, ``hindsight``), inputs, mean_error, unit,
        printed (the evidence table's figure), skill (1 less the error over the best naive's), gain over the best naive
        with gain_low and gain_high, dm_p, verdict against the best naive.
    """
    given = list(given)
    test = given[0].test if given else TEST_QUARTERS
    if of is None:
        everything = [(target, horizon) for target in TARGETS for horizon in HORIZONS]
        of = list(dict.fromkeys((one.target, one.horizon) for one in given)) or everything
    rows = []
    for target, horizon in of:
        checked(target, horizon)
        naive = [(one, score(one, history, test)) for one in naive_forecasts(target, horizon)]
        best, bar = min((pair for pair in naive if not pair[0].hindsight), key=lambda pair: pair[1].mean)
        mine = [(one, score(one, history)) for one in given if (one.target, one.horizon) == (target, horizon)]
        ranked = sorted([*mine, *naive], key=lambda pair: pair[1].mean)
        rows += [_row(one, its, best, bar) for one, its in ranked]
    return pd.DataFrame(rows)


def claim(forecast: Forecast, history: History | None = None) -> str:
    """What may be said of a forecast, in plain words.

    Skill is claimed only where the interval of the gain over the best naive forecast lies wholly above zero.
    """
    best, bar = best_naive(forecast.target, forecast.horizon, history, forecast.test)
    own = score(forecast, history)
    found = paired(own, bar, STEPS[forecast.horizon])
    unit = "%" if own.unit == "%" else " points"
    said = {
        "better": f"It is better than that by {found.gain:.2f}{unit}",
        "worse": f"It is worse than that by {-found.gain:.2f}{unit}",
        "not distinguishable": f"It is not distinguishable from that: the gain is {found.gain:.2f}{unit}",
    }[found.verdict]
    told = ", ".join(forecast.inputs).replace("_", " ") or "nothing of the quarters ahead"
    caution = f"{found.quarters} quarters in {found.years} years are few: the interval is rough"
    if forecast.horizon == "five_years":
        caution += "; all come from one origin, so it is also too narrow"
    return (
        f"{forecast.name}, {TARGETS[forecast.target].words}, {_HORIZON_WORDS[forecast.horizon]} (told: {told}): "
        f"mean error {own.mean:.2f}{unit}; the best naive forecast, {best.name}, has {bar.mean:.2f}{unit}. "
        f"{said} ({LEVEL:.0%} interval of the gain {found.low:.2f} to {found.high:.2f}). {caution}."
    )


@lru_cache(maxsize=512)
def _naive_score(naive: Naive, history: History, test: tuple[Key, ...]) -> Score:
    """None of them can change, so it is worked out once."""
    return _scored(naive, forecasts(naive, history, test), history.frame())


def _scored(forecast: Forecast | Naive, values: Mapping[Key, float], known: pd.DataFrame) -> Score:
    target = TARGETS[forecast.target]
    keys = zip(known["year"], known["quarter"], strict=True)
    seen = dict(zip(keys, known[target.column].to_numpy(float), strict=True))
    errors = {key: _error(values[key], seen[key], target.unit) for key in values}
    return Score(forecast.name, target.unit, MappingProxyType(errors))


def _opened(forecast: Forecast, year: str, history: History) -> pd.DataFrame:
    """The quarters of one test year, for a fit that ended where the forecast was made, or earlier."""
    frozen, origin = forecast.fit_for(year), origin_of(forecast.horizon, year)
    if frozen.trained_until > (origin, 4):
        until = label(frozen.trained_until)
        raise NotFrozenError(
            f"'{forecast.name}' forecast {year} from the end of {origin}, but was trained until {until}"
        )
    return opened(frozen, history=history, quarters=tuple(key for key in forecast.test if key[0] == year))


def _error(value: float, actual: float, unit: str) -> float:
    return 100 * abs(value - actual) / (actual if unit == "%" else 1.0)


def _row(one: Forecast | Naive, its: Score, best: Naive, bar: Score) -> dict[str, object]:
    naive = isinstance(one, Naive)
    against = paired(its, bar, STEPS[one.horizon])
    return {
        "target": one.target,
        "horizon": one.horizon,
        "forecast": one.name,
        "kind": ("hindsight" if cast(Naive, one).hindsight else "naive") if naive else "given",
        "inputs": ", ".join(one.inputs),
        "mean_error": its.mean,
        "unit": its.unit,
        "printed": one.printed if isinstance(one, Naive) else None,
        "skill": 1 - its.mean / bar.mean,
        "gain": against.gain,
        "gain_low": against.low,
        "gain_high": against.high,
        "dm_p": against.dm_p,
        "verdict": "best naive" if one is best else against.verdict,
    }
