"""Faults of shape and range in plain words: from what pydantic reports to what a user should read.

A field that may take several forms (a name, a mapping, a list of rules) is tried in each, and each form that does not
fit reports a fault. Only the form that the input was meant for is of use: the one that fits its type. When none does,
one fault says what may stand there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from sim.errors import Fault, nearest

__all__ = ["Placed", "shape_words"]

Item = Mapping[str, Any]
Names = Callable[[tuple[Any, ...]], list[str]]
Placed = tuple[tuple[Any, ...], Fault]  #: a fault and the path at which it stands in the input
_Open = tuple[tuple[Any, ...], Item]  # what is left of a fault's location, and the fault

_A_DATE = "a date (2019-04-01)"
_DURATION = "a duration with its unit (ms, s, min, h, d, w), for example '4 h'"
#: types of fault that say: this form was not meant; and the form in words
_FORMS = {
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "a mapping of keys",
    "model_type": "a mapping of keys",
    "model_attributes_type": "a mapping of keys",
    "string_type": "text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "date_type": _A_DATE,
    "date_parsing": _A_DATE,
    "date_from_datetime_parsing": _A_DATE,
    "date_from_datetime_inexact": _A_DATE,
}
_RANGES = {
    "greater_than": "must be above {gt:g}.",
    "greater_than_equal": "must be {ge:g} or more.",
    "less_than": "must be below {lt:g}.",
    "less_than_equal": "must be {le:g} or less.",
    "too_short": "has {actual_length} entries, needs at least {min_length}.",
    "too_long": "has {actual_length} entries, takes at most {max_length}.",
}


def shape_words(items: Sequence[Item], data: Any, names: Names) -> list[Placed]:
    """Faults, in plain words and each with its path, of an input that a pydantic model refuses.

    Parameters
    ----------
    items : sequence of dict
        What ``ValidationError.errors()`` gives.
    data : object
        The input; locations are followed through it, so that keys are named as the user wrote them.
    names : callable
        Gives the keys that are known at a location.
    """
    return list(_walk([(tuple(item["loc"]), item) for item in items], data, (), names))


def _walk(open_: Sequence[_Open], value: Any, path: tuple[Any, ...], names: Names) -> Iterator[Placed]:
    """Faults at `path`, where `value` stands, and below it."""
    forms: dict[Any, list[_Open]] = {}
    below: dict[Any, list[_Open]] = {}
    for rest, item in open_:
        if not rest or (len(rest) == 1 and item["type"] in ("missing", "extra_forbidden")):
            yield (*path, *rest), _fault((*path, *rest), item, names)
        elif _holds(value, rest[0]):
            below.setdefault(rest[0], []).append((rest[1:], item))
        elif rest[0] == "[key]":
            yield path, _fault_of_name(path, item)
        else:  # the name of a form, which the user did not write
            forms.setdefault(rest[0], []).append((rest[1:], item))
    for key, found in below.items():
        yield from _walk(found, value[key], (*path, key), names)
    meant = [found for found in forms.values() if not _unfit(found)]
    for found in meant:
        yield from _walk(found, value, path, names)
    if forms and not meant:
        yield path, _neither([item for found in forms.values() for _, item in found], path)


def _holds(value: Any, part: Any) -> bool:
    if isinstance(value, Mapping):
        return part in value
    return isinstance(value, (list, tuple)) and isinstance(part, int) and part < len(value)


def _unfit(found: Sequence[_Open]) -> bool:
    """Whether a form was not meant: its only fault is that the input has another type."""
    return all(not rest and _form(item) for rest, item in found)


def _form(item: Item) -> str:
    """Form that a fault of type asks for, or nothing."""
    if item["type"] == "literal_error":
        return item["ctx"]["expected"]
    if item["type"] == "value_error" and item["msg"].startswith("Value error, a duration"):
        return _DURATION
    return _FORMS.get(item["type"], "")


def _neither(items: Sequence[Item], path: tuple[Any, ...]) -> Fault:
    words = list(dict.fromkeys(_form(item) for item in items))
    text = " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
    value = _shown(items[0])
    choices = [name for item in items for name in _choices(item)]
    return Fault(_dotted(path), value, f"give {text}.", nearest=_nearest(value, choices))


def _fault(path: tuple[Any, ...], item: Item, names: Names) -> Fault:
    kind, value = item["type"], _shown(item)
    if kind == "extra_forbidden":
        known = names(tuple(item["loc"][:-1]))
        rule = f"unknown key; known here: {', '.join(known)}." if known else "unknown key."
        return Fault(_dotted(path), None, rule, nearest=nearest(str(path[-1]), known))
    if kind == "missing":
        return Fault(_dotted(path), None, "this key is missing.")
    if kind in _RANGES and value != value:  # noqa: PLR0124 - not a number
        rule = "give a number."
    elif kind in _RANGES:
        rule = _RANGES[kind].format(**item["ctx"])
    elif kind == "value_error" and not _form(item):
        message = item["msg"].removeprefix("Value error, ").rstrip(".")
        rule = message[0].lower() + message[1:] + "."
    else:
        rule = f"give {_form(item)}." if _form(item) else item["msg"][0].lower() + item["msg"][1:] + "."
    if kind == "model_type" and value is not None and "value" in names(tuple(item["loc"])):
        rule = "this is a figure of several parts; its number is the part `value`."
    return Fault(_dotted(path), value, rule, nearest=_nearest(value, _choices(item)))


def _fault_of_name(path: tuple[Any, ...], item: Item) -> Fault:
    """A key that the user chose, and that cannot be one."""
    if item["type"] == "string_type":
        return Fault(_dotted(path), item["input"], "a name must be text; put it in quotes.")
    choices = _choices(item)
    if choices:
        rule = f"unknown key; known here: {', '.join(choices)}."
        return Fault(_dotted(path), None, rule, nearest=nearest(str(path[-1]), choices))
    return Fault(_dotted(path), item["input"], f"the key must be {_form(item)}.")


def _choices(item: Item) -> list[str]:
    return re.findall(r"'([^']+)'", item["ctx"]["expected"]) if item["type"] == "literal_error" else []


def _nearest(value: Any, choices: Sequence[str]) -> str:
    return nearest(value, choices) if isinstance(value, str) else ""


def _shown(item: Item) -> Any:
    return None if isinstance(item.get("input"), (dict, list)) else item.get("input")


def _dotted(path: tuple[Any, ...]) -> str:
    return ".".join(map(str, path)) or "the file"
