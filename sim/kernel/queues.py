"""Queues by station and class, the waiting room and the blocked; and lists in which an entity can stand anywhere.

All are doubly linked, so that whoever loses patience leaves from where it stands.
"""

from __future__ import annotations

from sim.kernel.jit import rule
from sim.kernel.layout import BY_VISIT, NOBODY

__all__ = [
    "BLOCKED_QUEUE",
    "NUMBER_INSIDE",
    "NUMBER_WAITING",
    "SERVING",
    "WAITING_ROOM",
    "append",
    "head",
    "insert",
    "link",
    "push_front",
    "take_out",
    "unlink",
]

WAITING_ROOM, BLOCKED_QUEUE = 0, 1
NUMBER_WAITING, NUMBER_INSIDE, SERVING = 4, 5, 6


@rule
def head(queue, s, c, which):
    """First entity of a queue, or -1."""
    return queue[s, c, 2 * which]


@rule
def _count(T, S, s, c, which, i, change):
    S.pool[s].queued += change
    for k in range(T.station[s].first_use, T.station[s].last_use):
        S.pool[T.linked[k]].wanted += change
    if which == WAITING_ROOM:
        S.queue[s, c, NUMBER_WAITING] += change
        if S.entity[i].inside:
            S.queue[s, c, NUMBER_INSIDE] += change


@rule
def link(entity, ends, s, c, at, i, before):
    """Put entity `i` before entity `before` (-1: at the end) into the list with ends `ends[s, c, at]` and the next."""
    e = entity[i]
    e.next = before
    previous = ends[s, c, at + 1] if before == NOBODY else entity[before].prev
    e.prev = previous
    if previous == NOBODY:
        ends[s, c, at] = i
    else:
        entity[previous].next = i
    if before == NOBODY:
        ends[s, c, at + 1] = i
    else:
        entity[before].prev = i


@rule
def unlink(entity, ends, s, c, at, i):
    """Take entity `i` out of such a list."""
    e = entity[i]
    if e.prev == NOBODY:
        ends[s, c, at] = e.next
    else:
        entity[e.prev].next = e.next
    if e.next == NOBODY:
        ends[s, c, at + 1] = e.prev
    else:
        entity[e.next].prev = e.prev


@rule
def append(T, S, s, c, which, i):
    """Put entity `i` at the end of a queue."""
    link(S.entity, S.queue, s, c, 2 * which, i, NOBODY)
    _count(T, S, s, c, which, i, 1)


@rule
def push_front(T, S, s, c, i):
    """Put entity `i` at the front of a waiting room."""
    link(S.entity, S.queue, s, c, 2 * WAITING_ROOM, i, head(S.queue, s, c, WAITING_ROOM))
    _count(T, S, s, c, WAITING_ROOM, i, 1)


@rule
def insert(T, S, s, c, which, i):
    """Put entity `i` into a queue by its time (of joining, or of the visit's start) and identity, behind equals."""
    visit = which == WAITING_ROOM and T.station[s].order == BY_VISIT
    time = S.extra[i].visit if visit else S.entity[i].since
    before, j = NOBODY, S.queue[s, c, 2 * which + 1]
    while j != NOBODY:
        other = S.extra[j].visit if visit else S.entity[j].since
        if other < time or (other == time and S.entity[j].id <= S.entity[i].id):
            break
        before = j
        j = S.entity[j].prev
    link(S.entity, S.queue, s, c, 2 * which, i, before)
    _count(T, S, s, c, which, i, 1)


@rule
def take_out(T, S, s, c, which, i):
    """Take entity `i` out of a queue, from wherever it stands."""
    unlink(S.entity, S.queue, s, c, 2 * which, i)
    _count(T, S, s, c, which, i, -1)
