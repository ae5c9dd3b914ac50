"""K9 and K12: what a plan takes for granted about demand beside what was seen, and programmes that run at once."""

from __future__ import annotations

import dataclasses
import datetime as dt
from itertools import pairwise
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from models.arms.prepare import window
from models.footprint.footprint import DATA_FOLDER
from models.history import england
from models.plans.schedule import Schedule, schedule
from models.report.tables import _laid
from models.report.words import rule_for
from models.settings.request import parse
from models.settings.settings import Settings, settings
from models.system.details import build
from models.system.system import System
from models.transition.steering import readmitted
from models.verdict.criteria import Assessed, not_assessed
from models.verdict.criteria_programmes import programmes, programmes_at_once
from models.verdict.criteria_realism import OUTSIDE, UNCOMPARED, UNSEEN, WITHIN, beside, percentile_in_words, realism
from models.verdict.realism import (
    effect_between,
    england_growth,
    growth_of_areas,
    growth_seen,
    percentile_of_effect,
    percentile_of_growth,
)
from models.verdict.taken_for_granted import BED_DAYS, Claim, claims
from models.verdict.verdict import rule
from models.waterfall.arithmetic import arithmetic
from sim.errors import FaultsError

DEVON = ["RA9", "RBZ", "RH8", "RK9"]
REPLICATIONS = 3


@pytest.fixture(scope="module")
def chosen() -> dict[str, Settings]:
    words = {
        "evidence": [],
        "as_written": ["scenario=as_written"],
        "history": ["scenario=history"],
        "three": ["plan=three_priorities"],
        "forty": ["plan=forty_moves"],
    }
    return {name: settings(parse(said)) for name, said in words.items()}


@pytest.fixture(scope="module")
def system(chosen: dict[str, Settings]) -> System:
    one = chosen["evidence"]
    assert one.fit is not None
    return build(one.footprint, one.fit, one.future, window(one)[1])


def laid_out(one: Settings, system: System, timeline: int = 0) -> Schedule:
    return schedule(one.plan, one.timelines[timeline], one.gates, system.sizes, one.fund)


def arm_of(one: Settings, system: System) -> Any:
    """What K9 and K12 look at of an arm, without running it."""
    steering = SimpleNamespace(future=one.future, system=system)
    return SimpleNamespace(arm=SimpleNamespace(steering=steering), closures=[[]] * REPLICATIONS)


def judged(one: Settings, system: System) -> Assessed:
    return realism(arm_of(one, system), laid_out(one, system), one.criteria)[0]


# --- what was seen ---------------------------------------------------------------------------------------------------


def test_growth_of_an_area_is_that_of_its_trusts_beds_in_use():
    assert len(growth_of_areas()) == 44
    rows = pd.read_csv(DATA_FOLDER / "trusts_beds_quarterly.csv")
    rows = rows[rows["code"].isin(DEVON) & (rows["quarter"] < 4)].groupby("year")["occupied"].sum()
    assert growth_of_areas()["Devon"] == pytest.approx(rows["2019/20"] / rows["2018/19"] - 1, abs=1e-5)


def test_england_grew_by_its_beds_in_use_over_every_span_of_years():
    table = england().frame()
    beds = table[(table["quarter"] < 4) & (table["year"] >= "2011/12")].groupby("year")["beds_occupied"].mean().tolist()
    assert england_growth(1) == pytest.approx([b / a - 1 for a, b in pairwise(beds)])
    assert len(england_growth(5)) == 4
    whole = (beds[-1] / beds[0]) ** (1 / 8) - 1
    assert england_growth(8) == england_growth(15) == pytest.approx([whole])  # no longer span is known


@pytest.mark.parametrize(("years", "lasting"), [(1, 0.14), (5, 0.14), (5, 0.0), (15, 1.0)])
def test_the_mean_of_years_scatters_less_than_one_year_but_for_what_lasts(years, lasting):
    areas, nation = np.array(list(growth_of_areas().values())), np.array(england_growth(years))
    seen = growth_seen(years, lasting)
    assert len(seen) == 44 * len(nation)
    assert seen.mean() == pytest.approx(nation.mean())
    assert seen.var() == pytest.approx(nation.var() + areas.var() * (lasting + (1 - lasting) / years))


def test_percentiles_are_the_inverse_of_the_ends_that_are_printed(chosen):
    seen, known = growth_seen(5, 0.14), chosen["evidence"].criteria.realism.emergencies
    for share in (0.01, 0.05, 0.3, 0.95):
        assert percentile_of_growth(seen, float(np.quantile(seen, share))) == pytest.approx(share, abs=1e-12)
    for tail in (0.01, 0.05, 0.2):
        low, high = effect_between(known, tail)
        assert percentile_of_effect(known, low) == pytest.approx(tail)
        assert percentile_of_effect(known, high) == pytest.approx(1 - tail)
    assert percentile_of_growth(seen, -0.5) == 0
    assert percentile_of_growth(seen, 0.5) == 1


def test_evidence_is_known_at_its_middle_and_at_both_ends(chosen):
    known = chosen["evidence"].criteria.realism.emergencies
    assert [percentile_of_effect(known, x) for x in (-0.076, -0.029, 0.0)] == pytest.approx([0.05, 0.5, 0.95])
    hoped = norm.cdf(norm.ppf(0.05) * (0.157 - 0.029) / (0.076 - 0.029))
    assert percentile_of_effect(known, -0.157) == pytest.approx(hoped)
    assert hoped < 1e-5


# --- what is taken for granted ---------------------------------------------------------------------------------------


def test_growth_with_the_plan_is_that_of_the_planners_arithmetic(chosen, system):
    one = chosen["as_written"]
    for timeline, years in ((0, 5), (1, 15)):
        plan = laid_out(one, system, timeline)
        sums = arithmetic(system, plan, one.future, one.criteria)
        alone, both, home = claims(plan, one.future, one.footprint)
        assert (alone.on, alone.value) == (BED_DAYS, 0.003)
        assert both.value == pytest.approx(1.003 * (1 - sums.avoided / sums.in_use) ** (1 / years) - 1)
        assert home.value == pytest.approx(-0.157 * one.future.reach(plan.places_at_home, _people(one)))


def test_who_claims_no_effect_takes_growth_alone_for_granted(chosen, system):
    one = chosen["history"]
    assert [c.on for c in claims(laid_out(one, system), one.future, one.footprint)] == [BED_DAYS]
    assert judged(one, system).passes.all()


def test_effects_add_up_as_they_multiply(chosen, system):
    three, forty = chosen["three"], chosen["forty"]
    *_, home, care, both = claims(laid_out(three, system), three.future, three.footprint)
    assert both.value == pytest.approx((1 + home.value) * (1 + care.value) - 1)
    found = {c.title: c for c in claims(laid_out(forty, system), forty.future, forty.footprint)}
    on = {name: [c.value for t, c in found.items() if c.on == name and "together" not in t] for name in
          ("emergencies", "readmission")}  # fmt: skip
    back = 1 - readmitted() * (1 - np.prod(1 + np.array(on["readmission"])))
    whole = found["All effects on emergency admissions together"].value
    assert whole == pytest.approx(np.prod(1 + np.array(on["emergencies"])) * back - 1)
    everywhere = 0.98 * 0.99 * 0.99 - 1  # Exeter and Plymouth have one more, so less is left on average
    assert 0.98 * (1 + everywhere) - 1 < found["All effects on stays together"].value < everywhere


def _people(one: Settings) -> float:
    return one.footprint.population.england_equivalents.value


# --- the criterion ---------------------------------------------------------------------------------------------------


def test_the_default_plan_is_within_what_was_seen_and_as_written_is_not(chosen, system):
    found = judged(chosen["evidence"], system)
    assert found.passes.tolist() == [True] * REPLICATIONS
    assert not found.decides and not found.rules_out
    assert [row["reading"] for row in found.figures] == [WITHIN] * 3
    hoped = judged(chosen["as_written"], system)
    assert hoped.passes.tolist() == [False] * REPLICATIONS
    assert [row["reading"] for row in hoped.figures] == [WITHIN, WITHIN, UNSEEN]
    assert hoped.value == pytest.approx(2 / 3)
    assert len(hoped.rules_out) == 1 and "\u221215.7" in hoped.rules_out[0]


def test_without_what_was_seen_nothing_is_judged(chosen, system):
    one = chosen["as_written"]
    nothing = one.criteria.model_copy(update={"realism": None})
    assert realism(arm_of(one, system), laid_out(one, system), nothing) == []
    assert {"K9", "K12"} <= not_assessed([]).keys()


def test_evidence_of_ones_own_does_not_pass_but_does_not_rule_out(chosen, system):
    one = chosen["as_written"]
    own = one.future.admissions_effect.model_copy(update={"basis": "host trust", "status": "derived"})
    seen_here = dataclasses.replace(one, future=one.future.model_copy(update={"admissions_effect": own}))
    found = judged(seen_here, system)
    assert not found.passes.any() and not found.rules_out
    hearsay = own.model_copy(update={"status": "secondary"})
    again = dataclasses.replace(one, future=one.future.model_copy(update={"admissions_effect": hearsay}))
    assert judged(again, system).rules_out


def test_evidence_graded_one_step_better_or_worse_may_turn_the_answer(chosen, system):
    assert not judged(chosen["evidence"], system).regraded  # nothing is beyond all that was seen
    one = chosen["as_written"]

    def with_effect(**changes: str) -> Assessed:
        effect = one.future.admissions_effect.model_copy(update=changes)
        return judged(
            dataclasses.replace(one, future=one.future.model_copy(update={"admissions_effect": effect})), system
        )

    assert with_effect(basis="national", status="read").regraded == (("Places at home", "B", "A"),)
    own = with_effect(basis="host trust", status="derived")
    assert own.regraded == (("Places at home", "A", "B"),) and not own.rules_out
    assert not with_effect(basis="national", status="assumed").regraded  # from D to C is no evidence of its own


@pytest.mark.parametrize(
    ("on", "value", "reading"),
    [
        ("emergencies", -0.076, WITHIN),
        ("emergencies", 0.0, WITHIN),
        ("emergencies", -0.09, OUTSIDE),
        ("emergencies", -0.12, UNSEEN),
        ("emergencies", 0.02, UNSEEN),
        (BED_DAYS, 0.02, WITHIN),
        (BED_DAYS, -0.03, OUTSIDE),
        (BED_DAYS, -0.05, UNSEEN),
        (BED_DAYS, 0.2, UNSEEN),
        ("attendances", -0.5, UNCOMPARED),
    ],
)
def test_readings(chosen, on, value, reading):
    laid = beside(Claim("a figure", on, value, own=False), 5, chosen["evidence"].criteria.realism)
    assert laid.reading == reading
    assert (laid.percentile is None) == (reading == UNCOMPARED)
    assert (laid.in_one_year is None) == (on != BED_DAYS)


def test_what_is_ruled_out_is_not_credible_whatever_is_simulated(chosen):
    limits = chosen["evidence"].criteria
    assert rule(0.95, 1.0, limits, []) == "credible"
    assert rule(0.95, 1.0, limits, [], ruled_out=True) == "not credible"
    assert rule(0.95, 1.0, limits, ["no fit"], ruled_out=True) == "no baseline"


def test_thresholds_in_the_wrong_order_are_refused():
    with pytest.raises(FaultsError, match="unseen must lie below unusual"):
        settings(parse(["criteria.realism.unusual.value=0.025", "criteria.realism.unseen.value=0.025"]))
    with pytest.raises(FaultsError, match="emergencies: give low and high"):
        settings(parse(["criteria.realism.emergencies.value=0.0"]))


def test_a_planner_reads_percentiles_in_words(chosen, system):
    *_, home = judged(chosen["as_written"], system).figures
    assert _laid(home)[1:] == (
        "\u221215.7\u00a0%",
        "\u22127.6\u00a0% to 0.0\u00a0%",
        "below 1",
        "\u2013",
        "beyond all that was seen",
    )
    shares = (0.0, 0.049, 0.1, 0.5, 0.951, 0.999)
    assert [percentile_in_words(x) for x in shares] == ["below 1", "4.9", "10", "50", "95.1", "above 99"]
    said, harm = rule_for({"id": "K9", "threshold": 1.0}, chosen["evidence"].criteria)
    assert "middle 90\u00a0%" in said and "middle 98\u00a0%" in said and not harm


# --- programmes at once ----------------------------------------------------------------------------------------------


def test_programmes_overlap_from_their_first_stage_to_their_last_step(chosen, system):
    plan = laid_out(chosen["evidence"], system)
    spans = {
        name: (min(t.starts for t in of), max(t.due for t in of))
        for name in chosen["evidence"].plan.moves
        if (of := [t for t in plan.tranches if t.move == name])
    }
    assert len(spans) == 3
    found = programmes_at_once(plan)
    for day, number in found.items():
        assert number == sum(first <= day <= last for first, last in spans.values())
    assert max(found.values()) == 3
    assert (min(found), max(found)) == (dt.date(2019, 7, 1), dt.date(2024, 4, 1))  # a year of building before July 2020


def test_few_programmes_pass_and_forty_do_not_and_neither_decides(chosen, system):
    few, many = (
        programmes(arm_of(one, system), laid_out(one, system), one.around)
        for one in (chosen["evidence"], chosen["forty"])
    )
    assert (few.value, few.threshold) == (3, 4)
    assert few.passes.all() and not many.passes.any()
    assert many.value > 20
    assert not few.decides and not many.decides and not many.rules_out
    assert "weak evidence" in few.note and "July 2021" in few.note


@pytest.mark.parametrize(("words", "held"), [(["around=all"], True), (["around=all", "gates=none"], False)])
def test_k12_says_whether_the_gate_holds_programmes_to_it(system, words, held):
    one = settings(parse(words))
    found = programmes(arm_of(one, system), laid_out(one, system), one.around)
    assert ("the gate holds programmes" in found.note) is held


def test_more_that_leaders_can_carry_is_a_setting(chosen, system):
    forty = chosen["forty"]
    at_once = forty.around.change_capacity.at_once.model_copy(update={"value": 50, "high": 60})
    able = forty.around.change_capacity.model_copy(update={"at_once": at_once})
    around = forty.around.model_copy(update={"change_capacity": able})
    assert programmes(arm_of(forty, system), laid_out(forty, system), around).passes.all()


def test_no_moves_are_no_programmes(chosen, system):
    none = cast(Any, SimpleNamespace(tranches=()))
    assert programmes_at_once(none) == {}
