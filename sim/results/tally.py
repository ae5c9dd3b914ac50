"""Sums of what one replication has written down, over the measured time or over each period."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.kernel.layout import FLOWS, SNAPSHOT, STATES
from sim.results.axes import Axes

__all__ = ["Tally", "tally_by_period"]

Float = npt.NDArray[np.float64]

IN_PLACE = ("in_service", "blocked", "in_transition")
_STATE = {name: i for i, name in enumerate(STATES)}
_FLOW = {name: i for i, name in enumerate(FLOWS)}
_SEEN = {name: i for i, name in enumerate(SNAPSHOT)}


@dataclass(frozen=True)
class Tally:
    """Sums by station and row, pool, and clock and row; times in the unit of the network.

    The axes in front are none (the measured time) or one (periods). `time` has the shape (…, 1, 1); `states` (…,
    stations, states, rows); `flows` (…, stations, flows, rows); `wait_total` and each of `wait_over` (…, stations,
    rows); sums of a pool have a last axis of one, and `open` is nan without limit; sums of clocks have the shape (…,
    clocks, rows).
    """

    time: Float
    states: Float
    flows: Float
    wait_total: Float
    wait_over: Float
    open: Float
    held: Float
    turnaround: Float
    draining: Float
    outlying: Float
    slots: Float
    full: Float
    looks: Float
    ended: Float
    over: Float
    total: Float

    def area(self, *names: str) -> Float:
        """Entity-time in the states named."""
        return sum((self.states[..., _STATE[n], :] for n in names), np.zeros(()))

    def flow(self, *names: str) -> Float:
        """Events of the flows named."""
        return sum((self.flows[..., _FLOW[n], :] for n in names), np.zeros(()))

    def over_limit(self, k: int) -> Float:
        """Waits above limit number `k`."""
        return self.wait_over[..., k, :]

    def summed(self, periods: npt.NDArray[np.bool_]) -> Tally:
        """Sums over some of the periods."""
        return Tally(**{name: value[periods].sum(axis=0) for name, value in vars(self).items()})

    def system(self) -> Tally:
        """Sums over all stations, on an axis of length one."""
        together = {n: getattr(self, n).sum(axis=-3, keepdims=True) for n in ("states", "flows", "wait_over")}
        return replace(self, **together, wait_total=self.wait_total.sum(axis=-2, keepdims=True))


def tally_by_period(axes: Axes, seen: Mapping[str, Any]) -> Tally:
    """Sums by period of the observations of one replication (of the kernel or of the twin).

    Parameters
    ----------
    axes : Axes
    seen : mapping
        As ``Run.observations`` gives it.
    """
    unit, stations = axes.unit_ms, len(axes.stations)
    states = _rows(axes, np.swapaxes(seen["area"], -1, -2)) / unit
    full, looks = _looks(axes, seen["snapshot"])
    clocks = [_rows(axes, seen[name]) for name in ("clock_ended", "clock_over", "clock_total")]
    return Tally(
        time=(np.diff(axes.edges) / unit)[:, None, None],
        states=states,
        flows=_rows(axes, np.swapaxes(seen["flow"], -1, -2)).astype(float),
        wait_total=_rows(axes, seen["wait_total"]) / unit,
        wait_over=_rows(axes, np.swapaxes(seen["wait_over"], -1, -2)).astype(float),
        open=np.where(_unlimited(axes), np.nan, seen["places_area"])[..., None] / unit,
        held=seen["held_area"][..., None] / unit,
        turnaround=seen["turnaround_area"][..., None] / unit,
        draining=seen["draining_area"][..., None] / unit,
        outlying=seen["outlying_area"][..., None] / unit,
        slots=seen["slots_offered"][:, :stations, None].astype(float),
        full=full[..., None],
        looks=looks[:, None, None],
        ended=clocks[0].astype(float),
        over=clocks[1].astype(float),
        total=clocks[2] / unit,
    )


def _rows(axes: Axes, array: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Sum the last axis (groups) into rows."""
    return np.asarray(array, np.int64) @ axes.members.T


def _unlimited(axes: Axes) -> npt.NDArray[np.bool_]:
    """Pools without limit, of which nothing is a share."""
    pools = [*axes.network.stations.values(), *axes.network.pools.values()]
    return np.array([pool.places == "inf" for pool in pools], bool)


def _looks(axes: Axes, snapshot: npt.NDArray[np.int32]) -> tuple[Float, Float]:
    """Snapshots of each period at which a pool had no free place, and snapshots of each period."""
    step = int(np.floor(axes.network.observe.snapshot_every + 0.5))
    period = axes.periods_of(np.arange(len(snapshot), dtype=np.int64) * step)
    places, occupied = snapshot[..., _SEEN["places"]], snapshot[..., _SEEN["occupied"]]
    full = np.zeros((len(axes.measured), snapshot.shape[1]))
    np.add.at(full, period, (places >= 0) & (occupied >= places))
    return full, np.bincount(period, minlength=len(axes.measured)).astype(float)
