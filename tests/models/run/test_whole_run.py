"""The whole care system in the main job: its stations are read rightly, and a plan does what it says."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from typing import cast

import numpy as np
import pytest

from models.arms.arms import Observed, make_arm, run_arms, with_plan
from models.arms.prepare import USUAL, prepare
from models.calibration.front import MOST, Pace, front_in_words
from models.care.pathways import Arrivals, loads_of
from models.cli import main
from models.finance.simulated.activity import activity
from models.footprint.observed import beds_by_quarter
from models.measures import measures
from models.measures import whole as measures_whole
from models.measures.plan import closed_by_month, opened_by_month
from models.plans.check import load_gates
from models.plans.schedule import schedule
from models.settings.request import parse
from models.settings.settings import settings
from models.system.details import build
from models.system.whole.network import prior_fit
from models.system.whole.settings import read_care
from models.transition import Target
from models.transition.steering import Steering
from sim import Run, lower
from sim.errors import FaultsError
from sim.kernel.layout import FIRST_RATE, SERVED, TRANSFERRED_IN, TRANSFERRED_OUT
from tests.models.changed_plans import retimed
from tests.models.whole_by_hand import four_hour_by_crowding, treated_in_time

END = dt.date(2018, 7, 1)
SHORT = ["criteria.longest_timeline_years=3", "criteria.window_years_after=1", "waterfall=0", "sensitivity=0"]


@pytest.fixture(scope="module")
def chosen():
    return settings(parse(["detail=default", "timeline=3y", "replications=2", "seed=5", *SHORT]))


@pytest.fixture(scope="module")
def usual(chosen):
    return build(chosen.footprint, chosen.fit, chosen.future, END, feedback=chosen.feedback)


@pytest.fixture(scope="module")
def laid_out(chosen, usual):
    """The plan with its first places opening a month after the start of the run."""
    early = retimed(chosen.plan, lead_months=1, open_home={"from": 0.0, "to": 0.2, "every_months": 3})
    early = early.model_copy(update={"starts": dt.date(2017, 4, 1)})
    return schedule(early, chosen.timelines[0], chosen.gates, usual.sizes)


@pytest.fixture(scope="module")
def seen(usual):
    """One run to the middle of 2018, as its own books hold it and as an arm writes it down."""
    arm = make_arm("x", usual)
    run = Run(arm.lowered, 5, 0)
    run.advance()
    bare = make_arm("bare", build_without_stocks(usual))
    return run, run_arms([bare], 5, 1, 1)[0]


def build_without_stocks(system):
    return dataclasses.replace(system, around=None)


def test_an_arm_keeps_the_stations_that_are_read_and_loses_nothing_of_them(seen):
    run, o = seen
    order = list(run.lowered.network.stations)
    assert len(o.stations) < len(order)
    for name in o.stations:
        s = order.index(name)
        assert np.array_equal(o.area[0, :, o.station(name)], run.state.area[:, s])
        assert np.array_equal(o.flow[0, :, o.station(name), :, :10], run.state.flow[:, s, :, :10])
    assert np.array_equal(o.clocks[0], run.state.clocks[..., :2])


def test_beds_are_those_counted_and_services_those_fitted(chosen, usual):
    plain = settings(parse(["timeline=3y", *SHORT]))
    assert plain.fit is not None
    other = build(plain.footprint, plain.fit, plain.future, END)
    assert usual.beds == other.beds and usual.inside == other.inside
    assert usual.roles.wards == other.roles.wards and usual.roles.services == other.roles.services
    for (site, pathway), places in usual.places.items():
        fitted = chosen.fit.capacity_factor[pathway] / plain.fit.capacity_factor[pathway]
        assert places == pytest.approx(other.places[site, pathway] * fitted, abs=1.1)


def test_cancelled_for_want_of_a_bed_is_who_left_the_theatre_for_nowhere_else(seen):
    """Counted a second time where people arrive: at beds, and at the notice of a new date."""
    run, o = seen
    order, classes = list(run.lowered.network.stations), run.lowered.network.classes
    planned = [classes.index(c) for c in o.arm.system.roles.planned]

    def count(station, flow):
        return run.state.flow[:, order.index(station), planned, flow].sum()

    lost, due = measures.cancelled(o)
    arrived = sum(count(f"{s}_{x}", TRANSFERRED_IN) for s in o.arm.system.footprint.sites for x in BEDS_AND_NOTICE)
    stepped_down = sum(count(f"{s}_critical_care", TRANSFERRED_OUT) for s in o.arm.system.footprint.sites)
    sent = sum(count(f"{s}_theatre_list", TRANSFERRED_OUT) for s in o.arm.system.footprint.sites)
    assert lost.sum() == arrived - stepped_down - sent > 0
    assert due.sum() == sum(count(f"{s}_theatre_list", SERVED) for s in o.arm.system.footprint.sites)


BEDS_AND_NOTICE = ("ward", "critical_care", "theatre_cancelled")


def test_the_four_hour_share_is_that_of_crowding_month_by_month(chosen, seen):
    run, o = seen
    masks = [np.arange(len(o.months)) == m for m in range(len(o.months))]
    for site, front in o.arm.system.roles.front.items():
        base = front.crowding.base_breach.model_copy(update={"value": chosen.fit.base_breach[site]})
        crowding = front.crowding.model_copy(update={"base_breach": base})
        entries = o.arm.system.roles.entries[site]
        expected = four_hour_by_crowding(
            run.lowered, run.observations(), entries, front.cubicles, front.admitted_share, crowding
        )
        assert measures_whole.four_hour_share(o, site, masks)[0] == pytest.approx(expected)
    weights = [s.type1_attendances_per_day.value for s in chosen.footprint.sites.values()]
    each = [measures_whole.four_hour_share(o, site, masks[-1:])[0, 0] for site in chosen.footprint.sites]
    together = measures_whole.four_hour_share(o, None, masks[-1:])[0, 0]
    assert together == pytest.approx(np.average(each, weights=weights))


def test_treatment_in_time_and_the_list_are_read_from_the_clocks_and_the_queue(seen):
    run, o = seen
    every, care = [np.ones(len(o.months), bool)], read_care().planned
    for site in o.arm.system.footprint.sites:
        expected = treated_in_time(run.lowered, run.observations(), site, care)
        for kind, share in expected.items():
            assert measures_whole.treated_in_time(o, kind, site, every)[0, 0] == pytest.approx(share)
        s = list(run.lowered.network.stations).index(f"{site}_theatre_list")
        waiting = run.state.area[:, s, :, 0].sum() / run.lowered.tables.period_edges[-1]
        assert measures_whole.on_list(o, site, every)[0, 0] == pytest.approx(waiting)


def test_a_wait_for_a_bed_is_counted_for_everybody_who_came_from_outside(seen):
    """Who steps down from critical care begins a second stay and is no second emergency."""
    run, o = seen
    came = 0
    for station in o.arm.system.roles.in_all(o.arm.system.roles.entries):
        for cls in ("emergency", "direct"):
            came += (o.flows(station, cls, "started") - o.flows(station, cls, "transferred_in")).sum()
    arrived = sum(
        o.flows(station, cls, "arrived").sum()
        for station in o.arm.system.roles.in_all(o.arm.system.roles.entries)
        for cls in ("emergency", "direct")
    )
    assert came == pytest.approx(arrived, abs=30)  # some still wait at the end
    stepped = o.flows("plymouth_ward", "emergency", "transferred_in").sum()
    assert stepped > 0


def carried_out(system, laid_out, future, months):
    """A run of a plan whose gates are open, so many months long."""
    lowered = lower(system.network)
    run = Run(lowered, 5, 0)
    free = dataclasses.replace(laid_out, gates=load_gates("none"))
    view = Steering.of(system, lowered, free, future).watch(run)
    for month in range(months):
        view.decide(month)
        run.advance(int(lowered.tables.period_edges[month + 1]))
    return view


def factors(view):
    """Factors on the rates of sources, by name."""
    lowered = view.steering.lowered
    rates = view.run.state.share[lowered.tables.constants[FIRST_RATE] :]
    return dict(zip(lowered.network.sources, rates.tolist(), strict=True))


def test_a_plan_opens_places_and_keeps_emergencies_at_home(chosen, laid_out):
    planned = build(chosen.footprint, chosen.fit, chosen.future, END, planned=True)
    view = carried_out(planned, laid_out, chosen.future, 14)
    effect, opened = chosen.future.admissions_effect.value, laid_out.openings["exeter"][-1][1]
    assert opened > 0
    before, kept = (planned.network.sources[f"exeter_emergency_ward{x}"] for x in ("", "_kept_exeter_p1"))
    assert kept.rate_per_day == pytest.approx(-effect * before.rate_per_day)
    now = factors(view)
    assert (
        now["exeter_emergency_ward"] == pytest.approx(1 + effect) and now["exeter_emergency_ward_kept_exeter_p1"] == 1
    )
    places = view.run.state.pool["planned"][view._stations(["exeter_p1"])[0]]
    assert places == planned.places["exeter", "p1"] + opened


def test_the_same_people_come_under_both_arms_until_the_first_place_opens(chosen, usual, laid_out):
    planned = make_arm("plan", build(chosen.footprint, chosen.fit, chosen.future, END, chosen.feedback, planned=True))
    arms = [make_arm("usual", usual), with_plan(planned, "plan", laid_out, chosen.future)]
    one, other = run_arms(arms, 3, 1, 1)
    first = min(day for steps in laid_out.openings.values() for day, _ in steps)
    months = np.array([m < first for m in one.months])
    assert 0 < months.sum() < len(months)
    assert np.array_equal(one.area[:, months], other.area[:, months])
    assert not np.array_equal(one.area, other.area)


@pytest.mark.parametrize(("setting", "station"), [("beds", "exeter_ward"), ("p2", "exeter_p2")])
def test_a_closure_closes_what_it_says(chosen, laid_out, setting, station):
    plain = build(chosen.footprint, chosen.fit, chosen.future, END, planned=True)
    lowered = lower(plain.network)
    view = Steering.of(plain, lowered, laid_out, chosen.future).watch(Run(lowered, 5, 0))
    view._follow(Target(closed={(setting, "exeter"): 7}), dt.date(2017, 5, 1))
    view.run.advance(1)
    before = plain.beds["exeter"][1] if setting == "beds" else plain.places["exeter", "p2"]
    assert view.run.state.pool["planned"][view._stations([station])[0]] == before - 7


# -- every contact an individual -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def full(chosen):
    fit = prior_fit(chosen.footprint).model_copy(update={"detail": "full"})
    return build(chosen.footprint, fit, chosen.future, dt.date(2018, 5, 1))


def test_in_full_detail_wards_unit_and_community_beds_add_up_to_the_count(chosen, full):
    for row in beds_by_quarter(chosen.footprint, "2018/19").to_dict("records"):
        site = row["site"]
        counted = full.beds[site][row["quarter"]] + full.inside[site] + full.roles.beside[site][1]
        assert counted == round(row["available"])
        assert not any(full.network.stations[ward].escalation for ward in full.roles.wards[site])
        assert (
            sum(full.roles.beds_by_ward(site, full.beds[site][row["quarter"]]).values())
            == full.beds[site][row["quarter"]]
        )


def test_in_full_detail_waits_for_a_bed_are_clocks_from_the_decision(full):
    o = run_arms([make_arm("full", full)], 2, 1, 1)[0]
    every = [np.array([m >= dt.date(2018, 4, 1) for m in o.months])]
    names, classes = list(o.arm.lowered.network.observe.clocks), o.arm.lowered.network.classes
    rows = [names.index(f"torbay_{way}_4h") for way in ("bed", "direct")]
    ended, over = o.clocks[0][every[0]][:, rows][..., [classes.index("emergency"), classes.index("direct")], :].sum(
        (0, 1, 2)
    )
    assert measures.long_wait_share(o, "torbay", every)[0, 0] == over / ended
    entered = sum(
        o.flows(f"torbay_{x}", c, "started")[0, every[0]].sum()
        for x, c in (("boarding", "emergency"), ("direct", "direct"))
    )
    assert ended == pytest.approx(entered, abs=40)  # who boards at the edges of the month
    assert measures.long_wait_share(o, "torbay", every, 1)[0, 0] <= over / ended
    assert 0.5 < measures_whole.four_hour_share(o, "torbay", every)[0, 0] < 1
    pressed = measures.occupied_beds(o, "torbay")[0, every[0]] / measures.beds_open(o, "torbay")[0, every[0]]
    assert 0.6 < pressed < 1.1
    _costs_are_of_places(o, full)


def _costs_are_of_places(o, full):
    """The books count places of the service as in other details: not packages that last, nor care homes after it."""
    done = activity(o, dt.date(2018, 4, 1))
    for pathway in ("p1", "p2", "p3"):
        piece = full.roles.made_of["torbay", pathway][0]
        usual = 30 * piece.before / piece.per_place  # a queue adds a few
        assert full.places["torbay", pathway] == round(usual / 30)  # what a plan may close, and whose staff there are
        assert usual <= done.places["torbay", pathway][0, 0] < 1.1 * usual
        assert 0.5 < done.used["torbay", pathway][0, 0] / done.places["torbay", pathway][0, 0] <= 1


def test_in_full_detail_a_plan_closes_beds_of_every_group_and_opens_what_a_place_is_made_of(chosen, full, laid_out):
    lowered = lower(full.network)
    view = Steering.of(full, lowered, laid_out, chosen.future).watch(Run(lowered, 5, 0))
    view._follow(Target(closed={("beds", "exeter"): 31}, added={("p1", "exeter"): 40}), dt.date(2017, 4, 1))
    view.run.advance(1)
    planned, wards = view.run.state.pool["planned"], view._stations(full.roles.wards["exeter"])
    assert len(wards) == 3
    assert planned[wards].sum() == full.beds["exeter"][1] - 31
    assert full.with_places("exeter", "p1") == ["exeter_reablement"]
    assert full.with_places("exeter", "p3") == ["exeter_p3"]
    paths, a_day = read_care().pathways, 1 / chosen.footprint.pathways["p1"].service_days.value
    load = loads_of(Arrivals(40 * a_day, 0, 0), paths)
    for piece, wanted in zip(
        full.roles.made_of["exeter", "p1"], ("reablement", "funded_hours", "self_hours"), strict=True
    ):
        opened = planned[lowered.pools.index(piece.pool)] - piece.before
        assert opened == pytest.approx(load[wanted], abs=0.51)


def test_in_full_detail_people_in_care_are_counted_where_places_are_and_all_who_wait():
    """How many are in home care takes years to settle, and would look like ever more work for the same staff."""
    short = settings(parse(["detail=full", "timeline=3y", "around=short_of_staff", *SHORT]))
    assert short.fit is not None
    system = build(short.footprint, short.fit, short.future, END, slow=short.around)
    assert system.around is not None
    feeds = {feed["input"]: feed["station"] for feed in system.around.feeds}
    assert feeds["in_service[exeter]"] == ["exeter_reablement", "exeter_p2"]
    everywhere = ["exeter_reablement", "exeter_home_care", "exeter_p2"]
    assert feeds["awaiting_service[exeter]"] == feeds["waiting_for_service[exeter]"] == everywhere


def test_the_factor_on_time_in_a_cubicle_meets_the_published_share_or_ends_at_its_range(chosen, monkeypatch):
    """The share falls as some other curve than the one the first step takes; one hospital's share is out of reach."""
    pace = Pace(chosen.footprint)

    def share(o, site, months):
        far = 0.0 if site == "plymouth" else 12.0
        return 1 / (1 + np.exp(-2.9 + far * (pace.factors[site] - 1)))

    monkeypatch.setattr("models.calibration.front._share", share)
    months, o = np.ones(1, bool), cast("Observed", None)
    for _ in range(12):
        pace.move(o, months)
    misses = pace.misses(o, months)
    assert all(abs(miss) < 0.1 for name, miss in misses.items() if not name.startswith("plymouth"))
    assert misses["plymouth_type1_4h"] > 10
    assert pace.factors["plymouth"] == round(MOST, 5)
    words = front_in_words({}, pace.factors)
    assert "only in combination" in words[0] and "end of its range in plymouth" in words[0]
    assert front_in_words({}, {}) == []


@pytest.mark.parametrize(("far", "given_up_after"), [(0.0, 9), (12.0, None)])
def test_a_share_that_no_time_in_a_cubicle_explains_is_given_up(chosen, monkeypatch, far, given_up_after):
    """Four steps of a tenth lead to the end of the range; five rounds there, far off, are enough."""
    pace = Pace(chosen.footprint)
    monkeypatch.setattr(
        "models.calibration.front._share",
        lambda o, site, months: 1 / (1 + np.exp(-2.9 + far * (pace.factors[site] - 1))),
    )
    months, o = np.ones(1, bool), cast("Observed", None)
    rounds = 1
    while pace.misses(o, months) and not pace.hopeless and rounds < 12:
        pace.move(o, months)
        rounds += 1
    assert rounds == (given_up_after or 12) and pace.hopeless == (given_up_after is not None)


def arms_in_every_detail(*words):
    """Both arms of Devon's plan in five years and two more, by detail; each detail is fitted by itself."""
    for detail in ("beds", "default", "full"):
        short = ["timeline=5y", "criteria.longest_timeline_years=5", "criteria.window_years_after=2"]
        ready = prepare(settings(parse([f"detail={detail}", *short, *words])))
        for o in run_arms(ready.arms, 1, 4, 2):
            yield detail, o, ready.schedules.get(o.arm.name)


@pytest.mark.nightly
def test_in_every_detail_the_gates_and_staff_hold_a_plan_back_alike():
    """Beds closed and places open, while the plan runs and after it; home care without staff would be far ahead."""
    closed, opened = {}, {}
    for detail, o, plan in arms_in_every_detail():
        if plan is not None:
            years = [o.in_year(year) for year in ("2022/23", "2024/25", "2025/26")]
            closed[detail] = [closed_by_month(o)[:, year].mean() for year in years]
            opened[detail] = [opened_by_month(o, plan)[:, year].mean() for year in years]
    for detail in ("default", "full"):
        assert opened[detail] == pytest.approx(opened["beds"], rel=0.12)
        assert closed[detail] == pytest.approx(
            closed["beds"], rel=0.5
        )  # gates stand at an edge, and four futures are few
    assert opened["beds"][0] < 0.6 * 590  # staff do hold places back


@pytest.mark.nightly
def test_in_every_detail_a_plan_does_the_same_to_beds_and_delays():
    """Nothing holds the plan back, so each detail meets the same one."""
    used, delayed = {}, {}
    for detail, o, _ in arms_in_every_detail("scenario=no_gate"):
        after = o.in_year("2024/25") | o.in_year("2025/26")
        used[detail, o.arm.name] = measures.occupied_beds(o)[:, after].mean()
        delayed[detail, o.arm.name] = measures.delayed_beds(o)[:, after].mean()
    for detail in ("default", "full"):
        for arm in (USUAL, "5y"):
            assert used[detail, arm] == pytest.approx(used["beds", arm], rel=0.01)
            assert delayed[detail, arm] == pytest.approx(delayed["beds", arm], rel=0.25)
        assert delayed[detail, "5y"] < 0.4 * delayed[detail, USUAL]


def test_a_fit_of_another_detail_and_an_unknown_detail_are_refused():
    with pytest.raises(FaultsError, match="made with detail=beds; run `carebridge calibrate detail=default`"):
        settings(parse(["detail=default", "fit=devon", *SHORT]))
    with pytest.raises(FaultsError, match="Did you mean 'default'"):
        parse(["detail=defaults"])


def test_the_main_job_runs_the_whole_end_to_end(tmp_path):
    out = tmp_path / "run"
    words = ["run", "detail=default", "timeline=3y", "replications=2", f"out={out}", *SHORT]
    assert main(words) == 0
    said = json.loads((out / "verdict.json").read_text(encoding="utf-8"))
    rows = {row["id"]: row for row in said["criteria"]}
    assert said["detail"] == "default" and said["verdict"] != "no baseline"
    assert all(rows[key]["assessed"] for key in ("K1", "K4", "K5", "K5a", "K5b", "K5c"))
    assert "fitted to the baseline year's" in rows["K4"]["note"]
    assert "people who may use an overnight bed are individuals" in (out / "report.html").read_text(encoding="utf-8")


@pytest.mark.nightly
def test_in_every_detail_staff_that_are_short_stay_and_delay_as_many():
    """Staff leave under pressure, but no work is made up: places open do not dwindle year by year in full detail."""
    places, delayed = {}, {}
    for detail, o, _ in arms_in_every_detail("around=short_of_staff", "plan=none"):
        if o.arm.name == USUAL:
            years = [o.in_year(year) for year in ("2020/21", "2024/25", "2025/26")]
            pools = [o.station(o.arm.system.roles.made_of[site, "p2"][0].pool) for site in o.arm.system.beds]
            places[detail] = [o.places[:, year][:, :, pools, 0].sum() / o.days[year].sum() for year in years]
            delayed[detail] = measures.delayed_beds(o)[:, years[1] | years[2]].mean()
    for detail, first_to_last in places.items():
        assert first_to_last[-1] == pytest.approx(first_to_last[0], rel=0.03), detail
    assert [delayed["default"], delayed["full"]] == pytest.approx([delayed["beds"]] * 2, rel=0.4)
