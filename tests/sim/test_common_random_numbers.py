"""Common random numbers: what one scenario changes moves nobody whom it does not touch."""

import copy
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from sim.kernel.layout import FLOWS, STATES
from sim.network.load import load_network
from sim.run import Run
from sim.tables import lower
from tests.sim.random_networks import random_network

SEED = 42
ARRIVED, STARTED = FLOWS.index("arrived"), FLOWS.index("started")


def observe(network: dict[str, Any], seed: int = SEED, replication: int = 0) -> dict[str, Any]:
    run = Run(lower(load_network(network)), seed, replication)
    run.advance()
    return run.observations()


def service(mean: str, cv: float = 1.2) -> dict[str, Any]:
    return {"kind": "lognormal", "mean": mean, "cv": cv}


def source(rate: float, cls: str = "a", to: str = "w", **more: Any) -> dict[str, Any]:
    return {"class": cls, "to": to, "rate_per_day": rate, **more}


def single(sources: dict[str, Any], places: Any = "inf", **more: Any) -> dict[str, Any]:
    """One station, read every hour."""
    return {
        "horizon": "40 d",
        "classes": ["a", "b"],
        "attributes": {"frail": ["no", "yes"]},
        "noise": {"n": {"variance": 0.1, "correlation": 0.5}},
        "sources": sources,
        "stations": {"w": {"places": places, "service": service("9 h")}},
        "observe": {"period": "1 h", "snapshot_every": "1 h", "by": ["frail"]},
        **more,
    }


SPLIT = {"frail": {"no": 0.7, "yes": 0.3}}


@pytest.mark.parametrize(("low", "high"), [(12.0, 12.5), (12.0, 30.0), (0.0, 5.0)])
def test_a_higher_rate_only_adds_people(low: float, high: float) -> None:
    few, many = (observe(single({"s": source(rate, noise="n", attributes=SPLIT)})) for rate in (low, high))
    # without limits a stay depends on the person alone: whoever comes under the lower rate comes, is in and leaves at
    # the same instants under the higher one, so in every hour, of every kind and at every instant there are at least
    # as many
    for name in ("flow", "area", "snapshot"):
        assert (few[name] <= many[name]).all(), name
    added = int((many["flow"] - few["flow"])[..., ARRIVED].sum())
    assert added == pytest.approx(40 * (high - low), rel=0.5)
    # those whom the higher rate adds are a population of their own: what they do is the difference, a possible history
    alone = {name: many[name] - few[name] for name in ("flow", "area")}
    assert alone["flow"][..., FLOWS.index("left")].sum() <= added


def test_a_day_with_growth_only_adds_people() -> None:
    plain, grown = (observe(single({"s": source(20, growth_per_year=g)})) for g in (0.0, 1.0))
    assert (plain["flow"] <= grown["flow"]).all()
    assert grown["flow"].sum() > plain["flow"].sum()


def test_another_source_leaves_the_flows_of_the_others_alone() -> None:
    one = {"s": source(15, noise="n", attributes=SPLIT)}
    other = {"before": source(30, "b", noise="n"), **one, "after": source(9, "b")}
    alone, among = observe(single(one)), observe(single(other))
    groups = slice(0, 2)  # class a, by frailty
    for name in ("flow", "area", "wait_total"):
        assert np.array_equal(alone[name][:, :, groups], among[name][:, :, groups]), name
    assert among["flow"][:, :, 2:].sum() > 0


def test_another_noise_leaves_the_flows_of_the_others_alone() -> None:
    one = {"s": source(15, noise="n")}
    noise = {"m": {"variance": 1.0}, "n": {"variance": 0.1, "correlation": 0.5}}
    assert same(observe(single(one)), observe(single(one, noise=noise)))


def test_another_place_leaves_the_stays_of_the_others_alone() -> None:
    """Bed numbers move when people start, not how long they stay: in all they receive the same entity-time."""
    # everybody is in at the end: arrivals stop after 20 of 120 days
    demand = {"s": source(30, end="20 d")}
    long = {"horizon": "120 d", "observe": {"period": "120 d"}}
    served = [
        observe(single(demand, places, **long))["area"][0, 0, :, STATES.index("in_service")] for places in (9, 15)
    ]
    assert np.array_equal(*served)
    assert served[0].sum() > 0


# -- more places, no later start --------------------------------------------------------------------------------------


@pytest.mark.parametrize("replication", range(8))
@pytest.mark.parametrize("places", [9, 11, 12, 14])
def test_more_places_never_start_anyone_later(replication: int, places: int) -> None:
    """First come, first served, with stays of one's own: the k-th start comes no later (Kiefer and Wolfowitz 1955)."""
    demand = {"s": source(30, noise="n")}
    fewer, more = (observe(single(demand, c), replication=replication) for c in (places, places + 1))
    starts = [seen["flow"][:, 0, :, STARTED].sum(axis=1).cumsum() for seen in (fewer, more)]
    assert (starts[0] <= starts[1]).all()
    assert fewer["wait_total"].sum() > 0
    waiting = [seen["snapshot"][:, 0, STATES.index("waiting")] for seen in (fewer, more)]
    assert (waiting[0] >= waiting[1]).all()
    assert np.array_equal(fewer["flow"][..., ARRIVED], more["flow"][..., ARRIVED])


# -- names and orders -------------------------------------------------------------------------------------------------


def same(a: dict[str, Any], b: dict[str, Any]) -> bool:
    return all(np.array_equal(a[name], b[name]) for name in a)


def renamed(value: Any, names: dict[str, str]) -> Any:
    """The same data under other names, wherever they stand."""
    if isinstance(value, dict):
        return {names.get(k, k): v if k == "sources" else renamed(v, names) for k, v in value.items()}
    if isinstance(value, list):
        return [renamed(v, names) for v in value]
    return names.get(value, value) if isinstance(value, str) else value


@pytest.mark.parametrize("number", [3, 8, 17, 22])
def test_names_of_stations_classes_levels_and_services_mean_nothing(number: int) -> None:
    given = random_network(number)
    names = {n: f"new {n}" for n in (*given["stations"], *given["classes"], *given["services"], *given["attributes"])}
    names |= {level: f"new {level}" for levels in given["attributes"].values() for level in levels}
    changed = renamed(given, names)
    changed["sources"] = {n: renamed(s, names) for n, s in given["sources"].items()}
    changed["name"] = "something else"
    assert same(observe(given), observe(changed))


def test_order_of_sources_means_nothing() -> None:
    given = random_network(8)
    changed = copy.deepcopy(given)
    changed["sources"] = dict(reversed(given["sources"].items()))
    assert len(changed["sources"]) > 1
    assert same(observe(given), observe(changed))


def test_name_of_a_source_addresses_its_draws() -> None:
    one, other = observe(single({"s": source(15)})), observe(single({"t": source(15)}))
    assert one["fingerprint"] != other["fingerprint"]


def test_what_is_written_down_changes_nothing() -> None:
    given = single({"s": source(40, attributes=SPLIT)}, 14)
    seen = [
        observe({**given, "observe": o})
        for o in ({}, {"by": ["frail"]}, {"period": "5 h", "snapshot_every": "17 min", "wait_over": ["1 h"]})
    ]
    assert len({s["fingerprint"] for s in seen}) == 1
    assert len({s["area"].sum() for s in seen}) == 1


def test_a_longer_run_begins_like_a_shorter_one() -> None:
    given = single({"s": source(40)}, 14)
    short, long = observe(given), observe({**given, "horizon": "90 d"})
    hours = 40 * 24
    assert np.array_equal(short["flow"], long["flow"][:hours])
    assert np.array_equal(short["area"], long["area"][:hours])


# -- threads ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [5, 24])
def test_same_seed_same_bytes_on_any_number_of_threads(number: int) -> None:
    lowered = lower(load_network(random_network(number)))

    def state(replication: int) -> bytes:
        run = Run(lowered, SEED, replication)
        run.advance()
        return run.save()

    found = []
    for workers in (1, 2, 4):
        with ThreadPoolExecutor(workers) as pool:
            found.append(list(pool.map(state, range(12))))
    assert found[0] == found[1] == found[2]
    assert len(set(found[0])) == 12


def test_replications_are_unrelated() -> None:
    """Hourly arrivals of ten replications: no two correlate more than chance allows."""
    counts: npt.NDArray[np.float64] = np.array(
        [observe(single({"s": source(40)}), replication=r)["flow"][:, 0, :, ARRIVED].sum(axis=1) for r in range(10)],
        float,
    )
    off = np.corrcoef(counts)[np.triu_indices(10, 1)]
    assert np.abs(off).max() < 4.5 / np.sqrt(counts.shape[1])
