"""Monks et al. (2016): offered loads and probabilities exact to four decimals, and the simulated table."""

from typing import Any

import numpy as np
import pytest
import yaml

from models.published import monks
from models.published.files import network_file
from models.published.monks import POOLED, PUBLISHED, offered_load, pooled, shared_beds
from sim.network.load import load_network
from sim.theory import erlang_b

BASE, PAPER = "monks_2016", "monks_2016_paper"


def file(name: str) -> dict[str, Any]:
    return yaml.safe_load(network_file(name).read_text("utf-8"))


def load(name: str) -> dict[str, float]:
    return offered_load(load_network(network_file(name)))


def test_offered_loads() -> None:
    assert load(BASE) == pytest.approx({"acute": 8.1455, "rehab": 9.7182}, abs=5e-5)
    assert load(PAPER) == pytest.approx({"acute": 8.3555, "rehab": 9.7182}, abs=5e-5)
    assert load("monks_2016_plus5") == pytest.approx({"acute": 8.1455 / 0.95, "rehab": 9.7182 / 0.95}, abs=1e-4)


EXACT = {
    (BASE, "acute"): {9: 0.1806, 10: 0.1283, 11: 0.0867, 12: 0.0556, 13: 0.0337, 14: 0.0192},
    (PAPER, "acute"): {9: 0.1915, 10: 0.1379, 11: 0.0948, 12: 0.0619, 13: 0.0383, 14: 0.0223},
    (BASE, "rehab"): {10: 0.2015, 12: 0.1091, 13: 0.0754, 14: 0.0497, 15: 0.0312, 16: 0.0186},
    ("monks_2016_plus5", "acute"): {10: 0.1481, 11: 0.1035, 12: 0.0688, 13: 0.0434, 14: 0.0259},
    ("monks_2016_plus5", "rehab"): {12: 0.1286, 13: 0.0919, 14: 0.0629, 15: 0.0411, 16: 0.0256},
    ("monks_2016_no_neuro", "acute"): {10: 0.0801, 11: 0.0487, 12: 0.0278, 13: 0.0148, 14: 0.0074, 15: 0.0035},
    ("monks_2016_no_neuro", "rehab"): {12: 0.0515, 13: 0.0307, 14: 0.0173, 15: 0.0091, 16: 0.0045},
}


@pytest.mark.parametrize(("name", "unit"), EXACT)
def test_exact_probabilities_of_delay(name: str, unit: str) -> None:
    found = {n: round(erlang_b(n, load(name)[unit]), 4) for n in EXACT[name, unit]}
    assert found == EXACT[name, unit]


@pytest.mark.parametrize(
    ("beds", "exact"),
    [
        ((0, 0, 22), (0.0629, 0.0629)),
        ((0, 0, 26), (0.0158, 0.0158)),
        ((11, 11, 4), (0.0422, 0.0857)),
        ((11, 10, 5), (0.0358, 0.0869)),
        ((10, 10, 6), (0.0399, 0.0628)),
        ((10, 9, 7), (0.0373, 0.0634)),
        ((9, 9, 8), (0.0400, 0.0507)),
        ((9, 8, 9), (0.0391, 0.0509)),
    ],
)
def test_exact_probabilities_with_shared_beds(beds: tuple[int, int, int], exact: tuple[float, float]) -> None:
    assert beds in POOLED
    assert tuple(round(p, 4) for p in pooled(load(BASE), *beds)) == exact


def test_shared_beds_counted_by_hand() -> None:
    acute, rehab = np.array([1, 3, 4, 2, 0]), np.array([2, 2, 3, 4, 5])
    # two acute beds, three of rehabilitation, one shared: full when one more than their own stay beyond them
    assert shared_beds(acute, rehab, (2, 3, 1)) == ((3, 5), (3, 5))
    assert shared_beds(acute, rehab, (0, 0, 5)) == ((2, 3), (2, 3))
    assert shared_beds(acute, rehab, (2, 3, 0)) == ((1, 3), (1, 3))


# -- the files --------------------------------------------------------------------------------------------------------


def changed(name: str) -> dict[str, Any]:
    """The base file with the changes that a file claims to be."""
    data = file(BASE)
    sources, stations = data["sources"], data["stations"]
    if name == PAPER:
        stations["acute"]["service"][2]["use"] = stations["acute"]["service"][0]["use"]
    if name == "monks_2016_plus5":
        for source in sources.values():
            value, unit = source["every"]["mean"].split()
            source["every"]["mean"] = f"{0.95 * float(value):.6g} {unit}"
    if name == "monks_2016_no_neuro":
        data["sources"] = {key: source for key, source in sources.items() if source["class"] != "neuro"}
        for station in stations.values():
            station["service"] = [r for r in station["service"] if r.get("where", {}).get("class") != "neuro"]
    if name == "monks_2016_acute_beds":
        stations["acute"] |= {"places": 10, "waiting_room": 0}
    if name == "monks_2016_rehab_beds":
        stations["rehab"] |= {"places": 12, "waiting_room": 0, "divert": "leave"}
    return data


def test_real_beds_are_those_of_the_files() -> None:
    assert {n: file(n)["stations"][unit]["places"] for n, (unit, _) in monks.REAL.items()} == {
        n: beds for n, (_, beds) in monks.REAL.items()
    }


@pytest.mark.parametrize(
    "name",
    [PAPER, "monks_2016_plus5", "monks_2016_no_neuro", "monks_2016_acute_beds", "monks_2016_rehab_beds"],
)
def test_a_variant_is_the_base_case_with_its_changes_only(name: str) -> None:
    expected, found = changed(name), file(name)
    for key in ("name", "description"):
        expected.pop(key), found.pop(key)
    assert found == expected


# -- the simulated table ----------------------------------------------------------------------------------------------


def test_simulated_table_lies_within_the_intervals_of_the_exact_one() -> None:
    outcome = monks.run(replications=30)
    assert [c.name for c in outcome.checks if not c.covers] == []
    assert len(outcome.tables) == len(PUBLISHED) + 2
    assert len(outcome.checks) <= monks.FIGURES


@pytest.mark.nightly
def test_simulated_table_lies_closely_within_the_intervals_of_the_exact_one() -> None:
    outcome = monks.run(replications=3000)
    assert [c.name for c in outcome.checks if not c.covers] == []
    assert max(c.halfwidth / c.exact for c in outcome.checks if c.exact > 0.05) < 0.05


def test_a_bed_more_than_thought_is_noticed() -> None:
    outcome = monks.run(replications=30)
    check = next(c for c in outcome.checks if c.name == "monks_2016_acute_beds: acute lost")
    assert abs(check.value - erlang_b(11, load("monks_2016_acute_beds")["acute"])) > check.halfwidth
