"""Reading a YAML file: its data and the line of every key."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from sim.errors import CarebridgeError, Fault, FaultsError, nearest
from sim.reading.lines import Lines

__all__ = ["read_yaml"]

DEEPEST = 1000  #: levels; the parser in C calls itself at each, and ends the process some 20,000 down


def read_yaml(path: Path, example: str = "") -> tuple[Any, Lines]:
    """Read a YAML file; return the data and the line of every key.

    Parameters
    ----------
    path : Path
    example : str
        How such a file is written, shown where it cannot be read.

    Raises
    ------
    CarebridgeError
        When the file is missing, unreadable, not YAML, or has a key twice; the message names the file and the line.
    """
    try:
        data, lines, twice = _parsed(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        beside = [p.name for p in path.parent.glob("*.y*ml")] if path.parent.is_dir() else []
        close = nearest(path.name, beside)
        raise CarebridgeError(f"{path}: no such file." + (f" Did you mean '{close}'?" if close else "")) from None
    except yaml.MarkedYAMLError as error:
        raise FaultsError([_syntax(error, path, example)], str(path)) from None
    except RecursionError:
        raise CarebridgeError(f"{path}: cannot be read as YAML: its parts lie too deep in each other.") from None
    except (OSError, ValueError, yaml.YAMLError) as error:  # no such date or number, or not UTF-8
        raise CarebridgeError(f"{path}: cannot be read as YAML: {error}") from None
    if twice:
        raise FaultsError([replace(fault, file=f"{path}:{fault.file}") for fault in twice], str(path))
    return data, lines


def _parsed(text: str) -> tuple[Any, Lines, list[Fault]]:
    """Data of a text, its lines, and keys that stand twice.

    By the parser in C, ten times as fast, and by that in Python where it finds a fault.
    """
    try:
        _check_depth(text)
        return _read_with(getattr(yaml, "CSafeLoader", yaml.SafeLoader), text)
    except yaml.YAMLError:
        return _read_with(yaml.SafeLoader, text)  # its words name what is wrong


def _check_depth(text: str) -> None:
    """Raise RecursionError where parts lie too deep in each other, without going there.

    Few texts need a look: each bracket, and each further column of a line, begins two levels at the most.
    """
    if 2 * (text.count("[") + text.count("{") + max(map(len, text.split("\n")))) <= DEEPEST:
        return
    depth = 0
    for event in yaml.parse(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise RecursionError


def _read_with(loader: Any, text: str) -> tuple[Any, Lines, list[Fault]]:
    reader, lines, twice = loader(text), Lines(), list[Fault]()
    try:
        node = reader.get_single_node()
        _walk(node, (), lines, twice)  # before the data: they put what is merged (<<) among a mapping's own keys
        return None if node is None else reader.construct_document(node), lines, twice
    finally:
        reader.dispose()


def _syntax(error: yaml.MarkedYAMLError, path: Path, example: str) -> Fault:
    """What is wrong with the writing of a file, and where."""
    mark = error.problem_mark or error.context_mark
    line = f":{mark.line + 1}" if mark else ""
    words = ", ".join(part for part in (error.context, error.problem) if part)
    return Fault("this line", None, f"cannot be read as YAML: {words}.", f"{path}{line}", example=example)


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
