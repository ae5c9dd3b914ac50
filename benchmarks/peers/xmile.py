"""Writes a stock-flow model as XMILE 1.0, so that other programs can run the same equations.

A test tool: it refuses what XMILE cannot say (subscripts, rules, samples) instead of coming near it. Two things are
said in equations, since programs differ in whether and how they heed XMILE's marks for them: that a flow does not run
backwards, and that a stock gives no more than it holds. They can be left out (``limits=False``) for a run in which
neither comes into force; what is compared then are the bare equations.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

from sim.errors import CarebridgeError
from sim.stocks.functions import canonical
from sim.stocks.generate import BREADTH
from sim.stocks.model import Lookup, Model, Variable
from sim.stocks.nodes import Binary, Call, Expression, Name, Number, Unary

__all__ = ["XmileError", "xmile"]

#: names that mean something else in XMILE or in one of the programs that read it
TAKEN = {
    *("abs", "and", "arccos", "arcsin", "arctan", "cos", "delay", "delay1", "delay3", "delayn", "dt", "else", "exp"),
    *("forcst", "if", "inf", "init", "int", "ln", "log10", "max", "mean", "min", "mod", "normal", "not", "or", "pi"),
    *("previous", "pulse", "ramp", "random", "rank", "safediv", "self", "sin", "size", "smth1", "smth3", "smthn"),
    *("sqrt", "starttime", "step", "stoptime", "sum", "tan", "then", "time", "trend", "initial_time", "final_time"),
}
#: functions with the same arguments
_SAME = {f: f for f in ("ABS", "SQRT", "EXP", "LN", "LOG10", "SIN", "COS", "TAN", "ARCTAN", "STEP", "RAMP")}
_SAME |= {"SMOOTH1": "SMTH1", "SMOOTH3": "SMTH3", "DELAY1": "DELAY1", "DELAY3": "DELAY3", "DELAY_FIXED": "DELAY"}
_SAME |= {"TREND": "TREND", "FORECAST": "FORCST", "INITIAL": "INIT", "IMPULSE": "PULSE"}
#: functions that are written out
_WRITTEN = {
    "LOG": "(LN({0}) / LN({1}))",
    "TANH": "(1 - 2 / (EXP(2 * {0}) + 1))",
    "POWER": "({0} ^ {1})",
    "INTEGER": "(IF {0} >= 0 THEN INT({0}) ELSE -INT(-{0}))",
    "FLOOR": "(IF {0} >= 0 THEN INT({0}) ELSE (IF INT(-{0}) = -{0} THEN {0} ELSE -INT(-{0}) - 1))",
    "MODULO": "({0} - {1} * (IF {0} / {1} >= 0 THEN INT({0} / {1}) ELSE -INT(-{0} / {1})))",
    "ZIDZ": "(IF ABS({1}) < 0.000001 THEN 0 ELSE {0} / {1})",
    "XIDZ": "(IF ABS({1}) < 0.000001 THEN {2} ELSE {0} / {1})",
    "PULSE": "(STEP(1, {0}) - STEP(1, {0} + MAX({1}, {dt})))",
    "SMOOTHN": "SMTHN({0}, {1}, {3}, {2})",
    "DELAYN": "DELAYN({0}, {1}, {3}, {2})",
}
_GRAPH = {"clamp": "continuous", "extrapolate": "extrapolate", "discrete": "discrete"}

_FILE = """<?xml version="1.0" encoding="utf-8"?>
<xmile version="1.0" xmlns="http://docs.oasis-open.org/xmile/ns/XMILE/v1.0" \
xmlns:isee="http://iseesystems.com/XMILE">
  <header>
    <vendor>Carebridge</vendor>
    <product version="1.0">Carebridge</product>
    <name>{name}</name>
  </header>
  <sim_specs method={method} time_units={unit} isee:save_interval="{every!r}">
    <start>{start!r}</start>
    <stop>{end!r}</stop>
    <dt>{dt!r}</dt>
  </sim_specs>
  <model>
    <variables>
{variables}
    </variables>
  </model>
</xmile>
"""


class XmileError(CarebridgeError):
    """A model that XMILE cannot say."""


def xmile(model: Model, *, limits: bool = True) -> str:
    """Write a model.

    Parameters
    ----------
    model : Model
        One that has been checked.
    limits : bool
        Whether flows are kept from running backwards and stocks from giving more than they hold.

    Raises
    ------
    XmileError
        For what XMILE cannot say.
    """
    time, found = model.time, _names(model)
    if found:
        raise XmileError(f"'{found}' cannot be a name in XMILE, which knows no difference of case.")
    lines = [f"      {line}" for line in _Writer(model, limits).all()]
    return _FILE.format(
        name=escape(model.name),
        method=quoteattr({"euler": "Euler", "rk4": "RK4"}[time.method]),
        unit=quoteattr(time.unit),
        every=time.every * time.dt,
        start=float(time.start),
        end=float(time.end),
        dt=time.dt,
        variables="\n".join(lines),
    )


def _names(model: Model) -> str | None:
    """A name that XMILE cannot have, if there is one."""
    seen = set(TAKEN)
    for name in (*model.variables, *model.lookups):
        if not re.fullmatch(r"[A-Za-z]\w*", name, flags=re.ASCII) or name.lower() in seen:
            return name
        seen.add(name.lower())
    return None


@dataclass
class _Writer:
    model: Model
    limits: bool
    extra: list[str] = field(default_factory=list)  #: auxiliaries that equations turned out to need
    written: set[str] = field(default_factory=set)

    def all(self) -> Iterator[str]:
        for v in self.model.variables.values():
            if v.dims:
                raise XmileError(f"'{v.name}' has subscripts, which are not written.")
            match v.kind:
                case "parameter" | "input":
                    yield from self._element("aux", v.name, repr(float(v.values[()])))
                case "stock":
                    yield from self._stock(v)
                case "flow":
                    yield from self._flow(v)
                case "auxiliary":
                    yield from self._equation("aux", v, v.parts[0].equation)
                case "rule":
                    raise XmileError(f"'{v.name}' is a rule, which XMILE does not know.")
            yield from self.extra
            self.extra = []

    # -- elements -----------------------------------------------------------------------------------------------------

    def _element(self, tag: str, name: str, equation: str, inside: tuple[str, ...] = ()) -> Iterator[str]:
        if name.lower() in self.written:
            raise XmileError(f"two things would be called '{name}'.")
        self.written.add(name.lower())
        yield f"<{tag} name={quoteattr(name)}>"
        yield f"  <eqn>{escape(equation)}</eqn>"
        yield from (f"  {line}" for line in inside)
        yield f"</{tag}>"

    def _equation(self, tag: str, v: Variable, equation: Expression) -> Iterator[str]:
        """A variable; one that is nothing but a lookup bears its points itself."""
        if isinstance(equation, Call) and equation.function in self.model.lookups:
            graph = _graph(self.model.lookups[equation.function])
            yield from self._element(tag, v.name, self.number(equation.arguments[0]), (graph,))
        else:
            yield from self._element(tag, v.name, self.number(equation))

    def _stock(self, v: Variable) -> Iterator[str]:
        ends = [f"<{tag}>{name}</{tag}>" for tag in ("inflow", "outflow") for name in getattr(v, f"{tag}s")]
        yield from self._element("stock", v.name, self.number(v.parts[0].equation), tuple(ends))
        if self.limits and _drains(self.model, v):
            out = [f"MAX(0, {self._wanted(f)})" for f in v.outflows]
            back = [f"MAX(0, -{self._wanted(f)})" for f in v.inflows if self.model.variables[f].both_ways]
            limit = f"{BREADTH} * MAX(0, {v.name}) / {self._clock('DT')}"
            wanted = f"wanted_of_{v.name}"
            yield from self._element("aux", wanted, " + ".join(out + back))
            share = f"IF {wanted} > {limit} THEN {limit} / {wanted} ELSE 1"
            yield from self._element("aux", f"share_of_{v.name}", share)

    def _flow(self, v: Variable) -> Iterator[str]:
        equation = v.parts[0].equation
        if not self.limits:
            yield from self._equation("flow", v, equation)
            return
        forth, back = _ends(self.model, v)
        text = self.number(equation) if v.both_ways else f"MAX(0, {self.number(equation)})"
        if not forth and not (back and v.both_ways):
            yield from self._element("flow", v.name, text)
            return
        wanted = self._wanted(v.name)
        yield from self._element("aux", wanted, text)
        ahead = f"share_of_{forth}" if forth else "1"
        if v.both_ways:
            ahead = f"(IF {wanted} >= 0 THEN {ahead} ELSE {f'share_of_{back}' if back else '1'})"
        yield from self._element("flow", v.name, f"{wanted} * {ahead}")

    def _wanted(self, flow: str) -> str:
        return f"wanted_flow_{flow}"

    # -- equations ----------------------------------------------------------------------------------------------------

    def number(self, e: Expression) -> str:
        """An expression as text in parentheses that gives a number."""
        match e:
            case Number():
                return repr(e.value)
            case Name() if e.indices:
                raise XmileError(f"'{e.name}' has subscripts, which are not written.")
            case Name():
                return e.name if e.name in self.model.variables else self._clock(e.name.upper())
            case Call():
                return self._call(e)
            case Unary() if e.operator == "-":
                return f"(-{self.number(e.operand)})"
            case Binary() if e.operator in "+-*/^":
                return f"({self.number(e.left)} {e.operator} {self.number(e.right)})"
        return f"(IF {self.condition(e)} THEN 1 ELSE 0)"

    def _clock(self, name: str) -> str:
        """Time, or what never changes as a number: not every program knows all names that XMILE has for these."""
        time = self.model.time
        fixed = {"DT": time.dt, "INITIAL_TIME": time.start, "FINAL_TIME": time.end, "PI": math.pi}
        return repr(float(fixed[name])) if name in fixed else name

    def condition(self, e: Expression) -> str:
        """An expression as text in parentheses that is true or false."""
        if isinstance(e, Unary) and e.operator == "not":
            return f"(NOT {self.condition(e.operand)})"
        if isinstance(e, Binary) and e.operator in ("and", "or"):
            return f"({self.condition(e.left)} {e.operator.upper()} {self.condition(e.right)})"
        if isinstance(e, Binary) and e.operator in ("=", "<>", "<", "<=", ">", ">="):
            return f"({self.number(e.left)} {e.operator} {self.number(e.right)})"
        return f"({self.number(e)} <> 0)"

    def _call(self, e: Call) -> str:
        if e.function in self.model.lookups:
            return self._lookup(self.model.lookups[e.function], e.arguments[0])
        name = canonical(e.function)
        if name == "IF":
            condition, then, otherwise = e.arguments
            return f"(IF {self.condition(condition)} THEN {self.number(then)} ELSE {self.number(otherwise)})"
        texts = [self.number(a) for a in e.arguments]
        if name in ("MIN", "MAX"):  # of two in XMILE
            text = texts[0]
            for other in texts[1:]:
                text = f"{name}({text}, {other})"
            return text
        if name == "QUANTUM":
            whole = _WRITTEN["INTEGER"].format(f"({texts[0]} / {texts[1]})")
            return f"(IF {texts[1]} <= 0 THEN {texts[0]} ELSE {texts[1]} * {whole})"
        if name in _WRITTEN:
            return _WRITTEN[name].format(*texts, dt=self._clock("DT"))
        if name in _SAME:
            return f"{_SAME[name]}({', '.join(texts)})"
        raise XmileError(f"XMILE does not know {name}.")

    def _lookup(self, lookup: Lookup, argument: Expression) -> str:
        """The name of an auxiliary that bears the points."""
        name = f"{lookup.name}_at_{len(self.written)}"
        self.extra += self._element("aux", name, self.number(argument), inside=(_graph(lookup),))
        return name


def _graph(lookup: Lookup) -> str:
    x, y = (",".join(repr(float(value)) for value in values) for values in (lookup.x, lookup.y))
    return f'<gf type="{_GRAPH[lookup.outside]}"><xpts>{x}</xpts><ypts>{y}</ypts></gf>'


def _drains(model: Model, stock: Variable) -> bool:
    """Whether a stock limits a flow."""
    backwards = any(model.variables[f].both_ways for f in stock.inflows)
    return stock.non_negative and bool(stock.outflows or backwards)


def _ends(model: Model, flow: Variable) -> tuple[str | None, str | None]:
    """The stocks that limit a flow: the one that it leaves, the one that it enters."""
    limiting = [s for s in model.of_kind("stock") if s.non_negative]
    forth = next((s.name for s in limiting if flow.name in s.outflows), None)
    back = next((s.name for s in limiting if flow.name in s.inflows), None)
    return forth, back
