"""What stands where in a model: equations by element, the stocks at the ends of flows, calls inside equations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import TypeVar

from sim.errors import nearest
from sim.stocks.functions import FUNCTIONS, REDUCTIONS, STATEFUL, canonical
from sim.stocks.model import Element, Model, Part, Variable, elements_of, written
from sim.stocks.nodes import Binary, Call, Expression, Unary
from sim.stocks.twin.memories import ONLY_AT_START, Memory
from sim.stocks.twin.standing import Path, Standing, bindings
from sim.stocks.twin.trouble import Meaningless

__all__ = ["Atlas", "Place", "settings"]

V = TypeVar("V")
Place = tuple[str, Element]  #: a value: name and element

#: equations that are read from step to step, by kind; those of a stock count at the start only
_USES = {"flow": ("parts",), "auxiliary": ("parts",), "rule": ("begins", "ends", "after", "ends_after")}


class Atlas:
    """A model, and values of its parameters.

    Parameters
    ----------
    model : Model
    parameters : dict, optional
        Values in place of the model's own, by name (``rate`` for all elements) or name with element (``rate[nurse]``).
    """

    def __init__(self, model: Model, parameters: Mapping[str, float] | None = None):
        self.model = model
        self.constants: dict[Place, float] = {
            (v.name, e): x for v in model.of_kind("parameter") for e, x in v.values.items()
        }
        self.constants |= settings(model, "parameter", parameters or {})
        self.places: list[Place] = [(v.name, e) for v in model.variables.values() for e in elements_of(model, v.dims)]
        self.drained_by = {f: s for s in model.of_kind("stock") for f in s.outflows}
        self.filled_by = {f: s for s in model.of_kind("stock") for f in s.inflows}
        self.standing = cache(self._standing)

    def _standing(self, name: str, element: Element, use: str) -> Standing:
        """Find the equation for an element; where several hold, that which names more single elements."""
        variable = self.model.variables[name]
        parts: tuple[Part, ...] = getattr(variable, use)
        fitting = [n for n, part in enumerate(parts) if self._holds(part.over, element)]
        if not fitting:
            raise Meaningless(f"'{written(name, element)}' has no equation")
        number = max(fitting, key=lambda n: sum(o not in self.model.dimensions for o in parts[n].over))
        # the equation runs over the variable's own dimensions and, where it is given for parts of them, over those
        running = dict(zip(variable.dims, element, strict=True))
        over = zip(parts[number].over, element, strict=True)
        running |= {o: e for o, e in over if o in self.model.dimensions}
        return Standing(variable, element, use, number, parts[number], running)

    def _holds(self, over: tuple[str, ...], element: Element) -> bool:
        return all(e in self.model.dimensions.get(o, (o,)) for o, e in zip(over, element, strict=True))

    def flow_of(self, stock: Variable, flow: str, element: Element) -> Place:
        """A flow's value that goes with an element of its stock: dimensions are matched by name."""
        at = dict(zip(stock.dims, element, strict=True))
        return flow, self._matched(flow, at, stock.name)

    def stock_of(self, stock: Variable, flow: str, element: Element) -> Place:
        """The element of a stock that goes with an element of one of its flows."""
        at = dict(zip(self.model.variables[flow].dims, element, strict=True))
        return stock.name, self._matched(stock.name, at, flow)

    def _matched(self, name: str, at: Mapping[str, str], other: str) -> Element:
        variable = self.model.variables.get(name)
        if variable is None or set(variable.dims) != set(at):
            raise Meaningless(f"'{name}' and '{other}' do not have the same dimensions")
        return tuple(at[d] for d in variable.dims)

    def memories(self) -> Iterator[Memory]:
        """Every call that remembers, at all elements."""
        return (m for m in self.calls() if m.function in STATEFUL)

    def calls(self) -> Iterator[Memory]:
        """Every call of a function in equations that are read from step to step, at all elements."""
        for name, element in self.places:
            variable = self.model.variables[name]
            for use in _USES.get(variable.kind, ()):
                if not getattr(variable, use):
                    continue
                try:
                    at = self.standing(name, element, use)
                except Meaningless:  # an equation is missing; whoever needs the value says so
                    continue
                yield from self._inside(at.part.equation, at, ())

    def _inside(self, node: Expression, at: Standing, path: Path) -> Iterator[Memory]:
        if isinstance(node, Unary):
            yield from self._inside(node.operand, at, (*path, 0))
        elif isinstance(node, Binary):
            yield from self._inside(node.left, at, (*path, 0))
            yield from self._inside(node.right, at, (*path, 1))
        elif isinstance(node, Call):
            function = canonical(node.function)
            if function in FUNCTIONS:
                yield Memory(node, at, path)
            sums = function in REDUCTIONS
            for here in (at.within_sum(b) for b in self.bindings(node)) if sums else (at,):
                for i, argument in enumerate(node.arguments):
                    if i not in ONLY_AT_START.get(function, ()):
                        yield from self._inside(argument, here, (*path, i))

    def bindings(self, call: Call) -> list[dict[str, str]]:
        """Every combination of elements over which a sum runs."""
        try:
            return list(bindings(self.model, call))
        except Meaningless:
            return []


def settings(model: Model, kind: str, given: Mapping[str, V]) -> dict[Place, V]:
    """Values by place from values by name; a bare name counts for all elements that are not given by themselves."""
    found: dict[Place, V] = {}
    columns = {
        written(v.name, e): (v.name, e) for v in model.variables.values() if v.kind == kind
        for e in elements_of(model, v.dims)
    }  # fmt: skip
    bare = {
        v.name: [(v.name, e) for e in elements_of(model, v.dims)] for v in model.variables.values() if v.kind == kind
    }
    for name, value in sorted(given.items(), key=lambda item: item[0] in columns):
        if name not in columns and name not in bare:
            close = nearest(name, [*columns, *bare])
            raise ValueError(f"the model has no {kind} '{name}'" + (f"; did you mean '{close}'?" if close else ""))
        found |= dict.fromkeys([columns[name]] if name in columns else bare[name], value)
    return found
