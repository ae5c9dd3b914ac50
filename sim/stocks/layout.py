"""Where every value of a program lies.

Parameters and inputs lie in one array (``p``), stocks and memories in another (``y``), other arrays in a third (``x``);
other single values are names of their own, which compilers keep in registers.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sim.stocks.lower import Program

__all__ = ["LEVELS", "Layout"]

#: numbers that a memory keeps for each stage (the first word), and beside its stages
LEVELS = {"smooth": (True, 0), "delay": (True, 0), "delayn": (True, 2), "trend": (True, 0)}
LEVELS |= {"sample": (False, 1), "initial": (False, 1), "fixed": (False, 2)}


@dataclass
class Layout:
    """Places of all values; made once for a program.

    Parameters
    ----------
    program : Program
    """

    program: Program
    place: dict[str, tuple[str, int]] = field(default_factory=dict)
    sizes_of: dict[str, tuple[int, ...]] = field(default_factory=dict)
    local: dict[str, str] = field(default_factory=dict)
    size: dict[str, int] = field(default_factory=lambda: {"p": 0, "y": 0, "x": 0})
    memory: list[int] = field(default_factory=list)  #: first state of each memory
    given: list[tuple[str, int]] = field(default_factory=list)  #: where each memory's output lies
    counters: dict[str, str] = field(default_factory=dict)
    tables: dict[tuple[int, ...], str] = field(default_factory=dict)
    lookups: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    columns: dict[str, int] = field(default_factory=dict)  #: first column of every variable
    names: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        model, column = self.program.model, 0
        for v in model.variables.values():
            sizes = tuple(len(model.dimensions[d]) for d in v.dims)
            self.columns[v.name] = column
            column += math.prod(sizes)
            home = {"parameter": "p", "input": "p", "stock": "y"}.get(v.kind, "x" if v.dims else "")
            self._lay(v.name, home, sizes)
        for v in model.variables.values():  # after all variables: rows that are kept are copied in long pieces
            sizes = self.sizes(v.name)
            if v.kind == "flow":
                self._lay(self.own("wanted", v.name), "x" if v.dims else "", sizes)
            elif v.kind == "stock" and v.non_negative and self.program.drains(v):
                self._lay(self.own("share", v.name), "x" if v.dims else "", sizes)
            elif v.kind == "rule":
                self._lay(self.own("state", v.name), "y", sizes)
                self._lay(self.own("watch", v.name), "y", sizes)
                self._lay(self.own("met", v.name), "x" if v.dims else "", sizes)
                self._lay(self.own("need", v.name), "x" if v.dims else "", sizes)
        self.width = column
        for n, m in enumerate(self.program.memories):
            count = math.prod(len(loop.elements) for loop in m.loops)
            staged, beside = LEVELS[m.kind]
            self.memory.append(self.size["y"])
            self.size["y"] += count * (m.order * staged + beside)
            self.given.append(("x", self.size["x"]) if m.loops else ("", 0))
            if m.loops:
                self.size["x"] += count
            else:
                self.local[self.own("memory", str(n))] = self._name(f"{m.kind}_{n}")
        for name in model.lookups:
            base = self._name(f"L_{name}")
            self.lookups[name] = (f"{model.lookups[name].outside}", f"{base}_x", f"{base}_y")

    def _lay(self, name: str, home: str, sizes: tuple[int, ...]) -> None:
        self.sizes_of[name] = sizes
        if home:
            self.place[name] = (home, self.size[home])
            self.size[home] += math.prod(sizes)
        else:
            self.local[name] = self._name(f"v_{name}")

    def _name(self, wish: str) -> str:
        """A name for Python, like the wish but unlike all others."""
        base = name = re.sub(r"\W", "_", wish, flags=re.ASCII)
        count = 1
        while name in self.names:
            count += 1
            name = f"{base}_{count}"
        self.names.add(name)
        return name

    def own(self, what: str, name: str) -> str:
        """Name of a value that goes with a variable; no variable is called so, since theirs begin with no blank."""
        blanks = " "
        while f"{what}{blanks}{name}" in self.program.model.variables:
            blanks += " "
        return f"{what}{blanks}{name}"

    def sizes(self, name: str) -> tuple[int, ...]:
        """Lengths of a variable's dimensions."""
        return self.sizes_of[name]

    def at(self, name: str, position: str) -> str:
        """A value by its position in its variable."""
        if name in self.local:
            return self.local[name]
        home, first = self.place[name]
        return f"{home}[{_sum(first, position)}]"

    def run(self, name: str) -> tuple[str, int, int]:
        """Array in which a variable's values lie (none for a name of its own), the first of them, and how many."""
        return *self.place.get(name, ("", 0)), math.prod(self.sizes(name))

    def held(self, memory: int, position: str) -> str:
        """What a memory gives."""
        home, first = self.given[memory]
        return f"{home}[{_sum(first, position)}]" if home else self.local[self.own("memory", str(memory))]

    def counter(self, loop: str, inside: int) -> str:
        """The name that counts a loop; another one where it stands inside a loop of its own name."""
        key = f"{loop} {inside}"
        if key not in self.counters:
            self.counters[key] = self._name(f"i_{loop.rstrip('!')}")
        return self.counters[key]

    def table(self, positions: tuple[int, ...]) -> str:
        """A constant array of positions."""
        return self.tables.setdefault(positions, f"T_{len(self.tables)}")

    def lookup(self, name: str) -> tuple[str, str, str]:
        """Kind of a lookup, and the names of its constant arrays."""
        return self.lookups[name]

    def constants(self) -> Iterator[tuple[str, Sequence[float], str]]:
        """Constant arrays of the program: name, values, type."""
        for positions, name in self.tables.items():
            yield name, positions, "int64"
        for name, (_, x, y) in self.lookups.items():
            lookup = self.program.model.lookups[name]
            yield x, lookup.x, "float64"
            yield y, lookup.y, "float64"


def _sum(first: int, position: str) -> str:
    if position.isdigit():
        return str(first + int(position))
    return f"{first} + {position}" if first else position
