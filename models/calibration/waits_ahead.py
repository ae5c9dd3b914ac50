"""How well long waits are forecast in the quarters held out, where a fit knows the beds that are out of reach.

Waits over twelve hours for a bed are counted in people. The model gives a share of emergencies; whoever forecasts does
not know who will come, so the share is that of as many people as were admitted through A&E in the same quarter of the
baseline year. Beside it stand the same quarter a year before and the last quarter known.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd

from models.arms.arms import Observed
from models.footprint.footprint import Footprint
from models.footprint.observed import ae_by_month, beds_by_quarter, holdout_beds
from models.measures.measures import long_wait_share
from models.plans import months_after

__all__ = ["RULES", "forecast_waits", "misses_of_waits", "waits_ahead"]

RULES = ("forecast", "same_quarter", "last_quarter")
_TWELVE = 1  #: which of the clocks of waits


def forecast_waits(footprint: Footprint, o: Observed) -> dict[str, dict[str, float]]:
    """People who wait over twelve hours by site and held-out quarter, such as ``2024/25 Q1``."""
    months: Any = ae_by_month(footprint)
    months = months[months["year"] == footprint.baseline_year]
    quarter = (months["month"].str[5:].astype(int) - 4) % 12 // 3 + 1
    admitted = months["admissions"].astype(float).groupby([months["site"], quarter]).sum()
    year, out = footprint.holdout.year, dict[str, dict[str, float]]()
    for site in footprint.sites:
        out[site] = {}
        for number in footprint.holdout.quarters:
            start = months_after(dt.date(int(year[:4]), 4, 1), 3 * (number - 1))
            mask = np.array([start <= month < months_after(start, 3) for month in o.months])
            share = float(long_wait_share(o, site, [mask], _TWELVE).mean())
            out[site][f"{year} Q{number}"] = share * float(admitted[site, number])
    return out


def waits_ahead(footprint: Footprint, forecasts: dict[str, dict[str, float]]) -> pd.DataFrame:
    """Lay forecasts beside what was counted, and beside persistence.

    Returns
    -------
    DataFrame
        One row a hospital and held-out quarter: site, hospital, quarter, and people who waited over twelve hours:
        observed_over_12h, forecast_over_12h, same_quarter_over_12h, last_quarter_over_12h.
    """
    before: Any = beds_by_quarter(footprint, footprint.baseline_year).set_index(["site", "quarter"])["waits_over_12h"]
    known = before.astype(float).to_dict()
    rows: list[dict[str, Any]] = [dict(row) for row in holdout_beds(footprint).to_dict("records")]
    return pd.DataFrame(
        [
            {
                "site": site,
                "hospital": footprint.sites[site].name,
                "quarter": f"{row['year']} Q{row['quarter']}",
                "observed_over_12h": float(row["waits_over_12h"]),
                "forecast_over_12h": forecasts[site][f"{row['year']} Q{row['quarter']}"],
                "same_quarter_over_12h": known[site, row["quarter"]],
                "last_quarter_over_12h": known[site, 4],
            }
            for row in rows
            for site in [str(row["site"])]
        ]
    )


def misses_of_waits(table: pd.DataFrame) -> dict[str, float]:
    """Mean absolute miss by rule, in per cent of the mean that was counted."""
    frame: Any = table
    seen = frame["observed_over_12h"]
    whole = float(seen.mean())
    if not whole > 0:
        return {}
    return {f"{r}_over_12h_per_cent": 100 * float((frame[f"{r}_over_12h"] - seen).abs().mean()) / whole for r in RULES}
