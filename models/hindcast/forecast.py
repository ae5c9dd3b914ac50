"""From simulated history to forecasts: what is known at the origin sets the level, the model says how it changes.

A forecast of a quarter is the model's figure times the ratio of what was observed to what the model says in earlier
quarters of the same number: all of them for beds in use, the latest one for waits, delays and the four-hour share,
whose level wanders. Parameters are frozen; only the level is taken from quarters up to the origin, as a naive forecast
takes it too. A target is never told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
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

__all__ = ["INPUTS", "TARGETS", "forecast_beds", "forecasts_of", "modelled"]

INPUTS = ("emergency_admissions", "beds_available", "type1_attendances")
By = Mapping[Key, float]


@dataclass(frozen=True)
class Anchored:
    """How a target's level is taken: from which earlier quarters, and on which scale the ratio is formed."""

    years: Literal["all", "last"]
    scale: Literal["log", "odds"]


TARGETS: dict[str, Anchored] = {
    "beds_occupied": Anchored("all", "log"),
    "type1_4h_share": Anchored("last", "odds"),
    "waits_over_4h": Anchored("last", "log"),
    "delayed_days_all": Anchored("last", "log"),
    "delayed_days_acute": Anchored("last", "log"),
}


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


def forecasts_of(
    name: str,
    model: Mapping[str, By],
    history: History,
    fit: Frozen,
    *,
    horizons: tuple[Horizon, ...] = ("one_year", "five_years"),
    targets: tuple[str, ...] = tuple(TARGETS),
    inputs: tuple[str, ...] = INPUTS,
) -> list[Forecast]:
    """Forecasts of every test quarter, for each target and horizon; each origin sees a sealed view of the history."""
    return [
        Forecast(name, target, horizon, _values(model[target], history, target, horizon), fit, inputs)
        for target in targets
        for horizon in horizons
    ]


def _values(model: By, history: History, target: str, horizon: Horizon) -> dict[Key, float]:
    how, out = TARGETS[target], {}
    for key in TEST_QUARTERS:
        past: Any = history.until(origin_of(horizon, key[0])).frame()
        rows = past[(past["quarter"] == key[1]) & past[target].notna()]
        if how.years == "last":
            rows = rows.tail(1)
        earlier = [(str(y), key[1]) for y in rows["year"]]
        seen = _to(rows[target].to_numpy(float), how.scale)
        said = _to(np.array([model[k] for k in earlier]), how.scale)
        out[key] = float(_back(_to(np.array([model[key]]), how.scale)[0] + np.mean(seen - said), how.scale))
    return out


def _to(values: np.ndarray, scale: str) -> np.ndarray:
    return np.log(values) if scale == "log" else np.log(values / (1 - values))


def _back(value: float, scale: str) -> float:
    return float(np.exp(value) if scale == "log" else 1 / (1 + np.exp(-value)))


def forecast_beds(told: Told, history: History) -> Told:
    """Beds as they could be forecast at the end of each year: the year before's, times the mean change of past years.

    The mean is of the logarithms of changes from year to year, quarter by quarter, over all years known at the origin.
    Quarters before the test years stay as they were.
    """
    out = dict(zip(told.keys, told.beds, strict=True))
    for key in TEST_QUARTERS:
        past = history.until(origin_of("one_year", key[0])).frame()
        known = {(str(y), int(q)): float(b) for y, q, b in past[["year", "quarter", "beds_available"]].to_numpy()}
        before = {k: (year_before(k[0]), k[1]) for k in known}
        changes = [np.log(known[k] / known[b]) for k, b in before.items() if b in known]
        out[key] = known[year_before(key[0]), key[1]] * float(np.exp(np.mean(changes)))
    return told.with_beds(tuple(out.values()))
