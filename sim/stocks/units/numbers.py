"""Numbers written out in equations: their unit is dimensionless unless they are 0."""

from __future__ import annotations

import math

from sim.stocks.functions import FUNCTIONS, canonical
from sim.stocks.nodes import Binary, Call, Expression, Number, Unary

__all__ = ["constant", "is_bare"]

_NOUGHT, _BARE = 0, 1


def constant(expression: Expression) -> float | None:
    """Value of an expression of numbers alone, such as ``-2`` or ``1/3``; None for any other."""
    match expression:
        case Number(value):
            return value
        case Unary("-", operand):
            value = constant(operand)
            return None if value is None else -value
        case Binary("+" | "-" | "*" | "/" | "^" as operator, left, right):
            # The right one first: in a long sum that leans to the left it decides without going deep.
            b = constant(right)
            a = constant(left) if b is not None else None
            return None if a is None or b is None else _computed(operator, a, b)
    return None


def is_bare(expression: Expression) -> bool:
    """Whether an expression is dimensionless only because it is made of bare numbers: ``30 + STEP(10, start)``.

    Given a unit, these numbers would give it that unit.
    """
    return _bareness(expression) == _BARE


def _bareness(expression: Expression) -> int | None:
    """Whether an expression is 0 or made of bare numbers; None when it is made of something else."""
    match expression:
        case Number(value):
            return _BARE if value else _NOUGHT
        case Unary("-", operand):
            return _bareness(operand)
        case Binary("+" | "-" | "*" | "/" | "^", left, right):
            return _together(right, left)
        case Call(name, arguments):
            function = FUNCTIONS.get(canonical(name))
            if function is None or function.gives != "a":
                return None
            wanted = function.units + function.units[-1:] * (len(arguments) - len(function.units))
            return _together(*(a for a, unit in zip(arguments, wanted, strict=False) if unit == "a"))
    return None


def _together(*expressions: Expression) -> int | None:
    found = _NOUGHT
    for e in expressions:
        one = _bareness(e)
        if one is None:
            return None
        found = max(found, one)
    return found


def _computed(operator: str, a: float, b: float) -> float | None:
    try:
        match operator:
            case "+":
                value = a + b
            case "-":
                value = a - b
            case "*":
                value = a * b
            case "/":
                value = a / b
            case _:
                value = a**b
    except (ZeroDivisionError, OverflowError):
        return None
    return value if isinstance(value, float) and math.isfinite(value) else None
