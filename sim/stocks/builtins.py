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


def _floor(x):
    return math.floor(x) * 1.0 if abs(x) < 9007199254740992.0 else x  # beyond 2^53 all numbers are whole


def _integer(x):
    return _floor(x) if x >= 0.0 else -_floor(-x)


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
    since = _modulo(middle - begin, every)
    return 1.0 if begin < middle < until and since < max(width, dt) else 0.0


def _impulse(before, middle, dt, amount, at):
    return amount / dt if before <= at < middle else 0.0


def _impulses(before, middle, dt, amount, at, every):
    if not every > 0.0:
        raise ValueError("an impulse comes again after a time above nought")
    near = max(1.0, _floor((middle - at) / every))
    for n in range(3):  # rounding can miss by one
        if before <= at + (near - 1.0 + n) * every < middle:
            return amount / dt
    return 0.0


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
FOLDED = (_sqrt, _exp, _ln, _log10, _log, _power, _floor, _integer, _modulo, _quantum, _xidz, _ramp, _pulse, _impulse)
SHARED = (_pulse_train, _impulses, _segment, _extrapolate, _clamp, _discrete)
SOURCES = (*((f, "rule") for f in FOLDED), *((f, "called") for f in SHARED))
