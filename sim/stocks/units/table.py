"""The dimensional report of a model: one line a variable."""

from __future__ import annotations

from dataclasses import dataclass

from sim.stocks.model import Model, Part, Variable
from sim.stocks.nodes import Number
from sim.stocks.units.analysis import Analysis, analyse

__all__ = ["report"]

_HEAD = ("name", "kind", "unit", "", "equation")
_GIVEN = ("parameter", "input")  # they have a value in place of an equation
_RULE = "rule"


def report(model: Model) -> str:
    """Write the units of every variable and lookup, and what the analysis says about every equation.

    Parameters
    ----------
    model : Model
        It may have faults; they are written beneath.

    Returns
    -------
    str
        A table, and a last line that sums up.
    """
    work = _Report(model, analyse(model))
    given = [work.variable(v) for v in model.of_kind(*_GIVEN)]
    others = [work.variable(v) for v in model.variables.values() if v.kind not in _GIVEN]
    lines = _aligned([_HEAD, *given, *map(work.lookup, model.lookups), *others])
    faults = [str(fault) for fault in work.found.faults]
    return "\n".join([*lines, "", *faults, *([""] if faults else []), work.summary()])


@dataclass(frozen=True)
class _Report:
    model: Model
    found: Analysis

    def variable(self, v: Variable) -> tuple[str, ...]:
        name = f"{v.name}[{', '.join(v.dims)}]" if v.dims else v.name
        unit = self.found.units.get(v.name)
        text = self.found.registry.text(unit) if unit else "any" if v.name in self.found.any else "unknown"
        how = "" if v.kind == _RULE else "derived" if v.name in self.found.derived else "declared"
        return name, v.kind, text, how, self._verdict(v)

    def lookup(self, name: str) -> tuple[str, ...]:
        x, y = ("unknown" if u is None else self.found.registry.text(u) for u in self.found.lookups[name])
        return name, "lookup", f"{y} of {x}", "declared", ""

    def summary(self) -> str:
        """Say how many equations there are, and how many of them agree."""
        verdicts = [self._of_part(part) for v in self.model.variables.values() for part in _written(v)]
        count, agreeing = len(verdicts), verdicts.count("agrees")
        equations = f"{count} equation{'' if count == 1 else 's'}"
        faults = len(self.found.faults)
        if agreeing == count and not faults:
            return f"{equations}, {'it agrees' if count == 1 else 'all agree'}."
        left = [f"{agreeing} agree{'s' if agreeing == 1 else ''}"]
        unchecked = verdicts.count("not checked")
        left += [f"{unchecked} not checked for want of units"] * bool(unchecked)
        left += [f"{faults} fault{'' if faults == 1 else 's'}"] * bool(faults)
        return f"{equations}: {', '.join(left)}."

    def _verdict(self, v: Variable) -> str:
        """What the worst equation of a variable is like."""
        found = {self._of_part(part) for part in _written(v)}
        return next((verdict for verdict in ("fault", "not checked", "agrees") if verdict in found), "")

    def _of_part(self, part: Part) -> str:
        if any(fault.key == part.key for fault in self.found.faults):
            return "fault"
        return "not checked" if part.key in self.found.unchecked else "agrees"


def _written(v: Variable) -> list[Part]:
    """Equations that stand in the file; one for several elements counts once, a time of 0 in a rule not at all."""
    times = {id(part) for part in (*v.after, *v.ends_after) if part.equation == Number(0.0)}
    return list({part.key or id(part): part for part in v.equations if id(part) not in times}.values())


def _aligned(rows: list[tuple[str, ...]]) -> list[str]:
    """Rows as lines, column under column."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(n) for cell, n in zip(row, widths, strict=True)).rstrip() for row in rows]
