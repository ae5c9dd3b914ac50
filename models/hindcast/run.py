"""The hindcast: simulate, forecast, score beside every naive forecast, and ask how beds in use answer to beds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from models.care.crowding import Crowding
from models.hindcast.crowded import crowding_with
from models.hindcast.fit import simulated
from models.hindcast.forecast import forecast_beds, forecasts_of, modelled
from models.hindcast.frozen_fit import FrozenFit
from models.hindcast.hospitals import Care
from models.hindcast.parameters import Hindcast
from models.hindcast.simulated import Simulated
from models.hindcast.told import Told, told_by
from models.history import TEST_QUARTERS, Forecast, History, added, claim, observed_elasticity, score, table

__all__ = ["DEMAND_ONLY", "FORECAST_BEDS", "FULL", "LAST", "OCCUPIED", "Outcome", "Response", "by_quarter", "hindcast"]

FULL = "full model"
FORECAST_BEDS = "full model, beds forecast too"
NO_DRIVE = "full model, without the drive of 2017"
DEMAND_ONLY = "demand only: beds do not limit"
FROZEN_STAY = "stay of 2011/12 held, all admissions"
BASE_YEAR, LAST_YEAR = "2011/12", "2018/19"
BED_CHANGES = (0.95, 1.05)
OCCUPIED = ("beds_occupied",)
LAST = {"beds_occupied": 1.0}  #: what was not fitted takes its level from the last known year


@dataclass(frozen=True)
class Response:
    """How beds in use answer when there are more or fewer beds.

    Parameters
    ----------
    simulated, standard_error : float
        Elasticity of occupied to available beds from a year after the change on, mean over replications.
    observed, observed_error : float
        Within trusts, and its standard error.
    """

    simulated: float
    standard_error: float
    observed: float
    observed_error: float

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval of what was observed."""
        reach = 1.96 * self.observed_error
        return self.observed - reach, self.observed + reach

    @property
    def inside(self) -> bool:
        """Whether the simulated response lies inside it."""
        return self.interval[0] <= self.simulated <= self.interval[1]


@dataclass(frozen=True)
class Outcome:
    """Everything a hindcast found.

    Parameters
    ----------
    forecasts : list of Forecast
    scores : DataFrame
        As :func:`models.history.table` gives it.
    added : DataFrame
        What the full model says beyond last year's value (:func:`models.history.added`).
    claims : list of str
        What may be said of the full model, target by target.
    response : Response
    overshoot, overshoot_simulated : float
        Beds in use in 2018/19 had bed-days an admission remained as in 2011/12, above what was observed (relative): by
        arithmetic, and simulated with stays held, when delays grow as they may.
    quarters : DataFrame
        Observed and forecast by quarter, for charts and files.
    """

    setup: Hindcast
    fit: FrozenFit
    forecasts: list[Forecast]
    scores: pd.DataFrame
    added: pd.DataFrame
    claims: list[str]
    response: Response
    overshoot: float
    overshoot_simulated: float
    quarters: pd.DataFrame
    replications: int
    seed: int


def hindcast(
    setup: Hindcast,
    care: Care,
    crowding: Crowding,
    history: History,
    fit: FrozenFit,
    *,
    replications: int,
    seed: int,
    workers: int,
    on_done: Callable[[str], None] | None = None,
) -> Outcome:
    """Run every variant of the model and score it.

    Parameters
    ----------
    fit : FrozenFit
        Made from the training years; it is frozen before a test quarter is read.
    on_done : callable, optional
        Called with the name of each variant that is done.
    """
    trained = history.until(setup.trained_until)
    lock, crowded = fit.frozen(trained), crowding_with(crowding, fit.crowding)
    told = told_by(history, trained)

    def run(name: str, which: Hindcast, told: Told, **more: Any) -> Simulated:
        changed = {**fit.point, **more.pop("point", {})}
        found = simulated(which, care, told, changed, replications=replications, seed=seed, workers=workers, **more)
        if on_done:
            on_done(name)
        return found

    no_drive = setup.model_copy(
        update={"announced": {k: d.model_copy(update={"enabled": False}) for k, d in setup.announced.items()}}
    )
    known_beds = forecast_beds(told, history)
    found = run(FULL, setup, told)
    with_beds = run(FORECAST_BEDS, setup, known_beds)
    without = run(NO_DRIVE, no_drive, told)
    demand = run(DEMAND_ONLY, setup, told, beds_limit=False)
    frozen = run(FROZEN_STAY, setup, told, beds_limit=False, point={"overnight_growth": 1.0})

    def says(one: Simulated, told: Told = told) -> dict[str, dict[tuple[str, int], float]]:
        return modelled(one, told, setup, crowded)

    told_admissions = ("emergency_admissions",)
    told_no_beds = (*told_admissions, "type1_attendances")
    forecasts = [
        *forecasts_of(FULL, says(found), history, lock, fit.persistence, fit.season_left),
        *forecasts_of(
            FORECAST_BEDS,
            says(with_beds, known_beds),
            history,
            lock,
            fit.persistence,
            fit.season_left,
            horizons=("one_year",),
            inputs=told_no_beds,
        ),
        *forecasts_of(
            NO_DRIVE,
            says(without),
            history,
            lock,
            fit.persistence,
            fit.season_left,
            targets=("delayed_days_all", "delayed_days_acute"),
        ),
        *forecasts_of(DEMAND_ONLY, says(demand), history, lock, LAST, targets=OCCUPIED, inputs=told_admissions),
        *forecasts_of(FROZEN_STAY, says(frozen), history, lock, LAST, targets=OCCUPIED, inputs=told_admissions),
    ]
    response = _response(found, [run(f"beds x {x:g}", setup, _changed(told, setup, x)) for x in BED_CHANGES])
    return Outcome(
        setup,
        fit,
        forecasts,
        table(forecasts),
        added((one for one in forecasts if one.name in (FULL, FORECAST_BEDS)), history),
        [claim(one) for one in forecasts if one.name in (FULL, FORECAST_BEDS)],
        response,
        _overshoot(_bed_days_held(history), history),
        _overshoot(says(frozen)["beds_occupied"], history),
        by_quarter(forecasts, history),
        replications,
        seed,
    )


def _changed(told: Told, setup: Hindcast, factor: float) -> Told:
    """More or fewer beds from the last training year on."""
    beds = [b * factor if key[0] >= setup.trained_until else b for key, b in zip(told.keys, told.beds, strict=True)]
    return told.with_beds(tuple(beds))


def _response(found: Simulated, changed: list[Simulated]) -> Response:
    test = [n for n, key in enumerate(found.keys) if key in TEST_QUARTERS]
    each = [
        np.log(one.occupied[:, test] / found.occupied[:, test]).mean(axis=1) / np.log(factor)
        for factor, one in zip(BED_CHANGES, changed, strict=True)
    ]
    by_replication = np.mean(each, axis=0)
    error = (
        float(by_replication.std(ddof=1) / np.sqrt(len(by_replication))) if len(by_replication) > 1 else float("nan")
    )
    seen = observed_elasticity()
    return Response(float(by_replication.mean()), error, seen.value, seen.se)


def _overshoot(model: dict[tuple[str, int], float], history: History) -> float:
    """Beds in use of the last whole year, had need grown with admissions from the first: above those observed."""
    rows: Any = history.frame()

    def year(name: str) -> float:
        return float(rows[rows["year"] == name]["beds_occupied"].mean())

    def said(name: str) -> float:
        return float(np.mean([v for key, v in model.items() if key[0] == name]))

    return year(BASE_YEAR) * said(LAST_YEAR) / said(BASE_YEAR) / year(LAST_YEAR) - 1


def _bed_days_held(history: History) -> dict[tuple[str, int], float]:
    """Beds that admissions fill if each takes as many bed-days as any other: their number a day, up to a factor."""
    rows: Any = history.frame()
    daily = rows["emergency_admissions"] / rows["days"]
    return {(str(y), int(q)): float(v) for y, q, v in zip(rows["year"], rows["quarter"], daily, strict=True)}


def by_quarter(forecasts: list[Forecast], history: History) -> pd.DataFrame:
    """Observed, forecast and error by quarter of every forecast."""
    rows = []
    seen = {(str(r["year"]), int(r["quarter"])): r for r in history.frame().to_dict("records")}
    for one in forecasts:
        errors = score(one, history).errors
        for key in one.test:
            rows.append(
                {
                    "forecast": one.name,
                    "target": one.target,
                    "horizon": one.horizon,
                    "year": key[0],
                    "quarter": key[1],
                    "observed": float(seen[key][one.target]),
                    "value": one.values[key],
                    "error": errors[key],
                }
            )
    return pd.DataFrame(rows)
