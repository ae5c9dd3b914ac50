"""The JSON Schema of a network file, with which editors complete and check it as it is written."""

from __future__ import annotations

import datetime as dt
from typing import Any

import yaml
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from sim.clock import DAY, HOUR
from sim.network.examples import EXAMPLES
from sim.network.schema import Network

__all__ = ["DIALECT", "json_schema"]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TITLE = "Carebridge network"


def json_schema() -> dict[str, Any]:
    """JSON Schema of a network file: keys with meaning, unit, range, default and an example, short forms included.

    Rules between keys are not in it; they are checked when the file is loaded.

    Returns
    -------
    dict
        In the dialect 2020-12; ready for ``json.dump``.
    """
    written = Network.model_json_schema(by_alias=True, schema_generator=_Writer)
    definitions: dict[str, Any] = written.get("$defs", {})
    for name, shape in {**definitions, "Network": written}.items():
        for key, value in shape["properties"].items():
            value["examples"] = [_plain(yaml.safe_load(EXAMPLES[name][key]))]
    for name in ("Source", "Census"):  # where there is one class only, it need not be named
        definitions[name]["required"].remove("class")
    return {"$schema": DIALECT, **written, "title": _TITLE}


class _Writer(GenerateJsonSchema):
    """Leaves out titles that only repeat a key, and writes defaults as a file would hold them."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        written = super().default_schema(schema)
        default = written.get("default")
        if default is None or isinstance(default, (dict, list)):
            written.pop("default", None)
        elif written.get("type") == "string" and isinstance(default, float):
            written["default"] = f"{default / DAY:g} d" if default % DAY == 0 else f"{default / HOUR:g} h"
        return written


def _plain(value: Any) -> Any:
    """What YAML reads, in JSON's terms."""
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return value.isoformat() if isinstance(value, dt.date) else value
