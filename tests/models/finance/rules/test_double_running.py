"""Double running beside a walk month by month."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.finance.rules.double_running import NEVER, Stages, build_cost, double_running, release, run_up
from sim.errors import FaultsError
from tests.models.finance.rules.by_hand import break_even, penny

MONEY = st.integers(0, 10**10)
LENGTH = st.integers(0, 15)
HORIZON = 48


@given(MONEY, MONEY, MONEY, LENGTH, LENGTH, LENGTH, LENGTH)
def test_costs_by_month(built: int, new: int, old: int, build: int, ramp: int, proof: int, lag: int) -> None:
    stages = Stages(build, ramp, proof, lag)
    paid, runs, ends = build_cost(built, stages, HORIZON), run_up(new, stages, HORIZON), release(old, stages, HORIZON)
    assert paid.sum() == built
    assert not paid[max(build, 1) :].any()
    run = end = Fraction(0)
    for month in range(1, HORIZON + 1):
        n = month - build
        run += Fraction(new, 12) * (0 if n <= 0 else Fraction(min(n, ramp), ramp) if ramp else 1)
        end += Fraction(old, 12) if month > build + ramp + proof + lag else 0
        assert runs[:month].sum() == penny(run)
        assert ends[:month].sum() == penny(end)


# Multiples of 12 make every month's sum whole, so that the walk by fractions and the pennies agree.
@given(st.integers(0, 5000), st.integers(1, 5000), st.integers(0, 8), st.integers(1, 9), st.integers(0, 6))
def test_peak_and_break_even(new: int, gain: int, build: int, ramp: int, proof: int) -> None:
    new, old = new * 12 * 2520, (new + gain) * 12 * 2520
    stages = Stages(build, ramp, proof, 2)
    found = double_running(run_up(new, stages, HORIZON), release(old, stages, HORIZON))

    def net(month: int) -> Fraction:
        n = month - build
        cost = Fraction(new, 12) * (0 if n <= 0 else Fraction(min(n, ramp), ramp))
        return (Fraction(old, 12) if month > build + ramp + proof + 2 else Fraction(0)) - cost

    months = build + ramp + proof + 4 + (found.peak // (gain * 2520) if found.peak else 0) + 24
    peak, at, even = break_even(net, int(months))
    assert (found.peak, found.month_of_peak) == (peak, at if peak else NEVER)
    assert found.break_even == even


def test_a_year_that_differs_by_month_is_repeated_as_it_is() -> None:
    year = np.array([0] * 11 + [24])
    added = np.concatenate([[50] + [0] * 11, np.ones(12, int)])
    found = double_running(added, np.concatenate([np.zeros(12, int), year]))
    # -50, then 12 a year, all of it in the last month; in the fourth year -2 + 12, but -1 a month before that.
    walk = np.cumsum(
        np.concatenate([-added, np.tile(year - 1, 9)]) + np.concatenate([np.zeros(12, int), year, np.zeros(108, int)])
    )
    assert found.break_even == np.flatnonzero(walk < 0)[-1] + 2


@given(st.lists(st.integers(-5, 6), min_size=12, max_size=30))
def test_break_even_of_any_pattern(months: list[int]) -> None:
    net = np.array(months)
    found = double_running(np.maximum(-net, 0), np.maximum(net, 0))
    walk = np.cumsum(np.concatenate([net, np.tile(net[-12:], 200)]))
    below = np.flatnonzero(walk < 0)
    if net[-12:].sum() < 0 or (len(below) and below[-1] > len(walk) - 13):
        assert found.break_even == NEVER
    else:
        assert found.break_even == (below[-1] + 2 if len(below) else 1)


def test_what_never_pays_says_so() -> None:
    ones, none = np.ones(24, int), np.zeros(24, int)
    assert double_running(ones, none).break_even == NEVER
    assert double_running(none, ones).break_even == 1
    assert double_running(none, ones).month_of_peak == NEVER
    assert double_running(ones, ones).break_even == 1
    late = double_running(np.r_[30, none[1:]], ones, carry_on=False)
    assert (late.break_even, late.peak, late.month_of_peak) == (NEVER, 29, 1)
    assert double_running(np.r_[30, none[1:]], ones).break_even == 30
    assert double_running(np.r_[24, none[1:]], ones, carry_on=False).break_even == 24


def test_stages_may_differ_between_replications() -> None:
    stages = Stages(build=np.array([0, 2]), ramp=np.array([3, 0]), proof=6, lag=np.array([1, 0]))
    runs, ends = run_up(12_000, stages, 24), release(24_000, stages, 24)
    assert runs.shape == ends.shape == (24, 2)
    for r in range(2):
        one = Stages(stages.build[r], stages.ramp[r], 6, stages.lag[r])
        assert (run_up(12_000, one, 24) == runs[:, r]).all()
        assert (release(24_000, one, 24) == ends[:, r]).all()
    found = double_running(runs, ends)
    assert found.peak.tolist() == [-int(np.cumsum(ends - runs, axis=0)[:, r].min()) for r in range(2)]


def test_all_faults_at_once() -> None:
    with pytest.raises(FaultsError) as error:
        Stages(-1, 0, -2, 0)
    assert len(error.value.faults) == 2
    with pytest.raises(FaultsError) as error:
        double_running(np.array([-1, 0]), np.array([1]))
    assert len(error.value.faults) == 3
