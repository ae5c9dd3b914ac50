"""Two levers: how much of one is needed at each setting of the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from sim.experiments.inversion import Inversion, invert
from sim.run import Run
from sim.tables import Lowered

__all__ = ["frontier"]


def frontier(
    network_at: Callable[[int, int], Lowered],
    meets: Callable[[Run], bool],
    low: int,
    high: int,
    others: Iterable[int],
    seed: int,
    replications: int,
    **options: Any,
) -> dict[int, Inversion]:
    """Solve the inverse question for the first lever at each setting of the second.

    Parameters
    ----------
    network_at : callable
        Network for a setting of the first and one of the second lever: ``PlacesOf(network, "one", "other")``.
    meets : callable
        As in :func:`sim.experiments.invert`, with its other settings as `options`.
    low, high : int
        Range of the first lever, both included.
    others : iterable of int
        Settings of the second lever.
    seed, replications : int
        The same replications everywhere, so that the answers along the frontier differ by the levers alone.

    Returns
    -------
    dict
        The answer for the first lever by setting of the second.
    """
    return {y: invert(_At(network_at, y), meets, low, high, seed, replications, **options) for y in others}


@dataclass(frozen=True)
class _At:
    """The first lever, with the second one held."""

    network_at: Callable[[int, int], Lowered]
    other: int

    def __call__(self, capacity: int) -> Lowered:
        return self.network_at(capacity, self.other)
