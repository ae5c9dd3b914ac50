"""The folder of a calibration of several areas: report, charts, Arrow tables and what is needed to make it again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa

from models.areas.pages import write_pages
from models.areas.request import Asked
from models.areas.score import UNITS, Fitted, errors_by, score_waits
from models.calibration.command import posterior_table
from models.command_line.doctor import machine, versions
from models.run.outputs import TABLES_VERSION
from sim.arrow import write_table
from sim.files import json_text, replace_text

__all__ = ["write_folder"]

ABOUT = {
    "scores": "beds in use and occupancy of every hospital and held-out quarter: observed, forecast, persistence",
    "areas": "mean absolute misses by area",
    "hospitals": "mean absolute misses by hospital",
    "waits": "people who waited over twelve hours for a bed in every held-out quarter: observed, forecast, persistence",
    "fits": "what was fitted, one row a parameter, and the beds that the fit achieves",
    "ranges": "parameters before and after the figures were seen, middle 90 %, as `carebridge calibrate` prints them",
}


def write_folder(
    asked: Asked, found: dict[str, Fitted], scored: pd.DataFrame, words: Sequence[str], seconds: float
) -> None:
    """Write everything that is made from the areas kept; the same areas give the same bytes, the manifest apart."""
    folder, same = asked.out, asked.same()
    frames = {
        "scores": scored,
        "areas": errors_by(scored, "system"),
        "hospitals": errors_by(scored, "system", "site"),
        "waits": score_waits(found),
        "fits": _fits(found),
        "ranges": _ranges(found),
    }
    frames = {name: frame for name, frame in frames.items() if len(frame)}
    about = {"schema_version": TABLES_VERSION, "seed": str(same["seed"]), "replications": str(same["replications"])}
    hashes = {name: _write(folder, name, frame, about) for name, frame in frames.items()}
    charts = write_pages(folder, found, scored)
    manifest = {
        "command": ["carebridge", "calibrate", *words],
        "settings": same,
        "areas": {name: {"baseline": not one.reasons, "reasons": one.reasons} for name, one in found.items()},
        "seconds": round(seconds, 1),
        "versions": versions(),
        "machine": machine(),
        "tables": hashes,
        "charts": charts,
    }
    replace_text(folder / "manifest.json", json_text(manifest))


def _write(folder: Path, name: str, frame: pd.DataFrame, about: dict[str, str]) -> str:
    units = {c: next((u for end, u in UNITS.items() if c.endswith(end)), "") for c in map(str, frame.columns)}
    table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    return write_table(folder / f"{name}.arrow", table, units, about | {"description": ABOUT[name]})


def _fits(found: dict[str, Fitted]) -> pd.DataFrame:
    """Fitted figures, one row each: by hospital or pathway."""
    parts = {"stay_factor": "factor", "capacity_factor": "places over offered load", "zero_day_share": "share"}
    parts |= {"direct_per_day": "per day", "usual_pressure": "people over beds open", "achieved": "beds"}
    rows = [
        (name, parameter, of, unit, value)
        for name, one in found.items()
        for parameter, unit in parts.items()
        for of, value in (getattr(one.fit, parameter) if one.fit else {}).items()
    ]
    return pd.DataFrame(rows, columns=["system", "parameter", "of", "unit", "value"])


def _ranges(found: dict[str, Fitted]) -> pd.DataFrame:
    """Ranges of the parameters where the calibration is whole."""
    known = {name: posterior_table(one.fit) for name, one in found.items() if one.fit and one.fit.posterior}
    return pd.concat([table.assign(system=name) for name, table in known.items()]) if known else pd.DataFrame()
