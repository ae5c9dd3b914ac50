"""What was asked of ``carebridge stocks``: words of the command line, read and checked all at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sim.errors import Fault, nearest

__all__ = ["HELP", "Request", "parse"]

HELP = """carebridge stocks FILE.yaml [key=value ...] [--flag ...]

  Runs any stock-flow model and prints every variable as CSV: one row a saved time, the first column Time, elements of
  arrays as name[element,...]. docs/stocks.md says how a file is written and what everything means.

  --set name=value      another value for a parameter, as often as needed: --set "leaving_rate[nurse]=0.1"
  until=20              another end, in the model's unit of time
  dt=0.125              another step
  method=rk4            euler or rk4
  sweep=DESIGN.yaml     many runs, compiled, on threads: the CSV has the columns point and the swept parameters too
  workers=2             threads of a sweep; no influence on the results
  out=FILE.csv          write the CSV to a file instead
  draw=FILE.svg         the stock-flow diagram

  --units               print the dimensional report instead of running
  --no-unit-check       do not analyse the dimensions of the equations
  --check               check the file (and draw it, with draw=), but do not run it
  --schema              print the JSON Schema of stock-flow files, with which editors complete and check them
  --help                this text

Every key may also be written --key value or --key=value. Exit code: 0 done, 2 something was wrong with the words or
the file (all faults are listed, nothing is written), 1 the work failed, 130 stopped by Ctrl-C.
"""

PATHS = ("sweep", "out", "draw")
NUMBERS = ("until", "dt")
KEYS = ("set", *NUMBERS, "method", *PATHS, "workers")
FLAGS = ("units", "no_unit_check", "check", "schema")
WHERE = "command line"


@dataclass
class Request:
    """What was asked for; None where the file decides."""

    file: Path | None = None
    set: dict[str, float] = field(default_factory=dict)
    until: float | None = None
    dt: float | None = None
    method: str | None = None
    sweep: Path | None = None
    out: Path | None = None
    draw: Path | None = None
    workers: int | None = None
    units: bool = False
    no_unit_check: bool = False
    check: bool = False
    schema: bool = False


def parse(words: Sequence[str]) -> tuple[Request, list[Fault]]:
    """Read the words; return what was asked for and every fault."""
    request, faults, seen, left = Request(), list[Fault](), set[str](), list(words)
    while left:
        word = left.pop(0)
        dashed = word.startswith("--")
        name, equals, value = word.removeprefix("--").partition("=")
        key = name.replace("-", "_") if dashed else name
        if dashed and key in FLAGS and not equals:
            setattr(request, key, True)
            continue
        if key in KEYS and (equals or dashed):
            if not equals:
                if not left:
                    faults.append(Fault(word, None, f"a value is needed: {_EXAMPLES[key]}.", WHERE))
                    continue
                value = left.pop(0)
            if key in seen and key != "set":
                faults.append(Fault(key, value, "this key is given twice; only one of the two would count.", WHERE))
            seen.add(key)
            faults += _keep(request, key, value)
        elif not dashed and not equals:
            faults += _file(request, word)
        else:
            known = [f"--{k.replace('_', '-')}" for k in (*KEYS, *FLAGS)] if dashed else [f"{k}=" for k in KEYS]
            close = nearest(word.partition("=")[0] + ("" if dashed else "="), known)
            rule = "a flag takes no value." if key in FLAGS else "no such key; parameters are set by --set name=value."
            faults.append(Fault(word, None, rule, WHERE, close))
    if request.file is None and not request.schema:
        faults.append(Fault("FILE.yaml", None, "the name of a stock-flow file is needed; see --help.", WHERE))
    return request, faults


_EXAMPLES = {
    "set": "--set name=value",
    "until": "until=20",
    "dt": "dt=0.125",
    "method": "method=rk4",
    "workers": "workers=2",
    "sweep": "sweep=DESIGN.yaml",
    "out": "out=FILE.csv",
    "draw": "draw=FILE.svg",
}


def _keep(request: Request, key: str, value: str) -> list[Fault]:
    readers: dict[str, Callable[[str, str], Any]] = {**dict.fromkeys(PATHS, _path), **dict.fromkeys(NUMBERS, _number)}
    readers |= {"method": _method, "workers": _workers, "set": _pair}
    found = readers[key](key, value)
    if isinstance(found, Fault):
        return [found]
    if key != "set":
        setattr(request, key, found)
        return []
    name, number = found
    if name in request.set:
        return [Fault(f"--set {name}", number, "this parameter is set twice; only one of the two would count.", WHERE)]
    request.set[name] = number
    return []


def _file(request: Request, word: str) -> list[Fault]:
    if request.file is not None:
        return [Fault(word, None, "one stock-flow file at a time; parameters are set by --set name=value.", WHERE)]
    request.file = Path(word).expanduser()
    return []


def _pair(key: str, value: str) -> tuple[str, float] | Fault:
    name, equals, text = value.rpartition("=")
    number = _number(f"--set {name}", text)
    if not equals or not name.strip():
        return Fault("--set", value, "write --set name=value.", WHERE)
    return number if isinstance(number, Fault) else (name.strip(), number)


def _number(key: str, value: str) -> float | Fault:
    try:
        found = float(value)
    except ValueError:
        found = math.nan
    return found if math.isfinite(found) else Fault(key, value, "a number is needed.", WHERE)


def _method(key: str, value: str) -> str | Fault:
    known = ("euler", "rk4")
    found = value.lower()
    rule = "give euler or rk4."
    return found if found in known else Fault(key, value, rule, WHERE, nearest(found, known))


def _workers(key: str, value: str) -> int | Fault:
    return int(value) if value.isdigit() and 1 <= int(value) <= 1024 else Fault(key, value, "give 1 to 1024.", WHERE)


def _path(key: str, value: str) -> Path | Fault:
    if not value.strip():
        return Fault(key, value, "the name of a file is needed.", WHERE)
    try:
        return Path(value).expanduser()
    except RuntimeError:
        return Fault(key, value, "there is no such user.", WHERE)
