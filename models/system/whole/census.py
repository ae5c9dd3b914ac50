"""Who is there on the first day: what the traffic equations say is there on average, as far as places go.

A warm-up follows; the census only spares the run the first months, in which stays of weeks would fill up.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from typing import Any

from sim.load.averages import Averages
from sim.load.traffic import MOST, Traffic, kinds_of
from sim.network.schema import Network, Service, Station
from sim.select import CLASS, first_fit
from sim.services import mean_ms, resolve

__all__ = ["census"]

LONG_MS = 43_200_000.0  #: mean stays from half a day on count
FULL = 0.9  #: share of places in use at most


def census(network: Network, without: Collection[str] = ()) -> list[dict[str, Any]]:
    """Rows of a census of a network that has none.

    People are told apart by class and the first attribute that rules ask for; of the others each has the level that is
    most frequent among them. None where the rules tell too many kinds apart for the equations.

    Parameters
    ----------
    network : Network
    without : collection of str
        Stations that are left out.
    """
    kinds = kinds_of(network)
    if len(kinds.levels) * len(network.stations) > MOST:
        return []
    visits = Traffic(Averages(network), kinds).visits()
    rows: list[dict[str, Any]] = []
    for s, (name, station) in enumerate(network.stations.items()):
        if name in without or station.slots:
            continue
        loads = {}
        for levels, rate in zip(kinds.levels, visits[:, s], strict=True):
            stay = _stay(network, station, levels) if rate > 0 else 0.0
            if stay >= LONG_MS:
                loads[tuple(levels.items())] = float(rate) * stay
        rows += _rows(name, loads, min(_places(station), *_pools(network, station)))
    return rows


def _rows(name: str, loads: dict[tuple[tuple[str, str], ...], float], places: float) -> Iterator[dict[str, Any]]:
    """Whole people whose numbers sum to the load: of each group as many as still lack when it is reached."""
    whole, done, upto = sum(loads.values()), 0, 0.0
    scale = min(1.0, FULL * places / whole) if whole else 0.0
    groups: dict[tuple[tuple[str, str], ...], dict[tuple[tuple[str, str], ...], float]] = {}
    for levels, load in loads.items():
        groups.setdefault(levels[:2], {})[levels] = load
    for members in groups.values():
        upto += sum(members.values()) * scale
        count, done = int(upto) - done, int(upto)
        if count:
            levels = dict(max(members, key=lambda m: members[m]))
            yield {"station": name, "class": levels.pop(CLASS), "count": count, "attributes": levels}


def _stay(network: Network, station: Station, levels: dict[str, str]) -> float:
    use: Any = station.service
    if isinstance(use, list):
        use = use[first_fit([rule.where for rule in use], levels)].use
    service: Service = network.services[use] if isinstance(use, str) else use
    return mean_ms(resolve(service))


def _places(station: Any) -> float:
    places = station.places
    if isinstance(places, list):
        return float(min(step.places for step in places))
    return math.inf if places == "inf" else float(places)


def _pools(network: Network, station: Station) -> list[float]:
    """People whom the pools can serve that a stay holds, when each holds the first amount of it."""
    return [
        _places(network.pools[pool]) / steps[0].amount
        for rule in station.holds
        for pool, steps in rule.pools.items()
        if steps[0].amount > 0
    ] or [math.inf]
