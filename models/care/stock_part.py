"""Parts of the stocks around the network: what one slow mechanism brings, and how mechanisms are put together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any

from models.figures.figures import Figure
from sim.errors import Fault, FaultsError

__all__ = ["StockPart", "parameter", "stocks_together"]

_LISTS = ("units", "feeds", "drives")


@dataclass(frozen=True)
class StockPart:
    """What a slow mechanism brings, in the words of a stock-flow file and of a hybrid file (``docs/hybrid.md``).

    Parameters
    ----------
    units : list of str
        Units of its own.
    dimensions, parameters, inputs, lookups, stocks, flows, auxiliaries, rules : dict
        As in a stock-flow file.
    feeds, drives : list of dict
        As in a hybrid file.
    """

    units: list[str] = field(default_factory=list)
    dimensions: dict[str, Any] = field(default_factory=dict)
    parameters: dict[str, Any] = field(default_factory=dict)
    inputs: dict[str, Any] = field(default_factory=dict)
    lookups: dict[str, Any] = field(default_factory=dict)
    stocks: dict[str, Any] = field(default_factory=dict)
    flows: dict[str, Any] = field(default_factory=dict)
    auxiliaries: dict[str, Any] = field(default_factory=dict)
    rules: dict[str, Any] = field(default_factory=dict)
    feeds: list[dict[str, Any]] = field(default_factory=list)
    drives: list[dict[str, Any]] = field(default_factory=list)


def stocks_together(parts: Iterable[StockPart]) -> StockPart:
    """Put mechanisms together, in their order; equal definitions (a shared dimension, input or feed) count once.

    Raises
    ------
    FaultsError
        When two mechanisms mean different things by one name.
    """
    whole, faults = StockPart(), []
    for part in parts:
        for f in fields(StockPart):
            ours, theirs = getattr(whole, f.name), getattr(part, f.name)
            if f.name in _LISTS:
                ours.extend(item for item in theirs if item not in ours)
                continue
            for name, value in theirs.items():
                if name in ours and ours[name] != value:
                    faults.append(Fault(f"{f.name}.{name}", None, "is defined differently by two mechanisms."))
                ours[name] = value
    if faults:
        raise FaultsError(faults, "stocks around the network")
    return whole


def parameter(figure: Figure, unit: str | None = None) -> dict[str, Any]:
    """Return a parameter of a stock-flow file from a figure; `unit` where the two files write it differently."""
    return {
        "value": figure.value,
        "unit": unit or figure.unit,
        "range": list(figure.range),
        "source": figure.source,
        "status": figure.status,
    }
