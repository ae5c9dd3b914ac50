"""Reading a stock-flow file: shape, equations and every rule between them, all faults at once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sim.errors import Fault, FaultsError
from sim.reading.lines import Lines, in_order, placed
from sim.reading.mend import mended
from sim.reading.shape import keys_known, shaped
from sim.reading.yaml_file import read_yaml
from sim.stocks.build import build
from sim.stocks.check import check
from sim.stocks.check.lost import Lost, follows, lost_of
from sim.stocks.model import Model
from sim.stocks.schema import StockFile

__all__ = ["load_stocks"]

EXAMPLE = "stocks: {staff: {initial: 300, unit: person, inflows: [joining], outflows: [leaving]}}"


def load_stocks(source: Mapping[str, Any] | Model | str | Path, *, check_units: bool = True) -> Model:
    """Read and check a stock-flow model.

    Parameters
    ----------
    source : mapping, Model or path of a YAML file
    check_units : bool
        Whether to analyse the dimensions of every equation.

    Raises
    ------
    FaultsError
        With every fault of shape, equations, subscripts, circles, units and values at the start, each with file, line,
        key, value, rule and the nearest valid choice.
    """
    if isinstance(source, Model):
        model, name, lines, faults, unsound, data = source, source.name, Lines(), [], set[str](), {}
    else:
        name, data, lines = _read(source)
        shape, found = shaped(StockFile, data)
        faults, unsound = [fault for _, fault in found], set[str]()
        if shape is None:  # what does not depend on these faults is checked as well
            shape, unsound = mended(StockFile, data, found, lambda path: keys_known(StockFile, path))
        if shape is None:
            raise FaultsError([placed(fault, name, lines) for fault in faults], name)
        model, built = build(shape)
        unsound |= {fault.key for fault in built}
        faults += [fault for fault in built if not follows(fault, data, model)]
    lost = lost_of(data, unsound, model, faults) if unsound else Lost()
    faults += check(model, unsound, lost, check_units=check_units)
    if faults:
        raise FaultsError(in_order([placed(fault, name, lines) for fault in _once(faults)]), name)
    return model


def _read(source: Mapping[str, Any] | str | Path) -> tuple[str, Any, Lines]:
    if isinstance(source, Mapping):
        return "stocks", source, {}
    name, (data, lines) = str(source), read_yaml(Path(source), EXAMPLE)
    if not isinstance(data, Mapping):
        rule = "a stock-flow model is a mapping of keys such as time, stocks and flows."
        raise FaultsError([Fault("the whole file", data, rule, name, example=EXAMPLE)], name)
    return name, data, lines


def _once(faults: list[Fault]) -> list[Fault]:
    return [fault for n, fault in enumerate(faults) if fault not in faults[:n]]
