"""Which equation of the stocks has no result: the same text is run as plain Python, and its line tells."""

from __future__ import annotations

import re
import traceback

import numpy as np
import numpy.typing as npt

from sim.hybrid.lower import Ready
from sim.stocks.compile import TROUBLE, plain_functions

__all__ = ["culprit"]

Floats = npt.NDArray[np.float64]


def culprit(ready: Ready, y: Floats, p: Floats, b: Floats, k: int) -> str:
    """Name the variable whose equation fails in step `k` with these states and inputs; empty when none does."""
    generated = ready.stocks.generated
    layout, text = generated.layout, generated.source.splitlines()
    start, advance = plain_functions(generated)
    x, w, c = np.zeros(layout.size["x"]), np.zeros((5, layout.size["y"])), ready.stocks.clock
    rows = np.zeros((2, layout.width))
    try:
        if k == 0:
            start(y.copy(), x, p, np.zeros(max(1, b.size)), c)
        advance(y.copy(), x, p, b.copy(), w, c, rows, k, k + 1, 0, 1, 1)
    except TROUBLE as error:
        frames = [f for f in traceback.extract_tb(error.__traceback__) if f.name in ("start", "advance")]
        names = {local: name for name, local in layout.local.items()}
        for line in text[(frames[-1].lineno or 1) - 1 :]:  # a sum's own lines come before the line that names it
            found = re.match(r"\s*(v_\w+) =", line)
            if found:
                return f"'{names[found[1]].removeprefix('wanted ')}' has no result ({error})"
    return ""
