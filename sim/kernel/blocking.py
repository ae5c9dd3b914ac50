"""Blocking after service, and the granting of freed places with all that follows from it in the same instant."""

from __future__ import annotations

from sim.kernel.jit import rule
from sim.kernel.layout import (
    AWAITED,
    BLOCKED,
    DELAYED,
    NOBODY,
    TRANSFERRED_IN,
    TRANSFERRED_OUT,
    WAITING,
)
from sim.kernel.queues import BLOCKED_QUEUE, WAITING_ROOM, head, join, leave
from sim.kernel.stays import has_room, may_start, start, wait
from sim.kernel.tally import count, enter, exit_state, hold, note_wait

__all__ = ["block", "grant", "hand_over"]


@rule
def block(S, s, to, i, t):
    """Entity `i` keeps its place at `s` until one is free at `to`; its state at `s` has been left already."""
    e = S.entity[i]
    e.to = to
    enter(S, s, e.group, BLOCKED, t)
    enter(S, to, e.group, AWAITED, t)
    count(S, s, e.group, DELAYED)
    join(S, to, e.cls, BLOCKED_QUEUE, i, t)


@rule
def hand_over(S, s, to, g):
    """Count a transfer from `s` to `to`."""
    count(S, s, g, TRANSFERRED_OUT)
    count(S, to, g, TRANSFERRED_IN)


@rule
def _best(T, S, n):
    """Class and queue of the candidate that goes first at station `n`, or (-1, 0)."""
    best, best_queue, who = -1, 0, NOBODY
    for c in range(T.entry.shape[1]):
        if not may_start(T, S, n, c):
            continue
        for which in (WAITING_ROOM, BLOCKED_QUEUE):
            i = head(S, n, c, which)
            if i == NOBODY:
                continue
            if who == NOBODY or _ahead(T, S, n, c, which, i, best, best_queue, who):
                best, best_queue, who = c, which, i
    return best, best_queue


@rule
def _ahead(T, S, n, c, which, i, c2, which2, j):
    if T.entry[n, c].priority != T.entry[n, c2].priority:
        return T.entry[n, c].priority < T.entry[n, c2].priority
    if which != which2:
        return which < which2
    a, b = S.entity[i], S.entity[j]
    if a.since != b.since:
        return a.since < b.since
    return a.id < b.id


@rule
def _unblock(S, n, i, t):
    """Entity `i`, blocked for `n`, gives up its place upstream; returns the station it leaves."""
    e = S.entity[i]
    u = e.station
    exit_state(S, u, e.group, BLOCKED, t)
    exit_state(S, n, e.group, AWAITED, t)
    hold(S, u, -1, t)
    hand_over(S, u, n, e.group)
    return u


@rule
def _list(S, size, first, s):
    if not S.pool[s].listed:
        S.pool[s].listed = 1
        S.work[(first + size) % S.work.size] = s
        return size + 1
    return size


@rule
def grant(T, S, s, t):
    """Give freed places of station `s` to those who wait, and of every station that is freed by it."""
    first, size = 0, 1
    S.work[0] = s
    S.pool[s].listed = 1
    while size > 0:
        n = S.work[first]
        first = (first + 1) % S.work.size
        size -= 1
        S.pool[n].listed = 0
        while S.pool[n].queued > 0:
            c, which = _best(T, S, n)
            if c < 0:
                break
            i = leave(S, n, c, which)
            g = S.entity[i].group
            if which == BLOCKED_QUEUE:
                u = _unblock(S, n, i, t)
                size = _list(S, size, first, u)
            else:
                exit_state(S, n, g, WAITING, t)
                note_wait(T, S, n, g, t - S.entity[i].since, t)
            start(T, S, n, i, t)
            if which == WAITING_ROOM and head(S, n, c, BLOCKED_QUEUE) != NOBODY and has_room(T, S, n, c):
                j = leave(S, n, c, BLOCKED_QUEUE)
                u = _unblock(S, n, j, t)
                wait(S, n, j, t)
                size = _list(S, size, first, u)
