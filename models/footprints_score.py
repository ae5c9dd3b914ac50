"""How well the model forecasts the held-out quarters of every area, beside persistence.

Each area is fitted to its baseline year and then run on without looking at what came after. Areas without a baseline
keep their rows, with what was observed and what persistence says, and the reason in words.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from models.arms import Arm, Observed, run_arms
from models.baseline import check_baseline
from models.calibrate import CannotFit, fit_footprint
from models.compose import CONFIGS, choices
from models.details import build
from models.footprint import Footprint, load_footprint
from models.footprint_short import NoBaseline, ShortFootprint, expand, read_short
from models.measures import beds_open, occupied_beds
from models.observed import beds_by_quarter, holdout_beds
from models.plan import Fit, Future, months_after
from sim import lower
from sim.errors import FaultsError
from sim.reading.shape import shape_faults
from sim.reading.yaml_file import read_yaml

__all__ = ["COLUMNS", "Fitted", "area_facts", "errors_by_area", "fit_all", "fit_one", "forecast", "score", "systems"]

HORIZON = dt.date(2020, 4, 1)  #: first day that is no longer simulated; two whole years from the baseline year on
RULES = ("forecast", "same_quarter", "last_quarter")  #: what is scored: the model, and persistence in two forms
COLUMNS = ["system", "site", "hospital", "quarter", "observed_beds", "forecast_beds", "forecast_low", "forecast_high"]
COLUMNS += ["same_quarter_beds", "last_quarter_beds", "observed_occupancy"]
COLUMNS += [f"{rule}_{what}" for what in ("occupancy", "error_points", "error_per_cent") for rule in RULES]
COLUMNS += ["baseline", "reason"]


@dataclass
class Fitted:
    """An area, its fit to the baseline year if there is one, and why there is none.

    Parameters
    ----------
    footprint : Footprint
        In full form; of an area without a baseline as far as the rules give it.
    fit : Fit or None
    reasons : list of str
        Why there is no baseline; empty when there is one.
    rounds : int
        Rounds that the fit took.
    observed : Observed or None
        What the forecast wrote down, once :func:`score` has run it.
    """

    footprint: Footprint
    fit: Fit | None = None
    reasons: list[str] = field(default_factory=list)
    rounds: int = 0
    observed: Observed | None = None


def systems() -> list[str]:
    """Names of the areas with facts of their own: every short footprint, and Devon."""
    folder = CONFIGS / "footprint"
    return [name for name in choices("footprint") if _facts_file(name) or _is_short(folder / f"{name}.yaml")]


def _is_short(path: Any) -> bool:
    data = read_yaml(path)[0]
    return isinstance(data, dict) and data.get("form") == "short"


def _facts_file(name: str) -> Any:
    path = CONFIGS / "footprint_defaults" / f"{name}_short.yaml"
    return path if path.exists() else None


def area_facts(name: str) -> ShortFootprint:
    """Facts of an area in its short form; Devon's full footprint has a short one beside it."""
    return read_short(_facts_file(name) or CONFIGS / "footprint" / f"{name}.yaml")


def default_future() -> Future:
    """The future that decides: demand as in history."""
    data, lines = read_yaml(CONFIGS / "future" / "evidence.yaml")
    future, faults = shape_faults(Future, data, "evidence.yaml", lines)
    if faults or future is None:
        raise FaultsError(faults, "evidence.yaml")
    return future


def fit_one(footprint: Footprint, future: Future, *, replications: int, seed: int, workers: int) -> tuple[Fit, int]:
    """Fit one area to its baseline year; return the fit and how many rounds it took.

    Raises
    ------
    CannotFit
        When the baseline year is not reproduced.
    """
    rounds: list[int] = []
    fit = fit_footprint(
        footprint,
        future,
        replications=replications,
        seed=seed,
        workers=workers,
        on_round=lambda number, _: rounds.append(number),
    )
    return fit, len(rounds)


def fit_all(
    names: Iterable[str] | None = None,
    *,
    replications: int = 32,
    seed: int = 1,
    workers: int = 1,
    future: Future | None = None,
    on_done: Callable[[str, Fitted], None] | None = None,
) -> dict[str, Fitted]:
    """Fit every area, or those named, to its baseline year.

    Parameters
    ----------
    on_done : callable, optional
        Called with the name and the outcome of each area.

    Returns
    -------
    dict of Fitted
        By area; one that cannot be fitted says why.
    """
    future = future or default_future()
    out: dict[str, Fitted] = {}
    for name in systems() if names is None else names:
        found = out[name] = _fitted(name, future, replications, seed, workers)
        if on_done:
            on_done(name, found)
    return out


def _fitted(name: str, future: Future, replications: int, seed: int, workers: int) -> Fitted:
    path = CONFIGS / "footprint" / f"{name}.yaml"
    try:
        found = Fitted(load_footprint(path))
    except NoBaseline as error:
        return Fitted(load_footprint(expand(path, judged=False)), reasons=[reason.text for reason in error.reasons])
    try:
        found.fit, found.rounds = fit_one(
            found.footprint, future, replications=replications, seed=seed, workers=workers
        )
    except CannotFit as error:
        found.reasons = [str(error).removeprefix(f"{found.footprint.title}: ").rstrip(".")]
    return found


def forecast(fitted: Fitted, future: Future, *, replications: int, seed: int, workers: int) -> Observed:
    """Run a fitted area from its warm-up through the held-out quarters, with fresh replications."""
    if fitted.fit is None:
        raise CannotFit(f"{fitted.footprint.title}: there is no fit to forecast with.")
    system = build(fitted.footprint, fitted.fit, future, HORIZON)
    return run_arms([Arm("forecast", system, lower(system.network))], seed, replications, workers)[0]


def score(
    fitted: dict[str, Fitted],
    *,
    replications: int = 32,
    seed: int = 2,
    workers: int = 1,
    future: Future | None = None,
) -> pd.DataFrame:
    """Forecast the held-out quarters of every area and score them beside persistence, by site.

    Returns
    -------
    DataFrame
        One row a site and held-out quarter, in :data:`COLUMNS`. Beds are general and acute beds in use; occupancy is a
        share of beds available (for the forecast, of the beds open in the same quarter of the baseline year). Errors
        are what was said less what was observed, in points of occupancy and in per cent of beds in use.
        ``same_quarter`` is the same quarter a year before, ``last_quarter`` the last one of the baseline year. Without
        a baseline the forecast is missing and ``reason`` says why.
    """
    future = future or default_future()
    rows: list[dict[str, Any]] = []
    for name, one in fitted.items():
        if one.fit is not None and not one.reasons:
            one.observed = forecast(one, future, replications=replications, seed=seed, workers=workers)
            one.reasons = check_baseline(one.footprint, one.fit, one.observed).reasons
        rows += _rows(name, one)
    return pd.DataFrame(rows, columns=COLUMNS)


def _rows(name: str, one: Fitted) -> list[dict[str, Any]]:
    footprint = one.footprint
    usual: Any = beds_by_quarter(footprint, footprint.baseline_year).set_index(["site", "quarter"])
    out = []
    for row in holdout_beds(footprint).to_dict("records"):
        site, quarter = str(row["site"]), int(row["quarter"])
        same, last = usual.loc[(site, quarter)], usual.loc[(site, 4)]
        found = {
            "system": name,
            "site": site,
            "hospital": footprint.sites[site].name,
            "quarter": f"{row['year']} Q{quarter}",
            "observed_beds": float(row["occupied"]),
            "observed_occupancy": float(row["occupied"] / row["available"]),
            "same_quarter_beds": float(same["occupied"]),
            "same_quarter_occupancy": float(same["occupied"] / same["available"]),
            "last_quarter_beds": float(last["occupied"]),
            "last_quarter_occupancy": float(last["occupied"] / last["available"]),
            "baseline": not one.reasons,
            "reason": "; ".join(one.reasons),
        }
        found |= _forecast_of(one.observed, site, str(row["year"]), quarter)
        for rule in RULES:
            points = 100 * (found[f"{rule}_occupancy"] - found["observed_occupancy"])
            found[f"{rule}_error_points"] = points
            found[f"{rule}_error_per_cent"] = 100 * (found[f"{rule}_beds"] / found["observed_beds"] - 1)
        out.append(found)
    return out


def _forecast_of(observed: Observed | None, site: str, year: str, quarter: int) -> dict[str, float]:
    """Forecast of one quarter: mean, 5 and 95 % of replications, and occupancy; missing without a run."""
    if observed is None:
        return dict.fromkeys(("forecast_beds", "forecast_low", "forecast_high", "forecast_occupancy"), float("nan"))
    start = months_after(dt.date(int(year[:4]), 4, 1), 3 * (quarter - 1))
    months = np.array([start <= month < months_after(start, 3) for month in observed.months])
    used = occupied_beds(observed, site)[:, months].mean(axis=1)
    low, high = np.quantile(used, [0.05, 0.95])
    have = float(beds_open(observed, site)[:, months].mean())
    mean = float(used.mean())
    return {
        "forecast_beds": mean,
        "forecast_low": float(low),
        "forecast_high": float(high),
        "forecast_occupancy": mean / have,
    }


def errors_by_area(scored: pd.DataFrame) -> pd.DataFrame:
    """Mean absolute errors by area and over all areas with a baseline: points of occupancy and per cent of beds.

    Returns
    -------
    DataFrame
        By area, and last ``all with a baseline`` and ``all``; columns sites, baseline, the errors, and reason.
    """
    frame: Any = scored
    columns = [f"{rule}_error_{what}" for rule in RULES for what in ("points", "per_cent")]
    frame = frame.assign(**{name: frame[name].abs() for name in columns})
    parts = [(name, rows) for name, rows in frame.groupby("system", sort=False)]
    parts += [("all with a baseline", frame[frame["baseline"]]), ("all", frame)]
    out = []
    for name, rows in parts:
        whole = {"system": name, "sites": len(rows[["system", "site"]].drop_duplicates())}
        whole |= {"baseline": bool(len(rows)) and bool(rows["baseline"].all())}
        whole |= {column: rows[column].mean(skipna=False) for column in columns}
        out.append(whole | {"reason": rows["reason"].iloc[0] if name in set(frame["system"]) else ""})
    return pd.DataFrame(out)
