"""Runs of a simulator at many points, side by side, and what the targets make of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.calibration.problem import Space, Target
from sim.calibration.summary import summarise
from sim.errors import CarebridgeError, Fault, FaultsError, nearest
from sim.experiments.order import Kind, Stop, Stopped, in_order

__all__ = ["Ensemble", "Outputs", "Runner", "Simulator"]

Floats = npt.NDArray[np.float64]
#: (replications, targets), or by name of the target one value a replication (others are left aside)
Outputs = npt.NDArray[Any] | Mapping[str, npt.ArrayLike]
#: takes a point and the numbers of replications; a replication of one number has the same draws at every point
Simulator = Callable[[dict[str, float], range], Outputs]


@dataclass(frozen=True, eq=False)
class Ensemble:
    """Figures of the targets at several points.

    Parameters
    ----------
    mean : (points, targets) array
    covariance : (points, targets, targets) array
        Of the figures of a single replication.
    replications : int
    """

    mean: Floats
    covariance: Floats
    replications: int

    def total(self, targets: Sequence[Target]) -> Floats:
        """Covariance, at each point, of what separates a figure from its target when the point is the right one.

        Observation and model; chance in the observation, for targets with realisations, which are taken to have been
        observed together; and the error of the simulated mean itself.
        """
        chance = np.sqrt([t.chance for t in targets])
        share = np.outer(chance, chance) + 1 / self.replications
        total = np.diag([t.variance for t in targets]) + self.covariance * share
        never = [
            t.name for t, v in zip(targets, np.diagonal(total, axis1=-2, axis2=-1).min(axis=0), strict=True) if not v
        ]
        if never:
            raise CarebridgeError(f"{', '.join(never)}: does not vary in the simulator; give sd_observed or sd_model.")
        return total


class Runner:
    """Runs a simulator and keeps what it has run.

    Parameters
    ----------
    simulator : callable
        See :data:`Simulator`.
    space : Space
    targets : sequence of Target
    replications : int or range
        Numbers of the replications, the same at every point.
    workers : int
        Threads or processes; no influence on the results.
    kind : {"threads", "processes"}
    chunk : int, optional
        Replications of a task; all of a point by default.
    """

    def __init__(
        self,
        simulator: Simulator,
        space: Space,
        targets: Sequence[Target],
        replications: int | range,
        workers: int = 1,
        kind: Kind = "threads",
        chunk: int | None = None,
    ):
        self.space, self.targets = space, tuple(targets)
        self.replications = range(replications) if isinstance(replications, int) else replications
        if len(self.replications) < 2:
            raise FaultsError([Fault("replications", len(self.replications), "at least two are needed.")], "the runs")
        self.workers = workers
        self.kind: Kind = kind
        self.chunk = max(1, chunk or len(self.replications))
        self._work = _Work(simulator, tuple(t.name for t in targets))
        self._kept: dict[bytes, tuple[Floats, Floats]] = {}
        self.runs = 0

    def __call__(self, values: Floats) -> Ensemble:
        """Figures at points (points, parameters), each in the parameters' own units; a point is run once only."""
        wanted = {row.tobytes(): row for row in values}
        new = {key: row for key, row in wanted.items() if key not in self._kept}
        if new:
            self._run(new)
        found = [self._kept[row.tobytes()] for row in values]
        return Ensemble(np.array([f[0] for f in found]), np.array([f[1] for f in found]), len(self.replications))

    def _run(self, new: Mapping[bytes, Floats]) -> None:
        parts = [self.replications[n : n + self.chunk] for n in range(0, len(self.replications), self.chunk)]
        points = [dict(zip(self.space.names, map(float, row), strict=True)) for row in new.values()]
        tasks = [(point, part) for point in points for part in parts]
        if not self._kept:  # one replication on its own tells whether the simulator keeps its side of the bargain
            tasks.insert(0, (points[0], self.replications[:1]))
        with closing(in_order(tasks, self._work, self.workers, kind=self.kind)) as done:
            found = list(done)
        # sums over replications may be rounded in another order, so the last digits may differ
        if not self._kept and not np.allclose(found.pop(0)[0], found[0][0], rtol=1e-9, atol=0.0, equal_nan=True):
            raise CarebridgeError(
                f"The simulator does not repeat itself: replication {self.replications[0]}, run again at the same "
                "point, gave other outputs. Address its draws by the number of the replication."
            )
        for n, key in enumerate(new):
            outputs = np.concatenate(found[n * len(parts) : (n + 1) * len(parts)])
            self._kept[key] = summarise(outputs, self.targets)
        self.runs += len(new) * len(self.replications)


@dataclass(frozen=True)
class _Work:
    simulator: Simulator
    names: tuple[str, ...]

    def __call__(self, task: tuple[dict[str, float], range], stop: Stop) -> Floats:
        if stop.is_set():
            raise Stopped
        point, replications = task
        given = self.simulator(dict(point), replications)
        found = self._by_name(given) if isinstance(given, Mapping) else np.asarray(given, float)
        if found.shape != (len(replications), len(self.names)):
            raise CarebridgeError(
                f"The simulator gave an array of shape {found.shape}; {len(replications)} replications of "
                f"{len(self.names)} targets make {(len(replications), len(self.names))}."
            )
        if not np.isfinite(found).all():
            wrong = [name for k, name in enumerate(self.names) if not np.isfinite(found[:, k]).all()]
            at = ", ".join(f"{name}={value:.6g}" for name, value in point.items())
            raise CarebridgeError(f"The simulator gave {', '.join(wrong)} that is not finite, at {at}.")
        return found

    def _by_name(self, given: Mapping[str, Any]) -> Floats:
        for name in self.names:
            if name not in given:
                close = nearest(name, given)
                hint = f" Did you mean '{close}'?" if close else ""
                raise CarebridgeError(f"The simulator gives no output '{name}'.{hint}")
        return np.stack([np.asarray(given[name], float) for name in self.names], axis=-1)
