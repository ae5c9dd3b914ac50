"""Functions of time: steps, ramps and pulses. Section 6 of ``docs/stocks.md``.

With dt = 0 they are what they come to as the steps grow short.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from sim.stocks.nodes import Call
from sim.stocks.twin.arithmetic import modulo
from sim.stocks.twin.trouble import Trouble, no_result, too_large
from sim.stocks.twin.wording import text_of

__all__ = ["TIMED", "timed"]

TIMED = ("STEP", "RAMP", "PULSE", "PULSE_TRAIN", "IMPULSE")


def timed(function: str, node: Call, values: Sequence[float], now: float, step: float, dt: float) -> float:
    """Value of a function of time.

    Parameters
    ----------
    function : str
    node : Call
        For what is said of its arguments.
    values : sequence of float
        The arguments.
    now : float
        Time, which follows the parts of a step.
    step : float
        Time at the beginning of the step, at which all but RAMP switch.
    dt : float
    """
    try:
        return _timed(function, node, values, now, step, dt)
    except OverflowError:
        raise too_large(text_of(node)) from None


def _timed(function: str, node: Call, values: Sequence[float], now: float, step: float, dt: float) -> float:
    middle = step + dt / 2
    match function:
        case "STEP":
            height, at = values
            return height if middle > at else 0.0
        case "RAMP":
            slope, begin, *end = values
            if now <= begin:
                return 0.0
            return slope * ((end[0] if end and now >= end[0] else now) - begin)
        case "PULSE":
            begin, width = values
            return float(begin < middle < begin + max(width, dt))
        case "PULSE_TRAIN":
            begin, width, every, until = values
            if every == 0:
                text = text_of(node.arguments[2])
                raise Trouble("divides by 0", f"'{text}' is 0", text)
            return float(begin < middle < until and modulo(middle - begin, every) < max(width, dt))
    return _impulse(node, values, step, dt)


def _impulse(node: Call, values: Sequence[float], step: float, dt: float) -> float:
    amount, at, *every = values
    times = [at]
    if every:
        if every[0] <= 0:
            text = text_of(node.arguments[2])
            raise no_result(f"'{text}' is {every[0]:g}, and what comes again comes after a time above 0", text)
        near = max(0, math.floor((step - at) / every[0]))
        times += [at + n * every[0] for n in (near, near + 1)]
    return amount / dt if any(t - dt / 2 < step <= t + dt / 2 for t in times) else 0.0
