"""Calls that remember: section 5 of ``docs/stocks.md``.

A memory is either a row of numbers that rates carry forward (smooths, delays, trends), or something kept from step to
step (``DELAY_FIXED``, ``SAMPLE_IF_TRUE``, ``INITIAL``, the delay time of ``DELAYN``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from sim.stocks.functions import canonical
from sim.stocks.nodes import Call, Number
from sim.stocks.twin.arithmetic import SMALL
from sim.stocks.twin.standing import Path, Site, Standing
from sim.stocks.twin.trouble import Meaningless, Trouble
from sim.stocks.twin.wording import text_of

if TYPE_CHECKING:
    from sim.stocks.twin.reading import Reading

__all__ = ["CHECKED", "ONLY_AT_START", "Line", "Memory", "at_start", "delay_time", "memory_at_start", "output"]
__all__ += ["kept_after", "rates"]

#: arguments that count at the start only; equations inside them need no memory of their own
ONLY_AT_START: dict[str, tuple[int, ...]] = {
    "SMOOTH1": (2,),
    "SMOOTH3": (2,),
    "SMOOTHN": (2, 3),
    "DELAY1": (2,),
    "DELAY3": (2,),
    "DELAYN": (2, 3),
    "DELAY_FIXED": (1, 2),
    "TREND": (2,),
    "FORECAST": (3,),
    "SAMPLE_IF_TRUE": (2,),
    "INITIAL": (0,),
    "ACTIVE_INITIAL": (1,),
}
_STAGES = {"SMOOTH1": 1, "SMOOTH3": 3, "DELAY1": 1, "DELAY3": 3, "TREND": 1, "FORECAST": 1}
#: functions whose stages need a time long enough for the step
CHECKED = (*_STAGES, "SMOOTHN", "DELAYN")
_LONGEST = 1e15  #: steps; a longer wait is one without end
_HAIR = 1e-9  #: share by which a time may fall short, for rounding: 3 steps of 0.1 are longer than 0.3


@dataclass(frozen=True)
class Memory:
    """A call that remembers, where it stands."""

    call: Call
    standing: Standing
    path: Path

    @cached_property
    def function(self) -> str:
        """Its function."""
        return canonical(self.call.function)

    @cached_property
    def site(self) -> Site:
        """What its memory is known by."""
        return self.standing.site(self.path)

    def argument(self, reading: Reading, i: int) -> float:
        """Value of an argument."""
        if i >= len(self.call.arguments):
            raise Meaningless(f"{self.function} needs more than {len(self.call.arguments)} arguments")
        return reading.read(self.call.arguments[i], self.standing, (*self.path, i))

    @property
    def stages(self) -> int:
        """Number of memories in a row."""
        if self.function in _STAGES:
            return _STAGES[self.function]
        order = self.call.arguments[3] if len(self.call.arguments) > 3 else None
        if not isinstance(order, Number) or order.value not in range(1, 51):
            raise Meaningless(f"the order of {self.function} is a whole number from 1 to 50, written out")
        return int(order.value)


@dataclass
class Line:
    """What waits in a ``DELAY_FIXED``: the values of the last steps, and for how many steps each of them waits."""

    wait: int
    before: float
    values: list[float] = field(default_factory=list)

    @property
    def output(self) -> float:
        """The value that comes out."""
        return self.values[0] if len(self.values) == self.wait else self.before


def at_start(reading: Reading, memory: Memory) -> float:
    """What a call stands for in the order of the start."""
    function = memory.function
    if function == "INITIAL":
        return memory.argument(reading, 0)
    if function == "ACTIVE_INITIAL":
        return memory.argument(reading, 1)
    if function in ("TREND", "FORECAST"):
        [m] = memory_at_start(reading, memory)[0]
        return _trend(reading, memory, m)
    if len(memory.call.arguments) > 2:
        return memory.argument(reading, 2)
    return memory.argument(reading, 0)


def memory_at_start(reading: Reading, memory: Memory) -> tuple[list[float], float | Line | None]:
    """What is remembered at the start: a row of numbers to be carried forward, and what is kept."""
    function = memory.function
    if function in ("TREND", "FORECAST"):
        given = ONLY_AT_START[function][0]
        x, time = memory.argument(reading, 0), delay_time(reading, memory)
        rate = memory.argument(reading, given) if len(memory.call.arguments) > given else 0.0
        growth = 1 + rate * time
        if growth == 0:
            text = f"1 + {text_of(memory.call.arguments[given])} * {text_of(memory.call.arguments[1])}"
            raise Trouble("divides by 0", f"'{text}' is 0", text)
        return [x / growth], None
    first = at_start(reading, memory)
    if function in ("INITIAL", "SAMPLE_IF_TRUE"):
        return [], first
    if function == "DELAY_FIXED":
        steps = min(memory.argument(reading, 1) / reading.moment.dt, _LONGEST)
        return [], Line(max(1, round(steps)), first)
    n, time = memory.stages, delay_time(reading, memory)
    if function.startswith("SMOOTH"):
        return [first] * n, None
    return [first * time / n] * n, time if function == "DELAYN" else None


def output(reading: Reading, memory: Memory) -> float:
    """Value of a call in a step."""
    function = memory.function
    if function == "ACTIVE_INITIAL":
        return memory.argument(reading, 0)
    if function in ("INITIAL", "DELAY_FIXED", "SAMPLE_IF_TRUE"):
        kept = reading.kept(memory.site)
        if isinstance(kept, Line):
            return kept.output
        if function == "INITIAL" and kept is not None:
            return kept
        if memory.site in reading.moment.held:
            return reading.moment.held[memory.site]
        return memory.argument(reading, 1) if memory.argument(reading, 0) != 0 or kept is None else kept
    last = reading.level(memory.site)[-1]
    if function.startswith("SMOOTH"):
        return last
    if function in ("TREND", "FORECAST"):
        return _trend(reading, memory, last)
    return last * memory.stages / _time_in_use(reading, memory)


def rates(reading: Reading, memory: Memory) -> list[float]:
    """How fast each of the numbers in a row changes."""
    if not reading.level(memory.site):
        return []
    n, before = memory.stages, memory.argument(reading, 0)
    time = _time_in_use(reading, memory)
    found = []
    for m in reading.level(memory.site):
        if memory.function.startswith("DELAY"):
            out = m * n / time
            found.append(before - out)
            before = out
        else:
            found.append((before - m) / (time / n))
            before = m
    return found


def kept_after(reading: Reading, memory: Memory) -> float | Line | None:
    """What is kept when the values of a step have been taken up."""
    kept = reading.kept(memory.site)
    if memory.function == "SAMPLE_IF_TRUE":
        return output(reading, memory)
    if memory.function == "DELAYN":
        return delay_time(reading, memory)
    if isinstance(kept, Line):
        return Line(kept.wait, kept.before, [*kept.values, memory.argument(reading, 0)][-kept.wait :])
    return kept


def delay_time(reading: Reading, memory: Memory) -> float:
    """Time of a delay or smooth, which the steps must not be too long for."""
    time, n, dt = memory.argument(reading, 1), memory.stages, reading.moment.dt
    text, about = text_of(memory.call.arguments[1]), text_of(memory.call)
    if time <= 0:
        raise Trouble("", f"{memory.function} needs a time above 0; '{text}' is {time:g}", about)
    if reading.moment.first_part and n * dt > time * (1 + _HAIR):
        why = f"{memory.function} over '{text}' = {time:g} needs steps of {time / n:.3g} at most; dt is {dt:g}"
        # a whole part of the step fits the end and the rows that are kept, as dt did
        parts = -(-n * dt // (time * (1 + _HAIR)))
        raise Trouble("", why, about, f"dt: {dt / parts:.10g}")
    return time


def _time_in_use(reading: Reading, memory: Memory) -> float:
    """The time with which a delay gives out: for DELAYN that of the step before."""
    held = reading.kept(memory.site) if memory.function == "DELAYN" else None
    return delay_time(reading, memory) if held is None or isinstance(held, Line) else held


def _trend(reading: Reading, memory: Memory, m: float) -> float:
    x, time = memory.argument(reading, 0), delay_time(reading, memory)
    divisor = time * abs(m)
    trend = 0.0 if divisor < SMALL else (x - m) / divisor
    return x * (1 + memory.argument(reading, 2) * trend) if memory.function == "FORECAST" else trend
