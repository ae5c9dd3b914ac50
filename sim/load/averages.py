"""Means over the measured time of what a file lets change: rates, places, shares, multipliers."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from sim.clock import DAY, HOUR, Calendar
from sim.network.schema import Network, PlacesStep, Pool, Slots, Source, Station, Step, Timetable
from sim.rates import instant_ms, rate_tables
from sim.services import mean_ms, resolve

__all__ = ["Averages"]

Float = npt.NDArray[np.float64]


class Averages:
    """Means of a checked network from the warm-up to the horizon.

    Parameters
    ----------
    network : Network
    """

    def __init__(self, network: Network):
        self.network = network
        self.begin, self.end = network.warm_up, float(int(network.horizon))
        self.calendar = Calendar(network.start, int(network.horizon))
        self.hours = np.arange(int(self.begin // HOUR), math.ceil(self.end / HOUR))
        starts = self.hours * float(HOUR)
        weight = np.minimum(starts + HOUR, self.end) - np.maximum(starts, self.begin)
        self._weight: Float = weight / weight.sum()
        self._of_week = (self.hours + 24 * network.start.weekday()) % 168

    def service(self, use: object) -> float:
        """Mean (ms) of a distribution or of one that is named."""
        service = self.network.services[use] if isinstance(use, str) else use
        return mean_ms(resolve(service))  # type: ignore[arg-type]

    def rates(self) -> dict[str, float]:
        """Entities a ms from each source, batches and attendance included."""
        week, day = rate_tables(self.network)
        found = {}
        for k, (name, source) in enumerate(self.network.sources.items()):
            if source.every is not None:
                rate = self._active(source) * source.attend / max(self.service(source.every), 1e-9)
            elif source.times is not None:
                rate = self._scheduled(source) * source.attend
            else:
                hourly = week[k][self._of_week] * day[k][np.minimum(self.hours // 24, day.shape[1] - 1)]
                rate = float(hourly @ self._weight) / HOUR
            found[name] = rate * _batch(source)
        return found

    def _active(self, source: Source) -> float:
        """Share of the measured time between the beginning and the end of a source."""
        begin = 0.0 if source.begin is None else float(instant_ms(source.begin, self.calendar))
        end = math.inf if source.end is None else float(instant_ms(source.end, self.calendar))
        return max(0.0, min(end, self.end) - max(begin, self.begin)) / (self.end - self.begin)

    def _scheduled(self, source: Source) -> float:
        times = [instant_ms(t, self.calendar) for t in source.times or []]  # type: ignore[union-attr]
        return sum(self.begin <= t < self.end for t in times) / (self.end - self.begin)

    def steps(self, steps: Sequence[Step], first: float) -> float:
        """Mean of a plan of values; `first` holds before the first step."""
        return self._mean([(float(instant_ms(s.since, self.calendar)), s.value) for s in steps], first)

    def _mean(self, plan: list[tuple[float, float]], first: float) -> float:
        plan = sorted(plan)
        since = [-math.inf, *(at for at, _ in plan)]
        until = [*since[1:], math.inf]
        values = [first, *(value for _, value in plan)]
        spans = [max(0.0, min(b, self.end) - max(a, self.begin)) for a, b in zip(since, until, strict=True)]
        return sum(v * span for v, span in zip(values, spans, strict=True)) / (self.end - self.begin)

    def places(self, pool: Station | Pool) -> float:
        """Mean number of places open, extra places apart; infinite without limit."""
        if pool.places == "inf":
            return math.inf
        plan = pool.places if isinstance(pool.places, list) else []
        first = 0.0 if isinstance(pool.places, list) else float(pool.places)
        if not pool.timetable:
            return self._mean([(float(instant_ms(p.since, self.calendar)), float(p.places)) for p in plan], first)
        planned = np.full(len(self.hours), first)
        for step in sorted(plan, key=lambda p: instant_ms(p.since, self.calendar)):
            planned[self.hours * HOUR >= instant_ms(step.since, self.calendar)] = step.places
        weekly = _weekly(pool.timetable)[self._of_week]
        return float(np.where(weekly >= 0, weekly, planned) @ self._weight)

    def slots(self, station: Station) -> float:
        """Appointments a ms."""
        offered = np.zeros(168)
        for slot in station.slots:
            offered[_hours(slot)] += slot.each_hour
        return float(offered[self._of_week] @ self._weight) / HOUR

    def window_delay(self, station: Station) -> float:
        """Mean hold (ms) until the hours of departure, for stays that end at any hour alike."""
        is_open = np.zeros(168, bool)
        for window in station.window:
            is_open[_hours(window)] = True
        if is_open.all() or not is_open.any():
            return 0.0
        delay = 0.0
        for hour in np.flatnonzero(~is_open):
            wait = next(k for k in range(1, 169) if is_open[(hour + k) % 168])
            run = next(k for k in range(1, 169) if not is_open[(hour + wait + k) % 168])
            delay += wait - 0.5 + run / 2
        return delay / 168 * HOUR

    def changes(self) -> list[str]:
        """What changes in the course of the measured time, beyond cycles that repeat many times in it."""
        third = (self.end - self.begin) / 3
        found = []
        for n, source in self.network.sources.items():
            found += [f"{what} of source '{n}'" for what in self._of_source(source, third)]
        for n, station in self.network.stations.items():
            found += [f"{what} of '{n}'" for what in self._of_station(station, third)]
        for n, pool in self.network.pools.items():
            found += [f"{what} of pool '{n}'" for what in self._of_places(pool, third)]
        return found

    def _of_source(self, source: Source, third: float) -> list[str]:
        found = ["growth_per_year"] if source.growth_per_year else []
        found += ["level"] if self._within(source.level) else []
        for what, length in (("hour", DAY), ("weekday", 7 * DAY), ("week", 7 * DAY), ("month", 365 * DAY)):
            weights = getattr(source, what)
            found += [what] if weights is not None and len(set(weights)) > 1 and third < 2 * length else []
        for what in ("begin", "end"):
            at = getattr(source, what)
            inside = at is not None and self.begin < instant_ms(at, self.calendar) < self.end
            found += [what] if inside else []
        return found

    def _of_station(self, station: Station, third: float) -> list[str]:
        found = self._of_places(station, third)
        multipliers = station.multiplier.values() if isinstance(station.multiplier, dict) else [station.multiplier]
        found += ["multiplier"] if any(self._within(steps) for steps in multipliers) else []
        shares = [d.share for rule in station.routes for d in rule.to.values() if isinstance(d.share, list)]
        return found + (["shares"] if any(self._within(steps) for steps in shares) else [])

    def _of_places(self, pool: Station | Pool, third: float) -> list[str]:
        found = ["places"] if isinstance(pool.places, list) and self._within(pool.places) else []
        return found + (["timetable"] if pool.timetable and third < 14 * DAY else [])

    def _within(self, steps: Sequence[Step] | Sequence[PlacesStep]) -> bool:
        return any(self.begin < instant_ms(s.since, self.calendar) < self.end for s in steps)


def _batch(source: Source) -> float:
    if isinstance(source.batch, int):
        return float(source.batch)
    return float(sum(size * share for size, share in source.batch.items()))


def _hours(entry: object) -> npt.NDArray[np.int64]:
    """Hours of the week that an entry names."""
    hours = range(*entry.hours)  # type: ignore[attr-defined]
    return np.array([24 * d + h for d in entry.weekdays for h in hours], np.int64)  # type: ignore[attr-defined]


def _weekly(timetable: Sequence[Timetable] | Sequence[Slots]) -> npt.NDArray[np.int64]:
    """Places by hour of the week; -1 where no entry holds."""
    places = np.full(168, -1, np.int64)
    for entry in reversed(timetable):
        places[_hours(entry)] = entry.places  # type: ignore[union-attr]
    return places
