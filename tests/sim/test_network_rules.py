"""Rules between the fields of a network, each broken alone: key, value, rule and nearest choice of the fault."""

from typing import Any

import pytest
import yaml

from sim.rates import stream
from tests.sim.network_file import EXPONENTIAL, GOOD, only

# -- rules between fields: (changes, key, value, rule contains, nearest) ----------------------------------------------

ROUTE = "stations/ward/routes"
STEPS = [{"from": "3 d", "value": 1}, {"from": "2 d", "value": 1}]
NOTHING = {"kind": "deterministic", "mean": "0.4 ms"}
EVERY: dict[str, Any] = {
    "sources/door/rate_per_day": None,
    "sources/door/every": {"kind": "exponential", "mean": "1 h"},
}
TIMES: dict[str, Any] = {"sources/door/rate_per_day": None, "sources/door/times": ["1 h", "2018-04-03"]}
OF_RATES = {"hour": [1] * 24, "weekday": [1] * 7, "month": [1] * 12, "week": [1] * 168, "growth_per_year": 0.1,
            "level": [{"from": "1 d", "value": 2}], "noise": "weather"}  # fmt: skip
RULES: list[tuple[dict[str, Any], str, Any, str, str]] = [
    ({"horizon": "0 d"}, "horizon", "0 d", "a whole number of milliseconds above zero", ""),
    ({"horizon": "1.5 ms"}, "horizon", "1.5 ms", "a whole number of milliseconds above zero", ""),
    ({"horizon": "16777216 h"}, "horizon", "16777216 h", "below 16,777,216 hours", ""),
    ({"start": "9999-12-13"}, "horizon", "20 d", "before the year 10000", ""),
    ({"warm_up": "20 d"}, "warm_up", "20 d", "must be shorter than the horizon", ""),
    ({"warm_up": "1.5 ms"}, "warm_up", "1.5 ms", "a whole number of milliseconds", ""),
    ({"stations/leave": {"places": 1, "service": "short"}}, "stations.leave", None, "reserved word", ""),
    ({"stations/die": {"places": 1, "service": "short"}}, "stations.die", None, "reserved word", ""),
    ({"stations/class": {"places": 1, "service": "short"}}, "stations.class", None, "reserved word", ""),
    ({"pools/leave": {"places": 1}}, "pools.leave", None, "reserved word", ""),
    ({"pools/home": {"places": 1}}, "pools.home", None, "a station has this name", ""),
    ({"attributes/class": ["x"]}, "attributes.class", None, "reserved word", ""),
    ({"classes": ["young", "old", "old"]}, "classes", ["young", "old", "old"], "names must differ", ""),
    ({"attributes/frail": ["no", "yes", "no"]}, "attributes.frail", ["no", "yes", "no"], "names must differ", ""),
    ({"observe": {"period": "0 d"}}, "observe.period", "0 d", "at least a millisecond", ""),
    ({"observe": {"snapshot_every": "0 h"}}, "observe.snapshot_every", "0 h", "at least a millisecond", ""),
    ({"observe": {"by": ["frial"]}}, "observe.by", "frial", "no such attribute", "frail"),
    ({"observe": {"by": ["frail", "frail"]}}, "observe.by", ["frail", "frail"], "names must differ", ""),
    ({"observe": {"clocks": {"fast": {"station": "wrad", "within": "4 h"}}}}, "observe.clocks.fast.station", "wrad",
     "no such station", "ward"),
    ({"sources/door/class": "odl"}, "sources.door.class", "odl", "no such class; known: young, old.", "old"),
    ({"sources/door/to": "wrad"}, "sources.door.to", "wrad", "no such station; known: ward, home.", "ward"),
    ({"sources/door/noise": "wether"}, "sources.door.noise", "wether", "no such noise", "weather"),
    ({"sources/door/week": [1] * 168, "sources/door/hour": [1] * 24}, "sources.door.week", None, "give either", ""),
    ({"sources/door/week": [1] * 168, "sources/door/weekday": [1] * 7}, "sources.door.week", None, "give either", ""),
    ({"sources/door/rate_per_day": 60_001, "sources/door/hour": [1] + [0] * 23}, "sources.door.rate_per_day", 60_001,
     "at most 60,000 arrivals an hour", ""),
    ({"sources/door/rate_per_day": 800_000, "sources/door/level": [{"from": "1 d", "value": 2}]},
     "sources.door.rate_per_day", 800_000, "up to 66,667 would come", ""),
    ({"sources/door/rate_per_day": 1_000_000, "sources/door/growth_per_year": 1, "horizon": "365.25 d"},
     "sources.door.rate_per_day", 1_000_000, "up to 83,333 would come", ""),
    ({"sources/door/hour": [0] * 24}, "sources.door.hour", None, "at least one weight", ""),
    ({"sources/door/month": [0] * 12}, "sources.door.month", None, "at least one weight", ""),
    ({"sources/door/begin": "4 d", "sources/door/end": "4 d"}, "sources.door.end", "4 d", "must lie after", ""),
    ({"sources/door/begin": "4 h"}, "sources.door.begin", "4 h", "whole days", ""),
    ({"sources/door/end": "1.5 d"}, "sources.door.end", "1.5 d", "whole days", ""),
    ({"sources/door/level": [{"from": "30 h", "value": 1}]}, "sources.door.level", 30 * 3_600_000.0, "whole days", ""),
    ({"sources/door/level": STEPS}, "sources.door.level", None, "must follow one another", ""),
    ({"sources/door/rate_per_day": None}, "sources.door", None,
     "exactly one of rate_per_day, every, times and driven; it has none", ""),
    ({"sources/door/every": "short"}, "sources.door", None, "it has rate_per_day and every", ""),
    ({"sources/door/every": "short", "sources/door/times": ["1 h"]}, "sources.door", None,
     "it has rate_per_day and every and times", ""),
    ({"sources/door/attend": 0.5}, "sources.door.attend", 0.5, "attend belongs to every and times", ""),
    *(({**EVERY, f"sources/door/{field}": value}, f"sources.door.{field}", None, f"{field} belongs to rate_per_day", "")
      for field, value in OF_RATES.items()),
    ({**TIMES, "sources/door/month": [1] * 12}, "sources.door.month", None, "not to times", ""),
    ({"sources/door/rate_per_day": None, "sources/door/every": "shrt"}, "sources.door.every", "shrt",
     "no such service", "short"),
    ({"sources/door/rate_per_day": None, "sources/door/every": {"kind": "exponential", "mean": "50 ms"}},
     "sources.door.every", None, "72,000 would come", ""),
    ({"sources/door/rate_per_day": None, "sources/door/every": NOTHING}, "sources.door.every", None,
     "time must pass between arrivals", ""),
    ({"sources/door/rate_per_day": None, "sources/door/every": "never", "services/never": NOTHING},
     "sources.door.every", None, "time must pass between arrivals", ""),
    ({**EVERY, "sources/door/begin": "-1 d"}, "sources.door.begin", "-1 d", "begin at the start or later", ""),
    ({**TIMES, "sources/door/begin": "1 d"}, "sources.door.begin", "1 d", "times need no beginning", ""),
    ({**TIMES, "sources/door/batch": {1: 0.5, 2: 0.4}}, "sources.door.batch", None, "shares sum to 0.9", ""),
    ({"sources/door/batch": {0: 0.5, 2: 0.5}}, "sources.door.batch", 0, "between 1 and 1000 come together", ""),
    ({"sources/door/batch": {1: 0.5, 1001: 0.5}}, "sources.door.batch", 1001, "between 1 and 1000", ""),
    ({"sources/door/attributes": {"frial": "no"}}, "sources.door.attributes.frial", "frial", "no such attribute",
     "frail"),
    ({"sources/door/attributes": {"frail": "yess"}}, "sources.door.attributes.frail", "yess", "no such level", "yes"),
    ({"sources/door/attributes": {"frail": {"no": 0.5, "yess": 0.5}}}, "sources.door.attributes.frail", "yess",
     "no such level", "yes"),
    ({"sources/door/attributes": {"frail": {"no": 0.5}}}, "sources.door.attributes.frail", None, "shares sum to 0.5",
     ""),
    ({"stations/home/service": "shrt"}, "stations.home.service", "shrt", "no such service", "short"),
    ({"stations/home/places": -1}, "stations.home.places", -1, "cannot be negative", ""),
    ({"stations/home/places": 2_000_000_000}, "stations.home.places", 2_000_000_000, "at most 1,000,000,000", ""),
    ({"stations/home/places": [{"from": "0 d", "places": 2_000_000_000}]}, "stations.home.places.0.places",
     2_000_000_000, "at most 1,000,000,000", ""),
    ({"stations/home/places": []}, "stations.home.places", [], "at least one step", ""),
    ({"stations/home/places": [{"from": "1 d", "places": 3}]}, "stations.home.places", None, "from the start on", ""),
    ({"stations/home/places": [{"from": "0 d", "places": 3}, {"from": "0 d", "places": 4}]}, "stations.home.places",
     None, "must follow one another", ""),
    ({"stations/home/waiting_room": -2}, "stations.home.waiting_room", -2, "cannot be negative", ""),
    ({"stations/home/waiting_room": {"old": -2}}, "stations.home.waiting_room.old", -2, "cannot be negative", ""),
    ({"stations/home/waiting_room": {"odl": 2}}, "stations.home.waiting_room.odl", "odl", "no such class", "old"),
    ({"stations/home/inside_room": -1}, "stations.home.inside_room", -1, "cannot be negative", ""),
    ({"stations/home/priority": {"odl": 2}}, "stations.home.priority.odl", "odl", "no such class", "old"),
    ({"stations/home/priority": {"old": 10**9}}, "stations.home.priority.old", 10**9, "a priority lies between", ""),
    ({"stations/home/reserve": {"old": 2 * 10**9}}, "stations.home.reserve.old", 2 * 10**9, "a reserve is at most", ""),
    ({"stations/home/reserve": {"odl": 2}}, "stations.home.reserve.odl", "odl", "no such class", "old"),
    ({"stations/home/multiplier": {"odl": []}}, "stations.home.multiplier.odl", "odl", "no such class", "old"),
    ({"stations/home/multiplier": STEPS}, "stations.home.multiplier", None, "must follow one another", ""),
    ({"stations/home/multiplier": {"old": STEPS}}, "stations.home.multiplier.old", None, "must follow one another", ""),
    ({"stations/home/window": {"hours": [9, 9]}}, "stations.home.window.hours", [9, 9],
     "begins before it ends", ""),
    ({"stations/home/window": {"weekdays": [], "hours": [9, 10]}}, "stations.home.window.weekdays", [],
     "at least one weekday", ""),
    ({"stations/home/service": []}, "stations.home.service", None, "the last rule must hold for everyone", ""),
    ({"stations/home/service": [{"where": {"frail": "no"}, "use": "short"}]}, "stations.home.service", None,
     "the last rule must hold for everyone", ""),
    ({"stations/home/service": [{"where": {"frial": "no"}, "use": "short"}, {"use": "short"}]},
     "stations.home.service.0.where.frial", "frial", "no such attribute", "frail"),
    ({"stations/home/service": [{"where": {"class": ["old", "odl"]}, "use": "short"}, {"use": "short"}]},
     "stations.home.service.0.where.class", "odl", "no such class", "old"),
    ({"stations/home/service": [{"use": "shrt"}]}, "stations.home.service.0.use", "shrt", "no such service", "short"),
    ({ROUTE: [{"where": {"class": "old"}, "to": {"leave": 1}}]}, "stations.ward.routes", None,
     "the last rule must hold for everyone", ""),
    ({ROUTE: [{"to": {"hmoe": 0.5, "leave": 0.5}}]}, "stations.ward.routes.0.to.hmoe", "hmoe",
     "no such station", "home"),
    ({ROUTE: [{"to": {"home": 0.5, "leave": 0.4}}]}, "stations.ward.routes.0.to", None, "shares sum to 0.9", ""),
    ({ROUTE: [{"where": {"frail": "yess"}, "to": {"leave": 1}}, {"to": {"leave": 1}}]},
     "stations.ward.routes.0.where.frail", "yess", "no such level", "yes"),
    ({ROUTE: [{"to": {"leave": {"share": 1, "transition": "shrt"}}}]}, "stations.ward.routes.0.to.leave.transition",
     "shrt", "no such service", "short"),
    ({ROUTE: [{"to": {"home": {"share": [{"from": "0 d", "value": 0.5}, {"from": "2 d", "value": 0.6}]},
                      "leave": 0.5}}]}, "stations.ward.routes.0.to", None, "from day 2 on, shares sum to 1.1", ""),
    ({ROUTE: [{"to": {"leave": {"share": [{"from": "0 d", "value": 1}, {"from": "0 d", "value": 1}]}}}]},
     "stations.ward.routes.0.to.leave.share", None, "must follow one another", ""),
    ({"stations/ward/returns": [{"probability": 0.1, "after": "shrt", "to": "ward"}]}, "stations.ward.returns.0.after",
     "shrt", "no such service", "short"),
    ({"stations/ward/returns": [{"probability": 0.1, "after": "short", "to": "wrad"}]}, "stations.ward.returns.0.to",
     "wrad", "no such station", "ward"),
    ({"stations/ward/returns": [{"where": {"frial": "no"}, "probability": 0.1, "after": "short", "to": "ward"}]},
     "stations.ward.returns.0.where.frial", "frial", "no such attribute", "frail"),
    ({"census/0/station": "wrad"}, "census.0.station", "wrad", "no such station", "ward"),
    ({"census/0/class": "odl"}, "census.0.class", "odl", "no such class", "old"),
    ({"census/0/attributes": {"frial": "no"}}, "census.0.attributes.frial", "frial", "no such attribute", "frail"),
    ({"census/0/attributes": {"frail": "yess"}}, "census.0.attributes.frail", "yess", "no such level", "yes"),
    ({"census/0/count": 4}, "census.0.count", 4, "4 places of 'ward' are held at the start, and it has 3", ""),
    ({"census/0/count": 3, "stations/ward/timetable": [{"weekdays": [6], "hours": [0, 1], "places": 2}]},
     "census.0.count", 3, "and it has 2", ""),
    ({"pools/nurses": {"places": 3}, "stations/ward/holds": {"nurses": 2}}, "census.0.count", 2,
     "4 places of 'nurses' are held at the start, and it has 3", ""),
    ({"census/0/state": "waiting", "census/0/elapsed": "1 h"}, "census.0.elapsed", "1 h", "spent no time", ""),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "key", "value", "rule", "nearest"), RULES)
def test_rule_between_fields(changes: dict[str, Any], key: str, value: Any, rule: str, nearest: str) -> None:
    fault = only(changes)
    assert fault.key == key
    assert fault.nearest == nearest
    assert rule in fault.rule
    if value is not None:
        assert fault.value == value
    assert yaml.safe_load(fault.example)
    assert str(fault).endswith(f" For example: {fault.example}")


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
