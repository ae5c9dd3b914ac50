"""Whose plan it is, and what there is before it.

A plan's beds are those of certain hospitals, so it is not run on those of another footprint. A plan
says which footprint it is for; a plan that names none may be run on all.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Sequence

from models import CONFIGS
from models.care.workforce import Workforce
from models.figures.presets import composed
from models.footprint.footprint import Footprint
from models.plans.existing import Existing, Staff
from models.plans.layout import Sizes
from models.plans.moves import BEDS
from models.plans.plan import Plan
from models.settings.fit import Fit
from models.settings.future import Future
from sim.errors import CarebridgeError, Fault

__all__ = ["NO_PLAN", "existing", "is_no_plan", "owner_of", "plan_faults", "usual_plan"]

NO_PLAN = "none"
PLANS = CONFIGS / "plan"


@functools.cache
def owner_of(plan: str) -> str | None:
    """Footprint that a plan is for; None when it is for no one, or cannot be read."""
    try:
        data = composed(PLANS / f"{plan}.yaml")
    except (CarebridgeError, OSError):
        return None
    owner = data.get("footprint") if isinstance(data, dict) else None
    return str(owner) if owner else None


def usual_plan(footprint: str, plans: Sequence[str]) -> str:
    """Plan of a footprint unless another is asked for: the first of its own, or that nothing changes."""
    return next((plan for plan in plans if owner_of(plan) == footprint), NO_PLAN)


def is_no_plan(plan: Plan) -> bool:
    """Whether nothing is planned at all: no plan was asked for, and none was made up on the command line."""
    return plan.name == NO_PLAN and not plan.moves


def plan_faults(plan: str, footprint: str, plans: Sequence[str]) -> list[Fault]:
    """Say that a plan belongs to another footprint, and which may be run on this one."""
    owner = owner_of(plan)
    if owner in (None, footprint):
        return []
    open_to = [name for name in plans if owner_of(name) in (None, footprint)]
    there = (PLANS.parent / "footprint" / f"{owner}.yaml").is_file()
    rule = f"is for {owner}, not for {footprint}{f': give footprint={owner} with it' if there else ''}; "
    rule += f"plans for {footprint}: {', '.join(open_to)}."
    return [Fault("plan", plan, rule, "command line", usual_plan(footprint, plans))]


def existing(
    footprint: Footprint, fit: Fit, future: Future, footprints: Sequence[str], care: Workforce | None = None
) -> Existing:
    """What a footprint has before any plan, and which staff; one community bed must stay in each catchment."""
    from models.system.details import sizes_before

    sizes = sizes_before(footprint, fit, future)
    return Existing(
        footprint=footprint.name,
        baseline_ends=dt.date(int(footprint.baseline_year[:4]) + 1, 4, 1),
        sizes=sizes,
        staff=_staff(sizes, care) if care is not None and care.enabled else {},
        keeps={footprint.community_overlap.pathway: 1},
        footprints=tuple(footprints),
    )


def _staff(sizes: Sizes, care: Workforce) -> dict[str, Staff]:
    """Staff of wards and of the services that follow staff, as the stocks around the network begin with them."""
    follow = care.places_follow_staff
    beds = sum(n for (setting, _), n in sizes.items() if setting == BEDS)
    places = sum(n for (setting, _), n in sizes.items() if follow.enabled and setting in follow.pathways)
    found = {}
    for name, group in care.groups.items():
        posts = beds * group.per_bed.value + places * group.per_place.value
        in_post = posts * (1 - group.usual_vacancy.value)
        found[name] = Staff(in_post, group.per_bed.range[1], in_post * group.leaving.range[1])
    return found
