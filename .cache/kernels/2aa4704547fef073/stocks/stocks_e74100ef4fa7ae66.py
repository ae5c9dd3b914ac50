# This file is made by Carebridge and may be deleted at any time.
from sim.kernel.jit import strict_called as called, strict_compiled as compiled, strict_rule as rule
# Generated from the stock-flow model 'care system'; the same model always gives the same text.
import math

import numpy as np



@rule
def _exp(x):
    if x > 709.78:
        raise ValueError("exponential too large")
    return math.exp(x)


@rule
def _floor(x):
    return math.floor(x) * 1.0 if abs(x) < 9007199254740992.0 else x  # beyond 2^53 all numbers are whole


@rule
def _integer(x):
    return _floor(x) if x >= 0.0 else -_floor(-x)


@rule
def _modulo(x, base):
    return x - base * _integer(x / base)



@called
def start(y, x, p, b, c):
    """Give stocks and memories their initial values; returns the size that the buffers need."""
    dt = c[1]
    t = c[0]
    middle = t + 0.5 * dt
    before = t - dt + 0.5 * dt
    used = 0
    for i_site in range(1):
        y[i_site] = 0.0
        if y[i_site] < 0.0:
            raise ValueError("a stock begins below nought")
    for i_site in range(1):
        x[13 + i_site] = p[13 + i_site]
    for i_site in range(1):
        n1 = p[19]
        if not 1.0 * dt <= n1 * 1.000000001:
            raise ValueError("a delay is too short for the step")
        for stage in range(1):
            y[1 + 1 * (i_site) + stage] = x[13 + i_site]
    return used


@called
def advance(y, x, p, b, w, c, out, k, last, row, every, stages):
    """Go from step k to step last, writing rows; the last step is looked at but not carried further."""
    t0 = c[0]
    dt = c[1]
    p_4 = p[4]
    p_5 = p[5]
    p_6 = p[6]
    p_7 = p[7]
    p_8 = p[8]
    p_9 = p[9]
    p_10 = p[10]
    p_12 = p[12]
    p_14 = p[14]
    p_15 = p[15]
    p_16 = p[16]
    p_17 = p[17]
    p_18 = p[18]
    p_19 = p[19]
    p_20 = p[20]
    p_21 = p[21]
    p_22 = p[22]
    while True:
        for stage in range(stages):
            tk = t0 + k * dt
            middle = tk + 0.5 * dt
            before = t0 + (k - 1) * dt + 0.5 * dt
            t = tk if stage == 0 else (middle if stage < 3 else t0 + (k + 1) * dt)
            for i_site in range(1):
                x[4 + i_site] = max(0.0, (y[i_site] / p_18))
            v_day_of_four_years = _modulo((t + p_9), p_8)
            v_trend_now = _exp(((p_10 * (t - c[0])) / p_12))
            for i_site in range(1):
                x[6 + i_site] = ((p[23 + i_site] + p[24 + i_site]) / max(p[25 + i_site], p_14))
            for i_site in range(1):
                x[13 + i_site] = y[1 + 1 * (i_site) + 0]
            for i_site in range(1):
                n1 = x[4 + i_site]
                n2 = 0.99999999999999 * max(0.0, y[i_site] - 1e-200) / dt
                x[i_site] = n2 / n1 if n1 > n2 else 1.0
            v_day_of_year = (v_day_of_four_years - (p_7 * min(3.0, _integer((v_day_of_four_years / p_7)))))
            for i_site in range(1):
                x[7 + i_site] = (x[6 + i_site] / p[13 + i_site])
            for i_site in range(1):
                x[9 + i_site] = x[13 + i_site]
            for i_site in range(1):
                x[3 + i_site] = x[4 + i_site] * x[i_site]
            for i_site in range(1):
                x[5 + i_site] = (p[i_site] if (v_day_of_year < p_4) else (p[1 + i_site] if (v_day_of_year < p_5) else (p[2 + i_site] if (v_day_of_year < p_6) else p[3 + i_site])))
            for i_site in range(1):
                x[10 + i_site] = (p_17 if (x[9 + i_site] >= p_21) else (p_16 if (x[9 + i_site] >= p_20) else p_22))
            for i_site in range(1):
                x[8 + i_site] = ((x[5 + i_site] * v_trend_now) * p[11 + i_site])
            for i_site in range(1):
                x[11 + i_site] = ((x[10 + i_site] * p_15) / (1.0 - p_15))
            for i_site in range(1):
                x[12 + i_site] = ((x[11 + i_site] / (1.0 + x[11 + i_site])) - p_15)
            for i_site in range(1):
                x[2 + i_site] = max(0.0, (p[26 + i_site] * x[12 + i_site]))
            for i_site in range(1):
                x[1 + i_site] = x[2 + i_site]
            if stage == 0:
                if k % every == 0 or k == last:
                    for i_site in range(1):
                        out[row, 0 + i_site] = p[i_site]
                    for i_site in range(1):
                        out[row, 1 + i_site] = p[1 + i_site]
                    for i_site in range(1):
                        out[row, 2 + i_site] = p[2 + i_site]
                    for i_site in range(1):
                        out[row, 3 + i_site] = p[3 + i_site]
                    out[row, 4] = p_4
                    out[row, 5] = p_5
                    out[row, 6] = p_6
                    out[row, 7] = p_7
                    out[row, 8] = p_8
                    out[row, 9] = p_9
                    out[row, 10] = p_10
                    for i_site in range(1):
                        out[row, 11 + i_site] = p[11 + i_site]
                    out[row, 12] = p_12
                    for i_site in range(1):
                        out[row, 13 + i_site] = p[13 + i_site]
                    out[row, 14] = p_14
                    out[row, 15] = p_15
                    out[row, 16] = p_16
                    out[row, 17] = p_17
                    out[row, 18] = p_18
                    out[row, 19] = p_19
                    out[row, 20] = p_20
                    out[row, 21] = p_21
                    out[row, 22] = p_22
                    for i_site in range(1):
                        out[row, 23 + i_site] = p[23 + i_site]
                    for i_site in range(1):
                        out[row, 24 + i_site] = p[24 + i_site]
                    for i_site in range(1):
                        out[row, 25 + i_site] = p[25 + i_site]
                    for i_site in range(1):
                        out[row, 26 + i_site] = p[26 + i_site]
                    for i_site in range(1):
                        out[row, 27 + i_site] = y[i_site]
                    for i_site in range(1):
                        out[row, 28 + i_site] = x[1 + i_site]
                    for i_site in range(1):
                        out[row, 29 + i_site] = x[3 + i_site]
                    out[row, 30] = v_day_of_four_years
                    out[row, 31] = v_day_of_year
                    for i_site in range(1):
                        out[row, 32 + i_site] = x[5 + i_site]
                    out[row, 33] = v_trend_now
                    for i_site in range(1):
                        out[row, 34 + i_site] = x[6 + i_site]
                    for i_site in range(1):
                        out[row, 35 + i_site] = x[7 + i_site]
                    for i_site in range(1):
                        out[row, 36 + i_site] = x[8 + i_site]
                    for i_site in range(1):
                        out[row, 37 + i_site] = x[9 + i_site]
                    for i_site in range(1):
                        out[row, 38 + i_site] = x[10 + i_site]
                    for i_site in range(1):
                        out[row, 39 + i_site] = x[11 + i_site]
                    for i_site in range(1):
                        out[row, 40 + i_site] = x[12 + i_site]
                    row += 1
                if k == last:
                    for i_site in range(1):
                        n1 = p_19
                        if stage == 0 and not 1.0 * dt <= n1 * 1.000000001:
                            raise ValueError("a delay is too short for the step")
                    return
                pass
            for i_site in range(1):
                w[0, i_site] = x[1 + i_site] - x[3 + i_site]
            for i_site in range(1):
                n1 = x[6 + i_site]
                n2 = p_19
                if stage == 0 and not 1.0 * dt <= n2 * 1.000000001:
                    raise ValueError("a delay is too short for the step")
                for j in range(1):
                    w[0, 1 + 1 * (i_site) + j] = (n1 - y[1 + 1 * (i_site) + j]) * 1.0 / n2
                    n1 = y[1 + 1 * (i_site) + j]
            if stages == 1:
                for j in range(y.size):
                    y[j] += dt * w[0, j]
            elif stage == 0:
                for j in range(y.size):
                    w[1, j] = y[j]
                    w[2, j] = w[0, j]
                    y[j] = w[1, j] + 0.5 * dt * w[0, j]
            elif stage == 3:
                for j in range(y.size):
                    y[j] = w[1, j] + dt / 6.0 * (w[2, j] + w[0, j])
            else:
                for j in range(y.size):
                    w[2, j] += 2.0 * w[0, j]
                    y[j] = w[1, j] + (0.5 * dt if stage == 1 else dt) * w[0, j]
        k += 1



from sim.kernel.jit import call_at as advance_network, compiled as entry, rule as folded

AT = 0
CARRY = 0
COUNT = 0
DOWN = 2
ENTITIES = 4
FACTOR = 1
FED_LEAKS = 5
FINE = 0
HANDED_LEAKS = 4
MEAN = 1
NETWORK_LEAKS = 3
NOT_A_NUMBER = 6
OUT_OF_RANGE = 7
PLACES = 0
RATE = 0
RATIO = 2
ROW = 2
SEEN = 1
SET = 5
SHARES = 2
STATION_LEAKS = 2
STOCK_LEAKS = 1
TIME_IN_STATE = 1
TIME_OPEN = 2
TROUBLE = 3
WHICH = 4
ARRIVED = 0
AWAITED = 4
DIED = 12
DIVERTED = 10
DONE = 0
INFINITE = 1099511627776
LEFT = 6
LOST = 7
OPEN = 2
PERIOD = 7
PLAN_AT = 9
PRESENT = 12
RECLASSIFIED_IN = 13
RECLASSIFIED_OUT = 14
RENEGED = 11
RETURNED = 1
SET_MULTIPLIER = 1
SET_PLACES = 0
SET_SHARE = 2
TRANSFERRED_IN = 2
TRANSFERRED_OUT = 5
WAITED = 9


@folded
def _entered(S, period, s, g):
    """Entities that came to a station less those who left it, in one period."""
    f = S.flow[period, s, g]
    came = f[ARRIVED] + f[RETURNED] + f[TRANSFERRED_IN] + f[RECLASSIFIED_IN]
    went = f[LEFT] + f[LOST] + f[TRANSFERRED_OUT] + f[DIVERTED] + f[RENEGED] + f[DIED] + f[RECLASSIFIED_OUT]
    return came - went

@folded
def _of_closed(S, period, term):
    """A term's share of a period that has closed."""
    if term.kind == COUNT:
        return S.flow[period, term.station, term.group, term.column]
    if term.kind == TIME_IN_STATE:
        return S.area[period, term.station, term.group, term.column]
    return S.places_area[period, term.station, 0 if term.kind == TIME_OPEN else 2]

@folded
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

@folded
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

@folded
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

@folded
def _trouble(E, what, which):
    if E.numbers[TROUBLE] == FINE:
        E.numbers[TROUBLE] = what
        E.numbers[WHICH] = which

@folded
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

@folded
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

@folded
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

@folded
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

@entry
def begin(T, S, K, E, y, x, p, b, w, c, z):
    """Initial values of the stocks, and what follows from them; returns the size that the buffers need."""
    used = start(y, x, p, b, c)
    if used <= b.size:
        advance(y, x, p, b, w, c, z, 0, 0, 1, 1, 1)
        for j in range(z.shape[1]):
            z[0, j] = 0.0
    return used

@entry
def again(y, x, p, b, w, c, z, k):
    """Work everything out anew at exchange `k`, after parameters have changed; stocks stay what they are."""
    advance(y, x, p, b, w, c, z, k, k, 1, 1, 1)

@entry
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
