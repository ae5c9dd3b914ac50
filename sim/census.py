"""The population in service when a run starts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sim.kernel.draws import PURPOSE_CENSUS, pair
from sim.network.schema import Census, Network, Service
from sim.rates import stream
from sim.select import first_fit, levels_of
from sim.services import residual, resolve

__all__ = ["AtStart", "at_start", "identities", "residuals"]


class AtStart(NamedTuple):
    """Entities of one census row: identities, indices of their group and station, and whether they wait there."""

    ids: npt.NDArray[np.uint64]
    group: int
    station: int
    waits: bool


def at_start(network: Network, groups: Sequence[tuple[str, ...]]) -> Iterator[AtStart]:
    """Who is there when a run starts, by rows of the census; `groups` are those of the lowered network."""
    stations = list(network.stations)
    for number, row in enumerate(network.census):
        observed = (row.attributes.get(a, network.attributes[a][0]) for a in network.observe.by)
        group = groups.index((row.cls, *observed))
        ids = identities(number, row.count)
        yield AtStart(ids, group, stations.index(row.station), row.state == "waiting")


def identities(row_number: int, count: int) -> npt.NDArray[np.uint64]:
    """Identities of the entities of one census row."""
    first = stream(f"census:{row_number}") << 40
    return np.arange(first, first + count, dtype=np.uint64)


def residuals(network: Network, row_number: int, seed: int, replication: int) -> npt.NDArray[np.int64]:
    """Residual stays (ms) of the entities of one census row, in the order of their identities.

    They are conditional on the time already spent, or drawn from the stationary residual stay when the row does not
    say how long that is (the usual case for a midnight count).
    """
    row: Census = network.census[row_number]
    service = _service_of(network, row)
    ids = identities(row_number, row.count).tolist()
    u = [pair(seed, replication, PURPOSE_CENSUS, who, 0)[1] for who in ids]
    elapsed = None if row.elapsed == "stationary" else float(row.elapsed)
    return np.floor(residual(resolve(service), np.array(u), elapsed) + 0.5).astype(np.int64)


def _service_of(network: Network, row: Census) -> Service:
    rules = network.stations[row.station].service
    if not isinstance(rules, list):
        use = rules
    else:
        levels = levels_of(network, row.cls, row.attributes)
        use = rules[first_fit([r.where for r in rules], levels)].use
    return network.services[use] if isinstance(use, str) else use
