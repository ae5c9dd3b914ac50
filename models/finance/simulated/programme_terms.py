"""What a savings programme is, and how wrong plans usually are: parts of the section ``money``."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import AfterValidator

from models.figures.figures import Name, Shape, Text
from models.finance.rules.settings import PoundsYear

__all__ = ["Bias", "Saving"]


def _first(day: dt.date) -> dt.date:
    if day.day != 1:
        raise ValueError(f"must be the first day of a month, not {day.isoformat()}")
    return day


class Saving(Shape):
    """A savings programme of one organisation, in what is not simulated: wards and places have their own costs.

    `target` is planned for a full year, from `starts` on along a ramp. With `usual` it is done in business as usual as
    well; otherwise it belongs to the plan. What comes of it is in ``rules.efficiency``.
    """

    title: Text
    organisation: Name
    target: PoundsYear
    starts: Annotated[dt.date, AfterValidator(_first)]
    usual: bool = False


class Bias(Shape):
    """By how much plans are wrong.

    `capital`: ``none`` takes a move's capital as planned, ``stated`` adds ``rules.efficiency.optimism_capital``,
    ``drawn`` a share between ``optimism_least`` and that, anew in every replication. `savings`: what comes of a target
    is ``rules.efficiency.realisation``, or drawn from its range.
    """

    capital: Literal["none", "stated", "drawn"]
    savings: Literal["stated", "drawn"]
