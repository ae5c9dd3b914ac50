"""Gates: what holds a closure back, and what it does when it goes ahead."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from models.plans import months_after
from models.report.page import render
from models.run.runner import USUAL, _simulate, summary
from models.run.write import verdict_document
from models.settings.request import parse
from models.settings.settings import settings
from models.system.system import build, pathway_station, ward
from models.transition import Target
from models.transition.steering import Steering
from models.verdict.verdict import NO_PLAN
from sim import Run, lower
from sim.clock import Calendar
from sim.kernel.layout import BLOCKED, FIRST_RATE, STARTED, WAIT_TOTAL

SHORT = ["criteria.longest_timeline_years=5", "criteria.window_years_after=1", "waterfall=0", "sensitivity=0"]


@pytest.fixture
def watch(chosen, outcome):
    """What is seen of a replication just before the first closure of the 5-year plan is due."""
    laid_out = outcome.schedules["5y"]
    system = build(chosen.footprint, chosen.fit, chosen.future, dt.date(2025, 4, 1), planned=True)
    lowered = lower(system.network)
    view = Steering.of(system, lowered, laid_out, chosen.future).watch(Run(lowered, 5, 0))
    first = laid_out.closures[0].due
    month = next(
        m for m, edge in enumerate(lowered.tables.period_edges)
        if months_after(chosen.footprint.start, m) == first
    )  # fmt: skip
    for m in range(month):
        view.decide(m)
        view.run.advance(int(lowered.tables.period_edges[m + 1]))
    return view, month


def test_closures_never_come_early_twice_or_in_excess(outcome):
    for name, laid_out in outcome.schedules.items():
        for closures in outcome.observed[name].closures:
            assert len(closures) == len(laid_out.closures)
            assert [c.step for c in closures] == laid_out.closures
            assert all(c.closed is None or c.closed >= c.step.due for c in closures)


def test_beds_open_are_net_of_closures(chosen, outcome):
    o = outcome.observed["5y"]
    for site in chosen.footprint.sites:
        s = o.station(ward(site))
        for r, closures in enumerate(o.closures):
            for m, first in enumerate(o.months):
                gone = sum(
                    c.step.beds
                    for c in closures
                    if c.closed and c.closed <= first and c.step.site == site and c.step.kind == "acute"
                )
                quarter = ((first.month - 4) % 12) // 3 + 1
                assert o.midnight[r, m, s, 5] == (o.arm.system.beds[site][quarter] - gone) * o.days[m]


def test_without_a_gate_every_closure_is_on_its_date():
    free = settings(parse(["scenario=no_gate", "timeline=5y", "replications=1", *SHORT]))
    found = _simulate(free)
    assert all(c.closed == c.step.due for c in found.observed["5y"].closures[0])
    assert found.verdicts["5y"].delivered["probability"] == 1.0


def _fill(view, month, station, share):
    """Rewrite the books: a share of a station's places was held over the last three months."""
    s, state = view._stations([station])[0], view.run.state
    pool = state.pool[s]
    state.area[month - 3 : month, s] = state.places_area[month - 3 : month, s, 2] = 0
    state.running[s, :, :5] = -state.present[s, :, :5].astype(np.int64) * view.run.now
    pool["occupied_time"] = -pool["occupied"] * view.run.now
    for m in (month - 3, month - 2):
        held = int(share * state.places_area[m, s, 0])
        state.area[m, s, 0, 1] = state.places_area[m, s, 2] = held
    held = int(share * view._open([station], slice(month - 1, month)))
    state.running[s, 0, 1] += held
    pool["occupied_time"] += held


def _long(view, months, site, share, classes=slice(0, 2)):
    """Rewrite the books: a share of some classes waited over 4 h for a bed."""
    flow = view.run.state.flow[months, view._stations([ward(site)])[0], classes]
    flow[..., WAIT_TOTAL + 1] = (flow[..., STARTED] * share).astype(int)


def test_what_is_seen_is_what_the_books_say(watch):
    view, month = watch
    view.month = month
    _fill(view, month, pathway_station("exeter", "p1"), 0.49)
    _fill(view, month, ward("exeter"), 0.5)
    _long(view, slice(month - 3, month), "exeter", 0.2)
    _long(view, slice(month - 3, month), "exeter", 1.0, slice(2, 3))  # planned patients are not emergencies
    assert view.use("exeter", "p1", 3) == pytest.approx(0.49, abs=1e-6)
    assert view.occupancy("exeter", 3) == pytest.approx(0.5, abs=0.01)
    assert view.long_waits("exeter", 3) == pytest.approx(0.2, abs=1e-3)
    _long(view, view._span(None), "exeter", 0.3)
    assert view.long_waits("exeter", None) == pytest.approx(0.3, abs=1e-3)
    beds = np.mean([view.steering.system.beds["exeter"][q] for q in (1, 2, 3, 4)])
    assert view.occupancy("exeter", 3, round(beds / 2)) == pytest.approx(2 * view.occupancy("exeter", 3), rel=0.03)
    assert (view.staffed("exeter", "p1"), view.staffed("exeter", "beds"), view.freed_staff("exeter")) == (1, 1, 0)
    assert view.programmes_at_once() == view.money_left() == np.inf


def test_beds_that_are_out_of_use_are_not_among_those_that_would_be_left(watch, monkeypatch):
    """A ward without a roof is no reason to close another; in the baseline year none is beyond the usual."""
    view, month = watch
    view.month = month
    sound, usual, fewer = view.occupancy("exeter", 3), view.occupancy("exeter", None), view.occupancy("exeter", 3, 37)
    monkeypatch.setattr(view, "_stock", {"beds_out_of_use[exeter]": 37.0}.get)
    assert view.occupancy("exeter", 3) == fewer > sound
    assert view.occupancy("exeter", None) == usual


def test_delay_is_a_share_of_the_beds_in_use(watch):
    view, month = watch
    view.month = month
    s, state = view._stations([ward("torbay")])[0], view.run.state
    _fill(view, month, ward("torbay"), 0.8)
    held = view._held([ward("torbay")], slice(month - 3, month))
    state.area[month - 3 : month, s, 0, BLOCKED] += held // 12
    assert view.delayed("torbay", 3) == pytest.approx(0.25 / 1.25, rel=1e-3)


def test_closing_community_beds_sends_people_home(watch):
    view, month = watch
    site, beds, at = "torbay", 10, int(view.steering.lowered.tables.period_edges[month])
    view._follow(Target(closed={("p2", site): beds}), dt.date(2021, 5, 1))
    view.run.advance(at + 1)
    index, station, shares = view.steering.lowered.share_index, ward(site), view.run.state.share
    before = view.steering.lowered.share
    left = 1 - beds / view.steering.system.places[site, "p2"]
    names = list(view.steering.lowered.network.stations[station].routes[1].to)
    widths = [np.diff([0, *(x[index[station, 1, n]] for n in names)]) for x in (before, shares)]
    p1, p2 = (names.index(pathway_station(site, p)) for p in ("p1", "p2"))
    assert widths[1][p2] == pytest.approx(widths[0][p2] * left)
    assert widths[1][p1] == pytest.approx(widths[0][p1] + widths[0][p2] * (1 - left))
    assert sum(widths[1]) == pytest.approx(1)
    places = view.run.state.pool["places"][view._stations([pathway_station(site, "p2")])[0]]
    assert places == round(view.steering.system.places[site, "p2"] * left)


def test_every_kind_of_target_reaches_the_network(watch):
    """Beds that open, stays, demand avoided, people shifted between services and hospitals; and all of it undone."""
    view, month = watch
    lowered, at = view.steering.lowered, int(view.steering.lowered.tables.period_edges[month])
    effects = {
        ("emergencies", "demand", "exeter"): 0.9,
        ("emergencies", "demand>torbay", "plymouth"): 0.1,
        ("emergencies", "p3>p1", "exeter"): 0.5,
        ("stays", "stays", "torbay"): 0.8,
    }
    today = dt.date(2021, 5, 1)
    view._follow(Target(added={("beds", "exeter"): 12, ("p3", "exeter"): 4}, effects=effects), today)
    view.run.advance(at + 3_600_001)
    state, names = view.run.state, list(lowered.network.sources)
    rates = dict(zip(names, state.share[lowered.tables.constants[FIRST_RATE] :], strict=True))
    assert rates["exeter_emergency"] == pytest.approx(0.9) and rates["plymouth_direct"] == pytest.approx(0.9)
    more = 0.1 * view.levers.emergencies_per_day("plymouth") / view.levers.emergencies_per_day("torbay")
    assert rates["torbay_emergency"] == pytest.approx(1 + more) and rates["north_devon_emergency"] == 1
    pools = dict(zip(lowered.pools, state.pool["places"].tolist(), strict=True))
    beds = view.steering.system.beds["exeter"][Calendar.april_quarter(view.levers._today)]
    assert pools[ward("exeter")] == beds + 12
    assert pools["exeter_p3"] == view.steering.system.places["exeter", "p3"] + 4
    quarter = Calendar.april_quarter(view.levers._today)
    season = view.steering.system.footprint.demand.stay_season.values[quarter - 1]
    row = list(lowered.network.stations).index(ward("torbay"))
    assert state.multiplier[row] == pytest.approx(season * 0.8)
    view._follow(Target(), today)
    view.run.advance(at + 2 * 3_600_001)
    state = view.run.state
    assert state.multiplier[row] == pytest.approx(season)
    assert state.pool["places"][lowered.pools.index(ward("exeter"))] == beds


def test_no_moves_differ_from_business_as_usual_by_exactly_zero():
    found = _simulate(settings(parse(["plan=none", "timeline=5y", "replications=2", *SHORT])))
    plan, usual = found.observed["5y"], found.observed[USUAL]
    for name in ("area", "flow", "places", "midnight"):
        assert np.array_equal(getattr(plan, name), getattr(usual, name)), name
    assert plan.fingerprints == usual.fingerprints
    assert found.verdicts["5y"].delivered["probability"] == 1.0
    assert verdict_document(found)["verdict"] == NO_PLAN
    assert "NO PLAN, nothing to judge" in "\n".join(summary(found))
    assert "<h1>NO PLAN, nothing to judge</h1>" in render(found, [])
    for one in found.assessed["5y"]:
        assert one.harmless is None or one.harmless.all(), one.key
        assert one.usual is None or np.array_equal(one.values, one.usual)


def test_gate_sees_the_month_that_has_just_ended(watch):
    """What the gate measures on the first of a month is what the books say once that month is closed."""
    view, month = watch
    names = (ward("exeter"), pathway_station("exeter", "p1"))
    recent = slice(month - 3, month)
    seen = [(view._held([n], recent), view._open([n], recent)) for n in names]
    view.run.advance(int(view.steering.lowered.tables.period_edges[month + 1]))
    state = view.run.state
    for name, (held, opened) in zip(names, seen, strict=True):
        s = view._stations([name])[0]
        assert held == state.area[recent, s, :, 1:4].sum()
        assert opened == state.places_area[recent, s, 0].sum()
