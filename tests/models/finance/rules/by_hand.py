"""The rules of money a second time, in fractions, one number at a time: slow, and written another way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import floor

Band = tuple[Fraction | None, Fraction | None, Fraction]
MILLION = 10**8  # pence


def penny(x: Fraction) -> int:
    """Nearest whole number, a half away from nought."""
    return floor(x + Fraction(1, 2)) if x >= 0 else -floor(-x + Fraction(1, 2))


def in_pence(millions: float) -> int:
    """Millions of pounds, as a case gives them (floating point, exact to less than a penny), in pence."""
    return round(millions * MILLION)


def contract_pay(bands: Sequence[Band], plan: Fraction, actual: Fraction) -> Fraction:
    """Go from plan to actual, edge by edge, and add up rate x step."""
    edges = sorted({plan * (1 + e) for band in bands for e in band[:2] if e is not None})
    low, high = min(plan, actual), max(plan, actual)
    stops = [low, *(e for e in edges if low < e < high), high]
    area = Fraction(0)
    for left, right in zip(stops, stops[1:], strict=False):
        area += rate_at(bands, plan, (left + right) / 2) * (right - left)
    return plan + area if actual >= plan else plan - area


def rate_at(bands: Sequence[Band], plan: Fraction, value: Fraction) -> Fraction:
    """Rate of the band that a value lies within."""
    for low, high, rate in bands:
        if (low is None or value >= plan * (1 + low)) and (high is None or value < plan * (1 + high)):
            return rate
    raise AssertionError("bands leave a gap")


def shares(total: int, weights: Sequence[Fraction]) -> list[int]:
    """Largest remainder with pennies dealt out one by one."""
    sign, whole = (-1 if total < 0 else 1), sum(weights)
    claims = [abs(total) * w / whole for w in weights]
    parts = [floor(claim) for claim in claims]
    waiting = sorted(range(len(parts)), key=lambda i: (parts[i] - claims[i], i))
    for i in waiting[: abs(total) - sum(parts)]:
        parts[i] += 1
    return [sign * part for part in parts]


def loan(flows: Sequence[int], cash: int, minimum: int, rate: Fraction) -> tuple[list[int], list[int]]:
    """Balances and interest of a loan that is never repaid."""
    balance, balances, paid = 0, [], []
    for flow in flows:
        interest = penny(balance * rate / 12)
        cash += flow - interest
        if cash < minimum:
            balance, cash = balance + minimum - cash, minimum
        balances.append(balance)
        paid.append(interest)
    return balances, paid


def fund(
    allocation: int,
    quarters: Sequence[Fraction],
    parts: Sequence[Fraction],
    opened: Sequence[Sequence[bool]],
    back: bool,
) -> list[int]:
    """Paid by quarter; the first element is finance, and only it is made good (with `back`)."""
    due = [shares(q, parts) for q in shares(allocation, quarters)]
    paid, waiting = [], 0
    for q, row in enumerate(due):
        waiting += row[0]
        if not opened[0][q]:
            paid.append(0)
            if not back:
                waiting = 0
            continue
        paid.append(waiting + sum(x for x, gate in zip(row[1:], opened[1:], strict=True) if gate[q]))
        waiting = 0
    return paid


def break_even(net: Callable[[int], Fraction], horizon: int) -> tuple[Fraction, int, int]:
    """Peak, its month, and the month after the last one below nought, by walking on month by month."""
    total, peak, at, last = Fraction(0), Fraction(0), 0, 0
    for month in range(1, horizon + 1):
        total += net(month)
        if -total > peak:
            peak, at = -total, month
        if total < 0:
            last = month
    return peak, at, last + 1
