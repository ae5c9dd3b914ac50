"""Parameters of the ways out of hospital, with their evidence: support at home, community beds, care homes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator

from models import CONFIGS
from models.care.taper import Taper
from models.figures.figures import Figure, Shape, Shares, must
from models.figures.presets import read_section

__all__ = ["PATHWAYS_FILE", "CareHome", "Choice", "CommunityBed", "HomeCare", "Pathways", "Reablement", "SelfFunders"]
__all__ += ["SpotPurchase", "read_pathways"]

PATHWAYS_FILE = CONFIGS / "care" / "pathways.yaml"

Days = Annotated[Figure, AfterValidator(must("days"))]
Share = Annotated[Figure, AfterValidator(must("share", most=1))]
Variation = Annotated[Figure, AfterValidator(must("coefficient of variation"))]
Elasticity = Annotated[Figure, AfterValidator(must("elasticity"))]
Spare = Annotated[Figure, AfterValidator(must("places per offered load"))]
PerMillion = Annotated[Figure, AfterValidator(must("per day per million"))]
OfCapacity = Annotated[Figure, AfterValidator(must("share of static capacity"))]
BEYOND = ("home", "home_care", "care_home")  #: where people go after assessment in a care home


def _only(*names: str, needed: str = "") -> Callable[[Shares], Shares]:
    """Shares of these names and no others."""

    def check(given: Shares) -> Shares:
        unknown = sorted(set(given.shares) - set(names))
        if unknown:
            raise ValueError(f"knows no {', '.join(unknown)}; there are: {', '.join(names)}")
        if needed and needed not in given.shares:
            raise ValueError(f"needs a share of {needed}; it may be 0")
        return given

    return check


class ByPathway(Shape):
    """Arrivals from hospital."""

    p1: PerMillion
    p2: PerMillion
    p3: PerMillion


class Reablement(Shape):
    """Weeks of support at home to get people going again."""

    share_of_p1: Share
    stay_days: Days
    stay_cv: Variation
    elasticity: Elasticity
    lasting_share: Share


class HomeCare(Shape):
    """Packages of home care, short and lasting, which hold hours a week."""

    short_days: Days
    short_cv: Variation
    lasting_share: Share
    lasting_days: Days
    hours: Taper
    lasting_hours: Annotated[Figure, AfterValidator(must("hours a week"))]
    elasticity: Elasticity
    community_per_million: PerMillion


class CommunityBed(Shape):
    """Community and step-down beds."""

    stay_days: Days
    stay_cv: Variation
    elasticity: Elasticity
    onward: Annotated[Shares, AfterValidator(_only("home", "p1", "p3"))]


class CareHome(Shape):
    """Assessment beds and lasting places in care homes."""

    assessment_days: Days
    assessment_cv: Variation
    elasticity: Elasticity
    after_assessment: Annotated[Shares, AfterValidator(_only(*BEYOND, needed="care_home"))]
    lasting_days: Days
    lasting_elasticity: Elasticity


class SelfFunders(Shape):
    """People who pay for themselves use their own part of the market."""

    enabled: bool
    share: Share
    arranging_days: Days
    spare: Spare


class Choice(Shape):
    """Waiting for the care home that one wants."""

    enabled: bool
    share: Share
    extra_days: Days

    @property
    def mean_days(self) -> float:
        """Mean extra days over everybody."""
        return self.share.value * self.extra_days.value if self.enabled else 0.0


class SpotPurchase(Shape):
    """Places or hours bought on top while many wait."""

    enabled: bool
    share: OfCapacity
    queue: OfCapacity
    lead_days: Days


class Pathways(Shape):
    """Parameters of the ways out of hospital."""

    arrivals_per_million: ByPathway
    spare: Spare
    flex_scale: OfCapacity
    flex_floor: Annotated[Figure, AfterValidator(must("share of usual stay", most=1))]
    reablement: Reablement
    home_care: HomeCare
    community_bed: CommunityBed
    care_home: CareHome
    self_funders: SelfFunders
    choice: Choice
    spot_purchase: SpotPurchase

    @property
    def self_share(self) -> float:
        """Share of people who pay for themselves; 0 when they are not told apart."""
        return self.self_funders.share.value if self.self_funders.enabled else 0.0


def read_pathways(source: Mapping[str, Any] | Path | str = PATHWAYS_FILE) -> Pathways:
    """Read and check the parameters; raises FaultsError with every fault."""
    return read_section(Pathways, source, "pathways")
