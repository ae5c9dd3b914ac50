"""What one finished replication wrote down, read in the units of a case."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from sim.kernel.layout import FLOWS, SNAPSHOT, STATES
from sim.run import Run

__all__ = ["Measured", "Record"]

Measured = dict[str, float | tuple[float, float]]  #: a number, or numerator and denominator of a ratio


class Record:
    """What one finished replication wrote down after its warm-up, in the time unit of the case.

    Parameters
    ----------
    run : Run
        Finished.
    unit : int
        Unit of time, in ms.
    warm : int
        Warm-up, in ms; a period of the file begins there.
    """

    def __init__(self, run: Run, unit: int, warm: int):
        self.network, self.seen, self.unit, self.warm = run.lowered.network, run.observations(), unit, warm
        edges = run.lowered.tables.period_edges
        self.first = int(np.searchsorted(edges, warm))
        self.time = float(edges[-1] - edges[self.first]) / unit
        self.events = run.events

    def _at(self, array: npt.NDArray[Any], station: str, cls: str | None) -> npt.NDArray[Any]:
        found = array[self.first :, list(self.network.stations).index(station)].sum(axis=0)
        return found.sum(axis=0) if cls is None else found[self.network.classes.index(cls)]

    def area(self, station: str, *states: str, cls: str | None = None) -> float:
        """Entity-time in the states named."""
        found = self._at(self.seen["area"], station, cls)
        return sum(float(found[STATES.index(s)]) for s in states) / self.unit

    def flow(self, station: str, name: str, cls: str | None = None) -> float:
        """How often something happened."""
        return float(self._at(self.seen["flow"], station, cls)[FLOWS.index(name)])

    def wait(self, station: str, cls: str | None = None) -> float:
        """Total time waited by those who started."""
        return float(self._at(self.seen["wait_total"], station, cls)) / self.unit

    def wait_over(self, station: str, clock: int) -> float:
        """How many waited longer than limit number `clock` of the file."""
        return float(self._at(self.seen["wait_over"], station, None)[clock])

    def snapshot(self, station: str, *names: str) -> npt.NDArray[np.int64]:
        """Entities in the states named at each snapshot after the warm-up."""
        step = int(self.network.observe.snapshot_every)
        rows = self.seen["snapshot"][-(-self.warm // step) :, list(self.network.stations).index(station)]
        return rows[:, [SNAPSHOT.index(n) for n in names]].sum(axis=1)

    def clock(self, name: str, what: str) -> float:
        """How often a clock ended (`ended`), ended above its limit (`over`), and its total time (`total`)."""
        found = float(self.seen[f"clock_{what}"][self.first :, list(self.network.observe.clocks).index(name)].sum())
        return found / self.unit if what == "total" else found

    def place_time(self, pool: str, what: str) -> float:
        """Place-time of a station's own places or of a shared pool: `places`, `draining`, `held` or `turnaround`."""
        names = [*self.network.stations, *self.network.pools]
        return float(self.seen[f"{what}_area"][self.first :, names.index(pool)].sum()) / self.unit

    def outlying(self, station: str) -> float:
        """Entity-time of those who belong to a station and hold a place elsewhere."""
        found = self.seen["outlying_area"][self.first :, list(self.network.stations).index(station)]
        return float(found.sum()) / self.unit

    def offered(self, station: str) -> float:
        """Slots offered."""
        return float(self.seen["slots_offered"][self.first :, list(self.network.stations).index(station)].sum())
