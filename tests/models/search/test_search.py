"""Inverse questions: the words that set a value, what is tried, what is said of it, and the command."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import feather

from models.arms.arms import run_arms
from models.arms.prepare import prepare
from models.cli import main
from models.plans import Plan
from models.plans.whose_plan import owner_of
from models.run.runner import _simulate
from models.search import look
from models.search.ask import lay_out
from models.search.command import _beside, _given, lines
from models.search.look import BOTH, Found, Looker, Tried, tries
from models.search.names import BELIEVE, NAMES
from models.search.own_key import own_question
from models.search.question import Cannot, Question, laid_over
from models.search.questions import question
from models.search.scaling import closes_beds, scaled_words, sized
from models.search.told import command
from models.settings.files import choices
from models.settings.request import parse
from models.settings.settings import settings
from models.verdict.verdict import Verdict, bounds
from sim.errors import FaultsError
from tests.models.conftest import SHORT

AREA = ["footprint=tameside_glossop", "timeline=5y", "workers=2", *SHORT]
#: a small plan that is carried out on its days: one hospital closes 60 of its beds, and places open for them
MOVES = (
    "+plan.moves.close={kind: close, setting: beds, when: {from: 0.4, to: 0.8}, size: {value: 60, unit: beds, "
    "year: not applicable, basis: not applicable}}",
    "+plan.moves.open={kind: open, setting: p1, when: {from: 0.0}, size: {value: 30, unit: places, "
    "year: not applicable, basis: not applicable}}",
)
PLANNED = ["plan=none", "gates=none", "around=none", *MOVES]


def scale(**changes) -> Question:
    """A question about a number from 0 (easy) to 100."""
    given = {"name": "plan", "asks": "How much?", "axis": "Size", "unit": "beds", "easy": 0.0, "hard": 100.0}
    return Question(**{"words": lambda value: [f"x={value}"], "whole": True, **given, **changes})


def tried(value: float, delivered: int, safe: int, of: int = 48) -> Tried:
    """A value at which so many replications are delivered, or safe; those that are safe are delivered first."""
    part = {name: {"probability": n / of, "interval": bounds_of(n, of)} for name, n in (("d", delivered), ("s", safe))}
    both = min(delivered, safe)
    row = {"decides": True, "note": "every closure happened"}
    verdict = Verdict(
        timeline="5y",
        verdict="undetermined",
        probability=both / of,
        interval=bounds_of(both, of),
        delivered=part["d"],
        safe=part["s"],
        binding_criterion="K0",
        criteria=[row | {"id": "K0", "name": "Delivery", "probability": delivered / of}],
        replications=of,
        window=("2019-04-01", "2025-04-01"),
    )
    return Tried(value, [f"x={value}"], "things close", verdict, (1.0, 0.0, 2.0))


def bounds_of(passed: int, of: int) -> tuple[float, float]:
    import numpy as np

    return bounds(np.arange(of) < passed)


# -- words ------------------------------------------------------------------------------------------------------------


PLANS = [p for p in choices("plan") if owner_of(p) in (None, *choices("footprint"))]
OFTEN = ("forty_moves",)  #: plans of every kind of move; the others at night


@pytest.mark.parametrize("name", [p if p in OFTEN else pytest.param(p, marks=pytest.mark.nightly) for p in PLANS])
def test_a_smaller_plan_can_be_composed_and_is_that_much_smaller(name):
    words = [f"plan={name}", "timeline=5y"] + ([f"footprint={owner_of(name)}"] if owner_of(name) else [])
    chosen = settings(parse(words))
    for share in (0.1, 0.63):
        fewer = settings(parse([*words, *scaled_words(chosen.plan, sized, share)]))
        before, after = (_sizes(one.plan) for one in (chosen, fewer))
        assert sum(after.values()) == round(share * sum(before.values()))
        assert all(abs(after[k] - share * before[k]) < 1 for k in before)
        for k, move in chosen.plan.moves.items():
            effect, less = (getattr(m, "effect", None) for m in (move, fewer.plan.moves[k]))
            assert not effect or less.share.value == pytest.approx(share * effect.share.value)


def _sizes(plan: Plan) -> dict[str, float]:
    found = {k: getattr(m, "size", None) for k, m in plan.moves.items() if m.kind != "merge"}
    return {k: size.value for k, size in found.items() if size}


def test_the_whole_plan_is_the_plan_and_only_beds_close_fewer_beds():
    chosen = settings(parse(["timeline=5y"]))
    assert settings(parse(["timeline=5y", *scaled_words(chosen.plan, sized, 1.0)])).plan == chosen.plan
    words = scaled_words(chosen.plan, closes_beds, 0.25)
    assert words == ["plan.moves.close_acute.size.value=100"]
    # an end of the range that the value lies beyond is given up
    assert "plan.moves.open_home.size.low=null" in scaled_words(chosen.plan, sized, 0.1)
    assert "plan.moves.open_home.size.high=null" not in scaled_words(chosen.plan, sized, 0.1)


def test_numbers_by_site_still_make_up_the_whole():
    site = "{value: 9, unit: beds, year: not applicable, basis: not applicable}"
    move = f"+plan.moves.m={{kind: close, setting: beds, when: {{from: 0.5}}, size: {site}, sites: {{tameside: 9}}}}"
    words = [*AREA, "plan=none", move]
    chosen = settings(parse(words))
    fewer = settings(parse([*words, *scaled_words(chosen.plan, sized, 0.5)])).plan.moves["m"]
    assert fewer.sites == {"tameside": 4} and fewer.size.value == 4


@pytest.mark.parametrize("name", NAMES)
def test_both_ends_of_every_question_can_be_composed(name):
    chosen = settings(parse(["timeline=5y"]))
    asked = question(name, chosen)
    for value in (asked.easy, asked.hard):
        settings(parse(["timeline=5y", *asked.words(value)]))
    assert asked.planned is not None
    assert min(asked.easy, asked.hard) <= asked.planned <= max(asked.easy, asked.hard)


def test_double_running_is_the_time_between_the_last_opening_and_the_last_closure():
    chosen = settings(parse(["timeline=5y"]))
    asked = question("double_running", chosen)
    assert (asked.planned, asked.easy) == (12, 12)  # of 60 months: 0.8 to 1.0 of the timeline
    moved = settings(parse(["timeline=5y", *asked.words(3)]))
    when = moved.plan.moves["close_acute"].when
    assert (when.from_, when.to) == (pytest.approx(0.25), pytest.approx(0.85))
    assert moved.gates.proof.months.value == 3  # the gate of proof asks for no more
    assert settings(parse(["timeline=5y", *asked.words(9)])).gates == chosen.gates


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("plan", "nothing that has a size"),
        ("beds", "closes no hospital beds"),
        ("places", "opens no places"),
        ("double_running", "no closure of the plan"),
        ("admissions", "no places at home"),
    ],
)
def test_what_a_plan_does_not_hold_cannot_be_asked(name, reason):
    with pytest.raises(Cannot, match=reason):
        question(name, settings(parse([*AREA, "plan=none"])))


def test_years_are_not_asked_of_a_plan_whose_dates_they_do_not_move():
    dated = MOVES[0].replace("from: 0.4, to: 0.8", "from: 2021-04-01, to: 2023-04-01")
    with pytest.raises(Cannot, match="all its moves have dates"):
        question("years", settings(parse([*AREA, *PLANNED[:3], dated])))
    some = question("years", settings(parse([*AREA, *PLANNED[:3], dated, MOVES[1]])))
    assert some.known == "moves that have dates keep them, whatever the years: close"
    assert question("years", settings(parse([*AREA, *PLANNED]))).known == ""


@pytest.mark.parametrize("opens", ["{from: 0.0}", "{from: 0.1, to: 0.3}"])
def test_double_running_as_planned_is_the_plan_and_other_closures_keep_their_distance(opens):
    close = MOVES[0].replace("to: 0.8}", "to: 0.8}, after: [open]")
    other = close.replace("moves.close", "moves.other").replace("0.4, to: 0.8", "0.4, to: 0.6").replace("60", "9")
    words = [*AREA, *PLANNED[:3], close, other, MOVES[1].replace("{from: 0.0}", opens)]
    chosen = settings(parse(words))
    asked = question("double_running", chosen)
    end = 18 if "to" in opens else 0
    assert asked.planned == 48 - end

    def spans(value):
        plan = settings(parse([*words, *asked.words(value)])).plan
        return [(plan.moves[name].when.from_, plan.moves[name].when.to) for name in ("close", "other")]

    assert spans(asked.planned) == [(0.4, 0.8), (0.4, 0.6)]
    assert spans(asked.planned - 6) == [pytest.approx((0.3, 0.7)), pytest.approx((0.3, 0.5))]
    assert spans(0) == ([pytest.approx((0.0, 0.3)), pytest.approx((0.1, 0.3))] if end else [(0.0, None), (0.0, None)])
    settings(parse([*words, *asked.words(asked.easy)]))


def test_double_running_is_not_asked_of_closures_without_days():
    early = MOVES[0].replace("{from: 0.4, to: 0.8}", "early, after: [open]")
    with pytest.raises(Cannot, match="no days of their own"):
        question("double_running", settings(parse([*AREA, *PLANNED[:3], early, MOVES[1]])))


def test_growth_of_a_short_footprint_is_set_although_its_file_has_none():
    chosen = settings(parse([*AREA, "plan=none"]))
    asked = question("growth", chosen)
    looker = Looker(parse([*AREA, "plan=none"]), 1)
    assert not asked.words(-0.02) and asked.known.startswith("observed: ")
    evidence = question("admissions", settings(parse([*AREA, *PLANNED]))).known
    assert evidence.startswith("evidence of any such effect: \u22127.6 to 0 % (")  # the sign of the values beside it
    there = looker.settings_at(asked, -0.02)
    assert there.future.growth_of(there.footprint).value == -0.02


@given(st.floats(-1e3, 1e3), st.floats(0.1, 1e3), st.integers(4, 60), st.booleans(), st.booleans())
def test_values_run_from_easy_to_hard(low, width, steps, whole, past_easy):
    asked = scale(easy=low, hard=low + width, whole=whole, past_easy=past_easy)
    values = asked.values(steps)
    assert values == sorted(values) and len(values) == len(set(values)) <= steps + 1
    assert values[-1] == pytest.approx(low + width, abs=0.51 if whole else 1e-6)
    back = scale(easy=low + width, hard=low, whole=whole).values(steps)
    assert back == sorted(back, reverse=True)


def test_parts_of_a_tiny_plan_are_whole_beds_and_places():
    """A fortieth of two beds and three places was a plan of nothing, said to be delivered."""
    plan = "plan=three_priorities"
    tiny = [
        f"plan.moves.{m}.size.{k}={v}"
        for m, n in (("places_at_home", 3), ("close_acute", 2))
        for k, v in (("value", n), ("low", "null"), ("high", "null"))
    ]
    whole = question(
        "plan",
        settings(
            parse(
                [
                    plan,
                    "timeline=5y",
                    *tiny,
                    "~plan.moves.fewer_emergencies",
                    "plan.moves.close_acute.after=[places_at_home]",
                ]
            )
        ),
    )
    assert whole.values(40) == [0.2, 0.4, 0.6, 0.8, 1.0]
    assert len(question("plan", settings(parse([plan, "timeline=5y", *tiny]))).values(40)) == 40  # effects divide


def test_another_range_keeps_the_easy_side():
    assert (scale().shown(1), scale().shown(21)) == ("1 bed", "21 beds")
    down = question("places", settings(parse(["timeline=5y"]))).between(100, 900)
    assert (down.easy, down.hard) == (900, 100)
    assert (scale().between(None, 50).easy, scale().between(None, 50).hard) == (0, 50)


def test_the_end_that_is_given_must_lie_on_its_side_of_the_other():
    for low, high in ((200, None), (None, -1), (100, None)):
        with pytest.raises(FaultsError, match="give both ends"):
            scale().between(low, high)
    assert scale(past_easy=True).between(40, None).values(4)[0] == 40  # asked for, so it is tried
    assert scale(past_easy=True).between(None, 40).values(4)[0] == 10


def test_a_figure_of_ones_own_may_leave_its_range_and_whole_numbers_stay_whole():
    asked = own_question("a.share.value", 0.5, 1.0, 0.92, {"value": 0.92, "low": 0.85, "high": 0.95})
    assert asked.planned == 0.92 and asked.words(0.9) == ["a.share.value=0.9"]
    assert asked.words(0.8) == ["a.share.value=0.8", "a.share.low=null"]
    assert asked.words(1.0) == ["a.share.value=1", "a.share.high=null"]
    assert own_question("a.b", 1.0, 3.0, 2).values(40) == [1, 2, 3]
    assert not own_question("a.b", 1.0, 3.0, 2.0).whole and not own_question("a.b", 1.0, 3.0, True).whole


# -- looking ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def looker() -> Looker:
    return Looker(parse([*AREA, *PLANNED, "replications=6", "seed=3"]), 2)


def test_a_value_is_judged_as_a_run_judges_it(looker):
    chosen = settings(looker.request)
    asked = question("beds", chosen)
    one = looker.at(asked, 20)
    outcome = _simulate(settings(parse([*AREA, *PLANNED, "replications=6", "seed=3", *one.words])))
    other = outcome.verdicts["5y"]
    assert (one.verdict.probability, one.verdict.interval) == (other.probability, other.interval)
    assert (one.verdict.delivered, one.verdict.safe) == (other.delivered, other.safe)
    assert one.verdict.binding_criterion == other.binding_criterion
    assert one.closed == (20, 20, 20) and "20 beds close" in one.moves


def test_business_as_usual_is_simulated_again_only_where_it_changes(looker, monkeypatch):
    ran = []

    def counted(arms, *rest):
        ran.extend(arm.name for arm in arms)
        return run_arms(arms, *rest)

    monkeypatch.setattr(look, "run_arms", counted)
    chosen = settings(looker.request)
    fresh = Looker(parse([*AREA, *PLANNED, "replications=1"]), 2)
    for name, value in (("beds", 10), ("places", 40), ("admissions", -0.1)):
        fresh.at(question(name, chosen), value)
    assert ran.count("business as usual") == 1
    fresh.at(question("growth", chosen), -0.01)
    assert ran.count("business as usual") == 2


def test_the_effect_on_admissions_leaves_business_as_usual_as_it_is(looker):
    marks = []
    for value in (0.0, -0.3):
        chosen = looker.settings_at(question("admissions", settings(looker.request)), value)
        marks.append(run_arms([prepare(chosen).arms[0]], 1, 1, 1)[0].fingerprints)
    assert marks[0] == marks[1]


def test_what_nearly_always_fails_is_known_after_a_first_look(monkeypatch):
    looker = Looker(parse([*AREA, *PLANNED, "replications=14"]), 2)
    chosen = settings(looker.request)
    monkeypatch.setattr(look, "FIRST_LOOK", 6)
    many = looker.at(question("beds", chosen).between(0, 150), 150)  # far more than the hospital can do without
    assert many.verdict.replications == 6 and many.chance(BOTH)[1][1] < 0.5


def test_the_edge_is_found_between_two_neighbours_and_more_beds_are_never_safer(looker):
    chosen = settings(looker.request)
    found = looker.look(question("beds", chosen).between(0, 60), chosen.__class__(**_lower(chosen)), 10)
    assert [one.value for one in found.tried] == sorted(one.value for one in found.tried)
    over = found.stretch(BOTH)
    assert over is not None and over.beyond is not None and over.before is None
    last, beyond = over.last, over.beyond
    assert beyond.value - last.value == 6  # a tenth of the range
    assert last.chance(BOTH)[1][0] >= found.target > beyond.chance(BOTH)[1][0]
    assert len(found.tried) <= tries(11)


def _lower(chosen) -> dict:
    """Settings in which six replications without a failure are enough."""
    criteria = chosen.criteria.model_copy(update={"credible_from": 0.55})
    return vars(chosen) | {"criteria": criteria}


def test_shorter_stays_do_no_harm_by_making_the_same_delays_a_larger_share():
    words = ["plan=none", "gates=none", "around=none", "replications=3", "criteria.margin_share.value=0.002"]
    looker = Looker(parse([*AREA, *words]), 2)
    one = looker.at(question("stays", settings(looker.request)), -0.3)
    row = next(row for row in one.verdict.criteria if row["id"] == "K3")
    assert row["value"] > row["usual_value"] + 0.002  # of fewer occupied bed-days
    assert row["does_no_harm"] == 1


def test_a_run_says_what_would_be_credible_beside_its_verdict(tmp_path, capsys):
    words = [*AREA, *PLANNED, "replications=2", "search=double_running,beds", f"out={tmp_path / 'run'}"]
    assert main(["run", *words]) == 0
    told = capsys.readouterr()
    assert "No answer can be given from 2 simulated futures" in told.out
    assert "double_running: no closure of the plan comes after another move; left out." in told.err
    page = (tmp_path / "run" / "report.html").read_text("utf-8")
    assert "How many hospital beds could close" in page and "The largest credible reduction" not in page
    answers = json.loads((tmp_path / "run" / "search.json").read_text("utf-8"))["answers"]
    assert [one["question"] for one in answers] == ["beds"]
    # the last value is the plan itself
    verdict = json.loads((tmp_path / "run" / "verdict.json").read_text("utf-8"))
    last = answers[0]["tried"][-1]
    assert last["value"] == 60 and last["both"]["probability"] == verdict["probability"]
    made = json.loads((tmp_path / "run" / "manifest.json").read_text("utf-8"))
    assert {"search.html", "search.json"} <= set(made["files"]) and "search_beds.png" in made["charts"]
    assert "search.arrow" in made["tables"] and made["config"]["search"] == ["double_running", "beds"]


def test_a_run_that_searches_for_nothing_is_the_run_without_a_search():
    plain, none, some = (settings(parse([*AREA, *PLANNED, *more])) for more in ([], ["search=none"], ["search=beds"]))
    assert plain.scenario_hash == none.scenario_hash != some.scenario_hash


# -- the command ------------------------------------------------------------------------------------------------------


def test_the_command_writes_a_page_tables_and_the_same_bytes_for_any_number_of_workers(tmp_path, capsys):
    words = ["search", *AREA[:2], *SHORT, *PLANNED, "replications=2", "steps=4", "from=0", "to=40"]
    for workers in (1, 2):
        assert (
            main([*words, "ask=beds", "given=places:15", f"workers={workers}", f"out={tmp_path / str(workers)}"]) == 0
        )
    said = capsys.readouterr().out
    assert "How many hospital beds could close" in said and "40 beds" in said
    one, two = (tmp_path / str(workers) for workers in (1, 2))
    for name in ("search.html", "search.json", "search.arrow", "search_beds_places_15.png"):
        assert (one / name).read_bytes() == (two / name).read_bytes(), name
    made = json.loads((one / "manifest.json").read_text())
    assert made["command"][:2] == ["carebridge", "search"] and "ask=beds" in made["command"] and made["versions"]
    table = feather.read_table(one / "search.arrow").to_pandas()
    assert set(table["value"]) == {0, 10, 20, 30, 40} and set(table["replications"]) == {2}
    told = json.loads((one / "search.json").read_text())["answers"][0]
    assert (
        told["question"] == "beds" and len(told["tried"]) == 5 and told["given"] == {"question": "places", "value": 15}
    )
    assert set(table["given"]) == {"places"} and set(table["given_value"]) == {15}
    page = (one / "search.html").read_text()
    assert "How many hospital beds could close" in page and "None" not in page


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["ask=plans"], "Did you mean 'plan'?"),
        (["ask="], "what to look for is missing"),
        (["ask=gates.use.share.value"], "missing: from, to, easy"),
        (["ask=plan,beds", "from=1"], "a range belongs to one question"),
        (["ask=beds", "from=5", "to=4"], "must lie below to"),
        (["ask=beds", "easy=low"], "which end is easier is known"),
        (["steps=1"], "from 4 to 1000"),
        (["search=beds"], "here it is ask="),
        (["compensation=on"], "only `carebridge run` answers K11"),
        (["ask=gates.use.sahre.value", "from=0.1", "to=0.5", "easy=low"], "gates.use.share.value"),
        (["ask=beds", "from=0", "to=9000"], "beds"),
        (["ask=beds", "from=5000"], "from 0 to 60"),
        (["ask=growth", "from=-5"], "1 % a year is written 0.01"),
        (["ask=footprint.population.residents.value", "from=2e5", "to=3e5", "easy=low"], "no baseline"),
        (["ask=plan.moves.close.kind", "from=1", "to=3", "easy=low"], "plan.moves.close"),
        (["ask=plan.moves.open.size.value", "from=10", "to=20", "easy=high", "steps=7"], "whole"),
        (["ask=beds", "out=/proc/none/of/it"], "out=/proc/none/of/it"),
        (["ask=stays", "given=beds"], "a colon and its values"),
        (["ask=stays", "given=bed:10"], "Did you mean 'beds'?"),
        (["ask=stays", "given=believe:10"], "one question or key"),
        (["ask=stays", "given=beds:1,x"], "'x'"),
        (["ask=stays", "given=stays:-0.1"], "it is what is asked"),
        (["ask=stays", "given=growth:0"], "changes business as usual"),
        (["ask=stays", "given=beds:1.5,900"], "given = 'beds:900': must lie between 0 and 60, in whole numbers"),
        (["ask=stays", "given=plan:0"], "given = 'plan:0'"),
        (["ask=stays", "given=admissions:-0.9"], "must lie between -0.3 and 0"),
        (["ask=stays", "given=gates.use.sahre.value:0.5"], "gates.use.share.value"),
    ],
)
def test_what_is_asked_wrongly_is_said_before_anything_is_simulated(words, says, capsys, monkeypatch):
    monkeypatch.setattr(look, "run_arms", None)
    assert main(["search", *AREA, *PLANNED, *words]) == 2
    assert says in capsys.readouterr().err


def test_a_dry_run_tells_the_arms_and_simulates_nothing(capsys, monkeypatch):
    monkeypatch.setattr(look, "run_arms", None)
    assert main(["search", *AREA, *PLANNED, "ask=beds,growth", "steps=8", "replications=48", "--dry-run"]) == 0
    told = capsys.readouterr().out
    # business as usual once, 5 + 2 x 1 values of 9 each, and those of growth with business as usual of their own
    assert "arms: 22 (business as usual, and about 14 values of: beds, growth), 48 runs each" in told


def test_what_is_set_beside_shares_business_as_usual(capsys, monkeypatch):
    monkeypatch.setattr(look, "run_arms", None)
    words = ["search", *AREA, *PLANNED, "ask=beds", "given=places:15,30", "steps=8", "replications=48", "--dry-run"]
    assert main(words) == 0
    assert "arms: 15 (business as usual, and about 14 values of: beds)" in capsys.readouterr().out


def test_a_plan_of_nothing_and_an_area_without_a_baseline_are_refused(capsys):
    assert main(["search", *AREA, "plan=none"]) == 2
    assert "nothing that could be asked about" in capsys.readouterr().err
    assert main(["search", "footprint=liverpool"]) == 2
    assert "no baseline" in capsys.readouterr().err


def test_what_one_would_have_to_believe_stands_for_its_questions():
    assert set(BELIEVE) < set(NAMES)
    found = Found(own_question("a.b", 1.0, 2.0), "5y", 5, "2024-03", 0.9, [replace(tried(1, 48, 48), words=["a.b=1"])])
    assert lines(settings(parse([*AREA, *PLANNED])), [found])[-1] == "  To see it whole: carebridge run a.b=1"


@pytest.mark.parametrize("what", ["beds", "years", "stays", "plan.moves.close.size.value"])
def test_the_command_that_is_told_is_the_whole_run_and_can_be_pasted(what):
    base = [*AREA[:1], "timeline=3y,5y", *SHORT, *PLANNED, "plan.moves.close.size.value=50", "seed=4"]
    looker = Looker(replace(parse(base), timelines=("5y",)), 1)
    asked = question(what, settings(looker.request)) if what in NAMES else own_question(what, 0, 50)
    chosen = looker.settings_at(asked, asked.hard)
    _pasted(asked, looker.base, chosen)


@pytest.mark.parametrize("beside", ["plan:0.5", "beds:20", "future.admissions_effect.value:-0.02"])
def test_the_command_holds_what_was_set_beside(beside):
    request = parse([*AREA, *PLANNED, "seed=4"])
    name, (value,) = _given("given", beside)
    asked = lay_out(request, {"stays": partial(question, "stays")}, 1, print, 8, partial(_beside, name, [value]))
    (one,) = asked
    assert str(one.looker.given) in {"50\u00a0% of the plan", "20 beds", "future.admissions_effect.value \u22120.02"}
    stays = one.questions[0]
    _pasted(stays, one.looker.base, one.looker.settings_at(stays, stays.hard))
    assert one.chosen.scenario_hash != settings(request).scenario_hash


def _pasted(asked, base, chosen):
    found = Found(asked, "5y", 5, "2024-03", 0.9, [], base)
    pasted = shlex.split(command(found, Tried(asked.hard, asked.words(asked.hard), "", None, (0.0, 0.0, 0.0))))
    assert pasted[:2] == ["carebridge", "run"] and "timeline=5y" in pasted and PLANNED[-1] in pasted
    assert settings(parse(pasted[2:])).scenario_hash == chosen.scenario_hash


def test_a_key_that_was_added_stays_added():
    assert laid_over(["+a.b=1", "seed=2"], ["a.b=3"]) == ["seed=2", "+a.b=3"]
    assert laid_over(["+a.b=1"], ["+a.b=3", "a.c=1"]) == ["+a.b=3", "a.c=1"]


def test_faults_of_both_ends_are_told_together():
    with pytest.raises(FaultsError):
        looker = Looker(parse([*AREA, *PLANNED]), 1)
        looker.settings_at(scale(words=lambda value: ["plan.moves.close.size.value=-1"]), 1)
