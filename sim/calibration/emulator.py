"""Emulators: a quadratic surface plus a Gaussian process for what it leaves over, with an error at every point.

Inputs lie in the unit cube. Universal kriging with a Matern 5/2 covariance, one length for each input, and a nugget;
lengths and nugget maximise the restricted likelihood with a weak prior on the lengths (C. E. Rasmussen and C. K. I.
Williams 2006, Gaussian processes for machine learning, 2.7 and 5.4). Leave-one-out errors are exact and cost nothing
(O. Dubrule 1983, Mathematical Geology 15, 687-699). Where they are larger than the emulator thinks, its variance is
raised until they are not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import linalg, optimize

from sim.errors import CarebridgeError

__all__ = ["Bank", "Emulator", "fewest"]

Floats = npt.NDArray[np.float64]

_ROOT5 = 5**0.5
_LENGTHS = np.log([0.1, 20.0])  #: of the covariance, the cube having side 2
_NUGGETS = np.log([1e-8, 1e2])  #: as a share of the variance of the process
_USUAL = np.log(2.0)  #: length that the weak prior prefers, by a standard deviation of one in the logarithm
_STARTS = ((0.0, np.log(1e-2)), (1.2, np.log(1e-5)))
_CONSTANT = 1e-12  #: a spread below this share of the values is no spread
_ROUNDING = 1e-20  #: least variance of the process, as a share of that of the values
_ROWS = 4096  #: points predicted at a time


def fewest(inputs: int) -> int:
    """Points below which there is no emulator of so many inputs."""
    return 2 * (inputs + 1)


@dataclass(frozen=True, eq=False)
class Emulator:
    """Emulator of one output. Make it with :meth:`fit`.

    ``loo_errors`` and ``loo_sds`` are the leave-one-out errors and what the emulator thought of them, in the unit of
    the output; ``widened`` is the factor by which its standard deviation was raised.
    """

    terms: str
    middle: float
    size: float
    lengths: Floats
    nugget: float
    variance: float
    widened: float
    loo_errors: Floats
    loo_sds: Floats
    _x: Floats
    _chol: Floats
    _basis: Floats
    _gram: Floats
    _beta: Floats
    _alpha: Floats

    @classmethod
    def fit(cls, cube: Floats, values: Floats) -> Emulator:
        """Fit to values (points,) at points (points, inputs) of the unit cube."""
        x = 2 * cube - 1
        n, inputs = x.shape
        if n < fewest(inputs):
            raise CarebridgeError(f"{n} points are too few to emulate {inputs} inputs; {fewest(inputs)} at least.")
        middle, size = float(values.mean()), float(values.std())
        if size <= _CONSTANT * max(abs(middle), 1e-300):
            size = 0.0
        y = (values - middle) / (size or 1.0)
        terms = _affordable(n, inputs)
        basis = _terms(x, terms)
        if not size:
            theta = np.append(np.full(inputs, _USUAL), _NUGGETS[0])
        else:
            theta = _best(x, y, basis)
        nugget = float(np.exp(theta[-1]))
        k = _covariance(x, x, np.exp(theta[:-1])) + nugget * np.eye(n)
        chol = linalg.cholesky(k, lower=True)
        white = linalg.solve_triangular(chol, basis, lower=True)
        gram = linalg.cholesky(white.T @ white, lower=True)
        half = linalg.solve_triangular(gram, white.T, lower=True)
        inverse = linalg.cho_solve((chol, True), np.eye(n))
        projected = inverse - _cross(chol, half)
        py = projected @ y
        beta = linalg.cho_solve((gram, True), white.T @ linalg.solve_triangular(chol, y, lower=True))
        variance = max(float(y @ py) / (n - basis.shape[1]), _ROUNDING)
        errors, sds = py / np.diag(projected), np.sqrt(variance / np.diag(projected))
        odd = float(np.sqrt(np.mean((errors / sds) ** 2))) if size else 1.0
        widened = max(1.0, odd)
        own = (x, chol, basis, gram, beta, py)
        return cls(
            terms,
            middle,
            size,
            np.exp(theta[:-1]),
            nugget,
            variance,
            widened,
            errors * size,
            sds * size * widened,
            *own,
        )

    def predict(self, cube: Floats) -> tuple[Floats, Floats]:
        """Mean and variance at points (points, inputs) of the unit cube.

        The variance holds the nugget: roughness that the emulator cannot follow is part of its error.
        """
        parts = [self._predict(2 * cube[n : n + _ROWS] - 1) for n in range(0, len(cube), _ROWS)]
        return np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])

    def _predict(self, x: Floats) -> tuple[Floats, Floats]:
        if not self.size:
            return np.full(len(x), self.middle), np.zeros(len(x))
        h, k = _terms(x, self.terms), _covariance(self._x, x, self.lengths)
        mean = h @ self._beta + self._alpha @ k
        white = linalg.solve_triangular(self._chol, k, lower=True)
        left = linalg.solve_triangular(self._chol, self._basis, lower=True)
        rest = linalg.solve_triangular(self._gram, h.T - left.T @ white, lower=True)
        raised = self.variance * self.widened**2 * self.size**2
        variance = raised * np.maximum(1 + self.nugget - (white**2).sum(0) + (rest**2).sum(0), 0.0)
        return self.middle + self.size * mean, variance

    @property
    def explained(self) -> float:
        """Share of the variance between points that leave-one-out predictions explain; at most 1."""
        return 1 - float((self.loo_errors**2).mean()) / self.size**2 if self.size else 1.0


class Bank:
    """Emulators of all outputs at the same points of the unit cube."""

    def __init__(self, cube: Floats, values: Floats):
        self.emulators: Sequence[Emulator] = [Emulator.fit(cube, column) for column in values.T]

    def predict(self, cube: Floats) -> tuple[Floats, Floats]:
        """Means and variances, each (points, outputs)."""
        found = [one.predict(cube) for one in self.emulators]
        return np.stack([f[0] for f in found], axis=1), np.stack([f[1] for f in found], axis=1)


def _affordable(points: int, inputs: int) -> str:
    """The richest surface that leaves at least as many points as it has terms."""
    if points >= 2 * (1 + inputs + inputs * (inputs + 1) // 2):
        return "quadratic"
    return "squares" if points >= 2 * (1 + 2 * inputs) else "linear"


def _terms(x: Floats, terms: str) -> Floats:
    columns = [np.ones((len(x), 1)), x]
    if terms != "linear":
        columns.append(x**2)
    if terms == "quadratic":
        first, second = np.triu_indices(x.shape[1], 1)
        columns.append(x[:, first] * x[:, second])
    return np.concatenate(columns, axis=1)


def _covariance(a: Floats, b: Floats, lengths: Floats) -> Floats:
    r = _ROOT5 * _distance(a / lengths, b / lengths)
    return (1 + r + r * r / 3) * np.exp(-r)


def _distance(a: Floats, b: Floats) -> Floats:
    squares = (a * a).sum(1)[:, None] + (b * b).sum(1)[None, :] - 2 * a @ b.T
    return np.sqrt(np.maximum(squares, 0.0))


def _cross(chol: Floats, half: Floats) -> Floats:
    """K^-1 H (H' K^-1 H)^-1 H' K^-1, from the factors."""
    part = linalg.solve_triangular(chol, half.T, lower=True, trans=1)
    return part @ part.T


def _best(x: Floats, y: Floats, basis: Floats) -> Floats:
    """Logarithms of lengths and nugget of the highest restricted likelihood, from two starts."""
    inputs = x.shape[1]
    apart = (x[:, None, :] - x[None, :, :]) ** 2
    bounds = [tuple(_LENGTHS)] * inputs + [tuple(_NUGGETS)]
    found = []
    for length, nugget in _STARTS:
        start = np.append(np.full(inputs, length), nugget)
        args = (apart, y, basis)
        found.append(optimize.minimize(_loss, start, args, jac=True, method="L-BFGS-B", bounds=bounds, tol=1e-6))
    return min(found, key=lambda one: float(one.fun)).x


def _loss(theta: Floats, apart: Floats, y: Floats, basis: Floats) -> tuple[float, Floats]:
    """Negative restricted log likelihood, its variance profiled out, with its gradient."""
    n, q = basis.shape
    scaled = apart / np.exp(2 * theta[:-1])
    r = _ROOT5 * np.sqrt(scaled.sum(-1))
    decay = np.exp(-r)
    nugget = float(np.exp(theta[-1]))
    k = (1 + r + r * r / 3) * decay + nugget * np.eye(n)
    try:
        chol = linalg.cholesky(k, lower=True)
        white = linalg.solve_triangular(chol, basis, lower=True)
        gram = linalg.cholesky(white.T @ white, lower=True)
    except linalg.LinAlgError:
        return 1e10, np.zeros_like(theta)
    half = linalg.solve_triangular(gram, white.T, lower=True)
    projected = linalg.cho_solve((chol, True), np.eye(n)) - _cross(chol, half)
    py = projected @ y
    fit = max(float(y @ py), 1e-12)
    weight = projected - (n - q) * np.outer(py, py) / fit  # what the gradient is the trace against, over two
    slope = 5 / 3 * (1 + r) * decay
    by_length = np.einsum("ij,ijl->l", weight * slope, scaled) / 2
    by_nugget = nugget * np.trace(weight) / 2
    away = theta[:-1] - _USUAL
    determinants = 2 * np.log(np.diag(chol)).sum() + 2 * np.log(np.diag(gram)).sum()
    loss = ((n - q) * np.log(fit) + determinants + (away**2).sum()) / 2
    return float(loss), np.append(by_length + away, by_nugget)
