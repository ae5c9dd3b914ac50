"""Bad input is refused: every fault at once, with key, value, rule, nearest choice and the line of the file."""

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from sim.errors import CarebridgeError, Fault, FaultsError
from sim.network.load import load_network, read_yaml, shape_faults
from sim.network.schema import Network, Observe
from sim.rates import stream

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


def put(data: dict[str, Any], path: str, value: Any) -> None:
    *way, last = path.split("/")
    for part in way:
        data = data[int(part)] if isinstance(data, list) else data.setdefault(part, {})
    if isinstance(data, list):
        data[int(last)] = value
    else:
        data[last] = value


def faults_of(changes: dict[str, Any]) -> list[Fault]:
    """Faults of the good network after changes at paths written with slashes."""
    data = copy.deepcopy(GOOD)
    for path, value in copy.deepcopy(changes).items():
        put(data, path, value)
    with pytest.raises(FaultsError) as caught:
        load_network(data)
    return caught.value.faults


def only(changes: dict[str, Any]) -> Fault:
    found = faults_of(changes)
    assert len(found) == 1, "\n".join(map(str, found))
    return found[0]


def test_the_good_network_is_good() -> None:
    assert load_network(GOOD).stations["ward"].places == 3


# -- shape and range: (path, value, key, value shown, rule contains) --------------------------------------------------

DURATION = "give a duration with its unit (ms, s, min, h, d, w), for example '4 h'."
INSTANT = "an instant is a date (2019-04-01) or a duration from the start ('30 d')."
FORMS: list[tuple[str, Any, str, Any, str]] = [
    ("horizon", 20, "horizon", 20, DURATION),
    ("horizon", "20", "horizon", "20", DURATION),
    ("horizon", "20 days", "horizon", "20 days", DURATION),
    ("horizon", "1.2.3 d", "horizon", "1.2.3 d", DURATION),
    ("horizon", "1e400 d", "horizon", "1e400 d", DURATION),
    ("horizon", "-1 d", "horizon", "-1 d", "must be 0 or more."),
    ("start", "2018-13-01", "start", "2018-13-01", "give a date (2019-04-01)."),
    ("classes", [], "classes", None, "has 0 entries, needs at least 1."),
    ("classes", "old", "classes", "old", "give a list."),
    ("classes", [1, "old"], "classes.0", 1, "give text."),
    ("stations", {}, "stations", None, "has 0 entries, needs at least 1."),
    ("stations", ["ward"], "stations", None, "give a mapping of keys."),
    ("attributes/frail", [], "attributes.frail", None, "has 0 entries, needs at least 1."),
    ("noise/weather/variance", 5, "noise.weather.variance", 5, "must be 4 or less."),
    ("noise/weather/correlation", 1, "noise.weather.correlation", 1, "must be below 1."),
    ("services/short", "quick", "services.short", "quick", "give a mapping of keys."),
    ("services/short/mean", 4, "services.short.mean", 4, DURATION),
    ("services/short/mean", "4", "services.short.mean", "4", DURATION),
    ("sources/door/rate_per_day", -1, "sources.door.rate_per_day", -1, "must be 0 or more."),
    ("sources/door/rate_per_day", "many", "sources.door.rate_per_day", "many", "give a number."),
    ("sources/door/hour", [1, 2], "sources.door.hour", None, "has 2 entries, needs at least 24."),
    ("sources/door/hour", [1] * 25, "sources.door.hour", None, "has 25 entries, takes at most 24."),
    ("sources/door/weekday", [1] * 6, "sources.door.weekday", None, "needs at least 7."),
    ("sources/door/month", [1] * 13, "sources.door.month", None, "takes at most 12."),
    ("sources/door/week", [1] * 167, "sources.door.week", None, "needs at least 168."),
    ("sources/door/hour", [-1] + [1] * 23, "sources.door.hour.0", -1, "must be 0 or more."),
    ("sources/door/growth_per_year", -1, "sources.door.growth_per_year", -1, "must be above -1."),
    ("sources/door/begin", 3, "sources.door.begin", 3, INSTANT),
    ("sources/door/begin", "soon", "sources.door.begin", "soon", INSTANT),
    ("sources/door/level", [{"from": "x", "value": 1}], "sources.door.level.0.from", "x", INSTANT),
    ("sources/door/level", [{"from": "1 d", "value": -1}], "sources.door.level.0.value", -1, "must be 0 or more."),
    ("sources/door/attributes/frail", 4, "sources.door.attributes.frail", 4, "give a mapping of keys or text."),
    ("sources/door/attributes/frail", {"no": 2}, "sources.door.attributes.frail.no", 2, "must be 1 or less."),
    ("stations/ward/places", "many", "stations.ward.places", "many", "give a whole number, 'inf' or a list."),
    ("stations/ward/places", 2.5, "stations.ward.places", 2.5, "give a whole number, 'inf' or a list."),
    ("stations/ward/places", {"a": 1}, "stations.ward.places", None, "give a whole number, 'inf' or a list."),
    (
        "stations/ward/places",
        [{"from": "0 d", "places": -1}],
        "stations.ward.places.0.places",
        -1,
        "must be 0 or more.",
    ),
    ("stations/ward/waiting_room", "no", "stations.ward.waiting_room", "no", "'inf' or a mapping of keys."),
    (
        "stations/ward/waiting_room",
        {"old": "no"},
        "stations.ward.waiting_room.old",
        "no",
        "give a whole number or 'inf'.",
    ),
    ("stations/ward/priority", {"old": 1.5}, "stations.ward.priority.old", 1.5, "give a whole number."),
    ("stations/ward/reserve", {"old": -1}, "stations.ward.reserve.old", -1, "must be 0 or more."),
    ("stations/ward/service", 7, "stations.ward.service", 7, "give a list, a mapping of keys or text."),
    ("stations/ward/service", [{"use": 5}], "stations.ward.service.0.use", 5, "give a mapping of keys or text."),
    (
        "stations/ward/service",
        [{"use": {"kind": "exponential", "mean": 4}}],
        "stations.ward.service.0.use.mean",
        4,
        DURATION,
    ),
    (
        "stations/ward/service",
        {"kind": "weibull", "mean": "1 d", "shape": 0.01},
        "stations.ward.service.shape",
        0.01,
        "must be above 0.1.",
    ),
    (
        "stations/ward/service",
        [{"where": {"class": 3}, "use": "short"}],
        "stations.ward.service.0.where.class",
        3,
        "give text or a list.",
    ),
    ("stations/ward/multiplier", 3, "stations.ward.multiplier", 3, "give a list or a mapping of keys."),
    (
        "stations/ward/multiplier",
        {"old": [{"from": "0 d", "value": -1}]},
        "stations.ward.multiplier.old.0.value",
        -1,
        "must be 0 or more.",
    ),
    ("stations/ward/window", {"hours": [9, 25]}, "stations.ward.window.hours.1", 25, "must be 24 or less."),
    (
        "stations/ward/window",
        [{"weekdays": [7], "hours": [9, 10]}],
        "stations.ward.window.0.weekdays.0",
        7,
        "must be 6 or less.",
    ),
    ("stations/ward/flex", {"elasticity": 9, "scale": 1}, "stations.ward.flex.elasticity", 9, "must be 5 or less."),
    ("stations/ward/flex", {"elasticity": 1, "scale": 0}, "stations.ward.flex.scale", 0, "must be above 0."),
    ("stations/ward/routes", {"to": {"leave": 1}}, "stations.ward.routes", None, "give a list."),
    ("stations/ward/routes/0/to/home", 1.5, "stations.ward.routes.0.to.home", 1.5, "must be 1 or less."),
    ("stations/ward/routes/0/to/home", "x", "stations.ward.routes.0.to.home", "x", "give a number or a list."),
    (
        "stations/ward/routes/0/to/home",
        {"share": 0.5, "transition": {"kind": "exponential", "mean": 2}},
        "stations.ward.routes.0.to.home.transition.mean",
        2,
        DURATION,
    ),
    (
        "stations/ward/returns",
        [{"probability": 2, "after": "short", "to": "ward"}],
        "stations.ward.returns.0.probability",
        2,
        "must be 1 or less.",
    ),
    ("census/0/count", -1, "census.0.count", -1, "must be 0 or more."),
    ("census/0/elapsed", "soon", "census.0.elapsed", "soon", "give 'stationary' or a duration with its unit"),
    ("census/0/elapsed", "-1 d", "census.0.elapsed", "-1 d", "must be 0 or more."),
    ("observe/period", "year", "observe.period", "year", "give 'month' or a duration with its unit"),
    ("observe/snapshot_every", 6, "observe.snapshot_every", 6, DURATION),
    ("observe/wait_over", ["4"], "observe.wait_over.0", "4", DURATION),
]


@pytest.mark.parametrize(("path", "given", "key", "shown", "rule"), FORMS)
def test_fault_of_shape(path: str, given: Any, key: str, shown: Any, rule: str) -> None:
    fault = only({path: given})
    assert (fault.key, fault.value) == (key, shown)
    assert fault.rule.endswith(rule) or rule in fault.rule
    assert "input should" not in str(fault).lower()


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("horizon", "horizon"),
        ("stations/ward/service", "stations.ward.service"),
        ("sources/door/to", "sources.door.to"),
        ("census/0/class", "census.0.class"),
    ],
)
def test_missing_key(path: str, key: str) -> None:
    data = copy.deepcopy(GOOD)
    *way, last = path.split("/")
    inner: Any = data
    for part in way:
        inner = inner[int(part)] if isinstance(inner, list) else inner[part]
    del inner[last]
    with pytest.raises(FaultsError) as caught:
        load_network(data)
    assert [(f.key, f.rule) for f in caught.value.faults] == [(key, "this key is missing.")]


@pytest.mark.parametrize(
    ("path", "key", "nearest"),
    [
        ("stationz", "stationz", "stations"),
        ("sources/door/rate", "sources.door.rate", "rate_per_day"),
        ("stations/ward/beds", "stations.ward.beds", ""),
        ("stations/ward/waitingroom", "stations.ward.waitingroom", "waiting_room"),
        ("services/short/men", "services.short.men", "mean"),
        ("observe/periods", "observe.periods", "period"),
        ("census/0/clas", "census.0.clas", "class"),
        ("stations/ward/routes/0/wher", "stations.ward.routes.0.wher", "where"),
    ],
)
def test_unknown_key_and_its_nearest_choice(path: str, key: str, nearest: str) -> None:
    fault = only({path: 1})
    assert (fault.key, fault.nearest) == (key, nearest)
    assert fault.rule.startswith("unknown key; known here: ")


def test_nearest_kind_of_service() -> None:
    fault = only({"stations/ward/service": {"kind": "exponental", "mean": "1 d"}})
    assert (fault.key, fault.value, fault.nearest) == ("stations.ward.service.kind", "exponental", "exponential")


@pytest.mark.parametrize("given", [[1], "text", None, 3])
def test_not_a_mapping(given: Any) -> None:
    with pytest.raises(FaultsError, match="a network is a mapping"):
        load_network(given) if not isinstance(given, str) else shape_or_raise(given)


def shape_or_raise(given: Any) -> None:
    raise FaultsError(shape_faults(Network, given, "network")[1])


def test_name_that_is_not_text() -> None:
    data = copy.deepcopy(GOOD)
    data["stations"][7] = {"places": 1, "service": "short"}
    with pytest.raises(FaultsError, match="a name must be text"):
        load_network(data)


def test_shape_faults_of_any_model() -> None:
    model, faults = shape_faults(Observe, {"by": 3}, "observe")
    assert model is None
    assert [str(f) for f in faults] == ["by = 3: give a list."]
    assert shape_faults(Observe, {"by": ["a"]}, "observe") == (Observe(by=["a"]), [])


# -- rules between fields: (changes, key, value, rule contains, nearest) ----------------------------------------------

ROUTE = "stations/ward/routes"
STEPS = [{"from": "3 d", "value": 1}, {"from": "2 d", "value": 1}]
RULES: list[tuple[dict[str, Any], str, Any, str, str]] = [
    ({"horizon": "0 d"}, "horizon", "0 d", "a whole number of milliseconds above zero", ""),
    ({"horizon": "1.5 ms"}, "horizon", "1.5 ms", "a whole number of milliseconds above zero", ""),
    ({"stations/leave": {"places": 1, "service": "short"}}, "leave", None, "reserved word", ""),
    ({"stations/class": {"places": 1, "service": "short"}}, "class", None, "reserved word", ""),
    ({"attributes/class": ["x"]}, "class", None, "reserved word", ""),
    ({"classes": ["young", "old", "old"]}, "classes", ["young", "old", "old"], "names must differ", ""),
    ({"attributes/frail": ["no", "yes", "no"]}, "attributes.frail", ["no", "yes", "no"], "names must differ", ""),
    ({"observe": {"period": "0 d"}}, "observe.period", "0 d", "at least a millisecond", ""),
    ({"observe": {"snapshot_every": "0 h"}}, "observe.snapshot_every", "0 h", "at least a millisecond", ""),
    ({"observe": {"by": ["frial"]}}, "observe.by", "frial", "no such attribute", "frail"),
    ({"sources/door/class": "odl"}, "sources.door.class", "odl", "no such class; known: young, old.", "old"),
    ({"sources/door/to": "wrad"}, "sources.door.to", "wrad", "no such station; known: ward, home.", "ward"),
    ({"sources/door/noise": "wether"}, "sources.door.noise", "wether", "no such noise", "weather"),
    ({"sources/door/week": [1] * 168, "sources/door/hour": [1] * 24}, "sources.door.week", None, "give either", ""),
    ({"sources/door/week": [1] * 168, "sources/door/weekday": [1] * 7}, "sources.door.week", None, "give either", ""),
    ({"sources/door/rate_per_day": 100_000, "sources/door/hour": [1] + [0] * 23}, "sources.door.rate_per_day", 100_000,
     "at most 10000 arrivals an hour", ""),
    ({"sources/door/hour": [0] * 24}, "sources.door.hour", None, "at least one weight", ""),
    ({"sources/door/month": [0] * 12}, "sources.door.month", None, "at least one weight", ""),
    ({"sources/door/begin": "4 d", "sources/door/end": "4 d"}, "sources.door.end", "4 d", "must lie after", ""),
    ({"sources/door/begin": "4 h"}, "sources.door.begin", "4 h", "whole days", ""),
    ({"sources/door/end": "1.5 d"}, "sources.door.end", "1.5 d", "whole days", ""),
    ({"sources/door/level": [{"from": "30 h", "value": 1}]}, "sources.door.level", 30 * 3_600_000.0, "whole days", ""),
    ({"sources/door/attributes": {"frial": "no"}}, "sources.door.attributes.frial", "frial", "no such attribute",
     "frail"),
    ({"sources/door/attributes": {"frail": "yess"}}, "sources.door.attributes.frail", "yess", "no such level", "yes"),
    ({"sources/door/attributes": {"frail": {"no": 0.5, "yess": 0.5}}}, "sources.door.attributes.frail", "yess",
     "no such level", "yes"),
    ({"sources/door/attributes": {"frail": {"no": 0.5}}}, "sources.door.attributes.frail", None, "shares sum to 0.5",
     ""),
    ({"stations/home/service": "shrt"}, "stations.home.service", "shrt", "no such service", "short"),
    ({"stations/home/places": -1}, "stations.home.places", -1, "cannot be negative", ""),
    ({"stations/home/places": []}, "stations.home.places", [], "at least one step", ""),
    ({"stations/home/places": [{"from": "1 d", "places": 3}]}, "stations.home.places", None, "from the start on", ""),
    ({"stations/home/places": [{"from": "0 d", "places": 3}, {"from": "0 d", "places": 4}]}, "stations.home.places",
     None, "must follow one another", ""),
    ({"stations/home/waiting_room": -2}, "stations.home.waiting_room", -2, "cannot be negative", ""),
    ({"stations/home/waiting_room": {"old": -2}}, "stations.home.waiting_room.old", -2, "cannot be negative", ""),
    ({"stations/home/waiting_room": {"odl": 2}}, "stations.home.waiting_room", "odl", "no such class", "old"),
    ({"stations/home/priority": {"odl": 2}}, "stations.home.priority", "odl", "no such class", "old"),
    ({"stations/home/reserve": {"odl": 2}}, "stations.home.reserve", "odl", "no such class", "old"),
    ({"stations/home/multiplier": {"odl": []}}, "stations.home.multiplier", "odl", "no such class", "old"),
    ({"stations/home/multiplier": STEPS}, "stations.home.multiplier", None, "must follow one another", ""),
    ({"stations/home/multiplier": {"old": STEPS}}, "stations.home.multiplier", None, "must follow one another", ""),
    ({"stations/home/window": {"hours": [9, 9]}}, "stations.home.window.hours", None, "opens before it closes", ""),
    ({"stations/home/window": {"weekdays": [], "hours": [9, 10]}}, "stations.home.window.hours", None,
     "at least one weekday", ""),
    ({"stations/home/service": []}, "stations.home.service", None, "the last rule must hold for everyone", ""),
    ({"stations/home/service": [{"where": {"frail": "no"}, "use": "short"}]}, "stations.home.service", None,
     "the last rule must hold for everyone", ""),
    ({"stations/home/service": [{"where": {"frial": "no"}, "use": "short"}, {"use": "short"}]},
     "stations.home.service.0.where", "frial", "no such attribute", "frail"),
    ({"stations/home/service": [{"where": {"class": ["old", "odl"]}, "use": "short"}, {"use": "short"}]},
     "stations.home.service.0.where.class", "odl", "no such level", "old"),
    ({"stations/home/service": [{"use": "shrt"}]}, "stations.home.service.0.use", "shrt", "no such service", "short"),
    ({ROUTE: [{"where": {"class": "old"}, "to": {"leave": 1}}]}, "stations.ward.routes", None,
     "the last rule must hold for everyone", ""),
    ({ROUTE: [{"to": {"hmoe": 0.5, "leave": 0.5}}]}, "stations.ward.routes.0.to", "hmoe", "no such station", "home"),
    ({ROUTE: [{"to": {"home": 0.5, "leave": 0.4}}]}, "stations.ward.routes.0.to", None, "shares sum to 0.9", ""),
    ({ROUTE: [{"where": {"frail": "yess"}, "to": {"leave": 1}}, {"to": {"leave": 1}}]},
     "stations.ward.routes.0.where.frail", "yess", "no such level", "yes"),
    ({ROUTE: [{"to": {"leave": {"share": 1, "transition": "shrt"}}}]}, "stations.ward.routes.0.to.leave.transition",
     "shrt", "no such service", "short"),
    ({ROUTE: [{"to": {"home": {"share": [{"from": "0 d", "value": 0.5}, {"from": "2 d", "value": 0.6}]},
                      "leave": 0.5}}]}, "stations.ward.routes.0.to at day 2", None, "shares sum to 1.1", ""),
    ({ROUTE: [{"to": {"leave": {"share": [{"from": "0 d", "value": 1}, {"from": "0 d", "value": 1}]}}}]},
     "stations.ward.routes.0.to.leave.share", None, "must follow one another", ""),
    ({"stations/ward/returns": [{"probability": 0.1, "after": "shrt", "to": "ward"}]}, "stations.ward.returns.0.after",
     "shrt", "no such service", "short"),
    ({"stations/ward/returns": [{"probability": 0.1, "after": "short", "to": "wrad"}]}, "stations.ward.returns.0.to",
     "wrad", "no such station", "ward"),
    ({"stations/ward/returns": [{"where": {"frial": "no"}, "probability": 0.1, "after": "short", "to": "ward"}]},
     "stations.ward.returns.0.where", "frial", "no such attribute", "frail"),
    ({"census/0/station": "wrad"}, "census.0.station", "wrad", "no such station", "ward"),
    ({"census/0/class": "odl"}, "census.0.class", "odl", "no such class", "old"),
    ({"census/0/attributes": {"frial": "no"}}, "census.0.where", "frial", "no such attribute", "frail"),
    ({"census/0/attributes": {"frail": "yess"}}, "census.0.where.frail", "yess", "no such level", "yes"),
    ({"census/0/count": 4}, "census (ward)", 4, "more entities than the 3 places", ""),
    ({"stations/ward/waiting_room": 1, "stations/home": {"places": 2, "waiting_room": 0, "service": "short",
      "routes": [{"to": {"ward": 0.1, "leave": 0.9}}]}}, "stations", "ward → home → ward", "can lock up", ""),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "key", "value", "rule", "nearest"), RULES)
def test_rule_between_fields(changes: dict[str, Any], key: str, value: Any, rule: str, nearest: str) -> None:
    fault = only(changes)
    assert fault.key == key
    assert fault.nearest == nearest
    assert rule in fault.rule
    if value is not None:
        assert fault.value == value


SERVICES: list[tuple[dict[str, Any], str]] = [
    ({"kind": "exponential"}, "exponential needs a mean"),
    ({"kind": "exponential", "mean": "0 d"}, "must be above zero"),
    ({"kind": "exponential", "mean": "1 d", "cv": 2}, "'cv' does not belong to exponential"),
    ({"kind": "deterministic"}, "deterministic needs a mean"),
    ({"kind": "lognormal", "mean": "1 d"}, "either cv or median"),
    ({"kind": "lognormal", "mean": "1 d", "cv": 1, "median": "0.5 d"}, "either cv or median"),
    ({"kind": "lognormal", "mean": "1 d", "median": "2 d"}, "above zero and below its mean"),
    ({"kind": "weibull", "mean": "1 d"}, "weibull needs a shape"),
    ({"kind": "erlang", "mean": "1 d"}, "erlang needs a shape"),
    ({"kind": "erlang", "mean": "1 d", "shape": 1.5}, "a whole number"),
    ({"kind": "gamma", "mean": "1 d"}, "either shape or cv"),
    ({"kind": "gamma", "mean": "1 d", "shape": 1, "cv": 1}, "either shape or cv"),
    ({"kind": "mixture"}, "a mixture needs parts"),
    ({"kind": "mixture", "parts": []}, "a mixture needs parts"),
    ({"kind": "mixture", "parts": [EXPONENTIAL]}, "every part of a mixture needs a share"),
    ({"kind": "mixture", "parts": [{**EXPONENTIAL, "share": 0.4}]}, "sum to 0.4, not to one"),
    ({"kind": "mixture", "parts": [{"kind": "deterministic", "mean": "1 d", "share": 1}]}, "may not itself be"),
    ({"kind": "mixture", "parts": [{"kind": "weibull", "mean": "1 d", "share": 1}]}, "part 0: weibull needs a shape"),
]


@pytest.mark.parametrize(("service", "rule"), SERVICES)
@pytest.mark.parametrize("path", ["services/short", "stations/home/service"])
def test_rule_of_a_service(service: dict[str, Any], rule: str, path: str) -> None:
    fault = only({path: service})
    assert fault.key == path.replace("/", ".")
    assert rule in fault.rule


def test_draws_that_would_coincide() -> None:
    names = collision()
    source = GOOD["sources"]["door"]
    fault = only({f"sources/{name}": source for name in names})
    assert fault.key == f"sources.{names[1]}"
    assert f"would coincide with those of '{names[0]}'" in fault.rule


def collision() -> tuple[str, str]:
    seen: dict[int, str] = {}
    for i in range(100_000):
        name = f"name {i}"
        if stream(name) in seen:
            return seen[stream(name)], name
        seen[stream(name)] = name
    raise AssertionError("no collision among so many names")


# -- all at once, with lines ------------------------------------------------------------------------------------------


def test_all_faults_of_shape_at_once() -> None:
    found = faults_of({"horizon": 3, "classes": [], "stations/ward/places": "x", "sources/door/rate": 1})
    assert {f.key for f in found} == {"horizon", "classes", "stations.ward.places", "sources.door.rate"}


def test_all_faults_between_fields_at_once() -> None:
    found = faults_of({"sources/door/to": "x", "census/0/class": "y", "observe": {"by": ["z"]}, ROUTE: [{"to": {}}]})
    assert {f.key for f in found} == {"sources.door.to", "census.0.class", "observe.by", "stations.ward.routes.0.to"}
    with pytest.raises(FaultsError, match=r"^4 faults in network:\n  - ") as caught:
        raise FaultsError(found, "network")
    assert str(caught.value).count("\n") == 4


BAD = """\
# a comment
horizon: 20
classes: [old]
sources:
  door: {class: odl, to: ward, rate_per_day: 5}
stations:
  ward:
    places: 3
    waiting_rom: 4
    service:
      - where: {class: old}
        use: {kind: exponential, mean: 4}
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "network.yaml"
    path.write_text(text, "utf-8")
    return path


def test_lines_of_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, BAD)
    with pytest.raises(FaultsError) as caught:
        load_network(path)
    assert {f.key: f.file for f in caught.value.faults} == {
        "horizon": f"{path}:2",
        "stations.ward.waiting_rom": f"{path}:9",
        "stations.ward.service.0.use.mean": f"{path}:12",
    }
    assert f"{path}:9: stations.ward.waiting_rom: unknown key" in str(caught.value)
    assert "Did you mean 'waiting_room'?" in str(caught.value)


def test_lines_of_rules_between_fields(tmp_path: Path) -> None:
    text = BAD.replace("horizon: 20", "horizon: 20 d").replace("waiting_rom", "waiting_room").replace("4}", "4 d}")
    path = write(tmp_path, text)
    with pytest.raises(FaultsError) as caught:
        load_network(str(path))
    assert {f.key: (f.file, f.nearest) for f in caught.value.faults} == {
        "sources.door.class": (f"{path}:5", "old"),
        "stations.ward.service": (f"{path}:10", ""),
    }


def test_missing_key_is_placed_at_the_key_above(tmp_path: Path) -> None:
    path = write(tmp_path, "horizon: 2 d\nclasses: [a]\nstations:\n  w:\n    places: 3\n")
    with pytest.raises(FaultsError) as caught:
        load_network(path)
    assert [(f.key, f.file) for f in caught.value.faults] == [("stations.w.service", f"{path}:4")]


def test_a_key_that_stands_twice(tmp_path: Path) -> None:
    text = yaml.safe_dump(GOOD, sort_keys=False).replace("  home:", "  ward:")
    path = write(tmp_path, text)
    lines = [i for i, line in enumerate(text.splitlines(), 1) if line == "  ward:"]
    with pytest.raises(
        FaultsError, match=rf":{lines[1]}: stations.ward: this key stands here already, in line {lines[0]}"
    ):
        load_network(path)


def test_good_file(tmp_path: Path) -> None:
    assert load_network(write(tmp_path, yaml.safe_dump(GOOD))) == load_network(GOOD)
    assert load_network(load_network(GOOD)) == load_network(GOOD)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    path = write(tmp_path, "horizon: [1\n")
    with pytest.raises(CarebridgeError, match="cannot be read as YAML"):
        read_yaml(path)
    with pytest.raises(CarebridgeError, match=r"no such file. Did you mean 'network.yaml'\?"):
        load_network(tmp_path / "netwrk.yaml")
    with pytest.raises(CarebridgeError, match="no such file.$"):
        load_network(tmp_path / "nowhere" / "network.yaml")
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CarebridgeError, match="cannot be read"):
        load_network(path)


def test_empty_file(tmp_path: Path) -> None:
    with pytest.raises(FaultsError, match="a network is a mapping"):
        load_network(write(tmp_path, ""))


def test_stays_without_time_may_not_go_round():
    network = {
        "horizon": "1 d",
        "classes": ["a"],
        "stations": {
            name: {
                "places": "inf",
                "service": {"kind": "deterministic", "mean": mean},
                "routes": [{"to": {to: 1.0}}],
            }
            for name, to, mean in (("x", "y", "0 h"), ("y", "x", "0 h"))
        },
    }
    with pytest.raises(FaultsError, match="x, y.*without time passing"):
        load_network(network)
    network["stations"]["y"]["service"]["mean"] = "1 h"
    load_network(network)


def test_true_is_no_number_of_places():
    station = {"places": True, "service": {"kind": "exponential", "mean": "1 d"}}
    with pytest.raises(FaultsError, match="places"):
        load_network({"horizon": "1 d", "classes": ["a"], "stations": {"x": station}})
