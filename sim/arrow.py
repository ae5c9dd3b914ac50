"""Arrow files: tidy tables with units in the metadata of their fields, and a layout version that readers check."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from pyarrow import feather

from sim.errors import CarebridgeError

__all__ = ["described", "names_column", "read_parts", "read_table", "to_frame", "write_parts", "write_table"]


def names_column(values: Sequence[str], index: npt.NDArray[Any]) -> pa.DictionaryArray:
    """Column of names, each written once: `values` taken at `index`."""
    return pa.DictionaryArray.from_arrays(
        pa.array(np.asarray(index).astype(np.int32)), pa.array(list(values), pa.string())
    )


#: where the meaning of columns is not given
NO_WORDS: Mapping[str, str] = MappingProxyType({})


def write_table(
    path: Path,
    table: pa.Table,
    units: Mapping[str, str],
    about: Mapping[str, str],
    words: Mapping[str, str] = NO_WORDS,
) -> str:
    """Write a table (zstd); return the SHA-256 of the file.

    Parameters
    ----------
    path : Path
        In a folder that is not yet under its name, see :func:`sim.files.run_folder`.
    table : pyarrow.Table
    units : mapping
        Unit of each column that has one.
    about : mapping
        Metadata of the table, ``schema_version`` among them.
    words : mapping
        What each column holds, for the metadata of its field.
    """
    feather.write_feather(described(table, units, about, words), str(path), compression="zstd")
    return hashlib.sha256(path.read_bytes()).hexdigest()


def described(
    table: pa.Table, units: Mapping[str, str], about: Mapping[str, str], words: Mapping[str, str] = NO_WORDS
) -> pa.Table:
    """Return a table with its metadata and those of its fields; parameters as for :func:`write_table`."""
    return table.cast(pa.schema(_fields(table.schema, units, words), metadata=dict(about)))


def _fields(schema: pa.Schema, units: Mapping[str, str], words: Mapping[str, str]) -> list[pa.Field]:
    """Columns with their unit, and with what they hold where that is said."""
    said = {name: {"description": text} for name, text in words.items()}
    return [f.with_metadata({"unit": units.get(f.name, ""), **said.get(f.name, {})}) for f in schema]


def write_parts(
    path: Path,
    parts: Iterable[pa.Table],
    units: Mapping[str, str],
    about: Mapping[str, str],
    words: Mapping[str, str] = NO_WORDS,
) -> str:
    """Write a table that does not fit into memory, part by part; the file is like one of :func:`write_table`.

    Parameters
    ----------
    path : Path
        In a folder that is not yet under its name.
    parts : iterable of pyarrow.Table
        Of one schema and with the same names behind dictionary columns; one at least. Each is kept as one piece.
    units, about, words : mapping
        As for :func:`write_table`.
    """
    rest = iter(parts)
    first = next(rest)
    fields = _fields(first.schema, units, words)
    schema, options = pa.schema(fields, metadata=dict(about)), pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, schema, options=options) as writer:
        for part in itertools.chain([first], rest):
            writer.write_table(part.cast(schema).combine_chunks())
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def read_parts(path: str | Path, version: str) -> Iterator[pa.Table]:
    """Read a table piece by piece, as :func:`write_parts` wrote it.

    Raises
    ------
    CarebridgeError
        When the file is missing or broken, or was written by a version with another layout.
    """
    try:
        with pa.memory_map(str(path)) as source:
            reader = pa.ipc.open_file(source)
            _check_version(path, {k.decode(): v.decode() for k, v in (reader.schema.metadata or {}).items()}, version)
            for n in range(reader.num_record_batches):
                yield pa.Table.from_batches([reader.get_batch(n)])
            if not reader.num_record_batches:
                yield reader.schema.empty_table()
    except FileNotFoundError:
        raise CarebridgeError(f"{path}: there is no such file.") from None
    except (pa.ArrowInvalid, OSError) as error:
        raise CarebridgeError(f"{path}: cannot be read as a table: {error}") from None


def _check_version(path: str | Path, meta: Mapping[str, str], version: str) -> None:
    found = meta.get("schema_version", "none")
    if found.split(".")[0] != version.split(".", maxsplit=1)[0]:
        raise CarebridgeError(f"{path}: layout {found} cannot be read by this version, which knows {version}")


def read_table(path: str | Path, version: str) -> pd.DataFrame:
    """Read a table into pandas; units, meanings (``words``) and origin are in ``frame.attrs``.

    Parameters
    ----------
    path : path of an Arrow file
    version : str
        Layout that the caller knows; another first number is refused.

    Raises
    ------
    CarebridgeError
        When the file was written by a version with another layout.
    """
    table = feather.read_table(str(path), memory_map=False)
    _check_version(path, {k.decode(): v.decode() for k, v in (table.schema.metadata or {}).items()}, version)
    return to_frame(table)


def to_frame(table: pa.Table) -> pd.DataFrame:
    """Return a table with its metadata in pandas, as :func:`read_table` does; dates are ``datetime64``."""
    meta = {k.decode(): v.decode() for k, v in (table.schema.metadata or {}).items()}
    frame = table.to_pandas(date_as_object=False)
    units, words = (
        {f.name: (f.metadata or {}).get(k, b"").decode() for f in table.schema} for k in (b"unit", b"description")
    )
    frame.attrs.update(meta, units=units, words=words)
    return frame
