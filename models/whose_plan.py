"""Whose plan is it? A plan's beds are those of certain hospitals, so it is not run on those of another footprint.

A plan belongs to the footprint that its name begins with: ``devon_2016`` is Devon's. Any other name, ``none`` among
them, belongs to no footprint and may be run on all.
"""

from __future__ import annotations

from collections.abc import Sequence

from sim.errors import Fault

__all__ = ["owner_of", "plan_faults", "usual_plan"]

NO_PLAN = "none"


def owner_of(plan: str, footprints: Sequence[str]) -> str | None:
    """Footprint that a plan belongs to; None when it belongs to no one."""
    return max((name for name in footprints if f"{plan}_".startswith(f"{name}_")), key=len, default=None)


def usual_plan(footprint: str, plans: Sequence[str], footprints: Sequence[str]) -> str:
    """Plan of a footprint unless another is asked for: the first of its own, or that nothing changes."""
    return next((plan for plan in plans if owner_of(plan, footprints) == footprint), NO_PLAN)


def plan_faults(plan: str, footprint: str, plans: Sequence[str], footprints: Sequence[str]) -> list[Fault]:
    """Say that a plan belongs to another footprint, and which may be run on this one."""
    owner = owner_of(plan, footprints)
    if owner in (None, footprint):
        return []
    open_to = [name for name in plans if owner_of(name, footprints) in (None, footprint)]
    rule = f"closes beds of {owner}, not of {footprint}; plans for {footprint}: {', '.join(open_to)}."
    return [Fault("plan", plan, rule, "command line", usual_plan(footprint, plans, footprints))]
