"""Exact arithmetic of pence beside fractions."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.finance.rules.amounts import as_pence, exact, growing, pence, running, scaled, split, times
from models.finance.rules.checks import known
from sim.errors import FaultsError
from tests.models.finance.rules.by_hand import penny, shares

AMOUNT = st.integers(-(10**13), 10**13)
RATE = st.fractions(-3, 3, max_denominator=10_000)


def test_a_rate_is_what_its_decimal_text_says() -> None:
    assert exact(0.035) == exact("0.035") == Fraction(7, 200)
    assert exact(np.float64(0.1)) == Fraction(1, 10)
    assert exact("1/12") == Fraction(1, 12)
    assert exact(1e-7) == Fraction(1, 10**7)


def test_pounds_become_pence_with_halves_away_from_nought() -> None:
    assert [pence(x) for x in (12.34, "0.005", -0.005, 2_100_000, Fraction(1, 300))] == [1234, 1, -1, 210_000_000, 0]


@pytest.mark.parametrize("value", [1.5, 100.0, np.array([1.0]), "100", None])
def test_money_that_is_not_in_whole_pence_is_refused(value: object) -> None:
    with pytest.raises(FaultsError, match="whole pence"):
        as_pence(value)


def test_an_amount_that_64_bits_cannot_hold_is_refused() -> None:
    with pytest.raises(FaultsError, match="64 bits"):
        times(2**62, 3)


@given(st.lists(AMOUNT, min_size=1), RATE)
def test_an_amount_times_a_rate_is_the_nearest_penny(amounts: list[int], rate: Fraction) -> None:
    found = times(np.array(amounts), rate)
    assert found.dtype == np.int64
    assert found.tolist() == [penny(a * rate) for a in amounts]
    assert times(-np.array(amounts), rate).tolist() == (-found).tolist()


def test_large_products_are_exact() -> None:
    assert times(9 * 10**18, Fraction(10**9 - 1, 10**9)) == 9 * 10**18 - 9 * 10**9


@given(AMOUNT, st.lists(st.fractions(0, 5, max_denominator=997), min_size=1, max_size=7).filter(any))
def test_shares_add_up_and_are_those_of_largest_remainder(total: int, weights: list[Fraction]) -> None:
    found = split(total, weights).tolist()
    assert sum(found) == total
    assert found == shares(total, weights)
    exact_parts = [total * w / sum(weights) for w in weights]
    assert all(abs(part - wanted) < 1 for part, wanted in zip(found, exact_parts, strict=True))


@given(
    st.lists(AMOUNT, min_size=2, max_size=4),
    st.lists(st.lists(st.integers(0, 10**12), min_size=3, max_size=3).filter(any), min_size=4, max_size=4),
)
def test_every_row_has_weights_of_its_own(totals: list[int], weights: list[list[int]]) -> None:
    rows = len(totals)
    found = split(np.array(totals), np.array(weights[:rows]))
    assert found.tolist() == [
        shares(total, [Fraction(w) for w in row]) for total, row in zip(totals, weights, strict=False)
    ]


def test_equal_remainders_go_to_the_earlier_part() -> None:
    assert split(100, [Fraction(1, 3)] * 3).tolist() == [34, 33, 33]
    assert split(-101, [1, 1, 1]).tolist() == [-34, -34, -33]


def test_all_faults_of_shares_at_once() -> None:
    with pytest.raises(FaultsError) as error:
        split(np.array([1, 1]), np.array([[-1, 1], [0, 0]]))
    assert len(error.value.faults) == 2
    assert split(np.array([0, 0]), np.array([[0, 0], [0, 0]])).tolist() == [[0, 0], [0, 0]]


@given(AMOUNT, st.lists(st.fractions(0, 1, max_denominator=100), min_size=1, max_size=30))
def test_running_totals_stay_within_half_a_penny(amount: int, steps: list[Fraction]) -> None:
    totals = [sum(steps[: i + 1], Fraction(0)) for i in range(len(steps))]
    found = np.cumsum(running(amount, totals)).tolist()
    assert found == [penny(amount * c) for c in totals]


@given(st.lists(st.floats(0, 1e5), min_size=1, max_size=24), RATE)
def test_bed_days_are_priced_in_running_totals(days: list[float], rate: Fraction) -> None:
    counted = [Fraction(round(d * 10**6), 10**6) for d in days]
    found = np.cumsum(growing(np.array(days), rate)).tolist()
    assert found == [penny(sum(counted[: i + 1], Fraction(0)) * rate) for i in range(len(days))]


def test_what_a_simulation_gives_is_taken_to_the_millionth() -> None:
    assert scaled(10**6, np.array([0.1234567, 2])).tolist() == [123457, 2_000_000]
    assert scaled(100, 3, "1/7") == 43


def test_an_unknown_name_is_told_its_nearest() -> None:
    (fault,) = known("payer", ["Devon CCG", "Devn ICB"], ["Devon CCG", "Devon ICB"], "organisation")
    assert (fault.value, fault.nearest) == ("Devn ICB", "Devon ICB")
