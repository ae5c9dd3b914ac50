"""The list of timed events: a 4-ary heap of (time, entity), ties broken by (kind, station, identity).

The event being carried out leaves a hole at the top, which the next event to be scheduled fills: one walk down
instead of a removal and an insertion.
"""

from __future__ import annotations

from sim.kernel.jit import rule
from sim.kernel.layout import HEAP_SIZE, HOLE

__all__ = ["cancel", "close_hole", "open_hole", "schedule"]


@rule
def _earlier(S, t1, i1, t2, i2):
    if t1 != t2:
        return t1 < t2
    a, b = S.entity[i1], S.entity[i2]
    if a.due != b.due:
        return a.due < b.due
    if a.station != b.station:
        return a.station < b.station
    return a.id < b.id


@rule
def _first_child(S, child, last):
    """Position of the earliest of the children `child` to `last`, ties and all."""
    best = child
    for c in range(child + 1, last + 1):
        if _earlier(S, S.heap_time[c], S.heap_entity[c], S.heap_time[best], S.heap_entity[best]):
            best = c
    return best


@rule
def _sink(S, size, t, i):
    _sink_from(S, 0, size, t, i)


@rule
def _sink_from(S, at, size, t, i):
    times, who = S.heap_time, S.heap_entity
    while True:
        child = 4 * at + 1
        if child >= size:
            break
        last = min(child + 3, size - 1)
        best, bt, tie = child, times[child], False
        for c in range(child + 1, last + 1):  # no branch depends on the data but for ties, which are rare
            ct = times[c]
            tie |= ct == bt
            best = c if ct < bt else best
            bt = min(ct, bt)
        if tie:
            best = _first_child(S, child, last)
        if t < bt or (t == bt and _earlier(S, t, i, bt, who[best])):
            break
        times[at] = bt
        who[at] = who[best]
        at = best
    times[at] = t
    who[at] = i


@rule
def schedule(S, t, i):
    """Put entity `i` down for an event at time `t`; its kind and station stand in its record."""
    if S.numbers[HOLE]:
        S.numbers[HOLE] = 0
        _sink(S, S.numbers[HEAP_SIZE], t, i)
        return
    at = S.numbers[HEAP_SIZE]
    S.numbers[HEAP_SIZE] = at + 1
    times, who = S.heap_time, S.heap_entity
    while at > 0:
        parent = (at - 1) >> 2
        if not _earlier(S, t, i, times[parent], who[parent]):
            break
        times[at] = times[parent]
        who[at] = who[parent]
        at = parent
    times[at] = t
    who[at] = i


@rule
def open_hole(S):
    """Take the earliest event for carrying out; its place at the top is free for the next one."""
    S.numbers[HOLE] = 1
    return S.heap_entity[0]


@rule
def close_hole(S):
    """Close the hole if nothing was scheduled into it."""
    if S.numbers[HOLE]:
        S.numbers[HOLE] = 0
        size = S.numbers[HEAP_SIZE] - 1
        S.numbers[HEAP_SIZE] = size
        if size > 0:
            _sink(S, size, S.heap_time[size], S.heap_entity[size])


@rule
def cancel(S, i):
    """Take the event of entity `i` out of the list (which has no hole); returns its instant.

    The list is searched from its start: only a stay that gives way is cancelled, and a search of a few thousand
    numbers in a row costs less than knowing every position all the time.
    """
    times, who = S.heap_time, S.heap_entity
    at = 0
    while who[at] != i:
        at += 1
    found = times[at]
    size = S.numbers[HEAP_SIZE] - 1
    S.numbers[HEAP_SIZE] = size
    if at == size:
        return found
    t, j = times[size], who[size]
    while at > 0:
        parent = (at - 1) >> 2
        if not _earlier(S, t, j, times[parent], who[parent]):
            break
        times[at] = times[parent]
        who[at] = who[parent]
        at = parent
    _sink_from(S, at, size, t, j)
    return found
