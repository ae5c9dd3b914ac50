"""An answer of a search in words: what is claimed, what is not, and on which conditions."""

from __future__ import annotations

from dataclasses import replace

import pytest

from models.search.look import BOTH, SAFE, Found
from models.search.own_key import own_question
from models.search.question import Given
from models.search.questions import question
from models.search.told import answer, conditions, in_short, says, short_rows, table_rows
from models.settings.request import parse
from models.settings.settings import settings
from tests.models.search.test_search import AREA, PLANNED, scale, tried


def test_an_answer_counts_only_without_a_gap_before_it():
    found = Found(scale(), "5y", 5, "2024-03", 0.9, [tried(0, 48, 48), tried(25, 30, 48), tried(50, 48, 48)])
    assert answer(found) == "0 beds" and answer(found, SAFE) == "50 beds or less"
    over = found.stretch(BOTH)
    assert over and (over.last.value, over.beyond and over.beyond.value) == (0, 25)
    both, safe = says(found)
    assert "only at 0 beds" in both and "at 25 beds no longer" in both
    assert "and only at 50 beds" in both and "though not at 25 beds" in both
    assert "from 0 beds to 50 beds" in safe and "as far as was asked" in safe


def test_what_holds_in_the_middle_only_is_told_with_both_its_sides():
    some = [tried(0, 20, 48), tried(25, 48, 48), tried(50, 48, 48), tried(100, 0, 48)]
    found = Found(scale(planned=100.0, lever=True), "5y", 5, "2024-03", 0.9, some)
    assert answer(found) == "25 beds to 50 beds"
    assert "though not at 0 beds (in 42% of 48 futures" in says(found)[0]
    assert in_short([found]) == ["Credible with conditions: size, from 25 beds to 50 beds, in 5 years."]
    inside = Found(scale(planned=30.0, lever=True), "5y", 5, "2024-03", 0.9, some)
    assert in_short([inside]) == ["Credible as planned, in 5 years."]


def test_nothing_holds_and_more_replications_might_tell():
    found = Found(scale(), "5y", 5, "2024-03", 0.9, [tried(0, 46, 46), tried(50, 20, 46), tried(100, 0, 30)])
    assert answer(found) == "none"
    text = says(found)
    assert "at no value that was tried; at 0 beds in 96% of 48 futures" in text[0]
    assert "as far as 0 beds" in text[0] and "as far as 50 beds" in text[1]


def test_what_was_not_delivered_is_told_at_the_easiest_value():
    first = tried(0, 0, 48)
    first.verdict.criteria[0]["note"] = (
        "every closure happened; 200 of 590 places outside hospital were not open by then"
    )
    found = Found(scale(), "5y", 5, "2024-03", 0.9, [first])
    assert "There, 200 of 590 places outside hospital were not open by then." in says(found)[0]
    assert "There," not in says(Found(scale(), "5y", 5, "2024-03", 0.9, [tried(0, 46, 46)]))[0]


def test_a_plan_that_never_happens_is_safe_but_not_delivered():
    found = Found(scale(planned=100.0), "5y", 5, "2024-03", 0.9, [tried(0, 48, 48), tried(100, 0, 48)])
    assert table_rows(found)[1][2:5] == ["0% (0% to 6%)", "100% (94% to 100%)", "0% (0% to 6%)"]
    assert table_rows(found)[1][-1] == "Delivery (0%)" and table_rows(found)[0][-1] == ""
    assert says(found)[-1] == "As the run has it: 100 beds."


def test_levers_make_a_plan_credible_with_conditions_and_beliefs_do_not():
    some = [tried(0, 48, 48), tried(50, 48, 48), tried(100, 0, 48)]
    lever, belief = (Found(scale(planned=100.0, lever=x), "5y", 5, "2024-03", 0.9, some) for x in (True, False))
    assert in_short([belief]) == []
    assert in_short([belief, lever]) == ["Credible with conditions: size, at most 50 beds, in 5 years."]
    whole = Found(scale(planned=50.0, lever=True), "5y", 5, "2024-03", 0.9, some)
    assert in_short([whole]) == ["Credible as planned, in 5 years."]
    none = Found(scale(planned=100.0, lever=True), "5y", 5, "2024-03", 0.9, some[2:])
    assert in_short([none]) == ["Nothing that was asked about the plan itself makes it credible."]
    fewer = Found(scale(easy=100.0, hard=0.0, planned=20.0, lever=True), "5y", 5, "2024-03", 0.9, some[1::-1])
    assert in_short([fewer]) == ["Credible as planned, in 5 years."]


def test_what_was_set_beside_is_told_with_every_answer():
    some = [tried(0, 48, 48), tried(50, 20, 48), tried(100, 0, 0)]
    of_all = own_question("plan", 1, 0)
    part = Given(replace(of_all, unit="% of the plan", scale=100, axis="Size of the plan"), 0.25)
    believed = Found(scale(planned=0.0, axis="Stays, %"), "5y", 5, "2024-03", 0.9, some, given=part)
    years = Found(scale(name="years", unit="years"), "5y", 5, "2024-03", 0.9, some[2:], given=Given(of_all, 1))
    assert in_short([believed, years]) == [
        "With 25\u00a0% of the plan, in 5 years, stays: 0 beds (safe alone: 50 beds or less).",
        "With plan 1, size: none.",
    ]
    assert [row[1] for row in short_rows([believed, years])] == [
        "5\u00a0years, to\u00a02024; with 25\u00a0% of the plan",
        "any; with plan 1",
    ]
    assert believed.file == "search_plan_plan_0_25"
    lever = replace(believed, question=scale(planned=100.0, lever=True), tried=some[:1])
    assert conditions([lever], "5y") == ["size, at most 0 beds (as far as was asked)"]


def test_only_levers_that_the_plan_has_otherwise_are_conditions_of_its_verdict():
    holds = [tried(0, 48, 48), tried(25, 48, 48), tried(100, 0, 48)]

    def named(planned, **changes):
        return Found(scale(planned=planned, **changes), "5y", 5, "2024-03", 0.9, holds)

    assert conditions([named(100.0, lever=True)], "5y") == ["size, at most 25 beds"]
    assert conditions([named(100.0, lever=True)], "15y") == []
    assert conditions([named(100.0)], "5y") == []  # what one would have to believe
    assert conditions([named(10.0, lever=True)], "5y") == []  # as it is planned
    nothing = [tried(0, 48, 48), tried(25, 0, 48)]
    only = Found(scale(planned=25.0, lever=True, none="No beds"), "5y", 5, "2024-03", 0.9, nothing)
    assert conditions([only], "5y") == []


def test_what_nobody_has_seen_is_no_condition_and_is_said():
    unseen = tried(50, 48, 48)
    unseen.verdict.ruled_out.append("all admissions avoided")
    found = Found(scale(planned=100.0, lever=True), "5y", 5, "2024-03", 0.9, [unseen, tried(100, 0, 48)])
    assert in_short([found]) == ["Nothing that was asked about the plan itself makes it credible."]
    assert "but beyond all that was seen" in says(found)[0]
    assert table_rows(found)[0][-1] == "Demand realism (beyond all that was seen)"


def test_a_smaller_plan_counts_where_only_the_larger_one_is_beyond_all_that_was_seen():
    larger = tried(100, 48, 48)
    larger.verdict.ruled_out.append("all admissions avoided")
    values = [tried(0, 48, 48), tried(50, 48, 48), larger]
    lever, belief = (Found(scale(planned=100.0, lever=x), "5y", 5, "2024-03", 0.9, values) for x in (True, False))
    assert in_short([lever]) == ["Credible with conditions: size, at most 50 beds, in 5 years."]
    assert "at 100 beds no longer" in says(lever)[0] and "beyond all that was seen)" in says(lever)[0]
    # what one would have to believe is told, and so is that nobody has seen it
    assert answer(belief) == "100 beds or less, but beyond all that was seen"


def test_so_few_futures_that_nothing_could_be_credible_are_said_and_not_held_against_the_plan():
    found = Found(scale(planned=100.0, lever=True), "5y", 5, "2024-03", 0.9, [tried(0, 6, 6, 6), tried(100, 6, 6, 6)])
    assert in_short([found]) == [
        "No answer can be given from 6 simulated futures of a value: it takes at least 29, none failing."
    ]
    assert answer(found) == "not known"
    assert says(found)[0].startswith(
        "Delivered and safe: not known from so few futures; at 0 beds in 100% of 6 futures"
    )
    nearly = Found(scale(planned=100.0, lever=True), "5y", 5, "2024-03", 0.9, [tried(0, 46, 46), tried(100, 0, 48)])
    assert in_short([nearly])[0].endswith("is shown to make it credible; more replications might tell.")


def test_a_plan_that_fails_in_every_first_look_is_answered_however_few_that_drew():
    values = [tried(0, 0, 0, 12), tried(100, 0, 0, 12)]
    found = Found(scale(planned=100.0, lever=True), "5y", 5, "2024-03", 0.9, values)
    assert answer(found) == "none"
    assert in_short([found]) == ["Nothing that was asked about the plan itself makes it credible."]
    assert says(found)[0].startswith("Delivered and safe: at no value that was tried")


def test_a_condition_claims_no_more_than_was_tried():
    held = [tried(50, 48, 48), tried(60, 48, 48)]

    def short(more=(), **changes):
        return in_short([Found(scale(lever=True, **changes), "5y", 5, "2024-03", 0.9, [*held, *more])])[0]

    # as planned lies below what was asked, and need not hold; above it, nothing is known beyond the end
    assert "size, from 50 beds to 60 beds, in 5 years" in short([tried(70, 0, 48)], easy=50.0, planned=10.0)
    assert "size, at most 60 beds (as far as was asked), in 5 years" in short(hard=60.0, planned=90.0)
    assert short([tried(70, 0, 48)], planned=55.0) == "Credible as planned, in 5 years."


def test_no_closure_is_an_answer_and_what_is_credible_as_planned_is_said_once():
    chosen = settings(parse([*AREA, *PLANNED]))
    none, whole = ([tried(0, 48, 48), tried(60, n, 48)] for n in (0, 48))
    asked = question("beds", chosen)
    short = in_short([Found(asked, "5y", 5, "2024-03", 0.9, none)])
    assert short == [
        "No closure of hospital beds is shown to be credible, with everything else as planned, in 5 years: "
        "at 60 beds in 0% of 48 futures, 0% to 6%."
    ]
    places = Found(question("places", chosen), "5y", 5, "2024-03", 0.9, [tried(120, 48, 48), tried(30, 48, 48)])
    assert answer(places) == "30 places or more"
    assert in_short([Found(asked, "5y", 5, "2024-03", 0.9, whole), places]) == ["Credible as planned, in 5 years."]


def test_a_value_without_a_baseline_holds_nothing():
    without = tried(50, 48, 48)
    without.verdict.reasons.append("the fit was made with other figures")
    found = Found(scale(), "5y", 5, "2024-03", 0.9, [without])
    assert answer(found) == answer(found, SAFE) == "none" and "but no baseline" in says(found)[0]


@pytest.mark.parametrize(
    ("easy", "hard", "step", "written"),
    [
        (0.8, 0.9, 40, "0.8025"),
        (0, 90_000, 1000, "90"),
        (0, 500_000, 40, "12,500"),
        (1e-12, 1e-11, 4, "0.00000000000325"),
    ],
)
def test_neighbours_on_a_scale_are_written_apart(easy, hard, step, written):
    asked = own_question("a.b", easy, hard)
    values = asked.values(step)
    assert len(values) == step + 1 == len({asked.shown(v) for v in values}) and asked.shown(values[1]) == written
    assert scale(whole=False, scale=100, unit="%").shown(-1e-9) == "0\u00a0%"
