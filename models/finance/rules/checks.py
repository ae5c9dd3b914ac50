"""What is wrong with the inputs of a money rule, all of it at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from models.finance.rules.amounts import Rate, exact
from sim.errors import Fault, FaultsError, nearest

__all__ = ["at_least", "between", "fitting", "known", "refuse", "summing_to_one"]


def refuse(faults: Iterable[Fault], what: str) -> None:
    """Raise all faults at once, if there are any."""
    found = list(faults)
    if found:
        raise FaultsError(found, what)


def at_least(least: int, /, **values: Any) -> list[Fault]:
    """Faults of amounts, counts or rates, named by their keys, that lie below a bound or are no numbers."""
    return [
        Fault(key, _told(np.asarray(value).min()), f"must be at least {least}.")
        for key, value in values.items()
        if np.size(value) and not np.all(np.asarray(value) >= least)
    ]


def _told(value: Any) -> int | float:
    return int(value) if float(value).is_integer() else float(value)


def between(low: Rate, high: Rate, /, **rates: Rate) -> list[Fault]:
    """Faults of rates, named by their keys, that lie outside a range."""
    return [
        Fault(key, float(exact(rate)), f"must lie between {float(exact(low)):g} and {float(exact(high)):g}.")
        for key, rate in rates.items()
        if not exact(low) <= exact(rate) <= exact(high)
    ]


def summing_to_one(key: str, shares: Sequence[Rate]) -> list[Fault]:
    """Faults of shares that are negative or do not sum to one, exactly."""
    found = [exact(share) for share in shares]
    faults = []
    if any(share < 0 for share in found):
        faults.append(Fault(key, [float(s) for s in found], "no share may be negative."))
    if sum(found) != 1:
        rule = f"must sum to one, exactly; these sum to {float(sum(found))}."
        faults.append(Fault(key, [float(s) for s in found], rule, example=f'{key}: ["1/3", "1/3", "1/3"]'))
    return faults


def known(key: str, names: Iterable[str], choices: Collection[str], what: str) -> list[Fault]:
    """Faults of names that are not among those that exist, each with the nearest that does."""
    return [
        Fault(key, name, f"no such {what}; there are: {', '.join(sorted(choices))}.", nearest=nearest(name, choices))
        for name in names
        if name not in choices
    ]


def fitting(shape: tuple[int, ...], /, **arrays: npt.NDArray[Any]) -> list[Fault]:
    """Faults of arrays, named by their keys, that do not broadcast to a shape."""
    faults = []
    for key, array in arrays.items():
        try:
            fits = np.broadcast_shapes(shape, array.shape) == shape
        except ValueError:
            fits = False
        if not fits:
            faults.append(Fault(key, array.shape, f"its shape must fit {shape}."))
    return faults
