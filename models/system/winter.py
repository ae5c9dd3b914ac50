"""Bad winters by name: waves of illness on top of the seasons and chance of every winter, for all arms alike.

What a wave does to each stream of demand and to beds is stated in ``configs/demand``; a preset of ``configs/winter``
says which waves come, in which winters, and how strong. Every winter of the seasons' index holds an average of what
winters bring, so a wave adds what goes beyond that.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field

from models import CONFIGS
from models.care.shocks import STREAMS, Shock, Steps, combined, shock_steps, value_on
from models.figures.figures import Figure, Name, Shape, Text, must
from models.history.data import year_after
from sim.clock import Calendar
from sim.errors import Fault, nearest

if TYPE_CHECKING:
    from models.footprint.footprint import Footprint

__all__ = ["Winter", "level_of", "waves_known", "winter_faults"]

DEMAND = CONFIGS / "demand" / "england_2018_19.yaml"
Year = Annotated[str, Field(pattern=r"^\d{4}/\d{2}$")]
APRIL = 4
STREAM_WORDS = {
    "attendance": "A&E attendances that go home",
    "zero_day": "emergencies without a night",
    "one_night": "emergencies of one night",
    "medium": "emergencies of a medium stay",
    "long": "emergencies of a long stay",
    "elective": "planned admissions",
}


class Winter(Shape):
    """Waves that come on top of an average winter.

    Parameters
    ----------
    waves : list of str
        Names of ``shocks`` of the preset of demand; they come together.
    winters : list of str
        Financial years in whose winters they come, such as 2022/23.
    size : Figure
        Factor on everything that a wave does.
    """

    name: Name
    title: Text
    waves: list[Name] = []
    winters: list[Year] = []
    size: Annotated[Figure, AfterValidator(must("factor", most=20))]

    @property
    def on(self) -> bool:
        """Whether any wave comes."""
        return bool(self.waves and self.winters and self.size.value > 0)

    @property
    def said(self) -> str:
        """Its title with the winters in which waves come, and how strong where that was changed."""
        times = "" if self.size.value == 1 else f", {self.size.value:g} times as strong"
        return f"{self.title} ({', '.join(sorted(self.winters))}{times})"

    def figures(self, followed: bool) -> Iterator[tuple[str, Figure]]:
        """What the waves rest on, each with its title; of people without a night only where they are followed."""
        yield "Bad winters: factor on all that their waves do", self.size
        for wave in (waves_known()[name] for name in self.waves):
            yield f"{wave.title}: how long it lasts", wave.length
            for stream, excess in wave.excess.items():
                if followed or stream not in ("attendance", "zero_day"):
                    yield f"{wave.title}: {STREAM_WORDS[stream]}, change at its peak", excess
            if wave.beds_closed:
                yield f"{wave.title}: beds shut at its peak", wave.beds_closed
            yield f"{wave.title}: part of it that an average winter holds already", wave.in_month_index

    def shocks(self) -> dict[str, Shock]:
        """The waves on their days and of their size, by name."""
        known = waves_known()
        return {name: self._one(known[name]) for name in self.waves} if self.on else {}

    def _one(self, shock: Shock) -> Shock:
        """One wave, on its day of the year in each of the winters."""
        day, size = shock.starts[0], self.size.value
        starts = [day.replace(year=int(year[:4]) + (day.month < APRIL)) for year in sorted(self.winters)]
        excess = {stream: _times(figure, size, 10.0) for stream, figure in shock.excess.items()}
        closed = shock.beds_closed and _times(shock.beds_closed, size, 1.0)
        return shock.model_copy(update={"enabled": True, "starts": starts, "excess": excess, "beds_closed": closed})


def _times(figure: Figure, size: float, most: float) -> Figure:
    value = min(max(figure.value * size, -1.0), most)
    return figure.model_copy(update={"value": value, "low": None, "high": None})


@cache
def waves_known() -> Mapping[str, Shock]:
    """Every wave of the preset of demand, by name."""
    from models.care.demand import load_demand

    return load_demand(DEMAND).shocks


def winter_faults(winter: Winter, footprint: Footprint, end: dt.date) -> list[Fault]:
    """Waves that are not known, and winters in which none can come.

    Parameters
    ----------
    end : date
        The day after the last of the run.
    """
    if not winter.waves:
        rule = "no wave comes in this preset, so it changes nothing; choose one that has waves, such as winter=bad."
        set_ = {"winters": winter.winters, "size.value": winter.size.value != 1 and winter.size.value}
        return [Fault(key, value, rule) for key, value in set_.items() if value]
    faults = [
        Fault("waves", name, f"no such wave; there are: {', '.join(waves_known())}.", "", nearest(name, waves_known()))
        for name in winter.waves
        if name not in waves_known()
    ]
    checked = year_after(footprint.baseline_year)  # its first quarters are the test of the baseline
    early = f", such as winter.winters=[{year_after(checked)}]"
    for year in winter.winters:
        if year != Calendar.april_year(dt.date(int(year[:4]), APRIL, 1)):
            faults.append(Fault("winters", year, "a financial year is written like 2022/23."))
        elif year <= checked:
            faults.append(Fault("winters", year, f"the baseline is checked until {checked}; name a later winter."))
        elif dt.date(int(year[:4]), 12, 1) >= end:
            faults.append(Fault("winters", year, f"the run ends before it, on {end}; name others{early}."))
    twice = sorted({year for year in winter.winters if winter.winters.count(year) > 1})
    faults += [Fault("winters", year, "this winter is named twice.") for year in twice]
    if not winter.winters:
        faults.append(Fault("winters", None, "name the winters in which the waves come, such as [2022/23]."))
    return faults


def level_of(shocks: Iterable[Shock], weights: Mapping[str, float]) -> Steps:
    """Steps of the arrivals of a source that holds several streams.

    Parameters
    ----------
    shocks : iterable of Shock
    weights : mapping
        Weight of each stream, for example the bed-days it asks for; streams that shocks do not know stay as they are.
    """
    shocks = list(shocks)
    each = {stream: shock_steps(shocks, stream) for stream in weights if stream in STREAMS}
    return combined(tuple(_mean_of(each, weights)))


def _mean_of(each: Mapping[str, Steps], weights: Mapping[str, float]) -> Iterator[tuple[dt.date, float]]:
    whole = sum(weights.values())
    for day in sorted({day for steps in each.values() for day, _ in steps}):
        beyond = sum(weights[stream] * (value_on(steps, day) - 1) for stream, steps in each.items())
        yield day, 1 + beyond / whole
