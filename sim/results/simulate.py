"""Replications of a network, reduced to estimates as they come."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any

from sim.experiments.precision import Precise, until_precise
from sim.experiments.replicate import stream
from sim.network.load import load_network
from sim.network.schema import Network
from sim.results.axes import Axes
from sim.results.measures import at_stations
from sim.results.record import Record, record
from sim.results.results import Results
from sim.run import Run
from sim.tables import Lowered, lower

__all__ = ["Experiment", "simulate"]

MOST = 1000  #: replications after which a precision that is not met is given up
_SOME = 0.01  #: share of those who start that must have waited for a mean wait to count for the precision


class Experiment:
    """A network, made ready, and the estimates so far.

    Parameters
    ----------
    network : Network
        Read and checked by `sim.load_network`.
    seed : int, optional
        That of the file by default.
    limits : sequence of str, optional
        Names of the limits of waits, as the file writes them.
    """

    def __init__(self, network: Network, seed: int | None = None, limits: Sequence[str] | None = None):
        # waits are always observed in fine bins, which does not touch the course of the run
        observe = network.observe.model_copy(update={"wait_quantiles": True})
        self.network = network.model_copy(update={"observe": observe})
        self.lowered: Lowered = lower(self.network)
        self.results = Results(Axes.of(self.lowered, limits), network.seed if seed is None else seed)

    def run(self, replications: int, workers: int = 1, on_done: Callable[[int], None] | None = None) -> Results:
        """Add replications, up to the number given."""
        for _ in self._added(workers, replications, on_done):
            pass
        return self.results

    def run_until(
        self, precision: float, most: int = MOST, workers: int = 1, on_done: Callable[[int], None] | None = None
    ) -> Precise:
        """Add replications until the means are precise: the number at every station, and every mean wait that matters.

        Parameters
        ----------
        precision : float
            Limit of the half-width relative to the mean.
        most : int
            Replications after which to give up.
        """
        return until_precise(map(self._means, self._added(workers, most, on_done)), precision, maximum=max(most, 3))

    def _added(self, workers: int, most: int, on_done: Callable[[int], None] | None) -> Iterator[Record]:
        results = self.results
        first = results.replications
        kept = stream(self.lowered, results.seed, self.measure, workers, "threads", first, most - first, on_done)
        with closing(kept):  # type: ignore[type-var]
            for one in kept:
                results.add(one["record"])
                yield one["record"]

    def measure(self, run: Run) -> Mapping[str, Any]:
        """What is kept of a finished run."""
        return {"record": record(self.results.axes, run.observations())}

    def _means(self, _: Record) -> dict[str, float]:
        """What the replication added last says of the means that must become precise."""
        first, last = self.results.each[0]["stations"], self.results.each[-1]["stations"]
        names = [m.name for m in at_stations(self.results.axes)]
        number, wait, waited = (names.index(n) for n in ("number_at_station", "wait_mean", "share_waited"))
        found = {f"number at '{name}'": float(last[number, s, 0]) for s, name in enumerate(self.results.axes.stations)}
        for s, name in enumerate(self.results.axes.stations):
            if first[waited, s, 0] > _SOME:
                found[f"mean wait for '{name}'"] = float(last[wait, s, 0])
        return found


def simulate(
    network: Network | Mapping[str, Any] | str,
    replications: int | None = None,
    seed: int | None = None,
    workers: int = 1,
) -> Results:
    """Run a network and estimate every figure of it.

    Parameters
    ----------
    network : Network, mapping or path
        Checked before anything is run.
    replications, seed : int, optional
        Those of the file by default.
    workers : int
        Threads; no influence on the results.

    Raises
    ------
    FaultsError
        When the network has faults.

    Examples
    --------
    >>> stay = {"kind": "exponential", "mean": "1 d"}
    >>> file = {
    ...     "horizon": "90 d",
    ...     "warm_up": "31 d",
    ...     "stations": {"ward": {"places": 20, "service": stay}},
    ...     "sources": {"door": {"to": "ward", "rate_per_day": 15}},
    ... }
    >>> simulate(file, replications=3).figure("ward", "number_in_service").value > 14
    True
    """
    checked = load_network(network)
    return Experiment(checked, seed).run(replications or checked.replications, workers)
