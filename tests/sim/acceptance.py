"""When a simulated figure agrees with an exact one.

The exact value must lie inside a t interval over independent replications. All intervals of the suite together cover
with 99.9 per cent (Bonferroni), and each must be narrow enough to mean something: its half-width is limited by the
kind of the quantity. Ratios (waits, probabilities by customer) are linearised around the ratio of the sums.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.clock import DAY, HOUR
from sim.kernel.layout import FLOWS, SNAPSHOT, STATES
from sim.network.load import load_network
from sim.run import Run
from sim.statistics import mean_halfwidth
from sim.tables import Lowered, lower

FAMILY = 500  #: quantities that are compared in the whole suite, at most
LEVEL = 1 - 0.001 / FAMILY
WORKERS = 2
SEED = 20180401
UNIT = {"h": HOUR, "d": DAY}

MEAN, QUEUE, VARIANCE, CHANCE = "mean", "queue", "variance", "chance"
Measured = dict[str, float | tuple[float, float]]


def limit(kind: str, exact: float) -> float:
    """Largest half-width at which the comparison counts."""
    if kind == CHANCE:
        return 0.005 if exact >= 0.05 else 0.10 * exact
    return {MEAN: 0.01, QUEUE: 0.05, VARIANCE: 0.05}[kind] * abs(exact)


class Record:
    """What one finished replication wrote down after its warm-up, in the time unit of the case."""

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
        return float(self._at(self.seen["flow"], station, cls)[FLOWS.index(name)])

    def wait(self, station: str, cls: str | None = None) -> float:
        return float(self._at(self.seen["wait_total"], station, cls)) / self.unit

    def wait_over(self, station: str, clock: int, cls: str | None = None) -> float:
        return float(self._at(self.seen["wait_over"], station, cls)[clock])

    def snapshot(self, station: str, *names: str) -> npt.NDArray[np.int64]:
        """Entities in the states named at each snapshot after the warm-up."""
        step = int(self.network.observe.snapshot_every)
        rows = self.seen["snapshot"][-(-self.warm // step) :, list(self.network.stations).index(station)]
        return rows[:, [SNAPSHOT.index(n) for n in names]].sum(axis=1)


@dataclass(frozen=True)
class Case:
    """One network with exact answers.

    ``network`` gives the file for a time measured; ``wanted`` names each quantity with its exact value and kind. A
    time of 0 means that the file fixes it. ``loose`` names the quantities (or their first words) whose half-width may
    exceed its limit, with the factor by which it may. The nightly run is ``longer`` by this factor, in time or in
    replications.
    """

    name: str
    network: Callable[[float], dict[str, Any]]
    measure: Callable[[Record], Measured]
    wanted: Mapping[str, tuple[float, str]]
    time: float
    warm: float = 0.0
    unit: str = "h"
    replications: int = 100
    loose: Mapping[str, float] = field(default_factory=dict)
    longer: float = 0.0
    loose_longer: Mapping[str, float] = field(default_factory=dict)

    def nightly(self) -> Case:
        return replace(
            self,
            time=self.time * self.longer,
            replications=self.replications if self.time else round(self.replications * self.longer),
            loose=self.loose_longer,
        )

    def allowed(self, name: str) -> float:
        """Largest half-width of one quantity."""
        exact, kind = self.wanted[name]
        factor = self.loose.get(name) or self.loose.get(name.rpartition(" ")[0], 1.0)
        return limit(kind, exact) * factor


@dataclass(frozen=True)
class Estimate:
    value: float
    halfwidth: float
    exact: float
    allowed: float

    @property
    def covers(self) -> bool:
        return abs(self.value - self.exact) <= self.halfwidth

    @property
    def narrow(self) -> bool:
        return self.halfwidth <= self.allowed

    def __str__(self) -> str:
        return f"{self.value:.6g} ± {self.halfwidth:.2g} (exact {self.exact:.6g}, allowed ± {self.allowed:.2g})"


def estimate(case: Case, seed: int = SEED) -> tuple[dict[str, Estimate], int]:
    """Estimates of every quantity of a case, and the events that they took."""
    lowered = lower(load_network(case.network(case.time)))
    with ThreadPoolExecutor(WORKERS) as pool:
        found = list(pool.map(lambda r: _one(case, lowered, seed, r), range(case.replications)))
    return compare(case, [m for m, _ in found]), sum(events for _, events in found)


def _one(case: Case, lowered: Lowered, seed: int, replication: int) -> tuple[Measured, int]:
    run = Run(lowered, seed, replication)
    run.advance()
    return case.measure(Record(run, UNIT[case.unit], round(case.warm * UNIT[case.unit]))), run.events


def compare(case: Case, found: list[Measured]) -> dict[str, Estimate]:
    assert found[0].keys() == case.wanted.keys()
    out = {}
    for name, (exact, _) in case.wanted.items():
        values = linearised([m[name] for m in found])
        out[name] = Estimate(float(values.mean()), mean_halfwidth(values, LEVEL), exact, case.allowed(name))
    return out


def linearised(found: list[float | tuple[float, float]]) -> npt.NDArray[np.float64]:
    """One value a replication; ratios are expanded to first order around the ratio of the sums."""
    x = np.array(found, float)
    if x.ndim == 1:
        return x
    ratio = x[:, 0].sum() / x[:, 1].sum()
    return ratio + (x[:, 0] - ratio * x[:, 1]) / x[:, 1].mean()


def faults(estimates: Mapping[str, Estimate]) -> list[str]:
    """Quantities whose interval misses the exact value or is too wide."""
    return [
        f"{name}: {e}" + ("" if e.covers else " MISSED") + ("" if e.narrow else " TOO WIDE")
        for name, e in estimates.items()
        if not (e.covers and e.narrow)
    ]
