"""Shapes of files: what a pydantic model says may be written, and every fault against it in plain words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from sim.errors import Fault
from sim.reading.lines import Lines, placed
from sim.reading.wording import Placed, shape_words

__all__ = ["Example", "Shape", "keys_known", "shape_faults", "shaped"]

#: gives the key at a path of a model with a value that would be right, or an empty text
Example = Callable[[type[BaseModel], tuple[Any, ...]], str]


class Shape(BaseModel):
    """Base of every part of a file: unknown keys are faults, what has been read does not change."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        populate_by_name=True,
        use_attribute_docstrings=True,  # the line under each key is its description in the JSON Schema
    )


Model = TypeVar("Model", bound=BaseModel)


def shape_faults(
    model: type[Model], data: Any, name: str, lines: Lines | None = None, example: Example | None = None
) -> tuple[Model | None, list[Fault]]:
    """Validate `data` against a pydantic model; return the model, or None and every fault of shape and range."""
    found, faults = shaped(model, data, example)
    return found, [placed(fault, name, lines or {}) for _, fault in faults]


def shaped(model: type[Model], data: Any, example: Example | None = None) -> tuple[Model | None, list[Placed]]:
    """Validate `data`; return the model, or None and every fault with the path at which it stands."""
    try:
        return model.model_validate(data), []
    except ValidationError as error:
        found = shape_words(error.errors(), data, lambda path: keys_known(model, path))
        if example is None:
            return None, found
        return None, [(path, _with_example(fault, model, path, example)) for path, fault in found]


def _with_example(fault: Fault, model: type[BaseModel], path: tuple[Any, ...], example: Example) -> Fault:
    """Show how the key, or the one that was meant, is written."""
    meant = (*path[:-1], fault.nearest) if fault.rule.startswith("unknown key") else path
    return replace(fault, example=example(model, meant))


def keys_known(model: Any, path: tuple[Any, ...]) -> list[str]:
    """Names that are valid at a place of a model, found by walking its annotations."""
    for part in path:
        nested = (
            _models_in(model.model_fields[_by_alias(model, part)].annotation) if _by_alias(model, part) else [model]
        )
        if len(nested) >= 1 and nested[0] is not model:
            model = next((m for m in nested if m.__name__ == part), nested[0])
    return [field.alias or name for name, field in model.model_fields.items()]


def _by_alias(model: Any, part: Any) -> str:
    for name, field in model.model_fields.items():
        if part in (name, field.alias):
            return name
    return ""


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    found: list[type[BaseModel]] = []
    for inner in getattr(annotation, "__args__", ()):
        found += _models_in(inner)
    return found
