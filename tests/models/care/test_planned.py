"""Planned care: the list, cancellations on the day, clocks, and Lane's behaviour."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import yaml

from models.care.demand_shape import DemandShape
from models.care.outcomes import death_while_waiting, deaths, read_outcomes, readmissions, with_deaths
from models.care.part import together
from models.care.planned import (
    Beds,
    Planned,
    Referrals,
    bed_rules,
    planned,
    planned_classes,
    read_planned,
    session_slots,
    slots_needed,
    theatre_cancelled,
    theatre_list,
)
from models.care.wards import Hospital, critical_care, read_wards, ward, wards
from sim.errors import FaultsError
from sim.results import Results, simulate

ROOT = Path(__file__).resolve().parents[3]
FLAT = DemandShape(hour=(1.0,) * 24)
LIST, CANCELLED, WARD = theatre_list("a"), theatre_cancelled("a"), "a_ward_surgical"


@pytest.fixture(scope="module")
def care() -> Planned:
    text = (ROOT / "configs" / "care" / "planned.yaml").read_text(encoding="utf-8")
    return plain(read_planned(yaml.safe_load(text)))


def with_(care: Planned, section: str, **values: Any) -> Planned:
    """The same with other numbers or switches in one section."""
    old = getattr(care, section)
    new = {}
    for key, value in values.items():
        is_number = not isinstance(value, bool)
        update = {"value": float(value), "low": None, "high": None}
        new[key] = getattr(old, key).model_copy(update=update) if is_number else value
    return care.model_copy(update={section: old.model_copy(update=new)})


def plain(care: Planned) -> Planned:
    """Nothing but list, theatre and ward."""
    for section in ("referral", "untreated", "critical_care"):
        care = with_(care, section, enabled=False)
    care = with_(care, "rebooking", tracked=False)
    return with_(care, "theatre", other_cancellations=0.0, preparation_hours=0, hold_hours=0)


def network(
    care: Planned,
    beds: int,
    elective: float = 10.0,
    urgent: float = 0.0,
    *,
    slots: int | None = None,
    days: int = 1500,
    **more: Any,
) -> dict[str, Any]:
    """Planned care in front of a ward that admits emergencies too; stays of four days."""
    part = planned("a", Referrals(elective, FLAT, **more), care, Beds(WARD), slots)
    ward = {"places": beds, "service": {"kind": "exponential", "mean": "4 d"}, **bed_rules(care, ["emergency"], beds)}
    sources = part.sources | ({"door": FLAT.source("emergency", WARD, urgent)} if urgent else {})
    return {
        "horizon": f"{days} d",
        "warm_up": "300 d",
        "classes": ["emergency", *planned_classes(care)],
        "attributes": {"need": ["one_night", "medium", "zero_day"], "critical": ["no", "yes"]},
        "sources": sources,
        "stations": part.stations | {WARD: ward},
        "census": part.census,
        "observe": {"clocks": part.clocks},
    }


def of(results: Results, name: str, measure: str, row: str = "all") -> float:
    return results.figure(name, measure, row).value


def test_config_reads_and_faults_name_the_key(care):
    data = yaml.safe_load((ROOT / "configs" / "care" / "planned.yaml").read_text(encoding="utf-8"))
    data["theatre"]["hold_hours"]["unit"] = "minutes"
    data["rebooking"]["notice_days"]["value"] = 0
    with pytest.raises(FaultsError) as caught:
        read_planned(data)
    keys = " ".join(fault.key for fault in caught.value.faults)
    assert "theatre.hold_hours" in keys and "rebooking.notice_days" in keys


@pytest.mark.parametrize("per_week", [0, 1, 7, 44, 45, 46, 203, 1000])
def test_slots_of_a_week_are_whole_and_sum_exactly(care, per_week):
    slots = session_slots(per_week, care.theatre.sessions)
    assert sum(s["each_hour"] * len(s["weekdays"]) for s in slots) == per_week
    each = [s["each_hour"] for s in slots]
    assert not each or max(each) - min(each) <= 1
    assert all(8 <= s["hours"][0] < 17 and set(s["weekdays"]) <= {0, 1, 2, 3, 4} for s in slots)


def test_with_beds_to_spare_nobody_is_cancelled_and_offered_load_holds(care):
    results = simulate(network(care, 400), replications=4)
    assert of(results, CANCELLED, "transferred_in_total") == 0
    assert of(results, WARD, "number_in_service") == pytest.approx(40, rel=0.02)  # 10 a day x 4 d
    assert of(results, LIST, "started_rate") == pytest.approx(10, rel=0.02)


def test_everything_switched_on_reads_and_flows_balance(care):
    on = with_(with_(care, "rebooking", tracked=True), "day_cases", enabled=True)
    for section in ("referral", "untreated", "critical_care"):
        on = with_(on, section, enabled=True)
    on = with_(on, "theatre", other_cancellations=0.007, preparation_hours=2, hold_hours=4)
    part = planned("a", Referrals(6.0, FLAT, {"one_night": 0.5, "medium": 0.5}), on, Beds(WARD, "a_critical_care"))
    data = network(on, 30)
    step_down = {"places": 6, "service": {"kind": "exponential", "mean": "2 d"}, "routes": [{"to": {WARD: 1.0}}]}
    data |= {"sources": part.sources, "observe": {"clocks": part.clocks, "by": ["critical"]}}
    data["stations"] = (
        part.stations | {"a_critical_care": step_down | bed_rules(on, [])} | {WARD: data["stations"][WARD]}
    )
    results = simulate(data, replications=2)
    came = of(results, "system", "arrived_rate")
    assert came == pytest.approx(6 / (1 - on.day_cases.share.value), rel=0.03)
    yes = of(results, "a_18_weeks_critical_care", "ended_total", "elective, critical=yes")
    no = of(results, "a_18_weeks_ward", "ended_total", "elective, critical=no")
    assert yes / (yes + no) == pytest.approx(0.04, abs=0.012)
    assert of(results, "a_day_unit", "started_rate") == pytest.approx(came * 0.81, rel=0.1)
    assert of(results, LIST, "reneged_total") > 0


def test_cancelled_people_keep_their_place(care):
    """The first one referred is cancelled on Monday for want of a bed and is back in a week, before twenty others."""
    data = network(care, 400, days=40) | {"start": dt.date(2018, 4, 2), "warm_up": "0 d"}
    first = {"class": "elective", "to": LIST, "times": ["0 h"], "attributes": {"need": "medium"}}
    others = {"class": "elective", "to": LIST, "times": [f"{n} h" for n in range(1, 21)]}
    data["sources"] = {"first": first, "others": others}
    data["stations"][LIST]["slots"] = [{"hours": [8, 9], "each_hour": 1}]
    data["stations"][WARD]["places"] = [{"from": "0 d", "places": 0}, {"from": "1 d", "places": 400}]
    data["observe"]["by"] = ["need"]
    results = simulate(data, replications=1)
    assert of(results, CANCELLED, "transferred_in_total") == 1
    # back at 8 on the second Monday, when that day's slot is gone: operated on at 8 on Tuesday, at the head of the list
    assert of(results, "a_18_weeks_ward", "mean", "elective, need=medium") == pytest.approx(8 + 8 / 24)


def test_tracking_cancellations_changes_no_path(care):
    """The class tells who was cancelled; at equal priority everything else is the same."""
    off = simulate(network(care, 46, elective=10.0, urgent=2.0), replications=2)
    on = simulate(network(with_(care, "rebooking", tracked=True), 46, elective=10.0, urgent=2.0), replications=2)
    for name, measure in (
        (CANCELLED, "transferred_in_total"),
        (WARD, "started_total"),
        (WARD, "number_in_service"),
        (LIST, "number_waiting"),
        ("a_18_weeks_ward", "mean"),
    ):
        assert of(on, name, measure) == of(off, name, measure), (name, measure)
    assert of(on, CANCELLED, "transferred_in_total") > 100


def test_a_new_date_within_28_days_is_read_by_class(care):
    """With cancelled people first, a new date comes with the next session; at equal priority, by date of referral."""
    first = with_(with_(care, "rebooking", tracked=True), "rebooking", first=True)
    results = simulate(network(first, 46, elective=10.0, urgent=2.0), replications=2)
    seen = of(results, "a_new_date", "ended_total", "elective_cancelled")
    assert seen > 100
    assert of(results, "a_new_date", "share_within", "elective_cancelled") == 1.0
    assert of(results, "a_new_date", "mean", "elective_cancelled") < 3.0  # at most over a weekend


def test_clock_of_treatment_runs_through_cancellations(care):
    """The 18-week clock ends once a treated person, at the bed."""
    results = simulate(network(care, 44, elective=10.0, urgent=2.0), replications=2)
    ended = of(results, "a_18_weeks_ward", "ended_total", "elective")
    assert ended == of(results, WARD, "started_total", "elective")
    assert of(results, LIST, "started_total", "elective") > ended  # some slots were lost
    lost = of(results, CANCELLED, "transferred_in_total", "elective")
    assert of(results, LIST, "started_total", "elective") - ended == pytest.approx(lost, abs=5)


def test_cancer_goes_first(care):
    busy = network(care, 60, elective=10.0, slots=70, waiting={"elective": 1000})
    results = simulate(busy, replications=2)
    waits = {c: of(results, LIST, "wait_mean", c) for c in ("cancer", "elective")}
    assert waits["cancer"] < 3 and waits["elective"] > 30
    assert of(results, "a_62_days_ward", "share_within", "cancer") == 1.0


def test_slots_limit_the_work_and_leaving_untreated_takes_the_rest(care):
    """Three referrals for two slots: theatre works at its slots, the others leave, at their rate times the list."""
    leaving = with_(with_(care, "untreated", enabled=True), "untreated", elective_mean_days=100, cancer_mean_days=100)
    results = simulate(network(leaving, 400, elective=15.0, slots=70, days=3000), replications=4)
    assert of(results, LIST, "slots_used") == pytest.approx(1.0, abs=0.001)
    assert of(results, LIST, "started_rate") == pytest.approx(10.0, rel=0.01)
    assert of(results, LIST, "reneged_rate") == pytest.approx(5.0, rel=0.03)
    assert of(results, LIST, "number_waiting") == pytest.approx(500, rel=0.03)  # 5 a day x 100 d


def test_other_reasons_cancel_their_share(care):
    """Each try fails with the share given; cancelled over treated is then share / (1 - share)."""
    results = simulate(network(with_(care, "theatre", other_cancellations=0.05), 400), replications=4)
    per_treated = of(results, CANCELLED, "transferred_in_total") / of(results, WARD, "started_total")
    assert per_treated == pytest.approx(0.05 / 0.95, rel=0.06)


def test_holding_for_a_bed_saves_operations(care):
    shares = []
    for hold in (0, 4, 8):
        results = simulate(network(with_(care, "theatre", hold_hours=hold), 46, urgent=2.0), replications=2)
        shares.append(of(results, CANCELLED, "transferred_in_total"))
    assert shares[0] > shares[1] > shares[2] > 0


def test_fewer_beds_cancel_operations_and_leave_emergencies_alone(care):
    """Lane, Monefeldt and Rosenhead 2000: bed cuts hardly move emergency waits and raise cancellations ever faster."""
    beds = [96, 90, 84, 78, 72]
    waits, cancelled = [], []
    for n in beds:
        results = simulate(network(care, n, elective=8.0, urgent=9.0, slots=60, days=1200), replications=4)
        waits.append(of(results, WARD, "wait_mean", "emergency") * 24)
        tried = of(results, LIST, "started_total")
        cancelled.append(of(results, CANCELLED, "transferred_in_total") / tried)
    rises = [b - a for a, b in zip(cancelled, cancelled[1:], strict=False)]
    assert all(b > a > 0 for a, b in zip(rises, rises[1:], strict=False)), cancelled  # rising, and convex
    assert cancelled[-1] > 0.05
    assert max(waits) < 0.5, waits  # hours


def test_ring_fence_moves_the_burden(care):
    """Beds left free by urgent patients: fewer cancellations, longer waits for emergencies."""
    fenced = with_(with_(care, "ring_fence", enabled=True), "ring_fence", share_of_beds=0.06)
    one, two = (simulate(network(c, 72, elective=8.0, urgent=9.0, slots=60), replications=4) for c in (care, fenced))
    assert of(two, CANCELLED, "transferred_in_total") < 0.8 * of(one, CANCELLED, "transferred_in_total")
    assert of(two, WARD, "wait_mean", "emergency") > 2 * of(one, WARD, "wait_mean", "emergency")
    empty = with_(fenced, "ring_fence", share_of_beds=0.0)
    assert bed_rules(empty, ["emergency"], 72) == bed_rules(care, ["emergency"], 72)


def test_no_operations_in_a_pause(care):
    part = planned("a", Referrals(10.0, FLAT), care, Beds(WARD), pauses=[("300 d", "330 d")])
    data = network(care, 400, days=330) | {"stations": part.stations | {WARD: network(care, 400)["stations"][WARD]}}
    results = simulate(data, replications=2)
    assert of(results, LIST, "started_total") == 0
    assert of(results, LIST, "arrived_rate") == pytest.approx(10, rel=0.1)


def test_a_list_at_the_start_is_there_to_the_person(care):
    needs = {"one_night": 1 / 3, "medium": 2 / 3}
    part = planned("a", Referrals(1.0, FLAT, needs, {"elective": 1000, "cancer": 10}), care, Beds(WARD))
    assert sum(row["count"] for row in part.census) == 1010
    assert all(row["state"] == "waiting" and row["station"] == LIST for row in part.census)


def test_slots_needed_cover_the_referrals(care):
    assert slots_needed(Referrals(10.0, FLAT), care) == 74  # 70 a week and 5 % on top


def test_a_whole_hospital_fits_together():
    """Planned care, wards with outliers, escalation and critical care, deaths and returns, all switched on, in one."""
    files = {n: (ROOT / "configs" / "care" / f"{n}.yaml").read_text(encoding="utf-8") for n in ("wards", "outcomes")}
    outcomes, on = yaml.safe_load(files["outcomes"]), read_wards(yaml.safe_load(files["wards"]))
    for part in ("death_while_waiting", "readmission"):
        outcomes[part]["enabled"] = True
    after = read_outcomes(outcomes)
    everything = read_planned(yaml.safe_load((ROOT / "configs" / "care" / "planned.yaml").read_text(encoding="utf-8")))
    everything = with_(everything, "ring_fence", enabled=True)
    needs = {"one_night": 0.375, "medium": 0.43, "long": 0.195}
    beds, urgent = {"medical": 55, "older_people": 30, "surgical": 45}, ["emergency"]
    hospital = Hospital(
        "a",
        beds,
        routes=with_deaths("a", [{"to": {"leave": 1.0}}], after, urgent),
        rules={g: bed_rules(everything, urgent, n if g == "surgical" else 0) for g, n in beds.items()},
    )
    inside = wards(hospital, on, critical_places=6, extra_beds=8)
    for group in beds:
        inside.stations[ward("a", group)]["returns"] = readmissions(after, ward("a", "medical"), urgent)
    theatre = planned("a", Referrals(5.0, FLAT, needs), everything, Beds(ward("a", "surgical"), critical_care("a")))
    theatre.stations[LIST]["patience"] += death_while_waiting(after)
    whole = together([theatre, inside, deaths("a", after)])
    to = {"medical": 7.0, "older_people": 3.0, "surgical": 3.0}
    doors = {g: FLAT.source("emergency", ward("a", g), rate, {"need": needs}) for g, rate in to.items()}
    network = {
        "horizon": "900 d",
        "warm_up": "200 d",
        "classes": [*urgent, *planned_classes(everything)],
        "attributes": {"need": ["zero_day", "one_night", "medium", "long"], "critical": ["no", "yes"]},
        "sources": whole.sources | doors,
        "stations": whole.stations,
        "observe": {"clocks": whole.clocks, "by": ["critical"]},
    }
    results = simulate(network, replications=2)
    assert of(results, LIST, "died_total") > 0 and of(results, "a_death", "transferred_in_total") > 100
    assert of(results, ward("a", "medical"), "returned_total") > 500
    assert of(results, critical_care("a"), "number_in_service") == pytest.approx(5 * 0.04 * 4.5, rel=0.35)
    assert of(results, CANCELLED, "transferred_in_total") > 0
    assert sum(of(results, ward("a", g), "number_outlying") for g in beds) > 0


def test_a_bed_that_falls_free_goes_to_the_emergency_first(care):
    """Emergencies kept in A&E and planned patients held on the day wait for one bed: priority decides."""
    held = with_(care, "theatre", hold_hours=8)
    numbers = {}
    for kept in (True, False):
        data = network(held, 72, elective=8.0, urgent=9.0, slots=60)
        bed = data["stations"][WARD]
        bed["inside_room"] = 0
        bed["priority"] = bed["priority"] if kept else {}
        data["stations"]["ed"] = {"places": "inf", "service": {"kind": "exponential", "mean": "3 h"}}
        data["stations"]["ed"]["routes"] = [{"to": {WARD: 1.0}}]
        data["sources"]["door"]["to"] = "ed"
        results = simulate(data, replications=3)
        numbers[kept] = of(results, "ed", "number_blocked"), of(results, CANCELLED, "transferred_in_total")
    assert numbers[True][0] < numbers[False][0]
    assert numbers[True][1] > numbers[False][1]
