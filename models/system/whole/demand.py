"""Who comes to each hospital of a footprint, in which pattern and with which needs: the demand of the whole.

Rates are the footprint's own (fitted) figures in the middle of its baseline year; patterns and growth are those of a
preset of demand. Emergencies are split into streams by need only as far as the needs rise and fall differently.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from models.care.demand import Demand, demand_shape, slow_steps
from models.care.demand_shape import DemandShape
from models.care.population import NEEDS, Population, age_shares
from models.care.shocks import combined, shock_steps, value_on
from models.footprint.footprint import Footprint, inputs_hash, inside_beds
from models.settings.fit import Fit
from models.system.demand import flows, prior_routes

__all__ = ["SiteDemand", "Stream", "age_of", "attributes", "blended", "prior_fit", "site_demand", "streams"]

YEAR = 365.25
ALIKE = 1e-9  #: growth rates that differ by less are the same


@dataclass(frozen=True)
class Stream:
    """Emergencies that rise and fall alike: shares of needs (summing to one), their part of all, their pattern."""

    name: str
    needs: dict[str, float]
    part: float
    shape: DemandShape


@dataclass(frozen=True)
class SiteDemand:
    """Demand of one hospital.

    Parameters
    ----------
    millions : float
        Average people of England that the hospital's work would fit, in millions.
    attendance : float
        A&E attendances a day that go home.
    emergency, direct : float
        Admissions a day through A&E and otherwise; stays without a night included if they are simulated.
    planned : float
        Planned admissions a day that stay a night.
    needs : dict
        Shares of need among emergencies.
    nights : dict
        Shares of need among those who stay a night.
    """

    millions: float
    attendance: float
    emergency: float
    direct: float
    planned: float
    needs: dict[str, float]
    nights: dict[str, float]

    @property
    def overnight(self) -> float:
        """Emergencies a day that stay a night."""
        return (self.emergency + self.direct) * (1 - self.needs.get("zero_day", 0.0))


def prior_fit(footprint: Footprint) -> Fit:
    """Figures to start from where nothing has been fitted: one factor on stays such that beds in use balance.

    Beds in use = admissions x (stay x factor + wait for the hours of discharge) + delay of every kind. Places of
    community services are their offered load. A fit (``carebridge calibrate``) replaces this.
    """
    zero_day, direct = prior_routes(footprint)
    reported, conversion = footprint.delays.reported_share.value, footprint.delays.host_conversion
    delayed = footprint.delays.acute_beds.value * (conversion.value if conversion else 1.0) / reported
    whole = sum(site.beds_occupied.value for site in footprint.sites.values())
    stay = sum(c.share.value * c.mean_at(reported) for c in footprint.cohorts.values())
    inside = inside_beds(footprint)  # community beds in the count, nearly always full
    first, last = footprint.discharge.hours
    closed = (24 - (last - first)) / 24
    waiting = closed * (closed / 2 + (1 - closed) / 2)  # to the next opening, and then at some hour of it
    factor = {}
    for name, site in footprint.sites.items():
        admissions = site.overnight_emergencies_per_day.value + site.elective_overnight_per_day.value
        own = site.beds_occupied.value
        in_wards = own - inside[name] - delayed * own / whole
        factor[name] = max(0.2, (in_wards - admissions * waiting) / (admissions * stay))
    return Fit(
        footprint=footprint.name,
        inputs=inputs_hash(footprint),
        stay_factor={k: round(v, 5) for k, v in factor.items()},
        capacity_factor=dict.fromkeys(footprint.pathways, 1.0),
        zero_day_share={k: round(v, 5) for k, v in zero_day.items()},
        direct_per_day={k: round(v, 5) for k, v in direct.items()},
        usual_pressure={n: s.beds_occupied.value / s.beds_available.value for n, s in footprint.sites.items()},
        replications=1,
        seed=1,
    )


def site_demand(footprint: Footprint, fit: Fit, zero_day: bool) -> dict[str, SiteDemand]:
    """Demand of every hospital in the middle of the baseline year.

    Parameters
    ----------
    zero_day : bool
        Whether stays without a night are simulated; overnight admissions are the same either way.
    """
    whole = sum(site.beds_occupied.value for site in footprint.sites.values())
    total = sum(c.share.value for c in footprint.cohorts.values())
    nights = {name: c.share.value / total for name, c in footprint.cohorts.items()}
    out = {}
    for name, flow in flows(footprint, fit).items():
        site, share = footprint.sites[name], fit.zero_day_share[name]
        without = share / (1 - share) if zero_day else 0.0  # stays without a night for each with one
        none = without / (1 + without)
        needs = ({"zero_day": none} if zero_day else {}) | {n: s * (1 - none) for n, s in nights.items()}
        out[name] = SiteDemand(
            millions=footprint.population.england_equivalents.value / 1e6 * site.beds_occupied.value / whole,
            attendance=site.type1_attendances_per_day.value - site.type1_admissions_per_day.value,
            emergency=flow.emergency * (1 + without),
            direct=flow.direct * (1 + without),
            planned=flow.elective,
            needs=needs,
            nights=nights,
        )
    return out


def streams(
    demand: Demand,
    population: Population,
    needs: Mapping[str, float],
    run: tuple[dt.date, dt.date],
    of_the_year: dt.date,
    hour: Sequence[float] | None = None,
) -> list[Stream]:
    """Streams of emergencies, each of needs that grow alike and that waves of illness change alike.

    Parameters
    ----------
    needs : mapping
        Shares of need.
    run : pair of dates
        Begin and end.
    of_the_year : date
        When the rates hold that the streams are used with; growth until then is taken back (:func:`blended`).
    hour : sequence of 24 floats, optional
        Weights of the hours, in place of those of decisions to admit.
    """
    shapes = {n: demand_shape(demand, population, n, *run) for n in needs}
    shocks = demand.shocks.values()
    moved = {n: combined(shock_steps(shocks, n), slow_steps(demand, population, n, run[1])) for n in needs}

    def same(one: str, other: str) -> bool:
        grow = shapes[one].growth_per_year, shapes[other].growth_per_year
        return math.isclose(*grow, abs_tol=ALIKE) and moved[one] == moved[other]

    alike: list[list[str]] = []
    for need in sorted(needs, key=NEEDS.index):
        group = next((g for g in alike if same(g[0], need)), None)
        if group is None:
            alike.append([need])
        else:
            group.append(need)
    out = []
    for group in alike:
        part = sum(needs[n] for n in group)
        if part > 0:
            shares = {n: needs[n] / part for n in group}
            shape = blended([(shapes[n], shares[n]) for n in group], run[0], of_the_year)
            name = "" if len(alike) == 1 else f"_{group[0]}"
            out.append(Stream(name, shares, part, shape if hour is None else replace(shape, hour=tuple(hour))))
    return out


def blended(parts: Sequence[tuple[DemandShape, float]], start: dt.date, of_the_year: dt.date) -> DemandShape:
    """One pattern for several that grow alike, as their shares weigh them; rates are those of `of_the_year`.

    Months and steps are weighted means, each for itself: exact where either is common to all, and within a few
    thousandths where the needs have holidays of their own.
    """
    first = parts[0][0]
    days = sorted({day for shape, _ in parts for day, _ in shape.level})
    level = [(day, sum(w * value_on(shape.level, day) for shape, w in parts)) for day in days]
    months = [shape.month or (1.0,) * 12 for shape, _ in parts]
    month = tuple(sum(w * m[i] for m, (_, w) in zip(months, parts, strict=True)) for i in range(12))
    back = (1 + first.growth_per_year) ** -((of_the_year - start).days / YEAR)
    steady = [(start, back)] if not math.isclose(back, 1.0) else []
    return replace(first, month=month, level=combined(level, steady))


def age_of(demand: Demand, population: Population, kinds: Mapping[str, float]) -> dict[str, float]:
    """Shares of age among people of several kinds, as the shares of the kinds weigh them."""
    out: dict[str, float] = {}
    for kind, weight in kinds.items():
        for age, share in age_shares(population, kind, demand.as_of.year).items():
            out[age] = out.get(age, 0.0) + weight * share
    return out


def attributes(**given: Mapping[str, float] | None) -> dict[str, Any]:
    """Attributes of a source from shares; what is none or has one certain level only is left out or fixed."""
    return {
        name: next((k for k, v in shares.items() if v == 1.0), dict(shares))
        for name, shares in given.items()
        if shares is not None
    }
