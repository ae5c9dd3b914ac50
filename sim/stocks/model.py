"""A stock-flow model as data: what files of any kind are read into, and what everything else works from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Literal

from sim.stocks.nodes import Expression

__all__ = ["CLOCK", "Kind", "Lookup", "Method", "Model", "Part", "Time", "Variable", "elements_of", "written"]

Kind = Literal["parameter", "input", "stock", "flow", "auxiliary", "rule"]
Method = Literal["euler", "rk4"]
Outside = Literal["clamp", "extrapolate", "discrete"]
Element = tuple[str, ...]  #: one element for each dimension

#: names that every equation may use: time now, step, first and last time, and the circle's number
CLOCK = ("TIME", "DT", "INITIAL_TIME", "FINAL_TIME", "PI")


@dataclass(frozen=True)
class Time:
    """The clock of a model.

    Parameters
    ----------
    unit : str
        Unit of time; rates are per this unit.
    start, end : float
        First and last time, in that unit.
    dt : float
        Length of a step.
    every : int
        A row is kept every so many steps.
    method : {"euler", "rk4"}
    """

    unit: str
    start: float
    end: float
    dt: float
    every: int = 1
    method: Method = "euler"

    @property
    def steps(self) -> int:
        """Number of steps from the first to the last time."""
        return round((self.end - self.start) / self.dt)

    def at(self, step: int) -> float:
        """Time after so many steps; computed afresh, so that no rounding adds up."""
        return self.start + step * self.dt


@dataclass(frozen=True)
class Lookup:
    """A function given by points.

    Parameters
    ----------
    name : str
    x, y : tuple of float
        Points; x rises strictly.
    outside : {"clamp", "extrapolate", "discrete"}
        Beyond the points: the nearest one; the line through the nearest two; or no lines at all, but the point at or
        before x (the first one before all points).
    unit_x, unit : str
        Units of argument and result.
    """

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    outside: Outside = "clamp"
    unit_x: str = ""
    unit: str = ""
    about: str = ""


@dataclass(frozen=True)
class Part:
    """An equation, and the elements for which it holds.

    Parameters
    ----------
    over : tuple of str
        For each dimension of the variable what stands in its place: a dimension that the equation runs over (the
        variable's own, or a part of it), or a single element. Where parts overlap, the one with more single elements
        counts.
    equation : Expression
    text : str
        The equation as written.
    key : str
        Where it stands in the file.
    """

    over: tuple[str, ...]
    equation: Expression
    text: str = ""
    key: str = ""


@dataclass(frozen=True)
class Variable:
    """One variable.

    Parameters
    ----------
    name : str
        As written in the file; the engine compares names exactly.
    kind : {"parameter", "input", "stock", "flow", "auxiliary", "rule"}
        A parameter is constant, an input is set from outside from step to step, a rule is 0 or 1.
    dims : tuple of str
        Dimensions by which it is subscripted.
    unit : str or None
        None where it follows from the equation.
    parts : tuple of Part
        Equations of flows and auxiliaries; initial values of stocks.
    values : dict
        Values of parameters and inputs by element.
    low, high : float or None
        Range of a parameter.
    inflows, outflows : tuple of str
        Flows of a stock.
    non_negative : bool
        Whether a stock's outflows are limited to what it holds.
    both_ways : bool
        Whether a flow may be negative; otherwise a negative value counts as nought.
    begins, ends, after, ends_after : tuple of Part
        Of a rule: the condition under which it begins to hold, that under which it ends, and for how long the one and
        the other must have held without a break.
    """

    name: str
    kind: Kind
    dims: tuple[str, ...] = ()
    unit: str | None = None
    parts: tuple[Part, ...] = ()
    values: Mapping[Element, float] = field(default_factory=dict)
    low: float | None = None
    high: float | None = None
    inflows: tuple[str, ...] = ()
    outflows: tuple[str, ...] = ()
    non_negative: bool = True
    both_ways: bool = False
    begins: tuple[Part, ...] = ()
    ends: tuple[Part, ...] = ()
    after: tuple[Part, ...] = ()
    ends_after: tuple[Part, ...] = ()
    about: str = ""
    source: str = ""
    key: str = ""

    @property
    def equations(self) -> tuple[Part, ...]:
        """Every equation of the variable, of whatever use."""
        return (*self.parts, *self.begins, *self.ends, *self.after, *self.ends_after)


@dataclass(frozen=True)
class Model:
    """A stock-flow model.

    Parameters
    ----------
    dimensions : dict
        Elements of each dimension, in order. A dimension all of whose elements belong to another is a part of it.
    mappings : dict
        For an equation that runs over the first dimension and uses a variable of the second: which element of the
        second goes with each element of the first.
    units : dict
        Units of the model's own: a name and, where it stands for another, what it stands for.
    variables : dict
        By name, in the order of the file.
    """

    name: str
    time: Time
    dimensions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    mappings: Mapping[tuple[str, str], Mapping[str, str]] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    lookups: Mapping[str, Lookup] = field(default_factory=dict)
    variables: Mapping[str, Variable] = field(default_factory=dict)
    about: str = ""

    def of_kind(self, *kinds: Kind) -> Iterator[Variable]:
        """Variables of these kinds, in the order of the file."""
        return (v for v in self.variables.values() if v.kind in kinds)

    def columns(self) -> list[str]:
        """Names of all values, those of arrays by element: ``staff[nurse,north]``; the last dimension runs fastest."""
        return [written(v.name, e) for v in self.variables.values() for e in elements_of(self, v.dims)]


def elements_of(model: Model, over: tuple[str, ...]) -> Iterator[Element]:
    """Elements of some dimensions (or single elements), the last one fastest."""
    return product(*(model.dimensions.get(name, (name,)) for name in over))


def written(name: str, element: Element) -> str:
    """A value's name, as the CSV output and ``--set`` write it."""
    return f"{name}[{','.join(element)}]" if element else name
