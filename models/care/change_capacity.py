"""Capacity for change: leaders' time, which operations take first, trust between partners, and programmes at once.

The evidence is weak: reports and surveys say that leadership and trust decide, but nobody has measured by how much. The
mechanism is off unless switched on, its ranges are wide, and its grade is printed with every result.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from pydantic import AfterValidator

from models.care.pressure import Mechanism
from models.care.stock_part import StockPart, parameter
from models.figures.figures import Figure, must, within

__all__ = ["ChangeCapacity", "change_capacity"]

Programmes = Annotated[Figure, AfterValidator(within("programmes", 0.5, 100))]
OfTime = Annotated[Figure, AfterValidator(within("share of leaders' time", 0.01, 0.99))]
Trust = Annotated[Figure, AfterValidator(within("trust", 0.01, 0.99))]
Elasticity = Annotated[Figure, AfterValidator(must("elasticity"))]
PerYear = Annotated[Figure, AfterValidator(must("per year"))]
Share = Annotated[Figure, AfterValidator(must("share", most=1))]
Days = Annotated[Figure, AfterValidator(within("days", 1, 36525))]


class ChangeCapacity(Mechanism):
    """Leaders' time, trust, and how many programmes run at once."""

    at_once: Programmes
    running: Programmes
    programme_days: Days
    operations_share: OfTime
    operations_elasticity: Elasticity
    noticing_days: Days
    trust_at_start: Trust
    trust_gain: PerYear
    trust_elasticity: Elasticity
    speed_without_trust: Share


def change_capacity(sites: Iterable[str], care: ChangeCapacity) -> StockPart:
    """Return the capacity for change of every site; ``change_speed[site]`` is the speed of a programme, 1 as planned.

    Beside it must stand :func:`models.care.supply.planned` or :func:`models.care.pressure.watched_inputs`. Programmes
    take their time over the speed: with twice as many as can be led at once each takes twice as long. ``to_do[site]``
    is what is left of them.
    """
    names = list(sites)
    return StockPart(
        units=["programme"],
        dimensions={"site": names},
        parameters={
            "led_at_once": parameter(care.at_once, "programme"),
            "programmes[site]": parameter(care.running, "programme")
            | {"value": dict.fromkeys(names, care.running.value)},
            "programme_time": parameter(care.programme_days, "day"),
            "operations_share": parameter(care.operations_share, "dimensionless"),
            "operations_elasticity": parameter(care.operations_elasticity, "dimensionless"),
            "leaders_noticing_time": parameter(care.noticing_days, "day"),
            "trust_at_start": parameter(care.trust_at_start, "dimensionless"),
            "trust_gain": parameter(care.trust_gain, "1/year"),
            "trust_elasticity": parameter(care.trust_elasticity, "dimensionless"),
            "speed_without_trust": parameter(care.speed_without_trust, "dimensionless"),
            "days_a_year": {"value": 365.25, "unit": "day/year"},
        },
        stocks={
            "trust[site]": {
                "initial": "trust_at_start",
                "unit": "dimensionless",
                "inflows": "gaining_trust",
                "outflows": "losing_trust",
                "about": "between partners, from 0 to 1",
            },
            "to_do[site]": {
                "initial": "programmes",
                "unit": "programme",
                "outflows": "carrying_out",
                "about": "what is left of the programmes",
            },
        },
        flows={
            "gaining_trust[site]": "(1 - trust) * trust_gain / days_a_year",
            "losing_trust[site]": {
                "equation": "trust * trust_gain * (1 - trust_at_start) / trust_at_start / days_a_year"
                " * relative_pressure ^ trust_elasticity",
                "about": "people leave and goodwill wears; at usual pressure as much as is gained",
            },
            "carrying_out[site]": "programmes / programme_time * change_speed",
        },
        auxiliaries={
            "relative_pressure[site]": "SMOOTH1(pressure_now, leaders_noticing_time, usual_pressure) / usual_pressure",
            "time_for_change[site]": {
                "equation": "MAX(0, 1 - operations_share * relative_pressure ^ operations_elasticity)"
                " / (1 - operations_share)",
                "about": "leaders' time that operations leave, over what they usually leave",
            },
            "led_now[site]": "led_at_once * time_for_change",
            "speed_by_trust[site]": "speed_without_trust + (1 - speed_without_trust) * trust / trust_at_start",
            "change_speed[site]": {
                "equation": "MIN(1, led_now / programmes) * MIN(1, speed_by_trust)",
                "unit": "dimensionless",
            },
        },
    )
