"""Back-tests: what is told and of which year, what the published figures say happened, and a test that can fail."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from models import CONFIGS
from models.backtest.case import Quarter, case_names, named_case, read_case
from models.backtest.inputs import inputs, is_later
from models.backtest.run import CONTROL, Found, _dates, _held, backtest, observed_beds, of_case
from models.backtest.words import _held as words_held
from models.cli import main
from models.figures.presets import composed
from models.plans.schedule import Step, schedule
from models.plans.whose_plan import owner_of
from models.settings.files import first_line
from models.settings.settings import Settings
from models.transition.log import Row
from models.transition.steering import Closure
from sim.errors import FaultsError

DOCS = Path(__file__).parents[3] / "docs"
CASES = ["derbyshire_2016", "devon_2016", "devon_east_2017"]


@pytest.fixture(scope="module")
def chosen() -> dict[str, Settings]:
    return {name: of_case(named_case(name)) for name in CASES}


# --- cases -----------------------------------------------------------------------------------------------------------


def test_cases_that_are_shipped() -> None:
    assert case_names() == CASES
    for name in CASES:
        case = named_case(name)
        assert (case.name, case.question) == (name, first_line("backtest", name))
        assert owner_of(case.plan) in ("devon", "derbyshire")
        assert case.known_until == 2016 and all(fact.status in ("read", "secondary") for fact in case.happened.values())


def test_growth_is_what_the_years_before_2016_say() -> None:
    quarters: Any = pd.read_csv(CONFIGS / "history" / "data" / "england_quarterly.csv")
    used = quarters.groupby("year").apply(lambda g: np.average(g["beds_occupied"], weights=g["days"]))
    rate = (used["2015/16"] / used["2011/12"]) ** (1 / 4) - 1
    low = (used["2015/16"] / used["2010/11"]) ** (1 / 5) - 1
    high = (used["2014/15"] / used["2011/12"]) ** (1 / 3) - 1
    for name in CASES:
        growth = named_case(name).growth
        assert growth.value == pytest.approx(rate, abs=0.00005)
        assert growth.range == pytest.approx((low, high), abs=0.0005)


def test_months_are_counted_from_the_start_of_the_plan(chosen: dict[str, Settings]) -> None:
    case = named_case("devon_2016")
    starts = chosen["devon_2016"].plan.starts
    assert case.shift(starts) == 36
    dates = _dates(case, starts)
    assert dates.first == [dt.date(2021, month, 1) for month in (4, 5, 6)]
    assert dates.last == [dt.date(2022, month, 1) for month in (10, 11, 12)] and dates.end == dt.date(2023, 1, 1)
    assert Quarter(year="2018/19", quarter=4).months[0] == dt.date(2019, 1, 1)


def test_a_plan_has_its_own_years(chosen: dict[str, Settings]) -> None:
    for one, years in zip((chosen[name] for name in CASES), (5, 5, 3), strict=True):
        assert [t.years for t in one.timelines] == [years] == [one.criteria.longest_timeline_years]


def test_faults_of_a_case_are_told() -> None:
    raw = composed(CONFIGS / "backtest" / "devon_2016.yaml")
    wrong = raw | {"plan": "devon_2061", "effects": {"a": {"future": "histroy", "title": "x", "known": "y"}}}
    with pytest.raises(FaultsError, match=r"(?s)Did you mean 'devon_2016'.*Did you mean 'history'"):
        read_case(wrong)
    with pytest.raises(FaultsError, match="begins on a 1 April"):
        read_case(raw | {"began": "2016-10-01"})
    with pytest.raises(FaultsError, match="must follow one another"):
        read_case(raw | {"last": {"year": "2017/18", "quarter": 1}})


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["case=devon_2061"], "Did you mean 'devon_2016'?"),
        (["case="], "no such case"),
        (["plan=none"], "is what a case says"),
        (["timeline=15y", "case=x"], "no such case"),
    ],
)
def test_bad_words_are_named(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["backtest", *words]) == 2
    assert said in capsys.readouterr().err


# --- what happened ---------------------------------------------------------------------------------------------------


def test_beds_that_were_open(chosen: dict[str, Settings]) -> None:
    """No net closure in Devon, and more beds in Derbyshire, from April 2018 to December 2019."""
    found = {name: observed_beds(named_case(name), chosen[name].footprint) for name in CASES}
    assert found["devon_2016"]["available"].round().tolist() == [2259, 2247, 2262, 2300, 2272, 2250, 2301]
    assert found["derbyshire_2016"]["available"].round().tolist() == [1839, 1825, 1855, 1975, 1955, 1931, 1928]
    for name, change in {"devon_2016": 42, "derbyshire_2016": 89}.items():
        assert found[name]["quarter"].tolist()[::6] == ["2018/19 Q1", "2019/20 Q3"]
        assert found[name]["change"].iloc[-1] == pytest.approx(change, abs=0.5) and found[name]["change"].iloc[0] == 0
    assert found["devon_east_2017"].empty
    page = (DOCS / "backtest.md").read_text("utf-8")
    for table in (found["devon_2016"], found["derbyshire_2016"]):
        assert f"| hospital beds open | {' | '.join(f'{beds:,.0f}' for beds in table['available'])} |" in page


# --- what is told ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("year", "later"),
    [("2016", False), ("2016/17", False), ("2011/12-2015/16", False), ("2017", True), ("2010/11-2018/19", True)],
)
def test_hindsight_is_a_figure_of_a_later_year(year: str, later: bool) -> None:
    assert is_later(year, 2016) is later
    assert is_later("not applicable", 2016) is None


def test_what_happened_is_not_told(chosen: dict[str, Settings]) -> None:
    """Of 2019/20, which is forecast, nothing of the area itself is told: two slopes within England's trusts alone."""
    for name in CASES:
        told = inputs(named_case(name), chosen[name])
        assert set(told["dated"]) == {"known", "later", "no date"} and not told.duplicated(["part", "key"]).any()
        late = told[told["year"].str.contains("2019/20")]
        assert set(late["key"]) <= {"bed_limited_response.elasticity", "four_hour_per_occupancy"}
        assert not told["key"].str.contains("claims|outcome").any()
        (growth,) = told.loc[told["part"] == "case", "value"]
        assert float(growth) == -0.0008
        assert not told["key"].str.startswith("demand.growth").any()
        assert not told["key"].str.contains("realism").any()


def test_what_is_switched_off_is_not_told(chosen: dict[str, Settings]) -> None:
    case, all_on = named_case("devon_2016"), of_case(named_case("devon_2016"), ["around=all"])
    usual, more = (inputs(case, one) for one in (chosen["devon_2016"], all_on))
    keys = [set(told.loc[told["part"] == "around", "key"].str.split(".").str[0]) for told in (usual, more)]
    assert keys[0] < keys[1] and "change_capacity" in keys[1] - keys[0]


def test_what_held_beds_is_what_held_them_at_that_time() -> None:
    def row(day: int, number: int, cause: str) -> Row:
        return Row(dt.date(2020, day, 1), "held", "wards", "exeter", number, 3, "proving", cause)

    def step(number: int, beds: int, due: int) -> Step:
        tranche: Any = SimpleNamespace(move="wards", site="exeter", number=number)
        return Step("acute", "exeter", beds, dt.date(2020, due, 1), 0.0, tranche)

    steps = [step(1, 10, 1), step(2, 20, 2), step(3, 40, 9)]
    closures = [Closure(steps[0], dt.date(2020, 3, 1)), Closure(steps[1], dt.date(2020, 8, 1)), Closure(steps[2], None)]
    log = [row(1, 1, "staff"), row(2, 2, "staff"), row(4, 2, "use"), row(6, 2, "proof")]
    o: Any = SimpleNamespace(closures=[closures, closures], logs=[log, []])
    assert _held(o, dt.date(2020, 5, 1)) == {"use": 10.0, "not yet decided": 10.0}  # 20 beds, in one run each
    assert _held(o, dt.date(2020, 8, 1)) == {}


def test_what_held_beds_is_said_in_the_words_of_the_charts(chosen: dict[str, Settings]) -> None:
    held = {"after: open_home": 72.0, "occupancy": 10.0, "after: wards": 8.0}
    one: Any = SimpleNamespace(held=held)
    said = words_held(one, next(iter(chosen.values())).gates)
    assert said == "what must come first is not there 80, hospital too full 10"


# --- what the model says ---------------------------------------------------------------------------------------------


def test_a_run_from_one_end_to_the_other(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["backtest", "case=devon_east_2017", "replications=2", f"out={tmp_path / 'x'}", "around=none"]
    assert main(words) == 0
    said = capsys.readouterr().out
    for part in ("What was known", "What the plan said", "What the model says", "What happened", "of later years"):
        assert part in said
    assert (tmp_path / "x" / "backtest.md").read_text("utf-8").strip() in said
    (case,) = json.loads((tmp_path / "x" / "backtest.json").read_text("utf-8"))["cases"]
    assert (case["due"], case["planned"], case["month"], case["happened"]) == (72, 72, 21, [])
    usual, control = case["said"]
    assert (
        control["assumed"] == CONTROL and control["closed"] == [72.0, 72.0] and control["on_plan"] is None
    )  # nothing was due then
    assert control["delivered"]["probability"] == 1.0 and control["held"] == {}
    assert all(0 <= closed <= 72 for closed in usual["closed"]) and usual["hospital"] is None
    told = pd.read_csv(tmp_path / "x" / "inputs.csv")
    assert (told["dated"] == "later").sum() == case["told"]["later"]


@pytest.fixture(scope="module")
def found(chosen: dict[str, Settings]) -> dict[str, Found]:
    many = {name: of_case(named_case(name), ["replications=8"]) for name in CASES[:2]}
    return {name: backtest(named_case(name), one, 2) for name, one in many.items()}


@pytest.mark.nightly
@pytest.mark.parametrize("name", CASES[:2])
def test_no_plan_is_said_to_be_delivered_that_was_not(found: dict[str, Found], name: str) -> None:
    one = found[name]
    assert one.happened["change"].iloc[-1] >= 0  # what happened
    assert [said.name for said in one.said] == ["nothing", "as_written", CONTROL]
    for said in one.said[:-1]:
        assert said.verdict.delivered["probability"] < 0.5
        assert said.closed.mean() < 0.9 * one.due
        assert sum(said.held.values()) + said.closed.mean() == pytest.approx(one.due, abs=0.001)


@pytest.mark.nightly
@pytest.mark.parametrize("name", CASES[:2])
def test_the_model_says_more_closures_than_there_were(found: dict[str, Found], name: str) -> None:
    """Its known miss, kept in sight: many beds would have closed by the end of 2019, and none did on balance.

    When this fails because the model says no closure, the page has to be written anew, not this test.
    """
    one = found[name]
    for said in one.said[:-1]:
        assert said.hospital is not None and not said.none_closed.any()
        assert np.quantile(said.hospital, 0.05) > 0 >= -one.happened["change"].iloc[-1]


@pytest.mark.nightly
@pytest.mark.parametrize("name", CASES[:2])
def test_with_nothing_to_hold_it_the_plan_happens_as_written(found: dict[str, Found], name: str) -> None:
    """Otherwise a "not delivered" would say nothing: the test must be able to come out the other way."""
    one = found[name]
    control = one.said[-1]
    assert control.name == CONTROL and (control.closed == one.due).all()
    assert control.on_plan is not None and control.on_plan.all()
    assert control.hospital == pytest.approx(np.full(8, one.due_hospital))
    assert control.verdict.delivered["probability"] == 1.0


@pytest.mark.nightly
def test_the_page_quotes_what_the_command_says(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["backtest"]) == 0
    assert capsys.readouterr().out.strip() in (DOCS / "backtest.md").read_text("utf-8")


def test_quantities_of_the_schedule(chosen: dict[str, Settings]) -> None:
    """What the plans close by December 2019 follows from their own shares of the years: 7 of 12 steps."""
    from models.system.sizes import sizes

    for name, planned in {"devon_2016": 590, "derbyshire_2016": 485}.items():
        one = chosen[name]
        assert one.fit is not None
        laid_out = schedule(one.plan, one.timelines[0], one.gates, sizes(one.footprint, one.fit))
        end = _dates(named_case(name), one.plan.starts).end
        due = sum(step.beds for step in laid_out.closures if step.due <= end)
        assert due == pytest.approx(planned * 7 / 12, abs=4)
