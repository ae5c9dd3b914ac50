"""Exact counting: entity-time by state, flows, waits and clocks, all integers.

The entity-time of a period is built from the instants of change alone: each entry subtracts its instant, each exit adds
it, and closing the period adds (entities present) × (end). No earlier instant needs to be remembered.
"""

from __future__ import annotations

import math

import numpy as np

from sim.kernel.jit import called, rule
from sim.kernel.layout import (
    AWAITED,
    DAY_MS,
    FINE_WAITS,
    FIRST_FLOW,
    INFINITE,
    LOG_AT,
    PERIOD,
    SNAPSHOT_AT,
    UNTIL_LEFT,
    UNTIL_STARTED,
    WAIT_EDGES,
    WAIT_TOTAL,
    WAITED,
    WAITED_TIME,
    WARM_UP,
)

__all__ = [
    "book",
    "book_flows",
    "change_places",
    "close_period",
    "enter",
    "exit_state",
    "hold",
    "note_left",
    "note_started",
    "note_wait",
    "shift",
    "snapshot",
    "turn",
]


@rule
def enter(present, running, s, g, state, t):
    """One more entity of group `g` is in `state` at station `s`."""
    present[s, g, state] += 1
    running[s, g, state] -= t


@rule
def exit_state(present, running, s, g, state, t):
    """One entity fewer is in `state`."""
    present[s, g, state] -= 1
    running[s, g, state] += t


@rule
def shift(present, running, s, g, old, new, t):
    """One entity goes from state `old` to state `new` at the same station."""
    exit_state(present, running, s, g, old, t)
    enter(present, running, s, g, new, t)


@rule
def book(S, s, i, flow, t):
    """Count one event of entity `i` in this period, and log it where the run keeps a log."""
    e = S.entity[i]
    S.present[s, e.group, FIRST_FLOW + flow] += 1
    if S.log.size > 0:
        at = S.numbers[LOG_AT]
        S.numbers[LOG_AT] = at + 1
        S.log[at].time = t
        S.log[at].id = e.id
        S.log[at].station = s
        S.log[at].group = e.group
        S.log[at].flow = flow


@rule
def _surplus(occupied, places):
    return max(0, occupied - places)


@rule
def hold(pools, p, change, t):
    """So many places more (or fewer) of a pool are occupied; those beyond the places open are draining."""
    pool = pools[p]
    now = pool.occupied + change
    if max(pool.occupied, now) > pool.places:
        pool.draining_time -= (_surplus(now, pool.places) - _surplus(pool.occupied, pool.places)) * t
    pool.occupied_time -= change * t
    pool.occupied = now


@rule
def turn(pools, p, change, t):
    """One turnaround more (+1) or fewer (-1) occupies a place of a pool."""
    pools[p].turning += change
    pools[p].turning_time -= change * t


@rule
def change_places(S, p, t):
    """Open or close places, as planned, by timetable and by escalation; what is held beyond them drains.

    Returns True when there are more places than before.
    """
    pool = S.pool[p]
    before = pool.places
    places = (pool.weekly if pool.weekly >= 0 else pool.planned) + pool.extra
    pool.open_time += (_counted(before) - _counted(places)) * t
    pool.draining_time += (_surplus(pool.occupied, before) - _surplus(pool.occupied, places)) * t
    pool.places = places
    return places > before


@rule
def _counted(places):
    return 0 if places == INFINITE else places


@rule
def note_wait(T, S, s, i, wait, t):
    """Book the wait of an entity that starts from the waiting room."""
    g = S.entity[i].group
    book(S, s, i, WAITED, t)
    S.running[s, g, WAITED_TIME] += wait
    for k in range(T.wait_over.size):
        if wait > T.wait_over[k]:
            S.present[s, g, FIRST_FLOW + WAIT_TOTAL + k] += 1
    low, high = 0, WAIT_EDGES.size - 1
    while low < high:
        middle = (low + high + 1) >> 1
        if WAIT_EDGES[middle] <= wait:
            low = middle
        else:
            high = middle - 1
    S.wait_hist[t // (365 * DAY_MS), s, low] += 1


@rule
def _fine_bin(wait):
    """Bin of a wait: single milliseconds below 64, then 32 bins to each doubling."""
    if wait < 64:
        return wait
    _, above = math.frexp(float(wait))
    e = above - 1
    return min(64 + 32 * (e - 6) + ((wait >> (e - 5)) & 31), 1151)


@rule
def _judge(T, S, k, i, t):
    """Book the end of clock `k` of entity `i`."""
    clock, x = T.clock[k], S.extra[i]
    taken = t - (x.visit if clock.visit else x.joined)
    p, g = S.numbers[PERIOD], S.entity[i].group
    S.clocks[p, clock.index, g, 0] += 1
    S.clocks[p, clock.index, g, 1] += taken > clock.within
    S.clocks[p, clock.index, g, 2] += taken


@rule
def note_started(T, S, s, i, t):
    """Book the clocks that end, and the fine wait, when a stay starts."""
    if t < T.constants[WARM_UP]:
        return
    for k in range(T.station[s].first_clock, T.station[s].last_clock):
        if T.clock[k].until == UNTIL_STARTED:
            _judge(T, S, k, i, t)
    if T.constants[FINE_WAITS]:
        S.wait_fine[s, S.entity[i].group, _fine_bin(t - S.extra[i].joined)] += 1


@rule
def note_left(T, S, s, i, t):
    """Book the clocks that end when an entity leaves a station, from its place or from its queue."""
    if t < T.constants[WARM_UP]:
        return
    for k in range(T.station[s].first_clock, T.station[s].last_clock):
        if T.clock[k].until == UNTIL_LEFT:
            _judge(T, S, k, i, t)


@called
def book_flows(present, running, flow, p):
    """Add what was counted since the last time to the flows of period `p`."""
    stations, groups, columns = flow.shape[1], flow.shape[2], flow.shape[3]
    for s in range(stations):
        for g in range(groups):
            for k in range(WAIT_TOTAL):
                flow[p, s, g, k] += present[s, g, FIRST_FLOW + k]
                present[s, g, FIRST_FLOW + k] = 0
            flow[p, s, g, WAIT_TOTAL] += running[s, g, WAITED_TIME]
            running[s, g, WAITED_TIME] = 0
            for k in range(WAIT_TOTAL + 1, columns):
                flow[p, s, g, k] += present[s, g, FIRST_FLOW + k - 1]
                present[s, g, FIRST_FLOW + k - 1] = 0


@rule
def close_period(S, t):
    """Book the period that ends at `t` and begin the next."""
    p = S.numbers[PERIOD]
    book_flows(S.present, S.running, S.flow, p)
    stations, groups, states = S.area.shape[1], S.area.shape[2], S.area.shape[3]
    for s in range(stations):
        for g in range(groups):
            for k in range(states):
                gained = np.int64(S.present[s, g, k]) * t
                S.area[p, s, g, k] = S.running[s, g, k] + gained
                S.running[s, g, k] = -gained
    for r in range(S.pool.size):
        pool = S.pool[r]
        places, draining = _counted(pool.places), _surplus(pool.occupied, pool.places)
        S.places_area[p, r, 0] = pool.open_time + places * t
        S.places_area[p, r, 1] = pool.draining_time + draining * t
        S.places_area[p, r, 2] = pool.occupied_time + pool.occupied * t
        S.places_area[p, r, 3] = pool.turning_time + pool.turning * t
        S.places_area[p, r, 4] = pool.outlying_time + pool.outliers * t
        pool.open_time = -places * t
        pool.draining_time = -draining * t
        pool.occupied_time = -pool.occupied * t
        pool.turning_time = -pool.turning * t
        pool.outlying_time = -pool.outliers * t
    S.numbers[PERIOD] = p + 1


@rule
def snapshot(S):
    """Write down who is where now."""
    n = S.numbers[SNAPSHOT_AT]
    stations, groups = S.area.shape[1], S.area.shape[2]
    for s in range(stations):
        for k in range(AWAITED + 1):
            total = 0
            for g in range(groups):
                total += S.present[s, g, k]
            S.snapshot[n, s, k] = total
    for r in range(S.pool.size):
        places = S.pool[r].places
        S.snapshot[n, r, AWAITED + 1] = -1 if places == INFINITE else places
        S.snapshot[n, r, AWAITED + 2] = S.pool[r].occupied
    S.numbers[SNAPSHOT_AT] = n + 1
