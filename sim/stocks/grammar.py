"""From the text of an equation to its tree."""

from __future__ import annotations

from functools import cache
from typing import Any

from sim.errors import CarebridgeError
from sim.stocks.nodes import Binary, Call, Expression, Index, Name, Number, Unary

__all__ = ["EquationError", "parse"]

GRAMMAR = r"""
start: expression
?expression: "if"i expression "then"i expression "else"i expression -> choice
    | disjunction
?disjunction: disjunction _OR conjunction -> disjoin
    | conjunction
?conjunction: conjunction _AND negation -> conjoin
    | negation
?negation: _NOT negation -> negate
    | comparison
?comparison: sum COMPARE sum -> compare
    | sum
?sum: sum ADD product -> operate
    | product
?product: product MULTIPLY factor -> operate
    | factor
?factor: ADD factor -> sign
    | power
?power: atom _POWER factor -> raise
    | atom
?atom: NUMBER -> number
    | NAME "(" [expression ("," expression)*] ")" -> call
    | NAME ["[" index ("," index)* "]"] -> name
    | "if"i "(" expression "," expression "," expression ")" -> choice
    | "(" expression ")"
index: NAME BANG? | STAR
BANG: "!"
STAR: "*"
_OR.2: /:?\bor\b:?/i
_AND.2: /:?\band\b:?/i
_NOT.2: /:?\bnot\b:?/i
COMPARE: "<>" | "!=" | "<=" | ">=" | "==" | "=" | "<" | ">"
ADD: "+" | "-" | "\u2212"
MULTIPLY: "*" | "/"
_POWER: "^" | "**"
NUMBER: /(\d[\d_]*\.?\d*|\.\d+)(e[-+]?\d+)?/i
NAME: /[^\W\d]\w*|"[^"\n]+"/
%ignore /\s+/
"""

_SAME = {"!=": "<>", "==": "=", "\u2212": "-"}
#: what the parser expects, in words
_WORDS = {
    "RPAR": "')'",
    "RSQB": "']'",
    "COMMA": "a comma",
    "NUMBER": "a number",
    "NAME": "a name",
    "LPAR": "'('",
    "THEN": "THEN",
    "ELSE": "ELSE",
}


#: what reads an equation, and Python as it reads what is made of one, go no deeper
_DEEPEST = 400
_TOO_LONG = "is too long; give parts of it names of their own"


class EquationError(CarebridgeError):
    """An equation that cannot be read; says where and what was expected."""


def parse(text: str) -> Expression:
    """Read an equation.

    Parameters
    ----------
    text : str
        For example ``gap / time_to_hire + STEP(10, 5)``; ``docs/stocks.md`` has the whole language.

    Raises
    ------
    EquationError
        When it cannot be read.

    Examples
    --------
    >>> parse("2 * x")
    Binary(operator='*', left=Number(value=2.0), right=Name(name='x', indices=()))
    """
    from lark.exceptions import UnexpectedCharacters, UnexpectedEOF, UnexpectedInput, UnexpectedToken

    try:
        tree = _tree(_parser().parse(text).children[0])
    except RecursionError:
        raise EquationError(_TOO_LONG) from None
    except UnexpectedEOF as error:
        raise EquationError(f"ends too early{_wanted(error.expected)}") from None
    except UnexpectedToken as error:
        found = "ends too early" if error.token.type == "$END" else f"'{error.token}' is not expected"
        where = "" if error.token.type == "$END" else f" at character {error.column}"
        raise EquationError(f"{found}{where}{_wanted(error.expected)}") from None
    except UnexpectedCharacters as error:
        raise EquationError(f"'{text[error.pos_in_stream]}' is not expected at character {error.column}") from None
    except UnexpectedInput as error:  # pragma: no cover - no other kind is known
        raise EquationError(str(error)) from None
    if _depth(tree) > _DEEPEST:
        raise EquationError(_TOO_LONG)
    return tree


def _depth(tree: Expression) -> int:
    """How deep the parts of an equation stand in one another; calls weigh more."""
    most, open_ = 0, [(tree, 0)]
    while open_:
        part, depth = open_.pop()
        most = max(most, depth)
        if isinstance(part, Call):
            open_ += [(a, depth + 5) for a in part.arguments]
        elif isinstance(part, Binary):
            open_ += [(part.left, depth + 1), (part.right, depth + 1)]
        elif isinstance(part, Unary):
            open_.append((part.operand, depth + 1))
    return most


@cache
def _parser() -> Any:
    from lark import Lark

    return Lark(GRAMMAR, parser="lalr", propagate_positions=True)


def _wanted(expected: Any) -> str:
    known = [word for name, word in _WORDS.items() if name in set(expected)]
    return f"; {' or '.join(known)} could follow" if 0 < len(known) <= 3 else ""


def _tree(node: Any) -> Expression:
    """Turn what the parser found into nodes of our own."""
    parts = node.children
    match node.data:
        case "number":
            value = float(parts[0].replace("_", ""))
            if value == float("inf"):
                raise EquationError(f"{parts[0]} is too large a number")
            return Number(value)
        case "name":
            return Name(_plain(parts[0]), tuple(_index(i) for i in parts[1:] if i is not None), parts[0].start_pos)
        case "call":
            arguments = tuple(_tree(p) for p in parts[1:] if p is not None)
            return Call(_plain(parts[0]), arguments, parts[0].start_pos)
        case "choice":
            return Call("IF", tuple(map(_tree, parts)), node.meta.start_pos)
        case "sign":
            return _tree(parts[1]) if parts[0] == "+" else Unary("-", _tree(parts[1]))
        case "negate":
            return Unary("not", _tree(parts[0]))
        case "compare" | "operate":
            operator = _SAME.get(str(parts[1]), str(parts[1]))
            return Binary(operator, _tree(parts[0]), _tree(parts[2]))
    operator = {"raise": "^", "conjoin": "and", "disjoin": "or"}[node.data]
    return Binary(operator, _tree(parts[0]), _tree(parts[1]))


def _index(node: Any) -> Index:
    first = node.children[0]
    return Index("*", True) if first.type == "STAR" else Index(_plain(first), len(node.children) > 1)


def _plain(token: Any) -> str:
    return str(token).strip('"')
