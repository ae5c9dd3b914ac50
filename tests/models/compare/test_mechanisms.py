"""What theory says of order and pace, through the real plan machinery on a small area: same people in every arm.

With every mechanism off, pace makes no difference to where a plan ends. Each mechanism alone moves the result the way
its source says. Requirement IDs are those of the documentation; months are those from the start of the plan on.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from models.measures.plan import closed_by_month, opened_by_month
from models.plans import Timeline
from models.plans.schedule import schedule
from models.transition.brief import Switches
from sim.statistics import mean_halfwidth
from tests.models.one_hospital import low
from tests.models.small_area import SITE, area, came, closed, delayed, long_waits, planned, usual
from tests.models.transition.made_up import approval, avoiding, closing, figure, opening

FEW = 4
OFF = Switches.off()
BUILT_FIRST = {"open_home": opening(40, lead=0), "close": closing(40)}


def only(name: str) -> Switches:
    """One mechanism of the transition, and no other."""
    return Switches(**{**{field: False for field in Switches.__dataclass_fields__}, name: True})


def months_late(one, other):
    """By how many months the first takes longer than the other, summed over closures that both have carried out."""
    return np.array(
        [
            sum((a.closed - b.closed).days / 30.4 for a, b in zip(x, y, strict=True) if a.closed and b.closed)
            for x, y in zip(one.closures, other.closures, strict=True)
        ]
    )


# -- order ------------------------------------------------------------------------------------------------------------


def test_the_earlier_places_open_the_less_harm_one_closure_does():
    """T1, A10: before, at and after the closure; every step of waiting costs, with the same people."""
    days = ("2019-10-01", "2020-04-01", "2020-10-01", "2021-04-01", "2021-10-01")
    found = []
    for day in days:
        moves = {
            "open_home": opening(40, lead=0, when={"from": day}),
            "close": closing(40, {"from": "2020-10-01"}, []),
        }
        found.append(planned(area(**moves), FEW, OFF))
    for o in found:
        assert all(c.closed == dt.date(2020, 10, 1) for c in o.closures[0])
    for harm in (long_waits, delayed):
        steps = np.diff([harm(o) for o in found], axis=0)
        assert (steps.mean(axis=1) > 0).all(), harm
        assert (harm(found[-1]) > harm(found[0])).all(), harm


# -- mechanisms off: pace makes no difference to the end --------------------------------------------------------------


def ends(chosen, timelines, replications, last=12):
    """By timeline: what every station did in the last months, by replication."""
    found = {}
    for years in timelines:
        o = planned(chosen, replications, OFF, years)
        assert all(c.closed == c.step.due for closures in o.closures for c in closures)
        found[years] = (o, [getattr(o, block)[:, -last:] for block in ("area", "flow", "places", "midnight")])
    return found


def same_ends(found):
    """All timelines end with the same beds and places, and on the same paths."""
    (first, blocks), *others = found.values()
    for o, these in others:
        assert closed_by_month(o)[:, -1].tolist() == closed_by_month(first)[:, -1].tolist()
        assert first.fingerprints != o.fingerprints  # the ways there were different
        for one, other in zip(blocks, these, strict=True):
            assert np.array_equal(one, other)


def test_with_mechanisms_off_two_timelines_end_on_the_same_path():
    """DESIGN 6, T2: beds, places, people, waits: everything of the last year is the same to the last number."""
    chosen = area(years=5, after=3, **BUILT_FIRST)
    same_ends(ends(chosen, (3, 5), 2))


@pytest.mark.nightly
def test_with_mechanisms_off_all_timelines_end_on_the_same_path():
    """With the same people the ways meet after the longer plan in every replication, most of them within four years."""
    same_ends(ends(area(years=15, after=9, **BUILT_FIRST), (3, 5, 10, 15), 12))


@pytest.mark.nightly
def test_with_mechanisms_off_a_longer_plan_has_no_advantage_where_paths_do_not_meet():
    """Stays that answer to pressure remember the way, so paths differ; means of the last year do not."""
    chosen = area("feedback=history", years=15, after=3, **BUILT_FIRST)
    found = [planned(chosen, 12, OFF, years) for years in (3, 15)]
    last = np.arange(len(found[0].months)) >= len(found[0].months) - 12
    for held in (
        lambda o: o.midnight[:, last][..., :3].sum(axis=(1, 2, 3)),
        lambda o: o.area[:, last].sum((1, 2, 3, 4)),
    ):
        difference = (held(found[1]) - held(found[0])) / held(found[0]).mean()
        assert abs(difference.mean()) <= mean_halfwidth(difference) or np.abs(difference).max() < 1e-3


# -- each mechanism alone ---------------------------------------------------------------------------------------------


def test_approval_delays_and_refuses():
    """G13, G18, G19: partners who may say no, consultation and courts; fewer beds close, and later."""
    asked = approval(latency_months=6, consultation_months=6, veto_probability=0.1)
    chosen = area(approval=asked, **{k: move | {"when": {"from": 0.1, "to": 0.6, "every_months": 3}} for k, move in
                                     BUILT_FIRST.items()})  # fmt: skip
    free, held = planned(chosen, 12, OFF), planned(chosen, 12, only("approval"))
    assert low(closed(free) - closed(held)) > 0
    assert any(c.held_by.startswith("veto") for closures in held.closures for c in closures)
    assert months_late(held, free).min() >= 0


def test_proof_keeps_old_and_new_side_by_side_for_longer():
    """T1, A10: new models are proven before the old are decommissioned; harm falls, beds stay open longer."""
    chosen = area("gates=default", *_but("proof"), **_tight())
    free, held = planned(chosen, FEW, OFF), planned(chosen, FEW, only("proof"))
    assert months_late(held, free).min() > 0
    assert low(closed(free) - closed(held)) > 0
    assert low(long_waits(free) - long_waits(held)) > 0


def test_mothballed_beds_come_back_when_the_plan_says_so():
    """T1, G16: what is mothballed can reopen; what is decommissioned cannot, and its patients wait."""
    rule = {"name": "back", "watch": "occupancy", "site": "any", "above": figure(0.5, "share"), "for_months": 1}
    rule |= {"then": "reopen", "months": 12}
    chosen = area("gates=default", *_but("mothball"), off_plan=[rule], **_tight())
    kept, gone = (planned(chosen, FEW, Switches(**{**OFF.__dict__, "rules": True, "mothball": on})) for on in (True, 0))
    assert low(closed(gone) - closed(kept)) > 0
    assert low(long_waits(gone) - long_waits(kept)) > 0


def test_lead_time_puts_places_off():
    """T5, T6: provision takes time to build; until then people wait in hospital."""
    chosen = area(open_home=opening(40, lead=18, when="early"))
    at_once, built = (planned(chosen, 3 * FEW, how) for how in (OFF, only("lead_time")))
    plan = _laid_out(chosen)
    assert low(opened_by_month(at_once, plan).mean(axis=1) - opened_by_month(built, plan).mean(axis=1)) > 0
    assert low(delayed(built) - delayed(at_once)) > 0


def test_ramp_puts_effects_off():
    """T3, A14: new models take years to be adopted, so more people still come meanwhile."""
    chosen = area(avoid=avoiding(-0.2, ramp=24))
    at_once, adopted = planned(chosen, FEW, OFF), planned(chosen, FEW, only("ramp"))
    assert low(came(adopted) - came(at_once)) > 0
    assert low(came(usual(chosen, FEW)) - came(adopted)) > 0  # and yet fewer than without the plan


@pytest.mark.nightly  # compiles stocks of its own
def test_staff_put_places_and_closures_off():
    """W6, and NHS England's test of March 2017: the new workforce will be there before beds close."""
    moves = {"open_home": opening(60, lead=0), "close": closing(30)}
    gated = area("gates=default", "around=usual", *_but("staff"), **moves)
    free = planned(area("gates=default", *_but("staff"), **moves), FEW, OFF)
    held, plan = planned(gated, FEW, only("staff")), _laid_out(gated)
    assert low(opened_by_month(free, plan).mean(axis=1) - opened_by_month(held, plan).mean(axis=1)) > 0
    assert low(closed(free) - closed(held)) > 0
    assert any(c.held_by == "staff" for closures in held.closures for c in closures)


@pytest.mark.nightly  # compiles stocks of its own
def test_few_programmes_at_once_put_closures_off():
    """G3, G11: leaders carry three or four things at once; a plan of many takes longer."""
    many = {f"invest_{n}": _investing(n) for n in range(6)}
    chosen = area("gates=default", "around.change_capacity.enabled=true", *_but("change_capacity"), **many, **_tight())
    free, led = planned(chosen, FEW, OFF), planned(chosen, FEW, only("change_capacity"))
    assert low(closed(free) - closed(led)) > 0
    assert any(row.cause == "change capacity" for log in led.logs for row in log)


def test_rules_pause_a_plan_that_goes_wrong():
    """G16: how the system responds when off plan; a pause leaves beds open, and fewer people wait."""
    rule = {"name": "wait", "watch": "access", "site": "any", "above": figure(0.02, "share"), "for_months": 1}
    rule |= {"then": "pause", "months": 6}
    chosen = area(off_plan=[rule], close=closing(60, {"from": 0.1, "to": 0.8, "every_months": 3}, []))
    free, paused = planned(chosen, FEW, OFF), planned(chosen, FEW, only("rules"))
    assert low(closed(free) - closed(paused)) > 0
    assert low(long_waits(free) - long_waits(paused)) > 0


def test_stays_that_answer_to_pressure_soften_a_closure():
    """KH03 by trust and quarter: beds in use follow beds, so stays shorten in a fuller hospital and fewer wait."""
    move = closing(40, {"from": "2020-04-01"}, [])
    harm = []
    for feedback in ("none", "history"):
        chosen = area(f"feedback={feedback}", close=move)
        harm.append(long_waits(planned(chosen, FEW, OFF)) - long_waits(usual(chosen, FEW)))
    assert low(harm[0]) > 0 and low(harm[1]) > 0
    assert low(harm[0] - harm[1]) > 0


def _but(*gates: str) -> list[str]:
    """Words that leave out every gate but some."""
    every = ("staff", "proof", "use", "access", "occupancy", "money", "change_capacity", "mothball")
    return [f"gates.{name}.enabled={str(name in gates).lower()}" for name in every]


def _tight() -> dict:
    """Beds that close as soon as what replaces them opens."""
    return {
        "open_home": opening(40, lead=0, when={"from": 0.1, "to": 0.6, "every_months": 3}),
        "close": closing(40, {"from": 0.1, "to": 0.6, "every_months": 3}),
    }


def _investing(number: int) -> dict:
    capital = figure(1.0, "GBP million")
    return {"kind": "invest", "capital": capital, "when": {"from": 0.0, "to": 0.9, "every_months": 6}, "priority": 1}


def _laid_out(chosen):
    sizes = {("beds", SITE): 392.0, ("p1", SITE): 76.0, ("p2", SITE): 69.0, ("p3", SITE): 63.0}
    return schedule(chosen.plan, Timeline(name="3y", years=3), chosen.gates, sizes)
