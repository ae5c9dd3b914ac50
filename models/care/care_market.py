"""The social-care market: capacity that providers offer is lost fast, is rebuilt slowly, and can tip.

Care staff turn over fast. Where fees fall behind costs, providers are strained and do not replace all who leave. What
is lost burdens those who are left; beyond a point the strain of the rest alone is enough to lose more, and the market
does not come back when fees are put right again, but needs more than that. New capacity takes years.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from pydantic import AfterValidator, Field

from models.care.pressure import Mechanism
from models.care.stock_part import StockPart, parameter
from models.figures.figures import Figure, must, within

__all__ = ["CareMarket", "care_market"]

Days = Annotated[Figure, AfterValidator(within("days", 1, 36525))]
PerYear = Annotated[Figure, AfterValidator(must("per year"))]
Years = Annotated[Figure, AfterValidator(within("years", 0.05, 50))]
ShareOfCosts = Annotated[Figure, AfterValidator(must("share of costs", most=1))]
Margin = Annotated[Figure, AfterValidator(within("share of costs", 0.001, 1))]
Strain = Annotated[Figure, AfterValidator(must("strain"))]
SomeDays = Annotated[Figure, AfterValidator(must("days"))]


class CareMarket(Mechanism):
    """Capacity of social care, as a share of what it was."""

    pathways: Annotated[list[str], Field(min_length=1)]
    turnover: PerYear
    rebuilding: Years
    usual_margin: Margin
    tolerated: Strain
    burden: Strain
    noticing_days: Days
    fee_gap: ShareOfCosts
    gap_from_days: SomeDays
    gap_days: SomeDays


def care_market(sites: Iterable[str], care: CareMarket) -> StockPart:
    """Return the market of every site; ``market_share[site]`` is the share of usual capacity that is offered.

    Strain is the gap between costs and fees over the usual margin, and the burden of what others have given up. Beyond
    the strain that is tolerated, a share of leavers rising to all of them is not replaced. Levers are the parameters
    ``fee_gap`` and ``fee_relief[site]`` (fees raised above costs, as a share of costs).
    """
    names = list(sites)
    return StockPart(
        dimensions={"site": names},
        parameters={
            "care_turnover": parameter(care.turnover, "1/year"),
            "rebuilding_time": parameter(care.rebuilding, "year"),
            "usual_margin": parameter(care.usual_margin, "dimensionless"),
            "tolerated_strain": parameter(care.tolerated, "dimensionless"),
            "burden_of_the_rest": parameter(care.burden, "dimensionless"),
            "strain_noticing_time": parameter(care.noticing_days, "day"),
            "fee_gap": parameter(care.fee_gap, "dimensionless"),
            "fee_gap_from": parameter(care.gap_from_days, "day"),
            "fee_gap_time": parameter(care.gap_days, "day"),
            "fee_relief[site]": {
                "value": dict.fromkeys(names, 0),
                "unit": "dimensionless",
                "range": [0, 1],
                "about": "fees raised above costs, as a share of costs",
                "source": "a lever; 0 is as usual",
            },
            "days_a_year": {"value": 365.25, "unit": "day/year"},
            "least_share": {"value": 0.001, "unit": "dimensionless"},
        },
        stocks={
            "market_share[site]": {
                "initial": "1",
                "unit": "dimensionless",
                "inflows": "rebuilding",
                "outflows": "giving_up_care",
                "about": "capacity that providers offer, as a share of usual",
            }
        },
        flows={
            "rebuilding[site]": "MAX(0, 1 - market_share) / rebuilding_time / days_a_year",
            "giving_up_care[site]": "market_share * care_turnover / days_a_year * not_replaced",
        },
        auxiliaries={
            "fee_gap_now": "fee_gap * PULSE(INITIAL_TIME + fee_gap_from, fee_gap_time)",
            "money_strain[site]": "SMOOTH1((fee_gap_now - fee_relief) / usual_margin, strain_noticing_time, 0)",
            "burden[site]": "burden_of_the_rest * (1 / MAX(market_share, least_share) - 1)",
            "not_replaced[site]": {
                "equation": "MIN(1, MAX(0, money_strain + burden - tolerated_strain))",
                "about": "share of leavers who are not replaced",
            },
        },
    )
