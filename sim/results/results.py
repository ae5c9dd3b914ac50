"""From replications to estimates: every figure with its half-width, gathered in the order of the replications."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

from sim.errors import CarebridgeError, nearest
from sim.results.axes import Axes
from sim.results.measures import Measure, unit_name
from sim.results.moments import LEVEL, Moments
from sim.results.quantiles import SHARES, quantiles
from sim.results.record import BLOCKS, Record, block_measures

__all__ = ["Block", "Estimate", "Results"]

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]


class Estimate(NamedTuple):
    """An estimate; nan where nothing was seen, and a half-width of nan with fewer than two replications."""

    value: float
    half_width: float


class Block(NamedTuple):
    """Estimates that share their axes.

    ``value`` and ``half_width`` have the shape (measures, names, rows), or (measures, periods, names, rows).
    """

    measures: list[str]
    units: list[str]
    names: list[str]
    rows: list[str]
    value: Float
    half_width: Float


@dataclass
class Results:
    """Estimates of a network from its replications.

    Parameters
    ----------
    axes : Axes
    seed : int
        Seed of the experiment.
    """

    axes: Axes
    seed: int
    replications: int = 0
    events: int = 0
    fingerprints: list[int] = field(default_factory=list)
    each: list[dict[str, Float]] = field(default_factory=list)
    queues: list[Float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._steady = {block: Moments() for block in BLOCKS}
        self._periods: dict[str, Moments] = {}
        self._waits: Moments | None = None
        self.wait_counts: Int | None = None
        self._seen = {
            "occupied": [_Counts() for _ in self.axes.places],
            "present": [_Counts() for _ in self.axes.stations],
        }

    def add(self, record: Record) -> None:
        """Take up the next replication."""
        self.replications += 1
        self.events += record.events
        self.fingerprints.append(record.fingerprint)
        ratios = {}
        for block, (part, whole) in record.steady.items():
            self._steady[block].add(part, whole)
            known = whole != 0
            ratios[block] = np.where(known, part / np.where(known, whole, 1.0), np.nan)
        self.each.append(ratios)
        for block, (part, whole) in record.periods.items():
            self._periods.setdefault(block, Moments()).add(part, whole)
        for what, arrays in (("occupied", record.occupied), ("present", record.present)):
            for counts, array in zip(self._seen[what], arrays, strict=True):
                counts.add(array)
        if record.fine is not None:
            below = record.fine.cumsum(axis=2)
            self._waits = self._waits or Moments()
            self._waits.add(below, below[..., -1:])
            self.wait_counts = record.fine if self.wait_counts is None else self.wait_counts + record.fine
        if record.queues is not None:
            self.queues.append(record.queues)

    def block(self, name: str) -> Block:
        """Estimates over the measured time: ``stations``, ``lodging``, ``places``, ``clocks`` or ``system``."""
        value, half = self._steady[name].value(), self._steady[name].half_width()
        found = block_measures(self.axes, name)
        measures, units = self._labels(found)
        if name == "stations" and self._waits is not None:
            more = quantiles(self._waits, self.axes.unit_ms)
            measures += [f"wait_p{round(100 * share)}" for share in SHARES]
            units += [self.axes.network.unit] * len(SHARES)
            value, half = np.concatenate([value, more[0]]), np.concatenate([half, more[1]])
        return Block(measures, units, self._names(name), self._rows(name), value, half)

    def periods(self, name: str) -> Block:
        """Estimates of the brief measures of a block (not of clocks) by statistics period, the warm-up included."""
        moments = self._periods[name]
        measures, units = self._labels([m for m in block_measures(self.axes, name) if m.brief])
        return Block(measures, units, self._names(name), self._rows(name), moments.value(), moments.half_width())

    def _labels(self, measures: list[Measure]) -> tuple[list[str], list[str]]:
        return [m.name for m in measures], [unit_name(m.unit, self.axes.network.unit) for m in measures]

    def _names(self, block: str) -> list[str]:
        axes = self.axes
        return {"places": axes.places, "clocks": axes.clocks, "system": ["system"]}.get(block, axes.stations)

    def _rows(self, block: str) -> list[str]:
        return ["all"] if block in ("lodging", "places") else self.axes.rows

    def distribution(self, what: str, name: str) -> list[tuple[int, Estimate]]:
        """Probabilities of the numbers seen at snapshots: ``occupied`` of a pool, or ``present`` at a station."""
        names = self.axes.places if what == "occupied" else self.axes.stations
        return self._seen[what][names.index(name)].estimates(self.replications)

    def figure(self, name: str, measure: str, row: str = "all") -> Estimate:
        """One estimate, of a station, pool, clock or of the ``system``.

        Raises
        ------
        CarebridgeError
            When there is no such figure; the message names the nearest.
        """
        known = []
        for block in BLOCKS:
            found = self.block(block)
            if name in found.names and row in found.rows:
                at = found.names.index(name), found.rows.index(row)
                known += found.measures
                if measure in found.measures:
                    m = found.measures.index(measure)
                    return Estimate(float(found.value[m, *at]), float(found.half_width[m, *at]))
        close = nearest(measure, known)
        raise CarebridgeError(
            f"no figure '{measure}' of '{name}' ({row})." + (f" Did you mean '{close}'?" if close else "")
        )


class _Counts:
    """Snapshots that saw each number: sums and sums of squares over replications, exact."""

    def __init__(self) -> None:
        self.one, self.two, self.looks = np.zeros(0, np.int64), np.zeros(0, np.int64), 0

    def add(self, counts: Int) -> None:
        longer = len(counts) - len(self.one)
        if longer > 0:
            self.one, self.two = np.pad(self.one, (0, longer)), np.pad(self.two, (0, longer))
        self.one[: len(counts)] += counts
        self.two[: len(counts)] += counts.astype(np.int64) ** 2
        self.looks = int(counts.sum())

    def estimates(self, replications: int) -> list[tuple[int, Estimate]]:
        found = []
        for n in np.flatnonzero(self.one):
            one, two = int(self.one[n]), int(self.two[n])
            half = float("nan")
            if replications > 1:
                variance = (two - one * one / replications) / (replications - 1)
                t = -float(special.stdtrit(replications - 1, (1 - LEVEL) / 2))
                half = t * (max(variance, 0.0) / replications) ** 0.5 / self.looks
            found.append((int(n), Estimate(one / replications / self.looks, half)))
        return found
