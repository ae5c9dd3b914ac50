"""Keys of a file as its user wrote them: short forms, lines, and which of them touch one another."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from sim.errors import Fault

__all__ = ["Lines", "as_written", "in_order", "placed", "touches"]

Lines = dict[tuple[str, ...], int]  #: line of every key of a file

_LEFT_OUT = ("pools", "share", "amount")  # keys that a short form leaves out


def as_written(key: str, data: Any) -> tuple[str, Any]:
    """A dotted key as it stands in the input, short forms included, and what stands there (None if nothing does)."""
    here, parts, follows = data, [], True
    for part in key.split("."):
        if follows and isinstance(here, Mapping) and part in here:
            here = here[part]
        elif follows and isinstance(here, list) and part.isdigit() and int(part) < len(here):
            here = here[int(part)]
        elif follows and not isinstance(here, list) and (part.isdigit() or part in _LEFT_OUT):
            continue
        else:
            follows = False
        parts.append(part)
    return ".".join(parts), here if follows else None


def touches(key: str, others: Collection[str]) -> bool:
    """Whether a key is, or lies above or below, one of the others."""
    return any(key == other or key.startswith(f"{other}.") or other.startswith(f"{key}.") for other in others)


def placed(fault: Fault, name: str, lines: Lines) -> Fault:
    """Say in which file and line a fault stands: that of its key, or of the nearest key above."""
    path = tuple(fault.key.split("."))
    while path and path not in lines:
        path = path[:-1]
    return replace(fault, file=f"{name}:{lines[path]}" if path else (name if lines else ""))


def in_order(faults: list[Fault]) -> list[Fault]:
    """Faults by line, where lines are known."""

    def line(fault: Fault) -> int:
        number = fault.file.rpartition(":")[2]
        return int(number) if number.isdigit() else 0

    return sorted(faults, key=line)
