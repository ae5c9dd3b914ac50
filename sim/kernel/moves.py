"""Coming, departing, leaving the network, coming back: who moves from where to where, in the books."""

from __future__ import annotations

import numpy as np

from sim.kernel.blocking import block
from sim.kernel.draws import PURPOSE_IDENTITY, PURPOSE_RETURN, threefry, uniforms
from sim.kernel.heap import schedule
from sim.kernel.holding import give_back, list_pool, lodging, release
from sim.kernel.jit import rule
from sim.kernel.layout import (
    AWAY,
    DIVERTED,
    EXTRAS,
    FREE,
    GONE,
    LEAVES,
    LEFT,
    LOST,
    NOBODY,
    NOWHERE,
    PRESENT,
    RETURN_VISIT,
    TRANSFERRED_IN,
    TRANSFERRED_OUT,
)
from sim.kernel.lengths import length
from sim.kernel.pick import pick
from sim.kernel.routing import NOT_TAKEN, STARTS, VANISHES, seek
from sim.kernel.stays import wait
from sim.kernel.tally import book, note_left

__all__ = ["DEPARTS", "forget", "move", "vanish"]

U = np.uint64
_RETURNER = U(1) << U(63)

DEPARTS = -1  #: in the place of the flow by which somebody comes: somebody departs after a stay


@rule
def move(T, S, i, flow, t):
    """Entity `i` departs after a stay (`flow` is DEPARTS; its state has been left), or comes to its station.

    Returns the station where its next stay starts (-1 for none) and the pool of which it takes a place then (-1: it
    keeps the one that it has).
    """
    e = S.entity[i]
    s, d, departs = e.station, e.station, flow == DEPARTS
    if departs:
        d = e.to
        if d == LEAVES:
            book(S, s, i, LEFT, t)
            if T.constants[EXTRAS]:
                note_left(T, S, s, i, t)
            release(T, S, i, t)
            _leave(T, S, s, i, t)
            return NOWHERE, NOWHERE
        if d == s:
            book(S, s, i, TRANSFERRED_OUT, t)
            book(S, s, i, TRANSFERRED_IN, t)
            e.inside = 1
            if not T.station[s].plain:
                give_back(T, S, i, True, t)
            return s, NOWHERE
    at, how = seek(T, S, d, i, departs, t)
    lodge = lodging(T, S, at, e.cls)  # found while it still holds what it has
    if departs:
        if how == NOT_TAKEN:
            block(T, S, s, d, i, t)
            return NOWHERE, NOWHERE
        book(S, s, i, TRANSFERRED_OUT, t)
        if T.constants[EXTRAS]:
            note_left(T, S, s, i, t)
        release(T, S, i, t)
        flow = TRANSFERRED_IN
    book(S, d, i, flow, t)
    if how in (NOT_TAKEN, VANISHES):
        book(S, d, i, LOST, t)
        vanish(S, i)
        return NOWHERE, NOWHERE
    e.inside = departs
    if at != d:
        book(S, d, i, DIVERTED, t)
        book(S, at, i, TRANSFERRED_IN, t)
        e.inside = False
    if T.constants[EXTRAS]:
        S.extra[i].joined = t
        S.extra[i].left = NOBODY
    if how == STARTS:
        return at, lodge
    wait(T, S, at, i, t)
    if departs and at == s:  # diverted back to where it has just given up a place
        list_pool(S, s)
    return NOWHERE, NOWHERE


@rule
def _leave(T, S, s, i, t):
    """Entity `i` leaves station `s` and the network, for good or for a while."""
    e = S.entity[i]
    row = pick(T.selector, T.pick, T.pick_rule, T.station[s].back, e.levels)
    if row >= 0:
        u, w = uniforms(S.words[0], S.words[1], U(PURPOSE_RETURN), e.id, U(e.stay))
        if u < T.back[row].probability:
            x0, _ = threefry(e.id, U(0), S.words[0], (S.words[1] << U(8)) | U(PURPOSE_IDENTITY))
            S.numbers[PRESENT] -= 1
            S.numbers[AWAY] += 1
            e.id = x0 | _RETURNER
            e.stay = 0
            e.spell = 0
            e.station = T.back[row].to
            e.due = RETURN_VISIT
            schedule(S, t + length(T, T.back[row].after, w), i)
            return
    vanish(S, i)


@rule
def vanish(S, i):
    """Entity `i` leaves the network for good."""
    S.numbers[PRESENT] -= 1
    forget(S, i)


@rule
def forget(S, i):
    """The memory of entity `i` is free."""
    S.numbers[GONE] += 1
    S.entity[i].next = S.numbers[FREE]
    S.numbers[FREE] = i
