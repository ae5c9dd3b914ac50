"""Prices of spells, one by one in fractions."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.finance.rules.spells import readmissions, short_stay, spells
from sim.errors import FaultsError
from tests.models.finance.rules.by_hand import penny

PRICE = st.integers(0, 10**7)
LINE = st.tuples(
    st.integers(0, 500), PRICE, st.integers(0, 120), st.integers(0, 60), st.integers(0, 60_000), st.booleans()
)


@given(
    st.lists(LINE, min_size=1, max_size=6),
    st.fractions(1, 2, max_denominator=10_000),
    st.fractions(0, 1, max_denominator=20),
)
def test_lines_of_spells(lines: list[tuple[int, int, int, int, int, bool]], mff: Fraction, marginal: Fraction) -> None:
    count, price, days, trim, per_diem, over_baseline = (np.array(column) for column in zip(*lines, strict=True))
    short = short_stay(days, True, longest=1)
    found = spells(count, price, days, trim, per_diem, mff, [("0.7", short), (marginal, over_baseline)])
    due = []
    for n, each, stay, point, daily, above in lines:
        one = Fraction(each + daily * (stay - point if stay > point else 0)) * mff
        one = one * Fraction(7, 10) if stay < 2 else one
        due.append(penny(n * (one * marginal if above else one)))
    assert found.tolist() == due


def test_only_emergencies_are_short_stays() -> None:
    assert short_stay(np.array([0, 1, 2, 0]), np.array([True, True, True, False]), 1).tolist() == [
        True,
        True,
        False,
        False,
    ]


@given(st.integers(0, 1000), st.integers(0, 10**9), st.integers(0, 1000), st.fractions(0, 1, max_denominator=50))
def test_readmissions_above_the_threshold(count: int, value: int, threshold: int, avoidable: Fraction) -> None:
    paid, withheld = readmissions(count, value, threshold, avoidable)
    assert paid + withheld == value
    above = Fraction(count - threshold, count) if count > threshold else Fraction(0)
    assert withheld == penny(value * above * avoidable)


def test_without_a_threshold_the_avoidable_share_is_not_paid() -> None:
    paid, withheld = readmissions(np.array([10, 0]), np.array([1_000_00, 0]), 0, "0.2")
    assert (paid.tolist(), withheld.tolist()) == ([800_00, 0], [200_00, 0])


def test_all_faults_of_prices_at_once() -> None:
    with pytest.raises(FaultsError) as error:
        spells(-1, -100, 3, 2, -5, "-1.05")
    assert {fault.key for fault in error.value.faults} == {"count", "price", "per_diem", "factors"}
    with pytest.raises(FaultsError, match="avoidable"):
        readmissions(10, 100, 0, "1.2")
