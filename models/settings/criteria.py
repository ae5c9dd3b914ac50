"""What a plan is judged by, and over which years."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from models.figures.figures import Figure, Shape, must
from models.plans import Plan, months_after
from models.verdict.realism import Realism

__all__ = ["Criteria", "end_of_run"]

Fraction = Annotated[float, Field(ge=0, le=1)]
Months = Annotated[Figure, AfterValidator(must("months", most=120))]
AShare = Annotated[Figure, AfterValidator(must("share", most=1))]


class Criteria(Shape):
    """Thresholds of the verdict; ours unless a source is given (K0 to K12 are named in the documentation)."""

    credible_from: Fraction
    not_credible_below: Fraction
    delivered_share: AShare
    delivered_within_months: Months
    access_share: AShare
    delayed_share: AShare
    occupancy_year: AShare
    occupancy_winter: AShare
    four_hour_share: AShare
    four_hour_per_occupancy: Figure
    margin_share: AShare
    staffed_share: AShare
    realism: Realism | None = None  # without it K9 is not assessed
    window_years_after: int = Field(ge=0, le=20)
    longest_timeline_years: int = Field(ge=1, le=30)

    @model_validator(mode="after")
    def _in_order(self) -> Criteria:
        if self.credible_from <= self.not_credible_below:
            raise ValueError("credible_from must lie above not_credible_below")
        if 12 * self.window_years_after < self.delivered_within_months.value:
            raise ValueError(
                f"window_years_after ({self.window_years_after}) must hold delivered_within_months "
                f"({self.delivered_within_months.value:g}), or the last closures could never count as delivered"
            )
        return self


def end_of_run(criteria: Criteria, plan: Plan) -> dt.date:
    """The day after the last of what is judged, the same for every timeline: years after the longest one."""
    return months_after(plan.starts, 12 * (criteria.longest_timeline_years + criteria.window_years_after))
