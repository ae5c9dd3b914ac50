"""Wards: beds by group of patients in a named hospital, with outliers, escalation beds, critical care and long stays.

Each group of wards is a station; a full one lends patients to the beds of others (outliers), who come home when a bed
is free. With ``groups: one`` a hospital is a single pool of beds whose wards take one another's patients at no cost,
which is the ward of :mod:`models.system.system`. A stay ends when the patient is medically ready; waiting for what
comes next, in the bed, is a result. With ``blocking`` people wait for a bed where they are, in A&E, assessment or
critical care, whose places are then blocked.

Long stays are counted by clocks as people leave. The clock begins with the visit, or with joining the ward: a planned
patient's visit begins with the referral, so read its classes only with ``since: joined``. How many long-stayers are
*present* follows from arrivals and stays alone: :func:`long_stayers`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from models.care.part import Part
from models.figures.figures import Figure, Hours, Shape, Shares, must
from models.figures.presets import read_section
from models.plans import months_after
from sim.clock import Calendar
from sim.errors import Fault, FaultsError, nearest

__all__ = [
    "POOLED",
    "Hospital",
    "Stay",
    "Wards",
    "critical_care",
    "divide",
    "quarters",
]
__all__ += ["read_wards", "shared_out", "stay_rules", "ward", "wards"]

POOLED = "all"  #: name of the only group of a hospital whose wards are one pool

Beds = Annotated[Figure, AfterValidator(must("beds per million"))]
Days = Annotated[Figure, AfterValidator(must("days"))]
HoursFigure = Annotated[Figure, AfterValidator(must("hours"))]
ShareFigure = Annotated[Figure, AfterValidator(must("share", most=1))]
OverShare = Annotated[Figure, AfterValidator(must("share", most=2))]
Variation = Annotated[Figure, AfterValidator(must("coefficient of variation"))]
Factor = Annotated[Figure, AfterValidator(must("factor"))]


class Stay(Shape):
    """Time from admission to medically ready; exponential unless a coefficient of variation is given."""

    mean_days: Days
    cv: Variation | None = None

    def service(self, factor: float = 1.0) -> dict[str, Any]:
        """Return the distribution, its mean times a factor."""
        mean = f"{self.mean_days.value * factor!r} d"
        if self.cv is None:
            return {"kind": "exponential", "mean": mean}
        return {"kind": "lognormal", "mean": mean, "cv": self.cv.value}


class Outliers(Shape):
    """Whether a full group's patients may lie in the beds of others, in which order, and whether they come home."""

    enabled: bool
    repatriate: bool
    order: dict[str, list[str]]


class ExtraBeds(Shape):
    """Escalation beds: called when the wards are full, open after a lead time, closed again by the stand-down rule."""

    enabled: bool
    beds: Beds
    called_at: OverShare
    lead_hours: HoursFigure
    stand_down_at: OverShare
    check_hours: HoursFigure


class CriticalCare(Shape):
    """Places of its own; who is ready for a ward and finds no bed keeps the place."""

    enabled: bool
    beds: Beds
    stay: Stay
    share_of_emergencies: ShareFigure
    step_down: Shares


class LongStays(Shape):
    """Stays counted as long, in days, and where their clock begins."""

    enabled: bool
    over_days: list[Annotated[int, Field(ge=1)]]
    since: Literal["visit", "joined"]


class Wards(Shape):
    """Parameters of the wards of a hospital."""

    groups: Literal["several", "one"]
    split: Shares
    stays: Annotated[dict[str, Stay], Field(min_length=1)]
    group_factor: dict[str, Factor]
    outliers: Outliers
    escalation: ExtraBeds
    critical_care: CriticalCare
    long_stays: LongStays
    discharge: list[Hours]
    blocking: bool

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the groups in use."""
        return (POOLED,) if self.groups == "one" else tuple(self.split.shares)

    @model_validator(mode="after")
    def _known_groups(self) -> Wards:
        known, faults = list(self.split.shares), []
        used = {"group_factor": self.group_factor, "outliers.order": self.outliers.order}
        used |= {f"outliers.order.{one}": others for one, others in self.outliers.order.items()}
        for key, names in (used | {"critical_care.step_down": self.critical_care.step_down.shares}).items():
            for name in names:
                if name not in known:
                    close = nearest(name, known)
                    faults.append(
                        f"{key}: '{name}' is no group of wards" + (f" (did you mean '{close}'?)" if close else "")
                    )
        if faults:
            raise ValueError("; ".join(faults))
        return self


@dataclass(frozen=True)
class Hospital:
    """Beds of one site, and the rules that come from elsewhere.

    Parameters
    ----------
    site : str
    beds : mapping
        Beds by group, a number or steps in time (``all`` where wards are one pool).
    routes : sequence of dict
        Rules of leaving a ward, the last for everyone; home unless given.
    stay_factor : float
        Fitted factor on all stays of the hospital.
    multiplier : sequence of dict
        Factor on stays in steps of time (:func:`quarters`).
    rules : mapping
        Further rules of a station by group: waiting rooms, priorities and reserves of planned patients, say.
    """

    site: str
    beds: Mapping[str, Any]
    routes: Sequence[Mapping[str, Any]] = ()
    stay_factor: float = 1.0
    multiplier: Sequence[Mapping[str, Any]] = ()
    rules: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def read_wards(data: Any) -> Wards:
    """Read and check the parameters; raises FaultsError with every fault."""
    return read_section(Wards, data, "configs/care/wards.yaml")


def ward(site: str, group: str = POOLED) -> str:
    """Name of the station of a group of wards; ``<site>_ward`` where a hospital is one pool."""
    return f"{site}_ward" if group == POOLED else f"{site}_ward_{group}"


def critical_care(site: str) -> str:
    """Name of the station of critical care."""
    return f"{site}_critical_care"


def divide(beds: int, care: Wards) -> dict[str, int]:
    """Divide beds among the groups, in whole beds that sum to all (largest remainders)."""
    return shared_out(beds, {POOLED: 1.0} if care.groups == "one" else care.split.shares)


def shared_out(beds: int, shares: Mapping[str, float]) -> dict[str, int]:
    """Share beds out in whole beds that sum to all (largest remainders)."""
    wanted = {name: beds * share for name, share in shares.items()}
    out = {name: int(number) for name, number in wanted.items()}
    by_rest = sorted(wanted, key=lambda name: out[name] - wanted[name])
    for name in by_rest[: beds - sum(out.values())]:
        out[name] += 1
    return out


def quarters(start: dt.date, horizon: dt.date, by_quarter: Sequence[float], key: str = "value") -> list[dict[str, Any]]:
    """Steps of a figure that depends on the April quarter, from the start to the horizon.

    Parameters
    ----------
    start, horizon : date
    by_quarter : sequence of 4 numbers
        April quarter first.
    key : str
        ``value`` for a multiplier, ``places`` for beds.
    """
    day, out = dt.date(start.year, (start.month - 1) // 3 * 3 + 1, 1), []
    while day < horizon:
        out.append({"from": max(day, start), key: by_quarter[Calendar.april_quarter(day) - 1]})
        day = months_after(day, 3)
    return out


def stay_rules(care: Wards, group: str, factor: float = 1.0) -> list[dict[str, Any]]:
    """Service rules of a group: a stay for each level of ``need``, the last for everyone else."""
    own = care.group_factor[group].value if group in care.group_factor else 1.0
    rules: list[dict[str, Any]] = [
        {"where": {"need": need}, "use": stay.service(own * factor)} for need, stay in care.stays.items()
    ]
    rules[-1].pop("where")
    return rules


def wards(hospital: Hospital, care: Wards, critical_places: int = 0, extra_beds: int = 0) -> Part:
    """Return the wards of one hospital, and critical care if it is on and has places.

    Parameters
    ----------
    hospital : Hospital
    care : Wards
    critical_places : int
        Places of critical care.
    extra_beds : int
        Escalation beds of the hospital, if they are on; divided among the groups as beds are.

    Raises
    ------
    FaultsError
        When beds, or rules, are given for other groups than there are.
    """
    _same_groups(hospital, care)
    extra = divide(extra_beds, care) if care.escalation.enabled else {}
    stations = {ward(hospital.site, g): _ward(hospital, care, g, extra.get(g, 0)) for g in care.names}
    if care.critical_care.enabled and critical_places:
        stations[critical_care(hospital.site)] = _critical(hospital, care, critical_places)
    return Part(stations=stations, clocks=dict(_long(hospital.site, care)))


def _same_groups(hospital: Hospital, care: Wards) -> None:
    faults = []
    for key, given in (("beds", hospital.beds), ("rules", hospital.rules)):
        for name in given:
            if name not in care.names:
                close = nearest(name, care.names) or care.names[0]
                faults.append(Fault(f"{key}.{name}", None, "is no group of wards of this hospital.", nearest=close))
    for name in care.names:
        if name not in hospital.beds:
            faults.append(Fault(f"beds.{name}", None, "the beds of this group of wards are missing."))
    if faults:
        raise FaultsError(faults, hospital.site)


def _ward(hospital: Hospital, care: Wards, group: str, extra: int) -> dict[str, Any]:
    out: dict[str, Any] = {"places": hospital.beds[group], "service": stay_rules(care, group, hospital.stay_factor)}
    out |= {"window": [{"hours": list(d.hours), "weekdays": d.weekdays} for d in care.discharge]}
    out |= {"routes": [dict(rule) for rule in hospital.routes] or [{"to": {"leave": 1.0}}]}
    if hospital.multiplier:
        out["multiplier"] = [dict(step) for step in hospital.multiplier]
    if care.blocking:
        out["inside_room"] = 0
    others = care.outliers.order.get(group, []) if care.outliers.enabled and care.groups == "several" else []
    if others:
        to = [ward(hospital.site, other) for other in others]
        out["overflow"] = {"to": to, "repatriate": care.outliers.repatriate}
    if extra:
        out["escalation"] = [_extra(care.escalation, extra)]
    return out | dict(hospital.rules.get(group, {}))


def _extra(care: ExtraBeds, beds: int) -> dict[str, Any]:
    return {
        "places": beds,
        "trigger": {"occupancy": care.called_at.value},
        "lead": f"{care.lead_hours.value!r} h",
        "stand_down": {"occupancy": care.stand_down_at.value},
        "check_every": f"{care.check_hours.value!r} h",
    }


def _critical(hospital: Hospital, care: Wards, places: int) -> dict[str, Any]:
    """Critical care leads to the wards; who finds no bed there keeps the place (blocking after service)."""
    shares = {POOLED: 1.0} if care.groups == "one" else care.critical_care.step_down.shares
    out: dict[str, Any] = {"places": places, "service": care.critical_care.stay.service(hospital.stay_factor)}
    out["routes"] = [{"to": {ward(hospital.site, group): share for group, share in shares.items()}}]
    out |= {"inside_room": 0} if care.blocking else {}
    planned = [rules["waiting_room"] for rules in hospital.rules.values() if "waiting_room" in rules]
    return out | ({"waiting_room": planned[0]} if planned else {})


def _long(site: str, care: Wards) -> Iterator[tuple[str, dict[str, Any]]]:
    if not care.long_stays.enabled:
        return
    for group in care.names:
        for days in care.long_stays.over_days:
            station = ward(site, group)
            clock = {"station": station, "since": care.long_stays.since, "until": "left", "within": f"{days} d"}
            yield f"{station}_{days}_days", clock
