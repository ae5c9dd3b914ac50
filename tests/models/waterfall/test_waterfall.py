"""The waterfall: its first step is the spreadsheet, its second Erlang C; a switch without effect changes nothing."""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
import statistics
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.care.pressure import Pressure
from models.figures.figures import Figure
from models.footprint.footprint import Footprint
from models.plans import Timeline, months_after
from models.plans.schedule import Schedule, schedule
from models.report import style
from models.report.charts_waterfall import caption, waterfall_chart
from models.report.words import amount
from models.system import system
from models.system.sizes import community_places
from models.system.system import build, pathway_station, ward
from models.waterfall import check as waterfall_check
from models.waterfall import network as waterfall_network
from models.waterfall.arithmetic import arithmetic
from models.waterfall.check import MEAN, NotReconciled, keeps_littles_law, mean_in_beds, same_load, within
from models.waterfall.network import Basis, Mechanisms, load_of, network_of, offered_load, site_data, with_beds
from models.waterfall.search import Search, fewest, fewest_in_all, finished
from models.waterfall.waterfall import STEPS, TOGETHER, Waterfall, erlang_beds, waterfall
from models.waterfall.words import TITLES, count_rows, says, step_rows
from sim import Lowered, load_network
from sim.errors import CarebridgeError
from sim.theory import mmc_wait_over
from tests.models.changed_plans import resized

SITE, OTHER, LIMIT = "north_devon", "torbay", 0.05
LAST = "feedback"


@pytest.fixture(scope="module")
def basis(chosen) -> Basis:
    return Basis(chosen.footprint, chosen.fit, chosen.future, chosen.feedback)


@pytest.fixture(scope="module")
def planned(chosen, basis) -> Basis:
    return dataclasses.replace(basis, schedule=laid_out(chosen, 5))


@pytest.fixture(scope="module")
def found(chosen) -> Waterfall:
    return waterfall(chosen, "3y", replications=2, workers=2, sites=[SITE, OTHER])


def laid_out(chosen, years: int, **moves: float) -> Schedule:
    usual = build(chosen.footprint, chosen.fit, chosen.future, dt.date(2019, 4, 1))
    return schedule(resized(chosen.plan, **moves), Timeline(name="x", years=years), chosen.gates, usual.sizes)


def changed(figure: Figure, value: float) -> Figure:
    return figure.model_copy(update={"value": value, "low": None, "high": None})


def one_exponential_cohort(footprint: Footprint, days: float) -> Footprint:
    long = footprint.cohorts["long"]
    one = long.model_copy(
        update={
            "share": changed(long.share, 1.0),
            "mean_days": changed(footprint.pathways["p1"].service_days, days),
            "mean_days_by_reported_share": [],
        }
    )
    return footprint.model_copy(update={"cohorts": {"long": one}})


def flat(footprint: Footprint) -> Footprint:
    """Every pattern there is, without effect."""
    demand, discharge = footprint.demand, footprint.discharge
    even = {
        name: getattr(demand, name).model_copy(update={"values": [1.0] * len(getattr(demand, name).values)})
        for name in ("decision_hour", "weekday_emergency", "weekday_elective", "month_index", "stay_season")
    }
    even["elective_hours"] = demand.elective_hours.model_copy(update={"hours": [0, 24]})
    even["noise_variance"] = changed(demand.noise_variance, 0.0)
    even["growth"] = {name: changed(figure, 0.0) for name, figure in demand.growth.items()}
    return footprint.model_copy(
        update={
            "demand": demand.model_copy(update=even),
            "discharge": discharge.model_copy(update={"hours": [0, 24]}),
        }
    )


def answer(basis: Basis, step: str | Mechanisms, replication: int = 0, year: int = 0, guess: int = 200) -> int:
    on = STEPS[step] if isinstance(step, str) else step
    return fewest(Search(network_of(basis, SITE, on, year), SITE, 7, replication), LIMIT, guess)


# -- the first step ---------------------------------------------------------------------------------------------------


def test_the_first_step_is_the_spreadsheet(chosen, basis, found):
    for site in (SITE, OTHER):
        rate, stay = offered_load(chosen.footprint, chosen.fit, site)
        entry, sheet = chosen.footprint.sites[site], found.sheets[site]
        assert rate == pytest.approx(
            entry.overnight_emergencies_per_day.value + entry.elective_overnight_per_day.value, rel=1e-12
        )
        assert same_load(basis, site) == pytest.approx(load_of(site_data(basis, site, MEAN), site), rel=1e-12)
        assert sheet.load == rate * stay
        assert sheet.beds == sheet.load / chosen.criteria.occupancy_year.value
        assert found.row("mean load", site).beds == found.row("mean load", site).added == math.ceil(sheet.load)
        assert found.means[site].low < sheet.load < found.means[site].high


def test_published_beds_by_the_same_formula_as_the_arithmetic_of_the_plan(chosen):
    usual = build(chosen.footprint, chosen.fit, chosen.future, dt.date(2019, 4, 1))
    sums = arithmetic(usual, laid_out(chosen, 5), chosen.future, chosen.criteria)
    target = chosen.criteria.occupancy_year.value
    rows = [entry.beds_occupied.value for entry in chosen.footprint.sites.values()]
    assert sum(row / target for row in rows) == pytest.approx(sums.needed[target], rel=1e-12)

    class Row:
        def __init__(self, published: float) -> None:
            self.published = published

    waterfall_check.same_formula(sums, [Row(r) for r in rows], target)
    with pytest.raises(NotReconciled, match="invalid"):
        waterfall_check.same_formula(sums, [Row(r + 1) for r in rows], target)


def test_unlimited_beds_hold_the_mean_load_and_littles_law_is_exact(basis):
    network = network_of(basis, SITE, MEAN)
    assert isinstance(network, Lowered)
    rate, stay = offered_load(basis.footprint, basis.fit, SITE)
    runs = [finished(network, 3, r) for r in range(6)]
    spent = keeps_littles_law(network, SITE, 3)
    assert spent / (365 * 86_400_000) == mean_in_beds(runs[0], SITE)
    within(SITE, rate * stay, [mean_in_beds(run, SITE) for run in runs])
    assert statistics.mean(mean_in_beds(run, SITE) for run in runs) == pytest.approx(rate * stay, rel=0.03)


def test_a_run_that_does_not_start_from_the_spreadsheet_is_invalid(chosen, basis, monkeypatch):
    with pytest.raises(NotReconciled, match="invalid"):
        within(SITE, 150.0, [139.0, 140.0, 141.0, 140.5])
    monkeypatch.setattr(waterfall_check, "offered_load", lambda *_: (34.0, 4.0))
    with pytest.raises(NotReconciled, match="136.000 beds"):
        same_load(basis, SITE)
    with pytest.raises(NotReconciled, match="invalid"):
        waterfall(chosen, replications=2, sites=[SITE])


def test_a_run_whose_time_in_beds_is_miscounted_is_invalid(basis, monkeypatch):
    network = network_of(basis, SITE, MEAN)
    assert isinstance(network, Lowered)
    honest = waterfall_check.Run

    class Miscounts(honest):
        def advance(self, until: int | None = None) -> None:
            super().advance(until)
            self.state.area[-1, 0, 0, 1] += 1

    monkeypatch.setattr(waterfall_check, "Run", Miscounts)
    with pytest.raises(NotReconciled, match="Little"):
        keeps_littles_law(network, SITE, 3)


# -- the second step --------------------------------------------------------------------------------------------------


def test_erlang_beds_are_the_fewest():
    beds = erlang_beds(60.0, 6.5, LIMIT)
    assert mmc_wait_over(beds, 60.0, 1 / 6.5, 4 / 24) <= LIMIT < mmc_wait_over(beds - 1, 60.0, 1 / 6.5, 4 / 24)
    assert beds > 390


def test_chance_alone_asks_for_as_many_beds_as_erlang_c(basis):
    """One exponential cohort, constant rates, no hours of discharge: M/M/c."""
    days = 2.0 / basis.fit.stay_factor[SITE]
    alone = dataclasses.replace(basis, footprint=one_exponential_cohort(basis.footprint, days))
    rate, stay = offered_load(alone.footprint, alone.fit, SITE)
    assert stay == pytest.approx(2.0)
    exact = erlang_beds(rate, stay, LIMIT)
    network = network_of(alone, SITE, STEPS["random variation"])
    answers = [fewest(Search(network, SITE, 1, r), LIMIT, exact) for r in range(16)]
    assert abs(statistics.median(answers) - exact) <= 1
    assert max(abs(a - exact) for a in answers) <= 4
    shares = [Search(network, SITE, 1, r)(exact) for r in range(16)]
    assert statistics.mean(shares) == pytest.approx(mmc_wait_over(exact, rate, 1 / stay, 4 / 24), rel=0.25)


# -- switches without effect ------------------------------------------------------------------------------------------


def test_patterns_without_effect_leave_the_step_before(basis):
    even = dataclasses.replace(basis, footprint=flat(basis.footprint))
    assert answer(even, "patterns") == answer(even, "random variation")


def test_services_without_limit_or_delay_leave_the_step_before(basis, monkeypatch):
    monkeypatch.setattr(system, "_transition_days", lambda _: 1e-9)
    plenty = basis.fit.model_copy(update={"capacity_factor": dict.fromkeys(basis.fit.capacity_factor, 10.0)})
    free = dataclasses.replace(basis, fit=plenty)
    assert answer(free, "blocked beds") == answer(free, "patterns")


def test_a_plan_that_moves_nothing_without_growth_leaves_the_step_before(chosen, basis):
    nothing = laid_out(chosen, 3, close_acute=0, close_community=0, open_home=0)
    still = dataclasses.replace(basis, footprint=flat(basis.footprint), schedule=nothing)
    for year in still.plan_years:
        assert site_data(still, SITE, STEPS["transition"], year) == site_data(still, SITE, STEPS["blocked beds"])


def test_no_answer_to_pressure_leaves_the_step_before(planned):
    off = planned.feedback.switched(bed_limited_response=False, speed_up=False, early_discharge=False)
    for feedback in (off, None):
        alone = dataclasses.replace(planned, feedback=feedback)
        assert site_data(alone, SITE, STEPS[LAST], 2) == site_data(alone, SITE, STEPS["transition"], 2)


def test_an_answer_of_no_strength_leaves_the_step_before(basis):
    """Stocks set the season of stays in the place of the network's own steps."""
    response = basis.feedback.bed_limited_response
    none = response.model_copy(update={"elasticity": changed(response.elasticity, 0.0)})
    weak: Pressure = basis.feedback.model_copy(update={"bed_limited_response": none})
    assert abs(answer(dataclasses.replace(basis, feedback=weak), LAST) - answer(basis, "blocked beds")) <= 1


def test_limited_and_unlimited_services_meet_the_same_people(basis):
    """Unlimited services and leaving at once are the same for the hospital."""
    limited = site_data(basis, SITE, STEPS["patterns"])
    gone = site_data(basis, SITE, STEPS["patterns"])
    gone["stations"][ward(SITE)]["routes"] = [{"to": {"leave": 1.0}}]
    one, other = (
        finished(with_beds(waterfall_network.lower(load_network(d)), SITE, 180), 1, 0) for d in (limited, gone)
    )
    assert (one.state.area[:, 0, :3] == other.state.area[:, 0, :3]).all()


# -- the plan moved to the baseline year ------------------------------------------------------------------------------


def test_the_plan_is_met_year_by_year(chosen, planned):
    p1, p2 = pathway_station(SITE, "p1"), pathway_station(SITE, "p2")
    before = community_places(planned.footprint, planned.fit)
    laid, data = planned.schedule, {}
    assert list(planned.plan_years) == [1, 2, 3, 4, 5, 6]
    for year in planned.plan_years:
        data = site_data(planned, SITE, STEPS["transition"], year)
        load_network(data)
        end = months_after(dt.date(2019, 4, 1), 12 * year)
        opened = max((n for day, n in laid.openings[SITE] if day < end), default=0)
        gone = sum(c.beds for c in laid.closures if (c.kind, c.site) == ("community", SITE) and c.due < end)
        assert data["stations"][p1]["places"][-1]["places"] == before[SITE, "p1"] + opened
        assert data["stations"][p2]["places"][-1]["places"] == before[SITE, "p2"] - gone
        for rule in data["stations"][ward(SITE)]["routes"]:
            shares = [d if isinstance(d, float) else d["share"] for d in rule["to"].values()]
            final = [s if isinstance(s, float) else s[-1]["value"] for s in shares]
            assert sum(final) == pytest.approx(1)
            assert min(final) >= 0
    source = data["sources"][f"{SITE}_emergency"]
    effect = chosen.future.admissions_effect.value
    assert source["level"] == [{"from": dt.date(2017, 4, 1), "value": pytest.approx(1 + effect)}]
    grown = site_data(planned, SITE, STEPS["blocked beds"])["sources"][f"{SITE}_emergency"]["rate_per_day"]
    assert source["rate_per_day"] == pytest.approx(grown * (1 + planned.growth) ** 6)


# -- the search -------------------------------------------------------------------------------------------------------


@given(st.integers(1, 900), st.floats(0.01, 1.0), st.integers(1, 1500))
def test_the_search_finds_the_fewest_from_any_guess(right: int, slope: float, guess: int):
    calls = []

    def share(beds: int) -> float:
        calls.append(beds)
        return min(1.0, LIMIT * math.exp(slope * (right - beds)))

    assert fewest(share, LIMIT, guess) == right
    assert len(set(calls)) <= 45
    assert min(calls) >= 1


@given(st.lists(st.integers(2, 400), min_size=1, max_size=6), st.integers(1, 400))
def test_the_search_serves_all_years_at_once(rights: list[int], guess: int):
    steps = [lambda beds, r=r: 0.0 if beds >= r else 1.0 for r in rights]
    assert fewest_in_all(steps, LIMIT, guess) == max(rights)


def test_more_beds_mean_fewer_long_waits(basis):
    search = Search(network_of(basis, SITE, STEPS["blocked beds"]), SITE, 2, 0)
    shares = [search(beds) for beds in (180, 190, 200, 215, 230)]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] > LIMIT > shares[-1]


# -- the whole --------------------------------------------------------------------------------------------------------


def test_steps_add_up_exactly(found):
    table = found.table()
    assert list(table.columns) == ["step", "site", "beds", "added", "low", "high", "words"]
    assert list(dict.fromkeys(table["step"])) == list(STEPS) == list(TITLES)
    for site, rows in table.groupby("site"):
        assert rows["added"].sum() == rows["beds"].iloc[-1] == found.row(LAST, str(site)).beds
        assert (rows["added"].cumsum() == rows["beds"]).all()
    for _, rows in table.groupby("step"):
        each = rows[rows["site"] != TOGETHER]
        assert each["beds"].sum() == rows.loc[rows["site"] == TOGETHER, "beds"].item()
        assert (rows["low"] <= rows["high"]).all()
        assert rows["words"].str.len().min() > 40


def test_chance_patterns_and_blocking_each_ask_for_beds(found):
    for site in (SITE, OTHER, TOGETHER):
        for step in ("random variation", "patterns", "blocked beds"):
            assert found.row(step, site).added > 0
    for site in (SITE, OTHER):
        for step in ("random variation", "patterns", "blocked beds"):
            assert min(found.answers[site][step]) > found.sheets[site].load
        assert found.growth[site] >= 0
        assert found.left[site] < found.open[site]


def test_published_beds_are_explained(found):
    rows = {row[0]: row[1:] for row in count_rows(found)}
    assert list(rows)[0] == "Mean load: admissions \u00d7 stay"
    assert rows[list(rows)[0]] == step_rows(found)[0][1:-2]  # one mean load on the page, rounded in one way
    load = amount(found.row("mean load").beds)
    assert f"is {load} beds" in says(found)[0] and f"Why the mean load ({load}) is not" in " ".join(says(found))
    for site in (SITE, OTHER):  # the fit is on the published count
        assert found.counts[site].total == pytest.approx(found.sheets[site].published, rel=0.06)
        assert found.counts[site].arranging > 5
        assert found.counts[site].delayed > 3


def test_the_answer_does_not_depend_on_the_number_of_workers(chosen, found):
    again = waterfall(chosen, "3y", replications=2, workers=1, sites=[SITE])
    assert again.answers[SITE] == found.answers[SITE]
    assert again.rows[:1] == [r for r in found.rows if r.site == SITE][:1]


def test_without_a_plan_there_is_no_step_for_it(chosen):
    off = chosen.feedback.switched(bed_limited_response=False)
    still = dataclasses.replace(chosen, plan=chosen.plan.model_copy(update={"moves": {}}), feedback=off)
    found = waterfall(still, replications=2, sites=[SITE])
    assert found.steps == [s for s in STEPS if s != "transition"]
    assert found.row(LAST).added == 0
    assert "Switched off" in found.row(LAST).words
    assert found.timeline is None
    assert not any("plan would leave" in text for text in says(found))


def test_cancelling_planned_admissions_hides_need(basis):
    cancelled = dataclasses.replace(basis, planned_wait=False)
    assert answer(cancelled, "random variation") < answer(basis, "random variation")


def test_words_that_make_sense(found, chosen):
    text = " ".join(says(found))
    assert f"is {found.row('mean load').beds} beds" in text
    assert "too few" in text or "to spare" in text
    rows = step_rows(found)
    assert [r[0] for r in rows[: len(STEPS)]] == list(TITLES.values())
    assert {len(r) for r in rows} == {len(found.names) + 4}
    with pytest.raises(CarebridgeError, match="timeline=9y"):
        waterfall(chosen, "9y")
    with pytest.raises(CarebridgeError, match="has not been fitted"):
        waterfall(dataclasses.replace(chosen, fit=None))
    with pytest.raises(CarebridgeError, match="at least two"):
        waterfall(chosen, replications=1)


def test_the_chart_is_drawn_and_says_where_its_axis_starts(found, tmp_path: Path):
    with style.styled():
        svg, title = waterfall_chart(found, tmp_path)
        again, _ = waterfall_chart(found, tmp_path)
    assert (tmp_path / "chart_waterfall.png").stat().st_size > 20_000
    assert svg == again
    assert svg.startswith('<svg class="chart"')
    assert str(found.row(LAST).beds) in title
    assert "starts at nought" in caption(found)
