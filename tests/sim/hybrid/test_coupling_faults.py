"""Everything that may be wrong between a network and stocks, told at once, with the nearest valid choice."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from sim.errors import FaultsError
from sim.hybrid import load_hybrid
from tests.sim.hybrid.pairs import everything


def faults_of(file: Any) -> list[str]:
    with pytest.raises(FaultsError) as caught:
        load_hybrid(file)
    return [str(fault) for fault in caught.value.faults]


def told(file: Any, *parts: str) -> None:
    """One fault, which says all of this."""
    found = faults_of(file)
    assert len(found) == 1, found
    for part in parts:
        assert part in found[0], found[0]


def test_the_whole_is_sound() -> None:
    assert load_hybrid(everything()).interval == 86_400_000


@pytest.mark.parametrize(
    ("block", "at", "key", "value", "parts"),
    [
        ("feeds", 2, "input", "lefft", ["feeds.2.input = 'lefft': no such input", "Did you mean 'left'?"]),
        ("feeds", 2, "observes", "lefts", ["feeds.2.observes", "no such count or mean", "Did you mean 'left'?"]),
        ("feeds", 2, "station", "nort", ["feeds.2.station = 'nort': no such station", "'north'"]),
        ("feeds", 4, "class", "oldd", ["feeds.4.class = 'oldd': no such class", "'old'"]),
        ("feeds", 0, "class", "old", ["places are not told apart by class"]),
        ("feeds", 1, "input", "used", ["say which element, for example used[north]"]),
        ("drives", 0, "variable", "staffed", ["say which element, for example staffed[north]"]),
        ("drives", 2, "variable", "stay", ["no such variable of the stocks", "Did you mean 'stays'?"]),
        ("drives", 0, "station", "nort", ["drives.0.station = 'nort': no such station or pool", "'north'"]),
        ("drives", 2, "class", "odl", ["drives.2.class = 'odl': no such class"]),
        ("drives", 3, "to", "soth", ["no such destination of this rule; known: south, leave", "'south'"]),
        ("drives", 3, "rule", 2, ["'north' has 1 route rules, counted from 0"]),
        ("drives", 4, "source", "aa", ["no such source"]),
        ("drives", 4, "source", "ill", ["only a source with a rate_per_day above 0 can be steered"]),
        ("drives", 6, "source", "b", ["a driven source whose interval is that of the exchange, 24 h"]),
        ("drives", 6, "variable", "resting", ["'resting' is in", "but what passes here is in person/day"]),
        ("drives", 6, "variable", "coming_home", ["a flow that leaves a stock and enters none"]),
        ("drives", 5, "source", "a", ["drive 4 sets this already: one owner for each quantity"]),
        ("drives", 1, "station", "north", ["drive 0 sets this already: one owner for each quantity"]),
        ("drives", 0, "station", None, ["drives.0.station", "this key is missing; places needs station"]),
    ],
)
def test_a_fault_of_the_coupling(block: str, at: int, key: str, value: object, parts: list[str]) -> None:
    file = everything()
    file[block][at][key] = value
    found = faults_of(file)
    assert any(all(part in fault for part in parts) for fault in found), found
    assert len(found) <= 2, found


def test_an_input_without_a_feed() -> None:
    file = everything()
    del file["feeds"][3]
    told(file, "no feed gives the input 'waiting' of the stocks")


def test_an_input_given_twice() -> None:
    file = everything()
    file["feeds"].append(dict(file["feeds"][2]))
    told(file, "feed 2 gives this input already: one owner for each quantity")


@pytest.mark.parametrize(
    ("station", "change", "part"),
    [
        ("north", {"places": [{"from": "0 d", "places": 9}, {"from": "30 d", "places": 8}]}, "its places are planned"),
        ("south", {"timetable": [{"hours": [8, 20], "places": 3}]}, "a timetable sets its places"),
        ("north", {"multiplier": [{"from": "30 d", "value": 0.9}]}, "its multiplier is planned"),
    ],
)
def test_what_the_network_plans_has_an_owner_already(station: str, change: dict[str, Any], part: str) -> None:
    file = everything()
    file["network"]["stations"][station] |= change
    told(file, part, "one owner for each quantity")


def test_units_of_what_passes() -> None:
    file = everything()
    file["stocks"]["inputs"]["waiting"]["unit"] = "bed"
    file["stocks"]["inputs"]["present"]["unit"] = "bed"
    file["stocks"]["inputs"]["used[site]"]["unit"] = "dimensionless"
    found = faults_of(file)
    assert len(found) == 2, found
    assert all("is in bed, but what passes here is in person" in fault for fault in found)


def test_people_in_a_unit_that_the_stocks_do_not_know() -> None:
    file = everything() | {"entity": "patient"}
    assert any("counted in patient" in fault and "do not know" in fault for fault in faults_of(file))


def test_noise_must_be_smoothed_before_a_lookup() -> None:
    file = everything()
    file["stocks"]["auxiliaries"]["staffed[site]"] = "beds * effect(used * half)"
    told(file, "the lookup 'effect' reads 'used' with the noise of the network in it", "SMOOTH1(used, reporting_time)")
    for feed in file["feeds"][:2]:
        feed["unsmoothed_in_lookups"] = True
    load_hybrid(file)


def test_noise_that_comes_by_another_variable_is_noise() -> None:
    file = everything()
    file["stocks"]["auxiliaries"] |= {"full_now[site]": "used * half", "staffed[site]": "beds * effect(full_now)"}
    told(file, "the lookup 'effect' reads 'full_now'")


def test_times_that_do_not_fit() -> None:
    file = everything()
    file["stocks"]["time"] |= {"dt": 0.7, "end": 119, "save_every": 7, "method": "rk4"}
    found = faults_of(file)
    assert any("the network's horizon is not a whole number of exchanges" in f for f in found)
    assert any("stocks beside a network go by Euler's method" in f for f in found)


def test_arrivals_change_by_the_hour() -> None:
    file = everything()
    file["stocks"]["time"] |= {"dt": 1 / 48, "save_every": 1}
    assert any("the exchange must be a whole number of hours" in f for f in faults_of(file))


def test_faults_of_all_three_are_told_at_once_with_file_and_line(tmp_path: Path) -> None:
    file = everything()
    stocks, network = file.pop("stocks"), file.pop("network")
    stocks["flows"]["resting"] = "tiredness / mnth"
    network["stations"]["south"]["service"]["kind"] = "exponentail"
    (tmp_path / "s.yaml").write_text(yaml.safe_dump(stocks))
    (tmp_path / "n.yaml").write_text(yaml.safe_dump(network))
    (tmp_path / "h.yaml").write_text(yaml.safe_dump({"stocks": "s.yaml", "network": "n.yaml", **file}))
    found = faults_of(tmp_path / "h.yaml")
    assert any("s.yaml:" in f and "no variable 'mnth'" in f and "'month'" in f for f in found)
    assert any("n.yaml:" in f and "exponential" in f for f in found)
    assert len(found) == 2, found


def test_an_unknown_key_and_a_missing_file() -> None:
    told(everything() | {"feed": []}, "unknown key", "Did you mean 'feeds'?")
    told(everything() | {"network": "nowhere.yaml"}, "no such file")
