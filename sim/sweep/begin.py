"""The beginning of a sweep: check, measure, cut into chunks and write down; or find the same sweep and go on."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from sim.errors import CarebridgeError, FaultsError
from sim.files import json_text
from sim.sweep.attempt import software_of
from sim.sweep.chunk import size_of, table_bytes, write_once
from sim.sweep.design import Points
from sim.sweep.faults import SPARE_BYTES
from sim.sweep.folder import LAYOUT, Folder
from sim.sweep.lock import sole_owner
from sim.sweep.plan import cut, measure_cost
from sim.sweep.study import Study, digest, name_of

__all__ = ["Sweep", "begin"]

CHUNK_SECONDS = 10.0
_SHOWN = 20  #: differences that are listed
OURS = {"sweep.json", "points.arrow", "manifest.arrow", "chunks", "journal", "logs", "tables", "lock", "owner.json"}


@dataclass(frozen=True)
class Sweep:
    """What is to be swept.

    Parameters
    ----------
    study : Study
    points : Points
    replications : int
        Of every point.
    seed : int
    question : str
        What the sweep is to answer, in a line.
    chunk_seconds : float
        Length at which chunks aim (s).
    design : list
        How the points were laid out, as plain data; kept for the analysis.
    """

    study: Study
    points: Points
    replications: int
    seed: int
    question: str = ""
    chunk_seconds: float = CHUNK_SECONDS
    design: list[Any] = field(default_factory=list)


def begin(path: Path, sweep: Sweep) -> Folder:
    """Make the folder of a sweep ready, or find that it holds this very sweep.

    Raises
    ------
    FaultsError
        When keys or values of the design are wrong; nothing has been written.
    CarebridgeError
        When the folder holds something else, or another sweep (the difference is shown), or the disk has no room.
    """
    about = _about(sweep)
    if (path / "sweep.json").exists():
        folder = Folder.open(path)
        _same(folder, about)
        return folder
    _is_free(path)
    faults = sweep.study.check(sweep.points.distinct())
    if faults:
        raise FaultsError(faults, "the design")
    _make(path)
    with sole_owner(path, "planning a sweep"):  # nobody may cut the chunks anew under one who makes them
        if not (path / "sweep.json").exists():
            _plan(path, sweep, about)
    folder = Folder.open(path)
    _same(folder, about)
    return folder


def _plan(path: Path, sweep: Sweep, about: dict[str, Any]) -> None:
    """Measure, cut into chunks and write down."""
    sweep.study.warm()
    cost = measure_cost(sweep.study, sweep.points, sweep.seed, lambda tables: _size(tables, sweep.points))
    edges = cut(cost.seconds, sweep.replications, sweep.chunk_seconds)
    tasks = np.diff(edges)
    about["bytes_a_chunk"] = round(float(cost.bytes_a_task * tasks.mean()))
    _has_room(path, len(tasks) * about["bytes_a_chunk"])
    total = np.concatenate([[0.0], np.repeat(cost.seconds, sweep.replications).cumsum()])
    write_once(path / "points.arrow", table_bytes(sweep.points.table()))
    manifest = pa.table(
        {
            "chunk": pa.array(np.arange(len(tasks)), pa.int64()),
            "first_task": pa.array(edges[:-1], pa.int64()),
            "tasks": pa.array(tasks, pa.int64()),
            "estimated_seconds": pa.array(np.diff(total[edges]), pa.float64()),
        }
    )
    write_once(path / "manifest.arrow", table_bytes(manifest))
    write_once(path / "sweep.json", json_text(about).encode())  # last: with it the folder is a sweep


def _size(tables: Mapping[str, pa.Table], points: Points) -> int:
    """Size of the tables of a task; a column and a key of the same name would hide one another when collected."""
    for name, table in tables.items():
        clash = [key for key in ("point", *points.values) if key in table.column_names]
        if clash:
            raise CarebridgeError(
                f"the table '{name}' has a column '{clash[0]}', so no key of a design can be called that"
            )
    return size_of(tables)


def _about(sweep: Sweep) -> dict[str, Any]:
    study = sweep.study
    depends = {
        "study": name_of(study),
        "identity": json.loads(json.dumps(study.identity(), default=str)),
        "points_hash": digest(sweep.points.values),
        "replications": sweep.replications,
        "seed": sweep.seed,
    }
    return {
        "layout": LAYOUT,
        "question": sweep.question,
        **depends,
        "sweep_hash": digest(depends),
        "settings": study.settings,
        "design": sweep.design,
        "keys": list(sweep.points.values),
        "points": len(sweep.points),
        "chunk_seconds": sweep.chunk_seconds,
        "units": study.units(),
        "software": software_of(study),
    }


def _same(folder: Folder, about: Mapping[str, Any]) -> None:
    """Refuse a folder that holds another sweep, showing what differs."""
    compared = ("study", "replications", "seed", "points", "keys", "identity", "software", "design", "points_hash")
    before = dict(_flat({k: folder.about.get(k) for k in compared}))
    after = dict(_flat({k: about[k] for k in compared}))
    differ = [k for k in {**before, **after} if before.get(k) != after.get(k)]
    if not differ:
        return
    lines = [f"  {k}: was {before.get(k, 'not there')}, is now {after.get(k, 'not there')}" for k in differ[:_SHOWN]]
    more = [f"  and {len(differ) - _SHOWN} more"] if len(differ) > _SHOWN else []
    raise CarebridgeError(
        "\n".join(
            [
                f"{folder.path}: this folder holds another sweep. Nothing was done. What differs:",
                *lines,
                *more,
                "Give another folder (out=DIR), or go back to what the sweep was begun with.",
            ]
        )
    )


def _flat(data: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Every value with its dotted key, as plain data compare."""
    if isinstance(data, Mapping) and data:
        for name, value in data.items():
            yield from _flat(value, f"{key}.{name}" if key else str(name))
    elif isinstance(data, (list, tuple)) and data:
        for n, value in enumerate(data):
            yield from _flat(value, f"{key}.{n}")
    else:
        yield key, data


def _is_free(path: Path) -> None:
    if path.exists() and not path.is_dir():
        raise CarebridgeError(f"out={path}: this is a file; a folder is needed.")
    others = sorted({p.name for p in path.iterdir()} - OURS) if path.is_dir() else []
    if others:
        raise CarebridgeError(f"out={path}: this folder holds other things ({others[0]}); give an empty or a new one.")


def _make(path: Path) -> None:
    """Make the folder, and show that it can be written, before any work."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        write_once(path / "journal" / "begun", b"")
        (path / "journal" / "begun").unlink()
    except OSError as error:
        raise CarebridgeError(f"out={path}: this folder cannot be written: {error.strerror or error}.") from None


def _has_room(path: Path, needed: float) -> None:
    free = shutil.disk_usage(path).free
    if free < needed + SPARE_BYTES:
        raise CarebridgeError(
            f"out={path}: about {(needed + SPARE_BYTES) / 1e6:.0f} MB are needed there "
            f"and {free / 1e6:.0f} MB are free."
        )
