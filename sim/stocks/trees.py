"""Equations whose names, subscripts and functions have been resolved; calls that remember have become memories."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from sim.stocks.subscripts import Loop, Spot

__all__ = [
    "Apply",
    "Block",
    "Choose",
    "Clock",
    "Constant",
    "Consult",
    "Gather",
    "Held",
    "Infix",
    "Memory",
    "MemoryKind",
    "Prefix",
    "Reference",
    "Tree",
    "free_loops",
    "parts_of",
]

MemoryKind = Literal["smooth", "delay", "delayn", "fixed", "trend", "sample", "initial"]


@dataclass(frozen=True)
class Constant:
    """A number."""

    value: float


@dataclass(frozen=True)
class Clock:
    """One of the names of the clock."""

    name: str


@dataclass(frozen=True)
class Reference:
    """A variable at some element."""

    name: str
    spots: tuple[Spot, ...]


@dataclass(frozen=True)
class Held:
    """What a memory gives; `loops` are those of the memory."""

    memory: int
    loops: tuple[Loop, ...]


@dataclass(frozen=True)
class Apply:
    """A function without memory."""

    function: str
    arguments: tuple[Tree, ...]


@dataclass(frozen=True)
class Consult:
    """A lookup."""

    lookup: str
    argument: Tree


@dataclass(frozen=True)
class Choose:
    """One of two, by a condition."""

    condition: Tree
    then: Tree
    otherwise: Tree


@dataclass(frozen=True)
class Gather:
    """A sum, mean, product, least or greatest over loops."""

    function: str
    loops: tuple[Loop, ...]
    body: Tree


@dataclass(frozen=True)
class Prefix:
    """``-x`` or ``not x``."""

    operator: str
    operand: Tree


@dataclass(frozen=True)
class Infix:
    """Two operands."""

    operator: str
    left: Tree
    right: Tree


Tree = Constant | Clock | Reference | Held | Apply | Consult | Choose | Gather | Prefix | Infix


@dataclass(frozen=True)
class Memory:
    """What a call remembers from step to step.

    Parameters
    ----------
    kind : str
    order : int
        Stages of a smooth or delay.
    loops : tuple of Loop
        What it runs over: one memory for each combination.
    x : Tree
        What goes in.
    time : Tree or None
        Delay, smoothing or averaging time.
    at_start : Tree or None
        Initial value; x at the start where it is left out.
    condition : Tree or None
        Of SAMPLE_IF_TRUE.
    variable : str
        In whose equation it stands.
    key : str
        Where that equation stands in the file.
    """

    kind: MemoryKind
    order: int
    loops: tuple[Loop, ...]
    x: Tree
    time: Tree | None
    at_start: Tree | None
    condition: Tree | None
    variable: str
    key: str


@dataclass(frozen=True)
class Block:
    """An equation and the elements of its variable that it gives a value."""

    variable: str
    target: tuple[Spot, ...]
    tree: Tree
    key: str
    text: str

    @property
    def loops(self) -> tuple[Loop, ...]:
        """What the equation runs over, outer loops first."""
        return tuple(spot.loop for spot in self.target if spot.loop is not None)


def parts_of(tree: Tree) -> tuple[Tree, ...]:
    """What a tree is directly made of."""
    match tree:
        case Apply():
            return tree.arguments
        case Consult():
            return (tree.argument,)
        case Choose():
            return (tree.condition, tree.then, tree.otherwise)
        case Gather():
            return (tree.body,)
        case Prefix():
            return (tree.operand,)
        case Infix():
            return (tree.left, tree.right)
    return ()


def free_loops(tree: Tree) -> Iterator[Loop]:
    """Loops that a tree needs from outside."""
    if isinstance(tree, Reference):
        yield from (spot.loop for spot in tree.spots if spot.loop is not None)
    elif isinstance(tree, Held):
        yield from tree.loops
    else:
        own = {loop.name for loop in tree.loops} if isinstance(tree, Gather) else set()
        for part in parts_of(tree):
            yield from (loop for loop in free_loops(part) if loop.name not in own)
