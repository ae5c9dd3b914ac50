"""New models of care: teams take them up from one another, learn, and fall back when support ends.

Teams adopt as innovators and by example (Bass 1969), work in the new way as beginners, and become skilled; only skilled
teams have an effect. Some fall back to the old way, more of them once the programme is over.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator

from models.care.pressure import Mechanism
from models.care.stock_part import StockPart, parameter
from models.care.supply import Site
from models.figures.figures import Figure, must, within

__all__ = ["Maturity", "maturity"]

Share = Annotated[Figure, AfterValidator(must("share", most=1))]
Reach = Annotated[Figure, AfterValidator(within("share", 0.01, 1))]
PerYear = Annotated[Figure, AfterValidator(must("per year"))]
Days = Annotated[Figure, AfterValidator(within("days", 1, 36525))]
MOST_KEPT = 100.0  #: times its emergencies that a plan may send to a hospital
Years = Annotated[Figure, AfterValidator(must("years"))]


class Maturity(Mechanism):
    """Adoption, learning and fade of new models of care, and their effect when all are skilled."""

    reach: Reach
    innovation: PerYear
    imitation: PerYear
    learning_days: Days
    supported_years: Years
    fade_supported: PerYear
    fade_unsupported: PerYear
    admissions_avoided: Share


def maturity(
    sites: Mapping[str, Site], care: Maturity, *, starts: float = 0.0, paced_by: str | None = None
) -> StockPart:
    """Return the new model of care at every site; ``maturity[site]`` is the share of its reach that is skilled.

    Parameters
    ----------
    sites : mapping
        Their ``sources`` are steered by a factor on arrivals, 1 as long as nobody is skilled.
    care : Maturity
    starts : float
        Day of the run on which the programme begins.
    paced_by : str, optional
        Variable by site that slows adoption: ``change_speed``.
    """
    pace = f" * {paced_by}" if paced_by else ""
    part = StockPart(
        dimensions={"site": list(sites)},
        parameters={
            "reach": parameter(care.reach, "dimensionless"),
            "innovation": parameter(care.innovation, "1/year"),
            "imitation": parameter(care.imitation, "1/year"),
            "learning_time": parameter(care.learning_days, "day"),
            "support_time": parameter(care.supported_years, "year"),
            "fade_supported": parameter(care.fade_supported, "1/year"),
            "fade_unsupported": parameter(care.fade_unsupported, "1/year"),
            "admissions_avoided": parameter(care.admissions_avoided, "dimensionless"),
            "programme_starts": {"value": starts, "unit": "day"},
            "days_a_year": {"value": 365.25, "unit": "day/year"},
            "plan_kept[site]": {
                "value": dict.fromkeys(sites, 1),
                "unit": "dimensionless",
                "range": [0, MOST_KEPT],
                "about": "share of emergencies that still come when a plan avoids them or sends them elsewhere",
            },
        },
        stocks={
            "beginners[site]": {
                "initial": 0,
                "unit": "dimensionless",
                "inflows": "adopting",
                "outflows": ["learning", "giving_up_early"],
                "about": "teams that work in the new way and still learn it, as a share of all",
            },
            "skilled[site]": {
                "initial": 0,
                "unit": "dimensionless",
                "inflows": "learning",
                "outflows": "falling_back",
                "about": "teams that have learned it, as a share of all",
            },
        },
        flows={
            "adopting[site]": f"(innovation + imitation * adopted / reach) / days_a_year * (reach - adopted)"
            f" * supported{pace}",
            "learning[site]": "beginners / learning_time",
            "giving_up_early[site]": "beginners * fade_rate / days_a_year",
            "falling_back[site]": "skilled * fade_rate / days_a_year",
        },
        auxiliaries={
            "adopted[site]": "beginners + skilled",
            "supported": {
                "equation": "PULSE(INITIAL_TIME + programme_starts, support_time * days_a_year)",
                "about": "1 while the programme runs",
            },
            "fade_rate": "IF(supported > 0, fade_supported, fade_unsupported)",
            "maturity[site]": {"equation": "skilled / reach", "unit": "dimensionless"},
            "admissions_factor[site]": "(1 - admissions_avoided * maturity) * plan_kept",
        },
    )
    for name, site in sites.items():
        for source in site.sources:
            part.drives.append({"variable": f"admissions_factor[{name}]", "sets": "arrivals_factor", "source": source})
    return part
