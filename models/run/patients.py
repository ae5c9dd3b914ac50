"""Everybody's visits to wards and services, as a table: who came when, got a bed, was ready to leave, and left."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from models.arms.arms import Observed
from sim.arrow import names_column
from sim.kernel.layout import FLOWS
from sim.visits import GOES, STILL_THERE, Visits

__all__ = ["patients_table"]


def patients_table(observed: dict[str, Observed]) -> pa.Table | None:
    """One row for each visit of each patient to a ward or service.

    Parameters
    ----------
    observed : dict
        What each arm wrote down, by its name.

    Returns
    -------
    pyarrow.Table or None
        Columns arm, replication, patient, class, station, joined, started, ready, left, ended; None where no
        replication's visits were kept.
    """
    replications = min((len(o.visits) for o in observed.values()), default=0)
    found = [table for r in range(replications) for table in _of_replication(observed, r)]
    return pa.concat_tables(found).unify_dictionaries() if found else None


def _of_replication(observed: dict[str, Observed], replication: int) -> Iterator[pa.Table]:
    """Table of each arm; the same person has the same number in all of them."""
    everybody = [o.visits[replication] for o in observed.values()]
    numbers, _ = pd.factorize(np.concatenate([v.entity for v in everybody]))
    ends = np.cumsum([len(v) for v in everybody])
    for (name, o), v, who in zip(observed.items(), everybody, np.split(numbers, ends[:-1]), strict=True):
        lowered = o.arm.lowered
        ways = np.full(len(FLOWS) + 1, STILL_THERE, np.int32)
        ways[[FLOWS.index(way) for way in GOES]] = range(len(GOES))
        ended = pa.array(ways[v.ended], mask=v.ended == STILL_THERE)
        yield pa.table(
            {
                "arm": names_column([name], np.zeros(len(v))),
                "replication": pa.array(np.full(len(v), replication, np.int32)),
                "patient": pa.array(who.astype(np.int32) + 1),
                "class": names_column([", ".join(group) for group in lowered.groups], v.group),
                "station": names_column(list(lowered.network.stations), v.station),
                **_instants(v, lowered.network.start),
                "ended": pa.DictionaryArray.from_arrays(ended, pa.array(GOES, pa.string())),
            }
        )


def _instants(v: Visits, start: dt.date) -> dict[str, pa.Array]:
    """Instants as times of the calendar; empty where they have not come."""
    midnight = np.datetime64(dt.datetime.combine(start, dt.time()), "ms")

    def column(ms: npt.NDArray[np.int64]) -> pa.Array:
        return pa.array(midnight + ms.astype("timedelta64[ms]"), mask=ms == STILL_THERE)

    return {"joined": column(v.joined), "started": column(v.started), "ready": column(v.served), "left": column(v.left)}
