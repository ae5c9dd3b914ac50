"""A good network, and what is wrong with it after changes."""

import copy
from typing import Any

import pytest

from sim.errors import Fault, FaultsError
from sim.network.load import load_network

EXPONENTIAL = {"kind": "exponential", "mean": "1 d"}
GOOD: dict[str, Any] = {
    "horizon": "20 d",
    "classes": ["young", "old"],
    "attributes": {"frail": ["no", "yes"]},
    "services": {"short": EXPONENTIAL},
    "noise": {"weather": {"variance": 0.1}},
    "sources": {
        "door": {"class": "old", "to": "ward", "rate_per_day": 5, "attributes": {"frail": {"no": 0.5, "yes": 0.5}}}
    },
    "stations": {
        "ward": {"places": 3, "service": "short", "routes": [{"to": {"home": 0.5, "leave": 0.5}}]},
        "home": {"places": "inf", "service": dict(EXPONENTIAL)},
    },
    "census": [{"station": "ward", "class": "old", "count": 2}],
}


def put(data: Any, path: str, value: Any) -> None:
    """Set what stands at a path written with slashes; None takes it away."""
    *way, last = path.split("/")
    for part in way:
        data = data[int(part)] if isinstance(data, list) else data.setdefault(part, {})
    if isinstance(data, list):
        data[int(last)] = value
    elif value is None:
        del data[last]
    else:
        data[last] = value


def changed(changes: dict[str, Any], good: dict[str, Any] = GOOD) -> dict[str, Any]:
    """A good network after changes at paths written with slashes."""
    data = copy.deepcopy(good)
    for path, value in copy.deepcopy(changes).items():
        put(data, path, value)
    return data


def faults_of(changes: dict[str, Any], good: dict[str, Any] = GOOD) -> list[Fault]:
    with pytest.raises(FaultsError) as caught:
        load_network(changed(changes, good))
    return caught.value.faults


def only(changes: dict[str, Any], good: dict[str, Any] = GOOD) -> Fault:
    found = faults_of(changes, good)
    assert len(found) == 1, "\n".join(map(str, found))
    return found[0]
