"""Whatever is wrong with a network, it is said in faults: nothing else is raised, and nothing is said twice."""

import copy
import random
from collections.abc import Iterator
from typing import Any

import pytest

from sim.errors import FaultsError
from sim.network.load import load_network
from tests.sim.network_file import changed
from tests.sim.random_networks import random_network
from tests.sim.test_network_queues import RICH

GARBAGE: list[Any] = [
    *(None, True, -1, 0, 3, 2.5, 1e300, "", "x", "leave", "inf", "4 h", "-4 h", "2019-02-30", "2021-03-01", [], {}),
    *([1], ["x"], [None], [{}], {"x": 1}, {"class": "x"}, {"kind": "exponential", "mean": "1 d"}, {7: 8}),
]


def ways(data: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Ways to everything that stands in a network."""
    if way:
        yield way
    parts = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, inner in parts:
        yield from ways(inner, (*way, key))


def spoil(data: Any, r: random.Random) -> None:
    """Put garbage somewhere, or take something away."""
    *way, last = r.choice(list(ways(data)))
    for key in way:
        data = data[key]
    if isinstance(data, dict) and r.random() < 0.2:
        del data[last]
    else:
        data[last] = copy.deepcopy(r.choice(GARBAGE))


@pytest.mark.parametrize("number", range(200))
def test_garbage_is_told_in_faults(number: int) -> None:
    r = random.Random(f"garbage {number}")
    data = changed({}, random_network(number)) if number % 2 else changed({}, RICH)
    for _ in range(r.choice([1, 1, 2, 6])):
        spoil(data, r)
    try:
        load_network(data)
    except FaultsError as error:
        said = list(map(str, error.faults))
        assert len(set(said)) == len(said)
        for fault in error.faults:
            assert fault.key
            assert fault.rule.endswith(".")
            assert "input should" not in fault.rule.lower()
