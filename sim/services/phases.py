"""Coxian distributions: exponential phases one after another, after each of which everything may end.

With rates r(i) the phases are a Markov chain in continuous time. Over a step of one mean of the fastest phase its
transition matrix is a Poisson mixture of the powers of a stochastic matrix (uniformisation, Jensen 1953); longer steps
come by squaring. All terms are positive, so that both tails keep their relative accuracy.
"""
# ruff: noqa: D102

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sim.services.laws import FloatArray, Triple

__all__ = ["Coxian"]

_TERMS = 30  # of the Poisson distribution with mean at most 1; what is left out is below 1e-32
_LONGEST = 2.0**52  # in means of the fastest phase


@dataclass(frozen=True)
class Coxian:
    """Phases (mean, probability that everything ends with it); the last one always ends."""

    phases: tuple[tuple[float, float], ...]
    corners = ()

    def cdf(self, x: FloatArray) -> FloatArray:
        return self._state(x)[..., -1]

    def survival(self, x: FloatArray) -> FloatArray:
        return self._state(x)[..., :-1].sum(axis=-1)

    def at_log(self, z: FloatArray) -> Triple:
        x = np.exp(z)
        state = self._state(x)
        phase = state[..., :-1]
        return state[..., -1], phase.sum(axis=-1), x * (phase @ (self._rates * self._ends))

    def moments(self) -> tuple[float, float]:
        mean = square = 0.0
        for phase, ends in reversed(self.phases):
            square = 2 * phase**2 + (1 - ends) * (2 * phase * mean + square)
            mean = phase + (1 - ends) * mean
        return mean, square

    @cached_property
    def _rates(self) -> FloatArray:
        return np.array([1 / mean for mean, _ in self.phases])

    @cached_property
    def _ends(self) -> FloatArray:
        return np.array([ends for _, ends in self.phases])

    @cached_property
    def _jumps(self) -> FloatArray:
        """Transition matrix of the uniformised chain; its last state is the end."""
        n = len(self.phases)
        move = self._rates / self._rates.max()
        jumps = np.diag(np.append(1 - move, 1.0))
        jumps[:n, n] = move * self._ends
        jumps[np.arange(n - 1), np.arange(1, n)] += (move * (1 - self._ends))[:-1]
        return jumps

    @cached_property
    def _series(self) -> FloatArray:
        """State after k jumps, divided by k!, shape (terms, states)."""
        rows = [np.eye(len(self.phases) + 1)[0]]
        for k in range(1, _TERMS):
            rows.append(rows[-1] @ self._jumps / k)
        return np.array(rows)

    @cached_property
    def _steps(self) -> list[FloatArray]:
        """Transition matrices over 1, 2, 4, … means of the fastest phase."""
        size = len(self.phases) + 1
        power, step = np.eye(size), np.zeros((size, size))
        for k in range(_TERMS):
            step += power * (math.exp(-1) / math.factorial(k))
            power = power @ self._jumps
        leave = np.append(self._rates / self._rates.max(), 0.0)
        steps = []
        for j in range(int(math.log2(_LONGEST)) + 1):
            # squaring doubles the relative error of the diagonal, whose exact value is known
            np.fill_diagonal(step, np.exp(-leave * 2.0**j))
            steps.append(step)
            step = step @ step
        return steps

    def _state(self, x: FloatArray) -> FloatArray:
        """Probability of each phase, and of the end, at times x; shape (…, phases + 1)."""
        t = np.minimum(np.maximum(np.asarray(x, float), 0.0) * self._rates.max(), _LONGEST)
        whole = np.floor(t)
        part = (t - whole)[..., None]
        state = (np.exp(-part) * part ** np.arange(_TERMS)) @ self._series
        whole = whole.astype(np.int64)
        for j in range(int(whole.max(initial=0)).bit_length()):
            odd = (whole >> j & 1).astype(bool)
            state[odd] = state[odd] @ self._steps[j]
        return state
