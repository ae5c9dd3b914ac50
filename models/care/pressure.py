"""How stays and readmission answer the pressure on a hospital: named mechanisms, each with a switch and a grade.

Pressure is people in beds and people waiting for one, over beds open; the stocks follow it with a delay and set a
factor on stays that begin: a bed-limited response, as beds in use of English trusts show; speed-up below and slow-down
above a turning point (Berry Jaeker and Tucker); returns after early discharge (Blom).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator

from models.care.stock_part import StockPart, parameter, stocks_together
from models.figures.figures import Figure, Shape, Text, must
from models.figures.presets import read_section

__all__ = [
    "ANSWERS",
    "BedLimited",
    "EarlyDischarge",
    "Grade",
    "Mechanism",
    "Pressure",
    "SpeedUp",
    "Switchable",
    "Watched",
    "april_quarters",
]
__all__ += ["by_quarter", "day_of_four_years", "pressure", "read_pressure", "watched_inputs"]

#: variables by which stays are longer or shorter in answer to pressure, as far as they are there
ANSWERS = ("bed_limited_response", "speed_up_response")

Days = Annotated[Figure, AfterValidator(must("days"))]
StayShare = Annotated[Figure, AfterValidator(must("share of usual stay"))]
Grade = Literal["A", "B", "C", "D"]


class Mechanism(Shape):
    """A feedback that can be switched off, with the grade of its evidence and why it is here."""

    enabled: bool
    grade: Grade
    why: Text


class Switchable(Shape):
    """A section whose parts can be switched off."""

    def switched(self, **on: bool) -> Self:
        """Return the same with parts switched on or off by name."""
        changed = {name: getattr(self, name).model_copy(update={"enabled": value}) for name, value in on.items()}
        return self.model_copy(update=changed)


class BedLimited(Mechanism):
    """Stays follow pressure, so that beds in use follow beds open."""

    elasticity: Annotated[Figure, AfterValidator(must("elasticity"))]
    adjusting_days: Days
    shortest: StayShare
    longest: StayShare


class SpeedUp(Mechanism):
    """Stays shorten as wards fill, and lengthen when staff are overwhelmed."""

    from_occupancy: Annotated[Figure, AfterValidator(must("share", most=1))]
    turns_at: Annotated[Figure, AfterValidator(must("share", most=1))]
    shortening_per_point: Annotated[Figure, AfterValidator(must("share of stay per point"))]
    lengthening_per_point: Annotated[Figure, AfterValidator(must("share of stay per point"))]
    noticing_days: Days


class EarlyDischarge(Mechanism):
    """People who leave a full hospital come back more often."""

    usual_readmission: Annotated[Figure, AfterValidator(must("share", most=1))]
    odds_from_95: Annotated[Figure, AfterValidator(must("odds ratio"))]
    odds_from_100: Annotated[Figure, AfterValidator(must("odds ratio"))]
    days_until_return: Days
    noticing_days: Days


class Pressure(Switchable):
    """All answers to pressure."""

    name: Text
    bed_limited_response: BedLimited
    speed_up: SpeedUp
    early_discharge: EarlyDischarge

    @property
    def any(self) -> bool:
        """Whether any of them is on."""
        return any(m.enabled for m in (self.bed_limited_response, self.speed_up, self.early_discharge))


@dataclass(frozen=True)
class Watched:
    """A hospital whose stays answer.

    Parameters
    ----------
    station : str or sequence of str
        Its beds, in one station or several.
    usual : float
        Pressure at which stays are as usual: people in beds and waiting, over beds open.
    season : tuple of 4 floats
        Factor on stays by April quarter.
    classes : tuple of str
        Whose discharges count as early when the hospital is full.
    returns_by : str, optional
        Driven source by which the excess of readmissions comes.
    """

    station: str | Sequence[str]
    usual: float
    season: tuple[float, ...] = (1.0, 1.0, 1.0, 1.0)
    classes: tuple[str, ...] = ("emergency",)
    returns_by: str | None = None


def read_pressure(data: Any) -> Pressure:
    """Read and check the mechanisms; raises FaultsError with every fault."""
    return read_section(Pressure, data, "configs/feedback")


def pressure(hospitals: Mapping[str, Watched], care: Pressure, *, start_day: int) -> StockPart:
    """Return the stocks that set a factor on stays of every hospital, with what they are told and what they set.

    Parameters
    ----------
    start_day : int
        As for :func:`april_quarters`.
    """
    part = _common(hospitals, start_day)
    factors = ["season_now", "plan_stay"]
    if care.bed_limited_response.enabled:
        factors.append(_bed_limited(part, care.bed_limited_response))
    if care.speed_up.enabled:
        factors.append(_speed_up(part, care.speed_up))
    part.auxiliaries["stay_factor[site]"] = " * ".join(factors)
    if care.early_discharge.enabled:
        _early_discharge(part, care.early_discharge, hospitals)
    return part


def watched_inputs(stations: Mapping[str, str | Sequence[str]], usual: Mapping[str, float]) -> StockPart:
    """What every mechanism may know of hospitals: people in beds, people waiting for one, beds open, and pressure.

    Mechanisms that share these definitions can be put together (:func:`models.care.stock_part.stocks_together`).

    Parameters
    ----------
    stations : mapping
        By site the station of its beds, or several that are taken together.
    usual : mapping
        By site the usual pressure: people in beds and waiting, over beds open.
    """
    part = StockPart(
        units=["person", "place"],
        dimensions={"site": list(stations)},
        parameters={
            "usual_pressure[site]": {"value": dict(usual), "unit": "person/place"},
            "one_place": {"value": 1, "unit": "place"},
        },
        inputs={
            "in_beds[site]": {"value": {s: 0.0 for s in stations}, "unit": "person", "about": "people in beds"},
            "awaiting_bed[site]": {"value": {s: 0.0 for s in stations}, "unit": "person"},
            "beds_open[site]": {"value": {s: 1.0 for s in stations}, "unit": "place"},
        },
        auxiliaries={
            "pressure_now[site]": "(in_beds + awaiting_bed) / MAX(beds_open, one_place)",
            "pressure_over_usual[site]": "pressure_now / usual_pressure",
        },
    )
    for site, given in stations.items():
        several = [given] if isinstance(given, str) else list(given)
        station = several[0] if len(several) == 1 else several
        for name, observes in (("in_beds", "present"), ("awaiting_bed", "waiting"), ("beds_open", "open")):
            part.feeds.append({"input": f"{name}[{site}]", "observes": observes, "station": station})
    return part


def day_of_four_years(start: dt.date) -> int:
    """Days to a date from the 1 April before it in a year divisible by four."""
    year = start.year if start.month >= 4 else start.year - 1  # noqa: PLR2004 - April
    return (start - dt.date(year - year % 4, 4, 1)).days


def april_quarters(start_day: int) -> StockPart:
    """Day of the April year, and where its quarters end, by the calendar (exact from 1901 to 2099).

    April years come in fours, of which the last has a 29 February; it lies behind every quarter's beginning.

    Parameters
    ----------
    start_day : int
        Of the run, from :func:`day_of_four_years`.
    """
    return StockPart(
        parameters={
            "first_quarter_ends": {"value": 91, "unit": "day"},
            "second_quarter_ends": {"value": 183, "unit": "day"},
            "third_quarter_ends": {"value": 275, "unit": "day"},
            "common_year": {"value": 365, "unit": "day"},
            "four_years": {"value": 1461, "unit": "day"},
            "start_day": {"value": start_day, "unit": "day"},
        },
        auxiliaries={
            "day_of_four_years": "MODULO(TIME + start_day, four_years)",
            "day_of_year": "day_of_four_years - common_year * MIN(3, INTEGER(day_of_four_years / common_year))",
        },
    )


def by_quarter(name: str) -> str:
    """Equation of what depends on the April quarter: one of ``<name>_q1`` to ``<name>_q4``."""
    return (
        f"IF(day_of_year < first_quarter_ends, {name}_q1, IF(day_of_year < second_quarter_ends, "
        f"{name}_q2, IF(day_of_year < third_quarter_ends, {name}_q3, {name}_q4)))"
    )


def _common(hospitals: Mapping[str, Watched], start_day: int) -> StockPart:
    season = [{s: h.season[q] for s, h in hospitals.items()} for q in range(4)]
    seasons = {f"season_q{q + 1}[site]": {"value": season[q], "unit": "dimensionless"} for q in range(4)}
    factors = StockPart(
        parameters={
            "plan_stay[site]": {
                "value": dict.fromkeys(hospitals, 1.0),
                "unit": "dimensionless",
                "range": [0, 10],
                "about": "factor on stays that a plan brings",
            },
        },
        auxiliaries={"season_now[site]": by_quarter("season")},
    )
    watched = watched_inputs(
        {s: h.station for s, h in hospitals.items()}, usual={s: h.usual for s, h in hospitals.items()}
    )
    part = stocks_together([StockPart(parameters=seasons), april_quarters(start_day), factors, watched])
    for site, hospital in hospitals.items():
        stations = [hospital.station] if isinstance(hospital.station, str) else hospital.station
        sets = {"variable": f"stay_factor[{site}]", "sets": "stay_multiplier"}
        part.drives.extend({**sets, "station": station} for station in stations)
    return part


def _bed_limited(part: StockPart, care: BedLimited) -> str:
    part.parameters.update(
        {
            "response_elasticity": parameter(care.elasticity, "dimensionless"),
            "adjusting_time": parameter(care.adjusting_days, "day"),
            "shortest_stay": parameter(care.shortest, "dimensionless"),
            "longest_stay": parameter(care.longest, "dimensionless"),
        }
    )
    part.auxiliaries.update(
        {
            "pressure_felt[site]": "SMOOTH1(pressure_now, adjusting_time, usual_pressure)",
            "bed_limited_response[site]": "MIN(longest_stay, MAX(shortest_stay, "
            "(pressure_felt / usual_pressure) ^ (-response_elasticity)))",
        }
    )
    return "bed_limited_response"


def _speed_up(part: StockPart, care: SpeedUp) -> str:
    part.parameters.update(
        {
            "speed_up_from": parameter(care.from_occupancy, "person/place"),
            "speed_up_turns_at": parameter(care.turns_at, "person/place"),
            "shortening": parameter(care.shortening_per_point, "dimensionless"),
            "lengthening": parameter(care.lengthening_per_point, "dimensionless"),
            "one_point": {"value": 0.01, "unit": "person/place"},
            "noticing_time": parameter(care.noticing_days, "day"),
        }
    )
    part.auxiliaries.update(
        {
            "pressure_noticed[site]": "SMOOTH1(pressure_now, noticing_time, usual_pressure)",
            "speed_up_at[site]": _hurried("pressure_noticed"),
            "speed_up_usually[site]": {
                "equation": _hurried("usual_pressure"),
                "about": "Usual stays already hold the answer to usual pressure.",
            },
            "speed_up_response[site]": "speed_up_at / speed_up_usually",
        }
    )
    return "speed_up_response"


def _hurried(felt: str) -> str:
    """Factor on stays at a pressure: falling from one knot, rising from the other."""
    return (
        f"1 - shortening * MAX(0, MIN({felt}, speed_up_turns_at) - speed_up_from) / one_point"
        f" + lengthening * MAX(0, {felt} - speed_up_turns_at) / one_point"
    )


def _early_discharge(part: StockPart, care: EarlyDischarge, hospitals: Mapping[str, Watched]) -> None:
    part.parameters.update(
        {
            "usual_readmission": parameter(care.usual_readmission, "dimensionless"),
            "odds_from_95": parameter(care.odds_from_95, "dimensionless"),
            "odds_from_100": parameter(care.odds_from_100, "dimensionless"),
            "time_until_return": parameter(care.days_until_return, "day"),
            "fullness_noticing_time": parameter(care.noticing_days, "day"),
            "full_from": {"value": 0.95, "unit": "person/place"},
            "overfull_from": {"value": 1.0, "unit": "person/place"},
            "usual_odds": {"value": 1, "unit": "dimensionless"},
        }
    )
    part.inputs["going_home[site]"] = {"value": {s: 0.0 for s in hospitals}, "unit": "person/day"}
    part.stocks["early_home[site]"] = {
        "initial": 0,
        "unit": "person",
        "inflows": "leaving_early",
        "outflows": "coming_back",
        "about": "People at home who would not come back, had the hospital been less full.",
    }
    part.auxiliaries.update(
        {
            "fullness[site]": "SMOOTH1(pressure_now, fullness_noticing_time, usual_pressure)",
            "odds_now[site]": "IF(fullness >= overfull_from, odds_from_100, "
            "IF(fullness >= full_from, odds_from_95, usual_odds))",
            "readmission_odds[site]": "odds_now * usual_readmission / (1 - usual_readmission)",
            "excess_readmission[site]": "readmission_odds / (1 + readmission_odds) - usual_readmission",
        }
    )
    part.flows.update(
        {
            "leaving_early[site]": "going_home * excess_readmission",
            "coming_back[site]": "early_home / time_until_return",
        }
    )
    for site, hospital in hospitals.items():
        classes = list(hospital.classes)
        station = hospital.station if isinstance(hospital.station, str) else list(hospital.station)
        part.feeds.append({"input": f"going_home[{site}]", "observes": "left", "station": station, "class": classes})
        if hospital.returns_by:
            part.drives.append({"variable": f"coming_back[{site}]", "sets": "entities", "source": hospital.returns_by})
