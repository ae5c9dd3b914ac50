"""Loans, dividends and assets: what opens, moves and closes."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.finance.rules.capital import LAND, backlog, capital_loan, carry, cost_of_capital, ration, ration_years
from models.finance.rules.loans import borrow, with_relief
from models.finance.rules.public_dividend import dividend, instalments
from sim.errors import FaultsError
from tests.models.finance.rules.by_hand import loan, penny, shares

MONEY = st.integers(0, 10**10)
FLOWS = st.lists(st.integers(-(10**10), 10**10), min_size=1, max_size=18)
RATE = st.sampled_from(["0.015", "0.035", "0.06", "0"])


@given(FLOWS, st.integers(0, 10**10), MONEY, RATE)
def test_a_loan_that_is_never_repaid(flows: list[int], cash: int, minimum: int, rate: str) -> None:
    found = borrow(np.array(flows), cash, minimum, [rate])
    assert (found.balance.tolist(), found.interest.tolist()) == loan(flows, cash, minimum, Fraction(rate))


@given(FLOWS, MONEY, MONEY, MONEY, MONEY, st.integers(0, 2 * 10**10))
def test_loan_and_cash_roll_forward(
    flows: list[int], cash: int, minimum: int, owed: int, more: int, limit: int
) -> None:
    flow = np.array(flows)
    found = borrow(flow, cash, minimum, ["0.035"], 0, owed, limit=limit, repay_above=minimum + more)
    assert (found.balance == owed + np.cumsum(found.drawn - found.repaid)).all()
    assert (found.cash == cash + np.cumsum(flow - found.interest + found.drawn - found.repaid)).all()
    assert (found.cash + found.short >= minimum).all()
    assert (found.balance <= max(limit, owed)).all()
    assert (found.balance >= 0).all()
    assert ((found.short == 0) | (found.balance >= limit)).all()
    assert ((found.balance == 0) | (found.cash <= minimum + more)).all()


def test_the_rate_follows_the_standing_of_each_trust() -> None:
    standing = np.array([[0, 1], [0, 1], [1, 0]])
    found = borrow(np.zeros((3, 2), np.int64), 10**9, 0, ["0.012", "0.06"], standing, 12_000_00)
    assert found.interest.tolist() == [[1200, 6000], [1200, 6000], [6000, 1200]]


def test_relief_begins_after_months_of_delivering_and_ends_with_them() -> None:
    standing = np.array([2, 2, 2, 2, 2, 2, 2, 0])
    delivering = np.array([True, True, True, True, False, True, True, True])
    assert with_relief(standing, delivering, 3, measures=2, relieved=1).tolist() == [2, 2, 2, 1, 1, 2, 2, 0]


def test_all_faults_of_a_loan_at_once() -> None:
    with pytest.raises(FaultsError) as error:
        borrow(np.array([0]), 0, 100, ["-0.01"], 3, -5, limit=-1, repay_above=50)
    assert {f.key for f in error.value.faults} == {"rates", "standing", "opening_loan", "limit", "repay_above"}


@given(MONEY, MONEY, MONEY, st.fractions(0, 1, max_denominator=1000))
def test_dividend(opening: int, closing: int, cash: int, rate: Fraction) -> None:
    due = dividend(opening, closing, opening // 5, closing // 7, cash, rate)
    mean = Fraction(opening - opening // 5 + closing - closing // 7, 2) - cash
    assert due == penny(max(mean, Fraction(0)) * rate)
    assert instalments(due, 2).tolist() == [(int(due) + 1) // 2, int(due) // 2]


@given(
    st.lists(st.tuples(MONEY, st.integers(0, 40), st.integers(-20, 30)), min_size=1, max_size=4),
    st.lists(st.integers(0, 10**9), min_size=60, max_size=60),
)
def test_assets_wear_out_to_the_penny(assets: list[tuple[int, int, int]], losses: list[int]) -> None:
    cost, life, start = (np.array(column) for column in zip(*assets, strict=True))
    found = carry(cost, life, start, 60)
    for i, (price, months, first) in enumerate(assets):
        worn = [penny(Fraction(price * min(max(t + 1 - first, 0), months), max(months, 1))) for t in range(-1, 60)]
        if months == LAND:
            assert not found.depreciation[:, i].any()
        elif first <= 0:
            assert abs(found.depreciation[:, i].sum() - (price - worn[0])) <= 1
        else:
            assert np.abs(np.cumsum(found.depreciation[:, i]) - worn[1:]).max() <= months
        if 0 <= first and months != LAND and first + months <= 60:
            assert found.depreciation[:, i].sum() == price
            assert found.net[-1, i] == 0
    lost = np.tile(np.array(losses)[:, None], (1, len(assets)))
    worse = carry(cost, life, start, 60, lost)
    assert (worse.net >= 0).all()
    assert (worse.depreciation.sum(axis=0) + worse.impairment.sum(axis=0) <= cost).all()
    used = (np.arange(60)[:, None] >= start) & (start >= 0)
    gone = np.cumsum(worse.depreciation + worse.impairment, axis=0)
    assert (worse.net[used] == (cost - gone)[used]).all()


def test_straight_line_land_and_impairment() -> None:
    lost = np.zeros((4, 2), np.int64)
    lost[2, 0] = 200
    found = carry(np.array([1200, 5000]), np.array([12, LAND]), 0, 4, lost)
    assert found.depreciation.T.tolist() == [[100, 100, 80, 80], [0, 0, 0, 0]]
    assert found.impairment.T.tolist() == [[0, 0, 200, 0], [0, 0, 0, 0]]
    assert found.net.T.tolist() == [[1100, 1000, 720, 640], [5000] * 4]


@given(st.lists(MONEY, min_size=1, max_size=5), MONEY, st.sampled_from(["priority", "pro rata"]))
def test_the_envelope_is_never_exceeded(requests: list[int], envelope: int, rule: str) -> None:
    found = ration(np.array(requests), envelope, rule)
    assert found.sum() == min(sum(requests), envelope)
    assert (found <= np.array(requests)).all()
    left, due = envelope, []
    for wanted in requests:
        due.append(min(wanted, left))
        left -= due[-1]
    if rule == "priority":
        assert found.tolist() == due
    elif sum(requests) > envelope:
        assert found.tolist() == shares(envelope, [Fraction(r) for r in requests])


@given(st.lists(st.tuples(MONEY, st.integers(0, 3)), min_size=1, max_size=6), MONEY)
def test_the_best_rated_come_first(projects: list[tuple[int, int]], envelope: int) -> None:
    found = ration(np.array([p for p, _ in projects]), envelope, rank=[r for _, r in projects]).tolist()
    left = envelope
    for n in sorted(range(len(projects)), key=lambda n: projects[n][1]):  # sorted keeps the order of equals
        assert found[n] == min(projects[n][0], left)
        left -= found[n]


def test_ranks_may_differ_between_replications() -> None:
    found = ration(np.array([[5, 5, 5], [5, 5, 5]]), np.array([7, 7]), rank=np.array([[2, 0, 1], [0, 1, 2]]))
    assert found.tolist() == [[0, 5, 2], [5, 2, 0]]


@given(
    st.lists(st.tuples(st.lists(MONEY, min_size=3, max_size=3), MONEY), min_size=1, max_size=5),
    st.sampled_from(["priority", "pro rata"]),
)
def test_what_is_not_granted_waits_for_the_next_year(years: list[tuple[list[int], int]], rule: str) -> None:
    requests, envelopes = np.array([r for r, _ in years]), np.array([e for _, e in years])
    found = ration_years(requests, envelopes, rule)
    waiting = np.zeros(3, np.int64)
    for year in range(len(years)):
        wanted = waiting + requests[year]
        assert found.granted[year].sum() == min(int(wanted.sum()), envelopes[year])
        waiting = wanted - found.granted[year]
        assert (found.waiting[year] == waiting).all()
    assert (waiting >= 0).all()
    assert found.granted.sum() + waiting.sum() == requests.sum()


def test_a_third_of_what_was_asked_takes_three_years() -> None:
    """The published shares: 3.5 of 10 billion pounds; the same every year, and nothing new asked for."""
    requests = np.array([[6_000, 4_000], [0, 0], [0, 0]])
    found = ration_years(requests, np.full(3, 3_500))
    assert found.granted.tolist() == [[3_500, 0], [2_500, 1_000], [0, 3_000]]
    assert found.waiting[-1].tolist() == [0, 0]
    with pytest.raises(FaultsError, match="one is needed for each of 3 years"):
        ration_years(requests, np.full(2, 3_500))


def test_a_backlog_grows_by_neglect() -> None:
    found = backlog(1_200_000, np.full(2, 1_000), np.array([0, 2_000_000]), "0.12")
    assert found.balance.tolist() == [1_213_000, 0]
    assert found.repaired.tolist() == [0, 1_213_000 + 12_130 + 1_000]


def test_the_same_grant_costs_a_trust_a_dividend_and_others_nothing() -> None:
    assert cost_of_capital(1_000_000, 900_000, "0.035", np.array([True, False])).tolist() == [33_250, 0]


@given(MONEY, st.integers(1, 10))
def test_a_capital_loan_is_repaid(principal: int, years: int) -> None:
    repaid, interest = capital_loan(principal, "0.02", years)
    assert repaid.sum() == principal
    assert len(repaid) == 2 * years
    owed = [principal - sum(repaid[:i].tolist()) for i in range(2 * years)]
    assert interest.tolist() == [penny(Fraction(o, 100)) for o in owed]


def test_faults_of_capital() -> None:
    with pytest.raises(FaultsError, match="Did you mean 'priority'"):
        ration(np.array([1]), 1, "prior")
    with pytest.raises(FaultsError) as error:
        carry(-1, -1, 0, 2, np.array([-1, 0, 0]))
    assert len(error.value.faults) == 4
