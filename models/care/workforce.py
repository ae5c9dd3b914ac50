"""Staff of wards and of community services by group: trained, recruited, leaving under pressure, lent, redeployed.

Posts follow planned beds and places. At the start as many leave as come: newly qualified staff from the pipeline and
those recruited into vacancies. Work is people per member of staff, against what is usual; more work, and more leave.
Bank and agency staff fill part of the gap; wards below least staffing close beds; places in the community follow staff.
Staff of closed wards learn new work before they count in the community.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import AfterValidator, Field, model_validator

from models.care.plan_staff import plan_staff
from models.care.pressure import Mechanism, Switchable
from models.care.stock_part import StockPart, parameter
from models.care.supply import Service, Site, place_lever
from models.figures.figures import Figure, Shape, must, within
from sim.errors import Fault, FaultsError, nearest

__all__ = ["Group", "Workforce", "workforce"]

LEAST = 1e-3  #: a staff ratio, a vacancy or a rate must be above nought, or nothing follows from it

Days = Annotated[Figure, AfterValidator(must("days"))]
LongDays = Annotated[Figure, AfterValidator(within("days", 3, 36525))]
Share = Annotated[Figure, AfterValidator(must("share", most=1))]
InnerShare = Annotated[Figure, AfterValidator(within("share", LEAST, 0.9))]
OfPosts = Annotated[Figure, AfterValidator(must("share of posts", most=1))]
OfVacancies = Annotated[Figure, AfterValidator(must("share of vacancies", most=1))]
OfUsual = Annotated[Figure, AfterValidator(within("share of usual staff", LEAST, 1))]
PerBed = Annotated[Figure, AfterValidator(within("staff per bed", LEAST, 10))]
PerPlace = Annotated[Figure, AfterValidator(within("staff per place", LEAST, 10))]
PerYear = Annotated[Figure, AfterValidator(within("per year", LEAST, 2))]
Elasticity = Annotated[Figure, AfterValidator(must("elasticity"))]
Factor = Annotated[Figure, AfterValidator(must("factor"))]
Premium = Annotated[Figure, AfterValidator(must("GBP per staff a year"))]


class Group(Shape):
    """A group of staff: how many are needed, how many posts are usually empty, how they come and go."""

    per_bed: PerBed
    per_place: PerPlace
    usual_vacancy: InnerShare
    leaving: PerYear
    newly_qualified: InnerShare
    training_days: LongDays
    dropping_out: Annotated[Figure, AfterValidator(must("share", most=0.9))]


class MinimumStaffing(Mechanism):
    """Beds close when a ward has less than a share of its usual staff a bed."""

    least: OfUsual


class Leaving(Mechanism):
    """How many more leave when each has more people to look after."""

    elasticity: Elasticity
    least: Factor
    most: Factor
    noticing_days: Days
    settling_days: Days
    queue_weight: Share


class Temporary(Mechanism):
    """Bank staff (own staff who work more) and agency staff in wards."""

    bank_share: OfVacancies
    bank_most: OfPosts
    agency_share: OfVacancies
    agency_most: OfPosts
    booking_days: Days
    premium: Premium


class Redeployment(Mechanism):
    """Staff for whom wards have no post move to posts in the community."""

    notice_days: Days
    retraining_days: LongDays
    staying: Share


class PlacesFollowStaff(Mechanism):
    """Community places are open as far as there are staff."""

    pathways: Annotated[list[str], Field(min_length=1)]


class Workforce(Mechanism, Switchable):
    """Staff by group and setting; each part of it has a switch of its own."""

    groups: Annotated[dict[str, Group], Field(min_length=1)]
    vacancy_at_start: dict[str, OfPosts] = {}
    minimum_staffing: MinimumStaffing
    leaving_under_pressure: Leaving
    temporary: Temporary
    redeployment: Redeployment
    places_follow_staff: PlacesFollowStaff

    @model_validator(mode="after")
    def _known(self) -> Workforce:
        for name in self.vacancy_at_start:
            if name not in self.groups:
                close = nearest(name, list(self.groups))
                raise ValueError(
                    f"vacancy_at_start: '{name}' is no group of staff"
                    + (f" (did you mean '{close}'?)" if close else "")
                )
        return self


def workforce(sites: Mapping[str, Site], care: Workforce) -> StockPart:
    """Return the staff of every hospital and of the services around it.

    Beside it must stand :func:`models.care.supply.planned`. It gives ``beds_staffed[site]``, the beds for which there
    are staff (no limit if minimum staffing is off), and ``community_share[service]``, the share of wanted places that
    are staffed. Levers are the parameters ``intake_factor``, ``recruiting_effort`` and ``agency_allowed``, usually 1,
    and those of :mod:`models.care.plan_staff`, usually 0.

    Raises
    ------
    FaultsError
        When places shall follow staff and a site has no service of those pathways.
    """
    own = {name: _followed(site, care) for name, site in sites.items()}
    faults = [
        Fault(f"{name}.services", None, "places shall follow staff, but none of these pathways is here.")
        for name, services in own.items()
        if care.places_follow_staff.enabled and not services
    ]
    if faults:
        raise FaultsError(faults, "stocks around the network")
    part = StockPart(units=["person", "place", "staff"], dimensions={"group": list(care.groups)})
    _figures(part, care)
    community = any(own.values())
    _setting(part, "ward", "posts_for * per_bed", "fullest_beds * per_bed", care)
    if community:
        _community(part, sites, own, care)
        _setting(part, "community", "community_places * per_place", "community_full * per_place", care)
    _pipeline(part, community)
    _temporary(part, care.temporary)
    part.auxiliaries["beds_staffed_by[site,group]"] = {
        "equation": "on_duty / (per_bed * (1 - usual_vacancy + usual_cover) * least_staffing)",
        "about": "beds for which there are staff of a group, at least staffing",
    }
    least = "VMIN(beds_staffed_by[site, group!])"
    part.auxiliaries["beds_staffed[site]"] = {"equation": least, "unit": "place"}
    if care.leaving_under_pressure.enabled:
        _work(part, care.leaving_under_pressure, own)
    if care.redeployment.enabled and community:
        _redeployment(part, care.redeployment)
    plan_staff(part, community)
    return part


def _followed(site: Site, care: Workforce) -> list[Service]:
    """Services of a site whose places follow staff."""
    follow = care.places_follow_staff
    return [s for p, s in site.services.items() if p in follow.pathways] if follow.enabled else []


def _figures(part: StockPart, care: Workforce) -> None:
    groups = care.groups
    start = {name: care.vacancy_at_start.get(name, group.usual_vacancy) for name, group in groups.items()}
    part.parameters.update(
        {
            "per_bed[group]": _each({n: g.per_bed for n, g in groups.items()}, "staff/place"),
            "usual_vacancy[group]": _each({n: g.usual_vacancy for n, g in groups.items()}, "dimensionless"),
            "vacancy_at_start[group]": _each(start, "dimensionless"),
            "leaving_rate[group]": _each({n: g.leaving for n, g in groups.items()}, "1/year"),
            "newly_qualified[group]": _each({n: g.newly_qualified for n, g in groups.items()}, "dimensionless"),
            "training_time[group]": _each({n: g.training_days for n, g in groups.items()}, "day"),
            "dropping_out_share[group]": _each({n: g.dropping_out for n, g in groups.items()}, "dimensionless"),
            "least_staffing": parameter(care.minimum_staffing.least, "dimensionless"),
            "days_a_year": {"value": 365.25, "unit": "day/year"},
            "intake_factor": _lever("how many times the usual number begin their training"),
            "recruiting_effort": _lever("how many times as fast as usual vacancies are filled"),
        }
    )
    part.auxiliaries["filling_rate[group]"] = {
        "equation": "(1 - newly_qualified) * leaving_rate * (1 - usual_vacancy) / usual_vacancy",
        "about": "how fast vacancies are filled if usual vacancies stand still at the usual rate of leaving",
    }


def _each(figures: Mapping[str, Figure], unit: str) -> dict[str, Any]:
    """One parameter of figures by group; its range is that of all."""
    first = next(iter(figures.values()))
    low, high = min(f.range[0] for f in figures.values()), max(f.range[1] for f in figures.values())
    one = {"value": {name: f.value for name, f in figures.items()}, "range": [low, high]}
    status = {f.status for f in figures.values()}
    sources = "; ".join(dict.fromkeys(f.source for f in figures.values()))
    return parameter(first, unit) | one | {"source": sources, "status": ", ".join(sorted(status))}


def _lever(about: str) -> dict[str, Any]:
    return {"value": 1, "unit": "dimensionless", "range": [0, 3], "about": about, "source": "a lever; 1 is as usual"}


def _setting(part: StockPart, setting: str, posts: str, first: str, care: Workforce) -> None:
    """Posts (now, and before any plan), staff and vacancies in one setting; who leaves and who comes."""
    more = care.redeployment.enabled and any(name.startswith("community") for name in part.auxiliaries)
    staff, under = f"{setting}_staff", care.leaving_under_pressure.enabled
    part.stocks[f"{staff}[site,group]"] = {
        "initial": f"{setting}_first * (1 - vacancy_at_start)",
        "unit": "staff",
        "inflows": [f"{setting}_recruited", f"{setting}_qualified"]
        + (["retrained"] if more and setting == "community" else []),
        "outflows": [f"{setting}_leaving"],
        "about": f"staff in post, {setting}",
    }
    part.auxiliaries[f"{setting}_first[site,group]"] = {"equation": first, "about": "posts before any plan"}
    part.auxiliaries[f"{setting}_posts[site,group]"] = {"equation": posts, "unit": "staff"}
    part.auxiliaries[f"{setting}_vacancies[site,group]"] = f"MAX(0, {setting}_posts - {staff})"
    factor = f" * {setting}_wear" if under else ""
    part.flows.update(
        {
            f"{setting}_leaving[site,group]": f"{staff} * leaving_rate / days_a_year{factor}",
            f"{setting}_recruited[site,group]": f"{setting}_vacancies * filling_rate / days_a_year * recruiting_effort",
            f"{setting}_qualified[site,group]": f"qualifying * ZIDZ({setting}_posts, all_posts)",
        }
    )


def _community(
    part: StockPart, sites: Mapping[str, Site], own: Mapping[str, Sequence[Service]], care: Workforce
) -> None:
    """Places that need staff, and the share of them that is staffed."""
    services = [service for site in sites.values() for service in site.services.values()]
    places = {n: g.per_place for n, g in care.groups.items()}
    ahead = "places that a plan opens, with those to come whose posts may be filled already"
    part.parameters["added_posts[service]"] = place_lever(services, ahead)
    part.parameters["per_place[group]"] = _each(places, "staff/place")
    part.auxiliaries.update(
        {
            "places_ahead[service]": {
                "equation": "MAX(0, full_places + MAX(added_places, added_posts) - closed_places)",
                "about": "places for which posts are already there, before they open",
            },
            "community_places[site]": _sum("places_ahead", own),
            "community_full[site]": _sum("full_places", own),
            "community_wanted[site]": _sum("places_wanted", own),
            "community_old[site]": _sum("old_places", own),
            "places_staffed_by[site,group]": "community_staff / (per_place * (1 - usual_vacancy))",
            "places_staffed[site]": {
                "unit": "place",
                "equation": "VMIN(places_staffed_by[site, group!])",
                "about": "places for which there are usual staff",
            },
            "old_share[site]": "MIN(1, XIDZ(places_staffed, community_old, 1))",
            "new_share[site]": "MIN(1, ZIDZ(MAX(0, places_staffed - community_old), community_wanted - community_old))",
            "community_share[service]": {
                "equation": {s.station: _staffed(s.station, site) for site, several in own.items() for s in several}
                | ({"else": "1"} if sum(map(len, own.values())) < len(services) else {}),
                "about": "share of wanted places for which there are staff: old places first, new ones get the rest",
            },
        }
    )


def _staffed(service: str, site: str) -> str:
    new = f"(places_wanted[{service}] - old_places[{service}])"
    staffed = f"old_places[{service}] * old_share[{site}] + {new} * new_share[{site}]"
    return f"XIDZ({staffed}, places_wanted[{service}], 1)"


def _sum(of: str, own: Mapping[str, Sequence[Service]]) -> dict[str, Any]:
    """Sum over the services of each site."""
    added = {site: " + ".join(f"{of}[{s.station}]" for s in services) or "0" for site, services in own.items()}
    return {"equation": added, "unit": "place"}


def _pipeline(part: StockPart, community: bool) -> None:
    """Those in training take their time; most of them qualify, and go to where posts are."""
    settings = ("ward", "community") if community else ("ward",)
    part.auxiliaries["all_posts[site,group]"] = " + ".join(f"{s}_posts" for s in settings)
    part.auxiliaries["usual_intake[site,group]"] = (
        f"({' + '.join(f'{s}_first' for s in settings)}) * (1 - usual_vacancy) * leaving_rate / days_a_year"
        " * newly_qualified / (1 - dropping_out_share)"
    )
    part.auxiliaries["graduating[site,group]"] = "DELAY3(intake, training_time, usual_intake)"
    part.auxiliaries["qualifying[site,group]"] = "graduating * (1 - dropping_out_share)"
    part.flows["intake[site,group]"] = "usual_intake * intake_factor"
    part.flows["dropping_out[site,group]"] = "graduating * dropping_out_share"
    part.stocks["trainees[site,group]"] = {
        "initial": "usual_intake * training_time",
        "unit": "staff",
        "inflows": "intake",
        "outflows": [*(f"{s}_qualified" for s in settings), "dropping_out"],
        "about": "in training",
    }


def _temporary(part: StockPart, care: Temporary) -> None:
    if not care.enabled:
        part.parameters["usual_cover[group]"] = {"value": 0, "unit": "dimensionless"}
        part.auxiliaries["on_duty[site,group]"] = {"equation": "ward_staff", "unit": "staff"}
        return
    part.parameters.update(
        {
            "bank_share": parameter(care.bank_share, "dimensionless"),
            "bank_most": parameter(care.bank_most, "dimensionless"),
            "agency_share": parameter(care.agency_share, "dimensionless"),
            "agency_most": parameter(care.agency_most, "dimensionless"),
            "booking_time": parameter(care.booking_days, "day"),
            "agency_premium": parameter(care.premium, "GBP/staff/year"),
            "agency_allowed": _lever(
                "how many times as many agency staff as usual may be booked for the same vacancies"
            ),
        }
    )
    part.auxiliaries.update(
        {
            "usual_bank[group]": "MIN(bank_share * usual_vacancy, bank_most)",
            "usual_agency[group]": "MIN(agency_share * usual_vacancy, agency_most)",
            "usual_cover[group]": {
                "equation": "usual_bank + usual_agency",
                "about": "usual bank and agency staff, as a share of posts",
            },
            "bank[site,group]": "SMOOTH1(MIN(bank_share * ward_vacancies, bank_most * ward_posts), booking_time)",
            "agency_wanted[site,group]": "MIN(agency_share * ward_vacancies, agency_most * ward_posts)",
            "agency[site,group]": "SMOOTH1(MIN(agency_wanted * agency_allowed, ward_vacancies), booking_time)",
            "on_duty[site,group]": {"equation": "ward_staff + bank + agency", "unit": "staff"},
        }
    )
    part.stocks["agency_paid[site]"] = {
        "initial": 0,
        "unit": "GBP",
        "inflows": "paying_agencies",
        "about": "what agency staff have cost beyond the pay of own staff",
    }
    part.flows["paying_agencies[site]"] = "SUM(agency[site, group!]) * agency_premium / days_a_year"


def _work(part: StockPart, care: Leaving, own: Mapping[str, Sequence[Service]]) -> None:
    """People per member of staff against what is usual, and how many leave for it."""
    agency = any(name.startswith("agency[") for name in part.auxiliaries)
    at_work, usual = ("SUM(ward_staff[site, group!])", "usual_vacancy[group!]")
    if agency:
        at_work, usual = f"{at_work} + SUM(agency[site, group!])", f"{usual} + usual_agency[group!]"
    part.parameters.update(
        {
            "wear_elasticity": parameter(care.elasticity, "dimensionless"),
            "least_wear": parameter(care.least, "dimensionless"),
            "most_wear": parameter(care.most, "dimensionless"),
            "wear_noticing_time": parameter(care.noticing_days, "day"),
            "one_staff": {"value": 1, "unit": "staff"},
        }
    )
    part.auxiliaries.update(
        {
            "usual_ward_staff[site]": f"SUM(fullest_beds * per_bed[group!] * (1 - {usual}))",
            "ward_staff_at_work[site]": {
                "equation": at_work,
                "about": "bank staff left out: they are the same staff, working more",
            },
            "ward_work[site]": "(in_beds + awaiting_bed) / usual_people"
            " * usual_ward_staff / MAX(ward_staff_at_work, one_staff)",
            "ward_work_felt[site]": "SMOOTH1(ward_work, wear_noticing_time, 1)",
            "ward_wear[site]": _wear("ward_work_felt"),
        }
    )
    if any(own.values()):
        _community_work(part, care, own)


def _wear(felt: str) -> str:
    return f"MIN(most_wear, MAX(least_wear, {felt} ^ wear_elasticity))"


def _community_work(part: StockPart, care: Leaving, own: Mapping[str, Sequence[Service]]) -> None:
    """What is usual in the community is what the network shows while it settles; until then nobody leaves for it.

    People in care are counted where places are (``Service.counted``): long packages of home care hold few hours each,
    and how many there are takes years to settle. All who wait count.
    """
    part.parameters["settling_time"] = parameter(care.settling_days, "day")
    part.parameters["queue_weight"] = parameter(care.queue_weight, "dimensionless")
    part.parameters["one_person"] = {"value": 1, "unit": "person"}
    seen = {"in_service": "present", "awaiting_service": "awaited", "waiting_for_service": "waiting"}
    for name, observes in seen.items():
        part.inputs[f"{name}[site]"] = {"value": dict.fromkeys(own, 0.0), "unit": "person"}
        for site, services in own.items():
            several = ([s.counted] if observes == "present" else s.stations for s in services)
            stations = [station for one in several for station in one]
            part.feeds.append(
                {
                    "input": f"{name}[{site}]",
                    "observes": observes,
                    "station": stations[0] if len(stations) == 1 else stations,
                }
            )
    part.auxiliaries.update(
        {
            "community_people[site]": "in_service + queue_weight * (awaiting_service + waiting_for_service)",
            "community_people_felt[site]": "SMOOTH1(community_people, wear_noticing_time)",
            "settling": "IF(TIME - INITIAL_TIME < settling_time, 1, 0)",
            "usual_community_people[site]": "SAMPLE_IF_TRUE(settling > 0, community_people_felt, one_person)",
            "usual_community_staff[site]": "SUM(community_first[site, group!] * (1 - usual_vacancy[group!]))",
            "community_work[site]": "IF(settling > 0, 1, "
            "community_people_felt / MAX(usual_community_people, one_person)"
            " * usual_community_staff / MAX(SUM(community_staff[site, group!]), one_staff))",
            "community_work_felt[site]": "SMOOTH1(community_work, wear_noticing_time, 1)",
            "community_wear[site]": _wear("community_work_felt"),
        }
    )


def _redeployment(part: StockPart, care: Redeployment) -> None:
    part.parameters.update(
        {
            "notice_time": parameter(care.notice_days, "day"),
            "retraining_time": parameter(care.retraining_days, "day"),
            "staying_share": parameter(care.staying, "dimensionless"),
        }
    )
    part.stocks["ward_staff[site,group]"]["outflows"].append("moving")
    part.stocks["retraining[site,group]"] = {
        "initial": 0,
        "unit": "staff",
        "inflows": "moving",
        "outflows": ["retrained", "giving_up"],
        "about": "staff of wards who learn work in the community and count in neither",
    }
    part.auxiliaries.update(
        {
            "ward_surplus[site,group]": {
                "equation": "MAX(0, ward_staff - ward_posts * (1 - usual_vacancy))",
                "about": "staff beyond those whom the wards that are left usually have",
            },
            "community_room[site,group]": "MAX(0, community_posts * (1 - usual_vacancy)"
            " - community_staff - retraining - plan_learning)",
            "ready_for_community[site,group]": "DELAY3(moving, retraining_time, 0)",
        }
    )
    part.flows.update(
        {
            "moving[site,group]": "MIN(ward_surplus, community_room) / notice_time",
            "retrained[site,group]": "ready_for_community * staying_share",
            "giving_up[site,group]": "ready_for_community * (1 - staying_share)",
        }
    )
