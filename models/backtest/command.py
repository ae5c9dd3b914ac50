"""``carebridge backtest``: what the model says of plans whose end is known, beside what happened."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pandas as pd

from models.backtest.case import Case, case_names, named_case
from models.backtest.run import Found, backtest, of_case
from models.backtest.words import document, hindsight, lines
from models.command_line.out_folder import folder_faults
from models.command_line.words import WHERE, own_words, path
from models.verdict.verdict import SCHEMA_VERSION
from sim.errors import CarebridgeError, Fault, FaultsError, nearest
from sim.files import run_folder, write_json

__all__ = ["HELP", "backtest_command"]

HELP = """carebridge backtest [case=all] [key=value ...]

  What the model says of plans whose end is known, told what was known when they were written: how many beds would have
  been closed by the last quarter in which the hospitals' beds are known, whether the whole plan would have been
  delivered and safe, and what happened. With each figure it was told, and whether that is of a later year.

  case=devon_2016,derbyshire_2016   which cases of configs/backtest; all unless given
  replications=48                   of every arm
  seed=1                            same seed, same results to the last byte
  workers=2                         threads; no influence on the results
  out=DIR                           the text, backtest.json and inputs.csv (every figure, with its year)

Every other key of `carebridge run` can be set too, for example around=all or gates=nhs_england_2017.
"""
ALL = "all"
OF_THE_CASE = ("plan", "footprint", "timeline", "scenario")


def backtest_command(words: list[str]) -> int:
    """Run the back-tests; returns the exit code.

    Raises
    ------
    FaultsError
        With every fault of the words.
    CarebridgeError
        When a footprint has no baseline.
    """
    own, rest, faults = own_words(words, {"case": _text, "out": path})
    out: Path | None = own["out"]
    faults += folder_faults(out) if out else []
    names = _names(ALL if own["case"] is None else own["case"], faults)
    rule = "is what a case says; leave it out, or write a case of your own."
    faults += [Fault(w.partition("=")[0], None, rule, WHERE) for w in rest if w.partition("=")[0] in OF_THE_CASE]
    if faults:
        raise FaultsError(faults, WHERE)
    found = [_one(named_case(name), rest) for name in names]
    text = "\n\n".join("\n".join(part) for part in (*map(lines, found), hindsight(found)))
    print(text)
    if out:
        _write(out, found, text)
        print(f"\nText, tables and inputs: {out}")
    return 0


def _one(case: Case, words: list[str]) -> Found:
    chosen = of_case(case, words)
    if chosen.fit is None:
        raise CarebridgeError(f"{chosen.footprint.title} has no baseline; `carebridge run` says why.")
    workers = chosen.request.workers or os.cpu_count() or 1
    return backtest(case, chosen, workers, lambda text: print(f"{case.title}: {text}", file=sys.stderr))


def _text(_key: str, value: str) -> str:
    return value


def _names(given: str, faults: list[Fault]) -> list[str]:
    known = case_names()
    names = known if given == ALL else list(dict.fromkeys(name for name in given.split(",") if name))
    rule = f"no such case; there are: {', '.join([ALL, *known])}."
    faults += [Fault("case", name, rule, WHERE, nearest(name, known)) for name in names if name not in known]
    if not names:
        faults.append(Fault("case", given, rule, WHERE))
    return names


def _write(out: Path, found: list[Found], text: str) -> None:
    told = pd.concat([one.told.assign(case=one.case.name) for one in found], ignore_index=True)
    with run_folder(out) as folder:
        (folder / "backtest.md").write_text(text + "\n", encoding="utf-8")
        told.to_csv(folder / "inputs.csv", index=False, lineterminator="\n")
        write_json(folder / "backtest.json", {"schema_version": SCHEMA_VERSION, **document(found)})
        hashes = {one.case.name: one.chosen.scenario_hash for one in found}
        manifest = {"scenario_hash": "-".join(hashes.values()), "scenario_hashes": hashes, "charts": []}
        write_json(folder / "manifest.json", {**manifest, "tables": ["backtest.md", "inputs.csv", "backtest.json"]})
