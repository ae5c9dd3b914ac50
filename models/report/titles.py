"""Plain titles of the figures that a run can move, by where they stand in the configuration."""

from __future__ import annotations

from models.footprint.footprint import Footprint

__all__ = ["title_of"]

FIGURES = {
    "size": "Bad winters: how strong their waves are",
    "emergency.overnight_per_day": "Emergency admissions that stay a night",
    "emergency.other_routes_per_day": "Emergency admissions that do not come through A&E",
    "emergency.zero_day_share": "Emergency admissions that do not stay a night",
    "elective.overnight_per_day": "Planned admissions that stay a night",
    "demand.noise_variance": "How much demand varies from day to day, beyond chance",
    "demand.noise_correlation": "How much one day's demand is like the day before",
    "delays.reported_share": "Share of all delay that is reported as a delayed transfer",
    "delays.host_conversion": "From delayed residents to delayed people in these hospitals",
    "delays.acute_beds": "Hospital beds held by delayed residents",
    "community_overlap.beds": "Community beds that lie inside the count of hospital beds",
    "admissions_effect": "Effect of the plan on emergency admissions that stay a night",
    "full_effect_places": "Places at home that it takes for the whole of that effect",
    "bed_limited_response.elasticity": "How far stays shorten when hospitals are full",
    "bed_limited_response.adjusting_days": "How long hospitals must be full before stays shorten",
    "bed_limited_response.shortest": "The shortest that stays become in a full hospital",
    "bed_limited_response.longest": "The longest that stays become in an empty hospital",
    "workforce.minimum_staffing.least": "Fewest staff on duty at which a bed stays open",
    "workforce.temporary.bank_share": "Vacancies that bank staff fill",
    "workforce.temporary.bank_most": "Most posts that bank staff can fill",
    "workforce.temporary.agency_share": "Vacancies that agency staff fill",
    "workforce.temporary.agency_most": "Most posts that agency staff can fill",
    "workforce.temporary.booking_days": "Days until bank and agency staff come",
    "workforce.temporary.premium": "What agency staff cost beyond the pay of own staff",
    "workforce.redeployment.notice_days": "Notice before staff of a closed ward move",
    "workforce.redeployment.retraining_days": "Retraining of staff of a closed ward",
    "workforce.redeployment.staying": "Staff of a closed ward who stay",
}
PATHWAY = {
    "arrivals_per_day": "people a day from hospital",
    "service_days": "mean stay",
    "service_cv": "how much stays vary",
    "static_capacity_prior": "places, before fitting",
    "flex_elasticity": "how far the service stretches when queues grow",
}
STAFF = {
    "per_bed": "for each bed",
    "per_place": "for each place outside hospital",
    "usual_vacancy": "posts that are usually vacant",
    "leaving": "leavers",
    "newly_qualified": "joiners who are newly qualified",
    "training_days": "training",
    "dropping_out": "trainees who drop out",
}


def title_of(key: str, footprint: Footprint) -> str:
    """Title of a figure in plain words; where it has none, its key in words.

    Parameters
    ----------
    key : str
        Where it stands, as ``footprint.pathways.p1.service_days``.
    footprint : Footprint
        Names the services.
    """
    own = key.partition(".")[2]
    match own.split("."):
        case ["pathways", name, last] if last in PATHWAY and name in footprint.pathways:
            return f"{footprint.pathways[name].title}: {PATHWAY[last]}"
        case ["workforce", "groups", name, last] if last in STAFF:
            return f"{_sentence(name)} staff: {STAFF[last]}".replace("Nurses staff", "Nurses")
    *before, last = own.split(".")
    return FIGURES.get(own) or _sentence(f"{', '.join(before)}: {last}" if before else last)


def _sentence(text: str) -> str:
    return (text[:1].upper() + text[1:]).replace("_", " ")
