"""What is learnt from a comparison: what each mechanism contributes, when benefits are real, and what waiting costs.

All figures are paired: the same replication meets the same people on every timeline, with and without a mechanism (T2).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.compare.compare import AS_PLANNED, Compared
from sim.experiments import paired, paired_shares

__all__ = ["MEASURES", "Change", "changes", "lost_by_waiting", "reached"]

Floats = npt.NDArray[np.float64]
Interval = tuple[float, float]

#: what a mechanism may change, with its unit
MEASURES = {"delivered": "share", "safe": "share", "beds closed": "beds"}


@dataclass(frozen=True)
class Change:
    """What changes on one timeline when one mechanism is left out: paired difference, with its 95 % interval."""

    timeline: str
    years: int
    left_out: str
    measure: str
    difference: float
    interval: Interval

    @property
    def clear(self) -> bool:
        """Whether the interval leaves out nought."""
        return self.interval[0] > 0 or self.interval[1] < 0


def changes(found: Sequence[Compared]) -> list[Change]:
    """What every mechanism that was left out changes, by mechanism, then timeline, then measure.

    Shares have an interval from exact bounds (:func:`sim.experiments.paired_shares`), beds a t interval; one
    replication alone has none.
    """
    planned = {c.timeline: c for c in found if c.left_out == AS_PLANNED}
    out = []
    for c in (c for c in found if c.left_out != AS_PLANNED):
        base = planned[c.timeline]
        beds = _difference(base.closed, c.closed)
        parts = (
            ("delivered", paired_shares(base.first.delivered, c.first.delivered)),
            ("safe", paired_shares(base.first.safe, c.first.safe)),
            ("beds closed", beds),
        )
        out += [Change(c.timeline, c.years, c.left_out, name, *part) for name, part in parts]
    return out


def lost_by_waiting(shorter: Compared, longer: Compared) -> dict[str, tuple[float, Interval]]:
    """Return what the longer timeline has had less of by the end: bed-years closed and place-years open, paired."""
    words = {"closed": "bed-years closed", "opened": "place-years open"}
    years = {
        key: [c.by_month[key].sum(axis=1) / 12 for c in (longer, shorter)] for key in words
    }  # fmt: skip
    return {words[key]: _difference(*pair) for key, pair in years.items()}


def _difference(a: Floats, b: Floats) -> tuple[float, Interval]:
    if len(a) < 2:  # noqa: PLR2004 - a t interval needs two
        return float((b - a).mean()), (-math.inf, math.inf)
    found = paired(a, b)
    return found.difference, found.interval


def reached(c: Compared, what: str, share: float) -> Floats:
    """Years from the plan's start (R) until a share of the planned beds is closed, or of the places open, for good.

    Infinite where that never comes; what reopens or loses its staff counts from when it is there again.

    Parameters
    ----------
    what : str
        ``closed`` or ``opened``.
    share : float
        Of what is planned.
    """
    whole = c.planned if what == "closed" else c.places
    short = c.by_month[what] < share * whole - 0.5  # whole beds and places
    months = short.shape[1]
    since = np.where(short.any(axis=1), months - np.argmax(short[:, ::-1], axis=1), 0)
    return np.where(since < months, since / 12, np.inf)
