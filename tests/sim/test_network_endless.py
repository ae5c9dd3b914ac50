"""Networks in which entities could go round for ever within one instant are refused; others are not."""

from typing import Any

import pytest

from sim.errors import FaultsError
from sim.network.load import load_network

NOTHING: dict[str, Any] = {"kind": "deterministic", "mean": "0 h"}
HOUR = {"kind": "deterministic", "mean": "1 h"}
ZERO = [{"from": "2 d", "value": 0}]


def pair(x: dict[str, Any], y: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Stations x and y that lead to one another, with stays that take no time unless something else is said."""
    base = {"places": "inf", "service": NOTHING}
    return {
        "horizon": "1 d",
        "classes": ["a", "b"],
        "attributes": {"frail": ["no", "yes"]},
        "stations": {
            "x": {**base, "routes": [{"to": {"y": 1}}], **x},
            "y": {**base, "routes": [{"to": {"x": 1}}], **y},
        },
        **more,
    }


def back(probability: float, after: dict[str, Any]) -> dict[str, Any]:
    return {"routes": [], "returns": [{"probability": probability, "after": after, "to": "x"}]}


def leaving(probability: float, after: dict[str, Any]) -> dict[str, Any]:
    return {**back(probability, after), "routes": [{"to": {"leave": 1}}]}


def hurried(after: dict[str, Any], then: str, **more: Any) -> dict[str, Any]:
    """A station of one place where those who wait soon go elsewhere."""
    return {"places": 1, "service": HOUR, "routes": [], "patience": [{"after": after, "then": then}], **more}


def no_time(kind: str, **more: Any) -> dict[str, Any]:
    return {"service": {"kind": kind, **more}}


PARTS = [
    {"kind": "exponential", "mean": "1 h", "share": 0.5},
    {"kind": "weibull", "mean": "1 h", "shape": 2, "share": 0.5},
]
ENDLESS: list[tuple[dict[str, Any], str]] = [
    (pair({}, {}), "x, y"),
    (pair({"routes": [{"to": {"x": 1}}]}, {"service": HOUR}), "x"),
    (pair({}, {"service": {"kind": "deterministic", "mean": "0.4 ms"}}), "x, y"),
    (pair({"service": "none"}, {}, services={"none": NOTHING}), "x, y"),
    (pair({}, no_time("uniform", low="0 h", high="0.3 ms")), "x, y"),
    (pair({}, no_time("empirical", observed=["0 h", "0.1 ms"])), "x, y"),
    (pair({}, no_time("exponential", mean="1 h", at_most="0.3 ms")), "x, y"),
    (pair({}, no_time("mixture", parts=PARTS, at_most="0.3 ms")), "x, y"),
    (pair({}, no_time("uniform", low="0 h", high="1 s", between=["0 h", "0.4 ms"])), "x, y"),
    (pair({}, {"service": HOUR, "multiplier": ZERO}), "x, y"),
    (pair({}, {"service": HOUR, "multiplier": {"b": ZERO}}), "x, y"),
    (pair({}, {"service": [{"where": {"class": "b"}, "use": NOTHING}, {"use": HOUR}]}), "x, y"),
    (pair({}, {"routes": [{"to": {"x": 1, "leave": 0}}]}), "x, y"),
    (pair({"routes": [{"to": {"y": {"share": 1, "transition": NOTHING}}}]}, {}), "x, y"),
    (pair({}, {"routes": [{"to": ["x", "y"], "choose": "shortest"}]}), "x, y"),
    (pair({}, leaving(1, NOTHING)), "x, y"),
    (pair(hurried(NOTHING, "y"), hurried(NOTHING, "x")), "x, y"),
    (pair(hurried(NOTHING, "x"), {"service": HOUR}), "x"),
    (pair(hurried(NOTHING, "y"), {"service": HOUR, "places": 1, "divert": "x"}), "x"),
]
TIMELY: list[dict[str, Any]] = [
    pair({}, {"service": HOUR}),
    pair({}, {"service": {"kind": "deterministic", "mean": "0.5 ms"}}),
    pair({}, no_time("exponential", mean="1 h", at_most="1 h")),
    pair({}, no_time("uniform", low="0 h", high="1 h")),
    pair({}, no_time("empirical", observed=["0 h", "2 h"])),
    pair({}, no_time("uniform", low="0 h", high="0.3 ms", at_least="1 min")),
    pair({}, no_time("mixture", parts=PARTS)),
    pair({}, {"service": HOUR, "multiplier": [{"from": "2 d", "value": 0.5}]}),
    pair({}, {"service": [{"where": {"frail": "no"}, "use": NOTHING}, {"use": HOUR}]}),
    pair({}, {"routes": [{"to": {"x": 0.999, "leave": 0.001}}]}),
    pair({}, {"routes": [{"where": {"frail": "no"}, "to": {"x": 1}}, {"to": {"leave": 1}}]}),
    pair({"routes": [{"to": {"y": {"share": 1, "transition": HOUR}}}]}, {}),
    pair({}, leaving(0.999, NOTHING)),
    pair({}, leaving(1, HOUR)),
    pair({}, back(1, NOTHING)),
    pair(hurried(HOUR, "y"), hurried(NOTHING, "x")),
    pair(hurried(NOTHING, "y"), hurried(NOTHING, "leave")),
    pair(hurried(NOTHING, "y", places="inf"), hurried(NOTHING, "x", places="inf")),
]


@pytest.mark.parametrize(("network", "trap"), ENDLESS)
def test_no_time_passes(network: dict[str, Any], trap: str) -> None:
    with pytest.raises(FaultsError, match=rf"1 fault in network:\n  - stations = '{trap}': .*without time passing"):
        load_network(network)


@pytest.mark.parametrize("network", TIMELY)
def test_time_passes(network: dict[str, Any]) -> None:
    load_network(network)
