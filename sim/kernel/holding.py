"""Places taken and given back: own and shared pools, amounts that step down, overflow, turnarounds, the work list."""

from __future__ import annotations

import numpy as np

from sim.kernel.draws import PURPOSE_TURNAROUND, uniforms
from sim.kernel.heap import schedule
from sim.kernel.jit import rule
from sim.kernel.layout import (
    FOREVER,
    FREE,
    INFINITE,
    NOBODY,
    NOWHERE,
    OVERFLOWED,
    TURNAROUND_END,
    TURNING,
    WORK_FIRST,
    WORK_SIZE,
)
from sim.kernel.lengths import length
from sim.kernel.pick import pick
from sim.kernel.tally import book, hold, turn

__all__ = [
    "end_outing",
    "end_turnaround",
    "give_back",
    "list_pool",
    "list_station",
    "lodging",
    "may_start",
    "next_step",
    "place_back",
    "release",
    "start_outing",
    "step_down",
    "take",
]

U = np.uint64


@rule
def lodging(T, S, s, c):
    """Pool of which a stay at station `s` would hold a place, or -1 (of a plain station its own, asked or not)."""
    pool = S.pool[s]
    if T.station[s].plain or pool.occupied + T.entry[s, c].reserve < pool.places:
        return s
    for k in range(T.station[s].first_overflow, T.station[s].last_overflow):
        o = T.linked[k]
        if S.pool[o].occupied < S.pool[o].places and S.pool[o].queued == 0:
            return o
    return NOWHERE


@rule
def may_start(T, S, s, i):
    """Whether entity `i` may start a stay at station `s`."""
    e, station = S.entity[i], T.station[s]
    reserve = T.entry[s, e.cls].reserve
    if station.plain:
        gate = S.pool[station.gate]
        if gate.occupied + reserve >= gate.places:
            return False
        return station.gate == s or S.pool[s].occupied + reserve < S.pool[s].places
    if station.slots >= 0 and S.pool[s].offer <= 0:
        return False
    row = pick(T.selector, T.pick, T.pick_rule, station.holds, e.levels)
    if row >= 0:
        for k in range(T.hold_from[row], T.hold_from[row + 1]):
            amount, pool = T.amount[T.hold[k].first].amount, S.pool[T.hold[k].pool]
            if amount > 0 and pool.occupied + amount + reserve > pool.places:
                return False
    return lodging(T, S, s, e.cls) >= 0


@rule
def list_pool(S, p):
    """Put a pool down for granting."""
    if not S.pool[p].listed:
        S.pool[p].listed = 1
        N = S.numbers
        at = N[WORK_FIRST] + N[WORK_SIZE]
        S.pool[at if at < S.pool.size else at - S.pool.size].work = p
        N[WORK_SIZE] += 1


@rule
def list_station(T, S, s, levels):
    """Put down every pool that an entity of this class and these attributes would need at station `s`."""
    row = pick(T.selector, T.pick, T.pick_rule, T.station[s].holds, levels)
    if row >= 0:
        for k in range(T.hold_from[row], T.hold_from[row + 1]):
            list_pool(S, T.hold[k].pool)
    list_pool(S, s)


@rule
def take(T, S, s, i, p, t):
    """Entity `i` takes the places of a stay at station `s` that is not plain, lodging in pool `p`."""
    e, x, station = S.entity[i], S.extra[i], T.station[s]
    e.lodge = p
    hold(S.pool, p, 1, t)
    if p != s:
        book(S, s, i, OVERFLOWED, t)
        S.pool[s].outliers += 1
        S.pool[s].outlying_time -= t
    row = pick(T.selector, T.pick, T.pick_rule, station.holds, e.levels)
    x.hold = row
    x.stepped = 0
    if row >= 0:
        for k in range(T.hold_from[row], T.hold_from[row + 1]):
            hold(S.pool, T.hold[k].pool, T.amount[T.hold[k].first].amount, t)
    if S.pool[s].offer > 0:
        S.pool[s].offer -= 1


@rule
def start_outing(S, s, i):
    """Entity `i`, in service, lodges elsewhere: it may be called home."""
    x, pool = S.extra[i], S.pool[s]
    x.next, x.prev = NOBODY, pool.last_out
    if pool.last_out == NOBODY:
        pool.first_out = i
    else:
        S.extra[pool.last_out].next = i
    pool.last_out = i


@rule
def end_outing(S, s, i):
    """Entity `i`, an outlier of station `s`, is in service no longer, or goes home."""
    x, pool = S.extra[i], S.pool[s]
    if x.prev == NOBODY:
        pool.first_out = x.next
    else:
        S.extra[x.prev].next = x.next
    if x.next == NOBODY:
        pool.last_out = x.prev
    else:
        S.extra[x.next].prev = x.prev


@rule
def place_back(T, S, p, i, t):
    """Entity `i` gives back a place of an own pool, which may need a turnaround before it serves again."""
    if T.place[p].turnaround >= 0:
        e = S.entity[i]
        u, _ = uniforms(S.words[0], S.words[1], U(PURPOSE_TURNAROUND), e.id, U(e.stay))
        needs = length(T, T.place[p].turnaround, u)
        if needs > 0:
            j = S.numbers[FREE]
            token = S.entity[j]
            S.numbers[FREE] = token.next
            token.id = e.id
            token.station = p
            token.due = TURNAROUND_END
            S.numbers[TURNING] += 1
            turn(S.pool, p, 1, t)
            schedule(S, t + needs, j)
            return
    hold(S.pool, p, -1, t)
    if S.pool[p].places != INFINITE:  # whoever waits for nothing else has started already
        list_pool(S, p)


@rule
def end_turnaround(S, i, t):
    """A place is ready again; `i` stood for it in the list of timed events."""
    p = S.entity[i].station
    S.entity[i].next = S.numbers[FREE]
    S.numbers[FREE] = i
    S.numbers[TURNING] -= 1
    turn(S.pool, p, -1, t)
    hold(S.pool, p, -1, t)
    list_pool(S, p)


@rule
def _amount(T, k, stepped):
    """Amount held of row `k` of `hold` so long after the start."""
    amount = 0
    for m in range(T.hold[k].first, T.hold[k].last):
        if T.amount[m].after <= stepped:
            amount = T.amount[m].amount
    return amount


@rule
def give_back(T, S, i, first, t):
    """Change the amounts that entity `i` holds of shared pools: to nothing, or (`first`) to those of the first step."""
    x = S.extra[i]
    if x.hold < 0:
        return
    for k in range(T.hold_from[x.hold], T.hold_from[x.hold + 1]):
        p = T.hold[k].pool
        change = (T.amount[T.hold[k].first].amount if first else 0) - _amount(T, k, x.stepped)
        hold(S.pool, p, change, t)
        if change < 0:
            list_pool(S, p)
    x.stepped = 0


@rule
def release(T, S, i, t):
    """Entity `i` gives back all that it holds at its station; the pools are put down for granting."""
    e = S.entity[i]
    s = e.station
    if T.station[s].solo:
        gate = T.station[s].gate
        hold(S.pool, s, -1, t)
        if gate != s:
            hold(S.pool, gate, -1, t)
            list_pool(S, gate)
        if S.pool[s].queued > 0 and S.pool[s].places != INFINITE:
            list_pool(S, s)
        return
    p = e.lodge
    if not T.station[s].plain:
        give_back(T, S, i, False, t)
    place_back(T, S, p, i, t)
    if p != s:
        S.pool[s].outliers -= 1
        S.pool[s].outlying_time += t


@rule
def next_step(T, S, i):
    """Time after the start at which an amount that entity `i` holds falls next."""
    x = S.extra[i]
    after = FOREVER
    if x.hold >= 0:
        for k in range(T.hold_from[x.hold], T.hold_from[x.hold + 1]):
            for m in range(T.hold[k].first, T.hold[k].last):
                if T.amount[m].after > x.stepped:
                    after = min(after, T.amount[m].after)
    return after


@rule
def step_down(T, S, i, t):
    """Take the steps that are due for entity `i`."""
    x = S.extra[i]
    stepped = t - x.began
    for k in range(T.hold_from[x.hold], T.hold_from[x.hold + 1]):
        change = _amount(T, k, stepped) - _amount(T, k, x.stepped)
        if change < 0:
            hold(S.pool, T.hold[k].pool, change, t)
            list_pool(S, T.hold[k].pool)
    x.stepped = stepped
