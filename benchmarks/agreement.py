"""Do the engines simulate the same model? A speed means nothing if they do not.

Rule: every form runs the same case with the same number of independent seeds. For each quantity the standard deviation
from seed to seed is pooled over all forms, as the same model has the same spread; two forms disagree if their means
differ by more than ``LIMIT`` standard errors of such a difference.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
import statistics
from collections.abc import Callable, Mapping, Sequence

from benchmarks.tandem import TANDEM, Result, Tandem

#: With 15 or more degrees of freedom, as used here, chance alone exceeds it in fewer than one comparison in 5,000.
LIMIT = 5.0

QUANTITIES: dict[str, Callable[[Result, Tandem], float]] = {
    "acute places held": lambda result, case: result.acute_mean,
    "community places held": lambda result, case: result.community_mean,
    "blocked": lambda result, case: result.blocked_mean,
    "events a day": lambda result, case: result.events / case.days,
}


def cases(days: float) -> tuple[Tandem, ...]:
    """The case as timed but shorter, and one with too few community places: blocked patients fill the acute places.

    In the first, blocking is too rare for a fault in it to show.
    """
    short = dataclasses.replace(TANDEM, days=days)
    return short, dataclasses.replace(short, name="tandem, 360 community places", community_places=360)


def tolerance(samples: Sequence[Sequence[float]]) -> float:
    """Largest difference between two means that the rule allows; all samples are of one size, at least two."""
    pooled = statistics.fmean(statistics.variance(sample) for sample in samples)
    return LIMIT * math.sqrt(pooled * 2 / len(samples[0]))


@dataclasses.dataclass(frozen=True)
class Check:
    """One quantity compared over all forms."""

    case: str
    quantity: str
    means: dict[str, float]
    tolerance: float

    @property
    def faults(self) -> list[str]:
        """Pairs of forms that disagree, in words."""
        return [
            f"{self.case}, {self.quantity}: {one} {self.means[one]:.2f} and {other} {self.means[other]:.2f} differ by "
            f"more than {self.tolerance:.2f}"
            for one, other in itertools.combinations(self.means, 2)
            if not abs(self.means[one] - self.means[other]) <= self.tolerance
        ]


def compare(case: Tandem, results: Mapping[str, Sequence[Result]]) -> list[Check]:
    """Compare every quantity over the forms that have run."""
    checks = []
    for quantity, value in QUANTITIES.items():
        samples = {form: [value(result, case) for result in runs] for form, runs in results.items()}
        means = {form: statistics.fmean(sample) for form, sample in samples.items()}
        checks.append(Check(case.name, quantity, means, tolerance(list(samples.values()))))
    return checks
