"""Faults of distributions in a network file, in plain words and all at once."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from sim.errors import CarebridgeError
from sim.network.schema import Service
from sim.services import resolve, service_faults
from sim.services.faults import TAKES
from tests.sim.service_cases import MEAN, everywhere, written

STAY = {"kind": "lognormal", **MEAN, "cv": 1}
FAULTS: list[tuple[dict[str, Any], list[str]]] = [
    ({"kind": "uniform"}, ["uniform needs low and high"]),
    ({"kind": "uniform", "low": "3 h", "high": "1 h"}, ["the low of uniform lies below its high"]),
    ({"kind": "uniform", "low": "3 h", "high": "3 h"}, ["the low of uniform lies below its high"]),
    ({"kind": "uniform", "low": "1 h", "high": "3 h", "mean": "2 h"}, ["'mean' does not belong to uniform"]),
    ({"kind": "triangular", "low": "3 h", "high": "9 h"}, ["triangular needs mode"]),
    ({"kind": "triangular", "low": "3 h", "mode": "2 h", "high": "9 h"}, ["the mode of triangular lies between"]),
    ({"kind": "triangular", "low": "3 h", "mode": "10 h", "high": "9 h"}, ["the mode of triangular lies between"]),
    ({"kind": "normal", **MEAN}, ["normal needs either cv or sd"]),
    ({"kind": "normal", **MEAN, "cv": 1, "sd": "1 h"}, ["normal needs either cv or sd"]),
    ({"kind": "normal", "sd": "1 h"}, ["normal needs a mean"]),
    ({"kind": "normal", **MEAN, "sd": "0 h"}, ["the sd must be above zero"]),
    ({"kind": "lognormal", **MEAN, "sd": "700 h"}, ["the sd is at most 20 times the mean"]),
    ({"kind": "lognormal", **MEAN, "sd": "7 h", "cv": 1}, ["lognormal needs either cv or median or sd"]),
    ({"kind": "gamma", **MEAN, "sd": "7 h", "shape": 1}, ["gamma needs either shape or cv or sd"]),
    ({"kind": "hyperexponential", **MEAN}, ["hyperexponential needs a cv"]),
    ({"kind": "hyperexponential", **MEAN, "cv": 0.9}, ["the cv of hyperexponential is 1 or more"]),
    ({"kind": "coxian"}, ["coxian needs phases"]),
    ({"kind": "coxian", "phases": []}, ["coxian needs phases"]),
    (
        {"kind": "coxian", "phases": [{"mean": "0 h"}, {"mean": "1 h", "ends": 1}, {"mean": "2 h"}]},
        ["phase 0: its mean must be above zero", "phase 1: everything ends with it"],
    ),
    ({"kind": "empirical"}, ["empirical needs observed times"]),
    ({"kind": "empirical", "observed": []}, ["the list of observed times is empty"]),
    ({"kind": "empirical", "observed": ["0 h", "0 h"]}, ["at least one observed time must be above zero"]),
    ({"kind": "deterministic", **MEAN, "at_least": "1 h"}, ["'at_least' does not belong to deterministic"]),
    ({**STAY, "share": 0.5}, ["'share' belongs to the parts of a mixture only"]),
    ({**STAY, "between": ["4 h", "2 h"]}, ["between gives the shorter time first"]),
    ({**STAY, "between": ["1e6 h", "2e6 h"]}, ["of times lies in the range that between gives; 1e-06 is needed"]),
    ({"kind": "uniform", "low": "1 h", "high": "2 h", "between": ["3 h", "4 h"]}, ["a share of 0 of times lies in"]),
    ({"kind": "empirical", "observed": ["1 h", "9 h"], "between": ["2 h", "8 h"]}, ["a share of 0 of times lies in"]),
    ({**STAY, "at_least": "4 h", "at_most": "4 h"}, ["at_least lies below at_most"]),
    ({**STAY, "at_most": "0 h"}, ["at_most must be above zero"]),
    ({**STAY, "between": ["2 h", "9 h"], "at_least": "1 h"}, ["at_least lies outside the range"]),
    ({**STAY, "between": ["2 h", "9 h"], "at_most": "10 h"}, ["at_most lies outside the range"]),
    (
        {"kind": "mixture", "parts": [{**STAY, "share": 1, "between": ["1 h", "2 h"], "at_most": "2 h"}]},
        ["part 0: a part has no 'between'", "part 0: a part has no 'at_most'"],
    ),
    (
        {"kind": "mixture", "parts": [{"kind": "uniform", "low": "1 h", "high": "2 h", "share": 0.5}, STAY]},
        ["every part of a mixture needs a share", "part 0: a part may not itself be uniform; it may be exponential,"],
    ),
    (
        {"kind": "triangular", "low": "3 h", "mode": "2 h", "high": "9 h", "cv": 2, "between": ["9 h", "1 h"]},
        ["'cv' does not belong to triangular", "the mode of triangular", "between gives the shorter time first"],
    ),
]


@pytest.mark.parametrize(("given", "rules"), FAULTS)
def test_faults_of_a_distribution(given: dict[str, Any], rules: list[str]) -> None:
    found = service_faults(Service.model_validate(given))
    assert len(found) == len(rules), found
    for text, rule in zip(found, rules, strict=True):
        assert rule in text


@everywhere
def test_sound_distributions_have_no_faults(kind: str, limits: str) -> None:
    assert service_faults(Service.model_validate(written(kind, limits))) == []


def test_a_column_is_read_when_the_network_is_loaded() -> None:
    service = Service.model_validate({"kind": "empirical", "observed": {"file": "stays.csv", "column": "los"}})
    assert service_faults(service) == []
    with pytest.raises(CarebridgeError, match="read when the network is loaded"):
        resolve(service)


def test_examples_of_the_documentation_are_sound() -> None:
    page = (Path(__file__).parents[2] / "docs" / "distributions.md").read_text(encoding="utf-8")
    examples = [Service.model_validate(yaml.safe_load(text)) for text in re.findall(r"`(\{kind: .*?\})`", page)]
    assert {service.kind for service in examples} == set(TAKES)
    assert [service_faults(service) for service in examples] == [[]] * len(examples)
