"""A program as Python source: one function that gives initial values, and one that goes on from step to step.

The same text runs as plain Python for a single look and is compiled for sweeps and hybrids. Its arrays:

``y`` states (stocks and memories), ``x`` other subscripted values, ``p`` parameters and inputs, ``b`` buffers of
DELAY_FIXED, ``w`` (3, states) rates and what RK4 keeps, ``c`` first time, step, last time, ``out`` rows that are kept.
"""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass

from sim.stocks.builtins import SOURCES
from sim.stocks.emit import Writer
from sim.stocks.layout import Layout
from sim.stocks.lower import Program, lower_stocks
from sim.stocks.memories import begin, check, commit, first, give, rates, set_up
from sim.stocks.model import Model, Variable
from sim.stocks.order import Node, order_of_start, order_of_step
from sim.stocks.subscripts import Loop
from sim.stocks.trees import Block

__all__ = ["BREADTH", "Generated", "generate"]

BREADTH = "0.99999999999999"  #: 1 - 1e-14: what may leave a stock in a step, as a share of what it holds
#: what never leaves a stock, lost in any figure that matters: emptied some 23 times in a row, a stock comes to numbers
#: so small that they are rounded more coarsely, which could make it negative
TRACE = "1e-200"

ADVANCE = '''
@called
def advance(y, x, p, b, w, c, out, k, last, row, every, stages):
    """Go from step k to step last, writing rows; the last step is looked at but not carried further."""
    t0 = c[0]
    dt = c[1]
    while True:
        for stage in range(stages):
            tk = t0 + k * dt
            middle = tk + 0.5 * dt
            before = t0 + (k - 1) * dt + 0.5 * dt
            t = tk if stage == 0 else (middle if stage < 3 else t0 + (k + 1) * dt)
{body}
            if stage == 0:
                if k % every == 0 or k == last:
{row}
                    row += 1
                if k == last:
{check}
                    return
{commit}
{rates}
            if stages == 1:
                for j in range(y.size):
                    y[j] += dt * w[0, j]
            elif stage == 0:
                for j in range(y.size):
                    w[1, j] = y[j]
                    w[2, j] = w[0, j]
                    y[j] = w[1, j] + 0.5 * dt * w[0, j]
            elif stage == 3:
                for j in range(y.size):
                    y[j] = w[1, j] + dt / 6.0 * (w[2, j] + w[0, j])
            else:
                for j in range(y.size):
                    w[2, j] += 2.0 * w[0, j]
                    y[j] = w[1, j] + (0.5 * dt if stage == 1 else dt) * w[0, j]
        k += 1
'''

START = '''
@called
def start(y, x, p, b, c):
    """Give stocks and memories their initial values; returns the size that the buffers need."""
    dt = c[1]
    t = c[0]
    middle = t + 0.5 * dt
    before = t - dt + 0.5 * dt
    used = 0
{body}
    return used
'''

RUN = '''
@compiled
def run(y, x, p, b, w, c, out, steps, every, stages):
    """Run many points, one a row of p; returns the size that the buffers need, and then nothing has been run."""
    for n in range(p.shape[0]):
        used = start(y, x, p[n], b, c)
        if used > b.size:
            return used
        advance(y, x, p[n], b, w, c, out[n], 0, steps, 0, every, stages)
    return 0
'''

HEAD = """# Generated from the stock-flow model '{name}'; the same model always gives the same text.
import math

import numpy as np

"""


@dataclass(frozen=True)
class Generated:
    """A model as source, and where its values lie.

    Parameters
    ----------
    model : Model
    program : Program
    layout : Layout
    source : str
        Text that needs `rule`, `called` and `compiled`, decorators, and defines `start`, `advance` and `run`.
    """

    model: Model
    program: Program
    layout: Layout
    source: str


def generate(model: Model) -> Generated:
    """Write the source of a model that has been checked."""
    program = lower_stocks(model)
    layout = Layout(program)
    body = _Body(program, layout)
    advance = ADVANCE.format(
        body=body.step(), row=body.row(), check=body.check(), commit=body.commit(), rates=body.rates()
    )
    functions = [START.format(body=body.start()), _read_once(advance), RUN]
    constants = [f"{name} = np.array({list(values)!r}, dtype=np.{kind})" for name, values, kind in layout.constants()]
    helpers = [f"\n\n@{decorator}\n{inspect.getsource(f)}" for f, decorator in SOURCES if _used(f.__name__, functions)]
    name = model.name.replace("\n", " ").replace("\\", "/")
    source = HEAD.format(name=name) + "\n".join(constants) + "".join(helpers) + "\n".join(["\n", *functions])
    return Generated(model, program, layout, source)


#: helpers that others use
_WITH = {
    "_ln": ("_log(",),
    "_floor": ("_integer(", "_modulo(", "_quantum(", "_pulse_train(", "_impulses("),
    "_integer": ("_modulo(", "_quantum(", "_pulse_train("),
    "_modulo": ("_pulse_train(",),
    "_segment": ("_clamp(", "_extrapolate(", "_discrete("),
    "_extrapolate": ("_clamp(",),
}


def _read_once(advance: str) -> str:
    """Give parameters names of their own before the first step: a compiler cannot know that no step changes them."""
    places = sorted({int(place) for place in re.findall(r"\bp\[(\d+)\]", advance)})
    head, loop, body = advance.partition("    while True:\n")
    names = "".join(f"    p_{place} = p[{place}]\n" for place in places)
    return head + names + loop + re.sub(r"\bp\[(\d+)\]", r"p_\1", body)


def _used(name: str, functions: list[str]) -> bool:
    text = "".join(functions)
    return any(call in text for call in (f"{name}(", *_WITH.get(name, ())))


@dataclass
class _Body:
    program: Program
    layout: Layout

    def start(self) -> str:
        """Lines of the order of the start."""
        writer = Writer(self.layout, start=True)
        for name in self.program.rules:
            for what in ("state", "watch"):
                self._fill(writer, name, self.layout.own(what, name))
        for node in order_of_start(self.program):
            self._node(writer, node)
        return _text(writer)

    def step(self) -> str:
        """Lines that compute everything from stocks, memories and inputs."""
        writer = Writer(self.layout, depth=3)
        for number in range(len(self.program.memories)):
            begin(writer, self.program, number)
        for node in order_of_step(self.program):
            self._node(writer, node)
        return _text(writer)

    def row(self) -> str:
        """Lines that write a row; what lies side by side is copied in one loop, as every loop takes long to compile."""
        writer = Writer(self.layout, depth=5)
        pieces = list[tuple[int, str, int, int]]()  # first column, array, first place in it, how many
        for name in self.program.model.variables:
            column, (home, first, count) = self.layout.columns[name], self.layout.run(name)
            if not home:
                writer.line(f"out[row, {column}] = {self.layout.at(name, '0')}")
            elif pieces and pieces[-1][1] == home and first - column == pieces[-1][2] - pieces[-1][0]:
                pieces[-1] = (*pieces[-1][:3], pieces[-1][3] + count)
            else:
                pieces.append((column, home, first, count))
        for column, home, first, count in pieces:
            with writer.block(f"for j in range({count}):"):
                writer.line(f"out[row, {column} + j] = {home}[{first} + j]")
        return _text(writer)

    def check(self) -> str:
        """Lines that check the times of delays in the last step, which is carried no further."""
        writer = Writer(self.layout, depth=5)
        for number in range(len(self.program.memories)):
            check(writer, self.program, number)
        return _text(writer)

    def commit(self) -> str:
        """Lines by which discrete memories and rules take up the values of the step."""
        writer = Writer(self.layout, depth=4)
        for number in range(len(self.program.memories)):
            commit(writer, self.program, number)
        for name in self.program.rules:
            v = self.program.model.variables[name]
            with writer.loops(self._all(v)):
                at = writer.inside(self._all(v))
                value, state, watch, met = (self.layout.at(n, at) for n in self._named(name))
                writer.line(f"{watch} = {watch} + 1.0 if {met} != 0.0 and {value} == {state} else 0.0")
                writer.line(f"{state} = {value}")
        return _text(writer)

    def rates(self) -> str:
        """Lines that compute the rates of stocks and continuous memories."""
        writer = Writer(self.layout, depth=3)
        for stock in self.program.model.of_kind("stock"):
            with writer.loops(self._all(stock)):
                at = writer.inside(self._all(stock))
                into = " + ".join(self.layout.at(f, at) for f in stock.inflows) or "0.0"
                out = "".join(f" - {self.layout.at(f, at)}" for f in stock.outflows)
                place = self.layout.at(stock.name, at).removeprefix("y[").removesuffix("]")
                writer.line(f"w[0, {place}] = {into}{out}")
        for number in range(len(self.program.memories)):
            rates(writer, self.program, number)
        return _text(writer)

    # -- single things ------------------------------------------------------------------------------------------------

    def _node(self, writer: Writer, node: Node) -> None:
        match node.what:
            case "value":
                self._value(writer, self.program.values[node.name][node.block])
            case "initial":
                block = self.program.initials[node.name][node.block]
                with writer.loops(block.loops):
                    text = writer.value(node.name, block.target)
                    writer.line(f"{text} = {writer.number(block.tree)}")
                    if self.program.model.variables[node.name].non_negative:
                        with writer.block(f"if {text} < 0.0:"):
                            writer.line('raise ValueError("a stock begins below nought")')
            case "limit":
                self._limit(writer, self.program.model.variables[node.name])
            case "flow":
                self._flow(writer, self.program.model.variables[node.name])
            case "rule" if writer.start:
                self._fill(writer, node.name, node.name)
            case "rule":
                with writer.block("if stage == 0:"):  # held from the first part of a step of RK4
                    self._rule(writer, node.name)
            case "memory":
                number = int(node.name)
                if writer.start:
                    first(writer, self.program, number)
                else:
                    give(writer, self.program, number)
            case "states":
                set_up(writer, self.program, int(node.name))

    def _all(self, v: Variable) -> list[Loop]:
        return [Loop(d, self.program.model.dimensions[d]) for d in v.dims]

    def _fill(self, writer: Writer, rule: str, name: str) -> None:
        loops = self._all(self.program.model.variables[rule])
        with writer.loops(loops):
            writer.line(f"{self.layout.at(name, writer.inside(loops))} = 0.0")

    def _value(self, writer: Writer, block: Block) -> None:
        v = self.program.model.variables[block.variable]
        with writer.loops(block.loops):
            text = writer.number(block.tree)
            if v.kind == "flow":
                text = text if v.both_ways else f"max(0.0, {text})"
                writer.line(f"{writer.value(self.layout.own('wanted', v.name), block.target)} = {text}")
            else:
                writer.line(f"{writer.value(v.name, block.target)} = {text}")

    def _limit(self, writer: Writer, stock: Variable) -> None:
        """The share of what is wanted that a stock can give."""
        with writer.loops(self._all(stock)):
            at = writer.inside(self._all(stock))
            terms = []
            for flow, sign in self.program.drains(stock):
                wanted = self.layout.at(self.layout.own("wanted", flow), at)
                both = self.program.model.variables[flow].both_ways
                term = f"max(0.0, {wanted})" if both else wanted
                terms.append(f"max(0.0, -{wanted})" if sign < 0 else term)
            wanted, limit = writer.fresh(), writer.fresh()
            share = self.layout.at(self.layout.own("share", stock.name), at)
            writer.line(f"{wanted} = {' + '.join(terms)}")
            held = f"max(0.0, {self.layout.at(stock.name, at)} - {TRACE})"
            writer.line(f"{limit} = {BREADTH} * {held} / dt")
            writer.line(f"{share} = {limit} / {wanted} if {wanted} > {limit} else 1.0")

    def _flow(self, writer: Writer, flow: Variable) -> None:
        with writer.loops(self._all(flow)):
            at = writer.inside(self._all(flow))
            actual, wanted = self.layout.at(flow.name, at), self.layout.at(self.layout.own("wanted", flow.name), at)
            limits = self.program.limits(flow.name)
            forth = [s for s in limits if flow.name in self.program.model.variables[s].outflows]
            back = [s for s in limits if s not in forth]
            shares = [self.layout.at(self.layout.own("share", s), at) for s in (*forth, *back)]
            if not limits:
                writer.line(f"{actual} = {wanted}")
            elif not flow.both_ways:
                writer.line(f"{actual} = {wanted} * {shares[0]}")
            else:
                ahead = shares[0] if forth else "1.0"
                astern = shares[-1] if back else "1.0"
                writer.line(f"{actual} = {wanted} * ({ahead} if {wanted} >= 0.0 else {astern})")

    def _rule(self, writer: Writer, name: str) -> None:
        ends = self.program.rules[name]
        for state, condition, span in (("0.0", "begins", "after"), ("1.0", "ends", "ends_after")):
            for end, what in ((condition, "met"), (span, "need")):
                for block in ends[end]:
                    with (
                        writer.loops(block.loops),
                        writer.block(f"if {writer.value(self.layout.own('state', name), block.target)} == {state}:"),
                    ):
                        text = (
                            f"1.0 if {writer.condition(block.tree)} else 0.0"
                            if what == "met"
                            else writer.number(block.tree)
                        )
                        writer.line(f"{writer.value(self.layout.own(what, name), block.target)} = {text}")
        v = self.program.model.variables[name]
        with writer.loops(self._all(v)):
            at = writer.inside(self._all(v))
            value, state, watch, met = (self.layout.at(n, at) for n in self._named(name))
            if not ends["ends"]:
                writer.line(f"{met} = 0.0 if {state} == 1.0 else {met}")
            need = self.layout.at(self.layout.own("need", name), at)
            writer.line(f"{value} = {state}")
            with writer.block(f"if {met} != 0.0 and {watch} * dt + 0.001 * dt >= {need}:"):
                writer.line(f"{value} = 1.0 - {state}")

    def _named(self, rule: str) -> tuple[str, ...]:
        return rule, *(self.layout.own(what, rule) for what in ("state", "watch", "met"))


def _text(writer: Writer) -> str:
    return "\n".join(writer.lines) or "    " * writer.depth + "pass"
