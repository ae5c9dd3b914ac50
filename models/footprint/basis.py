"""Whose figures are they? Beds count whom the hospitals treat, delays count residents: whether the two can be matched.

Nobody publishes how many delayed residents lie in an area's own hospitals. The hospitals' work over the residents' at
England's rates (:func:`net_flow`) says how far the two differ; a local authority that lies only partly in the area adds
its own doubt. Together they say within what range delayed beds at the hospitals are known. Where that range is wider
than the tolerance by which a baseline is judged, there is no baseline.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from models.figures.figures import Figure
from models.footprint.observed import within_4h
from models.footprint.trusts import USE_JUMP, gaps_and_jumps
from sim.errors import Fault, nearest

if TYPE_CHECKING:
    from models.footprint.short import Defaults, Reason, ShortFootprint

__all__ = ["Area", "Basis", "area_of", "basis_of", "faults_of_names", "delayed_share", "net_flow"]
__all__ += ["part_range", "reasons"]


@dataclass(frozen=True)
class Area:
    """Observed tables of a short footprint (delays where a table tells them), and the baseline year's means by site."""

    beds: Any
    months: Any
    delays: Any
    by_site: Any

    def days(self, year: str, setting: str = "acute") -> Any:
        """Row of the delays of a year."""
        rows = self.delays[(self.delays["year"] == year) & (self.delays["setting"] == setting)]
        return rows.iloc[0]


@dataclass(frozen=True)
class Basis:
    """Delayed beds as told and at the hospitals, with how well they are known.

    Parameters
    ----------
    delayed : tuple of float
        Acute beds held by delayed people as told: value, low, high (split local authorities, or the share's range).
    conversion : Figure or None
        Beds at the host trusts for each bed of a resident; none where delays are told at the hospitals.
    net_flow : float
        The hospitals' work over the residents' at England's rates.
    scale : float
        The hospitals' share of England's beds in use without delayed patients.
    half_width : float
        Relative half-width of delayed beds at the hospitals, both doubts together.
    """

    delayed: tuple[float, float, float]
    conversion: Figure | None
    net_flow: float
    scale: float
    half_width: float

    @property
    def host_delay(self) -> float:
        """Delayed beds at the hospitals."""
        return self.delayed[0] * (self.conversion.value if self.conversion else 1.0)

    @property
    def whose(self) -> str:
        """Basis of the delays as told."""
        return "resident" if self.conversion else "host trust"


def area_of(short: ShortFootprint, year: str) -> Area:
    """Read the shared tables for one short footprint."""
    from models.footprint.footprint import shared_or_own
    from models.footprint.short import tables
    from models.footprint.tables import shared_beds, shared_delays, shared_months

    data = shared_or_own(tables(short))
    beds, months = shared_beds(data), shared_months(data)
    rows = beds[beds["year"] == year].groupby("site", sort=False)
    by_site: Any = rows[["available", "occupied"]].mean()
    sums = months[months["year"] == year].groupby("site")[["attendances", "breaches", "admissions", "days"]].sum()
    by_site["attendances"] = sums["attendances"] / sums["days"]
    by_site["admissions"] = sums["admissions"] / sums["days"]
    by_site["within_4h"] = within_4h(months[months["year"] == year])
    return Area(beds, months, shared_delays(data) if data.delays_annual else None, by_site.astype(float))


def part_range(part: float, ratio: float) -> tuple[float, float]:
    """Share of a local authority's delay that lies in one part of it, if the rates a head differ up to `ratio`."""
    return tuple(part * r / (part * r + 1 - part) for r in (1 / ratio, ratio))  # type: ignore[return-value]


def net_flow(scale: float, residents: float, given: Defaults) -> float:
    """The hospitals' work over their residents' work at England's rates in acute trusts.

    Parameters
    ----------
    scale : float
        The hospitals' share of England's beds in use without delayed patients.
    residents : float
        People by the projection for 2020.
    """
    england = given.england
    there = residents * england.over_projection.value * england.acute_trust_share.value
    return scale * england.people.value / there


def basis_of(short: ShortFootprint, area: Area, given: Defaults) -> Basis:
    """Put the delays beside the hospitals' beds."""
    return _of_residents(short, area, given) if area.delays is not None else _at_hospitals(short, area, given)


def _at_hospitals(short: ShortFootprint, area: Area, given: Defaults) -> Basis:
    """Delays from the share of beds in use that people ready to leave hold: the hospitals' own, or England's.

    Only a part of that time is waiting for a place, as it was counted until 2020 (``reported_share``).
    """
    share, counted = delayed_share(short, given), given.reported_share.value
    occupied = float(area.by_site["occupied"].sum())
    beds = (share.value * occupied * counted, share.range[0] * occupied * counted, share.range[1] * occupied * counted)
    scale = (occupied - beds[0]) / (given.england.occupied_beds.value - given.england.delayed_beds.value)
    flow = net_flow(scale, short.population.residents.value, given)
    return Basis(beds, None, flow, scale, (beds[2] - beds[1]) / 2 / beds[0])


def delayed_share(short: ShortFootprint, given: Defaults) -> Figure:
    """Share of the hospitals' beds in use that people ready to leave hold; England's unless the area has its own.

    Raises
    ------
    ValueError
        When neither is told.
    """
    share = short.delayed_share or given.england.delayed_share
    if share is None:
        raise ValueError(f"England's figures of {given.england.year} hold no share of beds in use that is delayed")
    return share


def _of_residents(short: ShortFootprint, area: Area, given: Defaults) -> Basis:
    """Put resident and host figures beside each other."""
    from models.footprint.tables import shared_delays_of

    england, year = given.england, given.england.year
    low = high = 0.0
    for la in short.local_authorities:
        beds = shared_delays_of(la.name, year)
        part = 1.0 if la.part is None else la.part.value
        ends = (part, part)
        if la.part is not None:
            ends = part_range(part, given.limits.split_ratio.value) if la.part.low is None else la.part.range
        low, high = low + beds * ends[0], high + beds * ends[1]
    value = float(area.days(year)["beds"])
    occupied = float(area.by_site["occupied"].sum())
    undelayed = england.occupied_beds.value - england.delayed_beds.value
    people = short.population.residents.value
    conversion = short.host_conversion
    flow = 1.0
    for _ in range(20):  # delay at the hospitals depends on the flow, and the flow, a little, on the delay
        factor = conversion.value if conversion else flow
        scale = (occupied - value * factor) / undelayed
        flow = net_flow(scale, people, given)
    conversion = conversion or _conversion(flow, year)
    scale = (occupied - value * conversion.value) / undelayed
    doubts = ((high - low) / 2 / value, (conversion.range[1] - conversion.range[0]) / 2 / conversion.value)
    return Basis((value, low, high), conversion, flow, scale, math.hypot(*doubts))


def _conversion(flow: float, year: str) -> Figure:
    ends = sorted((1.0, max(0.0, 2 * flow - 1)))
    return Figure(
        value=round(flow, 3),
        low=round(min(ends[0], flow), 3),
        high=round(max(ends[1], flow), 3),
        unit="host trust per resident",
        year=year,
        basis="not applicable",
        status="derived",
        source="NHS England KH03 and DTOC; ONS 2018-based projections",
        note=(
            "The hospitals' work over the residents' at England's rates, as if delay went with the work; from no flow "
            "to twice as much. Where the residents of these local authorities lie is not published."
        ),
    )


def faults_of_names(short: ShortFootprint) -> list[Fault]:
    """Trusts and local authorities that the tables do not hold, or that are named twice."""
    from models.footprint.short import defaults
    from models.footprint.tables import shared_names

    codes, councils = shared_names(defaults(short.baseline_year).data.beds_quarterly)
    faults = []
    for site, trust in short.trusts.items():
        for code in trust.codes:
            if code not in codes:
                rule = "the tables hold no trust with this code; `carebridge area` lists them by plan area."
                faults.append(Fault(f"trusts.{site}.codes", code, rule, nearest=nearest(code, codes)))
    given = [code for trust in short.trusts.values() for code in trust.codes]
    twice = sorted({code for code in given if given.count(code) > 1})
    faults += [Fault("trusts", code, "this trust belongs to more than one site.") for code in twice]
    names = [la.name for la in short.local_authorities]
    for name in names:
        if name not in councils:
            rule = "the table of delays holds no local authority of this name; `carebridge area NAME` lists them."
            faults.append(Fault("local_authorities", name, rule, nearest=nearest(name, councils)))
    twice = sorted({name for name in names if names.count(name) > 1})
    faults += [Fault("local_authorities", name, "this local authority is named twice.") for name in twice]
    if short.delayed_share is not None and defaults(short.baseline_year).data.delays_annual is not None:
        rule = f"delays of {short.baseline_year} come from the table of local authorities; leave it out."
        faults.append(Fault("delayed_share", short.delayed_share.value, rule))
    return faults


# --- why there is no baseline ------------------------------------------------------------------------------------


def reasons(short: ShortFootprint, given: Defaults | None = None) -> list[Reason]:
    """Every rule that an area breaks, with the figure found and its limit; none when a baseline can be fitted."""
    from models.footprint.short import defaults

    given = given or defaults(short.baseline_year)
    area = area_of(short, given.england.year)
    found = _series(short, area, given)
    if all(reason.rule == USE_JUMP for reason in found):  # nothing is missing, so the rest can be asked too
        basis = basis_of(short, area, given)
        found = _delay(short, basis, given) + _admissions(short, area, basis, given) + found
    return found


def _series(short: ShortFootprint, area: Area, given: Defaults) -> list[Reason]:
    from models.footprint.short import Reason

    later = given.england.held_out
    quarters = [(given.england.year, q) for q in (1, 2, 3, 4)] + [(later.year, q) for q in later.quarters]
    limits = {"jump": given.limits.bed_jump.value, USE_JUMP: given.limits.use_jump.value}
    says = {
        "beds missing": "has no beds for {where}",
        "months missing": "lacks {figure:.0f} months of A&E in {where}",
        "jump": "beds change by {figure:+.0%} in {where} (limit {limit:.0%}), and no merger explains it",
        USE_JUMP: "beds in use change by {figure:+.0%} in {where} (limit {limit:.0%}), and beds open do not; "
        "they may not be counted alike before and after",
    }
    return [
        Reason(
            rule=kind,
            figure=figure,
            limit=limits.get(kind, 0.0),
            text=f"{short.trusts[site].name}: "
            + says[kind].format(where=where, figure=figure, limit=limits.get(kind, 0.0)),
        )
        for site, kind, figure, where in gaps_and_jumps(
            area.beds, area.months, quarters, given.england.year, limits["jump"], limits[USE_JUMP]
        )
    ]


def _delay(short: ShortFootprint, basis: Basis, given: Defaults) -> list[Reason]:
    from models.footprint.short import Reason

    limit = given.limits.delay_half_width.value
    if basis.half_width <= limit:
        return []
    if basis.conversion is None:
        text = f"delayed beds at the hospitals are known only within {basis.half_width:.0%} (limit {limit:.0%})"
        if short.delayed_share is None:
            text += (
                ": England's share of beds in use stands for theirs; put the hospitals' own, which is published by "
                "trust (discharge ready date), into the file as `delayed_share`"
            )
        return [Reason(rule="delay unknown", figure=round(basis.half_width, 4), limit=limit, text=text)]
    split = (basis.delayed[2] - basis.delayed[1]) / 2 / basis.delayed[0]
    why = f"its hospitals do {basis.net_flow:.2f} times its residents' work at England's rates"
    if short.host_conversion:
        low, high = short.host_conversion.range
        why += f" (declared conversion {short.host_conversion.value:g}, {low:g} to {high:g})"
    if split:
        why += f", and local authorities that lie only partly in it add {split:.0%}"
    text = f"delayed beds at the hospitals are known only within {basis.half_width:.1%} (limit {limit:.0%}): {why}"
    return [Reason(rule="delay unknown", figure=round(basis.half_width, 4), limit=limit, text=text)]


def _admissions(short: ShortFootprint, area: Area, basis: Basis, given: Defaults) -> list[Reason]:
    """Beds in use and admissions must allow a share of stays without a night that hospitals do have."""
    from models.footprint.rules import overnight_emergencies, zero_day_share
    from models.footprint.short import Reason

    found, limits = [], given.limits
    share = zero_day_share(area, basis, given)
    if share < limits.zero_day_least.value:
        limit = limits.zero_day_least.value
        text = f"beds in use leave {share:.1%} of emergencies without a night (at least {limit:.0%})"
        found.append(Reason(rule="too few admissions", figure=round(share, 4), limit=limit, text=text))
    most = limits.zero_day_most.value
    for site, overnight in overnight_emergencies(area, basis, given).items():
        least = 1 - overnight / float(area.by_site.loc[site, "admissions"])
        if least > most:
            text = f"{short.trusts[site].name}: at least {least:.1%} of emergencies stay no night (at most {most:.0%})"
            found.append(Reason(rule="too few beds", figure=round(least, 4), limit=most, text=text))
    return found
