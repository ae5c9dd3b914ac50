"""Off-plan rules: when they speak, what they do, for how long, and that they are written down."""

from __future__ import annotations

import datetime as dt
import math

import pytest

from models.plans import Approval, Timeline, lay_out, months_after
from models.transition import StageMachine, Switches, brief_of
from models.transition.hazards import DELEGATE, fate
from tests.models.transition.made_up import (
    SIZES,
    START,
    Made,
    approval,
    briefed,
    causes,
    closing,
    entered,
    figure,
    gates,
    plan_of,
    run,
)

UNITS = {"late_months": "months", "money": "GBP million"}
NONE = gates("none")
DUE = months_after(START, 24)


def rule(watch="access", above=0.2, for_months=2, then="pause", months=6, site="any", name="trouble"):
    return {
        "name": name,
        "watch": watch,
        "above": figure(above, UNITS.get(watch, "share")),
        "for_months": for_months,
    } | {
        "then": then,
        "months": months,
        "site": site,
    }


def machine_of(*rules, held_by=NONE, when=None, switches=None, **more) -> StageMachine:
    move = closing(after=[], when=when or {"from": 0.4}, **more)
    return StageMachine(briefed(plan_of(close_acute=move, off_plan=list(rules)), held_by, switches), 1, 0)


def between(first: int, last: int, bad: Made, good: Made | None = None):
    """A sight that is bad from one month (from the plan's start) until another."""
    return lambda day: bad if months_after(START, first) <= day < months_after(START, last) else good or Made()


def spoken(machine: StageMachine) -> list[tuple[dt.date, str, str]]:
    return [(r.date, r.site, r.stage) for r in machine.log if r.event == "rule"]


def test_a_rule_speaks_after_so_many_months_in_a_row_and_then_lasts():
    machine = machine_of(rule(for_months=3, months=6), when={"from": 0.5})
    run(machine, 5, lambda day: Made(long=0.3 if day.year == 2021 and day.month not in (3, 6, 7, 8, 9) else 0))
    # Jan, Feb: two months only; Apr, May: two only; Oct to Dec: three
    assert spoken(machine) == [(dt.date(2021, 12, 1), site, "pause") for site in ("exeter", "torbay")]
    row = next(r for r in machine.log if r.event == "rule")
    assert (row.cause, row.months) == ("rule: trouble", 6)
    assert causes(machine, "close_acute") == []  # the pause was over by the day


def test_a_pause_holds_closures_until_it_is_over():
    machine = machine_of(rule(for_months=2, months=6))
    run(machine, 5, between(22, 25, Made(long=0.3)))
    assert spoken(machine)[0][0] == months_after(START, 23)
    assert entered(machine, "close_acute", "decommissioned") == [months_after(START, 29)]
    assert causes(machine, "close_acute") == ["rule: trouble"]


def test_a_rule_that_has_spoken_is_silent_while_it_lasts_and_then_counts_anew():
    machine = machine_of(rule(for_months=2, months=6, site="exeter"))
    run(machine, 3, Made(long=0.3))
    assert [day for day, _, _ in spoken(machine)] == [months_after(START, m) for m in (1, 8, 15, 22, 29)]


@pytest.mark.parametrize(
    ("watch", "above", "bad", "just"),
    [
        ("access", 0.2, {"long": 0.21}, {"long": 0.2}),
        ("occupancy", 0.95, {"full": 0.96}, {"full": 0.95}),
        ("delayed", 0.1, {"held": 0.11}, {"held": 0.1}),
        ("staff", 0.25, {"in_post": 0.74}, {"in_post": 0.75}),
        ("money", 2, {"money": -2.1}, {"money": -2.0}),
    ],
)
def test_what_is_watched_and_above_what(watch, above, bad, just):
    for sight, speaks in ((bad, True), (just, False), ({}, False)):
        machine = machine_of(rule(watch, above, for_months=1, months=3))
        run(machine, 5, between(23, 24, Made(**sight)))
        assert bool(spoken(machine)) == speaks, (watch, sight)
        assert entered(machine, "close_acute", "decommissioned") == [months_after(DUE, 2 if speaks else 0)]


def test_late_is_how_far_the_step_furthest_behind_is_behind():
    machine = machine_of(rule("late_months", 4, for_months=1, then="escalate", months=2), held_by=gates())
    targets = run(machine, 5, between(0, 40, Made(long=0.1)))
    assert spoken(machine)[0][0] == months_after(DUE, 5)
    assert [t.escalated for t in targets[28:32]] == [
        frozenset(),
        {"exeter", "torbay"},
        {"exeter", "torbay"},
        {"exeter", "torbay"},
    ]


def test_sites_any_all_and_by_name():
    class Torbay(Made):
        def long_waits(self, site, months):
            return self.long if site == "torbay" else 0.0

    for site, where in (("any", ["torbay"]), ("all", []), ("torbay", ["torbay"]), ("exeter", [])):
        machine = machine_of(rule(for_months=1, months=60, site=site))
        run(machine, 5, Torbay(long=0.5))
        assert [s for _, s, _ in spoken(machine)] == where
        assert bool(entered(machine, "close_acute", "decommissioned", site="torbay")) == (not where)
        assert entered(machine, "close_acute", "decommissioned", site="exeter") == [DUE]
    machine = machine_of(rule(for_months=1, months=60, site="all"))
    run(machine, 5, Made(long=0.5))
    assert [s for _, s, _ in spoken(machine)] == [""]
    assert not any(o.happened for o in machine.outcomes)


def test_slow_is_half_as_fast():
    every = {"from": 0.2, "to": 0.8, "every_months": 3}
    fast, slow = (
        machine_of(when=every),
        machine_of(rule(for_months=1, then="slow", months=120, site="exeter"), when=every),
    )
    run(fast, 12, Made(long=0.5))
    run(slow, 12, Made(long=0.5))
    for was, now in zip(fast.outcomes, slow.outcomes, strict=True):
        late = (now.happened.year - was.happened.year) * 12 + now.happened.month - was.happened.month
        done = (was.happened.year - START.year) * 12 + was.happened.month - START.month
        assert late in ((done, done + 1) if now.tranche.site == "exeter" else (0,))  # twice the time from the start
    assert set(causes(slow, "close_acute", 3)) == {"rule: trouble"}


def test_reopened_by_a_rule_and_closed_again():
    machine = machine_of(rule(then="reopen", months=5), held_by=gates(), when={"from": dt.date(2021, 4, 1)})
    targets = run(machine, 6, between(26, 28, Made(long=0.3)))
    assert entered(machine, "close_acute", "mothballed") == [dt.date(2021, 4, 1), dt.date(2021, 12, 1)]
    assert entered(machine, "close_acute", "proving") == [dt.date(2021, 4, 1), dt.date(2021, 7, 1)]
    reopened = next(r for r in machine.log if r.cause == "rule: trouble" and r.event == "stage")
    assert (reopened.date, reopened.stage, reopened.size) == (dt.date(2021, 7, 1), "proving", 40)
    assert causes(machine, "close_acute")[0] == "rule: trouble"
    beds = [t.closed.get(("beds", "exeter"), 0) for t in targets]
    assert beds == [0] * 24 + [40] * 3 + [0] * 5 + [40] * 40
    # closed on the first of December: that winter counts, and six months are over in June
    assert entered(machine, "close_acute", "decommissioned") == [dt.date(2022, 6, 1)]
    assert all(o.happened == dt.date(2021, 12, 1) for o in machine.outcomes)


def test_a_bed_that_reopens_starts_its_winter_anew():
    machine = machine_of(
        rule(then="reopen", months=1, for_months=1), held_by=gates(), when={"from": dt.date(2020, 11, 1)}
    )
    run(machine, 6, lambda day: Made(long=0.3 if day in (dt.date(2021, 4, 1), dt.date(2021, 1, 1)) else 0))
    assert entered(machine, "close_acute", "mothballed")[0] == dt.date(2020, 11, 1)
    assert entered(machine, "close_acute", "mothballed")[-1] > dt.date(2021, 4, 1)
    assert entered(machine, "close_acute", "decommissioned") == [dt.date(2022, 3, 1)]


def test_a_winter_before_it_reopened_does_not_count():
    machine = machine_of(
        rule(then="reopen", months=1, for_months=1), held_by=gates(), when={"from": dt.date(2020, 12, 1)}
    )
    run(machine, 6, lambda day: Made(long=0.3 if day == dt.date(2021, 4, 1) else 0))
    closed = entered(machine, "close_acute", "mothballed")
    assert closed[0] == dt.date(2020, 12, 1)
    assert len(closed) == 2
    assert closed[1].year == 2021
    assert entered(machine, "close_acute", "decommissioned") == [dt.date(2022, 3, 1)]


def test_closing_again_costs_nothing_more():
    machine = machine_of(rule(then="reopen", months=2), held_by=gates(), capital=figure(6, "GBP million"))
    targets = run(machine, 6, between(26, 28, Made(long=0.3)))
    assert len(entered(machine, "close_acute", "mothballed")) == 2
    assert [t.capital_pounds for t in targets] == [0] * 24 + [pytest.approx(6e6)] * 48


def test_what_comes_after_a_bed_that_was_reopened_waits_until_it_is_closed_again():
    plan = plan_of(
        first=closing(after=[], sites=["exeter"], when={"from": dt.date(2021, 4, 1)}),
        second=closing(
            after=["first"], sites=["exeter"], when={"from": dt.date(2021, 3, 1), "to": dt.date(2021, 9, 1)}
        ),
        off_plan=[rule(then="reopen", months=12)],
    )
    machine = StageMachine(briefed(plan, gates()), 1, 0)
    run(machine, 6, between(26, 28, Made(long=0.3)))
    assert entered(machine, "first", "mothballed") == [dt.date(2021, 4, 1), dt.date(2022, 7, 1)]
    assert entered(machine, "second", "proving", 2) == [dt.date(2021, 6, 1)]  # before its day, in September
    assert causes(machine, "second", 2)[0] == "after: first"
    assert entered(machine, "second", "mothballed", 2) == [dt.date(2022, 7, 1)]


def test_what_is_decommissioned_does_not_reopen():
    machine = machine_of(rule(then="reopen"), held_by=NONE)
    targets = run(machine, 5, between(30, 40, Made(long=0.9)))
    assert spoken(machine)
    assert [t.closed.get(("beds", "exeter"), 0) for t in targets] == [0] * 24 + [40] * 36


def test_escalating_lets_a_higher_body_decide_what_partners_have_not():
    """Once the rule speaks, one body decides; it takes as long as the delegated rule says, from when it is asked."""
    asked = approval(partners=[f"p{n}" for n in range(9)], latency_months=12)
    late = rule("late_months", 3, for_months=1, then="escalate", months=24)
    plan = plan_of(close_acute=closing(after=[], when={"from": 0.2}, sites=["exeter"]), approval=asked, off_plan=[late])
    alone = Approval.model_validate({**asked, "rule": "delegated"})
    on, off = briefed(plan, NONE), briefed(plan, NONE, Switches(rules=False))
    speaks = months_after(on.tranches[0].due, 4)
    helped = 0
    for replication in range(25):
        machines = [StageMachine(brief, 1, replication) for brief in (on, off)]
        for machine in machines:
            run(machine, 9)
        with_help, without = (machine.outcomes[0].happened for machine in machines)
        assert with_help is not None
        if without is not None and without < speaks:  # decided before anybody was asked to help
            assert with_help == without
            continue
        takes = fate(1, replication, "close_acute", "exeter", alone).approval_months
        assert with_help == months_after(speaks, math.ceil(takes))
        assert spoken(machines[0])[0] == (speaks, "exeter", "escalate")
        helped += without is None or with_help < without
    assert helped > 5


def test_a_higher_body_does_not_undo_what_partners_have_refused_and_may_itself_refuse():
    asked = approval(partners=["council", "trust"], latency_months=1, veto_probability=0.5)
    at_once = rule("late_months", 0, for_months=1, then="escalate", months=1)
    plan = plan_of(close_acute=closing(after=[], when={"from": 0.2}), approval=asked, off_plan=[at_once])
    brief, who = briefed(plan, NONE), set()
    for replication in range(30):
        machine = StageMachine(brief, 1, replication)
        run(machine, 9)
        for outcome in machine.outcomes:
            who.add(outcome.held_by if outcome.happened is None else "")
            assert (outcome.happened is None) == outcome.held_by.startswith("veto: ")
    assert who == {"", "veto: council", "veto: trust", f"veto: {DELEGATE}"}


def test_rules_can_be_left_out():
    machine = machine_of(rule(for_months=1, months=60), switches=Switches(rules=False))
    run(machine, 5, Made(long=0.9))
    assert spoken(machine) == []
    assert entered(machine, "close_acute", "decommissioned") == [DUE]


def test_escalation_beds_open_for_as_long_as_the_rule_says_and_are_written_down():
    """Three per cent of 800 and of 400 beds; a second rule with more beds counts in its place, not besides."""
    some = rule(above=0.2, for_months=1, then="escalate", months=4) | {"beds": figure(0.03, "share of beds")}
    more = rule(above=0.5, for_months=1, then="escalate", months=2, name="worse", site="torbay")
    more |= {"beds": figure(0.05, "share of beds")}
    plan = plan_of(close_acute=closing(after=[]), off_plan=[some, more])
    timeline = Timeline(name="t", years=5)
    beds = {site: n for (setting, site), n in SIZES.items() if setting == "beds"}
    brief = brief_of(plan, lay_out(plan, timeline, SIZES), NONE, beds=beds)
    machine = StageMachine(brief, 1, 0)
    targets = run(machine, 1, lambda day: Made(long=0.3 if day == START else 0.6 if day.month == 6 else 0.0))
    small, large = {"exeter": 24, "torbay": 12}, {"exeter": 24, "torbay": 20}
    assert [t.escalation for t in targets[:5]] == [small, small, large, large, {}]
    rows = [(r.date.month, r.site, r.size, r.cause) for r in machine.log if r.event == "beds"]
    assert rows[:2] == [(4, "exeter", 24, "rule: trouble"), (4, "torbay", 12, "rule: trouble")]
    assert rows[2] == (6, "torbay", 20, "rule: worse")
    assert [row[1:3] for row in rows[3:]] == [("exeter", 0), ("torbay", 0)]


def test_a_rule_without_beds_opens_none():
    machine = machine_of(rule(above=0.2, for_months=1, then="escalate"))
    targets = run(machine, 1, Made(long=0.9))
    assert targets[0].escalated and not any(t.escalation for t in targets)
