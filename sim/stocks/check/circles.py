"""Things that need one another, so that none can be computed first."""

from __future__ import annotations

from collections.abc import Iterator

from sim.errors import Fault
from sim.stocks.lower import Program, lower_stocks
from sim.stocks.model import Model
from sim.stocks.order import Node, circles

__all__ = ["circle_faults"]


def circle_faults(model: Model) -> Iterator[Fault]:
    """Algebraic loops, of the step and of the start; all names and subscripts must be sound."""
    program = lower_stocks(model)
    for start, circle in circles(program):
        names = list(dict.fromkeys(_shown(program, node) for node in circle))
        way = " needs ".join(f"'{n}'" for n in [*names, names[0]])
        node = next((n for n in circle if n.what != "limit"), circle[0])
        key, text = _place(program, node)
        if start:
            rule = (
                f"these need one another at the start: {way}. Give one of them ACTIVE_INITIAL(x, value at the start)."
            )
        elif any(n.what == "limit" for n in circle):
            stock = next(n.name for n in circle if n.what == "limit")
            rule = (
                f"these need one another: {way}. The outflows of '{stock}' are limited together, so none of them may "
                "be used in the equation of another; use what both are computed from, or set non_negative: false."
            )
        else:
            rule = (
                f"these need one another in the same step: {way}. A stock, a delay or a smooth would break the circle."
            )
        yield Fault(key, text, rule)


def _shown(program: Program, node: Node) -> str:
    return program.memories[int(node.name)].variable if node.what == "memory" else node.name


def _place(program: Program, node: Node) -> tuple[str, str]:
    """Key and text of an equation in the circle."""
    if node.what == "memory":
        memory = program.memories[int(node.name)]
        return memory.key, ""
    blocks = program.values.get(node.name) or program.initials.get(node.name) or program.rules[node.name]["begins"]
    block = blocks[node.block if node.block < len(blocks) else 0]
    return block.key, block.text
