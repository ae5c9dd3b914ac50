"""Generated source made to run: as plain Python, or compiled and kept on disk under a name made from the text."""

from __future__ import annotations

import hashlib
import importlib.util
import math
import sys
from collections.abc import Callable
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np

from sim.files import replace_text
from sim.stocks.generate import Generated

__all__ = ["TROUBLE", "Entry", "compiled", "module", "plain", "plain_functions"]

#: runs many points; see `sim.stocks.generate.RUN`
Entry = Callable[..., int]

_DEEP = 20_000  #: Numba follows chains of equations by recursion while it compiles them, now or at the first call

_HEAD = """# This file is made by Carebridge and may be deleted at any time.
from sim.kernel.jit import strict_called as called, strict_compiled as compiled, strict_rule as rule
"""


#: what generated source raises where an equation has no result, compiled or not
TROUBLE = (ValueError, ZeroDivisionError, OverflowError, FloatingPointError)


def plain(generated: Generated) -> Entry:
    """Return the entry point as plain Python: nothing to compile, some hundred times slower."""
    return _strict(_space(generated)["run"])


def plain_functions(generated: Generated) -> tuple[Callable[..., int], Callable[..., None]]:
    """Return `start` and `advance` as plain Python."""
    space = _space(generated)
    return _strict(space["start"]), _strict(space["advance"])


def _strict(function: Any) -> Any:
    """Let NumPy's numbers raise an error where Python's own would, instead of going on with a value that is none."""
    return np.errstate(divide="raise", over="raise", invalid="raise")(function)


def _space(generated: Generated) -> dict[str, Any]:

    def itself(function: Any) -> Any:
        return function

    space: dict[str, Any] = {"rule": itself, "called": itself, "compiled": itself, "math": math, "np": np}
    exec(compile(generated.source, "<stock-flow model>", "exec"), space)  # noqa: S102 - our own text
    return space


def compiled(generated: Generated) -> Entry:
    """Return the compiled entry point; compiled once for a model and a version of the engine, then read from disk."""
    return module(generated.source).run


@cache
def module(source: str) -> ModuleType:
    """Import generated source from the compile cache, where it is written first if need be."""
    from sim.kernel.jit import cache_folder

    text = _HEAD + source
    name = f"stocks_{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    path = cache_folder() / "stocks" / f"{name}.py"
    if not path.exists():  # a file that is written again would be compiled again
        replace_text(path, text)
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None  # noqa: S101 - a Python file has both
    made = importlib.util.module_from_spec(spec)
    sys.modules[name] = made  # Numba looks there for what it has kept on disk
    sys.setrecursionlimit(max(sys.getrecursionlimit(), _DEEP))
    spec.loader.exec_module(made)
    return made
