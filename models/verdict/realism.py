"""What growth and effects have been seen, as distributions that a plan's figures can be laid beside (D2, D16).

Growth is of occupied general and acute beds, that is of overnight bed-days, never of admissions, in the 44 plan areas
of England from April to December 2018 to the same months of 2019: all the years before the pandemic that the data hold.
One year scatters more than the mean of several, which is what a plan speaks of. So each area's distance from the mean
of all is made smaller, by the part of it that more years would even out, and set around England's own mean growth over
as many years, of which more are known. Of effects the evidence is a middle figure with a range.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
from pydantic import AfterValidator, model_validator
from scipy.stats import norm

from models.areas.persistence import occupancy_by_quarter
from models.figures.figures import Figure, Shape, must, within
from models.history import england
from models.history.data import COMPLETE_FROM

__all__ = ["Realism", "effect_between", "england_growth", "growth_of_areas", "growth_seen", "percentile_of_effect"]
__all__ += ["percentile_of_growth"]

Floats = npt.NDArray[np.float64]
Tail = Annotated[Figure, AfterValidator(must("share", most=0.5))]
AShare = Annotated[Figure, AfterValidator(must("share", most=1))]
Change = Annotated[Figure, AfterValidator(within("relative change", -1, 1))]

BEFORE, AFTER, QUARTERS = "2018/19", "2019/20", [1, 2, 3]  #: the fourth quarter of 2019/20 saw the pandemic
END = 0.05  #: low and high of what is known of an effect are taken as its 5 and 95 % points


class Realism(Shape):
    """What demand that a plan takes for granted is laid beside (K9)."""

    unusual: Tail  # further out than this on either side, a figure is outside what is usual
    unseen: Tail  # further out than this, it is beyond what has been seen
    lasting: AShare  # of the variance of one year's growth between areas: what stays in the mean of many years
    emergencies: Change  # effects of programmes on emergency admissions
    stays: Change  # effects of programmes on the length of stays

    @model_validator(mode="after")
    def _in_order(self) -> Realism:
        if self.unseen.value >= self.unusual.value:
            raise ValueError("unseen must lie below unusual")
        for name in ("emergencies", "stays"):
            figure: Figure = getattr(self, name)
            if not figure.range[0] < figure.value < figure.range[1]:
                raise ValueError(f"{name}: give low and high, and a value between them")
        return self


@lru_cache(maxsize=1)
def growth_of_areas() -> dict[str, float]:
    """Growth of occupied general and acute beds in a year by plan area, April to December 2018 to 2019 (44)."""
    beds: Any = occupancy_by_quarter("area")["occupied"].unstack(["year", "quarter"])
    before, after = (beds[[(year, q) for q in QUARTERS]].sum(axis=1, skipna=False) for year in (BEFORE, AFTER))
    return {str(area): float(x) for area, x in (after / before - 1).dropna().items()}


@lru_cache(maxsize=32)
def england_growth(years: int) -> tuple[float, ...]:
    """Mean growth a year of England's occupied general and acute beds, over every span of so many years since 2011/12.

    Of the same months, April to December. Where there are fewer years than that, over all of them.
    """
    table: Any = england().frame()
    table = table[table["quarter"].isin(QUARTERS) & (table["year"] >= COMPLETE_FROM)]
    beds = table.groupby("year")["beds_occupied"].mean().to_numpy(float)
    span = min(years, len(beds) - 1)
    return tuple(float(x) for x in (beds[span:] / beds[:-span]) ** (1 / span) - 1)


@lru_cache(maxsize=32)
def growth_seen(years: int, lasting: float) -> Floats:
    """Mean growth a year over so many years that areas may have, in order.

    Every area's distance from the mean of all, made smaller as said, around each mean of England.

    Parameters
    ----------
    years : int
    lasting : float
        Share of the variance of one year's growth between areas that stays in the mean of many years; the rest evens
        out, as of years that know nothing of each other.
    """
    areas = np.array(list(growth_of_areas().values()))
    apart = (areas - areas.mean()) * np.sqrt(lasting + (1 - lasting) / years)
    return np.sort(np.add.outer(np.array(england_growth(years)), apart).ravel())


def percentile_of_growth(seen: Floats, growth: float) -> float:
    """Share of what was seen that lies below, 0 to 1; the inverse of a quantile of the figures in order."""
    return float(np.interp(growth, seen, np.linspace(0, 1, len(seen))))


def percentile_of_effect(known: Figure, effect: float) -> float:
    """Share of what is known of an effect that lies below, 0 to 1.

    Its value is taken as the middle, low and high as the 5 and 95 % points, with half a normal curve on each side.
    """
    end = known.range[0] if effect < known.value else known.range[1]
    return float(norm.cdf(-norm.ppf(END) * (effect - known.value) / abs(end - known.value)))


def effect_between(known: Figure, tail: float) -> tuple[float, float]:
    """What is known of an effect but for this much on either side: the inverse of :func:`percentile_of_effect`."""
    wider = float(norm.ppf(tail) / norm.ppf(END))
    low, high = (known.value + wider * (end - known.value) for end in known.range)
    return low, high
