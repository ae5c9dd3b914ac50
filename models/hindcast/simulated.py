"""Runs of the hospitals that stand for a country's, and what they wrote down by quarter, at the country's size."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.care.wards import ward
from models.hindcast.hospitals import ELECTIVE, EMERGENCY, SITES, THRESHOLDS_H
from models.history.data import Key
from sim.clock import DAY
from sim.experiments import Stopped, in_order
from sim.hybrid import Hybrid, HybridRun, Ready, ready
from sim.kernel.layout import ARRIVED, BLOCKED, LOST, SNAPSHOT, STARTED, WAIT_TOTAL, WAITING

__all__ = ["Simulated", "simulate"]

Floats = npt.NDArray[np.float64]
MONTHS = 3
HELD = [SNAPSHOT.index(s) for s in ("in_service", "blocked", "in_transition")]


@dataclass(frozen=True)
class Simulated:
    """Figures by replication (R) and quarter (Q), of the whole country.

    Parameters
    ----------
    keys : sequence of (year, quarter)
    occupied : (R, Q)
        Beds in use at midnight.
    delayed_days_acute, delayed_days_non_acute : (R, Q)
        Days of delayed transfers, clock c to d.
    over : (R, Q, H)
        Emergencies who waited longer for a bed than each of ``THRESHOLDS_H``.
    started : (R, Q)
        Emergencies who got a bed.
    boarders : (R, Q)
        Mean number of people waiting for a bed.
    cancelled_share : (R, Q)
        Planned admissions that found no bed.
    """

    keys: tuple[Key, ...]
    occupied: Floats
    delayed_days_acute: Floats
    delayed_days_non_acute: Floats
    over: Floats
    started: Floats
    boarders: Floats
    cancelled_share: Floats

    @property
    def delayed_days_all(self) -> Floats:
        """Days of delayed transfers in all beds."""
        return self.delayed_days_acute + self.delayed_days_non_acute

    @property
    def waits_over_4h(self) -> Floats:
        """Emergencies who waited more than four hours for a bed."""
        return self.over[..., THRESHOLDS_H.index(4)]


def simulate(
    model: Hybrid | Ready,
    keys: Sequence[Key],
    hospitals: float,
    *,
    warm_up: int = 0,
    replications: int | range,
    seed: int,
    workers: int = 1,
) -> Simulated:
    """Run every replication to the end and read it by quarter.

    Parameters
    ----------
    keys : sequence of (year, quarter)
        The quarters, from the first day of the run on.
    warm_up : int
        How many of them are left out of what is given.
    hospitals : float
        How many hospitals the three stand for.
    """
    made = model if isinstance(model, Ready) else ready(model)
    numbers = range(replications) if isinstance(replications, int) else replications

    def work(number: int, stop: threading.Event) -> Mapping[str, Floats]:
        run = HybridRun(made, seed, number)
        edges = made.network.tables.period_edges
        for month in range(MONTHS, len(edges), MONTHS):
            if stop.is_set():
                raise Stopped
            run.advance(int(edges[month]) // DAY)
        return _by_quarter(made, run, hospitals / len(SITES))

    rows = list(in_order(list(numbers), work, workers))
    found = {name: np.stack([row[name][warm_up:] for row in rows]) for name in rows[0]}
    return Simulated(tuple(keys)[warm_up:], **found)


def _by_quarter(made: Ready, run: HybridRun, scale: float) -> Mapping[str, Floats]:
    state, network = run.network.state, made.network.network
    stations, classes = list(network.stations), list(network.classes)
    beds = [stations.index(ward(site)) for site in SITES]
    step_down = [stations.index(f"{site}_p2") for site in SITES]
    emergency, elective = classes.index(EMERGENCY), classes.index(ELECTIVE)
    edges = made.network.tables.period_edges[::MONTHS]
    days = np.diff(edges) / DAY
    area = _summed(state.area) / DAY
    flow = _summed(state.flow)
    midnights = np.concatenate([state.snapshot[1:], state.snapshot[-1:]])[:, beds][..., HELD].sum(axis=(1, 2))
    occupied = np.add.reduceat(midnights.astype(np.int64), edges[:-1] // DAY) / days
    over = flow[:, beds, emergency][..., WAIT_TOTAL + 1 : WAIT_TOTAL + 1 + len(THRESHOLDS_H)].sum(axis=1)
    planned = flow[:, beds, elective].sum(axis=1)
    return {
        "occupied": occupied * scale,
        "delayed_days_acute": area[:, beds][..., BLOCKED].sum(axis=(1, 2)) * scale,
        "delayed_days_non_acute": area[:, step_down][..., BLOCKED].sum(axis=(1, 2)) * scale,
        "over": over * scale,
        "started": flow[:, beds, emergency, STARTED].sum(axis=1) * scale,
        "boarders": area[:, beds][..., WAITING].sum(axis=(1, 2)) / days * scale,
        "cancelled_share": planned[:, LOST] / np.maximum(1, planned[:, ARRIVED]),
    }


def _summed(monthly: npt.NDArray[np.int64]) -> Floats:
    """Sum a table of months by quarter."""
    return np.add.reduceat(monthly, np.arange(0, monthly.shape[0], MONTHS), axis=0).astype(float)
