"""A second test of the hindcast: the years after the pandemic, which nothing about the model was settled on.

The form is that of the first test, unchanged. The fit is made anew by the same rules from all years before the
pandemic (to 2018/19), and the one that was frozen in March 2015 stands beside it. Every quarter is forecast at the end
of the year before it; delayed transfers were no longer published, so they are not scored.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from models.care.crowding import Crowding
from models.hindcast.crowded import crowding_with
from models.hindcast.fit import simulated
from models.hindcast.forecast import forecast_beds, forecasts_of, modelled
from models.hindcast.frozen_fit import FIT_FILE, FrozenFit
from models.hindcast.hospitals import Care
from models.hindcast.parameters import Hindcast
from models.hindcast.run import DEMAND_ONLY, FORECAST_BEDS, FULL, LAST, OCCUPIED, by_quarter
from models.hindcast.told import told_by
from models.history import LATER_QUARTERS, Forecast, History, added, claim, table
from models.history.data import Key

__all__ = ["LATER_FIT_FILE", "LATER_TARGETS", "LATER_TRAINED_UNTIL", "OLD", "Later", "later", "later_setup"]

LATER_TRAINED_UNTIL = "2018/19"  #: the last whole year before the pandemic
LATER_FIT_FILE = FIT_FILE.with_name("hindcast_england_to_2019.yaml")
LATER_TARGETS = ("beds_occupied", "type1_4h_share", "waits_over_4h")
OLD = "full model, as frozen in March 2015"
AHEAD = ("one_year",)


@dataclass(frozen=True)
class Later:
    """What the second test found.

    Parameters
    ----------
    fit, old : FrozenFit
        To the years until 2018/19, and until 2014/15.
    scores, added, claims, quarters
        As of :class:`models.hindcast.run.Outcome`.
    """

    setup: Hindcast
    fit: FrozenFit
    old: FrozenFit
    forecasts: list[Forecast]
    scores: pd.DataFrame
    added: pd.DataFrame
    claims: list[str]
    quarters: pd.DataFrame
    replications: int
    seed: int


def later_setup(setup: Hindcast) -> Hindcast:
    """Return the same hospitals, fitted to all years before the pandemic."""
    return setup.model_copy(
        update={"trained_until": LATER_TRAINED_UNTIL, "title": "England's general and acute beds after the pandemic"}
    )


def later(
    setup: Hindcast,
    care: Care,
    crowding: Crowding,
    history: History,
    fits: tuple[FrozenFit, FrozenFit],
    *,
    replications: int,
    seed: int,
    workers: int,
    test: tuple[Key, ...] = LATER_QUARTERS,
    on_done: Callable[[str], None] | None = None,
) -> Later:
    """Run the model with both fits and score it.

    Parameters
    ----------
    setup : Hindcast
        As read; each fit says until when it was trained.
    history : History
        With the quarters of the test, from :func:`models.history.england_later`.
    fits : pair of FrozenFit
        To the years before the pandemic, and to those until 2014/15.
    """
    forecasts: list[Forecast] = []

    def add(name: str, fit: FrozenFit, told_beds: bool = True, **how: Any) -> None:
        """Simulate one variant with a fit and add its forecasts; without a limit of beds it is of demand alone."""
        trained = history.until(fit.trained_until)
        told, inputs = told_by(history, trained), ("emergency_admissions", "type1_attendances")
        told = told if told_beds else forecast_beds(told, history, test)
        demand = "beds_limit" in how
        found = simulated(setup, care, told, fit.point, replications=replications, seed=seed, workers=workers, **how)
        forecasts.extend(
            forecasts_of(
                name,
                modelled(found, told, setup, crowding_with(crowding, fit.crowding)),
                history,
                fit.frozen(trained),
                LAST if demand else fit.persistence,
                None if demand else fit.season_left,
                horizons=AHEAD,
                targets=OCCUPIED if demand else LATER_TARGETS,
                inputs=inputs[:1] if demand else (*inputs, "beds_available") if told_beds else inputs,
                test=test,
            )
        )
        if on_done:
            on_done(name)

    add(FULL, fits[0])
    add(FORECAST_BEDS, fits[0], told_beds=False)
    add(OLD, fits[1])
    add(DEMAND_ONLY, fits[0], beds_limit=False)
    return Later(
        later_setup(setup),
        *fits,
        forecasts,
        table(forecasts, history),
        added((one for one in forecasts if one.name in (FULL, FORECAST_BEDS)), history),
        [claim(one, history) for one in forecasts if one.name in (FULL, FORECAST_BEDS, OLD)],
        by_quarter(forecasts, history),
        replications,
        seed,
    )
