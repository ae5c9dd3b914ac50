"""Times that are judged against a limit, and the fine distribution of waits (section 11 of ``docs/semantics.md``)."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.network.schema import Network
from sim.twin.quantiles import whole_ms
from sim.twin.stations import Entity

__all__ = ["FINE_BINS", "Clocks", "fine_bin"]

FINE_BINS = 1152


class Clocks:
    """The clocks of a network, and what they have measured.

    Parameters
    ----------
    network : Network
    groups, periods : int
    """

    def __init__(self, network: Network, groups: int, periods: int):
        self.warm_up = whole_ms(network.warm_up)
        self.clocks = list(network.observe.clocks.values())
        names = list(network.stations)
        self.stations = [names.index(clock.station) for clock in self.clocks]
        at = (periods, len(self.clocks), groups)
        self.clock_ended = np.zeros(at, np.int64)
        self.clock_over = np.zeros(at, np.int64)
        self.clock_total = np.zeros(at, np.int64)
        self.fine = network.observe.wait_quantiles
        self.wait_fine = np.zeros((len(names), groups, FINE_BINS if self.fine else 0), np.int64)

    def end(self, now: int, period: int, entity: Entity, until: str) -> None:
        """End those clocks of the station where the entity is that run until a stay starts, or until it leaves."""
        if now < self.warm_up:
            return
        for k, clock in enumerate(self.clocks):
            if self.stations[k] == entity.station and clock.until == until:
                time = now - (entity.visit if clock.since == "visit" else entity.came)
                self.clock_ended[period, k, entity.group] += 1
                self.clock_over[period, k, entity.group] += time > clock.within
                self.clock_total[period, k, entity.group] += time
        if self.fine and until == "started":
            self.wait_fine[entity.station, entity.group, fine_bin(now - entity.came)] += 1

    def results(self) -> dict[str, Any]:
        """Everything measured so far."""
        names = ("clock_ended", "clock_over", "clock_total", "wait_fine")
        return {name: getattr(self, name) for name in names}


def fine_bin(wait: int) -> int:
    """Bin of a wait (ms): whole ms below 64, then 32 bins to each doubling."""
    if wait < 64:
        return wait
    e = wait.bit_length() - 1  # floor(log2(wait))
    return min(64 + 32 * (e - 6) + (wait >> (e - 5)) % 32, FINE_BINS - 1)
