"""Whether a network can have a steady state: by its offered load before the run, and by its queues after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy import special

from sim.load.averages import Averages
from sim.load.offered import Load, offered_load
from sim.network.cycles import deadlock_prone
from sim.network.schema import Network

__all__ = ["Steadiness", "Trend", "steadiness", "trends"]

_LEVEL = 0.01  #: error of each comparison of thirds
_FACTOR, _STEP = 1.5, 1.0  #: growth that matters: by this factor and by so many entities


@dataclass(frozen=True)
class Trend:
    """Mean queue (waiting and awaited) at a station in the first and the last third of the measured time."""

    first: float
    last: float
    p_value: float
    growing: bool


@dataclass
class Steadiness:
    """What is known about a steady state.

    Parameters
    ----------
    loads : list of Load
        Of stations and pools; empty when they were not worked out.
    trends : dict
        By station; empty with one replication, or when the measured time was looked at too seldom.
    changes : list of str
        What the file lets change in the measured time.
    warnings, notes : list of str
        In words, for the user; notes are not about the results of this run.
    """

    loads: list[Load] = field(default_factory=list)
    trends: dict[str, Trend] = field(default_factory=dict)
    changes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def overloaded(self) -> list[str]:
        """Stations and pools without a steady state by their offered load."""
        return [load.name for load in self.loads if load.overloaded or load.caught]

    @property
    def growing(self) -> list[str]:
        """Stations whose queue has grown from the first to the last third of the measured time."""
        return [name for name, trend in self.trends.items() if trend.growing]

    @property
    def steady(self) -> bool:
        """Whether nothing speaks against a steady state."""
        return not (self.overloaded or self.growing)


def steadiness(network: Network, queues: Sequence[npt.NDArray[np.float64]] = ()) -> Steadiness:
    """Judge a network.

    Parameters
    ----------
    network : Network
    queues : sequence of array (stations, 3)
        Mean queue of each replication in thirds of the measured time; none before the run.
    """
    found = Steadiness(changes=Averages(network).changes())
    loads = offered_load(network)
    found.loads = loads or []
    found.trends = trends(list(network.stations), queues)
    if loads is None:
        found.notes.append("the offered load was not worked out: the rules tell too many kinds of entities apart")
    found.warnings += [_overload(load, found.changes) for load in found.loads if load.overloaded]
    found.warnings += [_caught(load) for load in found.loads if load.caught]
    over = set(found.overloaded)
    found.warnings += [_growth(n, found.trends[n], found.changes) for n in found.growing if n not in over]
    found.notes += [
        f"stations {', '.join(ring)} can block one another in a circle; such deadlocks are resolved by moving all of "
        "the circle at once, and counted as swapped"
        for ring in deadlock_prone(network)
    ]
    return found


def trends(names: Sequence[str], queues: Sequence[npt.NDArray[np.float64]]) -> dict[str, Trend]:
    """Compare the queues of the last third with those of the first: paired t over replications, one-sided."""
    n = len(queues)
    if n < 2:  # noqa: PLR2004
        return {}
    thirds = np.stack(queues)
    first, last = thirds[..., 0], thirds[..., 2]
    found = {}
    for s, name in enumerate(names):
        gain = last[:, s] - first[:, s]
        spread = float(gain.std(ddof=1)) / n**0.5
        mean = float(gain.mean())
        p = float(special.stdtr(n - 1, -mean / spread)) if spread > 0 else (0.0 if mean > 0 else 1.0)
        a, b = float(first[:, s].mean()), float(last[:, s].mean())
        found[name] = Trend(a, b, p, p < _LEVEL and b > _FACTOR * a and b - a > _STEP)
    return found


def _overload(load: Load, changes: list[str]) -> str:
    at = f"'{load.name}'" if load.kind == "station" else f"pool '{load.name}'"
    if load.utilisation >= 1 - 1e-9:
        eased = load.utilisation > load.strain * (1 + 1e-9)
        least = f", {load.strain:.2f} of all that may be opened" if eased else ""
        numbers = f"({load.offered:.1f} for {load.places:.4g} places{least})"
        share = f"offered load {load.utilisation:.2f} of its places {numbers}"
    else:
        share = f"{load.strain:.2f} visits for each appointment offered"
    if changes:
        return f"{at} is overloaded over the measured time: {share}; {_some(changes)}"
    return (
        f"no steady state at {at}: {share}; the queue grows without end and the means below are those of this "
        "horizon only"
    )


def _some(changes: list[str]) -> str:
    more = ", …" if len(changes) > 3 else ""  # noqa: PLR2004
    return f"{', '.join(changes[:3])}{more} {'changes' if len(changes) == 1 else 'change'} in it, so read by_period"


def _caught(load: Load) -> str:
    return f"no steady state: those who come to '{load.name}' can never leave the network, so their number only grows"


def _growth(name: str, trend: Trend, changes: list[str]) -> str:
    grew = f"the mean queue for '{name}' grew from {trend.first:.1f} to {trend.last:.1f} between the first and the last"
    if changes:
        return f"{grew} third of the measured time; {_some(changes)}"
    return (
        f"{grew} third of the measured time: no steady state was seen (too much load or blocking, or too short a "
        "warm-up), and the means below are those of this horizon only"
    )
