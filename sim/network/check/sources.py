"""Rules about the sources of a network."""

from __future__ import annotations

from sim.clock import DAY, HOUR
from sim.network.check.durations import takes_time
from sim.network.check.findings import Findings, at, finding, known, rising_findings, sum_findings
from sim.network.check.names import attribute_known, class_known, level_known, service_findings, station_known
from sim.network.schema import Column, Network, Service, Source
from sim.services import mean_ms, resolve, service_faults

__all__ = ["source_findings"]

_MOST_AN_HOUR = 60_000  # an arrival's number within its hour has 16 bits of its identity
_LARGEST_BATCH = 1000
_KINDS = ("rate_per_day", "every", "times", "driven")
_OF_RATES = ("hour", "weekday", "month", "week", "growth_per_year", "level", "noise")
_YEAR = 365.25 * DAY


def source_findings(network: Network, name: str, source: Source) -> Findings:
    """Findings about one source."""
    key = f"sources.{name}"
    yield from class_known(network, f"{key}.class", source.cls)
    yield from station_known(network, f"{key}.to", source.to)
    yield from _kind(key, source)
    if source.every is not None:
        yield from service_findings(network, f"{key}.every", source.every)
        if not takes_time(network, source.every):
            reads = (f"{key}.every", f"services.{source.every}")
            yield finding(f"{key}.every", None, "time must pass between arrivals; it never does.", reads=reads)
        elif (hourly := _hourly(network, source.every)) > _MOST_AN_HOUR:
            rule = f"at most {_MOST_AN_HOUR:,} arrivals an hour, and {hourly:,.0f} would come; split the source."
            yield finding(f"{key}.every", None, rule, reads=(f"{key}.every", f"services.{source.every}"))
    yield from _rate(network, key, source)
    yield from _span(network, key, source)
    if isinstance(source.batch, dict):
        yield from sum_findings(f"{key}.batch", source.batch.values())
        for size in source.batch:
            if not 1 <= size <= _LARGEST_BATCH:
                yield finding(f"{key}.batch", size, f"between 1 and {_LARGEST_BATCH} come together.")
    yield from _attributes(network, key, source)


def _kind(key: str, source: Source) -> Findings:
    """Exactly one of the three ways to arrive, and only what belongs to it."""
    given = [kind for kind in _KINDS if getattr(source, kind) is not None]
    kinds = [f"{key}.{kind}" for kind in _KINDS]
    if len(given) != 1:
        found = f"it has {' and '.join(given)}" if given else "it has none of them"
        rule = f"a source has exactly one of rate_per_day, every, times and driven; {found}."
        yield finding(key, None, rule, reads=kinds, example="rate_per_day: 12")
        return
    if given == ["rate_per_day"]:
        if source.attend != 1:
            rule = "attend belongs to every and times; of a rate, give the rate of those who come."
            yield finding(f"{key}.attend", source.attend, rule, reads=(f"{key}.attend", *kinds), example="attend: 1")
        return
    if source.driven is not None and (source.driven % HOUR or not source.driven):
        yield finding(f"{key}.driven", source.driven, "the interval is a whole number of hours, one at least.")
    for field in _OF_RATES if given != ["driven"] else (*_OF_RATES, "begin", "end"):
        if getattr(source, field):
            rule = f"{field} belongs to rate_per_day, not to {given[0]}."
            yield finding(f"{key}.{field}", None, rule, reads=(f"{key}.{field}", *kinds), example="rate_per_day: 12")


def _rate(network: Network, key: str, source: Source) -> Findings:
    if source.noise is not None:
        yield from known(f"{key}.noise", source.noise, network.noise, "noise", f"noise.{source.noise}")
    if source.week is not None and (source.hour is not None or source.weekday is not None):
        reads = (f"{key}.week", f"{key}.hour", f"{key}.weekday")
        yield finding(f"{key}.week", None, "give either week (168 weights) or hour and weekday.", reads=reads)
    for field in ("hour", "weekday", "month", "week"):
        weights = getattr(source, field)
        if weights is not None and sum(weights) <= 0:
            yield finding(f"{key}.{field}", None, "at least one weight must be above zero.")
    if (peak := _busiest_hour(network, source)) > _MOST_AN_HOUR:
        rule = f"at most {_MOST_AN_HOUR:,} arrivals an hour, and up to {peak:,.0f} would come; split the source."
        reads = [f"{key}.{field}" for field in ("rate_per_day", "end", *_OF_RATES)]
        yield finding(f"{key}.rate_per_day", source.rate_per_day, rule, reads=[*reads, "horizon", "start"])
    for step in source.level:
        if isinstance(step.since, float) and step.since % DAY:
            yield finding(f"{key}.level", step.since, "levels change at midnight; give dates or whole days.")
    yield from rising_findings(network, f"{key}.level", [step.since for step in source.level])


def _hourly(network: Network, every: Service | str) -> float:
    """Arrivals an hour of a source with this time between them; 0 where that cannot be said."""
    service = network.services.get(every) if isinstance(every, str) else every
    if service is None or service_faults(service) or isinstance(service.observed, Column):
        return 0.0
    return HOUR / max(mean_ms(resolve(service)), 1e-9)


def _busiest_hour(network: Network, source: Source) -> float:
    """Bound on the expected arrivals of an hour, before noise."""
    peak = (source.rate_per_day or 0.0) / 24
    for weights in (source.hour, source.weekday, source.month, source.week):
        if weights is not None and sum(weights) > 0:
            peak *= max(weights) * len(weights) / sum(weights)
    if source.growth_per_year > 0:
        end = network.horizon if source.end is None else min(network.horizon, at(network, source.end))
        peak *= (1 + source.growth_per_year) ** min(max(end, 0.0) / _YEAR, 1000.0)
    first = [1.0] if not source.level or at(network, source.level[0].since) > 0 else []
    return peak * max([*first, *(step.value for step in source.level)])


def _span(network: Network, key: str, source: Source) -> Findings:
    """When a source begins and ends."""
    begin, end = source.begin, source.end
    if begin is not None and end is not None and at(network, end) <= at(network, begin):
        reads = (f"{key}.end", f"{key}.begin", "start")
        yield finding(f"{key}.end", end, "the end must lie after the beginning.", reads=reads)
    kinds = [f"{key}.{kind}" for kind in _KINDS]
    for field, instant in (("begin", begin), ("end", end)):
        if source.rate_per_day is not None and isinstance(instant, float) and instant % DAY:
            rule = "a rate begins and ends at midnight; give a date or whole days."
            yield finding(f"{key}.{field}", instant, rule, reads=(f"{key}.{field}", *kinds))
    if begin is None:
        return
    reads = (f"{key}.begin", *kinds, "start")
    if source.times is not None:
        yield finding(f"{key}.begin", begin, "times need no beginning; leave out those before it.", reads=reads)
    elif source.every is not None and at(network, begin) < 0:
        yield finding(f"{key}.begin", begin, "arrivals one after another begin at the start or later.", reads=reads)


def _attributes(network: Network, key: str, source: Source) -> Findings:
    for attribute, shares in source.attributes.items():
        here = f"{key}.attributes.{attribute}"
        if attribute not in network.attributes:
            yield from attribute_known(network, here, attribute, lambda a: f"{a}: {network.attributes[a][0]}")
            continue
        for level in [shares] if isinstance(shares, str) else shares:
            yield from level_known(network, here, attribute, level)
        if not isinstance(shares, str):
            yield from sum_findings(here, shares.values())
