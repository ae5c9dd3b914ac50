"""What a calibration aims at beyond the point estimate: each target with two tolerances, and what a run gives for it.

The observed part of a tolerance comes from the figures (quarters, ranges, few years); the model's part is ours.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import numpy.typing as npt

from models.arms.arms import Observed
from models.calibration.aim import delayed_each, targets
from models.calibration.bases import COUNTED, MIDNIGHT
from models.footprint.footprint import Footprint, to_basis
from models.footprint.observed import beds_by_quarter, delays_by_year, holdout_beds
from models.measures.measures import delayed_beds, occupied_beds
from models.plans import months_after
from sim.calibration import Target, spread, spread_error

__all__ = ["BEDS_MODEL_SD", "CHANGE", "DELAY_MODEL_SD", "QUARTERS", "SPREAD_MODEL_SD", "YEARS", "aims", "clock_of"]
__all__ += ["held_back", "held_figures", "range_sd", "simulated_figures", "year_of"]

Floats = npt.NDArray[np.float64]

#: what the model leaves out even at its best point, relative (all three assumed: no source)
BEDS_MODEL_SD = 0.01  #: a year's beds in use at one hospital
DELAY_MODEL_SD = 0.10  #: delayed beds of one pathway: England's reasons stand for the area's own
SPREAD_MODEL_SD = 0.25  #: spreads: changes of policy and of counting are in the observed ones, and not in the model

YEARS = 5  #: from the baseline year on; as many are simulated, so that the spread between years is an output
CHANGE, QUARTERS = "delayed_beds_yearly_change", "beds_occupied_by_quarter"
_RANGE = 2 * 1.6449  #: standard deviations between the ends of a range, taken as the middle 90 %
_FEWEST = 3  #: whole years without which there is no spread to speak of


def range_sd(low: float, high: float) -> float:
    """Return the standard deviation that goes with a range which holds the middle 90 %."""
    return (high - low) / _RANGE


def aims(footprint: Footprint) -> list[Target]:
    """Every target of a calibration: beds in use, delayed beds, their spread from year to year, the spread of quarters.

    Raises
    ------
    FaultsError
        When figures of different bases, years or clocks would be compared.
    """
    wanted = targets(footprint)
    rows = beds_by_quarter(footprint, footprint.baseline_year).groupby("site")
    quarters = {str(site): np.asarray(part["occupied"], float) for site, part in rows}
    out = []
    for site, beds in wanted.occupied.items():
        observed = float(quarters[site].std(ddof=1)) / len(quarters[site]) ** 0.5
        out.append(
            Target(f"{site}_beds_occupied", beds, observed, BEDS_MODEL_SD * beds, unit="beds", basis="host trust")
        )
    for name, beds in wanted.delayed.items():
        figure = to_basis(footprint.pathways[name].delayed_target, "host trust", footprint.delays.host_conversion)
        out.append(
            Target(
                f"{name}_delayed_beds",
                beds,
                range_sd(*figure.range),
                DELAY_MODEL_SD * beds,
                unit="beds",
                basis="host trust",
                realisations=1,  # the year that was observed is one outcome of many
                conversion="delays.host_conversion",
            )
        )
    changes = _changes(footprint)
    if len(changes) >= _FEWEST - 1:
        value = float(spread(changes))
        how = "a ratio of years: a conversion that is constant in time cancels"
        out.append(_spread(CHANGE, value, spread_error(value, len(changes)), basis="resident", conversion=how))
    value = float(np.mean([spread(np.log(q)) for q in quarters.values()]))
    # hospitals move together from quarter to quarter, so several tell no more than one
    out.append(_spread(QUARTERS, value, spread_error(value, 4), basis="host trust"))
    return out


def _spread(name: str, value: float, observed: float, basis: str, conversion: str = "") -> Target:
    unit, model = "sd of the logarithm", SPREAD_MODEL_SD * value
    return Target(name, value, observed, model, unit=unit, basis=basis, conversion=conversion)


def _changes(footprint: Footprint) -> Floats:
    """Log changes of acute delayed beds between whole years up to the baseline year."""
    return np.diff(np.log([row["beds"] for row in _whole_years(footprint)]))


def _whole_years(footprint: Footprint) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = [dict(row) for row in delays_by_year(footprint, "acute").to_dict("records")]
    last = footprint.baseline_year
    return [row for row in rows if row["calendar_days"] >= 365 and row["year"] <= last and row["beds"] > 0]


def year_of(footprint: Footprint, target: str) -> str:
    """Year or years that an observed target is of."""
    if target != CHANGE:
        return footprint.baseline_year
    years = [row["year"] for row in _whole_years(footprint)]
    return f"{years[0]}-{years[-1]}"


def clock_of(target: str) -> str:
    """Clock of a target."""
    return COUNTED if "delayed" in target else MIDNIGHT


def simulated_figures(o: Observed) -> dict[str, Floats]:
    """Every target as a run of :data:`YEARS` years gives it, one value a replication."""
    footprint = o.arm.system.footprint
    months = o.in_year(footprint.baseline_year)
    by_site = {site: occupied_beds(o, site)[:, months] for site in footprint.sites}
    out = {f"{site}_beds_occupied": beds.mean(axis=1) for site, beds in by_site.items()}
    out |= {f"{name}_delayed_beds": beds for name, beds in delayed_each(o, months).items()}
    delayed, first = delayed_beds(o), int(footprint.baseline_year[:4])
    names = [f"{year}/{(year + 1) % 100:02d}" for year in range(first, first + YEARS)]
    by_year = np.stack([delayed[:, o.in_year(year)].mean(axis=1) for year in names], axis=1)
    out[CHANGE] = spread(np.diff(np.log(np.maximum(by_year, 0.1)), axis=1), axis=1)
    quarters = [np.log(beds.reshape(len(beds), 4, 3).mean(axis=2)) for beds in by_site.values()]
    out[QUARTERS] = np.mean([spread(logs, axis=1) for logs in quarters], axis=0)
    return out


# --- quarters that the fit may not see ---------------------------------------------------------------------------


def held_back(footprint: Footprint) -> list[Target]:
    """Beds in use in the quarters held back, by site; each is one outcome of chance."""
    rows: list[dict[str, Any]] = [dict(row) for row in holdout_beds(footprint).to_dict("records")]
    return [
        Target(
            f"{row['site']} {row['year']} Q{row['quarter']}",
            float(row["occupied"]),
            sd_model=BEDS_MODEL_SD * float(row["occupied"]),
            unit="beds",
            basis="host trust",
            realisations=1,
        )
        for row in rows
    ]


def held_figures(o: Observed) -> dict[str, Floats]:
    """The same quarters as a run gives them, one value a replication."""
    footprint, out = o.arm.system.footprint, {}
    year = footprint.holdout.year
    by_site = {site: occupied_beds(o, site) for site in footprint.sites}
    for quarter in footprint.holdout.quarters:
        start = months_after(dt.date(int(year[:4]), 4, 1), 3 * (quarter - 1))
        months = np.array([start <= month < months_after(start, 3) for month in o.months])
        out |= {f"{site} {year} Q{quarter}": beds[:, months].mean(axis=1) for site, beds in by_site.items()}
    return out
