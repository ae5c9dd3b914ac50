"""What a footprint must reproduce of its observed tables, and how its figures must agree with one another."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import pandas as pd

from models.footprint.observed import ae_by_month, beds_by_quarter, delayed_beds, delays_by_year, site_means, totals
from sim.errors import Fault, FaultsError, nearest

if TYPE_CHECKING:
    from models.footprint.footprint import Footprint

__all__ = ["LITTLE_TOLERANCE", "SUM_TOLERANCE", "TOTAL_TOLERANCE", "faults_against_data"]

LITTLE_TOLERANCE = 0.03  #: beds in use against admissions times stay, plus delay
TOTAL_TOLERANCE = 0.002  #: figures of the YAML file against the tables; they are written to one decimal
SUM_TOLERANCE = 0.01  #: parts against their whole, where the parts are rounded


def faults_against_data(footprint: Footprint) -> list[Fault]:
    """Every cross-check that the given sections allow; a faulty footprint may lack some of them."""
    faults: list[Fault] = []
    for needs, check in _CHECKS:
        if all(hasattr(footprint, need) for need in needs.split()):
            try:
                faults += check(footprint)
            except FaultsError as error:
                faults += error.faults
    return list({str(fault): fault for fault in faults}.values())


def _table(table: Any) -> Any:
    """A table whose operations no type checker can follow."""
    return table


def _near(key: str, given: float, expected: float, tolerance: float, meaning: str) -> list[Fault]:
    if abs(given - expected) <= tolerance * abs(expected):
        return []
    return [Fault(key, round(given, 4), f"must be {meaning}, {expected:.5g}, within {tolerance:.1%}.")]


def _names(key: str, given: Iterable[str], known: Iterable[str], what: str) -> list[Fault]:
    known = list(known)
    rule = f"is not {what}; known here: {', '.join(known)}."
    return [Fault(f"{key}.{name}", None, rule, nearest=nearest(name, known)) for name in given if name not in known]


def _calendar(f: Footprint) -> list[Fault]:
    begins = pd.Timestamp(f.start) + pd.Timedelta(days=f.warm_up_days)
    if begins == pd.Timestamp(int(f.baseline_year[:4]), 4, 1):
        return []
    return [Fault("warm_up_days", f.warm_up_days, f"start plus warm-up must be 1 April of {f.baseline_year}.")]


def _rows(f: Footprint) -> list[Fault]:
    beds, ae = _table(beds_by_quarter(f)), _table(ae_by_month(f))
    faults = _names(f.data.beds_quarterly, sorted(set(beds["site"])), f.sites, "a site")
    faults += _names(f.data.ae_monthly, sorted(set(ae["site"])), f.sites, "a site")
    wanted = {f.baseline_year: {1, 2, 3, 4}}
    wanted[f.holdout.year] = wanted.get(f.holdout.year, set()) | set(f.holdout.quarters)
    for site, entry in f.sites.items():
        rows = beds[beds["site"] == site]
        for year, quarters in wanted.items():
            lacking = sorted(quarters - set(rows.loc[rows["year"] == year, "quarter"]))
            if lacking:
                faults.append(Fault(f"sites.{site}", None, f"has no bed rows for {year}, quarters {lacking}."))
        if set(rows["code"]) - {entry.code}:
            faults.append(Fault(f"sites.{site}.code", entry.code, f"the bed rows say {sorted(set(rows['code']))}."))
        months = ae[(ae["site"] == site) & (ae["year"] == f.baseline_year)]
        if len(months) != 12:
            faults.append(Fault(f"sites.{site}", None, f"has {len(months)} A&E months in {f.baseline_year}, not 12."))
        quarterly = rows.loc[rows["year"] == f.baseline_year, "attendances"].sum()
        meaning = "the attendances of the quarterly table"
        faults += _near(f"{f.data.ae_monthly}.{site}", months["attendances"].sum(), quarterly, 0, meaning)
    if f.holdout.year == f.baseline_year:
        faults.append(Fault("holdout.year", f.holdout.year, "must not be the baseline year."))
    return faults


def _waits(f: Footprint) -> list[Fault]:
    """Waits that are to be fitted are there in every quarter of the baseline year."""
    if "out_of_reach" not in f.fitted:
        return []
    rows, faults = _table(beds_by_quarter(f, f.baseline_year)), []
    for site in f.sites:
        here = rows[rows["site"] == site]
        lacking = sorted(map(int, here.loc[here["waits_over_12h"].isna(), "quarter"]))
        if lacking:
            rule = f"has no waits over twelve hours for quarters {lacking}, which fitted.out_of_reach asks for."
            faults.append(Fault(f"sites.{site}", None, rule))
    return faults


def _sites(f: Footprint) -> list[Fault]:
    faults, observed = [], _table(site_means(f))
    for site, entry in f.sites.items():
        if site not in observed.index:
            continue
        for name, value in observed.loc[site].drop("occupancy").items():
            key = f"sites.{site}.{name}.value"
            meaning = f"the mean of the rows of {f.baseline_year}"
            faults += _near(key, getattr(entry, str(name)).value, float(value), TOTAL_TOLERANCE, meaning)
        beds, mean = sum(ward.beds for ward in entry.wards), float(observed.loc[site, "beds_available"])
        if beds != round(mean):
            rule = f"the wards must sum to {round(mean)} beds (mean of beds available, {mean:.1f})."
            faults.append(Fault(f"sites.{site}.wards", beds, rule))
    return faults


def _totals(f: Footprint) -> list[Fault]:
    observed, meaning = _table(totals(f)), f"the sum over the sites in {f.baseline_year}"
    return [
        fault
        for name in type(f.totals).model_fields
        for fault in _near(
            f"totals.{name}.value", getattr(f.totals, name).value, float(observed[name]), TOTAL_TOLERANCE, meaning
        )
    ]


def _admissions(f: Footprint) -> list[Fault]:
    key = "emergency.overnight_per_day.value"
    emergency = f.emergency.overnight_per_day.value
    by_site = sum(site.overnight_emergencies_per_day.value for site in f.sites.values())
    faults = _near(key, emergency, by_site, SUM_TOLERANCE, "the sum over the sites")
    planned = sum(site.elective_overnight_per_day.value for site in f.sites.values())
    what = "the sum over the sites"
    faults += _near(
        "elective.overnight_per_day.value", f.elective.overnight_per_day.value, planned, SUM_TOLERANCE, what
    )
    every = f.totals.type1_admissions_per_day.value + f.emergency.other_routes_per_day.value
    stay = every * (1 - f.emergency.zero_day_share.value)
    faults += _near(key, emergency, stay, SUM_TOLERANCE, "all emergency admissions less those of zero days")
    if getattr(f, "no_baseline", []):  # what is beyond a limit has been said as a reason
        return faults
    highest = f.emergency.zero_day_share.range[1]
    for name, site in f.sites.items():
        least = 1 - site.overnight_emergencies_per_day.value / max(site.type1_admissions_per_day.value, 1e-9)
        stated = 0.0 if site.zero_day_share_at_least is None else site.zero_day_share_at_least.value
        if max(least, stated) > highest:
            rule = f"needs a zero-day share of at least {max(least, stated):.2f}, above the range's high {highest:g}."
            faults.append(Fault(f"sites.{name}.overnight_emergencies_per_day", None, rule))
    return faults


def _cohorts(f: Footprint) -> list[Fault]:
    total = sum(cohort.share.value for cohort in f.cohorts.values())
    rule = "shares of the cohorts must sum to one."
    return [] if abs(total - 1) <= TOTAL_TOLERANCE else [Fault("cohorts", round(total, 4), rule)]


def _links(f: Footprint) -> list[Fault]:
    from models.footprint.footprint import HOME

    faults = []
    for name, pathway in f.pathways.items():
        faults += _names(f"pathways.{name}.drawn_from.shares", pathway.drawn_from.shares, f.cohorts, "a cohort")
        if pathway.onward:
            ways = [*(other for other in f.pathways if other != name), HOME]
            faults += _names(f"pathways.{name}.onward.shares", pathway.onward.shares, ways, "a way onward")
    return faults


def _drawn(f: Footprint) -> list[Fault]:
    drawn = dict.fromkeys(f.cohorts, 0.0)
    for pathway in f.pathways.values():
        for cohort, share in pathway.drawn_from.shares.items():
            drawn[cohort] = drawn.get(cohort, 0.0) + share * pathway.arrivals_per_day.value
    return [
        Fault("pathways", round(drawn[name], 1), f"draw more people a day from '{name}' than its {flow:.1f}.")
        for name, flow in ((name, f.overnight_per_day * cohort.share.value) for name, cohort in f.cohorts.items())
        if drawn[name] > flow
    ]


def _overlap(f: Footprint) -> list[Fault]:
    spread, pathway = f.community_overlap.spread.shares, f.community_overlap.pathway
    faults = _names("community_overlap.spread.shares", spread, f.sites, "a site")
    if pathway not in f.pathways:
        rule = f"is not a pathway; known here: {', '.join(f.pathways)}."
        faults.append(Fault("community_overlap.pathway", pathway, rule, nearest=nearest(pathway, f.pathways)))
    most = f.community_overlap.beds.range[1]
    faults += [
        Fault(f"community_overlap.spread.shares.{site}", share, "puts more beds inside the hospital than it has.")
        for site, share in spread.items()
        if site in f.sites and share * most > f.sites[site].beds_available.value
    ]
    return faults


def _delays(f: Footprint) -> list[Fault]:
    faults: list[Fault] = []
    if f.data.delays_annual is None:
        return faults
    for setting in ("acute", "non_acute"):
        given = getattr(f.delays, f"{setting}_beds")
        if given is None:
            faults.append(Fault(f"delays.{setting}_beds", None, "is missing, and the table of delays has it."))
            continue
        rows = delayed_beds(f, given.year, setting, given.basis).value
        key = f"delays.{setting}_beds.value"
        faults += _near(key, given.value, rows, TOTAL_TOLERANCE, f"the delayed days of {given.year} as beds")
    every = _table(delays_by_year(f, "all")).set_index("year")
    year = f.delays.attribution.year
    for party, share in f.delays.attribution.shares.items():
        key = f"delays.attribution.shares.{party}"
        if f"{party}_days" not in every or year not in every.index:
            faults.append(Fault(key, share, f"is not in the table of delays for {year}."))
        elif abs(share - every.loc[year, f"{party}_days"] / every.loc[year, "days"]) > TOTAL_TOLERANCE:
            part = every.loc[year, f"{party}_days"] / every.loc[year, "days"]
            faults.append(Fault(key, share, f"must be the share of delayed days of {year}, {part:.3f}."))
    return faults


def _targets(f: Footprint) -> list[Fault]:
    basis, rule = f.delays.acute_beds.basis, "must be on the basis of delays.acute_beds, '{}'."
    other = {
        f"pathways.{name}.delayed_target.basis": one.delayed_target.basis
        for name, one in f.pathways.items()
        if one.delayed_target.basis != basis
    }
    if other:
        return [Fault(key, given, rule.format(basis)) for key, given in other.items()]
    summed = sum(pathway.delayed_target.value for pathway in f.pathways.values())
    return _near(
        "pathways",
        summed,
        f.delays.acute_beds.value,
        SUM_TOLERANCE,
        "all acute delay (here: the sum of delayed_target)",
    )


def _littles_law(f: Footprint) -> list[Fault]:
    from models.footprint.footprint import to_basis

    faults, occupied = [], f.totals.beds_occupied
    delayed = to_basis(f.delays.acute_beds, occupied.basis, f.delays.host_conversion).value
    stays = [stay.reported_share for cohort in f.cohorts.values() for stay in cohort.mean_days_by_reported_share]
    for reported in sorted({1.0, f.delays.reported_share.value, *stays}):
        stay = sum(cohort.share.value * cohort.mean_at(reported) for cohort in f.cohorts.values())
        beds = f.overnight_per_day * stay + delayed / reported
        what = f"the beds occupied (here: admissions x stay + delay, when {reported:g} of delay is reported)"
        faults += _near("cohorts", beds, occupied.value, LITTLE_TOLERANCE, what)
    return faults


_CHECKS: list[tuple[str, Callable[[Footprint], list[Fault]]]] = [
    ("start warm_up_days baseline_year", _calendar),
    ("data sites baseline_year holdout", _rows),
    ("data sites baseline_year fitted", _waits),
    ("data sites baseline_year", _sites),
    ("data sites baseline_year totals", _totals),
    ("sites emergency elective totals", _admissions),
    ("cohorts", _cohorts),
    ("pathways cohorts", _links),
    ("pathways cohorts emergency elective", _drawn),
    ("sites pathways community_overlap", _overlap),
    ("data delays", _delays),
    ("pathways delays", _targets),
    ("totals emergency elective cohorts delays", _littles_law),
]
