"""Which settings of care are on, and the parameters of all of them with these switches set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from models import CONFIGS
from models.care.community import Community, read_community
from models.care.crowding import Crowding, read_crowding
from models.care.front_door_figures import FrontDoor, read_front_door
from models.care.mental_health import MentalHealth, read_mental_health
from models.care.outcomes import Outcomes, read_outcomes
from models.care.pathway_figures import Pathways, read_pathways
from models.care.planned import Planned, read_planned
from models.care.wards import Wards, read_wards
from models.figures.figures import Shape
from models.figures.presets import read_section
from sim.errors import Fault, FaultsError, nearest
from sim.reading.shape import shape_faults
from sim.reading.yaml_file import read_yaml

__all__ = ["DETAILS", "Care", "Settings", "read_care", "read_settings"]

FOLDER = CONFIGS / "care"
DETAILS = ("default", "full")


class Settings(Shape):
    """Switches of one detail; ``configs/care/settings.yaml`` says what each means."""

    front_door: Literal["aggregate", "people"]
    triage: Literal["merged", "stations"]
    reattendances: bool
    ward_groups: Literal["one", "several"]
    outliers: bool
    escalation: bool
    critical_care: bool
    planned: bool
    outpatients: Literal["merged", "stations"]
    lists: Literal["half_day", "hourly"]
    rebooked: bool
    day_cases: bool
    deaths: bool
    ages: bool
    death_while_waiting: bool
    readmissions: bool
    pathways: Literal["plain", "detailed"]
    self_funders: bool
    choice: bool
    spot_purchase: bool
    nursing: bool
    urgent_response: bool
    virtual_ward: bool
    step_up: bool
    avoidance: bool
    mental_health: bool
    crisis: bool

    @property
    def community(self) -> bool:
        """Whether anything of community care is on."""
        return self.nursing or self.urgent_response or self.virtual_ward or self.step_up or self.avoidance


class _Details(Shape):
    default: Settings
    full: Settings


@dataclass(frozen=True)
class Care:
    """Parameters of every setting, and the switches of every detail.

    Parameters
    ----------
    settings : mapping
        :class:`Settings` by detail.
    front_door, crowding, wards, planned, outcomes, mental_health, community, pathways
        As their own files say.
    """

    settings: Mapping[str, Settings]
    front_door: FrontDoor
    crowding: Crowding
    wards: Wards
    planned: Planned
    outcomes: Outcomes
    mental_health: MentalHealth
    community: Community
    pathways: Pathways

    def switched(self, detail: str, **changes: Any) -> Care:
        """Return the same with other switches in one detail; raises FaultsError for an unknown detail or switch."""
        now = self._of(detail).model_dump()
        faults = [Fault(k, v, "is no switch.", nearest=nearest(k, now)) for k, v in changes.items() if k not in now]
        if faults:
            raise FaultsError(faults, f"settings of {detail}")
        found, faults = shape_faults(Settings, now | changes, f"settings of {detail}")
        if found is None:
            raise FaultsError(faults, f"settings of {detail}")
        return replace(self, settings={**self.settings, detail: found})

    def applied(self, detail: str) -> tuple[Settings, Care]:
        """Return the switches of a detail, and the parameters with their own ``enabled`` set by them."""
        on = self._of(detail)
        wards, planned, outcomes, paths = self.wards, self.planned, self.outcomes, self.pathways
        home = self.community
        front = self.front_door if on.reattendances else _put(self.front_door, reattendance=_none(self.front_door))
        return on, replace(
            self,
            front_door=front,
            wards=_put(
                _put(wards, groups=on.ward_groups),
                outliers=_on(wards.outliers, on.outliers),
                escalation=_on(wards.escalation, on.escalation),
                critical_care=_on(wards.critical_care, on.critical_care),
            ),
            planned=_put(
                planned,
                referral=_on(planned.referral, on.outpatients == "stations"),
                rebooking=_put(planned.rebooking, tracked=on.rebooked),
                day_cases=_on(planned.day_cases, on.day_cases),
                critical_care=_on(planned.critical_care, on.critical_care and planned.critical_care.enabled),
            ),
            outcomes=_put(
                outcomes,
                death=_on(outcomes.death, on.deaths),
                death_while_waiting=_on(outcomes.death_while_waiting, on.death_while_waiting),
                readmission=_on(outcomes.readmission, on.readmissions),
            ),
            mental_health=_put(self.mental_health, crisis=_on(self.mental_health.crisis, on.crisis)),
            community=_put(
                home,
                nursing=_on(home.nursing, on.nursing),
                urgent=_on(home.urgent, on.urgent_response),
                avoidance=_on(home.avoidance, on.avoidance),
                virtual_ward=_on(home.virtual_ward, on.virtual_ward),
                step_up=_on(home.step_up, on.step_up),
            ),
            pathways=_put(
                paths,
                self_funders=_on(paths.self_funders, on.self_funders and on.pathways == "detailed"),
                choice=_on(paths.choice, on.choice),
                spot_purchase=_on(paths.spot_purchase, on.spot_purchase),
            ),
        )

    def _of(self, detail: str) -> Settings:
        if detail not in self.settings:
            rule = f"must be one of: {', '.join(self.settings)}."
            raise FaultsError([Fault("detail", detail, rule, nearest=nearest(detail, list(self.settings)))], "care")
        return self.settings[detail]


def _put(part: Any, **changes: Any) -> Any:
    return part.model_copy(update=changes)


def _none(front: FrontDoor) -> Any:
    """Nobody comes back as the same person; those who do are among those who come."""
    share = front.reattendance.share.model_copy(update={"value": 0.0, "low": None, "high": None})
    return _put(front.reattendance, share=share)


def _on(part: Any, enabled: bool) -> Any:
    return part.model_copy(update={"enabled": enabled})


def read_settings() -> dict[str, Settings]:
    """Read and check the switches of every detail; raises FaultsError with every fault."""
    found = read_section(_Details, FOLDER / "settings.yaml", "settings")
    return {detail: getattr(found, detail) for detail in DETAILS}


def read_care() -> Care:
    """Read and check the parameters of all settings, a file for each.

    Raises
    ------
    FaultsError
        With every fault of the first file that has some.
    """

    def data(name: str) -> Any:
        return read_yaml(FOLDER / f"{name}.yaml")[0]

    return Care(
        settings=read_settings(),
        front_door=read_front_door(FOLDER / "front_door.yaml"),
        crowding=read_crowding(FOLDER / "crowding.yaml"),
        wards=read_wards(data("wards")),
        planned=read_planned(data("planned")),
        outcomes=read_outcomes(data("outcomes")),
        mental_health=read_mental_health(data("mental_health")),
        community=read_community(FOLDER / "community.yaml"),
        pathways=read_pathways(FOLDER / "pathways.yaml"),
    )
