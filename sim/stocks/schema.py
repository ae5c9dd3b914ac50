"""The shape of a stock-flow file: what may be written, with units and ranges. Rules between keys are checked later."""

from __future__ import annotations

import math
import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from sim.reading.shape import Shape

__all__ = ["Auxiliary", "Flow", "Input", "LookupTable", "Parameter", "Rule", "Stock", "StockFile", "TimeAxis"]

_QUANTITY = re.compile(r"\s*([-+]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s+(\S.*?)\s*$")


def _quantity(value: Any) -> Any:
    """Allow ``3 year`` where ``{value: 3, unit: year}`` is meant."""
    if isinstance(value, str):
        found = _QUANTITY.match(value)
        if not found:
            raise ValueError("give a number with its unit, for example '3 year', or a mapping with value and unit")
        return {"value": float(found[1].replace("_", "")), "unit": found[2]}
    return value


def _bare(value: Any) -> Any:
    """Allow an equation where ``{equation: ...}`` is meant."""
    return {"equation": value} if isinstance(value, (str, int, float)) and not isinstance(value, bool) else value


def _text(value: Any) -> Any:
    """Allow a bare number as an equation."""
    return repr(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value


def _texts(value: Any) -> Any:
    return {str(k): _text(v) for k, v in value.items()} if isinstance(value, dict) else _text(value)


def _names(value: Any) -> Any:
    """Allow a list of units where a mapping to what they stand for is meant."""
    return {str(name): "" for name in value} if isinstance(value, list) else value


def _one(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Finite = Annotated[float, Field(allow_inf_nan=False)]
#: one equation, or one for each element (of the first dimension, or several separated by commas)
Equations = Annotated[str | dict[str, str], BeforeValidator(_texts)]
Values = Finite | list[Any] | dict[str, Any]
Flows = Annotated[list[str], BeforeValidator(_one)]


class TimeAxis(Shape):
    """First and last time, and the step."""

    unit: str
    """Unit of time: year, quarter, month, week, day, hour; rates are per this unit."""
    start: Finite = 0.0
    """First time."""
    end: Finite | None = None
    """Last time; may be left out where a network beside the stocks, or ``until``, says when to end."""
    dt: float = Field(gt=0, allow_inf_nan=False)
    """Length of a step; the end must be a whole number of steps from the start."""
    save_every: float | None = Field(default=None, gt=0)
    """Time between rows that are kept, a whole number of steps; every step unless given."""
    method: Literal["euler", "rk4"] = "euler"
    """How stocks are carried forward: Euler's method, or Runge and Kutta's of fourth order."""


class Parameter(Shape):
    """A constant."""

    value: Values
    """The value; for a subscripted parameter one number for all, a list in the order of the elements, or a mapping."""
    unit: str
    """Its unit, for example person/year."""
    range: tuple[Finite, Finite] | None = None
    """Lowest and highest value that make sense."""
    about: str = ""
    """What it is."""
    source: str = ""
    """Where the figure comes from; an assumption says so."""
    status: str = ""
    """How well the figure is known: measured, estimate, assumption."""


class Input(Shape):
    """A value that comes from outside, from step to step: of a network that runs beside the stocks."""

    value: Values = 0.0
    """The value where nothing outside gives one."""
    unit: str
    """Its unit."""
    about: str = ""
    """What it is."""


class LookupTable(Shape):
    """A function given by points."""

    points: list[tuple[Finite, Finite]] = Field(min_length=2)
    """Points [x, y] with rising x."""
    outside: Literal["clamp", "extrapolate", "discrete"] = "clamp"
    """Beyond the points: the nearest one, or the line through the nearest two; discrete: steps instead of lines."""
    unit: str = "dimensionless"
    """Unit of the result."""
    unit_x: str = "dimensionless"
    """Unit of the argument."""
    about: str = ""
    """What it says."""
    source: str = ""
    """Where the points come from."""


class Stock(Shape):
    """What accumulates."""

    initial: Equations
    """Equation of what it holds at the start."""
    unit: str
    """Its unit."""
    inflows: Flows = []
    """Names of flows that fill it."""
    outflows: Flows = []
    """Names of flows that drain it."""
    non_negative: bool = True
    """Whether outflows are limited to what it holds, each in proportion."""
    about: str = ""
    """What it is."""


class Flow(Shape):
    """What moves, per unit of time."""

    equation: Equations
    """Its equation."""
    unit: str | None = None
    """Its unit; left out, it follows from the stock."""
    both_ways: bool = False
    """Whether it may be negative; otherwise a negative value counts as nought."""
    about: str = ""
    """What it is."""


class Auxiliary(Shape):
    """What is computed anew at every step."""

    equation: Equations
    """Its equation."""
    unit: str | None = None
    """Its unit; left out, it follows from the equation."""
    about: str = ""
    """What it is."""


class Rule(Shape):
    """A slow rule: 1 while it holds, 0 otherwise, judged once a step."""

    begins: Equations
    """Condition under which it begins to hold."""
    ends: Equations | None = None
    """Condition under which it ends; without one it never does."""
    after: Equations = "0"
    """Equation of the time for which the first condition must have held without a break."""
    ends_after: Equations = "0"
    """The same for the second condition."""
    about: str = ""
    """What it stands for."""


class Mapped(Shape):
    """How the elements of one dimension go with those of another."""

    over: str
    """The dimension that an equation runs over."""
    uses: str
    """The dimension of the variable that it uses."""
    pairs: dict[str, str]
    """For each element of the first, the element of the second."""


class StockFile(Shape):
    """A stock-flow model."""

    name: str = Field(min_length=1)
    """What it is called in output."""
    about: str = ""
    """The question it answers, and what is assumed."""
    time: TimeAxis
    """The clock."""
    units: Annotated[dict[str, str], BeforeValidator(_names)] = {}
    """Units of the model's own (person, bed), and for each, if it stands for another, what it stands for."""
    dimensions: dict[str, list[str]] = {}
    """Dimensions of subscripts, each with its elements."""
    mappings: list[Mapped] = []
    """Which elements of two dimensions go together."""
    parameters: dict[str, Annotated[Parameter, BeforeValidator(_quantity)]] = {}
    """Constants, by name; a subscripted name is written with its dimensions: leaving_rate[group]."""
    inputs: dict[str, Annotated[Input, BeforeValidator(_quantity)]] = {}
    """What a network beside the stocks gives them."""
    lookups: dict[str, LookupTable] = {}
    """Functions given by points."""
    stocks: dict[str, Stock] = {}
    """What accumulates."""
    flows: dict[str, Annotated[Flow, BeforeValidator(_bare)]] = {}
    """What moves between stocks, or to and from outside."""
    auxiliaries: dict[str, Annotated[Auxiliary, BeforeValidator(_bare)]] = {}
    """What is computed anew at every step."""
    rules: dict[str, Rule] = {}
    """Slow rules."""


def whole_steps(span: float, dt: float) -> int | None:
    """Number of steps in a span of time; None when it is not a whole number of them."""
    steps = span / dt
    near = round(steps)
    return near if near >= 0 and math.isclose(steps, near, rel_tol=1e-9, abs_tol=1e-9) else None
