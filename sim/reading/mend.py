"""The sound part of an unsound input, so that what does not depend on its faults can be checked as well."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from sim.reading.wording import Placed, shape_words

__all__ = ["mended"]

Model = TypeVar("Model", bound=BaseModel)
Path = tuple[Any, ...]

#: tried one after another where something must stand; what they say is never judged
_STAND_INS: tuple[Any, ...] = (
    1,
    "1 h",
    "x",
    "deterministic",
    {},
    ["x"],
    {"queued": 1},
    {"x": {"places": 1, "service": "x"}},
)
_ROUNDS = 100


def mended(
    model: type[Model],
    data: Any,
    faults: Sequence[Placed],
    names: Callable[[Path], list[str]],
    stand_ins: Sequence[Any] = (),
) -> tuple[Model | None, set[str]]:
    """Validate what is left of an input without what is at fault.

    What may be left out is left out; where something must stand, a stand-in is put.

    Parameters
    ----------
    model : pydantic model
    data : object
        The input; it is not changed.
    faults : sequence of (path, Fault)
        What :func:`sim.reading.wording.shape_words` found in it.
    names : callable
        Gives the keys that are known at a location.
    stand_ins : sequence, optional
        Of this kind of file; tried before those that serve for any.

    Returns
    -------
    model or None
        None when nothing can be saved.
    unsound : set of str
        Dotted keys at which something was left out or put in.
    """
    copy, choices = _copied(data), (*stand_ins, *_STAND_INS)
    unsound: set[str] = set()
    tried: dict[Path, int] = {}
    for _ in range(_ROUNDS):
        for path, fault in faults:
            if not path:
                return None, unsound
            if fault.rule.startswith("unknown key") and fault.nearest:
                unsound.add(_dotted((*path[:-1], fault.nearest)))  # it is what was meant
            _mend(copy, path, choices, tried, unsound)
        try:
            return model.model_validate(copy), unsound
        except ValidationError as error:
            faults = shape_words(error.errors(), copy, names)
    return None, unsound


def _mend(data: Any, path: Path, choices: Sequence[Any], tried: dict[Path, int], unsound: set[str]) -> None:
    """Take the next attempt at a path; when all have failed, at the path above."""
    unsound.add(_dotted(path))
    parent = _at(data, path[:-1])
    attempt = tried.get(path, 0)
    tried[path] = attempt + 1
    if attempt > len(choices):
        if len(path) > 1:
            _mend(data, path[:-1], choices, tried, unsound)
    elif isinstance(parent, dict):
        if attempt == 0:
            parent.pop(path[-1], None)
        else:
            parent[path[-1]] = _copied(choices[attempt - 1])
    elif isinstance(parent, list) and attempt > 0 and isinstance(path[-1], int) and path[-1] < len(parent):
        parent[path[-1]] = _copied(choices[attempt - 1])


def _at(data: Any, path: Iterable[Any]) -> Any:
    for part in path:
        if isinstance(data, dict) and part in data:
            data = data[part]
        elif isinstance(data, list) and isinstance(part, int) and part < len(data):
            data = data[part]
        else:
            return None
    return data


def _copied(data: Any) -> Any:
    if isinstance(data, Mapping):
        return {key: _copied(value) for key, value in data.items()}
    return [_copied(value) for value in data] if isinstance(data, (list, tuple)) else data


def _dotted(path: Path) -> str:
    return ".".join(map(str, path))
