"""Collecting: one Parquet file a table, whatever the chunks were; the same bytes however the work was spread."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from sim.errors import CarebridgeError
from sim.sweep.chunk import REPLICATION, read_chunk
from sim.sweep.design import Points
from sim.sweep.folder import Folder
from sim.sweep.lock import sole_owner

__all__ = ["collect"]

ROWS_A_GROUP = 262_144  #: rows that are held before they are written


def collect(folder: Folder) -> dict[str, Path]:
    """Write ``tables/NAME.parquet`` for every table of the sweep, each with the values of the design beside its rows.

    Returns
    -------
    dict of Path
        By table. Tables of single replications, and those that the study makes of all replications of a point.

    Raises
    ------
    CarebridgeError
        When chunks are missing: which, and that the sweep's own command makes them.
    """
    with sole_owner(folder.path, "collecting"):
        done, _ = folder.finished()
        lacking = folder.chunks - len(done)
        if lacking:
            raise CarebridgeError(
                f"{folder.path}: {lacking} of {folder.chunks} chunks are missing; run the sweep again to make them."
            )
        target = folder.file("tables")
        target.mkdir(exist_ok=True)
        for part in target.glob(".*.part-*"):  # of one who was killed while collecting
            part.unlink()
        study, writers = folder.study(), _Writers(target, folder)
        try:
            for point, tables in _by_point(folder, done):
                for name, table in (tables | study.reduce(folder.points[point], tables)).items():
                    writers.add(name, point, table)
            return writers.finish()
        except BaseException:
            writers.drop()
            raise


def _by_point(folder: Folder, done: Mapping[int, Path]) -> Iterator[tuple[int, dict[str, pa.Table]]]:
    """All rows of each point in turn, joined from the chunks that hold them."""
    held: dict[str, list[pa.Table]] = {}
    current = 0
    for chunk in range(folder.chunks):
        table = read_chunk(done[chunk])
        points = table.column("point").to_numpy()
        start = 0
        while start < len(points):
            point = int(points[start])
            stop = start + int((points[start:] == point).sum())
            if point != current:
                yield current, _joined(held)
                held, current = {}, point
            for name, rows in _unnested(table.slice(start, stop - start)).items():
                held.setdefault(name, []).append(rows)
            start = stop
    yield current, _joined(held)


def _joined(held: Mapping[str, list[pa.Table]]) -> dict[str, pa.Table]:
    return {name: pa.concat_tables(tables).combine_chunks() for name, tables in held.items()}


def _unnested(rows: pa.Table) -> dict[str, pa.Table]:
    """Tables of tasks, with the replication of each row."""
    out = {}
    numbers = rows.column(REPLICATION).combine_chunks()
    for name in rows.column_names:
        if name in ("point", REPLICATION):
            continue
        lists = rows.column(name).combine_chunks()
        flat = lists.flatten()
        replication = numbers.take(lists.value_parent_indices().cast(pa.int64()))
        columns = {REPLICATION: replication} | dict(
            zip([f.name for f in flat.type], flat.flatten(), strict=True),
        )
        out[name] = pa.table(columns)
    return out


class _Writers:
    """Parquet files that are being written; they get their names when all are whole."""

    def __init__(self, target: Path, folder: Folder):
        self._target, self._folder = target, folder
        self._points = _typed(folder.points)
        self._held: dict[str, list[pa.Table]] = {}
        self._rows: dict[str, int] = {}
        self._open: dict[str, parquet.ParquetWriter] = {}

    def _part(self, name: str) -> Path:
        return self._target / f".{name}.parquet.part-{os.getpid()}"

    def add(self, name: str, point: int, table: pa.Table) -> None:
        """Add a point's rows to a table."""
        index = pa.array([point] * table.num_rows, pa.int64())
        columns = {"point": index, **{k: c.take(index) for k, c in self._points.items()}}
        taken = [c for c in table.column_names if c in columns]
        if taken:
            raise CarebridgeError(f"the study's table '{name}' and the design both have a column '{taken[0]}'")
        columns |= {c: table.column(c) for c in table.column_names}
        self._held.setdefault(name, []).append(pa.table(columns))
        self._rows[name] = self._rows.get(name, 0) + table.num_rows
        if self._rows[name] >= ROWS_A_GROUP:
            self._write(name)

    def _write(self, name: str, everything: bool = False) -> None:
        """Write whole groups of rows, so that where a point ends has no influence on the file."""
        table = pa.concat_tables(self._held[name], promote_options="permissive").combine_chunks()
        whole = table.num_rows if everything else table.num_rows - table.num_rows % ROWS_A_GROUP
        if name not in self._open:
            schema = self._schema(name, table.schema)
            self._open[name] = parquet.ParquetWriter(str(self._part(name)), schema, compression="zstd")
        writer = self._open[name]
        for start in range(0, whole, ROWS_A_GROUP):
            piece = table.slice(start, min(ROWS_A_GROUP, whole - start)).cast(writer.schema)
            writer.write_table(piece, row_group_size=ROWS_A_GROUP)
        self._held[name], self._rows[name] = [table.slice(whole)], table.num_rows - whole

    def _schema(self, name: str, schema: pa.Schema) -> pa.Schema:
        """Columns with their units, and what made the file."""
        units: dict[str, Any] = self._folder.about["units"].get(name, {})
        fields = [f.with_metadata({"unit": units[f.name]}) if units.get(f.name) else f for f in schema]
        about = {
            "layout": self._folder.about["layout"],
            "sweep_hash": self._folder.about["sweep_hash"],
            "question": self._folder.about["question"],
        }
        return pa.schema(fields, metadata=about)

    def finish(self) -> dict[str, Path]:
        """Write what is left, flush, and give all files their names."""
        for name in self._held:
            self._write(name, everything=True)
        for name, writer in self._open.items():
            writer.close()
            with self._part(name).open("r+b") as file:
                os.fsync(file.fileno())
        out = {}
        for name in self._open:
            out[name] = self._target / f"{name}.parquet"
            os.replace(self._part(name), out[name])
        return out

    def drop(self) -> None:
        """Remove what was written."""
        for name, writer in self._open.items():
            writer.close()
            self._part(name).unlink(missing_ok=True)


def _typed(points: Points) -> dict[str, pa.Array]:
    table = points.table()
    return {key: table.column(key).combine_chunks() for key in points.values}


def hashes(files: Mapping[str, Path]) -> dict[str, str]:
    """SHA-256 of every file, by table."""
    return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()}
