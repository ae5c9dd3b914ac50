"""The log of a run as visits: one row for every entity at every station, from joining it to leaving it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from sim.census import at_start
from sim.kernel.layout import FLOWS, LOG_ROW
from sim.tables import Lowered

__all__ = ["STILL_THERE", "Visits", "visits"]

Ints = npt.NDArray[np.int64]

STILL_THERE = -1  #: in the place of an instant that has not come, and of how a visit ended that has not
#: flows with which somebody is at a station, and is there no longer
COMES = ("arrived", "returned", "transferred_in")
GOES = ("transferred_out", "left", "lost", "diverted", "reneged", "died")


@dataclass(frozen=True)
class Visits:
    """Visits in the order in which entities came, and of an entity in their own order.

    Parameters
    ----------
    entity : array
        Identity, which addresses its draws: the same entity has it in every scenario. Who returns is a new entity.
    group : array
        Class and attributes observed, when the visit ended: index of ``Lowered.groups``.
    station : array
        Index of the station.
    joined, started, served, left : array
        Instants (ms): it joined the station; its first stay in a place began; its active service ended; it gave up
        its place or its wait. Between `served` and `left` lie capacity delay and transition delay. ``STILL_THERE``
        where the instant has not come, or never comes.
    ended : array
        How the visit ended, index of ``sim.kernel.layout.FLOWS``: one of ``GOES``, or ``STILL_THERE``.
    """

    entity: npt.NDArray[np.uint64]
    group: npt.NDArray[np.int16]
    station: npt.NDArray[np.int16]
    joined: Ints
    started: Ints
    served: Ints
    left: Ints
    ended: npt.NDArray[np.int8]

    def __len__(self) -> int:
        """Return the number of visits."""
        return len(self.entity)


def visits(lowered: Lowered, log: npt.NDArray[np.void]) -> Visits:
    """Read the visits off a log.

    Parameters
    ----------
    lowered : Lowered
        The network that was run.
    log : structured array
        As ``Run.log_rows`` gives it, from the start of the run on.

    Returns
    -------
    Visits
        Who was there at the start has joined at 0.
    """
    start = _census(lowered)

    def column(name: str) -> npt.NDArray[Any]:
        return np.concatenate([start[name], log[name]])

    codes, names = pd.factorize(column("id"))
    order = np.argsort(codes, kind="stable")
    flow, time = column("flow")[order], column("time")[order]
    comes = np.isin(flow, [FLOWS.index(name) for name in COMES])
    visit = np.cumsum(comes) - 1  # nobody does anything before coming
    first = np.flatnonzero(comes)
    last = np.append(first[1:], len(flow))[: len(first)] - 1

    def instants(which: npt.NDArray[np.bool_]) -> Ints:
        """Instant of such a row in each visit, the last of several."""
        out = np.full(len(first), STILL_THERE)
        out[visit[which]] = time[which]
        return out

    starts = np.flatnonzero(flow == FLOWS.index("started"))[::-1]  # the first of several is written last
    started = np.full(len(first), STILL_THERE)
    started[visit[starts]] = time[starts]
    goes = np.isin(flow, [FLOWS.index(name) for name in GOES])
    ended = np.full(len(first), STILL_THERE, np.int8)
    ended[visit[goes]] = flow[goes]
    return Visits(
        entity=names[codes[order[first]]],
        group=column("group")[order[last]].astype(np.int16),
        station=column("station")[order[first]].astype(np.int16),
        joined=time[first],
        started=started,
        served=instants(flow == FLOWS.index("served")),
        left=instants(goes),
        ended=ended,
    )


def _census(lowered: Lowered) -> npt.NDArray[np.void]:
    """Rows of the log, as it were, of those who were there at the start."""
    parts = [np.zeros(0, LOG_ROW)]
    for there in at_start(lowered.network, lowered.groups):
        for flow in ("arrived",) if there.waits else ("arrived", "started"):
            rows = np.zeros(len(there.ids), LOG_ROW)
            rows["id"], rows["group"], rows["station"] = there.ids, there.group, there.station
            rows["flow"] = FLOWS.index(flow)
            parts.append(rows)
    return np.concatenate(parts)
