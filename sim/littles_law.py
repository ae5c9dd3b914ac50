"""Little's law, asserted exactly: the time that entities spend at a station is the area under the number present.

With N(t) entities present, integer instants, and a period [T0, T1),

    area = integral of N = sum of times present of those who came = sum of (leaving - coming)
         = (leavings in the period) - (comings in the period) + N(T1) T1 - N(T0) T0,

summed as instants. The kernel keeps each area in this form, state by state, so it is exact by construction; what can
go wrong is that books which are kept apart disagree. They are compared here, for every station, group and period:

* *numbers at the edges*: N(T1) = N(T0) + in - out from the flows is never below nought, and equals what the daily
  snapshot counted where one falls on an edge (all groups together);
* *areas against numbers*: with L = T1 - T0, those who can neither have come nor left were there all the time, and those
  who were never there have spent none: max(N(T0) - out, N(T1) - in, 0) L <= area <= (N(T0) + in) L;
* *one book against another*: time blocked upstream is time awaited downstream, by group, in every period;
* *Lq = lambda Wq*, over the whole run so far: the area of those waiting is the sum of all waits booked when stays
  started, plus what those who still wait have waited. Exact where nobody has given up or changed class at the station;
  otherwise the sum is a lower bound, since waits that ended so are in no book.

Time held of places against time held by entities is part of :mod:`sim.conservation`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sim.census import at_start
from sim.errors import ConservationError
from sim.kernel.layout import (
    ARRIVED,
    AWAITED,
    BLOCKED,
    DIED,
    DIVERTED,
    LEFT,
    LOST,
    NOBODY,
    NOW,
    PERIOD,
    RECLASSIFIED_IN,
    RECLASSIFIED_OUT,
    RENEGED,
    RETURNED,
    SNAPSHOT_AT,
    SNAPSHOT_STEP,
    TRANSFERRED_IN,
    TRANSFERRED_OUT,
    WAIT_TOTAL,
    WAITING,
    State,
)
from sim.kernel.queues import WAITING_ROOM
from sim.tables import Lowered

__all__ = ["assert_littles_law", "numbers_at_edges"]

Ints = npt.NDArray[np.int64]

_IN = [ARRIVED, RETURNED, TRANSFERRED_IN, RECLASSIFIED_IN]
_OUT = [LEFT, LOST, TRANSFERRED_OUT, DIVERTED, RENEGED, DIED, RECLASSIFIED_OUT]
_UNBOOKED = [RENEGED, DIED, RECLASSIFIED_IN, RECLASSIFIED_OUT]


def assert_littles_law(lowered: Lowered, s: State) -> None:
    """Check areas against flows, snapshots and waits; cheap enough for the end of every run.

    Parameters
    ----------
    lowered : Lowered
    s : State
        At any instant; the periods that have ended are checked.

    Raises
    ------
    ConservationError
        Naming the first station and period at which two books disagree.
    """
    closed = int(s.numbers[PERIOD])
    edges = lowered.tables.period_edges[: closed + 1]
    came, gone = _came_and_gone(s)
    number = _numbers(lowered, came - gone)[: closed + 1]
    came, gone = came[:closed], gone[:closed]
    area = s.area[:closed]
    names = list(lowered.network.stations)
    _fail(number < 0, "fewer than nobody", names)
    _snapshots(lowered, s, edges, number, names)
    length = np.diff(edges)[:, None, None]
    present = area[..., :AWAITED].sum(axis=-1)
    stayed = np.maximum(np.maximum(number[:-1] - gone, number[1:] - came), 0)
    _fail(present < stayed * length, "less time than those spent who were there throughout", names)
    _fail(present > (number[:-1] + came) * length, "more time than those could spend who were ever there", names)
    differ = area[..., BLOCKED].sum(axis=1) != area[..., AWAITED].sum(axis=1)
    if differ.any():
        p, g = np.argwhere(differ)[0]
        raise ConservationError(f"time blocked and time awaited of {lowered.groups[g]} differ in period {p}")
    _waits(s, names)


def numbers_at_edges(lowered: Lowered, s: State) -> Ints:
    """Entities present at the beginning of each period and at the end of the last, by station and group, by the flows.

    Returns
    -------
    ndarray (periods + 1, stations, groups)
        Of periods that have not ended, what is known so far.
    """
    came, gone = _came_and_gone(s)
    return _numbers(lowered, came - gone)


def _came_and_gone(s: State) -> tuple[Ints, Ints]:
    """Entities that came in and went out, by period, station and group."""
    which = np.zeros((2, s.flow.shape[-1]), np.int64)
    which[0, _IN] = which[1, _OUT] = 1
    return s.flow @ which[0], s.flow @ which[1]


def _numbers(lowered: Lowered, change: Ints) -> Ints:
    out = np.zeros((len(change) + 1, *change.shape[1:]), np.int64)
    for row in at_start(lowered.network, lowered.groups):
        out[0, row.station, row.group] += len(row.ids)
    np.cumsum(change, axis=0, out=out[1:])
    out[1:] += out[0]
    return out


def _snapshots(lowered: Lowered, s: State, edges: Ints, number: Ints, names: list[str]) -> None:
    """What was counted at an edge is what the flows say."""
    step = int(lowered.tables.constants[SNAPSHOT_STEP])
    for p in np.flatnonzero(edges % step == 0):
        n = int(edges[p] // step)
        if n < min(int(s.numbers[SNAPSHOT_AT]), len(s.snapshot)):
            counted = s.snapshot[n, : len(names), :AWAITED].sum(axis=-1)
            found = number[p].sum(axis=-1)
            if not np.array_equal(counted, found):
                at = int(np.flatnonzero(counted != found)[0])
                raise ConservationError(
                    f"'{names[at]}' holds {counted[at]} entities at the beginning of period {p}, "
                    f"{found[at]} by the flows"
                )


def _waits(s: State, names: list[str]) -> None:
    """Time spent waiting so far is the sum of the waits booked and of the waits that go on."""
    now = int(s.numbers[NOW])
    waiting = s.area[..., WAITING].sum(axis=0)
    if s.numbers[PERIOD] < len(s.area):  # the period that has not ended
        waiting = waiting + s.running[..., WAITING] + s.present[..., WAITING].astype(np.int64) * now
    flow = s.flow.sum(axis=0)
    booked = flow[..., WAIT_TOTAL] + _going_on(s, now)
    unbooked = flow[..., _UNBOOKED].any(axis=-1)
    _fail((waiting != booked)[None] & ~unbooked[None], "time waiting differs from the sum of waits", names)
    by_station = unbooked.any(axis=-1)
    less = waiting.sum(axis=-1) < booked.sum(axis=-1)
    _fail((less & by_station)[None, :, None], "time waiting is less than the sum of waits", names)


def _going_on(s: State, now: int) -> Ints:
    """Time that those who wait have waited so far, by station and group."""
    out = np.zeros(s.present.shape[:2], np.int64)
    heads = s.queue[..., 2 * WAITING_ROOM]
    if not (heads != NOBODY).any():
        return out
    following = s.entity["next"].tolist()
    since, group = s.entity["since"].tolist(), s.entity["group"].tolist()
    for station, cls in np.argwhere(heads != NOBODY).tolist():
        i = int(heads[station, cls])
        while i != NOBODY:
            out[station, group[i]] += now - since[i]
            i = following[i]
    return out


def _fail(wrong: npt.NDArray[np.bool_], what: str, names: list[str]) -> None:
    if wrong.any():
        p, station, _ = np.argwhere(wrong)[0]
        raise ConservationError(f"{what} at '{names[station]}' in period {p}")
