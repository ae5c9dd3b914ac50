"""A footprint: an area, its hospitals and its published figures, each with unit, year, basis, status and source.

Nothing here is a default: every number comes from the footprint's YAML file or from the CSV files that it names
(:mod:`models.footprint.observed` reads those). All faults of a footprint are reported at once.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SerializeAsAny, create_model, model_validator

from models import CONFIGS
from models.figures.figures import ROUNDING, Figure, Hours, Name, Profile, Shape, Share, Shares, Text, must, within
from models.figures.presets import composed
from sim.errors import Fault, FaultsError
from sim.reading.lines import Lines
from sim.reading.shape import shape_faults
from sim.reading.yaml_file import read_yaml

__all__ = ["DATA_FOLDER", "HOME", "Cohort", "Footprint", "LaterData", "Pathway", "SharedData", "Site", "Ward"]
__all__ += ["load_footprint", "shared_or_own", "inputs_hash", "inside_beds", "to_basis"]

HOME = "home"  #: where somebody goes who needs no further pathway
DATA_FOLDER = CONFIGS / "footprint" / "data"
FinancialYear = Annotated[str, Field(pattern=r"^\d{4}/\d{2}$")]


def _length(size: int, unit: str) -> Callable[[Profile], Profile]:
    def check(profile: Profile) -> Profile:
        if len(profile.values) != size or profile.unit != unit:
            raise ValueError(f"needs {size} values of unit '{unit}', not {len(profile.values)} of '{profile.unit}'")
        return profile

    return check


def _of_somebody(figure: Figure) -> Figure:
    if figure.basis not in ("resident", "host trust"):
        raise ValueError(f"delays are of residents or at the host trusts, not on the basis '{figure.basis}'")
    return figure


HostBeds = Annotated[Figure, AfterValidator(must("beds", "host trust"))]
HostPlaces = Annotated[Figure, AfterValidator(must("places", "host trust"))]
HostPerDay = Annotated[Figure, AfterValidator(must("per day", "host trust"))]
HostShare = Annotated[Figure, AfterValidator(must("share", "host trust", 1))]
DelayedBeds = Annotated[Figure, AfterValidator(must("beds")), AfterValidator(_of_somebody)]
ResidentBeds = Annotated[Figure, AfterValidator(must("beds", "resident"))]
AnyShare = Annotated[Figure, AfterValidator(must("share", most=1))]
Days = Annotated[Figure, AfterValidator(must("days"))]
Variation = Annotated[Figure, AfterValidator(must("coefficient of variation"))]
Ratio = Annotated[Figure, AfterValidator(must("ratio"))]
Elasticity = Annotated[Figure, AfterValidator(must("elasticity"))]
Variance = Annotated[Figure, AfterValidator(must("variance"))]
Correlation = Annotated[Figure, AfterValidator(must("correlation", most=1))]
Growth = Annotated[Figure, AfterValidator(within("per year", -0.5, 0.5))]
People = Annotated[Figure, AfterValidator(must("people"))]
HostFactor = Annotated[Figure, AfterValidator(must("host trust per resident"))]
Quarters = Annotated[Profile, AfterValidator(_length(4, "index"))]
Months = Annotated[Profile, AfterValidator(_length(12, "index"))]
Weekdays = Annotated[Profile, AfterValidator(_length(7, "index"))]
DayHours = Annotated[Profile, AfterValidator(_length(24, "share"))]
Group = Literal["medical", "older people", "surgical", "admissions"]


class Ward(Shape):
    """A named group of beds in one hospital."""

    name: Text
    group: Group
    beds: int = Field(ge=1)


class WardRule(Shape):
    """How a hospital's beds were divided into wards, and whether a full ward's patients may lie in another."""

    split: Shares
    outlying: bool
    note: str = ""


def _distinct(wards: list[Ward]) -> list[Ward]:
    names = [ward.name for ward in wards]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"wards of one hospital need different names; given twice: {', '.join(twice)}")
    return wards


class Site(Shape):
    """One hospital and the trust that runs it."""

    code: Text
    name: Text
    trust: Text
    catchment: Text
    local_authorities: list[Text] = Field(min_length=1)
    wards: Annotated[list[Ward], Field(min_length=1), AfterValidator(_distinct)]
    beds_available: HostBeds
    beds_occupied: HostBeds
    type1_attendances_per_day: HostPerDay
    type1_admissions_per_day: HostPerDay
    type1_4h_share: HostShare
    overnight_emergencies_per_day: HostPerDay
    elective_overnight_per_day: HostPerDay
    zero_day_share_at_least: HostShare | None = None


class Totals(Shape):
    """Sums over the sites in the baseline year; the observed rows must reproduce them."""

    beds_available: HostBeds
    beds_occupied: HostBeds
    type1_attendances_per_day: HostPerDay
    type1_admissions_per_day: HostPerDay


class Population(Shape):
    """Who lives here, and how many average people of England the hospitals' work would fit."""

    residents: People
    england_equivalents: People


class Emergency(Shape):
    """Emergency admissions of the whole footprint."""

    other_routes_per_day: HostPerDay
    zero_day_share: HostShare
    overnight_per_day: HostPerDay


class Elective(Shape):
    """Planned admissions that stay at least one night."""

    overnight_per_day: HostPerDay


class StayAt(Shape):
    """Mean stay that goes with one view of how much delay is reported."""

    reported_share: Share = Field(gt=0)
    mean_days: Days


class Cohort(Shape):
    """Overnight patients with similar stays; a stay ends when the patient is medically ready to leave."""

    title: Text
    share: AnyShare
    mean_days: Days | None = None
    mean_days_by_reported_share: list[StayAt] = []

    @model_validator(mode="after")
    def _one_stay(self) -> Cohort:
        if (self.mean_days is None) == (not self.mean_days_by_reported_share):
            raise ValueError("give either mean_days or mean_days_by_reported_share, and not both")
        given = [stay.reported_share for stay in self.mean_days_by_reported_share]
        if len(set(given)) != len(given):
            raise ValueError("mean_days_by_reported_share holds the same reported_share twice")
        return self

    def mean_at(self, reported_share: float) -> float:
        """Mean days to medically ready when `reported_share` of all delay is counted as a delayed transfer.

        Beds in use are known, so what is delay is not stay: the mean is linear in ``1 / reported_share``.
        """
        if reported_share <= 0:
            raise ValueError("the reported share of delay must lie above zero")
        if self.mean_days is not None:
            return self.mean_days.value
        stays = sorted(self.mean_days_by_reported_share, key=lambda stay: stay.reported_share)
        first, last = stays[0], stays[-1]
        if first is last:
            return first.mean_days.value
        run = 1 / first.reported_share - 1 / last.reported_share
        slope = (first.mean_days.value - last.mean_days.value) / run
        return last.mean_days.value + slope * (1 / reported_share - 1 / last.reported_share)


class Demand(Shape):
    """How demand grows and how it varies over years, months, weekdays, hours and from day to day."""

    growth: Annotated[dict[str, Growth], Field(min_length=1)]
    noise_variance: Variance
    noise_correlation: Correlation
    month_index: Months
    occupied_index: Quarters
    stay_season: Quarters
    arrival_hour: DayHours
    decision_hour: DayHours
    weekday_emergency: Weekdays
    weekday_elective: Weekdays
    elective_hours: Hours

    @model_validator(mode="after")
    def _consistent(self) -> Demand:
        if "history" not in self.growth:
            raise ValueError("growth needs the rate of 'history'")
        months = self.month_index.values
        quarters = [sum(months[i] for i in rows) / 3 for rows in ((3, 4, 5), (6, 7, 8), (9, 10, 11), (0, 1, 2))]
        raw = [index / mean for index, mean in zip(self.occupied_index.values, quarters, strict=True)]
        season = [value / (sum(raw) / 4) for value in raw]
        if any(abs(a - b) > ROUNDING for a, b in zip(season, self.stay_season.values, strict=True)):
            text = ", ".join(f"{value:.4f}" for value in season)
            raise ValueError(
                f"stay_season must follow from occupied_index and month_index: {text} (April quarter first)"
            )
        return self


class Pathway(Shape):
    """A way out of hospital that needs a place: support at home, a community bed, a care home."""

    title: Text
    arrivals_per_day: HostPerDay
    service_days: Days
    service_cv: Variation
    delayed_target: DelayedBeds
    static_capacity_prior: HostPlaces
    flex_elasticity: Elasticity
    flex_scale: Annotated[Figure, AfterValidator(must("share of the site's static capacity"))]
    drawn_from: Shares
    onward: Shares | None = None


class Delays(Shape):
    """Delayed transfers of care, and how they compare with what the hospitals' bed counts hold."""

    acute_beds: DelayedBeds
    non_acute_beds: ResidentBeds | None = None
    attribution: Shares
    reported_share: AnyShare
    host_conversion: HostFactor | None = None
    counted: bool = Field(default=False, exclude=True)  # on the clock of delayed transfers, whatever the year


class Overlap(Shape):
    """Community beds that lie inside the counted general and acute beds."""

    pathway: Text
    beds: HostBeds
    spread: Shares
    reason: Text


class Returns(Shape):
    """Return visits: off when admissions already hold them."""

    share: AnyShare
    readmission_30_day: AnyShare


class Missing(Shape):
    """What is not known, how it is filled and what that does to the answer."""

    what: Text
    fill: Text
    effect: Text


class Holdout(Shape):
    """Quarters that no calibration may see."""

    year: FinancialYear
    quarters: list[Annotated[int, Field(ge=1, le=4)]] = Field(min_length=1)


class Data(Shape):
    """Names of the observed tables; `folder` is the project's own unless given."""

    beds_quarterly: Text
    ae_monthly: Text
    delays_annual: Text | None  # none where the one year that the footprint states is all that is known
    folder: str | None = None

    def path(self, table: str) -> Path:
        """Where a table lies."""
        return (Path(self.folder).expanduser() if self.folder else DATA_FOLDER) / getattr(self, table)


class SharedData(Data):
    """Tables that several footprints share, with the rows that count for this one."""

    trusts: Annotated[dict[str, list[Text]], Field(min_length=1)]  # codes by site
    parts: Annotated[dict[str, Share], Field(min_length=1)]  # of each local authority's delay


class LaterData(SharedData):
    """The same for years without monthly A&E returns by trust: admissions follow from the last that there are."""

    admitted_change: Ratio  # England's share of attendances that are admitted, over that of the monthly returns


def shared_or_own(data: Any) -> Any:
    """Which tables a footprint reads: those that several share, of either kind, or its own; whatever else as it is."""
    if not isinstance(data, Mapping) or "trusts" not in data:
        return data
    return (LaterData if "admitted_change" in data else SharedData).model_validate(data)


class Footprint(Shape):
    """An area with its hospitals, pathways and published figures."""

    name: Name
    title: Text
    question: Text
    baseline_year: FinancialYear
    holdout: Holdout
    start: dt.date
    warm_up_days: int = Field(ge=0)
    data: SerializeAsAny[Annotated[Data, BeforeValidator(shared_or_own)]]
    population: Population
    totals: Totals
    sites: Annotated[dict[str, Site], Field(min_length=1)]
    ward_rule: WardRule
    emergency: Emergency
    elective: Elective
    cohorts: Annotated[dict[str, Cohort], Field(min_length=1)]
    demand: Demand
    discharge: Hours
    pathways: Annotated[dict[str, Pathway], Field(min_length=1)]
    delays: Delays
    community_overlap: Overlap
    returns: Returns
    fitted: dict[str, str] = {}
    missing: list[Missing] = []
    no_baseline: list[Text] = Field(default=[], exclude=True)  # why nothing may be fitted; no figure, so not in hashes

    @property
    def overnight_per_day(self) -> float:
        """Admissions a day that stay at least one night, emergency and planned."""
        return self.emergency.overnight_per_day.value + self.elective.overnight_per_day.value

    @property
    def fits_waits(self) -> bool:
        """Whether waits over twelve hours for a bed are fitted, by beds out of reach of the next emergency."""
        return "out_of_reach" in self.fitted


def to_basis(figure: Figure, basis: str, factor: Figure | None) -> Figure:
    """Put a figure on another basis; figures of different bases are never compared without this.

    The declared conversion `factor` has the unit ``<wanted basis> per <basis of the figure>``.

    Raises
    ------
    FaultsError
        When the bases differ and no factor for this conversion is declared.
    """
    if figure.basis == basis:
        return figure
    unit = f"{basis} per {figure.basis}"
    if factor is None or factor.unit != unit:
        rule = f"a figure on the basis '{figure.basis}' is compared with '{basis}' figures; declare a factor '{unit}'."
        raise FaultsError([Fault("delays.host_conversion", None, rule)], "bases")
    return figure.model_copy(
        update={
            "value": figure.value * factor.value,
            "low": figure.range[0] * factor.range[0],
            "high": figure.range[1] * factor.range[1],
            "basis": basis,
            "status": "assumed" if "assumed" in (figure.status, factor.status) else "derived",
            "source": f"{figure.source}, converted: {factor.source}",
        }
    )


def inside_beds(footprint: Footprint) -> dict[str, int]:
    """Community beds that lie inside the counted hospital beds, by site."""
    overlap = footprint.community_overlap
    return {site: round(overlap.beds.value * overlap.spread.shares.get(site, 0.0)) for site in footprint.sites}


def inputs_hash(footprint: Footprint) -> str:
    """Hash of every figure of a footprint: a fit belongs to exactly these, whatever is said of what is missing."""
    text = json.dumps(footprint.model_dump(mode="json", exclude={"missing"}), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def load_footprint(source: Mapping[str, Any] | Footprint | str | Path, *, judged: bool = True) -> Footprint:
    """Read and check a footprint given as a mapping or as the path of a YAML file, in full or in short form.

    Parameters
    ----------
    judged : bool
        Whether a short form without a baseline is refused; otherwise it is read, and ``no_baseline`` says why.

    Raises
    ------
    FaultsError
        With every fault of shape, range and cross-checks against the observed tables.
    NoBaseline
        When `judged` and a short form's published figures cannot be put on one basis.
    """
    from models.footprint.checks import faults_against_data
    from models.footprint.short import expand

    name, lines, data = "footprint", {}, source
    if isinstance(source, (str, Path)):
        name, lines, data = str(source), read_yaml(Path(source))[1], composed(Path(source))
    if isinstance(data, Mapping) and data.get("form") == "short":
        data = expand(source if isinstance(source, (str, Path)) else data, judged=judged)
    if isinstance(data, Footprint):
        footprint, faults = data, []
    else:
        footprint, faults = shape_faults(Footprint, data, name, lines)
    sound = footprint if footprint is not None else _sound_part(data, faults)
    faults += [_placed(fault, name, lines) for fault in faults_against_data(sound)]
    if faults or footprint is None:
        raise FaultsError(faults, name)
    return footprint


def _sound_part(data: Any, faults: list[Fault]) -> Footprint:
    """What can be read of a faulty footprint, so that the cross-checks of the sound sections are reported as well."""
    broken = {fault.key.split(".")[0] for fault in faults}
    fields: dict[str, Any] = {k: (f.annotation, f) for k, f in Footprint.model_fields.items() if k not in broken}
    given = {key: data[key] for key in fields if key in data} if isinstance(data, Mapping) else {}
    part = create_model("Part", **fields).model_validate(given) if given else None
    return Footprint.model_construct(**{key: getattr(part, key) for key in given})


def _placed(fault: Fault, name: str, lines: Lines) -> Fault:
    path = tuple(fault.key.split("."))
    while path and path not in lines:
        path = path[:-1]
    return replace(fault, file=f"{name}:{lines[path]}") if path else fault
