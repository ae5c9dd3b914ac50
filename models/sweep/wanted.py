"""What ``carebridge analyse`` is asked for, checked before anything is read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sim.analysis.frontier import Passing
from sim.errors import Fault, FaultsError, nearest

__all__ = ["Wanted", "wanted"]

KEYS = ("measure", "group", "at_least", "at_most", "find", "frontier")
FINDS = ("failing", "passing")
_WHERE = "command line"


@dataclass
class Wanted:
    """What was asked for.

    Parameters
    ----------
    folder : Path
        Of the sweep.
    measures : list of str
    group : dict
        Values of columns to which the analysis is confined.
    passing : Passing, optional
    find : {"failing", "passing"}
        Points that boxes are sought for.
    frontier : list of str
        Two keys, or none.
    """

    folder: Path = Path()
    measures: list[str] = field(default_factory=list)
    group: dict[str, str] = field(default_factory=dict)
    passing: Passing | None = None
    find: str = "failing"
    frontier: list[str] = field(default_factory=list)


def wanted(words: Sequence[str]) -> Wanted:
    """Read the command line.

    Raises
    ------
    FaultsError
        With every fault of it.
    """
    out, faults, seen = Wanted(), [], set()
    folders = [w for w in words if "=" not in w]
    if len(folders) != 1:
        faults.append(Fault("DIR", None, "the folder of one sweep is needed: carebridge analyse DIR.", _WHERE))
    for word in (w for w in words if "=" in w):
        key, _, value = word.partition("=")
        if key not in KEYS:
            rule = f"there are: {', '.join(KEYS)}."
            faults.append(Fault(key, value, rule, _WHERE, nearest(key, KEYS)))
            continue
        alone = "threshold" if key in ("at_least", "at_most") else key
        if alone in seen and key not in ("measure", "group"):
            faults.append(Fault(key, value, f"one {alone} at most.", _WHERE))
        seen.add(alone)
        faults += _take(out, key, value.strip())
    if faults:
        raise FaultsError(faults, "command line")
    out.folder = Path(folders[0]).expanduser()
    return out


def _take(out: Wanted, key: str, value: str) -> list[Fault]:
    """Take the value of one key; returns what is wrong with it."""
    parts = [p.strip() for p in value.split(",") if p.strip()]
    if key == "measure":
        out.measures += [p for p in parts if p not in out.measures]
        return [] if parts else [Fault(key, value, "a name is needed.", _WHERE)]
    if key == "group":
        column, equals, of = value.rpartition("=")
        out.group[column] = of
        rule = "a column and a value are needed, for example group=timeline=5y."
        return [] if column and equals and of else [Fault(key, value, rule, _WHERE)]
    if key == "find":
        out.find = value
        rule = f"there are: {', '.join(FINDS)}."
        return [] if value in FINDS else [Fault(key, value, rule, _WHERE, nearest(value, FINDS))]
    if key == "frontier":
        out.frontier = parts
        rule = "two different keys are needed, for example frontier=KEY,KEY."
        return [] if len(set(parts)) == len(parts) == 2 else [Fault(key, value, rule, _WHERE)]
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    out.passing = Passing(number, at_least=key == "at_least")
    return [] if math.isfinite(number) else [Fault(key, value, "a number is needed.", _WHERE)]
