"""What became of a plan, in a line or two: nothing at all, or what never happened, its gate, and who could open it.

R11 (plain language), V7 (an honest no).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from models.arms.arms import Observed
from models.transition.told import tell

__all__ = ["same_as_usual", "unchanged", "what_never_happened"]

MOST = 2  #: lines a timeline of what never happened


def same_as_usual(plan: Observed, usual: Observed) -> bool:
    """Whether every replication of a plan is business as usual, event by event and stock by stock."""
    blocks = ("area", "flow", "places", "midnight", "clocks", "stocks")
    return plan.fingerprints == usual.fingerprints and all(
        np.array_equal(getattr(plan, name), getattr(usual, name)) for name in blocks
    )


def unchanged(observed: Mapping[str, Observed], usual: str) -> list[str]:
    """A sentence for each timeline on which the plan changed nothing at all.

    Parameters
    ----------
    observed : mapping
        By the name of the arm.
    usual : str
        Name of business as usual.
    """
    lines = []
    for name, o in observed.items():
        if name == usual or not same_as_usual(o, observed[usual]):
            continue
        why = "This plan has no moves" if o.arm.steering and not o.outcomes[0] else "Nothing that was planned happened"
        lines.append(f"{why}: on the timeline of {name} every run is business as usual, to the last number.")
    return lines


def what_never_happened(plan: Observed, most: int = MOST) -> list[str]:
    """What never happened, the largest first: which gate held it, and who could open it."""
    if plan.arm.steering is None:
        return []
    titles = {key: site.name for key, site in plan.arm.system.footprint.sites.items()}
    return [told.text for told in tell(plan.arm.steering.brief, dict(enumerate(plan.outcomes)), titles)[:most]]
