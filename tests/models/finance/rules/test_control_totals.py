"""Control totals, offsets and shares: sums that must be nought or all there is."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.finance.rules import control_totals as totals
from sim.errors import FaultsError
from tests.models.finance.rules.by_hand import shares

AMOUNTS = st.lists(st.integers(-(10**9), 10**9), min_size=4, max_size=4)
BASE = st.lists(st.integers(1, 10**11), min_size=4, max_size=4)
RULES = st.sampled_from(totals.RESIDUAL_RULES)


@given(AMOUNTS, AMOUNTS, BASE, RULES)
def test_offsets_move_money_and_make_none(result: list[int], target: list[int], base: list[int], rule: str) -> None:
    agreed = ["0.4", "0.3", "0.2", "0.1"]
    moved = totals.offsets(np.array(result), np.array(target), rule, np.array(base), agreed)
    assert moved.sum() == 0
    variance = np.array(result) - np.array(target)
    after = variance + moved
    if variance.sum() >= 0:
        assert (after >= 0).all()
        assert (moved[variance >= 0] <= 0).all()
        assert (after[variance < 0] == 0).all()
        spare = [max(int(v), 0) for v in variance]
        short = int(-variance[variance < 0].sum())
        if short:
            assert (-moved[variance >= 0]).tolist() == [
                given_
                for given_, v in zip(shares(short, [Fraction(x) for x in spare]), variance, strict=True)
                if v >= 0
            ]
        return
    weights = {
        "income": base,
        "spending": base,
        "fault": [max(-int(v), 0) for v in variance],
        "agreed": [4, 3, 2, 1],
    }[rule]
    assert (-after).tolist() == shares(int(-variance.sum()), [Fraction(w) for w in weights])


def test_each_replication_is_settled_for_itself() -> None:
    result, target = np.array([[3, -1, 0], [1, -4, 0]]), np.zeros((2, 3), np.int64)
    assert totals.offsets(result, target).tolist() == [[-1, 1, 0], [-1, 1, 0]]
    assert totals.system_met(result, target).tolist() == [True, False]
    assert totals.offsets(result, target, "income", np.array([[1, 1, 1], [1, 0, 2]])).tolist() == [
        [-1, 1, 0],
        [-2, 4, -2],
    ]


def test_the_dashboard_ratio_is_exact() -> None:
    result, target = np.array([[10, -7], [0, 0]]), np.array([[9, -5], [3, 0]])
    assert totals.dashboard_ratio(result, target, np.array([200, 100])).tolist() == [
        Fraction(-1, 300),
        Fraction(-3, 300),
    ]
    assert totals.dashboard_ratio(result[0], target[0], np.array([300])) == Fraction(-1, 300)
    with pytest.raises(FaultsError, match="resource_limits"):
        totals.dashboard_ratio(result, target, np.array([0, 0]))


@given(st.integers(0, 10**10), BASE)
def test_all_face_the_same_per_cent(challenge: int, spending: list[int]) -> None:
    target = totals.equal_efficiency(challenge, np.array(spending))
    assert target.sum() == challenge
    rate = Fraction(challenge, sum(spending))
    assert all(abs(int(t) - rate * s) < 1 for t, s in zip(target, spending, strict=True))


@given(st.lists(st.integers(0, 10**9), min_size=4, max_size=4), BASE)
def test_planned_offsets_sum_to_nought(targets: list[int], spending: list[int]) -> None:
    moved = totals.efficiency_offsets(np.array(targets), np.array(spending))
    assert moved.sum() == 0
    assert (np.array(targets) - moved == totals.equal_efficiency(sum(targets), np.array(spending))).all()


@given(st.lists(st.integers(-(10**10), 10**10), min_size=1, max_size=5))
def test_gain_and_loss_have_shares_of_their_own(variances: list[int]) -> None:
    found = totals.shared(np.array(variances), ["0.5", "0.5"], ["0.9", "0.1"])
    assert found.sum(axis=-1).tolist() == variances
    for variance, parts in zip(variances, found.tolist(), strict=True):
        due = [Fraction(1, 2)] * 2 if variance >= 0 else [Fraction(9, 10), Fraction(1, 10)]
        assert parts == shares(variance, due)


def test_faults() -> None:
    zero = np.zeros(3, np.int64)
    with pytest.raises(FaultsError, match="Did you mean 'spending'"):
        totals.offsets(zero, zero, "spend")
    with pytest.raises(FaultsError, match="needs the income"):
        totals.offsets(zero, zero, "income")
    with pytest.raises(FaultsError, match="at least one organisation"):
        totals.offsets(zero, zero, "income", base=zero)
    with pytest.raises(FaultsError, match="sum to one"):
        totals.offsets(zero, zero, "agreed", agreed=[0.5, 0.4, 0.2])
    with pytest.raises(FaultsError, match="exactly"):
        totals.shared(5, [1 / 3] * 3, ["1/3"] * 3)
    with pytest.raises(FaultsError) as error:
        totals.shared(5, ["0.5", "0.6"], ["-0.2", "0.7", "0.4"])
    assert len(error.value.faults) == 4
