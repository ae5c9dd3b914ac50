"""What a hindcast is told: beds open and emergency admissions by quarter. Never a target."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

import numpy as np

from models.history.data import COMPLETE_FROM, History, Key, month_indices, year_after

__all__ = ["Told", "quarter_start", "told_by"]

QUARTERS = 4
FEWEST_MONTHS = 6  #: months of admissions that give a first, unfinished year its level


def quarter_start(key: Key) -> dt.date:
    """First day of a quarter of a financial year."""
    year, quarter = int(key[0][:4]), key[1]
    return dt.date(year + 1, 1, 1) if quarter == QUARTERS else dt.date(year, 1 + 3 * quarter, 1)


@dataclass(frozen=True)
class Told:
    """Inputs by quarter.

    Parameters
    ----------
    keys : tuple of (year, quarter)
    beds : tuple of float
        General and acute beds open overnight, England.
    admissions : tuple of float
        Emergency admissions a day, England, without their season.
    month_index : tuple of 12 floats
        Season of emergency admissions, from the training years.
    base_admissions : float
        Emergency admissions a day in the first full year.
    usual_pressure : float
        Mean occupancy of the training years.
    """

    keys: tuple[Key, ...]
    beds: tuple[float, ...]
    admissions: tuple[float, ...]
    month_index: tuple[float, ...]
    base_admissions: float
    usual_pressure: float

    @property
    def starts(self) -> tuple[dt.date, ...]:
        """First days of the quarters."""
        return tuple(quarter_start(key) for key in self.keys)

    def with_beds(self, beds: tuple[float, ...]) -> Told:
        """Return the same with other beds."""
        return replace(self, beds=beds)

    @property
    def end(self) -> dt.date:
        """The day after the last quarter."""
        year, quarter = self.keys[-1]
        return quarter_start((year_after(year), 1) if quarter == QUARTERS else (year, quarter + 1))


def told_by(history: History, trained: History) -> Told:
    """Inputs of every quarter of a history; the season is that of the training years.

    Where a first year has no full figures, the months that are known give its level.
    """
    index = month_indices(trained)
    season = tuple(float(index[m]) / float(index.mean()) for m in range(1, 13))
    months = history.months()
    daily = months["emergency_admissions"] / months["days"]
    level = {str(m): float(d) / season[int(str(m)[5:]) - 1] for m, d in zip(months["month"], daily, strict=True)}
    first = [v for m, v in level.items() if m < f"{int(history.first[0][:4]) + 1}-04" and np.isfinite(v)]
    admissions = []
    for key in history.keys():
        start = quarter_start(key)
        known = [level.get(f"{start.year}-{start.month + n:02d}", np.nan) for n in range(3)]
        if np.isfinite(known).all():
            admissions.append(float(np.mean(known)))
        elif key[0] == history.first[0] and len(first) >= FEWEST_MONTHS:
            admissions.append(float(np.mean(first)))
        else:
            raise ValueError(f"emergency admissions of {key} are not known")
    beds = tuple(float(b) for b in history.frame()["beds_available"])
    keys = tuple(history.keys())
    base = [a for key, a in zip(keys, admissions, strict=True) if key[0] == COMPLETE_FROM]
    known = trained.frame()
    usual = float((known["beds_occupied"] / known["beds_available"]).mean())
    return Told(keys, beds, tuple(admissions), season, float(np.mean(base)), usual)
