"""An equation's tree as text again, for messages."""

from __future__ import annotations

import re

from sim.stocks.functions import canonical
from sim.stocks.nodes import Binary, Expression, Index, Name, Number, Unary

__all__ = ["text_of"]

_PLAIN = re.compile(r"[^\W\d]\w*$")
#: how tightly operators bind
_BINDS = {"or": 1, "and": 2, "+": 5, "-": 5, "*": 6, "/": 6, "^": 8}
_NOT, _COMPARISON, _SIGN, _ATOM = 3, 4, 7, 9


def text_of(expression: Expression) -> str:
    """What could have been written for a tree, with no more brackets than it needs."""
    if isinstance(expression, Number):
        return f"{expression.value:.12g}"
    if isinstance(expression, Name):
        subscripts = ", ".join(_index(i) for i in expression.indices)
        return _quoted(expression.name) + (f"[{subscripts}]" if subscripts else "")
    if isinstance(expression, Unary):
        operator = "NOT " if expression.operator == "not" else "-"
        return operator + _within(expression.operand, _binds(expression))
    if isinstance(expression, Binary):
        binds, operator = _binds(expression), expression.operator
        # a power groups from the right, all else from the left; comparisons do not chain
        left = _within(expression.left, binds + (operator == "^" or binds == _COMPARISON))
        right = _within(expression.right, _SIGN if operator == "^" else binds + 1)
        return f"{left} {operator.upper()} {right}" if operator != "^" else f"{left}^{right}"
    return f"{_quoted(canonical(expression.function))}({', '.join(map(text_of, expression.arguments))})"


def _within(expression: Expression, least: int) -> str:
    text = text_of(expression)
    return text if _binds(expression) >= least else f"({text})"


def _binds(expression: Expression) -> int:
    if isinstance(expression, Binary):
        return _BINDS.get(expression.operator, _COMPARISON)
    if isinstance(expression, Unary):
        return _NOT if expression.operator == "not" else _SIGN
    return _ATOM


def _index(index: Index) -> str:
    return index.name + ("!" if index.summed and index.name != "*" else "")


def _quoted(name: str) -> str:
    return name if _PLAIN.match(name) else f'"{name}"'
