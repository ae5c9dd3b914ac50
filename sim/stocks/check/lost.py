"""What a file says where it is at fault, so that nobody complains that it does not say it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sim.errors import Fault
from sim.stocks.model import Model
from sim.stocks.schema import StockFile

__all__ = ["Lost", "follows", "lost_of"]

_WORD = re.compile(r'[^\W\d]\w*|"[^"\n]+"')
_NO_NAMES = ("time", "units", "dimensions", "mappings")  #: blocks that declare no variables


@dataclass(frozen=True)
class Lost:
    """What the model does not hold because its place in the file is at fault.

    Parameters
    ----------
    names : set of str
        Variables and lookups that are declared.
    words : set of str
        Words of equations and lists that could not be read.
    """

    names: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()


def lost_of(data: Any, unsound: Collection[str], model: Model, faults: Iterable[Fault]) -> Lost:
    """Find what was lost.

    Parameters
    ----------
    data : mapping
        The file.
    unsound : collection of str
        Dotted keys that are at fault.
    model : Model
        What was made of the rest.
    faults : iterable of Fault
        What is known already; the nearest choice to something misspelt is used.
    """
    declared = {str(head).partition("[")[0].strip() for head in _heads(data, _NO_NAMES)}
    words = {fault.nearest for fault in faults} | {
        word.strip('"') for key in unsound for text in _texts(_at(data, key)) for word in _WORD.findall(text)
    }
    return Lost(frozenset(declared - {*model.variables, *model.lookups}), frozenset(words))


def follows(fault: Fault, data: Any, model: Model) -> bool:
    """Whether a fault only repeats that a dimension could not be read."""
    names = {"dimensions", *(k for k in data if k not in StockFile.model_fields)}  # or under a misspelt key
    declared = {str(name) for name in _heads(data, set(data) - names)} - set(model.dimensions)
    return fault.rule.startswith("no such dimension") and fault.value in declared


def _heads(data: Any, without: Collection[str]) -> Iterator[Any]:
    """Keys of all blocks but some."""
    for key, block in data.items():
        if key not in without and isinstance(block, Mapping):
            yield from block


def _at(data: Any, key: str) -> Any:
    """What stands at a key, or at the nearest one above it."""
    for part in key.split("."):
        if isinstance(data, Mapping) and part in data:
            data = data[part]
        else:
            break
    return data


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield str(key)
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
    elif isinstance(value, str):
        yield value
