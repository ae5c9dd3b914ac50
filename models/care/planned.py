"""Planned care: referrals, the list, theatre sessions, and the bed that must be free on the day.

How it is said in the language of networks, and why that is exact:

* ``theatre_list`` holds everyone who waits for an operation: its waiting room is the list, its ``slots`` are the
  places of the theatre sessions, and ``order: visit`` puts people in order of referral whenever they join it.
* Whoever gets a slot starts a stay there (arrival and preparation) and then asks for a bed. The ward has no waiting
  room for planned classes, so who finds no bed is *blocked*, and emergencies go before by the ward's ``priority``.
  Patience with ``state: blocked`` cancels the operation after ``hold_hours`` (0: at the instant of asking). The slot
  is then lost, as it is in a theatre. A bed is therefore taken only at the instant at which it is free, and never
  twice.
* Everybody cancelled passes ``theatre_cancelled``, which has no places: *came by transfer* there is the number of
  operations cancelled on the day. After the notice of a new date they return to the list and, by ``order: visit``,
  stand where they would have stood. Nothing about the visit changes, so the 18-week and 62-day clocks run on.
* With ``rebooking.tracked`` the class becomes ``elective_cancelled`` or ``cancer_cancelled`` on the way, by a
  patience of no time. The notice is a fixed time, so the clock of the list within the guarantee less the notice is
  exactly the clock of a new date since the last cancellation. At equal priority nobody's path is changed by it.

The clocks of treatment end when a stay starts at a bed, so a cancelled operation does not end them. Those who need
critical care start twice (there, and at step-down); ``observe.by: [critical]`` tells them apart. A patience on the
list begins anew with every joining; leaving untreated is exponential, for which that makes no difference.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import AfterValidator

from models.care.demand_shape import DemandShape
from models.care.part import Part
from models.figures.figures import Figure, Hours, Shape, must, within
from models.figures.presets import read_section

__all__ = ["CANCELLED", "PLANNED", "Beds", "Planned", "Referrals", "bed_rules", "planned", "planned_classes"]
__all__ += ["read_planned", "session_slots", "slots_needed", "theatre_cancelled", "theatre_list"]

PLANNED = ("elective", "cancer")
CANCELLED = {"elective": "elective_cancelled", "cancer": "cancer_cancelled"}  #: class after a cancellation, if tracked
CRITICAL = "critical"  #: attribute with the levels no and yes: whether critical care is needed after the operation
NO_NIGHT = "zero_day"  #: need of those who are treated as a day case

Days = Annotated[Figure, AfterValidator(must("days"))]
HoursFigure = Annotated[Figure, AfterValidator(must("hours"))]
Weeks = Annotated[Figure, AfterValidator(must("weeks"))]
ShareFigure = Annotated[Figure, AfterValidator(must("share", most=1))]
Variation = Annotated[Figure, AfterValidator(must("coefficient of variation"))]


class Referral(Shape):
    """Time from referral to the decision to operate, by class; the clocks run from its beginning."""

    enabled: bool
    elective_days: Days
    cancer_days: Days
    cv: Variation


class Theatre(Shape):
    """Sessions, and what happens on the day."""

    sessions: Hours
    spare_share: ShareFigure
    preparation_hours: HoursFigure
    hold_hours: HoursFigure
    other_cancellations: ShareFigure


class DayCases(Shape):
    """Operations without a night use slots but no overnight bed; off, neither they nor their slots are simulated."""

    enabled: bool
    share: ShareFigure
    unit_hours: HoursFigure


class Rebooking(Shape):
    """A new date after a cancellation on the day."""

    tracked: bool
    first: bool
    notice_days: Annotated[Figure, AfterValidator(within("days", 0.25, 28))]
    guarantee_days: Days


class Untreated(Shape):
    """Leaving the list without treatment: removed, or treated privately."""

    enabled: bool
    elective_mean_days: Days
    cancer_mean_days: Days


class CriticalNeed(Shape):
    """Operations after which critical care is needed first."""

    enabled: bool
    share: ShareFigure


class RingFence(Shape):
    """Beds that urgent patients leave free for planned ones."""

    enabled: bool
    share_of_beds: ShareFigure


class Standards(Shape):
    """Limits of the clocks, and what England achieved: for judging and calibrating, not used in the network."""

    treatment_weeks: Weeks
    treatment_share: ShareFigure
    cancer_days: Days
    cancer_share: ShareFigure
    seen_treatment_share: ShareFigure
    seen_cancelled_share: ShareFigure
    seen_not_rebooked_share: ShareFigure


class Planned(Shape):
    """Parameters of planned care."""

    elective_per_million: Annotated[Figure, AfterValidator(must("per day per million"))]
    cancer_share: ShareFigure
    referral: Referral
    theatre: Theatre
    day_cases: DayCases
    rebooking: Rebooking
    untreated: Untreated
    critical_care: CriticalNeed
    ring_fence: RingFence
    standards: Standards


@dataclass(frozen=True)
class Referrals:
    """Referrals that will need an operation with a night in hospital, and who already waits.

    Parameters
    ----------
    per_day : float
        Both classes together; cancer by `cancer_share`.
    shape : DemandShape
    needs : mapping
        Shares of the levels of ``need`` among those who stay a night.
    waiting : mapping
        People on the list at the start, by class; their clocks start with the run.
    """

    per_day: float
    shape: DemandShape
    needs: Mapping[str, float] = field(default_factory=dict)
    waiting: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Beds:
    """Stations where planned patients go after theatre; without `critical_care` everybody goes to the ward."""

    ward: str
    critical_care: str | None = None


def read_planned(data: Any) -> Planned:
    """Read and check the parameters; raises FaultsError with every fault."""
    return read_section(Planned, data, "configs/care/planned.yaml")


def theatre_list(site: str) -> str:
    """Name of the station whose waiting room is the list."""
    return f"{site}_theatre_list"


def theatre_cancelled(site: str) -> str:
    """Name of the station that people cancelled on the day pass."""
    return f"{site}_theatre_cancelled"


def planned_classes(care: Planned) -> tuple[str, ...]:
    """Classes that a network with this setting needs."""
    return (*PLANNED, *(CANCELLED.values() if care.rebooking.tracked else ()))


def session_slots(per_week: int, sessions: Hours) -> list[dict[str, Any]]:
    """Spread operations of a week evenly over the hours of the sessions, as ``slots`` of a station.

    Parameters
    ----------
    per_week : int
        Operations a week.
    sessions : Hours

    Returns
    -------
    list of dict
        Their numbers sum to `per_week` exactly.
    """
    hours = [(day, hour) for hour in range(*sessions.hours) for day in sessions.weekdays]
    alike: dict[tuple[int, int], list[int]] = {}
    for i, (day, hour) in enumerate(hours):
        each = (i + 1) * per_week // len(hours) - i * per_week // len(hours)
        if each:
            alike.setdefault((hour, each), []).append(day)
    return [{"weekdays": d, "hours": [h, h + 1], "each_hour": n} for (h, n), d in alike.items()]


def slots_needed(referrals: Referrals, care: Planned) -> int:
    """Operations a week for all referrals, lost slots included, with the spare share on top."""
    spare, lost = care.theatre.spare_share.value, care.theatre.other_cancellations.value
    return math.ceil(7 * _all_per_day(referrals, care) * (1 + spare) / (1 - lost))


def bed_rules(care: Planned, urgent: Sequence[str], beds: int = 0) -> dict[str, Any]:
    """Rules of a ward for planned patients: no waiting room, urgent classes first, and beds ring-fenced from those.

    Parameters
    ----------
    care : Planned
    urgent : sequence of str
        Classes that are admitted unplanned.
    beds : int
        Beds of the ward, of which the ring-fence takes its share.
    """
    classes = planned_classes(care)
    rules: dict[str, Any] = {"waiting_room": dict.fromkeys(classes, 0), "priority": dict.fromkeys(classes, 1)}
    kept = round(beds * care.ring_fence.share_of_beds.value) if care.ring_fence.enabled else 0
    return rules | ({"reserve": dict.fromkeys(urgent, kept)} if kept else {})


def planned(
    site: str,
    referrals: Referrals,
    care: Planned,
    to: Beds,
    slots_per_week: int | None = None,
    pauses: Sequence[tuple[Any, Any]] = (),
) -> Part:
    """Return planned care of one site.

    Parameters
    ----------
    site : str
    referrals : Referrals
    care : Planned
    to : Beds
    slots_per_week : int, optional
        Operations a week, day cases included if they are on; those needed for the referrals unless given.
    pauses : sequence of pairs of instants
        From and to: no planned operations in between (January 2018, say).
    """
    slots = slots_needed(referrals, care) if slots_per_week is None else slots_per_week
    stations = {
        theatre_list(site): _list(site, care, to, session_slots(slots, care.theatre.sessions), slots, pauses),
        theatre_cancelled(site): _cancelled(site, care),
    }
    if care.referral.enabled:
        stations[_referral(site)] = _before(site, care)
    if care.day_cases.enabled:
        stations[_unit(site)] = {"places": "inf", "service": _fixed(care.day_cases.unit_hours)}
    return Part(
        sources=_sources(site, referrals, care, to),
        stations=stations,
        clocks=_clocks(site, care, to),
        census=_waiting(site, referrals, care),
    )


def _referral(site: str) -> str:
    return f"{site}_outpatients"


def _unit(site: str) -> str:
    return f"{site}_day_unit"


def _fixed(figure: Figure) -> dict[str, Any]:
    return {"kind": "deterministic", "mean": f"{figure.value!r} {'h' if figure.unit == 'hours' else 'd'}"}


def _all_per_day(referrals: Referrals, care: Planned) -> float:
    """Operations a day; the share of day cases is of all operations."""
    return referrals.per_day / (1 - care.day_cases.share.value if care.day_cases.enabled else 1)


def _list(
    site: str, care: Planned, to: Beds, slots: list[dict[str, Any]], per_week: int, pauses: Sequence[tuple[Any, Any]]
) -> dict[str, Any]:
    out: dict[str, Any] = {
        "places": _places(per_week, pauses),
        "order": "visit",
        "priority": _list_priority(care),
        "slots": slots,
        "service": _fixed(care.theatre.preparation_hours),
        "routes": _routes(site, care, to),
        "patience": [{"state": "blocked", "after": _fixed(care.theatre.hold_hours), "then": theatre_cancelled(site)}],
    }
    if care.untreated.enabled:
        for cls, mean in (("elective", care.untreated.elective_mean_days), ("cancer", care.untreated.cancer_mean_days)):
            after = {"kind": "exponential", "mean": f"{mean.value!r} d"}
            out["patience"].append({"where": {"class": _both(care, cls)}, "after": after, "then": "leave"})
    return out


def _places(per_week: int, pauses: Sequence[tuple[Any, Any]]) -> Any:
    """Slots limit the sessions, so places are without limit, except that a pause closes them."""
    if not pauses:
        return "inf"
    steps: list[dict[str, Any]] = [{"from": "0 d", "places": per_week}]
    for begin, end in pauses:
        steps += [{"from": begin, "places": 0}, {"from": end, "places": per_week}]
    return steps


def _both(care: Planned, cls: str) -> list[str]:
    return [cls, CANCELLED[cls]] if care.rebooking.tracked else [cls]


def _list_priority(care: Planned) -> dict[str, int]:
    """Cancer before others; after a cancellation the same as before it, or before everybody."""
    plain = {"cancer": 1, "elective": 2}
    if not care.rebooking.tracked:
        return plain
    return plain | {CANCELLED[cls]: 0 if care.rebooking.first else number for cls, number in plain.items()}


def _routes(site: str, care: Planned, to: Beds) -> list[dict[str, Any]]:
    lost = care.theatre.other_cancellations.value
    split = {theatre_cancelled(site): lost} if lost else {}
    rules: list[dict[str, Any]] = []
    if care.day_cases.enabled:
        rules.append({"where": {"need": NO_NIGHT}, "to": {_unit(site): 1 - lost, **split}})
    if _critical(care, to):
        rules.append({"where": {CRITICAL: "yes"}, "to": {to.critical_care: 1 - lost, **split}})
    return [*rules, {"to": {to.ward: 1 - lost, **split}}]


def _critical(care: Planned, to: Beds) -> bool:
    return care.critical_care.enabled and to.critical_care is not None


def _cancelled(site: str, care: Planned) -> dict[str, Any]:
    """Nobody starts here: people get notice of a new date and go back to the list."""
    rules: list[dict[str, Any]] = []
    if care.rebooking.tracked:
        at_once = {"kind": "deterministic", "mean": "0 d"}
        rules = [{"where": {"class": c}, "after": at_once, "then": {"class": CANCELLED[c]}} for c in PLANNED]
    rules.append({"after": _fixed(care.rebooking.notice_days), "then": theatre_list(site)})
    return {"places": 0, "service": _fixed(care.rebooking.notice_days), "patience": rules}


def _before(site: str, care: Planned) -> dict[str, Any]:
    use = {
        cls: {"kind": "lognormal", "mean": f"{days.value!r} d", "cv": care.referral.cv.value}
        for cls, days in (("cancer", care.referral.cancer_days), ("elective", care.referral.elective_days))
    }
    return {
        "places": "inf",
        "service": [{"where": {"class": "cancer"}, "use": use["cancer"]}, {"use": use["elective"]}],
        "routes": [{"to": {theatre_list(site): 1.0}}],
    }


def _attributes(referrals: Referrals, care: Planned, to: Beds) -> dict[str, dict[str, float]]:
    out: dict[str, dict[str, float]] = {}
    if referrals.needs or care.day_cases.enabled:
        day = care.day_cases.share.value if care.day_cases.enabled else 0.0
        out["need"] = {need: share * (1 - day) for need, share in (referrals.needs or {"one_night": 1.0}).items()}
        if day:
            out["need"][NO_NIGHT] = out["need"].get(NO_NIGHT, 0.0) + day
    if _critical(care, to):
        out[CRITICAL] = {"no": 1 - care.critical_care.share.value, "yes": care.critical_care.share.value}
    return out


def _sources(site: str, referrals: Referrals, care: Planned, to: Beds) -> dict[str, Any]:
    first = _referral(site) if care.referral.enabled else theatre_list(site)
    attributes, everybody = _attributes(referrals, care, to), _all_per_day(referrals, care)
    cancer = care.cancer_share.value
    rates = {"elective": everybody * (1 - cancer), "cancer": everybody * cancer}
    return {f"{site}_{cls}": referrals.shape.source(cls, first, rate, attributes) for cls, rate in rates.items()}


def _clocks(site: str, care: Planned, to: Beds) -> dict[str, Any]:
    """Treatment within 18 weeks and 62 days at each place where it begins, to be read by class; a new date in time."""
    ends = {"ward": to.ward}
    if _critical(care, to) and to.critical_care is not None:
        ends["critical_care"] = to.critical_care
    if care.day_cases.enabled:
        ends["day_unit"] = _unit(site)
    weeks, days = care.standards.treatment_weeks.value, care.standards.cancer_days.value
    clocks: dict[str, Any] = {}
    for name, station in ends.items():
        common = {"station": station, "since": "visit", "until": "started"}
        clocks[f"{site}_18_weeks_{name}"] = {**common, "within": f"{weeks!r} w"}
        clocks[f"{site}_62_days_{name}"] = {**common, "within": f"{days!r} d"}
    if care.rebooking.tracked:
        left = max(0.0, care.rebooking.guarantee_days.value - care.rebooking.notice_days.value)
        common = {"station": theatre_list(site), "since": "joined", "until": "started"}
        clocks[f"{site}_new_date"] = {**common, "within": f"{left!r} d"}
    return clocks


def _waiting(site: str, referrals: Referrals, care: Planned) -> list[dict[str, Any]]:
    """Those on the list at the start, by need in whole people that sum to the number given."""
    attributes = _attributes(referrals, care, Beds("ward"))
    rows: list[dict[str, Any]] = []
    for cls, number in referrals.waiting.items():
        done, share_done = 0, 0.0
        for need, share in attributes.get("need", {"": 1.0}).items():
            share_done += share
            upto = round(number * share_done)
            row = {"station": theatre_list(site), "class": cls, "count": upto - done, "state": "waiting"}
            rows.append(row | ({"attributes": {"need": need}} if need else {}))
            done = upto
    return [row for row in rows if row["count"]]
