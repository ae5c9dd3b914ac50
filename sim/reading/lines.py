"""Lines of a file: where a fault stands, and faults in the order of their lines."""

from __future__ import annotations

from dataclasses import replace

from sim.errors import Fault

__all__ = ["Lines", "in_order", "placed"]

Lines = dict[tuple[str, ...], int]  #: line of every key of a file


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
