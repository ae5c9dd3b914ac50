"""Reading a network: shape, ranges and cross-field rules, all faults reported at once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from sim.errors import CarebridgeError, Fault, FaultsError, nearest
from sim.network.check import check
from sim.network.schema import Network

__all__ = ["load_network", "read_yaml", "shape_faults"]

Shape = TypeVar("Shape", bound=BaseModel)
Lines = dict[tuple[str, ...], int]


def load_network(source: Mapping[str, Any] | Network | str | Path) -> Network:
    """Read and check a network.

    Parameters
    ----------
    source : mapping, Network or path of a YAML file

    Raises
    ------
    FaultsError
        With every fault of shape, range and cross-field rules, each with key, value, rule and file.
    """
    name, lines = "network", {}
    if isinstance(source, (str, Path)):
        name, (data, lines) = str(source), read_yaml(Path(source))
    else:
        data = source
    if isinstance(data, Network):
        network = data
    else:
        network, faults = shape_faults(Network, data, name, lines)
        if network is None:
            raise FaultsError(faults, name)
    faults = [_placed(fault, name, lines) for fault in check(network)]
    if faults:
        raise FaultsError(faults, name)
    return network


def shape_faults(
    model: type[Shape], data: Any, name: str, lines: Lines | None = None
) -> tuple[Shape | None, list[Fault]]:
    """Validate `data` against a pydantic model; return the model, or None and every fault of shape and range."""
    try:
        return model.model_validate(data), []
    except ValidationError as error:
        return None, [_placed(_fault(model, item), name, lines or {}) for item in error.errors()]


def _fault(model: type[BaseModel], item: Any) -> Fault:
    path = [str(part) for part in item["loc"]]
    value = None if isinstance(item.get("input"), (dict, list)) else item.get("input")
    if item["type"] == "extra_forbidden":
        known = _fields(model, item["loc"][:-1])
        rule = f"unknown key; known here: {', '.join(known)}." if known else "unknown key."
        return Fault(".".join(path), None, rule, nearest=nearest(path[-1], known))
    if item["type"] == "missing":
        return Fault(".".join(path), None, "this key is missing.")
    message = item["msg"].removeprefix("Value error, ")
    return Fault(".".join(path), value, message[0].lower() + message[1:] + ".")


def _fields(model: Any, path: tuple[Any, ...]) -> list[str]:
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


def _placed(fault: Fault, name: str, lines: Lines) -> Fault:
    path = tuple(fault.key.split("."))
    while path and path not in lines:
        path = path[:-1]
    where = f"{name}:{lines[path]}" if path else (name if lines else "")
    return Fault(fault.key, fault.value, fault.rule, where, fault.nearest)


def read_yaml(path: Path) -> tuple[Any, Lines]:
    """Read a YAML file; return the data and the line of every key.

    Raises
    ------
    CarebridgeError
        When the file is missing, unreadable or not YAML; the message names the file and the line.
    """
    try:
        text = path.read_text(encoding="utf-8")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
    except FileNotFoundError:
        beside = [p.name for p in path.parent.glob("*.y*ml")] if path.parent.is_dir() else []
        close = nearest(path.name, beside)
        raise CarebridgeError(f"{path}: no such file." + (f" Did you mean '{close}'?" if close else "")) from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise CarebridgeError(f"{path}: cannot be read as YAML: {error}") from None
    lines: Lines = {}
    _walk(node, (), lines)
    return data, lines


def _walk(node: Any, path: tuple[str, ...], lines: Lines) -> None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            here = (*path, str(key.value))
            lines[here] = key.start_mark.line + 1
            _walk(value, here, lines)
    elif isinstance(node, yaml.SequenceNode):
        for i, value in enumerate(node.value):
            lines[(*path, str(i))] = value.start_mark.line + 1
            _walk(value, (*path, str(i)), lines)
