"""What a forecast says beyond last year's value: nothing where it is that value, something where it errs otherwise."""

from __future__ import annotations

import numpy as np
import pytest

from models.history import (
    LATER_QUARTERS,
    TEST_QUARTERS,
    Forecast,
    added,
    england,
    england_later,
    forecasts,
    freeze,
    naive_forecasts,
)
from models.history.added import HELD

TARGET = "waits_over_4h"


def held() -> dict[tuple[str, int], float]:
    return forecasts(next(one for one in naive_forecasts(TARGET, "one_year") if one.name == HELD))


def seen() -> dict[tuple[str, int], float]:
    return {key: getattr(england().at(*key), TARGET) for key in TEST_QUARTERS}


def forecast(values: dict[tuple[str, int], float], horizon: str = "one_year") -> Forecast:
    return Forecast("model", TARGET, horizon, values, freeze({"a": 1.0}, england().until("2014/15")))  # type: ignore[arg-type]


def row_of(values: dict[tuple[str, int], float]) -> dict[str, float]:
    rows = added([forecast(values)], england()).to_dict("records")
    return next(row for row in rows if row["kind"] == "given")


def test_last_year_s_value_adds_nothing_to_itself():
    row = row_of(held())
    assert row["alone"] == row["half_each"] == row["last_year"] == pytest.approx(19.58, abs=0.01)
    assert row["gain"] == row["gain_low"] == row["gain_high"] == 0


def test_the_truth_halves_the_error_and_its_mirror_takes_it_away():
    last, true = held(), seen()
    half = row_of(true)
    assert half["alone"] == 0
    assert half["half_each"] == pytest.approx(half["last_year"] / 2)
    mirrored = row_of({key: 2 * true[key] - last[key] for key in true})
    assert mirrored["alone"] == pytest.approx(mirrored["last_year"])
    assert mirrored["half_each"] == pytest.approx(0, abs=1e-9)
    assert mirrored["gain_low"] > 0


def test_a_forecast_that_errs_as_last_year_s_value_does_but_more_makes_it_worse():
    last, true = held(), seen()
    row = row_of({key: true[key] + 2 * (last[key] - true[key]) for key in true})
    assert row["half_each"] == pytest.approx(1.5 * row["last_year"])
    assert row["gain_high"] < 0


def test_every_naive_forecast_is_asked_the_same():
    found = added([forecast(held()), forecast(held(), "five_years")], england())
    rules = naive_forecasts(TARGET, "one_year")
    assert sorted(found["forecast"]) == sorted(["model", *(one.name for one in rules if one.name != HELD)])
    assert found["half_each"].is_monotonic_increasing
    last, true = held(), seen()
    trend = forecasts(next(one for one in rules if one.name == "trend of past years"))
    errors = [100 * abs((trend[key] + last[key]) / 2 - true[key]) / true[key] for key in true]
    row = found[found["forecast"] == "trend of past years"].iloc[0]
    assert row["half_each"] == pytest.approx(np.mean(errors))


def test_it_serves_other_quarters_too():
    whole = england_later()
    true = {key: getattr(whole.at(*key), TARGET) for key in LATER_QUARTERS}
    one = Forecast(
        "model", TARGET, "one_year", true, freeze({"a": 1.0}, england().until("2014/15")), (), LATER_QUARTERS
    )
    row = added([one], whole).set_index("forecast").loc["model"]
    assert row["half_each"] == pytest.approx(row["last_year"] / 2)
