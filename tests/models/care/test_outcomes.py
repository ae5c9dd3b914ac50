"""Outcomes: shares that die and come back, as stated and whatever else happens."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from models.care.demand_shape import DemandShape
from models.care.outcomes import (
    Outcomes,
    death,
    death_while_waiting,
    deaths,
    odds_times,
    read_outcomes,
    readmission_share,
    readmissions,
    with_deaths,
)
from sim.clock import DAY
from sim.errors import FaultsError
from sim.network.schema import Service
from sim.results import Results, simulate
from sim.services import mean_ms, quantile, resolve
from sim.theory.limits import erlang_a

CONFIG = Path(__file__).resolve().parents[3] / "configs" / "care" / "outcomes.yaml"
FLAT = DemandShape(hour=(1.0,) * 24)
NEEDS = ["zero_day", "one_night", "medium", "long"]
AGES = ["0_17", "18_64", "65_74", "75_84", "85_plus"]
HOME = [{"to": {"leave": 1.0}}]


def data() -> dict[str, Any]:
    return yaml.safe_load(CONFIG.read_text(encoding="utf-8"))


def care(**on: bool) -> Outcomes:
    found = data()
    for section in ("death", "death_while_waiting", "readmission"):
        found[section]["enabled"] = on.get(section, False)
    found["readmission"]["early_discharge"] = on.get("early_discharge", False)
    return read_outcomes(found)


def network(ward: dict[str, Any], part: Any = None, rate: float = 40.0, **attributes: Any) -> dict[str, Any]:
    service = {"kind": "exponential", "mean": "4 d"}
    return {
        "horizon": "1200 d",
        "warm_up": "200 d",
        "classes": ["emergency", "elective"],
        "attributes": {"need": NEEDS, "age": AGES},
        "sources": {"in": FLAT.source("emergency", "ward", rate, attributes or None)},
        "stations": {"ward": {"places": "inf", "service": service} | ward} | (part.stations if part else {}),
        "observe": {"by": ["need", "age"] if attributes else []},
    }


def of(results: Results, name: str, measure: str, row: str = "all") -> float:
    return results.figure(name, measure, row).value


def test_config_reads_and_faults_name_the_key():
    assert isinstance(read_outcomes(data()), Outcomes)
    wrong = data()
    wrong["death"]["share"]["long"]["value"] = 1.4
    wrong["readmission"]["bands"].reverse()
    with pytest.raises(FaultsError) as caught:
        read_outcomes(wrong)
    keys = [fault.key for fault in caught.value.faults]
    assert any("death.share.long" in key for key in keys) and any("readmission" in key for key in keys)


def test_switched_off_nothing_changes():
    off = care()
    assert with_deaths("a", HOME, off) == HOME
    assert deaths("a", off).stations == {}
    assert death_while_waiting(off) == [] and readmissions(off, "ward") == []


def test_deaths_are_the_share_of_their_need():
    on = care(death=True)
    mix = {"one_night": 0.4, "medium": 0.4, "long": 0.2}
    ward = {"routes": with_deaths("a", HOME, on)}
    results = simulate(network(ward, deaths("a", on), need=mix, age={"18_64": 1.0}), replications=4)
    for need in mix:
        row = f"emergency, need={need}, age=18_64"
        died = of(results, death("a"), "transferred_in_total", row)
        share = died / of(results, "ward", "served_total", row)
        assert share == pytest.approx(on.death.share[need].value, rel=0.15), need
    overall = of(results, death("a"), "transferred_in_total") / of(results, "ward", "served_total")
    assert overall == pytest.approx(sum(on.death.share[n].value * s for n, s in mix.items()), rel=0.05)


def test_deaths_by_age():
    on = care(death=True)
    ward = {"routes": with_deaths("a", HOME, on, by_age=True)}
    found = network(ward, deaths("a", on), need={"long": 1.0}, age={"18_64": 0.5, "85_plus": 0.5})
    results = simulate(found, replications=4)
    for age, risk in (("18_64", 0.35), ("85_plus", 2.2)):
        row = f"emergency, need=long, age={age}"
        died = of(results, death("a"), "transferred_in_total", row)
        assert died / of(results, "ward", "served_total", row) == pytest.approx(0.09 * risk, rel=0.07)


def test_survivors_keep_the_ways_out_they_had():
    """Pathways, delays before them and classes that are spared stay as they were."""
    on = care(death=True)
    delay = {"kind": "exponential", "mean": "2 d"}
    rules = [
        {
            "where": {"class": "emergency", "need": "long"},
            "to": {"p1": {"share": 0.4, "transition": delay}, "leave": 0.6},
        },
        {"to": {"leave": 1.0}},
    ]
    found = with_deaths("a", rules, on, classes=["emergency"])
    assert found[0]["to"] == {"p1": {"share": 0.4 * 0.91, "transition": delay}, "leave": 0.6 * 0.91, death("a"): 0.09}
    assert found[0]["where"] == {"class": ["emergency"], "need": ["long"]}
    assert found[1] == rules[0] and found[-1] == rules[1]
    assert [rule["where"]["need"] for rule in found[2:-1]] == NEEDS
    assert not any("elective" in str(rule.get("where")) for rule in found)
    only_elective = [{"where": {"class": "elective"}, "to": {"leave": 1.0}}, *HOME]
    assert with_deaths("a", only_elective, on, classes=["emergency"])[0] == only_elective[0]
    steps = [{"to": {"leave": [{"from": "0 d", "value": 1.0}]}}]
    assert with_deaths("a", steps, on)[0]["to"]["leave"] == [{"from": "0 d", "value": 1 - 0.005}]


def test_rules_that_choose_are_refused():
    with pytest.raises(FaultsError, match="routes.0.choose"):
        with_deaths("a", [{"choose": "shortest", "to": ["p1", "p2"]}], care(death=True))


def test_death_while_waiting_is_exact():
    """A constant hazard in a queue is impatience: Erlang A gives the share that dies."""
    found = data()
    found["death_while_waiting"] |= {"enabled": True}
    found["death_while_waiting"]["hazard"] |= {"value": 0.1, "high": 0.1}
    on = read_outcomes(found)
    ward = {"places": 20, "patience": death_while_waiting(on, ["emergency"])}
    results = simulate(network(ward, rate=5.2), replications=6)
    exact = erlang_a(20, 5.2, 1 / 4, 0.1)
    died = results.figure("ward", "share_died")
    assert abs(died.value - exact.p_abandon) < 2 * died.half_width < 0.5 * exact.p_abandon
    assert of(results, "ward", "died_rate") == pytest.approx(0.1 * of(results, "ward", "number_waiting"), rel=0.05)


def test_readmissions_add_their_share_again_and_again():
    """Visits are arrivals / (1 - share): people who came back may come back again."""
    on = care(readmission=True)
    results = simulate(network({"returns": readmissions(on, "ward")}), replications=4)
    assert of(results, "ward", "returned_total") / of(results, "ward", "left_total") == pytest.approx(0.138, rel=0.02)
    assert of(results, "ward", "number_in_service") == pytest.approx(40 * 4 / (1 - 0.138), rel=0.02)


def test_who_comes_back_is_back_within_30_days():
    rule = readmissions(care(readmission=True), "ward")[0]
    resolved = resolve(Service.model_validate(rule["after"]))
    assert quantile(resolved, np.array([0.5, 1.0 - 1e-9])) / DAY == pytest.approx([8.15, 30.0], abs=0.01)
    assert mean_ms(resolved) / DAY == pytest.approx(10.01, abs=0.01)


def test_early_discharge_raises_the_odds():
    """Blom 2015: odds 1.11 times at 95 to 100 %, 1.17 times at 100 to 105 %."""
    on, off = care(readmission=True, early_discharge=True), care(readmission=True)
    assert [readmission_share(on, o) for o in (None, 0.90, 0.949)] == [0.138] * 3
    for occupancy, ratio in ((0.95, 1.11), (0.99, 1.11), (1.0, 1.17), (1.05, 1.17)):
        share = readmission_share(on, occupancy)
        assert share / (1 - share) == pytest.approx(ratio * 0.138 / 0.862)
        assert readmission_share(off, occupancy) == 0.138
    assert readmission_share(on, 0.97) == pytest.approx(0.1509, abs=0.0001)
    assert readmissions(on, "ward", ["emergency"], 0.97)[0]["probability"] == readmission_share(on, 0.97)
    assert odds_times(0.0, 3.0) == 0.0 and odds_times(1.0, 3.0) == 1.0 and odds_times(0.3, 1.0) == 0.3
