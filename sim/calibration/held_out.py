"""Held-out figures: predicted with all that is uncertain, then compared with what was observed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy import special

from sim.calibration.posterior import Posterior
from sim.calibration.problem import Space, Target, check
from sim.calibration.runs import Runner, Simulator
from sim.experiments.order import Kind
from sim.statistics import binomial_bounds

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["HeldOut", "held_out"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class HeldOut:
    """How figures were predicted that the fit has not seen.

    Every array has one entry a target.

    Parameters
    ----------
    targets : tuple of Target
    level : float
        Of the intervals.
    median, low, high : array
        Of the prediction.
    place : array
        Share of the prediction below the observation (probability integral transform); even on [0, 1] if all is well.
    crps : array
        Continuous ranked probability score, in the unit of the target; that of a sure prediction is its absolute error.
    """

    targets: tuple[Target, ...]
    level: float
    median: Floats
    low: Floats
    high: Floats
    place: Floats
    crps: Floats

    @property
    def inside(self) -> npt.NDArray[np.bool_]:
        """Whether each observation lies in its interval."""
        wanted = np.array([t.value for t in self.targets])
        return (wanted >= self.low) & (wanted <= self.high)

    @property
    def coverage(self) -> tuple[float, float, float]:
        """Share of observations in their intervals, with exact 95 % bounds (as if the targets were independent)."""
        hits = int(self.inside.sum())
        return hits / len(self.targets), *binomial_bounds(hits, len(self.targets), sided=2)

    def table(self) -> pd.DataFrame:
        """One row a target."""
        import pandas as pd

        rows = [
            {
                "target": t.name,
                "unit": t.unit,
                "basis": t.basis,
                "observed": t.value,
                "median": float(self.median[k]),
                "low": float(self.low[k]),
                "high": float(self.high[k]),
                "inside": bool(self.inside[k]),
                "place": float(self.place[k]),
                "crps": float(self.crps[k]),
            }
            for k, t in enumerate(self.targets)
        ]
        return pd.DataFrame(rows).set_index("target")


def held_out(
    simulator: Simulator,
    known: Posterior,
    targets: Sequence[Target],
    draws: int = 50,
    replications: int | range = 20,
    level: float = 0.9,
    workers: int = 1,
    kind: Kind = "threads",
) -> HeldOut:
    """Predict figures that were held out of the fit, and score the predictions.

    Parameters
    ----------
    simulator : callable
        Gives the held-out figures; one that gives outputs by name may be the same as in the fit.
    known : Posterior
    targets : sequence of Target
        The held-out observations. The prediction of each is a mixture over draws of normal distributions: about the
        simulated figure, with the variance of observation and model and, where `realisations` are given, of chance.
    draws : int
        Draws of the posterior that are simulated.
    replications : int or range
        For each; a range apart from that of the fit shares no draws with it.
    level : float
        Of the intervals, in (0, 1).
    workers : int
        Threads or processes; no influence on the results.
    kind : {"threads", "processes"}

    Returns
    -------
    HeldOut

    Raises
    ------
    FaultsError
        When targets have faults.
    """
    check(known.parameters, targets)
    if not 0 < level < 1:
        raise ValueError(f"a level lies between 0 and 1, not at {level}")
    runner = Runner(simulator, Space(known.parameters), targets, replications, workers, kind)
    found = runner(known.values[:draws])
    sds = np.sqrt(np.diagonal(found.total(targets), axis1=1, axis2=2))
    wanted = np.array([t.value for t in targets])
    return HeldOut(
        targets=tuple(targets),
        level=level,
        median=_quantile(found.mean, sds, 0.5),
        low=_quantile(found.mean, sds, (1 - level) / 2),
        high=_quantile(found.mean, sds, (1 + level) / 2),
        place=special.ndtr((wanted - found.mean) / sds).mean(axis=0),
        crps=_crps(found.mean, sds, wanted),
    )


def _quantile(mean: Floats, sds: Floats, share: float) -> Floats:
    """Quantile of a mixture of normal distributions (draws, targets), by bisection."""
    low, high = (mean - 10 * sds).min(axis=0), (mean + 10 * sds).max(axis=0)
    for _ in range(80):
        middle = (low + high) / 2
        below = special.ndtr((middle - mean) / sds).mean(axis=0) < share
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return (low + high) / 2


def _crps(mean: Floats, sds: Floats, wanted: Floats) -> Floats:
    """Exact score of a mixture of normals (E. P. Grimit et al. 2006, Q. J. R. Meteorol. Soc. 132, 2925-2942)."""
    apart = _absolute(wanted - mean, sds).mean(axis=0)
    pairs = _absolute(mean[:, None] - mean[None], np.sqrt(sds[:, None] ** 2 + sds[None] ** 2))
    return apart - pairs.mean(axis=(0, 1)) / 2


def _absolute(mean: Floats, sd: Floats) -> Floats:
    """Mean of the absolute value of a normal variable."""
    z = mean / sd
    return mean * (2 * special.ndtr(z) - 1) + 2 * sd * np.exp(-z * z / 2) / np.sqrt(2 * np.pi)
