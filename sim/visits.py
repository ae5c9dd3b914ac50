"""The log of a run as visits: one row for every entity at every station, from joining it to leaving it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
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
#: a visit while it is read, with the number of its first row in the log
VISIT = np.dtype(
    [("number", np.int64), ("entity", np.uint64), ("joined", np.int64), ("started", np.int64), ("served", np.int64)]
    + [("left", np.int64), ("group", np.int16), ("station", np.int16), ("ended", np.int8)]
)
ROWS_AT_ONCE = 2_000_000  #: of the log, 24 bytes each; what is made of them for a moment takes about five times that


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


def visits(lowered: Lowered, blocks: Iterable[npt.NDArray[np.void]]) -> Visits:
    """Read the visits off a log.

    It is read a part at a time: what is not ended by then goes on into the next.

    Parameters
    ----------
    lowered : Lowered
        The network that was run.
    blocks : iterable of structured arrays
        Rows of the log in their order, from the start of the run on, as ``Run.log_blocks`` gives them.

    Returns
    -------
    Visits
        Who was there at the start has joined at 0.
    """
    rows, found = _census(lowered), []
    number, read = np.arange(len(rows)), len(rows)
    for block in _gathered(blocks):
        rows = np.concatenate([rows, block])
        number = np.concatenate([number, np.arange(read, read + len(block))])
        read += len(block)
        some, unended = _read(rows, number)
        found.append(some[some["ended"] != STILL_THERE])
        rows, number = rows[unended], number[unended]
    found.append(_read(rows, number)[0])
    return _in_order(found)


def _gathered(blocks: Iterable[npt.NDArray[np.void]]) -> Iterator[npt.NDArray[np.void]]:
    """Blocks put together until there are enough rows to be worth a step."""
    some: list[npt.NDArray[np.void]] = []
    for block in blocks:
        some.append(block)
        if sum(map(len, some)) >= ROWS_AT_ONCE:
            yield np.concatenate(some)
            some = []
    if some:
        yield np.concatenate(some)


def _read(rows: npt.NDArray[np.void], number: Ints) -> tuple[npt.NDArray[np.void], Ints]:
    """Visits in these rows of a log, and which rows are of visits that have not ended."""
    codes, _ = pd.factorize(rows["id"])
    order = np.argsort(codes, kind="stable")
    flow, time = rows["flow"][order], rows["time"][order]
    comes = np.isin(flow, [FLOWS.index(name) for name in COMES])
    visit = np.cumsum(comes) - 1  # nobody does anything before coming
    first = np.flatnonzero(comes)
    last = np.append(first[1:], len(flow))[: len(first)] - 1
    out = np.zeros(len(first), VISIT)
    for name in ("started", "served", "left", "ended"):
        out[name] = STILL_THERE
    starts = np.flatnonzero(flow == FLOWS.index("started"))[::-1]  # the first of several is written last
    out["started"][visit[starts]] = time[starts]
    served = flow == FLOWS.index("served")
    out["served"][visit[served]] = time[served]  # the last of several
    goes = np.isin(flow, [FLOWS.index(name) for name in GOES])
    out["left"][visit[goes]] = time[goes]
    out["ended"][visit[goes]] = flow[goes]
    out["number"], out["joined"] = number[order[first]], time[first]
    out["entity"], out["station"] = rows["id"][order[first]], rows["station"][order[first]]
    out["group"] = rows["group"][order[last]]
    return out, np.sort(order[out["ended"][visit] == STILL_THERE])


def _in_order(found: list[npt.NDArray[np.void]]) -> Visits:
    """Entities in the order in which they came, and of an entity its visits in their own order."""

    def column(name: str) -> npt.NDArray[Any]:
        return np.concatenate([part[name] for part in found])  # one at a time: together they need twice the memory

    order = np.argsort(column("number"))
    order = order[np.argsort(pd.factorize(column("entity")[order])[0], kind="stable")]
    return Visits(*(column(field.name)[order] for field in fields(Visits)))


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
