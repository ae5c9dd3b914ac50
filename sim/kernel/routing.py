"""Where entities go: destinations by share or by state, the end of a stay, and who takes in those who come."""

from __future__ import annotations

import numpy as np

from sim.kernel.blocking import has_room
from sim.kernel.draws import PURPOSE_TRANSITION, uniforms
from sim.kernel.heap import schedule
from sim.kernel.holding import may_start
from sim.kernel.jit import rule
from sim.kernel.layout import (
    BY_SHARES,
    FIRST_FREE,
    IN_SERVICE,
    IN_TRANSITION,
    INFINITE,
    LEAVES,
    NO_PREEMPTION,
    NOBODY,
    SERVED,
    SHORTEST,
    TRANSITION_END,
)
from sim.kernel.lengths import length
from sim.kernel.pick import pick
from sim.kernel.stays import end_stay, give_way, victim
from sim.kernel.tally import book, shift
from sim.kernel.times import departure

__all__ = ["NOT_TAKEN", "STARTS", "VANISHES", "WAITS", "end_service", "seek"]

U = np.uint64

NOT_TAKEN, STARTS, WAITS, VANISHES = range(4)  #: how somebody who comes is taken in


@rule
def _less_loaded(S, a, b):
    """Whether station `a` has a lower load for its places than station `b`."""
    x, y = S.pool[a], S.pool[b]
    if y.places == INFINITE:
        return False
    if x.places == INFINITE:
        return (y.occupied + y.queued) > 0 or y.places == 0
    if x.places == 0:
        return False
    if y.places == 0:
        return True
    return (x.occupied + x.queued) * y.places < (y.occupied + y.queued) * x.places


@rule
def _by_state(T, S, i, how, first, last):
    """Position of the destination that its state recommends."""
    best = first
    if how == FIRST_FREE:
        for at in range(first, last):
            if may_start(T, S, T.route[at].to, i):
                return at
        for at in range(first, last):
            if has_room(T, S, T.route[at].to, S.entity[i].cls, True):
                return at
        return first
    for at in range(first + 1, last):
        a, b = T.route[at].to, T.route[best].to
        better = S.pool[a].queued < S.pool[b].queued if how == SHORTEST else _less_loaded(S, a, b)
        if better:
            best = at
    return best


@rule
def _route(T, S, i):
    """Position of the entity's destination in the route tables, or -1 where a station has no routes (all leave)."""
    e = S.entity[i]
    row = pick(T.selector, T.pick, T.pick_rule, T.station[e.station].route, e.levels)
    if row < 0:
        return -1
    at, last, how = T.choice[row].first, T.choice[row].last, T.choice[row].how
    if how != BY_SHARES:
        return _by_state(T, S, i, how, at, last)
    while at < last - 1 and e.route >= S.share[at]:
        at += 1
    return at


@rule
def end_service(T, S, i, t):
    """The stay of entity `i` is over; True when it departs at once, False when a transition delay keeps it."""
    e = S.entity[i]
    s = e.station
    book(S, s, i, SERVED, t)
    if not T.station[s].simple:
        end_stay(T, S, i)
    at = _route(T, S, i)
    delay = -1
    if at < 0:
        e.to = LEAVES
    else:
        e.to = T.route[at].to
        delay = T.route[at].transition
    window = T.station[s].window
    if delay < 0 and window < 0:
        return True
    ready = t
    a, b = uniforms(S.words[0], S.words[1], U(PURPOSE_TRANSITION), e.id, U(e.stay))
    if delay >= 0:
        ready += length(T, delay, a)
    if window >= 0:
        ready = departure(T, window, ready, b)
    if ready == t:
        return True
    shift(S.present, S.running, s, e.group, IN_SERVICE, IN_TRANSITION, t)
    e.due = TRANSITION_END
    schedule(S, ready, i)
    return False


@rule
def seek(T, S, d, i, inside, t):
    """Find who takes entity `i` in when it comes to station `d`: that station, or one of its chain of diversions.

    Returns the station and how it is taken in. Somebody in service at `d` may have to give way.
    """
    c = S.entity[i].cls
    if may_start(T, S, d, i):
        return d, STARTS
    station = T.station[d]
    if station.preempt != NO_PREEMPTION:
        v = victim(T, S, d, i)
        if v != NOBODY:
            give_way(T, S, d, v, t)
            return d, STARTS
    if has_room(T, S, d, c, inside):
        return d, WAITS
    n = station.divert
    while n >= 0:
        if may_start(T, S, n, i):
            return n, STARTS
        if has_room(T, S, n, c, False):
            return n, WAITS
        n = T.station[n].divert
    return d, VANISHES if n == LEAVES else NOT_TAKEN
