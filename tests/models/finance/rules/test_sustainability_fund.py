"""The fund quarter by quarter, beside a plain loop."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.finance.rules.amounts import exacts
from models.finance.rules.settings import read_rules
from models.finance.rules.sustainability_fund import (
    access_gate,
    by_month,
    divided,
    finance_gate,
    incentive,
    of_system,
    pay_fund,
)
from sim.errors import FaultsError
from tests.models.finance.rules.by_hand import fund

FUNDS = read_rules().sustainability_fund.by_year
OPEN = st.lists(st.booleans(), min_size=4, max_size=4)
AMOUNT = st.integers(0, 10**10)


@pytest.mark.parametrize("year", FUNDS)
@pytest.mark.parametrize("back", [False, True])
@given(allocation=AMOUNT, opened=st.lists(OPEN, min_size=4, max_size=4))
def test_quarters(year: str, back: bool, allocation: int, opened: list[list[bool]]) -> None:
    terms = FUNDS[year]
    names = list(terms.elements.shares)
    gates = {name: np.array(opened[i]) for i, name in enumerate(names)}
    found = pay_fund(allocation, terms.quarters.values, terms.elements.shares, gates, ["finance"] if back else ())
    parts, quarters = exacts(list(terms.elements.shares.values())), exacts(terms.quarters.values)
    assert found.quarters.tolist() == fund(allocation, quarters, parts, opened[: len(names)], back)
    assert found.quarters.sum() + found.unpaid == allocation
    assert found.unpaid >= 0
    assert all((part >= 0).all() for part in found.elements.values())


@given(
    allocations=st.lists(AMOUNT, min_size=3, max_size=3),
    own=st.lists(OPEN, min_size=3, max_size=3),
    system=OPEN,
    share=st.fractions(0, 1, max_denominator=8),
)
def test_a_share_hangs_on_the_system(
    allocations: list[int], own: list[list[bool]], system: list[bool], share: Fraction
) -> None:
    gates = {"finance": np.array(own), "ae": np.ones((3, 4), bool)}
    terms = (np.array(allocations), [Fraction(1, 4)] * 4, {"finance": "0.7", "ae": "0.3"}, gates)
    found = pay_fund(*terms, system_gate=np.array(system), system_share=share)
    assert (found.quarters.sum(axis=-1) + found.unpaid == allocations).all()
    for i, allocation in enumerate(allocations):
        for q in range(4):
            due = Fraction(allocation, 4) * ((1 - share) * own[i][q] + share * system[q])
            assert abs(found.quarters[i, q] - due) <= 4  # each half of an allocation is split into whole pence twice
    alone = pay_fund(*terms)
    if not any(system):
        assert (found.quarters <= alone.quarters + 4).all()
    if share == 0:
        assert (found.quarters == alone.quarters).all()


@given(AMOUNT, OPEN, OPEN)
def test_catching_up_pays_never_less_and_never_twice(allocation: int, finance: list[bool], ae: list[bool]) -> None:
    gates = {"finance": np.array(finance), "ae": np.array(ae)}
    terms = (allocation, ["0.15", "0.2", "0.3", "0.35"], {"finance": "0.7", "ae": "0.3"}, gates)
    plain, later = pay_fund(*terms), pay_fund(*terms, catch_up=["finance"])
    assert (np.cumsum(later.quarters) >= np.cumsum(plain.quarters)).all()
    assert later.elements["ae"].tolist() == plain.elements["ae"].tolist()
    if finance[-1]:
        assert (
            later.elements["finance"].sum()
            == pay_fund(*terms[:3], {"finance": np.ones(4, bool), "ae": np.array(ae)}).elements["finance"].sum()
        )


def test_the_finance_gate_looks_at_the_year_so_far() -> None:
    result, total = np.array([[-5, 0, 10, -6], [0, 0, 0, 0]]), np.array([[-4, -4, 4, 4], [0, 0, 0, 1]])
    assert finance_gate(result, total).tolist() == [[False, True, True, False], [True, True, True, False]]
    assert of_system(result, total).tolist() == [[False, True, True, False]]


def test_access_is_the_standard_or_the_higher_trajectory() -> None:
    seen, agreed, last_year = [0.951, 0.9, 0.9, 0.89], [0.96, 0.9, 0.88, 0.88], [0.94, 0.89, 0.91, 0.88]
    assert access_gate(seen, [agreed, last_year], 0.95).tolist() == [True, True, False, True]


def test_a_bonus_is_pound_for_pound_as_far_as_the_pool_goes() -> None:
    result, total = np.array([120, 90, 101]), np.array([100, 100, 100])
    assert incentive(result, total, 1, 1000).tolist() == [20, 0, 1]
    assert incentive(result, total, 1, 10).tolist() == [10, 0, 0]
    assert incentive(result, total, 2, np.array([1000, 0]))[..., :].tolist() == [[40, 0, 2], [0, 0, 0]]


def test_quarters_are_paid_in_arrears() -> None:
    paid = by_month(np.array([[1, 2, 3, 4], [5, 6, 7, 8]]), lag=2)
    assert paid.shape == (14, 2)
    assert {t: row.tolist() for t, row in enumerate(paid) if row.any()} == {
        4: [1, 5],
        7: [2, 6],
        10: [3, 7],
        13: [4, 8],
    }


def test_all_faults_of_a_fund_at_once() -> None:
    with pytest.raises(FaultsError) as error:
        pay_fund(
            -1,
            ["0.5", "0.4"],
            {"ae": "0.3", "rtt": "0.8"},
            {"ae": [True, True, True], "cancer": True},
            ["x"],
            None,
            0.5,
        )
    told = str(error.value)
    for words in (
        "quarters",
        "shares",
        "allocation = -1",
        "one element must be 'finance'",
        "gates.cancer",
        "catch_up.x",
    ):
        assert words in told
    for words in ("gates.rtt: is missing", "system_gate", "gates.ae = (3,)"):
        assert words in told


def test_deficits_took_most_of_the_fund_of_2016_17() -> None:
    """£2.1 billion, of which £1.8 billion went to deficits: 14.3 per cent were left for change."""
    fund = 2_100_000_000_00
    share = read_rules().sustainability_fund.transformation.value
    found = divided(fund, np.array([1_000_000_000_00, 900_000_000_00]), share)
    assert int(found.deficits.sum()) == 1_799_700_000_00
    assert int(found.change) == 300_300_000_00
    assert found.unspent == 0
    eaten = divided(fund, np.array([1_000_000_000_00, 900_000_000_00]), share, diverted="0.5")
    assert eaten.deficits.tolist() == [1_000_000_000_00, 900_000_000_00]
    assert int(eaten.change) == 300_300_000_00 - 100_300_000_00


@given(
    st.integers(0, 10**11),
    st.lists(st.integers(0, 10**11), min_size=1, max_size=5),
    st.fractions(0, 1, max_denominator=100),
    st.fractions(0, 1, max_denominator=100),
)
def test_a_divided_fund_loses_nothing(fund: int, deficits: list[int], share: Fraction, diverted: Fraction) -> None:
    found, strict = divided(fund, np.array(deficits), share, diverted), divided(fund, np.array(deficits), share)
    assert found.deficits.sum() + found.change + found.unspent == fund
    assert (found.deficits <= np.array(deficits)).all()
    assert found.change <= strict.change
    assert found.deficits.sum() >= strict.deficits.sum()
    if found.unspent:
        assert found.change == strict.change  # change is touched only when the rest does not suffice
        assert found.deficits.tolist() == deficits
    assert int(strict.change - found.change) <= int(strict.change) * diverted + Fraction(1, 2)


def test_all_faults_of_a_division_at_once() -> None:
    with pytest.raises(FaultsError) as error:
        divided(-1, np.array([-1]), 2, -1)
    assert {f.key for f in error.value.faults} == {"fund", "deficits", "transformation", "diverted"}
