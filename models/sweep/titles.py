"""Plain words for what a sweep varies and what it measures: titles, and values with their units."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from models.report.titles import title_of
from models.report.words import MINUS, amount, in_unit, is_growth, percent, points, signed, with_unit
from models.settings.settings import Settings
from models.sweep.care import Care
from sim.analysis import Outcome
from sim.analysis.frontier import Passing
from sim.analysis.words import text
from sim.errors import CarebridgeError
from sim.sweep.design import keys_of
from sim.sweep.folder import Folder

__all__ = ["Answer", "Titles", "answer_of", "end_of", "is_share", "number_or_text"]

SHARES = {
    "probability": "the plan is delivered and safe",
    "delivered": "the plan is delivered",
    "safe": "the plan is safe",
}
CRITERIA = {
    "K0": "delivery",
    "K1": "waits over 4 h for a bed",
    "K2": "midnight occupancy",
    "K3": "delayed transfers",
    "K4": "A&E within 4 hours",
    "K5": "planned treatment within 18 weeks",
    "K5a": "people waiting for planned treatment",
    "K5b": "cancer treatment within 62 days",
    "K5c": "cancelled operations",
    "K6": "staff for beds and places",
    "K7": "money",
    "K8": "places open before beds close",
    "K9": "demand realism",
    "K10": "waits after a bad winter",
    "K11": "hospital beds lost and not made up for",
    "K12": "programmes at once",
}
NO_SHARE = {"K5a": "people", "K7": "\u00a3 million a year", "K11": "hospital beds", "K12": "programmes"}
CARE_KEYS = {
    "footprint": "Area",
    "gates.proof.months": "How long new places are open before beds close",
    "gates.staff.share": "Staff in post at new places before beds close",
    "gates.use.share": "Use of new places before beds close",
    "gates.access.months": "How long access must hold before beds close",
    "gates.access.share": "Waits over 4 h for a bed that still let beds close",
    "gates.occupancy.share": "Occupancy of the beds left that still lets beds close",
    "gates.compensation.places_per_bed": "Places that open for each bed that closes",
}
TIMES = {"s": "seconds", "min": "minutes", "h": "hours", "d": "days", "w": "weeks"}
UNITS = TIMES | {f"1/{short}": f"a {long[:-1]}" for short, long in TIMES.items()}
ENDS = ("value", "low", "high")  #: of a figure; a design mostly sets its value


def is_share(outcome: Outcome) -> bool:
    """Whether an answer of the care model is a share of replications."""
    return outcome.measure in SHARES or outcome.measure.startswith("passes_")


@dataclass(frozen=True)
class Answer:
    """What a measure is called, and how its values are written."""

    title: str
    share: bool = False
    unit: str = ""
    digits: int = 0  #: after the point; of shares, of their per cent

    def value(self, y: float) -> str:
        """A value with its unit."""
        return percent(y, self.digits) if self.share else with_unit(amount(y, self.digits), self.unit)

    def change(self, x: float) -> str:
        """A difference of two values, signed."""
        if self.share:
            return points(x, self.digits)
        return with_unit(signed(x, self.digits), self.unit)

    def passes(self, passing: Passing) -> str:
        """When a value passes."""
        return f"{'at least' if passing.at_least else 'at most'} {self._limit(passing)}"

    def fails(self, passing: Passing) -> str:
        """What is said of values that do not pass."""
        return f"{'below' if passing.at_least else 'above'} {self._limit(passing)}"

    def _limit(self, passing: Passing) -> str:
        """The threshold as it was given, not rounded."""
        own = f"{passing.threshold:.10g}".replace("-", MINUS)
        return in_unit(passing.threshold, "share") if self.share else with_unit(own, self.unit)


def answer_of(outcome: Outcome, care: bool) -> Answer:
    """Words for the measure of an outcome."""
    told = [f"{k} {v}" if care else v for k, v in outcome.where.items() if v]
    where = f" ({', '.join(told)})" if told else ""
    name = outcome.measure
    if care and name in SHARES:
        return Answer(f"Share of simulated futures in which {SHARES[name]}{where}", share=True)
    kind, _, key = name.rpartition("_")
    if care and key in CRITERIA:
        if kind == "passes":
            return Answer(f"Share of simulated futures that pass {key}, {CRITERIA[key]}{where}", share=True)
        usual = " under business as usual" if kind == "usual_mean" else ""
        share, unit = key not in NO_SHARE, NO_SHARE.get(key, "")
        return Answer(f"Mean of {key}, {CRITERIA[key]}{usual}{where}", share, unit, _digits(outcome, share))
    share = outcome.unit == "share"
    return Answer(
        _sentence(name) + where, share, "" if share else UNITS.get(outcome.unit, outcome.unit), _digits(outcome, share)
    )


def _digits(outcome: Outcome, share: bool) -> int:
    """Digits after the point: of shares by how far the answers lie apart, else three figures of the largest."""
    known = outcome.known().y
    if share:
        return next((n for n, least in enumerate((0.1, 0.01)) if np.ptp(known) >= least), 2)
    return _places(float(np.abs(known).max()))


@dataclass(frozen=True)
class Titles:
    """Titles of the keys of a design, and their values with units.

    Parameters
    ----------
    names : dict
        Title by key; no two are the same.
    units : dict
        Unit by key, where the configuration says it.
    care : bool
        Whether the care model was swept.
    """

    names: dict[str, str]
    units: dict[str, str] = field(default_factory=dict)
    care: bool = False

    @classmethod
    def of(cls, folder: Folder) -> Titles:
        """Titles for a sweep; of one whose configuration is not there any more, its keys in words."""
        keys = [str(key) for key in folder.about["keys"]]
        study = folder.study()
        if not isinstance(study, Care):
            return cls(_apart({key: _tied(key, _plain) for key in keys}))
        try:
            chosen = study.at(folder.points[0])
        except CarebridgeError:
            return cls(_apart({key: _tied(key, _plain) for key in keys}), care=True)
        units = {key: unit for key in keys if (unit := _unit(chosen.composed, keys_of(key)[0]))}
        return cls(_apart({key: _tied(key, lambda one: _of_care(one, chosen)) for key in keys}), units, care=True)

    @property
    def runs(self) -> str:
        """What the repeated runs of a point are called."""
        return "simulated futures" if self.care else "runs (replications)"

    def __getitem__(self, key: str) -> str:
        return self.names.get(key, key)

    def value(self, key: str, x: object) -> str:
        """A value of a key, with its unit."""
        if isinstance(x, str) or isinstance(x, (bool, np.bool_)) or not isinstance(x, (int, float, np.number)):
            return text(x)
        unit = self.units.get(key)
        if unit is None:
            return _number(float(x))
        return with_unit(in_unit(float(x), unit, change=is_growth(key)), _behind(unit))

    def place(self, at: str) -> str:
        """Values of several keys in a line, as :func:`sim.analysis.words.place` joins them."""
        return ", ".join(self._one(part) for part in at.split(", ")) if at else ""

    def _one(self, part: str) -> str:
        key, equals, value = part.partition("=")
        return f"{self[key]}: {self.value(key, number_or_text(value))}" if equals and key in self.names else part


def end_of(key: str, end: str, titles: Titles) -> str:
    """One end of a swing: a value, or the tenth of the draws at that end."""
    for words, tenth in (("up to ", "lowest tenth, up to "), ("from ", "highest tenth, from ")):
        if end.startswith(words):
            return tenth + titles.value(key, number_or_text(end.removeprefix(words)))
    return titles.value(key, number_or_text(end))


def number_or_text(value: str) -> float | str:
    """A number where the text is one."""
    try:
        return float(value)
    except ValueError:
        return value


def _tied(column: str, title: Callable[[str], str]) -> str:
    """Title of a column: that of its key, or of all keys that it ties."""
    return " and ".join(title(key) for key in keys_of(column))


def _of_care(key: str, chosen: Settings) -> str:
    if key in chosen.composed:  # a whole part of the configuration, chosen by name
        return CARE_KEYS.get(key, _sentence(key))
    *before, last = key.split(".")
    own = ".".join(before) if last in ENDS else key
    end = "" if last not in ENDS or last == "value" else f", {last} end of its range"
    match own.split("."):
        case ["plan", "moves", name, *what] if name in chosen.plan.moves:
            words = " ".join(what).replace("_", " ")
            return f"{chosen.plan.moves[name].title or _sentence(name)}, {words}{end}"
    return (CARE_KEYS.get(own) or title_of(own, chosen.footprint)) + end


def _plain(key: str) -> str:
    """A key of a network in words: ``stations.ward.places`` is ward: places."""
    parts = key.split(".")
    *before, last = parts[1:] if len(parts) > 2 else parts  # noqa: PLR2004 - which list it stands in tells little
    return _sentence(f"{', '.join(before)}: {last}" if before else last)


def _apart(names: Mapping[str, str]) -> dict[str, str]:
    """Where two keys have the same title, the keys themselves."""
    count = Counter(names.values())
    return {key: name if count[name] == 1 else key for key, name in names.items()}


def _unit(composed: Mapping[str, Any], key: str) -> str:
    """Unit of the figure that a key belongs to."""
    at: Any = composed
    for part in key.split(".")[:-1]:
        at = at.get(part) if isinstance(at, Mapping) else None
    return str(at["unit"]) if isinstance(at, Mapping) and "unit" in at else ""


def _behind(unit: str) -> str:
    return {"share": "", "relative change": "", "per year": "a year"}.get(unit, unit)


def _number(x: float) -> str:
    """Three figures of a number, or all of those before the point."""
    shown = amount(x, _places(x))
    return re.sub(r"\.?0+$", "", shown) if "." in shown else shown


def _places(x: float) -> int:
    """Digits after the point that give three figures of a number."""
    return 0 if not x or not math.isfinite(x) else min(8, max(0, 2 - math.floor(math.log10(abs(x)))))


def _sentence(words: str) -> str:
    return (words[:1].upper() + words[1:]).replace("_", " ")
