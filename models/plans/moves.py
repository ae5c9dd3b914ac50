"""The ten kinds of move that a plan is made of: what closes, opens or changes, where, how much, when and after what.

A move says what is meant to happen. When it does happen is decided in the run, by the gates before it. Sources of the
kinds: A10 and A12 (build first, compensate), T1 (old and new side by side), T4 (a planned end), W8 (staff move).
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field

from models.figures.figures import Figure, Shape, must, one_of, within

__all__ = [
    "AFFECTED",
    "BEDS",
    "ESTATE",
    "GRADES",
    "KINDS",
    "AnyMove",
    "Avoid",
    "Close",
    "Convert",
    "Effect",
    "Invest",
    "Merge",
    "Move",
    "Open",
    "Part",
    "Recruit",
    "Retrain",
    "Shift",
    "Shorten",
    "Sites",
    "When",
]

BEDS = "beds"  #: the setting of hospital beds; every other setting is a community service
ESTATE = "estate"  #: the setting of money for the buildings of hospitals
GRADES = ("A", "B", "C", "D")  #: own data; published quasi-experimental; expert or other; assumed
LONGEST = 120  #: months that any natural duration may take

#: what the effects of each kind of move may change; the first is meant where nothing is said
AFFECTED: dict[str, tuple[str, ...]] = {
    "avoid": ("emergencies", "attendances", "readmission"),
    "open": ("emergencies", "attendances", "readmission", "stays"),
    "shift": ("emergencies", "attendances"),
    "invest": ("emergencies", "attendances", "readmission", "stays"),
    "shorten": ("stays",),
}

Months = Annotated[Figure, AfterValidator(must("months", most=LONGEST))]
Capital = Annotated[Figure, AfterValidator(must("GBP million"))]
Cost = Annotated[Figure, AfterValidator(must("GBP a place a year"))]
PerPlace = Annotated[Figure, AfterValidator(must("staff per place"))]
PlacesPerBed = Annotated[Figure, AfterValidator(must("places per bed", most=20))]
Fade = Annotated[Figure, AfterValidator(within("per year", 0, 1))]
Fraction = Annotated[float, Field(ge=0, le=1)]
Moment: TypeAlias = Fraction | dt.date  #: a share of the timeline, or a day
Grade = Annotated[str, BeforeValidator(one_of(GRADES), json_schema_input_type=Literal["A", "B", "C", "D"])]
On = Literal["emergencies", "attendances", "stays", "readmission"]
Chosen: TypeAlias = Literal["all"] | list[str]
Sites: TypeAlias = Literal["all"] | list[str] | dict[str, float]


class Part(Shape):
    """Base of every part of a plan: the line under a key is its description for editors."""

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True, use_attribute_docstrings=True)


class When(Part):
    """When a move takes effect: in equal steps from one moment to another, or all at once."""

    from_: Moment = Field(default=0.0, alias="from")
    """Where the move begins: a share of the timeline (0.2), or the first of a month (2019-10-01)."""
    to: Moment | None = None
    """Where its last step takes effect; without it everything takes effect at once, at `from`."""
    every_months: int = Field(default=3, ge=1, le=24)
    """Months between steps; the first takes effect that long after `from`."""
    early: bool = False
    """As early as the gates allow, instead of waiting for the planned day."""


def _early(value: Any) -> Any:
    if isinstance(value, str) and value != "early":
        raise ValueError("give 'early', or from, to and the months between steps")
    return {"early": True} if value == "early" else value


class Effect(Part):
    """What a move does to demand or to stays, with its range and the grade of its evidence."""

    share: Figure
    """Relative change (unit `relative change`, below zero is less); of a shift, the share moved (unit `share`)."""
    grade: Grade
    """Grade of evidence: A own data, B published quasi-experimental, C expert or other, D assumed."""
    affects: On | None = None
    """What it changes; emergencies unless given, and `stays` for a move of kind `shorten`."""
    ramp_months: Months | None = None
    """Months until the full effect, once live: people and staff take to it; does not stretch with the timeline."""
    fade_per_year: Fade | None = None
    """Share of the effect that is lost in each year after the ramp."""


class Move(Part):
    """What all kinds of move have in common."""

    title: str = ""
    """In words, for tables and charts; the name if left out."""
    when: Annotated[When, BeforeValidator(_early, json_schema_input_type=Literal["early"] | When)]
    """When it takes effect: `early`, or from, to and the months between steps."""
    after: list[str] = []
    """Moves of which the same share must be live before each step of this one."""
    lead_time_months: Months | None = None
    """To build, recruit and train before the first places open; does not stretch with the timeline."""
    approval: dict[str, Any] | Literal["none"] | None = None
    """What differs from the plan's `approval`; `none` when nobody needs to be asked."""
    cost: Cost | None = None
    """Running cost of what opens (unit `GBP a place a year`)."""
    priority: int = Field(default=1, ge=1, le=1000)
    """Order when only so many programmes can be led at once; 1 comes first."""
    gates: dict[str, Any] = {}
    """What differs from the run's gates for this move."""
    note: str = ""
    """What a reader should know."""

    @property
    def closes(self) -> str:
        """Setting in which it closes beds or places, or an empty text."""
        return ""

    @property
    def opens(self) -> str:
        """Setting in which it opens beds or places, or an empty text."""
        return ""


class _Costed(Move):
    """A move that may need capital."""

    capital: Capital | None = None
    """Capital for the whole move (unit `GBP million`)."""


class _Sized(_Costed):
    """A move of a number of beds, places or staff, shared between sites."""

    size: Figure
    """How many in all (unit `beds` in hospital, `places` in a community service, `staff` of a staff group)."""
    sites: Sites = "all"
    """`all` (pro rata to what is there), a list of sites (likewise), or shares or numbers by site."""
    share_by: str | None = None
    """Setting to whose size the sites' shares are pro rata; the move's own unless given."""
    workforce: dict[str, PerPlace] = {}
    """Staff that each bed or place needs, or frees when it closes, by staff group (unit `staff per place`)."""


class Close(_Sized):
    """Close beds or places."""

    kind: Literal["close"]
    """Closes beds or places."""
    setting: str
    """`beds` in hospital, or a community service (`p2`)."""

    @property
    def closes(self) -> str:
        """Setting in which it closes beds or places."""
        return self.setting


class Open(_Sized):
    """Open places or beds."""

    kind: Literal["open"]
    """Opens places or beds."""
    setting: str
    """A community service (`p1`), or `beds` in hospital."""
    effect: Effect | None = None
    """What the new places do to demand or stays beyond caring for those who come to them."""

    @property
    def opens(self) -> str:
        """Setting in which it opens beds or places."""
        return self.setting


class Convert(_Sized):
    """Close beds or places in one setting and open others in their stead at the same site, once rebuilt."""

    kind: Literal["convert"]
    """Beds become something else."""
    from_: str = Field(alias="from")
    """Setting in which they close; `size` counts these."""
    to: str
    """Setting in which they open, `lead_time_months` after closing."""
    places_per_bed: PlacesPerBed | None = None
    """Places opened for each one closed; one unless given (unit `places per bed`)."""

    @property
    def closes(self) -> str:
        """Setting in which it closes beds or places."""
        return self.from_

    @property
    def opens(self) -> str:
        """Setting in which it opens beds or places."""
        return self.to


class Avoid(_Costed):
    """Keep people from needing A&E or a hospital bed."""

    kind: Literal["avoid"]
    """Fewer people need hospital."""
    setting: Literal["demand"] = "demand"
    """What it is about."""
    sites: Chosen = "all"
    """`all`, or a list of sites."""
    effect: Effect
    """By how much, and how well that is known."""


class Shorten(_Costed):
    """Make stays in hospital shorter."""

    kind: Literal["shorten"]
    """Stays become shorter."""
    setting: Literal["stays"] = "stays"
    """What it is about."""
    sites: Chosen = "all"
    """`all`, or a list of sites."""
    effect: Effect
    """By how much, and how well that is known."""


class Shift(_Costed):
    """Send a share of people to one service instead of another, or to one site instead of another."""

    kind: Literal["shift"]
    """People go elsewhere."""
    from_: str = Field(alias="from")
    """Service, or site, to which they go today."""
    to: str
    """Service, or site, to which they go instead."""
    sites: Chosen = "all"
    """Where, when services are named."""
    effect: Effect
    """The share of people, and how well it is known."""


class Invest(Move):
    """Spend capital: on equipment or records that others need first or that have an effect, or on buildings."""

    kind: Literal["invest"]
    """Money is spent."""
    setting: Literal["money", "estate"] = "money"
    """What it buys: `estate` repairs what is due in hospital buildings, anything else is `money`."""
    sites: Sites | None = None
    """Where: `all` and a list share capital pro rata to hospital beds; or shares, or millions, by site. Without it,
    every hospital where there is an effect or the setting is `estate`, and otherwise no site at all."""
    capital: Capital
    """Capital for the whole move (unit `GBP million`)."""
    effect: Effect | None = None
    """What follows from it for demand or stays, as of a move of kind `avoid` or `shorten`."""

    @property
    def repairs(self) -> bool:
        """Whether it repairs buildings."""
        return self.setting == ESTATE


class Recruit(_Sized):
    """Bring staff of one group into post, beyond usual recruitment."""

    kind: Literal["recruit"]
    """Staff are found."""
    setting: str
    """Staff group (`nurses`)."""


class Retrain(_Sized):
    """Move staff of one group from wards to community services."""

    kind: Literal["retrain"]
    """Staff move to the community."""
    setting: str
    """Staff group (`nurses`)."""


class Merge(_Costed):
    """Move beds or places from one site to another, with both open for a while."""

    kind: Literal["merge"]
    """Beds move to another site."""
    setting: str = BEDS
    """`beds` in hospital, or a community service."""
    from_: str = Field(alias="from")
    """Site at which they close."""
    to: str
    """Site at which they open."""
    size: Figure | None = None
    """How many; all that are there unless given."""
    overlap_months: Months | None = None
    """Months for which both sites are open (unit `months`)."""
    workforce: dict[str, PerPlace] = {}
    """Staff that each bed or place needs, by staff group (unit `staff per place`)."""

    @property
    def closes(self) -> str:
        """Setting in which it closes beds or places."""
        return self.setting

    @property
    def opens(self) -> str:
        """Setting in which it opens beds or places."""
        return self.setting


AnyMove = Annotated[
    Close | Open | Convert | Avoid | Shorten | Shift | Invest | Recruit | Retrain | Merge, Field(discriminator="kind")
]

#: class of each kind of move
KINDS: dict[str, type[Move]] = {
    "close": Close,
    "open": Open,
    "convert": Convert,
    "avoid": Avoid,
    "shorten": Shorten,
    "shift": Shift,
    "invest": Invest,
    "recruit": Recruit,
    "retrain": Retrain,
    "merge": Merge,
}
