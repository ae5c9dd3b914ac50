"""How long things take: quantiles of services, and departures moved into a station's open hours."""

from __future__ import annotations

import math

from sim.kernel.draws import inverse_normal
from sim.kernel.jit import rule
from sim.kernel.layout import FIRST_WEEKDAY, HOUR_MS, LONGEST_STAY

__all__ = ["departure", "quantile", "whole_ms"]

EXPONENTIAL, LOGNORMAL, WEIBULL, DETERMINISTIC = range(4)
KNOTS = 1024
LOGIT_MAX = 36.7
LOGIT_STEP = 2 * LOGIT_MAX / (KNOTS - 1)


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
        x = _table(T, row.table, u)
    return min(x, LONGEST_STAY)


@rule
def _table(T, table, u):
    p = (math.log(u / (1.0 - u)) + LOGIT_MAX) / LOGIT_STEP
    i = min(max(int(p), 0), KNOTS - 2)
    t = p - i
    t2 = t * t
    t3 = t2 * t
    v0, m0 = T.table[table, i, 0], T.table[table, i, 1]
    v1, m1 = T.table[table, i + 1, 0], T.table[table, i + 1, 1]
    return math.exp((2 * t3 - 3 * t2 + 1) * v0 + (t3 - 2 * t2 + t) * m0 + (3 * t2 - 2 * t3) * v1 + (t3 - t2) * m1)


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
