"""Any network file as a study: the keys of a design are dotted keys of the file."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from contextlib import closing
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from models import __version__
from sim.errors import CarebridgeError, Fault, FaultsError, nearest
from sim.network.load import load_network
from sim.reading.yaml_file import read_yaml
from sim.results import Experiment
from sim.results.tables import tables as all_tables
from sim.statistics import mean_halfwidth
from sim.sweep.design import Value, keys_of, untied
from sim.sweep.study import digest

__all__ = ["NetworkStudy"]

KEPT = ("kind", "name", "class", "measure", "unit", "value")
OWNED = ("replications", "seed")  #: keys of the file that the sweep sets
MOST_VALUES = 200  #: values of a key that are tried before the sweep


class NetworkStudy:
    """A network over a design.

    Parameters
    ----------
    network : mapping
        What the file holds.
    folder : str
        Where files that it names are.
    """

    def __init__(self, network: Mapping[str, Any], folder: str = "."):
        self._network, self._folder = dict(network), folder

    @classmethod
    def of(cls, file: Path) -> NetworkStudy:
        """Network of a file; it must be without faults."""
        load_network(file)
        data, _ = read_yaml(file)
        return cls(data, str(file.resolve().parent))

    def changed(self, values: Mapping[str, Value]) -> NetworkStudy:
        """The same study with other values of some keys."""
        data = copy.deepcopy(self._network)
        for key, value in untied(values).items():
            _set(data, key, value)
        return NetworkStudy(data, self._folder)

    @property
    def settings(self) -> dict[str, Any]:
        """Arguments with which the study is made."""
        return {"network": self._network, "folder": self._folder}

    def identity(self) -> dict[str, Any]:
        """The network, and the contents of the files that it names."""
        named = sorted(_files(self._network))
        return {
            "network": self._network,
            "files": {n: digest((Path(self._folder) / n).read_text("utf-8")) for n in named},
        }

    def software(self) -> dict[str, str]:
        """Version of the command."""
        return {"carebridge": __version__}

    def check(self, values: Mapping[str, Sequence[Value]]) -> list[Fault]:
        """Faults of keys that the network does not have, and of values that it refuses, one key at a time."""
        faults: list[Fault] = []
        for key, column in values.items():
            if any(name.split(".")[0] in OWNED for name in keys_of(key)):
                faults.append(Fault(key, None, "belongs to the sweep as a whole, not to a point.", "the design"))
                continue
            for value in list(column)[:MOST_VALUES]:
                try:
                    load_network(self._at({key: value}))
                except FaultsError as error:
                    faults += error.faults
                except CarebridgeError as error:
                    faults.append(Fault(key, value, str(error), "the design"))
                    break
        return list({str(f): f for f in faults}.values())

    def units(self) -> dict[str, dict[str, str]]:
        """Units stand in a column of their own."""
        return {}

    def warm(self) -> None:
        """Compile the engine."""
        from sim.experiments.replicate import warm

        experiment = Experiment(load_network(self._at({})))
        warm(experiment.lowered, 0)

    def run(self, point: Mapping[str, Value], seed: int, replications: range) -> dict[str, pa.Table]:
        """Every measure of every replication over the measured time."""
        from sim.experiments.replicate import stream

        experiment = Experiment(self._checked(tuple(point.items())), seed)
        measured = stream(
            experiment.lowered, seed, experiment.measure, first=replications.start, replications=len(replications)
        )
        with closing(measured) as records:
            for one in records:
                experiment.results.add(one["record"])
        each = all_tables(experiment.results)["replications"]
        number = each.column("replication").to_numpy()
        order = np.argsort(number, kind="stable")
        columns = {name: _plain(each.column(name)).take(pa.array(order)) for name in KEPT}
        shifted = pa.array(number[order] - number.min() + replications.start, pa.int32())
        return {"measures": pa.table({"replication": shifted, **columns})}

    def reduce(self, point: Mapping[str, Value], tables: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
        """Mean and half-width (t, 95 %) of every measure over the replications of a point."""
        frame = tables["measures"].to_pandas()
        keys = [k for k in KEPT if k != "value"]
        rows = []
        for key, of in frame.groupby(keys, sort=False, dropna=False):
            values = np.asarray(of["value"].dropna(), float)
            mean = float(values.mean()) if values.size else None
            half = mean_halfwidth(values) if values.size > 1 else None
            rows.append((*key, mean, half, len(values)))  # type: ignore[misc]
        names = [*keys, "mean", "half_width", "replications"]
        return {"summary": pa.Table.from_pandas(pd.DataFrame(rows, columns=names), preserve_index=False)}

    def _at(self, point: Mapping[str, Value]) -> dict[str, Any]:
        """The network with the values of a point in their places."""
        data = copy.deepcopy(self._network)
        for key, value in untied(point).items():
            _set(data, key, value)
        return _with_folder(data, self._folder)

    @lru_cache(maxsize=2)  # noqa: B019 - one study a process; a chunk has few points
    def _checked(self, items: tuple[tuple[str, Value], ...]) -> Any:
        return load_network(self._at(dict(items)))


def _set(data: Any, key: str, value: Value) -> None:
    """Set a dotted key, which must lead somewhere: only its last part may be new, and then the network decides."""
    at, parts = data, key.split(".")
    for n, part in enumerate(parts):
        index: Any = int(part) if isinstance(at, list) and part.isdigit() else part
        last = n == len(parts) - 1
        known = range(len(at)) if isinstance(at, list) else at if isinstance(at, dict) else ()
        if index not in known and not (last and isinstance(at, dict)):
            where = ".".join(parts[:n]) or "the network"
            close = nearest(str(part), [str(k) for k in known])
            hint = f" Did you mean '{close}'?" if close else ""
            raise CarebridgeError(f"there is no '{part}' in {where}.{hint}")
        if last:
            at[index] = value
        else:
            at = at[index]


def _files(data: Any) -> set[str]:
    """Names of CSV files in a network."""
    if isinstance(data, Mapping):
        own = {str(data["file"])} if "file" in data and "column" in data else set()
        return own.union(*(_files(v) for v in data.values()))
    return set().union(*(_files(v) for v in data)) if isinstance(data, list) else set()


def _with_folder(data: Any, folder: str) -> Any:
    """The same, with the names of CSV files complete."""
    if isinstance(data, Mapping):
        out = {k: _with_folder(v, folder) for k, v in data.items()}
        if "file" in out and "column" in out:
            out["file"] = str(Path(folder) / str(out["file"]))
        return out
    return [_with_folder(v, folder) for v in data] if isinstance(data, list) else data


def _plain(column: pa.ChunkedArray) -> pa.Array:
    """Text in place of a dictionary."""
    whole = column.combine_chunks()
    return whole.dictionary_decode() if isinstance(whole, pa.DictionaryArray) else whole
