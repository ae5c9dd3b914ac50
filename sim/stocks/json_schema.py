"""The JSON Schema of a stock-flow file, with which editors complete and check it as it is written."""

from __future__ import annotations

from typing import Any

from sim.network.json_schema import DIALECT
from sim.stocks.schema import StockFile

__all__ = ["json_schema"]


def json_schema() -> dict[str, Any]:
    """JSON Schema of a stock-flow file: keys with meaning, range and default; rules between keys are not in it."""
    return {"$schema": DIALECT, **StockFile.model_json_schema(by_alias=True), "title": "Carebridge stock-flow model"}
