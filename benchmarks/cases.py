"""Networks for ``benchmarks.scaling``: the tandem in other sizes, stations in line, a crowd, and one feature each.

All begin empty; `FILL` days are enough for the tandem to forget that.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable
from typing import Any

from benchmarks.peers.carebridge_tandem import network as tandem_network
from benchmarks.tandem import TANDEM

FILL = 150.0  #: days
STAY = 10.0  #: days, mean stay of the crowd
LOAD = 0.8  #: offered load of each station in line, relative to its places

Network = dict[str, Any]


def tandem(days: float, scale: float = 1.0, acute_places: int = TANDEM.acute_places) -> Network:
    """The tandem, filled up and then `days` more, with arrivals and places multiplied by `scale`."""
    case = dataclasses.replace(
        TANDEM,
        days=FILL + days,
        arrivals_per_day=TANDEM.arrivals_per_day * scale,
        acute_places=round(acute_places * scale),
        community_places=round(TANDEM.community_places * scale),
    )
    return tandem_network(case)


def line(stations: int, days: float, fill: float, ends_a_day: float = 4000.0) -> Network:
    """Stations in line, each with a waiting room; any number of them together has the same stays ending a day."""
    rate = ends_a_day / stations
    names = [f"station {number}" for number in range(1, stations + 1)]
    return {
        "horizon": f"{fill + days:g} d",
        "sources": {"arrivals": {"to": names[0], "rate_per_day": rate}},
        "stations": {
            name: {
                "places": round(rate / LOAD),
                "service": {"kind": "exponential", "mean": "1 d"},
                "routes": [{"to": {after: 1.0}}],
            }
            for name, after in zip(names, [*names[1:], "leave"], strict=True)
        },
    }


def crowd(alive: int, days: float, fill: float, *, extras: bool = False) -> Network:
    """About `alive` entities in one station without limit; with `extras`, all that the engine can know of an entity."""
    network: Network = {
        "horizon": f"{fill + days:g} d",
        "sources": {"arrivals": {"to": "home", "rate_per_day": alive / STAY}},
        "stations": {"home": {"places": "inf", "service": {"kind": "exponential", "mean": f"{STAY:g} d"}}},
    }
    if extras:
        network["observe"] = {"clocks": {"stay": {"station": "home", "within": f"{STAY:g} d"}}}
    return network


# --- features --------------------------------------------------------------------------------------------------------


def _acute(**keys: Any) -> Callable[[Network], None]:
    return lambda network: network["stations"]["acute"].update(keys)


def _observe(**keys: Any) -> Callable[[Network], None]:
    return lambda network: network.update(observe=keys)


def _source(**keys: Any) -> Callable[[Network], None]:
    return lambda network: network["sources"]["arrivals"].update(keys)


def _classes(**acute: Any) -> Callable[[Network], None]:
    def edit(network: Network) -> None:
        source = network["sources"].pop("arrivals")
        half = source["rate_per_day"] / 2
        network["classes"] = ["urgent", "planned"]
        network["sources"] = {c: {"class": c, "to": "acute", "rate_per_day": half} for c in network["classes"]}
        network["stations"]["acute"].update(acute)

    return edit


def _holds(rule: Any, places: int) -> Callable[[Network], None]:
    def edit(network: Network) -> None:
        network["pools"] = {"nurses": {"places": places}}
        network["stations"]["acute"]["holds"] = rule

    return edit


def _overflow(network: Network) -> None:
    stay = network["stations"]["acute"]["service"]
    network["stations"]["annexe"] = {"places": 40, "service": stay}
    network["sources"]["annexe"] = {"class": "patient", "to": "annexe", "rate_per_day": 3}
    network["stations"]["acute"]["overflow"] = {"to": ["annexe"], "repatriate": True}


def _noise(network: Network) -> None:
    network["noise"] = {"weather": {"variance": 0.003, "correlation": 0.6}}
    _source(noise="weather", hour=[1] * 8 + [3] * 12 + [1] * 4)(network)


def _transitions(network: Network) -> None:
    delay = {"kind": "exponential", "mean": "4 h"}
    network["stations"]["acute"]["routes"] = [
        {"to": {"community": {"share": 0.25, "transition": delay}, "leave": {"share": 0.75}}}
    ]


_RARELY = {"kind": "exponential", "mean": "2 d"}
_SHORT = {"kind": "exponential", "mean": "1 h"}

FEATURES: dict[str, Callable[[Network], None]] = {
    "two classes with priorities": _classes(priority={"urgent": 0, "planned": 1}),
    "preemption": _classes(priority={"urgent": 0, "planned": 1}, preempt="resume"),
    "patience": _acute(patience=[{"after": _RARELY, "then": "leave"}]),
    "holds of a shared pool": _holds({"nurses": 1}, 455),
    "holds in steps": _holds(
        [{"pools": {"nurses": [{"after": "0 h", "amount": 2}, {"after": "1 d", "amount": 1}]}}], 540
    ),
    "overflow and repatriation": _overflow,
    "turnaround": _acute(turnaround=_SHORT),
    "timetable": _acute(timetable=[{"hours": [0, 8], "places": 455}]),
    "escalation": _acute(
        escalation={"places": 20, "trigger": {"queued": 5}, "lead": "2 h", "stand_down": {"queued": 0}}
    ),
    "appointment slots": _acute(slots=[{"hours": [0, 24], "each_hour": 4}]),
    "discharge window": _acute(window={"hours": [10, 20]}),
    "stays shortened by the queue": _acute(flex={"elasticity": 0.1, "scale": 20}),
    "transition delay": _transitions,
    "return visits": _acute(
        returns=[{"probability": 0.1, "after": {"kind": "exponential", "mean": "20 d"}, "to": "acute"}]
    ),
    "daily noise and hours of the day": _noise,
    "clock": _observe(clocks={"four hours": {"station": "acute", "until": "started", "within": "4 h"}}),
    "quantiles of waits": _observe(wait_quantiles=True),
}


def with_feature(days: float, name: str | None) -> Network:
    """The tandem with 460 acute places, so that there are queues, and one feature; none for the bare network."""
    network = copy.deepcopy(tandem(days, acute_places=460))
    if name is not None:
        FEATURES[name](network)
    return network
