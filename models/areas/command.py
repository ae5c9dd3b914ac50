"""``carebridge calibrate footprint=all``: fit every area, forecast what was held out, and write one report.

An area is kept, whole, as soon as it is done (``areas/NAME.json``; its fit already when that is found), so that a stop
loses nothing that is finished. Tables, charts and the report are made from what is kept.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import pandas as pd

from models.areas.request import AREAS, SETTINGS_FILE, Asked, read
from models.areas.score import RULES, Fitted, Forecast, errors_by, forecast, score, score_waits
from models.calibration.calibrate import CannotFit
from models.calibration.command import fit_text, fitted
from models.calibration.feedback import mechanisms_of
from models.calibration.waits_ahead import misses_of_waits
from models.figures.figures import Shape
from models.footprint.footprint import inputs_hash
from models.settings.fit import Fit
from models.settings.settings import Settings
from models.sweep.care import Care
from sim.errors import Fault, FaultsError
from sim.files import check_room, json_text, replace_text
from sim.sweep.faults import software as engine

__all__ = ["Kept", "calibrate_several"]

FITS = "fits"
NEEDED_MB = 20


class Kept(Shape):
    """What is kept of an area: whole when it has a forecast or reasons why there is none."""

    inputs: str  # hash of the footprint's figures
    fit: Fit | None = None
    reasons: list[str] = []
    forecast: Forecast | None = None

    @property
    def done(self) -> bool:
        """Whether nothing is left to do."""
        return self.forecast is not None or bool(self.reasons)


def calibrate_several(words: list[str]) -> int:
    """Do what the words ask for; returns the exit code (0 done, 1 no area has a baseline, 130 stopped).

    Raises
    ------
    FaultsError
        With every fault of the words, the configuration and the folder.
    """
    asked = read(words)
    check_room(asked.out, NEEDED_MB)
    _begin(asked)
    began = time.time()
    try:
        found = _all(asked)
    except KeyboardInterrupt:
        done = sum(kept is not None and kept.done for kept in map(lambda name: _kept(asked, name), asked.chosen))
        _say(f"\ncarebridge: stopped. {done} of {len(asked.chosen)} areas are done and kept in {asked.out};")
        _say("the same command goes on from there.")
        return 130
    from models.areas.folder import write_folder

    scored = score(found)
    write_folder(asked, found, scored, words, time.time() - began)
    if asked.json:
        print(json_text(_document(found, scored)), end="")
    else:
        print("\n".join([*_lines(found, scored), f"Report, charts, tables and fits: {asked.out / 'report.html'}"]))
    return 0 if any(not one.reasons for one in found.values()) else 1


def _say(text: str) -> None:
    print(text, file=sys.stderr)


# --- one area after another ----------------------------------------------------------------------------------------


def _begin(asked: Asked) -> None:
    """Lay the folder out, or see that what it holds was made with the same settings by the same software."""
    file = asked.out / SETTINGS_FILE
    software = {**engine(), **{key: value for key, value in Care().software().items() if key != "configs"}}
    now: dict[str, Any] = {**asked.same(), "software": software}
    if not file.exists():
        replace_text(file, json_text(now))
        return
    try:
        before = dict(json.loads(file.read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        before = {}
    now = json.loads(json_text(now))
    other = [key for key, value in now.items() if before.get(key) != value]
    if other:
        rule = f"holds areas that were made with another {', '.join(other)}; give another folder, or delete this one."
        raise FaultsError([Fault("out", str(asked.out), rule, "command line")], "command line")


def _all(asked: Asked) -> dict[str, Fitted]:
    """Do every area that is not done yet, telling how far it is."""
    found: dict[str, Fitted] = {}
    kept = {name: _kept(asked, name) for name in asked.chosen}
    waiting = {name for name, one in kept.items() if one is None or not one.done}
    work = {name: _beds(asked.chosen[name]) for name in waiting}
    began, total = time.time(), sum(work.values())
    _say(f"{len(kept)} areas, {len(waiting)} to do. Ctrl-C loses no area that is done.")
    for number, (name, chosen) in enumerate(asked.chosen.items(), 1):
        one = kept[name] or Kept(inputs=inputs_hash(chosen.footprint))
        _say(f"{chosen.footprint.title} ({number} of {len(kept)}){'' if name in waiting else ', done before'}")
        if name in waiting:
            one = _one(asked, name, chosen, one, lambda text: _say(f"  {text}"))
            work.pop(name)
        found[name] = Fitted(chosen.footprint, one.fit, one.reasons, one.forecast)
        left = sum(work.values())
        seconds = (time.time() - began) / (total - left) * left if left < total else 0.0
        rest = f" About {_minutes(seconds)} left." if name in waiting and seconds > 1 else ""
        _say(f"  {_outcome(name, found[name])}{rest}")
    return found


def _beds(chosen: Settings) -> float:
    """Work of an area, roughly: its beds in use; nothing without a baseline to begin with."""
    return 0.0 if chosen.footprint.no_baseline else chosen.footprint.totals.beds_occupied.value


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"  # noqa: PLR2004


def _one(asked: Asked, name: str, chosen: Settings, kept: Kept, say: Callable[[str], None]) -> Kept:
    """Fit one area and forecast it, keeping each of the two."""
    same, request = asked.same(), chosen.request
    if kept.fit is None:
        try:
            fit = None if asked.refit else _shipped(chosen)
            if fit is None:
                fit, _ = fitted(chosen, asked.quick, say)
            else:
                say("taking the fit in configs/fit")
        except (CannotFit, FaultsError) as refused:
            return _keep(asked, name, kept.model_copy(update={"reasons": _reasons(chosen, refused)}))
        replace_text(asked.out / FITS / f"{name}.yaml", fit_text(chosen, fit, not fit.posterior))
        kept = _keep(asked, name, kept.model_copy(update={"fit": fit}))
    assert kept.fit is not None  # noqa: S101 - found or kept
    say("forecasting")
    made = forecast(
        chosen.footprint,
        kept.fit,
        chosen.future,
        feedback=chosen.feedback,
        replications=same["replications"],
        seed=same["seed"],
        workers=request.workers or os.cpu_count() or 1,
    )
    return _keep(asked, name, kept.model_copy(update={"forecast": made, "reasons": made.reasons}))


def _shipped(chosen: Settings) -> Fit | None:
    """The fit in configs/fit, if it was made with these figures and this feedback."""
    fit, on = chosen.fit, mechanisms_of(chosen.feedback)
    mine = fit is not None and fit.inputs == inputs_hash(chosen.footprint) and fit.mechanisms == on
    return fit if mine else None


def _reasons(chosen: Settings, refused: CannotFit | FaultsError) -> list[str]:
    if chosen.footprint.no_baseline:
        return list(chosen.footprint.no_baseline)
    if isinstance(refused, FaultsError):
        return [str(fault) for fault in refused.faults]
    return [str(refused).removeprefix(f"{chosen.footprint.title}: ").rstrip(".")]


def _kept(asked: Asked, name: str) -> Kept | None:
    """What is kept of an area and belongs to its present figures; None when there is nothing of the kind."""
    file = asked.out / AREAS / f"{name}.json"
    try:
        kept = Kept.model_validate_json(file.read_text("utf-8"))
    except (OSError, ValueError):  # not there, or damaged: done anew
        return None
    return kept if kept.inputs == inputs_hash(asked.chosen[name].footprint) else None


def _keep(asked: Asked, name: str, kept: Kept) -> Kept:
    replace_text(asked.out / AREAS / f"{name}.json", kept.model_dump_json(indent=1) + "\n")
    return kept


# --- what is printed -----------------------------------------------------------------------------------------------


def _outcome(name: str, one: Fitted) -> str:
    if one.reasons:
        return _no_baseline(one)
    row = errors_by(score({name: one}), "system").iloc[0]
    return f"fitted; misses occupancy by {row['forecast_error_points']:.1f} points, persistence by " + (
        f"{row['same_quarter_error_points']:.1f} (same quarter) or {row['last_quarter_error_points']:.1f} (last)."
    )


def _no_baseline(one: Fitted) -> str:
    return "NO BASELINE. " + " ".join(f"{reason[0].upper()}{reason[1:]}." for reason in one.reasons)


def _lines(found: dict[str, Fitted], scored: pd.DataFrame) -> list[str]:
    titles = {name: one.footprint.title for name, one in found.items()}
    wide = max(len(title) for title in (*titles.values(), "all with a baseline"))
    lines = [f"Mean absolute miss of occupancy by hospital in {_held_out(found)}, percentage points"]
    lines += [f"  {'':{wide}} hospitals    model  a year before  last quarter known"]
    for row in errors_by(scored, "system").to_dict("records"):
        title = titles.get(str(row["system"]), str(row["system"]))
        model = f"{row['forecast_error_points']:8.1f}" if row["baseline"] else f"{'-':>8}"
        same, last = row["same_quarter_error_points"], row["last_quarter_error_points"]
        if row["sites"]:
            lines.append(f"  {title:{wide}} {row['sites']:9} {model} {same:14.1f} {last:19.1f}")
    lines += _waits_lines(found)
    for one in found.values():
        if one.reasons:
            lines.append(f"{one.footprint.title}: {_no_baseline(one)}")
    return lines


def _waits_lines(found: dict[str, Fitted]) -> list[str]:
    """How far long waits are missed, where fits know of them."""
    waits = score_waits(found)
    misses = misses_of_waits(waits) if len(waits) else {}
    if not misses:
        return []
    model, same, last = (f"{misses[f'{rule}_over_12h_per_cent']:.0f} %" for rule in RULES)
    return [
        f"Waits over twelve hours for a bed, by hospital, in per cent of their mean: model {model}, a year before "
        f"{same}, last quarter known {last}"
    ]


def _held_out(found: dict[str, Fitted]) -> str:
    quarters = next(iter(found.values())).footprint.holdout
    return f"{quarters.year} Q{min(quarters.quarters)} to Q{max(quarters.quarters)}"


def _document(found: dict[str, Fitted], scored: pd.DataFrame) -> dict[str, Any]:
    """Everything as plain data."""
    frames: dict[str, Any] = {"areas": errors_by(scored, "system"), "quarters": scored}
    out = {name: json.loads(frame.to_json(orient="records", double_precision=6)) for name, frame in frames.items()}
    return out | {"fits": {name: one.fit.model_dump(mode="json") for name, one in found.items() if one.fit}}
