"""What ``carebridge calibrate footprint=all`` was asked for: which areas, with which settings, and where to."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.calibration.feedback import mechanisms_of
from models.command_line.words import WHERE, own_words, path, yes_or_no
from models.footprint.short import FIRST
from models.settings.files import choices, of_year, year_of
from models.settings.request import parse
from models.settings.settings import Settings, settings
from sim.errors import Fault, FaultsError, nearest

__all__ = ["AREAS", "SETTINGS_FILE", "Asked", "read", "several"]

ALL = "all"
OUT = Path("runs") / "footprints"
AREAS, SETTINGS_FILE = "areas", "calibration.json"  #: in the folder: one file an area that is done; the settings
REPLICATIONS, SEED = 32, 1
NOT_ALONE = "is changed for one area at a time: say footprint=NAME and out=FILE."


@dataclass(frozen=True)
class Asked:
    """A calibration of several areas.

    Parameters
    ----------
    chosen : dict of Settings
        By name of the area, in the order of the words.
    out : Path
        Folder for everything.
    quick, refit, json : bool
    """

    chosen: dict[str, Settings]
    out: Path
    quick: bool
    refit: bool
    json: bool

    def same(self) -> dict[str, Any]:
        """What areas in one folder must have in common, as plain data."""
        one = next(iter(self.chosen.values()))
        given = one.request
        return {
            "replications": given.replications or REPLICATIONS,
            "seed": SEED if given.seed is None else given.seed,
            "quick": self.quick,
            "refit": self.refit,
            "future": one.future.model_dump(mode="json"),
            "feedback": {"name": one.feedback.name, "on": mechanisms_of(one.feedback)},
            "settings": list(given.overrides),
        }


def several(words: Sequence[str]) -> bool:
    """Whether words ask for more than one area."""
    return any(word.startswith("footprint=") and ("," in word or word == f"footprint={ALL}") for word in words)


def read(words: Sequence[str]) -> Asked:
    """Read and check the words.

    Raises
    ------
    FaultsError
        With every fault of the words, and of the configuration of every area.
    NoBaseline
        When the tables lack so much of an area that its figures cannot be read; leave it out.
    """
    keys = {"footprint": _text, "year": _text, "quick": yes_or_no, "refit": yes_or_no, "out": path, "csv": path}
    own, rest, faults = own_words(words, keys, ("json",))
    names = _names(str(own["footprint"]), own["year"], faults)
    if own["csv"]:
        faults.append(Fault("csv", str(own["csv"]), "is for one area; here the fits hold the ranges.", WHERE))
    rest, changed = [w for w in rest if not _changes(w)], [w for w in rest if _changes(w)]
    faults += [Fault(word.partition("=")[0], None, NOT_ALONE, WHERE) for word in changed]
    out: Path = own["out"] or OUT
    faults += _folder_faults(out)
    chosen: dict[str, Settings] = {}
    print(f"reading {len(names)} footprints ...", file=sys.stderr)
    once = rest if any(w.startswith("timeline=") for w in rest) else [*rest, "timeline=5y"]  # no plan, no timelines
    for name in names[: 1 if faults else None] or ["devon"]:  # the same words mean the same everywhere
        try:
            chosen[name] = settings(parse([f"footprint={name}", *once]))
        except FaultsError as error:
            faults += error.faults
    if faults:
        raise FaultsError(list({str(f): f for f in faults}.values()), WHERE)
    return Asked(chosen, out, bool(own["quick"]), own["refit"] is not False, "json" in own.flags)


def _text(_key: str, value: str) -> str:
    return value


def _changes(word: str) -> bool:
    return word.lstrip("+~").startswith("footprint.")


def _names(given: str, year: str | None, faults: list[Fault]) -> list[str]:
    known = choices("footprint")
    if given == ALL:
        there = of_year(year or FIRST)
        if not there:
            years = sorted({year_of(name) for name in known})
            rule = f"no footprint has a baseline of this year; there are those of {', '.join(years)}."
            faults.append(Fault("year", year, rule, WHERE, nearest(str(year), years)))
        return there
    if year:
        faults.append(Fault("year", year, f"goes with footprint={ALL}; areas that are named have a year.", WHERE))
    names = [name for name in given.split(",") if name]
    for name in dict.fromkeys(names):
        if name not in known:
            rule = f"no such footprint; there are: {', '.join([ALL, *known])}."
            faults.append(Fault("footprint", name, rule, WHERE, nearest(name, known)))
        elif names.count(name) > 1:
            faults.append(Fault("footprint", name, "is named twice.", WHERE))
    names = [name for name in dict.fromkeys(names) if name in known]
    if len(mixed := {year_of(name) for name in names}) > 1:
        rule = f"areas of different years ({', '.join(sorted(mixed))}) are not put into one report."
        faults.append(Fault("footprint", given, rule, WHERE))
    return names


def _folder_faults(out: Path) -> list[Fault]:
    """Why areas may not be kept in a folder."""
    if out.exists() and not out.is_dir():
        return [Fault("out", str(out), "this is a file; for several areas a folder is needed.", WHERE)]
    if out.is_dir() and any(out.iterdir()) and not (out / SETTINGS_FILE).exists():
        first = sorted(p.name for p in out.iterdir())[0]
        return [Fault("out", str(out), f"this folder holds other things ({first}); give an empty or a new one.", WHERE)]
    return []
