"""Mental-health beds of a footprint: admission, placement out of area when none is free, and delays on the way out.

Out-of-area beds are a station whose beds serve when no local one is free (``overflow``). A patient placed there is an
outlier of the local ward: the stay is the stay of the ward, *overflowed* counts placements, ``number_outlying`` the
people away, and with ``repatriate`` the one who has been away longest comes home when a local bed is free. Mean time
out of area is the number away over placements a day, exactly (Little's law). Overflow to a station without limit is
not allowed, so there are as many beds out of area as the configuration says, far more than are ever used.

With placement ``at_once`` nobody waits, and whoever is away may come home. With ``after_waiting`` people wait for a
local bed, in A&E say, until their patience ends; the station out of area is then without limit, and they stay there
to the end, because what is left of a stay cannot be carried from one station to another. With ``never`` they wait.

Those who are ready to leave but need supported housing or care wait in the bed: a transition, and blocking if the
next service has no place. People in crisis are assessed in A&E and keep their place there while no bed is free.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from models.care.demand_shape import DemandShape
from models.care.part import Part
from models.figures.figures import Figure, Shape, must
from models.figures.presets import read_section

__all__ = [
    "MENTAL_HEALTH",
    "Footprint",
    "MentalHealth",
    "crisis_patience",
    "crisis_stay",
    "local_beds",
    "mental_health",
    "mh_ward",
]
__all__ += ["out_of_area", "read_mental_health", "stay_days"]

MENTAL_HEALTH = "mental_health"  #: class of people whose admission is to a mental-health bed

PerMillion = Annotated[Figure, AfterValidator(must("beds per million"))]
PerDay = Annotated[Figure, AfterValidator(must("per day per million"))]
Days = Annotated[Figure, AfterValidator(must("days"))]
HoursFigure = Annotated[Figure, AfterValidator(must("hours"))]
ShareFigure = Annotated[Figure, AfterValidator(must("share", most=1))]
Variation = Annotated[Figure, AfterValidator(must("coefficient of variation"))]
Ratio = Annotated[Figure, AfterValidator(must("beds away per local bed"))]


class Delay(Shape):
    """Waiting in the bed, when ready to leave, for supported housing or care."""

    enabled: bool
    share: ShareFigure
    mean_days: Days


class Placement(Shape):
    """What happens when no local bed is free."""

    when: Literal["at_once", "after_waiting", "never"]
    repatriate: bool
    beds: Ratio
    patience_hours: HoursFigure

    @model_validator(mode="after")
    def _home_from_where(self) -> Placement:
        if self.when == "after_waiting" and self.repatriate:
            raise ValueError("repatriate must be false with when: after_waiting; only placements at_once come home")
        return self


class Crisis(Shape):
    """People in crisis who wait in A&E for assessment before it is settled that they need a bed."""

    enabled: bool
    through_ae: ShareFigure
    assessment_hours: HoursFigure
    cv: Variation


class MentalHealth(Shape):
    """Parameters of mental-health beds."""

    beds: PerMillion
    occupancy: ShareFigure
    admissions: PerDay
    stay_cv: Variation
    delay: Delay
    placement: Placement
    crisis: Crisis
    wait_limits_hours: list[Annotated[int, Field(ge=1)]]


@dataclass(frozen=True)
class Footprint:
    """Whom the beds are for.

    Parameters
    ----------
    name : str
        Prefix of the stations.
    millions : float
        Residents in millions.
    shape : DemandShape
        Pattern of admissions.
    """

    name: str
    millions: float
    shape: DemandShape


def read_mental_health(data: Any) -> MentalHealth:
    """Read and check the parameters; raises FaultsError with every fault."""
    return read_section(MentalHealth, data, "configs/care/mental_health.yaml")


def mh_ward(name: str) -> str:
    """Name of the station of local mental-health beds."""
    return f"{name}_mental_health_ward"


def out_of_area(name: str) -> str:
    """Name of the station of beds out of area."""
    return f"{name}_out_of_area"


def _crisis(name: str) -> str:
    return f"{name}_crisis_assessment"


def _moved_on(name: str) -> str:
    return f"{name}_mental_health_moved_on"


def local_beds(footprint: Footprint, care: MentalHealth) -> int:
    """Local beds of the footprint."""
    return round(footprint.millions * care.beds.value)


def stay_days(care: MentalHealth) -> float:
    """Mean days from admission to ready, such that admissions, stays and delays fill the beds that are in use."""
    in_bed = care.beds.value * care.occupancy.value / care.admissions.value
    return in_bed - (care.delay.share.value * care.delay.mean_days.value if care.delay.enabled else 0.0)


def mental_health(
    footprint: Footprint, care: MentalHealth, supported: str | None = None, front_door: str | None = None
) -> Part:
    """Return the mental-health beds of a footprint.

    Parameters
    ----------
    footprint : Footprint
    care : MentalHealth
    supported : str, optional
        Station of supported housing or care that some need afterwards; a station of no time counts them unless given.
    front_door : str, optional
        Station of A&E to which people in crisis come and which sends them on to :func:`mh_ward`; it needs
        :func:`crisis_stay` and :func:`crisis_patience`. Without it they are assessed at a station of this setting.
    """
    name = footprint.name
    stations = {mh_ward(name): _ward(footprint, care, supported or _moved_on(name))}
    if care.placement.when != "never":
        stations[out_of_area(name)] = _away(footprint, care)
    if care.crisis.enabled and front_door is None:
        stations[_crisis(name)] = _assessment(name, care)
    if care.delay.enabled and supported is None:
        stations[_moved_on(name)] = {"places": "inf", "service": {"kind": "deterministic", "mean": "0 d"}}
    return Part(_sources(footprint, care, front_door), stations, clocks=_clocks(footprint, care))


def crisis_stay(care: MentalHealth) -> dict[str, Any]:
    """Time that a person in crisis spends in A&E before it is settled that a bed is needed, for the front door."""
    mean = f"{care.crisis.assessment_hours.value!r} h"
    return {"kind": "lognormal", "mean": mean, "cv": care.crisis.cv.value}


def _sources(footprint: Footprint, care: MentalHealth, front_door: str | None) -> dict[str, Any]:
    rate = footprint.millions * care.admissions.value
    through = care.crisis.through_ae.value if care.crisis.enabled else 0.0
    door = front_door or _crisis(footprint.name)
    ways = {"crisis": (door, rate * through), "direct": (mh_ward(footprint.name), rate * (1 - through))}
    return {
        f"{footprint.name}_{MENTAL_HEALTH}_{way}": footprint.shape.source(MENTAL_HEALTH, to, each)
        for way, (to, each) in ways.items()
        if each > 0
    }


def crisis_patience(name: str, care: MentalHealth) -> list[dict[str, Any]]:
    """Patience of people in crisis who are kept in A&E because no local bed is free, for the front door."""
    if care.placement.when != "after_waiting":
        return []
    rule = {"state": "blocked", "where": {"class": MENTAL_HEALTH}}
    return [rule | {"after": _until_placed(care), "then": out_of_area(name)}]


def _until_placed(care: MentalHealth) -> dict[str, Any]:
    return {"kind": "deterministic", "mean": f"{care.placement.patience_hours.value!r} h"}


def _assessment(name: str, care: MentalHealth) -> dict[str, Any]:
    out = {"places": "inf", "service": crisis_stay(care), "routes": [{"to": {mh_ward(name): 1.0}}]}
    return out | ({"patience": found} if (found := crisis_patience(name, care)) else {})


def _stay(care: MentalHealth) -> dict[str, Any]:
    return {"kind": "lognormal", "mean": f"{stay_days(care)!r} d", "cv": care.stay_cv.value}


def _ward(footprint: Footprint, care: MentalHealth, supported: str) -> dict[str, Any]:
    out: dict[str, Any] = {
        "places": local_beds(footprint, care),
        "inside_room": 0,  # who comes from A&E waits there
        "first": "longest",
        "service": _stay(care),
        "routes": _out(care, supported),
    }
    away = out_of_area(footprint.name)
    if care.placement.when == "at_once":
        out["overflow"] = {"to": [away], "repatriate": care.placement.repatriate}
    if care.placement.when == "after_waiting":
        out["patience"] = [{"after": _until_placed(care), "then": away}]
    return out


def _out(care: MentalHealth, supported: str) -> list[dict[str, Any]]:
    """Home, or after a delay in the bed to supported housing or care."""
    delayed = care.delay.share.value if care.delay.enabled else 0.0
    if not delayed:
        return [{"to": {"leave": 1.0}}]
    delay = {"kind": "exponential", "mean": f"{care.delay.mean_days.value!r} d"}
    return [{"to": {"leave": 1 - delayed, supported: {"share": delayed, "transition": delay}}}]


def _away(footprint: Footprint, care: MentalHealth) -> dict[str, Any]:
    """Beds out of area; with ``at_once`` stays there are stays of the local ward, and nobody comes to this station."""
    if care.placement.when == "at_once":
        return {
            "places": max(1, round(local_beds(footprint, care) * care.placement.beds.value)),
            "service": _stay(care),
        }
    return {"places": "inf", "service": _stay(care)}


def _clocks(footprint: Footprint, care: MentalHealth) -> dict[str, Any]:
    ward = mh_ward(footprint.name)
    common = {"station": ward, "since": "visit", "until": "started"}
    return {f"{ward}_{hours}_hours": {**common, "within": f"{hours} h"} for hours in care.wait_limits_hours}
