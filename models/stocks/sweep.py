"""The file of a sweep over a stock-flow model: which points are run, and what is kept of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from models.command_line.words import WHERE
from sim.errors import Fault, FaultsError, nearest
from sim.reading.lines import placed
from sim.reading.shape import Shape, shape_faults
from sim.reading.yaml_file import read_yaml
from sim.stocks import Stocks
from sim.sweep.design import Part, Points, lay_out

__all__ = ["StockDesign", "read_design"]

EXAMPLE = "design: [{grid: {training_time: [2, 3, 4]}}]"


class SweepFile(Shape):
    """A sweep over a stock-flow model."""

    design: list[Part] = Field(min_length=1)
    """Parts of the design, crossed with one another: grid, list, csv, latin_hypercube, sobol or morris."""
    keep: list[str] = []
    """Variables, or their elements, that are printed; everything unless given."""
    rows: Literal["all", "last"] = "all"
    """Whether every saved time is printed or the last only."""


@dataclass(frozen=True)
class StockDesign:
    """Points, ready to run.

    Parameters
    ----------
    points : Points
    settings : (points, parameters)
        Values of all parameters at each point.
    columns : list of str
        What is kept.
    rows : {"all", "last"}
    """

    points: Points
    settings: npt.NDArray[np.float64]
    columns: list[str]
    rows: str


def read_design(path: Path, stocks: Stocks, fixed: Mapping[str, float]) -> StockDesign:
    """Read and check a design.

    Parameters
    ----------
    fixed : mapping
        Parameters that the command line sets for all points.

    Raises
    ------
    FaultsError
        With every fault of the file: shape, names, values out of range.
    """
    data, lines = read_yaml(path, EXAMPLE)
    if not isinstance(data, (list, dict)):
        rule = "a sweep is a mapping with design, keep and rows, or a list of the parts of the design."
        raise FaultsError([Fault("the whole file", data, rule, str(path), example=EXAMPLE)], str(path))
    file, faults = shape_faults(SweepFile, {"design": data} if isinstance(data, list) else data, str(path), lines)
    if file is None:
        raise FaultsError(faults, str(path))
    columns, more = _columns(file, stocks)
    faults = [placed(fault, str(path), lines) for fault in more]
    try:
        points = lay_out(file.design, path.parent)
    except FaultsError as error:
        raise FaultsError([*(placed(f, str(path), lines) for f in error.faults), *faults], str(path)) from None
    faults = [*_value_faults(points, stocks, str(path)), *_both(points, fixed, str(path)), *faults]
    try:
        stocks.setting(fixed, WHERE)
    except FaultsError as error:
        faults += error.faults
    if faults:
        raise FaultsError(faults, str(path))
    settings = np.array([stocks.setting({**fixed, **_numbers(points[n])}) for n in range(len(points))])
    return StockDesign(points, settings, columns, file.rows)


def _value_faults(points: Points, stocks: Stocks, where: str) -> list[Fault]:
    """Faults of keys that are no parameters, of values that are no numbers or out of range: each told once."""
    faults: list[Fault] = []
    for key, values in points.distinct().items():
        for value in values:
            if isinstance(value, (str, bool)):
                faults.append(Fault(key, value, "a number is needed.", where))
                continue
            try:
                stocks.setting({key: float(value)}, where)
            except FaultsError as error:
                faults += error.faults
    return list({(f.key, f.rule): f for f in faults}.values())


def _both(points: Points, fixed: Mapping[str, float], where: str) -> list[Fault]:
    rule = "is set for all points by --set; only one of the two would count."
    return [Fault(key, None, rule, where) for key in points.values if key in fixed]


def _columns(file: SweepFile, stocks: Stocks) -> tuple[list[str], list[Fault]]:
    known = stocks.model.columns()
    if not file.keep:
        return known, []
    columns: list[str] = []
    faults: list[Fault] = []
    for n, name in enumerate(file.keep):
        mine = [c for c in known if c == name or c.partition("[")[0] == name]
        if not mine:
            faults.append(Fault(f"keep.{n}", name, "no such variable.", nearest=nearest(name, known)))
        columns += mine
    return list(dict.fromkeys(columns)), faults


def _numbers(point: Mapping[str, Any]) -> dict[str, float]:
    return {key: float(value) for key, value in point.items()}
