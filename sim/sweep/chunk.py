"""One chunk: run its tasks and leave one file that is whole or not there."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import ipc

from sim.errors import CarebridgeError
from sim.sweep.design import spans
from sim.sweep.folder import Folder, file_hash
from sim.sweep.study import Study

__all__ = ["Made", "nested", "read_chunk", "run_chunk", "size_of", "table_bytes", "write_once"]

REPLICATION = "replication"


@dataclass(frozen=True)
class Made:
    """What making a chunk took."""

    seconds: float
    cpu_seconds: float
    bytes: int


def run_chunk(folder: Folder, study: Study, chunk: int) -> Made | None:
    """Run the tasks of a chunk and write its file; None when it is there already.

    Raises
    ------
    CarebridgeError
        When the study's tables do not fit together.
    OSError
        When the file cannot be written; nothing of it remains.
    """
    if folder.done(chunk):
        return None
    wall, cpu = perf_counter(), process_time()
    first, last = (int(e) for e in folder.edges[chunk : chunk + 2])
    points, seed = folder.points, int(folder.about["seed"])
    pieces, tasks = [], []
    for point, replications in spans(first, last, folder.replications):
        pieces.append(nested(study.run(points[point], seed, replications), replications))
        tasks += [(point, r) for r in replications]
    data = _bytes(folder, chunk, tasks, pieces)
    write_once(folder.chunk_file(chunk, file_hash(data)), data)
    return Made(perf_counter() - wall, process_time() - cpu, len(data))


def nested(tables: Mapping[str, pa.Table], replications: range) -> dict[str, pa.ListArray]:
    """For every table a column that holds, for each replication, its rows.

    Raises
    ------
    CarebridgeError
        When a table is not sorted by replication, or has rows of replications that were not asked for.
    """
    out = {}
    for name, given in tables.items():
        table = given.combine_chunks()
        numbers = table.column(REPLICATION).to_numpy()
        offsets = np.searchsorted(numbers, [*replications, replications.stop])
        if (np.diff(numbers) < 0).any() or offsets[0] != 0 or offsets[-1] != len(numbers):
            raise CarebridgeError(f"the table '{name}' of this study is not sorted by the replications asked for")
        rest = table.drop_columns([REPLICATION])
        rows = pa.StructArray.from_arrays(
            [column.combine_chunks() if column.num_chunks != 1 else column.chunk(0) for column in rest.columns],
            fields=list(rest.schema),
        )
        out[name] = pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), rows)
    return out


def _bytes(
    folder: Folder, chunk: int, tasks: Sequence[tuple[int, int]], pieces: Sequence[Mapping[str, pa.Array]]
) -> bytes:
    names = list(pieces[0])
    if any(list(piece) != names for piece in pieces):
        raise CarebridgeError("this study gives other tables for one point than for another")
    columns = {
        "point": pa.array([p for p, _ in tasks], pa.int64()),
        REPLICATION: pa.array([r for _, r in tasks], pa.int32()),
        **{name: pa.concat_arrays([piece[name] for piece in pieces]) for name in names},
    }
    about = {"layout": str(folder.about["layout"]), "sweep_hash": folder.about["sweep_hash"], "chunk": str(chunk)}
    return table_bytes(pa.table(columns).replace_schema_metadata(about))


def table_bytes(table: pa.Table) -> bytes:
    """An Arrow file (zstd) that holds a table."""
    sink = pa.BufferOutputStream()
    with ipc.new_file(sink, table.schema, options=ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def read_chunk(path: Path) -> pa.Table:
    """Table of a chunk: a row a task, its tables nested."""
    with pa.OSFile(str(path)) as file:
        return ipc.open_file(file).read_all()


def write_once(path: Path, data: bytes) -> None:
    """Write a file whole or not at all: temporary name, flush, rename, and flush the folder's entry.

    Raises
    ------
    OSError
        When that fails; nothing remains.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part-{os.getpid()}")
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
        _flush_folder(path.parent)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _flush_folder(folder: Path) -> None:
    if os.name != "posix":
        return  # Windows keeps the entry by itself
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def size_of(tables: Mapping[str, Any]) -> int:
    """Size in a file of the tables of one task (bytes), roughly."""
    return len(table_bytes(pa.table(nested(tables, range(1)))))
