"""The shape of a hybrid file: a network, stocks beside it, and what passes between the two."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from sim.network.fields import one_or_many
from sim.reading.shape import Shape

__all__ = ["MEANS", "Drive", "Feed", "HybridFile"]

Names = Annotated[list[str], BeforeValidator(one_or_many)]

#: counts of an interval, given as a rate
COUNTS = (
    *("arrived", "returned", "transferred_in", "started", "served", "transferred_out", "left", "lost", "delayed"),
    *("waited", "diverted", "reneged", "died", "preempted", "overflowed"),
)
#: means over an interval: entities in a state, places, and the share of places in use
STATES_SEEN = ("waiting", "in_service", "blocked", "in_transition", "awaited", "present")
PLACES_SEEN = ("open", "occupied")
MEANS = (*STATES_SEEN, *PLACES_SEEN, "occupancy")


class Feed(Shape):
    """What the network tells the stocks: an integral over the interval that has passed, never a look at one instant."""

    input: str
    """Input of the stocks that it gives, or one of its elements: admissions, delayed[north]."""
    observes: str
    """A count (started, left, ...), given per unit of time, or a mean (in_service, blocked, occupancy, ...)."""
    station: Names
    """Station, or several that are taken together."""
    cls: Names | None = Field(default=None, alias="class")
    """Classes that count; all unless given."""
    unsmoothed_in_lookups: bool = False
    """Whether it may enter a lookup without a smooth or delay between; noise then biases what the lookup gives."""


class Drive(Shape):
    """What the stocks set in the network, from one exchange to the next."""

    variable: str
    """Variable of the stocks, or one of its elements: staffed_beds, beds[north]."""
    sets: Literal["places", "stay_multiplier", "share", "arrivals", "arrivals_factor", "entities"]
    """Places of a station or pool; a factor on stays; a route's share; a source's arrivals, as a mean rate or as a
    factor on its own; or whole entities, which leave a stock and come by a driven source."""
    station: str | None = None
    """Station (of a factor on stays, of a route) or station or shared pool (of places)."""
    cls: Names | None = Field(default=None, alias="class")
    """Classes whose stays are multiplied; all unless given."""
    rule: int = Field(default=0, ge=0)
    """Which of the station's route rules, counted from 0."""
    to: str | None = None
    """Destination whose share is set; the others share the rest in their own proportion."""
    source: str | None = None
    """Source whose arrivals are set."""
    rounding: Literal["nearest", "down", "carry"] = "nearest"
    """How places become whole: to the nearest, down, or with the rest carried to the next exchange, which makes them
    alternate. Entities are always carried."""


class HybridFile(Shape):
    """A network and stocks on one clock."""

    name: str = Field(min_length=1)
    """What it is called in output."""
    about: str = ""
    """The question it answers, and what is assumed."""
    stocks: str | dict[str, Any]
    """Path of a stock-flow file, or its contents; its step is the interval of exchange."""
    network: str | dict[str, Any]
    """Path of a network file, or its contents; its horizon is the end of the run."""
    entity: str = "person"
    """Unit of the stocks in which entities of the network are counted."""
    place: str = "place"
    """Unit of the stocks in which places are counted."""
    feeds: list[Feed] = []
    """What the network tells the stocks."""
    drives: list[Drive] = []
    """What the stocks set in the network."""
    headline: list[str] = []
    """Variables of the stocks whose means are the answer; stocks and inputs unless given."""
