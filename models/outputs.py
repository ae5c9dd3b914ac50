"""Arrow tables of a run: tidy, with units and origin in their metadata; a folder is written whole or not at all.

R16 (reproducible, auditable): the same configuration and seed give the same bytes, whatever the number of workers.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from pyarrow import feather

from models import measures
from models.arms import Observed
from models.baseline import Baseline
from models.criteria import Assessed, every_cell, quarters
from models.verdict import Verdict
from sim.clock import DAY
from sim.errors import CarebridgeError
from sim.kernel.layout import FLOWS, STATES

__all__ = [
    "TABLES_VERSION",
    "check_file",
    "check_room",
    "read_table",
    "replace_text",
    "run_folder",
    "tables",
    "write_json",
    "write_tables",
]

TABLES_VERSION = "1.0"

DESCRIPTIONS = {
    "state": "people in each state, mean over the month; mean and 5-95 % over replications",
    "flows": "events in the month; mean and 5-95 % over replications",
    "waits": "emergencies waiting longer than 4 and 12 h for a bed, share by quarter",
    "beds": "general and acute beds open, in use at midnight and held by delayed people, mean over the month",
    "criteria": "every criterion by replication, place and period, under the plan and under business as usual",
    "closures": "every closure by replication, with its planned and its simulated date",
    "baseline": "observed and simulated beds in the baseline year, and the held-out quarters",
    "verdict": "one row a timeline",
}


def tables(
    observed: dict[str, Observed], assessed: dict[str, list[Assessed]], window: tuple[dt.date, dt.date]
) -> dict[str, pa.Table]:
    """Tables of what the arms did, by name.

    Parameters
    ----------
    observed : dict
        What each arm wrote down, by its name.
    assessed : dict
        Criteria by arm.
    """
    return {
        "state": pa.concat_tables([_state(name, o) for name, o in observed.items()]),
        "flows": pa.concat_tables([_flows(name, o) for name, o in observed.items()]),
        "waits": pa.concat_tables([_waits(name, o, window) for name, o in observed.items()]),
        "beds": pa.concat_tables([_beds(name, o) for name, o in observed.items()]),
        "criteria": _criteria(assessed),
        "closures": _closures(observed),
    }


def _spread(values: npt.NDArray[Any]) -> dict[str, npt.NDArray[np.float64]]:
    """Mean and 5-95 % over replications (the first axis), flattened."""
    low, high = np.quantile(values, [0.05, 0.95], axis=0)
    return {"mean": values.mean(axis=0).ravel(), "p05": low.ravel(), "p95": high.ravel()}


def _columns(arm: str, *axes: tuple[str, list[Any]]) -> dict[str, Any]:
    """Index columns of a dense array whose axes are given in order."""
    shape = [len(values) for _, values in axes]
    out: dict[str, Any] = {"arm": _names([arm], np.zeros(int(np.prod(shape)), np.int32))}
    for n, (name, values) in enumerate(axes):
        index = np.broadcast_to(np.arange(shape[n]).reshape([-1 if k == n else 1 for k in range(len(shape))]), shape)
        if values and isinstance(values[0], dt.date):
            out[name] = pa.array(values, pa.date32()).take(pa.array(index.ravel()))
        else:
            out[name] = _names(values, index.ravel())
    return out


def _names(values: list[str], index: npt.NDArray[Any]) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(index.astype(np.int32)), pa.array(values, pa.string()))


def baseline_table(baseline: Baseline) -> pa.Table:
    """Observed and simulated figures of the baseline year and of the held-out quarters, one row a figure."""
    rows = []
    for part, frame in (("fitted", baseline.fitted), ("holdout", baseline.holdout)):
        for row in frame.to_dict("records"):
            period = str(row.get("quarter", "baseline year"))
            rows += [
                {"part": part, "hospital": str(row["hospital"]), "period": period, "measure": str(k), "value": float(v)}
                for k, v in row.items()
                if k not in ("hospital", "quarter")
            ]
    for part, figures in (("errors", baseline.errors), ("delays", baseline.delays)):
        rows += [
            {"part": part, "hospital": "all", "period": "baseline year", "measure": k, "value": float(v)}
            for k, v in figures.items()
        ]
    return pa.Table.from_pylist(rows)


def verdict_table(verdicts: dict[str, Verdict]) -> pa.Table:
    """One row a timeline."""
    return pa.Table.from_pylist(
        [
            {
                "timeline": name,
                "verdict": v.verdict,
                "probability": v.probability,
                "low": v.interval[0],
                "high": v.interval[1],
                "delivered": v.delivered["probability"],
                "safe": v.safe["probability"],
                "binding_criterion": v.binding_criterion,
                "replications": v.replications,
            }
            for name, v in verdicts.items()
        ]
    )


def _state(arm: str, o: Observed) -> pa.Table:
    axes = [
        ("month", o.months),
        ("station", o.stations),
        ("class", o.arm.lowered.network.classes),
        ("state", list(STATES)),
    ]
    people = o.area / (o.days[None, :, None, None, None] * DAY)
    return pa.table(_columns(arm, *axes) | _spread(people))


def _flows(arm: str, o: Observed) -> pa.Table:
    axes = [
        ("month", o.months),
        ("station", o.stations),
        ("class", o.arm.lowered.network.classes),
        ("flow", list(FLOWS)),
    ]
    return pa.table(_columns(arm, *axes) | _spread(o.flow[..., : len(FLOWS)]))


def _waits(arm: str, o: Observed, window: tuple[dt.date, dt.date]) -> pa.Table:
    first = dt.date(int(o.arm.system.footprint.baseline_year[:4]), 4, 1)
    periods = quarters(o, first, window[1])
    places = [*o.arm.system.footprint.sites, None]
    masks = [mask for _, mask in periods]
    values = np.stack(
        [np.stack([measures.long_wait_share(o, p, masks, k) for k in (0, 1)], axis=2) for p in places], axis=1
    )
    starts = [dt.date.fromisoformat(f"{name}-01") for name, _ in periods]
    axes = [("place", [p or "footprint" for p in places]), ("quarter", starts), ("longer_than", ["4 h", "12 h"])]
    return pa.table(_columns(arm, *axes) | _spread(values))


def _beds(arm: str, o: Observed) -> pa.Table:
    places = [*o.arm.system.footprint.sites, None]
    kinds = {"open": measures.beds_open, "occupied": measures.occupied_beds}
    values = np.stack([np.stack([f(o, p) for f in kinds.values()], axis=2) for p in places], axis=1)
    axes = [("place", [p or "footprint" for p in places]), ("month", o.months), ("measure", list(kinds))]
    whole = pa.table(_columns(arm, *axes) | _spread(values))
    delayed = np.stack([measures.delayed_beds(o, s) for s in ("acute", "non_acute")], axis=2)[:, None]
    axes = [("place", ["footprint"]), ("month", o.months), ("measure", ["delayed_acute", "delayed_non_acute"])]
    return pa.concat_tables([whole, pa.table(_columns(arm, *axes) | _spread(delayed))]).unify_dictionaries()


def _criteria(assessed: dict[str, list[Assessed]]) -> pa.Table:
    frame = pd.DataFrame(
        [(arm, *row) for arm, found in assessed.items() for row in every_cell(found)],
        columns=["arm", "criterion", "place", "period", "replication", "value", "usual_value"],
    )
    return pa.Table.from_pandas(frame, preserve_index=False)


def _closures(observed: dict[str, Observed]) -> pa.Table:
    rows = [
        (arm, r, c.step.kind, c.step.site, c.step.beds, c.step.due, c.closed, c.held_by)
        for arm, o in observed.items()
        for r, closures in enumerate(o.closures)
        for c in closures
    ]
    names = ["arm", "replication", "kind", "site", "beds", "due", "closed", "held_by"]
    types = [pa.string(), pa.int32(), pa.string(), pa.string(), pa.int32(), pa.date32(), pa.date32(), pa.string()]
    schema = pa.schema(list(zip(names, types, strict=True)))
    return pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in rows], schema=schema)


def write_tables(folder: Path, found: dict[str, pa.Table], scenario_hash: str) -> dict[str, str]:
    """Write tables as Arrow files (zstd); return the SHA-256 of each file."""
    out = {}
    for name, table in found.items():
        path = folder / f"{name}.arrow"
        meta = {
            "schema_version": TABLES_VERSION,
            "scenario_hash": scenario_hash,
            "description": DESCRIPTIONS[name],
        }
        fields = [f.with_metadata({"unit": _unit(name, f.name)}) for f in table.schema]
        feather.write_feather(table.cast(pa.schema(fields, metadata=meta)), str(path), compression="zstd")
        out[path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return out


def _unit(table: str, column: str) -> str:
    if column in ("mean", "p05", "p95"):
        return {"state": "people", "flows": "events a month", "waits": "share", "beds": "beds"}.get(table, "")
    if column.endswith("_beds") or column == "beds":
        return "beds"
    return {"value": "see criterion", "usual_value": "see criterion"}.get(column, "")


def read_table(path: str | Path) -> pd.DataFrame:
    """Read a table of a run into pandas; units and origin are in ``frame.attrs``.

    Raises
    ------
    CarebridgeError
        When the file was written by a version with another layout.
    """
    table = feather.read_table(str(path), memory_map=False)
    meta = {k.decode(): v.decode() for k, v in (table.schema.metadata or {}).items()}
    version = meta.get("schema_version", "none")
    if version.split(".")[0] != TABLES_VERSION.split(".", maxsplit=1)[0]:
        raise CarebridgeError(f"{path}: layout {version} cannot be read by this version, which knows {TABLES_VERSION}")
    frame = table.to_pandas()
    units = {f.name: (f.metadata or {}).get(b"unit", b"").decode() for f in table.schema}
    frame.attrs.update(meta, units=units)
    return frame


def write_json(path: Path, data: Any) -> None:
    """Write JSON that is the same whenever the data are."""
    path.write_text(json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")


def replace_text(path: Path, text: str) -> None:
    """Write a text file whole or not at all.

    Raises
    ------
    CarebridgeError
        When it cannot be written; what stood there before is untouched.
    """
    part = path.with_name(f".{path.name}.part-{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text, encoding="utf-8")
        os.replace(part, path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise CarebridgeError(f"{path} could not be written: {error.strerror or error}") from None


def check_room(out: Path, needed_mb: float) -> None:
    """Check, before any work is done, that a folder can be written and that the disk has room.

    Raises
    ------
    CarebridgeError
        Naming the folder and what is missing.
    """
    above = _writable(out)
    free_mb = shutil.disk_usage(above).free / 1e6
    if free_mb < needed_mb:
        raise CarebridgeError(f"out={out}: about {needed_mb:.0f} MB are needed there and {free_mb:.0f} MB are free.")


def check_file(out: Path) -> None:
    """Check, before any work is done, that a file can be written; see :func:`check_room`."""
    _writable(out)


def _writable(out: Path) -> Path:
    """Folder above `out`, the nearest that exists: new results are laid beside what they replace."""
    above = next(p for p in out.resolve().parents if p.exists())
    if not above.is_dir():
        raise CarebridgeError(f"out={out}: {above} is a file, not a folder.")
    if not os.access(above, os.W_OK | os.X_OK):
        raise CarebridgeError(f"out={out}: {above} cannot be written; give another folder.")
    return above


@contextmanager
def run_folder(out: Path) -> Iterator[Path]:
    """A folder that appears under its name only when everything in it has been written.

    Raises
    ------
    CarebridgeError
        When writing fails, for example because the disk is full; nothing half-written remains.
    """
    out = out.resolve()
    part = out.parent / f".{out.name}.part-{os.getpid()}"
    shutil.rmtree(part, ignore_errors=True)  # of a process of the same number that was killed
    try:
        part.mkdir(parents=True, exist_ok=False)
        yield part
        _flush(part)
        _take_the_place(part, out)
    except OSError as error:
        shutil.rmtree(part, ignore_errors=True)
        before = "; the earlier results there are untouched" if out.exists() else ""
        raise CarebridgeError(f"the results could not be written to {out}: {error.strerror or error}{before}") from None
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


def _take_the_place(part: Path, out: Path) -> None:
    """Give a folder its name; what stood there before comes back if that fails."""
    if not out.exists():
        os.replace(part, out)
        return
    old = out.parent / f".{out.name}.old-{os.getpid()}"
    shutil.rmtree(old, ignore_errors=True)
    try:
        os.replace(out, old)
        os.replace(part, out)
    except BaseException:
        if old.exists() and not out.exists():
            os.rename(old, out)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _flush(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("r+b") as file:
                os.fsync(file.fileno())
