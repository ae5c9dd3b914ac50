"""The dimensional analysis of a model: the unit of every variable, and every equation that does not agree."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sim.errors import Fault
from sim.stocks.model import Model, Part, Variable
from sim.stocks.nodes import Binary, Call, Expression, Name, Unary
from sim.stocks.units.expression import Judge
from sim.stocks.units.numbers import constant
from sim.stocks.units.registry import UnitError, Units, is_sound
from sim.stocks.units.signature import Found, Special, multiplied

if TYPE_CHECKING:
    from pint import Unit

__all__ = ["Analysis", "analyse"]


@dataclass(frozen=True)
class Analysis:
    """What was found.

    Parameters
    ----------
    registry : Units
        The units that the model knows.
    units : dict
        Unit of every variable, declared or derived. One whose unit is not known, or that is 0 and fits every unit, is
        left out.
    derived : set of str
        Variables that declare no unit; rules are among them.
    faults : list of Fault
        Every fault: of units, of unit texts and flows, of equations, each in the order of the model.
    any : set of str
        Variables that are 0 whatever happens, so that every unit fits them.
    unchecked : set of str
        Keys of equations that use something whose unit is not known: nothing certain can be said about them.
    lookups : dict
        Units of argument and result of each lookup, where known.
    """

    registry: Units
    units: dict[str, Unit]
    derived: set[str]
    faults: list[Fault]
    any: set[str] = field(default_factory=set)
    unchecked: set[str] = field(default_factory=set)
    lookups: dict[str, tuple[Unit | None, Unit | None]] = field(default_factory=dict)


def analyse(model: Model, unsound: Collection[str] = ()) -> Analysis:
    """Check the units of every equation.

    Parameters
    ----------
    model : Model
    unsound : collection of str
        Dotted keys at which the file is at fault already: of equations, of variables, of units. Nothing is said about
        them, nor about what follows from them.

    Examples
    --------
    >>> from sim.stocks.build import build
    >>> from sim.stocks.schema import StockFile
    >>> time = {"unit": "year", "end": 1, "dt": 1}
    >>> parameters = {"pay": "3 GBP/month", "grant": "9 GBP/year"}
    >>> file = {"name": "pay", "time": time, "parameters": parameters, "auxiliaries": {"gap": "grant - pay"}}
    >>> print(analyse(build(StockFile.model_validate(file))[0]).faults[0].rule)
    subtracts 'pay' in GBP/month from 'grant' in GBP/year; GBP/year and GBP/month are different units, and nothing is \
converted in silence.
    """
    work = _Analyst(model, unsound if isinstance(unsound, (set, frozenset)) else frozenset(unsound))
    work.declare()
    work.attach()
    work.derive()
    for variable in model.variables.values():
        work.check(variable)
    return Analysis(
        work.units,
        {name: unit for name, unit in work.found.items() if not isinstance(unit, Special)},
        {v.name for v in model.variables.values() if v.unit is None or v.kind == "rule"},
        list(dict.fromkeys(work.faults)),
        {name for name, unit in work.found.items() if unit is Special.ANY},
        work.unchecked,
        {name: (_or_none(x), _or_none(y)) for name, (x, y) in work.lookups.items()},
    )


class _Analyst:
    def __init__(self, model: Model, unsound: Collection[str]):
        self.model, self.unsound = model, unsound
        self.units = Units(model, unsound)
        self.faults = list(self.units.faults)
        self.found: dict[str, Found] = dict.fromkeys(model.variables, Special.UNKNOWN)
        self.lookups: dict[str, tuple[Found, Found]] = {}
        self.unchecked: set[str] = set()
        self.stocks: dict[str, str] = {}  # for each flow a stock that says its unit

    # -- what is known from the start ---------------------------------------------------------------------------------

    def declare(self) -> None:
        """Read every unit that is declared."""
        for lookup in self.model.lookups.values():
            x, y = (
                self._read(f"lookups.{lookup.name}.{key}", text) if text else Special.UNKNOWN
                for key, text in (("unit_x", lookup.unit_x), ("unit", lookup.unit))
            )
            self.lookups[lookup.name] = x, y
        for v in self.model.variables.values():
            if v.unit is not None:
                self.found[v.name] = self._read(f"{v.key}.unit", v.unit)

    def attach(self) -> None:
        """Give flows the unit of their stocks per unit of time."""
        time = self.units.time
        ends: dict[str, list[Variable]] = {}
        for stock in self.model.of_kind("stock"):
            for end in ("inflows", "outflows"):
                for n, name in enumerate(getattr(stock, end)):
                    if is_sound(f"{stock.key}.{end}.{n}", self.unsound):
                        ends.setdefault(name, []).append(stock)
        for flow in self.model.of_kind("flow"):
            known = [s for s in ends.get(flow.name, ()) if not isinstance(self.found[s.name], Special)]
            if not known or time is None or not is_sound(flow.key, self.unsound):
                continue
            stock = known[0]
            wanted = multiplied([(self.found[stock.name], 1), (time, -1)])
            other = next((s for s in known[1:] if not self._same(self.found[s.name], self.found[stock.name])), None)
            if other is not None:
                one, two = (f"'{s.name}' in {self._text(self.found[s.name])}" for s in (stock, other))
                self._say(flow.key, None, f"it leads between {one} and {two}, which must have one unit.")
            elif flow.unit is None:
                self.found[flow.name] = wanted
                self.stocks[flow.name] = stock.name
            elif not self._same(self.found[flow.name], wanted):
                per = f"'{stock.name}' is in {self._text(self.found[stock.name])} and time in {self.units.text(time)}"
                rule = f"{per}, so this flow must be in {self._text(wanted)}."
                self._say(f"{flow.key}.unit", flow.unit, rule)
                self.found[flow.name] = Special.UNKNOWN

    # -- what follows from equations ----------------------------------------------------------------------------------

    def derive(self) -> None:
        """Derive units of auxiliaries that declare none.

        Those that an equation needs come before it. Where they stand in a circle, one may follow all the same, since
        what a function gives need not depend on all of its arguments; so this goes on for as long as it helps.
        """
        undeclared = {v.name: v for v in self.model.of_kind("auxiliary") if v.unit is None}
        waiting = [undeclared[name] for name in _in_order(undeclared)]
        judge = Judge(self.units, self.found, self.lookups)
        helped = True
        while helped and waiting:
            for v in waiting:
                self.found[v.name] = self._derived(v, judge)
            still = [v for v in waiting if self.found[v.name] is Special.UNKNOWN]
            helped, waiting = len(still) < len(waiting), still

    def _derived(self, variable: Variable, judge: Judge) -> Found:
        """Unit in which all equations of a variable agree."""
        common: Found = Special.ANY
        for part in _once(variable.parts):
            unit = judge.unit(part.equation) if self._sound(variable, part) else Special.UNKNOWN
            if unit is Special.UNKNOWN or not self._same(unit, common):
                return Special.UNKNOWN
            common = unit if common is Special.ANY else common
        return common

    # -- equations ----------------------------------------------------------------------------------------------------

    def check(self, variable: Variable) -> None:
        """Say where the equations of a variable do not agree."""
        v, none = variable, self.units.dimensionless
        if v.kind == "auxiliary" and v.unit is None:
            self._agree(v)
            return
        for parts, wanted, what in (
            (v.parts, self.found[v.name], self._declared(v)),
            (v.begins, none, "a condition is dimensionless"),
            (v.ends, none, "a condition is dimensionless"),
            (v.after, self.units.time or Special.UNKNOWN, "the time for which a condition must hold"),
            (v.ends_after, self.units.time or Special.UNKNOWN, "the time for which a condition must hold"),
        ):
            shown = f"{what} is in {self._text(wanted)}" if what.startswith("the time") else what
            for part, unit in self._units_of(v, parts):
                # What a stock holds at first stands beside its unit, as the value of a parameter does.
                if v.kind != "stock" or constant(part.equation) is None:
                    self._fits(part, unit, wanted, f"but {shown}")

    def _declared(self, v: Variable) -> str:
        unit = self._text(self.found[v.name])
        if v.kind == "flow" and v.unit is None:
            return f"a flow of '{self.stocks.get(v.name)}' is in {unit}"
        return f"'{v.name}' is declared as {unit}"

    def _agree(self, v: Variable) -> None:
        """All equations of a variable that declares no unit have one."""
        first: tuple[Part, Found] | None = None
        for part, unit in self._units_of(v, v.parts):
            if first is None and not isinstance(unit, Special):
                first = part, unit
            elif first is not None:
                others = f"but that of '{v.name}' for {', '.join(first[0].over)} is {self._text(first[1])}"
                self._fits(part, unit, first[1], others)

    def _units_of(self, variable: Variable, parts: tuple[Part, ...]) -> Iterator[tuple[Part, Found]]:
        """Every sound equation with its unit; what clashes within it is said."""
        for part in _once(parts):
            if self._sound(variable, part):
                unit = self._judge(part).unit(part.equation)
                used = (unit, self.found[variable.name], *self._used(part.equation))
                if any(one is Special.UNKNOWN for one in used):
                    self.unchecked.add(part.key)
                yield part, unit
            else:
                self.unchecked.add(part.key)

    def _used(self, equation: Expression) -> Iterator[Found]:
        """What is known of everything that an equation names."""
        judge = Judge(self.units, self.found, self.lookups)
        for e in _uses(equation):
            if isinstance(e, Name):
                yield judge.unit(e)
            elif isinstance(e, Call):
                yield from self.lookups.get(e.function, ())

    def _fits(self, part: Part, unit: Found, wanted: Found, but: str) -> None:
        self._judge(part).fits(part.equation, unit, wanted, lambda text: f"its unit is {text}, {but}")

    def _judge(self, part: Part) -> Judge:
        return Judge(self.units, self.found, self.lookups, lambda rule: self._say(part.key, part.text, rule))

    # -- small things -------------------------------------------------------------------------------------------------

    def _read(self, key: str, text: str) -> Found:
        if not is_sound(key, self.unsound):
            return Special.UNKNOWN
        try:
            return self.units.parse(text)
        except UnitError as error:
            if not error.follows:
                self.faults.append(Fault(key, text, error.rule, nearest=error.nearest))
            return Special.UNKNOWN

    def _say(self, key: str, value: object, rule: str) -> None:
        self.faults.append(Fault(key, value, rule))

    def _sound(self, variable: Variable, part: Part) -> bool:
        return is_sound(variable.key, self.unsound) and is_sound(part.key, self.unsound)

    def _same(self, a: Found, b: Found) -> bool:
        return isinstance(a, Special) or isinstance(b, Special) or self.units.same(a, b)

    def _text(self, unit: Found) -> str:
        return unit.value if isinstance(unit, Special) else self.units.text(unit)


def _once(parts: tuple[Part, ...]) -> Iterator[Part]:
    """Equations as they are written: one that holds for several elements is taken once."""
    seen: set[object] = set()
    for part in parts:
        written = (part.key, part.text) if part.key or part.text else id(part)
        if written not in seen:
            seen.add(written)
            yield part


def _uses(equation: Expression) -> Iterator[Name | Call]:
    """Names and calls of an equation from left to right; without recursion, for sums are long."""
    left = [equation]
    while left:
        e = left.pop()
        match e:
            case Name() | Call():
                yield e
            case Unary():
                left.append(e.operand)
            case Binary():
                left += [e.right, e.left]
        if isinstance(e, Call):
            left += reversed(e.arguments)


def _in_order(variables: dict[str, Variable]) -> list[str]:
    """Names, those that an equation needs before it; without recursion, for chains are long."""
    needs = {
        name: [
            e.name
            for part in _once(v.parts)
            for e in _uses(part.equation)
            if isinstance(e, Name) and e.name in variables
        ]
        for name, v in variables.items()
    }
    order: list[str] = []
    seen: set[str] = set()
    for start in variables:
        way = [] if start in seen else [(start, iter(needs[start]))]
        seen.add(start)
        while way:
            name, rest = way[-1]
            inner = next((n for n in rest if n not in seen), None)
            if inner is None:
                order.append(name)
                way.pop()
            else:
                seen.add(inner)
                way.append((inner, iter(needs[inner])))
    return order


def _or_none(unit: Found) -> Unit | None:
    return None if isinstance(unit, Special) else unit
