"""Calendar, midnight counts and measures, worked out a second time from the books of one run."""

from __future__ import annotations

import calendar
import datetime as dt

import numpy as np
import pytest

from models.arms.arms import Arm, _midnights, run_arms
from models.footprint.observed import beds_by_quarter
from models.measures import measures
from models.run.outputs import tables
from models.run.runner import USUAL
from models.system.system import build, pathway_station, ward
from sim import Run, lower
from sim.clock import DAY
from sim.kernel.layout import SNAPSHOT


@pytest.fixture(scope="module")
def short(chosen):
    """One replication from April 2017 to the middle of June."""
    system = build(chosen.footprint, chosen.fit, chosen.future, dt.date(2017, 6, 15))
    lowered = lower(system.network)
    run = Run(lowered, 4, 0)
    run.advance()
    return run, run_arms([Arm("x", system, lowered)], 4, 1, 1)[0]


def test_months_are_those_of_the_calendar(outcome):
    for o in outcome.observed.values():
        assert [calendar.monthrange(m.year, m.month)[1] for m in o.months] == o.days.tolist()
        assert o.months == sorted(set(o.months))
        assert o.days[o.months.index(dt.date(2020, 2, 1))] == 29
        assert o.in_year("2018/19").nonzero()[0].tolist() == list(range(12, 24))
        assert o.months[12] == dt.date(2018, 4, 1)


def test_a_month_that_the_run_cuts_off_has_fewer_days(short):
    _, o = short
    assert o.days.tolist() == [30, 31, 14]


def test_midnights_are_those_that_end_the_days_of_a_month(short):
    run, o = short
    snapshot = run.observations()["snapshot"].astype(int)
    midnight = np.concatenate([snapshot[1:], snapshot[-1:]])  # nobody counts at the very end: the last one stands in
    days = [o.months[0] + dt.timedelta(days=n) for n in range(len(midnight))]
    for m, first in enumerate(o.months):
        expected = midnight[[d.year == first.year and d.month == first.month for d in days]].sum(axis=0)
        assert np.array_equal(o.midnight[0, m], expected)
    assert np.array_equal(_midnights(run.state.snapshot, run.lowered.tables.period_edges), o.midnight[0])


def test_an_arm_writes_down_what_its_runs_did(short):
    run, o = short
    seen = run.observations()
    assert np.array_equal(o.area[0], seen["area"])
    assert o.fingerprints == [seen["fingerprint"]]
    assert o.events == seen["events"]
    s = o.station("exeter_ward")
    assert np.array_equal(o.flows("exeter_ward", "elective", "lost")[0], seen["flow"][:, s, 2, 7])
    assert np.array_equal(o.waits_over("exeter_ward", "direct", 1)[0], seen["wait_over"][:, s, 1, 1])


def test_counted_beds_are_the_published_ones_every_quarter_of_the_baseline_year(chosen, outcome):
    o = outcome.observed[USUAL]
    for row in beds_by_quarter(chosen.footprint, "2018/19").to_dict("records"):
        first = 12 + 3 * (int(row["quarter"]) - 1)
        found = measures.beds_open(o, row["site"])[:, first : first + 3]
        assert np.allclose(found, round(row["available"]), rtol=0, atol=1e-9)


def test_beds_in_use_are_ward_beds_and_the_community_beds_inside(chosen, outcome):
    held = [SNAPSHOT.index(s) for s in ("in_service", "blocked", "in_transition")]
    for o in outcome.observed.values():
        for site in chosen.footprint.sites:
            share = o.arm.system.inside[site] / o.arm.system.places[site, "p2"]
            beds, community = (
                o.midnight[:, :, o.station(name)][..., held].sum(axis=2) / o.days
                for name in (ward(site), pathway_station(site, "p2"))
            )
            found = measures.occupied_beds(o, site)
            assert np.allclose(found, beds + share * community, rtol=1e-12)
            assert (found <= measures.beds_open(o, site) * 1.02).all()
        whole = sum(measures.occupied_beds(o, site) for site in chosen.footprint.sites)
        assert np.allclose(measures.occupied_beds(o), whole, rtol=1e-12)


def test_all_delay_is_at_least_the_counted_delay(outcome):
    for o in outcome.observed.values():
        assert (measures.total_delay_beds(o) >= measures.delayed_beds(o)).all()
        blocked = o.area[..., 2].sum(axis=(2, 3)) / (o.days * DAY)
        both = measures.delayed_beds(o) + measures.delayed_beds(o, "non_acute")
        assert (both <= blocked + 1e-9).all()
        assert np.allclose(measures.delayed_beds(o, "all"), both)


def test_tables_tell_one_story(outcome):
    found = {name: t.to_pandas() for name, t in tables(outcome.observed, outcome.assessed, outcome.window).items()}
    state, beds, waits, flows = (found[name] for name in ("state", "beds", "waits", "flows"))
    one = state[(state["arm"] == "5y") & (state["state"] == "blocked") & state["station"].str.endswith("_ward")]
    delayed = beds[(beds["arm"] == "5y") & (beds["measure"] == "delayed_acute")].set_index("month")
    whole, exeter = (delayed[delayed["place"] == place]["mean"] for place in ("footprint", "exeter"))
    assert np.allclose(one.groupby("month", observed=True)["mean"].sum(), whole, rtol=1e-12)
    one = one[one["station"] == "exeter_ward"]
    assert np.allclose(one.groupby("month", observed=True)["mean"].sum(), exeter, rtol=1e-12)
    o = outcome.observed["5y"]
    row = waits[(waits["arm"] == "5y") & (waits["place"] == "torbay") & (waits["longer_than"] == "4 h")].iloc[5]
    months = [row["quarter"] <= m < row["quarter"] + dt.timedelta(days=92) for m in o.months]
    over, started = (
        sum(f("torbay_ward", c, k)[:, months].sum(axis=1) for c in ("emergency", "direct"))
        for f, k in ((o.waits_over, 0), (o.flows, "started"))
    )
    assert sum(months) == 3
    assert row["mean"] == pytest.approx((over / started).mean(), rel=1e-12)
    inside = flows[(flows["arm"] == "5y") & flows["station"].isin([f"{s}_p1" for s in o.arm.system.inside])]
    came = inside[inside["flow"] == "transferred_in"]["mean"].sum()
    left = flows[(flows["arm"] == "5y") & flows["station"].str.endswith(("_ward", "_p2"))]
    assert 0 < came < left[left["flow"] == "transferred_out"]["mean"].sum()
    for table in found.values():
        numbers = table.select_dtypes("number")
        assert np.isfinite(numbers.drop(columns=["usual_value", "threshold"], errors="ignore").to_numpy(float)).all()
