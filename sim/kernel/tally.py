"""Exact counting: entity-time by state, flows and waits, all integers.

The entity-time of a period is built from the instants of change alone: each entry subtracts its instant, each exit adds
it, and closing the period adds (entities present) × (end). No earlier instant needs to be remembered.
"""

from __future__ import annotations

from sim.kernel.jit import rule
from sim.kernel.layout import AWAITED, DAY_MS, INFINITE, PERIOD, SNAPSHOT_AT, WAIT_TOTAL, WAITED

__all__ = ["change_places", "close_period", "count", "enter", "exit_state", "hold", "note_wait", "shift", "snapshot"]


@rule
def enter(S, s, g, state, t):
    """One more entity of group `g` is in `state` at station `s`."""
    S.present[s, g, state] += 1
    S.running[s, g, state] -= t


@rule
def exit_state(S, s, g, state, t):
    """One entity fewer is in `state`."""
    S.present[s, g, state] -= 1
    S.running[s, g, state] += t


@rule
def shift(S, s, g, old, new, t):
    """One entity goes from state `old` to state `new` at the same station."""
    exit_state(S, s, g, old, t)
    enter(S, s, g, new, t)


@rule
def count(S, s, g, flow):
    """Count one event in this period."""
    S.flow[S.numbers[PERIOD], s, g, flow] += 1


@rule
def hold(S, s, change, t):
    """One place more (+1) or fewer (-1) is held; places held beyond those open are draining."""
    pool = S.pool[s]
    if max(pool.occupied, pool.occupied + change) > pool.places:
        pool.draining_time -= change * t
    pool.occupied += change


@rule
def change_places(S, s, places, t):
    """Open or close places; what is held beyond them drains."""
    pool = S.pool[s]
    pool.open_time += (_counted(pool.places) - _counted(places)) * t
    pool.draining_time += (max(0, pool.occupied - pool.places) - max(0, pool.occupied - places)) * t
    pool.places = places


@rule
def _counted(places):
    return 0 if places == INFINITE else places


@rule
def note_wait(T, S, s, g, wait, t):
    """Book the wait of an entity that starts from the waiting room."""
    p = S.numbers[PERIOD]
    S.flow[p, s, g, WAITED] += 1
    S.flow[p, s, g, WAIT_TOTAL] += wait
    for k in range(T.wait_over.size):
        if wait > T.wait_over[k]:
            S.flow[p, s, g, WAIT_TOTAL + 1 + k] += 1
    low, high = 0, T.wait_edges.size - 1
    while low < high:
        middle = (low + high + 1) >> 1
        if T.wait_edges[middle] <= wait:
            low = middle
        else:
            high = middle - 1
    S.wait_hist[t // (365 * DAY_MS), s, low] += 1


@rule
def close_period(S, t):
    """Book the period that ends at `t` and begin the next."""
    p = S.numbers[PERIOD]
    stations, groups, states = S.present.shape
    for s in range(stations):
        for g in range(groups):
            for k in range(states):
                gained = S.present[s, g, k] * t
                S.area[p, s, g, k] = S.running[s, g, k] + gained
                S.running[s, g, k] = -gained
        pool = S.pool[s]
        places = _counted(pool.places)
        draining = max(0, pool.occupied - pool.places)
        S.places_area[p, s, 0] = pool.open_time + places * t
        S.places_area[p, s, 1] = pool.draining_time + draining * t
        pool.open_time = -places * t
        pool.draining_time = -draining * t
    S.numbers[PERIOD] = p + 1


@rule
def snapshot(S):
    """Write down who is where now."""
    n = S.numbers[SNAPSHOT_AT]
    stations, groups, _ = S.present.shape
    for s in range(stations):
        for k in range(AWAITED + 1):
            total = 0
            for g in range(groups):
                total += S.present[s, g, k]
            S.snapshot[n, s, k] = total
        places = S.pool[s].places
        S.snapshot[n, s, AWAITED + 1] = -1 if places == INFINITE else places
        S.snapshot[n, s, AWAITED + 2] = S.pool[s].occupied
    S.numbers[SNAPSHOT_AT] = n + 1
