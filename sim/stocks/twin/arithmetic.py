"""Operators, and functions that need nothing but their arguments: section 6 of ``docs/stocks.md``."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from sim.stocks.model import Lookup
from sim.stocks.nodes import Binary, Call
from sim.stocks.twin.trouble import Trouble, no_result, too_large
from sim.stocks.twin.wording import text_of

__all__ = ["PLAIN", "apply", "between_points", "modulo", "operate", "reduce"]

SMALL = 1e-6  #: ZIDZ and XIDZ take a divisor below this for 0


def operate(node: Binary, x: float, y: float) -> float:
    """Value of ``x operator y``; both sides are always computed, also those of AND and OR."""
    match node.operator:
        case "+":
            found = x + y
        case "-":
            found = x - y
        case "*":
            found = x * y
        case "/":
            if y == 0:
                left, right = text_of(node.left), text_of(node.right)
                raise _division(right, f"ZIDZ({left}, {right}) or XIDZ({left}, {right}, value where it is 0)")
            found = x / y
        case "^":
            return _power(node, x, y)
        case "and":
            return float(x != 0 and y != 0)
        case "or":
            return float(x != 0 or y != 0)
        case _:
            return float(_COMPARISONS[node.operator](x, y))
    return _finite(found, node)


_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "=": lambda x, y: x == y,
    "<>": lambda x, y: x != y,
    "<": lambda x, y: x < y,
    "<=": lambda x, y: x <= y,
    ">": lambda x, y: x > y,
    ">=": lambda x, y: x >= y,
}


def apply(function: str, node: Call, values: Sequence[float]) -> float:
    """Value of a function of numbers."""
    try:
        return _finite(PLAIN[function](node, *values), node)
    except OverflowError:
        raise too_large(text_of(node)) from None


def reduce(function: str, node: Call, values: Sequence[float]) -> float:
    """Value of a function that runs over elements, which are given in order."""
    match function:
        case "VMIN":
            return min(values)
        case "VMAX":
            return max(values)
    found = 1.0 if function == "PROD" else 0.0
    for value in values:
        found = found * value if function == "PROD" else found + value
    return _finite(found / len(values) if function == "MEAN" else found, node)


def between_points(lookup: Lookup, x: float) -> float:
    """Value of a function given by points."""
    xs, ys = lookup.x, lookup.y
    last = len(xs) - 1
    if lookup.outside == "discrete":
        before = [y for at, y in zip(xs, ys, strict=True) if at <= x]
        return before[-1] if before else ys[0]
    if lookup.outside == "clamp" and x <= xs[0]:
        return ys[0]
    if lookup.outside == "clamp" and x >= xs[last]:
        return ys[last]
    i = next((i for i in range(1, last) if x <= xs[i]), last)
    return ys[i - 1] + (ys[i] - ys[i - 1]) / (xs[i] - xs[i - 1]) * (x - xs[i - 1])


def modulo(x: float, base: float) -> float:
    """Remainder of a division towards 0: has the sign of x."""
    return x - base * math.trunc(x / base)


def _division(divisor: str, example: str = "") -> Trouble:
    return Trouble("divides by 0", f"'{divisor}' is 0", divisor, example)


def _finite(value: float, node: Binary | Call) -> float:
    if not math.isfinite(value):
        raise too_large(text_of(node))
    return value


def _power(node: Binary | Call, x: float, y: float) -> float:
    base, exponent = node.arguments if isinstance(node, Call) else (node.left, node.right)
    if x == 0 and y < 0:
        raise _division(text_of(base))
    if x < 0 and y != math.trunc(y):
        why = f"'{text_of(base)}' is {x:g}, and a power of a negative number needs a whole exponent, not {y:g}"
        raise no_result(why, text_of(node), f"MAX(0, {text_of(base)})^{text_of(exponent)}")
    try:
        return _finite(math.pow(x, y), node)
    except OverflowError:
        raise too_large(text_of(node)) from None


def _root(node: Call, x: float) -> float:
    inner = text_of(node.arguments[0])
    if x < 0:
        raise no_result(
            f"a root needs a number that is not negative; '{inner}' is {x:g}", inner, f"SQRT(MAX(0, {inner}))"
        )
    return math.sqrt(x)


def _logarithm(log: Callable[[float], float]) -> Callable[[Call, float], float]:
    def of(node: Call, x: float, argument: int = 0) -> float:
        if x <= 0:
            inner = text_of(node.arguments[argument])
            raise no_result(f"a logarithm needs a number above 0; '{inner}' is {x:g}", inner)
        return log(x)

    return of


_ln = _logarithm(math.log)


def _log(node: Call, x: float, base: float) -> float:
    above = _ln(node, x)
    below = math.log(base) if base > 0 else math.nan
    if not base > 0:
        inner = text_of(node.arguments[1])
        raise no_result(f"a logarithm needs a base above 0; '{inner}' is {base:g}", inner)
    if below == 0:
        raise _division(f"LN({text_of(node.arguments[1])})")
    return above / below


def _modulo(node: Call, x: float, base: float) -> float:
    if base == 0:
        raise _division(text_of(node.arguments[1]))
    return modulo(x, base)


#: by name; each takes its call, for what it says of its arguments, and their values
PLAIN: dict[str, Callable[..., float]] = {
    "MIN": lambda _, *xs: min(xs),
    "MAX": lambda _, *xs: max(xs),
    "ABS": lambda _, x: abs(x),
    "SQRT": _root,
    "EXP": lambda _, x: math.exp(x),
    "LN": _ln,
    "LOG10": _logarithm(math.log10),
    "LOG": _log,
    "SIN": lambda _, x: math.sin(x),
    "COS": lambda _, x: math.cos(x),
    "TAN": lambda _, x: math.tan(x),
    "ARCTAN": lambda _, x: math.atan(x),
    "TANH": lambda _, x: math.tanh(x),
    "INTEGER": lambda _, x: float(math.trunc(x)),
    "FLOOR": lambda _, x: float(math.floor(x)),
    "MODULO": _modulo,
    "QUANTUM": lambda _, x, q: x if q <= 0 else q * math.trunc(x / q),
    "POWER": _power,
    "ZIDZ": lambda _, x, y: 0.0 if abs(y) < SMALL else x / y,
    "XIDZ": lambda _, x, y, z: z if abs(y) < SMALL else x / y,
}
