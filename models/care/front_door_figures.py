"""Parameters of a hospital's front door, with their evidence: A&E, ambulances, same-day emergency care, assessment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator

from models import CONFIGS
from models.figures.figures import Figure, Hours, Profile, Shape, must
from models.figures.presets import read_section

__all__ = ["CONFIG", "CubicleTime", "FrontDoor", "Time", "read_front_door"]

CONFIG = CONFIGS / "care" / "front_door.yaml"


def _time_unit(figure: Figure) -> Figure:
    return must("hours" if figure.unit == "hours" else "minutes")(figure)


def _by_hour(profile: Profile) -> Profile:
    if len(profile.values) != 24 or profile.unit != "index" or min(profile.values) <= 0:
        raise ValueError("needs 24 values above 0 of unit 'index', from midnight on")
    return profile


Minutes = Annotated[Figure, AfterValidator(must("minutes"))]
HourFigure = Annotated[Figure, AfterValidator(must("hours"))]
TimeFigure = Annotated[Figure, AfterValidator(_time_unit)]
Days = Annotated[Figure, AfterValidator(must("days"))]
PerDay = Annotated[Figure, AfterValidator(must("per day"))]
OneShare = Annotated[Figure, AfterValidator(must("share", most=1))]
Variation = Annotated[Figure, AfterValidator(must("coefficient of variation"))]
Margin = Annotated[Figure, AfterValidator(must("square-root margin"))]
PerAttendance = Annotated[Figure, AfterValidator(must("cubicles per attendance a day"))]
Staffing = Annotated[Profile, AfterValidator(_by_hour)]


class ByClass(Shape):
    """A share of those who go home from A&E and one of those who are admitted."""

    attendance: OneShare
    emergency: OneShare


class Time(Shape):
    """A lognormal time, in minutes or in hours."""

    mean: TimeFigure
    variation: Variation

    @property
    def minutes(self) -> float:
        """Mean, in minutes."""
        return self.mean.value * (60 if self.mean.unit == "hours" else 1)


class CubicleTime(Shape):
    """Parts of the time in a cubicle, without any waiting for a cubicle or a bed; their sum is lognormal."""

    assessment: Minutes
    investigation: Minutes
    decision: Minutes
    variation: Variation

    @property
    def minutes(self) -> float:
        """Mean of the sum, in minutes."""
        return self.assessment.value + self.investigation.value + self.decision.value


class Ambulance(Shape):
    """Who comes by ambulance, the handover, and whether the ambulance goes before the waiting room."""

    share: ByClass
    handover: Time
    first: bool


class Triage(Shape):
    """Time until triaged, what triage finds, and whether the urgent go first."""

    time: Time
    urgent: ByClass
    minors: OneShare
    priority: bool


class Staffed(Shape):
    """Places in the busiest hours at the reference hospital, and how many of them are staffed by hour."""

    per_attendance: PerAttendance
    staffing: Staffing


class Cubicles(Staffed):
    """Cubicles, and the time in them by class."""

    attendance: CubicleTime
    emergency: CubicleTime


class Minors(Staffed):
    """Rooms of the minors stream, and the time in them."""

    time: Time


class LeftUnseen(Time):
    """Patience of those who leave without being seen."""

    enabled: bool


class Reattendance(Shape):
    """Those who come back to A&E within days."""

    share: OneShare
    days: Days


class SameDay(Shape):
    """Same-day emergency care."""

    enabled: bool
    share: OneShare
    open: Hours
    time: Time
    admitted: OneShare
    margin: Margin


class Assessment(Shape):
    """The acute assessment unit: stays by need, and who goes straight past it."""

    bypass: OneShare
    zero_day: Time
    one_night: Time
    longer: Time
    home: OneShare
    margin: Margin


class Standards(Shape):
    """Limits of the clocks."""

    departure: HourFigure
    bed: dict[str, HourFigure]
    handover: dict[str, Minutes]


class FrontDoor(Shape):
    """Parameters of a hospital's front door; ``configs/care/front_door.yaml`` holds the defaults."""

    conversion: OneShare
    reference_attendances: PerDay
    ambulance: Ambulance
    triage: Triage
    cubicle: Cubicles
    minors: Minors
    left_unseen: LeftUnseen
    reattendance: Reattendance
    sdec: SameDay
    assessment: Assessment
    standards: Standards


def read_front_door(source: Mapping[str, Any] | str | Path = CONFIG) -> FrontDoor:
    """Read and check the parameters of the front door; the defaults unless given.

    Raises
    ------
    FaultsError
        With every fault of shape, unit and range.
    """
    return read_section(FrontDoor, source, "front door")
