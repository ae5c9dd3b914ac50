"""Replications of a hybrid model, and the check that halving the interval of exchange changes little."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sim.errors import CarebridgeError
from sim.experiments.order import Stop, Stopped, in_order
from sim.hybrid.lower import Ready
from sim.hybrid.run import HybridRun
from sim.statistics import mean_halfwidth

__all__ = ["Halved", "HybridResults", "halve", "replicate_hybrid"]

_SLICES = 64  #: parts of a run, after each of which it may be stopped
MOST = 0.01  #: share by which halving the interval may move a headline figure


@dataclass
class HybridResults:
    """What replications of a hybrid model came to.

    Parameters
    ----------
    ready : Ready
    means : list of dict
        Of each replication: mean of every headline column over the intervals after the warm-up.
    ends : list of dict
        Of each replication: value at the end.
    kept : list
        What `keep` made of each finished run.
    """

    ready: Ready
    means: list[dict[str, float]] = field(default_factory=list)
    ends: list[dict[str, float]] = field(default_factory=list)
    kept: list[Any] = field(default_factory=list)


def replicate_hybrid(
    ready: Ready,
    seed: int,
    replications: int,
    workers: int = 1,
    *,
    changes: dict[str, float] | None = None,
    keep: Callable[[HybridRun], Any] | None = None,
    on_done: Callable[[int], None] | None = None,
) -> HybridResults:
    """Run replications on threads; the same to the last byte for any number of them.

    Parameters
    ----------
    changes : dict, optional
        Parameters of the stocks that differ.
    keep : callable, optional
        Takes a finished run and gives what is to be kept of it.
    """
    names = ready.hybrid.headline
    HybridRun(ready, seed, 0, changes).advance(1)  # compiles once, before the threads need it

    def work(replication: int, stop: Stop) -> tuple[dict[str, float], dict[str, float], Any]:
        run = HybridRun(ready, seed, replication, changes)
        step = max(1, ready.hybrid.exchanges // _SLICES)
        while run.exchange < ready.hybrid.exchanges:
            if stop.is_set():
                raise Stopped
            run.advance(run.exchange + step)
        means, end = run.means(), run.trajectory()
        last = {name: float(end[name][-1]) for name in names}
        return {name: means[name] for name in names}, last, keep(run) if keep else None

    found = HybridResults(ready)
    with closing(in_order(range(replications), work, workers, on_done)) as results:
        for means, ends, kept in results:
            found.means.append(means)
            found.ends.append(ends)
            found.kept.append(kept)
    return found


@dataclass(frozen=True)
class Halved:
    """One headline figure at the interval and at half of it, paired.

    Parameters
    ----------
    name : str
    whole, half : float
        Mean over the replications.
    difference, half_width : float
        Of half minus whole, with the half-width of its 95 % interval.
    """

    name: str
    whole: float
    half: float
    difference: float
    half_width: float

    @property
    def share(self) -> float:
        """Difference as a share of the figure; 0 where both are 0."""
        if self.whole:
            return abs(self.difference) / abs(self.whole)
        return 0.0 if self.difference == 0 else math.inf

    @property
    def small(self) -> bool:
        """Whether the figure moves by one per cent at most."""
        return self.share <= MOST


def halve(
    whole: Ready,
    half: Ready,
    seed: int,
    replications: int,
    workers: int = 1,
    *,
    changes: dict[str, float] | None = None,
    on_done: Callable[[int], None] | None = None,
) -> Iterator[Halved]:
    """Compare a model with itself at half the interval, patient by patient the same.

    Raises
    ------
    CarebridgeError
        With fewer than two replications, which allow no interval.
    """
    if replications < 2:  # noqa: PLR2004
        raise CarebridgeError("halving needs two replications at least; fifty are usual.")
    pair = [
        replicate_hybrid(one, seed, replications, workers, changes=changes, on_done=_counted(on_done, n * replications))
        for n, one in enumerate((whole, half))
    ]
    for name in whole.hybrid.headline:
        a, b = (np.array([m[name] for m in one.means]) for one in pair)
        difference = b - a
        yield Halved(name, a.mean(), b.mean(), difference.mean(), mean_halfwidth(difference))


def _counted(on_done: Callable[[int], None] | None, before: int) -> Callable[[int], None] | None:
    return None if on_done is None else lambda done: on_done(before + done)
