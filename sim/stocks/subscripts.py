"""What a subscript means: a fixed element, or one that a loop gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sim.errors import CarebridgeError, nearest
from sim.stocks.functions import REDUCTIONS, canonical
from sim.stocks.model import Model, Part, Variable
from sim.stocks.nodes import Binary, Call, Expression, Index, Name, Unary

__all__ = ["Loop", "Scope", "Spot", "SubscriptError", "resolve", "scope_of", "summed"]


class SubscriptError(CarebridgeError):
    """A subscript that means nothing; `nearest` is the nearest valid one."""

    def __init__(self, text: str, close: str = ""):
        super().__init__(text)
        self.nearest = close


@dataclass(frozen=True)
class Loop:
    """A dimension that is run over; its name ends in ``!`` where a sum runs over it."""

    name: str
    elements: tuple[str, ...]


@dataclass(frozen=True)
class Spot:
    """One subscript, resolved.

    Parameters
    ----------
    loop : Loop or None
        None where the element is fixed.
    positions : tuple of int
        Position in the variable's dimension for each element of the loop, or the one that is fixed.
    """

    loop: Loop | None
    positions: tuple[int, ...]


#: what a name of a dimension stands for: a loop, or a single element
Scope = Mapping[str, Loop | str]


def scope_of(model: Model, variable: Variable, part: Part) -> dict[str, Loop | str]:
    """What the equation of a part runs over: known by the dimension of the variable, and by the part of it."""
    scope: dict[str, Loop | str] = {}
    for dim, over in zip(variable.dims, part.over, strict=True):
        bound = Loop(over, model.dimensions[over]) if over in model.dimensions else over
        scope[dim] = bound
        scope[over] = bound
    return scope


def summed(model: Model, expression: Expression) -> dict[str, Loop]:
    """Loops of the reduction around an expression: every dimension marked in it, outside of inner reductions."""
    found: dict[str, Loop] = {}
    stack = [expression]
    while stack:
        part = stack.pop()
        if isinstance(part, Name):
            for at, index in enumerate(part.indices):
                dim = _marked(model, part, at, index) if index.summed else None
                if dim is not None:
                    found[f"{dim}!"] = Loop(f"{dim}!", model.dimensions[dim])
        elif isinstance(part, Call) and canonical(part.function) in REDUCTIONS:
            continue
        else:
            stack += _children(part)
    return dict(sorted(found.items()))


def _children(expression: Expression) -> Sequence[Expression]:
    if isinstance(expression, Call):
        return expression.arguments
    if isinstance(expression, Unary):
        return [expression.operand]
    return [expression.left, expression.right] if isinstance(expression, Binary) else []


def _marked(model: Model, name: Name, at: int, index: Index) -> str | None:
    """Dimension over which a marked subscript runs; None when there is none."""
    if index.name != "*":
        return index.name if index.name in model.dimensions else None
    variable = model.variables.get(name.name)
    return variable.dims[at] if variable and at < len(variable.dims) else None


def resolve(model: Model, variable: Variable, name: Name, scope: Scope, loops: Mapping[str, Loop]) -> tuple[Spot, ...]:
    """Resolve the subscripts with which an equation uses a variable.

    Parameters
    ----------
    variable : Variable
        The one that is used.
    scope : mapping
        What the equation runs over.
    loops : mapping
        What the reductions around the name run over.

    Raises
    ------
    SubscriptError
        Saying what is wrong.
    """
    indices = name.indices or tuple(Index(dim) for dim in variable.dims)
    if len(indices) != len(variable.dims):
        have = f"has {len(variable.dims)} dimensions" if variable.dims else "is not subscripted"
        raise SubscriptError(f"'{variable.name}' {have}, here are {len(indices)} subscripts.")
    return tuple(
        _spot(model, variable, at, index, scope, loops, bool(name.indices)) for at, index in enumerate(indices)
    )


def _spot(
    model: Model, variable: Variable, at: int, index: Index, scope: Scope, loops: Mapping[str, Loop], given: bool
) -> Spot:
    dim = variable.dims[at]
    elements = model.dimensions[dim]
    if index.summed:
        marked = dim if index.name == "*" else index.name
        if marked not in model.dimensions:
            close = nearest(marked, model.dimensions)
            raise SubscriptError(f"'{marked}' is not a dimension, so nothing can run over it.", close)
        if f"{marked}!" not in loops:
            inside = ", ".join(REDUCTIONS)
            raise SubscriptError(f"'{marked}!' and '*' stand inside one of {inside} only.")
        return _bound(model, variable, dim, marked, loops[f"{marked}!"])
    if given and index.name in elements:
        return Spot(None, (elements.index(index.name),))
    if index.name in scope:
        return _bound(model, variable, dim, index.name, scope[index.name])
    if index.name in model.dimensions:
        if not given:
            raise SubscriptError(f"'{variable.name}' is subscripted by '{dim}', over which this equation does not run.")
        raise SubscriptError(f"this equation does not run over '{index.name}'; inside SUM write {index.name}!.")
    choices = [*elements, *(d for d in scope if d in model.dimensions)]
    raise SubscriptError(f"'{index.name}' is no element of '{dim}'.", nearest(index.name, choices))


def _bound(model: Model, variable: Variable, dim: str, over: str, bound: Loop | str) -> Spot:
    """Where the elements of a loop over `over`, or a single one, lie in a dimension."""
    if isinstance(bound, str):
        return Spot(None, (_position(model, variable, dim, over, bound),))
    return Spot(bound, tuple(_position(model, variable, dim, over, e) for e in bound.elements))


def _position(model: Model, variable: Variable, dim: str, over: str, element: str) -> int:
    elements = model.dimensions[dim]
    if element in elements:
        return elements.index(element)
    pairs = model.mappings.get((over, dim), {})
    if pairs.get(element) in elements:
        return elements.index(pairs[element])
    raise SubscriptError(
        f"'{variable.name}' is subscripted by '{dim}', which has no element '{element}', and no mapping gives one."
    )
