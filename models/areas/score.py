"""How well the model forecasts the held-out quarters of every area, beside persistence.

Each area is fitted to its baseline year and then run on without looking at what came after. Areas without a baseline
keep their rows, with what was observed and what persistence says, and the reason in words.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from models import CONFIGS
from models.arms.arms import Observed, make_arm, run_arms
from models.calibration.baseline import check_baseline
from models.calibration.waits_ahead import forecast_waits, waits_ahead
from models.care.pressure import Pressure
from models.figures.figures import Shape
from models.footprint.footprint import Footprint
from models.footprint.observed import beds_by_quarter, holdout_beds
from models.footprint.short import ShortFootprint, is_short, read_short
from models.measures.measures import beds_open, delayed_beds, occupied_beds
from models.plans import months_after
from models.settings.fit import Fit
from models.settings.future import Future
from models.system.details import build

__all__ = ["COLUMNS", "RULES", "UNITS", "Fitted", "Forecast", "Span", "area_facts", "as_wholes", "errors_by"]
__all__ += ["forecast", "score", "score_waits"]

FRESH = 1_000_000  #: number of the first replication of a forecast: no fit has as many
RULES = ("forecast", "same_quarter", "last_quarter")  #: what is scored: the model, and persistence in two forms
COLUMNS = ["system", "site", "hospital", "quarter", "observed_beds", "forecast_beds", "forecast_low", "forecast_high"]
COLUMNS += ["same_quarter_beds", "last_quarter_beds", "observed_occupancy"]
COLUMNS += [f"{rule}_{what}" for what in ("occupancy", "error_points", "error_per_cent") for rule in RULES]
COLUMNS += ["inside", "baseline", "reason"]
#: unit of a column by what its name ends with
UNITS = {"_beds": "beds", "_low": "beds", "_high": "beds", "_occupancy": "share of beds available"}
UNITS |= {"_over_12h": "people"}
UNITS |= {"_points": "percentage points of occupancy", "_per_cent": "% of beds in use"}


class Span(Shape):
    """Beds in use over one quarter: mean, 5 and 95 % of replications; occupancy as a share of beds open."""

    beds: float
    low: float
    high: float
    occupancy: float


class Forecast(Shape):
    """What is kept of a forecast; with it tables and pages are made without running anything again.

    Parameters
    ----------
    sites : dict
        By site and held-out quarter, such as ``2019/20 Q1``.
    whole : dict
        All hospitals together, by quarter.
    baseline_beds : dict
        Beds in use in the baseline year, by site.
    baseline_delayed : float
        Delayed hospital beds in the baseline year.
    reasons : list of str
        Why these fresh runs do not reproduce the baseline year; empty when they do.
    waits : dict
        People who wait over twelve hours for a bed, by site and held-out quarter, where the fit knows of them.
    """

    sites: dict[str, dict[str, Span]]
    whole: dict[str, Span]
    baseline_beds: dict[str, float]
    baseline_delayed: float
    reasons: list[str]
    waits: dict[str, dict[str, float]] = {}


@dataclass
class Fitted:
    """An area, its fit to the baseline year and its forecast if there is one, and why there is none.

    Parameters
    ----------
    footprint : Footprint
        In full form; of an area without a baseline as far as the rules give it.
    fit : Fit or None
    reasons : list of str
        Why there is no baseline; empty when there is one.
    forecast : Forecast or None
    """

    footprint: Footprint
    fit: Fit | None = None
    reasons: list[str] = field(default_factory=list)
    forecast: Forecast | None = None


def _facts_file(name: str) -> Any:
    path = CONFIGS / "footprint_defaults" / f"{name}_short.yaml"
    return path if path.exists() else None


def area_facts(name: str) -> ShortFootprint | None:
    """Facts of an area in its short form; Devon's full footprint has a short one beside it. None without facts."""
    path = _facts_file(name) or CONFIGS / "footprint" / f"{name}.yaml"
    return read_short(path) if is_short(path) else None


def forecast(
    footprint: Footprint,
    fit: Fit,
    future: Future,
    *,
    feedback: Pressure | None = None,
    replications: int = 32,
    seed: int = 1,
    workers: int = 1,
) -> Forecast:
    """Run a fitted area from its warm-up through the held-out quarters, with replications that the fit has not seen.

    Parameters
    ----------
    feedback : Pressure, optional
        How stays answer to pressure; the one that the fit was made with.
    """
    end = dt.date(int(footprint.holdout.year[:4]) + 1, 4, 1)  # the whole year of which quarters are held out
    system = build(footprint, fit, future, end, feedback=feedback)
    fresh = range(FRESH, FRESH + replications)
    observed = run_arms([make_arm("forecast", system)], seed, fresh, workers)[0]
    months = observed.in_year(footprint.baseline_year)
    quarters = {f"{footprint.holdout.year} Q{quarter}": quarter for quarter in footprint.holdout.quarters}

    def spans(site: str | None) -> dict[str, Span]:
        return {name: _span(observed, site, footprint.holdout.year, quarter) for name, quarter in quarters.items()}

    return Forecast(
        sites={site: spans(site) for site in footprint.sites},
        whole=spans(None),
        baseline_beds={s: float(occupied_beds(observed, s)[:, months].mean()) for s in footprint.sites},
        baseline_delayed=float(delayed_beds(observed)[:, months].mean()),
        reasons=check_baseline(footprint, fit, observed).reasons,
        waits=forecast_waits(footprint, observed) if fit.out_of_reach else {},
    )


def _span(observed: Observed, site: str | None, year: str, quarter: int) -> Span:
    """Forecast of one quarter, for one hospital or all together."""
    start = months_after(dt.date(int(year[:4]), 4, 1), 3 * (quarter - 1))
    months = np.array([start <= month < months_after(start, 3) for month in observed.months])
    used = occupied_beds(observed, site)[:, months].mean(axis=1)
    low, high = (float(end) for end in np.quantile(used, [0.05, 0.95]))
    mean, have = float(used.mean()), float(beds_open(observed, site)[:, months].mean())
    return Span(beds=mean, low=low, high=high, occupancy=mean / have)


def score(fitted: dict[str, Fitted]) -> pd.DataFrame:
    """Score the forecasts of every area beside persistence, by site.

    Returns
    -------
    DataFrame
        One row a site and held-out quarter, in :data:`COLUMNS`. Beds are general and acute beds in use; occupancy is a
        share of beds available (for the forecast, of the beds open in the same quarter of the baseline year). Errors
        are what was said less what was observed, in points of occupancy and in per cent of beds in use.
        ``same_quarter`` is the same quarter a year before, ``last_quarter`` the last one of the baseline year;
        ``inside`` says whether the beds observed lie in the forecast's 5 to 95 %. Without a baseline the forecast is
        missing and ``reason`` says why.
    """
    return pd.DataFrame([row for name, one in fitted.items() for row in _rows(name, one)], columns=COLUMNS)


def score_waits(fitted: dict[str, Fitted]) -> pd.DataFrame:
    """Long waits in the held-out quarters (:func:`waits_ahead`), of areas whose fit knows of them."""
    parts = [
        waits_ahead(one.footprint, one.forecast.waits).assign(system=name)
        for name, one in fitted.items()
        if one.forecast is not None and one.forecast.waits and not one.reasons
    ]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


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
        found |= _forecast_of(one, site, found["quarter"], found["observed_beds"])
        for rule in RULES:
            points = 100 * (found[f"{rule}_occupancy"] - found["observed_occupancy"])
            found[f"{rule}_error_points"] = points
            found[f"{rule}_error_per_cent"] = 100 * (found[f"{rule}_beds"] / found["observed_beds"] - 1)
        out.append(found)
    return out


def _forecast_of(one: Fitted, site: str, quarter: str, observed: float) -> dict[str, Any]:
    """Forecast of one quarter; missing without a baseline."""
    if one.forecast is None or one.reasons:
        nothing: dict[str, Any] = dict.fromkeys(("beds", "low", "high", "occupancy"), float("nan"))
        return {f"forecast_{key}": value for key, value in nothing.items()} | {"inside": None}
    span = one.forecast.sites[site][quarter]
    found: dict[str, Any] = {f"forecast_{key}": value for key, value in span.model_dump().items()}
    return found | {"inside": span.low <= observed <= span.high}


def errors_by(scored: pd.DataFrame, *keys: str) -> pd.DataFrame:
    """Mean absolute errors over the held-out quarters: points of occupancy and per cent of beds in use.

    Parameters
    ----------
    keys : str
        Columns of :func:`score` to group by: ``system``, or ``system`` and ``site``. By system, two rows over all sites
        come last: ``all with a baseline`` and ``all``.

    Returns
    -------
    DataFrame
        The keys, sites, quarters (times sites), how many of these lie inside the forecast's 5 to 95 %, baseline, the
        errors, and reason.
    """
    frame: Any = scored
    columns = [f"{rule}_error_{what}" for rule in RULES for what in ("points", "per_cent")]
    frame = frame.assign(**{name: frame[name].abs() for name in columns})
    parts = [(name, rows) for name, rows in frame.groupby(list(keys), sort=False)]
    if keys == ("system",):
        parts += [(("all with a baseline",), frame[frame["baseline"]]), (("all",), frame)]
    out = []
    for names, rows in parts:
        whole: dict[str, Any] = dict(zip(keys, names, strict=True))
        whole |= {"sites": len(rows[["system", "site"]].drop_duplicates()), "quarters": len(rows)}
        has = bool(len(rows)) and bool(rows["baseline"].all())
        whole |= {"inside": int(rows["inside"].sum()) if has else None, "baseline": has}
        whole |= {column: rows[column].mean(skipna=False) for column in columns}
        alone = rows["system"].nunique() == 1 and whole["system"] == rows["system"].iloc[0]
        out.append(whole | {"reason": rows["reason"].iloc[0] if alone else ""})
    return pd.DataFrame(out)


def as_wholes(scored: pd.DataFrame) -> dict[str, float]:
    """Mean absolute error by rule, points, of the occupancy of whole areas: beds in use over beds of all hospitals.

    Only areas with a baseline; this is what 2.1 points, the persistence of plan areas, is to be laid beside.
    """
    frame: Any = scored
    frame = frame[frame["baseline"]]
    kinds = ("observed", *RULES)
    have = {f"{kind}_have": frame[f"{kind}_beds"] / frame[f"{kind}_occupancy"] for kind in kinds}
    sums = (
        frame.assign(**have).groupby(["system", "quarter"])[[f"{k}_{w}" for k in kinds for w in ("beds", "have")]].sum()
    )
    shares = {kind: 100 * sums[f"{kind}_beds"] / sums[f"{kind}_have"] for kind in kinds}
    return {rule: float((shares[rule] - shares["observed"]).abs().mean()) for rule in RULES}
