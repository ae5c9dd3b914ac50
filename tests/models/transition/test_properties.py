"""Properties of any plan under any course of events: conservation, order, dependencies, a log that tells all."""

from __future__ import annotations

import datetime as dt
import itertools
import pickle
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.plans import Plan, Timeline, lay_out
from models.plans.check import load_gates, load_plan
from models.plans.moves import BEDS
from models.transition import Brief, StageMachine, Switches, Target, brief_of, tell
from models.transition.stages import CLOSING, PATHS, Stage, allowed, in_effect
from tests.models.transition.made_up import (
    SIZES,
    Made,
    approval,
    avoiding,
    closing,
    figure,
    firsts,
    gates,
    months,
    opening,
    plan_of,
)

FORTY = Path(__file__).resolve().parents[3] / "configs" / "plan" / "forty_moves.yaml"
SITES = st.sampled_from(["all", ["exeter"], ["torbay"]])
WHEN = st.one_of(
    st.just("early"),
    st.builds(
        lambda a, b, n, early: {"from": min(a, b), "to": max(a, b), "every_months": n, "early": early},
        st.integers(0, 10).map(lambda n: n / 10), st.integers(0, 10).map(lambda n: n / 10), st.integers(1, 12),
        st.booleans(),
    ),
)  # fmt: skip


@st.composite
def moves(draw, number: int):
    """One move of any kind, after some of those before it."""
    kind = draw(st.sampled_from(sorted(PATHS)))
    after = [f"m{n}" for n in range(number) if draw(st.integers(0, 3)) == 0]
    more = {"when": draw(WHEN), "after": after, "priority": draw(st.integers(1, 3))}
    lead = {"lead_time_months": months(draw(st.integers(0, 14)))}
    effect = avoiding(-0.1, draw(st.sampled_from("ABCD")), draw(st.integers(0, 18)), draw(st.sampled_from([0, 0.3])))
    if kind == "close":
        return closing(draw(st.integers(0, 80))) | more | {"sites": draw(SITES)}
    if kind == "open":
        return opening(draw(st.integers(0, 120))) | more | lead | {"sites": draw(SITES)}
    if kind == "convert":
        ratio = {"places_per_bed": figure(draw(st.sampled_from([0.5, 1, 2])), "places per bed")}
        return {"kind": kind, "from": "p2", "to": "p1", "size": figure(30, "places")} | more | lead | ratio
    if kind == "merge":
        overlap = {"overlap_months": months(draw(st.integers(0, 6)))}
        return {"kind": kind, "setting": "p2", "from": "torbay", "to": "exeter"} | more | lead | overlap
    if kind in ("recruit", "retrain"):
        return {"kind": kind, "setting": "nurses", "size": figure(20, "staff")} | more | lead
    if kind == "invest":
        return {"kind": kind, "capital": figure(4, "GBP million")} | more | lead
    if kind == "shift":
        share = {"share": figure(0.2, "share"), "grade": "D"}
        return {"kind": kind, "from": "p2", "to": "p1", "effect": share} | more | lead
    return effect | {"kind": kind} | more | lead


@st.composite
def rules(draw):
    watch = draw(st.sampled_from(["access", "occupancy", "delayed", "staff", "late_months", "money"]))
    above = {"late_months": 6, "money": 1, "occupancy": 0.9, "access": 0.03}.get(watch, 0.07)
    unit = {"late_months": "months", "money": "GBP million"}.get(watch, "share")
    return {"name": "r", "watch": watch, "above": figure(above, unit), "for_months": draw(st.integers(1, 2))} | {
        "then": draw(st.sampled_from(["reopen", "pause", "slow", "reopen", "escalate"])),
        "months": draw(st.integers(1, 12)),
        "site": draw(st.sampled_from(["any", "all", "exeter"])),
    }


@st.composite
def plans(draw) -> Plan:
    number = draw(st.integers(0, 6))
    keys = {"off_plan": draw(st.lists(rules(), max_size=1))}
    if draw(st.booleans()):
        asked = approval(
            latency_months=2, veto_probability=0.05, legal_challenge_probability=0.3, upheld_probability=0.2
        )
        keys["approval"] = asked | {"rule": draw(st.sampled_from(["unanimous", "majority", "delegated"]))}
    ward = {}
    if draw(st.booleans()):  # a ward that is likely to reopen
        ward["ward"] = closing(after=[], when=draw(WHEN))
        keys["off_plan"] = [draw(rules()) | {"watch": "access", "above": figure(0.04, "share"), "then": "reopen"}]
    return plan_of(**{f"m{n}": draw(moves(n)) for n in range(number)}, **ward, **keys)


@st.composite
def briefs(draw) -> Brief:
    plan, years = draw(plans()), draw(st.sampled_from([3, 5, 10]))
    held_by = gates(draw(st.sampled_from(["default", "default", "none", "nhs_england_2017"])))
    switches = Switches(*(draw(st.sampled_from([True] * 7 + [False])) for _ in range(8)))
    return brief_of(plan, lay_out(plan, Timeline(name="t", years=years), SIZES), held_by, switches)


class Course:
    """Events that differ from month to month, the same for the same number."""

    def __init__(self, seed: int):
        self.rng = np.random.default_rng(seed)

    def __call__(self, day: dt.date) -> Made:
        u = self.rng.random(8)
        return Made(
            long=0.1 * u[0] ** 2, full=0.8 + 0.15 * u[1], held=0.12 * u[2], used=0.4 + 0.6 * u[3],
            in_post=1 - 0.2 * u[4] ** 3, freed=3 * u[5] ** 4, at_once=1 + 6 * u[6], money=20 * u[7] - 2,
        )  # fmt: skip


def course_of(brief: Brief, seed: int, years: int = 13) -> tuple[StageMachine, list[Target]]:
    machine, sight = StageMachine(brief, seed, seed % 7), Course(seed)
    return machine, [machine.step(day, sight(day)) for day in firsts(years)]


@given(briefs(), st.integers(0, 10_000))
def test_conservation(brief, seed):
    """Closed and added <= planned, released <= closed; nothing goes back but what a rule reopens."""
    machine, targets = course_of(brief, seed)
    close, opened = Counter(), Counter()
    for t in brief.tranches:
        if t.kind in CLOSING:
            close[t.setting, t.site] += t.size
        if t.kind == "open":
            opened[t.setting, t.site] += t.size
        if t.opens:
            opened[brief.terms[t.move].opens, t.to if t.kind == "merge" else t.site] += t.opens
    reopened = {r.date for r in machine.log if r.event == "stage" and r.stage == "proving" and r.cause}
    for (last, target), day in zip(itertools.pairwise([Target(), *targets]), firsts(13), strict=True):
        for place, beds in target.closed.items():
            assert 0 < beds <= close[place]
        for place, beds in target.released.items():
            assert 0 < beds <= target.closed[place]
            assert beds >= last.released.get(place, 0)
        for place, beds in last.closed.items():
            assert target.closed.get(place, 0) >= beds or day in reopened
        for place, places in target.added.items():
            assert last.added.get(place, 0) <= places <= opened[place]
            assert places <= target.recruiting[place] <= opened[place]
        for key, value in target.effects.items():
            assert 0 <= value <= 1, key
        assert target.capital_pounds >= last.capital_pounds
    assert targets[-1].capital_pounds <= sum(t.capital_pounds for t in brief.terms.values()) + 1e-3


@given(briefs(), st.integers(0, 10_000))
def test_the_log_is_in_order_and_tells_all(brief, seed):
    """Replayed from nothing, the log gives every step's stage and every month's beds and places."""
    machine, targets = course_of(brief, seed)
    rows = iter([*machine.log, None])
    row = next(rows)
    stage: dict[tuple, Stage] = defaultdict(lambda: Stage.PLANNED)
    steps = {(t.move, t.site, t.number): t for t in brief.tranches}
    for day, target in zip(firsts(13), targets, strict=True):
        while row is not None and row.date <= day:
            assert row.date == day
            if row.event == "stage":
                key = (row.move, row.site, row.number)
                assert allowed(steps[key].kind, stage[key], Stage(row.stage))
                assert (row.of, row.size) == (steps[key].of, steps[key].size)
                stage[key] = Stage(row.stage)
            elif row.event == "held":
                assert row.cause
                assert stage[row.move, row.site, row.number] == row.stage
            else:
                assert row.cause == f"rule: {brief.rules[0].name}"
            row = next(rows)
        closed, released, added = Counter(), Counter(), Counter()
        for key, t in steps.items():
            if t.kind in CLOSING and in_effect(t.kind, stage[key]):
                closed[t.setting, t.site] += t.size
                released[t.setting, t.site] += t.size * (stage[key] is not Stage.MOTHBALLED)
            if t.kind == "open" and in_effect(t.kind, stage[key]):
                added[t.setting, t.site] += t.size
            if t.kind == "convert" and stage[key] in (Stage.LIVE, Stage.ADOPTED):
                added[t.to, t.site] += t.opens
            both = (Stage.RUNNING_BOTH, Stage.PROVING, Stage.MOTHBALLED, Stage.DECOMMISSIONED)
            if t.kind == "merge" and stage[key] in both:
                added[t.setting, t.to] += t.opens
        assert (+closed, +released, +added) == (target.closed, target.released, target.added)
    for outcome in machine.outcomes:
        t = outcome.tranche
        assert outcome.stage is stage[t.move, t.site, t.number]
        assert (outcome.happened is not None) == in_effect(t.kind, outcome.stage)


@given(briefs(), st.integers(0, 10_000))
def test_dependencies_are_never_violated(brief, seed):
    """When a step takes effect, the same share of each move that it comes after is live at its site, or everywhere."""
    machine, _ = course_of(brief, seed)
    steps = {(t.move, t.site, t.number): t for t in brief.tranches}
    effective: dict[tuple, bool] = defaultdict(bool)
    live: dict[tuple, bool] = defaultdict(bool)  # a conversion only once its places are open
    for row in machine.log:
        if row.event != "stage":
            continue
        key = (row.move, row.site, row.number)
        t, stage = steps[key], Stage(row.stage)
        takes_effect = in_effect(t.kind, stage) and not effective[key]
        effective[key] = in_effect(t.kind, stage)
        if takes_effect or (t.kind == "merge" and stage is Stage.RUNNING_BOTH):
            for name in t.after:
                sites = {s for m, s, _ in steps if m == name}
                for site in (t.site,) if t.site in sites else sites:
                    own = {k: u for k, u in steps.items() if k[:2] == (name, site)}
                    done = sum(u.size for k, u in own.items() if live[k])
                    if not all(live[k] for k in own):
                        if sum(u.size for u in own.values()):
                            assert done >= t.share * sum(u.size for u in own.values()) - 0.5
                        else:
                            assert max(u.share for k, u in own.items() if live[k]) >= t.share - 1e-9
        live[key] = stage in (Stage.LIVE, Stage.ADOPTED) if t.kind == "convert" else in_effect(t.kind, stage)


@given(briefs(), st.integers(0, 10_000))
def test_the_same_seed_and_replication_give_the_same_course(brief, seed):
    one, targets = course_of(brief, seed)
    two, again = course_of(pickle.loads(pickle.dumps(brief)), seed)  # as a worker gets it
    assert one.log.rows == two.log.rows
    assert targets == again
    assert one.outcomes == two.outcomes


@given(plans(), st.integers(0, 10_000))
def test_more_time_under_good_skies_is_never_less_done(plan, seed):
    """Where all is well, whatever had happened by some year has happened a year later."""
    brief = brief_of(plan, lay_out(plan, Timeline(name="t", years=3), SIZES), gates())
    machine = StageMachine(brief, seed, 0)
    targets = [machine.step(day, Made()) for day in firsts(10)]
    totals = [(sum(t.closed.values()), sum(t.added.values()), len(t.effects)) for t in targets]
    assert all(a <= b for now, then in itertools.pairwise(totals) for a, b in zip(now, then, strict=True))


@pytest.mark.parametrize("years", [3, pytest.param(15, marks=pytest.mark.nightly)])
def test_forty_moves_run_through(years):
    """The example of forty moves: everything that is left undone is held by something that can be told."""
    plan = load_plan(FORTY)
    sites = ("exeter", "plymouth", "torbay", "north_devon")
    sizes = {(s, x): 300.0 for s in (BEDS, "p1", "p2", "p3") for x in sites}
    brief = brief_of(plan, lay_out(plan, Timeline(name="t", years=years), sizes), load_gates("default"))
    machine, sight = StageMachine(brief, 5, 0), Course(0)
    last = [machine.step(day, sight(day)) for day in firsts(17)][-1]
    assert sum(last.added.values()) > 0
    assert all(o.happened or o.held_by for o in machine.outcomes)
    lines = tell(brief, {0: machine.outcomes})
    assert sum(line.steps for line in lines) == sum(o.happened is None for o in machine.outcomes) > 0
    assert all(line.root_cause != "not due" and line.holder != "nobody" for line in lines)
