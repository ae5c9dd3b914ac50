"""The loop of a hybrid run: network first, then counts, stocks, and what the stocks set. Compiled with the stocks.

The text of these functions becomes part of a generated module, in which `advance_network` calls the kernel at its
address, and `start` and `advance` are those of the stocks.
"""
# ruff: noqa: F821
# pyright: reportUndefinedVariable=none, reportAttributeAccessIssue=none, reportIndexIssue=none

from __future__ import annotations

import math

from sim.hybrid.layout import (
    AT,
    CARRY,
    COUNT,
    DOWN,
    ENTITIES,
    FACTOR,
    FED_LEAKS,
    FINE,
    HANDED_LEAKS,
    MEAN,
    NETWORK_LEAKS,
    NOT_A_NUMBER,
    OUT_OF_RANGE,
    PLACES,
    RATE,
    RATIO,
    ROW,
    SEEN,
    SET,
    SHARES,
    STATION_LEAKS,
    STOCK_LEAKS,
    TIME_IN_STATE,
    TIME_OPEN,
    TROUBLE,
    WHICH,
)
from sim.kernel.layout import (
    ARRIVED,
    AWAITED,
    DIED,
    DIVERTED,
    DONE,
    INFINITE,
    LEFT,
    LOST,
    PERIOD,
    PLAN_AT,
    PRESENT,
    RECLASSIFIED_IN,
    RECLASSIFIED_OUT,
    RENEGED,
    RETURNED,
    SET_MULTIPLIER,
    SET_PLACES,
    SET_SHARE,
    TRANSFERRED_IN,
    TRANSFERRED_OUT,
)

__all__ = ["FUNCTIONS"]


def _entered(S, period, s, g):
    """Entities that came to a station less those who left it, in one period."""
    f = S.flow[period, s, g]
    came = f[ARRIVED] + f[RETURNED] + f[TRANSFERRED_IN] + f[RECLASSIFIED_IN]
    went = f[LEFT] + f[LOST] + f[TRANSFERRED_OUT] + f[DIVERTED] + f[RENEGED] + f[DIED] + f[RECLASSIFIED_OUT]
    return came - went


def _of_closed(S, period, term):
    """A term's share of a period that has closed."""
    if term.kind == COUNT:
        return S.flow[period, term.station, term.group, term.column]
    if term.kind == TIME_IN_STATE:
        return S.area[period, term.station, term.group, term.column]
    return S.places_area[period, term.station, 0 if term.kind == TIME_OPEN else 2]


def _of_open(S, term, t, periods):
    """A term's share of the period that is open, up to t."""
    if term.kind == COUNT:
        period = S.numbers[PERIOD]
        return S.flow[period, term.station, term.group, term.column] if period < periods else 0
    if term.kind == TIME_IN_STATE:
        s, g, k = term.station, term.group, term.column
        return S.running[s, g, k] + S.present[s, g, k] * t
    pool = S.pool[term.station]
    if term.kind == TIME_OPEN:
        return pool.open_time + (0 if pool.places == INFINITE else pool.places) * t
    return pool.occupied_time + pool.occupied * t


def _close(S, K, E):
    """Add the periods that have closed since the last exchange to what is kept."""
    while E.numbers[SEEN] < S.numbers[PERIOD]:
        period = E.numbers[SEEN]
        for n in range(K.term.size):
            E.closed[K.term[n].sum] += _of_closed(S, period, K.term[n])
        for s in range(S.flow.shape[1]):
            for g in range(S.flow.shape[2]):
                E.balance[s] += _entered(S, period, s, g)
        E.numbers[SEEN] = period + 1


def _feed(S, K, E, p, dt, t, before):
    """Hand over what has come together since the last exchange."""
    _close(S, K, E)
    periods = S.flow.shape[0]
    for n in range(E.total.size):
        before[n] = E.total[n]
        E.total[n] = E.closed[n]
    for n in range(K.term.size):
        E.total[K.term[n].sum] += _of_open(S, K.term[n], t, periods)
    for n in range(K.feed.size):
        feed = K.feed[n]
        gained = E.total[feed.sum] - before[feed.sum]
        if feed.how == RATE:
            p[feed.place] = gained / dt
            E.fed[n] += p[feed.place] * dt
        elif feed.how == MEAN:
            p[feed.place] = gained / K.span[0]
            E.fed[n] += p[feed.place] * K.span[0]
        else:
            other = E.total[feed.other] - before[feed.other]
            p[feed.place] = gained / other if other > 0 else 0.0


def _trouble(E, what, which):
    if E.numbers[TROUBLE] == FINE:
        E.numbers[TROUBLE] = what
        E.numbers[WHICH] = which


def _balanced(S, K, E):
    """Check that the network neither lost nor invented anybody, station by station and as a whole."""
    stations, groups = S.flow.shape[1], S.flow.shape[2]
    period, here = S.numbers[PERIOD], 0
    for s in range(stations):
        entered = K.census[s] + E.balance[s]
        present = 0
        for g in range(groups):
            if period < S.flow.shape[0]:
                entered += _entered(S, period, s, g)
            for k in range(AWAITED):
                present += S.present[s, g, k]
        if entered != present:
            _trouble(E, STATION_LEAKS, s)
        here += present
    if here != S.numbers[PRESENT]:
        _trouble(E, NETWORK_LEAKS, 0)
    for n in range(K.feed.size):
        feed = K.feed[n]
        if feed.how != RATIO and abs(E.fed[n] - E.total[feed.sum]) > 1e-9 * (1.0 + E.fed[n]):
            _trouble(E, FED_LEAKS, n)


def _kept(K, E, y, w, z, dt):
    """Check that every stock has changed by what flowed in and out, and nothing else."""
    for j in range(y.size):
        w[3, j] = 0.0
        w[4, j] = abs(w[1, j])
    for n in range(K.side.size):
        side = K.side[n]
        moved = side.sign * dt * z[0, side.column]
        w[3, side.stock] += moved
        w[4, side.stock] += abs(moved)
    for j in range(y.size):
        if K.column[j] >= 0 and not abs(y[j] - w[1, j] - w[3, j]) <= 1e-12 * w[4, j]:
            _trouble(E, STOCK_LEAKS, j)


def _change(S, t, what, index, value):
    """Plan a change for t, in the order in which changes act; there is room before the rows that are still to come."""
    at = S.numbers[PLAN_AT] - 1
    S.numbers[PLAN_AT] = at
    while at + 1 < S.plan.size:
        row = S.plan[at + 1]
        if row.time > t or (row.time == t and (row.what > what or (row.what == what and row.index > index))):
            break
        S.plan[at] = S.plan[at + 1]
        at += 1
    S.plan[at].time = t
    S.plan[at].what = what
    S.plan[at].index = index
    S.plan[at].value = value


def _set(S, K, E, z, dt, t):
    """Set in the network what the stocks say, from t on."""
    for n in range(K.drive.size):
        drive = K.drive[n]
        if drive.what == ENTITIES:  # what has left the stock in the step before
            value = z[0, drive.column] * drive.scale * dt
        else:
            value = z[1, drive.column] * drive.scale
        if not math.isfinite(value):
            _trouble(E, NOT_A_NUMBER, n)
            return
        if not drive.low <= value <= drive.high:
            _trouble(E, OUT_OF_RANGE, n)
            return
        if drive.what == PLACES or drive.what == ENTITIES:  # noqa: PLR1714 - Numba compares numbers faster than sets
            E.asked[n] += value
            if drive.rounding == CARRY:
                whole = math.floor(value + E.rest[n] + 1e-9)
                E.rest[n] += value - whole
            elif drive.rounding == DOWN:
                whole = math.floor(value + 1e-9)
            else:
                whole = math.floor(value + 0.5)
            E.given[n] += whole
            if drive.rounding == CARRY and not abs(E.asked[n] - E.given[n] - E.rest[n]) <= 1e-9 * (1.0 + E.asked[n]):
                _trouble(E, HANDED_LEAKS, n)
            value = float(whole)
        if value != E.last[n]:
            E.last[n] = value
            if drive.what == PLACES:
                _change(S, t, SET_PLACES, drive.index, value)
            elif drive.what == FACTOR:
                _change(S, t, SET_MULTIPLIER, drive.index, value)
            elif drive.what == SHARES:
                share = 0.0
                for m in range(drive.first, drive.last):
                    portion = K.portion[m]
                    share += value if portion.driven == 1 else portion.part * (1.0 - value)
                    _change(S, t, SET_SHARE, portion.index, share)
            else:
                _change(S, t, SET_SHARE, drive.index, value)


def begin(y, x, p, b, w, c, z):
    """Initial values of the stocks, and what follows from them; returns the size that the buffers need."""
    used = start(y, x, p, b, c)
    if used <= b.size:
        advance(y, x, p, b, w, c, z, 0, 0, 1, 1, 1)
        for j in range(z.shape[1]):
            z[0, j] = 0.0
    return used


def again(y, x, p, b, w, c, z, k):
    """Work everything out anew at exchange `k`, after parameters have changed; stocks stay what they are."""
    advance(y, x, p, b, w, c, z, k, k, 1, 1, 1)


def drive(kernel, T, S, K, E, y, x, p, b, w, c, z, out, before, last, every):
    """Go on to exchange `last`; returns what the network needs when its memory is full, to be called again."""
    dt, span = c[1], K.span[0]
    while E.numbers[AT] < last and E.numbers[TROUBLE] == FINE:
        k = E.numbers[AT]
        t = (k + 1) * span
        if E.numbers[SET] <= k:  # once an interval, however often the network needs memory in it
            E.numbers[SET] = k + 1
            _set(S, K, E, z, dt, k * span)
            if E.numbers[TROUBLE] != FINE:
                break
        status = advance_network(kernel, T, S, t)
        if status != DONE:
            return status
        _feed(S, K, E, p, dt, t, before)
        _balanced(S, K, E)
        for j in range(y.size):
            w[1, j] = y[j]
        advance(y, x, p, b, w, c, z, k, k + 1, 0, 1, 1)
        _kept(K, E, y, w, z, dt)
        if k % every == 0:
            for j in range(z.shape[1]):
                out[E.numbers[ROW], j] = z[0, j]
            E.numbers[ROW] += 1
        if k >= K.span[1]:
            for j in range(z.shape[1]):
                E.sums[j] += z[0, j]
        E.numbers[AT] = k + 1
    return DONE


#: in an order in which each uses only those before it
FUNCTIONS = (_entered, _of_closed, _of_open, _close, _feed, _trouble, _balanced, _kept, _change, _set)
ENTRIES = (begin, again, drive)
