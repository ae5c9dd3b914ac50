"""A valid value for every key of a network file, to be shown beside a fault and offered by editors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel

__all__ = ["EXAMPLES", "KINDS", "example_of", "field_at"]

#: an example of each family of distributions, as YAML
KINDS = {
    "exponential": "{kind: exponential, mean: 6 d}",
    "lognormal": "{kind: lognormal, mean: 6 d, cv: 1.2}",
    "weibull": "{kind: weibull, mean: 6 d, shape: 1.5}",
    "deterministic": "{kind: deterministic, mean: 20 min}",
    "uniform": "{kind: uniform, low: 10 min, high: 30 min}",
    "triangular": "{kind: triangular, low: 10 min, mode: 15 min, high: 30 min}",
    "normal": "{kind: normal, mean: 4 h, sd: 30 min}",
    "gamma": "{kind: gamma, mean: 6 d, cv: 0.8}",
    "erlang": "{kind: erlang, mean: 6 d, shape: 3}",
    "hyperexponential": "{kind: hyperexponential, mean: 6 d, cv: 2}",
    "coxian": "{kind: coxian, phases: [{mean: 2 d, ends: 0.7}, {mean: 20 d}]}",
    "mixture": "{kind: mixture, parts: [{share: 0.8, kind: exponential, mean: 2 d}, "
    "{share: 0.2, kind: exponential, mean: 20 d}]}",
    "empirical": "{kind: empirical, observed: [2 d, 3 d, 7 d]}",
}

_STAY = KINDS["exponential"]
_FIXED = KINDS["deterministic"]
_WHERE = "{class: old}"
_NIGHT = {"weekdays": "[0, 1, 2, 3, 4]", "hours": "[9, 17]"}
_PLACES = {
    "places": "20",
    "timetable": "[{hours: [9, 17], places: 8}]",
    "escalation": "{places: 4, trigger: {queued: 5}, lead: 2 h}",
}

#: by model and key: a value as YAML
EXAMPLES: dict[str, dict[str, str]] = {
    "Step": {"from": "30 d", "value": "0.9"},
    "PlacesStep": {"from": "2019-04-01", "places": "20"},
    "Weekly": _NIGHT,
    "Column": {"file": "stays.csv", "column": "length_of_stay", "unit": "d"},
    "Phase": {"mean": "2 d", "ends": "0.7"},
    "Service": {
        "kind": "exponential",
        "mean": "6 d",
        "cv": "1.2",
        "sd": "30 min",
        "median": "4 d",
        "shape": "1.5",
        "low": "10 min",
        "mode": "15 min",
        "high": "30 min",
        "share": "0.8",
        "parts": "[{share: 0.8, kind: exponential, mean: 2 d}, {share: 0.2, kind: exponential, mean: 20 d}]",
        "phases": "[{mean: 2 d, ends: 0.7}, {mean: 20 d}]",
        "observed": "[2 d, 3 d, 7 d]",
        "between": "[10 min, 8 h]",
        "at_least": "10 min",
        "at_most": "60 d",
    },
    "Timetable": {**_NIGHT, "places": "8"},
    "Slots": {**_NIGHT, "each_hour": "3"},
    "Trigger": {"queued": "5", "occupancy": "0.95"},
    "StandDown": {"queued": "0", "occupancy": "0.85"},
    "Escalation": {
        "places": "4",
        "trigger": "{queued: 5}",
        "lead": "2 h",
        "stand_down": "{queued: 0, occupancy: 0.85}",
        "check_every": "1 h",
    },
    "Pool": _PLACES,
    "HoldStep": {"after": "0 h", "amount": "2"},
    "HoldRule": {"where": _WHERE, "pools": "{nurses: 2}"},
    "Overflow": {"to": "[annexe]", "repatriate": "true"},
    "ServiceRule": {"where": _WHERE, "use": _STAY},
    "Destination": {"share": "0.5", "transition": "{kind: exponential, mean: 4 h}"},
    "RouteRule": {"where": _WHERE, "to": "{leave: 1}", "choose": "shares"},
    "Return": {"where": _WHERE, "probability": "0.1", "after": "{kind: exponential, mean: 20 d}", "to": "ward"},
    "Flex": {"elasticity": "0.5", "scale": "4", "floor": "0.5"},
    "Patience": {"where": _WHERE, "state": "waiting", "after": "{kind: exponential, mean: 4 h}", "then": "leave"},
    "Station": {
        **_PLACES,
        "turnaround": _FIXED,
        "holds": "{nurses: 2}",
        "overflow": "{to: [annexe]}",
        "waiting_room": "12",
        "inside_room": "4",
        "divert": "leave",
        "order": "joined",
        "first": "waiting",
        "priority": "{urgent: -1}",
        "preempt": "resume",
        "reserve": "{planned: 2}",
        "slots": "[{hours: [9, 17], each_hour: 3}]",
        "patience": "[{after: {kind: exponential, mean: 4 h}, then: leave}]",
        "service": _STAY,
        "multiplier": "[{from: 30 d, value: 0.9}]",
        "flex": "{elasticity: 0.5, scale: 4}",
        "window": "{hours: [9, 17]}",
        "routes": "[{to: {leave: 1}}]",
        "returns": "[{probability: 0.1, after: {kind: exponential, mean: 20 d}, to: ward}]",
    },
    "Noise": {"variance": "0.05", "correlation": "0.6"},
    "Source": {
        "class": "old",
        "to": "ward",
        "rate_per_day": "12",
        "driven": "1 d",
        "every": _FIXED,
        "times": "[0 h, 30 min, 2 h]",
        "hour": f"[{', '.join(['1'] * 8 + ['3'] * 12 + ['1'] * 4)}]",
        "weekday": "[6, 5, 5, 5, 5, 3, 3]",
        "month": "[6, 6, 5, 5, 5, 5, 5, 5, 5, 5, 6, 6]",
        "week": f"[{', '.join(['3'] * 120 + ['1'] * 48)}]",
        "growth_per_year": "0.02",
        "level": "[{from: 30 d, value: 0.9}]",
        "noise": "weather",
        "begin": "30 d",
        "end": "2019-04-01",
        "batch": "{1: 0.75, 2: 0.25}",
        "attend": "0.9",
        "attributes": "{severity: {mild: 0.7, severe: 0.3}}",
    },
    "Census": {
        "station": "ward",
        "class": "old",
        "count": "8",
        "attributes": "{severity: severe}",
        "state": "in_service",
        "elapsed": "stationary",
    },
    "Clock": {"station": "ward", "since": "joined", "until": "left", "within": "4 h"},
    "Observe": {
        "period": "month",
        "snapshot_every": "1 d",
        "wait_over": "[4 h, 12 h]",
        "by": "[severity]",
        "clocks": "{four hours: {station: ward, until: started, within: 4 h}}",
        "wait_quantiles": "true",
    },
    "Network": {
        "name": "clinic",
        "description": "Two wards and a day unit.",
        "start": "2018-04-01",
        "horizon": "365 d",
        "warm_up": "30 d",
        "replications": "20",
        "seed": "1",
        "unit": "d",
        "classes": "[young, old]",
        "attributes": "{severity: [mild, severe]}",
        "services": f"{{stay: {_STAY}}}",
        "noise": "{weather: {variance: 0.05, correlation: 0.6}}",
        "sources": "{door: {class: old, to: ward, rate_per_day: 12}}",
        "pools": "{nurses: {places: 8}}",
        "stations": f"{{ward: {{places: 20, service: {_STAY}}}}}",
        "census": "[{station: ward, class: old, count: 8}]",
        "observe": "{period: 7 d, wait_over: [4 h]}",
    },
}


def example_of(model: type[BaseModel], path: Sequence[Any]) -> str:
    """The key at `path` in a file of this model, with a value that would be right; empty when none is known."""
    owner, key = field_at(model, path)
    value = EXAMPLES.get(owner.__name__, {}).get(key, "")
    return f"{key}: {value}" if value else ""


def field_at(model: type[BaseModel], path: Sequence[Any]) -> tuple[type[BaseModel], str]:
    """Model and key that a path leads to; names, positions and short forms on the way are passed over."""
    owner, key = model, ""
    inner, named = [model], False
    for part in path:
        found = None if named else next((m for m in inner if part in _keys(m)), None)
        named = False
        if found:
            owner, key = found, str(part)
            annotation = _keys(found)[key]
            inner, named = models_in(annotation) or inner, _by_name(annotation)
    return owner, key


def models_in(annotation: Any) -> list[type[BaseModel]]:
    """The models that an annotation names, in order."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in getattr(annotation, "__args__", ()) for model in models_in(part)]


def _keys(model: type[BaseModel]) -> dict[str, Any]:
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}


def _by_name(annotation: Any) -> bool:
    """Whether the keys below are names that the user chose."""
    return getattr(annotation, "__origin__", None) is dict
