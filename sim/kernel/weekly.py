"""What the calendar brings beside the plan: timetables, appointment slots and escalation."""

from __future__ import annotations

from sim.kernel.holding import list_pool
from sim.kernel.jit import rule
from sim.kernel.layout import (
    CALLED,
    FIRST_WEEKDAY,
    FOREVER,
    HOUR_MS,
    NEXT_RULE,
    NEXT_WEEKLY,
    OFF,
    OFFERED_AT,
    OPEN,
    PERIOD,
    WEEKLY_STEP,
)
from sim.kernel.tally import change_places

__all__ = ["escalate", "week_goes_on"]


@rule
def week_goes_on(T, S, t):
    """Carry out the timetables of this hour, then offer the slots of one station after another, one a call."""
    N = S.numbers
    hour = (t // HOUR_MS + 24 * T.constants[FIRST_WEEKDAY]) % 168
    step = N[WEEKLY_STEP]
    if step == 0:
        for p in range(S.pool.size):
            table = T.place[p].timetable
            if table >= 0:
                S.pool[p].weekly = T.weekly[table, hour]
                if change_places(S, p, t):
                    list_pool(S, p)
    else:
        s = step - 1
        N[OFFERED_AT] = s
        S.pool[s].offer = T.weekly[T.station[s].slots, hour]
        S.places_area[N[PERIOD], s, 5] += S.pool[s].offer
        list_pool(S, s)
    for s in range(step, T.station.size):
        table = T.station[s].slots
        if table >= 0 and T.weekly[table, hour] > 0:
            N[WEEKLY_STEP] = s + 1
            return
    N[WEEKLY_STEP] = 0
    N[NEXT_WEEKLY] = t + T.weekly[0, hour] * HOUR_MS


@rule
def _queued(T, S, p):
    """Entities waiting and awaited at the stations that use pool `p` of their own right."""
    stations = T.station.size
    if p < stations:
        return S.pool[p].queued
    total = 0
    for k in range(T.place[p].first_member, T.place[p].last_member):
        total += S.pool[T.linked[k]].queued
    return total


@rule
def escalate(T, S, t):
    """Look at every escalation rule that is due."""
    following = FOREVER
    for r in range(T.escalation.size):
        row, now = T.escalation[r], S.rule[r]
        if now.due == t:
            p = row.pool
            pool = S.pool[p]
            normal = pool.weekly if pool.weekly >= 0 else pool.planned
            queued, occupied = _queued(T, S, p), pool.occupied
            next_check = (t // row.check + 1) * row.check
            if now.status == OFF:
                called = row.queued >= 0 and queued >= row.queued
                if called or (row.occupancy >= 0.0 and occupied >= row.occupancy * normal):
                    now.status = CALLED
                    now.due = t + row.lead
                else:
                    now.due = next_check
            elif now.status == OPEN:
                now.due = next_check
                if queued <= row.down_queued and occupied <= row.down_occupancy * normal:
                    now.status = OFF
                    pool.extra -= row.places
                    change_places(S, p, t)
            if now.status == CALLED and now.due == t:
                now.status = OPEN
                now.due = next_check
                pool.extra += row.places
                if change_places(S, p, t):
                    list_pool(S, p)
        following = min(following, now.due)
    S.numbers[NEXT_RULE] = following
