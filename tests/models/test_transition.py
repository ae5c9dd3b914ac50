"""Gates: what holds a closure back, and what it does when it goes ahead."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from models.compose import parse, settings
from models.plan import Step, months_after
from models.runner import USUAL, _simulate
from models.system import build, pathway_station, ward
from models.transition import Gatekeeper
from sim import Run, lower
from sim.kernel.layout import STARTED, WAIT_TOTAL

SHORT = ["criteria.longest_timeline_years=5", "criteria.window_years_after=1", "waterfall=0", "sensitivity=0"]


@pytest.fixture
def watch(chosen, outcome):
    """The gatekeeper's view just before the first closure of the 5-year plan is due."""
    laid_out = outcome.schedules["5y"]
    system = build(chosen.footprint, chosen.fit, chosen.future, dt.date(2025, 4, 1), planned=True)
    lowered = lower(system.network)
    view = Gatekeeper(system, lowered, laid_out, chosen.future).watch(Run(lowered, 5, 0))
    first = view.waiting[0].due
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
            assert sorted(id(c.step) for c in closures) == sorted(id(s) for s in laid_out.closures)
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
                season = o.arm.system.beds[site]
                a_day = max(season.values()) - min(season.values())  # the stocks' quarters are a day early or late
                assert abs(o.midnight[r, m, s, 5] - (season[quarter] - gone) * o.days[m]) <= a_day


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
    state.running[s] = -state.present[s] * view.run.now
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


def _well(view, month, site):
    """Rewrite the books of one hospital so that nothing holds a closure back."""
    _fill(view, month, pathway_station(site, "p1"), 0.9)
    _fill(view, month, ward(site), 0.5)
    _long(view, slice(month - 3, month), site, 0.0)


def test_gate_lets_a_good_closure_go_once(watch):
    view, month = watch
    due = [s for s in view.waiting if s.due <= view.waiting[0].due]
    for site in {s.site for s in due}:
        _well(view, month, site)
    assert [view._held_by(step, month, step.due) for step in due] == [""] * len(due)
    view.decide(month)
    assert [c.step for c in view.done] == due
    assert not set(map(id, view.waiting)) & set(map(id, due))
    view.run.advance(int(view.keeper.lowered.tables.period_edges[month + 1]))
    view.decide(month + 1)
    closed = [id(c.step) for c in view.done]
    assert len(closed) == len(set(closed))


@pytest.mark.parametrize(("share", "cause"), [(0.49, "use"), (0.51, "")])
def test_use_holds_back(watch, share, cause):
    view, month = watch
    step = view.waiting[0]
    _well(view, month, step.site)
    _fill(view, month, pathway_station(step.site, "p1"), share)
    assert view._held_by(step, month, step.due) == cause


@pytest.mark.parametrize(("before", "now", "cause"), [(0, 0.2, "access"), (0, 0.04, ""), (0.3, 0.2, "")])
def test_access_holds_back_unless_the_baseline_was_worse(watch, before, now, cause):
    view, month = watch
    step = view.waiting[0]
    _well(view, month, step.site)
    _long(view, view._baseline(), step.site, before)
    _long(view, slice(month - 3, month), step.site, now)
    _long(view, slice(month - 3, month), step.site, 1.0, slice(2, 3))  # planned patients are not emergencies
    assert view._held_by(step, month, step.due) == cause


def test_occupancy_is_that_of_the_beds_that_would_be_left(watch):
    view, month = watch
    step = next(s for s in view.waiting if s.kind == "acute" and s.site == "exeter")
    _well(view, month, step.site)
    recent = slice(month - 3, month)
    limit = max(0.92, view._occupancy(step.site, view._baseline(), 0))
    for margin, cause in ((-0.001, ""), (0.001, "occupancy")):
        free = view._held([ward(step.site)], recent) / view._occupancy(step.site, recent, step.beds)
        _fill(view, month, ward(step.site), (limit + margin) * free / view._open([ward(step.site)], recent))
        assert view._held_by(step, month, step.due) == cause


def test_a_backlog_closes_only_as_far_as_the_beds_that_are_left_allow(watch):
    view, month = watch
    due = view.waiting[0].due
    steps = [Step(kind="acute", site="exeter", beds=n, due=due, share_before=0.0) for n in (20, 21, 22)]
    view.waiting[:] = steps
    _well(view, month, "exeter")
    recent = slice(month - 3, month)
    limit = max(0.92, view._occupancy("exeter", view._baseline(), 0))
    free = view._held([ward("exeter")], recent) / view._occupancy("exeter", recent, 41)
    _fill(view, month, ward("exeter"), (limit - 1e-6) * free / view._open([ward("exeter")], recent))
    view.decide(month)
    assert [c.step.beds for c in view.done] == [20, 21]
    assert [(c.step.beds, c.held_by) for c in view.closures if c.closed is None] == [(22, "occupancy")]


def test_the_gate_sees_the_month_that_ends_today(watch):
    """What it sees on the first of a month is what the books say once that month is closed in them."""
    view, month = watch
    recent, site = slice(month - 3, month), "plymouth"
    home = pathway_station(site, "p1")
    seen = view._held([ward(site)], recent), view._held([home], recent), view._open([home], recent)
    view.run.advance(int(view.keeper.lowered.tables.period_edges[month]) + 1)
    state, s, p = view.run.state, view._stations([ward(site)])[0], view._stations([home])[0]
    areas = state.area[recent, s, :, 1:4].sum(), state.area[recent, p, :, 1:4].sum()
    assert seen == (*areas, state.places_area[recent, p, 0].sum())
    assert state.area[month - 1, s].sum() > 0


def test_proof_holds_back(watch):
    view, month = watch
    last = view.waiting[-1]  # needs nearly all places at home, which are not open yet
    assert view._held_by(last, month, view.waiting[0].due) == "proof"


def test_closing_community_beds_sends_people_home(watch):
    view, month = watch
    step = next(s for s in view.waiting if s.kind == "community")
    at = int(view.keeper.lowered.tables.period_edges[month])
    view._close_places(step.site, step.beds)
    view.levers.pull()
    view.run.advance(at + 1)
    index = view.keeper.lowered.share_index
    station = ward(step.site)
    shares = view.run.state.share
    before = view.keeper.lowered.share
    left = 1 - step.beds / view.keeper.system.places[step.site, "p2"]
    names = list(view.keeper.lowered.network.stations[station].routes[1].to)
    widths = [np.diff([0, *(x[index[station, 1, n]] for n in names)]) for x in (before, shares)]
    p1, p2 = (names.index(pathway_station(step.site, p)) for p in ("p1", "p2"))
    assert widths[1][p2] == pytest.approx(widths[0][p2] * left)
    assert widths[1][p1] == pytest.approx(widths[0][p1] + widths[0][p2] * (1 - left))
    assert sum(widths[1]) == pytest.approx(1)
    assert view.run.state.pool["places"][view._stations([pathway_station(step.site, "p2")])[0]] == round(
        view.keeper.system.places[step.site, "p2"] * left
    )


def test_no_moves_differ_from_business_as_usual_by_exactly_zero():
    found = _simulate(settings(parse(["plan=none", "timeline=5y", "replications=2", *SHORT])))
    plan, usual = found.observed["5y"], found.observed[USUAL]
    for name in ("area", "flow", "places", "midnight"):
        assert np.array_equal(getattr(plan, name), getattr(usual, name)), name
    assert plan.fingerprints == usual.fingerprints
    assert found.verdicts["5y"].delivered["probability"] == 1.0
    for one in found.assessed["5y"]:
        assert one.harmless is None or one.harmless.all(), one.key
        assert one.usual is None or np.array_equal(one.values, one.usual)


def test_gate_sees_the_month_that_has_just_ended(watch):
    """What the gate measures on the first of a month is what the books say once that month is closed."""
    view, month = watch
    names = (ward("exeter"), pathway_station("exeter", "p1"))
    recent = slice(month - 3, month)
    seen = [(view._held([n], recent), view._open([n], recent)) for n in names]
    view.run.advance(int(view.keeper.lowered.tables.period_edges[month + 1]))
    state = view.run.state
    for name, (held, opened) in zip(names, seen, strict=True):
        s = view._stations([name])[0]
        assert held == state.area[recent, s, :, 1:4].sum()
        assert opened == state.places_area[recent, s, 0].sum()
