"""Taking a place and staying: how long, from when, and what a stay that gave way does when it goes on."""

from __future__ import annotations

import math

import numpy as np

from sim.kernel.draws import PURPOSE_STAY, uniforms
from sim.kernel.heap import cancel, close_hole, schedule
from sim.kernel.holding import end_outing, next_step, start_outing, take
from sim.kernel.jit import rule
from sim.kernel.layout import (
    EXTRAS,
    IN_SERVICE,
    NO_PREEMPTION,
    NOBODY,
    NOWHERE,
    OVERFLOWED,
    PREEMPTED,
    PRESENT,
    RESAMPLE,
    RESTART,
    RESUMED,
    SERVICE_END,
    STARTED,
    STEP_DOWN,
    WAITING,
)
from sim.kernel.patience import be_patient
from sim.kernel.pick import pick
from sim.kernel.queues import SERVING, append, insert, link, push_front, unlink
from sim.kernel.tally import book, enter, hold, note_started, shift
from sim.kernel.times import quantile, whole_ms

__all__ = ["end_stay", "give_way", "go_on", "resume", "start", "victim", "wait"]

U = np.uint64


@rule
def _flex(T, S, s):
    station = T.station[s]
    if station.elasticity == 0.0:
        return 1.0
    return max(station.floor, math.pow(1.0 + S.pool[s].queued / station.scale, -station.elasticity))


@rule
def start(T, S, s, i, p, t):
    """Entity `i` takes a place of pool `p` (-1: it keeps its own) and its stay at station `s` starts or goes on."""
    e, station, keeps = S.entity[i], T.station[s], p == NOWHERE
    again = not station.simple and station.preempt != NO_PREEMPTION and S.extra[i].left >= 0
    stay = 0
    if not again or station.preempt == RESAMPLE:
        e.stay += 1
        u, e.route = uniforms(S.words[0], S.words[1], U(PURPOSE_STAY), e.id, U(e.stay))
        draw = quantile(T, pick(T.selector, T.pick, T.pick_rule, station.service, e.levels), u)
        stay = whole_ms(draw * S.multiplier[s, e.cls] * _flex(T, S, s))
    elif station.preempt == RESTART:
        stay = S.extra[i].total
    else:
        stay = S.extra[i].left
    book(S, s, i, RESUMED if again else STARTED, t)
    if T.constants[EXTRAS]:
        if not (again or keeps):
            note_started(T, S, s, i, t)
        S.extra[i].left = NOBODY
        if not again or station.preempt == RESAMPLE:
            S.extra[i].total = stay
    e.station = s
    if keeps:
        if e.lodge != s:
            book(S, s, i, OVERFLOWED, t)
    elif station.plain:
        _lodge(T, S, s, e, t)
    else:
        take(T, S, s, i, p, t)
    _serve(T, S, s, i, t, stay)


@rule
def _lodge(T, S, s, e, t):
    """Somebody takes the place that a stay at plain station `s` needs."""
    e.lodge = s
    hold(S.pool, s, 1, t)
    if T.station[s].gate != s:
        hold(S.pool, T.station[s].gate, 1, t)


@rule
def _serve(T, S, s, i, t, stay):
    """Entity `i` is in service at station `s` for `stay` ms from now."""
    e, station = S.entity[i], T.station[s]
    enter(S.present, S.running, s, e.group, IN_SERVICE, t)
    e.due = SERVICE_END
    ends = t + stay
    if not station.simple and station.preempt != NO_PREEMPTION:
        link(S.entity, S.queue, s, e.cls, SERVING, i, NOBODY)
    elif not station.simple:
        x = S.extra[i]
        x.began = t
        x.total = stay
        if e.lodge != s:
            start_outing(S, s, i)
        after = next_step(T, S, i)
        if after < stay:
            e.due = STEP_DOWN
            ends = t + after
    schedule(S, ends, i)


@rule
def go_on(T, S, i):
    """After a step, put down the next one or the end of the stay."""
    e, x = S.entity[i], S.extra[i]
    after = next_step(T, S, i)
    e.due = STEP_DOWN if after < x.total else SERVICE_END
    schedule(S, x.began + min(after, x.total), i)


@rule
def end_stay(T, S, i):
    """Entity `i` is in service no longer: it neither gives way nor is called home."""
    e = S.entity[i]
    s = e.station
    if T.station[s].preempt != NO_PREEMPTION:
        unlink(S.entity, S.queue, s, e.cls, SERVING, i)
    if e.lodge != s:
        end_outing(S, s, i)


@rule
def resume(T, S, s, i, t, residual):
    """Entity `i` of the census is in the first stay of its visit, of which `residual` ms are left."""
    e = S.entity[i]
    e.stay = 1
    _, e.route = uniforms(S.words[0], S.words[1], U(PURPOSE_STAY), e.id, U(1))
    S.numbers[PRESENT] += 1
    e.station = s
    if T.constants[EXTRAS]:
        S.extra[i].left = NOBODY
        S.extra[i].total = residual
    if T.station[s].plain:
        _lodge(T, S, s, e, t)
        _serve(T, S, s, i, t, residual)
        return
    take(T, S, s, i, s, t)
    x = S.extra[i]
    x.began, x.total = t, residual
    enter(S.present, S.running, s, e.group, IN_SERVICE, t)
    e.due = SERVICE_END
    schedule(S, t + residual, i)


@rule
def wait(T, S, s, i, t):
    """Entity `i` joins the waiting room of station `s`."""
    e, station = S.entity[i], T.station[s]
    e.station = s
    e.since = t
    e.spell += 1
    e.fired = 0
    if station.order:
        insert(T, S, s, e.cls, 0, i)
    else:
        append(T, S, s, e.cls, 0, i)
    enter(S.present, S.running, s, e.group, WAITING, t)
    if station.first_patience < station.last_patience:
        be_patient(T, S, i, WAITING, t)


@rule
def victim(T, S, s, i):
    """Who would give way to entity `i` at station `s`, or -1."""
    e = S.entity[i]
    mine = T.entry[s, e.cls].priority
    pool = S.pool[s]
    found, worst = NOBODY, mine
    if pool.occupied + T.entry[s, e.cls].reserve > pool.places:
        return found
    for c in range(T.entry.shape[1]):
        last = S.queue[s, c, SERVING + 1]
        if last != NOBODY and T.entry[s, c].priority > mine and T.entry[s, c].priority >= worst:
            found, worst = last, T.entry[s, c].priority
    return found


@rule
def give_way(T, S, s, v, t):
    """Entity `v` leaves its service for the front of the waiting room."""
    e = S.entity[v]
    close_hole(S)
    S.extra[v].left = cancel(S, v) - t
    unlink(S.entity, S.queue, s, e.cls, SERVING, v)
    hold(S.pool, s, -1, t)
    book(S, s, v, PREEMPTED, t)
    shift(S.present, S.running, s, e.group, IN_SERVICE, WAITING, t)
    e.since = t
    e.spell += 1
    e.fired = 0
    push_front(T, S, s, e.cls, v)
    if T.station[s].first_patience < T.station[s].last_patience:
        be_patient(T, S, v, WAITING, t)
