"""Simulated moments: the point whose figures are nearest to the targets, weighted, with priors as further targets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy import linalg, optimize, special

from sim.calibration.problem import Parameter, Space, Target, check
from sim.calibration.refusal import CannotFit, Miss
from sim.calibration.runs import Runner, Simulator
from sim.errors import Fault, FaultsError, nearest
from sim.experiments.order import Kind

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Moments", "moments"]

Floats = npt.NDArray[np.float64]

_INSIDE = 1e-6  #: prior sds by which a start is kept off its bounds
_NEAR = 1e-4  #: the search ends when a step is shorter, in prior sds
_SHARE = 0.5  #: steps of differences, in posterior sds, once these are known
_AT_BOUND = 0.01  #: prior sds from a bound within which an estimate is said to lie on it


@dataclass(frozen=True, eq=False)
class Moments:
    """An estimate by simulated moments.

    Parameters
    ----------
    parameters, targets : tuple
    scaled : (parameters,) array
        The estimate in prior-scaled units.
    jacobian : (targets, parameters) array
        Change of each figure, in its own unit, for one prior standard deviation.
    outputs : (targets,) array
        Figures at the estimate.
    total : (targets, targets) array
        Their covariance about the targets (see :meth:`sim.calibration.runs.Ensemble.total`).
    noise : (targets, targets) array
        The part of it that more replications would remove.
    converged : bool
    reason : str
        Why the search ended.
    runs : int
        Replications simulated.
    """

    parameters: tuple[Parameter, ...]
    targets: tuple[Target, ...]
    scaled: Floats
    jacobian: Floats
    outputs: Floats
    total: Floats
    noise: Floats
    converged: bool
    reason: str
    runs: int

    @property
    def space(self) -> Space:
        """The parameters together."""
        return Space(self.parameters)

    @property
    def values(self) -> Floats:
        """The estimate in the parameters' own units."""
        return self.space.from_scaled(self.scaled)

    @property
    def estimate(self) -> dict[str, float]:
        """The estimate by name, as a simulator takes it."""
        return dict(zip(self.space.names, map(float, self.values), strict=True))

    @property
    def whitened(self) -> Floats:
        """Jacobian with targets so scaled and rotated that each has variance one."""
        return linalg.solve_triangular(linalg.cholesky(self.total, lower=True), self.jacobian, lower=True)

    @property
    def covariance_scaled(self) -> Floats:
        """Covariance in prior-scaled units; a flat prior counts as a normal one of the same standard deviation."""
        a = self.whitened
        return linalg.inv(a.T @ a + np.eye(a.shape[1]))

    @property
    def covariance(self) -> Floats:
        """Covariance in the parameters' own units (to first order, where a scale is logarithmic)."""
        slopes = self.space.slopes(self.values)
        return self.covariance_scaled * np.outer(slopes, slopes)

    @property
    def sds_off(self) -> Floats:
        """Miss of each target in standard deviations; positive when the simulator is above."""
        wanted = np.array([t.value for t in self.targets])
        return (self.outputs - wanted) / np.sqrt(np.diag(self.total))

    @property
    def misfit(self) -> tuple[float, int, float]:
        """Weighted sum of squares at the estimate, degrees of freedom, and the chance of as much or more.

        Hansen's J: a small chance says that the simulator cannot do what was observed. The chance is nan when there
        are no more targets (normal priors among them) than parameters.
        """
        away = self.outputs - np.array([t.value for t in self.targets])
        prior = np.where(self.space.flat, 0.0, self.scaled)
        squares = float(away @ linalg.solve(self.total, away, assume_a="pos") + prior @ prior)
        free = len(self.targets) + int((~self.space.flat).sum()) - len(self.parameters)
        return squares, free, float(special.chdtrc(free, squares)) if free > 0 else float("nan")

    def table(self) -> pd.DataFrame:
        """One row a parameter: estimate, its standard deviation, the part due to few replications, prior, bounds."""
        import pandas as pd

        space, gain = self.space, self.covariance_scaled @ self.jacobian.T @ linalg.inv(self.total)
        sampling = np.sqrt(np.diag(gain @ self.noise @ gain.T)) * space.slopes(self.values)
        low, high = space.bounds
        sds = np.sqrt(np.diag(self.covariance))
        rows = [
            {
                "parameter": p.name,
                "unit": p.unit,
                "estimate": float(self.values[n]),
                "sd": float(sds[n]),
                "sd_sampling": float(sampling[n]),
                "prior_median": p.quantile(0.5),
                "low": p.low,
                "high": p.high,
                "at_bound": bool(min(self.scaled[n] - low[n], high[n] - self.scaled[n]) < _AT_BOUND),
            }
            for n, p in enumerate(self.parameters)
        ]
        return pd.DataFrame(rows).set_index("parameter")

    def misses(self) -> pd.DataFrame:
        """One row a target: what was wanted, what came, and the miss in tolerances (observation and model) and sds.

        A target without a tolerance of its own has nan there.
        """
        import pandas as pd

        rows = [
            {
                "target": t.name,
                "unit": t.unit,
                "basis": t.basis,
                "wanted": t.value,
                "simulated": float(figure),
                "tolerances": float((figure - t.value) / t.variance**0.5) if t.variance else float("nan"),
                "sds": float(off),
            }
            for t, figure, off in zip(self.targets, self.outputs, self.sds_off, strict=True)
        ]
        return pd.DataFrame(rows).set_index("target")


def moments(
    simulator: Simulator,
    parameters: Sequence[Parameter],
    targets: Sequence[Target],
    start: Mapping[str, float] | None = None,
    replications: int | range = 50,
    step: float = 0.1,
    most: int = 30,
    stages: int = 2,
    limit: float | None = 3.0,
    workers: int = 1,
    kind: Kind = "threads",
    chunk: int | None = None,
) -> Moments:
    """Estimate parameters by simulated moments under common random numbers.

    Minimises ``(f - z)' V^-1 (f - z)`` plus, for every parameter with a normal or log-normal prior, the square of its
    distance from the prior's middle in prior standard deviations. Bounds hold throughout (Gauss-Newton in a
    rectangular trust region: "dogbox" of scipy).

    Parameters
    ----------
    simulator : callable
        Takes a point by name and the numbers of replications, and gives one row a replication. With common random
        numbers the differences between points are nearly free of noise; without them the search fits noise.
    parameters : sequence of Parameter
    targets : sequence of Target
    start : mapping, optional
        Where to begin; parameters not named begin at the middle of their prior.
    replications : int or range
        The same at every point.
    step : float
        Of the central differences, in prior standard deviations: wide enough to see past steps and kinks of a
        simulator of whole numbers, narrow enough for the surface to be straight. From the second stage on they go
        along the axes of the posterior, by half its standard deviation where that is more.
    most : int
        Steps of one stage of the search.
    stages : int
        The weights depend on the simulator's own variance, which is taken where the stage begins, and so do the
        differences; two stages, as a rule.
    limit : float, optional
        Standard deviations that a target may be missed by; None to accept anything.
    workers : int
        Threads or processes; no influence on the results.
    kind : {"threads", "processes"}
    chunk : int, optional
        Replications of a task; give it when there are more workers than points of a difference.

    Returns
    -------
    Moments

    Raises
    ------
    FaultsError
        When parameters, targets or the start have faults.
    CannotFit
        When a target is missed by more than the limit at the estimate. Where the search may have ended in a local
        minimum, :func:`~sim.calibration.history_match` looks everywhere.
    """
    check(parameters, targets)
    space = Space(parameters)
    begin = _start(space, start or {})
    fit = _Fit(Runner(simulator, space, targets, replications, workers, kind, chunk), step)
    scaled, found = begin, None
    for stage in range(max(1, stages)):
        if stage:
            fit.adapt(scaled)
        scaled, found = fit.search(scaled, most)
    assert found is not None  # noqa: S101 - there is at least one stage
    ended = fit.ended(scaled, found)
    missed = [] if limit is None else [k for k, off in enumerate(ended.sds_off) if abs(off) > limit]
    if missed:
        misses = [
            Miss(t.name, t.unit, t.value, float(ended.outputs[k]), float(ended.sds_off[k]), float(ended.sds_off[k]))
            for k, t in enumerate(ended.targets)
            if k in missed
        ]
        raise CannotFit(misses, ended.estimate, f"missed by more than {limit:g} standard deviations at the estimate")
    return ended


def _start(space: Space, start: Mapping[str, float]) -> Floats:
    faults = []
    for name in start:
        if name not in space.names:
            faults.append(Fault(f"start.{name}", start[name], "no such parameter.", nearest=nearest(name, space.names)))
    values = np.array([float(start.get(p.name, p.quantile(0.5))) for p in space.parameters])
    for p, value in zip(space.parameters, values, strict=True):
        if not p.low <= value <= p.high:
            faults.append(Fault(f"start.{p.name}", float(value), f"must lie within [{p.low:g}, {p.high:g}]."))
    if faults:
        raise FaultsError(faults, "the calibration")
    low, high = space.bounds
    return np.clip(space.to_scaled(values), low + _INSIDE, high - _INSIDE)


class _Fit:
    """Residuals and their slopes, in prior-scaled units."""

    def __init__(self, runner: Runner, step: float):
        self.runner, self.space, self.step = runner, runner.space, step
        self.steps = step * np.eye(len(runner.space))  #: one in each row
        self.wanted = np.array([t.value for t in runner.targets])
        self.stated = np.flatnonzero(~runner.space.flat)

    def at(self, scaled: Floats) -> tuple[Floats, Floats, Floats]:
        """Figures, total covariance, and the covariance of a single replication."""
        found = self.runner(self.space.from_scaled(scaled[None]))
        return found.mean[0], found.total(self.runner.targets)[0], found.covariance[0]

    def search(self, scaled: Floats, most: int) -> tuple[Floats, optimize.OptimizeResult]:
        """Minimise with the weights of the beginning."""
        chol = linalg.cholesky(self.at(scaled)[1], lower=True)
        rows = np.eye(len(self.space))[self.stated]

        def residuals(s: Floats) -> Floats:
            away = linalg.solve_triangular(chol, self.at(s)[0] - self.wanted, lower=True)
            return np.concatenate([away, s[self.stated]])

        def slopes(s: Floats) -> Floats:
            return np.concatenate([linalg.solve_triangular(chol, self.jacobian(s), lower=True), rows])

        low, high = self.space.bounds
        # the first step is as long as the start is far from nought, so the start is put at one
        away = 1 - scaled
        found = optimize.least_squares(
            lambda x: residuals(x - away),
            np.ones_like(scaled),
            lambda x: slopes(x - away),  # type: ignore[arg-type]
            bounds=(low + away, high + away),
            method="dogbox",
            xtol=_NEAR,
            ftol=1e-8,
            gtol=1e-8,
            max_nfev=most,
        )
        return np.clip(found.x - away, low, high), found

    def jacobian(self, scaled: Floats) -> Floats:
        """Central differences along the steps, one-sided where a bound is near; their points are run side by side."""
        low, high = self.space.bounds
        size = len(scaled)
        up, down = np.clip(scaled + self.steps, low, high), np.clip(scaled - self.steps, low, high)
        mean = self.runner(self.space.from_scaled(np.concatenate([up, down]))).mean
        return np.linalg.lstsq(up - down, mean[:size] - mean[size:])[0].T.astype(np.float64)

    def adapt(self, scaled: Floats) -> None:
        """Take the steps along the axes of the posterior, and longer where it is wide.

        Along a direction that the targets hardly see, a short step would see the simulator's roughness only.
        """
        a = linalg.solve_triangular(linalg.cholesky(self.at(scaled)[1], lower=True), self.jacobian(scaled), lower=True)
        precision, axes = linalg.eigh(a.T @ a + np.eye(len(scaled)))
        self.steps = np.clip(_SHARE / np.sqrt(precision), self.step, max(self.step, _SHARE))[:, None] * axes.T

    def ended(self, scaled: Floats, found: optimize.OptimizeResult) -> Moments:
        """Everything that is to be said about the estimate."""
        outputs, total, single = self.at(scaled)
        return Moments(
            parameters=self.space.parameters,
            targets=self.runner.targets,
            scaled=scaled,
            jacobian=self.jacobian(scaled),
            outputs=outputs,
            total=total,
            noise=single / len(self.runner.replications),
            converged=bool(found.status > 0),
            reason=str(found.message),
            runs=self.runner.runs,
        )
