"""What a hindcast is told: beds open and emergency admissions by quarter. Never a target."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from models.history.data import COMPLETE_FROM, History, Key, month_indices, year_after, year_before

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
        The first ``warm_up`` of them repeat the first year, so that the hospitals are in their stride when it begins.
    beds : tuple of float
        General and acute beds open overnight, England.
    admissions : tuple of float
        Emergency admissions a day, England, without their season.
    attendances : tuple of float
        Attendances a day at major A&E departments; nan where they were not published.
    month_index : tuple of 12 floats
        Season of emergency admissions, from the training years.
    base_admissions : float
        Emergency admissions a day in the first full year.
    usual_pressure : float
        Mean occupancy of the training years.
    used_by_quarter, open_by_quarter : tuple of 4 floats
        Season of beds in use and of beds open in the training years, April quarter first, mean one.
    """

    keys: tuple[Key, ...]
    beds: tuple[float, ...]
    admissions: tuple[float, ...]
    attendances: tuple[float, ...]
    month_index: tuple[float, ...]
    base_admissions: float
    usual_pressure: float
    used_by_quarter: tuple[float, ...]
    open_by_quarter: tuple[float, ...]
    warm_up: int = QUARTERS

    @property
    def starts(self) -> tuple[dt.date, ...]:
        """First days of the quarters."""
        return tuple(quarter_start(key) for key in self.keys)

    def with_beds(self, beds: tuple[float, ...]) -> Told:
        """Return the same with other beds."""
        return replace(self, beds=beds)

    def stay_season(self, elasticity: float) -> tuple[float, ...]:
        """Factors on usual stays by April quarter that give the season of beds in use.

        In balance, stays answer to pressure as ``(used / open) ** -elasticity``, so need has to swing more than beds in
        use do: ``used ** (1 + elasticity) * open ** -elasticity / admissions``, scaled to mean one.
        """
        months = np.array(self.month_index)
        admissions = np.array([months[rows].mean() for rows in ([3, 4, 5], [6, 7, 8], [9, 10, 11], [0, 1, 2])])
        used, open_ = np.array(self.used_by_quarter), np.array(self.open_by_quarter)
        season = used ** (1 + elasticity) * open_**-elasticity / admissions
        return tuple(float(x) for x in season / season.mean())

    @property
    def end(self) -> dt.date:
        """The day after the last quarter."""
        year, quarter = self.keys[-1]
        return quarter_start((year_after(year), 1) if quarter == QUARTERS else (year, quarter + 1))


def told_by(history: History, trained: History) -> Told:
    """Inputs of every quarter of a history; the season is that of the training years.

    Where a first year has no full figures, the months that are known give its level.
    """
    index: Any = month_indices(trained)
    season = tuple(float(index[m]) / float(index.mean()) for m in range(1, 13))
    months: Any = history.months()
    daily = months["emergency_admissions"] / months["days"]
    level = {str(m): float(d) / season[int(str(m)[5:]) - 1] for m, d in zip(months["month"], daily, strict=True)}
    first = [v for m, v in level.items() if m < f"{int(history.first[0][:4]) + 1}-04" and np.isfinite(v)]
    admissions = []
    for key in history.keys():
        start = quarter_start(key)
        of_months = [level.get(f"{start.year}-{start.month + n:02d}", np.nan) for n in range(3)]
        if np.isfinite(of_months).all():
            admissions.append(float(np.mean(of_months)))
        elif key[0] == history.first[0] and len(first) >= FEWEST_MONTHS:
            admissions.append(float(np.mean(first)))
        else:
            raise ValueError(f"emergency admissions of {key} are not known")
    beds = tuple(float(b) for b in history.frame()["beds_available"])
    year = [(year_before(history.first[0]), q) for q in range(1, QUARTERS + 1)]
    keys = (*year, *history.keys())
    admissions, beds = [*admissions[:QUARTERS], *admissions], (*beds[:QUARTERS], *beds)
    base = [a for key, a in zip(keys, admissions, strict=True) if key[0] == COMPLETE_FROM]
    known: Any = trained.frame()
    usual = float((known["beds_occupied"] / known["beds_available"]).mean())
    used, open_ = (tuple(_season(known, column)) for column in ("beds_occupied", "beds_available"))
    table: Any = history.frame()
    attendances = [float(a) for a in table["type1_attendances"] / table["days"]]
    attendances = [*attendances[:QUARTERS], *attendances]
    return Told(
        keys, tuple(beds), tuple(admissions), tuple(attendances), season, float(np.mean(base)), usual, used, open_
    )


def _season(known: Any, column: str) -> list[float]:
    """Mean over years of a quarter's figure over its year's."""
    ratio = known[column] / known.groupby("year")[column].transform("mean")
    return [float(ratio[known["quarter"] == q].mean()) for q in range(1, QUARTERS + 1)]
