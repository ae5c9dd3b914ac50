"""``carebridge hindcast``: what the model would have said of England's last years, beside every naive forecast."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa

from models.care.crowding import Crowding, read_crowding
from models.command_line.words import Key, one_of, path, read_words, whole
from models.hindcast.england import england_care, feedback_named
from models.hindcast.frozen_fit import FIT_FILE, make_fit, read_fit, write_fit
from models.hindcast.hospitals import Care
from models.hindcast.later import LATER_FIT_FILE, Later, later, later_setup
from models.hindcast.parameters import Hindcast, read_hindcast
from models.hindcast.run import Outcome, hindcast
from models.hindcast.words import later_lines, lines
from models.history import History, england, england_later
from sim.errors import FaultsError
from sim.files import check_room, run_folder, write_json
from sim.results.tables import write_table

__all__ = ["HELP", "main"]

HELP = """carebridge hindcast [key=value ...] [--refit]

  What the care model, fitted to England's years until 2014/15 and then frozen, says of the 19 quarters that followed:
  beds in use, the four-hour share, waits for a bed and delayed days, one year and five years ahead, beside every naive
  forecast; what may be claimed of it; and how beds in use answer when beds close.

  years=2022-2024       the second test instead: fitted to the years until 2018/19, what it says of the ten quarters
                        from April 2022 to September 2024, one year ahead (years=2015-2019 is the first)
  replications=96       of every variant
  seed=1                same seed, same results to the last byte
  workers=2             threads; no influence on the results
  out=DIR               tables (Arrow), the text and a chart
  --refit               fit the training years anew and keep the fit (configs/fit/hindcast_england.yaml, and of the
                        second test hindcast_england_to_2019.yaml); some minutes
  --help                this text
"""
FIRST, SECOND = "2015-2019", "2022-2024"  #: financial years of the tests, by the year they begin in
KEYS = {
    "years": Key(one_of(FIRST, SECOND), f"years={SECOND}"),
    "replications": Key(whole(2, 100_000), "replications=96"),
    "seed": Key(whole(0, 2**63 - 1), "seed=1"),
    "workers": Key(whole(1, 1024), "workers=2"),
    "out": Key(path, "out=runs/hindcast"),
}
REPLICATIONS, FIT_REPLICATIONS = 96, 16


def main(words: list[str]) -> int:
    """Run the command; returns the exit code."""
    asked, faults = read_words(words, KEYS, ("refit",))
    if faults:
        raise FaultsError(faults, "command line")
    workers = asked["workers"] or os.cpu_count() or 1
    seed = asked["seed"] if asked["seed"] is not None else 1
    how: dict[str, Any] = {"replications": asked["replications"] or REPLICATIONS, "seed": seed, "workers": workers}
    how["on_done"] = lambda name: print(f"done: {name}", file=sys.stderr)
    setup, care, crowding = read_hindcast(), england_care(feedback_named("history")), read_crowding()
    out: Path | None = asked["out"]
    if out is not None:
        check_room(out, 5)
    second = asked["years"] == SECOND
    trains, file = (later_setup(setup), LATER_FIT_FILE) if second else (setup, FIT_FILE)
    trained = england().until(trains.trained_until)
    if "refit" in asked.flags:
        _refit(trains, care, crowding, trained, file, seed, workers)
    fit = read_fit(trains, care, trained, file)
    if second:
        old = read_fit(setup, care, england().until(setup.trained_until))
        outcome = later(setup, care, crowding, england_later(), (fit, old), **how)
    else:
        outcome = hindcast(setup, care, crowding, england(), fit, **how)
    text = lines(outcome) if isinstance(outcome, Outcome) else later_lines(outcome)
    print("\n".join(text))
    if out is not None:
        _write(out, outcome, text)
        print(f"Tables, text and chart: {out}")
    return 0


def _refit(
    setup: Hindcast, care: Care, crowding: Crowding, trained: History, file: Path, seed: int, workers: int
) -> None:
    print("fitting the training years ...", file=sys.stderr)
    fit = make_fit(setup, care, crowding, trained, replications=FIT_REPLICATIONS, seed=seed, workers=workers)
    write_fit(fit, file)
    print(f"Fitted: {file.name}")
    for name, value in fit.point.items():
        found = fit.ranges[name]
        print(f"  {name:20} {value:8.4g}  ({found.low:.4g} to {found.high:.4g})  {found.identified}")


def _write(out: Path, outcome: Outcome | Later, text: list[str]) -> None:
    from models.command_line.doctor import versions
    from models.hindcast.charts import hindcast_chart, later_chart

    about = {
        "schema_version": "1.0",
        "fit": outcome.fit.inputs,
        "seed": str(outcome.seed),
        "replications": str(outcome.replications),
    }
    with run_folder(out) as folder:
        errors = {"value": "unit of the target", "observed": "unit of the target", "error": "% or percentage points"}
        misses: dict[str, str] = dict.fromkeys(
            ("alone", "half_each", "last_year", "gain", "gain_low", "gain_high"), errors["error"]
        )
        write_table(folder / "added.arrow", pa.Table.from_pandas(outcome.added, preserve_index=False), misses, about)
        write_table(folder / "scores.arrow", pa.Table.from_pandas(outcome.scores, preserve_index=False), {}, about)
        write_table(
            folder / "forecasts.arrow", pa.Table.from_pandas(outcome.quarters, preserve_index=False), errors, about
        )
        (folder / "hindcast.txt").write_text("\n".join(text) + "\n", encoding="utf-8")
        hindcast_chart(outcome, folder) if isinstance(outcome, Outcome) else later_chart(outcome, folder)
        write_json(folder / "manifest.json", {**about, "versions": versions(), "fitted": outcome.fit.model_dump()})
