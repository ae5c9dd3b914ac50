"""The functions that equations may use: their arguments, the units these must have, and what the functions give.

What each computes, to the letter, is written in ``docs/stocks.md``.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["FUNCTIONS", "REDUCTIONS", "STATEFUL", "Function", "canonical"]


@dataclass(frozen=True)
class Function:
    """One function.

    Parameters
    ----------
    name : str
    arguments : tuple of str
        A name for each argument.
    units : tuple of str
        Unit of each argument: ``1`` for dimensionless, ``t`` for the unit of time, ``a`` and ``b`` for units that the
        first use fixes, ``n`` for a number written out, and products of these such as ``a/t``.
    gives : str
        Unit of the result.
    least : int
        Arguments that cannot be left out.
    """

    name: str
    arguments: tuple[str, ...]
    units: tuple[str, ...]
    gives: str
    least: int
    variadic: bool = False


def _function(
    name: str, arguments: str, units: str, gives: str, least: int | None = None, variadic: bool = False
) -> tuple[str, Function]:
    names = tuple(arguments.split())
    return name, Function(name, names, tuple(units.split()), gives, len(names) if least is None else least, variadic)


#: by name
FUNCTIONS: dict[str, Function] = dict(
    [
        _function("IF", "condition then else", "1 a a", "a"),
        _function("MIN", "x y", "a a", "a", variadic=True),
        _function("MAX", "x y", "a a", "a", variadic=True),
        _function("ABS", "x", "a", "a"),
        _function("SQRT", "x", "a", "a^0.5"),
        _function("EXP", "x", "1", "1"),
        _function("LN", "x", "1", "1"),
        _function("LOG10", "x", "1", "1"),
        _function("LOG", "x base", "1 1", "1"),
        _function("SIN", "x", "1", "1"),
        _function("COS", "x", "1", "1"),
        _function("TAN", "x", "1", "1"),
        _function("ARCTAN", "x", "1", "1"),
        _function("TANH", "x", "1", "1"),
        _function("INTEGER", "x", "a", "a"),
        _function("FLOOR", "x", "a", "a"),
        _function("MODULO", "x base", "a a", "a"),
        _function("QUANTUM", "x quantum", "a a", "a"),
        _function("POWER", "x exponent", "a n", "a^n"),
        _function("ZIDZ", "x y", "a b", "a/b"),
        _function("XIDZ", "x y otherwise", "a b a/b", "a/b"),
        _function("STEP", "height at", "a t", "a"),
        _function("RAMP", "slope from to", "a t t", "a*t", 2),
        _function("PULSE", "from width", "t t", "1"),
        _function("PULSE_TRAIN", "from width every until", "t t t t", "1"),
        _function("IMPULSE", "amount at every", "a t t", "a/t", 2),
        _function("INITIAL", "x", "a", "a"),
        _function("ACTIVE_INITIAL", "x at_start", "a a", "a"),
        _function("SMOOTH1", "x time at_start", "a t a", "a", 2),
        _function("SMOOTH3", "x time at_start", "a t a", "a", 2),
        _function("SMOOTHN", "x time at_start order", "a t a n", "a"),
        _function("DELAY1", "x time at_start", "a t a", "a", 2),
        _function("DELAY3", "x time at_start", "a t a", "a", 2),
        _function("DELAYN", "x time at_start order", "a t a n", "a"),
        _function("DELAY_FIXED", "x time at_start", "a t a", "a"),
        _function("TREND", "x time at_start", "a t 1/t", "1/t", 2),
        _function("FORECAST", "x time horizon at_start", "a t t 1/t", "a", 3),
        _function("SAMPLE_IF_TRUE", "condition x at_start", "1 a a", "a"),
        _function("SUM", "x", "a", "a"),
        _function("MEAN", "x", "a", "a"),
        _function("PROD", "x", "1", "1"),
        _function("VMIN", "x", "a", "a"),
        _function("VMAX", "x", "a", "a"),
    ]
)

#: functions that run over the elements marked with ``!`` or ``*``
REDUCTIONS = ("SUM", "MEAN", "PROD", "VMIN", "VMAX")
#: functions that remember
STATEFUL = (
    *("SMOOTH1", "SMOOTH3", "SMOOTHN", "DELAY1", "DELAY3", "DELAYN", "DELAY_FIXED"),
    *("TREND", "FORECAST", "SAMPLE_IF_TRUE", "INITIAL"),
)

#: other spellings
_ALIASES = {
    "IF_THEN_ELSE": "IF",
    "SMOOTH": "SMOOTH1",
    "SMOOTHI": "SMOOTH1",
    "SMOOTH1I": "SMOOTH1",
    "SMOOTH3I": "SMOOTH3",
    "SMOOTH_N": "SMOOTHN",
    "DELAY1I": "DELAY1",
    "DELAY3I": "DELAY3",
    "DELAY_N": "DELAYN",
    "PULSETRAIN": "PULSE_TRAIN",
    "ARCTANGENT": "ARCTAN",
    "TRUNC": "INTEGER",
}


def canonical(name: str) -> str:
    """A function's own name, whatever the case and spelling; the name itself when there is no such function."""
    upper = "_".join(name.upper().split())
    upper = _ALIASES.get(upper, upper)
    return upper if upper in FUNCTIONS else name
