"""Cover, redundancy and retraining, one by one in fractions."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.finance.rules.settings import read_rules
from models.finance.rules.staffing import cover, redundancy, retraining
from sim.errors import FaultsError
from tests.models.finance.rules.by_hand import penny

SALARY = st.integers(0, 20_000_000)
STAFF = st.integers(0, 5_000_000)  # thousandths of a whole-time equivalent


@given(st.lists(st.tuples(STAFF, STAFF, SALARY), min_size=1, max_size=4))
def test_cover(groups: list[tuple[int, int, int]]) -> None:
    needed, staff, salary = (np.array(column) for column in zip(*groups, strict=True))
    found = cover(needed / 1000, staff / 1000, salary, "0.25", "0.5", "0.05", "0.3", "0.55")
    for i, (asked, there, pay) in enumerate(groups):
        gap = Fraction(max(asked - there, 0), 1000)
        month = Fraction(pay, 12) * Fraction(5, 4)
        assert found.bank[i] == penny(month * gap / 2 * Fraction(21, 20))
        assert found.agency[i] == penny(month * gap * Fraction(3, 10) * Fraction(31, 20))
        assert found.uncovered[i] == pytest.approx(float(gap) * 0.2)


@given(st.integers(0, 500), SALARY, st.integers(0, 45), st.fractions(0, 3, max_denominator=4))
def test_redundancy(people: int, salary: int, service: int, each: Fraction) -> None:
    found = redundancy(people, salary, service, each, 24, 8_000_000)
    months = service * each if service * each < 24 else Fraction(24)
    assert found == penny(people * Fraction(min(salary, 8_000_000), 12) * months)


def test_redundancy_by_the_usual_terms() -> None:
    terms = read_rules().staffing
    most = round(terms.redundancy_salary.value * 100)
    due = redundancy(
        1, np.array([2_400_000, 12_000_000]), np.array([10, 40]), terms.redundancy_a_year, terms.redundancy_most, most
    )
    assert due.tolist() == [2_000_000, 16_000_000]


@given(STAFF, SALARY, SALARY)
def test_retraining(people: int, fee: int, salary: int) -> None:
    found = retraining(people / 1000, fee, "2.5", salary, "0.2")
    heads = Fraction(people, 1000)
    assert found == penny(fee * heads) + penny(salary * heads * Fraction(5, 2) / 12 * Fraction(6, 5))


def test_all_faults_at_once() -> None:
    with pytest.raises(FaultsError) as error:
        cover(-1.0, 0.0, -1, "-0.1", "0.6", "-0.5", "0.5", 0)
    assert {f.key for f in error.value.faults} == {
        "needed",
        "salary",
        "on_cost",
        "bank_premium",
        "bank_share, agency_share",
    }
