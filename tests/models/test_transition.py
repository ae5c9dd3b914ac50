"""Gates: what holds a closure back, and what it does when it goes ahead."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from models.compose import parse, settings
from models.plan import months_after
from models.runner import USUAL, _simulate
from models.system import build, pathway_station, ward
from models.transition import Gatekeeper
from sim import Run, lower
from sim.kernel.layout import STARTED, WAIT_TOTAL

SHORT = ["criteria.longest_timeline_years=5", "criteria.window_years_after=1"]


@pytest.fixture
def watch(chosen, outcome):
    """The gatekeeper's view just before the first closure of the 5-year plan is due."""
    laid_out = outcome.schedules["5y"]
    system = build(chosen.footprint, chosen.fit, chosen.future, dt.date(2025, 4, 1), laid_out)
    lowered = lower(system.network)
    view = Gatekeeper(system, lowered, laid_out).watch(Run(lowered, 5, 0))
    first = view.waiting[0].due
    month = next(
        m for m, edge in enumerate(lowered.tables.period_edges)
        if months_after(chosen.footprint.start, m) == first
    )  # fmt: skip
    for m in range(month):
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
                expected = o.arm.system.beds[site][quarter] - gone
                assert o.midnight[r, m, s, 5] / o.days[m] == pytest.approx(expected, abs=max(1, gone) * 0.06 + 1e-9)


def test_without_a_gate_every_closure_is_on_its_date():
    free = settings(parse(["scenario=no_gate", "timeline=5y", "replications=1", *SHORT]))
    found = _simulate(free)
    assert all(c.closed == c.step.due for c in found.observed["5y"].closures[0])
    assert found.verdicts["5y"].delivered["probability"] == 1.0


def test_gate_lets_a_good_closure_go(watch):
    view, month = watch
    view.run.state.flow[month - 3 : month, :, :, WAIT_TOTAL + 1] = 0
    step = view.waiting[0]
    view.run.state.area[month - 3 : month, view._station(ward(step.site))] //= 2
    p1 = view._station(pathway_station(step.site, "p1"))
    view.run.state.area[month - 3 : month, p1, 0, 1] = view.run.state.places_area[month - 3 : month, p1, 0]
    assert view._held_by(step, month, step.due) == ""


def test_use_holds_back(watch):
    view, month = watch
    step = view.waiting[0]
    view.run.state.area[month - 3 : month, view._station(pathway_station(step.site, "p1"))] = 0
    assert view._held_by(step, month, step.due) == "use"


def _in_use(view, month, site):
    p1 = view._station(pathway_station(site, "p1"))
    view.run.state.area[month - 3 : month, p1, 0, 1] = view.run.state.places_area[month - 3 : month, p1, 0]


def test_access_holds_back(watch):
    view, month = watch
    step = view.waiting[0]
    _in_use(view, month, step.site)
    flow = view.run.state.flow[month - 3 : month, view._station(ward(step.site)), :2]
    flow[..., WAIT_TOTAL + 1] = flow[..., STARTED] // 5
    assert view._held_by(step, month, step.due) == "access"


def test_occupancy_holds_back(watch):
    view, month = watch
    step = next(s for s in view.waiting if s.kind == "acute")
    _in_use(view, month, step.site)
    s = view._station(ward(step.site))
    view.run.state.flow[month - 3 : month, s, :, WAIT_TOTAL + 1] = 0
    view.run.state.area[month - 3 : month, s, 0, 1] = view.run.state.places_area[month - 3 : month, s, 0]
    assert view._held_by(step, month, step.due) == "occupancy"


def test_proof_holds_back(watch):
    view, month = watch
    last = view.waiting[-1]  # needs nearly all places at home, which are not open yet
    assert view._held_by(last, month, view.waiting[0].due) == "proof"


def test_closing_community_beds_sends_people_home(watch):
    view, month = watch
    step = next(s for s in view.waiting if s.kind == "community")
    at = int(view.keeper.lowered.tables.period_edges[month])
    view.closed["community", step.site] = step.beds
    view.run.change(view._close(step, step.due, at))
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
    assert view.run.state.pool["places"][view._station(pathway_station(step.site, "p2"))] == round(
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
