"""The refusal to fit: which targets cannot be met together, and how near each came."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from sim.calibration.problem import Target
from sim.calibration.remaining import Remaining, remaining
from sim.errors import CarebridgeError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CannotFit", "Miss", "conflict"]

Floats = npt.NDArray[np.float64]
#: predicted figures and implausibility of every target, both (points, targets)
Judge = Callable[[Floats], tuple[Floats, Floats]]


@dataclass(frozen=True)
class Miss:
    """How near one target came.

    Parameters
    ----------
    target : str
    unit : str
    wanted : float
        The observation.
    nearest : float
        The simulator's figure nearest to it while the other targets named are met; for a fit, at the estimate.
    sds : float
        Distance in standard deviations of everything that allows for one; positive when the simulator is above.
    compromise : float
        The same at the one point where the worst miss is smallest.
    """

    target: str
    unit: str
    wanted: float
    nearest: float
    sds: float
    compromise: float

    def __str__(self) -> str:
        unit = f" {self.unit}" if self.unit else ""
        return (
            f"{self.target}: {self.wanted:.6g}{unit} wanted, {self.nearest:.6g}{unit} is the nearest, "
            f"{abs(self.sds):.1f} standard deviations too {'high' if self.sds > 0 else 'low'}"
        )


class CannotFit(CarebridgeError):
    """No point of the ranges meets the targets together.

    Parameters
    ----------
    misses : sequence of Miss
        Of the targets that contradict one another or the simulator; leave out any and the rest can be met.
    best : dict
        Point where the worst miss is smallest.
    how : str
        How it was found.
    """

    def __init__(self, misses: Sequence[Miss], best: dict[str, float], how: str):
        self.misses, self.best, self.how = tuple(misses), best, how
        alone = len(self.misses) == 1
        head = "This target cannot be met" if alone else "These targets cannot be met together"
        at = ", ".join(f"{name}={value:.6g}" for name, value in best.items())
        lines = [f"{head} ({how}):", *(f"  - {miss}" for miss in self.misses), f"The nearest point is {at}."]
        super().__init__("\n".join(lines))

    @property
    def targets(self) -> tuple[str, ...]:
        """Names of the targets."""
        return tuple(miss.target for miss in self.misses)

    def table(self) -> pd.DataFrame:
        """One row a target, with the fields of :class:`Miss`."""
        import pandas as pd

        return pd.DataFrame([asdict(miss) for miss in self.misses]).set_index("target")


def conflict(
    judge: Judge, inputs: int, targets: Sequence[Target], cutoff: float, rng: np.random.Generator
) -> tuple[tuple[Miss, ...], Floats]:
    """Smallest set of targets that cannot be met together, and the best compromise of all.

    Targets are left out one after another as long as the rest still cannot be met (a deletion filter: J. W. Chinneck
    and E. W. Dravnieks 1991, ORSA Journal on Computing 3, 157-168); those best met at the compromise are tried first.

    Returns
    -------
    misses : tuple of Miss
        None if all can be met after all.
    best : (inputs,) array
    """
    everything = list(range(len(targets)))
    whole = _least(judge, inputs, everything, cutoff, rng)
    if whole.share:
        return (), whole.best
    at_best = judge(whole.best[None])[1][0]
    kept = list(everything)
    for k in sorted(everything, key=lambda k: float(at_best[k])):
        rest = [other for other in kept if other != k]
        if rest and not _least(judge, inputs, rest, cutoff, rng).share:
            kept = rest
    compromise = _signed(judge, whole.best, targets)
    misses = []
    for k in kept:
        point = _nearest(judge, inputs, k, [o for o in kept if o != k], cutoff, rng)
        figures, _ = judge(point[None])
        sds = float(_signed(judge, point, targets)[k])
        t = targets[k]
        misses.append(Miss(t.name, t.unit, t.value, float(figures[0, k]), sds, float(compromise[k])))
    return tuple(misses), whole.best


def _least(judge: Judge, inputs: int, which: list[int], cutoff: float, rng: np.random.Generator) -> Remaining:
    return remaining(lambda cube: judge(cube)[1][:, which].max(axis=1), inputs, cutoff, rng)


def _nearest(judge: Judge, inputs: int, one: int, others: list[int], cutoff: float, rng: np.random.Generator) -> Floats:
    """Point where one target comes nearest while the others are met."""

    def criterion(cube: Floats) -> Floats:
        _, sds = judge(cube)
        worst = sds[:, others].max(axis=1) if others else np.zeros(len(cube))
        return np.where(worst > cutoff, 1e6 * worst / cutoff, sds[:, one])

    return remaining(criterion, inputs, 0.0, rng).best


def _signed(judge: Judge, point: Floats, targets: Sequence[Target]) -> Floats:
    figures, sds = judge(point[None])
    return sds[0] * np.sign(figures[0] - np.array([t.value for t in targets]))
