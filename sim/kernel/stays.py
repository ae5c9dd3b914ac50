"""Taking a place and staying: who may start, how long the stay is, and where arrivals go when they may not."""

from __future__ import annotations

import math

import numpy as np

from sim.kernel.draws import PURPOSE_STAY, uniforms
from sim.kernel.heap import schedule
from sim.kernel.jit import rule
from sim.kernel.layout import IN_SERVICE, PRESENT, SERVICE_END, STARTED, WAITING
from sim.kernel.pick import pick
from sim.kernel.queues import NUMBER_WAITING, WAITING_ROOM, join
from sim.kernel.tally import count, enter, hold
from sim.kernel.times import quantile, whole_ms

__all__ = ["has_room", "may_start", "resume", "start", "wait"]

U = np.uint64


@rule
def may_start(T, S, s, c):
    """Whether an entity of class `c` may take a place at station `s`."""
    pool = S.pool[s]
    return pool.occupied + T.entry[s, c].reserve < pool.places


@rule
def has_room(T, S, s, c):
    """Whether the waiting room of station `s` has space for one more of class `c`."""
    return S.queue[s, c, NUMBER_WAITING] < T.entry[s, c].room


@rule
def _flex(T, S, s):
    station = T.station[s]
    if station.elasticity == 0.0:
        return 1.0
    return max(station.floor, math.pow(1.0 + S.pool[s].queued / station.scale, -station.elasticity))


@rule
def start(T, S, s, i, t):
    """Entity `i` takes a place at station `s` and its stay starts."""
    e = S.entity[i]
    s = np.uint32(s)  # an index without sign needs no wrap-around test
    e.stay += 1
    u, e.route = uniforms(S.words[0], S.words[1], U(PURPOSE_STAY), e.id, U(e.stay))
    stay = quantile(T, pick(T, T.station[s].service, e.levels), u) * S.multiplier[s, e.cls] * _flex(T, S, s)
    count(S, s, e.group, STARTED)
    _occupy(S, s, i, t, whole_ms(stay))


@rule
def _occupy(S, s, i, t, stay):
    e = S.entity[i]
    e.station = s
    hold(S, s, 1, t)
    enter(S, s, e.group, IN_SERVICE, t)
    e.due = SERVICE_END
    schedule(S, t + stay, i)


@rule
def resume(S, s, i, t, residual):
    """Entity `i` of the census is in the first stay of its visit, of which `residual` ms are left."""
    e = S.entity[i]
    e.stay = 1
    _, e.route = uniforms(S.words[0], S.words[1], U(PURPOSE_STAY), e.id, U(1))
    S.numbers[PRESENT] += 1
    _occupy(S, s, i, t, residual)


@rule
def wait(S, s, i, t):
    """Entity `i` joins the waiting room of station `s`."""
    e = S.entity[i]
    e.station = s
    join(S, s, e.cls, WAITING_ROOM, i, t)
    enter(S, s, e.group, WAITING, t)
