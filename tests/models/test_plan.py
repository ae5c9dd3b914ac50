"""Laying a plan out on a timeline."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.compose import parse, settings
from models.plan import Timeline, _split, months_after, schedule

BEDS = {"a": 316.0, "b": 237.0, "c": 682.0, "d": 855.0}
PLACES = {"a": 52.0, "b": 34.0, "c": 110.0, "d": 128.0}


@pytest.fixture(scope="module")
def plan(chosen):
    return chosen.plan


@pytest.mark.parametrize("years", [3, 5, 10, 15])
def test_end_state_is_the_same_on_every_timeline(plan, years):
    found = schedule(plan, Timeline(name="t", years=years), BEDS, PLACES)
    closed = {kind: sum(s.beds for s in found.closures if s.kind == kind) for kind in ("acute", "community")}
    assert closed == {"acute": 400, "community": 190}
    assert sum(steps[-1][1] for steps in found.openings.values()) == 590
    assert max(s.due for s in found.closures) == found.end == dt.date(2019 + years, 4, 1)
    by_site = {site: sum(s.beds for s in found.closures if s.site == site and s.kind == "acute") for site in BEDS}
    assert by_site == _split(400, BEDS)


def test_nothing_opens_before_the_lead_time(plan):
    for years in (3, 5, 15):
        found = schedule(plan, Timeline(name="t", years=years), BEDS, PLACES)
        first = min(day for steps in found.openings.values() for day, n in steps if n)
        assert first > months_after(plan.starts, 12)
        for steps in found.openings.values():
            assert [n for _, n in steps] == sorted(n for _, n in steps)


def test_longer_timeline_delays_every_share(plan):
    short, long = (schedule(plan, Timeline(name="t", years=y), BEDS, PLACES) for y in (5, 15))

    def closed_by(found, day):
        return sum(s.beds for s in found.closures if s.due <= day)

    for months in range(0, 180, 6):
        day = months_after(plan.starts, months)
        assert closed_by(long, day) <= closed_by(short, day)


def test_misreading_closes_590_acute_beds():
    other = settings(parse(["plan=devon_2016_misreading"])).plan
    assert (other.close_acute.value, other.close_community.value) == (590, 0)


@given(st.integers(0, 5000), st.lists(st.floats(0.1, 1e4), min_size=1, max_size=9))
def test_split_is_whole_and_within_one_of_proportional(total, weights):
    named = {str(i): w for i, w in enumerate(weights)}
    parts = _split(total, named)
    assert sum(parts.values()) == total
    assert all(abs(parts[k] - total * w / sum(weights)) < 1 for k, w in named.items())


@given(st.dates(dt.date(1990, 1, 1), dt.date(2080, 1, 1)), st.integers(-400, 400))
def test_months_after_is_a_group(day, months):
    first = day.replace(day=1)
    assert months_after(months_after(first, months), -months) == first


def _named(parts):
    return {str(i): float(n) for i, n in enumerate(parts)}


@given(
    st.integers(1, 30),
    st.integers(0, 120),
    st.integers(1, 24),
    st.tuples(st.floats(0, 0.9), st.floats(0, 0.9)),
    st.tuples(st.floats(0.01, 1), st.floats(0.01, 1)),
    st.tuples(st.integers(0, 900), st.integers(0, 300), st.integers(0, 900)),
    st.lists(st.integers(1, 900), min_size=1, max_size=5),
)
def test_any_plan_is_laid_out_whole_and_in_order(plan, years, lead, step, first, lasts, moves, weights):
    """Sums are exact; steps go forward within the timeline; nothing opens before the lead time is over."""
    opens, closes = (sorted((a, min(1.0, a + w))) for a, w in zip(first, lasts, strict=True))
    staging = {"open_from": opens[0], "open_to": opens[1], "close_from": closes[0], "close_to": closes[1]}
    figures = dict(zip(("close_acute", "close_community", "open_home"), moves, strict=True))
    odd = plan.model_copy(
        update={
            "staging": plan.staging.model_copy(update={**staging, "months_between_steps": step}),
            "lead_time_months": plan.lead_time_months.model_copy(update={"value": float(lead)}),
            **{k: getattr(plan, k).model_copy(update={"value": float(n)}) for k, n in figures.items()},
        }
    )
    found = schedule(odd, Timeline(name="t", years=years), _named(weights), _named(reversed(weights)))
    for kind, total in (("acute", moves[0]), ("community", moves[1])):
        assert sum(s.beds for s in found.closures if s.kind == kind) == total
    assert sum(steps[-1][1] for steps in found.openings.values()) == moves[2]
    assert all(s.beds > 0 and plan.starts <= s.due <= found.end and s.due.day == 1 for s in found.closures)
    assert [s.due for s in found.closures] == sorted(s.due for s in found.closures)
    for key in {(s.kind, s.site) for s in found.closures}:
        mine = [s for s in found.closures if (s.kind, s.site) == key]
        assert len({s.due for s in mine}) == len(mine)
        assert [s.share_before for s in mine] == sorted(s.share_before for s in mine)
    for steps in found.openings.values():
        days, places = zip(*steps, strict=True)
        assert list(days) == sorted(set(days))
        assert list(places) == sorted(places)
        assert days[0] >= months_after(plan.starts, lead)


def test_misreading_is_laid_out_as_acute_closures_only(chosen):
    other = settings(parse(["plan=devon_2016_misreading", "timeline=5y"])).plan
    found = schedule(other, chosen.timelines[1], BEDS, PLACES)
    assert {s.kind for s in found.closures} == {"acute"}
    assert sum(s.beds for s in found.closures) == 590


def test_largest_remainders_go_first_and_ties_by_name():
    assert _split(10, {"a": 1.0, "b": 1.0, "c": 1.0}) == {"a": 4, "b": 3, "c": 3}
    assert _split(7, {"a": 60.0, "b": 30.0, "c": 10.0}) == {"a": 4, "b": 2, "c": 1}
    assert _split(0, {"a": 1.0, "b": 2.0}) == {"a": 0, "b": 0}
