"""What is known of the parameters afterwards: draws and ranges, by a linear approximation or by an emulator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy import linalg, special

from sim.calibration.history import HistoryMatch
from sim.calibration.moments import Moments
from sim.calibration.problem import Parameter, Space
from sim.errors import CarebridgeError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Posterior", "posterior"]

Floats = npt.NDArray[np.float64]

_ROUNDS = 4  #: of importance sampling, each from a proposal made of the last
_PROPOSAL = 2000  #: points that make up a proposal
_FEWEST = 0.02  #: effective share of the draws below which there is no posterior to speak of
_BLOCK = 1_000_000  #: pairs of a draw and a point of the proposal looked at together


@dataclass(frozen=True, eq=False)
class Posterior:
    """Equally weighted draws of the parameters.

    Parameters
    ----------
    parameters : tuple of Parameter
    values : (draws, parameters) array
        In the parameters' own units.
    method : {"linear", "emulated"}
    effective : float
        Effective number of independent draws behind them.
    """

    parameters: tuple[Parameter, ...]
    values: Floats
    method: str
    effective: float

    def points(self, size: int) -> list[dict[str, float]]:
        """So many of the draws, as a simulator takes them; the first ones, which are in random order."""
        names = [p.name for p in self.parameters]
        return [dict(zip(names, map(float, row), strict=True)) for row in self.values[:size]]

    def table(self, level: float = 0.9) -> pd.DataFrame:
        """One row a parameter: mean, sd, median and the middle `level` of the posterior and of the prior."""
        import pandas as pd

        a, b = (1 - level) / 2, (1 + level) / 2
        rows = [
            {
                "parameter": p.name,
                "unit": p.unit,
                "mean": float(column.mean()),
                "sd": float(column.std(ddof=1)),
                "low": float(np.quantile(column, a)),
                "median": float(np.median(column)),
                "high": float(np.quantile(column, b)),
                "prior_low": p.quantile(a),
                "prior_high": p.quantile(b),
            }
            for p, column in zip(self.parameters, self.values.T, strict=True)
        ]
        return pd.DataFrame(rows).set_index("parameter")


def posterior(of: Moments | HistoryMatch, draws: int = 4000, seed: int = 1) -> Posterior:
    """Draw from what is known of the parameters.

    Parameters
    ----------
    of : Moments or HistoryMatch
        After simulated moments: the linear approximation, a normal distribution about the estimate, within the bounds.
        It is exact for a linear simulator with normal priors; a flat prior counts as a normal one of its standard
        deviation. After history matching: importance sampling with the prior and a normal likelihood from the last
        wave's emulators, whose variance is added to that of the targets. It follows ridges and bends, and is as good
        as the emulators; it lies within what history matching left.
    draws : int
    seed : int

    Returns
    -------
    Posterior

    Raises
    ------
    CarebridgeError
        When the draws would stand for too few independent ones; a further wave helps.
    """
    rng = np.random.default_rng([seed, draws])
    return _linear(of, draws, rng) if isinstance(of, Moments) else _emulated(of, draws, rng)


def _linear(fit: Moments, draws: int, rng: np.random.Generator) -> Posterior:
    chol = linalg.cholesky(fit.covariance_scaled, lower=True)
    low, high = fit.space.bounds
    kept = np.empty((0, len(low)))
    for _ in range(200):  # what lies beyond a bound is drawn anew
        tried = fit.scaled + rng.normal(size=(draws, len(low))) @ chol.T
        kept = np.concatenate([kept, tried[((tried >= low) & (tried <= high)).all(axis=1)]])
        if len(kept) >= draws:
            return Posterior(fit.parameters, fit.space.from_scaled(kept[:draws]), "linear", float(draws))
    raise CarebridgeError(
        "The normal approximation lies almost wholly beyond the bounds; use history matching and its posterior."
    )


def _emulated(match: HistoryMatch, draws: int, rng: np.random.Generator) -> Posterior:
    space = Space(match.parameters)
    cube = space.to_cube(match.values)
    log_weight = _log_posterior(match, space, cube)  # what is left is evenly sampled
    for _ in range(_ROUNDS):
        weight = _weights(log_weight)
        centres = cube[_systematic(weight, _PROPOSAL, rng)]
        spread = np.cov(centres, rowvar=False).reshape(cube.shape[1], -1) + 1e-12 * np.eye(cube.shape[1])
        kernel = spread * (4 / (len(centres) * (cube.shape[1] + 2))) ** (2 / (cube.shape[1] + 4))
        chol = linalg.cholesky(1.5 * kernel, lower=True)
        cube = centres[rng.integers(0, len(centres), draws)] + rng.normal(size=(draws, cube.shape[1])) @ chol.T
        inside = ((cube >= 0) & (cube <= 1)).all(axis=1)
        log_weight = np.full(draws, -np.inf)
        log_weight[inside] = _log_posterior(match, space, cube[inside]) - _log_mixture(cube[inside], centres, chol)
    weight = _weights(log_weight)
    effective = float(1 / (weight**2).sum())
    if effective < _FEWEST * draws:
        raise CarebridgeError(
            f"{draws} draws stand for {effective:.0f} independent ones only. Give history matching another wave."
        )
    chosen = rng.permutation(_systematic(weight, draws, rng))
    return Posterior(match.parameters, space.from_cube(cube[chosen]), "emulated", effective)


def _log_posterior(match: HistoryMatch, space: Space, cube: Floats) -> Floats:
    """Logarithm of prior times likelihood, up to a constant."""
    mean, variance = match.waves[-1].bank.predict(cube)
    total = match.covariance + variance[:, :, None] * np.eye(len(match.targets))
    away = mean - np.array([t.value for t in match.targets])
    chol = np.linalg.cholesky(total)
    white = np.linalg.solve(chol, away[:, :, None])[:, :, 0]
    determinant = np.log(np.diagonal(chol, axis1=1, axis2=2)).sum(axis=1)
    return space.log_prior(cube) - (white**2).sum(axis=1) / 2 - determinant


def _log_mixture(cube: Floats, centres: Floats, chol: Floats) -> Floats:
    """Logarithm of the density of the proposal, up to a constant."""
    a = linalg.solve_triangular(chol, cube.T, lower=True).T
    b = linalg.solve_triangular(chol, centres.T, lower=True).T
    found = []
    rows = max(1, _BLOCK // len(centres))
    for n in range(0, len(a), rows):
        part = a[n : n + rows]
        squares = (part**2).sum(1)[:, None] + (b**2).sum(1) - 2 * part @ b.T
        found.append(special.logsumexp(-squares / 2, axis=1))
    return np.concatenate(found) if found else np.empty(0)


def _weights(log_weight: Floats) -> Floats:
    weight = np.exp(log_weight - log_weight.max())
    return weight / weight.sum()


def _systematic(weight: Floats, size: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Indices drawn in proportion to weight, with as little chance as possible."""
    places = (np.arange(size) + rng.random()) / size
    return np.minimum(np.searchsorted(np.cumsum(weight), places), len(weight) - 1).astype(np.int64)
