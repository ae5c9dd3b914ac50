"""Packaged tables of several footprints: hospital trusts by code, delays by local authority, read for one footprint.

The rows stand as published. Reading them applies six rules, stated here and nowhere else:

- a site is the sum of its trusts, so that a merger inside the two years is one series from its first quarter on;
- a four-hour share of nought is no performance but a gap: it is missing, and so is a share that has halved in the
  quarter just before such a gap, because part of that quarter is in it;
- the attendances of a quarter that only the monthly returns hold are summed from them;
- delays of a local authority that lies only partly in the footprint count by its stated part;
- at the very beginning of the table, a four-hour share below half of the next quarter's is missing likewise;
- of years that have attendances by quarter and no monthly returns (:func:`months_since`), attendances are spread over
  the months by their days, and the share of them who are admitted is the site's own of the last monthly returns, times
  England's change since.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["USE_JUMP", "beds_of_sites", "delays_of_area", "gaps_and_jumps", "months_of_sites", "months_since"]
__all__ += ["shares_without_gaps"]

USE_JUMP = "use jump"  #: the rule that beds in use jump while beds open do not
SUMMED = ["available", "occupied", "waits_over_12h", "cancelled_operations", "attendances"]
SETTINGS = ("acute", "non_acute", "all")
HALF = 0.5  #: a four-hour share below this part of the quarter before, followed by nought, is half a quarter


def beds_of_sites(beds: Any, months: Any, trusts: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """Rows by site and quarter of a table by trust code.

    Parameters
    ----------
    beds : DataFrame
        Columns code, year, quarter, available, occupied, type1_4h_share, waits_over_12h, cancelled_operations,
        attendances, basis, source.
    months : DataFrame
        Columns code, year, quarter, attendances: the monthly returns.
    trusts : mapping
        Codes by site: the trust that runs it, then those that were merged into it.
    """
    parts = []
    for site, codes in trusts.items():
        rows = beds[beds["code"].isin(codes)].copy()
        for code in codes:
            here = rows["code"] == code
            rows.loc[here, "type1_4h_share"] = shares_without_gaps(rows.loc[here, "type1_4h_share"])
        rows["within"] = rows["type1_4h_share"] * rows["attendances"]
        gap = rows["attendances"].gt(0) & rows["type1_4h_share"].isna()
        by = rows.assign(gap=gap).groupby(["year", "quarter"], sort=True)
        table = by[[*SUMMED, "within"]].sum(min_count=1)
        table["type1_4h_share"] = (table["within"] / table["attendances"]).mask(by["gap"].any())
        table = _with_months(table, months[months["code"].isin(codes)], rows)
        table["source"] = by["source"].first()
        parts.append(table.reset_index().assign(site=site, code=codes[0], basis="host trust").drop(columns="within"))
    whole = pd.concat(parts, ignore_index=True)
    return whole.astype({name: "Int64" for name in ("waits_over_12h", "cancelled_operations", "attendances")})


def _with_months(table: Any, months: Any, rows: Any) -> Any:
    """Add attendances of trusts that have monthly returns for a quarter and no row in the quarterly table."""
    have = set(zip(rows["code"], rows["year"], rows["quarter"], strict=True))
    for (code, year, quarter), count in months.groupby(["code", "year", "quarter"])["attendances"].sum().items():
        if (code, year, quarter) not in have and (year, quarter) in table.index:
            table.loc[(year, quarter), "attendances"] += count
    return table


def shares_without_gaps(shares: Any) -> Any:
    """Four-hour shares in order of time, with noughts and the part-quarter before the first of them missing."""
    found = shares.astype("Float64").mask(shares == 0)
    missing = found.isna()
    for at in range(1, len(found) - 1):
        before, this = found.iloc[at - 1], found.iloc[at]
        if missing.iloc[at + 1] and not missing.iloc[at] and not missing.iloc[at - 1] and this < HALF * before:
            found.iloc[at] = pd.NA
    if len(found) > 1 and not missing.iloc[0] and not missing.iloc[1] and found.iloc[0] < HALF * found.iloc[1]:
        found.iloc[0] = pd.NA
    return found


def months_of_sites(months: Any, trusts: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """Monthly A&E returns by site; trusts that merged are added up month by month."""
    parts = []
    for site, codes in trusts.items():
        rows = months[months["code"].isin(codes)]
        table = rows.groupby("month", sort=True)[["attendances", "breaches", "admissions"]].sum(min_count=1)
        parts.append(table.assign(source=rows["source"].iloc[0] if len(rows) else "", site=site).reset_index())
    return pd.concat(parts, ignore_index=True)


def months_since(beds: Any, months: Any, change: float) -> pd.DataFrame:
    """Monthly A&E of sites in years for which there are attendances by quarter and no monthly returns.

    Parameters
    ----------
    beds : DataFrame
        Rows by site and quarter (:func:`beds_of_sites`).
    months : DataFrame
        Rows by site and month of the last returns (:func:`months_of_sites`); the site's own share of attendances that
        are admitted is theirs.
    change : float
        England's share of attendances that are admitted, over that of the years of `months`.

    Returns
    -------
    DataFrame
        site, month, attendances, breaches, admissions, source. Attendances of a quarter's months sum to the quarter's;
        breaches and admissions are missing where the quarter's four-hour share or the site's returns are.
    """
    last = months.groupby("site")[["attendances", "admissions"]].sum()
    admitted = (last["admissions"] / last["attendances"] * change).to_dict()
    parts = []
    for row in beds[beds["attendances"].notna()].to_dict("records"):
        span: Any = pd.period_range(f"{row['year'][:4]}-04", periods=12, freq="M")[3 * row["quarter"] - 3 :][:3]
        days = np.cumsum(np.asarray(span.days_in_month))
        count = np.diff(np.round(days / days[-1] * int(row["attendances"])), prepend=0)
        parts.append(
            pd.DataFrame({"site": row["site"], "month": span.strftime("%Y-%m"), "attendances": count}).assign(
                breaches=np.nan if pd.isna(row["type1_4h_share"]) else np.round(count * (1 - row["type1_4h_share"])),
                admissions=np.round(count * admitted.get(row["site"], np.nan)),
                source=f"{row['source']}; spread over months, and those admitted as in the last monthly returns",
            )
        )
    whole: Any = pd.concat(parts, ignore_index=True)
    return whole.astype({name: "Int64" for name in ("attendances", "breaches", "admissions")})


def delays_of_area(delays: Any, parts: Mapping[str, float]) -> pd.DataFrame:
    """Delayed days of an area by year and setting, in the shape of a footprint's own table.

    Parameters
    ----------
    delays : DataFrame
        By local authority and year: months, calendar_days, acute_days, non_acute_days, all_days and the attribution.
    parts : mapping
        Share of each local authority's delay that belongs to the area.
    """
    rows = delays[delays["local_authority"].isin(list(parts))]
    weight = rows["local_authority"].map(dict(parts)).astype(float)
    summed = rows[[f"{s}_days" for s in (*SETTINGS, "nhs", "social_care", "both")]].astype(float).mul(weight, axis=0)
    by_year = summed.groupby(rows["year"]).sum()
    calendar = delays.groupby("year")["calendar_days"].max()  # councils that merged share a year between them
    out = []
    for year, row in by_year.iterrows():
        for setting in SETTINGS:
            one: dict[str, Any] = {"year": year, "setting": setting, "days": row[f"{setting}_days"]}
            one["calendar_days"] = calendar[year]
            for party in ("nhs", "social_care", "both"):
                one[f"{party}_days"] = row[f"{party}_days"] if setting == "all" else np.nan
            out.append(one)
    table = pd.DataFrame(out).assign(basis="resident", source=rows["source"].iloc[0])
    whole = ["days", "calendar_days", "nhs_days", "social_care_days", "both_days"]
    table[whole] = table[whole].round().astype("Int64")
    table["beds"] = table["days"] / table["calendar_days"]
    return table


def gaps_and_jumps(
    beds: Any, months: Any, quarters: Sequence[tuple[str, int]], year: str, jump: float, use_jump: float
) -> list[tuple[str, str, float, str]]:
    """What breaks the series of a site: quarters without beds, months without A&E, and beds, open or in use, that jump.

    Returns
    -------
    list of tuple
        Site, kind (``beds missing``, ``months missing``, ``jump`` or ``use jump``), figure, and where. Beds in use are
        not told apart where beds jump in the same quarter.
    """
    found = []
    for site in dict.fromkeys(beds["site"]):
        rows = beds[beds["site"] == site].set_index(["year", "quarter"])
        series = rows["available"].where(rows["available"] > 0).reindex(pd.MultiIndex.from_tuples(list(quarters)))
        used = rows["occupied"].where(rows["occupied"] > 0).reindex(series.index)
        lacking = [f"{y} Q{q}" for (y, q), value in series.items() if pd.isna(value)]
        if lacking:
            found.append((site, "beds missing", float(len(lacking)), ", ".join(lacking)))
        change, in_use = (one.astype(float) / one.astype(float).shift(1) - 1 for one in (series, used))
        for (y, q), c in change.items():
            if abs(c) > jump:
                found.append((site, "jump", float(c), f"{y} Q{q}"))
            elif abs(in_use[y, q]) > use_jump:
                found.append((site, USE_JUMP, float(in_use[y, q]), f"{y} Q{q}"))
        count = int(((months["site"] == site) & (months["year"] == year) & months["attendances"].notna()).sum())
        if count != 12:
            found.append((site, "months missing", float(12 - count), year))
    return found
