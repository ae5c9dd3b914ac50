"""The register of parameters: every figure of the configuration files, with unit, year, basis, status and source.

A figure is recognised by its shape: a mapping with ``value``, ``values``, ``shares`` or ``hours`` beside a unit, year,
basis, status, source or range. Nothing needs to be registered, so nothing can be forgotten. :func:`check` says which
figures lack what every figure must have, and :func:`most_sensitive` which of them matter most to a run.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from models import CONFIGS
from models.figures.figures import OWN, STATUSES
from sim.errors import CarebridgeError, Fault, FaultsError, nearest
from sim.reading.lines import Lines
from sim.reading.yaml_file import read_yaml

__all__ = ["MATTER", "Parameter", "check", "most_sensitive", "parameters", "selected", "table"]

MATTER = 10  #: how many parameters the report names
LEVEL = 0.95  #: of intervals (t, paired)

KINDS = ("value", "values", "shares", "hours")
EVIDENCE = ("unit", "year", "basis", "status", "source", "range")
#: words of stock-flow files for the same grades
STOCK_STATUSES = {"assumption": "assumed", "measured": "read", "estimate": "derived", "fitted": "derived"}
_STOCKS = ("stocks", "hybrid")  # groups of stock-flow files, whose parameters have source and range but no year
_NOT_FIGURES = ("inputs", "level", "timetable")  # what comes from outside step by step, and plans of a network
_LONGEST = 6  # numbers of a profile that are shown


@dataclass(frozen=True)
class Parameter:
    """One figure of a configuration file.

    Parameters
    ----------
    key : str
        Dotted path, beginning with the group of the file: as it is set on the command line.
    file : str
        ``group/name.yaml``, with ``:line`` of the figure in ``line``.
    value : float, list or dict
        What the file holds; :attr:`short` is a short form.
    unit, year, basis, status, source, note : str
        Empty where the file says nothing.
    low, high : float or None
    """

    key: str
    file: str
    line: int
    value: Any
    unit: str
    year: str
    basis: str
    status: str
    low: float | None
    high: float | None
    source: str
    note: str

    @property
    def group(self) -> str:
        """Folder of the file."""
        return self.file.split("/")[0]

    @property
    def is_number(self) -> bool:
        """Whether it is one number, which alone has a range."""
        return isinstance(self.value, (int, float)) and not isinstance(self.value, bool)

    @property
    def short(self) -> str:
        """Value in a few characters."""
        if isinstance(self.value, Mapping):
            return ", ".join(f"{k} {_number(v)}" for k, v in self.value.items())
        if isinstance(self.value, (list, tuple)):
            more = f" … ({len(self.value)})" if len(self.value) > _LONGEST else ""
            return " ".join(_number(v) for v in self.value[:_LONGEST]) + more
        return _number(self.value)


def _number(value: Any) -> str:
    return f"{value:.10g}" if isinstance(value, (int, float)) and not isinstance(value, bool) else str(value)


def parameters(folder: Path = CONFIGS) -> list[Parameter]:
    """Every figure of every YAML file below a folder, by file and in the order of the file.

    Raises
    ------
    CarebridgeError
        When a file cannot be read.
    """
    return [p for path in sorted(folder.rglob("*.yaml")) for p in _of_file(path, folder, path.stat().st_mtime_ns)]


@functools.lru_cache(maxsize=256)
def _of_file(path: Path, folder: Path, _changed: int) -> tuple[Parameter, ...]:
    """Figures of a file, read once until the file changes."""
    data, lines = read_yaml(path)
    name = path.relative_to(folder).as_posix()
    group = name.split("/")[0] if "/" in name else ""
    return tuple(_walk(data, (), name, group, lines))


def _walk(data: Any, path: tuple[Any, ...], name: str, group: str, lines: Lines) -> Iterator[Parameter]:
    if path and path[-1] in _NOT_FIGURES:
        return
    if isinstance(data, Mapping):
        if _is_figure(data):
            yield _parameter(data, path, name, group, lines)
            return
        items: Iterable[tuple[Any, Any]] = data.items()
    elif isinstance(data, list):
        items = enumerate(data)
    else:
        return
    for key, value in items:
        yield from _walk(value, (*path, key), name, group, lines)


def _is_figure(data: Mapping[Any, Any]) -> bool:
    return any(k in data for k in KINDS) and any(k in data for k in EVIDENCE)


def _parameter(data: Mapping[str, Any], path: tuple[Any, ...], name: str, group: str, lines: Lines) -> Parameter:
    kind = next(k for k in KINDS if k in data)
    low, high = data.get("range") or (data.get("low"), data.get("high"))
    unit = {"shares": "share", "hours": "hour of the day"}.get(kind, "") if "unit" not in data else data["unit"]
    place = next((lines[p] for n in range(len(path), 0, -1) if (p := tuple(map(str, path[:n]))) in lines), 0)
    source, status = str(data.get("source", "")), str(data.get("status", ""))
    if not status and (source.strip().lower() in ("", OWN) or source.lower().startswith("assumption")):
        status = "assumed"
    return Parameter(
        key=".".join(map(str, (group, *path) if group else path)),
        file=name,
        line=place,
        value=data[kind],
        unit=str(unit),
        year=str(data.get("year", "")),
        basis=str(data.get("basis", "")),
        status=STOCK_STATUSES.get(status, status),
        low=low,
        high=high,
        source=source,
        note=str(data.get("note", data.get("about", ""))),
    )


def table(found: Iterable[Parameter]) -> pd.DataFrame:
    """Parameters as a table, a row each, in the columns of :class:`Parameter`; values in their short form."""
    columns = list(Parameter.__dataclass_fields__)
    return pd.DataFrame([asdict(p) | {"value": p.value if p.is_number else p.short} for p in found], columns=columns)


def selected(
    found: Sequence[Parameter], group: str | None = None, status: str | None = None, text: str | None = None
) -> list[Parameter]:
    """Those of a group, of a status, and with a text in key, file, unit, source or note, whatever its case.

    Raises
    ------
    FaultsError
        When there is no such group or status, with the nearest that there is.
    """
    groups = list(dict.fromkeys(p.group for p in found))
    faults = [
        Fault(key, word, f"there are: {', '.join(known)}.", "command line", nearest(word, known))
        for key, word, known in (("group", group, groups), ("status", status, list(STATUSES)))
        if word is not None and word not in known
    ]
    if faults:
        raise FaultsError(faults, "command line")
    low = (text or "").lower()
    return [
        p
        for p in found
        if (group is None or p.group == group)
        and (status is None or p.status == status)
        and low in " ".join((p.key, p.file, p.unit, p.source, p.note)).lower()
    ]


# -- what every figure must have --------------------------------------------------------------------------------------


def check(found: Iterable[Parameter]) -> list[Fault]:
    """Every figure that lacks unit, status, source or range, or whose range does not hold its value.

    A figure without source and status is assumed, as :mod:`models.figures.figures` has it, and so is one whose source
    begins with ``assumption``; with another source its status must be said. A range is needed for single numbers that
    are assumed.
    """
    return [fault for parameter in found for fault in _faults(parameter)]


def _faults(p: Parameter) -> Iterator[Fault]:
    def fault(rule: str, value: object = None, example: str = "") -> Fault:
        return Fault(p.key, value, rule, f"{p.file}:{p.line}", nearest(str(value), STATUSES) if value else "", example)

    if not p.unit:
        yield fault("has no unit.", example="unit: beds")
    if not p.status:
        yield fault("has no status.", example="status: assumed")
    elif p.status not in STATUSES:
        yield fault(f"its status must be one of: {', '.join(STATUSES)}.", p.status)
    own = p.source.strip().lower() in ("", OWN)
    if own and p.status not in ("", "assumed"):
        yield fault(f"has no source, so it cannot be '{p.status}'.", example="status: assumed")
    if p.is_number and p.status == "assumed" and (p.low is None or p.high is None):
        yield fault("is assumed and has no range.", example="low: 0.5, high: 2")
    if p.is_number and p.low is not None and p.high is not None and not p.low <= p.value <= p.high:
        yield fault(f"{p.value:g} lies outside its range, {p.low:g} to {p.high:g}.")
    if p.group not in _STOCKS and not (p.year and p.basis):
        yield fault("has no year or no basis.", example="year: 2018/19, basis: national")


# -- what matters -----------------------------------------------------------------------------------------------------


def most_sensitive(
    results: pd.DataFrame,
    keys: Sequence[str] | None = None,
    most: int = MATTER,
    pooled: bool = False,
) -> pd.DataFrame:
    """The parameters that matter most to a run, with the noise of the runs taken into account.

    Two kinds of table are taken. *One at a time*: columns ``parameter``, ``low``, ``high`` (results with the parameter
    at either end of its range), a row each, or a row for each ``replication``; both ends of a replication must share
    their random numbers, and only their difference is used, so what they share cancels. *A design*: one column for each
    of ``keys``, ``result``, and ``replication`` where there are several; a straight line in all keys together gives the
    swing of each over its whole range, replication by replication.

    A swing is sure when chance alone would rarely make it, with all the parameters that are looked at allowed for: no
    more than one in twenty of those called sure are expected to be chance (Benjamini and Hochberg, 1995).

    Parameters are ranked by how far they surely move the result: the end nearest zero of the interval of their swing,
    zero where it is not sure, and then by the swing itself. With one replication nothing is known of noise in the first
    kind of table, and the swing alone decides.

    Parameters
    ----------
    results : DataFrame
    keys : sequence of str, optional
        Columns of a design; without them the table is one at a time.
    most : int
        How many are named.
    pooled : bool
        Of the first kind of table: one noise for all parameters, from all their pairs together, since two or three
        pairs say next to nothing of their own. Parameters that change nothing at all say nothing of noise.

    Returns
    -------
    DataFrame
        rank, parameter, at_low, at_high (mean results), swing, standard_error, least, greatest (its interval), sure.

    Raises
    ------
    FaultsError
        When columns are missing, results are not numbers, or replications differ between parameters.
    CarebridgeError
        When a design has too few points for its keys.
    """
    _check_columns(results, keys)
    swings = list(_one_at_a_time(results) if keys is None else _of_design(results, list(keys)))
    swings = _pooled(swings) if pooled else swings
    rows = []
    for parameter, low, high, each, error, freedom in swings:
        swing = float(np.mean(each))
        half = float(stats.t.ppf((1 + LEVEL) / 2, freedom)) * error if freedom > 0 else np.nan
        rows.append((parameter, low, high, swing, error, swing - half, swing + half))
    columns = ["parameter", "at_low", "at_high", "swing", "standard_error", "least", "greatest"]
    found = pd.DataFrame(rows, columns=columns)
    found["sure"] = _sure(found, [freedom for *_, freedom in swings])
    nearest_zero = np.minimum(found["least"].abs(), found["greatest"].abs())
    surely = np.where(found["least"].isna(), found["swing"].abs(), np.where(found["sure"], nearest_zero, 0.0))
    order = np.lexsort((-found["swing"].abs().to_numpy(), -surely))[:most]
    found = found.iloc[order].reset_index(drop=True)
    found.insert(0, "rank", np.arange(1, len(found) + 1))
    return found


Swing = tuple[
    str, float, float, Any, float, int
]  # name, mean at low and high, swings, standard error, degrees of freedom


def _one_at_a_time(results: pd.DataFrame) -> Iterator[Swing]:
    for name, rows in results.groupby("parameter", sort=False):
        low, high = (rows[c].to_numpy(float) for c in ("low", "high"))
        each = high - low
        n = len(each)
        error = float(each.std(ddof=1) / np.sqrt(n)) if n > 1 else np.nan
        yield str(name), float(low.mean()), float(high.mean()), each, error, n - 1


def _pooled(swings: list[Swing]) -> list[Swing]:
    """Return swings with one standard error, from the pairs of all of them that differ at all."""
    moving = [each for _, _, _, each, _, _ in swings if len(each) > 1 and np.any(each)]
    freedom = sum(len(each) - 1 for each in moving)
    if not freedom:
        return swings
    variance = sum((len(each) - 1) * float(each.var(ddof=1)) for each in moving) / freedom
    return [
        (name, low, high, each, float(np.sqrt(variance / len(each))), freedom) for name, low, high, each, _, _ in swings
    ]


def _sure(found: pd.DataFrame, freedom: list[int]) -> np.ndarray:
    """Which swings chance alone would rarely make, with as many as are looked at."""
    swing, error = found["swing"].abs().to_numpy(float), found["standard_error"].to_numpy(float)
    times = np.divide(swing, error, out=np.where(swing > 0, np.inf, 0.0), where=error != 0)
    chance = np.nan_to_num(2 * stats.t.sf(times, np.asarray(freedom, float)), nan=1.0)
    return stats.false_discovery_control(chance) <= 1 - LEVEL


def _of_design(results: pd.DataFrame, keys: list[str]) -> Iterator[Swing]:
    x = results[keys].to_numpy(float)
    least, span = x.min(axis=0), np.ptp(x, axis=0)
    if not (span > 0).all():
        still = [k for k, s in zip(keys, span, strict=True) if s <= 0]
        raise FaultsError([Fault(k, None, "has one value in the whole design; leave it out.") for k in still], "design")
    unit = np.column_stack([np.ones(len(x)), (x - least) / span])
    groups = [np.arange(len(x))]
    if "replication" in results:
        groups = [np.asarray(g) for g in results.reset_index(drop=True).groupby("replication").indices.values()]
    y, needed = results["result"].to_numpy(float), len(keys) + 2
    if min(len(g) for g in groups) < needed or np.linalg.matrix_rank(unit[groups[0]]) <= len(keys):
        raise CarebridgeError(f"a design of {len(keys)} keys needs {needed} points or more, not all on one line.")
    fits = np.array([np.linalg.lstsq(unit[g], y[g], rcond=None)[0] for g in groups])
    mean = fits.mean(axis=0)
    if len(groups) > 1:
        errors, freedom = fits.std(axis=0, ddof=1) / np.sqrt(len(groups)), len(groups) - 1
    else:
        freedom = len(y) - len(keys) - 1
        variance = ((y - unit @ mean) ** 2).sum() / freedom
        errors = np.sqrt(variance * np.diag(np.linalg.inv(unit.T @ unit)))
    centre = float(mean[0] + (unit[:, 1:].mean(axis=0) * mean[1:]).sum())
    for number, key in enumerate(keys, start=1):
        at_low = centre - mean[number] * float(unit[:, number].mean())
        yield key, at_low, at_low + mean[number], fits[:, number], float(errors[number]), freedom


def _check_columns(results: pd.DataFrame, keys: Sequence[str] | None) -> None:
    numbers = ["low", "high"] if keys is None else [*keys, "result"]
    wanted = [*(["parameter"] if keys is None else []), *numbers]
    have = [str(c) for c in results]
    faults = [Fault(c, None, "the table has no such column.", "", nearest(c, have)) for c in wanted if c not in have]
    for column in () if faults else numbers:
        given = np.asarray(pd.to_numeric(results[column], errors="coerce"), float)
        if not np.isfinite(given).all():
            row = int(np.flatnonzero(~np.isfinite(given))[0])
            faults.append(Fault(f"{column}.{row}", results[column].iloc[row], "a finite number is needed."))
    if not faults and keys is None:
        faults += _unpaired(results)
    if not faults and results.empty:
        faults.append(Fault("results", None, "the table is empty."))
    if faults:
        raise FaultsError(faults, "results")


def _unpaired(results: pd.DataFrame) -> Iterator[Fault]:
    """Parameters whose replications are not those of the first: they would not share their random numbers."""
    if "replication" not in results:
        yield from (
            Fault(
                f"parameter.{name}", None, "has several rows; say which replication each is in a column of that name."
            )
            for name, count in results["parameter"].value_counts(sort=False).items()
            if count > 1
        )
        return
    sets = {name: sorted(rows["replication"]) for name, rows in results.groupby("parameter", sort=False)}
    first = next(iter(sets.values()), [])
    for name, found in sets.items():
        if found != first or len(set(found)) < len(found):
            yield Fault(f"parameter.{name}", None, "its replications are not those of the other parameters, each once.")
