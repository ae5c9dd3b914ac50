"""Networks small enough to be worked by hand, run by the kernel and by the reference, and read by names.

People come at given times; stays are fixed. Both programs must agree to the last bit; times are then read in hours.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from sim.clock import HOUR
from sim.kernel.layout import FLOWS, SNAPSHOT, STATES
from sim.network.load import load_network
from sim.run import Run
from sim.tables import lower
from sim.twin import Twin

SEED, REPLICATION = 7, 3


def lasting(hours: float) -> dict[str, Any]:
    return {"kind": "deterministic", "mean": f"{hours} h"}


def station(places: Any, hours: float, to: str = "leave", **more: Any) -> dict[str, Any]:
    """A station of fixed stays that leads to one other."""
    return {"places": places, "service": lasting(hours), "routes": [{"to": {to: 1}}], **more}


def arriving(to: str, hours: Sequence[float], cls: str = "a", **more: Any) -> dict[str, Any]:
    return {"class": cls, "to": to, "times": [f"{hour} h" for hour in hours], **more}


def network(stations: dict[str, Any], *sources: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A day of a network with classes a and b, in one period."""
    horizon = more.get("horizon", "24 h")
    return {
        "horizon": horizon,
        "classes": ["a", "b"],
        "sources": {f"in {i}": source for i, source in enumerate(sources)},
        "stations": stations,
        "observe": {"period": horizon, "snapshot_every": "1 h"},
        **more,
    }


class Outcome:
    """What the kernel and the reference both wrote down."""

    def __init__(self, given: dict[str, Any]):
        checked = load_network(given)
        run, twin = Run(lower(checked), SEED, REPLICATION), Twin(checked, SEED, REPLICATION)
        run.advance()
        twin.advance(int(checked.horizon))
        self.seen, by_twin = run.observations(), twin.observations()
        assert self.seen.keys() == by_twin.keys()
        assert [name for name in by_twin if not np.array_equal(self.seen[name], by_twin[name])] == []
        self.classes, self.stations = checked.classes, list(checked.stations)
        self.pools = [*checked.stations, *checked.pools]

    def flows(self, name: str, cls: str | None = None) -> dict[str, int]:
        """Flows of a station that are not zero."""
        found = self._of(self.seen["flow"][:, self.stations.index(name)], cls)
        return {flow: int(n) for flow, n in zip(FLOWS, found, strict=True) if n}

    def hours(self, name: str, cls: str | None = None) -> dict[str, float]:
        """Entity-hours of a station by state, where there are any."""
        found = self._of(self.seen["area"][:, self.stations.index(name)], cls) / HOUR
        return {state: float(n) for state, n in zip(STATES, found, strict=True) if n}

    def waits(self, name: str, cls: str | None = None) -> float:
        """Hours waited, of those who started."""
        return float(self._of(self.seen["wait_total"][:, self.stations.index(name), :, None], cls)[0] / HOUR)

    def of_pool(self, name: str, what: str) -> list[float]:
        """Place-hours of a pool, by period."""
        return (self.seen[what][:, self.pools.index(name)] / HOUR).tolist()

    def of_station(self, name: str, what: str) -> list[int]:
        return self.seen[what][:, self.stations.index(name)].tolist()

    def snapshots(self, name: str, what: str) -> list[int]:
        """Hour by hour, from the start."""
        return self.seen["snapshot"][:, self.pools.index(name), SNAPSHOT.index(what)].tolist()

    def _of(self, found: np.ndarray, cls: str | None) -> np.ndarray:
        """Sum of (periods, groups, …) over periods, and over groups or for one."""
        by_group = found.sum(axis=0)
        return by_group.sum(axis=0) if cls is None else by_group[self.classes.index(cls)]
