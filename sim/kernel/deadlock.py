"""Deadlock: stations whose holders are all blocked for one another; resolved by a simultaneous swap."""

from __future__ import annotations

from sim.kernel.blocking import go_over
from sim.kernel.jit import behind, called, rule
from sim.kernel.layout import NOBODY, NOWHERE, SWAPPED
from sim.kernel.queues import BLOCKED_QUEUE, head
from sim.kernel.stays import start
from sim.kernel.tally import book, hold

__all__ = ["suspicious", "swap"]


@rule
def suspicious(pools, stations):
    """Whether the holders of some station are all blocked."""
    for s in range(stations):
        if pools[s].blocked > 0 and pools[s].blocked == pools[s].occupied:
            return True
    return False


@rule
def _find_live(S):
    """Mark the stations where something will still happen; returns the first that is dead with a holder, or -1."""
    stations, classes = S.queue.shape[0], S.queue.shape[1]
    for s in range(stations):
        S.pool[s].live = S.pool[s].occupied == 0 or S.pool[s].blocked < S.pool[s].occupied
    changed = True
    while changed:
        changed = False
        for n in range(stations):
            if S.pool[n].live:
                for c in range(classes):
                    i = head(S.queue, n, c, BLOCKED_QUEUE)
                    while i != NOBODY:
                        if not S.pool[S.entity[i].lodge].live:
                            S.pool[S.entity[i].lodge].live = 1
                            changed = True
                        i = S.entity[i].next
    for s in range(stations):
        if not S.pool[s].live:
            return s
    return NOWHERE


@rule
def _longest_blocked(S, s):
    """Who holds a place of station `s` and has been blocked longest."""
    found = NOBODY
    for n in range(S.queue.shape[0]):
        for c in range(S.queue.shape[1]):
            i = head(S.queue, n, c, BLOCKED_QUEUE)
            while i != NOBODY:
                e = S.entity[i]
                if e.lodge == s:
                    other = S.entity[found] if found != NOBODY else e
                    if found == NOBODY or e.since < other.since or (e.since == other.since and e.id < other.id):
                        found = i
                i = e.next
    return found


@rule
def _circle(S, s):
    """Write the entities of the circle that is met from dead station `s` on into `circle`; returns how many."""
    for n in range(S.queue.shape[0]):
        S.pool[n].circle = NOBODY
    while S.pool[s].circle == NOBODY:  # walk until a station comes up again: that one is on the circle
        i = _longest_blocked(S, s)
        S.pool[s].circle = i
        s = S.entity[i].to
    first, size = s, 0
    while True:
        i = S.pool[s].circle
        S.pool[size].live = i  # the marks are no longer needed
        size += 1
        s = S.entity[i].to
        if s == first:
            return size


@called
def swap(tables, state, t):
    """Resolve every deadlock: all holders on its circle move at once, each into the place that the next one leaves."""
    T, S = behind(tables), behind(state)
    while suspicious(S.pool, S.queue.shape[0]):
        s = _find_live(S)
        if s == NOWHERE:
            return
        size = _circle(S, s)
        for k in range(size):
            i = S.pool[k].live
            e = S.entity[i]
            book(S, e.station, i, SWAPPED, t)
            hold(S.pool, e.lodge, -1, t)
            go_over(T, S, e.to, i, t)
        for k in range(size):
            i = S.pool[k].live
            start(T, S, S.entity[i].to, i, S.entity[i].to, t)
