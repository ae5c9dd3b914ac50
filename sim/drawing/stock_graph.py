"""A stock-flow model as nodes, pipes and links: what is drawn, before it is known where."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from sim.drawing.svg import text_width
from sim.stocks.functions import STATEFUL, canonical
from sim.stocks.model import Model, Variable
from sim.stocks.nodes import Binary, Call, Expression, Name, Unary

__all__ = ["Link", "Node", "Pipe", "clean", "cut", "graph", "width_of"]

NodeKind = Literal["stock", "flow", "parameter", "input", "auxiliary", "rule", "lookup"]
LinkKind = Literal["now", "late", "start"]

_SIZE: dict[str, float] = {"stock": 13.0, "flow": 11.5}  #: of the letters of a name; 11 for all others
_WIDEST = 118.0  #: of a line of a name
_LINES = 5  #: of a name; what is longer is cut
_BREAKS = re.compile(r"(?<=[_\s,./-])|(?=\[)")
_UNWRITABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
#: arguments that count at the start only
_AT_START = {("INITIAL", 0), ("ACTIVE_INITIAL", 1), ("TREND", 2), ("FORECAST", 3), ("DELAY_FIXED", 1)}
_AT_START |= {(f, 2) for f in STATEFUL if f.startswith(("SMOOTH", "DELAY", "SAMPLE"))}
#: arguments that count later: what is delayed, smoothed or kept
_LATE = {(f, 0) for f in STATEFUL if f != "INITIAL"} | {("SAMPLE_IF_TRUE", 1)}


@dataclass(frozen=True)
class Node:
    """A variable or a lookup, with the lines that are written: of its name, and of its unit below in small letters."""

    key: str
    kind: NodeKind
    name: str
    lines: tuple[str, ...]
    size: float
    unit: str = ""
    about: str = ""

    @property
    def width(self) -> float:
        """Width of the texts."""
        lines = [width_of(line, self.size) * (1.08 if self.kind == "stock" else 1.0) for line in self.lines]
        return max([*lines, width_of(self.unit, 10) if self.unit else 0.0])

    @property
    def height(self) -> float:
        """Height of the texts."""
        return (self.size + 2.5) * len(self.lines) + (12.5 if self.unit else 0.0)


@dataclass(frozen=True)
class Pipe:
    """A flow with the stocks that it drains and fills; None where it comes from or goes to outside."""

    flow: str
    start: str | None
    end: str | None
    both_ways: bool = False


@dataclass(frozen=True)
class Link:
    """What acts on what: `now`, `late` (by way of a delay) or at the `start` only."""

    start: str
    end: str
    kind: LinkKind


def graph(model: Model) -> tuple[dict[str, Node], list[Pipe], list[Link]]:
    """Nodes, pipes and links of a model, in the order of the file."""
    nodes = {f"v:{v.name}": _node(model, v) for v in model.variables.values()}
    for name, lookup in model.lookups.items():
        nodes[f"f:{name}"] = Node(f"f:{name}", "lookup", clean(name), cut(clean(name), 11), 11, "", clean(lookup.about))
    kinds: dict[tuple[str, str], set[LinkKind]] = {}
    for variable in model.variables.values():
        end = f"v:{variable.name}"
        for start, kind in _uses(model, variable):
            if start != end:
                kinds.setdefault((start, end), set()).add(kind)
    links = [Link(a, b, next(k for k in ("late", "now", "start") if k in found)) for (a, b), found in kinds.items()]
    return nodes, _pipes(model), links


def _node(model: Model, variable: Variable) -> Node:
    name = clean(variable.name + (f"[{', '.join(variable.dims)}]" if variable.dims else ""))
    unit = variable.unit if variable.kind == "stock" else _flow_unit(model, variable) if variable.kind == "flow" else ""
    size = _SIZE.get(variable.kind, 11.0)
    short = cut(clean(unit or ""), 10, lines=1)[0]
    return Node(f"v:{variable.name}", variable.kind, name, cut(name, size), size, short, clean(variable.about))


def _flow_unit(model: Model, flow: Variable) -> str:
    """Unit of a flow; that of its stock per unit of time where none is given."""
    if flow.unit is not None:
        return flow.unit
    for stock in model.of_kind("stock"):
        if flow.name in (*stock.inflows, *stock.outflows):
            unit = stock.unit or ""
            return f"{unit}/{model.time.unit}" if unit.isidentifier() else f"{unit} per {model.time.unit}"
    return ""


def _pipes(model: Model) -> list[Pipe]:
    start: dict[str, str] = {}
    end: dict[str, str] = {}
    for stock in model.of_kind("stock"):
        for flow in stock.outflows:
            start.setdefault(flow, f"v:{stock.name}")
        for flow in stock.inflows:
            end.setdefault(flow, f"v:{stock.name}")
    flows = model.of_kind("flow")
    return [Pipe(f"v:{f.name}", start.get(f.name), end.get(f.name), f.both_ways) for f in flows]


def _uses(model: Model, variable: Variable) -> Iterator[tuple[str, LinkKind]]:
    """Keys of what a variable's equations use, and how."""
    for part in variable.equations:
        yield from _found(model, part.equation, "start" if variable.kind == "stock" else "now")


def _found(model: Model, expression: Expression, kind: LinkKind) -> Iterator[tuple[str, LinkKind]]:
    if isinstance(expression, Name):
        if expression.name in model.variables:
            yield f"v:{expression.name}", kind
    elif isinstance(expression, Call):
        if expression.function in model.lookups:
            yield f"f:{expression.function}", kind
        function = canonical(expression.function)
        for place, argument in enumerate(expression.arguments):
            inner = kind
            if (function, place) in _AT_START:
                inner = "start"
            elif (function, place) in _LATE and kind == "now":
                inner = "late"
            yield from _found(model, argument, inner)
    elif isinstance(expression, Unary):
        yield from _found(model, expression.operand, kind)
    elif isinstance(expression, Binary):
        yield from _found(model, expression.left, kind)
        yield from _found(model, expression.right, kind)


# -- texts ------------------------------------------------------------------------------------------------------------


def clean(text: str) -> str:
    """A text without what XML cannot hold, and on one line."""
    return " ".join(_UNWRITABLE.sub("\ufffd", text).split())


def width_of(text: str, size: float) -> float:
    """Width of a text, rather too much than too little; wide letters of East Asia take a whole square."""
    return text_width(text, size) + 0.45 * size * sum(unicodedata.east_asian_width(c) in "WF" for c in text)


def cut(text: str, size: float, widest: float = _WIDEST, lines: int = _LINES) -> tuple[str, ...]:
    """Cut a text into lines of about one length, after spaces, underscores and commas where possible."""
    found = _filled(text, size, widest)
    longest = max(width_of(word.strip(), size) for word in _BREAKS.split(text))
    while len(found) > 1:
        narrower = widest - size
        again = _filled(text, size, narrower)
        if len(again) > len(found) or narrower < longest:
            break
        found, widest = again, narrower
    if len(found) > lines:
        last = found[lines - 1]
        while width_of(last + "…", size) > widest and last:
            last = last[:-1]
        found = [*found[: lines - 1], last + "…"]
    return tuple(line.strip() for line in found) or ("",)


def _filled(text: str, size: float, widest: float) -> list[str]:
    found = [""]
    for word in _BREAKS.split(text):
        rest = word
        if found[-1] and width_of((found[-1] + rest).strip(), size) > widest:
            found.append("")
        while width_of((found[-1] + rest).strip(), size) > widest and len(rest) > 1:
            fits = max(1, next(k for k in range(len(rest) - 1, -1, -1) if k == 0 or width_of(rest[:k], size) <= widest))
            found[-1] += rest[:fits]
            rest = rest[fits:]
            found.append("")
        found[-1] += rest
    return [line for line in found if line.strip()]
