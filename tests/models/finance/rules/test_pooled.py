"""Pooled budgets: decisions, over- and underspends, ring-fenced pots."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.finance.rules.contracts import mret_retained
from models.finance.rules.pooled import (
    NEVER,
    REFUSED,
    Delays,
    bear,
    decided,
    pay_for_performance,
    pooled,
    spend,
    spent_as_decided,
)
from sim.errors import FaultsError
from tests.models.finance.rules.by_hand import penny, shares

DELAYS = Delays(joint=1, partner=2, national=3)
MONEY = st.integers(0, 10**10)


def test_who_has_to_agree() -> None:
    partners, national = np.array([True, True, False]), np.array([True, False, True])
    months = np.array([0, 10, 20])
    assert decided("A", months, partners, national, DELAYS).tolist() == [1, 11, 21]
    assert decided("B", months, partners, national, DELAYS).tolist() == [3, 13, REFUSED]
    assert decided("C", months, partners, national, DELAYS).tolist() == [6, REFUSED, REFUSED]
    with pytest.raises(FaultsError) as error:
        decided("D", 0, True, True, Delays(0, -1, 0))
    assert len(error.value.faults) == 2


def test_a_line_is_spent_as_before_until_its_pot_has_decided() -> None:
    """Asked in month 1: the joint board takes a month, the partner two more, the national commissioner three more."""
    found = spent_as_decided(
        "ABCBC",
        [10] * 5,
        [4, 5, 6, 7, 8],
        1,
        [True, True, True, False, True],
        [False, False, True, True, False],
        DELAYS,
        9,
    )
    assert found.T.tolist() == [
        [10] * 2 + [4] * 7,
        [10] * 4 + [5] * 5,
        [10] * 7 + [6] * 2,
        [10] * 9,
        [10] * 9,
    ]


@given(st.sampled_from("ABC"), st.integers(0, 9), st.integers(0, 4), st.integers(0, 4), st.integers(0, 4))
def test_the_more_have_to_agree_the_later_it_holds(
    pot: str, asked: int, joint: int, partner: int, national: int
) -> None:
    delays, months = Delays(joint, partner, national), 30
    first = asked + joint + (partner if pot in "BC" else 0) + (national if pot == "C" else 0)
    found = spent_as_decided([pot], [[0]], [[1]], asked, True, True, delays, months)[:, 0, 0]
    assert found.tolist() == [0] * first + [1] * (months - first)
    vetoed = spent_as_decided([pot], [[0]], [[1]], asked, False, True, delays, months)
    assert bool(vetoed.any()) == (pot == "A")


def test_all_faults_of_a_decision_at_once() -> None:
    with pytest.raises(FaultsError) as error:
        spent_as_decided(["A", "D"], [1, -1], [1, 1], -2, [True] * 3, True, Delays(-1, 0, 0), 3)
    assert {f.key for f in error.value.faults} == {"before", "asked", "pots", "joint", "partners"}
    with pytest.raises(FaultsError, match="one pot is needed for each of 2 lines"):
        spent_as_decided(["A"], [1, 1], [1, 1], 0, True, True, DELAYS, 3)


def test_the_scope_of_a_pool_grows_line_by_line() -> None:
    """Adults' care of the council first, hospital care of the commissioner later, one line never."""
    budgets = np.tile(np.array([[100], [400], [50]]), (4, 1, 2))
    paid = pooled(budgets, ["council", "commissioner", "council"], [0, 2, NEVER], ["commissioner", "council"])
    assert paid.shape == (4, 2, 2)
    assert paid[..., 0].T.tolist() == [[0, 0, 400, 400], [100] * 4]
    borne, _ = bear(paid[..., 0].sum(axis=0), 1_400)
    assert borne.tolist() == [133, 67]
    with pytest.raises(FaultsError) as error:
        pooled(np.array([[1, -1]]), ["counci"], [-2], ["council"])
    assert {f.key for f in error.value.faults} == {"budgets", "owners", "joins"}
    assert "Did you mean 'council'?" in str(error.value)


@given(st.lists(MONEY, min_size=3, max_size=3).filter(any), st.integers(0, 4 * 10**10))
def test_without_caps_by_contribution(contributions: list[int], spent: int) -> None:
    borne, uncovered = bear(np.array(contributions), spent)
    assert uncovered == 0
    assert borne.tolist() == shares(spent - sum(contributions), [Fraction(c) for c in contributions])


@given(
    st.lists(MONEY, min_size=3, max_size=3).filter(any),
    st.lists(st.integers(0, 6 * 10**10), min_size=1, max_size=4),
    st.lists(st.integers(0, 10**9), min_size=3, max_size=3),
)
def test_caps_hold_and_nothing_is_lost(contributions: list[int], spent: list[int], caps: list[int]) -> None:
    rows = np.tile(contributions, (len(spent), 1))
    borne, uncovered = bear(rows, np.array(spent), ["0.5", "0.3", "0.2"], np.array(caps))
    variance = np.array(spent) - sum(contributions)
    assert (borne.sum(axis=-1) + uncovered == variance).all()
    assert (borne <= np.array(caps)).all()
    for b, u, v in zip(borne.tolist(), uncovered.tolist(), variance.tolist(), strict=True):
        assert u == max(v - sum(caps), 0)
        if v <= 0:
            assert b == shares(v, [Fraction(5), Fraction(3), Fraction(2)])


def test_what_is_above_a_cap_falls_on_the_others() -> None:
    borne, uncovered = bear(np.array([50, 30, 20]), 200, caps=np.array([20, 500, 500]))
    assert (borne.tolist(), int(uncovered)) == ([20, 48, 32], 0)
    borne, uncovered = bear(np.array([50, 30, 20]), 200, caps=np.array([20, 30, 40]))
    assert (borne.tolist(), int(uncovered)) == ([20, 30, 40], 10)


@given(
    st.lists(st.tuples(MONEY, MONEY, MONEY), min_size=1, max_size=12),
    MONEY,
)
def test_a_pot_is_never_overdrawn(months: list[tuple[int, int, int]], opening: int) -> None:
    inflow, first, second = (np.array(column) for column in zip(*months, strict=True))
    found = spend("MRET", inflow, {"home": first, "hubs": second}, {"home", "hubs", "other"}, opening)
    held = opening
    for t, (came, one, two) in enumerate(months):
        there = held + came
        paid = [one, two] if one + two <= there else shares(there, [Fraction(one), Fraction(two)])
        held = there - sum(paid)
        assert [found.paid["home"][t], found.paid["hubs"][t], found.balance[t]] == [*paid, held]
        assert found.refused["home"][t] == one - paid[0]
    assert held >= 0


def test_what_the_marginal_rate_retains_is_spent_on_managing_demand() -> None:
    baseline, actual = np.full(3, 4_000), np.array([4_400, 3_900, 5_000])
    kept = mret_retained(baseline, actual, "0.7")
    found = spend("MRET", kept, {"discharge": np.array([100, 50, 100])}, {"discharge", "prevention"})
    assert found.paid["discharge"].tolist() == [100, 20, 100]
    assert found.balance.tolist() == [20, 0, 200]
    assert found.paid["discharge"].sum() + found.balance[-1] == kept.sum() == 420


def test_a_pot_may_not_pay_for_anything_else() -> None:
    with pytest.raises(FaultsError) as error:
        spend(
            "MRET", np.array([5, -1]), {"wards": np.array([1, 1]), "hubs": np.array([1, -1]), "car park": 1}, {"hubs"}
        )
    told = str(error.value)
    assert len(error.value.faults) == 4
    for words in ("MRET.purpose = 'wards'", "MRET.purpose = 'car park'", "inflow = -1", "hubs = -1"):
        assert words in told


@given(MONEY, st.integers(-500, 500), st.integers(1, 1000), st.fractions("1/200", 1, max_denominator=200))
def test_pay_for_performance(pot: int, fewer: int, before: int, target: Fraction) -> None:
    released, kept = pay_for_performance(pot, fewer, before, target)
    assert released + kept == pot
    share = min(Fraction(1), max(Fraction(0), Fraction(fewer, before) / target))
    assert abs(int(released) - pot * share) <= Fraction(1, 2)
    assert abs(released - penny(pot * share)) <= 1


def test_more_than_the_target_releases_no_more() -> None:
    released, kept = pay_for_performance(np.array([600, 600, 600]), np.array([70, 35, -10]), 1000, "0.035")
    assert (released.tolist(), kept.tolist()) == ([600, 600, 0], [0, 0, 600])
    with pytest.raises(FaultsError, match="target"):
        pay_for_performance(1, 1, 1, 0)
