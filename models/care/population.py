"""People by locality and age band, how they grow, and what their growth means for each need of hospital.

Demand grows for four reasons that are kept apart: people grow in number and age (demography); people of one age come
more often (the rest of volume); those who come need more (acuity); and hospitals keep them shorter (practice). The
first two are growth of volume, the last two of need per stay. Growth of one need is never applied to another: stays
without a night grew fastest by far, and no overnight bed sees them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
from pydantic import AfterValidator, Field, model_validator

from models.figures.figures import Figure, Name, Shape, Shares, Text, must, within
from models.figures.presets import read_section
from sim.errors import Fault, FaultsError

__all__ = ["BANDS", "KINDS", "NEEDS", "OVERNIGHT", "Growth", "GrowthFigures", "Population"]
__all__ += ["age_shares", "demographic_growth", "event_index", "growth", "load_population", "local_index"]
__all__ += ["overnight_bed_day_growth", "people"]

BANDS = ("0_17", "18_64", "65_74", "75_84", "85_plus")
NEEDS = ("zero_day", "one_night", "medium", "long")  #: of emergency admissions, by the nights that they need
OVERNIGHT = NEEDS[1:]
KINDS = ("attendance", *NEEDS, "elective")  #: everything that is counted by age

Band = Literal["0_17", "18_64", "65_74", "75_84", "85_plus"]
Kind = Literal["attendance", "zero_day", "one_night", "medium", "long", "elective"]
Overnight = Literal["one_night", "medium", "long"]
End = Literal["value", "low", "high"]

People = Annotated[Figure, AfterValidator(must("people"))]
PerYear = Annotated[Figure, AfterValidator(within("per year", -0.5, 0.5))]
Ratio = Annotated[Figure, AfterValidator(must("ratio to 18_64"))]


def _all(wanted: tuple[str, ...]) -> Any:
    def check(found: dict[str, Any]) -> dict[str, Any]:
        lacking = [name for name in wanted if name not in found]
        if lacking:
            raise ValueError(f"lacks {', '.join(lacking)}; every one of {', '.join(wanted)} is needed")
        return found

    return AfterValidator(check)


def _ages(shares: Shares) -> Shares:
    if set(shares.shares) != set(BANDS):
        raise ValueError(f"needs a share for each of {', '.join(BANDS)}, and for no other")
    return shares


Ages = Annotated[Shares, AfterValidator(_ages)]
ByBand = Annotated[dict[Band, PerYear], _all(BANDS)]


class Locality(Shape):
    """People of one place, with their ages."""

    title: Text
    people: People
    age: Ages


class Window(Shape):
    """Growth of each band from one mid-year to another."""

    since: int = Field(alias="from")
    to: int
    bands: ByBand


class Population(Shape):
    """Localities, growth of the age bands, and events per head by age band."""

    name: Name
    title: Text
    question: Text
    base_year: int
    standard: Ages
    localities: Annotated[dict[Name, Locality], Field(min_length=1)]
    growth: Annotated[list[Window], Field(min_length=1)]
    relative_rates: Annotated[dict[Kind, Annotated[dict[Band, Ratio], _all(BANDS)]], _all(KINDS)]

    @model_validator(mode="after")
    def _windows_join(self) -> Population:
        for before, after in zip(self.growth, self.growth[1:], strict=False):
            if before.to != after.since:
                raise ValueError(f"growth: a window ends in {before.to} and the next begins in {after.since}")
        for window in self.growth:
            if window.to <= window.since:
                raise ValueError(f"growth: a window from {window.since} must end later than {window.to}")
        if self.base_year < self.growth[0].since:
            raise ValueError(f"base_year ({self.base_year}) lies before the first window of growth")
        return self


def load_population(source: str | Path | Mapping[str, Any]) -> Population:
    """Read and check a population, from a YAML file or a mapping.

    Raises
    ------
    FaultsError
        With every fault at once.
    """
    return read_section(Population, source, "population")


# -- people -----------------------------------------------------------------------------------------------------------


def people(population: Population, year: float, end: End = "value") -> pd.DataFrame:
    """People by locality (rows) and age band (columns) at mid-year.

    Parameters
    ----------
    population : Population
    year : float
        Not before the first window of growth; the last window goes on after its end.
    end : {"value", "low", "high"}
        Which end of the ranges of growth is taken.

    Raises
    ------
    FaultsError
        When no growth is known for the year.
    """
    first = population.growth[0].since
    if year < first:
        rule = f"no growth is known before {first}; give a window that begins earlier."
        raise FaultsError([Fault("year", year, rule, nearest=str(first))], "population")
    factor = _factor(population, year, end) / _factor(population, population.base_year, end)
    rows = {
        name: place.people.value * np.array([place.age.shares[b] for b in BANDS]) * factor
        for name, place in population.localities.items()
    }
    return pd.DataFrame.from_dict(rows, orient="index", columns=list(BANDS)).rename_axis("locality")


def _factor(population: Population, year: float, end: End) -> Any:
    """Growth of each band since the first window began."""
    factor = np.ones(len(BANDS))
    for number, window in enumerate(population.growth):
        last = number == len(population.growth) - 1
        years = max(0.0, (year if last else min(year, window.to)) - window.since)
        factor *= [(1 + _end(window.bands[b], end)) ** years for b in BANDS]  # type: ignore[index]
    return factor


def _end(figure: Figure, end: End) -> float:
    return figure.value if end == "value" else figure.range[end == "high"]


def _rates(population: Population, kind: str) -> Any:
    if kind not in KINDS:
        raise FaultsError([Fault("kind", kind, f"must be one of: {', '.join(KINDS)}.")], "population")
    return np.array([population.relative_rates[kind][b].value for b in BANDS])  # type: ignore[index]


def age_shares(population: Population, kind: str, year: float, locality: str | None = None) -> dict[str, float]:
    """Share of each age band among those who come for one kind of care, as a source's attribute ``age`` takes it."""
    table = people(population, year)
    ages = table.sum().to_numpy() if locality is None else table.loc[locality].to_numpy()
    events = ages * _rates(population, kind)
    return dict(zip(BANDS, (events / events.sum()).tolist(), strict=True))


def local_index(population: Population, kind: str, locality: str) -> float:
    """How many times as often as people of England's ages the people of a locality come, for their ages alone."""
    rates, local = _rates(population, kind), population.localities[locality].age.shares
    return float(
        np.dot([local[b] for b in BANDS], rates) / np.dot([population.standard.shares[b] for b in BANDS], rates)
    )


def event_index(
    population: Population,
    kind: str,
    start: float,
    end: float,
    bands: tuple[str, ...] = BANDS,
    of_range: End = "value",
) -> float:
    """Events of one kind in a year against those of an earlier year, people of every age coming as often as before.

    Parameters
    ----------
    population : Population
    kind : str
        One of ``KINDS``.
    start, end : float
        Years (mid-year).
    bands : tuple of str
        The age bands that are counted; all unless given.
    of_range : {"value", "low", "high"}
        Which end of the ranges of the bands' growth is taken.
    """
    chosen = np.array([b in bands for b in BANDS])
    rates = _rates(population, kind) * chosen
    before, after = (people(population, year, of_range).sum().to_numpy() for year in (start, end))
    return float((after * rates).sum() / (before * rates).sum())


def demographic_growth(
    population: Population, start: float, end: float, bands: tuple[str, ...] = BANDS, of_range: End = "value"
) -> dict[str, float]:
    """Growth a year (compound) of each kind of event that the number and the ages of people bring about."""
    return {k: event_index(population, k, start, end, bands, of_range) ** (1 / (end - start)) - 1 for k in KINDS}


# -- growth of demand -------------------------------------------------------------------------------------------------


class GrowthFigures(Shape):
    """What grows beside the population, by need; every figure compound, per year."""

    demographic: bool = True
    non_demographic: Annotated[dict[Kind, PerYear], _all(KINDS)]
    acuity: Annotated[dict[Overnight, PerYear], _all(OVERNIGHT)]
    practice: Annotated[dict[Overnight, PerYear], _all(OVERNIGHT)]


@dataclass(frozen=True)
class Growth:
    """Growth a year of one need: volume and need per stay apart.

    Parameters
    ----------
    demographic, non_demographic : float
        Growth of volume.
    acuity, practice : float
        Growth of nights per stay: what people need, and how long hospitals keep those of equal need.
    """

    demographic: float = 0.0
    non_demographic: float = 0.0
    acuity: float = 0.0
    practice: float = 0.0

    @property
    def volume(self) -> float:
        """Growth of the number of stays a year."""
        return (1 + self.demographic) * (1 + self.non_demographic) - 1

    @property
    def need_per_stay(self) -> float:
        """Growth of nights per stay a year."""
        return (1 + self.acuity) * (1 + self.practice) - 1

    @property
    def bed_days(self) -> float:
        """Growth of overnight bed-days a year."""
        return (1 + self.volume) * (1 + self.need_per_stay) - 1


def growth(
    population: Population, figures: GrowthFigures, start: float, end: float, of_range: End = "value"
) -> dict[str, Growth]:
    """Growth a year of every kind of demand between two mid-years, in its four parts; `of_range` is of the people's."""
    people_grow = dict.fromkeys(KINDS, 0.0)
    if figures.demographic:
        people_grow = demographic_growth(population, start, end, of_range=of_range)
    return {
        kind: Growth(
            people_grow[kind],
            figures.non_demographic[kind].value,  # type: ignore[index]
            *(parts[kind].value if kind in OVERNIGHT else 0.0 for parts in (figures.acuity, figures.practice)),  # type: ignore[index]
        )
        for kind in KINDS
    }


def overnight_bed_day_growth(
    by_need: Mapping[str, Growth], stays: Mapping[str, float], nights: Mapping[str, float], years: float = 1.0
) -> pd.DataFrame:
    """Growth of overnight bed-days by need, and of all together.

    Parameters
    ----------
    by_need : mapping of need to Growth
        Of every overnight need; one index for all admissions is refused.
    stays : mapping
        Stays a day (or shares) of each need at the start.
    nights : mapping
        Mean nights per stay at the start.
    years : float
        Over how long; negative looks back from a mix known at the end.

    Returns
    -------
    DataFrame
        A row each for ``one_night``, ``medium``, ``long`` and ``all``: the share of bed-days at the start, and growth
        a year of volume by demography and otherwise, of need per stay, and of bed-days. In the row of all, volume is
        that of overnight stays, and the parts are those of bed-days.

    Raises
    ------
    FaultsError
        When growth is not given by need.
    """
    faults = list(_not_by_need(by_need))
    if faults:
        raise FaultsError(faults, "growth of bed-days")
    beds = np.array([stays[n] * nights[n] for n in OVERNIGHT])
    counts = np.array([stays[n] for n in OVERNIGHT], float)
    parts = ("demographic", "non_demographic", "volume", "acuity", "practice", "need_per_stay", "bed_days")
    table = pd.DataFrame([[getattr(by_need[n], p) for p in parts] for n in OVERNIGHT], list(OVERNIGHT), list(parts))

    def together(weights: Any, yearly: Any) -> float:
        return float(((weights * (1 + yearly) ** years).sum() / weights.sum()) ** (1 / years) - 1)

    whole = {p: together(beds, table[p].to_numpy()) for p in parts}
    whole["volume"] = together(counts, table["volume"].to_numpy())
    whole["need_per_stay"] = (1 + whole["bed_days"]) / (1 + whole["volume"]) - 1
    table.loc["all"] = pd.Series(whole)
    table.insert(0, "share_of_bed_days", [*(beds / beds.sum()), 1.0])
    return table.rename_axis("need")


def _not_by_need(by_need: Any) -> Iterator[Fault]:
    rule = (
        "one index of admissions says nothing about beds: most of the growth was in stays without a night. "
        f"Give the growth of each of {', '.join(OVERNIGHT)}."
    )
    if not isinstance(by_need, Mapping):
        yield Fault("growth", by_need, rule)
        return
    lacking = [n for n in OVERNIGHT if not isinstance(by_need.get(n), Growth)]
    if lacking:
        yield Fault("growth", None, f"{', '.join(lacking)} {'is' if len(lacking) == 1 else 'are'} missing: {rule}")
