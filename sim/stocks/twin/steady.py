"""Which pieces of equations never change in the course of a run."""

from __future__ import annotations

from sim.stocks.functions import STATEFUL, canonical
from sim.stocks.nodes import Binary, Call, Expression, Name, Unary
from sim.stocks.twin.atlas import Atlas
from sim.stocks.twin.clockwork import TIMED

__all__ = ["Steady"]


class Steady:
    """Finds what is constant by the way it is written; a value that merely happens not to change is not found.

    Inputs count as constant: this is asked where nothing outside gives them.
    """

    def __init__(self, atlas: Atlas):
        self._model = atlas.model
        self._known: dict[str, bool] = {}

    def expression(self, expression: Expression) -> bool:
        """Whether a piece of an equation is constant."""
        if isinstance(expression, Unary):
            return self.expression(expression.operand)
        if isinstance(expression, Binary):
            return self.expression(expression.left) and self.expression(expression.right)
        if isinstance(expression, Name):
            return self._name(expression.name)
        if not isinstance(expression, Call):
            return True
        function = canonical(expression.function)
        if function == "INITIAL":
            return True
        if function in STATEFUL or function in TIMED:
            return False
        counting = expression.arguments[:1] if function == "ACTIVE_INITIAL" else expression.arguments
        return all(map(self.expression, counting))

    def _name(self, name: str) -> bool:
        if name not in self._known:
            self._known[name] = False  # a circle is no constant
            self._known[name] = self._variable(name)
        return self._known[name]

    def _variable(self, name: str) -> bool:
        variable = self._model.variables.get(name)
        if variable is None:
            return name not in ("TIME", "DT")
        match variable.kind:
            case "parameter" | "input":
                return True
            case "stock":
                return not variable.inflows and not variable.outflows
            case "auxiliary":
                return all(self.expression(part.equation) for part in variable.parts)
        return False
