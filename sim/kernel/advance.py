"""The loop: takes what is due next, in the order of the written semantics, until a given instant."""

from __future__ import annotations

import numpy as np

from sim.kernel.arrivals import admit, arrive, fill_hour
from sim.kernel.blocking import grant
from sim.kernel.departures import depart, end_service
from sim.kernel.heap import close_hole, open_hole
from sim.kernel.jit import compiled, rule
from sim.kernel.layout import (
    ARRIVAL,
    ARRIVED,
    AWAY,
    BUFFER_AT,
    BUFFER_END,
    DONE,
    EVENTS,
    FOREVER,
    FREE,
    GROUP_PICK,
    HEAP_SIZE,
    HORIZON,
    HOUR_MS,
    IN_SERVICE,
    IN_TRANSITION,
    NEED_ARRIVALS,
    NEED_ENTITIES,
    NEXT_HOUR,
    NOBODY,
    NOW,
    NOWHERE,
    PERIOD,
    PLAN_AT,
    RETURN_VISIT,
    RETURNED,
    SERVICE_END,
    SET_MULTIPLIER,
    SET_PLACES,
    SNAPSHOT_AT,
    SNAPSHOT_STEP,
)
from sim.kernel.pick import pick
from sim.kernel.stays import resume, start
from sim.kernel.tally import change_places, close_period, snapshot

__all__ = ["advance", "place_census"]

U = np.uint64


@rule
def _next_in_calendar(T, S):
    """Instant of the next period end, snapshot or planned change."""
    N = S.numbers
    at = FOREVER
    if N[PERIOD] < T.period_edges.size - 1:
        at = T.period_edges[N[PERIOD] + 1]
    if N[SNAPSHOT_AT] < S.snapshot.shape[0]:
        at = min(at, N[SNAPSHOT_AT] * T.constants[SNAPSHOT_STEP])
    if N[PLAN_AT] < S.plan.size:
        at = min(at, S.plan[N[PLAN_AT]].time)
    return at


@rule
def _calendar(T, S, t):
    """Do what the calendar has next at the instant `t`; returns the station whose places changed, or -1."""
    N = S.numbers
    if N[PERIOD] < T.period_edges.size - 1 and T.period_edges[N[PERIOD] + 1] == t:
        close_period(S, t)
    elif N[SNAPSHOT_AT] < S.snapshot.shape[0] and N[SNAPSHOT_AT] * T.constants[SNAPSHOT_STEP] == t:
        snapshot(S)
    else:
        at = N[PLAN_AT]
        N[PLAN_AT] = at + 1
        row = S.plan[at]
        what, index, value = row.what, row.index, row.value
        if what == SET_PLACES:
            change_places(S, index, int(value), t)
            return index
        if what == SET_MULTIPLIER:
            S.multiplier[index // S.multiplier.shape[1], index % S.multiplier.shape[1]] = value
        else:
            S.share[index] = value
    return NOWHERE


@rule
def _chain(S, t, kind, s, who):
    """Add an event to the fingerprint of the trajectory."""
    S.numbers[EVENTS] += 1
    f = (S.words[2] ^ U(t)) * U(0x9E3779B97F4A7C15)
    f = (f ^ who ^ (U(kind) << U(56)) ^ (U(s) << U(40))) * U(0xD1B54A32D192ED03)
    S.words[2] = f ^ (f >> U(29))


@rule
def _timed(T, S, t):
    """Carry out the earliest timed event of an entity.

    Returns the entity, the station where its next stay starts and the station where it freed a place (-1 for none).
    """
    i = open_hole(S)
    e = S.entity[i]
    due = e.due
    _chain(S, t, due, e.station, e.id)
    if due == RETURN_VISIT:
        S.numbers[AWAY] -= 1
        return i, arrive(T, S, i, RETURNED, t), NOWHERE
    state = IN_TRANSITION
    if due == SERVICE_END:
        state = IN_SERVICE
        if not end_service(T, S, i, t):
            return i, NOWHERE, NOWHERE
    begins, freed = depart(T, S, i, state, t)
    return i, begins, freed


@compiled
def advance(T, S, until):
    """Do everything due before `until` (ms) and set the clock to it.

    Every branch says what follows from its event (a stay that starts, a place that was freed); that is done once, at
    the end of the loop.

    Returns
    -------
    int
        DONE; or NEED_ENTITIES or NEED_ARRIVALS when a pool is full: grow it and call again, nothing is lost.
    """
    N = S.numbers
    calendar = _next_in_calendar(T, S)
    while True:
        timed = S.heap_time[0] if N[HEAP_SIZE] > 0 else FOREVER
        buffered = N[BUFFER_AT] < N[BUFFER_END]
        arrival = S.arrival[N[BUFFER_AT]].time if buffered else N[NEXT_HOUR] * HOUR_MS
        t = min(calendar, timed, arrival)
        if t >= until:
            break
        i, begins, freed = NOBODY, NOWHERE, NOWHERE
        if calendar == t:
            freed = _calendar(T, S, t)
            calendar = _next_in_calendar(T, S)
        elif timed == t:
            i, begins, freed = _timed(T, S, t)
        elif buffered:
            if N[FREE] == NOBODY:
                return NEED_ENTITIES
            i = admit(T, S)
            _chain(S, t, ARRIVAL, S.entity[i].station, S.entity[i].id)
            begins = arrive(T, S, i, ARRIVED, t)
        elif not fill_hour(T, S):
            return NEED_ARRIVALS
        if begins != NOWHERE:
            start(T, S, begins, i, t)
        if freed != NOWHERE and S.pool[freed].queued > 0:
            grant(T, S, freed, t)
        close_hole(S)
    N[NOW] = until
    if until >= T.constants[HORIZON] and N[PERIOD] < T.period_edges.size - 1:
        close_period(S, until)
    return DONE


@compiled
def place_census(T, S, ids, levels, station, residual):
    """Put the census in its places at instant 0: arrays of identities, levels, stations and residual stays (ms)."""
    for n in range(ids.size):
        i = S.numbers[FREE]
        e = S.entity[i]
        S.numbers[FREE] = e.next
        e.id = ids[n]
        e.levels = levels[n]
        e.cls = levels[n] & 127
        e.group = pick(T, T.constants[GROUP_PICK], levels[n])
        resume(S, station[n], i, 0, residual[n])
