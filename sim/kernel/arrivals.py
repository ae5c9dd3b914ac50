"""Arrivals from outside, an hour at a time, in the order in which they come.

Poisson: each source and hour is a cell whose entities have addressed heights and times. Arrival k of a cell exists when
its height, a running sum of unit exponentials, does not exceed the cell's expected number. That is an exact Poisson
process, and a higher rate adds entities without moving anyone. Others come one after another, at given times, or in a
number that is given for each interval and spread over its hours.
"""

from __future__ import annotations

import math

import numpy as np

from sim.kernel.draws import (
    PURPOSE_ARRIVAL,
    PURPOSE_ATTRIBUTE,
    PURPOSE_BATCH,
    PURPOSE_NOISE,
    inverse_normal,
    threefry,
    uniform,
    uniforms,
)
from sim.kernel.jit import rule
from sim.kernel.layout import (
    BUFFER_AT,
    BUFFER_END,
    DRIVEN,
    EXTRAS,
    FIRST_RATE,
    FIRST_WEEKDAY,
    FOREVER,
    FREE,
    GROUP_PICK,
    HORIZON,
    HOUR_MS,
    LISTED,
    NEXT_HOUR,
    NOBODY,
    NOISE_DAY,
    POISSON,
    PRESENT,
)
from sim.kernel.lengths import length
from sim.kernel.pick import pick

__all__ = ["admit", "fill_hour"]

U = np.uint64
_MEMBER = U(1) << U(63)
FULL = -1  #: the buffer cannot hold this hour's arrivals


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
    for s in range(T.source.size):
        S.first[3, s] = S.noise[T.source[s].noise, 1] if T.source[s].noise >= 0 else 1.0


@rule
def _put(T, S, size, t, who, s):
    """Write arrival `who` of source `s` and those who come with it into the buffer; returns its new size, or FULL."""
    source = T.source[s]
    members = 1
    if source.first_batch < source.last_batch:
        u, _ = uniforms(S.words[0], S.words[1], U(PURPOSE_BATCH), who, U(0))
        at = source.first_batch
        while at < source.last_batch - 1 and u >= T.batch[at].share:
            at += 1
        members = T.batch[at].size
    if size + members > S.drawn.size:
        return FULL
    for j in range(members):
        row = S.drawn[size + j]
        row.time = t
        row.source = s
        row.id = who
        if j > 0:
            x0, _ = threefry(who, U(j), S.words[0], (S.words[1] << U(8)) | U(PURPOSE_BATCH))
            row.id = x0 | _MEMBER
    return size + members


@rule
def _poisson(T, S, size, s, hour):
    """Write this hour's arrivals of Poisson source `s` into the buffer."""
    who = T.source[s].address + (U(hour) << U(16))
    u, w, expected = S.first[0, s], S.first[1, s], S.first[2, s]
    height = 0.0
    while size != FULL and not _surely_above(u, expected - height, expected):
        height -= math.log(u)
        if height > expected:
            break
        size = _put(T, S, size, hour * HOUR_MS + int(w * HOUR_MS), who, s)
        who += U(1)
        u, w = uniforms(S.words[0], S.words[1], U(PURPOSE_ARRIVAL), who, U(0))
    return size


@rule
def _surely_above(u, left, expected):
    """Whether -log(u) is above what is left of the expected number, by more than rounding; a logarithm is dearer.

    It is, as -log(u) > 2 (1 - u) / (1 + u).
    """
    return 2.0 * (1.0 - u) > left * (1.0 + u) + 1e-9 * (1.0 + expected)


@rule
def _first_draws(T, S, hour):
    """Draw height and time of the first arrival of every source, and how many it expects: several at once."""
    key = (S.words[1] << U(8)) | U(PURPOSE_ARRIVAL)
    seed, of_hour = S.words[0], U(hour) << U(16)
    for s in range(T.source.size):
        x0, x1 = threefry(T.source[s].address + of_hour, U(0), seed, key)
        S.first[0, s] = uniform(x0)
        S.first[1, s] = uniform(x1)
    of_week, rates = (hour + 24 * T.constants[FIRST_WEEKDAY]) % 168, T.constants[FIRST_RATE]
    for s in range(T.source.size):
        S.first[2, s] = T.week[of_week, s] * T.day[hour // 24, s] * S.first[3, s] * S.share[rates + s]


@rule
def _driven(T, S, size, s, hour):
    """Write those of this interval's entities whose time falls into this hour into the buffer."""
    source = T.source[s]
    inside = hour % source.begin
    for k in range(int(S.share[T.constants[FIRST_RATE] + s])):
        who = source.address + (U(hour - inside) << U(16)) + U(k)
        u, w = uniforms(S.words[0], S.words[1], U(PURPOSE_ARRIVAL), who, U(0))
        if size != FULL and int(u * source.begin) == inside:
            size = _put(T, S, size, hour * HOUR_MS + int(w * HOUR_MS), who, s)
    return size


@rule
def _one_by_one(T, S, size, s, hour):
    """Write this hour's arrivals of a source that is not Poisson into the buffer; remember the one after."""
    source = T.source[s]
    at, k = S.source_at[s, 0], S.source_at[s, 1]
    limit = min((hour + 1) * HOUR_MS, T.constants[HORIZON])
    while at < limit and size != FULL:
        who = source.address + U(k)
        u, w = uniforms(S.words[0], S.words[1], U(PURPOSE_ARRIVAL), who, U(0))
        if k >= 0 and at >= source.end:
            at = FOREVER
            break
        if k >= 0 and w < source.attend:
            size = _put(T, S, size, at, who, s)
        k += 1
        if source.kind == LISTED:
            at = T.instant[source.first_time + k] if source.first_time + k < source.last_time else FOREVER
        else:
            u, _ = uniforms(S.words[0], S.words[1], U(PURPOSE_ARRIVAL), source.address + U(k), U(0))
            at += length(T, source.every, u)
    S.source_at[s, 2], S.source_at[s, 3] = at, k
    return size


@rule
def fill_hour(T, S):
    """Write the next hour's arrivals into the buffer, in order; False when it is too small."""
    hour = S.numbers[NEXT_HOUR]
    day = hour // 24
    if T.source.size and day < T.day.shape[0]:
        _noise(T, S, day)
    _first_draws(T, S, hour)
    size = 0
    for s in range(T.source.size):  # sources that are not Poisson expect nobody here
        if not _surely_above(S.first[0, s], S.first[2, s], S.first[2, s]) and S.first[2, s] > 0.0:
            size = _poisson(T, S, size, s, hour)
            if size == FULL:
                return False
    for s in range(T.source.size):
        if T.source[s].kind == DRIVEN:
            size = _driven(T, S, size, s, hour)
        elif T.source[s].kind != POISSON:
            size = _one_by_one(T, S, size, s, hour)
        if size == FULL:
            return False
    for s in range(T.source.size):
        S.source_at[s, 0], S.source_at[s, 1] = S.source_at[s, 2], S.source_at[s, 3]
    _distribute(S, size, hour * HOUR_MS)
    _sort(T, S, size)
    S.numbers[BUFFER_AT] = 0
    S.numbers[BUFFER_END] = size
    S.numbers[NEXT_HOUR] = hour + 1
    return True


@rule
def _distribute(S, size, begin):
    """Write the hour's arrivals into the buffer by parts of the hour, as many as arrivals; few stand wrong then."""
    first = S.first_of_part
    for part in range(size + 1):
        first[part] = 0
    for k in range(size):
        first[(S.drawn[k].time - begin) * size // HOUR_MS + 1] += 1
    for part in range(1, size):
        first[part] += first[part - 1]
    for k in range(size):
        part = (S.drawn[k].time - begin) * size // HOUR_MS
        S.arrival[first[part]] = S.drawn[k]
        first[part] += 1


@rule
def _comes_before(T, t, who, source, row):
    """Whether arrival `who` of `source` at `t` comes before the arrival in `row`: by time, station, identity."""
    if t != row.time:
        return t < row.time
    to, to2 = T.source[source].to, T.source[row.source].to
    if to != to2:
        return to < to2
    return who < row.id


@rule
def _sort(T, S, size):
    """Sort the buffer in place by insertion, for little is out of order; identities differ, so the order is unique."""
    for at in range(1, size):
        t, who, source = S.arrival[at].time, S.arrival[at].id, S.arrival[at].source
        to = at
        while to > 0 and _comes_before(T, t, who, source, S.arrival[to - 1]):
            S.arrival[to] = S.arrival[to - 1]
            to -= 1
        if to < at:
            S.arrival[to].time = t
            S.arrival[to].id = who
            S.arrival[to].source = source


@rule
def _levels(T, S, who, source):
    """Class and attributes of an arrival."""
    levels = T.source[source].levels
    drawn, u0, u1 = -1, 0.0, 0.0
    for row in range(T.source[source].first_draw, T.source[source].last_draw):
        attribute = T.draw[row, 0]
        if attribute >> 1 != drawn:  # two attributes have their numbers from one draw
            drawn = attribute >> 1
            u0, u1 = uniforms(S.words[0], S.words[1], U(PURPOSE_ATTRIBUTE), who, U(drawn))
        u = u1 if attribute & 1 else u0
        at, last = T.draw[row, 1], T.draw[row, 2]
        first = at
        while at < last and u >= T.draw_share[at]:
            at += 1
        levels |= (at - first) << (7 * (attribute + 1))
    return levels


@rule
def admit(T, S, t):
    """Take the next arrival of the buffer in: an entity of the free pool, with its class and attributes."""
    at = S.numbers[BUFFER_AT]
    S.numbers[BUFFER_AT] = at + 1
    source = S.arrival[at].source
    i = S.numbers[FREE]
    e = S.entity[i]
    S.numbers[FREE] = e.next
    S.numbers[PRESENT] += 1
    e.id = S.arrival[at].id
    e.levels = _levels(T, S, e.id, source)
    e.cls = T.source[source].cls
    e.group = pick(T.selector, T.pick, T.pick_rule, T.constants[GROUP_PICK], e.levels)
    e.stay = 0
    e.spell = 0
    e.station = T.source[source].to
    if T.constants[EXTRAS]:
        S.extra[i].visit = t
        S.extra[i].heap = NOBODY
    return i
