"""Short footprints: hospitals, local authorities and facts; the rest follows from published tables and rules.

A short file says ``form: short``. :func:`expand` makes of it the full form that
:class:`models.footprint.footprint.Footprint` reads, or says why there can be no baseline. The rules are in
:mod:`models.footprint.rules` (figures), :mod:`models.footprint.basis` (whose figures they are) and
:mod:`models.footprint.trusts` (tables).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from models import CONFIGS
from models.figures.figures import Figure, Hours, Name, Shape, Shares, Sourced, Text, must
from models.figures.presets import composed
from models.footprint.footprint import (
    AnyShare,
    Days,
    FinancialYear,
    Holdout,
    HostFactor,
    Missing,
    People,
    Ratio,
    Returns,
    Variation,
    WardRule,
)
from sim.errors import CarebridgeError, Fault, FaultsError, nearest
from sim.reading.shape import shape_faults
from sim.reading.yaml_file import read_yaml

__all__ = ["DEFAULTS", "Defaults", "Fact", "LocalAuthority", "NoBaseline", "Reason", "ShortFootprint", "Trust"]
__all__ += ["defaults", "expand", "is_short", "read_short", "tables", "years"]

DEFAULTS = CONFIGS / "footprint_defaults"  #: what England's figures of a year give, a file a year
FIRST = "2018/19"  #: year of a short footprint that names none


def _above_nought(figure: Figure) -> Figure:
    if figure.range[0] <= 0:
        raise ValueError("must lie above nought, with its range")
    return figure


OwnShare = Annotated[Figure, AfterValidator(must("share", "host trust", 1)), AfterValidator(_above_nought)]
PerDay = Annotated[Figure, AfterValidator(must("per day", "national"))]
Beds = Annotated[Figure, AfterValidator(must("beds", "national"))]


class Fact(Sourced):
    """Something published about an area: a figure, or words where no figure was given."""

    text: Text
    value: float | None = None
    unit: str = ""
    alternatives: list[Text] = []

    @model_validator(mode="after")
    def _figure_has_unit(self) -> Fact:
        if (self.value is None) != (not self.unit):
            raise ValueError("a value needs a unit, and a unit a value")
        return self


class Trust(Shape):
    """A site: the trust that runs it and, behind it, the trusts that were merged into it."""

    codes: list[Text] = Field(min_length=1)
    name: Text
    trust: Text
    catchment: str = ""
    community_beds_inside: bool = True


class LocalAuthority(Shape):
    """A local authority as the delays name it, and the share of its people who live in the footprint."""

    name: Text
    part: AnyShare | None = None
    note: str = ""


class Residents(Shape):
    """Who lives in the footprint."""

    residents: People


def _without_those_left_out(trusts: Any) -> Any:
    """Leave out what an area that builds on another sets to null."""
    return {site: trust for site, trust in trusts.items() if trust is not None} if isinstance(trusts, dict) else trusts


class ShortFootprint(Shape):
    """What only this area's file can say."""

    form: Literal["short"]
    name: Name
    title: Text
    question: Text
    baseline_year: FinancialYear = FIRST
    trusts: Annotated[dict[str, Trust], BeforeValidator(_without_those_left_out), Field(min_length=1)]
    local_authorities: Annotated[list[LocalAuthority], Field(min_length=1)]
    population: Residents
    host_conversion: HostFactor | None = None
    delayed_share: OwnShare | None = None  # of the hospitals' beds in use; of years in which delays are counted so
    facts: dict[str, Fact] = {}
    basis: list[Text] = []
    differs: dict[str, Any] = {}  # parts of the full form that stand above what the rules give


class England(Shape):
    """England as a whole, against which the hospitals' work is measured."""

    year: FinancialYear
    held_out: Holdout
    occupied_beds: Beds
    delayed_beds: Beds
    delayed_share: AnyShare | None = None
    people: People
    over_projection: Ratio
    acute_trust_share: AnyShare
    other_routes_share: AnyShare
    elective_overnight_per_day: PerDay


class Component(Shape):
    """One part of England's mixture of stays; the last part's stay follows from the beds in use."""

    title: Text
    flow: PerDay
    mean_days: Days | None = None


class Limits(Shape):
    """Beyond these a footprint has no baseline."""

    delay_half_width: AnyShare
    bed_jump: AnyShare
    use_jump: AnyShare
    split_ratio: Ratio
    zero_day_least: AnyShare
    zero_day_most: AnyShare


class Way(Shape):
    """A way out of hospital, for a million average people of England."""

    title: Text
    arrivals_per_million: PerDay
    service_days: Days
    service_cv: Variation
    load_of_places: AnyShare
    drawn_from: Shares
    onward: Shares | None = None


class Tables(Shape):
    """Tables that the footprints of a year share."""

    beds_quarterly: Text
    ae_monthly: Text
    admitted_change: Ratio | None = None  # where the monthly returns are of an earlier year
    delays_annual: Text | None = None  # none where delays are told at the hospitals


class Defaults(Shape):
    """What England's figures give a footprint that does not state its own."""

    data: Tables
    england: England
    mixture: Annotated[dict[str, Component], Field(min_length=2)]
    reasons: dict[str, Any]
    attribution: Shares | None = None  # of areas whose delays no table tells
    limits: Limits
    pathways: Annotated[dict[str, Way], Field(min_length=1)]
    flex_elasticity: Figure
    flex_scale: Figure
    reported_share: AnyShare
    overlap_share: AnyShare
    ward_rule: WardRule
    fitted: dict[str, str]
    demand: dict[str, Any]
    discharge: Hours
    returns: Returns
    missing: list[Missing]


class Reason(Shape):
    """Why an area has no baseline: the rule, the figure found and its limit."""

    rule: Text
    figure: float
    limit: float
    text: Text


class NoBaseline(CarebridgeError):
    """The published figures of an area cannot be put on one basis; nothing may be fitted to it."""

    def __init__(self, title: str, reasons: list[Reason]):
        self.title, self.reasons = title, reasons
        super().__init__(f"{title}: NO BASELINE. " + " ".join(f"{r.text[0].upper()}{r.text[1:]}." for r in reasons))


@cache
def defaults(year: str = FIRST) -> Defaults:
    """England's figures of a year, read once.

    Raises
    ------
    FaultsError
        When there are none of that year, or they are faulty.
    """
    file = DEFAULTS / f"england_{year.replace('/', '_')}.yaml"
    if not file.exists():
        rule = f"there are no figures of England for this year; there are those of {', '.join(years())}."
        raise FaultsError([Fault("baseline_year", year, rule, nearest=nearest(year, years()))], "footprint")
    found, faults = shape_faults(Defaults, composed(file), file.name, read_yaml(file)[1])
    if faults or found is None:
        raise FaultsError(faults, file.name)
    return found


def years() -> list[str]:
    """Years for which there are figures of England."""
    return [file.stem[-7:].replace("_", "/") for file in sorted(DEFAULTS.glob("england_*.yaml"))]


def read_short(source: Mapping[str, Any] | str | Path) -> ShortFootprint:
    """Read a short footprint given as a mapping or as the path of a YAML file, which may build on others beside it.

    Raises
    ------
    FaultsError
        With every fault of its shape, and with local authorities and trusts that the tables do not hold.
    """
    from models.footprint.basis import faults_of_names

    name, lines, data = "footprint", {}, source
    if isinstance(source, (str, Path)):
        name, lines, data = str(source), read_yaml(Path(source))[1], composed(Path(source))
    short, faults = shape_faults(ShortFootprint, data, name, lines)
    if short is not None:
        faults += faults_of_names(short)
    if faults or short is None:
        raise FaultsError(faults, name)
    return short


def is_short(path: Path) -> bool:
    """Whether a footprint's file is in the short form."""
    data = composed(path)
    return isinstance(data, dict) and data.get("form") == "short"


def tables(short: ShortFootprint) -> dict[str, Any]:
    """Where a short footprint's observed figures lie: names of the shared tables, and which of their rows count."""
    shared = defaults(short.baseline_year).data
    return shared.model_dump(exclude_none=True) | {
        "delays_annual": shared.delays_annual,
        "trusts": {site: list(trust.codes) for site, trust in short.trusts.items()},
        "parts": {la.name: 1.0 if la.part is None else la.part.value for la in short.local_authorities},
    }


def expand(source: ShortFootprint | Mapping[str, Any] | str | Path, *, judged: bool = True) -> dict[str, Any]:
    """Work the full form of a short footprint out.

    Parameters
    ----------
    judged : bool
        Whether a footprint without a baseline is refused; otherwise its figures are given with the reasons.

    Raises
    ------
    FaultsError
        When the short file is faulty.
    NoBaseline
        When `judged` and some rule is broken; says every rule, with its figure and its limit.
    """
    from models.footprint.basis import reasons
    from models.footprint.rules import full_form

    short = source if isinstance(source, ShortFootprint) else read_short(source)
    why = reasons(short)
    if why and judged:
        raise NoBaseline(short.title, why)
    whole = full_form(short, defaults(short.baseline_year)) | {"no_baseline": [reason.text for reason in why]}
    return _merged(whole, short.differs)


def _merged(base: dict[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Put what the area says of its own above what the rules give."""
    out = dict(base)
    for key, value in over.items():
        nested = isinstance(value, Mapping) and isinstance(out.get(key), dict)
        out[key] = _merged(out[key], value) if nested else value
    return out
