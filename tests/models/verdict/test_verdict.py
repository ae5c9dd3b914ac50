"""The rules of the verdict, the lenses and the criteria."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest

from models.plans import months_after
from models.report.tables import _harmed, criteria_rows, verdict_rows
from models.run.runner import USUAL, _simulate, more_needed
from models.run.write import verdict_document
from models.settings.request import parse
from models.settings.settings import settings
from models.transition.steering import Closure
from models.verdict import verdict as v
from models.verdict.criteria import NO_HARM, STANDARD, two_lenses
from models.verdict.criteria_delivery import delivery
from sim.clock import DAY

PASS = np.ones(60, bool)


def _bounds(successes, trials):
    return v.bounds(np.arange(trials) < successes)


@pytest.mark.parametrize(
    ("successes", "trials", "expected"),
    [
        (0, 60, v.NOT_CREDIBLE),
        (20, 60, v.NOT_CREDIBLE),
        (30, 60, v.UNDETERMINED),  # the interval straddles 0.50
        (29, 29, v.CREDIBLE),
        (28, 28, v.UNDETERMINED),  # 0.8985 < 0.90
        (60, 60, v.CREDIBLE),
        (55, 60, v.UNDETERMINED),
        (420, 600, v.AT_RISK),
    ],
)
def test_rules_hold_in_their_order(chosen, successes, trials, expected):
    low, high = _bounds(successes, trials)
    assert v.rule(low, high, chosen.criteria, []) == expected
    assert v.rule(low, high, chosen.criteria, ["no fit"]) == v.NO_BASELINE


def test_bounds_are_exact():
    assert _bounds(29, 29)[0] == pytest.approx(0.05 ** (1 / 29), rel=1e-12)
    assert _bounds(0, 60) == (0.0, pytest.approx(1 - 0.05 ** (1 / 60), rel=1e-12))


@pytest.mark.parametrize(("failed", "least"), [(0, 29), (1, 46), (2, 61)])
def test_fewest_replications_for_credible(failed, least):
    assert v.fewest(0.9, failed) == least
    assert _bounds(least - failed, least)[0] >= 0.9 > _bounds(least - 1 - failed, least - 1)[0]


@pytest.mark.parametrize(
    ("passed", "said"),
    [(2, "at least 29, with none failing"), (1, "at least 46, with no more failing than the 1 that do")],
)
def test_undetermined_says_how_many_more_are_needed(passed, said):
    assert said in more_needed(SimpleNamespace(replications=2, probability=passed / 2), 0.9)


def _judged(usual_meets, collapsed=(), harmless=PASS):
    values = np.full((60, 1), 0.2)
    return two_lenses(
        ("K1", "Access", 0.05, "share", "own"),
        meets=~PASS,
        usual_meets=usual_meets,
        harmless=harmless,
        cells=[("x", "2020")],
        values=values,
        usual=values,
        collapsed=list(collapsed),
        note="",
    )


def test_lens_is_chosen_once_from_business_as_usual():
    most = np.arange(60) < 30
    few = np.arange(60) < 29
    assert (_judged(most).lens, _judged(few).lens) == (STANDARD, NO_HARM)
    assert not _judged(most).passes.any()
    assert _judged(few).passes.all()


def test_no_harm_means_nothing_where_business_as_usual_collapses():
    judged = _judged(~PASS, collapsed=["Derriford Hospital"])
    assert not judged.passes.any()
    assert "no steady state at Derriford Hospital" in judged.note


def test_joint_probability_is_over_replications(outcome):
    for name, verdict in outcome.verdicts.items():
        deciding = [a for a in outcome.assessed[name] if a.decides]
        assert {a.key for a in deciding} == {"K0", "K1", "K3", "K5c"}
        both = np.all([a.passes for a in deciding], axis=0)
        assert verdict.probability == both.mean()
        assert verdict.safe["probability"] == np.all([a.passes for a in deciding if a.key != "K0"], axis=0).mean()
        worst = min(deciding, key=lambda a: a.passes.mean())
        assert next(a for a in deciding if a.key == verdict.binding_criterion).passes.mean() == worst.passes.mean()


def test_every_criterion_is_listed(outcome):
    for verdict in outcome.verdicts.values():
        found = [row["id"] for row in verdict.criteria]
        assert sorted(set(found)) == sorted({*(f"K{n}" for n in range(13)), "K5c"})
        assert len(found) == len(set(found))
        for row in verdict.criteria:
            assert row["assessed"] or row["note"].startswith("not assessed")


def test_document_holds_what_others_rely_on(outcome, chosen):
    document = verdict_document(outcome)
    needed = {"schema_version", "verdict", "probability", "interval", "binding_criterion", "criteria"}
    needed |= {"replications", "scenario_hash"}
    assert needed <= set(document)
    assert document["replications"] == chosen.replications
    assert [t["timeline"] for t in document["timelines"]] == ["3y", "5y"]
    assert document["verdict"] == document["timelines"][0]["verdict"]


def test_harm_is_measured_against_the_same_replication(outcome):
    for name in outcome.schedules:
        one = next(a for a in outcome.assessed[name] if a.key == "K1")
        again = np.all(one.values <= one.usual + outcome.settings.criteria.margin_share.value, axis=1)
        assert np.array_equal(again, one.harmless)
    plan, usual = outcome.observed["5y"], outcome.observed[USUAL]
    before = [m < outcome.settings.plan.starts for m in plan.months]
    assert np.array_equal(plan.flow[:, before], usual.flow[:, before])  # the same people until the plan begins


def test_arithmetic_stands_beside(outcome):
    sums = verdict_document(outcome)["arithmetic"]["5y"]
    assert sums["open_before"] == pytest.approx(2267, abs=1)
    assert sums["open_after"] == pytest.approx(sums["open_before"] - sums["closed"])
    assert sums["needed"][0.85] == pytest.approx(2001.2 / 0.85)
    assert 400 < sums["closed"] < 590
    assert dataclasses.is_dataclass(outcome.verdicts["5y"])


def test_a_plan_that_only_opens_places_is_delivered_and_safe():
    """The verdict can say yes: chance alone must not make a harmless plan look harmful."""
    words = [
        "plan.moves.close_acute.size.value=0",
        "plan.moves.close_community.size.value=0",
        "timeline=3y",
        "replications=3",
    ]
    short = ["criteria.longest_timeline_years=5", "criteria.window_years_after=1", "waterfall=0", "sensitivity=0"]
    found = _simulate(settings(parse([*words, *short, "around=none"])))
    verdict = found.verdicts["3y"]
    assert verdict.delivered["probability"] == 1.0
    assert next(row for row in verdict.criteria if row["id"] == "K6")["note"].endswith("(around=none)")
    for one in found.assessed["3y"]:
        assert one.harmless is None or one.harmless.all(), one.key
    access = next(a for a in found.assessed["3y"] if a.key == "K1")
    assert access.value < access.usual_value


def test_places_for_which_there_are_no_staff_yet_are_not_delivered():
    """In three years staff cannot be found for all of them; in wards nobody is missing, since none of them closes."""
    words = [
        "plan.moves.close_acute.size.value=0",
        "plan.moves.close_community.size.value=0",
        "timeline=3y",
        "replications=2",
    ]
    short = ["criteria.longest_timeline_years=5", "criteria.window_years_after=1", "waterfall=0", "sensitivity=0"]
    found = _simulate(settings(parse([*words, *short])))
    delivery, staff = (next(a for a in found.assessed["3y"] if a.key == key) for key in ("K0", "K6"))
    assert (delivery.values > 0.3).all() and (delivery.values < 0.9).all() and "were not open by then" in delivery.note
    assert staff.usual is not None and (staff.usual == 1.0).all() and staff.values.min() < 0.5
    o = found.observed["3y"]
    for site in found.settings.footprint.sites:
        assert (o.stock(f"beds_staffed[{site}]") >= o.stock(f"beds_called[{site}]")).all()


def test_closing_beds_without_a_gate_is_not_safe():
    words = ["scenario=no_gate", "timeline=3y", "replications=3", "around=none"]
    short = ["criteria.longest_timeline_years=5", "criteria.window_years_after=1", "waterfall=0", "sensitivity=0"]
    found = _simulate(settings(parse([*words, *short])))
    verdict = found.verdicts["3y"]
    assert (verdict.delivered["probability"], verdict.safe["probability"]) == (1.0, 0.0)


def _delivered(outcome, closures, openings):
    o, real = outcome.observed["3y"], outcome.schedules["3y"]
    laid_out = SimpleNamespace(
        end=real.end,
        services=("p1",) if openings else (),
        opened=lambda _: openings,
        closures=[c.step for c in closures[0]],
    )
    places = np.zeros((len(closures), len(o.months), len(o.stations), 2))
    for site, steps in openings.items():
        added = [max((n for day, n in steps if day <= first), default=0) for first in o.months]
        now = (np.array(added) + o.arm.system.places[site, "p1"]) * o.days * DAY
        places[:, :, o.station(f"{site}_p1"), 0] = now
    made_up = SimpleNamespace(
        closures=closures, places=places, months=o.months, days=o.days, arm=o.arm, station=o.station
    )
    return delivery(made_up, laid_out, outcome.settings.criteria)


def test_delivery_counts_what_happens_within_six_months_of_its_date(outcome):
    steps = [s for s in outcome.schedules["3y"].closures if s.site == "exeter" and s.kind == "acute"][:2]
    for late, counted in ((6, True), (7, False)):
        days = [months_after(s.due, late) for s in steps]
        found = _delivered(outcome, [[Closure(s, d) for s, d in zip(steps, days, strict=True)]], {})
        assert found.values[0, 0] == float(counted)
        assert found.passes[0] == counted
    never = _delivered(outcome, [[Closure(steps[0], steps[0].due), Closure(steps[1], None, "use")]], {})
    assert never.values[0, 0] == steps[0].beds / (steps[0].beds + steps[1].beds)
    assert not never.passes[0]
    assert never.note.endswith("the services that replace them stood too empty")


def test_places_that_open_long_after_the_plan_are_not_delivered(outcome):
    end = outcome.schedules["3y"].end
    on_time = _delivered(outcome, [[]], {"exeter": [(months_after(end, 6), 100)]})
    late = _delivered(outcome, [[]], {"exeter": [(end, 60), (months_after(end, 7), 100)]})
    assert (on_time.values[0, 0], late.values[0, 0]) == (1.0, 0.6)
    assert not late.passes[0]


def test_worst_place_is_where_the_plan_is_furthest_behind(outcome):
    for assessed in outcome.assessed.values():
        for one in assessed:
            if one.usual is None:
                continue
            gap = (one.usual - one.values if one.key in ("K4", "K6") else one.values - one.usual).mean(axis=0)
            assert (one.worst["place"], one.worst["from"]) == one.cells[int(np.argmax(gap))]
            assert one.values.shape == (outcome.settings.replications, len(one.cells))


def test_every_timeline_is_judged_over_the_same_years(outcome):
    windows = {verdict.window for verdict in outcome.verdicts.values()}
    assert windows == {("2019-04-01", "2025-04-01")}
    for one, other in zip(*outcome.assessed.values(), strict=True):
        assert one.cells == other.cells
        assert one.lens == other.lens  # business as usual alone decides it


def test_at_another_threshold_the_rules_are_the_same(outcome):
    for verdict in outcome.verdicts.values():
        for threshold, said in verdict.at_other_thresholds.items():
            criteria = outcome.settings.criteria.model_copy(update={"credible_from": float(threshold)})
            assert said == v.rule(*verdict.interval, criteria, [])


@pytest.mark.parametrize(
    ("passes", "binding"),
    [
        ({"K0": 40, "K1": 30, "K3": 60, "K5c": 60}, "K1"),
        ({"K0": 20, "K1": 60, "K3": 60, "K5c": 60}, "K0"),
        ({"K0": 60, "K1": 60, "K3": 25, "K5c": 25}, "K3"),
    ],
)
def test_joint_pass_is_the_product_of_the_deciding_criteria(outcome, monkeypatch, passes, binding):
    """Each passes from the front or from the back of the replications, so that products differ from means."""
    fake = []
    for n, one in enumerate(outcome.assessed["5y"]):
        first = np.arange(60) < passes.get(one.key, 0)
        fake.append(dataclasses.replace(one, passes=first[::-1] if n % 2 else first))
    monkeypatch.setattr(v, "assess", lambda *_: fake)
    o, usual, laid_out = outcome.observed["5y"], outcome.observed[USUAL], outcome.schedules["5y"]
    found, _ = v.judge(o, usual, laid_out, outcome.settings.criteria, outcome.window, [])
    by_key = {a.key: a.passes for a in fake if a.decides}
    safe = by_key["K1"] & by_key["K3"] & by_key["K5c"]
    assert found.delivered["probability"] == passes["K0"] / 60
    assert found.safe["probability"] == safe.mean()
    assert found.probability == (safe & by_key["K0"]).mean()
    assert found.interval == _bounds(int((safe & by_key["K0"]).sum()), 60)
    assert found.binding_criterion == binding
    assert found.replications == 60


def test_verdicts_at_other_grades_are_told_where_they_differ(outcome, monkeypatch):
    steps = (("Places at home", "B", "A"),)
    o, usual, laid_out = outcome.observed["5y"], outcome.observed[USUAL], outcome.schedules["5y"]

    def told(passes, rules_out, why_not=()):
        fake = [
            dataclasses.replace(
                one,
                passes=np.arange(60) < passes,
                rules_out=rules_out if one.key == "K9" else (),
                regraded=steps if one.key == "K9" else (),
            )
            for one in outcome.assessed["5y"]
        ]
        monkeypatch.setattr(v, "assess", lambda *_: fake)
        found, _ = v.judge(o, usual, laid_out, outcome.settings.criteria, outcome.window, list(why_not))
        return found

    found = told(60, ("beyond all that was seen",))
    assert found.verdict == v.NOT_CREDIBLE
    one = {"evidence": "Places at home", "grade": "B", "graded": "A", "verdict": v.CREDIBLE}
    assert found.at_other_grades == found.as_dict()["at_other_grades"] == [one]
    assert told(60, ()).at_other_grades[0]["verdict"] == v.NOT_CREDIBLE
    for same in (told(0, ("beyond all that was seen",)), told(60, (), ["no fit"])):  # it would be the same
        assert same.at_other_grades == [] and "at_other_grades" not in same.as_dict()


def test_where_harm_is_done_is_told_although_the_mean_shows_none():
    usual = np.full((4, 3), 0.02)
    values = usual - 0.01
    values[0, 1] = values[1, 1] = 0.05  # two futures in which one place has a bad year
    values[2, 2] = 0.03
    harmless = np.all(values <= usual + 0.005, axis=1)
    found = two_lenses(
        ("K1", "Access", None, "share", "own proposal"),
        meets=None,
        usual_meets=None,
        harmless=harmless,
        cells=[("one", "2020-04"), ("other", "2020-04"), ("all", "2020-04")],
        values=values,
        usual=usual,
        collapsed=[],
        note="",
    )
    assert found.harmed == {"fails": 3, "place": "other", "times": 2, "by": pytest.approx(0.03)}
    assert found.value < found.usual_value
    row = {"decides": True, "harmed": found.harmed}
    assert "in the 3 futures of 4 that do harm, most often at other (2), by 3.0 points" in _harmed(row, 4)
    assert _harmed(row | {"harmed": {"fails": 1, "place": "one", "times": 1, "by": 0.013}}, 9).endswith(
        "in the one future of 9 that does harm, at one, by 1.3 points in the worst year"
    )
    assert _harmed({"decides": True}, 4) == ""


def test_the_page_tells_every_timeline_every_tie_and_how_far_occupancy_is_from_85_per_cent(outcome):
    why = next(row for row in criteria_rows(outcome) if row["id"] == "K7")["why"]
    assert why.count("made up") == 1
    assert "in 3 years: the area's result before PSF and interest" in why and "in 5 years: the area's" in why
    for found, row in zip(outcome.verdicts.values(), verdict_rows(outcome), strict=True):
        shares = [r["probability"] for r in found.criteria if r["decides"]]
        assert len(row["tied"]) == shares.count(min(shares)) - 1
        assert not any(words.endswith(f"({row['binding_id']})") for words in row["tied"])
        two = next(r for r in found.criteria if r["id"] == "K2")
        off = 100 * (two["value"] - 0.85)
        assert f"the mean of the years is {abs(off):.1f} points {'above' if off > 0 else 'below'} 85%" in two["note"]
