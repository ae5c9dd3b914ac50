"""Faults in what a user gave, collected and reported together."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

__all__ = ["CarebridgeError", "ConservationError", "Fault", "FaultsError", "nearest"]

_LONGEST = 60  # letters of a value that are shown
_TELLING = 3  # letters from which a part of a name tells which name is meant
_LEAST = 0.5  # likeness from which a choice may be the one that is meant


class CarebridgeError(Exception):
    """Base of every error that Carebridge raises on purpose; its text is meant for the user."""


class ConservationError(CarebridgeError):
    """A running simulation lost or invented entities, places or time."""


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with an input.

    Parameters
    ----------
    key : str
        Dotted path of the key, for example ``stations.ward.places``.
    value : object
        What was given.
    rule : str
        What would have been right, in plain words.
    file : str, optional
        File the key stands in, with ``:line`` when known.
    nearest : str, optional
        Nearest valid choice.
    example : str, optional
        The key with a value that would be right, as a file would hold it.
    """

    key: str
    value: object
    rule: str
    file: str = ""
    nearest: str = ""
    example: str = ""

    def __str__(self) -> str:
        place = f"{self.file}: " if self.file else ""
        value = "" if self.value is None else f" = {_short(self.value)}"
        hint = f" Did you mean '{self.nearest}'?" if self.nearest else ""
        example = f" For example: {self.example}" if self.example else ""
        return f"{place}{self.key}{value}: {self.rule}{hint}{example}"


class FaultsError(CarebridgeError):
    """All faults of one input, raised at once."""

    def __init__(self, faults: Sequence[Fault], what: str = "input"):
        self.faults = list(faults)
        count = len(self.faults)
        head = f"{count} fault{'s' if count != 1 else ''} in {what}:"
        told = (
            replace(fault, file="") if fault.file == what else fault for fault in self.faults
        )  # the place once only
        super().__init__("\n".join([head, *(f"  - {fault}" for fault in told)]))


def nearest(word: str, choices: Iterable[str]) -> str:
    """Return the valid choice most like `word`, or an empty string when none is close.

    A choice that begins with the word comes before one that contains it (``rate`` means ``rate_per_day``, not
    ``attend``), and that before one that is merely spelt alike. Of a choice of several words, each word counts too, and
    its beginning (``herford`` means ``Herefordshire and Worcestershire``, not ``Telford and Wrekin``).
    """
    word, known = str(word), [str(c) for c in choices]
    if len(word) >= _TELLING:
        low = word.lower()
        starting = [c for c in known if c.lower().startswith(low)]
        containing = starting or [c for c in known if low in c.lower()]
        if containing:
            return min(containing, key=len)
    likeness = {choice: _alike(word, choice) for choice in known}
    # of equals the last in the alphabet, as difflib has it; but of names the first that is given
    found = max(known, key=lambda choice: (likeness[choice], "" if " " in choice else choice), default="")
    return found if likeness.get(found, 0.0) >= _LEAST else ""


def _alike(word: str, choice: str) -> float:
    """How alike a word and a choice are spelt, 0 to 1; a choice of several words is as like as the likest of them."""
    low, parts = word.lower(), re.findall(r"\w{4,}", choice.lower()) if " " in choice else []
    pairs = [(choice, word), *((own, low) for part in parts for own in (part, part[: len(low) + 1]))]
    return max(difflib.SequenceMatcher(None, a, b).ratio() for a, b in pairs)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
