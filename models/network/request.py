"""What was asked of ``carebridge network``: words of the command line, read and checked all at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim.errors import Fault, nearest

__all__ = ["HELP", "Request", "parse"]

HELP = """carebridge network FILE.yaml [key=value ...] [--flag ...]

  Runs any network of sources, stations and routes: the engine without health care. Prints a table of means with
  half-widths; docs/network.md says how a file is written and what every figure means.

  replications=20       independent runs; by default those of the file (20)
  seed=1                same seed, same results; by default that of the file (1)
  workers=2             threads; no influence on the results
  horizon="400 d"       in place of the file's: length of the run
  warm_up="30 d"        in place of the file's: what comes before it is not measured
  precision=0.05        add replications until the half-widths of the mean numbers and waits are at most this share of
                        the means; replications= is then the most (1000 unless given)
  out=DIR               folder for Arrow tables, a CSV summary, JSON, the drawing and a manifest
  json=FILE             all figures as JSON; json=- writes to the standard output, in place of the table
  draw=FILE.svg         a drawing of the network
  log=N                 with out=: event logs of the first N replications (--log alone: of the first)

  --twin                run the SimPy reference program too, compare everything with ==, and print its figures
                        (3 replications unless given)
  --log-csv             event logs as CSV too, for vidigi
  --check               check the file (and draw it, with draw=), but do not run it
  --schema              print the JSON Schema of network files, with which editors complete and check them
  --help                this text

Every key may also be written --key value or --key=value. Exit code: 0 done, 2 something was wrong with the words or
the file (all faults are listed, nothing is written), 1 the work failed or the twin differs, 130 stopped by Ctrl-C.
"""

WHOLE = {"replications": (1, 1_000_000), "seed": (0, 2**63 - 1), "workers": (1, 1024), "log": (0, 1_000_000)}
TIMES, PATHS = ("horizon", "warm_up"), ("out", "json", "draw")
KEYS = (*WHOLE, *TIMES, *PATHS, "precision")
FLAGS = ("twin", "check", "schema", "log_csv", "log")  # `log` is both
_WHERE = "command line"


@dataclass
class Request:
    """What was asked for; None where the file decides."""

    file: Path | None = None
    replications: int | None = None
    seed: int | None = None
    workers: int | None = None
    horizon: float | None = None
    warm_up: float | None = None
    precision: float | None = None
    out: Path | None = None
    json: Path | None = None
    draw: Path | None = None
    log: int = 0
    twin: bool = False
    check: bool = False
    schema: bool = False
    log_csv: bool = False

    @property
    def stdout(self) -> bool:
        """Whether JSON goes to the standard output."""
        return self.json is not None and str(self.json) == "-"


def parse(words: Sequence[str]) -> tuple[Request, list[Fault]]:
    """Read the words; return what was asked for and every fault: unknown or repeated keys, values out of range."""
    request, faults = Request(), list[Fault]()
    seen: set[str] = set()
    left = list(words)
    while left:
        word = left.pop(0)
        dashed = word.startswith("--")
        written, equals, value = word.removeprefix("--").partition("=")
        key = written.replace("-", "_") if dashed else written
        if dashed and key in FLAGS and not equals:
            setattr(request, key, 1 if key == "log" else True)
        elif key in KEYS and (equals or dashed):
            if not equals:
                if not left or left[0].startswith("--"):
                    faults.append(Fault(word, None, f"a value is needed: {key}={_example(key)}.", _WHERE))
                    continue
                value = left.pop(0)
            faults += _set(request, key, value)
        elif not dashed and (not equals or Path(word).exists()):
            faults += _file(request, word)
            continue
        else:
            faults.append(_unknown(word, dashed, key, equals))
            continue
        if key in seen:
            faults.append(
                Fault(key, value or None, "this key is given twice; only one of the two would count.", _WHERE)
            )
        seen.add(key)
    return request, faults + _together(request)


def _unknown(word: str, dashed: bool, key: str, equals: str) -> Fault:
    if key in FLAGS:
        return Fault(word, None, f"a flag takes no value; write --{key.replace('_', '-')}.", _WHERE)
    known = [f"--{k.replace('_', '-')}" for k in (*KEYS, *FLAGS)] if dashed else [f"{k}=" for k in KEYS]
    rule = "no such key." if equals or not dashed else "no such flag."
    close = nearest(word.partition("=")[0] + ("" if dashed else "="), known)
    return Fault(word, None, rule, _WHERE, close)


def _file(request: Request, word: str) -> list[Fault]:
    if request.file is not None:
        close = nearest(word, [*KEYS, *(f"--{f.replace('_', '-')}" for f in FLAGS)])
        return [Fault(word, None, "one network file at a time; a setting is written key=value.", _WHERE, close)]
    request.file = Path(word).expanduser()
    return []


def _example(key: str) -> str:
    return {"horizon": '"400 d"', "warm_up": '"30 d"', "precision": "0.05", "out": "DIR", "json": "FILE"}.get(
        key, "FILE.svg" if key == "draw" else "20"
    )


def _set(request: Request, key: str, value: str) -> list[Fault]:
    """Set one key; return what is wrong with its value."""
    readers: dict[str, Callable[[str, str], Any]] = {**dict.fromkeys(WHOLE, _whole), **dict.fromkeys(PATHS, _path)}
    readers |= {**dict.fromkeys(TIMES, _time), "precision": _share}
    found = readers[key](key, value)
    if isinstance(found, Fault):
        return [found]
    setattr(request, key, found)
    return []


def _whole(key: str, value: str) -> int | Fault:
    low, high = WHOLE[key]
    try:
        number = int(value)
    except ValueError:
        return Fault(key, value, "a whole number is needed.", _WHERE)
    return number if low <= number <= high else Fault(key, value, f"must lie between {low} and {high}.", _WHERE)


def _time(key: str, value: str) -> float | Fault:
    from sim.clock import duration_ms

    try:
        found = duration_ms(value)
    except ValueError as error:
        return Fault(key, value, f"{error}.", _WHERE)
    return found if found >= 0 else Fault(key, value, "a time cannot be negative.", _WHERE)


def _share(key: str, value: str) -> float | Fault:
    try:
        number = float(value)
    except ValueError:
        number = -1.0
    return number if 0 < number < 1 else Fault(key, value, "a number between 0 and 1 is needed, say 0.05.", _WHERE)


def _path(key: str, value: str) -> Path | Fault:
    if not value.strip():
        return Fault(key, value, f"the name of a {'folder' if key == 'out' else 'file'} is needed.", _WHERE)
    try:
        return Path(value).expanduser()
    except RuntimeError:
        return Fault(key, value, "there is no such user.", _WHERE)


def _together(request: Request) -> list[Fault]:
    """Faults of words that do not go together."""
    faults = []
    if request.file is None and not request.schema:
        faults.append(Fault("FILE.yaml", None, "the name of a network file is needed; see --help.", _WHERE))
    if (request.log or request.log_csv) and request.out is None:
        faults.append(Fault("--log", None, "event logs need a folder: out=DIR.", _WHERE))
    if request.twin and request.precision is not None:
        faults.append(Fault("--twin", None, "the twin takes a number of replications, not a precision.", _WHERE))
    return faults
