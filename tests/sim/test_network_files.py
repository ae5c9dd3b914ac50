"""Bad files are refused: every fault at once, each with its line and with an example of what would be right."""

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from sim.errors import CarebridgeError, Fault, FaultsError, nearest
from sim.network.load import load_network
from sim.reading.yaml_file import read_yaml
from tests.sim.network_file import GOOD, changed, faults_of

# -- all at once, with lines ------------------------------------------------------------------------------------------


def test_all_faults_of_shape_at_once() -> None:
    found = faults_of({"horizon": 3, "classes": [], "stations/ward/places": "x", "sources/door/rate": 1})
    assert {f.key for f in found} == {"horizon", "classes", "stations.ward.places", "sources.door.rate"}


def test_all_faults_between_fields_at_once() -> None:
    found = faults_of(
        {"sources/door/to": "x", "census/0/class": "y", "observe": {"by": ["z"]}, "stations/ward/routes": [{"to": {}}]}
    )
    assert {f.key for f in found} == {"sources.door.to", "census.0.class", "observe.by", "stations.ward.routes.0.to"}
    with pytest.raises(FaultsError, match=r"^4 faults in network:\n  - ") as caught:
        raise FaultsError(found, "network")
    assert str(caught.value).count("\n") == 4


# -- what is left of an unsound file is checked as well ---------------------------------------------------------------

#: faults of shape, and beside each a rule that does not depend on it: (changes, keys)
TOGETHER: list[tuple[dict[str, Any], set[str]]] = [
    ({"horizon": 3, "sources/door/to": "wrad"}, {"horizon", "sources.door.to"}),
    # a rule that reads what is unsound says nothing: 'rate' was meant for the rate, weights belong to it
    ({"sources/door/rate_per_day": "many", "sources/door/hour": [1] * 24}, {"sources.door.rate_per_day"}),
    ({"sources/door/rate_per_day": None, "sources/door/rate": 5}, {"sources.door.rate"}),
    ({"sources/door/rate_per_day": None, "sources/door/arrivals": 5}, {"sources.door.arrivals", "sources.door"}),
    # names of things that are unsound are names all the same
    ({"stations/ward": 5, "census/0/class": "odl"}, {"stations.ward", "census.0.class"}),
    ({"stations": None, "observe": {"by": ["frial"]}}, {"stations", "observe.by"}),
    ({"services/short": "quick", "stations/home/service": "shrt"}, {"services.short", "stations.home.service"}),
    ({"noise/weather": {}, "sources/door/noise": "weather"}, {"noise.weather.variance"}),
    ({"classes": [1, "old"], "sources/door/class": "odl"}, {"classes.0"}),
    ({"attributes/frail": "yes", "sources/door/attributes/frial": "no"}, {"attributes.frail",
      "sources.door.attributes.frial"}),
    # the rest of a part that is unsound in one place
    ({"stations/ward/places": "x", "stations/ward/divert": "hmoe"}, {"stations.ward.places", "stations.ward.divert"}),
    ({"stations/ward/places": None, "stations/ward/priority": {"odl": 1}}, {"stations.ward.places",
      "stations.ward.priority.odl"}),
    ({"stations/ward/routes/0/to": {"home": "half", "leave": 0.5, "hmoe": 0.5}}, {"stations.ward.routes.0.to.home",
      "stations.ward.routes.0.to.hmoe"}),
    ({"stations/ward/routes": [5, {"to": {"hmoe": 1}}]}, {"stations.ward.routes.0", "stations.ward.routes.1.to.hmoe"}),
    ({"stations/ward/service": [{"use": 5}, {"where": {"frial": "no"}, "use": "short"}]},
     {"stations.ward.service.0.use", "stations.ward.service.1.where.frial", "stations.ward.service"}),
    ({"stations/ward/window": {"hours": [9, 25]}, "stations/ward/slots": [{"each_hour": 1, "hours": [9, 8]}]},
     {"stations.ward.window.hours.1", "stations.ward.slots.0.hours"}),
    ({"stations/ward/escalation": {"places": 0, "trigger": {}}}, {"stations.ward.escalation.places",
      "stations.ward.escalation.trigger"}),
    ({"census": [5, {"station": "wrad", "class": "old", "count": 1}]}, {"census.0", "census.1.station"}),
    ({"census/0/count": "some", "stations/ward/places": 0}, {"census.0.count"}),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "keys"), TOGETHER)
def test_all_that_can_be_judged_is_judged(changes: dict[str, Any], keys: set[str]) -> None:
    found = faults_of(changes)
    assert {f.key for f in found} == keys
    assert len(found) == len(keys)
    for fault in found:
        assert fault.example


def test_what_is_checked_is_not_changed() -> None:
    data = changed({"horizon": 3, "stations/ward/places": "x"})
    before = copy.deepcopy(data)
    with pytest.raises(FaultsError):
        load_network(data)
    assert data == before


# -- lines of the file ------------------------------------------------------------------------------------------------

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
        "sources.door.class": f"{path}:5",
        "stations.ward.service": f"{path}:10",
    }
    said = str(caught.value).splitlines()
    assert [line.split(":")[1] for line in said[1:]] == ["2", "5", "9", "10", "12"]
    assert said[1] == (
        f"  - {path}:2: horizon = 20: give a duration with its unit (ms, s, min, h, d, w), for example '4 h'. "
        "For example: horizon: 365 d"
    )
    assert f"{path}:9: stations.ward.waiting_rom: unknown key" in said[3]
    assert said[3].endswith("Did you mean 'waiting_room'? For example: waiting_room: 12")


def test_lines_of_rules_between_fields(tmp_path: Path) -> None:
    text = BAD.replace("horizon: 20", "horizon: 20 d").replace("waiting_rom", "waiting_room").replace("4}", "4 d}")
    path = write(tmp_path, text)
    with pytest.raises(FaultsError) as caught:
        load_network(str(path))
    assert {f.key: (f.file, f.nearest) for f in caught.value.faults} == {
        "sources.door.class": (f"{path}:5", "old"),
        "stations.ward.service": (f"{path}:10", ""),
    }


SHORT_FORMS = """\
horizon: 9 d
pools:
  nurses: {places: 2}
stations:
  ward:
    places: 3
    service: {kind: exponential, mean: 1 d}
    window:
      hours: [9, 8]
    escalation:
      places: 1
      trigger: {}
    holds:
      nurse: 2
"""


def test_lines_and_keys_of_short_forms(tmp_path: Path) -> None:
    path = write(tmp_path, SHORT_FORMS)
    with pytest.raises(FaultsError) as caught:
        load_network(path)
    assert [(f.key, f.file) for f in caught.value.faults] == [
        ("stations.ward.window.hours", f"{path}:9"),
        ("stations.ward.escalation.trigger", f"{path}:12"),
        ("stations.ward.holds.nurse", f"{path}:14"),
    ]


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


def test_true_is_no_number_of_places():
    station = {"places": True, "service": {"kind": "exponential", "mean": "1 d"}}
    with pytest.raises(FaultsError, match="places"):
        load_network({"horizon": "1 d", "classes": ["a"], "stations": {"x": station}})


# -- how a fault is said ----------------------------------------------------------------------------------------------


def test_a_fault_in_words() -> None:
    bare = Fault("stations.ward.places", "x", "give a number.")
    assert str(bare) == "stations.ward.places = 'x': give a number."
    full = Fault("to", "wrad", "no such station.", "a.yaml:3", "ward", "to: ward")
    assert str(full) == "a.yaml:3: to = 'wrad': no such station. Did you mean 'ward'? For example: to: ward"


@pytest.mark.parametrize(
    ("word", "choices", "best"),
    [
        ("rate", ["attend", "rate_per_day", "generate"], "rate_per_day"),  # begins with it
        ("room", ["form", "inside_room"], "inside_room"),  # contains it
        ("service", ["services_of_all", "services"], "services"),  # the shortest that begins with it
        ("WARD", ["wards"], "wards"),
        ("wrad", ["ward", "yard"], "ward"),
        ("an", ["annexe", "man"], "man"),  # two letters tell nothing: merely alike
        ("beds", ["places", "to"], ""),
        ("herford", ["Telford and Wrekin", "Herefordshire and Worcestershire"], "Herefordshire and Worcestershire"),
    ],
)
def test_nearest_choice(word: str, choices: list[str], best: str) -> None:
    assert nearest(word, choices) == best
