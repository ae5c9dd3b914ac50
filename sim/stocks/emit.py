"""Trees as lines of Python."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from sim.stocks.layout import Layout
from sim.stocks.subscripts import Loop, Spot
from sim.stocks.trees import (
    Apply,
    Choose,
    Clock,
    Constant,
    Consult,
    Gather,
    Held,
    Infix,
    Prefix,
    Reference,
    Tree,
)

__all__ = ["Writer"]

_CLOCK = {"TIME": "t", "DT": "dt", "INITIAL_TIME": "c[0]", "FINAL_TIME": "c[2]", "PI": "math.pi"}
_CALLS = {
    "ABS": "abs({})",
    "SIN": "math.sin({})",
    "COS": "math.cos({})",
    "TAN": "math.tan({})",
    "ARCTAN": "math.atan({})",
    "TANH": "math.tanh({})",
    "FLOOR": "_floor({})",
    "SQRT": "_sqrt({})",
    "EXP": "_exp({})",
    "LN": "_ln({})",
    "LOG10": "_log10({})",
    "LOG": "_log({})",
    "POWER": "_power({})",
    "INTEGER": "_integer({})",
    "MODULO": "_modulo({})",
    "QUANTUM": "_quantum({})",
    "ZIDZ": "_xidz({}, 0.0)",
    "XIDZ": "_xidz({})",
    "PULSE": "_pulse(middle, dt, {})",
    "PULSE_TRAIN": "_pulse_train(middle, dt, {})",
}
MOST_BRACKETS = 150  #: one inside the other; Python allows 200
_COMPARE = {"=": "==", "<>": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


@dataclass
class Writer:
    """Lines of a program, indented, and how trees are written in them.

    Parameters
    ----------
    layout : Layout
        Where every value lies.
    start : bool
        Whether trees are written for the order of the start.
    """

    layout: Layout
    start: bool = False
    lines: list[str] = field(default_factory=list)
    depth: int = 1
    names: int = 0
    counters: dict[str, list[str]] = field(default_factory=dict)  #: of the loops that are open

    def line(self, text: str) -> None:
        """Add a line."""
        self.lines.append("    " * self.depth + text)

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """Add a line that ends in a colon and indent what follows."""
        self.line(head)
        self.depth += 1
        yield
        self.depth -= 1

    @contextmanager
    def loops(self, loops: Sequence[Loop]) -> Iterator[None]:
        """Run over some loops, outer ones first."""
        for loop in loops:
            open_ = self.counters.setdefault(loop.name, [])
            open_.append(self.layout.counter(loop.name, len(open_)))
            self.line(f"for {open_[-1]} in range({len(loop.elements)}):")
            self.depth += 1
        yield
        self.depth -= len(loops)
        for loop in loops:
            self.counters[loop.name].pop()

    def counter(self, loop: Loop) -> str:
        """The name that counts the innermost open loop of this name."""
        return self.counters[loop.name][-1]

    def fresh(self) -> str:
        """A name that has not been used."""
        self.names += 1
        return f"n{self.names}"

    def position(self, spots: Sequence[Spot], sizes: Sequence[int]) -> str:
        """Where an element lies in an array, counted from its beginning."""
        stride, terms, fixed = 1, list[str](), 0
        for spot, size in zip(reversed(spots), reversed(sizes), strict=True):
            if spot.loop is None:
                fixed += spot.positions[0] * stride
            else:
                shift = spot.positions[0]
                if spot.positions == tuple(range(shift, shift + len(spot.positions))):
                    counter = self.counter(spot.loop)
                    fixed += shift * stride
                else:
                    counter = f"{self.layout.table(spot.positions)}[{self.counter(spot.loop)}]"
                terms.insert(0, counter if stride == 1 else f"{stride} * {counter}")
            stride *= size
        return " + ".join([*terms, *([str(fixed)] if fixed or not terms else [])])

    def inside(self, loops: Sequence[Loop]) -> str:
        """Position among all combinations of some loops."""
        spots = [Spot(loop, tuple(range(len(loop.elements)))) for loop in loops]
        return self.position(spots, [len(loop.elements) for loop in loops])

    def value(self, name: str, spots: Sequence[Spot] = ()) -> str:
        """A variable at an element."""
        return self.layout.at(name, self.position(spots, self.layout.sizes(name)) if spots else "0")

    # -- trees --------------------------------------------------------------------------------------------------------

    def number(self, tree: Tree) -> str:
        """A tree as an expression that gives a number; lines that it needs are added first."""
        return self._named(self._number(tree))

    def condition(self, tree: Tree) -> str:
        """A tree as an expression that is true or false."""
        return self._named(self._condition(tree))

    def _named(self, text: str) -> str:
        """The text, or a name for its value where its brackets are so deep that Python soon reads no further."""
        if len(text) < MOST_BRACKETS or _brackets(text) < MOST_BRACKETS:
            return text
        name = self.fresh()
        self.line(f"{name} = {text}")
        return name

    def _number(self, tree: Tree) -> str:
        match tree:
            case Constant():
                return repr(tree.value)
            case Clock():
                return _CLOCK[tree.name]
            case Reference():
                return self.value(tree.name, tree.spots)
            case Held():
                return self.layout.held(tree.memory, self.inside(tree.loops))
            case Consult():
                kind, x, y = self.layout.lookup(tree.lookup)
                return f"_{kind}({self.number(tree.argument)}, {x}, {y})"
            case Choose():
                return self._choose(tree)
            case Gather():
                return self._gather(tree)
            case Apply():
                return self._apply(tree)
            case Prefix() if tree.operator == "-":
                return f"(-{self.number(tree.operand)})"
            case Infix() if tree.operator in "+-*/":
                return f"({self.number(tree.left)} {tree.operator} {self.number(tree.right)})"
            case Infix() if tree.operator == "^":
                return self._power(tree)
        return f"(1.0 if {self.condition(tree)} else 0.0)"

    def _condition(self, tree: Tree) -> str:
        if isinstance(tree, Prefix) and tree.operator == "not":
            return f"(not {self.condition(tree.operand)})"
        if isinstance(tree, Infix) and tree.operator in ("and", "or"):
            both = "&" if tree.operator == "and" else "|"  # both sides are computed, whatever the first one is
            return f"({self.condition(tree.left)} {both} {self.condition(tree.right)})"
        if isinstance(tree, Infix) and tree.operator in _COMPARE:
            return f"({self.number(tree.left)} {_COMPARE[tree.operator]} {self.number(tree.right)})"
        return f"({self.number(tree)} != 0.0)"

    def _power(self, tree: Infix) -> str:
        base, exponent = tree.left, tree.right
        if isinstance(exponent, Constant) and exponent.value == 2.0:  # noqa: PLR2004
            name = self.fresh()
            self.line(f"{name} = {self.number(base)}")
            return f"({name} * {name})"
        return f"_power({self.number(base)}, {self.number(exponent)})"

    def _choose(self, tree: Choose) -> str:
        """An expression where both sides are one; else lines, so that only the side that counts is computed."""
        condition = self.condition(tree.condition)
        sides = []
        for side in (tree.then, tree.otherwise):
            kept, self.lines = self.lines, []
            self.depth += 1
            sides.append((self.number(side), self.lines))
            self.depth -= 1
            self.lines = kept
        if not sides[0][1] and not sides[1][1]:
            return f"({sides[0][0]} if {condition} else {sides[1][0]})"
        name = self.fresh()
        for head, (text, lines) in zip((f"if {condition}:", "else:"), sides, strict=True):
            self.line(head)
            self.lines += lines
            self.lines.append("    " * (self.depth + 1) + f"{name} = {text}")
        return name

    def _gather(self, tree: Gather) -> str:
        name = self.fresh()
        first = {"SUM": "0.0", "MEAN": "0.0", "PROD": "1.0", "VMIN": "math.inf", "VMAX": "-math.inf"}[tree.function]
        self.line(f"{name} = {first}")
        with self.loops(tree.loops):
            text = self.number(tree.body)
            fold = {"PROD": f"{name} * {text}", "VMIN": f"min({name}, {text})", "VMAX": f"max({name}, {text})"}
            self.line(f"{name} = {fold.get(tree.function, f'{name} + {text}')}")
        if tree.function == "MEAN":
            count = 1
            for loop in tree.loops:
                count *= len(loop.elements)
            return f"({name} / {count}.0)"
        return name

    def _apply(self, tree: Apply) -> str:
        name, arguments = tree.function, tree.arguments
        if name == "ACTIVE_INITIAL":
            return self.number(arguments[self.start])
        texts = [self.number(a) for a in arguments]
        if name in ("MIN", "MAX"):
            return f"{name.lower()}({', '.join(texts)})" if len(texts) > 1 else texts[0]
        if name == "STEP":
            return f"({texts[0]} if middle > {texts[1]} else 0.0)"
        if name == "RAMP":
            return f"_ramp(t, {', '.join(texts)}{', math.inf' if len(texts) == 2 else ''})"  # noqa: PLR2004
        if name == "IMPULSE":
            every = "s" if len(texts) == 3 else ""  # noqa: PLR2004
            return f"_impulse{every}(before, middle, dt, {', '.join(texts)})"
        return _CALLS[name].format(", ".join(texts))


def _brackets(text: str) -> int:
    """How deep brackets stand in one another."""
    depth = most = 0
    for letter in text:
        depth += (letter in "([") - (letter in ")]")
        most = max(most, depth)
    return most
