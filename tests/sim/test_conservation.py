"""Nobody is lost or invented, no place is held by nobody, and a state in which that happens stops the run."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from sim.clock import DAY
from sim.conservation import assert_conserved
from sim.errors import ConservationError
from sim.kernel.layout import AWAY, BLOCKED, FLOWS, GONE, HEAP_SIZE, PRESENT, STATES, State
from sim.network.load import load_network
from sim.run import Run
from sim.tables import lower
from tests.sim.random_networks import random_network

INTO = ("arrived", "returned", "transferred_in", "reclassified_in")
OUT_OF = ("transferred_out", "left", "lost", "diverted", "reneged", "died", "reclassified_out")

#: all that must be conserved is in motion here: people wait, are blocked, are in transition, away, lost
NETWORK: dict[str, Any] = {
    "horizon": "60 d",
    "classes": ["a", "b"],
    "attributes": {"frail": ["no", "yes"]},
    "sources": {
        "s": {"class": "a", "to": "ward", "rate_per_day": 4, "attributes": {"frail": {"no": 0.5, "yes": 0.5}}},
        "t": {"class": "b", "to": "ward", "rate_per_day": 1},
    },
    "stations": {
        "ward": {
            "places": [{"from": "0 d", "places": 14}, {"from": "20 d", "places": 9}, {"from": "40 d", "places": 12}],
            "waiting_room": 5,
            "service": {"kind": "exponential", "mean": "2 d"},
            "routes": [
                {
                    "to": {
                        "home": {"share": 0.5, "transition": {"kind": "deterministic", "mean": "12 h"}},
                        "leave": 0.5,
                    }
                }
            ],
            "returns": [{"probability": 0.2, "after": {"kind": "exponential", "mean": "6 d"}, "to": "ward"}],
        },
        "home": {"places": 6, "waiting_room": 0, "service": {"kind": "exponential", "mean": "4 d"}},
    },
    "census": [{"station": "ward", "class": "a", "count": 7, "attributes": {"frail": "yes"}}],
    "observe": {"period": "5 d", "by": ["frail"]},
}


def started(until: int = 30 * DAY) -> Run:
    run = Run(lower(load_network(NETWORK)), 9)
    run.advance(until)
    return run


def total(seen: dict[str, Any], name: str) -> Any:
    return seen["flow"][..., FLOWS.index(name)].sum()


def test_the_network_has_something_to_lose() -> None:
    run = started()
    present = run.state.present[..., : len(STATES)].sum(axis=(0, 1))
    assert (present > 0).all(), dict(zip(STATES, present, strict=True))
    assert run.state.numbers[AWAY] > 0
    run.advance()
    seen = run.observations()
    assert all(total(seen, name) > 0 for name in FLOWS[:10])
    assert seen["draining_area"].sum() > 0


@pytest.mark.parametrize("number", range(40))
def test_accounts_balance(number: int) -> None:
    """The sums of section 12 of the semantics, made here from what is written down, at several instants."""
    network = load_network(random_network(number))
    run = Run(lower(network), 1, number)
    census = sum(row.count for row in network.census)
    for share in (0.2, 0.5, 0.8, 1.0):
        run.advance(int(share * network.horizon))
        seen, s = run.observations(), run.state
        here = int(s.present[..., :4].sum())
        came = sum(total(seen, flow) for flow in INTO)
        assert here == census + came - sum(total(seen, flow) for flow in OUT_OF)
        assert total(seen, "arrived") + census == s.numbers[GONE] + s.numbers[AWAY] + here
        assert total(seen, "reclassified_in") == total(seen, "reclassified_out")
        assert total(seen, "transferred_in") >= total(seen, "transferred_out")  # others come by diversion and patience
        assert total(seen, "started") + total(seen, "resumed") >= total(seen, "waited")
        assert total(seen, "preempted") >= total(seen, "resumed")
        assert total(seen, "overflowed") >= total(seen, "repatriated")
        assert s.present.min() >= 0
        assert s.present[..., BLOCKED].sum() == s.present[..., STATES.index("awaited")].sum()
    assert seen["area"].min() >= 0
    stations = list(network.stations.values())
    # everybody in service, blocked or in transition holds one place of one station, his own or another
    own = seen["held_area"][:, : len(stations)]
    assert (own.sum(axis=1) == seen["area"][..., 1:4].sum(axis=(1, 2, 3))).all()
    assert (seen["outlying_area"].sum(axis=1) <= own.sum(axis=1)).all()
    limited = np.array([of.places != "inf" for of in (*stations, *network.pools.values())])
    occupied = seen["held_area"] + seen["turnaround_area"]
    assert (occupied <= seen["places_area"] + seen["draining_area"])[:, limited].all()
    # waits are exact; those that have not ended are in the areas only
    assert seen["wait_total"].sum() <= seen["area"][..., STATES.index("waiting")].sum()
    assert seen["wait_hist"].sum() == total(seen, "waited")


def add(array: str, at: Any, amount: int) -> Callable[[State], None]:
    def corrupt(state: State) -> None:
        getattr(state, array)[at] += amount

    return corrupt


def field(name: str, station: int, amount: int) -> Callable[[State], None]:
    def corrupt(state: State) -> None:
        state.pool[name][station] += amount

    return corrupt


WARD, HOME = 0, 1
CORRUPTIONS = [
    (add("present", (WARD, 0, 1), 1), "entities at 'ward'"),
    (add("present", (HOME, 1, 1), -1), "entities at 'home'"),
    (add("flow", (0, WARD, 0, FLOWS.index("arrived")), 1), "entities at 'ward'"),
    (add("flow", (0, HOME, 0, FLOWS.index("left")), -1), "entities at 'home'"),
    (add("flow", (0, HOME, 1, FLOWS.index("transferred_in")), 1), "entities at 'home'"),
    (field("occupied", HOME, 1), "places held at 'home'"),
    (field("occupied", WARD, -1), "places held at 'ward'"),
    (field("queued", WARD, 1), "queues at 'ward'"),
    (field("queued", HOME, -1), "queues at 'home'"),
    (add("numbers", PRESENT, 1), "the network counts"),
    (add("numbers", HEAP_SIZE, -1), "events are scheduled"),
    (add("numbers", GONE, 1), "arrivals do not equal"),
    (add("area", (2, HOME, 0, 1), -(10**12)), "negative time in_service at 'home' in period 2"),
    (add("area", (2, HOME, 0, 1), 10**12), "place-time held at 'home' in period 2 differs"),
    (add("places_area", (1, WARD, 0), -(10**10)), "negative time of places open at 'ward' in period 1"),
    (add("places_area", (1, WARD, 0), -(10**9)), "more place-time held than open and draining at 'ward' in period 1"),
]


@pytest.mark.parametrize(("corrupt", "words"), CORRUPTIONS)
def test_a_corrupted_state_stops_the_run(corrupt: Callable[[State], None], words: str) -> None:
    run = started()
    assert_conserved(run.lowered, run.state)
    corrupt(run.state)
    with pytest.raises(ConservationError, match=words):
        run.advance(run.now + 1)  # so soon that nothing else happens first


def test_blocked_and_awaited_must_match() -> None:
    run = started()
    present = run.state.present
    # one of the blocked is made to wait upstream: entities still add up there, but nobody downstream expects anyone
    group = int(present[WARD, :, BLOCKED].argmax())
    present[WARD, group, BLOCKED] -= 1
    present[WARD, group, STATES.index("in_service")] += 1
    with pytest.raises(ConservationError, match="blocked entities and awaited entities differ"):
        run.advance(run.now + 1)


def test_a_station_that_loses_its_limit_is_no_fault() -> None:
    run = started(10 * DAY)
    run.set_places("home", 2**40, 12 * DAY)  # without limit, no place-time is counted
    run.advance()
    assert run.observations()["snapshot"][-1, HOME, -2] == -1


def test_a_station_that_gains_a_limit_is_no_fault() -> None:
    given = {**NETWORK, "stations": {**NETWORK["stations"], "home": {**NETWORK["stations"]["home"], "places": "inf"}}}
    run = Run(lower(load_network(given)), 9)
    run.set_places("home", 3, 12 * DAY)
    run.advance()
    assert run.observations()["places_area"][:, HOME].tolist()[:3] == [0, 0, 3 * 3 * DAY]
