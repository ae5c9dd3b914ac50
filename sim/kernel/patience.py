"""Patience of those who wait or are blocked: deadlines by rule, in a heap from which anybody can be withdrawn."""

from __future__ import annotations

import numpy as np

from sim.kernel.draws import PURPOSE_PATIENCE, uniforms
from sim.kernel.jit import rule
from sim.kernel.layout import FOREVER, NOBODY, PATIENT
from sim.kernel.lengths import length
from sim.kernel.pick import pick

__all__ = ["be_patient", "withdraw"]

U = np.uint64


@rule
def _sooner(S, t1, i1, t2, i2):
    if t1 != t2:
        return t1 < t2
    a, b = S.entity[i1], S.entity[i2]
    if a.station != b.station:
        return a.station < b.station
    return a.id < b.id


@rule
def _place(S, at, t, i):
    """Let entity `i` find its place in the heap from position `at`, up or down."""
    heap = S.patient
    size = S.numbers[PATIENT]
    while at > 0:
        parent = (at - 1) >> 1
        if not _sooner(S, t, i, heap[parent].time, heap[parent].who):
            break
        heap[at].time, heap[at].who = heap[parent].time, heap[parent].who
        S.extra[heap[at].who].heap = at
        at = parent
    while True:
        child = 2 * at + 1
        if child >= size:
            break
        if child + 1 < size and _sooner(
            S, heap[child + 1].time, heap[child + 1].who, heap[child].time, heap[child].who
        ):
            child += 1
        if not _sooner(S, heap[child].time, heap[child].who, t, i):
            break
        heap[at].time, heap[at].who = heap[child].time, heap[child].who
        S.extra[heap[at].who].heap = at
        at = child
    heap[at].time, heap[at].who = t, i
    S.extra[i].heap = at


@rule
def withdraw(S, i):
    """Entity `i` leaves its queue: its patience no longer matters."""
    at = S.extra[i].heap
    if at == NOBODY:
        return
    S.extra[i].heap = NOBODY
    last = S.numbers[PATIENT] - 1
    S.numbers[PATIENT] = last
    if at < last:
        _place(S, at, S.patient[last].time, S.patient[last].who)


@rule
def be_patient(T, S, i, state, t):
    """Find the earliest deadline of entity `i`, which waits or is blocked (`state`), and put it down."""
    e = S.entity[i]
    station = T.station[e.station]
    at, acts = FOREVER, NOBODY
    for r in range(station.first_patience, station.last_patience):
        number = r - station.first_patience
        row = T.patience[r]
        if (
            row.state != state
            or (e.fired >> number) & 1
            or pick(T.selector, T.pick, T.pick_rule, row.where, e.levels) < 0
        ):
            continue
        k = U(8 * e.spell + number)
        u, _ = uniforms(S.words[0], S.words[1], U(PURPOSE_PATIENCE), e.id, k)
        deadline = e.since + length(T, row.after, u)
        if deadline < at:
            at, acts = deadline, number
    if acts == NOBODY:
        return
    e.rule = acts
    size = S.numbers[PATIENT]
    S.numbers[PATIENT] = size + 1
    _place(S, size, max(at, t), i)
