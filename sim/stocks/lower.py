"""From a sound model to a program: equations resolved, calls that remember taken out as memories."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from sim.stocks.functions import REDUCTIONS, canonical
from sim.stocks.model import CLOCK, Element, Model, Part, Variable, elements_of
from sim.stocks.nodes import Binary, Call, Expression, Name, Number, Unary
from sim.stocks.subscripts import Loop, Scope, Spot, resolve, scope_of, summed
from sim.stocks.trees import (
    Apply,
    Block,
    Choose,
    Clock,
    Constant,
    Consult,
    Gather,
    Held,
    Infix,
    Memory,
    MemoryKind,
    Prefix,
    Reference,
    Tree,
    free_loops,
)

__all__ = ["Program", "lower_stocks"]

#: kind of memory and number of stages of each function that remembers; 0 stages: the last argument says
_MEMORIES: dict[str, tuple[MemoryKind, int]] = {
    "SMOOTH1": ("smooth", 1),
    "SMOOTH3": ("smooth", 3),
    "SMOOTHN": ("smooth", 0),
    "DELAY1": ("delay", 1),
    "DELAY3": ("delay", 3),
    "DELAYN": ("delayn", 0),
    "DELAY_FIXED": ("fixed", 1),
    "TREND": ("trend", 1),
    "SAMPLE_IF_TRUE": ("sample", 1),
    "INITIAL": ("initial", 1),
}
#: arguments that count at the start only
_AT_START: dict[str, tuple[int, ...]] = {
    **dict.fromkeys(("SMOOTH1", "SMOOTH3", "SMOOTHN", "DELAY1", "DELAY3", "DELAYN", "TREND", "SAMPLE_IF_TRUE"), (2,)),
    "DELAY_FIXED": (1, 2),
    "FORECAST": (3,),
    "INITIAL": (0,),
    "ACTIVE_INITIAL": (1,),
}


@dataclass
class Program:
    """A model, resolved.

    Parameters
    ----------
    model : Model
    values : dict
        Blocks of every flow and auxiliary.
    initials : dict
        Blocks of every stock's initial value.
    rules : dict
        Blocks of every rule by the end they belong to.
    memories : list of Memory
        In an order in which each uses only those before it.
    """

    model: Model
    values: dict[str, list[Block]] = field(default_factory=dict)
    initials: dict[str, list[Block]] = field(default_factory=dict)
    rules: dict[str, dict[str, list[Block]]] = field(default_factory=dict)
    memories: list[Memory] = field(default_factory=list)

    def drains(self, stock: Variable) -> list[tuple[str, int]]:
        """Flows that may drain a stock: its outflows (1), and inflows that run both ways (-1)."""
        back = [f for f in stock.inflows if self.model.variables[f].both_ways]
        return [*((f, 1) for f in stock.outflows), *((f, -1) for f in back)]

    def limits(self, flow: str) -> list[str]:
        """Stocks that may limit a flow."""
        stocks = (s for s in self.model.of_kind("stock") if s.non_negative)
        return [s.name for s in stocks if flow in dict(self.drains(s))]


def lower_stocks(model: Model) -> Program:
    """Resolve every equation of a model that has been checked."""
    program = Program(model)
    for variable in model.variables.values():
        if variable.kind in ("flow", "auxiliary"):
            program.values[variable.name] = _blocks(program, variable, variable.parts)
        elif variable.kind == "stock":
            program.initials[variable.name] = _blocks(program, variable, variable.parts)
        elif variable.kind == "rule":
            ends = ("begins", "ends", "after", "ends_after")
            program.rules[variable.name] = {end: _blocks(program, variable, getattr(variable, end)) for end in ends}
    return program


def _blocks(program: Program, variable: Variable, parts: tuple[Part, ...]) -> list[Block]:
    """One block for each part; one for each element where another part, of more single elements, has some of them."""
    model, blocks = program.model, list[Block]()
    owner: dict[Element, Part] = {}
    for part in sorted(parts, key=lambda p: sum(over in model.dimensions for over in p.over)):
        for element in elements_of(model, part.over):
            owner.setdefault(element, part)
    for part in parts:
        mine = [element for element in elements_of(model, part.over) if owner[element] is part]
        if len(mine) == len(list(elements_of(model, part.over))):
            blocks.append(_block(program, variable, part))
        else:
            blocks += [_block(program, variable, part, element) for element in mine]
    return blocks


def _block(program: Program, variable: Variable, part: Part, only: Element | None = None) -> Block:
    """An equation as it stands, or for one element of it."""
    model = program.model
    scope = scope_of(model, variable, part)
    target = []
    for n, (dim, over) in enumerate(zip(variable.dims, part.over, strict=True)):
        elements = model.dimensions[dim]
        loop = Loop(over, model.dimensions[over]) if over in model.dimensions else None
        if loop is not None and only is not None:
            loop = scope[dim] = scope[over] = Loop(over, (only[n],))
        positions = tuple(elements.index(e) for e in (loop.elements if loop else (over,)))
        target.append(Spot(loop, positions))
    tree = _Lowering(program, variable, part, scope, variable.kind == "stock").tree(part.equation, {})
    return Block(variable.name, tuple(target), tree, part.key, part.text)


@dataclass(frozen=True)
class _Lowering:
    """An equation on its way; `starting` where it counts at the start only, so that calls need not remember."""

    program: Program
    variable: Variable
    part: Part
    scope: Scope
    starting: bool

    def tree(self, e: Expression, loops: Mapping[str, Loop]) -> Tree:
        match e:
            case Number():
                return Constant(e.value)
            case Unary():
                return Prefix(e.operator, self.tree(e.operand, loops))
            case Binary():
                return Infix(e.operator, self.tree(e.left, loops), self.tree(e.right, loops))
            case Name():
                return self._name(e, loops)
        return self._call(e, loops)

    def _name(self, e: Name, loops: Mapping[str, Loop]) -> Tree:
        model = self.program.model
        if e.name in CLOCK and e.name not in model.variables:
            return Clock(e.name)
        variable = model.variables[e.name]
        return Reference(e.name, resolve(model, variable, e, self.scope, loops))

    def _call(self, e: Call, loops: Mapping[str, Loop]) -> Tree:
        model = self.program.model
        if e.function in model.lookups:
            return Consult(e.function, self.tree(e.arguments[0], loops))
        name = canonical(e.function)
        if name in REDUCTIONS:
            inner = summed(model, e.arguments[0])
            return Gather(name, tuple(inner.values()), self.tree(e.arguments[0], {**loops, **inner}))
        once = replace(self, starting=True)
        only = _AT_START.get(name, ())
        arguments = [(once if n in only else self).tree(a, loops) for n, a in enumerate(e.arguments)]
        if name == "IF":
            return Choose(*arguments)
        if self.starting and name in _MEMORIES and name != "TREND":
            given = 2 if len(arguments) > 2 else 0
            return arguments[given]
        if name == "FORECAST":
            held = self._memory("TREND", [arguments[0], arguments[1], *arguments[3:]])
            growth = Infix("+", Constant(1.0), Infix("*", arguments[2], held))
            return Infix("*", arguments[0], growth)
        return self._memory(name, arguments) if name in _MEMORIES else Apply(name, tuple(arguments))

    def _memory(self, name: str, arguments: list[Tree]) -> Held:
        kind, order = _MEMORIES[name]
        condition = arguments.pop(0) if kind == "sample" else None
        if not order:
            last = arguments.pop()
            order = int(last.value) if isinstance(last, Constant) else 1
        timed = kind not in ("sample", "initial")
        x = arguments[0]
        time = arguments[1] if timed else None
        rest = arguments[2:] if timed else arguments[1:]
        memory = Memory(
            kind, order, (), x, time, rest[0] if rest else None, condition, self.variable.name, self.part.key
        )
        trees = [t for t in (memory.x, memory.time, memory.at_start, memory.condition) if t is not None]
        loops = {loop.name: loop for t in trees for loop in free_loops(t)}
        memory = replace(memory, loops=tuple(loops[name] for name in sorted(loops)))
        self.program.memories.append(memory)
        return Held(len(self.program.memories) - 1, memory.loops)
