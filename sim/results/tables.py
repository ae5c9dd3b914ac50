"""Results as tidy Arrow tables, one estimate a row. Explained in ``docs/network.md``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from sim import arrow
from sim.arrow import names_column, write_table
from sim.results.document import SCHEMA_VERSION
from sim.results.quantiles import BIN_EDGES
from sim.results.results import Block, Results

__all__ = ["DESCRIPTIONS", "read_table", "tables", "write_tables"]

DESCRIPTIONS = {
    "summary": "every measure over the measured time: mean over replications, with half-width (t, 95 %)",
    "by_period": "the main measures by statistics period, the warm-up included; mean and half-width (t, 95 %)",
    "replications": "every measure of each replication over the measured time",
    "occupancy": "share of snapshots with each number of places occupied, or of entities present",
    "waits": "waits of all who started, in fine bins, over all replications together",
}

#: what the names of a block are
KINDS = {"stations": "station", "lodging": "station", "places": "station", "clocks": "clock", "system": "system"}


def tables(results: Results) -> dict[str, pa.Table]:
    """All tables of a network, by name."""
    blocks = {name: results.block(name) for name in KINDS}
    found = {
        "summary": pa.concat_tables([_summary(results, n, b) for n, b in blocks.items()]),
        "by_period": pa.concat_tables([_by_period(results, n, results.periods(n)) for n in KINDS if n != "clocks"]),
        "replications": pa.concat_tables([_each(results, n, b) for n, b in blocks.items()]),
        "occupancy": _occupancy(results),
    }
    found = {name: table.unify_dictionaries() for name, table in found.items()}
    return found | ({} if results.wait_counts is None else {"waits": _waits(results, results.wait_counts)})


def _columns(results: Results, name: str, block: Block, shape: Sequence[int]) -> dict[str, Any]:
    """Columns that say what a figure is of, for arrays whose last three axes are (measures, names, rows)."""
    index = [np.broadcast_to(i, shape).ravel() for i in np.indices(shape[-3:])]
    kinds = ["pool" if name == "places" and n in results.axes.network.pools else KINDS[name] for n in block.names]
    return {
        "kind": names_column(kinds, index[1]),
        "name": names_column(block.names, index[1]),
        "class": names_column(block.rows, index[2]),
        "measure": names_column(block.measures, index[0]),
        "unit": names_column(block.units, index[0]),
    }


def _known(values: npt.NDArray[np.float64]) -> pa.Array:
    return pa.array(values.ravel(), pa.float64(), from_pandas=True)  # nan becomes null


def _summary(results: Results, name: str, block: Block) -> pa.Table:
    return pa.table(
        _columns(results, name, block, block.value.shape)
        | {
            "value": _known(block.value),
            "half_width": _known(block.half_width),
            "replications": pa.array(np.full(block.value.size, results.replications, np.int32)),
        }
    )


def _by_period(results: Results, name: str, block: Block) -> pa.Table:
    axes = results.axes
    value, half = np.moveaxis(block.value, 1, 0), np.moveaxis(block.half_width, 1, 0)
    period = np.broadcast_to(np.arange(len(axes.measured))[:, None, None, None], value.shape).ravel()
    midnight = dt.datetime.combine(axes.network.start, dt.time())
    stamp = pa.array([midnight + dt.timedelta(milliseconds=int(e)) for e in axes.edges[:-1]], pa.timestamp("ms"))
    edges = axes.edges / axes.unit_ms
    return pa.table(
        {
            "start": edges[period],
            "end": edges[period + 1],
            "start_time": stamp.take(pa.array(period)),
            "measured": axes.measured[period],
        }
        | _columns(results, name, block, value.shape)
        | {"value": _known(value), "half_width": _known(half)}
    )


def _each(results: Results, name: str, block: Block) -> pa.Table:
    """Figures of each replication; quantiles are of all together and not among them."""
    value = np.stack([one[name] for one in results.each])
    block = block._replace(measures=block.measures[: value.shape[1]], units=block.units[: value.shape[1]])
    number = np.broadcast_to(np.arange(len(value), dtype=np.int32)[:, None, None, None], value.shape).ravel()
    return pa.table({"replication": number} | _columns(results, name, block, value.shape) | {"value": _known(value)})


def _occupancy(results: Results) -> pa.Table:
    rows = [
        ("pool" if name in results.axes.network.pools else "station", name, what, n, *estimate)
        for what, names in (("occupied", results.axes.places), ("present", results.axes.stations))
        for name in names
        for n, estimate in results.distribution(what, name)
    ]
    frame = pd.DataFrame(rows, columns=["kind", "name", "what", "n", "value", "half_width"])
    schema = pa.schema(
        [(c, pa.string()) for c in ("kind", "name", "what")]
        + [("n", pa.int64()), ("value", pa.float64()), ("half_width", pa.float64())]
    )
    return pa.Table.from_pandas(frame, schema=schema, preserve_index=False)


def _waits(results: Results, counts: npt.NDArray[np.int64]) -> pa.Table:
    """Bins in which somebody's wait fell."""
    axes = results.axes
    s, r, b = np.nonzero(counts)
    edges = np.append(BIN_EDGES, 2 * BIN_EDGES[-1]) / axes.unit_ms
    totals = counts.sum(axis=2)
    return pa.table(
        {
            "name": names_column(axes.stations, s),
            "class": names_column(axes.rows, r),
            "from": edges[b],
            "to": edges[b + 1],
            "count": counts[s, r, b],
            "share_up_to": counts.cumsum(axis=2)[s, r, b] / totals[s, r],
        }
    )


def write_tables(folder: Path, found: dict[str, pa.Table], results: Results, about: dict[str, str]) -> dict[str, str]:
    """Write tables as Arrow files; return the SHA-256 of each file.

    Parameters
    ----------
    folder : Path
        Not yet under its name, see :func:`sim.files.run_folder`.
    found : dict
        Tables by name.
    results : Results
    about : dict
        Further metadata of every file.
    """
    unit = results.axes.network.unit
    units = {"start": unit, "end": unit, "from": unit, "to": unit, "value": "see the column unit"}
    hashes = {}
    for name, table in found.items():
        meta = {"schema_version": SCHEMA_VERSION, "description": DESCRIPTIONS[name], "time_unit": unit, **about}
        value = {"value": "share"} if name == "occupancy" else {}
        own = {**units, **value}
        own["half_width"] = own["value"]
        hashes[f"{name}.arrow"] = write_table(folder / f"{name}.arrow", table, own, meta)
    return hashes


def read_table(path: str | Path) -> pd.DataFrame:
    """Read a table of a network into pandas; units and origin are in ``frame.attrs``.

    Raises
    ------
    CarebridgeError
        When the file was written by a version with another layout.
    """
    return arrow.read_table(path, SCHEMA_VERSION)
