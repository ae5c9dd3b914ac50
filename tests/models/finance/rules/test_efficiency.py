"""Efficiency programmes and savings that may be booked once."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.finance.rules import contracts
from models.finance.rules.efficiency import booked, programme, realism, s_curve, with_optimism, years
from models.finance.rules.settings import read_rules
from sim.errors import FaultsError
from tests.models.finance.rules.by_hand import penny

MONEY = st.integers(0, 10**10)
SHARE = st.integers(0, 1000)  # thousandths


@given(st.integers(0, 60))
def test_the_curve_rises_from_nought_to_one_and_is_its_own_mirror(ramp: int) -> None:
    levels = [s_curve(m, ramp) for m in range(ramp + 3)]
    assert levels[-1] == 1
    assert levels == sorted(levels)
    assert ramp == 0 or all(s_curve(m, ramp) + s_curve(ramp - m, ramp) == 1 for m in range(ramp + 1))
    assert ramp == 0 or levels[0] == 0


def test_slow_then_fast_then_slow() -> None:
    assert [float(s_curve(m, 4)) for m in range(6)] == [0, 0.15625, 0.5, 0.84375, 1, 1]


@given(MONEY, MONEY, SHARE, SHARE, st.integers(0, 20), st.integers(0, 18), st.integers(1, 12))
def test_a_programme_month_by_month(
    target: int, up_front: int, comes: int, lasting: int, start: int, ramp: int, invest: int
) -> None:
    recurrent = Fraction(lasting, 1000)
    found = programme(target, up_front, comes / 1000, recurrent, start, ramp, invest, months=40)
    achieved = penny(Fraction(target * comes, 1000))
    goes_on = penny(achieved * recurrent)
    so_far = once = Fraction(0)
    for t in range(40):
        x = Fraction(t - start + 1, ramp) if ramp else Fraction(1)
        level = Fraction(0) if t < start else Fraction(1) if x >= 1 else x * x * (3 - 2 * x)
        so_far += level / 12
        once += level / 12 if t // 12 == start // 12 else 0
        assert found.recurrent[: t + 1].sum() == penny(goes_on * so_far)
        assert found.one_off[: t + 1].sum() == penny((achieved - goes_on) * once)
    assert found.cost.sum() == up_front
    assert not found.cost[:start].any()
    assert (found.net == found.recurrent + found.one_off - found.cost).all()


def test_worse_before_better() -> None:
    found = programme(1_200_000, 400_000, np.array([1.0, 0.5]), 1, 0, 12, 4, months=36)
    total = np.cumsum(found.net, axis=0)
    assert (total[3] < 0).all()
    assert (total[-1] > 0).all()
    assert total[-1, 0] > total[-1, 1]


@given(st.lists(st.tuples(MONEY, SHARE), min_size=1, max_size=6), SHARE)
def test_what_was_saved_once_or_missed_comes_back(rows: list[tuple[int, int]], lasting: int) -> None:
    targets, comes = (np.array(column) for column in zip(*rows, strict=True))
    found = years(targets, comes / 1000, Fraction(lasting, 1000))
    back = 0
    for y, (target, share) in enumerate(rows):
        asked = target + back
        delivered = penny(Fraction(asked * share, 1000))
        assert found.asked[y] == asked == found.recurrent[y] + found.one_off[y] + found.missed[y]
        assert found.recurrent[y] == penny(Fraction(delivered * lasting, 1000))
        back = asked - int(found.recurrent[y])
    assert found.recurrent.sum() + back == targets.sum()


@given(MONEY, MONEY, SHARE, MONEY, st.fractions(0, 1, max_denominator=20))
def test_a_saving_is_booked_once(plan: int, actual: int, avoided: int, released: int, rate: Fraction) -> None:
    less = actual * avoided // 1000
    for made in (contracts.pbr(), contracts.block(), contracts.mret(rate), contracts.blended(rate)):
        found = booked(made, plan, actual, less, released)
        assert found.commissioner + found.provider == found.system == released
    assert booked(contracts.pbr(), plan, actual, less, released).commissioner == less
    assert booked(contracts.block(), plan, actual, less, released).commissioner == 0
    rebased = max(plan - less, 0)
    assert booked(contracts.block(), plan, actual, less, released, rebased).commissioner == plan - rebased


def test_costs_are_higher_than_planned_as_usual() -> None:
    usual = read_rules().efficiency
    assert with_optimism(np.array([1_000_000]), usual.optimism_capital).tolist() == [1_240_000]
    assert with_optimism(np.array([1_000_000]), usual.optimism_running).tolist() == [1_410_000]
    assert realism(320, 310) == Fraction(32, 31)


def test_all_faults_of_a_programme_at_once() -> None:
    with pytest.raises(FaultsError) as error:
        programme(-1, -1, np.array([np.nan]), "1.5", -1, -1, 0, 0)
    assert len(error.value.faults) == 8
    with pytest.raises(FaultsError, match="at most 1"):
        years(np.array([1]), np.array([1.1]), 1)
    with pytest.raises(FaultsError, match="no more can be avoided"):
        booked(contracts.pbr(), 10, 10, 11, 0)
