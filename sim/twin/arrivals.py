"""Who arrives from outside, when, and as what, in the reference program (section 4 of ``docs/semantics.md``).

Three kinds of source make a series of instants with identities; attendance and batches make arrivals of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import accumulate, count
from typing import NamedTuple

from sim.clock import HOUR, Calendar
from sim.network.schema import Network, Source
from sim.rates import instant_ms, rate_tables, stream
from sim.twin.quantiles import Draws, Purpose, inverse_normal, quantile, whole_ms
from sim.twin.rules import WEEK_HOURS, Kind, Rules

__all__ = ["Arrival", "Arrivals"]


class Arrival(NamedTuple):
    """One arrival from outside."""

    at: int
    station: int
    identity: int
    source: int


class Arrivals:
    """Everybody who arrives from outside, hour by hour.

    Parameters
    ----------
    network : Network
    draws : Draws
    rules : Rules
    rates : list of float
        Factor on the rate of every source, or the number of entities of an interval; it changes as the run goes on.
    """

    def __init__(self, network: Network, draws: Draws, rules: Rules, rates: list[float]):
        self.network = network
        self.draws = draws
        self.rules = rules
        self.rates = rates
        self.names = list(network.sources)
        self.sources: list[Source] = list(network.sources.values())
        self.calendar = Calendar(network.start, int(network.horizon))
        self.first_hour = network.start.weekday() * 24
        week, day = rate_tables(network)
        # Python's floats: the same numbers, multiplied without NumPy
        self.week: list[list[float]] = week.tolist()
        self.day: list[list[float]] = day.tolist()
        self._x: dict[str, list[float]] = {name: [] for name in network.noise}
        self._series = {s: self._bookings(s) for s, given in enumerate(self.sources) if _is_series(given)}
        self._next = {s: next(series, None) for s, series in self._series.items()}

    def of_hour(self, hour: int) -> Iterator[Arrival]:
        """Arrivals of one hour, source by source; their order in time is left to the agenda."""
        for s, source in enumerate(self.sources):
            station = self.rules.names.index(source.to)
            of_kind = self._kept if _is_series(source) else self._poisson if source.driven is None else self._driven
            for at, leader in of_kind(s, hour):
                for identity in self._batch(source, leader):
                    yield Arrival(at, station, identity, s)

    # -- instants and identities --------------------------------------------------------------------------------------

    def _poisson(self, s: int, hour: int) -> Iterator[tuple[int, int]]:
        """Arrivals of one hour of a Poisson process."""
        expected = self.expected(s, hour)
        height = 0.0
        for k in count():
            identity = (stream(self.names[s]) << 40) + (hour << 16) + k
            u, w = self.draws.uniforms(Purpose.ARRIVAL, identity, 0)
            height += -math.log(u)
            if height > expected:
                return
            yield hour * HOUR + math.floor(w * HOUR), identity

    def _driven(self, s: int, hour: int) -> Iterator[tuple[int, int]]:
        """Those of the interval's entities whose time falls into this hour."""
        driven = self.sources[s].driven
        assert driven is not None
        hours = round(driven / HOUR)
        first = hour - hour % hours
        for k in range(int(self.rates[s])):
            identity = (stream(self.names[s]) << 40) + (first << 16) + k
            u, w = self.draws.uniforms(Purpose.ARRIVAL, identity, 0)
            if first + math.floor(u * hours) == hour:
                yield hour * HOUR + math.floor(w * HOUR), identity

    def _kept(self, s: int, hour: int) -> Iterator[tuple[int, int]]:
        """Bookings of one hour that are attended."""
        while (booking := self._next[s]) is not None and booking[0] < (hour + 1) * HOUR:
            _, w = self.draws.uniforms(Purpose.ARRIVAL, booking[1], 0)
            if w < self.sources[s].attend:
                yield booking
            self._next[s] = next(self._series[s], None)

    def _bookings(self, s: int) -> Iterator[tuple[int, int]]:
        """All bookings of a source of arrivals one after another or at given times, until it ends."""
        source = self.sources[s]
        end = self.calendar.horizon_ms
        if source.end is not None:
            end = min(end, instant_ms(source.end, self.calendar))
        for k, at in enumerate(self._given(source) if source.times is not None else self._one_after_another(s)):
            if at >= end:
                return
            yield at, self._identity(s, k)

    def _identity(self, s: int, k: int) -> int:
        return (stream(self.names[s]) << 40) + k

    def _given(self, source: Source) -> list[int]:
        assert isinstance(source.times, list)  # columns of files are read with the network
        instants = (instant_ms(instant, self.calendar) for instant in source.times)
        return sorted(at for at in instants if at >= 0)

    def _one_after_another(self, s: int) -> Iterator[int]:
        source = self.sources[s]
        assert source.every is not None
        at = 0 if source.begin is None else instant_ms(source.begin, self.calendar)
        for k in count():
            u, _ = self.draws.uniforms(Purpose.ARRIVAL, self._identity(s, k), 0)
            at += whole_ms(quantile(self.rules.resolved(source.every), u))
            yield at

    def _batch(self, source: Source, leader: int) -> Iterator[int]:
        """Identities of those who come together."""
        yield leader
        for j in range(1, self._size(source, leader)):
            yield self.draws.identity_of_member(leader, j)

    def _size(self, source: Source, leader: int) -> int:
        if isinstance(source.batch, int):
            return source.batch
        u, _ = self.draws.uniforms(Purpose.BATCH, leader, 0)
        sizes = sorted(source.batch)
        sums = accumulate(source.batch[size] for size in sizes)
        return next((size for size, total in zip(sizes, sums, strict=True) if total > u), sizes[-1])

    # -- rates --------------------------------------------------------------------------------------------------------

    def expected(self, s: int, hour: int) -> float:
        """Arrivals expected of source `s` in an hour counted from the start."""
        d = hour // 24
        rate = self.week[s][(self.first_hour + hour) % WEEK_HOURS] * self.day[s][d]
        noise = self.sources[s].noise
        return (rate if noise is None else rate * self.factor(noise, d)) * self.rates[s]

    def factor(self, noise: str, d: int) -> float:
        """Multiplier of a noise group on day `d`: lognormal, mean one, autocorrelated."""
        spec = self.network.noise[noise]
        sigma = math.sqrt(math.log(1 + spec.variance))
        phi = spec.correlation
        x = self._x[noise]
        while len(x) <= d:
            u, _ = self.draws.uniforms(Purpose.NOISE, stream("noise:" + noise), len(x))
            z = inverse_normal(u)
            x.append(phi * x[-1] + math.sqrt(1 - phi * phi) * z if x else z)
        return math.exp(sigma * x[d] - 0.5 * sigma * sigma)

    # -- class and attributes -----------------------------------------------------------------------------------------

    def kind(self, arrival: Arrival) -> Kind:
        """Class and attributes of an arrival, drawn by the shares of its source."""
        source = self.sources[arrival.source]
        levels: dict[str, str] = {}
        for a, name in enumerate(self.network.attributes):
            shares = source.attributes.get(name)
            if isinstance(shares, str):
                levels[name] = shares
            elif shares is not None:
                pair = self.draws.uniforms(Purpose.ATTRIBUTE, arrival.identity, a // 2)
                levels[name] = self._level(self.network.attributes[name], shares, pair[a % 2])
        return self.rules.kind(source.cls, levels)

    @staticmethod
    def _level(levels: list[str], shares: dict[str, float], u: float) -> str:
        cumulative = 0.0
        last = levels[0]
        for level in levels:
            share = shares.get(level, 0.0)
            if share > 0:
                cumulative += share
                last = level
                if cumulative > u:
                    return level
        return last  # rounding left the sum of the shares short of u


def _is_series(source: Source) -> bool:
    """Whether a source makes its arrivals one by one, not hour by hour."""
    return source.every is not None or source.times is not None
