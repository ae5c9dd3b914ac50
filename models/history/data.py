"""The national history of England's hospitals by quarter, and views of it that end where a fit ended.

The packaged tables (``configs/history/data``) run from 2010/11 Q1 to 2019/20 Q3. Beds are general and acute, open
overnight, counted at midnight and averaged over the quarter. 2010/11 is there for the beds and the planned operations
only; every column is complete from 2011/12. :func:`england_later` goes on through the pandemic to 2024/25 Q2, with
beds and A&E only: delayed transfers were no longer published.

What was given in advance and what was to be forecast are kept apart: :data:`INPUTS` may be told to a forecast for the
quarter it is about, anything else may not.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any, cast

import numpy as np
import pandas as pd

from models import CONFIGS
from sim.errors import CarebridgeError, Fault, FaultsError, nearest

__all__ = [
    "COLUMNS",
    "COMPLETE_FROM",
    "DATA",
    "INPUTS",
    "History",
    "Key",
    "Quarter",
    "SealedError",
    "days_of",
    "england",
    "england_later",
]
__all__ += ["label", "month_indices", "parse", "year_after", "year_before"]

DATA = CONFIGS / "history" / "data"
COMPLETE_FROM = "2011/12"  #: the first year in which every column is known
ENDED_AFTER = ("2019/20", 3)  #: the last quarter of the columns in ``_ENDED``
SUM_TOLERANCE = 0.01  #: months against their quarter: both are written to three decimals

#: what a forecast may be told about the quarter it forecasts; ``days`` is known from the calendar
INPUTS = ("emergency_admissions", "beds_available", "elective_admissions", "type1_attendances")

Key = tuple[str, int]  #: year and quarter, for example ("2014/15", 3) for October to December 2014


class SealedError(CarebridgeError):
    """A quarter was asked for that lies after the end of a history."""


@dataclass(frozen=True)
class Quarter:
    """One quarter of England; a figure that was not published is ``nan``.

    Parameters
    ----------
    year, quarter
        Financial year, for example ``2011/12``, and 1 (April to June) to 4.
    days : int
        Calendar days.
    beds_available, beds_occupied : float
        General and acute beds open overnight, mean of the quarter.
    emergency_admissions, emergency_admissions_via_type1 : float
        People a quarter, by every route and through major (type 1) departments.
    type1_attendances, attendances_all : float
        Attendances a quarter at major departments, and at all.
    type1_over_4h : float
        Stays over four hours in major departments. From May 2019 without the trusts that tested other standards.
    type1_4h_share : float
        Share within four hours in major departments, of the trusts that reported it.
    type1_4h_share_tabled : float
        One less ``type1_over_4h / type1_attendances``: the same until April 2019, afterwards too high by up to 3.3
        points, because the trusts of the field test stay in the denominator. Kept because published tables use it.
    waits_over_4h, waits_over_12h : float
        People who waited that long for a bed after the decision to admit.
    delayed_days_acute, delayed_days_non_acute, delayed_days_all : float
        Days of delayed transfers of care.
    elective_admissions, elective_cancelled, elective_not_treated_28d : float
        Planned admissions with day cases; operations cancelled at the last minute; of these not done within 28 days.
    rtt_list, rtt_18w_share : float
        People waiting for planned care at the end of the quarter, estimated for trusts that did not report, and the
        share of them within 18 weeks.
    """

    year: str
    quarter: int
    days: int
    beds_available: float
    beds_occupied: float
    emergency_admissions: float
    emergency_admissions_via_type1: float
    type1_attendances: float
    attendances_all: float
    type1_over_4h: float
    type1_4h_share: float
    type1_4h_share_tabled: float
    waits_over_4h: float
    waits_over_12h: float
    delayed_days_acute: float
    delayed_days_non_acute: float
    delayed_days_all: float
    elective_admissions: float
    elective_cancelled: float
    elective_not_treated_28d: float
    rtt_list: float
    rtt_18w_share: float


_KEYS = ("year", "quarter", "days")
_NOT_IN_FILE = "delayed_days_all"
_ENDED = ("delayed_days_acute", "delayed_days_non_acute", "elective_admissions", "elective_cancelled")
_ENDED += ("elective_not_treated_28d", "rtt_list", "rtt_18w_share")  # not published, or not read, later
COLUMNS = tuple(f.name for f in fields(Quarter) if f.name not in _KEYS)  #: the figures of a quarter
_SUMMED = ("emergency_admissions", "emergency_admissions_via_type1", "type1_attendances", "attendances_all")
_SUMMED += ("type1_over_4h", "waits_over_4h", "waits_over_12h", "delayed_days_acute", "delayed_days_non_acute")


def year_before(year: str, by: int = 1) -> str:
    """The financial year `by` years earlier: ``2014/15`` becomes ``2013/14``."""
    first = int(year[:4]) - by
    return f"{first}/{(first + 1) % 100:02d}"


def year_after(year: str) -> str:
    """The next financial year."""
    return year_before(year, -1)


def label(key: Key) -> str:
    """A quarter in words: ``2014/15 Q3``."""
    return f"{key[0]} Q{key[1]}"


def parse(when: str | Key) -> Key:
    """A year (its last quarter), ``2014/15 Q3`` or a pair, as year and quarter.

    Raises
    ------
    FaultsError
        When it is none of these.
    """
    text = when if isinstance(when, str) else f"{when[0]} Q{when[1]}"
    found = re.fullmatch(r"(\d{4})/(\d{2})(?: Q([1-4]))?", text)
    if not found or int(found[2]) != (int(found[1]) + 1) % 100:
        rule = "must be a financial year, with or without a quarter"
        raise FaultsError([Fault("quarter", when, rule, example="2014/15 Q3")], "a date")
    return f"{found[1]}/{found[2]}", int(found[3] or 4)


@lru_cache(maxsize=256)
def days_of(year: str, quarter: int) -> int:
    """Calendar days of a quarter of a financial year."""
    month = 4 + 3 * (quarter - 1)
    first = int(year[:4]) + (month > 12)
    return sum(monthrange(first, (month - 1) % 12 + 1 + step)[1] for step in range(3))


@dataclass(frozen=True, eq=False, repr=False)
class History:
    """Quarters in order, and the months behind them; rows cannot be changed, and later rows cannot be seen.

    :func:`england` gives the whole, :meth:`until` a view of its beginning. A view does not hold later rows: what was
    trained on it cannot have read them.
    """

    _table: pd.DataFrame
    _months: pd.DataFrame
    sealed: bool = False

    @classmethod
    def of(cls, quarters: pd.DataFrame, months: pd.DataFrame | None = None, what: str = "the history") -> History:
        """A history of these tables, after checks.

        Raises
        ------
        FaultsError
            With every fault: columns missing, quarters missing or out of order, figures missing, negative or
            impossible, months that do not sum to their quarter.
        """
        months = pd.DataFrame({"month": pd.Series(dtype=str)}) if months is None else months.copy()
        table: Any = quarters.drop(columns=[c for c in ("source", _NOT_IN_FILE) if c in quarters.columns])
        faults = _columns_missing(table) or [*_rows_wrong(table), *_figures_wrong(table), *_sums_wrong(table, months)]
        if faults:
            raise FaultsError(faults, what)
        table = table.reset_index(drop=True)
        table[_NOT_IN_FILE] = table["delayed_days_acute"] + table["delayed_days_non_acute"]
        return cls(table[[*_KEYS, *COLUMNS]], months)

    @property
    def last(self) -> Key:
        """The last quarter of this history."""
        return self._key(-1)

    @property
    def first(self) -> Key:
        """The first quarter of this history."""
        return self._key(0)

    def frame(self) -> pd.DataFrame:
        """A copy of the table: year, quarter, days and :data:`COLUMNS`."""
        return self._table.copy()

    def months(self) -> pd.DataFrame:
        """A copy of the table of months (``month`` is ``2014-04``), to the last quarter of this history."""
        return self._months.copy()

    def at(self, year: str, quarter: int) -> Quarter:
        """One quarter.

        Raises
        ------
        SealedError
            When it is later than this history.
        FaultsError
            When it is earlier, or no quarter.
        """
        position = self._position((year, quarter))
        return Quarter(**cast(Any, self._table.iloc[position].to_dict()))

    def until(self, when: str | Key) -> History:
        """A view that ends with a year (``2014/15``) or a quarter (``2014/15 Q3``) and holds nothing later.

        Raises
        ------
        SealedError
            When this history ends earlier; a view cannot be widened.
        """
        key = parse(when)
        whole_year = isinstance(when, str) and "Q" not in when  # the last year of the data may be unfinished
        if key[0] > self.last[0] or (key > self.last and not whole_year):
            raise SealedError(self._beyond(key))
        keep = [(y, q) <= key for y, q in zip(self._table["year"], self._table["quarter"], strict=True)]
        if not any(keep):
            rule = f"is before the history, which begins with {label(self.first)}"
            raise FaultsError([Fault("until", label(key), rule)], "a look into the history")
        first = int(key[0][:4])
        end = f"{first}-{4 + 3 * key[1]:02d}" if key[1] < 3 else f"{first + 1}-{3 * key[1] - 8:02d}"
        table, months = cast(Any, self._table[keep]), cast(Any, self._months[self._months["month"] < end])
        return History(table.reset_index(drop=True), months.reset_index(drop=True), sealed=True)

    def keys(self) -> list[Key]:
        """The quarters of this history, in order."""
        return [(str(y), int(q)) for y, q in zip(self._table["year"], self._table["quarter"], strict=True)]

    def inputs(self, year: str, quarter: int, names: Iterable[str]) -> dict[str, float]:
        """Named inputs of one quarter; only :data:`INPUTS` are given.

        Raises
        ------
        FaultsError
            When a name is no input: a target is never told.
        """
        names = list(names)
        faults = [
            Fault("input", name, f"must be one of: {', '.join(INPUTS)}", nearest=nearest(name, INPUTS))
            for name in names
            if name not in INPUTS
        ]
        if faults:
            raise FaultsError(faults, "the inputs of a forecast")
        position = self._position((year, quarter))
        return {name: float(cast(float, self._table.at[position, name])) for name in names}

    def __len__(self) -> int:
        return len(self._table)

    def __repr__(self) -> str:
        return f"History({label(self.first)} to {label(self.last)}{', sealed' if self.sealed else ''})"

    def _key(self, row: int) -> Key:
        return str(self._table["year"].iloc[row]), int(self._table["quarter"].iloc[row])

    def _position(self, when: Key) -> int:
        """Row of a quarter; rows are complete and in order, so it is counted and not searched."""
        key = parse(when)
        if key > self.last:
            raise SealedError(self._beyond(key))
        if key < self.first:
            rule = f"is before the history, which begins with {label(self.first)}"
            raise FaultsError([Fault("quarter", label(key), rule)], "a look into the history")
        return 4 * (int(key[0][:4]) - int(self.first[0][:4])) + key[1] - self.first[1]

    def _beyond(self, key: Key) -> str:
        text = f"{label(key)} was asked for, but this history ends with {label(self.last)}"
        return text + (": it is a sealed view, and holds nothing later" if self.sealed else "")


@lru_cache(maxsize=1)
def england() -> History:
    """The packaged history of England, 2010/11 Q1 to 2019/20 Q3 (39 quarters), after checks."""
    types: Any = {"year": str, "month": str}
    quarters = pd.read_csv(DATA / "england_quarterly.csv", dtype=types)
    return History.of(quarters, pd.read_csv(DATA / "england_monthly.csv", dtype=types), "england_quarterly.csv")


@lru_cache(maxsize=1)
def england_later() -> History:
    """The history of England through the pandemic, 2010/11 Q1 to 2024/25 Q2 (58 quarters), after checks.

    Delayed transfers, planned operations and the waiting list end with 2019/20 Q3. From May 2019 to May 2023 fourteen
    trusts reported no four-hour share.
    """
    types: Any = {"year": str, "month": str}

    def both(which: str) -> pd.DataFrame:
        return pd.concat([pd.read_csv(DATA / f"england_{part}{which}.csv", dtype=types) for part in ("", "later_")])

    return History.of(both("quarterly"), both("monthly"), "england_later_quarterly.csv")


def month_indices(history: History) -> pd.Series:
    """Daily emergency admissions of each month over those of its financial year: mean of the whole years of a history.

    Made from the given history, so a view gives indices that know nothing later. The published table
    (``period_indices.csv``) averages to March 2019, and so has seen the test quarters.

    Returns
    -------
    pd.Series
        By calendar month, 1 to 12.
    """
    months: Any = history.months()
    period: Any = pd.PeriodIndex(months["month"], freq="M")
    daily = months["emergency_admissions"] / months["days"]
    years = pd.Series((period - 3).year, index=months.index)
    whole = daily.groupby(years).transform("count") == 12
    ratio = (daily / daily.groupby(years).transform("mean"))[whole]
    return ratio.groupby(np.asarray(period.month)[whole.to_numpy()]).mean()


def _columns_missing(table: pd.DataFrame) -> list[Fault]:
    wanted = [*_KEYS, *(name for name in COLUMNS if name != _NOT_IN_FILE)]
    here = [str(name) for name in table.columns]
    missing = [
        Fault(name, None, "column is missing", nearest=nearest(name, here)) for name in wanted if name not in here
    ]
    odd = [Fault(name, None, "is no column of the history") for name in here if name not in wanted]
    return [*missing, *odd, *([] if len(table) else [Fault("rows", 0, "must be at least one")])]


def _rows_wrong(table: pd.DataFrame) -> list[Fault]:
    """Quarters must follow one another without a gap and have the days of the calendar."""
    faults, expected = [], None
    for year, quarter, days in zip(table["year"], table["quarter"], table["days"], strict=True):
        if not re.fullmatch(r"\d{4}/\d{2}", str(year)) or quarter not in (1, 2, 3, 4):
            faults.append(Fault("year, quarter", f"{year} Q{quarter}", "must be a quarter such as 2014/15 Q3"))
            continue
        key = (str(year), int(quarter))
        if expected is not None and key != expected:
            faults.append(Fault("row", label(key), f"quarters must be in order and complete; {label(expected)} is due"))
        if days != days_of(*key):
            faults.append(Fault(f"{label(key)}.days", days, f"the calendar has {days_of(*key)}"))
        expected = (key[0], key[1] + 1) if key[1] < 4 else (year_after(key[0]), 1)
    return faults


def _figures_wrong(table: pd.DataFrame) -> list[Fault]:
    """Nothing missing from 2011/12 on, nothing negative, shares up to one, no more beds used than there are."""
    faults: list[Fault] = []
    for row in cast("list[Mapping[str, Any]]", table.to_dict("records")):
        where = f"{row['year']} Q{row['quarter']}"
        for name in (name for name in COLUMNS if name != _NOT_IN_FILE):
            value = row[name]
            if pd.isna(value):
                ended = name in _ENDED and (str(row["year"]), row["quarter"]) > ENDED_AFTER
                if (str(row["year"]) >= COMPLETE_FROM or name.startswith("beds_")) and not ended:
                    faults.append(Fault(f"{where}.{name}", None, "figure is missing"))
            elif value < 0 or ("share" in name and value > 1):
                rule = "must lie between 0 and 1" if "share" in name else "must not be negative"
                faults.append(Fault(f"{where}.{name}", value, rule))
        if row["beds_occupied"] > row["beds_available"]:
            rule = f"must not exceed the {row['beds_available']:g} beds available"
            faults.append(Fault(f"{where}.beds_occupied", row["beds_occupied"], rule))
    return faults


def _sums_wrong(table: pd.DataFrame, months: pd.DataFrame) -> list[Fault]:
    """Three months must add up to their quarter, wherever both are known."""
    if months.empty:
        return []
    period: Any = pd.PeriodIndex(months["month"], freq="M")
    keys = [
        (f"{y}/{(y + 1) % 100:02d}", (m - 4) % 12 // 3 + 1)
        for y, m in zip((period - 3).year, period.month, strict=True)
    ]
    faults = []
    for name in (name for name in _SUMMED if name in months.columns):
        sums: Any = months[name].groupby(pd.MultiIndex.from_tuples(keys)).sum(min_count=3)
        for year, quarter, value in zip(table["year"], table["quarter"], table[name], strict=True):
            total = sums.get((year, quarter), np.nan)
            if np.isfinite(total) and np.isfinite(value) and abs(total - value) > SUM_TOLERANCE:
                faults.append(Fault(f"{year} Q{quarter}.{name}", value, f"its months sum to {total:g}"))
    return faults
