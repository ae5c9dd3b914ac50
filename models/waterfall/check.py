"""Checks without which a waterfall means nothing: the first step is the spreadsheet, and Little's law holds exactly."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy import stats

from models.system.system import ward
from models.waterfall.arithmetic import Arithmetic
from models.waterfall.network import Basis, Mechanisms, load_of, offered_load, site_data
from models.waterfall.search import YEAR
from sim import Lowered, Run
from sim.clock import DAY
from sim.errors import CarebridgeError
from sim.kernel.layout import AWAITED, FLOWS

__all__ = ["MEAN", "Mean", "NotReconciled", "keeps_littles_law", "mean_in_beds", "same_formula"]
__all__ += ["same_load", "within"]

MEAN = Mechanisms(random=False, patterns=False, blocking=False, transition=False, feedback=False)
LEVEL = 0.999  #: confidence of the interval of the simulated mean: a sound run is refused once in a thousand times
ROUNDING = 1e-9  #: relative
CAME, WENT = ("arrived", "returned", "transferred_in"), ("left", "transferred_out", "lost")


class _HasPublished(Protocol):
    """A spreadsheet's row that knows the published beds in use."""

    @property
    def published(self) -> float: ...


class NotReconciled(CarebridgeError):
    """The first step is not the planner's arithmetic: the run is invalid."""


@dataclass(frozen=True)
class Mean:
    """Mean number of people in a hospital's beds when there are beds without limit.

    Parameters
    ----------
    load : float
        Admissions a day x days to medically ready.
    simulated, low, high : float
        Mean over replications of the year's mean, and its interval (99.9 %).
    """

    load: float
    simulated: float
    low: float
    high: float


def same_load(basis: Basis, site: str) -> float:
    """Return the mean load of a hospital; the spreadsheet's and the network's must be the same number.

    Raises
    ------
    NotReconciled
        When they differ.
    """
    rate, stay = offered_load(basis.footprint, basis.fit, site)
    network = load_of(site_data(basis, site, MEAN), site)
    if abs(network - rate * stay) > ROUNDING * rate * stay:
        raise NotReconciled(
            f"{site}: the spreadsheet's load is {rate * stay:.3f} beds ({rate:.2f} admissions a day x {stay:.3f} "
            f"days), that of the simulated network {network:.3f}; the waterfall is invalid."
        )
    return rate * stay


def same_formula(sums: Arithmetic, sheets: Iterable[_HasPublished], target: float) -> None:
    """The planner's formula must give the same beds here, hospital by hospital, as in the arithmetic of the plan.

    Raises
    ------
    NotReconciled
        When it does not.
    """
    here, there = sum(sheet.published / target for sheet in sheets), sums.needed[target]
    if abs(here - there) > ROUNDING * there:
        raise NotReconciled(
            f"the planner's formula asks for {here:.3f} beds hospital by hospital and for {there:.3f} in the "
            "arithmetic of the plan; the waterfall is invalid."
        )


def mean_in_beds(run: Run, site: str) -> float:
    """Mean number of people in a hospital over the last year of a run."""
    edges = run.lowered.tables.period_edges
    held = run.state.area[-YEAR:, list(run.lowered.network.stations).index(ward(site)), :, :AWAITED].sum()
    return float(held / (edges[-1] - edges[-1 - YEAR]))


def within(site: str, load: float, means: Sequence[float]) -> Mean:
    """Compare simulated means with the load.

    Raises
    ------
    NotReconciled
        When the load lies outside the interval of the simulated mean.
    """
    middle = float(np.mean(means))
    half = float(stats.t.ppf((1 + LEVEL) / 2, len(means) - 1) * stats.sem(means)) if len(means) > 1 else np.inf
    if abs(middle - load) > half:
        raise NotReconciled(
            f"{site}: with unlimited beds the simulation holds {middle:.2f} people on average "
            f"({middle - half:.2f} to {middle + half:.2f}), the spreadsheet {load:.2f}; the waterfall is invalid."
        )
    return Mean(load, middle, middle - half, middle + half)


def keeps_littles_law(network: Lowered, site: str, seed: int) -> int:
    """Return the time (ms) spent in a hospital over the last year, counted in two ways that must agree exactly.

    Once as the engine adds it up, as the mean number in beds x the year; once from the log, as the sum over all who
    came and went of their time inside the year.

    Raises
    ------
    NotReconciled
        When the two differ.
    """
    run = Run(network, seed, 0, log=True)
    run.advance()
    station = list(network.network.stations).index(ward(site))
    edges = network.tables.period_edges
    begin, end = int(edges[-1 - YEAR]), int(edges[-1])
    added_up = int(run.state.area[-YEAR:, station, :, :AWAITED].sum())
    log = run.log_rows()
    log = log[(log["station"] == station) & (log["time"] >= begin)]
    there = int(run.state.snapshot[begin // DAY, station, :AWAITED].sum())
    by_people = there * (end - begin)
    for flows, sign in ((CAME, 1), (WENT, -1)):
        which = np.isin(log["flow"], [FLOWS.index(f) for f in flows])
        by_people += sign * int((end - log["time"][which].astype(np.int64)).sum())
    if by_people != added_up:
        raise NotReconciled(
            f"{site}: people's stays add up to {by_people} ms, the mean number in beds to {added_up} ms; Little's law "
            "does not hold and the waterfall is invalid."
        )
    return added_up
