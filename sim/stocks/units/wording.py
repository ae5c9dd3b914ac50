"""Expressions and their units in words, for messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.stocks.nodes import Binary, Call, Expression, Index, Name, Number, Unary
from sim.stocks.units.numbers import constant
from sim.stocks.units.registry import Units

if TYPE_CHECKING:
    from pint import Unit

__all__ = ["clash", "in_unit", "named", "phrase", "short"]

_LENGTH = 40
_BINDS = {"or": 1, "and": 2, "+": 4, "-": 4, "*": 5, "/": 5, "^": 7}
_COMPARES, _MINUS = 3, 6


def short(expression: Expression) -> str:
    """Write an expression back as text, its first characters if it is long."""
    text = _text(expression)
    return text if len(text) <= _LENGTH else f"{text[: _LENGTH - 1]}…"


def named(expression: Expression) -> str:
    """Name an expression: ``'leaving'``, but a number as it is."""
    return short(expression) if constant(expression) is not None else f"'{short(expression)}'"


def phrase(units: Units, expression: Expression, unit: Unit) -> str:
    """Name an expression with its unit: ``'leaving' in person/year``."""
    name = named(expression)
    return f"{name} (dimensionless)" if units.is_dimensionless(unit) else f"{name} in {units.text(unit)}"


def in_unit(units: Units, unit: Unit) -> str:
    """Say what a unit makes of a thing: ``in person/year`` or ``dimensionless``."""
    return "dimensionless" if units.is_dimensionless(unit) else f"in {units.text(unit)}"


def clash(units: Units, one: tuple[Unit, bool], other: tuple[Unit, bool]) -> str:
    """Say what to do about two units that differ, where there is more to say than that; begins with a semicolon.

    Parameters
    ----------
    one, other : (Unit, bool)
        A unit, and whether it is dimensionless only because it is made of bare numbers.
    """
    for (_, bare), (wanted, _) in ((one, other), (other, one)):
        if bare:
            return f"; a bare number is dimensionless: make it a parameter with the unit {units.text(wanted)}"
    if units.alike(one[0], other[0]):
        a, b = units.text(one[0]), units.text(other[0])
        return f"; {a} and {b} are different units, and nothing is converted in silence"
    return ""


def _text(e: Expression, least: int = 0) -> str:
    """Write an expression; in brackets, if it binds less tightly than its place wants."""
    match e:
        case Number(value):
            return f"{value:g}"
        case Name(name, indices):
            name = name if name.isidentifier() else f'"{name}"'
            return f"{name}[{', '.join(map(_index, indices))}]" if indices else name
        case Call(function, arguments):
            return f"{function}({', '.join(_text(a) for a in arguments)})"
        case Unary(operator, operand):
            sign, binds = ("NOT ", _COMPARES) if operator == "not" else ("-", _MINUS)
            text = f"{sign}{_text(operand, binds)}"
            return text if binds >= least else f"({text})"
    # Long sums lean to the left: they are walked, for a call within a call each would run out of stack.
    spine: list[Binary] = []
    inner: Expression = e
    place = 0
    while isinstance(inner, Binary) and _binds(inner) >= place:
        spine.append(inner)
        place = _binds(inner) + (inner.operator == "^" or _binds(inner) == _COMPARES)
        inner = inner.left
    text = _text(inner, place)
    for node in reversed(spine):
        space = "" if node.operator == "^" else " "
        right = _text(node.right, _binds(node) + (node.operator != "^"))
        text = f"{text}{space}{node.operator.upper()}{space}{right}"
    return text if _binds(e) >= least else f"({text})"


def _binds(e: Binary) -> int:
    return _BINDS.get(e.operator, _COMPARES)


def _index(index: Index) -> str:
    return f"{index.name}!" if index.summed and index.name != "*" else index.name
