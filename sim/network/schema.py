"""The shape of a network file: what may be written, with units and ranges.

Durations are text with a unit (``4 h``, ``6.5 d``); instants are dates or durations from the start; ``inf`` means
without limit. Cross-field rules live in :mod:`sim.network.check`; what everything means, to the millisecond, is
written in ``docs/semantics.md``.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from sim.network.fields import Duration, Instant, PlacesStep, Share, Step, Weekly, Where, one_or_many
from sim.network.places import (
    Escalation,
    Escalations,
    HoldRule,
    HoldRules,
    HoldStep,
    Overflow,
    Places,
    Pool,
    Slots,
    StandDown,
    Timetable,
    Trigger,
)
from sim.network.times import Column, Phase, Service
from sim.reading.shape import Shape

__all__ = [
    "LEAVE",
    "Census",
    "Clock",
    "Column",
    "Destination",
    "Escalation",
    "Flex",
    "HoldRule",
    "HoldStep",
    "Network",
    "Noise",
    "Observe",
    "Overflow",
    "Patience",
    "Phase",
    "PlacesStep",
    "Pool",
    "Return",
    "RouteRule",
    "Service",
    "ServiceRule",
    "Slots",
    "Source",
    "StandDown",
    "Station",
    "Step",
    "Timetable",
    "Trigger",
    "Window",
]

LEAVE = "leave"  #: destination that means: leave the network

Window = Weekly  #: hours in which entities may depart


class ServiceRule(Shape):
    """Service for the entities that `where` names; the first rule that fits holds."""

    where: Where = {}
    """Entities that the rule is for, by class and attributes; everyone unless given."""
    use: Service | str
    """Length of stay: a distribution, or the name of one in `services`."""


class Destination(Shape):
    """Share of the entities that go to one destination, and the transition delay before they ask for a place there."""

    share: Share | list[Step] | None = None
    """Share that goes there, 0 to 1, or steps of it in time; only with `choose: shares`."""
    transition: Service | str | None = None
    """Delay between the end of the stay and asking for a place there, spent in the old place; none unless given."""


def _destinations(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: v if isinstance(v, (dict, Destination)) else {"share": v} for k, v in value.items()}
    if isinstance(value, list) and all(isinstance(v, str) for v in value):
        return {v: {} for v in value}
    return value


_ToAsWritten = dict[str, Share | list[Step] | Destination] | list[str]


class RouteRule(Shape):
    """Where the entities that `where` names go next; ``leave`` is the way out.

    With ``choose: shares`` the shares sum to one. Otherwise the destination is chosen by its state at the end of the
    stay: the ``shortest`` queue, the ``first_free`` in the order given, or the ``least_loaded`` for its places.
    """

    where: Where = {}
    """Entities that the rule is for, by class and attributes; everyone unless given."""
    to: Annotated[dict[str, Destination], BeforeValidator(_destinations, json_schema_input_type=_ToAsWritten)]
    """Destinations with their shares, or, to choose by their state, a list of them."""
    choose: Literal["shares", "shortest", "first_free", "least_loaded"] = "shares"
    """How the destination is chosen; by shares unless given."""


class Return(Shape):
    """A return visit: with this probability a leaver comes back to `to` after a delay."""

    where: Where = {}
    """Entities that the rule is for, by class and attributes; everyone unless given."""
    probability: Share
    """Probability of coming back, 0 to 1."""
    after: Service | str
    """Time away: a distribution, or the name of one in `services`."""
    to: str
    """Station of the return visit."""


class Flex(Shape):
    """Service shortened as the queue q grows: time is multiplied by max(floor, (1 + q / scale) ** -elasticity)."""

    elasticity: float = Field(ge=0, le=5)
    """How strongly stays react to the queue; 0 is not at all."""
    scale: float = Field(gt=0)
    """Queue, in entities, at which stays are multiplied by 2 ** -elasticity."""
    floor: float = Field(default=0.0, ge=0, le=1)
    """Least factor; 0 unless given."""


class Patience(Shape):
    """What happens to those who wait or are blocked for too long.

    The time runs from joining the queue (``state: waiting``) or from becoming blocked (``state: blocked``). `then` is
    ``leave``, ``die``, the name of a station to go to, or ``{class: name}`` for a change of class.
    """

    where: Where = {}
    """Entities that the rule is for, by class and attributes; everyone unless given."""
    state: Literal["waiting", "blocked"] = "waiting"
    """Whether it is for those who wait here or those who are blocked here; waiting unless given."""
    after: Service | str
    """How long they put up with it: a distribution, or the name of one in `services`."""
    then: str | dict[Literal["class"], str]
    """What they do then: leave, die, the name of a station to go to, or {class: name}."""


class Station(Shape):
    """A queue with a pool of places, and the stay that follows."""

    places: Places
    """Places: a number, a plan of steps, or inf."""
    timetable: list[Timetable] = []
    """Places by hour of the week, in place of the planned number."""
    escalation: Escalations = []
    """Extra places that open under pressure: one rule or a list."""
    turnaround: Service | str | None = None
    """Time for which a place stays occupied after somebody has left it (cleaning, say); none unless given."""
    holds: HoldRules = []
    """Amounts of shared pools that a stay holds besides its place: {pool: amount}, or a list of rules."""
    overflow: Overflow | None = None
    """Other stations whose places serve when all places here are held."""
    waiting_room: int | Literal["inf"] | dict[str, int | Literal["inf"]] = "inf"
    """Most entities of each class that may wait here; one number, or a number for each class; inf unless given."""
    inside_room: int | Literal["inf"] | None = None
    """Most of each class that may wait here after a transfer, if they are counted apart from those from outside."""
    divert: str | None = None
    """Station (or leave) that is asked for those who find neither place nor room here."""
    order: Literal["joined", "visit"] = "joined"
    """Who is first in the waiting room: by time of joining it, or by the start of the visit."""
    first: Literal["waiting", "blocked", "longest"] = "waiting"
    """Within a priority: those waiting first, those blocked for a place here first, or whoever is queued longest."""
    priority: dict[str, int] = {}
    """Priority of each class; the lowest number goes first; 0 unless given."""
    preempt: Literal["resume", "restart", "resample"] | None = None
    """A class of better priority interrupts a worse one; how the interrupted stay goes on later."""
    reserve: dict[str, Annotated[int, Field(ge=0)]] = {}
    """Free places that must remain when an entity of the class starts; 0 unless given."""
    slots: list[Slots] = []
    """Appointments: stays start only on the hour, so many at a time."""
    patience: list[Patience] = Field(default=[], max_length=8)
    """What happens to those who wait or are blocked here too long; at most 8 rules."""
    service: Annotated[list[ServiceRule] | Service | str, Field(union_mode="left_to_right")]
    """Length of stay: a distribution, the name of one in `services`, or a list of rules, the last for everyone."""
    multiplier: list[Step] | dict[str, list[Step]] = []
    """Factor on lengths of stay in steps of time, for all or by class; 1 unless given."""
    flex: Flex | None = None
    """Stays get shorter as the queue grows."""
    window: Annotated[list[Window], BeforeValidator(one_or_many, json_schema_input_type=Window | list[Window])] = []
    """Hours of the week in which entities may depart: one entry or a list; at any hour unless given."""
    routes: list[RouteRule] = []
    """Where entities go after the stay: rules, the last for everyone; they leave unless given."""
    returns: list[Return] = []
    """Return visits of those who leave from here: rules, the first that fits."""


class Noise(Shape):
    """A day multiplier shared by sources: lognormal, mean one, autocorrelated from day to day."""

    variance: float = Field(ge=0, le=4)
    """Variance of the multiplier."""
    correlation: float = Field(default=0.0, ge=0, lt=1)
    """Correlation of its logarithm from one day to the next; 0 unless given."""


class Source(Shape):
    """A stream of entities from outside.

    One of four: ``rate_per_day``, a Poisson process whose rate is constant within each hour; ``every``, arrivals one
    after another with independent times between them (a fixed time makes a schedule); ``times``, a list of instants,
    in place or in a CSV file; or ``driven``, entities that stocks beside the network hand over. ``batch`` is how many
    come together, ``attend`` the share of bookings that is kept.
    """

    cls: str = Field(alias="class")
    """Class of those who come; may be left out when there is one class only."""
    to: str
    """Station they come to."""
    rate_per_day: float | None = Field(default=None, ge=0, le=10_000_000)
    """Arrivals a day, on average: a Poisson process."""
    every: Service | str | None = None
    """Time from one arrival to the next: a distribution, or the name of one in `services`."""
    times: list[Instant] | Column | None = None
    """Instants of the arrivals: dates or durations from the start, in a list or in a column of a CSV file."""
    driven: Duration | None = None
    """Interval (whole hours) over which entities are spread that stocks hand over at its beginning; none come alone."""
    hour: list[Annotated[float, Field(ge=0)]] | None = Field(default=None, min_length=24, max_length=24)
    """Relative weight of each hour of the day (24 numbers)."""
    weekday: list[Annotated[float, Field(ge=0)]] | None = Field(default=None, min_length=7, max_length=7)
    """Relative weight of each day of the week, Monday first (7 numbers)."""
    month: list[Annotated[float, Field(ge=0)]] | None = Field(default=None, min_length=12, max_length=12)
    """Relative weight of each month, January first (12 numbers)."""
    week: list[Annotated[float, Field(ge=0)]] | None = Field(default=None, min_length=168, max_length=168)
    """Relative weight of each hour of the week, from Monday 00:00 (168 numbers); in place of hour and weekday."""
    growth_per_year: float = Field(default=0.0, gt=-1, le=1)
    """Growth of the rate a year, compound from the start; 0.02 is 2 %; 0 unless given."""
    level: list[Step] = []
    """Factor on the rate in steps of time; 1 unless given."""
    noise: str | None = None
    """Day-to-day noise of the rate, by its name in `noise`."""
    begin: Instant | None = None
    """No arrivals before this instant."""
    end: Instant | None = None
    """No arrivals from this instant on."""
    batch: Annotated[int, Field(ge=1, le=1000, strict=True)] | dict[int, Share] = 1
    """How many come together: a number, or shares by size; 1 unless given."""
    attend: Share = 1.0
    """Share of the arrivals of `every` or `times` that really come; 1 unless given."""
    attributes: dict[str, dict[str, Share] | str] = {}
    """Attributes of those who come: a level, or shares of levels; the first level unless given."""


class Census(Shape):
    """Entities there when the run starts.

    Those in service have residual stays conditional on the time already spent; those waiting join the queue at the
    start, in the order of the rows, and start whenever places allow.
    """

    station: str
    """Station where they are."""
    cls: str = Field(alias="class")
    """Their class; may be left out when there is one class only."""
    count: int = Field(ge=0)
    """How many there are."""
    attributes: dict[str, str] = {}
    """Their attributes; the first level unless given."""
    state: Literal["in_service", "waiting"] = "in_service"
    """Whether they are in service or wait; in service unless given."""
    elapsed: Literal["stationary"] | Duration = "stationary"
    """Time already spent in service; stationary, that is as on any midnight, unless given."""


class Clock(Shape):
    """A time that is judged against a limit: from joining the station (or from the visit's start) to an end there.

    ``until: started`` ends when the stay starts, ``until: left`` when the entity gives up its place (or the queue).
    """

    station: str
    """Station at which the clock ends."""
    since: Literal["joined", "visit"] = "joined"
    """Whether it runs from joining the station or from the start of the visit; joining unless given."""
    until: Literal["started", "left"] = "left"
    """Whether it ends when the stay starts or when the station is left; left unless given."""
    within: Duration
    """Limit of the time."""


class Observe(Shape):
    """What is written down."""

    period: Literal["month"] | Duration = "month"
    """Length of the periods for which results are added up; calendar months unless given."""
    snapshot_every: Duration = 86_400_000.0
    """Time between snapshots, the first at the start; a day unless given."""
    wait_over: list[Duration] = []
    """Limits; waits above each are counted."""
    by: list[str] = []
    """Attributes by which results are broken down, besides the class."""
    clocks: dict[str, Clock] = {}
    """Times that are judged against a limit, by name."""
    wait_quantiles: bool = False
    """Whether waits are written down finely enough for their quantiles; false unless given."""


class Network(Shape):
    """A network of sources, stations and routes."""

    name: str = "network"
    """Name of the network, for headings."""
    description: str = ""
    """What the network is about."""
    start: dt.date = dt.date(2018, 4, 1)
    """Date at whose midnight the run starts; 2018-04-01 unless given."""
    horizon: Duration
    """Length of the run."""
    warm_up: Duration = 0.0
    """First part of the run that is left out of the results; none unless given."""
    replications: int = Field(default=20, ge=1, le=1_000_000)
    """Independent runs; 20 unless given."""
    seed: int = Field(default=1, ge=0, lt=2**63)
    """Seed of the random draws; 1 unless given."""
    unit: Literal["min", "h", "d", "w"] = "d"
    """Unit in which times are reported; days unless given."""
    classes: list[str] = Field(default=["all"], min_length=1, max_length=128)
    """Classes of entities; one class, all, unless given."""
    attributes: dict[str, Annotated[list[str], Field(min_length=1, max_length=128)]] = Field(default={}, max_length=8)
    """Attributes of entities and their levels; at most 8."""
    services: dict[str, Service] = {}
    """Distributions of time that are used by name."""
    noise: dict[str, Noise] = {}
    """Day-to-day noises that sources use by name."""
    sources: dict[str, Source] = {}
    """Streams of arrivals, by name."""
    pools: dict[str, Pool] = Field(default={}, max_length=1000)
    """Pools of places that stations share, by name."""
    stations: dict[str, Station] = Field(min_length=1, max_length=1000)
    """Stations, by name; where events coincide, they count in this order."""
    census: list[Census] = []
    """Entities there when the run starts."""
    observe: Observe = Observe()
    """What is written down: periods, snapshots, limits and clocks."""

    @model_validator(mode="before")
    @classmethod
    def _only_class(cls, data: Any) -> Any:
        """Where there is one class only, sources and census rows need not name it."""
        if not isinstance(data, dict):
            raise ValueError("a network is a mapping of keys such as classes, sources and stations")
        classes = data.get("classes", ["all"])
        if not (isinstance(classes, list) and len(classes) == 1):
            return data
        sources, census = data.get("sources"), data.get("census")
        if isinstance(sources, dict):
            data = data | {"sources": {k: _with_class(v, classes[0]) for k, v in sources.items()}}
        if isinstance(census, list):
            data = data | {"census": [_with_class(row, classes[0]) for row in census]}
        return data


def _with_class(part: Any, name: Any) -> Any:
    return {"class": name, **part} if isinstance(part, dict) and "cls" not in part else part
