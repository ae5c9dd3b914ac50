"""A distribution ready for the kernel."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sim.services.laws import Law

__all__ = [
    "BOUNDED",
    "CELLS",
    "DETERMINISTIC",
    "EMPIRICAL",
    "EXPONENTIAL",
    "LAST_SHARE",
    "LOGIT_MAX",
    "LOGNORMAL",
    "NORMAL",
    "TABLE",
    "TRIANGULAR",
    "UNIFORM",
    "WEIBULL",
    "Resolved",
]

EXPONENTIAL, LOGNORMAL, WEIBULL, DETERMINISTIC, TABLE, UNIFORM, TRIANGULAR, NORMAL, EMPIRICAL = range(9)
BOUNDED = 16  #: added to the kind of a distribution with a range or bounds, in the kernel's tables
CELLS = 1023  #: cells of a quantile table
LOGIT_MAX = 36.7  #: tables cover |log(u / (1 - u))| up to this, the range of 53-bit uniforms
LAST_SHARE = 1 - 2.0**-53  #: largest share below one


@dataclass(frozen=True)
class Resolved:
    """A distribution ready for the kernel.

    Parameters
    ----------
    law : Law
        The distribution without range and bounds.
    kind : int
        EXPONENTIAL, …
    a, b, c : float
        Parameters of the kind; ms where they are times.
    values : tuple of float
        Of EMPIRICAL the sorted times in ms.
    cubics : tuple of (float, float, float, float)
        Of TABLE the cubics of the log-quantile, see :class:`sim.services.table.Table`.
    cells : tuple of int
        Number of the first cubic of each cell and, last, the number of all cubics; ``CELLS + 1`` numbers.
    bounded : bool
        Whether anything below matters.
    base, span : float
        A share u is mapped to base + u * span before it is inverted. For kinds whose quantile falls with u
        (exponential and Weibull) these are shares of longer times.
    low, high : float
        Least and longest time (ms).
    between : pair of float, optional
        Range (ms) to which `law` is conditional.
    """

    law: Law
    kind: int
    a: float = 0.0
    b: float = 0.0
    c: float = 0.0
    values: tuple[float, ...] = ()
    cubics: tuple[tuple[float, float, float, float], ...] = ()
    cells: tuple[int, ...] = ()
    bounded: bool = False
    base: float = 0.0
    span: float = 1.0
    low: float = 0.0
    high: float = math.inf
    between: tuple[float, float] | None = None
