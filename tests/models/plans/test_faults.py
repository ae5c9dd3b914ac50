"""Every fault of a plan: with its key, its value, the rule and the nearest valid choice, and all of them at once."""

import dataclasses
import datetime as dt

import pytest

from models.plans.check import check_plan, load_plan
from models.plans.existing import Staff
from sim.errors import CarebridgeError, FaultsError
from tests.models.plans.plan_data import GOOD, THERE, approval, figure, spoilt
from tests.models.plans.spoilt_plans import SPOILT, A, B


def faults_of(*changes):
    """Faults of a spoilt plan, as (key, value, rule, nearest)."""
    return [(f.key, f.value, f.rule, f.nearest) for f in check_plan(spoilt(*changes), THERE)[1]]


def test_sound_plan_has_no_fault():
    plan, faults = check_plan(GOOD, THERE)
    assert not faults
    assert {move.kind for move in plan.moves.values()} == {
        "close", "open", "convert", "avoid", "shorten", "shift", "invest", "recruit", "retrain", "merge"
    }  # fmt: skip


@pytest.mark.parametrize("name", SPOILT)
def test_each_fault(name):
    change, key, value, words, near = SPOILT[name]
    more = [(f"{B}.when", {"from": 0.5})] if key == "starts" else []  # dates that no change of start puts outside
    [(found, given, rule, nearest)] = [f for f in faults_of(*more, change) if f[0] == key][:1] or [("", None, "", "")]
    assert (found, given, nearest) == (key, value, near)
    assert words in rule


@pytest.mark.parametrize("name", sorted(set(SPOILT) - {"numbers by site that are not whole"}))
def test_each_fault_comes_alone(name):
    """One thing that is wrong is told once; two that are not whole are two faults."""
    change, key, *_ = SPOILT[name]
    more = [(f"{B}.when", {"from": 0.5})] if key == "starts" else []
    assert [f[0] for f in faults_of(*more, change)] == [key]


def test_name_that_is_no_name():
    data = spoilt()
    data["moves"]["close acute"] = data["moves"].pop("rounds")
    [fault] = check_plan(data, THERE)[1]
    assert (fault.key, fault.nearest) == ("moves.close acute", "close_acute")


def test_circle_is_named():
    [(key, value, rule, _)] = faults_of(
        ("moves.open_home.after", ["support"]), ("moves.support.after", ["close_acute", "records"])
    )
    assert (key, value) == ("moves.open_home.after", "support")
    assert "open_home after support after close_acute after open_home" in rule


def test_every_circle_is_named():
    found = faults_of(
        (f"{A}.after", ["close_acute"]), ("moves.records.after", ["support"]), ("moves.support.after", ["records"])
    )
    assert sorted(f[0] for f in found) == [f"{A}.after", "moves.records.after"]


def test_closing_more_than_there_is_at_one_site():
    [(key, value, rule, nearest)] = faults_of(
        ("moves.close_acute.sites", ["north"]), ("moves.close_acute.size.value", 120)
    )
    assert (key, value, nearest) == (f"{A}.size.value", 120, "")  # the rule says what is left
    assert "closes more beds than there are: north has" in rule


def test_closing_is_summed_over_moves():
    """Each of two moves would fit; the one with which the sum goes too far is named."""
    more = {"kind": "close", "setting": "beds", "sites": ["north"], "size": figure(95, "beds"), "when": {"from": 1.0}}
    assert faults_of(("moves.more", more), (f"{A}.sites", ["south"])) == []
    [(key, _, rule, nearest)] = faults_of(("moves.more", more))  # 10 of the 60 close in the north
    assert (key, nearest) == ("moves.more.size.value", "")
    assert "north has 90 left on 2024-04-01, when 95 close" in rule


def test_closing_is_checked_in_time_order():
    """Places that open later cannot close before."""
    opens = {"kind": "open", "setting": "p3", "sites": ["east"], "size": figure(10, "places"), "when": {"from": 0.6}}
    close = {"kind": "close", "setting": "p3", "sites": ["east"], "size": figure(10, "places"), "when": {"from": 0.8}}
    plenty = ("approval", ...)
    assert faults_of(plenty, (f"{B}.approval", ...), ("moves.opens", opens), ("moves.shuts", close)) == []
    early = close | {"when": {"from": 0.4}}
    [(key, value, rule, _)] = faults_of(plenty, (f"{B}.approval", ...), ("moves.opens", opens), ("moves.shuts", early))
    assert (key, value) == ("moves.shuts.size.value", 10)
    assert "east has 0 left on 2021-04-01, when 10 close (10 more open only later)" in rule


def test_converted_and_merged_beds_count_as_closed():
    [(key, _, rule, nearest)] = faults_of(("moves.convert.sites", ["north"]), ("moves.convert.size.value", 95))
    assert (key, nearest) == (f"{A}.size.value", "") and "north has" in rule
    [(key, *_)] = faults_of(("moves.merge.size.value", 18))  # 3 of the 20 in the south close besides
    assert key == f"{B}.size.value"  # it closes the last ones


def test_places_that_must_stay():
    some_stay = dataclasses.replace(THERE, keeps={"p2": 1})
    change = (f"{B}.sites", {"north": 0, "south": 10}), (f"{B}.size.value", 10)
    assert not check_plan(spoilt(*change), THERE)[1]
    [fault] = check_plan(spoilt(*change), some_stay)[1]
    assert "(1 must stay)" in fault.rule


def test_places_that_nobody_can_staff():
    """60 join in each of 5 years, 30 are recruited, and 60 beds and 12 converted ones free 0.5 each: 366 in all."""
    sound = ("moves.open_home.workforce.support", figure(366 / 90, "staff per place"))
    assert faults_of(sound) == []
    [(key, value, rule, nearest)] = faults_of(("moves.open_home.workforce.support", figure(5, "staff per place")))
    assert (key, value, nearest) == ("moves.open_home.workforce.support", 5, "4.1")
    assert "450 support are needed" in rule
    assert "366 could ever be there (36 freed by closures, 300 who join in 5 years, 30 recruited" in rule
    kind_to_the_plan = figure(5, "staff per place", low=4)
    assert faults_of(("moves.open_home.workforce.support", kind_to_the_plan)) == []


def test_staff_are_summed_over_moves():
    more = {"kind": "open", "setting": "p3", "size": figure(60, "places"), "when": {"from": 0.5}}
    more["workforce"] = {"support": figure(5, "staff per place")}
    assert faults_of(("moves.more", more)) == []  # 54 and 300
    [(key, *_)] = faults_of(("moves.more", more), ("moves.open_home.workforce.support", figure(1, "staff per place")))
    assert key == "moves.more.workforce.support"


def test_staff_are_not_asked_about_where_nothing_is_known_of_them():
    unknown = dataclasses.replace(THERE, staff={})
    data = spoilt(("moves.open_home.workforce", {"doctors": figure(50, "staff per place")}))
    assert not check_plan(data, unknown)[1]
    assert check_plan(data, dataclasses.replace(THERE, staff={"nurses": Staff(1, 1, 1)}))[1]


def test_all_faults_at_once():
    """Faults in one key hide no others: of the same part, the same move, other moves or the whole."""
    data = spoilt(
        ("starts", "2018-05-01"),
        ("gates", "nome"),
        ("approval.rule", "all"),
        ("approval.consultation_months.value", 1),
        ("off_plan.0.then", "stop"),
        ("off_plan.0.site", "eats"),
        ("moves.frailty.effect", {"share": figure(0.1, "share"), "affects": "stays"}),
        (f"{A}.size", figure(-3.5, "places")),
        (f"{A}.when", {"from": 0.5, "to": 7}),
        (f"{A}.after", ["nothing"]),
        ("moves.convert.sites", "east"),
        ("moves.convert.to", "beds"),
        ("moves.merge.from", "sout"),
        ("moves.open_home.lead_time_months.unit", "days"),
        ("moves.open_home.size.value", 10.5),
        ("moves.records.kind", "spend"),
        ("moves.support.after", ["to_homes"]),
        ("moves.to_homes.after", ["support"]),
        ("moves.rounds", 3),
    )
    found = {f.key for f in check_plan(data, THERE)[1]}
    assert found >= {
        "starts", "gates", "approval.rule", "approval.consultation_months.value", "off_plan.0.then", "off_plan.0.site",
        "moves.frailty.effect.grade", "moves.frailty.effect.share.unit", "moves.frailty.effect.affects",
        f"{A}.size.unit", f"{A}.size.value", f"{A}.when.to", f"{A}.after.0", "moves.convert.sites", "moves.convert.to",
        "moves.merge.from", "moves.open_home.lead_time_months", "moves.open_home.size.value", "moves.records.kind",
        "moves.support.after", "moves.rounds",
    }  # fmt: skip
    assert not any("close_north.approval" in key for key in found)  # it changes an approval that is told of already


def test_faults_of_a_file_name_the_line(tmp_path):
    path = tmp_path / "plan.yaml"
    path.write_text("name: a\ntitle: b\nquestion: c\nstarts: 2019-05-01\nyears: 5\nmoves:\n  one: {kind: shut}\n")
    with pytest.raises(FaultsError) as error:
        load_plan(path)
    text = str(error.value)
    assert f"{path}:4: starts = '2019-05-01'" in text and f"{path}:7: moves.one.kind = 'shut'" in text
    assert text.startswith("2 faults")


def test_what_is_no_plan_at_all(tmp_path):
    path = tmp_path / "plan.yaml"
    path.write_text("- 1\n")
    with pytest.raises(CarebridgeError, match="a plan is a mapping of keys"):
        load_plan(path)
    [fault] = [f for f in check_plan(GOOD | {"moves": [1]})[1] if f.key == "moves"]
    assert "by name" in fault.rule


def test_without_a_footprint_only_what_holds_anywhere_is_checked():
    data = spoilt((f"{B}.setting", "somewhere"), ("footprint", "moors"), (f"{A}.size.value", 10_000))
    assert check_plan(data)[0] is not None
    late = dataclasses.replace(THERE, baseline_ends=dt.date(2030, 4, 1), footprint="moors")
    assert "starts" in {f.key for f in check_plan(spoilt(), late)[1]}


def test_a_plan_starts_at_most_twenty_years_after_the_baseline():
    for starts, keys in (("2039-04-01", []), ("2040-04-01", ["starts"])):
        found = faults_of(("starts", starts), (f"{B}.when", {"from": 0.5}))
        assert [key for key, *_ in found] == keys
    assert "more than 20 years after the baseline year" in found[0][2] and found[0][3] == "2039-04-01"


def test_rules_have_names_of_their_own():
    twice = [GOOD["off_plan"][0], GOOD["off_plan"][0]]
    [(key, value, rule, _)] = faults_of(("off_plan", twice))
    assert (key, value) == ("off_plan.1.name", "pause") and "another rule has this name" in rule


def test_approval_of_its_own_must_be_whole():
    data = spoilt(("approval", ...), (f"{B}.approval", approval()))
    assert not check_plan(data, THERE)[1]
    keys = {f.key for f in check_plan(spoilt(("approval", ...)), THERE)[1]}
    assert f"{B}.approval.partners" in keys and f"{A}.approval.partners" not in keys
