"""Tables that set published figures beside exact and simulated ones, as text and as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from sim.statistics import mean_halfwidth
from sim.verification.acceptance import linearised

__all__ = ["Check", "Outcome", "Table", "figure", "interval"]


@dataclass(frozen=True)
class Check:
    """A simulated figure with its interval and the value it must cover.

    ``level`` is the confidence of the interval that decides; ``shown`` the half-width at 95 per cent for tables.
    """

    name: str
    value: float
    halfwidth: float
    shown: float
    exact: float

    @property
    def covers(self) -> bool:
        """Whether the exact value lies inside the interval."""
        return abs(self.value - self.exact) <= self.halfwidth

    @property
    def verdict(self) -> str:
        """``agrees`` or ``MISSED``."""
        return "agrees" if self.covers else "MISSED"


@dataclass(frozen=True)
class Table:
    """A table with a caption."""

    caption: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]

    def markdown(self) -> str:
        """The table as Markdown, numbers to the right."""
        rule = ["---", *("---:" for _ in self.header[1:])]
        lines = [f"| {' | '.join(row)} |" for row in (self.header, rule, *self.rows)]
        return "\n".join([f"**{self.caption}**", "", *lines])

    def text(self) -> str:
        """The table with aligned columns."""
        rows = [list(self.header), *map(list, self.rows)]
        width = [max(len(row[i]) for row in rows) for i in range(len(self.header))]
        lines = [
            "  ".join(c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(row, width, strict=True)))
            for row in rows
        ]
        return "\n".join([self.caption, *lines])


@dataclass(frozen=True)
class Outcome:
    """What a published model gave: tables to read and checks that decide."""

    name: str
    tables: list[Table]
    checks: list[Check]
    replications: int
    seed: int
    words: dict[str, str] = field(default_factory=dict)  #: figures that the text of the page names

    @property
    def agrees(self) -> bool:
        """Whether every check covers its exact value."""
        return all(check.covers for check in self.checks)


def interval(found: Sequence[float | tuple[float, float]], level: float) -> tuple[float, float]:
    """Mean and half-width over replications of a number, or of a ratio given as numerator and denominator."""
    values: npt.NDArray[np.float64] = linearised(list(found))
    return float(values.mean()), mean_halfwidth(values, level)


def figure(value: float, halfwidth: float, digits: int) -> str:
    """A figure with its half-width, such as ``0.1806 ± 0.0012``."""
    return f"{value:.{digits}f} ± {halfwidth:.{digits}f}"
