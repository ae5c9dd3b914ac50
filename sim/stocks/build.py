"""From the shape of a file to a model: names, subscripts, values by element, equations as trees."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sim.errors import Fault, nearest
from sim.stocks.functions import FUNCTIONS, canonical
from sim.stocks.grammar import EquationError, parse
from sim.stocks.model import CLOCK, Element, Kind, Lookup, Model, Part, Time, Variable, elements_of
from sim.stocks.nodes import Number
from sim.stocks.schema import StockFile, whole_steps

__all__ = ["build"]

_HEAD = re.compile(r"\s*([^\[\]]+?)\s*(?:\[\s*([^\[\]]+?)\s*\])?\s*$")
_BLOCKS: tuple[tuple[str, Kind], ...] = (
    ("parameters", "parameter"),
    ("inputs", "input"),
    ("stocks", "stock"),
    ("flows", "flow"),
    ("auxiliaries", "auxiliary"),
    ("rules", "rule"),
)


def build(file: StockFile) -> tuple[Model, list[Fault]]:
    """Make the model of a file, and find what is wrong with names, subscripts, values and the writing of equations.

    Where an equation cannot be read the model has the number 0 in its place; the fault names its key.
    """
    builder = _Builder(file)
    return builder.model(), builder.faults


@dataclass
class _Builder:
    file: StockFile
    faults: list[Fault] = field(default_factory=list)
    taken: dict[str, str] = field(default_factory=dict)

    def model(self) -> Model:
        dimensions = self._dimensions()
        variables: dict[str, Variable] = {}
        for block, kind in _BLOCKS:
            for head, entry in getattr(self.file, block).items():
                key = f"{block}.{head}"
                name, dims = self._head(key, head, dimensions)
                self._take(name, key)
                # what stands first counts, and what has no dimensions counts as lost, so that nothing else is at fault
                if name not in variables and dims is not None:
                    variables[name] = self._variable(name, kind, dims, entry, key, dimensions)
        for name in self.file.lookups:
            self._take(name, f"lookups.{name}")
        return Model(
            self.file.name,
            self._time(),
            dimensions,
            self._mappings(dimensions),
            dict(self.file.units),
            {name: self._lookup(name) for name in self.file.lookups},
            variables,
            self.file.about,
        )

    def _fault(self, key: str, value: object, rule: str, close: str = "", example: str = "") -> None:
        self.faults.append(Fault(key, value, rule, nearest=close, example=example))

    # -- names --------------------------------------------------------------------------------------------------------

    def _take(self, name: str, key: str) -> None:
        if name in self.taken:
            self._fault(key, None, f"the name '{name}' is taken by {self.taken[name]}.")
        elif name in CLOCK or canonical(name) in FUNCTIONS:
            self._fault(key, None, f"'{name}' is the name of a function or of the clock; choose another.")
        self.taken.setdefault(name, key)

    def _head(self, key: str, head: str, dimensions: Mapping[str, Sequence[str]]) -> tuple[str, tuple[str, ...] | None]:
        """Name and dimensions of ``staff[group, site]``; None where these are at fault."""
        found = _HEAD.match(head)
        if not found or '"' in head:
            self._fault(key, None, "write a name, or a name with its dimensions in brackets: staff[group].")
            return head, ()
        dims = tuple(d.strip() for d in found[2].split(",")) if found[2] else ()
        for d in dims:
            if d not in dimensions:
                known = ", ".join(dimensions) or "none is declared"
                self._fault(key, d, f"no such dimension; known: {known}.", nearest(d, dimensions))
        if len(set(dims)) < len(dims):
            self._fault(key, None, "each dimension can stand here once.")
            return found[1], None
        return found[1], dims if all(d in dimensions for d in dims) else None

    def _dimensions(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for name, elements in self.file.dimensions.items():
            key = f"dimensions.{name}"
            self._take(name, key)
            if not elements:
                self._fault(key, None, "a dimension needs at least one element.")
            for e in elements:
                if elements.count(e) > 1:
                    self._fault(key, e, "this element stands here twice.")
                elif e in self.file.dimensions or not e.strip() or set(e) & set(',[]"!*'):
                    rule = "an element is not the name of a dimension, and holds no comma, bracket, quote, ! or *."
                    self._fault(key, e, rule)
            found[name] = tuple(dict.fromkeys(elements)) or ("none",)
        return found

    def _mappings(self, dimensions: Mapping[str, tuple[str, ...]]) -> dict[tuple[str, str], dict[str, str]]:
        found: dict[tuple[str, str], dict[str, str]] = {}
        for n, entry in enumerate(self.file.mappings):
            key, sound = f"mappings.{n}", True
            for end in ("over", "uses"):
                name = getattr(entry, end)
                if name not in dimensions:
                    known = ", ".join(dimensions) or "none is declared"
                    self._fault(f"{key}.{end}", name, f"no such dimension; known: {known}.", nearest(name, dimensions))
                    sound = False
            if not sound:
                continue
            for e in dimensions[entry.over]:
                if e not in entry.pairs:
                    self._fault(f"{key}.pairs", None, f"element '{e}' of '{entry.over}' is missing.")
            for e, to in entry.pairs.items():
                for one, dim in ((e, entry.over), (to, entry.uses)):
                    if one not in dimensions[dim]:
                        close = nearest(one, dimensions[dim])
                        self._fault(f"{key}.pairs.{e}", one, f"no such element of '{dim}'.", close)
            if (entry.over, entry.uses) in found:
                self._fault(key, None, f"there is a mapping of '{entry.over}' and '{entry.uses}' already.")
            found[entry.over, entry.uses] = dict(entry.pairs)
        return found

    # -- parts --------------------------------------------------------------------------------------------------------

    def _time(self) -> Time:
        t = self.file.time
        end = t.start if t.end is None else t.end
        if end < t.start:
            self._fault("time.end", t.end, f"the end comes before the start ({t.start:g}).")
        elif whole_steps(end - t.start, t.dt) is None:
            steps = max(1, round((end - t.start) / t.dt))
            rule = (
                f"the end is not a whole number of steps from the start; {steps} steps would be {steps * t.dt:g} long."
            )
            self._fault("time.dt", t.dt, rule, example=f"dt: {(end - t.start) / steps:.10g}")
        every = 1 if t.save_every is None else whole_steps(t.save_every, t.dt)
        if not every:
            rule = f"a row is kept every whole number of steps of {t.dt:g}."
            near = max(1, round(t.save_every / t.dt)) * t.dt if t.save_every else t.dt
            self._fault("time.save_every", t.save_every, rule, example=f"save_every: {near:.10g}")
        return Time(t.unit, t.start, max(t.start, end), t.dt, every or 1, t.method)

    def _lookup(self, name: str) -> Lookup:
        table, key = self.file.lookups[name], f"lookups.{name}"
        x, y = zip(*table.points, strict=True)
        if any(b <= a for a, b in zip(x, x[1:], strict=False)):
            self._fault(f"{key}.points", None, "x must rise from point to point.")
            x = tuple(sorted(set(x))) if len(set(x)) > 1 else (0.0, 1.0)
            y = y[: len(x)]
        return Lookup(name, tuple(x), tuple(y), table.outside, table.unit_x, table.unit, table.about)

    def _variable(
        self,
        name: str,
        kind: Kind,
        dims: tuple[str, ...],
        entry: Any,
        key: str,
        dimensions: Mapping[str, tuple[str, ...]],
    ) -> Variable:
        common: dict[str, Any] = {"about": entry.about, "key": key}
        shape = _Shape(name, dims, dimensions)
        if kind in ("parameter", "input"):
            common |= {"unit": entry.unit, "values": self._values(entry.value, f"{key}.value", shape)}
        if kind == "parameter":
            low, high = entry.range or (None, None)
            common |= {"low": low, "high": high, "source": entry.source}
            self._range(common, f"{key}.range")
        elif kind == "stock":
            common |= {
                "unit": entry.unit,
                "parts": self._parts(entry.initial, f"{key}.initial", shape),
                "inflows": tuple(entry.inflows),
                "outflows": tuple(entry.outflows),
                "non_negative": entry.non_negative,
            }
        elif kind in ("flow", "auxiliary"):
            parts = self._parts(entry.equation, f"{key}.equation", shape)
            common |= {"unit": entry.unit, "parts": parts, "both_ways": getattr(entry, "both_ways", False)}
        elif kind == "rule":
            for end in ("begins", "ends", "after", "ends_after"):
                given = getattr(entry, end)
                common[end] = self._parts(given, f"{key}.{end}", shape) if given is not None else ()
            common["unit"] = "dimensionless"
        return Variable(name, kind, dims, **common)

    def _range(self, common: Mapping[str, Any], key: str) -> None:
        low, high = common["low"], common["high"]
        if low is None:
            return
        if low > high:
            self._fault(key, [low, high], "the range begins above its end.")
        for element, value in common["values"].items():
            if not low <= value <= high:
                at = f" of {','.join(element)}" if element else ""
                self._fault(key, [low, high], f"the value{at}, {value:g}, lies outside.")

    def _values(self, given: Any, key: str, shape: _Shape) -> dict[Element, float]:
        """Values by element, from one number for all, a list in order, or a mapping; nested for several dimensions."""
        found = dict(self._spread(given, key, shape.dims, shape, ()))
        return {e: found.get(e, 0.0) for e in shape.elements()}

    def _spread(
        self, given: Any, key: str, dims: tuple[str, ...], shape: _Shape, at: Element
    ) -> Iterator[tuple[Element, float]]:
        if isinstance(given, (int, float)) and not isinstance(given, bool):
            for rest in shape.elements(dims):
                yield (*at, *rest), float(given)
        elif not dims:
            self._fault(key, None, f"give one number: '{shape.name}' has no{' further' if at else ''} dimension.")
        elif isinstance(given, dict):
            elements = shape.dimensions[dims[0]]
            for e in elements:
                if e not in given:
                    self._fault(key, None, f"a value for element '{e}' of '{dims[0]}' is missing.")
            for e, inner in given.items():
                if str(e) in elements:
                    yield from self._spread(inner, f"{key}.{e}", dims[1:], shape, (*at, str(e)))
                else:
                    self._fault(f"{key}.{e}", None, f"no such element of '{dims[0]}'.", nearest(str(e), elements))
        elif isinstance(given, list):
            elements = shape.dimensions[dims[0]]
            if len(given) != len(elements):
                self._fault(key, None, f"'{dims[0]}' has {len(elements)} elements, here are {len(given)} values.")
            for e, inner in zip(elements, given, strict=False):
                yield from self._spread(inner, key, dims[1:], shape, (*at, e))
        else:
            self._fault(key, given, "give a number.")

    def _parts(self, given: str | Mapping[str, str], key: str, shape: _Shape) -> tuple[Part, ...]:
        if not isinstance(given, Mapping):
            return (self._part(shape.dims, given, key),)
        overs: dict[str, tuple[str, ...]] = {}
        for head in given:
            if head != "else":
                over = self._over(head, f"{key}.{head}", shape)
                if over is not None:
                    overs[head] = over
        claimed: dict[Element, str] = {}
        for head in sorted(overs, key=lambda h: -shape.singles(overs[h])):  # those who name more elements come first
            for e in shape.elements(overs[head]):
                if e in claimed and shape.singles(overs[claimed[e]]) == shape.singles(overs[head]):
                    self._fault(f"{key}.{head}", None, f"'{','.join(e)}' is given under '{claimed[e]}' too.")
                claimed.setdefault(e, head)
        left = [e for e in shape.elements() if e not in claimed]
        if left and "else" not in given:
            names = ", ".join(",".join(e) for e in left[:5]) + (", …" if len(left) > 5 else "")
            self._fault(key, None, f"an equation is missing for {names}; 'else' is for all others.")
        parts = []
        for head, text in given.items():
            if head in overs:
                parts.append(self._part(overs[head], text, f"{key}.{head}"))
            elif head == "else":
                parts += [self._part(e, text, f"{key}.{head}") for e in left]
        return tuple(parts)

    def _over(self, head: str, key: str, shape: _Shape) -> tuple[str, ...] | None:
        """What stands in the place of each dimension in a key such as ``nurse, north``."""
        names = [n.strip() for n in head.split(",")]
        if len(names) != len(shape.dims):
            have = f"has the dimensions {', '.join(shape.dims)}" if shape.dims else "has no dimensions"
            self._fault(key, None, f"'{shape.name}' {have}: one element for each, separated by commas, or 'else'.")
            return None
        for name, dim in zip(names, shape.dims, strict=True):
            inside = set(shape.dimensions.get(name, (name,))) <= set(shape.dimensions[dim])
            if not inside:
                choices = [*shape.dimensions[dim], "else"]
                self._fault(key, name, f"no such element, or part, of '{dim}'.", nearest(name, choices))
                return None
        parts = [name for name in names if name in shape.dimensions]
        if len(set(parts)) < len(parts):
            self._fault(key, None, "each dimension can stand here once.")
            return None
        return tuple(names)

    def _part(self, over: tuple[str, ...], text: str, key: str) -> Part:
        try:
            return Part(over, parse(text), text, key)
        except EquationError as error:
            self._fault(key, text, f"this cannot be read as an equation: {error}.")
            return Part(over, Number(0.0), text, key)


@dataclass(frozen=True)
class _Shape:
    """Name and dimensions of a variable."""

    name: str
    dims: tuple[str, ...]
    dimensions: Mapping[str, tuple[str, ...]]

    def elements(self, over: tuple[str, ...] | None = None) -> list[Element]:
        model = Model("", Time("", 0, 0, 1), self.dimensions)
        return list(elements_of(model, self.dims if over is None else over))

    def singles(self, over: tuple[str, ...]) -> int:
        """How many single elements, rather than dimensions, stand in the places."""
        return sum(name not in self.dimensions for name in over)
