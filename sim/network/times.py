"""Distributions of time as a network file writes them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from sim.network.fields import Duration, Shape, Share

__all__ = ["Column", "Phase", "Service"]


class Column(Shape):
    """A column of a CSV file with one header line; the path is relative to the network file."""

    file: str
    column: str
    unit: Literal["ms", "s", "min", "h", "d", "w"] = "d"


class Phase(Shape):
    """One phase of a Coxian distribution: an exponential time, after which everything ends with probability `ends`."""

    mean: Duration
    ends: Share = 0.0


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
    mean: Duration | None = None
    cv: float | None = Field(default=None, gt=0, le=20)
    sd: Duration | None = None
    median: Duration | None = None
    shape: float | None = Field(default=None, gt=0.1, le=200)
    low: Duration | None = None
    mode: Duration | None = None
    high: Duration | None = None
    share: Share | None = None
    parts: list[Service] | None = None
    phases: list[Phase] | None = Field(default=None, max_length=50)
    observed: list[Duration] | Column | None = None
    between: tuple[Duration, Duration] | None = None
    at_least: Duration | None = None
    at_most: Duration | None = None
