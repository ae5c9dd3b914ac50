"""From hospitals, local authorities and England's figures to every figure of a full footprint.

The rules are those by which Devon's baseline was worked out by hand: the hospitals' beds in use without delayed
patients, over England's, scale England's flows; England's mixture of stays fills those beds exactly (Little's law);
delay by pathway is England's reasons within the local authorities' attribution.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from models.figures.figures import Figure
from models.footprint.basis import Area, Basis, area_of, basis_of, delayed_share
from models.footprint.short import tables

if TYPE_CHECKING:
    from models.footprint.short import Defaults, ShortFootprint

__all__ = ["full_form", "overnight_emergencies", "pathway_delay", "whole_beds", "zero_day_share"]

BEDS = "NHS England KH03 via the trust-quarter panel LB1983/nhs-bed-occupancy-analysis"
AE = "NHS England A&E attendances and emergency admissions (NHSRdatasets)"
DTOC = "NHS England DTOC local-authority workbook (psychty/DTOC)"
PRO_RATA = "the footprint's figure shared out by beds in use"
GROUP_NAMES = {
    "medical": "Medical beds",
    "older people": "Older people's beds",
    "surgical": "Surgical beds",
    "admissions": "Admissions unit",
}


def full_form(short: ShortFootprint, given: Defaults) -> dict[str, Any]:
    """Every section of the full form, as a file would hold it."""
    year = given.england.year
    area = area_of(short, year)
    basis = basis_of(short, area, given)
    ways = _pathways(area, basis, given)
    first = int(year[:4])
    return {
        "name": short.name,
        "title": short.title,
        "question": short.question,
        "baseline_year": year,
        "holdout": given.england.held_out.model_dump(),
        "start": f"{first - 1}-04-01",  # a year before the baseline year, to warm up
        "warm_up_days": 365,
        "data": tables(short),
        "population": _population(short, basis, given),
        "totals": _totals(area, given),
        "sites": _sites(short, area, basis, given),
        "ward_rule": given.ward_rule.model_dump(),
        "fitted": dict(given.fitted),
        "emergency": _emergency(area, basis, given),
        "elective": {"overnight_per_day": _elective(basis, given)},
        "cohorts": _cohorts(basis, given),
        "demand": given.demand,
        "discharge": given.discharge.model_dump(),
        "pathways": ways,
        "delays": _delays(short, area, basis, given),
        "community_overlap": _overlap(short, area, ways, given),
        "returns": given.returns.model_dump(),
        "missing": [entry.model_dump() for entry in given.missing],
    }


def _figure(value: float, unit: str, year: str, basis: str, status: str, source: str, **more: Any) -> dict[str, Any]:
    out = {"value": round(value, 4), "unit": unit, "year": year, "basis": basis, "status": status, "source": source}
    low, high = more.pop("ends", (None, None))
    if low is not None:
        out |= {"low": round(min(low, value), 4), "high": round(max(high, value), 4)}
    return out | {key: text for key, text in more.items() if text}


# --- flows --------------------------------------------------------------------------------------------------------


def _overnight(basis: Basis, given: Defaults) -> float:
    """Admissions a day that stay a night, planned and emergency."""
    return basis.scale * sum(part.flow.value for part in given.mixture.values())


def _emergencies(basis: Basis, given: Defaults) -> float:
    return _overnight(basis, given) - basis.scale * given.england.elective_overnight_per_day.value


def overnight_emergencies(area: Area, basis: Basis, given: Defaults) -> dict[str, float]:
    """Emergency admissions a day that stay a night, by site: shared out by beds in use."""
    whole, used = _emergencies(basis, given), area.by_site["occupied"]
    return {str(site): whole * float(value) / float(used.sum()) for site, value in used.items()}


def _other_routes(area: Area, given: Defaults) -> tuple[float, float, float]:
    """Emergency admissions a day that do not come through A&E: value, low, high."""
    share, through = given.england.other_routes_share, float(area.by_site["admissions"].sum())
    value, low, high = (through * s / (1 - s) for s in (share.value, *share.range))
    return value, low, high


def zero_day_share(area: Area, basis: Basis, given: Defaults) -> float:
    """Share of emergency admissions that stay no night: what is left once the beds in use are explained."""
    every = float(area.by_site["admissions"].sum()) + _other_routes(area, given)[0]
    return 1 - _emergencies(basis, given) / every


def pathway_delay(attribution: dict[str, float], given: Defaults) -> dict[str, float]:
    """Shares of acute delay by pathway: England's reasons within the local attribution, the rest in proportion."""
    raw = {
        way: sum(share * given.reasons[party][way] for party, share in attribution.items()) for way in given.pathways
    }
    return {way: value / sum(raw.values()) for way, value in raw.items()}


def whole_beds(total: int, shares: dict[str, float]) -> dict[str, int]:
    """Share a whole number of beds out, largest remainders first, at least one bed each."""
    exact = {name: total * share for name, share in shares.items()}
    out = {name: max(1, int(value)) for name, value in exact.items()}
    while (left := total - sum(out.values())) and total >= len(out):
        gap = {name: exact[name] - out[name] for name in out if left > 0 or out[name] > 1}
        name = max(gap, key=gap.__getitem__) if left > 0 else min(gap, key=gap.__getitem__)
        out[name] += 1 if left > 0 else -1
    return out


# --- sections -----------------------------------------------------------------------------------------------------


def _population(short: ShortFootprint, basis: Basis, given: Defaults) -> dict[str, Any]:
    share = f"{basis.scale:.3%} of England's general and acute beds in use without delayed patients"
    people = _figure(
        round(basis.scale * given.england.people.value, -2),
        "people",
        given.england.year,
        "host trust",
        "derived",
        "NHS England KH03 and DTOC",
        note=f"{share}; scales national rates to what the hospitals do",
    )
    return {"residents": short.population.residents.model_dump(), "england_equivalents": people}


def _ae(given: Defaults) -> tuple[str, str, str]:
    """Sources of attendances and four-hour shares and of admissions, and how the latter are known."""
    if given.data.admitted_change is None:
        return AE, AE, "read"
    return BEDS, f"attendances: {BEDS}; those admitted: as in 2018/19 ({AE}) x England's change since", "derived"


def _totals(area: Area, given: Defaults) -> dict[str, Any]:
    summed, year = area.by_site.sum(), given.england.year
    seen, admitted, status = _ae(given)
    return {
        "beds_available": _figure(summed["available"], "beds", year, "host trust", "read", BEDS),
        "beds_occupied": _figure(summed["occupied"], "beds", year, "host trust", "read", BEDS),
        "type1_attendances_per_day": _figure(summed["attendances"], "per day", year, "host trust", "read", seen),
        "type1_admissions_per_day": _figure(summed["admissions"], "per day", year, "host trust", status, admitted),
    }


def _sites(short: ShortFootprint, area: Area, basis: Basis, given: Defaults) -> dict[str, Any]:
    year = given.england.year
    overnight, used = overnight_emergencies(area, basis, given), area.by_site["occupied"]
    seen, admitted, status = _ae(given)
    planned = basis.scale * given.england.elective_overnight_per_day.value
    out: dict[str, Any] = {}
    for site, trust in short.trusts.items():
        row = area.by_site.loc[site]
        beds = whole_beds(round(row["available"]), given.ward_rule.split.shares)
        out[site] = {
            "code": trust.codes[0],
            "name": trust.name,
            "trust": trust.trust,
            "catchment": trust.catchment or short.title,
            "local_authorities": [la.name for la in short.local_authorities],
            "wards": [{"name": GROUP_NAMES[group], "group": group, "beds": n} for group, n in beds.items()],
            "beds_available": _figure(row["available"], "beds", year, "host trust", "read", BEDS),
            "beds_occupied": _figure(row["occupied"], "beds", year, "host trust", "read", BEDS),
            "type1_attendances_per_day": _figure(row["attendances"], "per day", year, "host trust", "read", seen),
            "type1_admissions_per_day": _figure(row["admissions"], "per day", year, "host trust", status, admitted),
            "type1_4h_share": _figure(row["within_4h"], "share", year, "host trust", "read", seen),
            "overnight_emergencies_per_day": _figure(
                overnight[site], "per day", year, "host trust", "derived", BEDS, note=PRO_RATA
            ),
            "elective_overnight_per_day": _figure(
                planned * float(row["occupied"]) / float(used.sum()),
                "per day",
                year,
                "host trust",
                "assumed",
                given.england.elective_overnight_per_day.source,
                note=PRO_RATA,
            ),
        }
        least = 1 - overnight[site] / float(row["admissions"])
        if least > given.limits.zero_day_least.value:
            note = "more people are admitted from A&E alone than can stay a night"
            figure = _figure(int(100 * least) / 100, "share", year, "host trust", "derived", AE, note=note)
            out[site]["zero_day_share_at_least"] = figure
    return out


def _emergency(area: Area, basis: Basis, given: Defaults) -> dict[str, Any]:
    year, limits = given.england.year, given.limits
    other, low, high = _other_routes(area, given)
    return {
        "other_routes_per_day": _figure(
            other,
            "per day",
            year,
            "host trust",
            "derived",
            AE,
            ends=(low, high),
            note="England's share applied to the admissions from A&E here; the footprint's own number is missing",
        ),
        "zero_day_share": _figure(
            zero_day_share(area, basis, given),
            "share",
            year,
            "host trust",
            "derived",
            "NHS England KH03 and A&E",
            ends=(0.30, limits.zero_day_most.value),
            note="what remains of all emergencies once beds in use are explained; the range is for one hospital",
        ),
        "overnight_per_day": _figure(
            _emergencies(basis, given),
            "per day",
            year,
            "host trust",
            "derived",
            "NHS England KH03",
            note="from beds in use",
        ),
    }


def _elective(basis: Basis, given: Defaults) -> dict[str, Any]:
    figure = given.england.elective_overnight_per_day
    low, high = (basis.scale * end for end in figure.range)
    note = f"about {figure.value:,.0f} a day in England x {basis.scale:.3%}; day cases use day beds"
    return _figure(
        basis.scale * figure.value,
        "per day",
        figure.year,
        "host trust",
        "assumed",
        figure.source,
        ends=(low, high),
        note=note,
    )


def _cohorts(basis: Basis, given: Defaults) -> dict[str, Any]:
    """Shares and stays; the part without a stay of its own gets what fills the beds exactly."""
    england, parts = given.england, given.mixture
    total = sum(part.flow.value for part in parts.values())
    open_part = next(name for name, part in parts.items() if part.mean_days is None)
    beds = england.occupied_beds.value - england.delayed_beds.value
    beds -= sum(part.flow.value * part.mean_days.value for part in parts.values() if part.mean_days is not None)
    flow = parts[open_part].flow.value
    reported = given.reported_share.value
    unseen = basis.host_delay * (1 / reported - 1) / (basis.scale * flow)
    source = parts[open_part].flow.source
    out: dict[str, Any] = {}
    for name, part in parts.items():
        share = _figure(part.flow.value / total, "share", part.flow.year, "national", "derived", source)
        out[name] = {"title": part.title, "share": share | {"value": round(part.flow.value / total, 5)}}
        if part.mean_days is not None:
            out[name]["mean_days"] = part.mean_days.model_dump()
            continue
        stays = [(1.0, beds / flow, "fills England's beds in use without delayed patients")]
        if reported < 1:
            note = "what counts as delay cannot count as stay, so the stay is shorter"
            stays.append((reported, beds / flow - unseen, note))
        out[name]["mean_days_by_reported_share"] = [
            {
                "reported_share": at,
                "mean_days": _figure(days, "days", england.year, "host trust", "derived", source, note=note),
            }
            for at, days, note in stays
        ]
    return out


def _attribution(area: Area, given: Defaults) -> dict[str, float]:
    """Shares of delay by who is responsible: the area's own, or England's where no table tells."""
    if given.attribution is not None and area.delays is None:
        return dict(given.attribution.shares)
    row = area.days(given.england.year, "all")
    return {party: round(float(row[f"{party}_days"] / row["days"]), 4) for party in ("nhs", "social_care", "both")}


def _pathways(area: Area, basis: Basis, given: Defaults) -> dict[str, Any]:
    year = given.england.year
    millions = basis.scale * given.england.people.value / 1e6
    delayed = pathway_delay(_attribution(area, given), given)
    out: dict[str, Any] = {}
    for name, way in given.pathways.items():
        rate = way.arrivals_per_million
        arrivals, load = rate.value * millions, rate.value * millions * way.service_days.value
        places = [load / end for end in way.load_of_places.range]
        out[name] = {
            "title": way.title,
            "arrivals_per_day": _figure(
                arrivals,
                "per day",
                rate.year,
                "host trust",
                "derived",
                f"{rate.source}; per head x {millions:.3f} million",
                ends=(rate.range[0] * millions, rate.range[1] * millions),
                note=f"from hospital only; not of {year}, so the range is to be widened (x 0.7 to 1.4) when fitting",
            ),
            "service_days": way.service_days.model_dump(),
            "service_cv": way.service_cv.model_dump(),
            "delayed_target": _figure(
                basis.delayed[0] * delayed[name],
                "beds",
                year,
                basis.whose,
                "derived",
                str(given.reasons["source"]),
                note=f"{delayed[name]:.0%} of acute delay; what belongs to no pathway is spread pro rata",
            ),
            "static_capacity_prior": _figure(
                load / way.load_of_places.value,
                "places",
                year,
                "host trust",
                "derived",
                way.service_days.source,
                ends=(places[1], places[0]),
                note="a starting point for fitting, never a measurement; leaves out those who come on from elsewhere",
            ),
            "flex_elasticity": given.flex_elasticity.model_dump(),
            "flex_scale": given.flex_scale.model_dump(),
            "drawn_from": way.drawn_from.model_dump(),
        }
        if way.onward:
            out[name]["onward"] = way.onward.model_dump()
    return out


def _delays(short: ShortFootprint, area: Area, basis: Basis, given: Defaults) -> dict[str, Any]:
    if area.delays is None:
        return _delays_at_hospitals(short, basis, given)
    year = given.england.year
    acute, other = area.days(year), area.days(year, "non_acute")
    split = any(la.part is not None for la in short.local_authorities)
    status = "derived" if split else "read"
    shares = _attribution(area, given)
    relative = tuple(end / basis.delayed[0] for end in basis.delayed[1:]) if split else (None, None)

    def beds(row: Any) -> dict[str, Any]:
        value = float(row["beds"])
        ends = tuple(None if r is None else value * r for r in relative)
        return _figure(value, "beds", year, "resident", status, DTOC, ends=ends, note=f"{int(row['days']):,} days")

    names = ", ".join(la.name for la in short.local_authorities)
    return {
        "acute_beds": beds(acute),
        "non_acute_beds": beds(other),
        "attribution": {
            "shares": shares,
            "year": year,
            "basis": "resident",
            "status": status,
            "source": DTOC,
            "note": f"published for acute and non-acute beds together; {names}",
        },
        "reported_share": given.reported_share.model_dump(),
        "host_conversion": basis.conversion.model_dump() if basis.conversion else None,
    }


def _delays_at_hospitals(short: ShortFootprint, basis: Basis, given: Defaults) -> dict[str, Any]:
    share, (value, low, high) = delayed_share(short, given), basis.delayed
    waiting = f"{given.reported_share.value:.0%} wait for a place. {share.note}"
    note = f"{share.value:.2%} of beds in use are held by people ready to leave, of which {waiting}"
    acute = _figure(
        value, "beds", given.england.year, basis.whose, "assumed", share.source, ends=(low, high), note=note
    )
    return {
        "acute_beds": acute,
        "attribution": given.attribution.model_dump() if given.attribution else None,
        "reported_share": given.reported_share.model_dump(),
        "counted": True,
    }


def _overlap(short: ShortFootprint, area: Area, ways: dict[str, Any], given: Defaults) -> dict[str, Any]:
    inside = [site for site, trust in short.trusts.items() if trust.community_beds_inside]
    available = area.by_site["available"]
    spread = {site: float(available[site]) if site in inside or not inside else 0.0 for site in short.trusts}
    total = sum(spread.values())
    share, year = given.overlap_share, given.england.year
    part = total / float(available.sum()) if inside else 0.0
    places = Figure.model_validate(ways["p2"]["static_capacity_prior"]).value * part
    reason = (
        "Whether the beds counted for these trusts include community beds, and how many, is not published by hospital. "
        "Adding all community beds on top of the counted ones could count beds twice, so the part that may lie inside "
        "is stated here, and the answer is shown over its range."
    )
    return {
        "pathway": "p2",
        "beds": _figure(
            share.value * places,
            "beds",
            year,
            "host trust",
            "assumed",
            share.source,
            ends=tuple(end * places for end in share.range),
            note=share.note if inside else "none of these trusts runs community hospitals",
        ),
        "spread": {
            "shares": {site: round(beds / total, 5) for site, beds in spread.items()},
            "year": year,
            "basis": "host trust",
            "status": "assumed",
            "note": "by beds available",
        },
        "reason": reason,
    }
