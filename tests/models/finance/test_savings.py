"""Savings programmes and optimism of capital: by hand, drawn the same everywhere, and in the books of a run."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from models.arms.prepare import USUAL
from models.figures.figures import Figure
from models.finance.simulated.accounts import Accounts
from models.finance.simulated.draws import triangular
from models.finance.simulated.programme_terms import Bias, Saving
from models.finance.simulated.results import BEFORE_FINANCING, money_table
from models.finance.simulated.savings import capital_with_bias, programmes
from models.finance.simulated.settings import Money
from models.run.money import accounts_of
from models.run.runner import Outcome
from models.settings.request import parse
from models.settings.settings import settings
from sim.errors import FaultsError

MONTHS = [dt.date(2018 + (n + 3) // 12, (n + 3) % 12 + 1, 1) for n in range(48)]
LEAN = Saving(
    title="Leaner",
    organisation="royal_devon_exeter",
    target=Figure(value=1_000_000, unit="GBP per year", year="2018/19", basis="not applicable"),
    starts=dt.date(2020, 4, 1),
)


@pytest.fixture(scope="module")
def standing() -> Any:
    return settings(parse([]))


def _with(money: Money, *bias: str, **named: Saving) -> Money:
    """With these programmes, and a bias of capital and of savings."""
    capital, savings = (*bias, *("none", "stated")[len(bias) :])
    chosen = Bias.model_validate({"capital": capital, "savings": savings})
    return money.model_copy(update={"savings": named, "bias": chosen})


def test_a_programme_by_hand(standing: Any):
    """Nine tenths of a million come, three quarters of them lasting; 300,000 pounds up front; 12 months along an S."""
    (found,) = programmes(standing.finance, MONTHS, 2, True, _with(standing.money, lean=LEAN), 1)
    ramp = sum(3 * (n / 12) ** 2 - 2 * (n / 12) ** 3 for n in range(1, 13)) / 12
    for part, first, later in (
        (found.planned, 1_000_000_00 * ramp, 1_000_000_00),
        (found.recurrent, 675_000_00 * ramp, 675_000_00),
        (found.one_off, 225_000_00 * ramp, 0),
        (found.cost, 300_000_00, 0),
    ):
        assert not part[:24].any()
        assert part[24:36].sum(axis=0) == pytest.approx([first] * 2, abs=1)
        assert part[36:48].sum(axis=0) == pytest.approx([later] * 2, abs=1)


def test_business_as_usual_does_only_what_is_usual(standing: Any):
    usual = LEAN.model_copy(update={"usual": True})
    money = _with(standing.money, lean=LEAN, normal=usual)
    names = {plan: [s.name for s in programmes(standing.finance, MONTHS, 1, plan, money, 1)] for plan in (False, True)}
    assert names == {False: ["normal"], True: ["lean", "normal"]}


def test_draws_follow_the_seed_and_the_replication_and_nothing_else(standing: Any):
    few, many = (triangular(0.5, 0.9, 1.0, "savings lean", 7, n) for n in (3, 400))
    assert (few == many[:3]).all() and len(set(many)) == 400
    assert many.mean() == pytest.approx((0.5 + 0.9 + 1.0) / 3, abs=0.02)
    assert (triangular(0.5, 0.9, 1.0, "savings lean", 8, 3) != few).all()
    drawn = programmes(standing.finance, MONTHS, 3, True, _with(standing.money, "none", "drawn", lean=LEAN), 7)[0]
    assert drawn.booked[-12:].sum(axis=0) == pytest.approx(1_000_000_00 * 0.75 * few, abs=100)


def test_faults_of_programmes_come_together(standing: Any):
    early = LEAN.model_copy(update={"starts": dt.date(2019, 3, 1)})
    lost = LEAN.model_copy(update={"organisation": "royal_devon"})
    with pytest.raises(FaultsError) as found:
        programmes(standing.finance, MONTHS, 1, True, _with(standing.money, early=early, lost=lost), 1)
    text = str(found.value)
    assert "baseline year" in text and "did you mean" in text.lower() and "royal_devon_exeter" in text
    with pytest.raises(ValueError, match="first day of a month"):
        Saving.model_validate(LEAN.model_dump() | {"starts": "2020-04-02"})


def test_capital_is_dearer_than_planned_by_the_stated_bias_or_less(standing: Any):
    pence = np.full((2, 300), 1_000_00, np.int64)
    assert (capital_with_bias(pence, _with(standing.money), 1) == pence).all()
    assert (capital_with_bias(pence, _with(standing.money, "stated"), 1) == 1_240_00).all()
    drawn = capital_with_bias(pence, _with(standing.money, "drawn"), 1)
    assert 1_020_00 <= drawn.min() < 1_040_00 and 1_220_00 < drawn.max() <= 1_240_00
    assert (drawn[0] == drawn[1]).all()  # one draw a replication


# -- in a run ------------------------------------------------------------------------------------------------------


def _again(outcome: Outcome, **named: Saving) -> Accounts:
    chosen = outcome.settings
    assert chosen.money
    found = accounts_of(replace(chosen, money=_with(chosen.money, **named)), outcome.observed, outcome.schedules)
    assert found
    return found


def _line(found: Accounts, arm: str, who: str, line: str) -> np.ndarray:
    rows = money_table(found).to_pandas()
    wanted = (rows["arm"] == arm) & (rows["organisation"] == who) & (rows["line"] == line)
    return rows.loc[wanted, "mean"].to_numpy()


def test_a_programme_of_the_plan_is_in_the_books_of_its_organisation(outcome: Outcome):
    assert outcome.money
    found = _again(outcome, lean=LEAN)
    for who in ("royal_devon_exeter", "system"):
        booked, cost = (_line(found, "3y", who, f"memo: savings programmes, {w}") for w in ("booked", "cost up front"))
        assert booked[3] == pytest.approx(675_000, abs=1) and cost.sum() == pytest.approx(300_000, abs=1)
        better = _line(found, "3y", who, BEFORE_FINANCING) - _line(outcome.money, "3y", who, BEFORE_FINANCING)
        assert better[:5] == pytest.approx((booked - cost)[:5], abs=5_000)  # and a little interest
    assert not len(_line(found, USUAL, "system", "memo: savings programmes, booked"))
    claims = found.arms["3y"].books.savings
    assert "programme_lean" in set(claims["scheme"])


def test_no_organisation_saves_more_than_it_spends_beside_what_is_simulated(outcome: Outcome):
    much = LEAN.model_copy(update={"target": LEAN.target.model_copy(update={"value": 9e8})})
    with pytest.raises(FaultsError, match="not simulated"):
        _again(outcome, lean=much)
