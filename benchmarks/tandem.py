"""Case ``tandem``: two stations in line with blocking after service.

Patients arrive as a Poisson process, wait without limit for an acute place and stay there for a lognormal time. A share
of them then needs a community place, before which there is no waiting room: who finds none free keeps the acute place,
first blocked first moved. The others leave. The run starts empty and has no warm-up.

This file needs the standard library only, so that the process that starts the runs stays small.
"""

from __future__ import annotations

import dataclasses
import math
import sys


@dataclasses.dataclass(frozen=True)
class Tandem:
    """Parameters of the case; times are in days."""

    name: str = "tandem"
    days: float = 3650.0
    arrivals_per_day: float = 62.0
    acute_places: int = 500
    acute_stay_mean: float = 7.0
    acute_stay_cv: float = 1.3
    community_share: float = 0.25
    community_places: int = 420
    community_stay_mean: float = 25.0

    @property
    def acute_log_sd(self) -> float:
        """Standard deviation of the logarithm of the acute stay."""
        return math.sqrt(math.log1p(self.acute_stay_cv**2))

    @property
    def acute_log_mean(self) -> float:
        """Mean of the logarithm of the acute stay."""
        return math.log(self.acute_stay_mean) - self.acute_log_sd**2 / 2


TANDEM = Tandem()


@dataclasses.dataclass(frozen=True)
class Result:
    """What one run reports.

    Events are accepted arrivals and service ends at both stations; the moments at which a wait or a block ends are not
    counted, as no engine needs an entry in its event list for them. Seconds are CPU time of the run, without compiling
    and warming up. Means are over time, from the empty start to the end of the run.
    """

    events: int
    seconds: float
    acute_mean: float  #: acute places held, treated and blocked together
    community_mean: float  #: community places held
    blocked_mean: float  #: acute places held by patients who wait for a community place
    peak_mb: float  #: largest resident memory of the process so far

    @property
    def events_per_second(self) -> float:
        """Events per CPU second."""
        return self.events / self.seconds


def peak_mb() -> float:
    """Largest resident memory of this process so far, in MiB; not a number where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return math.nan
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)
