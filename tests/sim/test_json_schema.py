"""The JSON Schema of network files: complete, and of one mind with what is loaded."""

import datetime as dt
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from sim.errors import FaultsError
from sim.network import places, schema, times
from sim.network.examples import EXAMPLES, KINDS, example_of
from sim.network.fields import PlacesStep, Step, Weekly
from sim.network.json_schema import DIALECT, json_schema
from sim.network.load import load_network
from sim.network.schema import Network, Service
from sim.reading.yaml_file import read_yaml
from sim.services import service_faults
from tests.sim.network_file import GOOD, changed
from tests.sim.test_network_queues import RICH

SHIPPED = sorted((Path(__file__).parents[2] / "configs" / "network").rglob("*.y*ml"))
SCHEMA = json_schema()
TYPES: dict[str, Any] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "object": dict,
    "array": list,
    "null": type(None),
}


def plain(value: Any) -> Any:
    """What an editor sees of a file: keys are text, dates are text."""
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return value.isoformat() if isinstance(value, dt.date) else value


def satisfies(value: Any, rule: Any) -> bool:
    """Whether a value satisfies a JSON Schema, as far as the words of ours go; an unknown word is an error."""
    return all(_word(value, word, told, rule) for word, told in rule.items())


def _word(value: Any, word: str, told: Any, rule: Any) -> bool:
    match word:
        case "$ref":
            return satisfies(value, SCHEMA["$defs"][told.removeprefix("#/$defs/")])
        case "anyOf":
            return any(satisfies(value, one) for one in told)
        case "type":
            return isinstance(value, TYPES[told]) and (told == "boolean" or not isinstance(value, bool))
        case "const":
            return value == told
        case "enum":
            return value in told
        case "pattern":
            return not isinstance(value, str) or re.search(told, value) is not None
        case "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum":
            if not isinstance(value, (int, float)):
                return True
            within = {"minimum": value >= told, "maximum": value <= told, "exclusiveMinimum": value > told}
            return within.get(word, value < told)
        case "minLength" | "minItems" | "minProperties":
            return not isinstance(value, (str, list, dict)) or len(value) >= told
        case "maxLength" | "maxItems" | "maxProperties":
            return not isinstance(value, (str, list, dict)) or len(value) <= told
        case "items":
            return not isinstance(value, list) or all(satisfies(one, told) for one in value)
        case "prefixItems":
            return not isinstance(value, list) or all(map(satisfies, value, told))
        case "properties":
            return not isinstance(value, dict) or all(satisfies(value[k], r) for k, r in told.items() if k in value)
        case "propertyNames":
            return not isinstance(value, dict) or all(satisfies(key, told) for key in value)
        case "required":
            return not isinstance(value, dict) or all(key in value for key in told)
        case "additionalProperties":
            others = (
                [v for k, v in value.items() if k not in rule.get("properties", {})] if isinstance(value, dict) else []
            )
            return all(told is True or (told is not False and satisfies(v, told)) for v in others)
        case "$schema" | "$defs" | "title" | "description" | "default" | "examples" | "format":
            return True
    raise AssertionError(f"the word '{word}' is not known here")


def models() -> list[type[BaseModel]]:
    named = {model.__name__: model for m in (schema, places, times) for model in vars(m).values() if _is_shape(model)}
    return [*named.values(), Step, PlacesStep, Weekly]


def _is_shape(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, schema.Shape) and value is not schema.Shape


def test_it_is_json_of_a_named_dialect() -> None:
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA
    assert (SCHEMA["$schema"], SCHEMA["title"]) == (DIALECT, "Carebridge network")


@pytest.mark.parametrize("model", models(), ids=lambda m: m.__name__)
def test_every_key_has_meaning_and_example(model: type[BaseModel]) -> None:
    shape = SCHEMA if model is Network else SCHEMA["$defs"][model.__name__]
    keys = [field.alias or name for name, field in model.model_fields.items()]
    assert list(shape["properties"]) == keys
    for key in keys:
        words = shape["properties"][key]["description"]
        assert words.endswith(".") and len(words.splitlines()) == 1
    assert set(EXAMPLES[model.__name__]) == set(keys)
    for key, value in EXAMPLES[model.__name__].items():
        written = plain(yaml.safe_load(value))
        assert satisfies(written, shape["properties"][key]), key
        rest = {k: v for k, v in _least(model).items() if k != key}
        model.model_validate({**rest, key: yaml.safe_load(value)})


def _least(model: type[BaseModel]) -> dict[str, Any]:
    """The keys that a model cannot do without."""
    needed = [field.alias or name for name, field in model.model_fields.items() if field.is_required()]
    return {key: yaml.safe_load(EXAMPLES[model.__name__][key]) for key in needed}


@pytest.mark.parametrize("kind", KINDS)
def test_example_of_every_kind_of_time(kind: str) -> None:
    service = Service.model_validate(yaml.safe_load(KINDS[kind]))
    assert (service.kind, service_faults(service)) == (kind, [])
    assert satisfies(yaml.safe_load(KINDS[kind]), SCHEMA["$defs"]["Service"])


def test_every_kind_has_an_example() -> None:
    assert set(KINDS) == set(SCHEMA["$defs"]["Service"]["properties"]["kind"]["enum"])


@pytest.mark.parametrize(
    ("path", "example"),
    [
        (("stations", "ward", "places"), "places: 20"),
        (("stations", "service", "service"), "service: {kind: exponential, mean: 6 d}"),  # a station of that name
        (("stations", "ward", "service", 0, "use", "mean"), "mean: 6 d"),
        (("stations", "ward", "window", "hours", 1), "hours: [9, 17]"),
        (("stations", "ward", "holds", "nurses"), "holds: {nurses: 2}"),
        (("observe", "clocks", "within", "within"), "within: 4 h"),
        (("nowhere",), ""),
        ((), ""),
    ],
)
def test_example_at_a_path(path: tuple[Any, ...], example: str) -> None:
    assert example_of(Network, path) == example


@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: p.name)
def test_shipped_file(path: Path) -> None:
    assert satisfies(plain(read_yaml(path)[0]), SCHEMA)
    load_network(path)


def test_there_are_shipped_files() -> None:
    assert SHIPPED


GOOD_FORMS: list[dict[str, Any]] = [
    {},
    {"start": "2019-04-01", "warm_up": "1 d", "unit": "h"},
    {"sources/door/begin": "2 d", "sources/door/end": "2018-04-09"},
    {"sources/door/rate_per_day": None, "sources/door/times": {"file": "times.csv", "column": "hours", "unit": "h"}},
    {"sources/door/rate_per_day": None, "sources/door/every": "short", "sources/door/batch": {"1": 0.5, "2": 0.5}},
    {"stations/ward/routes": [{"to": ["home"], "choose": "shortest"}]},
    {"stations/ward/routes": [{"to": {"home": {"share": 1, "transition": "short"}}}]},
    {"stations/ward/routes": [{"to": {"home": [{"from": "0 d", "value": 1}]}}]},
    {"stations/ward/window": [{"weekdays": [0], "hours": [9, 17]}, {"hours": [20, 24]}]},
    {"stations/ward/service": [{"where": {"class": ["old"]}, "use": "short"}, {"use": {**GOOD["services"]["short"]}}]},
    {"stations/ward/waiting_room": {"old": "inf", "young": 3}, "stations/ward/inside_room": 2},
    {"stations/ward/multiplier": {"old": [{"from": "2 d", "value": 2}]}},
    {"census/0/elapsed": "3 d"},
    {"observe": {"period": "7 d", "clocks": {"fast": {"station": "ward", "within": "4 h"}}}},
]


@pytest.mark.parametrize("changes", GOOD_FORMS)
def test_what_is_loaded_is_valid(changes: dict[str, Any]) -> None:
    data = changed(changes)
    assert satisfies(plain(data), SCHEMA)
    if "sources/door/times" not in changes:  # the table that it names is not there
        load_network(data)


def test_everything_at_once_is_valid() -> None:
    assert satisfies(plain(RICH), SCHEMA)


BAD_FORMS: list[dict[str, Any]] = [
    {"horizon": 20},
    {"horizon": "20 days"},
    {"horizon": None},
    {"stationz": {}},
    {"unit": "days"},
    {"replications": 0},
    {"classes": []},
    {"attributes/frail": "yes"},
    {"services/short/mean": 4},
    {"services/short/kind": "exponental"},
    {"sources/door/rate": 5},
    {"sources/door/rate_per_day": "many"},
    {"sources/door/hour": [1] * 23},
    {"sources/door/attend": 1.5},
    {"sources/door/batch": 0},
    {"stations/ward/places": "many"},
    {"stations/ward/places": 2.5},
    {"stations/ward/places": [{"from": "0 d", "places": -1}]},
    {"stations/ward/service": None},
    {"stations/ward/service": 7},
    {"stations/ward/waiting_rom": 3},
    {"stations/ward/escalation": {"places": 0, "trigger": {"queued": 1}}},
    {"stations/ward/holds": {"nurses": -1}},
    {"stations/ward/overflow": {"to": []}},
    {"stations/ward/patience": [{"after": "short", "then": {"clas": "old"}}]},
    {"stations/ward/preempt": "resum"},
    {"stations/ward/routes/0/to/home": 1.5},
    {"stations/ward/window": {"hours": [9, 25]}},
    {"stations/ward/slots": [{"hours": [9, 12]}]},
    {"census/0/state": "asleep"},
    {"observe": {"clocks": {"fast": {"station": "ward"}}}},
]


@pytest.mark.parametrize("changes", BAD_FORMS)
def test_what_is_not_loaded_is_not_valid(changes: dict[str, Any]) -> None:
    data = changed(changes)
    assert not satisfies(plain(data), SCHEMA)
    with pytest.raises(FaultsError):
        load_network(data)
