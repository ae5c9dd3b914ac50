"""The shape of a network file: what may be written, with units and ranges.

Durations are text with a unit (``4 h``, ``6.5 d``); instants are dates or durations from the start; ``inf`` means
without limit. Cross-field rules live in :mod:`sim.network.check`; what everything means, to the millisecond, is
written in ``docs/semantics.md``.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from sim.network.fields import Duration, Instant, PlacesStep, Shape, Share, Step, Weekly, Where, one_or_many
from sim.network.times import Column, Phase, Service

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
    use: Service | str


class Destination(Shape):
    """Share of the entities that go to one destination, and the transition delay before they ask for a place there."""

    share: Share | list[Step] | None = None
    transition: Service | str | None = None


def _destinations(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: v if isinstance(v, (dict, Destination)) else {"share": v} for k, v in value.items()}
    if isinstance(value, list) and all(isinstance(v, str) for v in value):
        return {v: {} for v in value}
    return value


class RouteRule(Shape):
    """Where the entities that `where` names go next; ``leave`` is the way out.

    With ``choose: shares`` the shares sum to one. Otherwise the destination is chosen by its state at the end of the
    stay: the ``shortest`` queue, the ``first_free`` in the order given, or the ``least_loaded`` for its places.
    """

    where: Where = {}
    to: Annotated[dict[str, Destination], BeforeValidator(_destinations)]
    choose: Literal["shares", "shortest", "first_free", "least_loaded"] = "shares"


class Return(Shape):
    """A return visit: with this probability a leaver comes back to `to` after a delay."""

    where: Where = {}
    probability: Share
    after: Service | str
    to: str


class Flex(Shape):
    """Service shortened as the queue q grows: time is multiplied by max(floor, (1 + q / scale) ** -elasticity)."""

    elasticity: float = Field(ge=0, le=5)
    scale: float = Field(gt=0)
    floor: float = Field(default=0.0, ge=0, le=1)


class Timetable(Weekly):
    """Places open in these hours of the week, in place of the planned number; the first entry that fits holds."""

    places: int = Field(ge=0, strict=True)


class Slots(Weekly):
    """Appointments: so many stays may start at the beginning of each of these hours, and at no other time."""

    each_hour: int = Field(ge=0, le=10_000, strict=True)


class Trigger(Shape):
    """When extra places are called: so many queued, or this share of the normal places held."""

    queued: int | None = Field(default=None, ge=1)
    occupancy: float | None = Field(default=None, gt=0, le=2)


class StandDown(Shape):
    """When extra places close again: at most so many queued, and at most this share of the normal places held."""

    queued: int = Field(default=0, ge=0)
    occupancy: float = Field(default=1.0, ge=0, le=2)


class Escalation(Shape):
    """Extra places, opened when the trigger is met at a check, after a lead time, and closed by the stand-down rule."""

    places: int = Field(ge=1, strict=True)
    trigger: Trigger
    lead: Duration = 0.0
    stand_down: StandDown = StandDown()
    check_every: Duration = 3_600_000.0


class Pool(Shape):
    """Places that stays of several stations draw on (staff, visits, funded hours, shared beds)."""

    places: Annotated[int, Field(strict=True)] | Literal["inf"] | list[PlacesStep]
    timetable: list[Timetable] = []
    escalation: Annotated[list[Escalation], BeforeValidator(one_or_many)] = []


class HoldStep(Shape):
    """Amount held from a time after the start of the stay on; amounts fall from step to step."""

    after: Duration
    amount: int = Field(ge=0, strict=True)


def _hold_steps(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            k: [{"after": "0 h", "amount": v}] if isinstance(v, int) and not isinstance(v, bool) else v
            for k, v in value.items()
        }
    return value


class HoldRule(Shape):
    """What a stay of the entities that `where` names holds besides a place of the station itself."""

    where: Where = {}
    pools: Annotated[dict[str, list[HoldStep]], BeforeValidator(_hold_steps)]


def _hold_rules(value: Any) -> Any:
    return [{"pools": value}] if isinstance(value, dict) else value


class Overflow(Shape):
    """Stations whose places serve when all places here are held, in this order; `repatriate` moves stays back."""

    to: list[str] = Field(min_length=1)
    repatriate: bool = True


class Patience(Shape):
    """What happens to those who wait or are blocked for too long.

    The time runs from joining the queue (``state: waiting``) or from becoming blocked (``state: blocked``). `then` is
    ``leave``, ``die``, the name of a station to go to, or ``{class: name}`` for a change of class.
    """

    where: Where = {}
    state: Literal["waiting", "blocked"] = "waiting"
    after: Service | str
    then: str | dict[Literal["class"], str]


class Station(Shape):
    """A queue with a pool of places, and the stay that follows."""

    places: Annotated[int, Field(strict=True)] | Literal["inf"] | list[PlacesStep]
    timetable: list[Timetable] = []
    escalation: Annotated[list[Escalation], BeforeValidator(one_or_many)] = []
    turnaround: Service | str | None = None
    holds: Annotated[list[HoldRule], BeforeValidator(_hold_rules)] = []
    overflow: Overflow | None = None
    waiting_room: int | Literal["inf"] | dict[str, int | Literal["inf"]] = "inf"
    inside_room: int | Literal["inf"] | None = None
    divert: str | None = None
    order: Literal["joined", "visit"] = "joined"
    first: Literal["waiting", "blocked", "longest"] = "waiting"
    priority: dict[str, int] = {}
    preempt: Literal["resume", "restart", "resample"] | None = None
    reserve: dict[str, Annotated[int, Field(ge=0)]] = {}
    slots: list[Slots] = []
    patience: list[Patience] = Field(default=[], max_length=8)
    service: Annotated[list[ServiceRule] | Service | str, Field(union_mode="left_to_right")]
    multiplier: list[Step] | dict[str, list[Step]] = []
    flex: Flex | None = None
    window: Annotated[list[Window], BeforeValidator(one_or_many)] = []
    routes: list[RouteRule] = []
    returns: list[Return] = []


class Noise(Shape):
    """A day multiplier shared by sources: lognormal, mean one, autocorrelated from day to day."""

    variance: float = Field(ge=0, le=4)
    correlation: float = Field(default=0.0, ge=0, lt=1)


class Source(Shape):
    """A stream of entities from outside.

    One of three: ``rate_per_day``, a Poisson process whose rate is constant within each hour; ``every``, arrivals one
    after another with independent times between them (a fixed time makes a schedule); ``times``, a list of instants,
    in place or in a CSV file. ``batch`` is how many come together, ``attend`` the share of bookings that is kept.
    """

    cls: str = Field(alias="class")
    to: str
    rate_per_day: float | None = Field(default=None, ge=0, le=10_000_000)
    every: Service | str | None = None
    times: list[Instant] | Column | None = None
    hour: list[Annotated[float, Field(ge=0)]] | None = Field(default=None, min_length=24, max_length=24)
    weekday: list[Annotated[float, Field(ge=0)]] | None = Field(default=None, min_length=7, max_length=7)
    month: list[Annotated[float, Field(ge=0)]] | None = Field(default=None, min_length=12, max_length=12)
    week: list[Annotated[float, Field(ge=0)]] | None = Field(default=None, min_length=168, max_length=168)
    growth_per_year: float = Field(default=0.0, gt=-1, le=1)
    level: list[Step] = []
    noise: str | None = None
    begin: Instant | None = None
    end: Instant | None = None
    batch: Annotated[int, Field(ge=1, le=1000, strict=True)] | dict[int, Share] = 1
    attend: Share = 1.0
    attributes: dict[str, dict[str, Share] | str] = {}


class Census(Shape):
    """Entities there when the run starts.

    Those in service have residual stays conditional on the time already spent; those waiting join the queue at the
    start, in the order of the rows, and start whenever places allow.
    """

    station: str
    cls: str = Field(alias="class")
    count: int = Field(ge=0)
    attributes: dict[str, str] = {}
    state: Literal["in_service", "waiting"] = "in_service"
    elapsed: Literal["stationary"] | Duration = "stationary"


class Clock(Shape):
    """A time that is judged against a limit: from joining the station (or from the visit's start) to an end there.

    ``until: started`` ends when the stay starts, ``until: left`` when the entity gives up its place (or the queue).
    """

    station: str
    since: Literal["joined", "visit"] = "joined"
    until: Literal["started", "left"] = "left"
    within: Duration


class Observe(Shape):
    """What is written down."""

    period: Literal["month"] | Duration = "month"
    snapshot_every: Duration = 86_400_000.0
    wait_over: list[Duration] = []
    by: list[str] = []
    clocks: dict[str, Clock] = {}
    wait_quantiles: bool = False


class Network(Shape):
    """A network of sources, stations and routes."""

    name: str = "network"
    description: str = ""
    start: dt.date = dt.date(2018, 4, 1)
    horizon: Duration
    warm_up: Duration = 0.0
    replications: int = Field(default=20, ge=1, le=1_000_000)
    seed: int = Field(default=1, ge=0, lt=2**63)
    unit: Literal["min", "h", "d", "w"] = "d"
    classes: list[str] = Field(default=["all"], min_length=1, max_length=128)
    attributes: dict[str, Annotated[list[str], Field(min_length=1, max_length=128)]] = Field(default={}, max_length=8)
    services: dict[str, Service] = {}
    noise: dict[str, Noise] = {}
    sources: dict[str, Source] = {}
    pools: dict[str, Pool] = Field(default={}, max_length=1000)
    stations: dict[str, Station] = Field(min_length=1, max_length=1000)
    census: list[Census] = []
    observe: Observe = Observe()

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
