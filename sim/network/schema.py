"""The shape of a network file: what may be written, with units and ranges.

Durations are text with a unit (``4 h``, ``6.5 d``); instants are dates or durations from the start; ``inf`` means
without limit. Cross-field rules live in :mod:`sim.network.check`.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from sim.clock import duration_ms

__all__ = [
    "LEAVE",
    "Census",
    "Destination",
    "Flex",
    "Network",
    "Noise",
    "Observe",
    "PlacesStep",
    "Return",
    "RouteRule",
    "Service",
    "ServiceRule",
    "Source",
    "Station",
    "Step",
    "Window",
]

LEAVE = "leave"  #: destination that means: leave the network


def _duration(value: Any) -> float:
    if isinstance(value, str):
        return duration_ms(value)
    raise ValueError("a duration is text with a unit (ms, s, min, h, d, w), for example '4 h'")


def _instant(value: Any) -> Any:
    if isinstance(value, dt.date):
        return value
    if isinstance(value, str):
        for read in (dt.date.fromisoformat, duration_ms):
            try:
                return read(value)
            except ValueError:
                continue
    raise ValueError("an instant is a date (2019-04-01) or a duration from the start ('30 d')")


def _one_or_many(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


Duration = Annotated[float, BeforeValidator(_duration), Field(ge=0)]  # milliseconds once read
Instant = Annotated[dt.date | float, BeforeValidator(_instant)]
Share = Annotated[float, Field(ge=0, le=1)]
Where = dict[str, str | list[str]]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Step(_Shape):
    """A value that holds from an instant on."""

    since: Instant = Field(alias="from")
    value: float = Field(ge=0)


class PlacesStep(_Shape):
    """A number of places that holds from an instant on; closing places drain, nobody is evicted."""

    since: Instant = Field(alias="from")
    places: int = Field(ge=0, strict=True)


class Service(_Shape):
    """A distribution of time.

    ``mean`` is in time units, ``cv`` the coefficient of variation; ``median`` may replace ``cv`` for a lognormal;
    ``shape`` is Weibull's, gamma's or Erlang's shape; ``parts`` are the parts of a mixture with their ``share``.
    """

    kind: Literal["exponential", "lognormal", "weibull", "deterministic", "gamma", "erlang", "mixture"]
    mean: Duration | None = None
    cv: float | None = Field(default=None, gt=0, le=20)
    median: Duration | None = None
    shape: float | None = Field(default=None, gt=0.1, le=200)
    share: Share | None = None
    parts: list[Service] | None = None


class ServiceRule(_Shape):
    """Service for the entities that `where` names; the first rule that fits holds."""

    where: Where = {}
    use: Service | str


class Destination(_Shape):
    """Share of the entities that go to one destination, and the transition delay before they ask for a place there."""

    share: Share | list[Step]
    transition: Service | str | None = None


def _destinations(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: v if isinstance(v, (dict, Destination)) else {"share": v} for k, v in value.items()}
    return value


class RouteRule(_Shape):
    """Where the entities that `where` names go next; shares sum to one, ``leave`` is the way out."""

    where: Where = {}
    to: Annotated[dict[str, Destination], BeforeValidator(_destinations)]


class Return(_Shape):
    """A return visit: with this probability a leaver comes back to `to` after a delay."""

    where: Where = {}
    probability: Share
    after: Service | str
    to: str


class Window(_Shape):
    """Hours in which entities may depart; weekdays run from Monday = 0."""

    weekdays: list[Annotated[int, Field(ge=0, le=6)]] = [0, 1, 2, 3, 4, 5, 6]
    hours: tuple[Annotated[int, Field(ge=0, le=23)], Annotated[int, Field(ge=1, le=24)]]


class Flex(_Shape):
    """Service shortened as the queue q grows: time is multiplied by max(floor, (1 + q / scale) ** -elasticity)."""

    elasticity: float = Field(ge=0, le=5)
    scale: float = Field(gt=0)
    floor: float = Field(default=0.0, ge=0, le=1)


class Station(_Shape):
    """A pool of places with a queue before it."""

    places: Annotated[int, Field(strict=True)] | Literal["inf"] | list[PlacesStep]
    waiting_room: int | Literal["inf"] | dict[str, int | Literal["inf"]] = "inf"
    priority: dict[str, int] = {}
    reserve: dict[str, Annotated[int, Field(ge=0)]] = {}
    service: Annotated[list[ServiceRule] | Service | str, Field(union_mode="left_to_right")]
    multiplier: list[Step] | dict[str, list[Step]] = []
    flex: Flex | None = None
    window: Annotated[list[Window], BeforeValidator(_one_or_many)] = []
    routes: list[RouteRule] = []
    returns: list[Return] = []


class Noise(_Shape):
    """A day multiplier shared by sources: lognormal, mean one, autocorrelated from day to day."""

    variance: float = Field(ge=0, le=4)
    correlation: float = Field(default=0.0, ge=0, lt=1)


class Source(_Shape):
    """A stream of entities from outside: a Poisson process whose rate is constant within each hour."""

    cls: str = Field(alias="class")
    to: str
    rate_per_day: float = Field(ge=0, le=100_000)
    hour: list[Annotated[float, Field(ge=0)]] | None = Field(default=None, min_length=24, max_length=24)
    weekday: list[Annotated[float, Field(ge=0)]] | None = Field(default=None, min_length=7, max_length=7)
    month: list[Annotated[float, Field(ge=0)]] | None = Field(default=None, min_length=12, max_length=12)
    week: list[Annotated[float, Field(ge=0)]] | None = Field(default=None, min_length=168, max_length=168)
    growth_per_year: float = Field(default=0.0, gt=-1, le=1)
    level: list[Step] = []
    noise: str | None = None
    begin: Instant | None = None
    end: Instant | None = None
    attributes: dict[str, dict[str, Share] | str] = {}


class Census(_Shape):
    """Entities in service when the run starts, with residual stays conditional on the time already spent."""

    station: str
    cls: str = Field(alias="class")
    count: int = Field(ge=0)
    attributes: dict[str, str] = {}
    elapsed: Literal["stationary"] | Duration = "stationary"


class Observe(_Shape):
    """What is written down."""

    period: Literal["month"] | Duration = "month"
    snapshot_every: Duration = 86_400_000.0
    wait_over: list[Duration] = []
    by: list[str] = []


class Network(_Shape):
    """A network of sources, stations and routes."""

    name: str = "network"
    start: dt.date = dt.date(2018, 4, 1)
    horizon: Duration
    classes: list[str] = Field(min_length=1, max_length=128)
    attributes: dict[str, Annotated[list[str], Field(min_length=1, max_length=128)]] = Field(default={}, max_length=8)
    services: dict[str, Service] = {}
    noise: dict[str, Noise] = {}
    sources: dict[str, Source] = {}
    stations: dict[str, Station] = Field(min_length=1, max_length=1000)
    census: list[Census] = []
    observe: Observe = Observe()

    @model_validator(mode="before")
    @classmethod
    def _no_empty(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            raise ValueError("a network is a mapping of keys such as classes, sources and stations")
        return data
