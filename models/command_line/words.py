"""Words of a command line: a file, keys with values, settings of parameters, flags; read and checked all at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sim.errors import CarebridgeError, Fault, nearest
from sim.files import check_file

__all__ = ["WHERE", "Key", "Words", "file_faults", "number", "one_of", "own_words", "path", "read_words", "whole"]
__all__ += ["yes_or_no"]

WHERE = "command line"
Reader = Callable[[str, str], Any]  #: takes key and text, gives the value or a fault


@dataclass(frozen=True)
class Key:
    """A key that takes a value: how it is read, and an example."""

    read: Reader
    example: str


@dataclass
class Words:
    """What was asked for.

    Parameters
    ----------
    file : Path or None
    values : dict
        By key, underscores in place of hyphens.
    changes : dict
        Parameters that ``--set`` changes.
    flags : set of str
    """

    file: Path | None = None
    values: dict[str, Any] = field(default_factory=dict)
    changes: dict[str, float] = field(default_factory=dict)
    flags: set[str] = field(default_factory=set)

    def __getitem__(self, key: str) -> Any:
        """Value of a key, None where it is not given."""
        return self.values.get(key)


def read_words(
    words: Sequence[str], keys: Mapping[str, Key], flags: Sequence[str], settable: bool = True
) -> tuple[Words, list[Fault]]:
    """Read ``FILE key=value --key value --set name=value --flag`` in any order; return it and every fault.

    Every key may be written ``key=value``, ``--key value`` or ``--key=value``; there is a ``--set`` if `settable`.
    """
    found, faults, left = Words(), list[Fault](), list(words)
    while left:
        word = left.pop(0)
        dashed = word.startswith("--")
        name, equals, value = word.removeprefix("--").partition("=")
        key = name.replace("-", "_") if dashed else name
        if dashed and key in flags and not equals:
            found.flags.add(key)
        elif (key in keys or (key == "set" and settable)) and (equals or dashed):
            if not equals and (not left or left[0].startswith("--")):
                example = "--set name=value" if key == "set" else keys[key].example
                faults.append(Fault(word, None, f"a value is needed: {example}.", WHERE))
                continue
            faults += _keep(found, keys, key, value if equals else left.pop(0))
        elif not dashed and not equals:
            if found.file is not None:
                rule = "one file at a time; parameters are set by --set name=value."
                faults.append(Fault(word, None, rule, WHERE))
            found.file = found.file or Path(word).expanduser()
        else:
            faults.append(_unknown(word, dashed, key, keys, flags, settable))
    return found, faults


def own_words(
    words: Sequence[str], keys: Mapping[str, Reader], flags: Sequence[str] = ()
) -> tuple[Words, list[str], list[Fault]]:
    """Take the keys of one command out of words of which others are for the configuration.

    Returns
    -------
    Words
        Values of `keys` and the flags that are given.
    list of str
        The other words, as they came.
    list of Fault
    """
    found, rest, faults = Words(), list[str](), list[Fault]()
    for word in words:
        key, equals, value = word.partition("=")
        if word.startswith("--") and word[2:] in flags:
            found.flags.add(word[2:])
        elif key in keys and equals:
            faults += _keep(found, {key: Key(keys[key], "")}, key, value)
        else:
            rest.append(word)
    return found, rest, faults


def _keep(found: Words, keys: Mapping[str, Key], key: str, value: str) -> list[Fault]:
    if key == "set":
        return _pair(found, value)
    read = keys[key].read(key, value)
    if isinstance(read, Fault):
        return [read]
    twice = key in found.values
    found.values[key] = read
    rule = "this key is given twice; only one of the two would count."
    return [Fault(key, value, rule, WHERE)] if twice else []


def _pair(found: Words, value: str) -> list[Fault]:
    name, equals, text = value.rpartition("=")
    name = name.strip()
    if not equals or not name:
        return [Fault("--set", value, "write --set name=value.", WHERE)]
    read = number(f"--set {name}", text)
    if isinstance(read, Fault):
        return [read]
    if name in found.changes:
        return [Fault(f"--set {name}", read, "this parameter is set twice; only one of the two would count.", WHERE)]
    found.changes[name] = read
    return []


def _unknown(word: str, dashed: bool, key: str, keys: Mapping[str, Key], flags: Sequence[str], settable: bool) -> Fault:
    if key in flags:
        return Fault(word, None, f"a flag takes no value; write --{key.replace('_', '-')}.", WHERE)
    known = (
        [f"--{k.replace('_', '-')}" for k in (*keys, *(["set"] if settable else []), *flags)]
        if dashed
        else [f"{k}=" for k in keys]
    )
    close = nearest(word.partition("=")[0] + ("" if dashed else "="), known)
    rule = "parameters are set by --set name=value" if settable else f"there are: {', '.join(known)}"
    return Fault(word, None, f"no such key; {rule}.", WHERE, close)


# -- readers ----------------------------------------------------------------------------------------------------------


def number(key: str, value: str) -> float | Fault:
    """Read a finite number."""
    try:
        found = float(value)
    except ValueError:
        found = math.nan
    return found if math.isfinite(found) else Fault(key, value, "a number is needed.", WHERE)


def whole(low: int, high: int) -> Reader:
    """Reader of a whole number in a range."""

    def read(key: str, value: str) -> int | Fault:
        try:
            found = int(value)
        except ValueError:
            found = None
        if found is not None and low <= found <= high:
            return found
        return Fault(key, value, f"a whole number from {low} to {high} is needed.", WHERE)

    return read


def one_of(*choices: str) -> Reader:
    """Reader of one of some words, in any case."""

    def read(key: str, value: str) -> str | Fault:
        found = value.lower()
        rule = f"give {' or '.join(choices)}."
        return found if found in choices else Fault(key, value, rule, WHERE, nearest(found, choices))

    return read


def yes_or_no(key: str, value: str) -> bool | Fault:
    """Read true or false."""
    if value in ("true", "false"):
        return value == "true"
    return Fault(key, value, "must be true or false.", WHERE)


def path(key: str, value: str) -> Path | Fault:
    """Read the name of a file."""
    if not value.strip():
        return Fault(key, value, "the name of a file is needed.", WHERE)
    try:
        return Path(value).expanduser()
    except RuntimeError:
        return Fault(key, value, "there is no such user.", WHERE)


def file_faults(words: Words, *keys: str) -> list[Fault]:
    """Faults of the places of files that are to be written, found before any work is done."""
    faults = []
    for key in keys:
        place: Path | None = words[key]
        if place is None:
            continue
        if place.is_dir():
            faults.append(Fault(key, str(place), "this is a folder; a file is needed.", WHERE))
            continue
        try:
            check_file(place, key)
        except CarebridgeError as error:
            faults.append(Fault(key, None, str(error).removeprefix(f"{key}="), WHERE))
    return faults
