"""What a back-test is told, figure by figure, and of which year each is.

Hindsight is a figure of a later year than the plan. The year is the one that a figure describes, since that is what the
configuration holds; it may have been published later still.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from models.backtest.case import Case
from models.settings.settings import Settings

__all__ = ["COLUMNS", "inputs", "is_later"]

COLUMNS = ["part", "key", "value", "unit", "year", "dated", "status", "source"]
KNOWN, LATER, UNDATED = "known", "later", "no date"
#: parts of the configuration that a back-test uses; the plan's claims and outcome are compared, never used
PARTS = ("plan", "gates", "criteria", "feedback", "around")
NEVER_USED = ("claims", "outcome")
_KINDS = ("value", "values", "shares", "hours")


def is_later(year: str, known_until: int) -> bool | None:
    """Whether the last year that a figure describes begins after `known_until`; None when it describes none."""
    years = [int(y) for y in re.findall(r"\d{4}", year)]
    return max(years) > known_until if years else None


def inputs(case: Case, chosen: Settings) -> pd.DataFrame:
    """Every figure that the back-test is told: part, key, value, unit, year, whether it is later, status and source."""
    parts = {"footprint": chosen.footprint.model_dump(mode="json")}
    parts |= {part: chosen.composed.get(part) or {} for part in PARTS}
    del parts["footprint"]["demand"]["growth"]  # the case has its own
    parts["criteria"] = {key: part for key, part in parts["criteria"].items() if key != "realism"}  # seen later
    parts["case"] = {"growth": case.growth.model_dump(mode="json")}
    rows = []
    for part, data in parts.items():
        for key, figure in _figures(data, ""):
            value = next(figure[kind] for kind in _KINDS if kind in figure)
            year = str(figure.get("year", "not applicable"))
            dated = {True: LATER, False: KNOWN, None: UNDATED}[is_later(year, case.known_until)]
            status, source = figure.get("status", "assumed"), figure.get("source", "own estimate")
            rows.append((part, key, str(value), figure.get("unit", ""), year, dated, status, source))
    return pd.DataFrame(rows, columns=COLUMNS)


def _figures(data: Any, path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if isinstance(data, Mapping):
        if data.get("enabled") is False:  # what is switched off is not told
            return
        if "year" in data and any(kind in data for kind in _KINDS):
            yield path, data
            return
        for key, value in data.items():
            if not path and key in NEVER_USED:
                continue
            yield from _figures(value, f"{path}.{key}" if path else str(key))
    elif isinstance(data, list):
        for number, value in enumerate(data):
            yield from _figures(value, f"{path}.{number}")
