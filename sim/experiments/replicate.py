"""Replications of one network: each advanced to its end and measured, in order, on threads or processes."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.experiments.order import Kind, Stop, Stopped, in_order
from sim.network.load import load_network
from sim.network.schema import Network
from sim.run import Run
from sim.tables import Lowered, lower

__all__ = ["Measure", "finish", "lowered", "replicate", "stacked", "stream"]

#: takes a finished run and gives what is to be kept of it: numbers or arrays by name
Measure = Callable[[Run], Mapping[str, Any]]
Source = Lowered | Network | Mapping[str, Any] | str | Path

_SLICES = 4096  #: parts of the horizon with which a run begins
_BRIEF = 0.02  #: seconds below which a slice is followed by one four times as long


def replicate(
    network: Source,
    seed: int,
    replications: int,
    measure: Measure,
    workers: int = 1,
    kind: Kind = "threads",
    first: int = 0,
    on_done: Callable[[int], None] | None = None,
) -> list[dict[str, Any]]:
    """Run replications of a network and measure each.

    Parameters
    ----------
    network : Lowered, Network, mapping or path
        What to run.
    seed : int
        Seed of the experiment.
    replications : int
        How many.
    measure : callable
        Takes a finished run and returns numbers or arrays by name. For processes it must stand at the top level of a
        module.
    workers : int
        Threads or processes.
    kind : {"threads", "processes"}
    first : int
        Number of the first replication; replications r and r of two networks are paired by common random numbers.
    on_done : callable, optional
        Called with the number of replications finished.

    Returns
    -------
    list of dict
        What was measured, in the order of the replications; the same to the last byte for any number of workers of
        either kind.

    Raises
    ------
    FaultsError
        When the network has faults.
    CarebridgeError
        When the measure cannot be sent to processes.
    """
    with closing(stream(network, seed, measure, workers, kind, first, replications, on_done)) as results:
        return list(results)


def stream(
    network: Source,
    seed: int,
    measure: Measure,
    workers: int = 1,
    kind: Kind = "threads",
    first: int = 0,
    replications: int | None = None,
    on_done: Callable[[int], None] | None = None,
) -> Generator[dict[str, Any], None, None]:
    """Measure replications one after another for as long as they are asked for.

    The same as :func:`replicate`, but the results come as they are ready and, without `replications`, without end:
    the rules that decide when there are enough take from it what they need and close it.
    """
    work = _Replication(lowered(network), seed, measure)
    warm(work.network, seed)
    numbers = count(first) if replications is None else range(first, first + replications)
    return in_order(numbers, work, workers, on_done, kind)


def stacked(results: Sequence[Mapping[str, Any]]) -> dict[str, npt.NDArray[Any]]:
    """Turn what was measured into one array by name, whose first axis is the replication."""
    return {name: np.array([one[name] for one in results]) for name in results[0]} if results else {}


def lowered(network: Source) -> Lowered:
    """Network ready to run, whatever it was given as."""
    return network if isinstance(network, Lowered) else lower(load_network(network))


def finish(run: Run, stop: Stop | None = None) -> Run:
    """Advance a run to its horizon, in slices short enough to notice the stop event promptly.

    Raises
    ------
    Stopped
        When the event is set before the end. A run is the same however it is sliced.
    """
    horizon = int(run.lowered.network.horizon)
    step = -(-horizon // _SLICES)
    while run.now < horizon:
        if stop is not None and stop.is_set():
            raise Stopped
        began = perf_counter()
        run.advance(run.now + step)
        if perf_counter() - began < _BRIEF:
            step *= 4
    return run


def warm(network: Lowered, seed: int) -> None:
    """Compile the kernel, or load it, before workers start, so that they find it in the cache on disk."""
    Run(network, seed).advance(0)


@dataclass(frozen=True)
class _Replication:
    network: Lowered
    seed: int
    measure: Measure

    def __call__(self, replication: int, stop: Stop) -> dict[str, Any]:
        return dict(self.measure(finish(Run(self.network, self.seed, replication), stop)))
