"""What the training years decide: simulated moments on beds in use, waits for a bed and delayed days."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from models.hindcast.hospitals import Care, country
from models.hindcast.parameters import FITTED, Hindcast
from models.hindcast.simulated import Simulated, simulate
from models.hindcast.told import Told, quarter_start, told_by
from models.history.data import COMPLETE_FROM, History, year_after
from sim.calibration import LogNormal, Moments, Normal, Parameter, Target, moments

__all__ = ["figures", "fit_to", "simulated", "targets", "training_hash"]

#: tolerances: what three hospitals of the mean size leave out of a country's, relative (assumed)
OCCUPIED_SD, WAITS_SD, DELAYS_SD, WINTER_SD = 0.006, 0.20, 0.12, 0.10
WINTER = 4  #: April quarter
WINTER_WAITS = "waits over 4 h in winters"


def targets(trained: History) -> list[Target]:
    """Yearly figures of the training years: beds in use, waits over four hours for a bed, acute delayed days.

    And the waits of the winters among them, which say how steeply waits answer to pressure.
    """
    table = trained.frame()
    out = []
    for year, rows in table.groupby("year", sort=True):
        out.append(_target(f"occupied {year}", rows["beds_occupied"].mean(), OCCUPIED_SD, "beds"))
        if str(year) >= COMPLETE_FROM:
            out.append(_target(f"waits over 4 h {year}", rows["waits_over_4h"].sum(), WAITS_SD, "people"))
            out.append(_target(f"delayed {year}", rows["delayed_days_acute"].sum(), DELAYS_SD, "days"))
    winters = table[(table["year"] >= COMPLETE_FROM) & (table["quarter"] == WINTER)]
    return [*out, _target(WINTER_WAITS, winters["waits_over_4h"].sum(), WINTER_SD, "people")]


def _target(name: str, value: Any, relative_sd: float, unit: str) -> Target:
    return Target(name, float(value), sd_model=relative_sd * float(value), unit=unit, basis="national")


def figures(found: Simulated, wanted: list[Target]) -> dict[str, np.ndarray]:
    """The same figures of a simulation, by replication."""
    years = np.array([key[0] for key in found.keys])
    winters = (years >= COMPLETE_FROM) & np.array([key[1] == WINTER for key in found.keys])
    out = {}
    for target in wanted:
        if target.name == WINTER_WAITS:
            out[target.name] = found.waits_over_4h[:, winters].sum(axis=1)
            continue
        what, _, year = target.name.rpartition(" ")
        values = {
            "occupied": found.occupied,
            "waits over 4 h": found.waits_over_4h,
            "delayed": found.delayed_days_acute,
        }[what][:, years == year]
        out[target.name] = values.mean(axis=1) if what == "occupied" else values.sum(axis=1)
    return out


def simulated(
    setup: Hindcast,
    care: Care,
    told: Told,
    point: Mapping[str, float],
    *,
    replications: int | range,
    seed: int,
    workers: int = 1,
    beds_limit: bool = True,
) -> Simulated:
    """Simulate the country at a point."""
    model = country(setup, care, told, point, beds_limit=beds_limit)
    return simulate(
        model,
        told.keys,
        setup.hospitals.value,
        warm_up=told.warm_up,
        replications=replications,
        seed=seed,
        workers=workers,
    )


def fit_to(
    setup: Hindcast,
    care: Care,
    trained: History,
    *,
    replications: int,
    seed: int,
    workers: int,
) -> Moments:
    """Fit to a history that ends with the training years; nothing later can be read from it.

    Raises
    ------
    CannotFit
        When a target is missed by more than three of its standard deviations.
    """
    told, wanted = told_by(trained, trained), targets(trained)

    def simulator(point: dict[str, float], numbers: range) -> dict[str, np.ndarray]:
        return figures(simulated(setup, care, told, point, replications=numbers, seed=seed), wanted)

    parameters = [_parameter(setup, name) for name in FITTED]
    start = {name: getattr(setup.fitted, name).value for name in FITTED}
    return moments(simulator, parameters, wanted, start, replications, step=0.15, most=8, workers=workers)


def _parameter(setup: Hindcast, name: str) -> Parameter:
    figure = getattr(setup.fitted, name)
    low, high = figure.range
    if name in setup.prior_sd:
        return Parameter(name, low, high, Normal(figure.value, setup.prior_sd[name]), figure.unit)
    if name in setup.prior_log_sd:
        return Parameter(name, low, high, LogNormal(figure.value, setup.prior_log_sd[name]), figure.unit)
    return Parameter(name, low, high, unit=figure.unit)


def training_hash(setup: Hindcast, care: Care, trained: History) -> str:
    """Hash of everything a fit hangs on: parameters, figures of care, and the training years."""
    end = quarter_start((year_after(trained.last[0]), 1))
    begun = {name: d for name, d in setup.announced.items() if d.begins < end}
    parts: dict[str, Any] = {
        "setup": setup.model_dump(mode="json", by_alias=True, exclude={"announced"}),
        **({"announced": {k: d.model_dump(mode="json") for k, d in begun.items()}} if begun else {}),
        "stays": {k: v.model_dump(mode="json") for k, v in care.wards.stays.items()},
        "discharge": [d.model_dump(mode="json") for d in care.wards.discharge],
        "demand": care.demand.model_dump(mode="json"),
        "feedback": care.feedback.model_dump(mode="json"),
        "services": {name: str(asdict(service)) for name, service in care.services.items()},
        "ways": care.ways,
        "shares": care.shares,
        "history": trained.frame().round(6).to_csv(index=False),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:16]
