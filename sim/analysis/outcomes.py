"""Outcomes: from the collected tables of a sweep, one answer for every point of its design.

A table of answers has one row for every point and measure: ``point``, the keys of the design, ``measure``, further
columns that say what is measured (a timeline, a station), and ``value`` or ``mean``. Where no table is so long, every
column of numbers of a table with one row a point is a measure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from sim.analysis.layout import Layout
from sim.analysis.words import text as as_text
from sim.errors import CarebridgeError, Fault, FaultsError, nearest
from sim.sweep.folder import Folder

__all__ = ["Outcome", "Tables"]

Floats = npt.NDArray[np.float64]

MOST_OUTCOMES = 24  #: of one measure; more would drown whoever reads them
_VALUE, _NOT_TELLING = ("value", "mean"), ("half_width", "replications", "unit")
_WHERE = "command line"


@dataclass(frozen=True)
class Outcome:
    """One answer a point.

    Parameters
    ----------
    measure : str
    where : dict
        The other columns that say what is measured, with their values.
    points : DataFrame
        ``point`` and the keys of the design.
    y, low, high : array
        Answer of every point, with its 95 % interval over replications; NaN where that is not known.
    layout : Layout
        How the points were laid out.
    unit : str
    given : dict
        Keys of the design that were held at one value.
    """

    measure: str
    where: dict[str, str]
    points: pd.DataFrame
    y: Floats
    low: Floats
    high: Floats
    layout: Layout
    unit: str = ""
    given: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """In words, for titles."""
        told = [v for v in self.where.values() if v] + [f"{k}={v}" for k, v in self.given.items()]
        return f"{self.measure} ({', '.join(told)})" if told else self.measure

    @property
    def keys(self) -> list[str]:
        """Keys of the design that vary here."""
        return [str(k) for k in self.points if k != "point" and len(set(self.values(str(k)))) > 1]

    def values(self, key: str) -> npt.NDArray[Any]:
        """Value of a key in every point."""
        return self.points[key].to_numpy()

    @property
    def half(self) -> Floats:
        """Half-width of the interval of every point."""
        return (self.high - self.low) / 2

    def is_number(self, key: str) -> bool:
        """Whether a key has an order: numbers, and not true or false."""
        return self.values(key).dtype.kind in "iuf"

    def known(self) -> Outcome:
        """The same without the points that have no answer."""
        return self.at(np.isfinite(self.y))

    def at(self, chosen: npt.NDArray[np.bool_]) -> Outcome:
        """Some of the points."""
        points = self.points[chosen].reset_index(drop=True)
        return replace(self, points=points, y=self.y[chosen], low=self.low[chosen], high=self.high[chosen])


class Tables:
    """The tables of answers of a sweep.

    Parameters
    ----------
    folder : Folder
        It must have been collected.

    Raises
    ------
    CarebridgeError
        When there are no tables, or the sweep has a single point.
    """

    def __init__(self, folder: Folder):
        self._folder = folder
        self._files = sorted(folder.file("tables").glob("*.parquet"))
        if not self._files:
            raise CarebridgeError(f"{folder.path}: there are no tables; run `carebridge collect {folder.path}` first.")
        if len(folder.points) < 2:
            raise CarebridgeError(f"{folder.path}: this sweep has a single point; there is nothing to compare.")
        self.keys = list(folder.about["keys"])
        self.layout = Layout.of(folder.about["design"], self.keys, len(folder.points))

    @cached_property
    def points(self) -> pd.DataFrame:
        """``point`` and the keys of the design."""
        return self._folder.points.table().to_pandas()

    @cached_property
    def frame(self) -> pd.DataFrame:
        """All answers: ``point``, columns that tell, ``measure``, ``unit``, ``value`` and ``half_width``."""
        found = [f for f in map(self._long, self._files) if f is not None]
        found = found or [f for f in map(self._wide, self._files) if f is not None]
        if not found:
            raise CarebridgeError(f"{self._folder.path}: no table has one row of answers for every point.")
        return pd.concat(found, ignore_index=True)

    def _read(self, file: Path) -> pd.DataFrame | None:
        """A table of points; one of single replications is not."""
        import pyarrow.parquet as pq

        names = pq.read_schema(str(file)).names
        if "replication" in names:
            return None
        return pq.read_table(str(file)).drop_columns([k for k in self.keys if k in names]).to_pandas()

    def _long(self, file: Path) -> pd.DataFrame | None:
        table = self._read(file)
        value = next((v for v in _VALUE if table is not None and v in table), None)
        if table is None or value is None or "measure" not in table:
            return None
        table = table.rename(columns={value: "value"})
        telling = [c for c in table if c not in ("point", "measure", "value", *_NOT_TELLING)]
        table[telling] = table[telling].astype(object).where(table[telling].notna(), "").astype(str)
        return table

    def _wide(self, file: Path) -> pd.DataFrame | None:
        table = self._read(file)
        if table is None or table["point"].duplicated().any():
            return None
        numbers = [c for c in table.select_dtypes("number") if c not in ("point", *_NOT_TELLING)]
        if not numbers:
            return None
        units = self._folder.about["units"].get(file.stem, {})
        long = table[["point", *numbers]].melt("point", numbers, "measure", "value")
        long["unit"] = long["measure"].map(lambda m: units.get(m, ""))
        return long

    @property
    def telling(self) -> list[str]:
        """Columns beside the measure that say what is measured."""
        return [c for c in self.frame if c not in ("point", "measure", "value", *_NOT_TELLING)]

    def measures(self) -> list[str]:
        """Names of all measures."""
        return list(dict.fromkeys(self.frame["measure"]))

    def choices(self) -> list[str]:
        """What there is to choose from, in lines."""
        lines = [f"measure: {', '.join(self.measures())}"]
        for column in self.telling:
            lines.append(f"group={column}=...: {', '.join(v or '(none)' for v in dict.fromkeys(self.frame[column]))}")
        for key in self.keys:
            values = list(dict.fromkeys(self.points[key]))
            shown = ", ".join(map(as_text, values[:8])) + (f" and {len(values) - 8} more" if len(values) > 8 else "")
            lines.append(f"group={key}=...: {shown}")
        return lines

    def outcomes(self, measure: str, group: Mapping[str, str] | None = None) -> list[Outcome]:
        """Answers by measure, one outcome for every combination of the columns that tell.

        Parameters
        ----------
        measure : str
        group : mapping
            Values of columns, or of keys of the design, to which all is confined.

        Raises
        ------
        FaultsError
            When there is no such measure, column or value, with the nearest that there is.
        CarebridgeError
            When there are too many outcomes to read, or answers lack.
        """
        group = dict(group or {})
        self._check(measure, group)
        frame = self.frame.loc[self.frame["measure"] == measure]
        for column in [c for c in self.telling if c in group]:
            frame = frame.loc[frame[column] == group[column]]
        held = {k: v for k, v in group.items() if k in self.keys}
        points = self.points
        for key, text in held.items():
            points = points.loc[[as_text(v) == as_text(_value(text)) for v in points[key]]]
        out = [self._outcome(measure, where, rows, points, held) for where, rows in self._split(frame)]
        out = [o for o in out if np.isfinite(o.y).any()]
        if not out:
            raise CarebridgeError(f"no point has an answer for {measure} there.")
        if len(out) > MOST_OUTCOMES:
            raise CarebridgeError(
                f"{measure} has {len(out)} outcomes, {MOST_OUTCOMES} at most are analysed at a time. Confine it:\n  "
                + "\n  ".join(self.choices()[1:])
            )
        constant = [c for c in self.telling if len(set(self.frame[c])) == 1]
        return _named_apart(out, constant)

    def _split(self, frame: pd.DataFrame) -> Iterator[tuple[dict[str, str], pd.DataFrame]]:
        """Rows of each combination of the columns that tell."""
        if not self.telling:
            yield {}, frame
            return
        for values, rows in frame.groupby(self.telling, sort=False):
            told: Any = values
            yield dict(zip(self.telling, map(str, told), strict=True)), pd.DataFrame(rows)

    def _outcome(
        self, measure: str, where: dict[str, str], rows: pd.DataFrame, points: pd.DataFrame, held: dict[str, str]
    ) -> Outcome:
        if rows["point"].duplicated().any():
            raise CarebridgeError(f"{measure}: several answers for one point; the tables are not of this sweep.")
        by_point = rows.set_index("point").reindex(points["point"])
        y = np.array(by_point["value"], float)
        half = by_point["half_width"].to_numpy(float) if "half_width" in by_point else np.full(len(y), np.nan)
        units = [u for u in rows["unit"].dropna().unique() if u] if "unit" in rows else []
        unit = str(units[0]) if len(units) == 1 else ""
        return Outcome(
            measure, where, points.reset_index(drop=True), y, y - half, y + half, self.layout, unit, dict(held)
        )

    def _check(self, measure: str, group: Mapping[str, str]) -> None:
        faults = []
        if measure not in self.measures():
            rule = f"there is no such measure; there are: {', '.join(self.measures())}."
            faults.append(Fault("measure", measure, rule, _WHERE, nearest(measure, self.measures())))
        for column, text in group.items():
            known = [*self.telling, *self.keys]
            if column not in known:
                rule = f"there is no such column; there are: {', '.join(known)}."
                faults.append(Fault(f"group={column}", None, rule, _WHERE, nearest(column, known)))
                continue
            values = list(self.frame[column] if column in self.telling else self.points[column])
            texts = list(dict.fromkeys(map(as_text, values)))
            if (text if column in self.telling else as_text(_value(text))) not in texts:
                rule = f"there is no such value; there are: {', '.join(t for t in texts[:20] if t)}."
                faults.append(Fault(f"group={column}", text, rule, _WHERE, nearest(text, texts)))
        if faults:
            raise FaultsError(faults, "command line")


def _named_apart(outcomes: list[Outcome], constant: list[str]) -> list[Outcome]:
    """Leave out of the names whatever is the same for all outcomes; a single one keeps what tells it from others."""
    same = [c for c in outcomes[0].where if len({o.where[c] for o in outcomes}) == 1]
    if len(outcomes) == 1:
        same = [c for c in same if c in constant or not outcomes[0].where[c]]
    return [replace(o, where={c: v for c, v in o.where.items() if c not in same}) for o in outcomes]


def _value(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text
