"""Contracts by place and time, and their payments month by month."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.finance.rules import contracts
from models.finance.rules.schedule import (
    Agreement,
    contract_year,
    in_force,
    month,
    month_text,
    on_account,
    payments,
    schedule,
    settle,
)
from sim.errors import FaultsError
from tests.models.finance.rules.by_hand import contract_pay, penny, shares

NAMES = {"CCG", "East CCG", "Trust", "Hospice"}
LINE = ("CCG", "Trust", "acute")
KINDS = [contracts.pbr(), contracts.block(), contracts.mret("0.7"), contracts.cap_collar("0.02", "0.05")]


def agreement(first: str = "2017-04", last: str = "2018-03", **other: object) -> Agreement:
    given_ = {"contract": contracts.mret("0.7"), "plan": 120_000_05} | other
    return Agreement(*LINE, first=first, last=last, **given_)  # pyright: ignore[reportArgumentType]


def test_months_and_contract_years() -> None:
    assert month_text(month("2018-12")) == "2018-12"
    assert [contract_year(month(m)) for m in ("2017-03", "2017-04", "2018-03", "2018-04")] == [2016, 2017, 2017, 2018]


@pytest.mark.parametrize("kind", KINDS)
@given(
    plan=st.integers(0, 10**11),
    actual=st.lists(st.integers(0, 10**10), min_size=30, max_size=30),
    lag=st.integers(0, 4),
)
def test_payments_add_up_to_the_contract_year_by_year(
    kind: contracts.Contract, plan: int, actual: list[int], lag: int
) -> None:
    found = settle(agreement("2017-10", "2020-03", contract=kind, plan=plan), np.array(actual), lag)
    account = [shares(plan, [Fraction(1)] * 12)[(9 + i - 3) % 12] for i in range(30)]
    assert found.on_account.tolist() == account + [0] * lag
    bands = [(band.low, band.high, band.rate) for band in kind.bands]
    due = 0
    for begin, end in ((0, 6), (6, 18), (18, 30)):
        due += penny(contract_pay(bands, Fraction(sum(account[begin:end])), Fraction(sum(actual[begin:end]))))
        assert found.earned[:end].sum() == due
    assert (found.on_account + found.true_up).sum() == due
    assert found.owed[-1] == 0


def test_true_ups_come_two_months_later() -> None:
    actual = np.full((12, 2), 1_000_000)
    actual[3] += [500_000, 0]
    found = settle(agreement(plan=12_000_000), actual, lag=2)
    assert found.true_up.shape == (14, 2)
    assert found.true_up[5].tolist() == [350_000, 0]
    assert not np.delete(found.true_up, 5, axis=0).any()
    assert found.owed[:, 0].tolist() == [0, 0, 0, 350_000, 350_000, *[0] * 9]


def test_a_change_at_cost_is_paid_from_its_month() -> None:
    made = agreement(contract=contracts.guaranteed_income(), plan=120_000, changes=(("2017-10", 2_400),))
    assert on_account(made).tolist() == [10_000] * 6 + [10_200] * 6
    found = settle(made, np.zeros(12, np.int64), lag=2)
    assert (found.earned[:12] == found.on_account[:12]).all()
    assert not found.true_up.any()


def test_a_contract_may_change_by_date_and_place() -> None:
    block = agreement("2018-04", "2019-03", contract=contracts.block(), plan=12_000)
    pbr = agreement("2017-04", "2018-03", contract=contracts.pbr(), plan=12_000)
    other = Agreement("East CCG", "Trust", "acute", "2017-04", "2019-03", contracts.pbr(), 1_200)
    found = schedule([block, other, pbr], NAMES)
    assert in_force(found, LINE, "2018-03") == pbr
    assert in_force(found, LINE, "2018-04") == block
    assert in_force(found, ("CCG", "Hospice", "acute"), "2018-04") is None
    done = {LINE: np.full(24, 1_100), other.line: np.full(24, 100)}
    paid = payments(found, "2017-04", done, lag=2)
    assert paid[LINE].earned.tolist() == [1_100] * 12 + [1_000] * 12
    # The last true-ups of one contract are paid while the next is in force.
    assert paid[LINE].true_up.tolist() == [0, 0] + [100] * 12 + [0] * 10
    assert not paid[other.line].true_up.any()


def test_what_is_not_settled_by_the_end_is_owed() -> None:
    found = payments(schedule([agreement(plan=0)], NAMES), "2017-04", {LINE: np.full(10, 100)}, lag=2)[LINE]
    assert found.earned.sum() == 700
    assert found.owed[-1] == 140 == found.earned.sum() - found.true_up.sum()


def test_all_faults_of_a_schedule_at_once() -> None:
    made = [
        agreement("2017-04", "2018-03"),
        agreement("2018-03", "2018-12"),
        Agreement("CGG", "Trust", "acute", "2017-04", "2018-03", contracts.pbr(), -5),
        Agreement("Trust", "Trust", "acute", "2018-04", "2018-03", contracts.pbr(), 0),
        Agreement("CCG", "Hospis", "beds", "2017-13", "2018-03", contracts.pbr(), 0),
        Agreement("CCG", "Hospice", "beds", "2017-04", "2018-03", contracts.pbr(), 5, (("2016-01", -9),)),
    ]
    with pytest.raises(FaultsError) as error:
        schedule(made, NAMES)
    told = str(error.value)
    for words in (
        "agreements.2.commissioner = 'CGG'",
        "Did you mean 'CCG'?",
        "agreements.2.plan = -5",
        "with itself",
        "must not lie before the first month",
        "agreements.4.provider = 'Hospis'",
        "agreements.4.first = '2017-13'",
        "begins before the one from 2017-04 to 2018-03",
        "more is taken out",
        "must lie within the contract",
    ):
        assert words in told
    assert len(error.value.faults) == 9


def test_activity_must_be_known_from_the_first_month() -> None:
    with pytest.raises(FaultsError, match="is later than"):
        payments([agreement()], "2017-05", {LINE: np.zeros(12, np.int64)}, 2)
    with pytest.raises(FaultsError, match="is missing"):
        payments([agreement()], "2017-04", {}, 2)
    with pytest.raises(FaultsError, match="12 months"):
        settle(agreement(), np.zeros(11, np.int64), 2)
