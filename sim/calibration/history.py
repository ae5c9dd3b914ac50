"""History matching: rule out, wave after wave, what cannot be right, and see whether anything is left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from sim.calibration.emulator import Bank, fewest
from sim.calibration.problem import Parameter, Space, Target, check
from sim.calibration.refusal import CannotFit, conflict
from sim.calibration.remaining import Remaining, remaining, spaced
from sim.calibration.runs import Ensemble, Runner, Simulator
from sim.errors import CarebridgeError, Fault, FaultsError
from sim.experiments.order import Kind
from sim.sweep.design import Sample, uniforms

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["HistoryMatch", "Wave", "history_match"]

Floats = npt.NDArray[np.float64]

_FLOOR = 1e-6  #: share of all variance below which a variance is not told from nought


@dataclass(frozen=True, eq=False)
class Wave:
    """One wave of runs and what they ruled out.

    Parameters
    ----------
    values : (points, parameters) array
        Where the simulator was run, in the parameters' own units.
    outputs : (points, targets) array
        Figures found there.
    implausibility : (points, targets) array
        Of the runs themselves, without any emulator.
    share : float
        Of the whole space that is left after this wave.
    bank : Bank
        Emulators of this wave.
    tolerance : (targets,) array
        Variance of observation and model.
    ensemble : (parameters + 3, targets) array
        Logarithm of the variance of chance and of few replications: a plane over the unit cube, and the lowest and
        highest value that it was fitted to, beyond which it does not go.
    """

    values: Floats
    outputs: Floats
    implausibility: Floats
    share: float
    bank: Bank
    tolerance: Floats
    ensemble: Floats

    def variance(self, cube: Floats) -> Floats:
        """Variance of everything but the emulators, (points, targets), at points of the unit cube."""
        return self.tolerance + np.exp(np.clip(_plane(cube) @ self.ensemble[:-2], *self.ensemble[-2:]))


@dataclass(frozen=True, eq=False)
class HistoryMatch:
    """What history matching leaves.

    Parameters
    ----------
    parameters, targets : tuple
    waves : tuple of Wave
    values : (points, parameters) array
        An even sample of what is left, in the parameters' own units.
    cutoff : float
        Implausibility above which a point was ruled out.
    replications : int
    check : Wave
        Runs at points of what is left, which no emulator has seen.
    covariance : (targets, targets) array
        Total covariance, on average over the check (see :meth:`sim.calibration.runs.Ensemble.total`).
    runs : int
        Replications simulated.
    """

    parameters: tuple[Parameter, ...]
    targets: tuple[Target, ...]
    waves: tuple[Wave, ...]
    check: Wave
    values: Floats
    cutoff: float
    replications: int
    covariance: Floats
    runs: int

    @property
    def share(self) -> float:
        """Share of the whole space that is left."""
        return self.waves[-1].share

    @property
    def fitting(self) -> float:
        """Share of the runs of the check that meet every target: how well what is left fits when it is run."""
        return float((self.check.implausibility.max(axis=1) <= self.cutoff).mean())

    @property
    def best(self) -> dict[str, float]:
        """The run whose worst miss is smallest."""
        waves = [*self.waves, self.check]
        worst = np.concatenate([w.implausibility.max(axis=1) for w in waves])
        row = np.concatenate([w.values for w in waves])[worst.argmin()]
        return dict(zip([p.name for p in self.parameters], map(float, row), strict=True))

    def table(self) -> pd.DataFrame:
        """One row a parameter: its range before and after, with the middle 90 % of what is left."""
        import pandas as pd

        rows = [
            {
                "parameter": p.name,
                "unit": p.unit,
                "low": p.low,
                "high": p.high,
                "left_low": float(column.min()),
                "left_5": float(np.quantile(column, 0.05)),
                "left_95": float(np.quantile(column, 0.95)),
                "left_high": float(column.max()),
            }
            for p, column in zip(self.parameters, self.values.T, strict=True)
        ]
        return pd.DataFrame(rows).set_index("parameter")

    def diagnostics(self) -> pd.DataFrame:
        """One row a wave and target: how good the emulator was by leave-one-out, in the unit of the target."""
        import pandas as pd

        rows = [
            {
                "wave": number,
                "target": target.name,
                "unit": target.unit,
                "points": len(emulator.loo_errors),
                "surface": emulator.terms,
                "explained": emulator.explained,
                "rms_error": float(np.sqrt((emulator.loo_errors**2).mean())),
                "within_2_sds": float((np.abs(emulator.loo_errors) <= 2 * emulator.loo_sds).mean()),
                "widened": emulator.widened,
                "share_left": wave.share,
            }
            for number, wave in enumerate(self.waves, 1)
            for target, emulator in zip(self.targets, wave.bank.emulators, strict=True)
        ]
        return pd.DataFrame(rows).set_index(["wave", "target"])


def history_match(
    simulator: Simulator,
    parameters: Sequence[Parameter],
    targets: Sequence[Target],
    waves: int = 3,
    points: int | None = None,
    replications: int | range = 20,
    seed: int = 1,
    cutoff: float = 3.0,
    workers: int = 1,
    kind: Kind = "threads",
    settled: float = 0.05,
) -> HistoryMatch:
    """Rule out the points that cannot be right, and keep the others.

    In each wave the simulator is run at points spread over what is left, every output is emulated, and a point goes
    when the implausibility of any target, ``|z - E f(x)| / sqrt(V_obs + V_model + V_ensemble + V_emulator)``, is
    above the cutoff.

    Parameters
    ----------
    simulator : callable
        Takes a point by name and the numbers of replications, and gives one row a replication; common random numbers:
        a replication of one number has the same draws at every point.
    parameters : sequence of Parameter
        Priors play no part here, only bounds and whether the scale is logarithmic.
    targets : sequence of Target
    waves : int
        At most so many, and one of runs that check what is left; fewer when the emulators' variance has become
        unimportant.
    points : int, optional
        Runs of a wave; ten times the parameters by default, and at least 20.
    replications : int or range
        The same at every point.
    seed : int
        Of the designs; the simulator's draws are its own affair.
    cutoff : float
        Three, as a rule: by Pukelsheim's rule 95 % of any unimodal distribution lie within three standard deviations.
    workers : int
        Threads or processes; no influence on the results.
    kind : {"threads", "processes"}
    settled : float
        Share of the rest of the variance below which the emulators' variance, over what is left, is unimportant.

    Returns
    -------
    HistoryMatch

    Raises
    ------
    FaultsError
        When parameters or targets have faults.
    CannotFit
        When nothing is left. It names a smallest set of targets that cannot be met together. The best points were run
        before it is raised, so it does not rest on emulators alone.
    """
    check(parameters, targets)
    space = Space(parameters)
    points = points or max(20, 10 * len(space))
    if points < fewest(len(space)) or waves < 1:
        rule = f"must be {fewest(len(space))} or more for {len(space)} parameters, and at least one wave of them."
        raise FaultsError([Fault("points", points, rule)], "history matching")
    search = _Search(Runner(simulator, space, targets, replications, workers, kind), cutoff, seed)
    cube = uniforms(Sample(points=points, seed=seed, over={p.name: {"low": 0, "high": 1} for p in parameters}))  # type: ignore[arg-type]
    left = None
    for number in range(waves):
        left = search.wave(cube, points, number)
        if search.settled(left.cube) <= settled or number + 1 == waves:
            break
        cube = spaced(left.cube, points, search.rng(number, 1))
    assert left is not None  # noqa: S101 - there is at least one wave
    return search.result(left, points)


class _Search:
    """Waves so far."""

    def __init__(self, runner: Runner, cutoff: float, seed: int):
        self.runner, self.cutoff, self.seed = runner, cutoff, seed
        self.space, self.targets = runner.space, runner.targets
        self.wanted = np.array([t.value for t in runner.targets])
        self.waves: list[Wave] = []
        self.first = 0  #: wave from which on the emulators count
        self.cube, self.mean = np.empty((0, len(runner.space))), np.empty((0, len(runner.targets)))
        self.tolerance = np.array([t.variance for t in runner.targets])

    def rng(self, *purpose: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, *purpose])

    def wave(self, cube: Floats, points: int, number: int) -> Remaining:
        """Run the simulator, emulate it, and sample what is left; refuse when that is nothing."""
        ensemble = self._run(cube)
        self._emulate(cube, ensemble, self._near())
        left = remaining(self.worst, len(self.space), self.cutoff, self.rng(number, 0))
        if not left.share:
            left = self._confirmed(left, points, number)
        self.waves[-1] = replace(self.waves[-1], share=left.share)
        return left

    def _confirmed(self, left: Remaining, points: int, number: int) -> Remaining:
        """Run the best points; if none of them fits either, refuse, otherwise emulate anew from all runs."""
        cube = spaced(left.cube, points, self.rng(number, 2))
        ensemble = self._run(cube)
        fits = _implausible(ensemble, self.wanted, self.targets).max(axis=1) <= self.cutoff
        self.first = len(self.waves)
        self._emulate(cube, ensemble, np.full(len(self.cube), True))
        again = remaining(self.worst, len(self.space), self.cutoff, self.rng(number, 3))
        if again.share:
            return again
        if fits.any():
            raise CarebridgeError(
                f"{int(fits.sum())} of {len(fits)} runs meet every target, yet the emulators rule out everything: they "
                "cannot follow the simulator. Give more points a wave, narrower ranges or more replications."
            )
        misses, best = conflict(self.judge, len(self.space), self.targets, self.cutoff, self.rng(number, 4))
        if not misses:  # a thin remainder that was found at another look
            return remaining(self.worst, len(self.space), self.cutoff, self.rng(number, 4))
        at = dict(zip(self.space.names, map(float, self.space.from_cube(best)), strict=True))
        how = f"implausibility above {self.cutoff:g} everywhere, after {self.runner.runs} runs"
        raise CannotFit(misses, at, how)

    def _run(self, cube: Floats) -> Ensemble:
        return self.runner(self.space.from_cube(cube))

    def _near(self) -> npt.NDArray[np.bool_]:
        """Earlier runs that are not ruled out by now: they help the new emulators."""
        return self.worst(self.cube) <= self.cutoff if len(self.cube) else np.empty(0, bool)

    def _emulate(self, cube: Floats, ensemble: Ensemble, earlier: npt.NDArray[np.bool_]) -> None:
        implausible = _implausible(ensemble, self.wanted, self.targets)
        train = np.concatenate([self.cube[earlier], cube])
        bank = Bank(train, np.concatenate([self.mean[earlier], ensemble.mean]))
        chance = np.diagonal(ensemble.total(self.targets), axis1=1, axis2=2) - self.tolerance
        values, spread = self.space.from_cube(cube), _spread(cube, chance, self.tolerance)
        self.waves.append(Wave(values, ensemble.mean, implausible, 0.0, bank, self.tolerance, spread))
        self.cube, self.mean = np.concatenate([self.cube, cube]), np.concatenate([self.mean, ensemble.mean])

    def judge(self, cube: Floats) -> tuple[Floats, Floats]:
        """Figures by the last emulators, and the greatest implausibility by any wave, for every target."""
        worst = np.zeros((len(cube), len(self.targets)))
        mean = worst
        for wave in self.waves[self.first :]:
            mean, variance = wave.bank.predict(cube)
            worst = np.maximum(worst, np.abs(mean - self.wanted) / np.sqrt(wave.variance(cube) + variance))
        return mean, worst

    def worst(self, cube: Floats) -> Floats:
        """Greatest implausibility by any wave and target."""
        return self.judge(cube)[1].max(axis=1)

    def settled(self, cube: Floats) -> float:
        """Variance of the last emulators where something is left, as a share of the rest: that of the worst target."""
        wave = self.waves[-1]
        return float((wave.bank.predict(cube)[1] / wave.variance(cube)).mean(axis=0).max())

    def result(self, left: Remaining, points: int) -> HistoryMatch:
        """Check what is left by running it, and hand all over."""
        last = self.waves[-1]
        cube = spaced(left.cube, points, self.rng(len(self.waves), 5))
        ensemble = self._run(cube)
        implausible = _implausible(ensemble, self.wanted, self.targets)
        check = replace(last, values=self.space.from_cube(cube), outputs=ensemble.mean, implausibility=implausible)
        return HistoryMatch(
            check=check,
            parameters=self.space.parameters,
            targets=self.targets,
            waves=tuple(self.waves),
            values=self.space.from_cube(left.cube),
            cutoff=self.cutoff,
            replications=len(self.runner.replications),
            covariance=ensemble.total(self.targets).mean(axis=0),
            runs=self.runner.runs,
        )


def _implausible(ensemble: Ensemble, wanted: Floats, targets: Sequence[Target]) -> Floats:
    sds = np.sqrt(np.diagonal(ensemble.total(targets), axis1=1, axis2=2))
    return np.abs(ensemble.mean - wanted) / sds


def _plane(cube: Floats) -> Floats:
    return np.concatenate([np.ones((len(cube), 1)), cube], axis=1)


def _spread(cube: Floats, chance: Floats, tolerance: Floats) -> Floats:
    """Plane through the logarithm of variances (points, targets) by least squares, and the ends it keeps within."""
    floor = _FLOOR * (tolerance + chance.mean(axis=0))
    logarithm = np.log(np.maximum(chance, floor))
    found = np.linalg.lstsq(_plane(cube), logarithm)[0]
    found[0] += (logarithm - _plane(cube) @ found).var(axis=0) / 2  # so that the variance is right on average
    return np.concatenate([found, logarithm.min(axis=0)[None], logarithm.max(axis=0)[None]]).astype(np.float64)
