"""``carebridge stocks``: check a stock-flow file, run it once or over a design, and print every variable as CSV."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from models.command_line.words import WHERE, Words, file_faults, read_words
from models.stocks.request import FLAGS, KEYS
from sim.errors import CarebridgeError, Fault, FaultsError
from sim.files import json_text, replace_text

if TYPE_CHECKING:
    from models.stocks.sweep import StockDesign
    from sim.stocks import Model, Stocks

__all__ = ["csv_lines", "run_stocks"]


def run_stocks(words: list[str]) -> int:
    """Do what the words ask for; returns the exit code.

    Raises
    ------
    FaultsError
        With all faults of the words and of the file.
    """
    asked, faults = read_words(words, KEYS, FLAGS)
    if "schema" in asked.flags and not faults:
        from sim.stocks.json_schema import json_schema

        print(json_text(json_schema()), end="")
        return 0
    if asked.file is None:
        faults.append(Fault("FILE.yaml", None, "the name of a stock-flow file is needed; see --help.", WHERE))
    faults += file_faults(asked, "out", "draw")
    model, more = _read(asked)
    if model is None:
        raise FaultsError([*faults, *more], str(asked.file) if more else WHERE)
    stocks, design, more = _prepared(asked, model)
    if faults or more:
        raise FaultsError([*faults, *more], WHERE)
    if asked["draw"] is not None:
        from sim.drawing import draw_stocks

        replace_text(asked["draw"], draw_stocks(model))
    if "units" in asked.flags:
        from sim.stocks.units import report

        print(report(model), end="")
    elif "check" in asked.flags:
        print(f"{asked.file}: no faults")
    else:
        _must_end(asked, stocks)
        _print(asked, _run(asked, stocks) if design is None else _sweep(asked, stocks, design))
    return 0


def _read(asked: Words) -> tuple[Model | None, list[Fault]]:
    """Return the model, or every fault of its file."""
    from sim.stocks import load_stocks

    if asked.file is None:
        return None, []
    unchecked = "no_unit_check" in asked.flags
    if unchecked:
        print(f"{asked.file}: the dimensions of the equations are not analysed (--no-unit-check)", file=sys.stderr)
    try:
        return load_stocks(asked.file, check_units=not unchecked), []
    except FaultsError as error:
        return None, error.faults
    except CarebridgeError as error:
        return None, [Fault("FILE.yaml", None, str(error), WHERE)]


def _prepared(asked: Words, model: Model) -> tuple[Stocks, StockDesign | None, list[Fault]]:
    """The model as it is to be run and the design, or every fault of times, parameters and design at once."""
    from models.stocks.sweep import read_design
    from sim.stocks import Stocks, at_other_times

    stocks, design, faults = Stocks(model), None, list[Fault]()
    try:
        model = at_other_times(model, until=asked["until"], dt=asked["dt"], method=asked["method"], where=WHERE)
        stocks = Stocks(model)
    except FaultsError as error:
        faults += error.faults
    try:
        stocks.setting(asked.changes, WHERE)
    except FaultsError as error:
        faults += error.faults
    if asked["sweep"] is not None:
        try:
            design = read_design(asked["sweep"], stocks, asked.changes)
        except FaultsError as error:
            faults += [fault for fault in error.faults if fault not in faults]
        except CarebridgeError as error:
            faults.append(Fault("sweep", None, str(error), WHERE))
    return stocks, design, faults


def _must_end(asked: Words, stocks: Stocks) -> None:
    if asked["until"] is None and not stocks.model.time.steps:
        rule = "the file does not say when to end (a network beside the stocks would)."
        raise FaultsError([Fault("until", None, rule, WHERE, example="until=20")], WHERE)


def _run(asked: Words, stocks: Stocks) -> Iterator[str]:
    found = stocks.run(asked.changes)
    return csv_lines(["Time", *found.columns], ([t, *row] for t, row in zip(found.time, found.values, strict=True)))


def _sweep(asked: Words, stocks: Stocks, design: StockDesign) -> Iterator[str]:
    times = stocks.time()
    chosen = range(len(times)) if design.rows == "all" else [len(times) - 1]

    def cells() -> Iterator[Sequence[Any]]:
        for number, values in stocks.sweep(design.settings, design.columns, asked["workers"] or os.cpu_count() or 1):
            point = design.points[number].values()
            for row in chosen:
                yield [number, *point, times[row], *values[row]]

    return csv_lines(["point", *design.points.values, "Time", *design.columns], cells())


def csv_lines(head: Sequence[str], cells: Iterable[Sequence[Any]]) -> Iterator[str]:
    """Lines of a CSV file; numbers are written so that reading them gives the same number."""
    yield ",".join(map(_quoted, head)) + "\n"
    for row in cells:
        yield ",".join(repr(float(v)) if isinstance(v, float) else str(v) for v in row) + "\n"


def _quoted(name: str) -> str:
    """A column's name as CSV writes it: in quotes where it holds a comma or a quote."""
    return '"' + name.replace('"', '""') + '"' if set(name) & set(',"\n') else name


def _print(asked: Words, lines: Iterator[str]) -> None:
    if asked["out"] is not None:
        replace_text(asked["out"], "".join(lines))
        print(f"Table: {asked['out']}", file=sys.stderr)
    elif asked["sweep"] is not None:  # as they come
        sys.stdout.writelines(lines)
    else:
        sys.stdout.write("".join(lines))
