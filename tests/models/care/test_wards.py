"""Wards: exact loads, the present model as one pool, outliers, escalation, critical care, long stays."""

from __future__ import annotations

import datetime as dt
import math
from pathlib import Path
from typing import Any

import pytest
import yaml

from models.care.demand_shape import DemandShape
from models.care.wards import (
    Hospital,
    Wards,
    critical_care,
    divide,
    quarters,
    read_wards,
    stay_rules,
    ward,
    wards,
)
from models.system.system import build
from sim.errors import FaultsError
from sim.network.schema import Station
from sim.results import Results, simulate
from sim.theory.delay import mmc

CONFIG = Path(__file__).resolve().parents[3] / "configs" / "care" / "wards.yaml"
FLAT = DemandShape(hour=(1.0,) * 24)
AMPLE = {"medical": 400, "older_people": 300, "surgical": 300}


def data() -> dict[str, Any]:
    return yaml.safe_load(CONFIG.read_text(encoding="utf-8"))


def care(**changes: Any) -> Wards:
    """Wards without extras and with free discharge hours, changed as given (dotted keys as ``a__b``)."""
    found = data()
    for key in ("outliers", "escalation", "critical_care"):
        found[key]["enabled"] = False
    found["blocking"] = False
    found["discharge"] = []
    for key, value in changes.items():
        *path, last = key.split("__")
        here = found
        for part in path:
            here = here[part]
        here[last] = value
    return read_wards(found)


def network(part: Any, sources: dict[str, Any], days: int = 1500, **more: Any) -> dict[str, Any]:
    return {
        "horizon": f"{days} d",
        "warm_up": "200 d",
        "classes": ["emergency", "direct"],
        "attributes": {"need": ["zero_day", "one_night", "medium", "long"]},
        "sources": sources,
        "stations": part.stations,
        "observe": {"clocks": part.clocks, **more},
    }


def to_each(rates: dict[str, float], need: str = "medium") -> dict[str, Any]:
    return {g: FLAT.source("emergency", ward("a", g), rate, {"need": need}) for g, rate in rates.items()}


def of(results: Results, name: str, measure: str, row: str = "all") -> float:
    return results.figure(name, measure, row).value


def test_config_reads_and_faults_name_the_key():
    read_wards(data())
    wrong = data()
    wrong["escalation"]["called_at"]["unit"] = "percent"
    wrong["stays"]["long"]["mean_days"]["value"] = "long"
    with pytest.raises(FaultsError) as caught:
        read_wards(wrong)
    keys = " ".join(fault.key for fault in caught.value.faults)
    assert "escalation.called_at" in keys and "stays.long.mean_days" in keys
    wrong = data()
    wrong["outliers"]["order"]["medical"] = ["surgcal"]
    with pytest.raises(FaultsError, match="did you mean 'surgical'"):
        read_wards(wrong)


def test_beds_of_other_groups_are_refused():
    with pytest.raises(FaultsError) as caught:
        wards(Hospital("a", {"medical": 3, "surgery": 4}), care())
    text = str(caught.value)
    assert "beds.surgery" in text and "'surgical'" in text and "beds.older_people" in text


@pytest.mark.parametrize("beds", [1, 2, 7, 100, 739, 740])
def test_beds_are_divided_whole(beds):
    found = divide(beds, care())
    assert sum(found.values()) == beds and min(found.values()) >= 0
    assert all(abs(found[g] - beds * s) < 1 for g, s in care().split.shares.items())
    assert divide(beds, care(groups="one")) == {"all": beds}


def test_one_pool_is_the_ward_of_the_present_model(chosen):
    """Station for station, as it is read: beds by quarter, stays, season, discharge hours and routes of Devon."""
    footprint, fit, horizon = chosen.footprint, chosen.fit, dt.date(2024, 4, 1)
    system = build(footprint, fit, chosen.future, horizon)
    reported = footprint.delays.reported_share.value
    stays = {
        name: {"mean_days": {**data()["stays"]["medium"]["mean_days"], "value": cohort.mean_at(reported)}}
        for name, cohort in footprint.cohorts.items()
    }
    stays["one_night"]["cv"] = data()["stays"]["one_night"]["cv"]
    hours = footprint.discharge.model_dump()
    one = care(groups="one", stays=stays, discharge=[hours])
    for site in footprint.sites:
        mine = system.network.model_dump(by_alias=True)["stations"][f"{site}_ward"]
        hospital = Hospital(
            str(site),
            {"all": quarters(footprint.start, horizon, [system.beds[site][q] for q in (1, 2, 3, 4)], "places")},
            routes=[_renamed(rule) for rule in mine["routes"]],
            stay_factor=fit.stay_factor[site],
            multiplier=quarters(footprint.start, horizon, footprint.demand.stay_season.values),
            rules={"all": {"waiting_room": {"elective": 0}}},
        )
        ours = wards(hospital, one).stations[ward(site)]
        read = Station.model_validate(ours)
        theirs = system.network.stations[f"{site}_ward"]
        assert isinstance(theirs.service, list)
        assert read.service == [r.model_copy(update={"where": _need(r.where)}) for r in theirs.service]
        for field in set(Station.model_fields) - {"service", "routes"}:
            assert getattr(read, field) == getattr(theirs, field), field
        assert [r.model_dump(exclude={"where"}) for r in read.routes] == [
            r.model_dump(exclude={"where"}) for r in theirs.routes
        ]


def _need(where: dict[str, Any]) -> dict[str, Any]:
    return {"need" if key == "cohort" else key: value for key, value in where.items()}


def _renamed(rule: Any) -> dict[str, Any]:
    to = {k: {"share": v["share"], "transition": _service(v["transition"])} for k, v in rule["to"].items()}
    return {"where": _need(rule["where"]), "to": {k: _known(v) for k, v in to.items()}}


def _service(given: Any) -> Any:
    return given and {"kind": given["kind"], "mean": f"{given['mean']!r} ms"}


def _known(given: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in given.items() if value is not None}


def test_offered_load_of_every_group():
    plain = care(stays=data()["stays"])
    part = wards(Hospital("a", AMPLE), plain)
    results = simulate(network(part, to_each({"medical": 12, "older_people": 5, "surgical": 8})), replications=4)
    for group, rate in (("medical", 12), ("older_people", 5), ("surgical", 8)):
        load = rate * 4.9 * plain.group_factor[group].value
        assert of(results, ward("a", group), "number_in_service") == pytest.approx(load, rel=0.03)


def test_a_pool_of_exponential_stays_is_mmc():
    part = wards(Hospital("a", {"all": 30}), care(groups="one"))
    source = {"in": FLAT.source("emergency", ward("a"), 5.5, {"need": "medium"})}
    results = simulate(network(part, source, 12_000), replications=6)
    queue = mmc(30, 5.5, 1 / 4.9)
    wait = results.figure(ward("a"), "wait_mean")
    assert abs(wait.value - queue.Wq) < 2 * wait.half_width < 0.3 * queue.Wq


def test_stays_by_need_and_group():
    rules = stay_rules(care(), "older_people", 1.1)
    assert [rule.get("where", {}).get("need") for rule in rules] == ["zero_day", "one_night", "medium", None]
    assert rules[2]["use"] == {"kind": "exponential", "mean": f"{4.9 * (1.15 * 1.1)!r} d"}
    assert rules[1]["use"]["cv"] == 0.4


def test_separate_outlying_and_pooled_beds_wait_in_that_order():
    """Beds in separate groups wait longest; outliers nearly pool them; one pool waits least."""
    rates, beds = {"medical": 5.0, "older_people": 3.0, "surgical": 4.0}, {"medical": 29, "older_people": 20}
    beds |= {"surgical": 21}
    alike = {"group_factor": {}}
    apart = wards(Hospital("a", beds), care(**alike))
    lent = wards(Hospital("a", beds), care(**alike, outliers__enabled=True))
    pool = wards(Hospital("a", {"all": 70}), care(groups="one", **alike))
    into_pool = {g: s | {"to": ward("a")} for g, s in to_each(rates).items()}
    runs = {
        "apart": simulate(network(apart, to_each(rates)), replications=3),
        "lent": simulate(network(lent, to_each(rates)), replications=3),
        "pool": simulate(network(pool, into_pool), replications=3),
    }
    waiting = {name: of(r, "system", "number_waiting") for name, r in runs.items()}
    assert waiting["apart"] > 2 * waiting["lent"]
    assert waiting["lent"] >= waiting["pool"]
    out = sum(of(runs["lent"], ward("a", g), "number_outlying") for g in rates)
    home = sum(of(runs["lent"], ward("a", g), "repatriated_total") for g in rates)
    assert 0.5 < out < 20 and home > 50
    assert of(runs["apart"], ward("a", "medical"), "number_outlying") == 0


def test_outliers_who_stay_put_are_more():
    beds = {"medical": 27, "older_people": 20, "surgical": 24}
    rates = {"medical": 5.0, "older_people": 3.0, "surgical": 4.0}
    out = {}
    for moved in (True, False):
        part = wards(Hospital("a", beds), care(outliers__enabled=True, outliers__repatriate=moved, group_factor={}))
        results = simulate(network(part, to_each(rates)), replications=3)
        out[moved] = sum(of(results, ward("a", g), "number_outlying") for g in rates)
        assert (of(results, ward("a", "medical"), "repatriated_total") > 0) == moved
    assert out[False] > out[True] > 0


def test_escalation_beds_open_under_pressure_only():
    extra = {"groups": "one", "escalation__enabled": True}
    slow = {"escalation__lead_hours": {**data()["escalation"]["lead_hours"], "value": 72}}

    def run(beds: int, **changes: Any) -> Results:
        part = wards(Hospital("a", {"all": beds}), care(groups="one") if not changes else care(**changes), 0, 6)
        source = {"in": FLAT.source("emergency", ward("a"), 10, {"need": "medium"})}
        return simulate(network(part, source), replications=3)

    off, on, late = run(52), run(52, **extra), run(52, **extra, **slow)
    assert of(off, ward("a"), "places_open") == 52
    assert 52 < of(on, ward("a"), "places_open") < 58
    waits = [of(r, ward("a"), "wait_mean") for r in (off, late, on)]
    assert waits[0] > waits[1] > waits[2]
    assert of(run(120, **extra), ward("a"), "places_open") == 120


def test_critical_care_is_blocked_when_wards_are_full():
    step_down = {"shares": {"medical": 1.0}, "year": "2018/19", "basis": "national"}
    on = care(critical_care__enabled=True, critical_care__step_down=step_down, blocking=True)
    blocked = {}
    for beds in (400, 42):
        part = wards(Hospital("a", AMPLE | {"medical": beds}), on, critical_places=20)
        sources = to_each({"medical": 7.0}) | {
            "critical": FLAT.source("emergency", critical_care("a"), 1.5, {"need": "medium"})
        }
        results = simulate(network(part, sources), replications=3)
        blocked[beds] = of(results, critical_care("a"), "number_blocked")
        if beds == 400:
            assert of(results, critical_care("a"), "number_in_service") == pytest.approx(1.5 * 4.5, rel=0.05)
            assert of(results, ward("a", "medical"), "number_in_service") == pytest.approx(8.5 * 4.9, rel=0.05)
    assert blocked[400] == 0 and blocked[42] > 0.3
    assert critical_care("a") not in wards(Hospital("a", AMPLE), care(), critical_places=20).stations


def test_long_stays_are_counted_as_people_leave():
    """The share beyond a limit is the survival function of stays that begin without a wait."""
    part = wards(Hospital("a", AMPLE), care(group_factor={}))
    results = simulate(network(part, to_each({"medical": 10.0}, "long"), 2000), replications=3)
    for days in (7, 21):
        over = 1 - of(results, f"{ward('a', 'medical')}_{days}_days", "share_within")
        assert over == pytest.approx(math.exp(-days / 17.6), abs=0.01)
    assert not wards(Hospital("a", AMPLE), care(long_stays__enabled=False)).clocks


def test_quarters_follow_the_calendar():
    steps = quarters(dt.date(2017, 12, 15), dt.date(2019, 1, 2), [1, 2, 3, 4], "places")
    days = [dt.date(2017, 12, 15), *(dt.date(2018, m, 1) for m in (1, 4, 7, 10)), dt.date(2019, 1, 1)]
    assert [step["from"] for step in steps] == days
    assert [step["places"] for step in steps] == [3, 4, 1, 2, 3, 4]
