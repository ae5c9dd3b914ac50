"""Gates: each alone holds a closure back and then lets it go, at its exact threshold, and NHS England's test."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from models.plans import months_after
from models.transition import StageMachine, Switches
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
    firsts,
    gates,
    months,
    opening,
    plan_of,
    run,
)

DUE = months_after(START, 36)
OPENS = months_after(START, 18)  # proven half a year later
PLAN = plan_of(open_home=opening(when={"from": 0.3}), close_acute=closing(when={"from": 0.6}))
NONE = gates("none", enabled=True, **{
    name: {"enabled": False}
    for name in ("staff", "proof", "use", "access", "occupancy", "money", "change_capacity", "mothball")
})  # fmt: skip


def closed(plan, held_by, sight) -> tuple[dt.date | None, list[str]]:
    machine = StageMachine(briefed(plan, held_by), 1, 0)
    run(machine, 5, sight)
    days = entered(machine, "close_acute", "decommissioned") or [None]
    return days[0], [c for c in causes(machine, "close_acute")]


@pytest.mark.parametrize(
    ("gate", "bad", "good"),
    [
        ("staff", {"in_post": 0.89}, {"in_post": 0.9}),
        ("staff", {"freed": 5.1}, {"freed": 5.0}),  # of 50 places
        ("use", {"used": 0.49}, {"used": 0.5}),
        ("access", {"long": 0.051}, {"long": 0.05}),
        ("access", {"long": 0.21, "long_base": 0.2}, {"long": 0.2, "long_base": 0.2}),
        ("occupancy", {"full": 0.921}, {"full": 0.92}),
        ("occupancy", {"full": 0.951, "full_base": 0.95}, {"full": 0.95, "full_base": 0.95}),
        ("change_capacity", {"at_once": 0.9}, {"at_once": 1}),
    ],
)
def test_each_gate_alone_holds_back_and_then_opens(gate, bad, good):
    for_months = 5
    held_by = NONE.model_copy(update={gate: getattr(gates(), gate)})
    day, told = closed(PLAN, held_by, lambda day: Made(**(bad if DUE <= day < months_after(DUE, for_months) else good)))
    assert (day, told) == (months_after(DUE, for_months), [gate.replace("_", " ")])
    day, told = closed(PLAN, held_by, Made(**good))
    assert (day, told) == (DUE, [])
    # without that gate nothing holds
    day, told = closed(PLAN, NONE, lambda day: Made(**(bad if day >= DUE else good)))
    assert (day, told) == (DUE, [])


def test_proof_holds_until_the_new_has_been_open_long_enough():
    held_by = NONE.model_copy(update={"proof": gates().proof})
    late = plan_of(open_home=opening(when={"from": 0.55}), close_acute=closing(when={"from": 0.6}))
    day, told = closed(late, held_by, Made())
    assert (day, told) == (months_after(START, 33 + 6), ["proof"])
    assert closed(late, NONE, Made()) == (DUE, [])
    later = plan_of(open_home=opening(when={"from": 0.65}), close_acute=closing(when={"from": 0.6}))
    assert closed(later, NONE, Made()) == (months_after(START, 39), ["after: open_home"])


def test_money_is_there_for_what_it_costs():
    held_by = NONE.model_copy(update={"money": gates().money})
    plan = plan_of(close_acute=closing(after=[], when={"from": 0.6}, capital=figure(6, "GBP million")))
    assert closed(plan, held_by, lambda day: Made(money=3.99 if day < months_after(DUE, 4) else 4.0)) == (
        months_after(DUE, 4),
        ["money"],
    )  # 40 of 60 beds are here
    machine = StageMachine(briefed(plan, held_by), 1, 0)
    targets = run(machine, 5, Made(money=5.9))  # enough for one of the two sites in each month
    assert [t.capital_pounds for t in targets[35:39]] == [0, pytest.approx(4e6), pytest.approx(6e6), pytest.approx(6e6)]


def test_places_are_built_when_money_and_leaders_are_there():
    plan = plan_of(open_home=opening(when={"from": 0.5}, capital=figure(2, "GBP million"),
                                     cost=figure(10_000, "GBP a place a year")))  # fmt: skip
    begins = months_after(START, 30 - 12)
    machine = StageMachine(briefed(plan), 1, 0)
    run(machine, 5, lambda day: Made(money=1.4 if day < months_after(begins, 3) else 5))
    assert entered(machine, "open_home", "building") == [months_after(begins, 3)]  # 1 + 0.5 million at this site
    assert causes(machine, "open_home") == ["money", "lead time"]
    assert entered(machine, "open_home", "live") == [months_after(START, 33)]


def test_places_open_when_they_are_staffed():
    plan = plan_of(open_home=opening(when={"from": 0.5}))
    opens = months_after(START, 30)
    machine = StageMachine(briefed(plan), 1, 0)
    run(machine, 5, lambda day: Made(in_post=0.5 if day < months_after(opens, 2) else 1))
    assert entered(machine, "open_home", "live") == [months_after(opens, 2)]
    assert causes(machine, "open_home") == ["staff"]
    machine = StageMachine(briefed(plan, switches=Switches(staff=False)), 1, 0)
    run(machine, 5, Made(in_post=0.5))
    assert entered(machine, "open_home", "live") == [opens]


def test_staff_freed_only_by_the_closure_do_not_open_its_gate():
    """Every place is promised staff, but those of 6 of 50 only once the ward has closed: it never closes."""
    machine = StageMachine(briefed(PLAN, QUIET), 1, 0)
    run(machine, 9, lambda day: Made(freed=6 if day > OPENS else 0))
    assert entered(machine, "close_acute", "decommissioned") == []
    assert causes(machine, "close_acute") == ["staff"]
    free = StageMachine(briefed(PLAN, QUIET, Switches(staff=False)), 1, 0)
    run(free, 9, lambda day: Made(freed=6 if day > OPENS else 0))
    assert entered(free, "close_acute", "decommissioned") == [DUE]


def test_occupancy_is_of_the_beds_that_would_be_left_after_all_closures_so_far():
    plan = plan_of(close_acute=closing(after=[], beds=60, when={"from": 0.4, "to": 0.8, "every_months": 6}))
    held_by = NONE.model_copy(update={"occupancy": gates().occupancy})
    machine = StageMachine(briefed(plan, held_by), 1, 0)
    run(machine, 9, Made(full=0.92 * 80.5 / 100, beds=100))  # 19 of 100 beds may go; 40 are to go at Exeter
    here = [o for o in machine.outcomes if o.tranche.site == "exeter"]
    gone = 0
    for outcome in here:
        fits = gone + outcome.tranche.size <= 19
        assert (outcome.happened is not None) == fits
        assert outcome.held_by == ("" if fits else "occupancy")
        gone += outcome.tranche.size if fits else 0
    assert 0 < gone < 40


def test_compensation_asks_for_places_opened_for_each_bed_closed():
    ratio = {"enabled": True, "places_per_bed": {"value": 1.5, "low": 1, "high": 2}}
    held_by = gates(compensation=ratio, mothball={"enabled": False})
    for places, happens in ((118, False), (120, True)):  # half of them here, where 40 beds close
        plan = plan_of(
            open_home=opening(places=places, sites={"exeter": 0.5, "torbay": 0.5}, when={"from": 0.3}),
            close_acute=closing(when={"from": 0.6}, sites=["exeter"], beds=40),
        )
        day, told = closed(plan, held_by, Made())
        assert (day, told) == ((DUE, []) if happens else (None, ["compensation"]))


# NHS England, March 2017


def claiming(**more):
    return plan_of(close_acute=closing(when={"from": 0.6}, after=list(more)), **more)


TEST = gates("nhs_england_2017", mothball={"enabled": False})
AVOID = avoiding(when={"from": 0.3})
SHORTEN = AVOID | {"kind": "shorten"}


def test_a_closure_that_claims_no_condition_fails_the_test():
    assert closed(claiming(), TEST, Made()) == (None, ["no condition claimed"])
    assert closed(claiming(), QUIET, Made()) == (DUE, [])  # the usual gates ask for nothing that is not named
    assert closed(
        claiming(fund={"kind": "invest", "capital": figure(1, "GBP million"), "when": {"from": 0.1}}), TEST, Made()
    ) == (
        None,
        ["no condition claimed"],
    )


@pytest.mark.parametrize(
    ("moves", "cause"),
    [
        ({"open_home": opening(when={"from": 0.3})}, ""),
        ({"avoid": AVOID}, ""),
        ({"shorten": SHORTEN}, ""),
        ({"avoid": avoiding(when={"from": 0.3}, grade="C")}, "treatments"),
        ({"avoid": avoiding(when={"from": 0.3}, share=0.1)}, "treatments"),  # brings more people
        ({"shorten": SHORTEN | {"effect": avoiding(grade="D")["effect"]}}, "efficiency"),
    ],
)
def test_each_condition_alone_is_enough(moves, cause):
    day, told = closed(claiming(**moves), TEST, Made())
    assert (day, told) == ((None, [cause]) if cause else (DUE, []))


def test_any_of_the_conditions_claimed_is_enough():
    both = {"open_home": opening(when={"from": 0.3}), "avoid": AVOID}
    assert closed(claiming(**both), TEST, Made(used=0.1)) == (DUE, [])  # treatments hold
    weak = both | {"avoid": avoiding(when={"from": 0.3}, grade="D")}
    assert closed(claiming(**weak), TEST, Made()) == (DUE, [])  # provision holds
    assert closed(claiming(**weak), TEST, Made(used=0.1)) == (None, ["use"])
    assert closed(claiming(**both), TEST, Made(long=0.1)) == (None, ["access"])  # whatever is claimed


def test_the_first_condition_asks_for_all_its_staff():
    plan = claiming(open_home=opening(when={"from": 0.3}))
    fewer = lambda day: Made(in_post=1.0 if day <= OPENS else 0.99)  # noqa: E731
    assert closed(plan, TEST, fewer) == (None, ["staff"])
    assert closed(plan, QUIET, fewer) == (DUE, [])


def test_treatments_must_be_in_full_effect_for_a_year():
    for ramp, day in ((0, DUE), (6, DUE), (7, months_after(DUE, 1)), (18, months_after(DUE, 12))):
        plan = claiming(avoid=avoiding(when={"from": 0.3}, ramp=ramp))
        assert closed(plan, TEST, Made())[0] == day, ramp


def test_mergers_are_judged_where_the_beds_go():
    plan = plan_of(merge={"kind": "merge", "from": "torbay", "to": "exeter", "when": {"from": 0.6},
                          "overlap_months": months(3), "lead_time_months": months(6)})  # fmt: skip

    class Two(Made):
        def occupancy(self, site, months, fewer_beds=0):
            asked.add((site, fewer_beds))
            return 0.85 if months is None else {"torbay": 2.0, "exeter": self.full}[site]

    for full, days in ((0.9, [DUE]), (0.93, [])):
        asked: set = set()
        machine = StageMachine(briefed(plan, QUIET), 1, 0)
        run(machine, 5, Two(full=full))
        assert entered(machine, "merge", "decommissioned", site="torbay") == days
        assert asked == {("exeter", 0), ("exeter", -400)}  # as many more beds as have moved there


def test_a_closure_elsewhere_waits_for_the_whole_of_what_replaces_it():
    """Places open only at Torbay: Exeter's beds wait for those, and for the same share of them."""
    plan = plan_of(open_home=opening(sites=["torbay"]), close_acute=closing(sites=["exeter"]))
    machine = StageMachine(briefed(plan, QUIET), 1, 0)
    run(machine, 9)
    opened = {o.tranche.number: o.happened for o in machine.outcomes if o.tranche.move == "open_home"}
    for outcome in (o for o in machine.outcomes if o.tranche.move == "close_acute"):
        number = next(n for n in opened if n / len(opened) >= outcome.tranche.share - 0.5 / 100 - 1e-9)
        assert outcome.happened is not None
        assert outcome.happened >= months_after(opened[number], 6)


# change capacity


def test_few_programmes_at_once_are_led_in_the_order_of_their_priority():
    moves = {
        f"avoid_{n}": avoiding(when={"from": 0.2}, lead_time_months=months(6), priority=9 - n) for n in range(1, 5)
    }
    machine = StageMachine(briefed(plan_of(**moves)), 1, 0)
    run(machine, 9, Made(at_once=2))
    live = {n: entered(machine, f"avoid_{n}", "live")[0] for n in range(1, 5)}
    first = months_after(START, 12)
    assert live[4] == live[3] == first
    assert live[2] == live[1] == months_after(first, 7)  # it is seen to be over a month after
    assert causes(machine, "avoid_1")[0] == "change capacity"
    free = StageMachine(briefed(plan_of(**moves), switches=Switches(change_capacity=False)), 1, 0)
    run(free, 9, Made(at_once=2))
    assert {entered(free, f"avoid_{n}", "live")[0] for n in range(1, 5)} == {first}


def test_a_closure_of_first_priority_does_not_lock_out_what_it_waits_for():
    plan = plan_of(open_home=opening(priority=2), close_acute=closing(when={"from": 0.0}, priority=1))
    machine = StageMachine(briefed(plan, QUIET), 1, 0)
    run(machine, 17, Made(at_once=1))
    assert all(o.happened for o in machine.outcomes)


def test_when_leaders_can_carry_less_what_was_begun_last_waits():
    plan = plan_of(open_home=opening(priority=2), close_acute=closing(priority=1))
    machine = StageMachine(briefed(plan, QUIET), 1, 0)
    run(machine, 17, lambda day: Made(at_once=2 if day < months_after(START, 30) else 1))
    held = [r for r in machine.log if r.cause == "change capacity"]
    assert {r.move for r in held} == {"close_acute"}
    assert all(o.happened for o in machine.outcomes)  # its turn comes once all places are open


def test_a_sight_is_asked_each_question_once_a_month():
    class Counting(Made):
        def use(self, site, service, months):
            asked.append((site, service, months))
            return self.used

    machine = StageMachine(briefed(plan_of(open_home=opening(), a=closing(), b=closing(), c=closing()), QUIET), 1, 0)
    most = 0
    for day in firsts(6):
        asked: list = []
        machine.step(day, Counting())
        assert len(asked) == len(set(asked))
        most = max(most, len(asked))
    assert most == 2


# moves may ask for more or less


def test_a_move_may_have_gates_of_its_own():
    plan = plan_of(
        open_home=opening(when={"from": 0.3}),
        close_acute=closing(when={"from": 0.6}, gates={"use": {"enabled": False}}),
        close_more=closing(when={"from": 0.6}),
    )
    machine = StageMachine(briefed(plan, QUIET), 1, 0)
    run(machine, 5, Made(used=0.2))
    assert entered(machine, "close_acute", "decommissioned") == [DUE]
    assert entered(machine, "close_more", "decommissioned") == []
    assert causes(machine, "close_more") == ["use"]


@pytest.mark.parametrize(
    "name", ["proof", "mothball", "lead_time", "ramp", "staff", "change_capacity", "rules", "approval"]
)
def test_each_mechanism_can_be_left_out_by_itself(name):
    """Each of them makes a difference to this plan, and leaves no trace when it is off."""
    rule = {"name": "slow_down", "watch": "delayed", "above": figure(0.02, "share"), "for_months": 1, "then": "pause"}
    asked = approval(consultation_months=8, latency_months=3)
    moves = {
        "open_home": opening(when={"from": 0.3}),
        "close_acute": closing(when={"from": 0.31, "to": 0.9, "every_months": 3}),
        "avoid": avoiding(when={"from": 0.3}, ramp=12),
    }

    def sight(day: dt.date) -> Made:
        month = 12 * (day.year - 2019) + day.month - 4
        short, crowded = 26 <= month < 30, 34 <= month < 36
        return Made(freed=10 if short else 0, held=0.03 if crowded else 0, at_once=2)

    logs = {}
    for on in (True, False):
        plan = plan_of(approval=asked, off_plan=[rule | {"months": 6}], **moves)
        machine = StageMachine(briefed(plan, switches=replace(Switches(), **{name: on})), 1, 0)
        targets = run(machine, 9, sight)
        logs[on] = machine.log.rows, targets
    assert logs[True] != logs[False]
    off = {"proof": "proof", "staff": "staff", "change_capacity": "change capacity", "lead_time": "lead time"}
    found = [r.cause for r in logs[False][0]] + [r.stage for r in logs[False][0]]
    absent = off | {"mothball": "mothballed", "rules": "rule: slow_down", "approval": "consulting"}
    assert absent.get(name) not in found
