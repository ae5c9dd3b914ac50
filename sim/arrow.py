"""Arrow files: tidy tables with units in the metadata of their fields, and a layout version that readers check."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from pyarrow import feather

from sim.errors import CarebridgeError

__all__ = ["names_column", "read_table", "write_table"]


def names_column(values: Sequence[str], index: npt.NDArray[Any]) -> pa.DictionaryArray:
    """Column of names, each written once: `values` taken at `index`."""
    return pa.DictionaryArray.from_arrays(
        pa.array(np.asarray(index).astype(np.int32)), pa.array(list(values), pa.string())
    )


def write_table(path: Path, table: pa.Table, units: Mapping[str, str], about: Mapping[str, str]) -> str:
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
    """
    fields = [f.with_metadata({"unit": units.get(f.name, "")}) for f in table.schema]
    feather.write_feather(table.cast(pa.schema(fields, metadata=dict(about))), str(path), compression="zstd")
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read_table(path: str | Path, version: str) -> pd.DataFrame:
    """Read a table into pandas; units and origin are in ``frame.attrs``.

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
    meta = {k.decode(): v.decode() for k, v in (table.schema.metadata or {}).items()}
    found = meta.get("schema_version", "none")
    if found.split(".")[0] != version.split(".", maxsplit=1)[0]:
        raise CarebridgeError(f"{path}: layout {found} cannot be read by this version, which knows {version}")
    frame = table.to_pandas()
    units = {f.name: (f.metadata or {}).get(b"unit", b"").decode() for f in table.schema}
    frame.attrs.update(meta, units=units)
    return frame
