"""The clock: int64 milliseconds from the model's start date, and the calendar laid over it."""

from __future__ import annotations

import datetime as dt
import math
import re

import numpy as np
import numpy.typing as npt

__all__ = ["DAY", "HOUR", "MINUTE", "SECOND", "Calendar", "duration_ms"]

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_UNITS = {"ms": 1, "s": SECOND, "min": MINUTE, "h": HOUR, "d": DAY, "w": 7 * DAY}
_DURATION = re.compile(r"^\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*([a-z]+)\s*$")


def duration_ms(text: str) -> float:
    """Milliseconds of a duration such as ``4 h`` or ``6.5 d``; the unit is compulsory.

    Raises
    ------
    ValueError
        When the text is not a number followed by one of ms, s, min, h, d, w.
    """
    found = _DURATION.match(str(text))
    if not found or found[2] not in _UNITS:
        raise ValueError(f"a duration is a number and a unit (ms, s, min, h, d, w), for example '4 h'; got {text!r}")
    value = float(found[1]) * _UNITS[found[2]]
    if not math.isfinite(value):
        raise ValueError("a duration must be finite")
    return value


class Calendar:
    """Maps the engine's clock to dates.

    There is no daylight saving: every day has 24 hours. Years run from April, as English public bodies count them.

    Parameters
    ----------
    start : datetime.date
        Date of millisecond zero (midnight).
    horizon_ms : int
        End of the run.
    """

    def __init__(self, start: dt.date, horizon_ms: int):
        self.start = start
        self.horizon_ms = int(horizon_ms)
        self.days = math.ceil(horizon_ms / DAY)

    def date(self, ms: int) -> dt.date:
        """Date on which the instant `ms` falls."""
        return self.start + dt.timedelta(days=ms // DAY)

    def ms(self, date: dt.date) -> int:
        """Milliseconds at the midnight that begins `date`."""
        return (date - self.start).days * DAY

    def dates(self) -> list[dt.date]:
        """List every date of the run."""
        return [self.start + dt.timedelta(days=i) for i in range(self.days)]

    def month_edges(self) -> npt.NDArray[np.int64]:
        """Edges (ms) of the calendar months, the first and last cut at the run's ends."""
        edges = [0]
        day = self.start
        while True:
            day = dt.date(day.year + (day.month == 12), day.month % 12 + 1, 1)  # noqa: PLR2004
            at = self.ms(day)
            if at >= self.horizon_ms:
                break
            edges.append(at)
        edges.append(self.horizon_ms)
        return np.array(edges, np.int64)

    def regular_edges(self, step_ms: int) -> npt.NDArray[np.int64]:
        """Edges (ms) of periods of equal length, the last cut at the end of the run."""
        edges = np.arange(0, self.horizon_ms, step_ms, dtype=np.int64)
        return np.append(edges, np.int64(self.horizon_ms))

    @staticmethod
    def april_year(date: dt.date) -> str:
        """Name of the April-to-March year of a date, for example ``2018/19``."""
        first = date.year if date.month >= 4 else date.year - 1  # noqa: PLR2004
        return f"{first}/{(first + 1) % 100:02d}"

    @staticmethod
    def april_quarter(date: dt.date) -> int:
        """Quarter of the April-to-March year: April to June is 1, January to March is 4."""
        return ((date.month - 4) % 12) // 3 + 1
