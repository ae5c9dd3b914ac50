"""The smallest parts of a network file: durations, instants, shares, selections and steps.

Durations are text with a unit (``4 h``, ``6.5 d``); instants are dates or durations from the start.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

from sim.clock import duration_ms
from sim.reading.shape import Shape

__all__ = ["Duration", "Instant", "PlacesStep", "Share", "Step", "Weekly", "Where", "one_or_many"]

_DURATION_SCHEMA = {
    "type": "string",
    "pattern": r"^\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*(ms|s|min|h|d|w)\s*$",
    "description": "a number and a unit: ms, s, min, h, d or w, for example '4 h'",
}
_INSTANT_SCHEMA = {
    "type": "string",
    "description": "a date (2019-04-01) or a duration from the start, for example '30 d'",
}


def _duration(value: Any) -> float:
    if isinstance(value, str):
        return duration_ms(value)
    raise ValueError("a duration is text with a unit (ms, s, min, h, d, w), for example '4 h'")


def _instant(value: Any) -> Any:
    if isinstance(value, dt.date):
        return value
    if isinstance(value, str):
        for read in (dt.date.fromisoformat, duration_ms):
            try:
                return read(value)
            except ValueError:
                continue
    raise ValueError("an instant is a date (2019-04-01) or a duration from the start ('30 d')")


def one_or_many(value: Any) -> Any:
    """Allow a single entry where a list is meant."""
    return value if isinstance(value, list) else [value]


#: milliseconds once read
Duration = Annotated[float, BeforeValidator(_duration), Field(ge=0), WithJsonSchema(_DURATION_SCHEMA)]
Instant = Annotated[dt.date | float, BeforeValidator(_instant), WithJsonSchema(_INSTANT_SCHEMA)]
Share = Annotated[float, Field(ge=0, le=1)]
Where = dict[str, str | list[str]]


class Step(Shape):
    """A value that holds from an instant on."""

    since: Instant = Field(alias="from")
    """Instant from which the value holds: a date, or a duration from the start."""
    value: float = Field(ge=0)
    """The value from then on: a factor, or a share of a route."""


class PlacesStep(Shape):
    """A number of places that holds from an instant on; closing places drain, nobody is evicted."""

    since: Instant = Field(alias="from")
    """Instant from which the number holds: a date, or a duration from the start."""
    places: int = Field(ge=0, strict=True)
    """Places open from then on."""


class Weekly(Shape):
    """Hours of the week: those from the first to before the last hour, on these weekdays (Monday = 0)."""

    weekdays: list[Annotated[int, Field(ge=0, le=6)]] = [0, 1, 2, 3, 4, 5, 6]
    """Days of the week, Monday = 0; every day unless given."""
    hours: tuple[Annotated[int, Field(ge=0, le=23)], Annotated[int, Field(ge=1, le=24)]] = (0, 24)
    """First hour, and the hour before which it ends, 0 to 24; the whole day unless given."""
