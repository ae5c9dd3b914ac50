"""Demand by hospital: who comes to stay, by which way, with what need, and through which door they leave.

D1, D3 (volume apart from need), A13 and the rule that growth is stated in overnight bed-days: stays without a night use
no bed that the midnight count sees, so they are no part of the simulated flow.
"""

from __future__ import annotations

from dataclasses import dataclass

from models.footprint.footprint import HOME, Footprint
from models.settings.fit import Fit

__all__ = ["Flows", "flows", "pathway_shares", "prior_routes"]


@dataclass(frozen=True)
class Flows:
    """Overnight admissions a day at one hospital, by way of arrival."""

    emergency: float  # through A&E
    direct: float  # GP, clinic or transfer
    elective: float


def flows(footprint: Footprint, fit: Fit) -> dict[str, Flows]:
    """Overnight admissions a day by site and way of arrival, with the fitted shares."""
    out = {}
    for name, site in footprint.sites.items():
        overnight = 1 - fit.zero_day_share[name]
        through_ae = site.type1_admissions_per_day.value * overnight
        direct = fit.direct_per_day[name] * overnight
        scale = site.overnight_emergencies_per_day.value / (through_ae + direct)
        out[name] = Flows(through_ae * scale, direct * scale, site.elective_overnight_per_day.value)
    return out


def prior_routes(footprint: Footprint) -> tuple[dict[str, float], dict[str, float]]:
    """Share of stays without a night, and direct admissions a day, by site.

    Both are inferred: type-1 admissions and overnight stays are known, so each share of zero-day stays implies a number
    of direct admissions. The shares closest to the footprint's own are taken under which direct admissions add up to
    the footprint's figure and none is negative.
    """
    prior, total = footprint.emergency.zero_day_share, footprint.emergency.other_routes_per_day.value
    least_direct = 0.03  # of all emergencies: no hospital is without direct admissions (assumption)

    def direct(name: str, share: float) -> float:
        site = footprint.sites[name]
        return site.overnight_emergencies_per_day.value / (1 - share) - site.type1_admissions_per_day.value

    def bounded(name: str, share: float) -> float:
        site = footprint.sites[name]
        floor = site.zero_day_share_at_least.value if site.zero_day_share_at_least else prior.range[0]
        needed = 1 - (1 - least_direct) * site.overnight_emergencies_per_day.value / site.type1_admissions_per_day.value
        return min(max(share, floor, needed), max(prior.range[1], needed))

    low, high = 0.0, 0.9
    for _ in range(60):
        middle = (low + high) / 2
        implied = sum(direct(name, bounded(name, middle)) for name in footprint.sites)
        low, high = (middle, high) if implied < total else (low, middle)
    shares = {name: bounded(name, (low + high) / 2) for name in footprint.sites}
    return shares, {name: direct(name, share) for name, share in shares.items()}


def pathway_shares(footprint: Footprint) -> dict[str, dict[str, float]]:
    """Share of emergency patients of each cohort that leaves hospital by each pathway; the rest go home or die.

    Pathway arrivals a day are divided by the overnight emergencies a day of the cohorts that the pathway draws from.
    """
    emergencies = sum(s.overnight_emergencies_per_day.value for s in footprint.sites.values())
    out: dict[str, dict[str, float]] = {}
    for cohort, figures in footprint.cohorts.items():
        flow = emergencies * figures.share.value
        shares = {
            name: pathway.arrivals_per_day.value * pathway.drawn_from.shares.get(cohort, 0.0) / flow
            for name, pathway in footprint.pathways.items()
        }
        out[cohort] = {k: v for k, v in shares.items() if v > 0}
        out[cohort][HOME] = 1 - sum(out[cohort].values())
    return out
