"""Persistence at every hospital trust of England: how far occupancy moves from one quarter to a later one.

A forecast that beats "as it was" must miss by less than this. What number that is depends on which quarter is carried
on, on whose occupancy it is (a trust's or a plan area's), and on how trusts are weighed, so all are given.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import pandas as pd

from models.footprint.footprint import DATA_FOLDER
from models.footprint.short import FIRST, defaults

__all__ = ["MERGED", "PUBLISHED", "occupancy_by_quarter", "persistence"]

#: points of occupancy, as it stands in this project's evidence, which does not define it; met by the 44 plan areas with
#: the same quarter a year before (2.149), while single trusts move by 2.95
PUBLISHED = 2.1

#: trusts that were merged into another between April 2018 and December 2019, and the code that goes on
MERGED = {"RGQ": "RDE", "RJF": "RTG", "RE9": "R0B", "RLN": "R0B", "RNL": "RNN", "RQ6": "REM"}


def occupancy_by_quarter(unit: str = "trust", merged: bool = True) -> Any:
    """General and acute beds by trust, or by plan area, and quarter; trusts with a major A&E department only.

    Parameters
    ----------
    unit : {'trust', 'area'}
    merged : bool
        Whether merged trusts are one series from the first quarter on.

    Returns
    -------
    DataFrame
        Index unit and (year, quarter); columns available, occupied, occupancy.
    """
    frame: Any = pd.read_csv(DATA_FOLDER / "england_occupancy_quarterly.csv")
    if merged or unit == "area":
        area = frame.dropna(subset=["area"]).drop_duplicates("code").set_index("code")["area"]
        known = pd.concat([area, area.rename(index=MERGED)])  # a trust that goes on keeps its own area
        frame["code"] = frame["code"].replace(MERGED)
        frame["area"] = frame["code"].map(known[~known.index.duplicated()])
    key = {"trust": "code", "area": "area"}[unit]
    table = frame.groupby([key, "year", "quarter"])[["available", "occupied"]].sum(min_count=1)
    table = table[table["available"] > 0]
    return table.assign(occupancy=table["occupied"] / table["available"])


def _later(year: str) -> Any:
    """The same by trust for a later baseline year, from the table that its footprints share."""
    frame: Any = pd.read_csv(DATA_FOLDER / defaults(year).data.beds_quarterly)
    major = frame.groupby("code")["attendances"].transform("sum") > 0
    table = frame[major].set_index(["code", "year", "quarter"])[["available", "occupied"]]
    return table.assign(occupancy=table["occupied"] / table["available"])


def persistence(codes: Collection[str] | None = None, year: str = FIRST) -> pd.DataFrame:
    """Mean absolute error of persistence over the quarters held out after a year, in points of occupancy.

    Parameters
    ----------
    codes : collection of str, optional
        Only these trusts; all of England, and its plan areas, unless given.
    year : str
        Baseline year; plan areas are known for 2018/19 alone.

    Returns
    -------
    DataFrame
        One row a unit (trust or plan area) and rule: ``same quarter`` a year before, ``last quarter`` of the baseline
        year, ``quarter before``, ``mean of the year``; columns count, mean, median, and mean weighted by beds.
    """
    held, rows = defaults(year).england.held_out, []
    for unit in ("trust", "area") if codes is None and year == FIRST else ("trust",):
        table = occupancy_by_quarter(unit) if year == FIRST else _later(year)
        if codes is not None:
            table = table[table.index.get_level_values(0).isin(list(codes))]
        wide, beds = table["occupancy"].unstack(["year", "quarter"]), table["available"].unstack(["year", "quarter"])
        wide[_YEAR] = wide[year].mean(axis=1)
        for rule, carried in RULES.items():
            pairs = [(carried(year, held.year, q), (held.year, q)) for q in held.quarters]
            errors = np.concatenate([100 * (wide[after] - wide[first]).abs().to_numpy() for first, after in pairs])
            weights = np.concatenate([beds[after].to_numpy() for _, after in pairs])
            known = np.isfinite(errors)
            errors, weights = errors[known], weights[known]
            rows.append(
                {
                    "unit": unit,
                    "rule": rule,
                    "count": len(errors),
                    "mean": float(errors.mean()),
                    "median": float(np.median(errors)),
                    "weighted": float(np.average(errors, weights=weights)),
                }
            )
    return pd.DataFrame(rows)


_YEAR = ("mean", 0)  # column of the baseline year's mean
#: which quarter is carried on to a held-out one: by baseline year, later year and number of the quarter
RULES = {
    "same quarter": lambda year, _, quarter: (year, quarter),
    "last quarter": lambda year, _, quarter: (year, 4),
    "quarter before": lambda year, later, quarter: (year, 4) if quarter == 1 else (later, quarter - 1),
    "mean of the year": lambda *_: _YEAR,
}
