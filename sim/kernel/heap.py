"""The list of timed events, in order of (time, kind, station, identity).

Those that are due soon stand in a 4-ary heap, which is small and so stays in the processor's nearest cache. All others
stand in a wheel of buckets by time, in no order (Varghese and Lauck 1987, "Hashed and hierarchical timing wheels"); a
bucket is moved into the heap when its time comes. The more arrive, the shorter a bucket lasts (`sim/run.py`), so that
the heap does not grow with the network. The event being carried out leaves a hole at the top of the heap,
which the next event fills if it is due soon: one walk down instead of a removal and an insertion.
"""

from __future__ import annotations

from sim.kernel.jit import ask_for, rule
from sim.kernel.layout import BUCKET_BITS, FOREVER, HEAP_SIZE, HOLE, LATER, NOBODY, OPENED

__all__ = ["cancel", "close_hole", "open_hole", "next_time", "schedule"]


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
def _sink(S, at, size, t, i):
    """Let an event find its place in the heap from position `at` on, downwards."""
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
def _rise(S, at, t, i):
    """Position that an event finds in the heap from position `at` on, upwards; it is not written there."""
    times, who = S.heap_time, S.heap_entity
    while at > 0:
        parent = (at - 1) >> 2
        if not _earlier(S, t, i, times[parent], who[parent]):
            break
        times[at] = times[parent]
        who[at] = who[parent]
        at = parent
    return at


@rule
def _push(S, t, i):
    """Put an event into the heap."""
    at = S.numbers[HEAP_SIZE]
    S.numbers[HEAP_SIZE] = at + 1
    at = _rise(S, at, t, i)
    S.heap_time[at] = t
    S.heap_entity[at] = i


@rule
def schedule(S, t, i):
    """Put entity `i` down for an event at time `t`; its kind and station stand in its record."""
    N = S.numbers
    S.entity[i].since = t
    if t >> N[BUCKET_BITS] > N[OPENED]:
        at = (t >> N[BUCKET_BITS]) & (S.bucket.size - 1)
        S.later[i] = S.bucket[at]
        S.bucket[at] = i
        N[LATER] += 1
    elif N[HOLE]:
        N[HOLE] = 0
        _sink(S, 0, N[HEAP_SIZE], t, i)
    else:
        _push(S, t, i)


@rule
def _open_bucket(S):
    """Move the next bucket into the heap, but for events of a later turn of the wheel.

    Who is next is not in the records, so that those of a bucket are read together: one by one takes longer. What else
    the events will want to know of their entities is asked for now.
    """
    N = S.numbers
    number = N[OPENED] + 1
    N[OPENED] = number
    at = number & (S.bucket.size - 1)
    i = S.bucket[at]
    S.bucket[at] = NOBODY
    while i != NOBODY:
        following, t = S.later[i], S.entity[i].since
        if t >> N[BUCKET_BITS] == number:
            N[LATER] -= 1
            _push(S, t, i)
            ask_for(S.extra, i)
        else:
            S.later[i] = S.bucket[at]
            S.bucket[at] = i
        i = following


@rule
def next_time(S, limit):
    """Instant of the earliest event, if it is not after `limit` (else some instant after that)."""
    N = S.numbers
    while N[HEAP_SIZE] == 0 and N[LATER] > 0 and (N[OPENED] + 1) << N[BUCKET_BITS] <= limit:
        _open_bucket(S)
    return S.heap_time[0] if N[HEAP_SIZE] > 0 else FOREVER


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
            _sink(S, 0, size, S.heap_time[size], S.heap_entity[size])


@rule
def cancel(S, i):
    """Take the event of entity `i` out of the list (which has no hole); returns its instant.

    Its bucket, or the heap, is searched from the start: only a stay that gives way is cancelled, and a short search
    costs less than knowing every position all the time.
    """
    N, found, at = S.numbers, S.entity[i].since, 0
    if found >> N[BUCKET_BITS] > N[OPENED]:
        N[LATER] -= 1
        at = (found >> N[BUCKET_BITS]) & (S.bucket.size - 1)
        j = S.bucket[at]
        if j == i:
            S.bucket[at] = S.later[i]
            return found
        while S.later[j] != i:
            j = S.later[j]
        S.later[j] = S.later[i]
        return found
    while S.heap_entity[at] != i:
        at += 1
    size = N[HEAP_SIZE] - 1
    N[HEAP_SIZE] = size
    if at < size:
        t, last = S.heap_time[size], S.heap_entity[size]
        _sink(S, _rise(S, at, t, last), size, t, last)
    return found
