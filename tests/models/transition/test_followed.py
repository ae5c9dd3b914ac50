"""Who comes to which hospital: exact shares, and nobody lost whatever a plan says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.transition.followed import merged_services, said_by_shifts, share_that_follows, still_come
from models.transition.idle import idle_moves
from tests.models.transition.made_up import around, figure, months, plan_of

RATES = {"exeter": 60.0, "torbay": 40.0, "plymouth": 80.0}
ON = "emergencies"
SHARES = st.floats(0, 1)
WAYS = st.dictionaries(st.sampled_from([(a, b) for a in RATES for b in RATES if a != b]), SHARES)


def test_those_who_leave_one_hospital_come_to_the_other():
    found = still_come({(ON, "demand>torbay", "exeter"): 0.1}, ON, RATES, {("plymouth", "torbay"): 0.2})
    assert found == pytest.approx({"exeter": 0.9, "torbay": 1 + (6 + 16) / 40, "plymouth": 0.8})


def test_those_who_are_avoided_do_not_go_elsewhere():
    found = still_come({(ON, "demand", "exeter"): 0.5}, ON, RATES, {("exeter", "torbay"): 0.2})
    assert found == pytest.approx({"exeter": 0.5 * 0.8, "torbay": 1 + 6 / 40, "plymouth": 1.0})


def test_what_is_about_others_changes_nothing():
    others = {("attendances", "demand", "exeter"): 0.5, (ON, "p2>p1", "exeter"): 0.5, ("stays", "stays", "exeter"): 0.9}
    assert still_come(others, ON, RATES, {}) == dict.fromkeys(RATES, 1.0)


def test_nobody_is_sent_where_nobody_is_followed():
    nobody = RATES | {"torbay": 0.0}
    assert still_come({}, ON, nobody, {("exeter", "torbay"): 0.5}) == dict.fromkeys(RATES, 1.0)


@given(st.dictionaries(st.sampled_from(list(RATES)), SHARES), WAYS, WAYS)
def test_nobody_is_lost_and_nobody_made(avoided, shifted, follow):
    effects = {(ON, "demand", at): n for at, n in avoided.items()}
    effects |= {(ON, f"demand>{to}", at): n for (at, to), n in shifted.items()}
    found = still_come(effects, ON, RATES, follow)
    assert min(found.values()) >= 0
    come = sum(found[site] * n for site, n in RATES.items())
    assert come == pytest.approx(sum(avoided.get(site, 1.0) * n for site, n in RATES.items()))


def test_so_many_follow_as_have_moved_of_what_was_there():
    assert [share_that_follows(n, 80) for n in (0, 20, 80, 90)] == [0, 0.25, 1, 1]
    assert share_that_follows(5, 0) == 0


def merging(setting: str, unit: str) -> dict:
    move = {"kind": "merge", "setting": setting, "from": "exeter", "to": "torbay", "size": figure(8, unit)}
    return move | {"overlap_months": months(3), "when": {"from": 0.5}}


def test_a_shift_in_the_same_plan_says_who_goes_and_the_run_tells_of_it():
    shift = {"kind": "shift", "from": "exeter", "to": "torbay", "when": {"from": 0.5}}
    shift |= {"effect": {"share": figure(0.1, "share"), "grade": "D"}}
    alone, both = plan_of(m=merging("beds", "beds")), plan_of(m=merging("beds", "beds"), who=shift)
    assert said_by_shifts(both) == {("exeter", "torbay"): "who"} and said_by_shifts(alone) == {}
    told = [one for one in idle_moves(both, around(), ["exeter", "torbay"], True) if one.move == "m"]
    assert ["shift 'who' says already" in one.why for one in told] == [True]
    assert idle_moves(alone, around(), ["exeter", "torbay"], True) == []


def test_services_that_move_need_a_way():
    plan = plan_of(a=merging("p2", "places"), b=merging("p2", "places"), c=merging("beds", "beds"))
    assert list(merged_services(plan)) == [("p2", "exeter", "torbay")]
