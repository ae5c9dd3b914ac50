"""The JSON Schema of plan files and of sets of gates, with which editors complete and check what is written."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from models.plans.gates import Gates
from models.plans.plan import Plan
from sim.network.json_schema import DIALECT

__all__ = ["gates_schema", "plan_schema"]


class _Plain(GenerateJsonSchema):
    """Leaves out titles that only repeat a key."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def plan_schema() -> dict[str, Any]:
    """JSON Schema of a plan file: keys with meaning, range and default; rules between keys are not in it."""
    return _of(Plan, "Carebridge plan")


def gates_schema() -> dict[str, Any]:
    """JSON Schema of a set of gates."""
    return _of(Gates, "Carebridge gates")


def _of(shape: type[BaseModel], title: str) -> dict[str, Any]:
    written = shape.model_json_schema(by_alias=True, schema_generator=_Plain)
    written["properties"]["defaults"] = {
        "type": "array",
        "items": {"type": "string"},
        "description": "Files beside this one on which it builds, and `_self_`.",
    }
    return {"$schema": DIALECT, **written, "title": title}
