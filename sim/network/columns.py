"""Columns of CSV files that a network names: read once, and put into the network as lists of times in ms."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from operator import is_not
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel

from sim.clock import duration_ms
from sim.errors import Fault, nearest
from sim.network.schema import Network
from sim.network.times import Column

__all__ = ["Columns", "read_columns"]

_UNITS = {"ms": "milliseconds", "s": "seconds", "min": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_MOST_FAULTS = 20  # of one column that are listed one by one
_STAND_IN = [3_600_000.0]  # so that the rest of a network whose column cannot be read is checked as well


class Columns(NamedTuple):
    """A network without columns, faults of the files, and keys of the columns that could not be read."""

    network: Network
    faults: list[Fault]
    unread: set[str]


def read_columns(network: Network, folder: Path) -> Columns:
    """Replace every column of a CSV file in a network by the list of its times.

    Parameters
    ----------
    network : Network
    folder : Path
        Folder to which paths of CSV files are relative.

    Returns
    -------
    Columns
        ``observed`` become durations, ``times`` instants from the start, in ms and in the order of the file. Faults of
        a value name the CSV file and the line. Where a column has faults, a stand-in takes its place.
    """
    reader = _Reader(folder, network.start)
    return Columns(reader.walk(network, ""), reader.faults, reader.unread)


class _Sheet(NamedTuple):
    line: int  # of the header
    header: list[str]
    rows: list[tuple[int, list[str]]]  # line and cells


@dataclass
class _Reader:
    folder: Path
    start: dt.date
    faults: list[Fault] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)
    sheets: dict[Path, _Sheet | Fault] = field(default_factory=dict)

    def walk(self, part: Any, key: str) -> Any:
        """Return the same part of a network with lists in the place of columns."""
        if isinstance(part, Column):
            return self._list(part, key)
        if isinstance(part, BaseModel):
            fields = {name: getattr(part, name) for name in type(part).model_fields}
            changed = {name: new for name, new in self._walked(fields, key) if new is not fields[name]}
            return part.model_copy(update=changed) if changed else part
        if isinstance(part, dict):
            new = dict(self._walked(part, key))
            return new if any(new[name] is not old for name, old in part.items()) else part
        if isinstance(part, list):
            entries = [entry for _, entry in self._walked(dict(enumerate(part)), key)]
            return entries if any(map(is_not, entries, part)) else part
        return part

    def _walked(self, parts: dict[Any, Any], key: str) -> Iterator[tuple[Any, Any]]:
        for name, part in parts.items():
            yield name, self.walk(part, f"{key}.{name}" if key else str(name))

    def _list(self, column: Column, key: str) -> list[float]:
        path = self.folder / column.file
        if path not in self.sheets:
            self.sheets[path] = _sheet(path)
        sheet = self.sheets[path]
        if isinstance(sheet, Fault):
            found, faults = [], [Fault(f"{key}.file", column.file, sheet.rule, sheet.file, sheet.nearest)]
        elif sheet.header.count(column.column) != 1:
            found, faults = [], [_not_one(sheet, column, key, path)]
        else:
            found, faults = self._times(sheet, column, key, path)
        if faults:
            self.faults += faults
            self.unread.add(key)
        return _STAND_IN if faults else found

    def _times(self, sheet: _Sheet, column: Column, key: str, path: Path) -> tuple[list[float], list[Fault]]:
        read = self._instant if key.endswith("times") else _duration
        at, here = sheet.header.index(column.column), f"{key}.column"
        times, faults = [], []
        for line, cells in sheet.rows:
            cell = cells[at].strip() if at < len(cells) else ""
            try:
                times.append(read(cell, column.unit))
            except ValueError as error:
                faults.append(Fault(here, cell, str(error), f"{path}:{line}"))
        if not sheet.rows:
            faults.append(Fault(here, column.column, "no values follow the header line.", str(path)))
        more = len(faults) - _MOST_FAULTS
        if more > 0:
            rule = f"{more} more {'values are' if more > 1 else 'value is'} at fault in this column."
            faults = [*faults[:_MOST_FAULTS], Fault(here, column.column, rule, str(path))]
        return times, faults

    def _instant(self, cell: str, unit: str) -> float:
        """Milliseconds from the start at an instant, written as a number of units or as a date."""
        try:
            return _duration(cell, unit)
        except ValueError as error:
            try:
                date = dt.datetime.fromisoformat(cell)
            except ValueError:
                also = ", or a date (2018-04-01), with a time of day or without (2018-04-01T13:45)"
                raise ValueError(f"{str(error).rstrip('.')} from the start{also}.") from None
        if date.tzinfo is not None:
            raise ValueError("give the time of day without a time zone; the clock of a run has none.")
        return (date - dt.datetime.combine(self.start, dt.time())) / dt.timedelta(milliseconds=1)


def _not_one(sheet: _Sheet, column: Column, key: str, path: Path) -> Fault:
    """Fault of a column that the header line has not, or more than once."""
    key, name, where = f"{key}.column", column.column, f"{path}:{sheet.line}"
    if name in sheet.header:
        return Fault(key, name, "the header line has more than one column of this name.", where)
    return Fault(key, name, f"no such column; known: {', '.join(sheet.header)}.", where, nearest(name, sheet.header))


def _duration(cell: str, unit: str) -> float:
    rule = f"give a number of {_UNITS[unit]}, 0 or more"
    try:
        value = duration_ms(f"{cell} {unit}")
    except ValueError:
        raise ValueError(f"{rule}.") from None
    if value < 0:
        raise ValueError(f"{rule}.")
    return value


def _sheet(path: Path) -> _Sheet | Fault:
    """Header and rows of a CSV file, blank lines left out; or what is wrong with the file."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file)
            rows = [(reader.line_num, cells) for cells in reader if any(cell.strip() for cell in cells)]
    except FileNotFoundError:
        beside = [other.name for other in path.parent.glob("*.csv")] if path.parent.is_dir() else []
        return Fault("", None, "no such file.", nearest=nearest(path.name, beside))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        return Fault("", None, f"cannot be read as CSV: {error}.", str(path))
    if not rows:
        return Fault("", None, "the file is empty; it needs a header line and values below it.", str(path))
    return _Sheet(rows[0][0], [cell.strip() for cell in rows[0][1]], rows[1:])
