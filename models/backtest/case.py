"""A case of a back-test: a plan whose end is known, what was known when it was written, and what happened.

Cases lie in ``configs/backtest``. The model's baseline year is later than the plan, so the plan is started anew from
that baseline and months are counted from its start; :meth:`Case.shift` is how far the model's calendar is ahead.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from models import CONFIGS
from models.figures.figures import Figure, Name, Shape, Text, within
from models.figures.presets import Source, read_section
from models.footprint.short import Fact
from models.plans import months_after
from models.settings.files import choices
from sim.errors import Fault, FaultsError, nearest

__all__ = ["Case", "Effect", "Quarter", "case_names", "months_between", "named_case", "read_case"]

GROUP = "backtest"
FIRST_MONTH = 4  #: of a contract year
Rate = Annotated[Figure, AfterValidator(within("per year", -0.1, 0.1))]


class Quarter(Shape):
    """A quarter of an April year; 1 is April to June."""

    year: Annotated[str, Field(pattern=r"^\d{4}/\d{2}$")]
    quarter: int = Field(ge=1, le=4)

    @property
    def months(self) -> list[dt.date]:
        """First days of its months."""
        first = dt.date(int(self.year[:4]), FIRST_MONTH, 1)
        return [months_after(first, 3 * (self.quarter - 1) + n) for n in range(3)]

    def __str__(self) -> str:
        """As it is printed."""
        return f"{self.year} Q{self.quarter}"


class Effect(Shape):
    """Admissions that the plan avoids: those of a named future, and since when that could be known."""

    future: Name
    title: Text
    known: Text


class Case(Shape):
    """One plan, what was known, and what happened."""

    name: Name
    title: Text
    question: Text
    plan: Name
    began: dt.date  # 1 April of the first of its contract years
    known_until: int = Field(ge=2000, le=2100)  # figures of later years are hindsight
    first: Quarter | None = None  # from here to `last`, hospital beds are laid beside what happened, where it is known
    last: Quarter
    growth: Rate  # of overnight bed-days, as known then
    effects: dict[str, Effect] = Field(min_length=1)
    happened: dict[str, Fact] = Field(min_length=1)

    @model_validator(mode="after")
    def _in_order(self) -> Case:
        if (self.began.month, self.began.day) != (FIRST_MONTH, 1):
            raise ValueError(f"began: a contract year begins on a 1 April, not on {self.began}")
        first = self.first or self.last
        if not self.began <= first.months[0] <= self.last.months[0]:
            raise ValueError(f"began, first and last must follow one another: {self.began}, {first}, {self.last}")
        return self

    def shift(self, starts: dt.date) -> int:
        """Months from the plan's real start to its start in the model."""
        return months_between(self.began, starts)


def months_between(a: dt.date, b: dt.date) -> int:
    """Months from one first of a month to another."""
    return 12 * (b.year - a.year) + b.month - a.month


def case_names() -> list[str]:
    """Names of the cases that are shipped."""
    return choices(GROUP)


def read_case(source: Source) -> Case:
    """Read a case and check it.

    Raises
    ------
    FaultsError
        With every fault; futures and plans that are not there among them.
    """
    case = read_section(Case, source, GROUP)
    asked = [("plan", "plan", case.plan)]
    asked += [(f"effects.{key}.future", "future", effect.future) for key, effect in case.effects.items()]
    faults = []
    for key, group, name in asked:
        if name not in (known := choices(group)):
            rule = f"no such {group}; there are: {', '.join(known)}."
            faults.append(Fault(key, name, rule, case.name, nearest(name, known)))
    if faults:
        raise FaultsError(faults, case.name)
    return case


def named_case(name: str) -> Case:
    """Read a case that is shipped, by its name."""
    return read_case(CONFIGS / GROUP / f"{name}.yaml")
