"""From simulated history to forecasts: the model's own figure, and what is left over at the origin, fading.

What the model leaves over by quarter of the year, the same in every training year, is its fault of season and is added.
What it leaves over in a year (mean over its quarters of the log ratio, or the difference of log odds, of
observed to modelled) is carried on with a share `rho` a year, a first-order autoregression. 0 is the model by itself; 1
takes the level of the last known year, as a naive forecast does, and is the share of delays; that of the other targets
is estimated from the training years. Parameters are frozen; a target is never told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np

from models.care.crowding import Crowding, four_hour_share
from models.hindcast.hospitals import THRESHOLDS_H
from models.hindcast.parameters import Hindcast
from models.hindcast.simulated import Simulated
from models.hindcast.told import Told
from models.history import TEST_QUARTERS, Forecast, Frozen, History
from models.history.data import Key, year_before
from models.history.naive import Horizon, origin_of

__all__ = ["INPUTS", "TARGETS", "forecast_beds", "forecasts_of", "modelled", "persistence", "season_left"]

INPUTS = ("emergency_admissions", "beds_available", "type1_attendances")
By = Mapping[Key, float]
QUARTERS = 4


#: targets, and the scale on which what the model leaves over is measured
TARGETS: dict[str, Literal["log", "odds"]] = {
    "beds_occupied": "log",
    "type1_4h_share": "odds",
    "waits_over_4h": "log",
    "delayed_days_all": "log",
    "delayed_days_acute": "log",
}
#: delayed people outside general and acute beds are not in the hospitals
NOT_FITTED = ("delayed_days_all",)
#: the last known year gives their level whole; for acute delays, forecasts within the training years are best so
LAST_LEVEL = (*NOT_FITTED, "delayed_days_acute")


def modelled(found: Simulated, told: Told, setup: Hindcast, crowding: Crowding) -> dict[str, dict[Key, float]]:
    """The model's own figures of every target by quarter: means over replications, before any level is taken."""
    over = found.over.mean(axis=0) / found.started.mean(axis=0)[:, None]
    attendances = dict(zip(told.keys, told.attendances, strict=True))
    daily = np.array([attendances[key] for key in found.keys])
    share = setup.admitted_overnight_share.value
    cubicles = setup.cubicles_per_attendance.value * np.nan_to_num(daily, nan=float(np.nanmean(daily)))
    within = four_hour_share(
        over, np.array(THRESHOLDS_H, float), found.boarders.mean(axis=0), cubicles, np.full(len(daily), share), crowding
    )
    values = {
        "beds_occupied": found.occupied.mean(axis=0),
        "type1_4h_share": within,
        "waits_over_4h": found.waits_over_4h.mean(axis=0),
        "delayed_days_all": found.delayed_days_all.mean(axis=0),
        "delayed_days_acute": found.delayed_days_acute.mean(axis=0),
    }
    return {name: dict(zip(found.keys, map(float, row), strict=True)) for name, row in values.items()}


def persistence(model: Mapping[str, By], trained: History) -> dict[str, float]:
    """Share of what the model leaves over that is still left a year later, by target, from the training years.

    Three pairs of years a target are too few to tell one target's share from another's, so one share is estimated for
    all whose level was fitted, each weighted by the inverse of its mean square. The level of delays (``LAST_LEVEL``)
    is taken from the last known year whole.
    """
    above = below = 0.0
    for target in (t for t in TARGETS if t not in NOT_FITTED):
        rows: Any = trained.frame()
        years = sorted({str(y) for y, v in zip(rows["year"], rows[target], strict=True) if np.isfinite(v)})
        over = np.array([_left_over(model[target], trained, target, year) for year in years])
        size = float(np.mean(over**2)) or 1.0  # a target that is met exactly says nothing
        above, below = above + float(over[1:] @ over[:-1]) / size, below + float(over[:-1] @ over[:-1]) / size
    share = float(np.clip(above / below, 0.0, 1.0)) if below > 0 else 0.0
    return {target: 1.0 if target in LAST_LEVEL else share for target in TARGETS}


def season_left(model: Mapping[str, By], trained: History) -> dict[str, list[float]]:
    """What the model leaves over by quarter, less what it leaves over in the year: mean of the training years."""
    rows: Any = trained.frame()
    out = {}
    for target, scale in TARGETS.items():
        known = rows[rows[target].notna()]
        whole = known.groupby("year")["quarter"].transform("count") == QUARTERS
        known = known[whole]
        seen = _to(known[target].to_numpy(float), scale)
        keys = zip(known["year"], known["quarter"], strict=True)
        left = seen - _to(np.array([model[target][str(y), int(q)] for y, q in keys]), scale)
        by_quarter = np.array([left[(known["quarter"] == q).to_numpy()].mean() for q in range(1, QUARTERS + 1)])
        out[target] = [float(x) for x in by_quarter - by_quarter.mean()]
    return out


def forecasts_of(
    name: str,
    model: Mapping[str, By],
    history: History,
    fit: Frozen,
    rho: Mapping[str, float],
    season: Mapping[str, Sequence[float]] | None = None,
    *,
    horizons: tuple[Horizon, ...] = ("one_year", "five_years"),
    targets: tuple[str, ...] = tuple(TARGETS),
    inputs: tuple[str, ...] = INPUTS,
    test: tuple[Key, ...] = TEST_QUARTERS,
) -> list[Forecast]:
    """Forecasts of every quarter of a test, for each target and horizon; each origin sees a sealed view of the history.

    Parameters
    ----------
    model : mapping
        By target the model's own figures by quarter (:func:`modelled`).
    rho : mapping
        By target, from :func:`persistence`.
    season : mapping, optional
        By target, from :func:`season_left`; none where what is left over is taken quarter by quarter.
    """
    none = [0.0] * QUARTERS
    return [
        Forecast(
            name,
            target,
            horizon,
            _values(model[target], history, target, horizon, rho[target], (season or {}).get(target, none), test),
            fit,
            inputs,
            test,
        )
        for target in targets
        for horizon in horizons
    ]


def _values(
    model: By,
    history: History,
    target: str,
    horizon: Horizon,
    rho: float,
    season: Sequence[float],
    test: tuple[Key, ...],
) -> dict[Key, float]:
    out = {}
    for key in test:
        origin = origin_of(horizon, key[0])
        years = int(key[0][:4]) - int(origin[:4])
        over = rho**years * _left_over(model, history.until(origin), target, origin) if rho else 0.0
        over += season[key[1] - 1]
        out[key] = _back(_to(np.array([model[key]]), TARGETS[target])[0] + over, TARGETS[target])
    return out


def _left_over(model: By, past: History, target: str, year: str) -> float:
    """Mean over a year's quarters of observed less modelled, on the target's scale."""
    rows: Any = past.frame()
    rows = rows[(rows["year"] == year) & rows[target].notna()]
    seen = _to(rows[target].to_numpy(float), TARGETS[target])
    said = _to(np.array([model[year, int(q)] for q in rows["quarter"]]), TARGETS[target])
    return float(np.mean(seen - said))


def _to(values: np.ndarray, scale: str) -> np.ndarray:
    return np.log(values) if scale == "log" else np.log(values / (1 - values))


def _back(value: float, scale: str) -> float:
    return float(np.exp(value) if scale == "log" else 1 / (1 + np.exp(-value)))


def forecast_beds(told: Told, history: History, test: tuple[Key, ...] = TEST_QUARTERS) -> Told:
    """Beds as they could be forecast at the end of each year: the year before's, times the mean change of past years.

    The mean is of the logarithms of changes from year to year, quarter by quarter, over all years known at the origin.
    Quarters before the test years stay as they were.
    """
    out = dict(zip(told.keys, told.beds, strict=True))
    for key in test:
        past = history.until(origin_of("one_year", key[0])).frame()
        known = {(str(y), int(q)): float(b) for y, q, b in past[["year", "quarter", "beds_available"]].to_numpy()}
        before = {k: (year_before(k[0]), k[1]) for k in known}
        changes = [np.log(known[k] / known[b]) for k, b in before.items() if b in known]
        out[key] = known[year_before(key[0]), key[1]] * float(np.exp(np.mean(changes)))
    return told.with_beds(tuple(out.values()))
