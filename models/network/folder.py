"""The folder that ``carebridge network out=DIR`` leaves: tables, figures, drawing, event logs and a manifest."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import sys
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import csv

from models.command_line.doctor import machine, peak_memory_mb, versions
from models.network.request import Request
from sim.arrow import write_table
from sim.drawing import draw
from sim.eventlog import process_log, vidigi_log
from sim.files import run_folder, write_json
from sim.network.schema import Network
from sim.results import Experiment, Results
from sim.results.document import SCHEMA_VERSION
from sim.results.tables import tables, write_tables
from sim.run import Run

__all__ = ["network_hash", "write_folder"]


def network_hash(network: Network, replications: int) -> str:
    """Hash of what was simulated: the network as checked, and the number of replications."""
    plain = {**network.model_dump(mode="json"), "replications": replications}
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()[:16]


def write_folder(
    request: Request, network: Network, experiment: Experiment, results: Results, document: str, began: float
) -> None:
    """Write everything into a folder that appears whole or not at all.

    Parameters
    ----------
    request : Request
    network : Network
    experiment : Experiment
        For the event logs.
    results : Results
        Figures to write.
    document : str
        The same figures as JSON.
    began : float
        When the work began (seconds of the clock).
    """
    assert request.out is not None and request.file is not None  # noqa: S101 - checked before
    mark = network_hash(network, results.replications)
    with run_folder(request.out) as folder:
        found = tables(results)
        hashes = write_tables(folder, found, results, {"scenario_hash": mark})
        for name in ("summary", "by_period"):
            csv.write_csv(_plain(found[name]), str(folder / f"{name}.csv"))
        (folder / "results.json").write_text(document, encoding="utf-8")
        (folder / "network.svg").write_text(draw(network), encoding="utf-8")
        hashes |= _logs(request, experiment, folder, mark)
        others = [path for path in sorted(folder.iterdir()) if path.name not in hashes and path.suffix != ".svg"]
        hashes |= {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in others}
        write_json(folder / "manifest.json", _manifest(request, results, mark, hashes, began))


def _plain(table: pa.Table) -> pa.Table:
    """Text in place of dictionaries, which CSV does not have."""
    return table.cast(
        pa.schema([pa.field(f.name, pa.string() if pa.types.is_dictionary(f.type) else f.type) for f in table.schema])
    )


def _logs(request: Request, experiment: Experiment, folder: Path, mark: str) -> dict[str, str]:
    """Run the first replications once more with a log, and write it in both layouts; return the hashes."""
    import pandas as pd

    hashes: dict[str, str] = {}
    kept: dict[str, list[Any]] = {"vidigi": [], "process": []}
    count = max(request.log, int(request.log_csv))
    for number in range(count):
        run = Run(experiment.lowered, experiment.results.seed, number, log=True)
        run.advance()
        kept["vidigi"].append(vidigi_log(experiment.lowered, run.log_rows(), number + 1))
        kept["process"].append(process_log(experiment.lowered, run.log_rows(), number + 1))
    units = {"time": experiment.network.unit}
    for name, frames in kept.items():
        if frames:
            table = pa.Table.from_pandas(pd.concat(frames, ignore_index=True), preserve_index=False)
            about = {"schema_version": SCHEMA_VERSION, "description": f"event log ({name})", "scenario_hash": mark}
            hashes[f"log_{name}.arrow"] = write_table(folder / f"log_{name}.arrow", table, units, about)
            if request.log_csv:
                csv.write_csv(table, str(folder / f"log_{name}.csv"))
    return hashes


def _manifest(request: Request, results: Results, mark: str, hashes: dict[str, str], began: float) -> dict[str, Any]:
    """What made this folder; the only file that may differ between two runs of the same network."""
    path = request.file or Path()
    text = path.read_text(encoding="utf-8")
    return {
        "schema_version": SCHEMA_VERSION,
        "scenario_hash": mark,
        "command": ["carebridge", *sys.argv[1:]],
        "finished": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "seconds": round(time.time() - began, 1),
        "peak_memory_mb": peak_memory_mb(),
        "versions": versions(),
        "machine": machine(),
        "seed": results.seed,
        "replications": results.replications,
        "events": results.events,
        "fingerprints": [f"{word:016x}" for word in results.fingerprints],
        "tables": hashes,
        "charts": ["network.svg"],
        "file": {"name": path.name, "sha256": hashlib.sha256(text.encode()).hexdigest(), "text": text},
    }
