"""What a sweep's file and command line ask for, checked before anything is done."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from models import CONFIGS
from models.sweep.care import Care
from models.sweep.network import NetworkStudy
from sim.errors import CarebridgeError, Fault, FaultsError, nearest
from sim.reading.shape import Shape, shape_faults
from sim.reading.yaml_file import read_yaml
from sim.sweep.begin import CHUNK_SECONDS, Sweep
from sim.sweep.design import Part, Value, keys_of, lay_out, untied
from sim.sweep.slurm import SlurmLimits

__all__ = ["EXECUTORS", "Request", "parse", "sweep_of"]

EXECUTORS = ("local", "slurm", "dask")
_WHERE = "command line"
MOST = {"replications": 1_000_000, "seed": 2**63 - 1, "workers": 1024}


def _words(value: Any) -> Any:
    """Keys of ``set`` as words; a list is several values of one key."""
    if not isinstance(value, dict):
        raise ValueError("a mapping of keys, for example {timeline: [5y, 15y]}")
    return value


class SweepFile(Shape):
    """Shape of a sweep's file."""

    question: str = ""
    network: str | None = None
    set: Annotated[dict[str, Any], BeforeValidator(_words)] = {}
    design: list[Part] = Field(default=[], max_length=20)
    replications: int = Field(default=20, ge=1, le=MOST["replications"])
    seed: int = Field(default=1, ge=0, le=MOST["seed"])
    chunk_seconds: float = Field(default=CHUNK_SECONDS, ge=0.01, le=3600)


@dataclass
class Request:
    """What was asked for.

    Parameters
    ----------
    file : SweepFile
        The design, from a file, from the command line or both.
    folder : Path
        Where files that the design names are.
    limits : SlurmLimits
        Of jobs, for Slurm.
    scheduler : str
        Address, for Dask.
    """

    file: SweepFile
    folder: Path
    out: Path
    executor: str = "local"
    workers: int = 0
    dry_run: bool = False
    limits: SlurmLimits = SlurmLimits()
    scheduler: str = ""


def parse(words: Sequence[str]) -> Request:
    """Read the command line, and the file that it names.

    Raises
    ------
    FaultsError
        With every fault of both.
    """
    faults: list[Fault] = []
    data, name, lines = {}, "command line", {}
    given: dict[str, str] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if word == "--dry-run":
            given["dry_run"] = "yes"
        elif not equals and name == "command line":
            name = _file(word)
            try:
                data, lines = read_yaml(Path(name))
            except FaultsError as error:
                faults += error.faults
        elif not equals:
            faults.append(Fault(word, None, "a setting is written key=value, and there is one file at most.", _WHERE))
        elif key in given:
            faults.append(Fault(key, value, "this key is given twice; only one of the two would count.", _WHERE))
        else:
            given[key] = value
    request = Request(SweepFile(), Path(), Path())
    faults += _own(request, given)
    merged, found = _merged(data if isinstance(data, dict) else {"": data}, given)
    faults += found
    shape, wrong = shape_faults(SweepFile, merged, name, lines)
    faults += wrong
    if faults or shape is None:
        raise FaultsError(faults, name)
    request.file = shape
    request.folder = Path(name).expanduser().parent if name != "command line" else Path()
    return request


def _file(word: str) -> str:
    """File that is meant: a path, or the name of one of the sweeps that come along."""
    known = {p.stem: p for p in (CONFIGS / "sweep").glob("*.yaml")}
    path = Path(word).expanduser()
    if path.exists() or path.suffix:
        return str(path)
    if word in known:
        return str(known[word])
    rule = f"there is no such file, and no sweep of this name; there are: {', '.join(sorted(known))}."
    raise FaultsError([Fault(word, None, rule, _WHERE, nearest(word, known))], _WHERE)


def _own(request: Request, given: dict[str, str]) -> list[Fault]:
    """Take the keys that say how to run, and find their faults."""
    faults = []
    out = given.pop("out", "")
    if not out.strip():
        faults.append(Fault("out", None, "a folder for the sweep is needed: out=DIR.", _WHERE))
    request.out = Path(out).expanduser()
    request.dry_run = bool(given.pop("dry_run", ""))
    request.executor = given.pop("executor", "local")
    if request.executor not in EXECUTORS:
        rule = f"there are: {', '.join(EXECUTORS)}."
        faults.append(Fault("executor", request.executor, rule, _WHERE, nearest(request.executor, EXECUTORS)))
    workers = given.pop("workers", "0")
    if not workers.isdigit() or int(workers) > MOST["workers"]:
        faults.append(Fault("workers", workers, f"a whole number up to {MOST['workers']} is needed.", _WHERE))
    else:
        request.workers = int(workers) or os.cpu_count() or 1
    return faults + _places(request, given)


def _places(request: Request, given: dict[str, str]) -> list[Fault]:
    """Take the keys of Slurm and Dask; those of an executor that was not chosen are faults."""
    faults = []
    taken: dict[str, Any] = {}
    for key, executor in (("scheduler", "dask"), *((f.name, "slurm") for f in fields(SlurmLimits))):
        if key not in given:
            continue
        value = given.pop(key)
        kind = {"jobs": int, "minutes": int, "mem_gb": float}.get(key, str)
        if request.executor != executor:
            faults.append(Fault(key, value, f"is for executor={executor}.", _WHERE))
            continue
        try:
            taken[key] = kind(value)
            if kind is not str and not taken[key] > 0:
                raise ValueError
        except ValueError:
            faults.append(Fault(key, value, "a number above 0 is needed.", _WHERE))
    request.scheduler = taken.pop("scheduler", "")
    request.limits = SlurmLimits(**taken)
    if request.executor == "dask" and not request.scheduler:
        faults.append(Fault("scheduler", None, "the address of a Dask scheduler is needed.", _WHERE))
    return faults


def _merged(data: dict[str, Any], given: dict[str, str]) -> tuple[dict[str, Any], list[Fault]]:
    """Design of the file with that of the command line: several values make a grid, a single one is set for all."""
    out = {**data}
    faults = []
    for key in ("replications", "seed", "chunk_seconds", "network"):
        if key in given:
            out[key] = _value(given.pop(key))
    common = dict(out.get("set") or {})
    parts = list(out.get("design") or [])
    for key, text in given.items():
        values = [v for v in text.split(",") if v.strip()]
        if not values:
            faults.append(Fault(key, text, "a value is needed.", _WHERE))
        elif key == "timeline" and "network" not in out:  # one run takes several: they share business as usual
            common[key] = values
        elif len(values) > 1:
            parts.append({"grid": {key: [_value(v) for v in values]}})
        else:
            common[key] = _value(values[0])
    if common:
        out["set"] = common
    if parts:
        out["design"] = parts
    return out, faults


def _value(text: str) -> Value:
    """A number, true or false, or text."""
    for read in (int, float):
        try:
            return read(text)
        except ValueError:
            continue
    return {"true": True, "false": False}.get(text, text)


def sweep_of(request: Request) -> Sweep:
    """Lay out what was asked for.

    Raises
    ------
    FaultsError
        With the faults of the design.
    CarebridgeError
        When a file is missing.
    """
    file = request.file
    shared = untied(file.set)
    points = lay_out(file.design, request.folder)
    clash = [key for column in points.values for key in keys_of(column) if key in shared]
    if clash:
        rule = "stands under set and in the design; give it in one of them."
        raise FaultsError([Fault(key, None, rule) for key in clash], "the design")
    if file.network is not None:
        study: Any = NetworkStudy.of(request.folder / Path(file.network).expanduser())
        if shared:
            faults = study.check({key: [value] for key, value in shared.items()})
            if faults:
                raise FaultsError(faults, "set")
            study = study.changed(shared)
    else:
        study = Care([f"{key}={_joined(value)}" for key, value in shared.items()])
    if len(points) * file.replications > 10**9:  # noqa: PLR2004
        raise CarebridgeError(f"{len(points)} points x {file.replications} replications are too many for one sweep.")
    return Sweep(
        study=study,
        points=points,
        replications=file.replications,
        seed=file.seed,
        question=file.question,
        chunk_seconds=file.chunk_seconds,
        design=[p.model_dump(mode="json", exclude_none=True, by_alias=True) for p in file.design],
    )


def _joined(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(_joined(v) for v in value)
    return str(value).lower() if isinstance(value, bool) else str(value)
