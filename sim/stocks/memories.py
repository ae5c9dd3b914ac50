"""How delays, smooths and the like begin, what they give, and how they go on (section 5 of ``docs/stocks.md``)."""

from __future__ import annotations

from sim.stocks.emit import Writer
from sim.stocks.layout import LEVELS
from sim.stocks.lower import Program
from sim.stocks.trees import Memory, Tree

__all__ = ["begin", "check", "commit", "first", "give", "rates", "set_up"]


def _place(writer: Writer, program: Program, number: int) -> str:
    """Position of the memory's first state."""
    m = program.memories[number]
    staged, beside = LEVELS[m.kind]
    stride = m.order * staged + beside
    first = writer.layout.memory[number]
    if not m.loops:
        return str(first)
    return f"{first} + {stride} * ({writer.inside(m.loops)})"


def _given(writer: Writer, program: Program, number: int) -> str:
    m = program.memories[number]
    return writer.layout.held(number, writer.inside(m.loops) if m.loops else "0")


def _time(writer: Writer, m: Memory) -> str:
    """Name of the delay time, which is checked against the step."""
    assert m.time is not None  # noqa: S101 - of these kinds
    name = writer.fresh()
    writer.line(f"{name} = {writer.number(m.time)}")
    return name


def _check(writer: Writer, m: Memory, time: str) -> None:
    first = "" if writer.start else "stage == 0 and "
    with writer.block(f"if {first}not {m.order}.0 * dt <= {time} * 1.000000001:"):
        writer.line('raise ValueError("a delay is too short for the step")')


def first(writer: Writer, program: Program, number: int) -> None:
    """What a memory gives at the start."""
    m = program.memories[number]
    with writer.loops(m.loops):
        at, given = _place(writer, program, number), _given(writer, program, number)
        if m.kind == "trend":
            value = writer.fresh()
            writer.line(f"{value} = {writer.number(m.x)}")
            time = _time(writer, m)
            _check(writer, m, time)
            growth = writer.number(m.at_start) if m.at_start is not None else "0.0"
            writer.line(f"y[{at}] = {value} / (1.0 + {growth} * {time})")
            writer.line(f"{given} = _xidz({value} - y[{at}], {time} * abs(y[{at}]), 0.0)")
        else:
            tree: Tree = m.x if m.at_start is None else m.at_start
            writer.line(f"{given} = {writer.number(tree)}")


def set_up(writer: Writer, program: Program, number: int) -> None:
    """Initial states of a memory, after what it gives at the start."""
    m = program.memories[number]
    if m.kind == "trend":
        return
    with writer.loops(m.loops):
        at, value = _place(writer, program, number), _given(writer, program, number)
        if m.kind in ("smooth", "delay", "delayn"):
            time = _time(writer, m)
            _check(writer, m, time)
            held = value if m.kind == "smooth" else f"{value} * {time} / {m.order}.0"
            with writer.block(f"for stage in range({m.order}):"):
                writer.line(f"y[{at} + stage] = {held}")
            if m.kind == "delayn":
                writer.line(f"y[{at} + {m.order}] = {time}")
                writer.line(f"y[{at} + {m.order + 1}] = {time}")
        elif m.kind == "fixed":
            time, length = _time(writer, m), writer.fresh()
            with writer.block(f"if not {time} < 1e7 * dt:"):
                writer.line('raise ValueError("a fixed delay is longer than ten million steps")')
            writer.line(f"{length} = max(1, round({time} / dt))")
            writer.line(f"y[{at}] = used")
            writer.line(f"y[{at} + 1] = {length}")
            with writer.block(f"if used + {length} <= b.size:"):
                writer.line(f"b[used : used + {length}] = {value}")
            writer.line(f"used += {length}")
        else:
            writer.line(f"y[{at}] = {value}")


def begin(writer: Writer, program: Program, number: int) -> None:
    """What happens before everything else in a step: DELAYN takes the delay time of the step before."""
    m = program.memories[number]
    if m.kind == "delayn":
        with writer.block("if stage == 0:"), writer.loops(m.loops):
            at = _place(writer, program, number)
            writer.line(f"y[{at} + {m.order}] = y[{at} + {m.order + 1}]")


def give(writer: Writer, program: Program, number: int) -> None:
    """What a memory gives in a step."""
    m = program.memories[number]
    discrete = m.kind in ("fixed", "sample")
    if discrete:
        writer.line("if stage == 0:")
        writer.depth += 1
    with writer.loops(m.loops):
        at, given = _place(writer, program, number), _given(writer, program, number)
        if m.kind == "smooth":
            writer.line(f"{given} = y[{at} + {m.order - 1}]")
        elif m.kind == "delay":
            writer.line(f"{given} = y[{at} + {m.order - 1}] * {m.order}.0 / {_time(writer, m)}")
        elif m.kind == "delayn":
            writer.line(f"{given} = y[{at} + {m.order - 1}] * {m.order}.0 / y[{at} + {m.order}]")
        elif m.kind == "fixed":
            writer.line(f"{given} = b[int(y[{at}]) + k % int(y[{at} + 1])]")
        elif m.kind == "sample":
            assert m.condition is not None  # noqa: S101
            writer.line(f"{given} = y[{at}]")
            with writer.block(f"if {writer.condition(m.condition)}:"):
                writer.line(f"{given} = {writer.number(m.x)}")
        elif m.kind == "trend":
            time = _time(writer, m)
            writer.line(f"{given} = _xidz({writer.number(m.x)} - y[{at}], {time} * abs(y[{at}]), 0.0)")
        else:
            writer.line(f"{given} = y[{at}]")
    if discrete:
        writer.depth -= 1


def commit(writer: Writer, program: Program, number: int) -> None:
    """How a discrete memory takes up the values of a step."""
    m = program.memories[number]
    if m.kind not in ("fixed", "sample", "delayn"):
        return
    with writer.loops(m.loops):
        at = _place(writer, program, number)
        if m.kind == "fixed":
            value = writer.fresh()
            writer.line(f"{value} = {writer.number(m.x)}")
            writer.line(f"b[int(y[{at}]) + k % int(y[{at} + 1])] = {value}")
        elif m.kind == "sample":
            writer.line(f"y[{at}] = {_given(writer, program, number)}")
        else:
            writer.line(f"y[{at} + {m.order + 1}] = {_time(writer, m)}")


def check(writer: Writer, program: Program, number: int) -> None:
    """Whether the time of a delay or smooth is long enough for the step."""
    m = program.memories[number]
    if m.kind in ("smooth", "delay", "delayn", "trend"):
        with writer.loops(m.loops):
            _check(writer, m, _time(writer, m))


def rates(writer: Writer, program: Program, number: int) -> None:
    """Rates of a continuous memory."""
    m = program.memories[number]
    if m.kind not in ("smooth", "delay", "delayn", "trend"):
        return
    with writer.loops(m.loops):
        at, into = _place(writer, program, number), writer.fresh()
        writer.line(f"{into} = {writer.number(m.x)}")
        time = _time(writer, m)
        _check(writer, m, time)
        if m.kind == "delayn":
            time = f"y[{at} + {m.order}]"
        if m.kind in ("delay", "delayn"):
            with writer.block(f"for j in range({m.order}):"):
                writer.line(f"gone = y[{at} + j] * {m.order}.0 / {time}")
                writer.line(f"w[0, {at} + j] = {into} - gone")
                writer.line(f"{into} = gone")
        else:
            with writer.block(f"for j in range({m.order}):"):
                writer.line(f"w[0, {at} + j] = ({into} - y[{at} + j]) * {m.order}.0 / {time}")
                writer.line(f"{into} = y[{at} + j]")
