"""What a network file says about places: their hours, extra places, pools that stations share, and what stays hold."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from sim.network.fields import Duration, PlacesStep, Weekly, Where, one_or_many
from sim.reading.shape import Shape

__all__ = [
    "Escalation",
    "Escalations",
    "HoldRule",
    "HoldRules",
    "HoldStep",
    "Overflow",
    "Places",
    "Pool",
    "Slots",
    "StandDown",
    "Timetable",
    "Trigger",
]

#: a fixed number, without limit, or a plan
Places = Annotated[int, Field(strict=True)] | Literal["inf"] | list[PlacesStep]


class Timetable(Weekly):
    """Places open in these hours of the week, in place of the planned number; the first entry that fits holds."""

    places: int = Field(ge=0, strict=True)
    """Places open in these hours."""


class Slots(Weekly):
    """Appointments: so many stays may start at the beginning of each of these hours, and at no other time."""

    each_hour: int = Field(ge=0, le=10_000, strict=True)
    """Stays that may start at the beginning of each of these hours; entries that overlap add up."""


class Trigger(Shape):
    """When extra places are called: so many queued, or this share of the normal places held."""

    queued: int | None = Field(default=None, ge=1)
    """Called when so many or more are waiting or blocked for a place."""
    occupancy: float | None = Field(default=None, gt=0, le=2)
    """Called when this share of the normal places or more is held."""


class StandDown(Shape):
    """When extra places close again: at most so many queued, and at most this share of the normal places held."""

    queued: int = Field(default=0, ge=0)
    """Closed only when at most so many are queued; 0 unless given."""
    occupancy: float = Field(default=1.0, ge=0, le=2)
    """Closed only when at most this share of the normal places is held; 1 unless given."""


class Escalation(Shape):
    """Extra places, opened when the trigger is met at a check, after a lead time, and closed by the stand-down rule."""

    places: int = Field(ge=1, strict=True)
    """Extra places."""
    trigger: Trigger
    """When they are called."""
    lead: Duration = 0.0
    """Time from the call until they open; none unless given."""
    stand_down: StandDown = StandDown()
    """When they close again; unless given, when nobody is queued and no more than the normal places are held."""
    check_every: Duration = 3_600_000.0
    """Time between checks, the first at the start; an hour unless given."""


#: one rule may stand without a list
Escalations = Annotated[
    list[Escalation], BeforeValidator(one_or_many, json_schema_input_type=Escalation | list[Escalation])
]


class Pool(Shape):
    """Places that stays of several stations draw on (staff, visits, funded hours, shared beds)."""

    places: Places
    """Places in the pool: a number, a plan of steps, or inf."""
    timetable: list[Timetable] = []
    """Places by hour of the week, in place of the planned number."""
    escalation: Escalations = []
    """Extra places that open under pressure: one rule or a list."""


class HoldStep(Shape):
    """Amount held from a time after the start of the stay on; amounts fall from step to step."""

    after: Duration
    """Time since the start of the stay; 0 for the first step."""
    amount: int = Field(ge=0, strict=True)
    """Places of the pool held from then on."""


def _hold_steps(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            k: [{"after": "0 h", "amount": v}] if isinstance(v, int) and not isinstance(v, bool) else v
            for k, v in value.items()
        }
    return value


_Held = dict[str, list[HoldStep]]
_HeldAsWritten = dict[str, Annotated[int, Field(ge=0)] | list[HoldStep]]


class HoldRule(Shape):
    """What a stay of the entities that `where` names holds besides a place of the station itself."""

    where: Where = {}
    """Entities that the rule is for, by class and attributes; everyone unless given."""
    pools: Annotated[_Held, BeforeValidator(_hold_steps, json_schema_input_type=_HeldAsWritten)]
    """Amount held of each pool: a number, or steps that fall in the course of the stay."""


def _hold_rules(value: Any) -> Any:
    return [{"pools": value}] if isinstance(value, dict) else value


#: a plain mapping of pools to amounts is a rule for everyone
HoldRules = Annotated[
    list[HoldRule], BeforeValidator(_hold_rules, json_schema_input_type=list[HoldRule] | _HeldAsWritten)
]


class Overflow(Shape):
    """Stations whose places serve when all places here are held, in this order; `repatriate` moves stays back."""

    to: list[str] = Field(min_length=1)
    """Stations whose places may serve, in order of preference."""
    repatriate: bool = True
    """Whether stays move home as soon as a place here is free; true unless given."""
