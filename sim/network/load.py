"""Reading a network: shape, ranges and cross-field rules, all faults reported at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from sim.errors import CarebridgeError, Fault, FaultsError, nearest
from sim.network.check import check
from sim.network.columns import read_columns
from sim.network.examples import example_of
from sim.network.keys import Lines, as_written, in_order, placed, touches
from sim.network.mend import mended
from sim.network.schema import Network
from sim.network.wording import Placed, shape_words

__all__ = ["Lines", "load_network", "read_yaml", "shape_faults"]

EXAMPLE = "stations: {ward: {places: 20, service: {kind: exponential, mean: 6 d}}}"  #: of how a file is written

Shape = TypeVar("Shape", bound=BaseModel)


def load_network(source: Mapping[str, Any] | Network | str | Path) -> Network:
    """Read and check a network.

    Parameters
    ----------
    source : mapping, Network or path of a YAML file
        Paths of CSV files in it are relative to the folder of the YAML file, else to the current folder.

    Raises
    ------
    FaultsError
        With every fault of shape, range and cross-field rules, each with key, value, rule and file.
    """
    name, lines = "network", {}
    if isinstance(source, (str, Path)):
        name, (data, lines) = str(source), read_yaml(Path(source))
        if not isinstance(data, Mapping):
            rule = "a network is a mapping of keys such as classes, sources and stations."
            raise FaultsError([Fault("the whole file", data, rule, name, example=EXAMPLE)], name)
    else:
        data = source
    if isinstance(data, Network):
        network, faults, unsound = data, [], set[str]()
    else:
        network, shaped = _read(Network, data)
        faults, unsound = [fault for _, fault in shaped], set[str]()
        if network is None:  # what does not depend on these faults is checked as well
            network, unsound = mended(Network, data, shaped, lambda path: _fields(Network, path))
    if network is not None:
        network, unread, missing = read_columns(network, Path(name).parent if lines else Path())
        unsound |= missing
        found = check(network, lambda key: not touches(as_written(key, data)[0], unsound))
        faults += [_as_written(fault, data) for fault in (*found, *unread)]
    if faults or network is None:
        elsewhere = [fault for fault in faults if fault.file]  # in a CSV file
        here = in_order([placed(fault, name, lines) for fault in faults if not fault.file])
        raise FaultsError([*here, *elsewhere], name)
    return network


def shape_faults(
    model: type[Shape], data: Any, name: str, lines: Lines | None = None
) -> tuple[Shape | None, list[Fault]]:
    """Validate `data` against a pydantic model; return the model, or None and every fault of shape and range."""
    found, faults = _read(model, data)
    return found, [placed(fault, name, lines or {}) for _, fault in faults]


def _read(model: type[Shape], data: Any) -> tuple[Shape | None, list[Placed]]:
    try:
        return model.model_validate(data), []
    except ValidationError as error:
        found = shape_words(error.errors(), data, lambda path: _fields(model, path))
        return None, [(path, _with_example(fault, model, path)) for path, fault in found]


def _with_example(fault: Fault, model: type[BaseModel], path: tuple[Any, ...]) -> Fault:
    """Show how the key, or the one that was meant, is written."""
    meant = (*path[:-1], fault.nearest) if fault.rule.startswith("unknown key") else path
    return replace(fault, example=example_of(model, meant))


def _as_written(fault: Fault, data: Any) -> Fault:
    """Show key and value as the user wrote them (a duration with its unit, say)."""
    key, value = as_written(fault.key, data)
    shown = value if isinstance(value, str) and isinstance(fault.value, float) else fault.value
    return replace(fault, key=key, value=shown)


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


def read_yaml(path: Path) -> tuple[Any, Lines]:
    """Read a YAML file; return the data and the line of every key.

    Raises
    ------
    CarebridgeError
        When the file is missing, unreadable, not YAML, or has a key twice; the message names the file and the line.
    """
    try:
        text = path.read_text(encoding="utf-8")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
    except FileNotFoundError:
        beside = [p.name for p in path.parent.glob("*.y*ml")] if path.parent.is_dir() else []
        close = nearest(path.name, beside)
        raise CarebridgeError(f"{path}: no such file." + (f" Did you mean '{close}'?" if close else "")) from None
    except yaml.MarkedYAMLError as error:
        raise FaultsError([_syntax(error, path)], str(path)) from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise CarebridgeError(f"{path}: cannot be read as YAML: {error}") from None
    lines: Lines = {}
    twice: list[Fault] = []
    _walk(node, (), lines, twice)
    if twice:
        raise FaultsError([replace(fault, file=f"{path}:{fault.file}") for fault in twice], str(path))
    return data, lines


def _syntax(error: yaml.MarkedYAMLError, path: Path) -> Fault:
    """What is wrong with the writing of a file, and where."""
    mark = error.problem_mark or error.context_mark
    line = f":{mark.line + 1}" if mark else ""
    words = ", ".join(part for part in (error.context, error.problem) if part)
    return Fault("this line", None, f"cannot be read as YAML: {words}.", f"{path}{line}", example=EXAMPLE)


def _walk(node: Any, path: tuple[str, ...], lines: Lines, twice: list[Fault]) -> None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            here = (*path, str(key.value))
            line = key.start_mark.line + 1
            if here in lines:
                rule = f"this key stands here already, in line {lines[here]}; only one of the two would count."
                example = f"keep one of the lines {lines[here]} and {line}"
                twice.append(Fault(".".join(here), None, rule, str(line), example=example))
            lines[here] = line
            _walk(value, here, lines, twice)
    elif isinstance(node, yaml.SequenceNode):
        for i, value in enumerate(node.value):
            here = (*path, str(i))
            lines[here] = value.start_mark.line + 1
            _walk(value, here, lines, twice)
