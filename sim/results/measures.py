"""What is reported: every measure as the ratio of two sums, with its unit.

The definitions are explained to users in ``docs/network.md``; the sums in section 11 of ``docs/semantics.md``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sim.kernel.layout import FLOWS
from sim.results.axes import Axes
from sim.results.tally import IN_PLACE, Tally

__all__ = ["CLOCK", "LODGING", "POOL", "SYSTEM", "Measure", "at_stations", "unit_name"]

Float = npt.NDArray[np.float64]
Sum = Callable[[Tally], Float]

ENTITIES, PLACES, SHARE, TIME, RATE, EVENTS = "entities", "places", "share", "time", "rate", "events"


class Measure(NamedTuple):
    """One measure: `part` / `whole`; `brief` ones are given by period too."""

    name: str
    unit: str
    part: Sum
    whole: Sum
    brief: bool = False


def unit_name(unit: str, time: str) -> str:
    """Unit of a measure in words, for a network that reports in the unit `time`."""
    return {TIME: time, RATE: f"1/{time}"}.get(unit, unit)


def _time(t: Tally) -> Float:
    return t.time


def _area(*states: str) -> Sum:
    return lambda t: t.area(*states)


def _flow(*flows: str) -> Sum:
    return lambda t: t.flow(*flows)


def _one(_: Tally) -> Float:
    return np.ones(())


def _came(t: Tally) -> Float:
    """All who came to the station, accepted or not."""
    return t.flow("arrived", "returned", "transferred_in")


def _entered(t: Tally) -> Float:
    """Those who came and were accepted; a change of class is an entry into the class."""
    within = t.flow("reclassified_in")
    within[..., 0] = 0.0  # for all classes together nobody enters by it
    return _came(t) - t.flow("lost", "diverted") + within


def _first_waited(t: Tally) -> Float:
    """Stays that began after a wait; resumption after a preemption is no beginning."""
    return t.flow("waited") - t.flow("resumed")


def _went(t: Tally) -> Float:
    """Those who left the station, after a stay or from its queue."""
    within = t.flow("reclassified_out")
    within[..., 0] = 0.0
    return t.flow("left", "transferred_out", "reneged", "died") + within


def _gone(t: Tally) -> Float:
    """All who came to the station, those turned away included, and have gone."""
    return t.flow("lost", "diverted", "left", "transferred_out", "reneged", "died")


def _ended(t: Tally) -> Float:
    """Visits that ended in the system; who gave up a queue for another station goes on."""
    elsewhere = t.flow("transferred_in") - t.flow("transferred_out", "diverted")
    return t.flow("left", "lost", "reneged", "died") - elsewhere


NUMBERS = [
    Measure("number_waiting", ENTITIES, _area("waiting"), _time, brief=True),
    Measure("number_in_service", ENTITIES, _area("in_service"), _time, brief=True),
    Measure("number_blocked", ENTITIES, _area("blocked"), _time, brief=True),
    Measure("number_in_transition", ENTITIES, _area("in_transition"), _time, brief=True),
    Measure("number_awaited", ENTITIES, _area("awaited"), _time, brief=True),
    Measure("number_at_station", ENTITIES, _area("waiting", *IN_PLACE), _time, brief=True),
]

WAITS = [
    Measure("wait_mean", TIME, lambda t: t.wait_total, _flow("started"), brief=True),
    Measure("wait_mean_of_waiters", TIME, lambda t: t.wait_total, _flow("waited")),
    Measure("wait_mean_of_all_who_came", TIME, _area("waiting"), _entered),
    Measure("share_waited", SHARE, _first_waited, _flow("started"), brief=True),
    Measure(
        "share_waited_of_all_who_came",
        SHARE,
        lambda t: _entered(t) - t.flow("started") + _first_waited(t),
        _entered,
    ),
]

STAYS = [
    Measure("active_service", TIME, _area("in_service"), _flow("served")),
    Measure("capacity_delay", TIME, _area("blocked"), _flow("served")),
    Measure("transition_delay", TIME, _area("in_transition"), _flow("served")),
    Measure("length_of_stay", TIME, _area(*IN_PLACE), _flow("served"), brief=True),
    Measure("time_at_station", TIME, _area("waiting", *IN_PLACE), _went),
]

SHARES = [
    Measure("throughput", RATE, _flow("left", "transferred_out"), _time, brief=True),
    Measure("share_delayed", SHARE, _flow("delayed"), _flow("served")),
    Measure("share_lost", SHARE, _flow("lost"), _came, brief=True),
    Measure("share_diverted", SHARE, _flow("diverted"), _came),
    Measure("share_reneged", SHARE, _flow("reneged"), _gone, brief=True),
    Measure("share_died", SHARE, _flow("died"), _gone),
    Measure("share_overflowed", SHARE, _flow("overflowed"), _flow("started")),
]

#: flows whose rates are given by period too
_MAIN = ("arrived", "returned", "transferred_in", "started", "served", "left", "lost", "diverted", "reneged")
RATES = [Measure(f"{name}_rate", RATE, _flow(name), _time, brief=name in _MAIN) for name in FLOWS]
TOTALS = [Measure(f"{name}_total", EVENTS, _flow(name), _one) for name in FLOWS]


def at_stations(axes: Axes) -> list[Measure]:
    """Measures of a station by row; the limits of waits come from the file."""
    limits = [
        Measure(f"wait_over_{name}", SHARE, _over(k), _flow("started", "resumed"), brief=True)
        for k, name in enumerate(axes.limits)
    ]
    return [*NUMBERS, *WAITS, *limits, *STAYS, *SHARES, *RATES, *TOTALS]


def _over(k: int) -> Sum:
    return lambda t: t.over_limit(k)


#: of a pool of places (a station's own, or a shared one)
POOL = [
    Measure("places_open", PLACES, lambda t: t.open, _time, brief=True),
    Measure("places_occupied", PLACES, lambda t: t.held + t.turnaround, _time, brief=True),
    Measure("places_in_turnaround", PLACES, lambda t: t.turnaround, _time),
    Measure("places_draining", PLACES, lambda t: t.draining, _time),
    Measure("occupancy", SHARE, lambda t: t.held + t.turnaround, lambda t: t.open, brief=True),
    Measure("all_places_occupied", SHARE, lambda t: t.full, lambda t: t.looks, brief=True),
]

#: of a station alone, on one row
LODGING = [
    Measure("utilisation", SHARE, lambda t: t.area("in_service")[..., :1], lambda t: _own(t, t.open), brief=True),
    Measure("number_outlying", ENTITIES, lambda t: t.outlying, _time),
    Measure("slots_offered_rate", RATE, lambda t: t.slots, _time),
    Measure("slots_used", SHARE, lambda t: t.flow("started")[..., :1], lambda t: t.slots),
]


def _own(t: Tally, array: Float) -> Float:
    """Own pools of the stations, which come before the shared pools."""
    return array[..., : t.states.shape[-3], :]


CLOCK = [
    Measure("ended_total", EVENTS, lambda t: t.ended, _one),
    Measure("share_within", SHARE, lambda t: t.ended - t.over, lambda t: t.ended),
    Measure("mean", TIME, lambda t: t.total, lambda t: t.ended),
]

SYSTEM = [
    Measure("number_in_system", ENTITIES, _area("waiting", *IN_PLACE), _time, brief=True),
    Measure("number_waiting", ENTITIES, _area("waiting"), _time, brief=True),
    Measure("number_blocked", ENTITIES, _area("blocked"), _time, brief=True),
    Measure("time_in_system", TIME, _area("waiting", *IN_PLACE), _ended),
    Measure("visits_ended_rate", RATE, _ended, _time),
    *(
        Measure(f"{name}_{what}", unit, _flow(name), whole)
        for name in ("arrived", "returned", "left", "lost", "diverted", "reneged", "died", "delayed", "swapped")
        for what, unit, whole in (("rate", RATE, _time), ("total", EVENTS, _one))
    ),
]
