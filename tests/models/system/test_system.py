"""Devon as a network."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from models.footprint.observed import beds_by_quarter
from models.plans import Timeline
from models.plans.check import load_gates
from models.plans.schedule import schedule
from models.system.demand import flows, pathway_shares, prior_routes
from models.system.sizes import offered_places
from models.system.system import build, pathway_station, ward
from models.transition.levers import Levers
from models.transition.steering import Steering
from sim import Run, lower
from sim.clock import DAY
from sim.kernel.layout import FIRST_RATE, SET_PLACES
from sim.tables import Lowered
from sim.twin import Twin
from tests.models.changed_plans import retimed


@pytest.fixture(scope="module")
def system(chosen):
    return build(chosen.footprint, chosen.fit, chosen.future, dt.date(2024, 4, 1))


def test_counted_beds_are_ward_beds_and_overlap(chosen, system):
    for row in beds_by_quarter(chosen.footprint, "2018/19").to_dict("records"):
        inside = system.inside[row["site"]]
        assert system.beds[row["site"]][row["quarter"]] + inside == round(row["available"])
    assert sum(system.inside.values()) == pytest.approx(chosen.footprint.community_overlap.beds.value, abs=2)


def test_a_future_may_state_its_own_growth(chosen, system):
    """Rates hold in the middle of the baseline year, whatever grows; the footprint and its fit stay as they are."""
    ageing = chosen.future.growing(chosen.future.growth_of(chosen.footprint).model_copy(update={"value": 0.014}))
    assert chosen.future.named_in(chosen.footprint) and ageing.named_in(chosen.footprint)
    assert not chosen.future.model_copy(update={"growth": "hope"}).named_in(chosen.footprint)
    older = build(chosen.footprint, chosen.fit, ageing, dt.date(2024, 4, 1))
    here, there = (s.network.sources["plymouth_emergency"] for s in (system, older))
    assert here.growth_per_year == chosen.footprint.demand.growth["history"].value < there.growth_per_year == 0.014
    since = (dt.date(2018, 10, 1) - chosen.footprint.start).days / 365.25
    assert here.rate_per_day * 1.003**since == pytest.approx(there.rate_per_day * 1.014**since)


def test_flows_keep_the_published_totals(chosen):
    found = flows(chosen.footprint, chosen.fit)
    for name, site in chosen.footprint.sites.items():
        both = found[name].emergency + found[name].direct
        assert both == pytest.approx(site.overnight_emergencies_per_day.value)
    shares, direct = prior_routes(chosen.footprint)
    assert sum(direct.values()) == pytest.approx(chosen.footprint.emergency.other_routes_per_day.value)
    assert shares["torbay"] >= 0.53
    assert min(direct.values()) > 0


def test_pathway_shares_give_back_the_arrivals(chosen):
    shares = pathway_shares(chosen.footprint)
    emergencies = sum(s.overnight_emergencies_per_day.value for s in chosen.footprint.sites.values())
    for name, pathway in chosen.footprint.pathways.items():
        rate = sum(
            emergencies * chosen.footprint.cohorts[c].share.value * shares[c].get(name, 0)
            for c in chosen.footprint.cohorts
        )
        assert rate == pytest.approx(pathway.arrivals_per_day.value)
    assert all(sum(s.values()) == pytest.approx(1) for s in shares.values())


def test_offered_load_by_littles_law(chosen):
    load = offered_places(chosen.footprint, chosen.fit)
    p1 = sum(v for (_, p), v in load.items() if p == "p1")
    pathways = chosen.footprint.pathways
    arrivals = pathways["p1"].arrivals_per_day.value + 0.25 * pathways["p2"].arrivals_per_day.value
    assert p1 == pytest.approx(arrivals * pathways["p1"].service_days.value, rel=1e-6)


def test_demand_is_that_of_the_middle_of_the_baseline_year(chosen, system):
    run_tables = lower(system.network).tables
    sources = list(system.network.sources)
    s = sources.index("exeter_emergency")
    day = (dt.date(2018, 10, 1) - chosen.footprint.start).days
    october = run_tables.week[:, s].sum() / 7 * run_tables.day[day, s]
    month = chosen.footprint.demand.month_index.values[9] / np.mean(chosen.footprint.demand.month_index.values)
    assert october == pytest.approx(flows(chosen.footprint, chosen.fit)["exeter"].emergency * month, rel=1e-3)


def test_kernel_and_reference_agree_on_devon(chosen):
    short = build(chosen.footprint, chosen.fit, chosen.future, dt.date(2017, 5, 11))
    run, twin = Run(lower(short.network), 3, 1), Twin(short.network, 3, 1)
    run.advance()
    twin.advance(40 * DAY)
    mine, theirs = run.observations(), twin.observations()
    assert mine["events"] > 25_000
    assert all(np.array_equal(mine[key], theirs[key]) for key in theirs)


def test_kernel_and_reference_agree_while_a_plan_closes_beds(chosen):
    """The same changes as a gatekeeper makes, at awkward instants."""
    short = build(chosen.footprint, chosen.fit, chosen.future, dt.date(2017, 5, 1))
    lowered = lower(short.network)
    run, twin = Run(lowered, 8, 0), Twin(short.network, 8, 0)
    for at, name, places in ((5 * DAY, ward("exeter"), 600), (9 * DAY + 1, pathway_station("exeter", "p2"), 60)):
        run.advance(at)
        twin.advance(at)
        run.set_places(name, places, at)
        twin.change(at, "places", name, places)
    run.advance()
    twin.advance(30 * DAY)
    mine, theirs = run.observations(), twin.observations()
    assert all(np.array_equal(mine[key], theirs[key]) for key in theirs)


def test_plan_opens_places_and_sends_the_avoided_home(chosen):
    """Once the plan is complete, who no longer comes to hospital comes to the service at home."""
    end = dt.date(2026, 4, 1)
    system = build(chosen.footprint, chosen.fit, chosen.future, end, planned=True)
    laid_out = schedule(chosen.plan, Timeline(name="x", years=5), chosen.gates, system.sizes)
    lowered = lower(system.network)
    run = Run(lowered, 1, 0)
    watch = Steering.of(system, lowered, laid_out, chosen.future).watch(run)
    edges, months = lowered.tables.period_edges, 12 * 8
    for month in range(months):
        watch.decide(month)
        run.advance(int(edges[month + 1]))
    names, factor = list(lowered.network.sources), run.state.share[lowered.tables.constants[FIRST_RATE] :]
    of = dict(zip(names, factor, strict=True))
    effect = -chosen.future.admissions_effect.value
    for site in chosen.footprint.sites:
        opened = int(run.state.pool["places"][lowered.pools.index(pathway_station(site, "p1"))])
        assert opened - system.places[site, "p1"] == laid_out.openings[site][-1][1]
        assert of[f"{site}_emergency"] == of[f"{site}_direct"] == pytest.approx(1 - effect)
        assert of[f"{site}_elective"] == of[f"{site}_at_home"] == 1.0
    tables = lowered.tables
    rate = {n: tables.week[:, i].sum() / 7 * tables.day[0, i] for i, n in enumerate(names)}
    for site in chosen.footprint.sites:
        usual = rate[f"{site}_emergency"] + rate[f"{site}_direct"]
        assert rate[f"{site}_at_home"] == pytest.approx(effect * usual)


def test_nobody_is_kept_at_home_before_the_first_place_opens(chosen):
    """The same people come as without a plan, and nobody else."""
    horizon = dt.date(2017, 8, 1)
    runs = []
    for planned in (False, True):
        system = build(chosen.footprint, chosen.fit, chosen.future, horizon, planned=planned)
        lowered = lower(system.network)
        run = Run(lowered, 3, 1)
        if planned:
            Levers(system, lowered, run).pull()
        run.advance()
        runs.append(run)
    assert runs[0].fingerprint == runs[1].fingerprint


def test_kernel_and_reference_agree_while_a_gatekeeper_closes_beds_and_sends_people_home(chosen, monkeypatch):
    """A whole plan: openings, fewer admissions, beds closed and shares moved between two calls of the engine."""
    horizon, start = dt.date(2017, 6, 12), chosen.footprint.start
    soon = {"from": 0.0, "to": 0.25, "every_months": 1}
    hasty = retimed(chosen.plan, lead_months=0, open_home=soon, close_acute=soon, close_community=soon)
    hasty = hasty.model_copy(update={"starts": start})
    plain = build(chosen.footprint, chosen.fit, chosen.future, horizon)
    laid_out = schedule(hasty, Timeline(name="x", years=1), load_gates("none"), plain.sizes)
    system = build(chosen.footprint, chosen.fit, chosen.future, horizon, planned=True)
    lowered = lower(system.network)
    run, twin = Run(lowered, 6, 2), Twin(system.network, 6, 2)
    names, moved = list(system.network.stations), []
    sources, first_rate = list(system.network.sources), int(lowered.tables.constants[FIRST_RATE])

    def change(changes):
        for one in changes:
            if one.what == SET_PLACES:
                twin.change(one.time, "places", names[one.index], one.value)
            elif one.index >= first_rate:
                twin.change(one.time, "rate", sources[one.index - first_rate], one.value)
        original(changes)

    def shares(self, station, rule, given, at):
        for to, share in given.items():
            twin.change(at, "share", (station, rule, to), share)
            moved.append(share)
        return as_it_is(self, station, rule, given, at)

    original, as_it_is = run.change, Lowered.shares
    monkeypatch.setattr(run, "change", change)
    monkeypatch.setattr(Lowered, "shares", shares)
    watch = Steering.of(system, lowered, laid_out, chosen.future).watch(run)
    edges = lowered.tables.period_edges
    for month, end in enumerate(edges[1:].tolist()):
        watch.decide(month)
        run.advance(end)
        twin.advance(end)
    mine, theirs = run.observations(), twin.observations()
    assert all(np.array_equal(mine[key], theirs[key]) for key in theirs)
    done = [c.step for c in watch.closures if c.closed]
    closed = {kind: sum(step.beds for step in done if step.kind == kind) for kind in ("acute", "community")}
    assert closed["acute"] > 250
    assert closed["community"] > 120
    assert len(set(moved)) > 10
    assert mine["draining_area"].sum() > 0
