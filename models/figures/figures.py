"""Figures with their evidence: value, unit, year, basis, status and source; without a source it is an assumption."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from sim.errors import nearest

__all__ = ["BASES", "STATUSES", "Figure", "Hours", "Name", "Profile", "Shape", "Share", "Shares", "Sourced", "Text"]
__all__ += ["must", "within"]

STATUSES = ("read", "derived", "assumed", "secondary", "unverified")
BASES = ("host trust", "resident", "registered", "national", "not applicable")
OWN = "own estimate"  #: the source of a number that has none
ROUNDING = 0.002  #: shares and indices are written to three or four places


def one_of(choices: tuple[str, ...]) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:
        if value in choices:
            return value
        close = nearest(value, choices)
        raise ValueError(f"must be one of: {', '.join(choices)}" + (f" (did you mean '{close}'?)" if close else ""))

    return check


Status = Annotated[str, BeforeValidator(one_of(STATUSES))]
Basis = Annotated[str, BeforeValidator(one_of(BASES))]
Text = Annotated[str, Field(min_length=1)]
Share = Annotated[float, Field(ge=0, le=1)]


def _of_a_file(name: str) -> str:
    if not re.fullmatch(r"\w[\w.-]*", name):
        raise ValueError("a name is made of letters, digits, '_', '-' and '.': files are called after it")
    return name


Name = Annotated[str, AfterValidator(_of_a_file)]
Year = Annotated[str, Field(pattern=r"^(\d{4}(/\d{2})?(-\d{4}(/\d{2})?)?|not applicable)$", coerce_numbers_to_str=True)]


class Shape(BaseModel):
    """Base of everything that is read from a file: unknown keys are faults, values cannot change."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Sourced(Shape):
    """Where something comes from; without a source it is an assumption."""

    year: Year
    basis: Basis
    status: Status = "assumed"
    source: Text = OWN
    note: str = ""

    @model_validator(mode="after")
    def _number_without_source_is_assumed(self) -> Sourced:
        if self.source.strip().lower() == OWN and self.status != "assumed":
            raise ValueError(f"has no source, so its status must be 'assumed', not '{self.status}'")
        return self


class Figure(Sourced):
    """One number with its unit, its range and where it comes from."""

    value: float
    unit: Text
    low: float | None = None
    high: float | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Figure:
        if not self.range[0] <= self.value <= self.range[1]:
            ends = f"low {self.low} and high {self.high}"
            raise ValueError(
                f"value {self.value:g} must lie between {ends}; to go beyond, change these too, or give null"
            )
        return self

    @property
    def range(self) -> tuple[float, float]:
        """Low and high; the value itself where no range is given."""
        return (self.value if self.low is None else self.low, self.value if self.high is None else self.high)


class Shares(Sourced):
    """Named shares of a whole, summing to one."""

    shares: Annotated[dict[str, Share], Field(min_length=1)]

    @model_validator(mode="after")
    def _whole(self) -> Shares:
        total = sum(self.shares.values())
        if abs(total - 1) > ROUNDING:
            raise ValueError(f"shares must sum to one; these sum to {total:.4g}")
        return self


class Profile(Sourced):
    """A pattern over hours, weekdays, months or quarters: unit ``share`` sums to one, unit ``index`` has mean one."""

    unit: Literal["share", "index"]
    values: list[Annotated[float, Field(ge=0)]]

    @model_validator(mode="after")
    def _normalised(self) -> Profile:
        total = sum(self.values)
        if self.unit == "share" and abs(total - 1) > ROUNDING:
            raise ValueError(f"shares must sum to one; these sum to {total:.4g}")
        if self.unit == "index" and abs(total / max(len(self.values), 1) - 1) > ROUNDING:
            raise ValueError(f"an index must have mean one; this one has mean {total / max(len(self.values), 1):.4g}")
        return self


class Hours(Sourced):
    """Hours of the day, and weekdays from Monday = 0, in which something happens."""

    hours: tuple[Annotated[int, Field(ge=0, le=23)], Annotated[int, Field(ge=1, le=24)]]
    weekdays: list[Annotated[int, Field(ge=0, le=6)]] = [0, 1, 2, 3, 4, 5, 6]

    @model_validator(mode="after")
    def _in_order(self) -> Hours:
        if self.hours[0] >= self.hours[1]:
            raise ValueError("the first hour must lie before the last")
        return self


def must(unit: str, basis: str = "", most: float = float("inf")) -> Callable[[Figure], Figure]:
    """What a place in the file demands of its figure."""

    def check(figure: Figure) -> Figure:
        faults = []
        if figure.unit != unit:
            faults.append(f"its unit must be '{unit}', not '{figure.unit}'")
        if figure.range[0] < 0 or figure.range[1] > most:
            where = "at or above zero" if most == float("inf") else f"between 0 and {most:g}"
            faults.append(f"{figure.value:g} and its range must lie {where}")
        if basis and figure.basis != basis:
            faults.append(
                f"bases may not be mixed: this place holds figures on the basis '{basis}', not '{figure.basis}'; "
                "convert it first (delays.host_conversion)"
            )
        if faults:
            raise ValueError("; ".join(faults))
        return figure

    return check


def within(unit: str, least: float, most: float) -> Callable[[Figure], Figure]:
    """What a place in the file demands of its figure and of the figure's range."""

    def check(figure: Figure) -> Figure:
        if figure.unit != unit:
            raise ValueError(f"its unit must be '{unit}', not '{figure.unit}'")
        if not least <= figure.range[0] <= figure.range[1] <= most:
            raise ValueError(f"{figure.value:g} and its range must lie between {least:g} and {most:g}")
        return figure

    return check
