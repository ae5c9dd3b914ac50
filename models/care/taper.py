"""Amounts of a shared pool that a stay holds and that fall in steps: visits, hours of care."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
from pydantic import Field, model_validator

from models.figures.figures import Shape, Sourced, Text
from sim.clock import DAY
from sim.network.schema import Service
from sim.services import quantile, resolve

__all__ = ["Taper", "TaperStep", "held_days"]

_GRID = (np.arange(2000) + 0.5) / 2000  #: shares at which a stay is looked at to follow amounts that fall


class TaperStep(Shape):
    """Amount held from a day of the stay on."""

    after_days: float = Field(ge=0)
    amount: int = Field(ge=0)


class Taper(Sourced):
    """Amount of a shared pool that a stay holds, falling in steps; the unit says of what."""

    unit: Text
    steps: Annotated[list[TaperStep], Field(min_length=1)]

    @model_validator(mode="after")
    def _falling(self) -> Taper:
        days, amounts = [s.after_days for s in self.steps], [s.amount for s in self.steps]
        if days[0] != 0 or any(b <= a for a, b in zip(days, days[1:], strict=False)):
            raise ValueError("steps begin after 0 days and come one after another")
        if any(b > a for a, b in zip(amounts, amounts[1:], strict=False)):
            raise ValueError("amounts fall from step to step; they never rise")
        return self

    def as_held(self) -> list[dict[str, Any]]:
        """Return the steps in the words of a network file."""
        return [{"after": f"{s.after_days!r} d", "amount": s.amount} for s in self.steps]


def held_days(stay: Mapping[str, Any], steps: list[dict[str, Any]]) -> float:
    """Mean amount × days that one stay holds of a pool.

    Parameters
    ----------
    stay : dict
        Distribution, as a network file writes it.
    steps : list of dict
        `after` in days (text with unit ``d``) and `amount`.
    """
    x = quantile(resolve(Service.model_validate(dict(stay))), _GRID) / DAY
    after = np.array([*(float(str(s["after"]).split()[0]) for s in steps), math.inf])
    amount = np.array([s["amount"] for s in steps], float)
    return float((np.clip(x[:, None], after[:-1], after[1:]) - after[:-1]).mean(axis=0) @ amount)
