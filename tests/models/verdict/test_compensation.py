"""K11: beds that close, and beds that what a plan does besides makes up for, where the answer is known beforehand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from models.arms.arms import Observed, run_arms
from models.arms.memory import gigabytes, parts
from models.arms.prepare import USUAL, arm_names, prepare
from models.cli import main
from models.measures.need import beds_needed
from models.plans.schedule import Schedule, schedule
from models.report.words import rule_for
from models.settings.request import parse
from models.settings.settings import settings
from models.sweep.care import Care
from models.system.details import build
from models.transition.sight import Target
from models.transition.steering import Steering
from models.verdict.criteria import NOT_ASSESSED, Assessed, months_between
from models.verdict.criteria_compensation import Compensation, compensation, compensation_criterion
from models.verdict.what_happened import same_as_usual
from sim import Run, lower
from sim.errors import FaultsError
from sim.kernel.layout import IN_SERVICE
from sim.statistics import mean_halfwidth
from tests.models.small_area import SITE, area
from tests.models.transition.made_up import avoiding, closing, figure, opening

EARLY = {"from": 0.1}
ROOMY = (f"fit.stay_factor.{SITE}=0.6", *(f"fit.capacity_factor.{p}=2" for p in ("p1", "p2", "p3")))
NOBODY_AVOIDED = "future.admissions_effect.value=0"
REPLICATIONS = 2


class Found:
    """A made-up plan, run with every hospital bed kept as well."""

    def __init__(self, *words: str, workers: int = 2, replications: int = REPLICATIONS, **moves: Any):
        self.chosen = replace(area(NOBODY_AVOIDED, *words, **moves), compensation=True)
        ready = prepare(self.chosen)
        found = run_arms([*ready.arms, *ready.kept], 1, replications, workers)
        self.usual, self.plan, self.kept = (*found, found[1])[:3]
        self.schedule: Schedule = ready.schedules["3y"]
        first = ready.window[1].replace(year=ready.window[1].year - 1)
        self.window, self.years = ready.window, months_between(self.usual, first, ready.window[1], 12)
        self.last = self.years[0][1]

    @property
    def beds(self) -> Compensation:
        return compensation(self.plan, self.kept, self.usual, self.schedule, self.years)

    def judged(self, plan: Observed | None = None) -> Assessed | str:
        args = (self.schedule, self.chosen.criteria, self.window)
        return compensation_criterion(plan or self.plan, self.kept, self.usual, *args)

    def used(self, o: Observed, classes: Sequence[str], states: slice) -> Any:
        """Mean beds in the last year (R) in some states, of some classes of people."""
        numbers = [o.arm.lowered.network.classes.index(c) for c in classes]
        area = o.area[:, self.last][:, :, o.station(f"{SITE}_ward")][:, :, numbers][..., states]
        return area.sum(axis=(1, 2, 3)) / (o.days[self.last].sum() * 86_400_000)


@cache
def only_closes() -> Found:
    return Found(closes=closing(40, when=EARLY, after=[]))


def shortens(share: float) -> dict[str, Any]:
    return {"kind": "shorten", "effect": {"share": figure(share, "relative change"), "grade": "B"}, "when": EARLY}


def test_a_plan_that_only_closes_beds_makes_up_for_nothing():
    found = only_closes()
    assert same_as_usual(found.kept, found.usual)
    assert not same_as_usual(found.plan, found.usual)
    assert np.all(found.beds.freed == 0)
    assert found.beds.lost == pytest.approx(np.full((REPLICATIONS, 2), 40))
    row = found.judged()
    assert isinstance(row, Assessed)
    assert not row.decides
    assert not row.passes.any()
    assert (row.value, row.usual_value, row.worst["value"]) == (pytest.approx(40), 0, pytest.approx(40))
    assert "40 fewer hospital beds are open" in row.note
    assert "makes up for 0.0 hospital beds (lowest to highest: 0.0 to 0.0)" in row.note
    assert [place for place, _ in row.cells] == ["Tameside General Hospital", found.chosen.footprint.title]


@pytest.mark.nightly
def test_it_stays_so_with_staff_and_stays_that_answer_to_pressure():
    words = ("footprint=devon", "feedback=history", "around=usual")
    found = Found(*words, replications=1, closes=closing(40, when=EARLY, after=[]))
    assert same_as_usual(found.kept, found.usual)
    assert np.all(found.beds.freed == 0)
    assert np.all(found.beds.lost[:, -1] > 30)


def test_shorter_stays_free_their_share_of_the_offered_load():
    """With a bed for everybody: beds in active care are admissions a day times days of stay, so a tenth off is a tenth.

    Who is ready sooner is ready at other hours, and waits for those of discharge; that is below a bed here.
    """
    found = Found(*ROOMY, shortens=shortens(-0.1))
    everybody, care = found.usual.arm.lowered.network.classes, slice(IN_SERVICE, IN_SERVICE + 1)
    load, now = (found.used(o, everybody, care) for o in (found.usual, found.kept))
    assert load.mean() > 200
    assert now == pytest.approx(0.9 * load, rel=1e-3)
    assert found.beds.freed[:, -1] == pytest.approx(0.1 * load, abs=1)
    assert "the plan closes no hospital beds, so there is nothing to make up for" in str(found.judged())
    assert found.kept is found.plan


def test_stays_of_another_run_scale_active_care_and_nothing_else():
    usual, last = only_closes().usual, only_closes().years[0][1]
    days = np.arange(0.0, usual.days.sum(), 28)

    def answering(factor: float) -> Observed:
        stocks = np.full((REPLICATIONS, len(days), 1), factor)
        return replace(usual, stocks=stocks, stock_columns=[f"bed_limited_response[{SITE}]"], stock_days=days)

    need, other = (beds_needed(answering(1.2), None, [last], stays_as=o) for o in (None, answering(0.9)))
    care = only_closes().used(usual, usual.arm.lowered.network.classes, slice(IN_SERVICE, IN_SERVICE + 1))
    assert other[:, 0] - need[:, 0] == pytest.approx((0.9 / 1.2 - 1) * care)
    assert beds_needed(usual, None, [last], stays_as=answering(0.9)) == pytest.approx(
        0.9 * care[:, None] + need - care[:, None]
    )


@pytest.mark.nightly
def test_freed_beds_count_although_stays_fill_them_again():
    """Stays answer to pressure with an elasticity of 1.6: of a bed freed by shorter stays 1 / 2.6 stays free.

    Beside the same stays as under business as usual a tenth off is a tenth again.
    """
    found = Found("feedback=history", replications=1, shortens=shortens(-0.1))
    everybody, care = found.usual.arm.lowered.network.classes, slice(IN_SERVICE, IN_SERVICE + 1)
    load, now = (found.used(o, everybody, care) for o in (found.usual, found.kept))
    assert load.mean() > 250
    assert np.all(load - now < 0.06 * load)
    assert np.abs(found.beds.freed[:, -1] - 0.1 * load) < 0.01 * load


def test_avoided_admissions_free_the_beds_that_these_people_would_have_used():
    moves: dict[str, Any] = {"avoids": avoiding(-0.1, when=EARLY), "closes": closing(40, when=EARLY, after=[])}
    found = Found(*ROOMY, replications=4, **moves)
    load = found.used(found.usual, ("emergency", "direct"), slice(IN_SERVICE, IN_SERVICE + 3))
    apart = found.beds.freed[:, -1] - 0.1 * load
    assert mean_halfwidth(apart) < 3
    assert abs(apart.mean()) < mean_halfwidth(apart) + 0.2
    row = found.judged()
    assert isinstance(row, Assessed)
    assert "places outside hospital are open" not in row.note
    assert np.array_equal(row.passes, found.beds.freed[:, -1] >= found.beds.lost[:, -1])
    assert not row.passes.any()


def test_places_free_nothing_where_none_are_short():
    found = Found(*ROOMY, opens=opening(60, lead=0, when=EARLY), closes=closing(40, when=EARLY, after=["opens"]))
    assert found.beds.opened == pytest.approx(np.full(REPLICATIONS, 60))
    assert found.beds.freed == pytest.approx(np.zeros((REPLICATIONS, 2)), abs=1e-9)


def test_places_free_fewer_beds_than_places_where_discharge_is_blocked():
    found = Found(opens=opening(60, lead=0, when=EARLY), closes=closing(10, when=EARLY, after=["opens"]))
    freed = found.beds.freed[:, -1]
    assert np.all((freed > 0.5) & (freed < 30))
    row = found.judged()
    assert isinstance(row, Assessed)
    assert "60 places outside hospital are open beyond those before" in row.note
    assert f"{freed.mean() / 60:.2f} hospital beds for each" in row.note
    assert "includes" not in row.note


def test_where_the_hospital_is_full_freed_beds_are_filled_and_still_count():
    """Shorter stays let others in: beds in use hardly change, waits and cancellations do."""
    found = Found(f"fit.stay_factor.{SITE}=1.0", replications=2, shortens=shortens(-0.05))
    everybody = found.usual.arm.lowered.network.classes
    before, after = (found.used(o, everybody, slice(IN_SERVICE, IN_SERVICE + 3)) for o in (found.usual, found.kept))
    freed = found.beds.freed[:, -1]
    assert np.all(freed > before - after + 5)
    assert np.all(freed > 0.04 * before)


def test_a_plan_whose_closures_never_happen_passes_but_says_that_it_means_nothing():
    found = only_closes()
    row = found.judged(plan=found.usual)
    assert isinstance(row, Assessed)
    assert row.passes.all()
    assert f"no hospital bed is lost in any of {REPLICATIONS} simulated futures" in row.note
    assert "a pass says nothing" in row.note


def test_what_comes_after_a_closure_comes_as_in_the_plan_and_workers_do_not_matter():
    moves: dict[str, Any] = {
        "closes": closing(20, when=EARLY, after=[]),
        "converts": {"kind": "convert", "from": "beds", "to": "p1", "size": figure(20, "beds")}
        | {"when": {"from": 0.2}, "after": ["closes"]},
    }
    one, two = (Found(workers=n, replications=2, **moves) for n in (1, 2))
    assert same_as_usual(one.kept, two.kept)
    assert one.judged().note == two.judged().note  # type: ignore[union-attr]
    ward, home = one.usual.station(f"{SITE}_ward"), one.usual.station(f"{SITE}_p1")
    assert np.array_equal(one.kept.places[:, :, ward], one.usual.places[:, :, ward])
    assert np.array_equal(one.kept.places[:, :, home], one.plan.places[:, :, home])
    assert one.beds.lost[:, -1] == pytest.approx(40)
    assert one.beds.opened == pytest.approx(20)


def test_beds_that_move_with_their_people_are_there_and_others_stay_as_they_were():
    chosen = settings(parse(["plan=devon_2016", "timeline=5y", "around=none", "feedback=none"]))
    assert chosen.fit is not None
    system = build(chosen.footprint, chosen.fit, chosen.future, chosen.plan.starts)
    lowered = lower(system.network)
    laid_out = schedule(chosen.plan, chosen.timelines[0], chosen.gates, system.sizes)
    steering = Steering.of(system, lowered, laid_out, chosen.future)
    to, kept = ("beds", "torbay"), {}
    moved = Target(closed={("beds", "exeter"): 30}, added={to: 24}, merged={("beds", "exeter", "torbay"): 30})
    opened = Target(closed={("beds", "exeter"): 30}, added={to: 24}, escalation={"exeter": 5})
    for name, target in (("moved", moved), ("opened", opened)):
        watch = replace(steering, keeps_beds=True).watch(Run(lowered, 5, 0))
        for site in ("exeter", "torbay"):
            watch._beds(site, target)
        kept[name] = {site: (watch.levers.closed.get(site, 0), watch.levers.extra.get(site, 0)) for site in system.beds}
    unchanged = dict.fromkeys(system.beds, (0, 0))
    assert kept["moved"] == unchanged | {"torbay": (-24, 0)}
    assert kept["opened"] == unchanged


#: keys of a configuration that is quick to compose
FEW = ("footprint=tameside_glossop", "plan=three_priorities", "around=none")


def test_the_option_adds_an_arm_a_timeline_and_says_no_to_other_words():
    off, on, too = (settings(parse([*FEW, f"compensation={word}"])) for word in ("off", "on", "true"))
    assert "compensation" not in off.composed
    assert on.composed == too.composed == off.composed | {"compensation": "on"}
    assert arm_names(off) == [USUAL, "5y", "15y"]
    assert arm_names(on) == [*arm_names(off), "5y with every bed kept", "15y with every bed kept"]
    ready = prepare(on)
    assert [arm.name for arm in [*ready.arms, *ready.kept]] == arm_names(on)
    assert gigabytes(on) > gigabytes(off)
    assert parts(on)["books"] == parts(off)["books"]
    assert parts(on)["arrays"] == pytest.approx(5 / 3 * parts(off)["arrays"])
    with pytest.raises(FaultsError) as caught:
        settings(parse([*FEW, "compensation=onn"]))
    (fault,) = caught.value.faults
    assert (fault.key, fault.value, fault.nearest) == ("compensation", "onn", "on")


def test_a_plan_without_moves_of_hospital_beds_needs_no_further_arm():
    chosen = replace(area(opens=opening(20, lead=0)), compensation=True)
    assert arm_names(chosen) == [USUAL, "3y"]
    assert prepare(chosen).kept == []


def test_its_run_is_written_where_there_are_no_other_stocks(tmp_path):
    """What it needs of the stocks is for it alone: a run without staff has no table of them."""
    words = [*FEW, "compensation=on", "timeline=3y", "replications=1", "sensitivity=0", "waterfall=0"]
    assert main(["run", *words, "finance=none", f"out={tmp_path / 'out'}"]) in (0, None)
    written = {path.name for path in (tmp_path / "out").glob("*.arrow")}
    assert "verdict.arrow" in written and "stocks.arrow" not in written


def test_without_the_option_the_criterion_says_how_to_ask():
    assert "compensation=on" in NOT_ASSESSED["K11"]["note"]
    assert "one more arm a timeline" in NOT_ASSESSED["K11"]["note"]


def test_the_page_says_when_it_is_passed():
    row = only_closes().judged()
    assert isinstance(row, Assessed)
    rule, harm = rule_for({"id": row.key, "threshold": row.threshold}, only_closes().chosen.criteria)
    assert "made up for" in rule
    assert harm == ""


def test_a_sweep_refuses_what_it_would_not_answer():
    with pytest.raises(FaultsError, match="only `carebridge run` answers K11"):
        Care(["compensation=on"]).identity()
