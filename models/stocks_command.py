"""``carebridge stocks``: check a stock-flow file, run it once or over a design, and print every variable as CSV."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from models.stocks_request import WHERE, Request, parse
from sim.errors import CarebridgeError, Fault, FaultsError
from sim.files import check_file, json_text, replace_text

if TYPE_CHECKING:
    import numpy as np

    from sim.stocks import Model, Stocks

__all__ = ["run_stocks"]


def run_stocks(words: list[str]) -> int:
    """Do what the words ask for; returns the exit code.

    Raises
    ------
    FaultsError
        With all faults of the words and of the file.
    """
    request, faults = parse(words)
    if request.schema and not faults:
        from sim.stocks.json_schema import json_schema

        print(json_text(json_schema()), end="")
        return 0
    model, more = _read(request)
    faults += more
    for key in ("out", "draw"):
        path: Path | None = getattr(request, key)
        if path is not None:
            faults += _writable(key, path)
    if faults or model is None:
        raise FaultsError(faults, WHERE if not more else str(request.file))
    if request.draw is not None:
        from sim.drawing import draw_stocks

        replace_text(request.draw, draw_stocks(model))
    if request.units:
        from sim.stocks.units import report

        print(report(model), end="")
    elif request.check:
        print(f"{request.file}: no faults")
    else:
        _print(request, _run(request, model))
    return 0


def _read(request: Request) -> tuple[Model | None, list[Fault]]:
    """Return the model, or every fault of its file."""
    from sim.stocks import load_stocks

    if request.file is None:
        return None, []
    if request.no_unit_check:
        print(f"{request.file}: the dimensions of the equations are not analysed (--no-unit-check)", file=sys.stderr)
    try:
        return load_stocks(request.file, check_units=not request.no_unit_check), []
    except FaultsError as error:
        return None, error.faults
    except CarebridgeError as error:
        return None, [Fault("FILE.yaml", None, str(error), WHERE)]


def _writable(key: str, path: Path) -> list[Fault]:
    if path.is_dir():
        return [Fault(key, str(path), "this is a folder; a file is needed.", WHERE)]
    try:
        check_file(path, key)
    except CarebridgeError as error:
        return [Fault(key, None, str(error).removeprefix(f"{key}="), WHERE)]
    return []


def _run(request: Request, model: Model) -> Iterator[str]:
    """Lines of the CSV; everything that can be wrong is found before the first."""
    from sim.stocks import Stocks, at_other_times

    method: Literal["euler", "rk4"] | None = request.method  # type: ignore[assignment]
    stocks = Stocks(at_other_times(model, until=request.until, dt=request.dt, method=method, where=WHERE))
    base = stocks.setting(request.set, WHERE)
    if request.sweep is not None:
        return _sweep(request, stocks, base)
    found = stocks.run(request.set)
    return _rows(["Time", *found.columns], ([t, *row] for t, row in zip(found.time, found.values, strict=True)))


def _sweep(request: Request, stocks: Stocks, base: np.ndarray) -> Iterator[str]:
    from models.stocks_sweep import read_design

    assert request.sweep is not None  # noqa: S101 - asked before
    design = read_design(request.sweep, stocks, request.set)
    workers = request.workers or os.cpu_count() or 1
    times = stocks.time()
    chosen = range(len(times)) if design.rows == "all" else [len(times) - 1]

    def cells() -> Iterator[Sequence[Any]]:
        for number, values in stocks.sweep(design.settings, design.columns, workers):
            point = design.points[number].values()
            for row in chosen:
                yield [number, *point, times[row], *values[row]]

    return _rows(["point", *design.points.values, "Time", *design.columns], cells())


def _rows(head: Sequence[str], cells: Iterable[Sequence[Any]]) -> Iterator[str]:
    yield ",".join(map(_quoted, head)) + "\n"
    for row in cells:
        yield ",".join(repr(float(v)) if isinstance(v, float) else str(v) for v in row) + "\n"


def _quoted(name: str) -> str:
    """A column's name as CSV writes it: in quotes where it holds a comma or a quote."""
    return '"' + name.replace('"', '""') + '"' if set(name) & set(',"\n') else name


def _print(request: Request, lines: Iterator[str]) -> None:
    if request.out is not None:
        replace_text(request.out, "".join(lines))
        print(f"Table: {request.out}", file=sys.stderr)
    elif request.sweep is not None:  # as they come
        sys.stdout.writelines(lines)
    else:
        sys.stdout.write("".join(lines))
