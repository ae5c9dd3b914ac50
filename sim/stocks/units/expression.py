"""The unit of one expression."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sim.stocks.functions import FUNCTIONS, Function, canonical
from sim.stocks.nodes import Binary, Call, Expression, Name, Number, Unary
from sim.stocks.units.numbers import constant, is_bare
from sim.stocks.units.registry import Units
from sim.stocks.units.signature import Found, Special, letters, multiplied, product
from sim.stocks.units.wording import clash, in_unit, named, phrase

__all__ = ["Judge"]

_OF_TIME = ("TIME", "DT", "INITIAL_TIME", "FINAL_TIME")
_LETTERS = {"a", "b"}


@dataclass(frozen=True)
class Judge:
    """Finds the units of expressions, and says where they clash.

    Parameters
    ----------
    units : Units
    variables : dict
        What is known of each variable.
    lookups : dict
        For each lookup what is known of its argument and of its result.
    say : callable
        Is told every fault, in plain words.
    """

    units: Units
    variables: Mapping[str, Found]
    lookups: Mapping[str, tuple[Found, Found]] = field(default_factory=dict)
    say: Callable[[str], None] = lambda rule: None

    def unit(self, e: Expression) -> Found:
        """Unit of an expression; after a clash it is unknown, so that nothing is said twice."""
        match e:
            case Number(value):
                return self.units.dimensionless if value else Special.ANY
            case Name(name):
                return self._name(name)
            case Call(name, arguments):
                return self._call(name, arguments)
            case Unary("not", operand):
                return self._conditions("NOT", (operand, self.unit(operand)))
            case Unary(_, operand):
                return self.unit(operand)
        # A long sum leans to the left: it is walked, for a call within a call each would run out of stack.
        spine: list[Binary] = []
        while isinstance(e, Binary):
            spine.append(e)
            e = e.left
        found = self.unit(e)
        for node in reversed(spine):
            found = self._operate(node, found)
        return found

    def fits(self, e: Expression, found: Found, wanted: Found, told: Callable[[str], str]) -> bool:
        """Whether an expression has the unit that its place wants; if not, say so.

        Parameters
        ----------
        told : callable
            Makes of the unit found, in words such as ``person/month`` or ``in person``, what is wrong.
        """
        if isinstance(found, Special) or isinstance(wanted, Special) or self.units.same(found, wanted):
            return True
        bare = is_bare(e) and self.units.is_dimensionless(found)
        self.say(told(self.units.text(found)) + clash(self.units, (found, bare), (wanted, False)) + ".")
        return False

    # -- names and calls ----------------------------------------------------------------------------------------------

    def _name(self, name: str) -> Found:
        if name in self.variables:
            return self.variables[name]
        if name in _OF_TIME:
            return self.units.time or Special.UNKNOWN
        return self.units.dimensionless if name == "PI" else Special.UNKNOWN

    def _call(self, name: str, arguments: tuple[Expression, ...]) -> Found:
        own = canonical(name)
        if name not in self.lookups and own == "POWER" and len(arguments) == 2:
            return self._power(*arguments, self.unit(arguments[0]))
        found = [self.unit(a) for a in arguments]
        if name in self.lookups:
            wanted, gives = self.lookups[name]
            for e, unit in zip(arguments[:1], found, strict=False):
                self._argument(f"the argument of the lookup '{name}'", e, unit, wanted)
            return gives
        function = FUNCTIONS.get(own)
        if function is None or len(arguments) < function.least:
            return Special.UNKNOWN
        return self._arguments(function, arguments, found)

    def _arguments(self, function: Function, arguments: tuple[Expression, ...], found: list[Found]) -> Found:
        """Unit of a function's result, by its signature."""
        bound: dict[str, Found] = {"1": self.units.dimensionless, "n": self.units.dimensionless}
        bound["t"] = self.units.time or Special.UNKNOWN
        first: dict[str, Expression] = {}  # that fixed a letter
        untold: set[str] = set()  # letters of which not all uses are known
        signatures = function.units + function.units[-1:] * (len(arguments) - len(function.units))
        names = function.arguments + function.arguments[-1:] * (len(arguments) - len(function.arguments))
        for e, unit, signature, name in zip(arguments, found, signatures, names, strict=False):
            used = letters(signature) & _LETTERS
            if unit is Special.UNKNOWN:
                untold |= used
            elif signature in _LETTERS and bound.get(signature, Special.ANY) is Special.ANY:
                bound[signature], first[signature] = unit, e
            elif signature in _LETTERS:
                if not self._alike(function.name, first[signature], bound[signature], e, unit):
                    untold |= used
            else:
                wanted = product(signature, bound)
                if not self._argument(f"the argument '{name}' of {function.name}", e, unit, wanted):
                    untold |= used
        if len(arguments) > len(function.units) and not function.variadic:
            return Special.UNKNOWN
        return product(function.gives, {**bound, **dict.fromkeys(untold, Special.UNKNOWN)})

    def _alike(self, function: str, a: Expression, one: Found, b: Expression, other: Found) -> bool:
        verb, link = ("gives", "or") if function == "IF" else ("takes", "and")
        return self._equal(a, one, b, other, lambda x, y: f"{function} {verb} {x} {link} {y}")

    def _argument(self, what: str, e: Expression, found: Found, wanted: Found) -> bool:
        place = "" if isinstance(wanted, Special) else in_unit(self.units, wanted)
        return self.fits(e, found, wanted, lambda text: f"{what} is {place}, but {named(e)} is {_in(text)}")

    # -- operators ----------------------------------------------------------------------------------------------------

    def _operate(self, node: Binary, left: Found) -> Found:
        operator, a, b = node.operator, node.left, node.right
        if operator == "^":
            return self._power(a, b, left)
        right = self.unit(b)
        match operator:
            case "*":
                return (
                    Special.ANY if left is Special.ANY or right is Special.ANY else multiplied([(left, 1), (right, 1)])
                )
            case "/":
                return multiplied([(left, 1), (right, -1)])
            case "and" | "or":
                return self._conditions(operator.upper(), (a, left), (b, right))
            case "+":
                agree = self._equal(a, left, b, right, lambda x, y: f"adds {x} and {y}")
            case "-":
                agree = self._equal(a, left, b, right, lambda x, y: f"subtracts {y} from {x}")
            case _:
                self._equal(a, left, b, right, lambda x, y: f"compares {x} with {y}")
                return self.units.dimensionless
        if not agree or left is Special.UNKNOWN or right is Special.UNKNOWN:
            return Special.UNKNOWN
        return right if left is Special.ANY else left

    def _equal(self, a: Expression, one: Found, b: Expression, other: Found, told: Callable[[str, str], str]) -> bool:
        """Whether two expressions that stand side by side have one unit; if not, say so."""
        if isinstance(one, Special) or isinstance(other, Special) or self.units.same(one, other):
            return True
        ends = [(unit, is_bare(e) and self.units.is_dimensionless(unit)) for e, unit in ((a, one), (b, other))]
        rule = told(phrase(self.units, a, one), phrase(self.units, b, other))
        self.say(f"{rule}{clash(self.units, *ends)}.")
        return False

    def _conditions(self, operator: str, *conditions: tuple[Expression, Found]) -> Found:
        for e, found in conditions:
            but = f"{operator} takes conditions, but {named(e)} is "
            self.fits(e, found, self.units.dimensionless, lambda text, but=but: but + _in(text))
        return self.units.dimensionless

    def _power(self, base: Expression, exponent: Expression, found: Found) -> Found:
        def told(text: str) -> str:
            return f"an exponent is dimensionless, but {named(exponent)} is {_in(text)}"

        if not self.fits(exponent, self.unit(exponent), self.units.dimensionless, told):
            return Special.UNKNOWN
        if isinstance(found, Special) or self.units.is_dimensionless(found):
            return found
        value = constant(exponent)
        if value is None:
            unit = self.units.text(found)
            rule = f"{named(base)} is in {unit}, so its exponent must be a number written out, not {named(exponent)}."
            self.say(rule)
            return Special.UNKNOWN
        return multiplied([(found, value)])


def _in(text: str) -> str:
    return text if text == "dimensionless" else f"in {text}"
