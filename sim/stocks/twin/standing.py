"""Subscripts: which element a name in an equation means.

The second half of section 1 of ``docs/stocks.md``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import product
from typing import NamedTuple

from sim.stocks.functions import REDUCTIONS, canonical
from sim.stocks.model import Element, Model, Part, Variable, written
from sim.stocks.nodes import Binary, Call, Expression, Index, Name, Unary

__all__ = ["Path", "Site", "Standing", "bindings", "element_meant"]

from sim.stocks.twin.trouble import Meaningless

Path = tuple[int, ...]  #: from the root of an equation's tree to a node: which child each time


class Site(NamedTuple):
    """Where a call that remembers stands: what its memory is known by."""

    variable: str
    element: Element
    use: str
    part: int
    path: Path
    summed: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Standing:
    """An equation at one element of its variable.

    Parameters
    ----------
    variable, element
        Whose equation it is.
    use : str
        What the variable uses it for: ``parts``, ``begins``, ``after``, ...
    number : int
        Which of the equations of that use.
    part : Part
        The equation.
    running : dict
        Element of each dimension over which the equation runs.
    summed : dict
        Element of each dimension that is marked in the innermost sum around.
    """

    variable: Variable
    element: Element
    use: str
    number: int
    part: Part
    running: Mapping[str, str] = field(default_factory=dict)
    summed: Mapping[str, str] = field(default_factory=dict)

    @property
    def written(self) -> str:
        """Name of the value that is computed."""
        return written(self.variable.name, self.element)

    def within_sum(self, summed: Mapping[str, str]) -> Standing:
        """The same inside a sum, at one combination of its elements; marks of a sum further out mean nothing there."""
        return replace(self, summed=summed)

    def site(self, path: Path) -> Site:
        """Address of the node at `path`."""
        return Site(self.variable.name, self.element, self.use, self.number, path, tuple(self.summed.items()))


def element_meant(model: Model, name: Name, at: Standing) -> Element:
    """Element of a variable that a name means where it stands."""
    variable = model.variables[name.name]
    if not name.indices:
        missing = [d for d in variable.dims if d not in at.running]
        if missing:
            raise Meaningless(f"'{name.name}' needs its subscripts, since the equation does not run over {missing[0]}")
        return tuple(at.running[d] for d in variable.dims)
    if len(name.indices) != len(variable.dims):
        raise Meaningless(f"'{name.name}' has {len(variable.dims)} dimensions, not {len(name.indices)}")
    return tuple(_at(model, i, own, at) for i, own in zip(name.indices, variable.dims, strict=True))


def _at(model: Model, index: Index, own: str, at: Standing) -> str:
    if index.summed:
        dimension = own if index.name == "*" else index.name
        if dimension not in at.summed:
            raise Meaningless(f"'{index.name}!' stands outside every sum")
        return _same(model, dimension, at.summed[dimension], own)
    if index.name in model.dimensions:
        if index.name not in at.running:
            raise Meaningless(f"the equation does not run over '{index.name}'")
        return _same(model, index.name, at.running[index.name], own)
    if index.name not in model.dimensions[own]:
        raise Meaningless(f"'{own}' has no element '{index.name}'")
    return index.name


def _same(model: Model, dimension: str, element: str, own: str) -> str:
    """Element of dimension `own` that goes with an element of another."""
    if dimension == own or element in model.dimensions[own]:
        return element
    pairs = model.mappings.get((dimension, own), {})
    if element not in pairs:
        raise Meaningless(f"nothing says which element of '{own}' goes with '{element}' of '{dimension}'")
    return pairs[element]


def bindings(model: Model, call: Call) -> Iterator[dict[str, str]]:
    """Every combination of elements over which a sum runs; each marked dimension runs once."""
    marked = list(dict.fromkeys(d for argument in call.arguments for d in _marked(model, argument)))
    for elements in product(*(model.dimensions[d] for d in marked)):
        yield dict(zip(marked, elements, strict=True))


def _marked(model: Model, expression: Expression) -> list[str]:
    """Dimensions marked in an expression, without those of sums inside it."""
    if isinstance(expression, Unary):
        return _marked(model, expression.operand)
    if isinstance(expression, Binary):
        return _marked(model, expression.left) + _marked(model, expression.right)
    if isinstance(expression, Call):
        if canonical(expression.function) in REDUCTIONS:
            return []
        return [d for argument in expression.arguments for d in _marked(model, argument)]
    if not isinstance(expression, Name):
        return []
    found = []
    for place, index in enumerate(expression.indices):
        if not index.summed:
            continue
        variable = model.variables.get(expression.name)
        own = variable.dims[place] if variable and place < len(variable.dims) else ""
        dimension = own if index.name == "*" else index.name
        if dimension not in model.dimensions:
            raise Meaningless(f"no such dimension: '{index.name}'")
        found.append(dimension)
    return found
