"""What follows a stay: route, transition delay, departure, and the return visits of those who left."""

from __future__ import annotations

import numpy as np

from sim.kernel.blocking import block, hand_over
from sim.kernel.draws import PURPOSE_IDENTITY, PURPOSE_RETURN, PURPOSE_TRANSITION, threefry, uniforms
from sim.kernel.heap import schedule
from sim.kernel.jit import rule
from sim.kernel.layout import (
    AWAY,
    FREE,
    GONE,
    IN_SERVICE,
    IN_TRANSITION,
    LEAVES,
    LEFT,
    NOWHERE,
    PRESENT,
    RETURN_VISIT,
    SERVED,
    TRANSITION_END,
)
from sim.kernel.pick import pick
from sim.kernel.stays import has_room, may_start, wait
from sim.kernel.tally import count, exit_state, hold, shift
from sim.kernel.times import departure, quantile, whole_ms

__all__ = ["depart", "end_service", "forget"]

U = np.uint64
_RETURNER = U(1) << U(63)


@rule
def _route(T, S, e):
    """Position of the entity's destination in the route tables, or -1 where a station has no routes (all leave)."""
    row = pick(T, T.station[e.station].route, e.levels)
    if row < 0:
        return -1
    at, last = T.route_from[row], T.route_from[row + 1] - 1
    while at < last and e.route >= S.share[at]:
        at += 1
    return at


@rule
def end_service(T, S, i, t):
    """The stay of entity `i` is over; True when it departs at once, False when a transition delay keeps it."""
    e = S.entity[i]
    s = e.station
    count(S, s, e.group, SERVED)
    at = _route(T, S, e)
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
        ready += whole_ms(quantile(T, delay, a))
    if window >= 0:
        ready = departure(T, window, ready, b)
    if ready == t:
        return True
    shift(S, s, e.group, IN_SERVICE, IN_TRANSITION, t)
    e.due = TRANSITION_END
    schedule(S, ready, i)
    return False


@rule
def depart(T, S, i, state, t):
    """Entity `i` asks to go where it is bound; `state` is the one it is in (in service or in transition).

    Returns the station where its next stay starts and the station where it freed a place, -1 for none.
    """
    e = S.entity[i]
    s, to, g = e.station, e.to, e.group
    exit_state(S, s, g, state, t)
    if to == LEAVES:
        hold(S, s, -1, t)
        count(S, s, g, LEFT)
        _leave(T, S, s, i, t)
        return NOWHERE, s
    starts = to == s or may_start(T, S, to, e.cls)
    if not starts and not has_room(T, S, to, e.cls):
        block(S, s, to, i, t)
        return NOWHERE, NOWHERE
    hold(S, s, -1, t)
    hand_over(S, s, to, g)
    if not starts:
        wait(S, to, i, t)
        return NOWHERE, s
    return to, NOWHERE if to == s else s


@rule
def _leave(T, S, s, i, t):
    """Entity `i` leaves station `s` and the network, for good or for a while."""
    e = S.entity[i]
    S.numbers[PRESENT] -= 1
    row = pick(T, T.station[s].back, e.levels)
    if row >= 0:
        u, w = uniforms(S.words[0], S.words[1], U(PURPOSE_RETURN), e.id, U(e.stay))
        if u < T.back[row].probability:
            x0, _ = threefry(e.id, U(0), S.words[0], (S.words[1] << U(8)) | U(PURPOSE_IDENTITY))
            e.id = x0 | _RETURNER
            e.stay = 0
            e.station = T.back[row].to
            e.due = RETURN_VISIT
            S.numbers[AWAY] += 1
            schedule(S, t + whole_ms(quantile(T, T.back[row].after, w)), i)
            return
    forget(S, i)


@rule
def forget(S, i):
    """Entity `i` is gone for good; its memory is free."""
    S.numbers[GONE] += 1
    S.entity[i].next = S.numbers[FREE]
    S.numbers[FREE] = i
