"""Models of few lines whose units are checked, and what the analysis says of them."""

from __future__ import annotations

from typing import Any

from sim.stocks.build import build
from sim.stocks.model import Model
from sim.stocks.schema import StockFile
from sim.stocks.units import analyse

CONVERTED = "are different units, and nothing is converted in silence"
BARE = "a bare number is dimensionless: make it a parameter with the unit"


def model_of(units: Any = ("person", "bed"), time: str = "year", **blocks: Any) -> Model:
    axis = {"unit": time, "start": 0, "end": 2, "dt": 0.25}
    units = units if isinstance(units, dict) else list(units)
    return build(StockFile.model_validate({"name": "units", "time": axis, "units": units, **blocks}))[0]


def ward(**auxiliaries: Any) -> Model:
    """A model with something of every kind, and further auxiliaries."""
    return model_of(
        dimensions={"group": ["nurse", "doctor"]},
        parameters={
            "rate": "0.1 1/year",
            "monthly": "0.1 1/month",
            "delay": "2 year",
            "short": "3 month",
            "ratio": "2 dimensionless",
            "heads": "2 person",
            "beds": "3 bed",
            "joining": "5 person/year",
            "pay[group]": {"value": [1, 2], "unit": "GBP/person"},
        },
        inputs={"load": {"unit": "dimensionless"}},
        lookups={"effect": {"points": [[0, 0], [1, 1]], "unit_x": "person", "unit": "1/year"}},
        stocks={
            "staff": {"initial": "heads", "unit": "person", "inflows": ["hiring"], "outflows": ["leaving"]},
            "team[group]": {"initial": "heads", "unit": "person"},
        },
        flows={"hiring": "joining", "leaving": "staff * rate"},
        auxiliaries=auxiliaries,
        rules={"paused": {"begins": "staff > heads", "after": "delay", "ends": "load < 1", "ends_after": "0"}},
    )


def rules(model: Model, unsound: tuple[str, ...] = ()) -> list[str]:
    return [fault.rule for fault in analyse(model, unsound).faults]


def unit_of(equation: str) -> str:
    """Derived unit of a sound equation."""
    found = analyse(ward(x=equation))
    assert found.faults == []
    assert "x" in found.derived
    return found.registry.text(found.units["x"]) if "x" in found.units else "any" if "x" in found.any else "unknown"


def fault_of(equation: Any) -> str:
    """Rule of the one fault of an equation."""
    faults = analyse(ward(x=equation)).faults
    assert [fault.key for fault in faults] == ["auxiliaries.x.equation"]
    return faults[0].rule
