"""Networks small enough to be worked by hand from ``docs/semantics.md``, and their runs read by names.

Stays are deterministic. People come either from outside at given hours, or through *gates*: stations without limit,
each holding one census entity with a deterministic stay, so that somebody asks for a place, by transfer, at a known
hour. Areas are compared in hours.
"""

from collections.abc import Sequence
from typing import Any

from sim.clock import HOUR
from sim.kernel.layout import FLOWS, SNAPSHOT, STATES
from sim.network.load import load_network
from sim.network.schema import Network
from sim.rates import stream
from sim.twin import Twin

SEED, REPLICATION = 7, 3
WORD = 2**64 - 1

Person = tuple[float, str, str]  #: hour, class, station


def exactly(hours: float) -> dict[str, Any]:
    return {"kind": "deterministic", "mean": f"{hours} h"}


def ward(places: Any, hours: float, to: str = "leave", **more: Any) -> dict[str, Any]:
    return {"places": places, "service": exactly(hours), "routes": [{"to": {to: 1}}], **more}


def build(
    stations: dict[str, Any],
    people: Sequence[Person] = (),
    gates_first: bool = False,
    outside: Sequence[Person] = (),
    **more: Any,
) -> Network:
    """Network in which person i comes through gate i, or from outside as the only one of source ``p<i>``."""
    gates = {f"gate {i}": ward("inf", hour, to) for i, (hour, _, to) in enumerate(people)}
    rows = [
        {"station": f"gate {i}", "class": cls, "count": 1, "elapsed": "0 h"} for i, (_, cls, _) in enumerate(people)
    ]
    sources = {f"p{i}": {"class": cls, "to": to, "times": [f"{at} h"]} for i, (at, cls, to) in enumerate(outside)}
    return load_network(
        {
            "horizon": "40 h",
            "classes": ["a", "b"],
            "observe": {"period": "40 h", "snapshot_every": "1 h", "wait_over": ["0 h", "4 h"]},
            **more,
            "sources": {**sources, **more.get("sources", {})},
            "stations": {**gates, **stations} if gates_first else {**stations, **gates},
            "census": [*rows, *more.get("census", [])],
        }
    )


def identity(source: int) -> int:
    """Identity of the only arrival of source ``p<source>``."""
    return stream(f"p{source}") << 40


class Run:
    """A finished run, read by names."""

    def __init__(self, network: Network):
        self.network = network
        self.twin = Twin(network, SEED, REPLICATION)
        self.twin.advance(int(network.horizon))
        self.seen = self.twin.observations()

    def _at(self, station: str) -> int:
        return [*self.network.stations, *self.network.pools].index(station)

    def area(self, station: str, state: str, cls: int | None = None) -> float:
        found = self.seen["area"][:, self._at(station), :, STATES.index(state)]
        return float((found if cls is None else found[:, cls]).sum() / HOUR)

    def flow(self, station: str, name: str, cls: int | None = None) -> int:
        found = self.seen["flow"][:, self._at(station), :, FLOWS.index(name)]
        return int((found if cls is None else found[:, cls]).sum())

    def flows(self, station: str) -> dict[str, int]:
        return {name: self.flow(station, name) for name in FLOWS if self.flow(station, name)}

    def waited(self, station: str, cls: int | None = None) -> float:
        found = self.seen["wait_total"][:, self._at(station)]
        return float((found if cls is None else found[:, cls]).sum() / HOUR)

    def pool(self, pool: str, name: str) -> float:
        """Hours of a tally of pools or stations over the whole run: held, turnaround, places, draining, outlying."""
        return float(self.seen[f"{name}_area"][:, self._at(pool)].sum() / HOUR)

    def snapshot(self, station: str, name: str) -> list[int]:
        columns: list[str] = [*SNAPSHOT]
        return self.seen["snapshot"][:, self._at(station), columns.index(name)].tolist()

    def clock(self, name: str) -> tuple[int, int, float]:
        """How often a clock ended, how often above its limit, and the total in hours."""
        k = list(self.network.observe.clocks).index(name)
        ended, over, total = (self.seen[f"clock_{what}"][:, k].sum() for what in ("ended", "over", "total"))
        return int(ended), int(over), float(total / HOUR)
