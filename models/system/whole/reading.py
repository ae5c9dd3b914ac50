"""What a run of the whole says of the clocks that it does not follow person by person.

* Where people are not followed through A&E, the four-hour share comes from the waits for a bed of those admitted and
  from crowding (:mod:`models.care.crowding`).
* Where the time from referral to the decision to operate is left out of the network, it is added here: it is
  independent of all that follows, so the share treated in time is the mean, over the times since the decision that the
  run gives, of the share whose time before it leaves room.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

from models.care.crowding import Crowding, four_hour_share
from models.care.planned import Planned
from sim.kernel.layout import STARTED, TRANSFERRED_IN, WAITED, WAITING
from sim.tables import Lowered

__all__ = ["SINCE_DECISION", "decision_clocks", "four_hour_by_crowding", "room_left", "treated_in_time"]
__all__ += ["within_limit"]

SINCE_DECISION = (7, 28, 98)  #: days since the decision to operate, at which treatment is counted
GRID = 40  #: points between two of them at which the time before the decision is looked at
HOUR = 3_600_000.0
Float = npt.NDArray[np.float64]


def decision_clocks(site: str, clocks: Mapping[str, Any]) -> dict[str, Any]:
    """Clocks of planned care that begin with the decision to operate, in place of those of 18 weeks and 62 days."""
    out = {k: c for k, c in clocks.items() if not k.startswith((f"{site}_18_weeks_", f"{site}_62_days_"))}
    for name, clock in clocks.items():
        if name.startswith(f"{site}_18_weeks_"):
            end = name.removeprefix(f"{site}_18_weeks_")
            out |= {f"{site}_decided_{d}_days_{end}": {**clock, "within": f"{d} d"} for d in SINCE_DECISION}
    return out


def within_limit(share_within: Sequence[float], limit_days: float, mean_days: float, cv: float) -> float:
    """Share treated within a limit since referral.

    Parameters
    ----------
    share_within : sequence of float
        Share treated within each of `SINCE_DECISION` days since the decision to operate.
    limit_days : float
    mean_days, cv : float
        Time from referral to the decision, lognormal.

    Returns
    -------
    float
        Between two of the days times are spread evenly; those beyond the last are late.
    """
    return float(np.diff([0.0, *share_within]) @ room_left(limit_days, mean_days, cv))


def room_left(limit_days: float, mean_days: float, cv: float) -> Float:
    """Probability, for each span between two of `SINCE_DECISION` days, that the time before leaves room within a limit.

    Parameters are those of :func:`within_limit`.
    """
    spread = math.log1p(cv * cv)
    law = stats.lognorm(math.sqrt(spread), scale=mean_days * math.exp(-spread / 2))
    edges = np.array([0.0, *SINCE_DECISION])
    points = edges[:-1, None] + (np.arange(GRID) + 0.5) / GRID * np.diff(edges)[:, None]
    return law.cdf(limit_days - points).mean(axis=1)


def treated_in_time(lowered: Lowered, seen: Mapping[str, Any], site: str, care: Planned) -> dict[str, float]:
    """Shares of planned patients treated within 18 weeks (`elective`) and 62 days (`cancer`) of referral.

    Parameters
    ----------
    lowered : Lowered
    seen : mapping
        Observations of a run, or sums of those of several.
    site : str
    care : Planned
    """
    names, classes = list(lowered.network.observe.clocks), [g[0] for g in lowered.groups]
    limits = {"elective": care.standards.treatment_weeks.value * 7, "cancer": care.standards.cancer_days.value}
    before = {"elective": care.referral.elective_days.value, "cancer": care.referral.cancer_days.value}
    out = {}
    for cls, limit in limits.items():
        own = [g for g, name in enumerate(classes) if name in (cls, f"{cls}_cancelled")]
        ended = within = 0.0
        shares = []
        for days in SINCE_DECISION:
            rows = [k for k, name in enumerate(names) if name.startswith(f"{site}_decided_{days}_days_")]
            ended = float(seen["clock_ended"][:, rows][..., own].sum())
            within = ended - float(seen["clock_over"][:, rows][..., own].sum())
            shares.append(within / ended if ended else math.nan)
        out[cls] = within_limit(shares, limit, before[cls], care.referral.cv.value) if ended else math.nan
    return out


def four_hour_by_crowding(
    lowered: Lowered,
    seen: Mapping[str, Any],
    stations: Sequence[str],
    cubicles: float,
    admitted_share: float,
    crowding: Crowding,
) -> Float:
    """Share of attendances at one hospital's A&E that leave within four hours, by period.

    Parameters
    ----------
    lowered : Lowered
        Its network must observe waits over 4 and 12 hours.
    seen : mapping
        Observations of a run.
    stations : sequence of str
        Where those admitted wait for a bed.
    cubicles : float
        Mean number staffed.
    admitted_share : float
        Share of attendances admitted, stays without a night included.
    crowding : Crowding

    Returns
    -------
    ndarray (periods,)
        nan in a period in which nobody was admitted.
    """
    names, classes = list(lowered.network.stations), [g[0] for g in lowered.groups]
    at = np.ix_([names.index(s) for s in stations], [g for g, c in enumerate(classes) if c == "emergency"])
    flow = seen["flow"][(slice(None), *at)].sum(axis=(1, 2))
    over = seen["wait_over"][(slice(None), *at)].sum(axis=(1, 2))
    area = seen["area"][(slice(None), *at)].sum(axis=(1, 2))
    started, waited = flow[:, STARTED] - flow[:, TRANSFERRED_IN], flow[:, WAITED]
    some = started > 0
    shares = np.column_stack([waited, over])[some] / started[some, None]
    thresholds = np.array([0.0, *(w / HOUR for w in lowered.tables.wait_over)])
    boarders = area[some, WAITING] / np.diff(lowered.tables.period_edges)[some]
    out = np.full(len(flow), np.nan)
    full = np.full(some.sum(), admitted_share)
    out[some] = four_hour_share(shares, thresholds, boarders, np.full(some.sum(), cubicles), full, crowding)
    return out
