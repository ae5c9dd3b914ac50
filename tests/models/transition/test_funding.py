"""Money for change inside a run: what is left, what is promised, what wards give back, what deficits take."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.arms.arms import make_arm, run_arms, with_plan
from models.arms.prepare import window
from models.measures.plan import opened_by_month
from models.plans.schedule import schedule
from models.settings.request import parse
from models.settings.settings import settings
from models.system.details import build
from models.transition.funding import Fund, Prices, Purse
from models.transition.sight import Target
from sim.errors import FaultsError
from tests.models.small_area import area

PRICES = Prices(places={"p1": 30_000.0}, ward=2_100_000.0, ward_beds=28.0, bed_day=100.0)
FUND = Fund(year=1_000_000.0, kept=1.0, crowding_out=0.5, growth=0.01, prices=PRICES)


def purse(**changes: float) -> Purse:
    return Purse(dataclasses.replace(FUND, **changes), usual_bed_days=10_000.0)


def test_what_is_left_is_the_year_less_what_runs_and_what_was_built_this_year():
    one = purse()
    assert one.left() == 1_000_000
    one.follow(Target(running_pounds=300_000, capital_pounds=200_000))
    assert one.left() == 500_000
    one.close_year(bed_days=10_000)  # capital is of one year, running costs of every year
    assert one.left() == 700_000


def test_wards_give_back_as_a_whole_and_only_what_the_plan_keeps():
    for gone, wards in ((27, 0), (28, 1), (55, 1), (56, 2)):
        one = purse(kept=0.5)
        one.follow(Target(released={("beds", "a"): gone}))
        assert one.left() == 1_000_000 + 0.5 * wards * 2_100_000
    one = purse()
    one.follow(Target(released={("beds", "a"): 27, ("beds", "b"): 27, ("p1", "a"): 2}))
    assert one.left() == 1_000_000 + 2 * 30_000  # two halves of wards in two hospitals are no ward


def test_a_deficit_takes_from_the_next_year_and_a_surplus_gives_nothing():
    one = purse()
    for _ in range(12):
        one.follow(Target(running_pounds=1_200_000))
    one.close_year(bed_days=10_000 * 1.01)
    assert one.taken == pytest.approx(0.5 * 200_000) and one.year == pytest.approx(900_000)
    for _ in range(12):
        one.follow(Target(running_pounds=0.0))
    one.close_year(bed_days=10_000 * 1.01**2 + 15_000)  # 15,000 more bed-days than income pays for, at 100 pounds
    assert one.taken == pytest.approx(0.5 * (1_500_000 - 900_000))
    one.close_year(bed_days=0.0)
    assert one.taken == 0.0 and one.year == 1_000_000
    broke = purse(crowding_out=1.0)
    broke.close_year(bed_days=1e9)
    assert broke.year == 0.0


def _spend(one: Purse, pounds: float, bed_days: float) -> None:
    """A year in which so much is spent on change."""
    for _ in range(12):
        one.follow(Target(running_pounds=pounds))
    one.close_year(bed_days)


def test_what_is_borrowed_for_a_deficit_costs_interest_in_every_later_year():
    """200,000 over: half taken from the next year, half borrowed at 6 %; then two years by hand."""
    one = purse(interest=0.06)
    _spend(one, 1_200_000, 10_000 * 1.01)
    assert (one.taken, one.owed) == pytest.approx((100_000, 100_000))
    assert one.year == pytest.approx(1_000_000 - 100_000 - 6_000)
    _spend(one, 994_000, 10_000 * 1.01**2)  # 100,000 more than there is: 50,000 taken, 150,000 owed
    assert (one.taken, one.owed) == pytest.approx((50_000, 150_000))
    assert one.year == pytest.approx(1_000_000 - 50_000 - 9_000)
    _spend(one, 0.0, 0.0)  # a year without a deficit repays nothing
    assert (one.taken, one.owed, one.year) == pytest.approx((0.0, 150_000, 991_000))


def test_interest_that_nobody_can_pay_is_borrowed_too():
    one = purse(interest=0.06, crowding_out=0.0)
    one.close_year(bed_days=10_100 + 500_000)  # 50 million, less the million that was not spent
    assert one.owed == pytest.approx(49_000_000)
    assert one.year == 0.0  # 2.94 million of interest, and one million to pay it with
    one.close_year(bed_days=0.0)
    assert one.owed == pytest.approx(49_000_000 + 1_940_000)


@given(
    spent=st.lists(st.floats(0, 5e6), min_size=1, max_size=8),
    beyond=st.lists(st.floats(0, 50_000), min_size=8, max_size=8),
    share=st.floats(0, 1),
    rates=st.tuples(st.floats(0, 0.1), st.floats(0, 0.1)),
)
def test_more_interest_never_leaves_more_money_for_change(
    spent: list[float], beyond: list[float], share: float, rates: tuple[float, float]
):
    less, more = (purse(interest=rate, crowding_out=share) for rate in sorted(rates))
    for n, pounds in enumerate(spent):
        for one in (less, more):
            _spend(one, pounds, 10_000 * 1.01 ** (n + 1) + beyond[n])
        assert more.year <= less.year * (1 + 1e-12) + 1e-6
        assert more.owed >= less.owed * (1 - 1e-12) - 1e-6


def test_the_rate_is_that_of_the_rules_and_can_be_switched_off():
    def interest(*words: str) -> float:
        fund = settings(parse(["funding=as_it_was", *words])).fund
        assert fund
        return fund.interest

    assert interest() == 0.015
    assert interest("funding.cash_support=revolving") == 0.035
    assert interest("funding.cash_support=special_measures", "money.rules.loans.special_measures.value=0.07") == 0.07
    assert interest("funding.cash_support=none") == 0.0


def _opened(*words: str) -> np.ndarray:
    """Places open by month under a plan that opens forty places in a small area."""
    size = {"value": 40, "low": 20, "high": 60, "unit": "places", "year": "2018", "basis": "not applicable"}
    moves = {"open_home": {"title": "Home", "kind": "open", "setting": "p1", "size": {**size, "status": "assumed"}}}
    moves["open_home"]["when"] = {"from": 0.1, "to": 0.5, "every_months": 3}
    chosen = area("gates=default", *words, years=3, after=3, **moves)
    years = window(chosen)
    basis = (chosen.footprint, chosen.fit, chosen.future, years[1], chosen.feedback, chosen.around)
    system = build(*basis, planned=True)
    laid_out = schedule(chosen.plan, chosen.timelines[0], chosen.gates, system.sizes, chosen.fund)
    o = run_arms([with_plan(make_arm("plan", system), "plan", laid_out, chosen.future)], 1, 2, 2)[0]
    return opened_by_month(o, laid_out)


def test_little_money_opens_fewer_places_and_enough_money_all():
    everything = _opened()
    short, ample = (
        _opened("funding=as_it_was"),
        _opened("funding=as_it_was", "funding.per_head.value=500", "funding.per_head.high=500"),
    )
    assert everything[:, -1].min() == 40
    assert np.array_equal(ample, everything)
    # 5.40 pounds for each of about 220,000 people are 1.2 million a year: no more than 37 places at 32,142 pounds
    people = settings(parse(["footprint=tameside_glossop"])).footprint.population.england_equivalents.value
    afford = int(5.4 * people // 32_142)
    assert 0 < afford < 40
    assert 0 < short[:, -1].max() <= afford
    assert (short <= everything + 1e-9).all()


def test_funding_needs_prices():
    with pytest.raises(FaultsError, match="nothing has a price"):
        settings(parse(["finance=none", "funding=as_it_was"]))


def test_without_a_limit_the_configuration_knows_of_none():
    assert "funding" not in settings(parse([])).composed
    assert settings(parse(["funding=as_it_was"])).composed["funding"]["per_head"]["value"] == 5.4
