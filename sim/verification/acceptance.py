"""When a simulated figure agrees with an exact one.

The exact value must lie inside a t interval over independent replications. All intervals of the suite together cover
with 99.9 per cent (Bonferroni), and each must be narrow enough to mean something: its half-width is limited by the
kind of the quantity. Ratios (waits, probabilities by customer) are linearised around the ratio of the sums.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import special

from sim.clock import DAY, HOUR
from sim.experiments import replicate
from sim.run import Run
from sim.statistics import mean_halfwidth
from sim.verification.record import Measured, Record

__all__ = [
    "CHANCE",
    "FAMILY",
    "LEVEL",
    "MEAN",
    "QUEUE",
    "SEED",
    "VARIANCE",
    "Case",
    "Estimate",
    "compare",
    "estimate",
    "faults",
    "limit",
    "linearised",
]

FAMILY = 600  #: quantities that are compared in the whole suite, at most
LEVEL = 1 - 0.001 / FAMILY  #: confidence of one interval
SEED = 20180401
UNIT = {"h": HOUR, "d": DAY}

MEAN, QUEUE, VARIANCE, CHANCE = "mean", "queue", "variance", "chance"  #: kinds of quantity

QUICK = 0.2  #: share of the ordinary run that the quick one takes
SLACK = 1.4  #: the quick run's half-widths vary more from run to run
FEWEST = 24  #: replications, so that the interval's own width is known


def _width(replications: int) -> float:
    """Half-width of one interval when the standard deviation is 1."""
    return float(special.stdtrit(replications - 1, (1 + LEVEL) / 2)) / replications**0.5


def limit(kind: str, exact: float) -> float:
    """Largest half-width at which the comparison counts."""
    if kind == CHANCE:
        return 0.005 if exact >= 0.05 else 0.10 * exact
    return {MEAN: 0.01, QUEUE: 0.05, VARIANCE: 0.05}[kind] * abs(exact)


@dataclass(frozen=True)
class Case:
    """One network with exact answers.

    Parameters
    ----------
    name : str
    network : callable
        Gives the network file for a time measured, in `unit`.
    measure : callable
        Gives every quantity from one replication: a number, or numerator and denominator of a ratio.
    wanted : mapping
        Exact value and kind of every quantity.
    time : float
        Time measured after the warm-up; 0 means that the file fixes it.
    warm : float
        Time left out at the beginning.
    unit : str
        Unit of the times and rates of the case, ``h`` or ``d``.
    replications : int
    family, source : str
        What kind of system it is and where the exact answer comes from.
    loose : mapping
        Quantities (or their first words) whose half-width may exceed its limit, with the factor by which it may.
    longer : float
        The nightly run is longer by this factor, in time or in replications; 0 means that there is none.
    loose_longer : mapping
        The same as `loose`, for the nightly run.
    widen : float
        Factor on all limits of half-widths, for a run that is shorter than the ordinary one.
    """

    name: str
    network: Callable[[float], dict[str, Any]]
    measure: Callable[[Record], Measured]
    wanted: Mapping[str, tuple[float, str]]
    time: float
    warm: float = 0.0
    unit: str = "h"
    replications: int = 100
    family: str = ""
    source: str = ""
    loose: Mapping[str, float] = field(default_factory=dict)
    longer: float = 0.0
    loose_longer: Mapping[str, float] = field(default_factory=dict)
    widen: float = 1.0

    def nightly(self) -> Case:
        """The run that meets the limits of the half-widths."""
        return replace(
            self,
            time=self.time * self.longer,
            replications=self.replications if self.time else round(self.replications * self.longer),
            loose=self.loose_longer,
        )

    def quick(self) -> Case:
        """A fifth of the ordinary run, with intervals that are wider accordingly."""
        if self.time:
            time = max(self.time * QUICK, self.warm)
            return replace(self, time=time, widen=SLACK * (self.time / time) ** 0.5)
        fewer = max(FEWEST, round(self.replications * QUICK))
        return replace(self, replications=fewer, widen=SLACK * _width(fewer) / _width(self.replications))

    def allowed(self, name: str) -> float:
        """Largest half-width of one quantity."""
        exact, kind = self.wanted[name]
        factor = self.loose.get(name) or self.loose.get(name.rpartition(" ")[0], 1.0)
        return limit(kind, exact) * factor * self.widen


@dataclass(frozen=True)
class Estimate:
    """A simulated figure with its interval beside the exact one."""

    value: float
    halfwidth: float
    exact: float
    allowed: float

    @property
    def covers(self) -> bool:
        """Whether the exact value lies inside the interval."""
        return abs(self.value - self.exact) <= self.halfwidth

    @property
    def narrow(self) -> bool:
        """Whether the interval is narrow enough to mean something."""
        return self.halfwidth <= self.allowed

    @property
    def verdict(self) -> str:
        """One of ``agrees``, ``MISSED`` and ``TOO WIDE``."""
        return "MISSED" if not self.covers else "agrees" if self.narrow else "TOO WIDE"

    def __str__(self) -> str:
        return f"{self.value:.6g} ± {self.halfwidth:.2g} (exact {self.exact:.6g}, allowed ± {self.allowed:.2g})"


def estimate(case: Case, seed: int = SEED, workers: int = 2) -> tuple[dict[str, Estimate], int]:
    """Estimates of every quantity of a case, and the events that they took."""
    unit = UNIT[case.unit]

    def measure(run: Run) -> dict[str, Any]:
        return {"measured": case.measure(Record(run, unit, round(case.warm * unit))), "events": run.events}

    found = replicate(case.network(case.time), seed, case.replications, measure, workers)
    return compare(case, [one["measured"] for one in found]), sum(one["events"] for one in found)


def compare(case: Case, found: list[Measured]) -> dict[str, Estimate]:
    """Estimates from what each replication measured."""
    if found[0].keys() != case.wanted.keys():
        raise ValueError(f"{case.name} measures {sorted(found[0])}, but {sorted(case.wanted)} are wanted")
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
    return [f"{name}: {e} {e.verdict}" for name, e in estimates.items() if not (e.covers and e.narrow)]
