"""The plan of a sweep: which tasks make up which chunk.

A task is one replication of one point. Tasks are numbered point after point; a chunk is a run of consecutive tasks,
long enough that its overhead does not matter and short enough that little is lost when a worker dies.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.sweep.design import Points
from sim.sweep.study import Study

__all__ = ["Cost", "cut", "measure_cost"]

Ints = npt.NDArray[np.int64]

MOST_PILOTS = 12  #: points whose cost is measured before the chunks are cut
PILOT_SECONDS = 20.0  #: after which no further pilot begins
MOST_TASKS = 100_000  #: tasks of one chunk


@dataclass(frozen=True)
class Cost:
    """What tasks cost, by the pilots.

    Parameters
    ----------
    seconds : (points,) array
        Estimated time of one replication of each point.
    bytes_a_task : float
        Estimated size of the result of one task.
    """

    seconds: npt.NDArray[np.float64]
    bytes_a_task: float


def measure_cost(study: Study, points: Points, seed: int, size_of: Any) -> Cost:
    """Run one replication of some points, and estimate what each of all points costs.

    Points with the same words (names of plans, files, choices) as a pilot are taken to cost what it does; among several
    such pilots, and where there is none, the mean counts.

    Parameters
    ----------
    size_of : callable
        Takes the tables of one task and gives their size in a file (bytes).
    """
    kinds = _kinds(points)
    pilots = _pilots(kinds)
    found: dict[int, list[float]] = {}
    sizes, begin = [], perf_counter()
    for point in pilots:
        if sizes and perf_counter() - begin > PILOT_SECONDS:
            break
        started = perf_counter()
        tables = study.run(points[point], seed, range(1))
        seconds = perf_counter() - started
        if not sizes:  # the first run also reads files and imports; what comes again is what counts
            started = perf_counter()
            study.run(points[point], seed, range(1))
            seconds = min(seconds, perf_counter() - started)
        found.setdefault(int(kinds[point]), []).append(seconds)
        sizes.append(size_of(tables))
    overall = float(np.mean([s for of in found.values() for s in of]))
    by_kind = np.full(int(kinds.max(initial=0)) + 1, overall)
    for kind, seconds in found.items():
        by_kind[kind] = np.mean(seconds)
    return Cost(by_kind[kinds], float(np.mean(sizes)))


def _kinds(points: Points) -> Ints:
    """Number of the combination of words of each point."""
    kinds = np.zeros(len(points), np.int64)
    for column in points.values.values():
        if any(isinstance(v, (str, bool)) for v in column):
            index = {v: n for n, v in enumerate(dict.fromkeys(column))}
            kinds = kinds * len(index) + np.array([index[v] for v in column], np.int64)
            kinds = np.unique(kinds, return_inverse=True)[1]  # keeps the numbers small
    return kinds


def _pilots(kinds: Ints) -> list[int]:
    """Some points of every kind, spread over the design; kinds that come first are measured first."""
    _, firsts = np.unique(kinds, return_index=True)
    chosen = sorted(firsts.tolist())[:MOST_PILOTS]
    spread = np.linspace(0, len(kinds) - 1, min(len(kinds), MOST_PILOTS)).astype(int).tolist()
    return list(dict.fromkeys([*chosen, *spread]))[:MOST_PILOTS]


def cut(seconds: Sequence[float] | npt.NDArray[np.float64], replications: int, target: float) -> Ints:
    """Cut the tasks into chunks of about `target` seconds each.

    Returns
    -------
    (chunks + 1,) array
        First task of each chunk, and the number of tasks.
    """
    costs = np.repeat(np.maximum(np.asarray(seconds, float), 1e-9), replications)
    total = costs.cumsum()
    chunks = max(1, round(total[-1] / target), -(-len(costs) // MOST_TASKS))
    chunks = min(chunks, len(costs))
    edges = np.searchsorted(total, total[-1] * np.arange(1, chunks) / chunks - 1e-12) + 1
    return np.unique(np.concatenate([[0], np.minimum(edges, len(costs)), [len(costs)]])).astype(np.int64)
