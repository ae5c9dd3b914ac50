"""Criteria that only the whole care system can answer: K4 from the run itself, and K5, the elective list.

All are reported. K5 does not decide: no list of the hospitals' own is in the data, so its level is not calibrated.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from models.arms.arms import Observed
from models.measures import whole as measures_whole
from models.settings.criteria import Criteria
from models.verdict.criteria import Assessed, Masks, Periods, grid, reported

__all__ = ["four_hours", "planned_care"]

NOT_CALIBRATED = "reported; the level of the list is not calibrated, only the change under the plan counts"


def four_hours(plan: Observed, usual: Observed, criteria: Criteria, years: Periods) -> Assessed:
    """K4, reported: share of attendances that leave A&E within four hours, by year."""
    cells, values = grid(plan, years, measures_whole.four_hour_share)
    _, before = grid(usual, years, measures_whole.four_hour_share)
    line, front = criteria.four_hour_share, plan.arm.system.roles.front
    followed = all(read.clocks for read in front.values())
    fitted = all(read.fitted for read in front.values())
    note = "reported; everybody is followed through A&E" if followed else (
        "reported; from waits for a bed and crowding by those who board; "
        + ("its level is fitted to the baseline year's, by hospital" if fitted else "its level is not fitted")
    )  # fmt: skip
    names = ("K4", "A&E within 4 hours", line.value, "share of attendances", line.source)
    return reported(names, np.all(values >= line.value, axis=1), cells, values, before, note, more_is_better=True)


def planned_care(plan: Observed, usual: Observed, years: Periods) -> list[Assessed]:
    """K5, reported: treatment within 18 weeks of referral, the list, and cancer treatment within 62 days."""
    return [
        _in_time(("K5", "Planned treatment within 18 weeks"), plan, usual, years, "elective"),
        _list(plan, usual, years),
        _in_time(("K5b", "Cancer treatment within 62 days"), plan, usual, years, "cancer"),
    ]


def _in_time(named: tuple[str, str], plan: Observed, usual: Observed, years: Periods, kind: str) -> Assessed:
    standard = plan.arm.system.roles.treatment[kind].standard

    def share(o: Observed, site: str | None, masks: Masks) -> Any:
        return measures_whole.treated_in_time(o, kind, site, masks)

    cells, values = grid(plan, years, share)
    _, before = grid(usual, years, share)
    key, name = named
    names = (key, name, standard.value, "share of those treated", standard.source)
    meets = np.all(values >= standard.value, axis=1)
    return reported(names, meets, cells, values, before, NOT_CALIBRATED, more_is_better=True)


def _list(plan: Observed, usual: Observed, years: Periods) -> Assessed:
    """The list must not grow from year to year: its mean in the last year is no longer than in the first."""
    cells, values = grid(plan, years, measures_whole.on_list)
    _, before = grid(usual, years, measures_whole.on_list)
    together = values[:, -len(years) :]  # the footprint as a whole comes last
    meets = together[:, -1] <= together[:, 0]
    names = ("K5a", "Elective list not growing", None, "people waiting for a night's operation", "own proposal")
    return reported(names, meets, cells, values, before, NOT_CALIBRATED)
