"""What raises or lowers demand for days or weeks, as steps: bank holidays, waves of illness, beds closed by infection.

Everything here becomes *steps*: pairs of a date and a factor that holds from that date on (1 before the first), which a
source takes as its ``level``. Steps multiply (:func:`combined`), so a shock acts on the trend of its day and is never
added to it a second time. What an average winter brings is in the index of the months already; a shock therefore says
which part of it that index holds, and only the rest is added.
"""

from __future__ import annotations

import bisect
import datetime as dt
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal, cast

import numpy as np
from pandas import Timestamp
from pandas.tseries.offsets import Easter
from pydantic import AfterValidator, Field, model_validator

from models.figures.figures import Figure, Shape, Text, must, within
from sim.errors import Fault, FaultsError, nearest

__all__ = ["STREAMS", "HolidayFigures", "Shock", "Steps", "bank_holidays", "closed_beds", "combined", "holiday_steps"]
__all__ += ["left_open", "months_beside", "of_dates", "share_closed", "share_on", "shares_between", "shock_steps"]
__all__ += ["value_on"]

Steps = tuple[tuple[dt.date, float], ...]

#: streams of demand: A&E attendances not admitted, emergency admissions by need, planned overnight admissions
STREAMS = ("attendance", "zero_day", "one_night", "medium", "long", "elective")
Stream = Literal["attendance", "zero_day", "one_night", "medium", "long", "elective"]

WEEK = 7
THURSDAY = 3  #: weekday of the first day of the calendar that arrays of dates count from
_MONDAY, _SATURDAY, _SUNDAY = 0, 5, 6

#: proclaimed once, beside or in place of the rule
MOVED = {
    (2012, "Spring bank holiday"): dt.date(2012, 6, 4),
    (2020, "Early May bank holiday"): dt.date(2020, 5, 8),
    (2022, "Spring bank holiday"): dt.date(2022, 6, 2),
}
EXTRA = {
    dt.date(2011, 4, 29): "Royal wedding",
    dt.date(2012, 6, 5): "Diamond Jubilee",
    dt.date(2022, 6, 3): "Platinum Jubilee",
    dt.date(2022, 9, 19): "State funeral of Queen Elizabeth II",
    dt.date(2023, 5, 8): "Coronation of King Charles III",
}

Factor = Annotated[Figure, AfterValidator(within("factor", 0, 5))]
Excess = Annotated[Figure, AfterValidator(within("relative change", -1, 10))]
AnyShare = Annotated[Figure, AfterValidator(must("share", most=1))]
Days = Annotated[Figure, AfterValidator(must("days"))]


# -- steps ------------------------------------------------------------------------------------------------------------


def value_on(steps: Sequence[tuple[dt.date, float]], day: dt.date) -> float:
    """Factor that holds on a day: that of the last step at or before it, 1 before the first."""
    place = bisect.bisect_right([since for since, _ in steps], day)
    return steps[place - 1][1] if place else 1.0


def combined(*levels: Sequence[tuple[dt.date, float]]) -> Steps:
    """Multiply steps: on every day the factor is the product of the factors of that day.

    Raises
    ------
    FaultsError
        When the dates of a level do not rise.
    """
    faults = [
        Fault(f"levels.{number}", str(after), f"dates must rise; it comes after {before}.")
        for number, level in enumerate(levels)
        for (before, _), (after, _) in zip(level, level[1:], strict=False)
        if after <= before
    ]
    if faults:
        raise FaultsError(faults, "steps of demand")
    out: list[tuple[dt.date, float]] = []
    for day in sorted({day for level in levels for day, _ in level}):
        factor = math.prod(value_on(level, day) for level in levels)
        if factor != (out[-1][1] if out else 1.0):
            out.append((day, factor))
    return tuple(out)


def of_dates(factors: Mapping[dt.date, float]) -> Steps:
    """Steps of single dates, each with its own factor; 1 on all other days."""
    out: list[tuple[dt.date, float]] = []
    for day in sorted(factors):
        if out and out[-1][0] == day:  # the day before ended here
            out.pop()
        out += [(day, float(factors[day])), (day + dt.timedelta(days=1), 1.0)]
    return tuple(out)


# -- bank holidays ----------------------------------------------------------------------------------------------------


def bank_holidays(first: int, last: int) -> dict[dt.date, str]:
    """Bank holidays of England in the years from first to last, by date.

    By the rules in force since 1978 (substitute days for weekends), Easter by the Gregorian rule, and the days that
    were moved or proclaimed once up to 2023; what may be proclaimed later cannot be known.
    """
    return dict(sorted((day, name) for year in range(first, last + 1) for day, name in _of_year(year).items()))


def _of_year(year: int) -> dict[dt.date, str]:
    new_year = dt.date(year, 1, 1)
    easter = cast(Timestamp, Timestamp(year, 1, 1) + Easter()).date()
    christmas = dt.date(year, 12, 25)
    days = {
        "New Year's Day": _next(new_year, _MONDAY) if new_year.weekday() >= _SATURDAY else new_year,
        "Good Friday": easter - dt.timedelta(days=2),
        "Easter Monday": easter + dt.timedelta(days=1),
        "Early May bank holiday": _next(dt.date(year, 5, 1), _MONDAY),
        "Spring bank holiday": _next(dt.date(year, 5, 25), _MONDAY),
        "Summer bank holiday": _next(dt.date(year, 8, 25), _MONDAY),
        "Christmas Day": christmas + dt.timedelta(days=2 if christmas.weekday() >= _SATURDAY else 0),
        # a Boxing Day at the weekend moves past Christmas Day's own substitute
        "Boxing Day": christmas + dt.timedelta(days={4: 3, 5: 3, 6: 1}.get(christmas.weekday(), 1)),
    }
    found = {MOVED.get((year, name)) or day: name for name, day in days.items()}
    return found | {day: name for day, name in EXTRA.items() if day.year == year}


def _next(day: dt.date, weekday: int) -> dt.date:
    """The first such weekday on or after a day."""
    return day + dt.timedelta(days=(weekday - day.weekday()) % WEEK)


class HolidayFigures(Shape):
    """How many times as many come as on an ordinary day of the same weekday and month."""

    enabled: bool = True
    bank_holiday: dict[Stream, Factor]
    christmas_day: dict[Stream, Factor]
    day_after: dict[Stream, Factor]


def holiday_steps(figures: HolidayFigures, stream: str, first: int, last: int) -> Steps:
    """Steps of one stream for the bank holidays of some years; none when switched off.

    Christmas Day itself counts on whatever weekday it falls. The day after is the first working day after a holiday.
    """
    return of_dates(_holiday_factors(figures, stream, first, last))


def _holiday_factors(figures: HolidayFigures, stream: str, first: int, last: int) -> dict[dt.date, float]:
    if not figures.enabled:
        return {}
    _known_stream(stream)
    days = bank_holidays(first, last)
    closed = {day for day in days} | {dt.date(year, 12, 25) for year in range(first, last + 1)}
    found: dict[dt.date, float] = {}

    def put(day: dt.date, part: Mapping[Any, Figure]) -> None:
        if stream in part:
            found[day] = part[stream].value

    for day in closed:
        after = day + dt.timedelta(days=1)
        while after in closed or after.weekday() in (_SATURDAY, _SUNDAY):
            after += dt.timedelta(days=1)
        put(after, figures.day_after)
    for day in days:
        put(day, figures.bank_holiday)
    for year in range(first, last + 1):
        put(dt.date(year, 12, 25), figures.christmas_day)
    return {day: factor for day, factor in found.items() if factor != 1.0}


def months_beside(
    month: Sequence[float], steps: Steps, first: int, last: int, weekday: Sequence[float] = (1.0,) * WEEK
) -> tuple[float, ...]:
    """Index of the months that gives the same months together with steps that it already holds.

    An index of months measured over whole months includes their holidays. Each month is divided by the mean factor of
    its days over the years from first to last, weighted by their weekdays (most bank holidays are Mondays), so that
    holidays move people between days and change no month.
    """
    dates = np.arange(f"{first}-01-01", f"{last + 1}-01-01", dtype="datetime64[D]")
    of_month = dates.astype("datetime64[M]").astype(int) % 12
    weight = np.asarray(weekday, float)[(dates.astype(int) + THURSDAY) % WEEK]
    factors = np.array([1.0, *(factor for _, factor in steps)])
    since = np.array([day for day, _ in steps], "datetime64[D]")
    total = np.bincount(of_month, weight * factors[np.searchsorted(since, dates, side="right")], 12)
    days = np.bincount(of_month, weight, 12)
    return tuple((np.asarray(month, float) * days / total).tolist())


# -- shocks -----------------------------------------------------------------------------------------------------------


class Shock(Shape):
    """A wave that rises to a peak and falls again, in straight lines.

    Off unless enabled. ``excess`` is the change of each stream at the peak; streams that are not named are not touched.
    """

    title: Text
    enabled: bool = False
    starts: Annotated[list[dt.date], Field(min_length=1)]
    length: Days
    peak_at: AnyShare
    excess: dict[Stream, Excess] = {}
    in_month_index: AnyShare
    beds_closed: AnyShare | None = None

    @model_validator(mode="after")
    def _does_something(self) -> Shock:
        if not self.excess and self.beds_closed is None:
            raise ValueError("touches nothing: give excess, beds_closed or both")
        if self.length.value < 1:
            raise ValueError("length must be a day or more")
        return self


def shock_steps(shocks: Iterable[Shock], stream: str, every: int = WEEK) -> Steps:
    """Steps of one stream for all shocks that are enabled.

    Parameters
    ----------
    shocks : iterable of Shock
    stream : str
        One of ``STREAMS``.
    every : int
        Days for which one factor holds; it is the mean of the wave over these days, so nothing is gained or lost.
    """
    _known_stream(stream)
    waves = []
    for shock in shocks:
        size = shock.excess.get(stream)  # type: ignore[call-overload]
        if shock.enabled and size is not None and size.value != 0:
            beyond = size.value * (1 - shock.in_month_index.value)
            waves += [tuple((day, 1 + beyond * part) for day, part in w) for w in _waves(shock, every)]
    return combined(*waves)


def closed_beds(
    places: int | Sequence[tuple[dt.date, int]], shocks: Iterable[Shock], start: dt.date
) -> list[dict[str, Any]]:
    """Plan of places of a station, less the beds that enabled shocks close; whole beds, rounded to the nearest.

    Parameters
    ----------
    places : int, or sequence of (date, int)
        Beds without shocks.
    shocks : iterable of Shock
    start : date
        First day of the network.
    """
    plan, closed = [(start, places)] if isinstance(places, int) else [*places], share_closed(shocks)
    out: list[dict[str, Any]] = []
    for day in sorted({max(day, start) for steps in (plan, closed) for day, _ in steps} | {start}):
        normal = next((n for since, n in reversed(plan) if since <= day), plan[0][1])
        beds = left_open(normal, share_on(closed, day))
        if not out or out[-1]["places"] != beds:
            out.append({"from": day, "places": beds})
    return out


def share_closed(shocks: Iterable[Shock]) -> Steps:
    """Share of beds that enabled shocks close, by the day from which it holds; 0 before the first, 1 at the most."""
    waves = [
        [(day, shock.beds_closed.value * part) for day, part in wave]
        for shock in shocks
        if shock.enabled and shock.beds_closed is not None
        for wave in _waves(shock, WEEK)
    ]
    days = sorted({day for wave in waves for day, _ in wave})
    return tuple((day, min(1.0, sum(share_on(wave, day) for wave in waves))) for day in days)


def share_on(closed: Sequence[tuple[dt.date, float]], day: dt.date) -> float:
    """Share of beds closed on a day: that of the last step at or before it, 0 before the first."""
    return next((share for since, share in reversed(closed) if since <= day), 0.0)


def shares_between(
    closed: Sequence[tuple[dt.date, float]], first: dt.date, end: dt.date
) -> list[tuple[dt.date, float]]:
    """Shares of beds closed from the first day on, each with the day from which it holds, until the day of the end."""
    return [(first, share_on(closed, first)), *(step for step in closed if first < step[0] < end)]


def left_open(beds: int, share: float) -> int:
    """Beds that stay open when a share of them closes: whole beds, rounded to the nearest."""
    return math.floor(beds * (1 - share) + 0.5)


def _waves(shock: Shock, every: int) -> list[list[tuple[dt.date, float]]]:
    """For each start, steps of the share of the peak; 0 at the end."""
    length, peak = shock.length.value, shock.peak_at.value * shock.length.value
    edges = [*np.arange(0, math.ceil(length), every), math.ceil(length)]
    parts = [
        (_area(b, length, peak) - _area(a, length, peak)) / (b - a) for a, b in zip(edges, edges[1:], strict=False)
    ]
    return [
        [(start + dt.timedelta(days=int(a)), p) for a, p in zip(edges, [*parts, 0.0], strict=True)]
        for start in shock.starts
    ]


def _area(t: float, length: float, peak: float) -> float:
    """Area under the triangle of height 1 up to day t."""
    t = min(t, length)
    rise = min(t, peak) ** 2 / (2 * peak) if peak else 0.0
    if t <= peak:
        return rise
    fall = length - peak
    return rise + (fall**2 - (length - t) ** 2) / (2 * fall)


def _known_stream(stream: str) -> None:
    if stream not in STREAMS:
        rule = f"must be one of: {', '.join(STREAMS)}."
        raise FaultsError([Fault("stream", stream, rule, "", nearest(stream, STREAMS))], "demand")
