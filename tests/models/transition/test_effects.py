"""Effects: built up, faded, multiplied, by site and by step."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.transition import StageMachine, Switches
from models.transition.effects import level
from tests.models.transition.made_up import (
    Made,
    avoiding,
    briefed,
    closing,
    figure,
    gates,
    months,
    opening,
    plan_of,
    run,
)

DEMAND = ("emergencies", "demand", "exeter")


def effects(key, years=8, switches=None, **moves):
    machine = StageMachine(briefed(plan_of(**moves), switches=switches), 1, 0)
    return [t.effects.get(key) for t in run(machine, years)]


def test_at_once_without_a_ramp():
    found = effects(DEMAND, avoid=avoiding(-0.1))
    assert found == [None] * 12 + [pytest.approx(0.9)] * 84


def test_a_ramp_is_a_straight_line():
    found = effects(DEMAND, avoid=avoiding(-0.12, ramp=12))
    assert found[12:24] == pytest.approx([1 - 0.01 * (n + 0.5) for n in range(12)])
    assert found[24:] == pytest.approx([0.88] * 72)
    assert (
        effects(DEMAND, avoid=avoiding(-0.12, ramp=12), switches=Switches(ramp=False))[12:]
        == [pytest.approx(0.88)] * 84
    )


def test_an_effect_fades_after_its_ramp():
    found = effects(DEMAND, avoid=avoiding(-0.1, ramp=12, fade=0.3))
    lost = [1 - f for f in found[24:]]
    assert lost == pytest.approx([0.1 * 0.7 ** ((n + 0.5) / 12) for n in range(72)])


@given(st.floats(0.5, 60), st.floats(0, 0.9), st.floats(0, 300))
def test_levels_grow_to_one_and_never_beyond(ramp, fade, at):
    assert 0 <= level(at, ramp, fade) <= 1
    assert level(ramp, ramp, fade) == pytest.approx(1)
    assert level(ramp + 12, ramp, fade) == pytest.approx(1 - fade)
    if at < ramp:
        assert level(at, ramp, fade) <= level(min(ramp, at + 1), ramp, fade) + 1e-12
    else:
        assert level(at, ramp, fade) >= level(at + 1, ramp, fade) - 1e-12


def test_steps_bring_their_share_and_moves_multiply():
    stepped = {"from": 0.2, "to": 0.8, "every_months": 9}
    found = effects(DEMAND, avoid=avoiding(-0.1, when=stepped), more=avoiding(-0.2, when={"from": 0.9}))
    assert sorted({round(f, 9) for f in found if f}, reverse=True) == [0.975, 0.95, 0.925, 0.9, 0.72]


def test_shares_that_are_shifted_add_up_to_one_at_most():
    shift = {"kind": "shift", "from": "p2", "to": "p1", "when": {"from": 0.2}, "effect": {"grade": "D"}}
    two = shift | {"effect": {"share": figure(0.3, "share"), "grade": "D", "ramp_months": months(10)}}
    found = effects(("emergencies", "p2>p1", "exeter"), shift=two)
    assert found[12:22] == pytest.approx([0.3 * (n + 0.5) / 10 for n in range(10)])
    most = shift | {"effect": {"share": figure(0.7, "share"), "grade": "D"}}
    assert effects(("emergencies", "p2>p1", "exeter"), shift=two, more=most)[-1] == 1.0


def test_a_shift_between_sites_says_from_where_to_where():
    shift = {"kind": "shift", "from": "torbay", "to": "exeter", "when": {"from": 0.2}}
    shift |= {"effect": {"share": figure(0.3, "share"), "grade": "D", "affects": "attendances"}}
    machine = StageMachine(briefed(plan_of(shift=shift)), 1, 0)
    assert run(machine, 5)[-1].effects == {("attendances", "demand>exeter", "torbay"): pytest.approx(0.3)}


def test_stays_are_what_shortening_changes():
    shorten = avoiding(-0.05) | {"kind": "shorten"}
    found = effects(("stays", "stays", "torbay"), shorten=shorten)
    assert found[-1] == pytest.approx(0.95)


def test_places_that_open_may_have_an_effect_of_their_own():
    more = {"effect": {"share": figure(-0.04, "relative change"), "grade": "C"}, "when": {"from": 0.2, "to": 0.4}}
    found = effects(("emergencies", "p1", "exeter"), open_home=opening(**more))
    assert found[-1] == pytest.approx(0.96)
    seen = [f for f in found if f]
    assert np.all(np.diff(seen) <= 0)


def test_a_step_is_adopted_when_its_ramp_is_over():
    machine = StageMachine(briefed(plan_of(avoid=avoiding(ramp=7.5))), 1, 0)
    run(machine, 5)
    dates = {r.stage: r.date for r in machine.log if r.site == "exeter"}
    assert (dates["adopted"].year - dates["live"].year) * 12 + dates["adopted"].month - dates["live"].month == 8


def test_staff_recruited_and_retrained_are_counted_by_group():
    recruit = {"kind": "recruit", "setting": "nurses", "size": figure(30, "staff"), "when": {"from": 0.2}}
    retrain = recruit | {"kind": "retrain", "size": figure(9, "staff"), "sites": ["torbay"]}
    machine = StageMachine(briefed(plan_of(recruit=recruit, retrain=retrain, close_acute=closing(after=[]))), 1, 0)
    targets = run(machine, 5, Made())
    staff = {
        ("recruit", "nurses", "exeter"): 20,
        ("recruit", "nurses", "torbay"): 10,
        ("retrain", "nurses", "torbay"): 9,
    }
    assert [t.staff for t in targets] == [{}] * 12 + [staff] * 48


def test_staff_come_into_post_in_a_straight_line_over_the_lead_time():
    recruit = {"kind": "recruit", "setting": "nurses", "size": figure(30, "staff"), "when": {"from": 0.4}}
    machine = StageMachine(briefed(plan_of(recruit=recruit | {"lead_time_months": months(10)})), 1, 0)
    come = [t.staff.get(("recruit", "nurses", "exeter"), 0) for t in run(machine, 5)]
    assert come == [0] * 14 + [2 * n for n in range(10)] + [20] * 36


def test_staff_who_retrain_leave_first_and_come_back_once_they_have_learned():
    retrain = {"kind": "retrain", "setting": "nurses", "size": figure(9, "staff"), "sites": ["torbay"]}
    move = retrain | {"when": {"from": 0.4}, "lead_time_months": months(10)}
    targets = run(StageMachine(briefed(plan_of(retrain=move)), 1, 0), 5)
    assert [t.learning.get(("nurses", "torbay"), 0) for t in targets] == [0] * 14 + [9] * 46
    assert [t.staff.get(("retrain", "nurses", "torbay"), 0) for t in targets] == [0] * 24 + [9] * 36


def test_staff_of_a_ward_go_to_learn_once_it_has_closed():
    """The ward closes in the twelfth month of the third year, so they come back ten months later, not when due."""
    retrain = {"kind": "retrain", "setting": "nurses", "size": figure(9, "staff"), "after": ["ward"]}
    move = retrain | {"when": {"from": 0.4}, "lead_time_months": months(10)}
    plan = plan_of(retrain=move, ward=closing(after=[], when={"from": 0.5}))
    machine = StageMachine(briefed(plan, gates("none")), 1, 0)
    targets = run(machine, 5)
    closed = next(n for n, t in enumerate(targets) if t.closed)
    assert [bool(t.learning) for t in targets] == [n >= closed for n in range(60)]
    assert [bool(t.staff) for t in targets] == [n >= closed + 10 for n in range(60)]
    assert "after: ward" in {r.cause for r in machine.log if r.move == "retrain" and r.event == "held"}
