"""What the figures of a network are indexed by, and which part of the run is measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sim.clock import DAY, HOUR, MINUTE
from sim.network.schema import Network
from sim.tables import Lowered

__all__ = ["UNITS", "Axes"]

#: milliseconds of the units in which a network may report
UNITS = {"min": MINUTE, "h": HOUR, "d": DAY, "w": 7 * DAY}

Int = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Axes:
    """Names along every axis, and the periods that count.

    Parameters
    ----------
    network : Network
    rows : list of str
        ``all``, then the classes when there are several, then classes by attributes when `observe.by` names any.
    members : array (rows, groups)
        1 where a tally group belongs to a row.
    limits : list of str
        Names of the limits of `observe.wait_over`, for example ``4h``.
    edges : array (periods + 1)
        Ends of the statistics periods (ms).
    measured : array of bool (periods)
        Periods that begin at or after the warm-up.
    """

    network: Network
    rows: list[str]
    members: Int
    limits: list[str]
    edges: Int
    measured: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, lowered: Lowered, limits: Sequence[str] | None = None) -> Axes:
        """Axes of a network; `limits` are the limits of waits as the file writes them."""
        network, groups = lowered.network, lowered.groups
        edges = np.array(lowered.tables.period_edges, np.int64)  # a copy: results shall not hold the network's tables
        measured = edges[:-1] >= network.warm_up
        several, by = len(network.classes) > 1, bool(network.observe.by)
        named = [("all", groups)]
        named += [(_class_row(c), [g for g in groups if g[0] == c]) for c in network.classes] if several else []
        named += [(_group_name(network, g), [g]) for g in groups] if by else []
        members = np.array([[int(g in inside) for g in groups] for _, inside in named], np.int64)
        limits = [_plain(w) for w in network.observe.wait_over] if limits is None else list(limits)
        return cls(network, [name for name, _ in named], members, limits, edges, measured)

    @property
    def stations(self) -> list[str]:
        """Names of the stations."""
        return list(self.network.stations)

    @property
    def places(self) -> list[str]:
        """Names of all pools: the own pool of every station, then the shared pools."""
        return [*self.network.stations, *self.network.pools]

    @property
    def clocks(self) -> list[str]:
        """Names of the clocks."""
        return list(self.network.observe.clocks)

    @property
    def unit_ms(self) -> int:
        """Milliseconds of the unit of time in which figures are given."""
        return UNITS[self.network.unit]

    @property
    def classes(self) -> dict[str, str]:
        """Row of every class: ``all`` where there is one class only."""
        several = len(self.network.classes) > 1
        return {c: _class_row(c) if several else "all" for c in self.network.classes}

    @property
    def groups(self) -> list[str]:
        """Rows of classes by attributes."""
        return self.rows[1 + (len(self.network.classes) if len(self.network.classes) > 1 else 0) :]

    def periods_of(self, instants: Int) -> Int:
        """Number of the period in which each instant (ms) lies."""
        return np.searchsorted(self.edges, instants, side="right") - 1


def _class_row(name: str) -> str:
    """Row of a class; one that is called ``all`` is told apart from all classes together."""
    return "class all" if name == "all" else name


def _group_name(network: Network, group: tuple[str, ...]) -> str:
    return ", ".join([group[0], *(f"{k}={v}" for k, v in zip(network.observe.by, group[1:], strict=True))])


def _plain(ms: float) -> str:
    """Name of a limit: its number and the largest of h, min, s and ms that makes it whole."""
    unit, size = next(((u, s) for u, s in (("h", HOUR), ("min", MINUTE), ("s", 1000)) if ms % s == 0), ("ms", 1))
    return f"{ms / size:g}{unit}"
