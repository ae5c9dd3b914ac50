"""Stages: every transition of every kind of move, dates, mothballing, conversions, mergers, and nothing at all."""

from __future__ import annotations

import datetime as dt
import itertools
from collections import defaultdict

import pytest

from models.plans import months_after
from models.transition import StageMachine, Switches, Target, brief_of
from models.transition.brief import month_of
from models.transition.stages import PATHS, Stage, allowed
from tests.models.transition.made_up import (
    QUIET,
    START,
    Made,
    approval,
    avoiding,
    briefed,
    causes,
    closing,
    entered,
    figure,
    gates,
    months,
    opening,
    plan_of,
    run,
)

ALL = {
    "fund": {"kind": "invest", "capital": figure(3, "GBP million"), "when": {"from": 0.1}},
    "nurses": {"kind": "recruit", "setting": "nurses", "size": figure(20, "staff"), "when": {"from": 0.1, "to": 0.4}},
    "moved": {"kind": "retrain", "setting": "nurses", "size": figure(10, "staff"), "when": {"from": 0.1, "to": 0.4}},
    "open_home": opening(when={"from": 0.2, "to": 0.6, "every_months": 6}),
    "avoid": avoiding(ramp=12),
    "shorten": avoiding() | {"kind": "shorten"},
    "shift": {"kind": "shift", "from": "p2", "to": "p1", "when": {"from": 0.3}}
    | {"effect": {"share": figure(0.2, "share"), "grade": "D"}},
    "close_acute": closing(when={"from": 0.4, "to": 0.9, "every_months": 6}),
    "convert": {"kind": "convert", "from": "p2", "to": "p3", "size": figure(40, "places"), "when": {"from": 0.7}}
    | {"lead_time_months": months(9), "after": ["open_home"], "sites": ["exeter"]},
    "merge": {"kind": "merge", "setting": "p2", "from": "torbay", "to": "exeter", "when": {"from": 0.6}}
    | {"overlap_months": months(3), "lead_time_months": months(6)},
}
BEFORE = {"consulting", "approving", "challenged"}


def transitions(machine: StageMachine) -> set[tuple[str, str, str]]:
    """Every transition in a log: (kind, from, to)."""
    at: dict[tuple, str] = defaultdict(lambda: "planned")
    found = set()
    for row in machine.log:
        if row.event == "stage":
            key = (row.move, row.site, row.number)
            found.add((machine.brief.terms[row.move].move.kind, at[key], row.stage))
            at[key] = row.stage
    return found


def test_every_transition_of_every_kind_happens():
    asked = approval(consultation_months=4, legal_challenge_probability=1, legal_delay_months=2)
    for move in ALL.values():
        assert "approval" not in move
    everyone = {name: move | {"approval": asked} for name, move in ALL.items()}  # openings are consulted on too
    refused = {n: m | {"approval": approval(veto_probability=1)} for n, m in ALL.items()}
    upheld = {
        n: m | {"approval": approval(legal_challenge_probability=1, upheld_probability=1)} for n, m in ALL.items()
    }
    reopening = {"name": "crowded", "watch": "access", "above": figure(0.2, "share"), "for_months": 1, "then": "reopen"}
    seen = set()
    for moves in (ALL, everyone, refused, upheld):
        machine = StageMachine(briefed(plan_of(off_plan=[reopening | {"months": 1}], **moves)), 1, 0)
        run(machine, 9, lambda day: Made(long=0.3 if day.month == 8 else 0))
        seen |= transitions(machine)
    quiet = StageMachine(briefed(plan_of(**ALL), gates("none")), 1, 0)
    run(quiet, 9)
    seen |= transitions(quiet)
    assert all(allowed(kind, Stage(a), Stage(b)) for kind, a, b in seen)
    for kind, path in PATHS.items():
        steps = {(kind, a.value, b.value) for a, b in itertools.pairwise(path)}
        assert steps <= seen, steps - seen
        assert (kind, "approving", "stopped") in seen
        assert (kind, "challenged", "stopped") in seen
    for kind in ("close", "convert", "merge"):
        assert (kind, "mothballed", "proving") in seen  # reopened
        assert (kind, "proving", "decommissioned") in seen  # nothing asks for beds to be kept


def test_transitions_that_are_not_allowed():
    for kind, path in PATHS.items():
        last = path[-1]
        assert not any(allowed(kind, last, other) for other in Stage)
        assert not any(allowed(kind, stage, path[0]) for stage in path)
        assert not allowed(kind, Stage.STOPPED, path[1])
    assert not allowed("close", Stage.RUNNING_BOTH, Stage.MOTHBALLED)  # never without proving
    assert not allowed("close", Stage.DECOMMISSIONED, Stage.PROVING)  # no way back
    assert not allowed("close", Stage.MOTHBALLED, Stage.STOPPED)
    assert not allowed("open", Stage.READY, Stage.LIVE)  # never without building
    assert not allowed("open", Stage.PLANNED, Stage.MOTHBALLED)


@pytest.mark.parametrize("years", [3, 5, 15])
def test_with_every_mechanism_off_everything_happens_on_its_day(years):
    asked = approval(consultation_months=6, latency_months=5, veto_probability=0.5, legal_challenge_probability=0.5)
    rule = {"name": "late", "watch": "late_months", "above": figure(0, "months"), "for_months": 1, "then": "pause"}
    plan = plan_of(approval=asked, off_plan=[rule | {"months": 12}], **ALL)
    blind = Made(long=1, full=2, used=0, in_post=0, at_once=0, money=-1)
    machine = StageMachine(briefed(plan, gates("none"), Switches.off(), years), 1, 0)
    run(machine, years + 2, blind)
    assert len(machine.outcomes) > 20
    for outcome in machine.outcomes:
        if years == 3 and outcome.held_by:  # openings are laid out after closings that wait for them
            assert outcome.held_by == "after: open_home"
            assert outcome.happened in {o.happened for o in machine.outcomes if o.tranche.move == "open_home"}
        else:
            assert outcome.happened == outcome.tranche.due, outcome
            assert outcome.held_by == ""
    built = [r for r in machine.log if r.move == "convert" and r.stage == "live"]
    assert [r.date for r in built] == [o.happened for o in machine.outcomes if o.tranche.move == "convert"]  # at once


def test_nothing_happens_before_its_day_nor_twice():
    machine = StageMachine(briefed(plan_of(**ALL)), 1, 0)
    run(machine, 9)
    for outcome in machine.outcomes:
        assert outcome.happened is not None
        assert outcome.happened >= outcome.tranche.due
    stages = [(r.move, r.site, r.number, r.stage) for r in machine.log if r.event == "stage"]
    assert len(stages) == len(set(stages))


def test_zero_moves_give_an_empty_log_and_an_empty_target_for_ever():
    rule = {"name": "r", "watch": "access", "above": figure(0, "share"), "for_months": 1, "then": "pause", "months": 1}
    money = rule | {"name": "m", "watch": "money", "above": figure(0, "GBP million"), "then": "escalate"}
    for keys in ({}, {"off_plan": [rule, money], "approval": approval(veto_probability=1)}):
        machine = StageMachine(briefed(plan_of(**keys)), 1, 0)
        assert all(target == Target() for target in run(machine, 17, Made(long=1, money=-5)))
        assert len(machine.log) == 0
        assert machine.outcomes == []


@pytest.mark.parametrize(
    ("closed", "first"),
    [
        ("2020-03-01", "2021-03-01"),
        ("2020-11-01", "2021-05-01"),
        ("2020-12-01", "2021-06-01"),
        ("2021-01-01", "2022-03-01"),
    ]
    + [("2020-06-01", "2021-03-01"), ("2020-09-01", "2021-03-01")],
)
def test_beds_stand_mothballed_for_six_months_and_a_whole_winter(closed, first):
    when = {"from": dt.date.fromisoformat(closed)}
    machine = StageMachine(briefed(plan_of(close_acute=closing(after=[], when=when))), 1, 0)
    targets = run(machine, 5)
    assert entered(machine, "close_acute", "mothballed") == [dt.date.fromisoformat(closed)]
    assert entered(machine, "close_acute", "decommissioned") == [dt.date.fromisoformat(first)]
    released = {months_after(START, m): t.released for m, t in enumerate(targets)}
    assert all(bool(beds) == (day >= dt.date.fromisoformat(first)) for day, beds in released.items())


def test_a_winter_in_which_the_beds_left_were_too_full_does_not_count():
    when = {"from": dt.date(2020, 3, 1)}
    machine = StageMachine(briefed(plan_of(close_acute=closing(after=[], when=when))), 1, 0)
    run(machine, 5, lambda day: Made(full=0.96 if day == dt.date(2021, 3, 1) else 0.9))
    assert entered(machine, "close_acute", "decommissioned") == [dt.date(2022, 3, 1)]
    assert causes(machine, "close_acute") == ["winter"]
    machine = StageMachine(briefed(plan_of(close_acute=closing(after=[], when=when))), 1, 0)
    run(machine, 5, lambda day: Made(full=0.96 if day == dt.date(2021, 3, 1) else 0.9, full_base=0.97))
    assert entered(machine, "close_acute", "decommissioned") == [dt.date(2021, 3, 1)]  # it was as full before the plan


def test_a_winter_is_not_enough_when_the_beds_left_are_too_full_now():
    held = gates(mothball={"months": {"value": 14, "low": 14, "high": 14}})
    when = {"from": dt.date(2020, 3, 1)}
    machine = StageMachine(briefed(plan_of(close_acute=closing(after=[], when=when)), held), 1, 0)
    run(machine, 5, lambda day: Made(long=0.1 if dt.date(2021, 4, 1) < day < dt.date(2021, 7, 1) else 0))
    assert entered(machine, "close_acute", "decommissioned") == [dt.date(2021, 7, 1)]
    assert causes(machine, "close_acute") == ["access"]


def test_a_conversion_closes_then_builds_then_opens():
    plan = plan_of(convert=ALL["convert"] | {"after": [], "places_per_bed": figure(0.5, "places per bed")})
    machine = StageMachine(briefed(plan, QUIET), 1, 0)
    targets = run(machine, 5)
    due = months_after(START, 42)
    assert entered(machine, "convert", "decommissioned") == entered(machine, "convert", "building") == [due]
    assert entered(machine, "convert", "live") == [months_after(due, 9)] == [machine.brief.tranches[0].opens_due]
    assert targets[42].closed == targets[42].released == {("p2", "exeter"): 40}
    assert [t.added for t in targets[50:52]] == [{}, {("p3", "exeter"): 20}]
    assert [t.recruiting.get(("p3", "exeter")) for t in targets[42:52]] == [2, 4, 7, 9, 11, 13, 16, 18, 20, 20]


def test_a_merger_has_both_sites_open_for_a_while():
    machine = StageMachine(briefed(plan_of(merge=ALL["merge"]), QUIET), 1, 0)
    targets = run(machine, 5)
    due = months_after(START, 36)
    assert entered(machine, "merge", "building", site="torbay") == [months_after(due, -9)]
    assert entered(machine, "merge", "running both", site="torbay") == [months_after(due, -3)]
    assert entered(machine, "merge", "decommissioned", site="torbay") == [due]
    assert [t.added.get(("p2", "exeter"), 0) for t in targets[32:34]] == [0, 80]
    assert [t.closed.get(("p2", "torbay"), 0) for t in targets[35:37]] == [0, 80]


def test_staff_are_recruited_ahead_in_whole_places():
    machine = StageMachine(briefed(plan_of(open_home=opening(when={"from": 0.4}))), 1, 0)
    targets = run(machine, 3)
    ahead = [t.recruiting.get(("p1", "exeter"), 0) for t in targets]
    assert ahead[:12] == [0] * 12
    assert ahead[12:24] == [round(50 * (n + 1) / 12) for n in range(12)]
    assert ahead[24:] == [50] * 12
    assert [t.added.get(("p1", "exeter"), 0) for t in targets] == [0] * 24 + [50] * 12


def test_every_step_is_built_in_time_and_not_earlier():
    machine = StageMachine(briefed(plan_of(open_home=opening(lead=7))), 1, 0)
    run(machine, 5)
    assert len({t.due for t in machine.brief.tranches}) > 5
    for t in machine.brief.tranches:
        assert entered(machine, "open_home", "building", t.number, t.site) == [months_after(t.due, -7)]
        assert entered(machine, "open_home", "live", t.number, t.site) == [t.due]


def test_early_means_as_soon_as_everything_is_ready_and_proven():
    plan = plan_of(
        open_home=opening(lead=6, when={"early": True, "from": 0, "to": 0.8, "every_months": 3}),
        close_acute=closing(when="early"),
    )
    machine = StageMachine(briefed(plan, QUIET), 1, 0)
    run(machine, 5)
    opened = [o.happened for o in machine.outcomes if o.tranche.move == "open_home"]
    dues = [o.tranche.due for o in machine.outcomes if o.tranche.move == "open_home"]
    assert all(day <= due for day, due in zip(opened, dues, strict=True))
    assert any(day < due for day, due in zip(opened, dues, strict=True))
    assert set(opened) == {months_after(START, 3 + 6)} == {min(dues)}
    assert {o.happened for o in machine.outcomes if o.tranche.move == "close_acute"} == {months_after(START, 9 + 6)}


def test_what_is_late_says_why():
    """A slow consultation, slow partners, a court and slow building each hold a step once its day has passed."""
    asked = approval(consultation_months=9, latency_months=6, legal_challenge_probability=1, legal_delay_months=6)
    plan = plan_of(close_acute=closing(after=[], when={"from": 0.0}), approval=asked)
    slow, brief = 0, briefed(plan)
    for replication in range(60):
        machine = StageMachine(brief, 1, replication)
        run(machine, 9)
        fate = [r for r in machine.log if r.site == "exeter"]
        told = [r.cause for r in fate if r.event == "held" and r.cause != "winter"]
        order = ["consultation", "approval", "legal challenge"]
        assert told == [c for c in order if c in told]
        late = (entered(machine, "close_acute", "mothballed")[0] - machine.brief.tranches[0].due).days > 0
        assert late == bool(told)
        slow += late
    assert 10 < slow < 60
    asked = approval(consultation_months=0, latency_months=12)
    slow = plan_of(open_home=opening(lead=12, when={"from": 0.0}), approval=asked)
    found, brief = set(), briefed(slow)
    for replication in range(20):
        machine = StageMachine(brief, 1, replication)
        run(machine, 9)
        found |= set(causes(machine, "open_home"))
    assert found == {"approval", "lead time"}


def test_days_must_be_firsts_of_months_that_follow():
    machine = StageMachine(briefed(plan_of(open_home=opening())), 1, 0)
    with pytest.raises(ValueError, match="first of a month"):
        machine.step(dt.date(2019, 4, 2), Made())
    machine.step(START, Made())
    with pytest.raises(ValueError, match="first of a month"):
        machine.step(START, Made())


def test_an_undone_plan_of_moves_without_size_is_no_move():
    plan = plan_of(open_home=opening(places=0), close_acute=closing())
    machine = StageMachine(briefed(plan, QUIET), 1, 0)
    run(machine, 6)
    assert all(o.happened == o.tranche.due for o in machine.outcomes)  # there is nothing to wait for


def test_orders_are_shared_and_not_changed_by_a_run():
    brief = briefed(plan_of(**ALL))
    one, two = StageMachine(brief, 1, 0), StageMachine(brief, 1, 0)
    run(one, 6)
    run(two, 6)
    assert one.log.rows == two.log.rows
    assert month_of(brief.tranches[0].due) > 0
    assert brief_of.__doc__
