"""How long things take: quantiles of services, and departures moved into a station's open hours."""

from __future__ import annotations

import math

from sim.kernel.draws import inverse_normal
from sim.kernel.jit import called, rule
from sim.kernel.layout import FIRST_WEEKDAY, HOUR_MS, LONGEST_STAY

__all__ = ["departure", "quantile", "whole_ms"]

EXPONENTIAL, LOGNORMAL, WEIBULL, DETERMINISTIC, TABLE, UNIFORM, TRIANGULAR, NORMAL, EMPIRICAL = range(9)
BOUNDED = 16  #: added to the kind of a service with a range or bounds
CELLS = 1023
LOGIT_MAX = 36.7
LOGIT_STEP = 2 * LOGIT_MAX / CELLS
LAST_SHARE = 1 - 2.0**-53  #: largest share below one


@rule
def quantile(T, service, u):
    """Time (ms, not rounded) below which a share `u` of this service lies."""
    row = T.service[service]
    kind, a, b = row.kind, row.a, row.b
    if kind == EXPONENTIAL:
        x = -a * math.log(u)
    elif kind == LOGNORMAL:
        x = math.exp(a + b * inverse_normal(u))
    elif kind == WEIBULL:
        x = a * math.pow(-math.log(u), b)
    elif kind == DETERMINISTIC:
        x = a
    else:
        x = _other(row, T.table, T.cell, T.observed, u)
    return min(x, LONGEST_STAY)


@called
def _other(row, table, cell, observed, u):
    """Quantile of kinds that are rarer, and of all kinds with a range or bounds."""
    bounded = row.kind >= BOUNDED
    kind, a, b = row.kind - BOUNDED if bounded else row.kind, row.a, row.b
    if bounded:
        u = min(row.base + u * row.span, LAST_SHARE)
    if kind == TABLE:
        x = _table(table, cell, row.table, u)
    elif kind == EMPIRICAL:
        x = observed[row.table + min(int(u * a), int(a) - 1)]
    elif kind == EXPONENTIAL:
        x = -a * math.log(u)
    elif kind == WEIBULL:
        x = a * math.pow(-math.log(u), b)
    elif kind == UNIFORM:
        x = a + b * u
    elif kind == TRIANGULAR:
        x = _triangular(a, b, row.c, u)
    else:
        x = a + b * inverse_normal(u)
        if kind == LOGNORMAL:
            x = math.exp(x)
    return min(max(x, row.low), row.high) if bounded else x


@rule
def _triangular(low, width, turn, u):
    if u < turn:
        return low + width * math.sqrt(u * turn)
    return low + width * (1.0 - math.sqrt((1.0 - u) * (1.0 - turn)))


@rule
def _table(table, cell, number, u):
    """Cubic in the log-odds of u; a cell of the table has one or more cubics, side by side."""
    p = min(max((math.log(u / (1.0 - u)) + LOGIT_MAX) / LOGIT_STEP, 0.0), float(CELLS))
    i = min(int(p), CELLS - 1)
    first = cell[number, i]
    parts = cell[number, i + 1] - first
    q = (p - i) * parts
    j = min(int(q), parts - 1)
    t = q - j
    c = first + j
    return math.exp(((table[c, 3] * t + table[c, 2]) * t + table[c, 1]) * t + table[c, 0])


@rule
def whole_ms(x):
    """Round a time to the nearest whole millisecond."""
    return int(math.floor(min(x, LONGEST_STAY) + 0.5))


@rule
def departure(T, window, ready, b):
    """Move `ready` (ms) into the next open hours of a window, to their point `b` of (0, 1), unless it is open then."""
    hour = ready // HOUR_MS
    week_hour = (hour + 24 * T.constants[FIRST_WEEKDAY]) % 168
    wait = T.window[window, week_hour, 0]
    if wait == 0:
        return ready
    return (hour + wait) * HOUR_MS + int(b * T.window[window, week_hour, 1] * HOUR_MS)
