"""Reading the tables that several footprints share: trusts by code, delays by local authority."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.footprint.observed import AE, BEDS, TEXT, WHOLE, read_rows, with_years
from models.footprint.trusts import beds_of_sites, delays_of_area, months_of_sites, months_since

if TYPE_CHECKING:
    from models.footprint.footprint import SharedData

__all__ = ["quarters_held", "shared_beds", "shared_delays", "shared_delays_of", "shared_months", "shared_names"]

BEDS_BY_CODE = {name: kind for name, kind in BEDS.items() if name != "site"}
MONTHS_BY_CODE = {"code": TEXT} | {name: kind for name, kind in AE.items() if name != "site"}
BY_COUNCIL = {"local_authority": TEXT, "year": TEXT}
BY_COUNCIL |= dict.fromkeys(("months", "calendar_days", "acute_days", "non_acute_days", "all_days"), WHOLE)
BY_COUNCIL |= dict.fromkeys(("nhs_days", "social_care_days", "both_days"), WHOLE) | {"basis": TEXT, "source": TEXT}


@lru_cache(maxsize=8)
def _kept(path: Path, changed: int, columns: tuple[tuple[str, str], ...], basis: str) -> Any:
    """Rows of a table, read once for as long as the file stays as it is."""
    return read_rows(path, dict(columns), basis)


def _rows(path: Path, columns: dict[str, str], basis: str) -> Any:
    return _kept(path, _changed(path), tuple(columns.items()), basis).copy()


def _changed(path: Path) -> int:
    """When a file was last changed."""
    return path.stat().st_mtime_ns if path.exists() else 0


@lru_cache(maxsize=64)
def _made(make: Callable[[SharedData], Any], asked: str, changed: tuple[int, ...]) -> Any:
    """A table of one area, made once for as long as the files stay as they are."""
    from models.footprint.footprint import shared_or_own

    return make(shared_or_own(json.loads(asked)))


def _of_area(make: Callable[[SharedData], Any], data: SharedData, *tables: str) -> Any:
    changed = tuple(_changed(data.path(table)) for table in tables)
    return _made(make, data.model_dump_json(), changed).copy()


def _beds(data: SharedData) -> Any:
    return _rows(data.path("beds_quarterly"), BEDS_BY_CODE, "host trust")


def _months(data: SharedData) -> Any:
    frame: Any = with_years(_rows(data.path("ae_monthly"), MONTHS_BY_CODE, ""))
    month = frame["month"].str[5:].astype(int)
    return frame.assign(quarter=(month - 4) % 12 // 3 + 1)


def shared_beds(data: SharedData) -> Any:
    """Rows of beds by site and quarter, in the shape of a footprint's own table."""
    return _of_area(_beds_of_area, data, "beds_quarterly", "ae_monthly")


def _beds_of_area(data: SharedData) -> Any:
    return beds_of_sites(_beds(data), _months(data), data.trusts)[list(BEDS)]


def shared_months(data: SharedData) -> Any:
    """Rows of type 1 A&E by site and month, with the April year and the days of each month."""
    return _of_area(_months_of_area, data, "beds_quarterly", "ae_monthly")


def _months_of_area(data: SharedData) -> Any:
    from models.footprint.footprint import LaterData

    frame: Any = months_of_sites(_months(data), data.trusts)
    if isinstance(data, LaterData):
        frame = months_since(_beds_of_area(data), frame, data.admitted_change.value)
    return with_years(frame[list(AE)])


def shared_delays(data: SharedData) -> Any:
    """Rows of delays by year and setting, in the shape of a footprint's own table."""
    return delays_of_area(_councils(data), data.parts)


def _councils(data: SharedData) -> Any:
    return _rows(data.path("delays_annual"), BY_COUNCIL, "resident")


def shared_delays_of(name: str, year: str) -> float:
    """Acute beds held by delayed residents of one local authority in a year; nought when it did not exist then."""
    rows = _councils(_packaged())
    rows = rows[(rows["local_authority"] == name) & (rows["year"] == year)]
    return float((rows["acute_days"] / rows["calendar_days"]).sum())


@lru_cache(maxsize=4)
def shared_names(beds_quarterly: str = "trusts_beds_quarterly.csv") -> tuple[frozenset[str], frozenset[str]]:
    """Codes of the trusts and names of the local authorities that the shared tables hold, by the table of beds."""
    data = _packaged(beds_quarterly)
    codes = {*_beds(data)["code"], *_months(data)["code"]}
    return frozenset(codes), frozenset(_councils(data)["local_authority"])


def quarters_held(beds_quarterly: str = "trusts_beds_quarterly.csv") -> dict[str, int]:
    """Quarters with beds by code of the trusts in a shared table."""
    beds: Any = _beds(_packaged(beds_quarterly))
    return {str(code): int(count) for code, count in beds[beds["available"] > 0].groupby("code").size().items()}


def _packaged(beds_quarterly: str = "trusts_beds_quarterly.csv") -> SharedData:
    from models.footprint.footprint import SharedData

    names = {
        "beds_quarterly": beds_quarterly,
        "ae_monthly": "trusts_ae_monthly.csv",
        "delays_annual": "delays_annual.csv",
    }
    return SharedData.model_validate(names | {"trusts": {"any": ["any"]}, "parts": {"any": 1.0}})
