"""What one replication leaves behind for the estimates, with all else forgotten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.kernel.layout import SNAPSHOT
from sim.results import measures
from sim.results.axes import Axes
from sim.results.measures import Measure
from sim.results.tally import Tally, tally_by_period

__all__ = ["BLOCKS", "Record", "block_measures", "record"]

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]
Pair = tuple[Float, Float]

#: blocks of figures that share their axes; `lodging` is about stations as a whole, `places` about every pool
BLOCKS = ("stations", "lodging", "places", "clocks", "system")

_SEEN = {name: i for i, name in enumerate(SNAPSHOT)}
_LEAST_PERIODS, _LEAST_LOOKS = 6, 9  #: from which thirds of the measured time can be compared


@dataclass(frozen=True)
class Record:
    """One replication, reduced.

    Parameters
    ----------
    steady, periods : dict
        Numerators and denominators of every block over the measured time (measures, names, rows), and of the brief
        measures by period (measures, periods, names, rows).
    occupied, present : list of array
        How many snapshots of the measured time saw each number occupied (by pool) and present (by station).
    fine : array (stations, rows, bins) or None
        Waits in fine bins.
    queues : array (stations, 3) or None
        Mean queue (waiting and awaited) in the first, second and last third of the measured time.
    events, fingerprint : int
    """

    steady: dict[str, Pair]
    periods: dict[str, Pair]
    occupied: list[Int]
    present: list[Int]
    fine: Int | None
    queues: Float | None
    events: int
    fingerprint: int


def block_measures(axes: Axes, block: str) -> list[Measure]:
    """Measures of a block."""
    if block == "stations":
        return measures.at_stations(axes)
    return {
        "lodging": measures.LODGING,
        "places": measures.POOL,
        "clocks": measures.CLOCK,
        "system": measures.SYSTEM,
    }[block]


def record(axes: Axes, seen: Mapping[str, Any]) -> Record:
    """Reduce the observations of one replication, of the kernel or of the twin."""
    by_period = tally_by_period(axes, seen)
    steady = by_period.summed(axes.measured)
    looks = _looks(axes, seen["snapshot"])
    present = looks[:, : len(axes.stations), : _SEEN["awaited"]].sum(axis=2)
    fine = seen.get("wait_fine") if axes.network.observe.wait_quantiles else None
    return Record(
        steady={block: _evaluate(axes, block, steady, (), brief=False) for block in BLOCKS},
        periods={
            block: _evaluate(axes, block, by_period, (len(axes.measured),), brief=True)
            for block in BLOCKS
            if block != "clocks"
        },
        occupied=[np.bincount(column) for column in looks[..., _SEEN["occupied"]].T],
        present=[np.bincount(column) for column in present.T],
        fine=None if fine is None else np.swapaxes(np.swapaxes(fine, 1, 2) @ axes.members.T, 1, 2),
        queues=_queues(axes, by_period, looks),
        events=int(seen["events"]),
        fingerprint=int(seen["fingerprint"]),
    )


def _evaluate(axes: Axes, block: str, tally: Tally, lead: tuple[int, ...], brief: bool) -> Pair:
    """Numerators and denominators of the measures of a block, stacked."""
    names, rows = _shape(axes, block)
    used = [m for m in block_measures(axes, block) if m.brief or not brief]
    source = tally.system() if block == "system" else tally
    shape = (len(used), *lead, names, rows)
    part, whole = np.empty(shape), np.empty(shape)
    for k, measure in enumerate(used):
        part[k], whole[k] = measure.part(source), measure.whole(source)
    return part, whole


def _shape(axes: Axes, block: str) -> tuple[int, int]:
    rows = len(axes.rows)
    return {
        "stations": (len(axes.stations), rows),
        "lodging": (len(axes.stations), 1),
        "places": (len(axes.places), 1),
        "clocks": (len(axes.clocks), rows),
        "system": (1, rows),
    }[block]


def _looks(axes: Axes, snapshot: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """Snapshots of the measured time."""
    step = int(np.floor(axes.network.observe.snapshot_every + 0.5))
    began = int(axes.edges[:-1][axes.measured][0])
    return snapshot[-(-began // step) :]


def _queues(axes: Axes, by_period: Tally, looks: npt.NDArray[np.int32]) -> Float | None:
    """Mean queue in thirds of the measured time; None where it was looked at too seldom."""
    queue = by_period.area("waiting", "awaited")[axes.measured, :, 0]
    if len(queue) >= _LEAST_PERIODS:
        time = by_period.time[axes.measured, :, 0]
        return np.stack([queue[t].sum(axis=0) / time[t].sum() for t in _thirds(len(queue))], axis=1)
    if len(looks) >= _LEAST_LOOKS:
        own = looks[:, : len(axes.stations)]
        seen = own[..., _SEEN["waiting"]] + own[..., _SEEN["awaited"]]
        return np.stack([seen[t].mean(axis=0) for t in _thirds(len(looks))], axis=1)
    return None


def _thirds(n: int) -> Sequence[slice]:
    edges = [round(n * k / 3) for k in range(4)]
    return [slice(a, b) for a, b in zip(edges, edges[1:], strict=False)]
