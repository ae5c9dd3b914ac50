"""Sizes of the hospitals and services of a footprint before any plan: beds by quarter, and places by offered load."""

from __future__ import annotations

from collections.abc import Mapping

from models.footprint.footprint import HOME, Footprint, inside_beds
from models.footprint.observed import beds_by_quarter
from models.plans.moves import BEDS
from models.settings.fit import Fit
from models.system.demand import flows, pathway_shares

__all__ = ["beds_out_of_reach", "community_places", "offered_places", "season_beds", "sizes", "sizes_of"]


def sizes(footprint: Footprint, fit: Fit) -> dict[tuple[str, str], float]:
    """Beds (mean of the quarters) and places that a footprint has before any plan, by (setting, site)."""
    return sizes_of(season_beds(footprint), community_places(footprint, fit))


def sizes_of(beds: Mapping[str, Mapping[int, int]], places: dict[tuple[str, str], int]) -> dict[tuple[str, str], float]:
    """Beds (mean of the quarters) and places, by (setting, site)."""
    found = {(BEDS, site): sum(q.values()) / len(q) for site, q in beds.items()}
    return found | {(pathway, site): float(n) for (site, pathway), n in places.items()}


def season_beds(footprint: Footprint) -> dict[str, dict[int, int]]:
    """Hospital beds open by site and April quarter in the baseline year, community beds inside the count left out."""
    inside = inside_beds(footprint)
    return {
        str(site): {
            int(q): round(a) - inside[str(site)] for q, a in zip(rows["quarter"], rows["available"], strict=True)
        }
        for site, rows in beds_by_quarter(footprint, footprint.baseline_year).groupby("site", sort=False)
    }


def beds_out_of_reach(fit: Fit, site: str, beds: Mapping[int, float]) -> int:
    """Whole beds of a hospital, or of a part of it, that are free but not for the next emergency.

    Parameters
    ----------
    beds : mapping
        Beds open by April quarter.
    """
    return round(fit.out_of_reach.get(site, 0.0) * sum(beds.values()) / len(beds))


def community_places(footprint: Footprint, fit: Fit) -> dict[tuple[str, str], int]:
    """Places of each community service by site and pathway, before any plan."""
    loads = offered_places(footprint, fit)
    return {key: max(1, round(load * fit.capacity_factor[key[1]])) for key, load in loads.items()}


def offered_places(footprint: Footprint, fit: Fit) -> dict[tuple[str, str], float]:
    """Offered load of each community service (arrivals a day × days of service) by site and pathway."""
    shares = pathway_shares(footprint)
    arrivals: dict[tuple[str, str], float] = {}
    for site, flow in flows(footprint, fit).items():
        emergencies = flow.emergency + flow.direct
        for name in footprint.pathways:
            rate = sum(c.share.value * shares[k].get(name, 0.0) for k, c in footprint.cohorts.items())
            arrivals[site, name] = emergencies * rate
    for site in footprint.sites:
        for name, pathway in footprint.pathways.items():
            for to, share in (pathway.onward.shares if pathway.onward else {}).items():
                if to != HOME:
                    arrivals[site, to] += arrivals[site, name] * share
    return {(s, p): rate * footprint.pathways[p].service_days.value for (s, p), rate in arrivals.items()}
