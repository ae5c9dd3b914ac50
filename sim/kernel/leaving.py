"""What happens when somebody's patience ends: leaving, dying, going elsewhere, or changing class."""

from __future__ import annotations

import numpy as np

from sim.kernel.blocking import refill
from sim.kernel.holding import list_station, release
from sim.kernel.jit import rule
from sim.kernel.layout import (
    AWAITED,
    BLOCKED,
    DIED,
    EXTRAS,
    GROUP_PICK,
    RECLASSIFIED_IN,
    RECLASSIFIED_OUT,
    RENEGED,
    THEN_CLASS,
    THEN_DIE,
    THEN_GO,
    TRANSFERRED_IN,
)
from sim.kernel.patience import be_patient, withdraw
from sim.kernel.pick import pick
from sim.kernel.queues import BLOCKED_QUEUE, WAITING_ROOM, insert, take_out
from sim.kernel.tally import book, enter, exit_state, note_left

__all__ = ["IS_GONE", "STAYS", "lose_patience", "settle"]

#: in the place of the flow by which somebody comes to a station: it stays in the queue, or it is gone
STAYS, IS_GONE = -2, -3


@rule
def _reclassify(T, S, i, state, n, c, t):
    """Entity `i` is of class `c` from now on, in the books of the places where it counts."""
    e = S.entity[i]
    u = e.station
    book(S, u, i, RECLASSIFIED_OUT, t)
    exit_state(S.present, S.running, u, e.group, state, t)
    if state == BLOCKED:
        exit_state(S.present, S.running, n, e.group, AWAITED, t)
    e.levels = (e.levels & ~127) | c
    e.cls = c
    e.group = pick(T.selector, T.pick, T.pick_rule, T.constants[GROUP_PICK], e.levels)
    book(S, u, i, RECLASSIFIED_IN, t)
    enter(S.present, S.running, u, e.group, state, t)
    if state == BLOCKED:
        enter(S.present, S.running, n, e.group, AWAITED, t)


@rule
def lose_patience(T, S, i, t):
    """The patience of entity `i` ends.

    Returns the flow by which it comes to another station (or STAYS, IS_GONE), the station whose queue it left or
    changes in, and its class before where that was a waiting room (else -1).
    """
    e = S.entity[i]
    number = np.int64(e.rule)
    row = T.patience[T.station[e.station].first_patience + number]
    state, c = row.state, e.cls
    blocked = state == BLOCKED
    n = e.to if blocked else e.station
    which = BLOCKED_QUEUE if blocked else WAITING_ROOM
    withdraw(S, i)
    take_out(T, S, n, c, which, i)
    e.fired |= 1 << number
    if row.then == THEN_CLASS:
        _reclassify(T, S, i, state, n, row.target, t)
        insert(T, S, n, e.cls, which, i)
        be_patient(T, S, i, state, t)
        return STAYS, n, -1 if blocked else c
    u = e.station
    exit_state(S.present, S.running, u, e.group, state, t)
    book(S, u, i, DIED if row.then == THEN_DIE else RENEGED, t)
    if T.constants[EXTRAS]:
        note_left(T, S, u, i, t)
    if blocked:
        exit_state(S.present, S.running, n, e.group, AWAITED, t)
        S.pool[e.lodge].blocked -= 1
        release(T, S, i, t)
    if row.then == THEN_GO:
        e.station = row.target
        return TRANSFERRED_IN, n, -1 if blocked else c
    return IS_GONE, n, -1 if blocked else c


@rule
def settle(T, S, n, c, levels, t):
    """After somebody left a queue of station `n`: refill the room of class `c` (if any), put the pools down."""
    if c >= 0:
        refill(T, S, n, c, t)
    list_station(T, S, n, levels)
