"""Contracts beside the same integral by hand, and what must hold for all of them."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from models.finance.rules import contracts
from models.finance.rules.contracts import Contract, pay
from sim.errors import FaultsError
from tests.models.finance.rules.by_hand import Band, contract_pay, penny

PLAN = st.integers(0, 10**12)
SHARE = st.fractions(0, 1, max_denominator=200)
WIDTH = st.fractions(0, 1, max_denominator=200)


@st.composite
def any_bands(draw: st.DrawFn) -> list[Band]:
    edges = sorted(draw(st.sets(st.fractions(-1, 2, max_denominator=50), max_size=5)))
    bounds = [None, *edges, None]
    rates = draw(st.lists(SHARE, min_size=len(bounds) - 1, max_size=len(bounds) - 1))
    return [(bounds[i], bounds[i + 1], rates[i]) for i in range(len(rates))]


@st.composite
def any_contract(draw: st.DrawFn) -> Contract:
    width, other, rate = draw(WIDTH), draw(WIDTH), draw(SHARE)
    made = draw(
        st.sampled_from(
            [
                contracts.pbr(),
                contracts.block(),
                contracts.guaranteed_income(),
                contracts.mret(rate),
                contracts.cap_collar(width, other),
                contracts.tolerance(width, other, rate),
                contracts.blended(rate),
            ]
        )
    )
    return contracts.break_glass(made, draw(WIDTH)) if draw(st.booleans()) else made


def bands_of(made: Contract) -> list[Band]:
    return [(band.low, band.high, band.rate) for band in made.bands]


@given(any_bands(), PLAN, st.lists(PLAN, min_size=1, max_size=8))
def test_pay_is_the_integral(bands: list[Band], plan: int, actual: list[int]) -> None:
    found = pay(contracts.contract("any", bands), plan, np.array(actual))
    assert found.tolist() == [penny(contract_pay(bands, Fraction(plan), Fraction(a))) for a in actual]


@given(any_contract(), PLAN, st.lists(PLAN, min_size=1, max_size=8))
def test_every_kind_is_the_integral_of_its_bands(made: Contract, plan: int, actual: list[int]) -> None:
    found = pay(made, plan, np.array(actual))
    assert found.tolist() == [penny(contract_pay(bands_of(made), Fraction(plan), Fraction(a))) for a in actual]


@given(any_contract(), PLAN, st.lists(PLAN, min_size=2, max_size=8))
def test_more_activity_never_pays_less_nor_more_than_itself(made: Contract, plan: int, actual: list[int]) -> None:
    done = np.sort(np.array(actual))
    steps = np.diff(pay(made, plan, done))
    assert (steps >= 0).all()
    assert (steps <= np.diff(done)).all()


@given(any_contract(), st.integers(1, 10**9), st.integers(0, 2))
def test_pay_has_no_jumps_at_the_edges(made: Contract, plan: int, which: int) -> None:
    edges = [e for band in made.bands for e in (band.low, band.high) if e is not None]
    assume(edges)
    edge = int(plan * (1 + edges[which % len(edges)]))
    around = np.maximum(edge + np.arange(-3, 4), 0)
    assert (np.diff(pay(made, plan, around)) <= 1).all()


@given(any_contract(), PLAN)
def test_activity_as_planned_pays_the_plan(made: Contract, plan: int) -> None:
    assert pay(made, plan, plan) == plan


@given(PLAN, st.lists(PLAN, min_size=1))
def test_a_block_has_no_variance(plan: int, actual: list[int]) -> None:
    for made in (contracts.block(), contracts.guaranteed_income()):
        assert (pay(made, plan, np.array(actual)) == plan).all()


@given(PLAN, PLAN, SHARE)
def test_blended_models_a_and_b_are_equal_to_the_penny(plan: int, actual: int, variable: Fraction) -> None:
    fixed, by_activity = contracts.blended_parts(plan, actual, variable)
    assert fixed + by_activity == pay(contracts.blended(variable), plan, actual)
    assert fixed == penny(plan * (1 - variable))
    assert abs(int(by_activity) - variable * actual) <= 1


@given(any_contract(), PLAN, PLAN)
def test_the_shadow_is_what_tariff_would_have_paid_more(made: Contract, plan: int, actual: int) -> None:
    assert contracts.shadow(made, plan, actual) == actual - pay(made, plan, actual)


@given(PLAN, PLAN, SHARE)
def test_marginal_rate_pays_or_keeps_every_penny_above_the_baseline(plan: int, actual: int, rate: Fraction) -> None:
    kept = contracts.mret_retained(plan, actual, rate)
    assert pay(contracts.mret(rate), plan, actual) + kept == actual
    assert abs(int(kept) - (1 - rate) * max(actual - plan, 0)) <= Fraction(1, 2)


def test_beyond_the_glass_every_pound_is_paid() -> None:
    glass = contracts.break_glass(contracts.blended("0.2"), "0.1")
    assert pay(glass, 1000, np.array([800, 900, 1000, 1100, 1200])).tolist() == [880, 980, 1000, 1020, 1120]
    assert pay(contracts.break_glass(contracts.block(), 0), 1000, 1234) == 1234


def test_a_plan_set_anew_is_paid_from_then_on() -> None:
    actual = np.array([900, 1100, 1101, 1300])
    assert contracts.broken(1000, actual, "0.1").tolist() == [False, False, True, True]
    assert contracts.reset_plan(1000, actual, "0.1").tolist() == [1000, 1000, 1101, 1300]
    anew = contracts.reset_plan(1000, actual, "0.1", renegotiated=1150)
    assert pay(contracts.blended("0.2"), anew, actual).tolist() == [980, 1020, 1140, 1180]


def test_cap_and_collar_in_both_readings() -> None:
    actual = np.array([0, 500, 940, 1000, 1060, 2500])
    hard, soft = contracts.cap_collar("0.1", "0.05"), contracts.tolerance("0.1", "0.05", "0.5")
    assert pay(hard, 1000, actual).tolist() == [900, 900, 940, 1000, 1050, 1050]
    assert pay(soft, 1000, actual).tolist() == [550, 800, 1000, 1000, 1005, 1725]


def test_a_plan_of_nothing_pays_only_what_is_above_all_bands() -> None:
    assert pay(contracts.mret("0.7"), 0, 100) == 70
    assert pay(contracts.cap_collar("0.1", "0.1"), 0, 100) == 0


def test_plans_are_uplifted_year_by_year() -> None:
    assert contracts.uplifted(100_01, [0, "0.01", "0.01"]).tolist() == [10001, 10101, 10202]
    assert contracts.at_cost(np.array([500, 100]), np.array([[20, 0], [-300, -100]])).tolist() == [[520, 100], [220, 0]]
    with pytest.raises(FaultsError, match="at least 0"):
        contracts.at_cost(100, np.array([-101]))


def test_all_faults_of_bands_at_once() -> None:
    with pytest.raises(FaultsError) as error:
        contracts.contract("odd", [("-0.1", 0, 1), ("0.1", "0.05", "-0.7"), ("0.05", "0.2", 1)])
    told = str(error.value)
    assert len(error.value.faults) == 5
    for words in ("no low bound", "begin where", "below the high", "negative price", "no high bound"):
        assert words in told


@pytest.mark.parametrize(
    "made",
    [
        lambda: contracts.mret("1.2"),
        lambda: contracts.blended(-1),
        lambda: contracts.cap_collar("1.5", 0),
        lambda: contracts.tolerance(0, 0, 2),
        lambda: contracts.contract("none", []),
        lambda: pay(contracts.pbr(), -1, -1),
        lambda: pay(contracts.pbr(), 100, 99.5),
    ],
)
def test_what_cannot_be_a_contract_is_refused(made: object) -> None:
    with pytest.raises(FaultsError):
        made()  # pyright: ignore[reportCallIssue]
