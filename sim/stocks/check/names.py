"""Names, functions and subscripts that equations use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sim.errors import Fault, nearest
from sim.stocks.check.lost import Lost
from sim.stocks.functions import FUNCTIONS, REDUCTIONS, canonical
from sim.stocks.model import CLOCK, Model, Part, Variable
from sim.stocks.nodes import Binary, Call, Expression, Name, Number, Unary, references
from sim.stocks.subscripts import Loop, Scope, SubscriptError, resolve, scope_of, summed

__all__ = ["name_faults"]

MOST_STAGES = 50


def name_faults(model: Model, lost: Lost) -> Iterator[Fault]:
    """Names that do not exist, functions with the wrong number of arguments, subscripts that mean nothing.

    A fault without a rule says only that an equation uses something whose own entry is at fault.
    """
    for variable in model.variables.values():
        for part in variable.equations:
            yield from _Reader(model, part, scope_of(model, variable, part), variable, lost).read(part.equation, {})


@dataclass(frozen=True)
class _Reader:
    model: Model
    part: Part
    scope: Scope
    variable: Variable
    lost: Lost

    def read(self, e: Expression, loops: Mapping[str, Loop]) -> Iterator[Fault]:
        if isinstance(e, Name):
            yield from self._name(e, loops)
        elif isinstance(e, Call):
            yield from self._call(e, loops)
        elif isinstance(e, Unary):
            yield from self.read(e.operand, loops)
        elif isinstance(e, Binary):
            yield from self.read(e.left, loops)
            yield from self.read(e.right, loops)

    def _fault(self, at: int, rule: str, close: str = "") -> Fault:
        return Fault(self.part.key, self.part.text, f"at character {at + 1}: {rule}", nearest=close)

    def _name(self, e: Name, loops: Mapping[str, Loop]) -> Iterator[Fault]:
        model = self.model
        if e.name in model.variables:
            try:
                resolve(model, model.variables[e.name], e, self.scope, loops)
            except SubscriptError as error:
                yield self._fault(e.at, str(error), error.nearest)
        elif e.name in self.lost.names:
            yield Fault(self.part.key, self.part.text, "")
        elif e.name in model.lookups:
            yield self._fault(e.at, f"'{e.name}' is a lookup: write {e.name}(x).")
        elif e.name not in CLOCK:
            if canonical(e.name) in FUNCTIONS:
                yield self._fault(e.at, f"{e.name} is a function and needs its arguments in brackets.")
            else:
                close = nearest(e.name, [*model.variables, *model.lookups, *CLOCK])
                yield self._fault(e.at, f"there is no variable '{e.name}'.", close)

    def _call(self, e: Call, loops: Mapping[str, Loop]) -> Iterator[Fault]:
        model, name = self.model, canonical(e.function)
        if e.function in model.lookups:
            if len(e.arguments) != 1:
                yield self._fault(e.at, f"a lookup takes one argument, here are {len(e.arguments)}.")
        elif e.function in self.lost.names:
            yield Fault(self.part.key, self.part.text, "")
        elif name not in FUNCTIONS:
            if e.function in model.variables:
                yield self._fault(
                    e.at, f"'{e.function}' is no function; write an operator such as * before the bracket."
                )
            else:
                choices = {choice.lower(): choice for choice in [*FUNCTIONS, *model.lookups]}
                close = choices.get(nearest(e.function.lower(), choices), "")
                yield self._fault(e.at, f"there is no function or lookup '{e.function}'.", close)
        else:
            yield from self._arguments(e, name)
        inner = dict(loops)
        if name in REDUCTIONS and e.arguments:
            found = summed(model, e.arguments[0])
            inner |= found
            marked = any(i.summed for r in references(e.arguments[0]) for i in r.indices)
            if not found and not marked:
                rule = f"{name} runs over the elements marked with ! or *, and none is: write {name}(x[*])."
                yield self._fault(e.at, rule)
        elif name not in FUNCTIONS:  # it may be a sum that is misspelt
            for argument in e.arguments:
                inner |= summed(model, argument)
        for argument in e.arguments:
            yield from self.read(argument, inner)

    def _arguments(self, e: Call, name: str) -> Iterator[Fault]:
        function, given = FUNCTIONS[name], len(e.arguments)
        most = given if function.variadic else len(function.arguments)
        if not function.least <= given <= most:
            shown = ", ".join(function.arguments[: function.least])
            more = "".join(f"[, {a}]" for a in function.arguments[function.least :])
            takes = f"{name}({shown}{', ...' if function.variadic else more})"
            yield self._fault(e.at, f"takes other arguments: {takes}; here are {given}.")
        elif name in ("SMOOTHN", "DELAYN"):
            order = e.arguments[-1]
            whole = isinstance(order, Number) and order.value == int(order.value)
            if not whole or not 1 <= order.value <= MOST_STAGES:  # type: ignore[union-attr]
                rule = f"the order of {name} is a whole number from 1 to {MOST_STAGES}, written out."
                yield self._fault(e.at, rule)
