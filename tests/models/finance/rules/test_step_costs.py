"""What closures release: wards as a whole, after notice, and what follows the patient."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.finance.rules.step_costs import StepCosts, Wards, average_cost, stranded, ward_costs
from sim.errors import FaultsError
from tests.models.finance.rules.by_hand import penny

WARDS = Wards(
    ["A", "B", "C"],
    ["north", "north", "south"],
    ["north", "south"],
    np.array([1200, 2400, 3600]),
    np.array([12_000, 6_000]),
)


def costs(beds: object, days: object, notice: int = 0, **other: object) -> StepCosts:
    return ward_costs(WARDS, np.array(beds), np.array(days), 7, notice, **other)  # pyright: ignore[reportArgumentType]


def test_a_bed_within_a_ward_releases_nothing_a_ward_does_after_notice() -> None:
    beds = [[28, 28, 28], [8, 28, 28], [0, 28, 28], [0, 28, 28], [0, 28, 28]]
    found = costs(beds, np.zeros((5, 3), int), notice=2)
    assert found.ward.T.tolist() == [[100, 100, 100, 100, 0], [200] * 5, [300] * 5]
    assert found.site.tolist() == [[1000, 500]] * 5
    assert found.total.tolist() == [2100, 2100, 2100, 2100, 2000]


def test_a_ward_that_opens_again_is_paid_again() -> None:
    beds = [[28, 1, 1], [0, 1, 1], [0, 1, 1], [28, 1, 1]]
    assert costs(beds, np.zeros((4, 3), int), notice=1).ward[:, 0].tolist() == [100, 100, 0, 100]


def test_a_patient_who_moves_takes_the_variable_cost_along() -> None:
    before = costs([[28, 28, 28]] * 2, [[100, 50, 20]] * 2)
    after = costs([[0, 28, 28]] * 2, [[0, 110, 60]] * 2)
    assert (before.variable.sum(axis=1) == after.variable.sum(axis=1)).all()
    assert (before.total - after.total).tolist() == [100, 100]


def test_a_site_costs_until_it_is_closed_itself() -> None:
    beds = [[28, 28, 28]] + [[28, 28, 0]] * 4
    days = np.zeros((5, 3), int)
    assert (costs(beds, days).site[:, 1] == 500).all()
    sites = np.array([[True, True], [True, True], [True, False], [True, False], [True, False]])
    assert costs(beds, days, site_open=sites, site_notice=1).site[:, 1].tolist() == [500, 500, 500, 0, 0]


@given(
    st.lists(st.lists(st.integers(0, 40), min_size=3, max_size=3), min_size=1, max_size=8),
    st.integers(0, 4),
    st.fractions(0, 9000, max_denominator=365),
)
def test_month_by_month(beds: list[list[int]], notice: int, per_day: Fraction) -> None:
    days = [[Fraction(b * 9, 10) for b in row] for row in beds]
    found = ward_costs(WARDS, np.array(beds), np.array([[float(d) for d in row] for row in days]), per_day, notice)
    for w, cost in enumerate((100, 200, 300)):
        since = notice + 1
        for t, row in enumerate(beds):
            since = 0 if row[w] else since + 1
            assert found.ward[t, w] == (cost if since <= notice else 0)
            so_far = sum((days[k][w] for k in range(t + 1)), Fraction(0))
            assert found.variable[: t + 1, w].sum() == penny(so_far * per_day)


def test_replications_are_a_further_axis() -> None:
    beds, days = np.full((2, 3, 4), 28), np.arange(24).reshape(2, 3, 4)
    found = costs(beds, days)
    assert found.total.shape == (2, 4)
    for r in range(4):
        assert (costs(beds[..., r], days[..., r]).total == found.total[:, r]).all()


@given(st.integers(0, 10**11), st.integers(1, 900), st.integers(0, 900))
def test_stranded_is_what_is_credited_but_not_released(cost: int, beds: int, closed: int) -> None:
    closed = min(closed, beds)
    found = stranded(cost, cost - cost // 3, beds, closed)
    assert found.credit == average_cost(cost, beds, closed) == penny(Fraction(cost * closed, beds))
    assert found.credit == found.released + found.stranded


def test_all_faults_of_wards_at_once() -> None:
    with pytest.raises(FaultsError) as error:
        Wards(["A", "A"], ["north", "nort"], ["north"], np.array([1, -2, 3]), np.array([5, 6]))
    told = str(error.value)
    assert len(error.value.faults) == 5
    for words in ("Did you mean 'north'?", "twice", "ward_cost = 3", "site_cost = 2", "ward_cost = -2"):
        assert words in told
    with pytest.raises(FaultsError) as error:
        costs([[0, -1, 1]], [[5, 0, 0]], notice=-1)
    assert {f.key for f in error.value.faults} == {"open_beds", "notice", "bed_days.A"}
    with pytest.raises(FaultsError, match="no more beds"):
        average_cost(1, 5, 6)
