"""Buildings: a backlog of maintenance that grows where too little is spent, and beds out of use because of it.

Beds that usually are out of use are not in the counted beds; only those beyond that are taken off, in whole beds.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from pydantic import AfterValidator

from models.care.pressure import Mechanism
from models.care.stock_part import StockPart, parameter
from models.figures.figures import Figure, must, within

__all__ = ["PLAN_REPAIRS", "Estate", "estate"]

PLAN_REPAIRS = "plan_repairs"  #: parameter: pounds by site that a plan has given for repairs so far
MOST = 1e11  #: pounds that a plan may give to one site

PerBed = Annotated[Figure, AfterValidator(within("GBP per bed", 1, 10_000_000))]
PerBedYear = Annotated[Figure, AfterValidator(must("GBP per bed a year"))]
PerYear = Annotated[Figure, AfterValidator(must("per year"))]
Share = Annotated[Figure, AfterValidator(must("share of beds", most=0.5))]
Days = Annotated[Figure, AfterValidator(within("days", 1, 36525))]
Elasticity = Annotated[Figure, AfterValidator(must("elasticity"))]


class Estate(Mechanism):
    """Backlog of maintenance and what fails for it."""

    backlog: PerBed
    growth: PerYear
    spending: PerBedYear
    least_repair_days: Days
    out_of_use: Share
    reopening_days: Days
    failure_elasticity: Elasticity


def estate(sites: Iterable[str], care: Estate) -> StockPart:
    """Return the buildings of every hospital; ``beds_out_of_use[site]`` are whole beds beyond the usual.

    Beside it must stand :func:`models.care.supply.planned`. Beds fail at a rate that follows the backlog of each bed,
    and come back after repair. The levers are the parameters ``repair_budget[site]``, 1 at the start, and
    ``plan_repairs[site]``, pounds that a plan has given so far: they are spent on the backlog beside the usual repairs,
    no faster than works can be done, and ``plan_repaired[site]`` is what has been spent of them.
    """
    names = list(sites)
    return StockPart(
        units=["place"],
        dimensions={"site": names},
        parameters={
            "usual_backlog": parameter(care.backlog, "GBP/place"),
            "backlog_growth": parameter(care.growth, "1/year"),
            "repair_spending": parameter(care.spending, "GBP/place/year"),
            "least_repair_time": parameter(care.least_repair_days, "day"),
            "usually_out_of_use": parameter(care.out_of_use, "dimensionless"),
            "reopening_time": parameter(care.reopening_days, "day"),
            "failure_elasticity": parameter(care.failure_elasticity, "dimensionless"),
            "repair_budget[site]": {
                "value": dict.fromkeys(names, 1),
                "unit": "dimensionless",
                "range": [0, 10],
                "about": "money for repairs, as a multiple of usual",
                "source": "a lever; 1 is as usual",
            },
            f"{PLAN_REPAIRS}[site]": {
                "value": dict.fromkeys(names, 0),
                "unit": "GBP",
                "range": [0, MOST],
                "about": "money for repairs that a plan has given so far",
                "source": "a plan's moves",
            },
            "one_day": {"value": 1, "unit": "day"},
            "days_a_year": {"value": 365.25, "unit": "day/year"},
            "one_place": {"value": 1, "unit": "place"},
        },
        stocks={
            "backlog[site]": {
                "initial": "usual_backlog * fullest_beds",
                "unit": "GBP",
                "inflows": "wearing",
                "outflows": ["repairing", "plan_repairing"],
                "about": "maintenance that is due",
            },
            "plan_repaired[site]": {
                "initial": 0,
                "unit": "GBP",
                "inflows": "plan_repairing",
                "about": "repairs that a plan has paid for so far",
            },
            "beds_broken[site]": {
                "initial": "usually_out_of_use * fullest_beds",
                "unit": "place",
                "inflows": "failing",
                "outflows": "reopening",
                "about": "beds out of use, those that usually are so included",
            },
        },
        flows={
            "wearing[site]": "(repair_spending + backlog_growth * usual_backlog) * posts_for / days_a_year",
            "repairing[site]": "usual_repairs",
            "plan_repairing[site]": f"MIN(MAX(0, {PLAN_REPAIRS} - plan_repaired) / one_day, "
            "MAX(0, backlog / least_repair_time - usual_repairs))",
            "failing[site]": "usually_out_of_use * posts_for / reopening_time * backlog_ratio ^ failure_elasticity",
            "reopening[site]": "beds_broken / reopening_time",
        },
        auxiliaries={
            "usual_repairs[site]": "MIN(repair_spending * posts_for * repair_budget / days_a_year, "
            "backlog / least_repair_time)",
            "backlog_ratio[site]": "backlog / (usual_backlog * MAX(posts_for, one_place))",
            "beds_out_of_use[site]": "FLOOR(MAX(0, beds_broken - usually_out_of_use * posts_for) / one_place + 0.5)"
            " * one_place",
        },
    )
