"""In which order things are computed, at the start and in every step; and the circles that allow none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from sim.stocks.lower import Program
from sim.stocks.subscripts import Spot
from sim.stocks.trees import Apply, Block, Held, Reference, Tree, parts_of

__all__ = ["Node", "circles", "order_of_start", "order_of_step"]


@dataclass(frozen=True, order=True)
class Node:
    """One thing to compute.

    Parameters
    ----------
    what : {"value", "initial", "limit", "flow", "rule", "memory", "states"}
        A block of a flow or an auxiliary, of a stock's initial value, the limit that a stock sets to its outflows, a
        flow as it really is, a rule, what a memory gives, what it holds at the start.
    name : str
        Of the variable; of a memory its number.
    block : int
        Which of the variable's blocks.
    """

    what: str
    name: str
    block: int = 0


Graph = dict[Node, list[Node]]


def order_of_step(program: Program) -> list[Node]:
    """Everything that is computed in a step, each after what it uses.

    Raises
    ------
    graphlib.CycleError
        When there is a circle.
    """
    return _sorted(_Graph(program, start=False).whole())


def order_of_start(program: Program) -> list[Node]:
    """What is needed to give stocks and memories their initial values, each after what it uses."""
    return _sorted(_Graph(program, start=True).needed())


def circles(program: Program) -> Iterator[tuple[bool, list[Node]]]:
    """Every group of things that need one another, one circle of each; whether it is one of the start."""
    seen: set[frozenset[str]] = set()
    for start in (False, True):
        graph = _Graph(program, start)
        edges = graph.needed() if start else graph.whole()
        while True:
            try:
                _sorted(edges)
                break
            except CycleError as error:
                circle: list[Node] = error.args[1][::-1]  # so that each needs the next
                names = frozenset(node.name for node in circle)
                if names not in seen:
                    yield start, circle
                seen.add(names)
                edges = {n: [m for m in needs if m not in circle] for n, needs in edges.items() if n not in circle}


def _sorted(graph: Graph) -> list[Node]:
    """Sort in the order of the file as far as the graph leaves a choice."""
    sorter: TopologicalSorter[Node] = TopologicalSorter(graph)
    return list(sorter.static_order())


class _Graph:
    """What needs what."""

    def __init__(self, program: Program, start: bool):
        self.program = program
        self.start = start

    def whole(self) -> Graph:
        """Everything that a step computes."""
        p = self.program
        nodes = [Node("value", name, n) for name, blocks in p.values.items() for n in range(len(blocks))]
        nodes += [Node("rule", name) for name in p.rules]
        nodes += [Node("flow", f.name) for f in p.model.of_kind("flow")]
        nodes += [Node("limit", s.name) for s in p.model.of_kind("stock") if s.non_negative and p.drains(s)]
        nodes += [Node("memory", str(m)) for m in range(len(p.memories))]
        return {node: list(dict.fromkeys(self.needs(node))) for node in nodes}

    def needed(self) -> Graph:
        """What initial values of stocks and memories need."""
        p = self.program
        open_ = [Node("initial", name, n) for name, blocks in p.initials.items() for n in range(len(blocks))]
        open_ += [Node("states", str(m)) for m in range(len(p.memories))]
        graph: Graph = {}
        while open_:
            node = open_.pop(0)
            if node not in graph:
                graph[node] = list(dict.fromkeys(self.needs(node)))
                open_ += graph[node]
        return graph

    def needs(self, node: Node) -> Iterator[Node]:
        p = self.program
        match node.what:
            case "value":
                yield from self._tree(p.values[node.name][node.block].tree)
            case "initial":
                yield from self._tree(p.initials[node.name][node.block].tree)
            case "rule" if not self.start:  # at the start a rule is 0
                for blocks in p.rules[node.name].values():
                    for block in blocks:
                        yield from self._tree(block.tree)
            case "limit":
                stock = p.model.variables[node.name]
                for flow, _ in p.drains(stock):
                    yield from self._values(flow)
                if self.start:
                    yield from self._initials(node.name)
            case "flow":
                yield from self._values(node.name)
                yield from (Node("limit", s) for s in p.limits(node.name))
            case "memory":
                yield from self._memory(int(node.name))
            case "states":  # of the start; what a memory gives there needs no delay time yet
                yield Node("memory", node.name)
                time = p.memories[int(node.name)].time
                if time is not None:
                    yield from self._tree(time)

    def _memory(self, number: int) -> Iterator[Node]:
        m = self.program.memories[number]
        if self.start:
            first = m.at_start if m.at_start is not None else m.x
            now = [m.x, m.time, m.at_start] if m.kind == "trend" else [first]
        else:
            now = {"delay": [m.time], "sample": [m.condition, m.x], "trend": [m.x, m.time]}.get(m.kind, [])
        for tree in now:
            if tree is not None:
                yield from self._tree(tree)

    def _tree(self, tree: Tree) -> Iterator[Node]:
        if isinstance(tree, Reference):
            yield from self._reference(tree)
        elif isinstance(tree, Held):
            yield Node("memory", str(tree.memory))
        elif isinstance(tree, Apply) and tree.function == "ACTIVE_INITIAL":
            yield from self._tree(tree.arguments[self.start])
        else:
            for part in parts_of(tree):
                yield from self._tree(part)

    def _reference(self, r: Reference) -> Iterator[Node]:
        p = self.program
        kind = p.model.variables[r.name].kind
        if kind == "auxiliary":
            blocks = p.values[r.name]
            yield from (Node("value", r.name, n) for n, b in enumerate(blocks) if _meet(b, r.spots))
        elif kind == "flow":
            yield Node("flow", r.name)
        elif kind == "rule":
            yield Node("rule", r.name)
        elif kind == "stock" and self.start:
            blocks = p.initials[r.name]
            yield from (Node("initial", r.name, n) for n, b in enumerate(blocks) if _meet(b, r.spots))

    def _values(self, name: str) -> Iterator[Node]:
        yield from (Node("value", name, n) for n in range(len(self.program.values[name])))

    def _initials(self, name: str) -> Iterator[Node]:
        yield from (Node("initial", name, n) for n in range(len(self.program.initials[name])))


def _meet(block: Block, spots: Iterable[Spot]) -> bool:
    """Whether a block gives a value to an element that is used."""
    return all(set(mine.positions) & set(theirs.positions) for mine, theirs in zip(block.target, spots, strict=True))
