"""The units that a function wants and gives, as its table writes them: ``a/t``, ``a^0.5``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from pint import Unit

__all__ = ["Found", "Special", "letters", "multiplied", "product"]

_FACTOR = re.compile(r"([*/]?)([a-z1])(?:\^([\d.]+))?")


class Special(Enum):
    """What an expression may have in place of a unit."""

    UNKNOWN = "unknown"  #: it is at fault, or made of what is
    ANY = "any"  #: it is 0, which fits every unit


#: what is known of an expression's unit
Found: TypeAlias = "Unit | Special"


def letters(signature: str) -> set[str]:
    """Letters that a signature uses."""
    return {letter for letter, _ in _factors(signature)}


def product(signature: str, bound: Mapping[str, Found]) -> Found:
    """Unit that a signature stands for, once its letters are bound."""
    return multiplied((bound.get(letter, Special.UNKNOWN), power) for letter, power in _factors(signature))


def multiplied(factors: Iterable[tuple[Found, float]]) -> Found:
    """Multiply units raised to powers; what is made of the unknown is unknown, what else is made of 0 is 0."""
    found = list(factors)
    if any(unit is Special.UNKNOWN or (unit is Special.ANY and power < 0) for unit, power in found):
        return Special.UNKNOWN
    if any(unit is Special.ANY for unit, _ in found):
        return Special.ANY
    (first, power), *others = ((unit, power) for unit, power in found if not isinstance(unit, Special))
    result = first if power == 1 else first**power
    for unit, power in others:
        result = result * unit if power == 1 else result * unit**power
    return result


@cache
def _factors(signature: str) -> tuple[tuple[str, float], ...]:
    """Letters with their powers."""
    return tuple(
        (letter, (-1 if sign == "/" else 1) * float(power or 1)) for sign, letter, power in _FACTOR.findall(signature)
    )
