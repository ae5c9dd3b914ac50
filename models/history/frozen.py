"""The lock between fitting and testing: parameters are hashed before a test quarter may be read.

A fit takes a view of the history that ends where training ends (``england().until("2014/15")``), and :func:`freeze`
writes down a hash of its parameters and the last quarter of that view: taken from the view, not from anybody's word.
:func:`opened` gives the test quarters only to such a record, and only while the parameters still have that hash.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from models.history.data import History, Key, england, label, parse
from models.history.naive import TEST_QUARTERS
from sim.errors import CarebridgeError, Fault, FaultsError

__all__ = ["Frozen", "NotFrozenError", "freeze", "opened", "parameters_hash"]


class NotFrozenError(CarebridgeError):
    """Test quarters were asked for by a fit that is not frozen, has changed, or was trained on them."""


@dataclass(frozen=True)
class Frozen:
    """A fit that may no longer change.

    Parameters
    ----------
    parameters : str
        SHA-256 of the parameters, from :func:`parameters_hash`.
    trained_until : (str, int)
        Year and quarter of the last row that training could see.
    """

    parameters: str
    trained_until: Key

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[0-9a-f]{64}", str(self.parameters)):
            rule = "must be the hash of the parameters; use freeze(parameters, training)"
            raise FaultsError([Fault("parameters", self.parameters, rule)], "a frozen fit")
        object.__setattr__(self, "trained_until", parse(self.trained_until))

    def check(self, parameters: Mapping[str, Any]) -> None:
        """Refuse parameters that are not the frozen ones.

        Raises
        ------
        NotFrozenError
            When their hash is another.
        """
        if parameters_hash(parameters) != self.parameters:
            raise NotFrozenError(
                "the parameters were changed after they were frozen; freeze and test afresh, and say so"
            )


def parameters_hash(parameters: Mapping[str, Any]) -> str:
    """SHA-256 of named parameters: plain values, arrays and nested mappings, in any order of names.

    Raises
    ------
    FaultsError
        When there are none, or a value is of another kind.
    """
    if not parameters:
        raise FaultsError([Fault("parameters", dict(parameters), "must name at least one parameter")], "a fit")
    try:
        text = json.dumps(_plain(parameters), sort_keys=True, allow_nan=False)
    except (TypeError, ValueError) as wrong:
        rule = f"must be finite numbers, texts, lists, arrays or mappings of them ({wrong})"
        raise FaultsError([Fault("parameters", None, rule)], "a fit") from wrong
    return hashlib.sha256(text.encode()).hexdigest()


def freeze(parameters: Mapping[str, Any], training: History) -> Frozen:
    """Freeze parameters that were fitted on a view of the history.

    Parameters
    ----------
    parameters : mapping
        Everything that shapes a forecast, by name.
    training : History
        The view they were fitted on, from :meth:`History.until`.

    Raises
    ------
    NotFrozenError
        When `training` is the whole history and not a view that ends with training.
    """
    if not training.sealed:
        rule = f"training must use a view that ends with it, such as england().until('2014/15'); this is {training!r}"
        raise NotFrozenError(rule)
    return Frozen(parameters_hash(parameters), training.last)


def opened(
    frozen: Frozen,
    parameters: Mapping[str, Any] | None = None,
    history: History | None = None,
    quarters: tuple[Key, ...] = TEST_QUARTERS,
) -> pd.DataFrame:
    """The test quarters, for a fit that was frozen before them.

    Parameters
    ----------
    frozen : Frozen
    parameters : mapping, optional
        The parameters about to be used; they must be the frozen ones.
    history : History, optional
        England unless another is given.
    quarters : tuple of (year, quarter), optional
        What is to be read.

    Returns
    -------
    pd.DataFrame
        The rows of :meth:`History.frame` for these quarters.

    Raises
    ------
    NotFrozenError
        When the fit is not frozen, was trained on one of these quarters, or has changed.
    """
    if not isinstance(frozen, Frozen):
        raise NotFrozenError(
            f"test quarters are read only for a frozen fit, not for {type(frozen).__name__}: freeze it"
        )
    first = min(quarters)
    if frozen.trained_until >= first:
        until = label(frozen.trained_until)
        raise NotFrozenError(f"trained until {until}, so {label(first)} is no test: train on quarters before it")
    if parameters is not None:
        frozen.check(parameters)
    table: Any = (england() if history is None else history).frame()
    wanted = set(quarters)
    keep = [(y, q) in wanted for y, q in zip(table["year"], table["quarter"], strict=True)]
    return table[keep].reset_index(drop=True)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(part) for name, part in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist())
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value
