"""Planned changes of the reference program: what holds at the start and what changes when.

Section 9 of ``docs/semantics.md``: steps of places, of multipliers and of shares become rows in one order.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from sim.clock import Calendar
from sim.network.schema import Destination, Network, PlacesStep, Step
from sim.rates import instant_ms

__all__ = ["NO_LIMIT", "Plan", "Row", "What"]

NO_LIMIT = math.inf  #: places, or a waiting room, without limit


class What(IntEnum):
    """What a planned change sets, in the order in which changes of one instant are made."""

    PLACES = 0
    MULTIPLIER = 1
    SHARE = 2
    RATE = 3


@dataclass(frozen=True, order=True)
class Row:
    """One planned change; rows compare in the order in which they act.

    ``index`` is the pool for places (own pools of stations first, then shared pools), station * classes + class for
    multipliers, for shares the position of the destination among all destinations of the file, for rates the source.
    """

    at: int
    what: What
    index: int
    number: int  # rows for one key and instant act in the order in which they were added
    value: float


class Plan:
    """Values at the start, and the rows that change them.

    Parameters
    ----------
    network : Network
    """

    def __init__(self, network: Network):
        self.network = network
        self.calendar = Calendar(network.start, int(network.horizon))
        self.places: list[float] = []  # by pool
        self.multiplier: list[list[float]] = []  # by station and class
        self.share: list[float] = []  # of every destination in the order of the file
        self.share_rows: dict[tuple[int, int], range] = {}  # positions of the destinations of (station, route rule)
        self.rates = [0.0 if source.driven is not None else 1.0 for source in network.sources.values()]
        self.rows: list[Row] = []
        for s, station in enumerate(network.stations.values()):
            self.places.append(self._places(s, station.places))
            self.multiplier.append([self._multiplier(s, c) for c in range(len(network.classes))])
            for number, route in enumerate(station.routes):
                self.share_rows[s, number] = range(len(self.share), len(self.share) + len(route.to))
                for destination in route.to.values():
                    self.share.append(self._share(len(self.share), destination))
        for j, pool in enumerate(network.pools.values(), start=len(network.stations)):
            self.places.append(self._places(j, pool.places))
        self.rows.sort()

    def row(self, at: int, what: What, index: int, value: float) -> Row:
        """Make a row that acts after all those present for the same key and instant."""
        row = Row(at, what, index, len(self.rows), value)
        self.rows.append(row)
        return row

    def _places(self, pool: int, given: int | str | list[PlacesStep]) -> float:
        if isinstance(given, str):
            return NO_LIMIT
        if isinstance(given, int):
            return given
        return self._starting(What.PLACES, pool, [(self._at(step), step.places) for step in given], 0)

    def _multiplier(self, s: int, c: int) -> float:
        given = list(self.network.stations.values())[s].multiplier
        steps: Sequence[Step] = given.get(self.network.classes[c], []) if isinstance(given, dict) else given
        index = s * len(self.network.classes) + c
        return self._starting(What.MULTIPLIER, index, [(self._at(step), step.value) for step in steps], 1.0)

    def _share(self, position: int, destination: Destination) -> float:
        if not isinstance(destination.share, list):
            return destination.share or 0.0
        steps = [(self._at(step), step.value) for step in destination.share]
        return self._starting(What.SHARE, position, steps, 0.0)

    def _at(self, step: Step | PlacesStep) -> int:
        return instant_ms(step.since, self.calendar)

    def _starting(self, what: What, index: int, steps: Sequence[tuple[int, float]], value: float) -> float:
        """Keep later steps as rows; the last step at or before the start is the starting value."""
        for at, new in steps:
            if at <= 0:
                value = new
            else:
                self.row(at, what, index, new)
        return value
