"""Costs that stay when beds close: over hospitals and stages of every kind, not only those of the worked cases."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.finance.rules.double_running import NEVER, Stages, build_cost, double_running, release, run_up
from models.finance.rules.step_costs import Wards, stranded, ward_costs

YEAR = 12
SIZES = st.lists(st.integers(4, 36), min_size=1, max_size=8)
WARD_COST = st.integers(0, 5_000_000_00)
PER_DAY = st.integers(0, 400_00)
OCCUPANCY = st.integers(0, 100)


def hospital(sizes: list[int], ward_cost: int, site_cost: int = 9_000_000_00) -> Wards:
    """One site; a ward costs in proportion to its beds."""
    cost = np.array([ward_cost * size // 28 for size in sizes], np.int64)
    names = [f"ward_{n}" for n in range(len(sizes))]
    return Wards(names, ["site"] * len(sizes), ["site"], cost, np.array([site_cost]))


def open_after(sizes: list[int], closed: int) -> list[int]:
    """Beds that stay open by ward when beds close ward after ward."""
    left = []
    for size in sizes:
        gone = min(size, closed)
        closed -= gone
        left.append(size - gone)
    return left


def year_cost(wards: Wards, beds: list[int], days: list[float], per_day: int, notice: int = 0) -> int:
    """Cost of the year after the notice."""
    months = YEAR + notice
    shape = (months, 1)
    found = ward_costs(wards, np.tile(beds, shape), np.tile(np.array(days), shape), per_day, notice)
    return int(found.total[notice:].sum())


def released(sizes: list[int], closed: int, ward_cost: int, per_day: int, occupied: int, *, moved: bool = False) -> int:
    """What closing beds releases in a year; its patients go, or move to the wards that stay open."""
    wards, before = hospital(sizes, ward_cost), [size * occupied * 30 / 100 for size in sizes]
    beds = open_after(sizes, closed)
    after = [bed * occupied * 30 / 100 for bed in beds]
    if moved:
        lost = sum(before) - sum(after)
        after[max(range(len(beds)), key=lambda n: beds[n])] += lost
    return year_cost(wards, sizes, before, per_day) - year_cost(wards, beds, after, per_day)


# --- wards -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ward", "per_day", "beds", "occupied"), [(2_100_000_00, 32_88, 28, 90), (1_500_000_00, 100_00, 24, 80)]
)
def test_most_of_a_ward_releases_little_and_the_whole_ward_most(
    ward: int, per_day: int, beds: int, occupied: int
) -> None:
    """In a hospital of twenty like wards: twenty beds give their patients' variable cost, the last beds the staff."""
    sizes = [beds] * 20
    some, whole = (released(sizes, n, ward, per_day, occupied) for n in (20, beds))
    staff = ward * beds // 28
    assert some == pytest.approx(20 * occupied * 360 * per_day / 100, rel=1e-9)
    assert whole == pytest.approx(staff + beds * occupied * 360 * per_day / 100, rel=1e-9)
    before = year_cost(hospital(sizes, ward), sizes, [b * occupied * 30 / 100 for b in sizes], per_day)
    credit = [stranded(before, before - gone, sum(sizes), n) for gone, n in ((some, 20), (whole, beds))]
    shares = [float(s.released / s.credit) for s in credit]
    assert shares[0] < 0.3
    assert shares[1] > 0.65


@given(SIZES, WARD_COST, PER_DAY, OCCUPANCY)
def test_the_more_beds_close_the_more_is_released(sizes: list[int], ward: int, per_day: int, occupied: int) -> None:
    steps = [released(sizes, n, ward, per_day, occupied) for n in range(0, sum(sizes) + 1, 3)]
    assert steps[0] == 0
    assert all(later >= earlier - YEAR for earlier, later in zip(steps, steps[1:], strict=False))  # a penny a month


@given(SIZES, st.integers(0, 40), WARD_COST, PER_DAY, OCCUPANCY)
def test_a_release_is_whole_wards_and_what_leaves_with_patients(
    sizes: list[int], closed: int, ward: int, per_day: int, occupied: int
) -> None:
    """Never a share of a ward: the staff of wards that are empty, and the variable cost of bed-days that are gone."""
    closed = min(closed, sum(sizes))
    shut = [size for size, left in zip(sizes, open_after(sizes, closed), strict=True) if not left]
    staff = sum(ward * size // 28 for size in shut)
    gone = Fraction(closed * occupied * 30 * YEAR, 100) * per_day
    assert abs(released(sizes, closed, ward, per_day, occupied) - staff - gone) <= len(sizes)


@given(SIZES.filter(lambda s: len(s) > 1), st.integers(1, 40), WARD_COST, PER_DAY, OCCUPANCY)
def test_patients_who_move_take_the_variable_cost_along(
    sizes: list[int], closed: int, ward: int, per_day: int, occupied: int
) -> None:
    closed = min(closed, sum(sizes) - 1)  # somebody must take them in
    shut = [size for size, left in zip(sizes, open_after(sizes, closed), strict=True) if not left]
    staff = sum(ward * size // 28 for size in shut)
    assert abs(released(sizes, closed, ward, per_day, occupied, moved=True) - staff) <= len(sizes)


@given(
    st.lists(st.lists(st.integers(0, 30), min_size=3, max_size=3), min_size=2, max_size=10),
    st.integers(0, 4),
    PER_DAY,
)
def test_closing_never_raises_the_cost_of_any_month(closures: list[list[int]], notice: int, per_day: int) -> None:
    """Beds only fall and patients go with them: no month costs more than the month before, notice or not."""
    sizes = np.array([28, 20, 30])
    beds = np.maximum(sizes - np.cumsum([[0, 0, 0], *closures], axis=0), 0)
    wards = hospital(sizes.tolist(), 1_200_000_00, 0)
    wards = Wards(wards.names, wards.site_of, wards.sites, wards.ward_cost // YEAR * YEAR, wards.site_cost)
    found = ward_costs(wards, beds, beds * 25, per_day, notice).total
    assert (np.diff(found) <= 0).all()
    late = ward_costs(wards, beds, beds * 25, per_day, notice + 1).total
    assert (late >= found).all()


def test_the_fixed_cost_of_a_site_stays_when_all_its_wards_are_shut() -> None:
    sizes = [28, 28]
    before = year_cost(hospital(sizes, 2_100_000_00), sizes, [700, 700], 50_00)
    after = year_cost(hospital(sizes, 2_100_000_00), [0, 0], [0, 0], 50_00)
    assert after == 9_000_000_00
    assert stranded(before, after, 56, 56).stranded == 9_000_000_00


# --- double running --------------------------------------------------------------------------------------------------


@given(st.integers(1, 400), st.integers(1, 400), st.integers(1, 18), st.integers(0, 18), st.integers(0, 9))
def test_peak_month_and_break_even_by_formula(new: int, gain: int, ramp: int, proof: int, lag: int) -> None:
    """Ramp, proof and notice at growing, then full cost; from then on the difference pays it back."""
    unit = YEAR * 12252240  # so that every month of every ramp is a whole penny
    stages = Stages(0, ramp, proof, lag)
    months = ramp + proof + lag + YEAR
    added, ended = run_up(new * unit, stages, months), release((new + gain) * unit, stages, months)
    found = double_running(added, ended)
    a_month = unit // YEAR
    peak = Fraction(new * a_month) * (Fraction(ramp + 1, 2) + proof + lag)
    assert found.peak == peak
    assert found.month_of_peak == ramp + proof + lag
    assert found.break_even == ramp + proof + lag - (-peak // (gain * a_month))


def test_the_worked_case_is_one_of_them() -> None:
    """£3.0 million a year new, £3.6 million a year old, twelve months of ramp, six of proof."""
    stages = Stages(0, 12, 6, 0)
    found = double_running(run_up(3_000_000_00, stages, 36), release(3_600_000_00, stages, 36))
    assert (found.peak, found.month_of_peak, found.break_even) == (3_125_000_00, 18, 81)
    assert found.cumulative[-1] == -2_225_000_00


@given(st.integers(0, 10**9), st.integers(1, 10**9), st.integers(0, 10**9), st.integers(0, 12), st.integers(0, 12))
def test_the_longer_both_run_the_deeper_and_the_later(new: int, gain: int, built: int, ramp: int, proof: int) -> None:
    months = 60

    def of(stages: Stages) -> tuple[int, int]:
        added = run_up(new, stages, months) + build_cost(built, stages, months)
        found = double_running(added, release(new + gain, stages, months))
        return int(found.peak), int(found.break_even)

    peak, even = of(Stages(2, ramp, proof, 1))
    for longer in (Stages(2, ramp, proof + 1, 1), Stages(2, ramp, proof, 2)):
        deeper, later = of(longer)
        assert deeper >= peak
        assert later >= even


@given(st.integers(1, 10**9), st.integers(0, 10**9), st.integers(0, 10**9))
def test_only_double_running_makes_a_change_cost_more(old: int, new: int, built: int) -> None:
    """Without anything new the total never falls below nought; with it, it does until it is paid back, or for ever."""
    stages = Stages(3, 6, 6, 3)
    alone = double_running(np.zeros(48, np.int64), release(old, stages, 48))
    assert (alone.net >= 0).all()
    assert (alone.peak, alone.month_of_peak, alone.break_even) == (0, NEVER, 1)
    both = double_running(run_up(new, stages, 48) + build_cost(built, stages, 48), release(old, stages, 48))
    assert both.peak >= built + new * 6 // YEAR  # all of it is spent before anything ends
    if new >= old and new + built > YEAR:
        assert both.break_even == NEVER
