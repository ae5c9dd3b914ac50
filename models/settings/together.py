"""Rules of a configuration that need several of its sections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from models.finance.choice import opening_faults
from models.footprint.footprint import Footprint, inside_beds
from models.plans import Timeline
from models.settings.fit import Fit
from models.settings.future import Future
from sim.errors import Fault, nearest

__all__ = ["named_apart", "together"]


def named_apart(names: Sequence[str], timelines: Sequence[Timeline | None]) -> list[Fault]:
    """Faults of timelines that are no longer what their names say.

    Parameters
    ----------
    names : sequence of str
        As asked for, in the order of the timelines.
    timelines : sequence of Timeline
        None for one that does not read.
    """
    faults = [
        Fault("timeline.name", timeline.name, f"the timeline '{name}' cannot be given another name.", "command line")
        for name, timeline in zip(names, timelines, strict=True)
        if timeline and timeline.name != name
    ]
    years = [timeline.years for timeline in timelines if timeline]
    if len(set(years)) < len(years):
        rule = f"would be the same on all timelines ({', '.join(names)}); set it with one timeline."
        faults.append(Fault("timeline.years", years[0], rule, "command line"))
    return faults


def together(
    parts: Mapping[str, Any], footprint: Footprint | None, timelines: Sequence[Timeline | None], detail: str
) -> list[Fault]:
    """Faults that only show where several sections are laid side by side.

    Parameters
    ----------
    parts : mapping
        Sections by name; None for one that does not read.
    footprint : Footprint, optional
    timelines : sequence of Timeline
    detail : str
        How much of the care system is simulated.
    """
    faults = []
    future, criteria = parts["future"], parts["criteria"]
    if footprint and future and not future.named_in(footprint):
        known = list(footprint.demand.growth)
        faults.append(
            Fault(
                "future.growth",
                future.growth,
                f"the footprint has: {', '.join(known)}.",
                "",
                nearest(future.growth, known),
            )
        )
    if future and future.general_practice and detail != "full":
        rule = "future.general_practice is about A&E, where nobody is followed in this detail; choose detail=full."
        faults.append(Fault("detail", detail, rule, "", "full"))
    if footprint and parts["fit"] and future:
        faults += _overlap(footprint, parts["fit"], future)
    if footprint and parts["finance"] and parts["plan"]:
        faults += opening_faults(parts["finance"], footprint.start, parts["plan"].starts)
    if criteria:
        for timeline in timelines:
            if timeline and timeline.years > criteria.longest_timeline_years:
                rule = f"longer than criteria.longest_timeline_years ({criteria.longest_timeline_years})."
                faults.append(Fault("timeline.years", timeline.years, rule))
    return faults


def _overlap(footprint: Footprint, fit: Fit, future: Future) -> list[Fault]:
    """More community beds inside the counted hospital beds than there are."""
    from models.system.details import places_before

    faults, places = [], places_before(footprint, fit, future)
    for site, within in inside_beds(footprint).items():
        have_there = places[site, footprint.community_overlap.pathway]
        if within > have_there:
            rule = f"puts {within} community beds inside the beds of {site}, which has {have_there} of them."
            faults.append(Fault("footprint.community_overlap.beds", None, rule))
    return faults
