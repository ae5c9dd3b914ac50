"""A hybrid model that has been checked: everything needed to run it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sim.hybrid.schema import PLACES_SEEN, STATES_SEEN, Drive, Feed
from sim.network.schema import Network
from sim.stocks.model import Model

__all__ = ["UNIT_MS", "Hybrid", "columns_of", "unit_days"]

#: length of the units of time, in ms
UNIT_MS = {
    "second": 1000.0,
    "minute": 60_000.0,
    "hour": 3_600_000.0,
    "day": 86_400_000.0,
    "week": 604_800_000.0,
    "month": 86_400_000.0 * 365.25 / 12,
    "quarter": 86_400_000.0 * 365.25 / 4,
    "year": 86_400_000.0 * 365.25,
}


@dataclass(frozen=True)
class Hybrid:
    """A network, stocks, and what passes between them.

    Parameters
    ----------
    name, about : str
    model : Model
        The stocks; their last time is that of the network's horizon.
    network : Network
    feeds, drives : tuple
    interval : int
        Time between exchanges, in ms: one step of the stocks.
    headline : tuple of str
        Columns of the stocks whose means are the answer.
    """

    name: str
    model: Model
    network: Network
    feeds: tuple[Feed, ...]
    drives: tuple[Drive, ...]
    interval: int
    headline: tuple[str, ...]
    about: str = ""
    entity: str = "person"
    place: str = "place"

    @property
    def exchanges(self) -> int:
        """Number of intervals."""
        return self.model.time.steps

    @property
    def first(self) -> int:
        """First interval that is measured: the network's warm-up comes before it."""
        return min(math.ceil(self.network.warm_up / self.interval), self.exchanges - 1)

    @property
    def _rate(self) -> str:
        return f"{self.entity}/{self.model.time.unit}"

    def unit_fed(self, feed: Feed) -> str:
        """Unit in which a feed gives its input."""
        if feed.observes in STATES_SEEN:
            return self.entity
        if feed.observes in PLACES_SEEN:
            return self.place
        return "dimensionless" if feed.observes == "occupancy" else self._rate

    def unit_set(self, drive: Drive) -> str:
        """Unit in which a drive takes its variable."""
        units = {"places": self.place, "arrivals": self._rate, "entities": self._rate}
        return units.get(drive.sets, "dimensionless")


def unit_days(unit: str) -> float | None:
    """Length of a unit of time in days; None for what is none."""
    name = unit.strip()
    found = UNIT_MS.get(name, UNIT_MS.get(name.removesuffix("s")))
    return None if found is None else found / UNIT_MS["day"]


def columns_of(model: Model, name: str) -> list[str]:
    """Columns that a name stands for: itself, or all elements of a subscripted variable."""
    wanted = "".join(name.split())
    return [c for c in model.columns() if "".join(c.split()) == wanted or c.partition("[")[0] == name.strip()]
