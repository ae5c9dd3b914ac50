"""Designs: which points a sweep visits. Parts of a design are crossed with one another.

A point gives a value to every key of the design; what the keys mean is the study's affair (:mod:`sim.sweep.study`).
Points are held by column, so that a hundred thousand of them are small.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import BeforeValidator, Field, model_validator

from sim.errors import CarebridgeError, Fault, FaultsError
from sim.network.fields import one_or_many
from sim.reading.shape import Shape

__all__ = ["Axis", "Morris", "Part", "Points", "Saltelli", "Sample", "Value"]
__all__ += ["keys_of", "lay_out", "uniforms", "untied"]

Value = str | int | float | bool
Unit = npt.NDArray[np.float64]

TIE = "&"  #: between keys that take the same value at every point
MOST = 10_000_000  #: points of one sweep


class Axis(Shape):
    """How one key is drawn: between two numbers, or from a list of values.

    Parameters
    ----------
    low, high : float
        Bounds, both included.
    mode : float, optional
        Most likely value: the draw is triangular instead of uniform.
    log : bool
        Draw the logarithm uniformly, for quantities known by their order of magnitude.
    whole : bool
        Give whole numbers only.
    values : list
        Values that are equally likely, instead of bounds.
    """

    low: float | None = None
    high: float | None = None
    mode: float | None = None
    log: bool = False
    whole: bool = False
    values: list[Value] | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _together(self) -> Axis:
        if self.values is not None:
            if self.low is not None or self.high is not None or self.mode is not None:
                raise ValueError("give either values or low and high")
            return self
        if self.low is None or self.high is None:
            raise ValueError("low and high are needed, for example {low: 0, high: 400}")
        if not self.low < self.high or not math.isfinite(self.high - self.low):
            raise ValueError(f"low must be less than high, and both finite; got {self.low:g} and {self.high:g}")
        if self.log and self.low <= 0:
            raise ValueError("a logarithm needs low above 0")
        if self.mode is not None and (self.log or not self.low <= self.mode <= self.high):
            raise ValueError("the mode lies between low and high, and does not go with log")
        return self

    def at(self, u: Unit) -> list[Value]:
        """Values at uniforms `u` of [0, 1]."""
        if self.values is not None:
            index = np.minimum((u * len(self.values)).astype(int), len(self.values) - 1)
            return [self.values[i] for i in index]
        assert self.low is not None and self.high is not None  # noqa: S101 - checked when read
        span = self.high - self.low
        if self.whole:  # every whole number of the range is equally likely
            low, high = math.ceil(self.low), math.floor(self.high)
            return [int(v) for v in np.minimum(low + np.floor(u * (high - low + 1)), high)]
        if self.log:
            found = self.low * (self.high / self.low) ** u
        elif self.mode is not None:
            cut = (self.mode - self.low) / span
            rising = self.low + np.sqrt(u * span * (self.mode - self.low))
            falling = self.high - np.sqrt((1 - u) * span * (self.high - self.mode))
            found = np.where(u < cut, rising, falling)
        else:
            found = self.low + span * u
        return [float(v) for v in found]


def _axis(value: Any) -> Any:
    """Allow ``[0, 400]`` where ``{low: 0, high: 400}`` is meant."""
    if isinstance(value, (list, tuple)) and len(value) == 2 and not any(isinstance(v, (str, bool)) for v in value):  # noqa: PLR2004
        return {"low": value[0], "high": value[1]}
    return value


Axes = Annotated[dict[str, Annotated[Axis, BeforeValidator(_axis)]], Field(min_length=1)]


class Sample(Shape):
    """A sample of points over several axes."""

    points: int = Field(ge=2, le=MOST)
    seed: int = Field(default=1, ge=0, lt=2**32)
    over: Axes


class Saltelli(Shape):
    """A design for Sobol indices: `base` points, and for each one more for every axis and another."""

    base: int = Field(ge=2, le=MOST)
    seed: int = Field(default=1, ge=0, lt=2**32)
    over: Axes

    @model_validator(mode="after")
    def _power(self) -> Saltelli:
        if self.base & (self.base - 1):
            near = 2 ** max(1, round(math.log2(self.base)))
            raise ValueError(f"base must be a power of two, for example {near}")
        return self


class Morris(Shape):
    """A design for elementary effects: `trajectories` walks that change one axis at a time."""

    trajectories: int = Field(ge=2, le=MOST)
    levels: int = Field(default=4, ge=2, le=1000)
    seed: int = Field(default=1, ge=0, lt=2**32)
    over: Axes

    @model_validator(mode="after")
    def _even(self) -> Morris:
        if self.levels % 2:
            raise ValueError(f"levels must be even, for example {self.levels + 1}")
        return self


Listed = Annotated[list[Value], BeforeValidator(one_or_many), Field(min_length=1)]


class Part(Shape):
    """One part of a design: exactly one of these."""

    grid: dict[str, Listed] | None = Field(default=None, min_length=1)
    listed: list[dict[str, Value]] | None = Field(default=None, min_length=1, alias="list")
    csv: str | None = None
    latin_hypercube: Sample | None = None
    sobol: Saltelli | None = None
    morris: Morris | None = None

    @model_validator(mode="after")
    def _one(self) -> Part:
        given = [name for name in _FORMS if getattr(self, name) is not None]
        if len(given) != 1:
            names = ", ".join(_FORMS.values())
            raise ValueError(
                f"a part of a design is exactly one of: {names}; here: {', '.join(_FORMS[g] for g in given) or 'none'}"
            )
        return self

    @property
    def kind(self) -> str:
        """Which of them it is, as a file names it."""
        return next(form for name, form in _FORMS.items() if getattr(self, name) is not None)


_FORMS = {name: field.alias or name for name, field in Part.model_fields.items()}


@dataclass(frozen=True)
class Points:
    """Points by column.

    Parameters
    ----------
    values : dict
        All values of each key, point after point.
    count : int
    """

    values: dict[str, list[Value]]
    count: int

    def __getitem__(self, point: int) -> dict[str, Value]:
        return {key: column[point] for key, column in self.values.items()}

    def __len__(self) -> int:
        return self.count

    def distinct(self) -> dict[str, list[Value]]:
        """Every value that each key takes, in order of appearance."""
        return {key: list(dict.fromkeys(column)) for key, column in self.values.items()}

    def table(self) -> pa.Table:
        """As an Arrow table, with the number of the point; a key of mixed values is text."""
        columns: dict[str, pa.Array] = {"point": pa.array(range(self.count), pa.int64())}
        for key, column in self.values.items():
            columns[key] = _column(column)
        return pa.table(columns)


def _column(values: Sequence[Value]) -> pa.Array:
    kinds = {type(v) for v in values}
    if kinds == {int, float}:
        return pa.array([float(v) for v in values], pa.float64())
    return pa.array(values) if len(kinds) <= 1 else pa.array([str(v) for v in values], pa.string())


def lay_out(design: Sequence[Part], folder: Path | None = None) -> Points:
    """Lay out all points of a design: every combination of the points of its parts.

    Parameters
    ----------
    design : list of Part
        Without parts there is a single point, without keys.
    folder : Path
        Where CSV files are looked for.

    Raises
    ------
    FaultsError
        When a key stands in two parts, when a CSV file or a list is not a table, or when there are too many points.
    """
    faults: list[Fault] = []
    parts: list[dict[str, list[Value]]] = []
    seen: dict[str, int] = {}
    for number, part in enumerate(design):
        key = f"design.{number}.{part.kind}"
        try:
            found = _columns(part, folder or Path())
        except CarebridgeError as error:
            faults.append(Fault(key, None, str(error)))
            continue
        for column in found:
            faults += _taken(f"{key}.{column}", column, number, seen)
        parts.append(found)
    sizes = [len(next(iter(columns.values()))) for columns in parts]
    if math.prod(sizes) > MOST:
        shown = " x ".join(map(str, sizes))
        faults.append(Fault("design", None, f"{shown} = {math.prod(sizes)} points; {MOST} at most."))
    if faults:
        raise FaultsError(faults, "the design")
    return Points(_crossed(parts, sizes), math.prod(sizes))


def _taken(where: str, column: str, part: int, seen: dict[str, int]) -> list[Fault]:
    """Note which part sets each key of a column; returns what is wrong with them."""
    faults = []
    for name in keys_of(column):
        which = "this key" if name == column else f"'{name}'"
        if not name:
            faults.append(Fault(where, None, f"a key is missing beside '{TIE}'.", example=f"beds {TIE} places"))
        elif name in seen:
            faults.append(Fault(where, None, f"part {seen[name]} of the design sets {which} already."))
        seen[name] = part
    return faults


def keys_of(column: str) -> list[str]:
    """Keys that one column of a design sets: a single one, or several that are tied and take the same value."""
    return [name.strip() for name in column.split(TIE)]


def untied(point: Mapping[str, Value]) -> dict[str, Value]:
    """A point with the value of every key by itself."""
    return {key: value for column, value in point.items() for key in keys_of(column)}


def _crossed(parts: Sequence[Mapping[str, list[Value]]], sizes: Sequence[int]) -> dict[str, list[Value]]:
    """All combinations; the last part changes fastest."""
    out: dict[str, list[Value]] = {}
    total = math.prod(sizes)
    before = 1
    for columns, size in zip(parts, sizes, strict=True):
        each = total // (before * size)
        for key, column in columns.items():
            out[key] = [v for v in column for _ in range(each)] * before
        before *= size
    return out


def _columns(part: Part, folder: Path) -> dict[str, list[Value]]:
    if part.grid is not None:
        return _crossed([{k: v} for k, v in part.grid.items()], [len(v) for v in part.grid.values()])
    if part.listed is not None:
        return _listed(part.listed)
    if part.csv is not None:
        return _read_csv(folder / Path(part.csv).expanduser())
    sample = part.latin_hypercube or part.sobol or part.morris
    assert sample is not None  # noqa: S101 - exactly one is given
    cube = uniforms(sample)
    return {key: axis.at(cube[:, n]) for n, (key, axis) in enumerate(sample.over.items())}


def uniforms(sample: Sample | Saltelli | Morris) -> Unit:
    """Points of the unit cube of a sample, from its seed: (points, axes); the axes stand in the order of ``over``."""
    size = len(sample.over)
    if isinstance(sample, Sample):
        from scipy.stats import qmc

        return qmc.LatinHypercube(size, rng=np.random.default_rng(sample.seed)).random(sample.points)
    problem = {"num_vars": size, "names": list(sample.over), "bounds": [[0.0, 1.0]] * size}
    if isinstance(sample, Saltelli):
        from SALib.sample.sobol import sample as saltelli

        return saltelli(problem, sample.base, calc_second_order=False, seed=sample.seed)
    from SALib.sample.morris import sample as walks

    return walks(problem, sample.trajectories, num_levels=sample.levels, seed=sample.seed)


def _listed(rows: Sequence[Mapping[str, Value]]) -> dict[str, list[Value]]:
    first = list(rows[0])
    for n, row in enumerate(rows):
        if set(row) != set(first):
            wrong = sorted(set(row) ^ set(first))
            raise CarebridgeError(f"every point of a list has the same keys; point {n} differs in {', '.join(wrong)}.")
    return {key: [row[key] for row in rows] for key in first}


def _read_csv(path: Path) -> dict[str, list[Value]]:
    """Columns of a CSV file; a column of whole numbers, numbers, true/false or text each keeps its kind."""
    from pyarrow import csv

    try:
        table = csv.read_csv(str(path))
    except FileNotFoundError:
        raise CarebridgeError(f"{path}: no such file.") from None
    except (OSError, pa.ArrowInvalid) as error:
        raise CarebridgeError(f"{path}: cannot be read as CSV: {error}.") from None
    if not table.num_rows or not table.num_columns:
        raise CarebridgeError(f"{path}: holds no points.")
    empty = [name for name in table.column_names if table.column(name).null_count or not name.strip()]
    if empty or len(set(table.column_names)) < table.num_columns:
        raise CarebridgeError(f"{path}: every column needs a name of its own and a value in every line.")
    return {name: table.column(name).to_pylist() for name in table.column_names}


def spans(first: int, last: int, replications: int) -> Iterator[tuple[int, range]]:
    """Points and their replications in the tasks from `first` to before `last`, which go point after point."""
    task = first
    while task < last:
        point, start = divmod(task, replications)
        stop = min(replications, start + last - task)
        yield point, range(start, stop)
        task += stop - start
