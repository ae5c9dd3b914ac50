"""Ratios measured in pairs: on a shared machine two runs side by side tell more than either of them alone.

A sample takes a seed and gives a cost (CPU seconds an event, say). The two samples of a pair take turns, the one that
goes first changes from pair to pair, and only ratios within a pair are kept.
"""

from __future__ import annotations

import dataclasses
import os
import statistics
from collections.abc import Callable, Mapping

Sample = Callable[[int], float]


@dataclasses.dataclass(frozen=True)
class Ratio:
    """Ratios of one sample to another, pair by pair."""

    ratios: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.ratios)

    @property
    def lowest(self) -> float:
        return min(self.ratios)

    @property
    def highest(self) -> float:
        return max(self.ratios)


def paired(reference: Sample, others: Mapping[str, Sample], pairs: int) -> dict[str, Ratio]:
    """Cost of each of the others, relative to the reference, which is measured anew beside every one of them."""
    ratios: dict[str, list[float]] = {name: [] for name in others}
    for pair in range(1, pairs + 1):
        for name, other in others.items():
            first, second = (reference, other) if pair % 2 else (other, reference)
            costs = first(pair), second(pair)
            below, above = costs if pair % 2 else costs[::-1]
            ratios[name].append(above / below)
    return {name: Ratio(tuple(found)) for name, found in ratios.items()}


def machine() -> str:
    """How busy the machine is, in words, for the reader of the figures."""
    cores = os.cpu_count() or 1
    try:
        load = os.getloadavg()[0]
    except (AttributeError, OSError):  # Windows, or a system that does not tell
        return f"{cores} cores, load unknown"
    return f"{cores} cores, load average {load:.1f} at the start"
