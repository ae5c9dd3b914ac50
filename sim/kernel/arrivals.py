"""Arrivals from outside: each source and hour is a cell whose entities have addressed heights and times.

Arrival k of a cell exists when its height, a running sum of unit exponentials, does not exceed the cell's expected
number. That is an exact Poisson process, and a higher rate adds entities without moving anyone.
"""

from __future__ import annotations

import math

import numpy as np

from sim.kernel.departures import forget
from sim.kernel.draws import (
    PURPOSE_ARRIVAL,
    PURPOSE_ATTRIBUTE,
    PURPOSE_NOISE,
    inverse_normal,
    uniforms,
)
from sim.kernel.jit import rule
from sim.kernel.layout import (
    BUFFER_AT,
    BUFFER_END,
    FIRST_WEEKDAY,
    FOREVER,
    FREE,
    GROUP_PICK,
    HOUR_MS,
    LOST,
    NEXT_HOUR,
    NOISE_DAY,
    NOWHERE,
    PRESENT,
)
from sim.kernel.pick import pick
from sim.kernel.stays import has_room, may_start, wait
from sim.kernel.tally import count

__all__ = ["admit", "arrive", "fill_hour"]

U = np.uint64


@rule
def _noise(T, S, day):
    """Today's multiplier of each noise group."""
    if S.numbers[NOISE_DAY] == day:
        return
    S.numbers[NOISE_DAY] = day
    for g in range(T.noise.size):
        group = T.noise[g]
        u, _ = uniforms(S.words[0], S.words[1], U(PURPOSE_NOISE), group.address, U(day))
        z = inverse_normal(u)
        phi, sigma = group.phi, group.sigma
        x = z if day == 0 else phi * S.noise[g, 0] + math.sqrt(1.0 - phi * phi) * z
        S.noise[g, 0] = x
        S.noise[g, 1] = math.exp(sigma * x - 0.5 * sigma * sigma)


@rule
def fill_hour(T, S):
    """Put the next hour's arrivals into the buffer, in order; False when they do not fit (nothing has changed)."""
    hour = S.numbers[NEXT_HOUR]
    day = hour // 24
    if day >= T.day.shape[1] or T.source.size == 0:
        S.numbers[NEXT_HOUR] = FOREVER // HOUR_MS
        return True
    _noise(T, S, day)
    week_hour = (hour + 24 * T.constants[FIRST_WEEKDAY]) % 168
    size = 0
    for s in range(T.source.size):
        expected = T.week[s, week_hour] * T.day[s, day]
        source = T.source[s]
        if source.noise >= 0:
            expected *= S.noise[source.noise, 1]
        height = 0.0
        k = 0
        while expected > 0.0:
            who = source.address + (U(hour) << U(16)) + U(k)
            u, w = uniforms(S.words[0], S.words[1], U(PURPOSE_ARRIVAL), who, U(0))
            height -= math.log(u)
            if height > expected:
                break
            if size >= S.arrival.size:
                return False
            _insert(T, S, size, hour * HOUR_MS + int(w * HOUR_MS), who, s)
            size += 1
            k += 1
    S.numbers[BUFFER_AT] = 0
    S.numbers[BUFFER_END] = size
    S.numbers[NEXT_HOUR] = hour + 1
    return True


@rule
def _insert(T, S, size, t, who, source):
    at = size
    while at > 0:
        before = S.arrival[at - 1]
        if before.time < t:
            break
        if before.time == t:
            to, to2 = T.source[source].to, T.source[before.source].to
            if to2 < to or (to2 == to and before.id < who):
                break
        S.arrival[at] = before
        at -= 1
    S.arrival[at].time = t
    S.arrival[at].id = who
    S.arrival[at].source = source


@rule
def _levels(T, S, who, source):
    """Class and attributes of an arrival."""
    levels = T.source[source].levels
    for row in range(T.source[source].first_draw, T.source[source].last_draw):
        attribute = T.draw[row, 0]
        u0, u1 = uniforms(S.words[0], S.words[1], U(PURPOSE_ATTRIBUTE), who, U(attribute >> 1))
        u = u1 if attribute & 1 else u0
        at, last = T.draw[row, 1], T.draw[row, 2]
        first = at
        while at < last and u >= T.draw_share[at]:
            at += 1
        levels |= (at - first) << (7 * (attribute + 1))
    return levels


@rule
def admit(T, S):
    """Take the next arrival of the buffer in: an entity of the free pool, with its class and attributes."""
    at = S.numbers[BUFFER_AT]
    S.numbers[BUFFER_AT] = at + 1
    source = S.arrival[at].source
    i = S.numbers[FREE]
    e = S.entity[i]
    S.numbers[FREE] = e.next
    e.id = S.arrival[at].id
    e.levels = _levels(T, S, e.id, source)
    e.cls = T.source[source].cls
    e.group = pick(T, T.constants[GROUP_PICK], e.levels)
    e.stay = 0
    e.station = T.source[source].to
    return i


@rule
def arrive(T, S, i, flow, t):
    """Entity `i` comes to its station from outside (`flow` is ARRIVED or RETURNED).

    Returns the station where its stay starts, or -1 when it waits or is lost.
    """
    e = S.entity[i]
    s = e.station
    count(S, s, e.group, flow)
    S.numbers[PRESENT] += 1
    if may_start(T, S, s, e.cls):
        return s
    if has_room(T, S, s, e.cls):
        wait(S, s, i, t)
    else:
        count(S, s, e.group, LOST)
        S.numbers[PRESENT] -= 1
        forget(S, i)
    return NOWHERE
