"""Shares in time of a run of the whole, worked out from its observations: what the measures must give."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from models.care.crowding import Crowding, four_hour_share
from models.care.planned import Planned
from models.system.whole.reading import SINCE_DECISION, room_left
from sim.clock import HOUR
from sim.kernel.layout import STARTED, TRANSFERRED_IN, WAITED, WAITING
from sim.tables import Lowered

Float = npt.NDArray[np.float64]


def within_limit(share_within: Sequence[float], limit_days: float, mean_days: float, cv: float) -> float:
    """Share treated within a limit since referral."""
    return float(np.diff([0.0, *share_within]) @ room_left(limit_days, mean_days, cv))


def treated_in_time(lowered: Lowered, seen: Mapping[str, Any], site: str, care: Planned) -> dict[str, float]:
    """Shares of planned patients treated within 18 weeks (`elective`) and 62 days (`cancer`) of referral."""
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
    """Share of attendances at one hospital's A&E that leave within four hours, by period."""
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
