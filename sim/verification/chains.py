"""Exact answers of Markov chains that are written down as rules: from a state, to which states at which rates.

Counts without limit are cut where the probability beyond is far below what the simulation can see; the cut is part
of the rules and a test moves it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import linalg, sparse, stats
from scipy.sparse.linalg import spsolve

__all__ = ["Chain", "Cycle", "Piece", "Way", "cycle", "follow", "steady"]

Rules = Callable[[Any], Iterable[tuple[Any, float]]]
Array = npt.NDArray[np.float64]
NEGLIGIBLE = 1e-14  #: probability of more jumps than are followed


@dataclass(frozen=True)
class Chain:
    """States with their stationary probabilities."""

    states: list[Any]
    p: Array

    def mean(self, value: Callable[[Any], float]) -> float:
        """Mean of a function of the state; of a rate, how often a thing happens."""
        return float(self.p @ np.array([value(s) for s in self.states], float))


def _reachable(start: Hashable, moves: Rules) -> list[Any]:
    states, seen, at = [start], {start}, 0
    while at < len(states):
        for to, _ in moves(states[at]):
            if to not in seen:
                seen.add(to)
                states.append(to)
        at += 1
    return states


def _generator(states: Sequence[Any], rules: Rules) -> sparse.csc_array:
    index = {s: i for i, s in enumerate(states)}
    rows, columns, rates = [], [], []
    for i, s in enumerate(states):
        for to, rate in rules(s):
            rows += [i, i]
            columns += [index[to], i]
            rates += [rate, -rate]
    return sparse.csc_array((rates, (rows, columns)), shape=(len(states), len(states)))


def steady(start: Hashable, rules: Rules) -> Chain:
    """Stationary distribution over the states that can be reached from `start`.

    Parameters
    ----------
    start : hashable
    rules : callable
        From a state, pairs of a state that can follow and the rate; a state that follows itself is allowed.
    """
    states = _reachable(start, rules)
    balance = _generator(states, rules).T.tolil()
    balance[0, :] = 1.0  # one equation is superfluous; the probabilities sum to one instead
    right = np.zeros(len(states))
    right[0] = 1.0
    return Chain(states, np.asarray(spsolve(balance.tocsc(), right)))


@dataclass(frozen=True)
class Piece:
    """A stretch of a cycle: how long it lasts, the rules in it, and what happens to the state at its beginning."""

    length: float
    rules: Rules
    at_begin: Callable[[Any], Any] = lambda state: state


@dataclass(frozen=True)
class Cycle:
    """A chain whose rules repeat: the distribution before the beginning of each piece, and over time within it."""

    states: list[Any]
    before: list[Array]
    during: list[Array]
    lengths: list[float]

    def mean(self, value: Callable[[Any], float]) -> float:
        """Time average over the whole cycle."""
        return sum(n * self.mean_in(i, value) for i, n in enumerate(self.lengths)) / sum(self.lengths)

    def mean_in(self, piece: int, value: Callable[[Any], float]) -> float:
        """Time average over one piece."""
        return float(self.during[piece] @ self._values(value))

    def mean_before(self, piece: int, value: Callable[[Any], float]) -> float:
        """Mean just before a piece begins."""
        return float(self.before[piece] @ self._values(value))

    def _values(self, value: Callable[[Any], float]) -> Array:
        return np.array([value(s) for s in self.states], float)


def cycle(start: Hashable, pieces: Sequence[Piece]) -> Cycle:
    """Periodic distribution of a chain whose rules follow one another for ever, by matrix exponentials."""
    states = _reachable(start, lambda state: _moves(state, pieces))
    n, index = len(states), {s: i for i, s in enumerate(states)}
    whole, steps = np.eye(n), []
    for piece in pieces:
        jump = np.zeros((n, n))
        jump[range(n), [index[piece.at_begin(s)] for s in states]] = 1.0
        # the exponential of [[Q, 1], [0, 0]] gives exp(Q t) and its integral at once
        block = np.zeros((2 * n, 2 * n))
        block[:n, :n], block[:n, n:] = _generator(states, piece.rules).toarray(), np.eye(n)
        both = linalg.expm(block * piece.length)
        steps.append((jump @ both[:n, :n], jump @ both[:n, n:] / piece.length))
        whole = whole @ steps[-1][0]
    system = whole.T - np.eye(n)
    system[0, :] = 1.0
    now = np.linalg.solve(system, np.eye(n)[0])
    before, during = [], []
    for onward, average in steps:
        before.append(now)
        during.append(now @ average)
        now = now @ onward
    return Cycle(states, before, during, [piece.length for piece in pieces])


@dataclass(frozen=True)
class Way:
    """A chain on its way: the distribution at the end of each piece, and how long each state lasted within it."""

    states: list[Any]
    after: list[Array]
    spent: list[Array]

    def mean_after(self, piece: int, value: Callable[[Any], float]) -> float:
        """Mean at the end of a piece."""
        return float(self.after[piece] @ np.array([value(s) for s in self.states], float))

    def total_in(self, piece: int, value: Callable[[Any], float]) -> float:
        """A rate added up over a piece."""
        return float(self.spent[piece] @ np.array([value(s) for s in self.states], float))


def follow(start: Chain, pieces: Sequence[Piece]) -> Way:
    """Follow a chain from a distribution through pieces with different rules (forward equations, uniformised)."""
    first = ("start",)

    def all_moves(state: Any) -> Iterable[tuple[Any, float]]:
        return ((s, 1.0) for s in start.states) if state == first else _moves(state, pieces)

    states = _reachable(first, all_moves)[1:]
    n, index = len(states), {s: i for i, s in enumerate(states)}
    now, after, spent = np.zeros(n), [], []
    now[[index[s] for s in start.states]] = start.p
    for piece in pieces:
        jumped = np.zeros(n)
        np.add.at(jumped, [index[piece.at_begin(s)] for s in states], now)
        now, lasted = _onward(_generator(states, piece.rules), piece.length, jumped)
        after.append(now)
        spent.append(lasted)
    return Way(states, after, spent)


def _moves(state: Any, pieces: Sequence[Piece]) -> Iterable[tuple[Any, float]]:
    """Where a state may go in any of the pieces."""
    for piece in pieces:
        yield piece.at_begin(state), 1.0
        yield from piece.rules(state)


def _onward(generator: sparse.csc_array, length: float, now: Array) -> tuple[Array, Array]:
    """Distribution after a time, and how long each state lasted: jumps at the highest rate, in a Poisson number."""
    rate = float(-generator.diagonal().min())
    jump = (sparse.eye_array(len(now)) + generator / rate).T.tocsr()
    mean = rate * length
    counts = np.arange(int(stats.poisson.isf(NEGLIGIBLE, mean)) + 1)
    end, spent = np.zeros(len(now)), np.zeros(len(now))
    for at, beyond in zip(stats.poisson.pmf(counts, mean), stats.poisson.sf(counts, mean), strict=True):
        end += at * now
        spent += beyond * now
        now = jump @ now
    return end, spent / rate
