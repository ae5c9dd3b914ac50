"""Access to general practice: how demand for hospital follows the share of demand for appointments that is not met.

D13, P1: who finds no appointment comes to A&E. By how much is weakly known (Cowling and others 2013, 2014), so the
coupling is neutral unless a preset or a future sets it.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from pydantic import AfterValidator, model_validator

from models.care.shocks import Steps, Stream
from models.figures.figures import Figure, Shape, must, within

__all__ = ["GeneralPractice", "GpAccess", "gp_steps"]

MONTHS = 12

AnyShare = Annotated[Figure, AfterValidator(must("share", most=1))]
Years = Annotated[Figure, AfterValidator(must("years", most=30))]
Elasticity = Annotated[Figure, AfterValidator(within("elasticity", 0, 1))]


class GpAccess(Shape):
    """How demand follows the share of demand for general practice that is not met; neutral at elasticity 0."""

    usual_unmet: AnyShare
    elasticity: dict[Stream, Elasticity]
    unmet: dict[dt.date, float] = {}

    @model_validator(mode="after")
    def _shares(self) -> GpAccess:
        if self.usual_unmet.value <= 0:
            raise ValueError("usual_unmet must lie above 0")
        for day, share in self.unmet.items():
            if not 0 <= share <= 1:
                raise ValueError(f"unmet on {day} must be a share, from 0 to 1, not {share:g}")
        return self


def gp_steps(access: GpAccess, stream: str) -> Steps:
    """Steps of a stream as the unmet share of demand for general practice changes.

    The factor is 1 + elasticity x (unmet / usual_unmet - 1): at the usual share the elasticity is what it says, and it
    is the share of the stream that would not come if all demand were met.
    """
    figure = access.elasticity.get(stream)  # type: ignore[call-overload]
    if figure is None or figure.value == 0:
        return ()
    usual = access.usual_unmet.value
    return tuple((day, 1 + figure.value * (access.unmet[day] / usual - 1)) for day in sorted(access.unmet))


class GeneralPractice(Shape):
    """Access to general practice that gets worse, or better, than it is usually; a future may state it.

    Parameters
    ----------
    unmet : Figure
        Share of demand for appointments that is not met in the end (unit `share`).
    years : Figure
        Until then, in a straight line from the usual share (unit `years`).
    elasticity : Figure
        Relative change of A&E attendances that go home, over that of the share not met (unit `elasticity`).
    """

    unmet: AnyShare
    years: Years
    elasticity: Elasticity

    def access(self, usual: GpAccess, since: dt.date) -> GpAccess:
        """The path of a preset's own figures towards this share: monthly, each month at its middle.

        Parameters
        ----------
        usual : GpAccess
            Of the preset of demand.
        since : date
            The first of the month in which access begins to change.
        """
        before, months = usual.usual_unmet.value, round(self.years.value * MONTHS)
        change = self.unmet.value - before
        path = {_month(since, n): before + change * min(1.0, (n + 0.5) / months) for n in range(months)}
        path[_month(since, months)] = self.unmet.value
        return usual.model_copy(update={"elasticity": {"attendance": self.elasticity}, "unmet": path})


def _month(since: dt.date, later: int) -> dt.date:
    number = since.month - 1 + later
    return dt.date(since.year + number // MONTHS, number % MONTHS + 1, 1)
