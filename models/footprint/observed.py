"""The observed tables of a footprint.

Readers return pandas frames with fixed column types; a missing figure is missing, never zero. Beds and A&E are counted
at the host trusts, delays for residents (of later years at the host trusts as well): :func:`delayed_beds` converts,
nothing compares across bases without it.
"""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from sim.errors import Fault, FaultsError, nearest

if TYPE_CHECKING:
    from models.figures.figures import Figure
    from models.footprint.footprint import Footprint

__all__ = ["AE", "BEDS", "DELAYS", "ae_by_month", "beds_by_quarter", "delayed_beds", "delays_by_year", "holdout_beds"]
__all__ += ["read_rows", "site_means", "totals", "with_years", "within_4h"]

TEXT, WHOLE, REAL = "string", "Int64", "Float64"
BEDS = {"site": TEXT, "code": TEXT, "year": TEXT, "quarter": WHOLE, "available": REAL, "occupied": REAL}
BEDS |= {"type1_4h_share": REAL, "waits_over_12h": WHOLE, "cancelled_operations": WHOLE, "attendances": WHOLE}
BEDS |= {"basis": TEXT, "source": TEXT}
AE = {"site": TEXT, "month": TEXT, "attendances": WHOLE, "breaches": WHOLE, "admissions": WHOLE, "source": TEXT}
DELAYS = {"year": TEXT, "setting": TEXT, "days": WHOLE, "calendar_days": WHOLE, "beds": REAL}
DELAYS |= {"nhs_days": WHOLE, "social_care_days": WHOLE, "both_days": WHOLE, "basis": TEXT, "source": TEXT}

_PATTERNS = {"year": r"\d{4}/\d{2}", "month": r"\d{4}-(0[1-9]|1[0-2])"}
_DAYS = 365  #: in a year whose delays a footprint states as beds
_LIKE = {"year": "2018/19", "month": "2018-04"}


def beds_by_quarter(footprint: Footprint, year: str | None = None) -> pd.DataFrame:
    """General and acute beds, A&E performance and cancellations by site and quarter, of one year or of all.

    Columns: site, code, year, quarter (1 = April), available, occupied, type1_4h_share, waits_over_12h,
    cancelled_operations, attendances, basis, source.
    """
    frame = _shared("beds", footprint)
    if frame is None:
        frame = read_rows(footprint.data.path("beds_quarterly"), BEDS, "host trust")
    return frame if year is None else frame[frame["year"] == year].reset_index(drop=True)


def holdout_beds(footprint: Footprint) -> pd.DataFrame:
    """The quarters that no calibration may see, in the shape of :func:`beds_by_quarter`."""
    frame = _any(beds_by_quarter(footprint, footprint.holdout.year))
    return frame[frame["quarter"].isin(footprint.holdout.quarters)].reset_index(drop=True)


def ae_by_month(footprint: Footprint) -> pd.DataFrame:
    """Type 1 A&E by site and month: attendances, breaches (over four hours), admissions, and the month's days."""
    frame = _shared("months", footprint)
    return with_years(read_rows(footprint.data.path("ae_monthly"), AE, "")) if frame is None else frame


def with_years(frame: pd.DataFrame) -> pd.DataFrame:
    """Add to monthly rows the April year and the days of each month."""
    start = pd.PeriodIndex(frame["month"], freq="M")
    return frame.assign(year=(start - 3).year.map(lambda y: f"{y}/{(y + 1) % 100:02d}"), days=start.days_in_month)


def delays_by_year(footprint: Footprint, setting: str | None = None) -> pd.DataFrame:
    """Delayed transfers of residents by year, with days and beds (days over calendar days).

    Parameters
    ----------
    footprint : Footprint
    setting : {'acute', 'non_acute', 'all'}, optional
        One setting; ``all`` is the sum of the other two and alone carries the attribution.
    """
    frame = _stated(footprint) if footprint.data.delays_annual is None else _shared("delays", footprint)
    if frame is None:
        frame = read_rows(footprint.data.path("delays_annual"), DELAYS, "resident")
    frame["beds"] = frame["days"] / frame["calendar_days"]
    return frame if setting is None else frame[frame["setting"] == setting].reset_index(drop=True)


def site_means(footprint: Footprint, year: str | None = None) -> pd.DataFrame:
    """By site: mean beds of the year's quarters and type 1 A&E a day; the baseline year unless another is named.

    A&E columns are missing for a year without A&E rows.
    """
    year = year or footprint.baseline_year
    beds = _any(beds_by_quarter(footprint, year)).groupby("site")
    table = pd.DataFrame({"beds_available": beds["available"].mean(), "beds_occupied": beds["occupied"].mean()})
    table["occupancy"] = table["beds_occupied"] / table["beds_available"]
    months = _any(ae_by_month(footprint))
    sums = months[months["year"] == year].groupby("site")[["attendances", "breaches", "admissions", "days"]].sum()
    table["type1_attendances_per_day"] = sums["attendances"] / sums["days"]
    table["type1_admissions_per_day"] = sums["admissions"] / sums["days"]
    table["type1_4h_share"] = within_4h(months[months["year"] == year])
    return table.reindex([site for site in footprint.sites if site in table.index]).astype(float)


def within_4h(months: pd.DataFrame) -> pd.Series:
    """Share of attendances within four hours by site, of the months whose breaches are known."""
    told = _any(months)[_any(months)["breaches"].notna()]
    sums = told.groupby("site")[["breaches", "attendances"]].sum()
    return 1 - sums["breaches"] / sums["attendances"]


def totals(footprint: Footprint) -> pd.Series:
    """Sums of :func:`site_means` over the sites, with occupancy as beds occupied over beds available."""
    summed = _any(site_means(footprint)).drop(columns=["occupancy", "type1_4h_share"]).sum(min_count=1)
    summed["occupancy"] = summed["beds_occupied"] / summed["beds_available"]
    return summed


def delayed_beds(footprint: Footprint, year: str, setting: str = "acute", basis: str = "host trust") -> Figure:
    """Beds delayed in a year as a figure on the wanted basis; the published rows count residents.

    Raises
    ------
    FaultsError
        When the table has no such row, or the basis differs and no conversion is declared.
    """
    from models.figures.figures import Figure
    from models.footprint.footprint import to_basis

    rows = _any(delays_by_year(footprint, setting))
    row = rows[rows["year"] == year]
    if row.empty:
        known = sorted(set(delays_by_year(footprint)["year"]) | set(delays_by_year(footprint)["setting"]))
        rule = f"the table of delays has no row '{year}', '{setting}'; it has {', '.join(known)}."
        raise FaultsError([Fault("data.delays_annual", None, rule)], "delays")
    stated = {"acute": footprint.delays.acute_beds, "non_acute": footprint.delays.non_acute_beds}.get(setting)
    if footprint.data.delays_annual is None and stated is not None:
        return to_basis(stated, basis, footprint.delays.host_conversion)
    figure = Figure(
        value=float(row["beds"].iloc[0]),
        unit="beds",
        year=year,
        basis=str(row["basis"].iloc[0]),
        status="derived",
        source=str(row["source"].iloc[0]),
    )
    return to_basis(figure, basis, footprint.delays.host_conversion)


def _stated(footprint: Footprint) -> Any:
    """Delays of the one year that the footprint itself states, in the shape of a table of years."""
    stated = {"acute": footprint.delays.acute_beds, "non_acute": footprint.delays.non_acute_beds}
    rows = [
        {"year": one.year, "setting": setting, "days": one.value * _DAYS, "calendar_days": _DAYS}
        | {"basis": one.basis, "source": one.source}
        for setting, one in stated.items()
        if one is not None
    ]
    return _any(pd.DataFrame(rows))


def _any(table: Any) -> Any:
    """A table whose operations no type checker can follow."""
    return table


def _shared(table: str, footprint: Footprint) -> Any:
    """A footprint's rows of the tables that several footprints share; None when it has tables of its own."""
    from models.footprint import tables as footprint_tables
    from models.footprint.footprint import SharedData

    data = footprint.data
    return getattr(footprint_tables, f"shared_{table}")(data) if isinstance(data, SharedData) else None


def read_rows(path: Path, types: dict[str, str], basis: str) -> Any:
    """Read a table of known columns; a missing figure stays missing.

    Parameters
    ----------
    types : dict
        Kind of every column: text, whole numbers or real numbers.
    basis : str
        The basis that every row must have; empty when the table says none.

    Raises
    ------
    FaultsError
        With every fault of the table.
    """
    try:
        return _rows_of(path.name, path.read_bytes(), tuple(types.items()), basis).copy()
    except (OSError, ValueError) as error:
        beside = [other.name for other in path.parent.glob("*.csv")] if path.parent.is_dir() else []
        rule = "no such file." if isinstance(error, FileNotFoundError) else f"cannot be read: {error}."
        raise FaultsError([Fault(path.name, None, rule, nearest=nearest(path.name, beside))], "data") from None


@lru_cache(maxsize=16)
def _rows_of(name: str, content: bytes, types: tuple[tuple[str, str], ...], basis: str) -> Any:
    """Rows of a table, read once for the same text: several checks of a footprint look at each."""
    frame = _any(pd.read_csv(BytesIO(content), dtype="string"))
    faults = []
    for column, kind in types:
        if column not in frame:
            rule = "this column is missing."
            faults.append(Fault(f"{name}:{column}", None, rule, nearest=nearest(column, frame.columns)))
        elif kind == TEXT:
            pattern = _PATTERNS.get(column, ".+")
            bad = ~frame[column].str.fullmatch(pattern).fillna(False).astype(bool)
            rule = f"must be text like {_LIKE.get(column, 'a word')}."
            faults += [Fault(f"{name}:{i + 2}:{column}", str(frame[column][i]), rule) for i in frame.index[bad]]
        else:
            text = frame[column]
            number = _any(pd.to_numeric(text, errors="coerce"))
            bad = text.notna() & (number.isna() | (number < 0) | ((number % 1 != 0) & (kind == WHOLE)))
            wanted = "a whole number" if kind == WHOLE else "a number"
            rule = f"must be empty or {wanted} at or above zero."
            faults += [Fault(f"{name}:{i + 2}:{column}", str(text[i]), rule) for i in frame.index[bad.fillna(True)]]
            frame[column] = number.mask(bad).astype(kind)
    given = sorted(set(frame["basis"].dropna())) if "basis" in frame else []
    if basis and set(given) - {basis}:
        faults.append(Fault(f"{name}:basis", given, f"bases may not be mixed; every row must be '{basis}'."))
    if faults:
        raise FaultsError(faults, name)
    return frame[[column for column, _ in types]]
