"""Whether business as usual reproduces the footprint's own recent past and can forecast the year after.

V8: the baseline comes before any verdict. The fit is on the baseline year; the held-out quarters are forecast without
looking at them and scored beside persistence.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from models.arms.arms import Observed
from models.calibration.feedback import feedback_reasons, mechanisms_around
from models.calibration.reach import observed_waits
from models.calibration.waits_ahead import forecast_waits, misses_of_waits, waits_ahead
from models.footprint.footprint import Footprint, inputs_hash
from models.footprint.observed import beds_by_quarter, delays_by_year, holdout_beds
from models.footprint.observed import delayed_beds as observed_delayed
from models.measures.measures import beds_open, cancelled, cancelled_share, delayed_beds, long_wait_share, occupied_beds
from models.measures.whole import four_hour_share
from models.plans import months_after
from models.settings.fit import Fit

__all__ = ["BEDS_TOLERANCE", "DELAY_TOLERANCE", "Baseline", "check_baseline", "clear_miss", "without_fit"]

BEDS_TOLERANCE = 0.02  # relative, each hospital, fresh replications
DELAY_TOLERANCE = 0.20  # relative, all delayed beds; a year's mean varies by a quarter between replications
WAITS_TOLERANCE = 0.5  # relative, waits over twelve hours of a hospital, where they are fitted; one bed is a third
WAITS_SPREAD = 0.06  # of emergencies: simulated years vary by as much, or by as much as is waited where that is less
WAITS_POINTS = 0.01  # of emergencies, which is allowed in any case


@dataclass
class Baseline:
    """How the baseline was reproduced and how the held-out quarters were forecast.

    Parameters
    ----------
    fitted : DataFrame
        By hospital: beds in use observed and simulated, and the proxies that stand for waits.
    holdout : DataFrame
        By hospital and held-out quarter: occupancy observed, forecast, and by persistence.
    errors : dict
        Mean absolute error in points of occupancy, and in per cent of beds in use.
    delays : dict
        Delayed beds observed and simulated, with their spread from year to year.
    reasons : list of str
        Why there is no baseline; empty when there is one.
    waits : DataFrame
        By hospital and held-out quarter: people who waited over twelve hours for a bed, observed, forecast, and by
        persistence; empty where the fit knows nothing of long waits.
    """

    fitted: pd.DataFrame
    holdout: pd.DataFrame
    errors: dict[str, float]
    delays: dict[str, Any]
    reasons: list[str]
    waits: pd.DataFrame = field(default_factory=pd.DataFrame)


def check_baseline(footprint: Footprint, fit: Fit | None, usual: Observed | None) -> Baseline:
    """Score business as usual on the baseline year and on the held-out quarters."""
    if fit is None or usual is None:
        return Baseline(pd.DataFrame(), pd.DataFrame(), {}, {}, without_fit(footprint))
    reasons = []
    if fit.footprint != footprint.name or fit.inputs != inputs_hash(footprint):
        reasons.append("the fit was made with other figures than the footprint now holds; run `carebridge calibrate`")
    reasons += feedback_reasons(fit, mechanisms_around(usual.arm.system.around))
    fitted = _fitted(footprint, usual)
    runs = usual.area.shape[0]
    for row in _rows(fitted):
        miss = clear_miss(row["simulated_beds"], row["simulated_sd"], runs, row["observed_beds"], BEDS_TOLERANCE)
        if miss:
            reasons.append(f"beds in use at {row['hospital']} are missed by {miss:+.1%} in {footprint.baseline_year}")
    delays = _delays(footprint, usual)
    miss = clear_miss(delays["simulated_beds"], delays["simulated_sd"], runs, delays["observed_beds"], DELAY_TOLERANCE)
    if miss:
        reasons.append(f"delayed beds are missed by {miss:+.0%} in {footprint.baseline_year}")
    holdout, errors = _holdout(footprint, usual)
    if not fit.out_of_reach:
        return Baseline(fitted, holdout, errors, delays, reasons)
    reasons += _missed_waits(footprint, usual)
    waits = waits_ahead(footprint, forecast_waits(footprint, usual))
    return Baseline(fitted, holdout, errors | misses_of_waits(waits), delays, reasons, waits)


def _missed_waits(footprint: Footprint, usual: Observed) -> list[str]:
    """Say where long waits are not those of the baseline year, by hospital."""
    months, found = usual.in_year(footprint.baseline_year), []
    for site, wanted in observed_waits(footprint).items():
        shares = long_wait_share(usual, site, [months], 1)[:, 0]
        allowed = max(WAITS_TOLERANCE, WAITS_POINTS / max(wanted, 1e-9))
        spread = float(shares.std(ddof=1)) if len(shares) > 1 else 0.0
        spread = max(spread, min(wanted, WAITS_SPREAD))  # a few quiet years alone would seem sure of themselves
        if clear_miss(float(shares.mean()), spread, len(shares), max(wanted, 1e-9), allowed):
            name, year = footprint.sites[site].name, footprint.baseline_year
            found.append(
                f"waits over twelve hours at {name} are {float(shares.mean()):.1%} of emergencies in {year}, where "
                f"{wanted:.1%} were counted"
            )
    return found


def without_fit(footprint: Footprint) -> list[str]:
    """Why a footprint has no fit: its figures cannot be put on one basis, or nobody has fitted it yet."""
    if footprint.no_baseline:
        return [f"{footprint.title}: {reason}" for reason in footprint.no_baseline]
    how = f"run `carebridge calibrate footprint={footprint.name}`"
    return [f"{footprint.title} has not been fitted to {footprint.baseline_year}; {how}"]


def clear_miss(simulated: float, sd: float, runs: int, observed: float, tolerance: float) -> float:
    """Relative miss when it lies beyond the tolerance and beyond chance (99.9 %); otherwise 0."""
    chance = float(stats.t.ppf(0.9995, runs - 1)) * sd / np.sqrt(runs) if runs > 1 else np.inf
    miss = simulated / observed - 1
    return miss if abs(miss) > tolerance and abs(simulated - observed) > chance else 0.0


def _fitted(footprint: Footprint, usual: Observed) -> pd.DataFrame:
    months = usual.in_year(footprint.baseline_year)
    seen = beds_by_quarter(footprint, footprint.baseline_year).groupby("site")
    rows = []
    for name, site in footprint.sites.items():
        observed = pd.DataFrame(seen.get_group(name))
        simulated = occupied_beds(usual, name)[:, months].mean(axis=1)
        over_4h, over_12h = (float(long_wait_share(usual, name, [months], k).mean()) for k in (0, 1))
        lost = cancelled(usual, name)[0][:, months].sum(axis=1)
        front = usual.arm.system.roles.front
        four_hours = {"simulated_type1_4h": float(four_hour_share(usual, name, [months]).mean())} if front else {}
        rows.append(
            {
                "hospital": site.name,
                "observed_beds": site.beds_occupied.value,
                "simulated_beds": float(simulated.mean()),
                "simulated_sd": float(simulated.std(ddof=1)) if len(simulated) > 1 else 0.0,
                "simulated_open": float(beds_open(usual, name)[:, months].mean()),
                "simulated_over_4h": over_4h,
                "simulated_over_12h": over_12h,
                "observed_type1_4h": site.type1_4h_share.value,
                **four_hours,
                "observed_over_12h": _whole_year(list(observed["waits_over_12h"])),
                "observed_cancelled": _whole_year(list(observed["cancelled_operations"])),
                "simulated_cancelled": float(lost.mean()),
                "simulated_cancelled_share": float(cancelled_share(usual, name, [months]).mean()),
            }
        )
    return pd.DataFrame(rows)


def _whole_year(counts: list[float]) -> float:
    """Sum over the quarters; not a number when one of them is missing."""
    return float(pd.Series(counts, dtype="Float64").to_numpy(float, na_value=np.nan).sum())


def _delays(footprint: Footprint, usual: Observed) -> dict[str, Any]:
    """Delayed hospital beds beside the observed, with the year-to-year spread of both."""
    first = int(footprint.baseline_year[:4])
    last = usual.months[-1].year
    by_year = np.stack(
        [delayed_beds(usual)[:, usual.in_year(f"{y}/{(y + 1) % 100:02d}")].mean(axis=1) for y in range(first, last)],
        axis=1,
    )
    whole = [row["beds"] for row in _rows(delays_by_year(footprint, "acute")) if row["calendar_days"] >= 365]
    outside, months = footprint.delays.non_acute_beds, usual.in_year(footprint.baseline_year)
    return {
        "observed_beds": observed_delayed(footprint, footprint.baseline_year).value,
        "observed_residents": footprint.delays.acute_beds.value,
        "observed_non_acute": outside.value if outside else np.nan,
        "simulated_beds": float(by_year[:, 0].mean()),
        "simulated_sd": float(by_year[:, 0].std(ddof=1)) if len(by_year) > 1 else 0.0,
        "simulated_non_acute": float(delayed_beds(usual, "non_acute")[:, months].mean()),
        "observed_yearly_change_sd": float(np.std(np.diff(np.log(whole)), ddof=1)) if len(whole) > 2 else np.nan,
        "simulated_yearly_change_sd": float(np.std(np.diff(np.log(np.maximum(by_year, 0.1)), axis=1), ddof=1)),
        "observed_years": len(whole),
    }


def _holdout(footprint: Footprint, usual: Observed) -> tuple[pd.DataFrame, dict[str, float]]:
    """Forecast the held-out quarters by hospital; the forecast knows nothing after the baseline year."""
    before = {(row["site"], row["quarter"]): row for row in _rows(beds_by_quarter(footprint, footprint.baseline_year))}
    rows = []
    for row in _rows(holdout_beds(footprint)):
        site, quarter = row["site"], int(row["quarter"])
        start = months_after(dt.date(int(row["year"][:4]), 4, 1), 3 * (quarter - 1))
        months = np.array([start <= m < months_after(start, 3) for m in usual.months])
        used = float(occupied_beds(usual, site)[:, months].mean())
        have = float(beds_open(usual, site)[:, months].mean())
        last_year, last = before[site, quarter], before[site, 4]
        rows.append(
            {
                "hospital": footprint.sites[site].name,
                "quarter": f"{row['year']} Q{quarter}",
                "observed_beds": row["occupied"],
                "forecast_beds": used,
                "same_quarter_beds": last_year["occupied"],
                "observed_occupancy": row["occupied"] / row["available"],
                "forecast_occupancy": used / have,
                "same_quarter_occupancy": last_year["occupied"] / last_year["available"],
                "last_quarter_occupancy": last["occupied"] / last["available"],
            }
        )
    seen = [row["observed_occupancy"] for row in rows]
    errors = {
        f"{name}_points": 100 * float(np.mean(np.abs(np.subtract([row[f"{name}_occupancy"] for row in rows], seen))))
        for name in ("forecast", "same_quarter", "last_quarter")
    }
    errors |= {
        f"{name}_beds_per_cent": 100
        * float(np.mean([abs(row[f"{name}_beds"] / row["observed_beds"] - 1) for row in rows]))
        for name in ("forecast", "same_quarter")
    }
    return pd.DataFrame(rows), errors


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of a table as plain dictionaries."""
    return [{str(k): v for k, v in row.items()} for row in table.to_dict("records")]
