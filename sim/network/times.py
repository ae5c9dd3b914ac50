"""Distributions of time as a network file writes them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from sim.network.fields import Duration, Share
from sim.reading.shape import Shape

__all__ = ["Column", "Phase", "Service"]


class Column(Shape):
    """A column of a CSV file with one header line; the path is relative to the network file."""

    file: str
    """Path of the CSV file, relative to the network file."""
    column: str
    """Name of the column, as the header line has it."""
    unit: Literal["ms", "s", "min", "h", "d", "w"] = "d"
    """Unit of the numbers in the column; days unless given."""


class Phase(Shape):
    """One phase of a Coxian distribution: an exponential time, after which everything ends with probability `ends`."""

    mean: Duration
    """Mean time of the phase."""
    ends: Share = 0.0
    """Probability that everything ends with this phase; 0 unless given, and 1 for the last phase."""


class Service(Shape):
    """A distribution of time.

    ``mean`` is in time units, ``cv`` the coefficient of variation, ``sd`` the standard deviation; ``median`` may
    replace ``cv`` for a lognormal; ``shape`` is Weibull's, gamma's or Erlang's shape; ``low``, ``mode`` and ``high``
    belong to uniform and triangular; ``parts`` are the parts of a mixture with their ``share``; ``phases`` those of a
    Coxian, the last of which always ends; ``observed`` are stays to draw from at random, in place or in a CSV file.

    ``between`` keeps a distribution to a range as if values outside it were drawn again; ``at_least`` and ``at_most``
    move values outside to the bound.
    """

    kind: Literal[
        "exponential",
        "lognormal",
        "weibull",
        "deterministic",
        "uniform",
        "triangular",
        "normal",
        "gamma",
        "erlang",
        "hyperexponential",
        "coxian",
        "mixture",
        "empirical",
    ]
    """Family of the distribution."""
    mean: Duration | None = None
    """Mean time."""
    cv: float | None = Field(default=None, gt=0, le=20)
    """Coefficient of variation: standard deviation divided by mean."""
    sd: Duration | None = None
    """Standard deviation."""
    median: Duration | None = None
    """Median; may replace `cv` for a lognormal."""
    shape: float | None = Field(default=None, gt=0.1, le=200)
    """Shape of a Weibull, gamma or Erlang distribution."""
    low: Duration | None = None
    """Least time of a uniform or triangular distribution."""
    mode: Duration | None = None
    """Likeliest time of a triangular distribution."""
    high: Duration | None = None
    """Longest time of a uniform or triangular distribution."""
    share: Share | None = None
    """Share of this part in a mixture; only inside `parts`."""
    parts: list[Service] | None = None
    """Distributions that a mixture is made of, each with its `share`; the shares sum to one."""
    phases: list[Phase] | None = Field(default=None, max_length=50)
    """Phases of a Coxian distribution, in order; at most 50."""
    observed: list[Duration] | Column | None = None
    """Observed times to draw from at random, all equally likely: a list, or a column of a CSV file."""
    between: tuple[Duration, Duration] | None = None
    """Least and longest time; the distribution is conditional on lying between them."""
    at_least: Duration | None = None
    """Shorter times are moved up to this."""
    at_most: Duration | None = None
    """Longer times are moved down to this."""
