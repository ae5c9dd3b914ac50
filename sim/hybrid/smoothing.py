"""Noise of the network must be smoothed before it enters a lookup, or the lookup gives biased answers on average.

The mean of a curve is not the curve of the mean (Jensen): a lookup that reads yesterday's occupancy acts on its noise
as well, and differently for every length of the interval.
"""

from __future__ import annotations

from collections.abc import Iterator

from sim.errors import Fault
from sim.hybrid.model import Hybrid, columns_of
from sim.stocks.functions import canonical
from sim.stocks.model import Model
from sim.stocks.nodes import Binary, Call, Expression, Name, Unary

__all__ = ["unsmoothed"]

#: functions that give what they remember, not what goes in now
_SMOOTH = ("SMOOTH1", "SMOOTH3", "SMOOTHN", "DELAY1", "DELAY3", "DELAYN", "INITIAL")


def unsmoothed(hybrid: Hybrid) -> Iterator[Fault]:
    """Lookups that read an input of the network with no smooth, delay or stock between."""
    noisy = {
        columns_of(hybrid.model, feed.input)[0].partition("[")[0]
        for feed in hybrid.feeds
        if not feed.unsmoothed_in_lookups
    }
    carried = _carried(hybrid.model, noisy)
    for v in hybrid.model.variables.values():
        for part in v.equations:
            for lookup, name in _lookups(hybrid.model, part.equation):
                if name in carried:
                    rule = (
                        f"in '{v.name}' of the stocks the lookup '{lookup}' reads '{name}' with the noise of the "
                        "network in it; smooth it first."
                    )
                    example = f"{lookup}(SMOOTH1({name}, reporting_time))"
                    yield Fault("feeds", part.text, rule, example=example)


def _carried(model: Model, noisy: set[str]) -> set[str]:
    """Variables that carry the noise of some inputs at once."""
    carried = set(noisy)
    while True:
        more = {
            v.name
            for v in model.of_kind("auxiliary", "flow")
            if v.name not in carried and any(n in carried for p in v.parts for n in _read_now(p.equation))
        }
        if not more:
            return carried
        carried |= more


def _read_now(e: Expression) -> Iterator[str]:
    """Names that an expression reads without anything between that smooths."""
    if isinstance(e, Name):
        yield e.name
    elif isinstance(e, Call):
        for argument in e.arguments if canonical(e.function) not in _SMOOTH else ():
            yield from _read_now(argument)
    elif isinstance(e, Unary):
        yield from _read_now(e.operand)
    elif isinstance(e, Binary):
        yield from _read_now(e.left)
        yield from _read_now(e.right)


def _lookups(model: Model, e: Expression) -> Iterator[tuple[str, str]]:
    """Every lookup of an expression with the names that it reads now."""
    if isinstance(e, Call):
        if e.function in model.lookups:
            yield from ((e.function, name) for argument in e.arguments for name in _read_now(argument))
        for argument in e.arguments:
            yield from _lookups(model, argument)
    elif isinstance(e, Unary):
        yield from _lookups(model, e.operand)
    elif isinstance(e, Binary):
        yield from _lookups(model, e.left)
        yield from _lookups(model, e.right)
