"""Wear, replacement and dividend of what organisations own, worked out by hand, and in the books of a run."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from models.arms.prepare import USUAL
from models.finance.invariants import system_result
from models.finance.organisations import System, read_system
from models.finance.simulated.accounts import Account
from models.finance.simulated.charges import baseline_charges, estate
from models.finance.simulated.results import by_year
from models.finance.simulated.settings import Money
from models.run.money import accounts_of
from models.run.runner import Outcome
from models.settings.request import parse
from models.settings.settings import settings

LIFE = 360  #: months


@pytest.fixture(scope="module")
def money() -> Money:
    found = settings(parse([])).money
    assert found
    return found


def _with(money: Money, **values: float) -> Money:
    capital = money.rules.capital
    changed = {name: getattr(capital, name).model_copy(update={"value": value}) for name, value in values.items()}
    rules = money.rules.model_copy(update={"capital": capital.model_copy(update=changed)})
    return money.model_copy(update={"rules": rules})


def _ones(months: int) -> np.ndarray:
    return np.ones((months, 1))


def test_what_is_replaced_as_it_wears_out_is_worth_the_same_for_ever(money: Money):
    found = estate(360_000, 120_000, _ones(400), money)
    assert (found.wear == 1000).all() and (found.replaced == 1000).all() and (found.retired == 1000).all()
    assert (found.net == 240_000).all() and (found.cost == 360_000).all()
    assert not found.impairment.any()


def test_what_is_not_replaced_wears_out_in_a_straight_line_and_never_beyond_its_cost(money: Money):
    found = estate(360_000, 120_000, _ones(400), _with(money, replaced=0))
    assert (found.wear[:240] == 1000).all() and not found.wear[240:].any()
    assert found.wear.sum() == 240_000 and (found.net >= 0).all() and found.net[-1] == 0
    half = estate(360_000, 120_000, _ones(400), _with(money, replaced=0.5))
    assert (half.wear[:240] == 1000).all() and (half.wear[240:] == 500).all()
    assert half.net[-1] == 120_000


@pytest.mark.parametrize("replaced", [0, 0.37, 1])
@pytest.mark.parametrize("cost, worn", [(123_457, 77_777), (99_999_999, 1), (5, 5), (0, 0)])
def test_assets_roll_forward_to_the_penny_whatever_is_given_up(money: Money, replaced: float, cost: int, worn: int):
    draw = np.random.default_rng(1)
    kept = np.minimum.accumulate(1 - draw.uniform(0, 0.5, (200, 4)) * (draw.uniform(size=(200, 4)) < 0.05), axis=0)
    found = estate(cost, worn, kept, _with(money, replaced=replaced))
    moved = np.cumsum(found.replaced - found.wear - found.impairment, axis=0)
    assert (found.net == cost - worn + moved).all()
    assert (found.cost == cost + np.cumsum(found.replaced - found.retired, axis=0)).all()
    assert (found.net >= 0).all() and (found.net <= found.cost).all()
    assert (found.impairment >= 0).all() and (found.wear >= -1).all()  # a penny of rounding


def test_what_is_given_up_is_written_off_once_and_wears_no_more(money: Money):
    kept = _ones(24)
    kept[12:] = 0.75
    found = estate(360_000, 120_000, kept, money)
    assert found.impairment[12] == 60_000 and found.impairment.sum() == 60_000
    assert (found.wear[:12] == 1000).all() and (found.wear[12:] == 750).all()
    assert found.net[-1] == 180_000 and found.cost[-1] == 270_000


@pytest.fixture(scope="module")
def devon() -> System:
    return read_system("configs/finance/devon.yaml")


def test_wear_and_dividend_of_the_first_year_by_hand(devon: System, money: Money):
    """Exeter: 420 million at cost over 30 years; 230 million net less 30 million of loans at 3.5 per cent."""
    found = baseline_charges(devon, money)
    assert found["royal_devon_exeter"] == 14_000_000_00 + 7_000_000_00
    assert found["livewell"] == pytest.approx(8_000_000_00 / 30, abs=1)  # no public capital, so no dividend
    assert not {"devon_council", "new_devon", "general_practice"} & set(found)
    ageing = baseline_charges(devon, _with(money, replaced=0))["royal_devon_exeter"]
    wear = 230_000_000_00 / round(LIFE * 230 / 420) * 12
    assert ageing == pytest.approx(wear + 0.035 * (200_000_000_00 - wear / 2), abs=20)


def _flows(outcome: Outcome, arm: str, who: str, purpose: str) -> np.ndarray:
    assert outcome.money
    return _expenditure(outcome.money.arms[arm], who, purpose)


def _expenditure(account: Account, who: str, purpose: str) -> np.ndarray:
    at = [n for n in account.books.keys.where("expenditure", entity=who) if account.books.keys.listed[n][3] == purpose]
    return account.books.movement[at].sum(axis=0)  # (R, months)


def test_a_trust_pays_its_dividend_in_halves_and_wears_out_every_month(outcome: Outcome):
    paid = _flows(outcome, USUAL, "royal_devon_exeter", "pdc_dividend")
    assert (paid[:, [5, 11]] == 3_500_000_00).all() and paid[:, :12].sum(axis=1).tolist() == [7_000_000_00] * 3
    assert (_flows(outcome, USUAL, "royal_devon_exeter", "depreciation")[:, :12].sum(axis=1) == 14_000_000_00).all()


def test_the_area_breaks_even_in_the_baseline_year_after_wear_and_dividend(outcome: Outcome):
    assert outcome.money
    usual = outcome.money.arms[USUAL]
    after = by_year(usual, system_result(usual.books, ("psf", "interest")))[:, 0] / 100
    assert abs(after.mean()) < 100
    before = by_year(usual, system_result(usual.books))[:, 0] / 100
    assert before.mean() == pytest.approx(24_150_000, abs=100)


def test_closed_wards_cost_their_trusts_redundancies_in_the_month_in_which_their_cost_ends(outcome: Outcome):
    assert outcome.money and outcome.settings.money
    costs = outcome.money.arms["3y"].costs
    each = 32_000_00 / 12 * 8  # eight months' pay
    staff = 2_100_000_00 / 28 / (32_000_00 * 1.25)
    any_ = False
    for site, gone in costs.gone.items():
        paid: Any = sum((c.pence for c in costs.lines if (c.site, c.item) == (site, "redundancy")), np.zeros_like(gone))
        newly = np.diff(gone, axis=0, prepend=0)
        assert paid == pytest.approx(newly * staff * 0.1 * each, abs=5)  # a head's cost is in whole pence
        any_ |= bool(newly.any())
    assert any_
    assert not outcome.money.arms[USUAL].costs.of("redundancy").any()


def test_rooms_of_closed_wards_that_are_given_up_are_written_off_and_cost_no_more_dividend(outcome: Outcome):
    chosen = outcome.settings
    assert outcome.money and chosen.money
    money = _with(chosen.money, given_up=1)
    other = accounts_of(replace(chosen, money=money), outcome.observed, outcome.schedules)
    assert other
    one, two = outcome.money.arms["3y"], other.arms["3y"]
    costs, trust = one.costs, "royal_devon_exeter"
    share = 0.3 * costs.gone["exeter"][-1] / costs.beds["exeter"]  # of 230 million pounds
    assert share.min() > 0
    lost = _expenditure(two, trust, "impairment")
    assert lost.sum(axis=1) == pytest.approx(share * 230_000_000_00, abs=10)
    assert not _expenditure(one, trust, "impairment").any()
    less = _expenditure(one, trust, "pdc_dividend") - _expenditure(two, trust, "pdc_dividend")
    ends = 0.3 * costs.gone["exeter"][[-13, -1]].mean(axis=0) / costs.beds["exeter"]  # of the last year
    assert less[:, -12:].sum(axis=1) == pytest.approx(0.035 * ends * 230_000_000_00, rel=0.35)
    assert (less[:, -1] > 0).all()
