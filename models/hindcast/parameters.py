"""What stands for a country's hospitals in a hindcast, what is fitted, and what was announced beforehand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from models import CONFIGS
from models.figures.figures import Figure, Name, Shape, Text, must, within
from models.figures.presets import read_section

__all__ = ["CONFIG", "FITTED", "Announced", "Fitted", "Hindcast", "read_hindcast"]

CONFIG = CONFIGS / "hindcast" / "england.yaml"
Year = Annotated[str, Field(pattern=r"^\d{4}/\d{2}$")]
Factor = Annotated[Figure, AfterValidator(must("factor"))]
AShare = Annotated[Figure, AfterValidator(must("share", most=1))]


class Fitted(Shape):
    """What the training years decide; the value is where the search starts, low and high bound it."""

    stay_factor: Factor
    overnight_growth: AShare
    spread: AShare
    out_of_reach: AShare
    community_places: Factor
    community_growth: Annotated[Figure, AfterValidator(within("per year", -0.2, 0.2))]
    flex_elasticity: Annotated[Figure, AfterValidator(must("elasticity"))]


FITTED = tuple(Fitted.model_fields)  #: names of the fitted parameters, in order


class Announced(Shape):
    """A national drive that was announced before it began; its effect is what was aimed at times a stated share."""

    enabled: bool
    begins: dt.date = Field(alias="from")
    complete: dt.date = Field(alias="until")
    beds_aimed: Annotated[Figure, AfterValidator(must("beds"))]
    realised: AShare


class Hindcast(Shape):
    """Parameters of a hindcast."""

    name: Name
    title: Text
    trained_until: Year
    start: dt.date
    hospitals: Annotated[Figure, AfterValidator(must("hospitals"))]
    overnight_share: AShare
    elective_overnight_per_day: Annotated[Figure, AfterValidator(must("per day"))]
    admitted_overnight_share: AShare
    cubicles_per_attendance: Annotated[Figure, AfterValidator(must("cubicles per attendance a day"))]
    turnaround_hours: Annotated[Figure, AfterValidator(must("hours"))]
    fitted: Fitted
    prior_sd: dict[str, Annotated[float, Field(gt=0)]] = {}
    prior_log_sd: dict[str, Annotated[float, Field(gt=0)]] = {}
    announced: dict[str, Announced] = {}


def read_hindcast(source: Mapping[str, Any] | str | Path = CONFIG) -> Hindcast:
    """Read and check the parameters; raises FaultsError with every fault."""
    return read_section(Hindcast, source, "hindcast")
