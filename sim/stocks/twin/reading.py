"""Equations read tree by tree at one moment, each value once: sections 3, 4, 6 and 7 of ``docs/stocks.md``."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from sim.stocks.functions import FUNCTIONS, REDUCTIONS, STATEFUL, canonical
from sim.stocks.model import Element, Variable, written
from sim.stocks.nodes import Binary, Call, Expression, Name, Number, Unary
from sim.stocks.twin import memories
from sim.stocks.twin.arithmetic import apply, between_points, operate, reduce
from sim.stocks.twin.atlas import Atlas, Place
from sim.stocks.twin.clockwork import TIMED, timed
from sim.stocks.twin.memories import Line, Memory
from sim.stocks.twin.standing import Path, Site, Standing, element_meant
from sim.stocks.twin.trouble import Circle, Meaningless, Trouble, too_large
from sim.stocks.twin.wording import text_of

__all__ = ["Moment", "Reading", "State", "Watch", "deep_recursion"]

T = TypeVar("T")
FULL = 1 - 1e-14  #: share of a stock that can leave in a step
TRACE = 1e-200  #: what always stays, so that rounding near the smallest numbers takes no stock below nought


@dataclass(frozen=True)
class Watch:
    """State of a rule: whether it holds, and since which step the condition that it watches has been true."""

    holds: bool = False
    since: int | None = None


@dataclass
class State:
    """What is carried from step to step.

    Parameters
    ----------
    levels : dict
        Stocks by place (each a row of one) and memories in a row by site.
    kept : dict
        Discrete memories by site.
    watches : dict
        Rules by place; one that is not there is in its first state.
    """

    levels: dict[Place | Site, list[float]] = field(default_factory=dict)
    kept: dict[Site, float | Line | None] = field(default_factory=dict)
    watches: dict[Place, Watch] = field(default_factory=dict)


@dataclass(frozen=True)
class Moment:
    """When equations are read.

    Parameters
    ----------
    step : int
        Number of the step.
    begins : float
        Time at the beginning of the step.
    now : float
        Time of this part of the step.
    dt : float
        Length of a step; 0 in the limit of short steps.
    ends : float
        Last time.
    starting : bool
        Whether this is the order of the start.
    first_part : bool
        Whether this is the first part of a step.
    inputs : dict
        Values from outside.
    held : dict
        Values of ``SAMPLE_IF_TRUE`` and of rules that the later parts of a step take from the first.
    """

    step: int
    begins: float
    now: float
    dt: float
    ends: float
    starting: bool = False
    first_part: bool = True
    inputs: Mapping[Place, float] = field(default_factory=dict)
    held: Mapping[Place | Site, float] = field(default_factory=dict)


class Reading:
    """Values of a model at one moment; each is computed when it is first asked for.

    Parameters
    ----------
    atlas : Atlas
    moment : Moment
    state : State
        Empty in the order of the start.
    """

    def __init__(self, atlas: Atlas, moment: Moment, state: State):
        self.atlas = atlas
        self.moment = moment
        self.state = state
        self.watches: dict[Place, Watch] = {}
        self._known: dict[tuple[str, ...], object] = {}
        self._open: dict[tuple[str, ...], str] = {}

    # -- values -------------------------------------------------------------------------------------------------------

    def value(self, name: str, element: Element = ()) -> float:
        """Value of a variable at an element; of a flow the actual one."""
        variable = self.atlas.model.variables.get(name)
        if variable is None:
            raise Meaningless(f"nothing is called '{name}'")
        return self.once((name, "", *element), _KINDS[variable.kind], variable, element)

    def once(
        self,
        key: tuple[str, ...],
        compute: Callable[[Reading, Variable, Element], float],
        variable: Variable,
        element: Element,
    ) -> float:
        """Compute what is not known yet, and find values that are computed from themselves."""
        found = self._known.get(key)
        if isinstance(found, float):
            return found
        if key in self._open:
            names = list(self._open.values())
            raise Circle(list(dict.fromkeys(names[list(self._open).index(key) :])))
        self._open[key] = written(variable.name, element)
        try:
            value = float(compute(self, variable, element))
        finally:
            del self._open[key]
        self._known[key] = value
        return value

    def level(self, key: Place | Site) -> list[float]:
        """What a stock, or a memory in a row, holds."""
        return self.state.levels[key]

    def kept(self, site: Site) -> float | Line | None:
        """A discrete memory."""
        return self.state.kept[site]

    def equation(self, name: str, element: Element, use: str = "parts") -> float:
        """Value of an equation of a variable."""
        at = self.atlas.standing(name, element, use)
        try:
            return self.read(at.part.equation, at, ())
        except Trouble as trouble:
            trouble.standing = trouble.standing or at
            raise

    def settled(self, memory: Memory, compute: Callable[[Reading, Memory], T]) -> T:
        """Compute something of a call that remembers; trouble with it is trouble with the equation it stands in."""
        try:
            return compute(self, memory)
        except Trouble as trouble:
            trouble.standing = trouble.standing or memory.standing
            raise

    # -- kinds of variables -------------------------------------------------------------------------------------------

    def _constant(self, variable: Variable, element: Element) -> float:
        return self.atlas.constants[variable.name, element]

    def _input(self, variable: Variable, element: Element) -> float:
        return self.moment.inputs.get((variable.name, element), variable.values[element])

    def _stock(self, variable: Variable, element: Element) -> float:
        if not self.moment.starting:
            return self.level((variable.name, element))[0]
        value = self.equation(variable.name, element)
        if variable.non_negative and value < 0:
            name = written(variable.name, element)
            why = f"'{name}' starts at {value:g}, and a stock that cannot be negative starts at 0 or above"
            trouble = Trouble("", why, variable.name, "non_negative: false")
            trouble.standing = self.atlas.standing(variable.name, element, "parts")
            raise trouble
        return value

    def _auxiliary(self, variable: Variable, element: Element) -> float:
        return self.equation(variable.name, element)

    def _flow(self, variable: Variable, element: Element) -> float:
        asked = self._asked(variable, element)
        stock = (self.atlas.drained_by if asked > 0 else self.atlas.filled_by).get(variable.name)
        if asked == 0 or stock is None or not stock.non_negative:
            return asked
        place = self.atlas.stock_of(stock, variable.name, element)
        return asked * self.once((place[0], "factor", *place[1]), Reading._factor, stock, place[1])

    def _asked(self, variable: Variable, element: Element) -> float:
        """A flow before the stock that it drains has its say."""
        return self.once((variable.name, "asked", *element), Reading._ask, variable, element)

    def _ask(self, variable: Variable, element: Element) -> float:
        value = self.equation(variable.name, element)
        return value if variable.both_ways else max(0.0, value)

    def _factor(self, stock: Variable, element: Element) -> float:
        """The proportion in which all that would leave a stock is reduced."""
        if self.moment.dt == 0:  # a stock above nought gives what is wanted for as short a time as that
            return 1.0
        wanted = 0.0
        for names, sign in ((stock.outflows, 1), (stock.inflows, -1)):
            for flow in names:
                name, at = self.atlas.flow_of(stock, flow, element)
                asked = self.atlas.model.variables[name]
                if sign > 0 or asked.both_ways:  # others never run out by the way in
                    wanted += max(0.0, sign * self._asked(asked, at))
        limit = FULL * max(0.0, self.value(stock.name, element) - TRACE) / self.moment.dt
        return limit / wanted if wanted > limit else 1.0

    def _rule(self, variable: Variable, element: Element) -> float:
        place = (variable.name, element)
        if self.moment.starting:
            return 0.0
        if place in self.moment.held:
            return self.moment.held[place]
        watch = self.state.watches.get(place, Watch())
        use, after = ("ends", "ends_after") if watch.holds else ("begins", "after")
        since = None
        if getattr(variable, use) and self.equation(*place, use) != 0:
            since = self.moment.step if watch.since is None else watch.since
            length = self.equation(*place, after) if getattr(variable, after) else 0.0
            if (self.moment.step - since) * self.moment.dt >= length - self.moment.dt / 1000:
                watch, since = Watch(not watch.holds), None
        self.watches[place] = Watch(watch.holds, since)
        return float(watch.holds)

    # -- trees --------------------------------------------------------------------------------------------------------

    def read(self, node: Expression, at: Standing, path: Path) -> float:
        """Value of a piece of an equation."""
        if isinstance(node, Number):
            return node.value
        if isinstance(node, Name):
            return self._name(node, at)
        if isinstance(node, Unary):
            inner = self.read(node.operand, at, (*path, 0))
            return float(inner == 0) if node.operator == "not" else -inner
        if isinstance(node, Binary):
            left = self.read(node.left, at, (*path, 0))
            return operate(node, left, self.read(node.right, at, (*path, 1)))
        return self._call(node, at, path)

    def _name(self, node: Name, at: Standing) -> float:
        if node.name in self.atlas.model.variables:
            return self.value(node.name, element_meant(self.atlas.model, node, at))
        match node.name:
            case "TIME":
                return self.moment.now
            case "DT":
                return self.moment.dt
            case "INITIAL_TIME":
                return self.atlas.model.time.start
            case "FINAL_TIME":
                return self.moment.ends
            case "PI":
                return math.pi
        raise Meaningless(f"nothing is called '{node.name}'")

    def _call(self, node: Call, at: Standing, path: Path) -> float:
        function = canonical(node.function)
        self._counted(function, node)
        if function == "IF":
            condition = self.read(node.arguments[0], at, (*path, 0))
            chosen = 1 if condition != 0 else 2
            return self.read(node.arguments[chosen], at, (*path, chosen))
        if function in REDUCTIONS:
            values = []
            for binding in self.atlas.bindings(node):
                values.append(self.read(node.arguments[0], at.within_sum(binding), (*path, 0)))
            if not values:
                raise Meaningless(f"{function} runs over nothing")
            return reduce(function, node, values)
        if function in STATEFUL or function == "ACTIVE_INITIAL":
            memory = Memory(node, at, path)
            value = memories.at_start(self, memory) if self.moment.starting else memories.output(self, memory)
        else:
            values = []
            for i, argument in enumerate(node.arguments):
                values.append(self.read(argument, at, (*path, i)))
            if function in TIMED:
                value = timed(function, node, values, self.moment.now, self.moment.begins, self.moment.dt)
            elif function in FUNCTIONS:
                return apply(function, node, values)
            else:
                value = between_points(self.atlas.model.lookups[function], values[0])
        if not math.isfinite(value):
            raise too_large(text_of(node))
        return value

    def _counted(self, function: str, node: Call) -> None:
        """Refuse calls of what is no function, and calls with too few or too many arguments."""
        known, count = FUNCTIONS.get(function), len(node.arguments)
        if known is None:
            if function not in self.atlas.model.lookups or count != 1:
                raise Meaningless(f"there is no function '{function}' of {count} arguments")
        elif count < (1 if known.variadic else known.least) or (count > len(known.arguments) and not known.variadic):
            raise Meaningless(f"{function} does not take {count} arguments")


_KINDS: dict[str, Callable[[Reading, Variable, Element], float]] = {
    "parameter": Reading._constant,
    "input": Reading._input,
    "stock": Reading._stock,
    "flow": Reading._flow,
    "auxiliary": Reading._auxiliary,
    "rule": Reading._rule,
}


@contextmanager
def deep_recursion() -> Iterator[None]:
    """Allow long chains of variables; Python's own limit of 1000 calls is soon reached."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, 1_000_000))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)
