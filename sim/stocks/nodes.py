"""What an equation is made of, as a tree. Names and subscripts stand in it as they are written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

__all__ = ["Binary", "Call", "Expression", "Index", "Name", "Number", "Unary", "references", "walk"]


@dataclass(frozen=True)
class Number:
    """A number; its unit is dimensionless, but nought has every unit."""

    value: float


@dataclass(frozen=True)
class Index:
    """One subscript.

    Parameters
    ----------
    name : str
        An element, a dimension over which the equation runs, or ``*`` for every element.
    summed : bool
        Written with ``!`` or ``*``: the function around it runs over the elements.
    """

    name: str
    summed: bool = False


@dataclass(frozen=True)
class Name:
    """A variable, or one of the names of the clock (``TIME``, ``DT``, ...); `at` is its place in the text."""

    name: str
    indices: tuple[Index, ...] = ()
    at: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Call:
    """A function or a lookup, with its arguments."""

    function: str
    arguments: tuple[Expression, ...]
    at: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Unary:
    """``-x`` or ``NOT x``; the operator is ``-`` or ``not``."""

    operator: str
    operand: Expression


@dataclass(frozen=True)
class Binary:
    """Two operands; the operator is one of ``+ - * / ^ = <> < <= > >= and or``."""

    operator: str
    left: Expression
    right: Expression


Expression = Number | Name | Call | Unary | Binary


def walk(expression: Expression) -> Iterator[Expression]:
    """Every part of an expression, the outer ones first."""
    yield expression
    if isinstance(expression, Call):
        for argument in expression.arguments:
            yield from walk(argument)
    elif isinstance(expression, Unary):
        yield from walk(expression.operand)
    elif isinstance(expression, Binary):
        yield from walk(expression.left)
        yield from walk(expression.right)


def references(expression: Expression) -> Iterator[Name]:
    """Every name that an expression uses."""
    return (part for part in walk(expression) if isinstance(part, Name))
