"""Blocking after service, and the granting of freed places with all that follows from it in the same instant."""

from __future__ import annotations

from sim.kernel.holding import end_outing, lodging, may_start, place_back, release
from sim.kernel.jit import rule
from sim.kernel.layout import (
    AWAITED,
    BLOCKED,
    BLOCKED_FIRST,
    BY_VISIT,
    DELAYED,
    EXTRAS,
    LONGEST_FIRST,
    NOBODY,
    NOWHERE,
    REPATRIATED,
    TRANSFERRED_IN,
    TRANSFERRED_OUT,
    WAITING,
    WORK_FIRST,
    WORK_SIZE,
)
from sim.kernel.patience import be_patient, withdraw
from sim.kernel.queues import (
    BLOCKED_QUEUE,
    NUMBER_INSIDE,
    NUMBER_WAITING,
    WAITING_ROOM,
    append,
    head,
    take_out,
)
from sim.kernel.stays import start, wait
from sim.kernel.tally import book, enter, exit_state, hold, note_left, note_wait

__all__ = ["block", "go_over", "grant", "has_room", "refill"]


@rule
def has_room(T, S, s, c, inside):
    """Whether the waiting room of station `s` has space for one more of class `c`, by transfer (`inside`) or not."""
    entry = T.entry[s, c]
    waiting = S.queue[s, c, NUMBER_WAITING]
    if entry.inside_room < 0:
        return waiting < entry.room
    within = S.queue[s, c, NUMBER_INSIDE]
    return within < entry.inside_room if inside else waiting - within < entry.room


@rule
def block(T, S, s, to, i, t):
    """Entity `i` keeps its place at `s` until one is free at `to`; its state at `s` has been left already."""
    e = S.entity[i]
    e.to = to
    enter(S.present, S.running, s, e.group, BLOCKED, t)
    enter(S.present, S.running, to, e.group, AWAITED, t)
    book(S, s, i, DELAYED, t)
    S.pool[e.lodge].blocked += 1
    e.since = t
    e.spell += 1
    e.fired = 0
    append(T, S, to, e.cls, BLOCKED_QUEUE, i)
    if T.station[s].first_patience < T.station[s].last_patience:
        be_patient(T, S, i, BLOCKED, t)


@rule
def _ahead(T, S, n, c, which, i, n2, c2, which2, j):
    """Whether entity `i`, heading a queue of station `n`, goes before entity `j`, heading one of `n2`."""
    p, p2 = T.entry[n, c].priority, T.entry[n2, c2].priority
    if p != p2:
        return p < p2
    r, r2 = _rank(T, n, which), _rank(T, n2, which2)
    if r != r2:
        return r < r2
    a, b = _joined(T, S, n, which, i), _joined(T, S, n2, which2, j)
    if a != b:
        return a < b
    return S.entity[i].id < S.entity[j].id


@rule
def _rank(T, n, which):
    first = T.station[n].first
    if first == LONGEST_FIRST:
        return 0
    return 1 - which if first == BLOCKED_FIRST else which


@rule
def _joined(T, S, n, which, i):
    if which == WAITING_ROOM and T.station[n].order == BY_VISIT:
        return S.extra[i].visit
    return S.entity[i].since


@rule
def _best(T, S, p):
    """Entity that goes first of those whom a place of pool `p` may serve, its station and its queue; -1 for none."""
    who, best, queue = NOBODY, NOWHERE, 0
    if S.pool[p].wanted == 0:
        return who, best, queue
    for k in range(T.place[p].first_member, T.place[p].last_member):
        n = T.linked[k]
        if S.pool[n].queued == 0:
            continue
        for c in range(T.entry.shape[1]):
            for which in (WAITING_ROOM, BLOCKED_QUEUE):
                i = head(S.queue, n, c, which)
                if i == NOBODY or not may_start(T, S, n, i):
                    continue
                if who == NOBODY or _ahead(T, S, n, c, which, i, best, S.entity[who].cls, queue, who):
                    who, best, queue = i, n, which
    return who, best, queue


@rule
def go_over(T, S, n, i, t):
    """Entity `i`, blocked for station `n`, leaves the queue of the blocked and its station, in the books."""
    e = S.entity[i]
    u = e.station
    take_out(T, S, n, e.cls, BLOCKED_QUEUE, i)
    exit_state(S.present, S.running, u, e.group, BLOCKED, t)
    exit_state(S.present, S.running, n, e.group, AWAITED, t)
    S.pool[e.lodge].blocked -= 1
    book(S, u, i, TRANSFERRED_OUT, t)
    book(S, n, i, TRANSFERRED_IN, t)
    e.inside = 1
    if T.constants[EXTRAS]:
        withdraw(S, i)
        note_left(T, S, u, i, t)
        S.extra[i].joined = t


@rule
def refill(T, S, n, c, t):
    """Let the first of those blocked for station `n` in class `c` into the waiting room, if there is room."""
    j = head(S.queue, n, c, BLOCKED_QUEUE)
    if j != NOBODY and has_room(T, S, n, c, True):
        go_over(T, S, n, j, t)
        release(T, S, j, t)
        wait(T, S, n, j, t)


@rule
def _home(T, S, p, t):
    """Call the outlier home that started first, if a place of its station is free; False when there is none."""
    pool = S.pool[p]
    if not (T.place[p].repatriate and pool.first_out != NOBODY and pool.occupied < pool.places):
        return False
    i = pool.first_out
    e = S.entity[i]
    end_outing(S, p, i)
    place_back(T, S, e.lodge, i, t)
    pool.outliers -= 1
    pool.outlying_time += t
    e.lodge = p
    hold(S.pool, p, 1, t)
    book(S, p, i, REPATRIATED, t)
    return True


@rule
def grant(T, S, t):
    """Give the freed places of all pools put down to those who wait, and of every pool that is freed by it."""
    N = S.numbers
    while N[WORK_SIZE] > 0:
        p = S.pool[N[WORK_FIRST]].work
        following = N[WORK_FIRST] + 1
        N[WORK_FIRST] = following if following < S.pool.size else 0
        N[WORK_SIZE] -= 1
        S.pool[p].listed = 0
        while not T.place[p].needed or S.pool[p].occupied < S.pool[p].places:
            i, n, which = _best(T, S, p)
            if i == NOBODY:
                if _home(T, S, p, t):
                    continue
                break
            c = S.entity[i].cls
            lodge = lodging(T, S, n, c)  # where it was when it asked, before it gives anything up
            if which == BLOCKED_QUEUE:
                go_over(T, S, n, i, t)
                release(T, S, i, t)
            else:
                take_out(T, S, n, c, WAITING_ROOM, i)
                exit_state(S.present, S.running, n, S.entity[i].group, WAITING, t)
                if T.constants[EXTRAS]:
                    withdraw(S, i)
                note_wait(T, S, n, i, t - S.entity[i].since, t)
            start(T, S, n, i, lodge, t)
            if which == WAITING_ROOM:
                refill(T, S, n, c, t)
