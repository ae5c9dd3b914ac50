"""Demand: rates per head, patterns, growth by need, and what lowers or raises demand slowly.

A preset (``configs/demand/*.yaml``) holds every figure; a preset may build on another (``defaults``, as in Hydra).
From it come, for each stream, a rate a day and a :class:`~models.care.demand_shape.DemandShape` that holds the pattern
of hours, weekdays and months, the growth of that stream's own volume, and steps for holidays, shocks, access to general
practice, prevention and the effects that a plan hopes for. Growth of nights per stay is no part of it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field, model_validator
from scipy.special import gammainc

from models.care.demand_shape import DemandShape
from models.care.general_practice import GpAccess, gp_steps
from models.care.population import (
    NEEDS,
    OVERNIGHT,
    Band,
    GrowthFigures,
    Kind,
    Overnight,
    Population,
    age_shares,
    growth,
    local_index,
)
from models.care.shocks import HolidayFigures, Shock, Steps, Stream, combined, holiday_steps, months_beside, shock_steps
from models.figures.figures import Figure, Name, Profile, Shape, Shares, Text, must, within
from models.figures.presets import read_section

__all__ = ["Demand", "Effect", "Prevention", "demand_shape", "effect_steps", "load_demand", "noise_groups"]
__all__ += ["prevention_steps", "rates_per_day", "slow_steps"]

YEAR_DAYS = 365.25
MONTHS = 12
DELAY_ORDER = 3
NOISE = "demand"  #: name of the day's factor in a network file

PerThousand = Annotated[Figure, AfterValidator(must("per 1000 people a year"))]
Nights = Annotated[Figure, AfterValidator(must("nights"))]
AnyShare = Annotated[Figure, AfterValidator(must("share", most=1))]
Change = Annotated[Figure, AfterValidator(within("relative change", -1, 1))]
Years = Annotated[Figure, AfterValidator(must("years"))]
Variance = Annotated[Figure, AfterValidator(must("variance", most=4))]
Correlation = Annotated[Figure, AfterValidator(within("correlation", 0, 0.999))]


def _length(size: int) -> Any:
    def check(profile: Profile) -> Profile:
        if len(profile.values) != size:
            raise ValueError(f"needs {size} values, not {len(profile.values)}")
        return profile

    return AfterValidator(check)


Hours24 = Annotated[Profile, _length(24)]
Weekdays = Annotated[Profile, _length(7)]
Months = Annotated[Profile, _length(12)]


class Rates(Shape):
    """Events a year per thousand people of England's ages; ``direct_share`` of emergencies do not come through A&E."""

    attendance: PerThousand
    emergency: PerThousand
    direct_share: AnyShare
    elective: PerThousand


class Pattern(Shape):
    """Pattern of some streams; the day's factor (``noise``) is left out for what is booked."""

    streams: Annotated[list[Stream], Field(min_length=1)]
    hour: Hours24
    weekday: Weekdays
    month: Months | None = None
    noise: bool = True


class Noise(Shape):
    """The day's factor on arrivals, lognormal with mean one, autocorrelated."""

    variance: Variance
    correlation: Correlation


class Prevention(Shape):
    """A programme that lowers emergency rates of named age bands, years after people join it. Off unless enabled.

    ``reach`` is the share of the people of the bands who join, in equal parts on the dates of ``joining``; ``size`` the
    change of the rates of those who have joined, once the delay (of the third order, so long on average) is over.
    """

    title: Text
    enabled: bool = False
    bands: Annotated[list[Band], Field(min_length=1)]
    streams: Annotated[list[Kind], Field(min_length=1)]
    reach: AnyShare
    size: Change
    delay: Years
    joining: Annotated[list[dt.date], Field(min_length=1)]


class Effect(Shape):
    """A change of demand that a plan states, built up in a straight line between two dates."""

    title: Text
    streams: Annotated[list[Stream], Field(min_length=1)]
    change: Change
    since: dt.date = Field(alias="from")
    to: dt.date

    @model_validator(mode="after")
    def _in_order(self) -> Effect:
        if self.to <= self.since:
            raise ValueError("'to' must lie after 'from'")
        return self


class Demand(Shape):
    """A preset of demand, complete."""

    name: Name
    title: Text
    question: Text
    as_of: dt.date
    rates: Rates
    needs: Shares
    nights: dict[Overnight, Nights]
    growth: GrowthFigures
    patterns: Annotated[dict[Name, Pattern], Field(min_length=1)]
    noise: Noise
    holidays: HolidayFigures
    gp_access: GpAccess
    prevention: dict[Name, Prevention] = {}
    effects: dict[Name, Effect] = {}
    shocks: dict[Name, Shock] = {}

    @model_validator(mode="after")
    def _complete(self) -> Demand:
        if set(self.needs.shares) != set(NEEDS):
            raise ValueError(f"needs: give the share of each of {', '.join(NEEDS)}")
        if set(self.nights) != set(OVERNIGHT):
            raise ValueError(f"nights: give each of {', '.join(OVERNIGHT)}")
        named = [stream for pattern in self.patterns.values() for stream in pattern.streams]
        for stream in ("attendance", *NEEDS, "elective"):
            if named.count(stream) != 1:
                raise ValueError(f"patterns: {stream} must have one pattern, not {named.count(stream)}")
        return self


def load_demand(source: str | Path | Mapping[str, Any]) -> Demand:
    """Read and check a preset, from a YAML file or a mapping; ``defaults`` name presets beside it to build on.

    Raises
    ------
    FaultsError
        With every fault at once.
    """
    return read_section(Demand, source, "demand")


# -- rates and shapes -------------------------------------------------------------------------------------------------


def rates_per_day(
    demand: Demand, population: Population, locality: str, start: dt.date | None = None
) -> dict[str, float]:
    """Events a day of every stream for the people of a locality, at ``as_of`` or grown to a later start.

    Rates per head are England's, made local by ages; ``emergency`` is shared out by need, all routes together
    (``rates.direct_share`` of them do not come through A&E).
    """
    heads = population.localities[locality].people.value / 1000 / YEAR_DAYS
    emergency = {n: demand.rates.emergency.value * demand.needs.shares[n] for n in NEEDS}
    yearly = {"attendance": demand.rates.attendance.value, **emergency, "elective": demand.rates.elective.value}
    grown = dict.fromkeys(yearly, 1.0)
    if start is not None and start != demand.as_of:
        first, last = sorted((_year(demand.as_of), _year(start)))
        by_kind = growth(population, demand.growth, first, last)
        grown = {k: (1 + by_kind[k].volume) ** (_year(start) - _year(demand.as_of)) for k in yearly}
    return {k: heads * rate * local_index(population, k, locality) * grown[k] for k, rate in yearly.items()}


def noise_groups(demand: Demand) -> dict[str, dict[str, float]]:
    """The day's factor as a network file takes it, under the name that shapes give as their ``noise``."""
    return {NOISE: {"variance": demand.noise.variance.value, "correlation": demand.noise.correlation.value}}


def demand_shape(demand: Demand, population: Population, stream: str, start: dt.date, end: dt.date) -> DemandShape:
    """Shape of one stream between two dates, with everything that the preset has switched on.

    Trend is in ``growth_per_year`` alone and all the rest in ``level``, so none is counted twice; months are corrected
    for the holidays that their index already holds, so that holidays move people between days and lose nobody.

    Parameters
    ----------
    demand, population
    stream : str
        ``attendance``, a need, or ``elective``.
    start, end : date
        The run; growth is the mean of these years.
    """
    pattern = next(p for p in demand.patterns.values() if stream in p.streams)
    by_kind = growth(population, demand.growth, _year(start), max(_year(end), _year(start) + 1))
    holidays = holiday_steps(demand.holidays, stream, start.year, end.year)
    index = pattern.month.values if pattern.month is not None else [1.0] * MONTHS
    month = months_beside(index, holidays, start.year, end.year, pattern.weekday.values)
    mean = sum(month) / MONTHS  # a source scales its months to mean one; what holidays take is given back here
    shocks, slow = shock_steps(demand.shocks.values(), stream), slow_steps(demand, population, stream, end)
    level = combined(((dt.date(start.year, 1, 1), mean),), holidays, shocks, slow)
    return DemandShape(
        hour=tuple(pattern.hour.values),
        weekday=tuple(pattern.weekday.values),
        month=tuple(m / mean for m in month),
        growth_per_year=by_kind[stream].volume,
        noise=NOISE if pattern.noise else None,
        level=level,
    )


def slow_steps(demand: Demand, population: Population, stream: str, end: dt.date) -> Steps:
    """Steps of one stream for access to general practice, prevention and stated effects together."""
    prevention = [prevention_steps(p, stream, population, end) for p in demand.prevention.values()]
    effects = [effect_steps(e, stream) for e in demand.effects.values()]
    return combined(gp_steps(demand.gp_access, stream), *prevention, *effects)


def _year(day: dt.date) -> float:
    """Year on the scale of mid-years: 1 July of a year is that year."""
    return day.year + (day - dt.date(day.year, 7, 1)).days / YEAR_DAYS


# -- what changes demand slowly ---------------------------------------------------------------------------------------


def _mean_response(since: float, until: float, delay: float) -> float:
    """Mean share of a lasting input that has come through a delay of the third order between two times, exactly."""

    def area(t: float) -> float:
        # the integral of the Erlang function of order k: t F_k(t) - delay F_(k+1)(t), both with rate k / delay
        if t <= 0:
            return 0.0
        passed = DELAY_ORDER * t / delay
        return t * float(gammainc(DELAY_ORDER, passed)) - delay * float(gammainc(DELAY_ORDER + 1, passed))

    if delay <= 0:
        return (max(0.0, until) - max(0.0, since)) / (until - since)
    return (area(until) - area(since)) / (until - since)


def prevention_steps(
    prevention: Prevention, stream: str, population: Population, end: dt.date, months: int = 1
) -> Steps:
    """Monthly (or yearly, ``months=12``) steps of a stream: size x delayed joining on the bands' part of the stream.

    Each step is the mean of the exact response over its months. Zero delay gives the effect at once.
    """
    if not prevention.enabled or stream not in prevention.streams:
        return ()
    joining, delay = sorted(prevention.joining), prevention.delay.value
    ages = age_shares(population, stream, _year(joining[0]))
    size = prevention.size.value * prevention.reach.value * sum(ages[band] for band in prevention.bands)
    days = sorted({*_dates(joining[0], end, months), *joining})
    out = []
    for day, after in zip(days, [*days[1:], _later(days[-1], months)], strict=True):
        since = [((day - d).days / YEAR_DAYS, (after - d).days / YEAR_DAYS) for d in joining]
        response = sum(_mean_response(*between, delay) for between in since) / len(joining)
        out.append((day, 1 + size * response))
    return tuple(out)


def effect_steps(effect: Effect, stream: str) -> Steps:
    """Monthly steps of a stated effect: the mean of a straight line over each month, then the whole."""
    if stream not in effect.streams:
        return ()
    days, length = [*_dates(effect.since, effect.to, 1)], (effect.to - effect.since).days
    out = []
    for day, after in zip(days, [*days[1:], effect.to], strict=True):
        middle = ((day - effect.since).days + (after - effect.since).days) / 2 / length
        out.append((day, 1 + effect.change.value * middle))
    return (*out, (effect.to, 1 + effect.change.value))


def _dates(first: dt.date, end: dt.date, months: int) -> Iterator[dt.date]:
    """The date and every so many months from it on, before the end."""
    yield first
    number = 1
    while (day := _later(first, months * number)) < end:
        yield day
        number += 1


def _later(day: dt.date, months: int) -> dt.date:
    """The same day some months later; the 29th to 31st become the 28th."""
    number = day.month - 1 + months
    return dt.date(day.year + number // 12, number % 12 + 1, min(day.day, 28))
