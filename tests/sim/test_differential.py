"""Two programs for one written page: the compiled kernel and the SimPy reference agree to the last bit.

Random networks cover every feature. A run may be cut anywhere, saved, restored and continued, and its memory may grow
at any moment, without a difference.
"""

import random
from collections import Counter
from typing import Any, Literal, get_args, get_origin

import numpy as np
import pytest

import sim.run
from sim.clock import DAY, HOUR
from sim.kernel.layout import FLOWS, SET_MULTIPLIER, SET_PLACES, STATES
from sim.network import schema
from sim.network.load import load_network
from sim.network.schema import Network
from sim.reading.shape import Shape
from sim.run import Run
from sim.tables import Change, lower
from sim.twin import Twin
from tests.sim.random_networks import features, random_network

SEED = 11
ORDINARY = range(72)
NIGHTLY = range(1000, 1600)

Seen = dict[str, Any]


def differences(a: Seen, b: Seen) -> list[str]:
    """Names of the observations that are not equal."""
    assert a.keys() == b.keys()
    return [name for name in a if not np.array_equal(a[name], b[name])]


def by_twin(network: Network, replication: int) -> Seen:
    twin = Twin(network, SEED, replication)
    twin.advance(int(network.horizon))
    return twin.observations()


def by_kernel(network: Network, replication: int, **options: Any) -> Seen:
    run = Run(lower(network), SEED, replication, **options)
    run.advance()
    return run.observations()


def agree(number: int) -> Seen:
    network = load_network(random_network(number))
    seen = by_kernel(network, number)
    assert differences(seen, by_twin(network, number)) == []
    return seen


@pytest.mark.parametrize("number", ORDINARY)
def test_kernel_equals_reference(number: int) -> None:
    agree(number)


@pytest.mark.boundscheck
@pytest.mark.parametrize("number", [0, 3, 5, 24, 36, 45, 64])
def test_kernel_equals_reference_with_bounds(number: int) -> None:
    agree(number)


@pytest.mark.nightly
@pytest.mark.parametrize("number", NIGHTLY)
def test_kernel_equals_reference_on_many_networks(number: int) -> None:
    agree(number)


#: keys that say nothing about what happens; driven sources are steered from outside (test_driven_sources.py)
TOLD = {"name", "description", "replications", "seed", "unit", "file", "column", "driven"}
MODELS = {m for m in vars(schema).values() if isinstance(m, type) and issubclass(m, Shape)} - {Shape, schema.Column}


def wanted() -> set[str]:
    """Every key of a network file, and every word that a key may hold, but for the default."""
    found = set[str]()
    for model in MODELS:
        for name, field in model.model_fields.items():
            key = f"{model.__name__}.{field.alias or name}"
            if name not in TOLD:
                found |= {key, *(f"{key}={word}" for word in words(field.annotation) if word != field.default)}
    return found


def words(annotation: Any) -> list[str]:
    if get_origin(annotation) is dict:
        return []
    if get_origin(annotation) is Literal:
        return [word for word in get_args(annotation) if isinstance(word, str)]
    return [word for part in get_args(annotation) for word in words(part)]


def test_the_networks_use_every_feature() -> None:
    used = Counter(word for number in ORDINARY for word in features(load_network(random_network(number))))
    assert {word: used[word] for word in wanted() if used[word] < 3} == {}


#: what is written down and never below zero
NEVER_NEGATIVE = (
    *("area", "flow", "wait_total", "wait_over", "wait_hist", "wait_fine", "places_area", "draining_area", "held_area"),
    *("turnaround_area", "outlying_area", "slots_offered", "clock_ended", "clock_over", "clock_total"),
)


def test_everything_that_can_happen_happens() -> None:
    happened: Counter[str] = Counter()
    events = []
    for number in range(60):
        seen = by_kernel(load_network(random_network(number)), number)
        happened.update(name for i, name in enumerate(FLOWS) if seen["flow"][..., i].any())
        happened.update(name for i, name in enumerate(STATES) if seen["area"][..., i].any())
        happened.update(name for name in NEVER_NEGATIVE if seen[name].any())
        assert min(seen[name].min(initial=0) for name in NEVER_NEGATIVE) == 0
        events.append(seen["events"])
    assert {name: happened[name] for name in (*FLOWS, *STATES, *NEVER_NEGATIVE) if happened[name] < 3} == {}
    assert sum(events) > 60_000
    assert sum(n > 1000 for n in events) > 25


# -- cutting, saving, growing -----------------------------------------------------------------------------------------


def instants(number: int, horizon: int) -> list[int]:
    """Where a run is cut: random instants, and the awkward ones on the hour and on the edge of a day."""
    r = random.Random(f"cuts {number}")
    at = [r.randrange(horizon) for _ in range(6)]
    return sorted([0, 1, *at, at[0], 3 * HOUR, 3 * HOUR + 1, 2 * DAY, 2 * DAY + 1, horizon - 1, horizon])


@pytest.mark.boundscheck
@pytest.mark.parametrize("number", range(0, 72, 6))
def test_cut_saved_and_restored_runs_are_the_same_bytes(number: int) -> None:
    lowered = lower(load_network(random_network(number)))
    whole = Run(lowered, SEED, number)
    whole.advance()
    cut = Run(lowered, SEED, number)
    for at in instants(number, int(lowered.network.horizon)):
        cut.advance(at)
        assert cut.now == at
        saved = cut.save()
        cut = Run.restore(lowered, saved)
        assert cut.save() == saved
    assert cut.save() == whole.save()
    assert differences(cut.observations(), whole.observations()) == []


@pytest.mark.boundscheck
@pytest.mark.parametrize("number", range(2, 72, 7))
def test_growing_from_one_entity_changes_nothing(number: int) -> None:
    network = load_network(random_network(number))
    assert differences(by_kernel(network, number, pool=1), by_kernel(network, number)) == []


def test_pool_that_the_census_fills_exactly() -> None:
    given = {
        "horizon": "30 d",
        "classes": ["a"],
        "sources": {"in": {"class": "a", "to": "w", "rate_per_day": 9}},
        "stations": {"w": {"places": 12, "service": {"kind": "exponential", "mean": "1 d"}}},
        "census": [{"station": "w", "class": "a", "count": 8}],
    }
    network = load_network(given)
    assert differences(by_kernel(network, 0, pool=8), by_twin(network, 0)) == []


@pytest.mark.boundscheck
def test_busy_hour_grows_the_arrival_buffer(monkeypatch: pytest.MonkeyPatch) -> None:
    hour = [0.01] * 24
    hour[7] = 1.0
    given = {
        "horizon": "3 d",
        "classes": ["a", "b"],
        "noise": {"n": {"variance": 0.2, "correlation": 0.5}},
        "sources": {
            "one": {"class": "a", "to": "w", "rate_per_day": 1500, "hour": hour, "noise": "n"},
            "two": {"class": "b", "to": "w", "rate_per_day": 900},
        },
        "stations": {"w": {"places": 40, "waiting_room": 60, "service": {"kind": "exponential", "mean": "20 min"}}},
    }
    network = load_network(given)
    monkeypatch.setattr(sim.run, "_FIRST_BUFFER", 4)
    run = Run(lower(network), SEED, 0, pool=2)
    run.advance()
    assert len(run.state.arrival) > 1024
    monkeypatch.setattr(sim.run, "_FIRST_BUFFER", 8192)
    ample = by_kernel(network, 0)
    assert differences(run.observations(), ample) == []
    assert differences(ample, by_twin(network, 0)) == []


def test_fractions_of_a_millisecond_are_read_alike() -> None:
    given = {
        "horizon": "1 min",
        "classes": ["a"],
        "sources": {f"in {i}": {"class": "a", "to": "w", "rate_per_day": 100_000} for i in range(5)},
        "stations": {"w": {"places": 1, "service": {"kind": "exponential", "mean": "30 ms"}}},
        "observe": {"period": "100.5 ms", "snapshot_every": "12.5 ms", "wait_over": ["0.5 ms", "1.5 ms", "2.5 ms"]},
    }
    network = load_network(given)
    seen = by_kernel(network, 0)
    assert seen["wait_over"].sum(axis=(0, 1, 2)).min() > 0
    assert differences(seen, by_twin(network, 0)) == []


# -- changing the plan between two calls ------------------------------------------------------------------------------


@pytest.mark.parametrize("number", range(1, 72, 8))
def test_plans_changed_on_the_way_agree(number: int) -> None:
    network = load_network(random_network(number))
    names, classes = list(network.stations), network.classes
    run, twin = Run(lower(network), SEED, number), Twin(network, SEED, number)
    r = random.Random(f"controller {number}")
    for day in range(1, int(network.horizon // DAY)):
        run.advance(day * DAY)
        twin.advance(day * DAY)
        at, station, cls = day * DAY + r.choice([0, 1, HOUR]), r.randrange(len(names)), r.randrange(len(classes))
        if r.random() < 0.5:
            places = r.randint(0, 20)
            run.change([Change(at, SET_PLACES, station, float(places))])
            twin.change(at, "places", names[station], places)
        else:
            factor = r.choice([0.5, 1.7])
            run.change([Change(at, SET_MULTIPLIER, station * len(classes) + cls, factor)])
            twin.change(at, "multiplier", (names[station], classes[cls]), factor)
        if r.random() < 0.3:
            run = Run.restore(run.lowered, run.save())
    run.advance()
    twin.advance(int(network.horizon))
    assert differences(run.observations(), twin.observations()) == []


def test_set_places_names_the_station() -> None:
    given = {
        "horizon": "4 d",
        "classes": ["a"],
        "stations": {n: {"places": 3, "service": {"kind": "exponential", "mean": "1 d"}} for n in ("u", "v")},
        "observe": {"period": "1 d"},
    }
    run = Run(lower(load_network(given)), SEED)
    run.set_places("v", 7, 2 * DAY)
    run.advance()
    assert (run.observations()["places_area"] / DAY).tolist() == [[3, 3], [3, 3], [3, 7], [3, 7]]
    with pytest.raises(ValueError, match="past"):
        run.set_places("v", 1, DAY)


def test_more_stays_than_sixteen_bits_count() -> None:
    # One entity, some 90,000 stays: the stay number addresses its draws, so a number that wraps would repeat them.
    given = {
        "horizon": "90000 min",
        "classes": ["a"],
        "stations": {
            "w": {
                "places": 1,
                "service": {"kind": "exponential", "mean": "1 min"},
                "routes": [{"to": {"w": 1}}],
            }
        },
        "census": [{"station": "w", "class": "a", "count": 1}],
        "observe": {"period": "90000 min"},
    }
    network = load_network(given)
    seen = by_kernel(network, 0)
    assert seen["events"] > 2**16 + 20_000
    assert differences(seen, by_twin(network, 0)) == []
