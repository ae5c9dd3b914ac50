"""What a forecast says beyond last year's value: the mean of the two beside that value.

If a forecast held nothing that last year's value does not, their mean would be no nearer than the value is (forecast
encompassing; Chong and Hendry 1986, "Econometric evaluation of linear macro-economic models", Review of Economic
Studies 53). Both count for half, so no weight is fitted to the quarters that judge. A mean is often nearer than its
parts, whatever they are; so every naive forecast is asked the same, and only what exceeds these speaks for a model.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pandas as pd

from models.history.data import History, Key
from models.history.naive import Ahead, Naive, forecasts, naive_forecasts
from models.history.score import STEPS, Forecast, paired, score

__all__ = ["HELD", "added"]

HORIZON = "one_year"
HELD = "same quarter last year"  #: the forecast that others are added to


def added(given: Iterable[Forecast], history: History) -> pd.DataFrame:
    """Errors of forecasts one year ahead, by themselves and as the mean with last year's value.

    Parameters
    ----------
    given : iterable of Forecast
        All of the same test quarters; those of other horizons are left out.
    history : History
        With the quarters of the test.

    Returns
    -------
    pd.DataFrame
        Columns: target, forecast, kind (``given`` or ``naive``), unit, alone, half_each and last_year (mean absolute
        errors), gain (last_year less half_each) with gain_low and gain_high; by target, the smallest half_each first.
    """
    ahead = [one for one in given if one.horizon == HORIZON]
    rows = []
    for target in dict.fromkeys(one.target for one in ahead):
        mine: list[Forecast | Naive] = [one for one in ahead if one.target == target]
        test = ahead[0].test
        rules = naive_forecasts(target, HORIZON)
        held = next(rule for rule in rules if rule.name == HELD)
        others = [rule for rule in rules if rule is not held and not rule.hindsight]
        found = [_row(one, held, history, test) for one in [*mine, *others]]
        rows += sorted(found, key=lambda row: row["half_each"])
    return pd.DataFrame(rows)


def _row(one: Forecast | Naive, held: Naive, history: History, test: tuple[Key, ...]) -> dict[str, Any]:
    alone, last = score(one, history, test), score(held, history, test)
    both = score(_halves(one, held, history), history, test)
    gain = paired(both, last, STEPS[HORIZON])
    return {
        "target": one.target,
        "forecast": one.name,
        "kind": "given" if isinstance(one, Forecast) else "naive",
        "unit": both.unit,
        "alone": alone.mean,
        "half_each": both.mean,
        "last_year": last.mean,
        "gain": gain.gain,
        "gain_low": gain.low,
        "gain_high": gain.high,
    }


def _halves(one: Forecast | Naive, held: Naive, history: History) -> Forecast | Naive:
    """Mean of a forecast and of last year's value, told what the forecast is told."""
    if isinstance(one, Forecast):
        last = forecasts(held, history, one.test)
        return replace(one, values={key: (value + last[key]) / 2 for key, value in one.values.items()})

    def rule(past: History, ahead: Ahead) -> float:
        return (one.rule(past, ahead) + held.rule(past, ahead)) / 2

    return replace(one, rule=rule)
