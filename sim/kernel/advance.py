"""The loop: takes what is due next, in the order of the written semantics, until a given instant."""

from __future__ import annotations

import numpy as np

from sim.kernel.arrivals import admit, fill_hour
from sim.kernel.blocking import grant
from sim.kernel.deadlock import suspicious, swap
from sim.kernel.heap import close_hole, next_time, open_hole
from sim.kernel.holding import end_turnaround, list_pool, step_down
from sim.kernel.jit import behind, called, compiled, pointer, put_down, rule
from sim.kernel.layout import (
    ARRIVAL,
    ARRIVED,
    AWAY,
    BUFFER_AT,
    BUFFER_END,
    CYCLIC,
    DONE,
    EVENTS,
    EXTRAS,
    FOREVER,
    FREE,
    GROUP_PICK,
    HORIZON,
    HOUR_MS,
    IN_SERVICE,
    IN_TRANSITION,
    LOG_AT,
    LOGGED,
    NEED_ARRIVALS,
    NEED_ENTITIES,
    NEED_LOG,
    NEXT_HOUR,
    NEXT_RULE,
    NEXT_WEEKLY,
    NOBODY,
    NOW,
    NOWHERE,
    OFFERED_AT,
    PATIENCE_END,
    PATIENT,
    PERIOD,
    PLAN_AT,
    PRESENT,
    RETURN_VISIT,
    RETURNED,
    SERVICE_END,
    SET_MULTIPLIER,
    SET_PLACES,
    SNAPSHOT_AT,
    SNAPSHOT_STEP,
    STATE_AT,
    STEP_DOWN,
    TABLES_AT,
    TRANSITION_END,
    TURNAROUNDS,
    TURNING,
    WEEKLY,
    WORK_SIZE,
)
from sim.kernel.leaving import IS_GONE, lose_patience, settle
from sim.kernel.moves import DEPARTS, move, vanish
from sim.kernel.pick import pick
from sim.kernel.routing import end_service
from sim.kernel.stays import go_on, resume, start, wait
from sim.kernel.tally import book_flows, change_places, close_period, exit_state, snapshot
from sim.kernel.weekly import escalate, week_goes_on

__all__ = ["advance", "place_census"]

U = np.uint64

NOT_MOVING = -4  #: in the place of the flow by which somebody comes to a station
LOG_MARGIN = 16  #: rows of the log that one entity may need in one instant, at most


@rule
def _next_in_calendar(T, S):
    """Instant of the next period end, snapshot, planned or weekly change, or look at an escalation rule."""
    N = S.numbers
    at = min(N[NEXT_WEEKLY], N[NEXT_RULE])
    if N[PERIOD] < T.period_edges.size - 1:
        at = min(at, T.period_edges[N[PERIOD] + 1])
    if N[SNAPSHOT_AT] < S.snapshot.shape[0]:
        at = min(at, N[SNAPSHOT_AT] * T.constants[SNAPSHOT_STEP])
    if N[PLAN_AT] < S.plan.size:
        at = min(at, S.plan[N[PLAN_AT]].time)
    return at


@called
def _calendar(tables, state, t):
    """Do what the calendar has next at the instant `t`."""
    T, S = behind(tables), behind(state)
    N = S.numbers
    if N[PERIOD] < T.period_edges.size - 1 and T.period_edges[N[PERIOD] + 1] == t:
        close_period(S, t)
    elif N[SNAPSHOT_AT] < S.snapshot.shape[0] and N[SNAPSHOT_AT] * T.constants[SNAPSHOT_STEP] == t:
        snapshot(S)
    elif N[PLAN_AT] < S.plan.size and S.plan[N[PLAN_AT]].time == t:
        at = N[PLAN_AT]
        N[PLAN_AT] = at + 1
        row = S.plan[at]
        what, index, value = row.what, row.index, row.value
        if what == SET_PLACES:
            S.pool[index].planned = int(value)
            if change_places(S, index, t):
                list_pool(S, index)
        elif what == SET_MULTIPLIER:
            S.multiplier[index // S.multiplier.shape[1], index % S.multiplier.shape[1]] = value
        else:
            S.share[index] = value
    elif N[NEXT_WEEKLY] == t:
        week_goes_on(T, S, t)
    else:
        escalate(T, S, t)


@rule
def _chain(S, t, kind, i):
    """Add an event of entity `i` to the fingerprint of the trajectory."""
    who, s = S.entity[i].id, S.entity[i].station
    S.numbers[EVENTS] += 1
    f = (S.words[2] ^ U(t)) * U(0x9E3779B97F4A7C15)
    f = (f ^ who ^ (U(kind) << U(56)) ^ (U(s) << U(40))) * U(0xD1B54A32D192ED03)
    S.words[2] = f ^ (f >> U(29))


@called
def _in_between(tables, state, i, t):
    """The amounts that entity `i` holds fall, or a place is ready again for which it stands."""
    T, S = behind(tables), behind(state)
    if S.entity[i].due == STEP_DOWN:
        step_down(T, S, i, t)
        go_on(T, S, i)
    else:
        end_turnaround(S, i, t)


@rule
def _timed(T, S, t):
    """Carry out the earliest timed event; returns its entity and how that moves."""
    i = open_hole(S)
    e = S.entity[i]
    due = e.due
    _chain(S, t, due, i)
    if due == SERVICE_END:
        if end_service(T, S, i, t):
            exit_state(S.present, S.running, e.station, e.group, IN_SERVICE, t)
            return i, DEPARTS
    elif due == TRANSITION_END:
        exit_state(S.present, S.running, e.station, e.group, IN_TRANSITION, t)
        return i, DEPARTS
    elif due == RETURN_VISIT:
        S.numbers[AWAY] -= 1
        S.numbers[PRESENT] += 1
        if T.constants[EXTRAS]:
            S.extra[i].visit = t
        return i, RETURNED
    else:
        _in_between(pointer(S.numbers[TABLES_AT], T), pointer(S.numbers[STATE_AT], S), i, t)
    return i, NOT_MOVING


@called
def _fill_hour(tables, state):
    return fill_hour(behind(tables), behind(state))


@called
def _lose_patience(tables, state, t):
    """Carry out the end of the patience that ends first."""
    T, S = behind(tables), behind(state)
    i = S.patient[0].who
    _chain(S, t, PATIENCE_END, i)
    flow, n, c = lose_patience(T, S, i, t)
    levels = S.entity[i].levels
    if flow == IS_GONE:
        vanish(S, i)
    return i, flow, n, c, levels


@called
def _settle(tables, state, n, c, levels, t):
    settle(behind(tables), behind(state), n, c, levels, t)


@rule
def _full(T, S):
    """Which memory is too full for what one instant may bring, or DONE."""
    N = S.numbers
    if T.constants[TURNAROUNDS] and S.entity.size - N[AWAY] - N[TURNING] < 2 * N[PRESENT] + 2:
        return NEED_ENTITIES
    if T.constants[LOGGED] and S.log.size - N[LOG_AT] < LOG_MARGIN * (N[PRESENT] + 2):
        return NEED_LOG
    return DONE


@compiled
def advance(T, S, until):
    """Do everything due before `until` (ms) and set the clock to it.

    Every branch says what follows from its event (somebody moves, pools are listed); that is done once, at the end of
    the loop.

    Returns
    -------
    int
        DONE; or NEED_ENTITIES, NEED_ARRIVALS or NEED_LOG when a memory is full: grow it and call again, nothing is
        lost.
    """
    N = S.numbers
    N[TABLES_AT], N[STATE_AT] = put_down(T), put_down(S)
    guarded = T.constants[TURNAROUNDS] or T.constants[LOGGED]
    watched = T.constants[WEEKLY] or T.constants[CYCLIC]
    calendar = _next_in_calendar(T, S)
    while True:
        buffered = N[BUFFER_AT] < N[BUFFER_END]
        arrival = S.arrival[N[BUFFER_AT]].time if buffered else N[NEXT_HOUR] * HOUR_MS
        patience = S.patient[0].time if N[PATIENT] > 0 else FOREVER
        t = min(calendar, arrival, patience)
        timed = next_time(S, t)
        t = min(t, timed)
        if t >= until:
            break
        if guarded:
            full = _full(T, S)
            if full != DONE:
                return full
        i, flow, n, c = NOBODY, NOT_MOVING, NOWHERE, 0
        levels = 0
        if N[WORK_SIZE] > 0:  # before the first event: those who wait from the start
            t = N[NOW]
        elif calendar == t:
            _calendar(pointer(N[TABLES_AT], T), pointer(N[STATE_AT], S), t)
            calendar = _next_in_calendar(T, S)
        elif timed == t:
            i, flow = _timed(T, S, t)
        elif arrival == t:
            if buffered:
                if N[FREE] == NOBODY:
                    return NEED_ENTITIES
                i, flow = admit(T, S, t), ARRIVED
                _chain(S, t, ARRIVAL, i)
            elif not _fill_hour(pointer(N[TABLES_AT], T), pointer(N[STATE_AT], S)):
                return NEED_ARRIVALS
        else:
            i, flow, n, c, levels = _lose_patience(pointer(N[TABLES_AT], T), pointer(N[STATE_AT], S), t)
        if flow >= DEPARTS:
            begins, lodge = move(T, S, i, flow, t)
            if begins != NOWHERE:
                start(T, S, begins, i, lodge, t)
        if n != NOWHERE:
            _settle(pointer(N[TABLES_AT], T), pointer(N[STATE_AT], S), n, c, levels, t)
        if N[WORK_SIZE] > 0:
            grant(T, S, t)
        if watched:
            if N[OFFERED_AT] != NOWHERE:  # slots that nobody took lapse
                S.pool[N[OFFERED_AT]].offer = 0
                N[OFFERED_AT] = NOWHERE
            if T.constants[CYCLIC] and suspicious(S.pool, T.station.size):
                swap(pointer(N[TABLES_AT], T), pointer(N[STATE_AT], S), t)
        close_hole(S)
    N[NOW] = until
    if N[PERIOD] < T.period_edges.size - 1:
        if until >= T.constants[HORIZON]:
            close_period(S, until)
        else:
            book_flows(S.present, S.running, S.flow, N[PERIOD])
    return DONE


@compiled
def place_census(T, S, ids, levels, station, residual):
    """Put a census row in its places at instant 0, or in the queue.

    Arrays of identities, levels, stations and residual stays (ms); a residual of -1 means: waits.
    """
    for k in range(ids.size):
        i = S.numbers[FREE]
        e = S.entity[i]
        S.numbers[FREE] = e.next
        e.id = ids[k]
        e.levels = levels[k]
        e.cls = levels[k] & 127
        e.group = pick(T.selector, T.pick, T.pick_rule, T.constants[GROUP_PICK], levels[k])
        e.stay = 0
        e.spell = 0
        e.inside = 0
        if T.constants[EXTRAS]:
            S.extra[i].visit = 0
            S.extra[i].joined = 0
            S.extra[i].left = NOBODY
            S.extra[i].heap = NOBODY
        if residual[k] >= 0:
            resume(T, S, station[k], i, 0, residual[k])
        else:
            S.numbers[PRESENT] += 1
            wait(T, S, station[k], i, 0)
