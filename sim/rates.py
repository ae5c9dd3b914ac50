"""Arrival rates: the week's profile and the day's factor of every source, and the names that address their draws."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from sim.clock import DAY, Calendar
from sim.network.schema import Network, Source, Step

__all__ = ["instant_ms", "listed_ms", "rate_tables", "step_values", "stream"]

_YEAR_DAYS = 365.25


def stream(name: str) -> int:
    """Address of a name's draws: the lowest 23 bits of its CRC-32, the same wherever the name stands in a file."""
    return zlib.crc32(name.encode()) & 0x7FFFFF


def instant_ms(instant: object, calendar: Calendar) -> int:
    """Milliseconds from the start of a date or of a duration from the start."""
    if isinstance(instant, float):
        return int(np.floor(instant + 0.5))
    return calendar.ms(instant)  # type: ignore[arg-type]


def step_values(steps: Sequence[Step], calendar: Calendar, first: float) -> npt.NDArray[np.float64]:
    """Value of a step plan on each day of the run; `first` holds before the first step."""
    out = np.full(calendar.days, first)
    for step in sorted(steps, key=lambda s: instant_ms(s.since, calendar)):
        out[max(0, -(-instant_ms(step.since, calendar) // DAY)) :] = step.value
    return out


def _relative(weights: Sequence[float] | None, size: int) -> npt.NDArray[np.float64]:
    if weights is None:
        return np.ones(size)
    w = np.asarray(weights, float)
    return w / w.mean()


def _week(source: Source) -> npt.NDArray[np.float64]:
    """Entities an hour for each hour of the week, Monday first, before the day's factor."""
    if source.week is not None:
        shape = _relative(source.week, 168)
    else:
        shape = np.outer(_relative(source.weekday, 7), _relative(source.hour, 24)).ravel()
    return (source.rate_per_day or 0.0) / 24 * shape


def _day(source: Source, calendar: Calendar) -> npt.NDArray[np.float64]:
    """Factor of each day: season, growth (compound from the start), level plan, begin and end."""
    dates = calendar.dates()
    month = _relative(source.month, 12)
    factor = np.array([month[d.month - 1] for d in dates])
    if source.growth_per_year:
        factor = factor * (1 + source.growth_per_year) ** (np.arange(calendar.days) / _YEAR_DAYS)
    factor = factor * step_values(source.level, calendar, 1.0)
    if source.begin is not None:
        factor[: max(0, -(-instant_ms(source.begin, calendar) // DAY))] = 0.0
    if source.end is not None:
        factor[max(0, -(-instant_ms(source.end, calendar) // DAY)) :] = 0.0
    return factor


def rate_tables(network: Network) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Rates of every source, in the order of the file.

    Returns
    -------
    week : array (sources, 168)
        Expected arrivals an hour by hour of the week from Monday 00:00.
    day : array (sources, days)
        Factor of each day of the run.
    """
    calendar = Calendar(network.start, int(network.horizon))
    sources = list(network.sources.values())
    week = np.array([_week(s) for s in sources]).reshape(len(sources), 168)
    day = np.array([_day(s, calendar) for s in sources]).reshape(len(sources), calendar.days)
    return week, day


def listed_ms(source: Source, calendar: Calendar) -> list[int]:
    """Instants (ms) of a source that lists them, in order, without those before the start or the source's begin."""
    if not isinstance(source.times, list):
        return []
    first = 0 if source.begin is None else max(0, instant_ms(source.begin, calendar))
    return sorted(at for at in (instant_ms(i, calendar) for i in source.times) if at >= first)
