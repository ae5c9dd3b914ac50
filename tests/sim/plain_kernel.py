"""The kernel as plain Python, for tests that change its source: slow to run, but there is nothing to compile.

A stand-in for `sim.kernel.jit` leaves every function as it is written. What the compiler knows of structured arrays
(a row's fields are attributes, a row assigned is a row copied) is given to the functions by objects, which are read
from the arrays before an entry point is called and written back after it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from functools import wraps
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["install"]

Array = npt.NDArray[Any]


class _Row:
    """One row of a structured array, with an attribute for each field."""

    __slots__ = ("__dict__",)

    def __init__(self, names: Iterable[str], values: Iterable[Any]):
        self.__dict__.update(zip(names, values, strict=True))


class _Rows(list[_Row]):
    """Rows of a structured array of one dimension."""

    def __init__(self, rows: Iterable[_Row]):
        super().__init__(rows)
        self.size = len(self)

    def __setitem__(self, at: Any, row: Any) -> None:
        self[at].__dict__.update(row.__dict__)


def _names(array: Array) -> list[str]:
    """Fields that are read: all but those that only fill a line of memory."""
    return [name for name in array.dtype.names or () if name != "pad"]


def _column(column: Array) -> list[Any]:
    """Values of a field: whole numbers of Python, but for 64-bit words, which wrap around."""
    flat = column.reshape(-1)
    return list(flat) if flat.dtype == np.uint64 else flat.tolist()


def _read(array: Array) -> Any:
    """Array as the functions see it."""
    names = _names(array)
    if not names:
        return array
    rows = [_Row(names, values) for values in zip(*(_column(array[name]) for name in names), strict=True)]
    if array.ndim == 1:
        return _Rows(rows)
    out = np.empty(array.size, object)
    out[:] = rows
    return out.reshape(array.shape)


def _write(array: Array, rows: Any) -> None:
    """Write rows back to the array that they were read from."""
    for name in _names(array):
        array[name] = [getattr(row, name) for row in rows]


def _entry(function: Callable[..., Any]) -> Callable[..., Any]:
    """Entry point of the kernel: a function of tables, a state and more, or a plain one."""

    @wraps(function)
    def call(*given: Any) -> Any:
        with np.errstate(over="ignore"):
            if not hasattr(given[0], "_fields"):
                return function(*given)
            tables, state, *more = given
            seen = state._make(_read(array) for array in state)
            answer = function(tables._make(_read(array) for array in tables), seen, *more)
        for array, rows in zip(state, seen, strict=True):
            if rows is not array:
                _write(array, rows)
        return answer

    return call


def install() -> None:
    """Let all of the kernel that is imported from now on be plain Python."""
    module: Any = ModuleType("sim.kernel.jit")
    module.rule = module.called = lambda function: function
    module.compiled = _entry
    module.put_down = lambda arrays: 0
    module.pointer = lambda address, like: like
    module.behind = lambda pointer: pointer
    module.ask_for = lambda array, at: None
    sys.modules[module.__name__] = module
