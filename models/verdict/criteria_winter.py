"""K10, resilience: whether waits for a bed are back where they should be in the quarter after a bad winter.

Asked only where waves of illness come by name (``winter=``), and in the winters in which they come: under the plan and
under business as usual alike, for the same people. Reported, never decides.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np

from models.arms.arms import Observed
from models.measures import measures
from models.settings.criteria import Criteria
from models.verdict.criteria import Assessed, grid, months_between, two_lenses

__all__ = ["after_bad_winters"]

APRIL = 4


def after_bad_winters(
    plan: Observed, usual: Observed, criteria: Criteria, winters: tuple[str, ...], window: tuple[dt.date, dt.date]
) -> list[Assessed]:
    """K10 over the April quarters after bad winters; nothing where none lies in the window.

    Parameters
    ----------
    winters : tuple of str
        Financial years in whose winters waves come.
    """
    begins = {year: dt.date(int(year[:4]) + 1, APRIL, 1) for year in sorted(winters)}
    begins = {year: d for year, d in begins.items() if window[0] < d and d.replace(month=APRIL + 3) <= window[1]}
    springs = list(begins.values())
    if not springs:
        return []
    after = [q for day in springs for q in months_between(plan, day, day.replace(month=APRIL + 3), 3)]
    during = [q for day in springs for q in months_between(plan, day.replace(month=1), day, 3)]
    cells, values = grid(plan, after, measures.long_wait_share)
    _, base = grid(usual, after, measures.long_wait_share)
    worst, worst_usual = (grid(o, during, measures.long_wait_share)[1].mean() for o in (plan, usual))
    limit = criteria.access_share.value
    found = two_lenses(
        ("K10", "Resilience: waits in the quarter after a bad winter", limit, "share of emergencies", "own proposal"),
        meets=np.all(values <= limit, axis=1),
        usual_meets=np.all(base <= limit, axis=1),
        harmless=np.all(values <= base + criteria.margin_share.value, axis=1),
        cells=cells,
        values=values,
        usual=base,
        collapsed=[],
        note=f"April to June after the winters of {', '.join(begins)}; in January to March of these, "
        f"{worst:.1%} waited over four hours with the plan and {worst_usual:.1%} without it, mean over places",
    )
    return [replace(found, decides=False)]
