"""Futures: what happens to demand, with and without a plan."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import AfterValidator

from models.care.general_practice import GeneralPractice
from models.care.shocks import Shock
from models.figures.figures import Figure, Shape, must, within
from models.footprint.footprint import Footprint, Growth
from models.system.winter import Winter

__all__ = ["Future"]

Change = Annotated[Figure, AfterValidator(within("relative change", -1, 1))]
PerThousand = Annotated[Figure, AfterValidator(must("places per 1,000 people", most=100))]


class Future(Shape):
    """What happens to demand, with and without the plan."""

    name: str
    title: str
    decides: bool
    growth: str | Growth  # of overnight bed-days: a key of the footprint's demand.growth, or a figure of its own
    admissions_effect: (
        Change  # relative change of emergency overnight admissions once the places at home are all in use
    )
    full_effect_places: PerThousand | None = None  # places at home that it takes for the whole of that effect
    attendances: Growth | None = None  # growth of A&E attendances that go home; none: as many come every year
    general_practice: GeneralPractice | None = None  # access that changes, and with it A&E attendances; none: as usual
    winter: Winter | None = None  # waves of illness on top of an average winter; none where every winter is one

    def named_in(self, footprint: Footprint) -> bool:
        """Whether the footprint holds the growth that this future names; true where it states its own."""
        return isinstance(self.growth, Figure) or self.growth in footprint.demand.growth

    def growth_of(self, footprint: Footprint) -> Figure:
        """Growth of overnight bed-days a year, with and without the plan."""
        return self.growth if isinstance(self.growth, Figure) else footprint.demand.growth[self.growth]

    def growing(self, figure: Figure) -> Future:
        """The same future with another growth."""
        return self.model_copy(update={"growth": figure})

    def of_attendances(self) -> Iterator[tuple[str, Figure]]:
        """What it says of A&E attendances that go home, each figure with its title."""
        if self.attendances is not None:
            yield "Growth of A&E attendances that go home, a year", self.attendances
        if (practice := self.general_practice) is not None:
            yield "Share of demand for GP appointments that is not met in the end", practice.unmet
            yield "Years until then", practice.years
            yield "Change of A&E attendances over change of that share", practice.elasticity

    @property
    def shocks(self) -> list[Shock]:
        """Waves that come, on their days."""
        return list(self.winter.shocks().values()) if self.winter else []

    @property
    def bad_winters(self) -> tuple[str, ...]:
        """Financial years in whose winters they come."""
        return tuple(sorted(self.winter.winters)) if self.winter else ()

    def in_winter(self, winter: Winter) -> Future:
        """The same future with these winters."""
        if not winter.on:
            return self
        return self.model_copy(update={"winter": winter, "title": f"{self.title.rstrip('.')}; {winter.said}"})

    def reach(self, planned: float, people: float) -> float:
        """Share of the effect on admissions that so many places at home can have: few places, few people kept at home.

        Parameters
        ----------
        planned : float
            Places at home that the plan opens.
        people : float
            Whose care is planned.
        """
        needed = self.full_effect_places.value * people / 1000 if self.full_effect_places else 0.0
        return min(1.0, planned / needed) if needed > 0 else 1.0
