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
def plan():
    return settings(parse([])).plan


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
