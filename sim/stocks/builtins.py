"""What the functions of equations compute; the text of these goes into every generated program.

Plain Python that Numba can compile. What has no result raises an error, compiled or not.
"""
# ruff: noqa: D103

from __future__ import annotations

import math

__all__ = ["SOURCES"]


def _sqrt(x):
    if x < 0.0:
        raise ValueError("root of a negative number")
    return math.sqrt(x)


def _exp(x):
    if x > 709.78:
        raise ValueError("exponential too large")
    return math.exp(x)


def _ln(x):
    if x <= 0.0:
        raise ValueError("logarithm of nought or less")
    return math.log(x)


def _log10(x):
    if x <= 0.0:
        raise ValueError("logarithm of nought or less")
    return math.log10(x)


def _log(x, base):
    return _ln(x) / _ln(base)


def _power(x, n):
    if x < 0.0 and n != math.floor(n):
        raise ValueError("power without a result")
    if x == 0.0 and n < 0.0:
        raise ValueError("power without a result")
    return x**n


def _integer(x):
    return math.floor(x) * 1.0 if x >= 0.0 else math.ceil(x) * 1.0


def _modulo(x, base):
    return x - base * _integer(x / base)


def _quantum(x, quantum):
    return x if quantum <= 0.0 else quantum * _integer(x / quantum)


def _xidz(x, y, otherwise):
    return otherwise if abs(y) < 1e-6 else x / y


def _ramp(t, slope, begin, end):
    if t <= begin:
        return 0.0
    return slope * (min(t, end) - begin)


def _pulse(middle, dt, begin, width):
    return 1.0 if begin < middle < begin + max(width, dt) else 0.0


def _pulse_train(middle, dt, begin, width, every, until):
    if not begin < middle < until:
        return 0.0
    return 1.0 if _modulo(middle - begin, every) < max(width, dt) else 0.0


def _impulse(middle, dt, amount, at):
    return amount / dt if 0.0 < middle - at <= dt else 0.0


def _impulses(middle, dt, amount, at, every):
    if middle <= at:
        return 0.0
    since = _modulo(middle - at, every)
    return amount / dt if 0.0 < since <= dt else 0.0


def _segment(x, xs):
    low = 0
    high = len(xs) - 1
    while high - low > 1:
        middle = (low + high) // 2
        if xs[middle] <= x:
            low = middle
        else:
            high = middle
    return low


def _extrapolate(x, xs, ys):
    i = _segment(x, xs)
    return ys[i] + (ys[i + 1] - ys[i]) * ((x - xs[i]) / (xs[i + 1] - xs[i]))


def _clamp(x, xs, ys):
    if x <= xs[0]:
        return ys[0]
    if x >= xs[len(xs) - 1]:
        return ys[len(xs) - 1]
    return _extrapolate(x, xs, ys)


def _discrete(x, xs, ys):
    if x >= xs[len(xs) - 1]:
        return ys[len(xs) - 1]
    return ys[_segment(x, xs)]


#: functions in an order in which each uses only those before it; the ones that are called from many places are
#: compiled once, the others are folded in
FOLDED = (_sqrt, _exp, _ln, _log10, _log, _power, _integer, _modulo, _quantum, _xidz, _ramp, _pulse, _impulse)
SHARED = (_pulse_train, _impulses, _segment, _extrapolate, _clamp, _discrete)
SOURCES = (*((f, "rule") for f in FOLDED), *((f, "called") for f in SHARED))
