"""Queues by station and class: the waiting room and the blocked, each first in, first out."""

from __future__ import annotations

from sim.kernel.jit import rule
from sim.kernel.layout import NOBODY

__all__ = ["BLOCKED_QUEUE", "NUMBER_WAITING", "WAITING_ROOM", "head", "join", "leave"]

WAITING_ROOM, BLOCKED_QUEUE = 0, 1
NUMBER_WAITING = 4


@rule
def head(S, s, c, which):
    """First entity of a queue, or -1."""
    return S.queue[s, c, 2 * which]


@rule
def join(S, s, c, which, i, t):
    """Entity `i` joins the end of a queue at time `t`."""
    S.entity[i].next = NOBODY
    S.entity[i].since = t
    tail = S.queue[s, c, 2 * which + 1]
    if tail == NOBODY:
        S.queue[s, c, 2 * which] = i
    else:
        S.entity[tail].next = i
    S.queue[s, c, 2 * which + 1] = i
    S.pool[s].queued += 1
    if which == WAITING_ROOM:
        S.queue[s, c, NUMBER_WAITING] += 1


@rule
def leave(S, s, c, which):
    """Take the first entity out of a queue that is not empty."""
    i = S.queue[s, c, 2 * which]
    following = S.entity[i].next
    S.queue[s, c, 2 * which] = following
    if following == NOBODY:
        S.queue[s, c, 2 * which + 1] = NOBODY
    S.pool[s].queued -= 1
    if which == WAITING_ROOM:
        S.queue[s, c, NUMBER_WAITING] -= 1
    return i
