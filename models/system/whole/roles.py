"""Which stations of the whole care system are what (:mod:`models.system.roles`), in either detail."""

from __future__ import annotations

import numpy as np

from models.care.crowding import size
from models.care.front_door import staffed
from models.care.planned import theatre_list
from models.care.wards import critical_care, ward
from models.footprint.footprint import Footprint
from models.system.roles import FrontDoorRead, Roles, TreatmentRead
from models.system.whole.demand import site_demand
from models.system.whole.frame import AT_HOME, EMERGENCY, booked, front_demand_of
from models.system.whole.network import Assembled

__all__ = ["roles_of"]


def roles_of(made: Assembled) -> Roles:
    """Say what the stations and classes of an assembled care system mean; what a plan may change is not in it yet."""
    frame, footprint = made.frame, made.frame.footprint
    wards = {site: tuple(ward(site, group) for group in frame.care.wards.names) for site in footprint.sites}
    groups = frame.care.wards.split.shares if frame.care.wards.groups == "several" else {}
    shares = {ward(s, g): groups.get(g, 1.0) for s in footprint.sites for g in frame.care.wards.names}
    units = {site: critical_care(site) for site in wards if critical_care(site) in made.data["stations"]}
    clocks = {s: tuple((f"{s}_bed_{n}", f"{s}_direct_{n}") for n in ("4h", "12h")) for s in wards}
    return Roles(
        bed_clocks=clocks if frame.people else {},  # type: ignore[arg-type]
        beside={s: (f"{s}_assessment", sizes.overnight) for s, (_, sizes) in made.hospitals.items() if frame.people},
        wards=wards,
        bed_shares=shares,
        entries={site: _entries(made, site, stations, units.get(site)) for site, stations in wards.items()},
        services={(s, p): _services(made, s, p) for s in footprint.sites for p in footprint.pathways},
        made_of={},
        emergency_sources={},
        home_sources={site: () for site in footprint.sites},
        emergencies=EMERGENCY,
        planned=booked(frame),
        at_home=AT_HOME,
        lists={site: theatre_list(site) for site in wards} if frame.on.planned else {},
        front=_front(made, footprint),
        treatment=_treatment(made) if frame.on.planned and not frame.care.planned.referral.enabled else {},
    )


def _entries(made: Assembled, site: str, wards: tuple[str, ...], unit: str | None) -> tuple[str, ...]:
    if made.frame.people:
        return f"{site}_boarding", f"{site}_direct"
    return (*wards, unit) if unit else wards


def _services(made: Assembled, site: str, pathway: str) -> tuple[str, ...]:
    if made.frame.paths is not None and pathway == "p1":
        return f"{site}_reablement", f"{site}_home_care"
    if made.frame.paths is not None and pathway == "p3" and made.frame.paths.self_share > 0:
        return f"{site}_p3", f"{site}_care_home_self"
    return (f"{site}_{pathway}",)


def _front(made: Assembled, footprint: Footprint) -> dict[str, FrontDoorRead]:
    frame, care = made.frame, made.frame.care
    out = {}
    for site, demand in site_demand(footprint, frame.fit, zero_day=True).items():
        cubicles = size(care.front_door, front_demand_of(frame, site, demand)).cubicles
        entry = footprint.sites[site]
        out[site] = FrontDoorRead(
            cubicles=float(np.mean(staffed(care.front_door.cubicle.staffing, cubicles))),
            admitted_share=entry.type1_admissions_per_day.value / entry.type1_attendances_per_day.value,
            base_breach=frame.fit.base_breach.get(site, care.crowding.base_breach.value),
            crowding=care.crowding,
            fitted=site in frame.fit.base_breach,
            clocks=tuple(made.four_hour.get(site, ())),
        )
    return out


def _treatment(made: Assembled) -> dict[str, TreatmentRead]:
    care = made.frame.care.planned
    limits, referral, classes = care.standards, care.referral, booked(made.frame)
    of = {
        "elective": (limits.treatment_weeks.value * 7, referral.elective_days.value, limits.treatment_share),
        "cancer": (limits.cancer_days.value, referral.cancer_days.value, limits.cancer_share),
    }
    return {
        name: TreatmentRead(
            classes=tuple(cls for cls in classes if cls.startswith(name)),
            limit_days=limit,
            before_days=before,
            before_cv=referral.cv.value,
            standard=standard,
        )
        for name, (limit, before, standard) in of.items()
    }
