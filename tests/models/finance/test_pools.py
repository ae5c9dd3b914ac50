"""Pooled funds in the books: who pays in, when the pool pays for more, who bears it, and what hangs on performance."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from models.arms.prepare import USUAL
from models.figures.figures import Figure
from models.finance.invariants import same_system_pound, system_result
from models.finance.ledger import Book
from models.finance.organisations import System, read_system
from models.finance.simulated.activity import Activity
from models.finance.simulated.basis import owners
from models.finance.simulated.costs import DOUBLE_RUNNING, Cost, Costs
from models.finance.simulated.pools import Pool, baseline_pools, pools_of, post_pools
from models.finance.simulated.results import by_year
from models.finance.simulated.settings import Money
from models.finance.simulated.years import Years
from models.run.money import accounts_of
from models.run.runner import Outcome
from models.settings.request import parse
from models.settings.settings import settings
from sim.errors import FaultsError

FUND, MONTHS = "better_care_torbay", 36
MONTH = 100_000_00  #: what support at home costs in a month before the plan
NEW = 40_000_00  #: and what the plan's places cost, from the 20th month on in the second replication
YEARS = Years.read([str(2018 + n // 12) for n in range(MONTHS)])


@pytest.fixture(scope="module")
def money() -> Money:
    found = settings(parse([])).money
    assert found
    return found


@pytest.fixture(scope="module")
def devon() -> System:
    return read_system("configs/finance/devon.yaml")


def _pays(system: System, **changes: Any) -> System:
    fund = system.funds[FUND]
    assert fund.pays
    changed = fund.model_copy(update={"pays": fund.pays.model_copy(update=changes)})
    return system.model_copy(update={"funds": {FUND: changed}})


def _spent(new: bool) -> Costs:
    places = np.full((MONTHS, 2), MONTH, np.int64)
    more = np.zeros_like(places)
    more[20:, 1] = NEW if new else 0
    lines = [
        Cost("torbay", "places", "community", "staff", "staff", places, "p1"),
        Cost("torbay", DOUBLE_RUNNING, "community", "transformation", "staff", more, "p1"),
    ]
    return Costs(lines, {}, {}, {}, {})


def _done(emergencies: list[int]) -> Activity:
    came = np.repeat(np.array(emergencies, np.int64), 12)[:, None] * np.ones((1, 2), np.int64)
    return Activity([], np.zeros(0, np.int64), {}, {"torbay": came}, {}, {}, {}, {})


def _post(system: System, money: Money, emergencies: list[int]) -> tuple[Book, Pool]:
    done = _done(emergencies)
    pools = pools_of(system, done, _spent(new=False), owners(system, ["torbay"]), money)
    assert sum(baseline_pools(pools).values()) == 0
    book = Book(system, MONTHS, 2)
    book.pay(slice(None), "nhs_england", "south_devon_torbay", "allocation", 10**9, "allocation")
    book.pay(slice(None), "treasury", "torbay_council", "grant", 10**9, "grant")
    post_pools(book, pools, done, _spent(new=True), YEARS, money)
    return book, pools[FUND]


def _paid(book: Book, payer: str, payee: str, purpose: str) -> np.ndarray:
    books = book.close()
    at = books.keys.index.get((payer, "expenditure", payee, purpose))
    return np.zeros((2, MONTHS), np.int64) if at is None else books.movement[at]


@pytest.mark.parametrize("pot, ratified, first", [("A", False, 21), ("B", True, 23), ("C", True, 26), ("B", False, 99)])
def test_a_pool_pays_for_new_places_once_its_pot_has_decided(
    devon: System, money: Money, pot: str, ratified: bool, first: int
):
    """Half of 100,000 pounds a month at first; with the new places half of 140,000. Delays: 1, 1 + 2, 1 + 2 + 3."""
    book, pool = _post(_pays(devon, pot=pot, ratified=ratified), money, [100] * 3)
    assert [line.budget for line in pool.lines] == [12 * MONTH // 2]
    got = _paid(book, FUND, "torbay_south_devon", "pool_spending")
    wanted = np.full((2, MONTHS), MONTH // 2)
    wanted[1, first:] = (MONTH + NEW) // 2
    assert (got == wanted).all()
    nhs = _paid(book, "south_devon_torbay", FUND, "pool_contribution")
    council = _paid(book, "torbay_council", FUND, "pool_contribution")
    assert (nhs == wanted * 7 // 10).all() and (council == wanted * 3 // 10).all()


def test_commissioners_with_a_cap_bear_no_more_and_the_council_the_rest(devon: System, money: Money):
    """An overspend of 20,000 pounds on 50,000: at most 2 % of 35,000 falls on the commissioner."""
    book, _ = _post(_pays(devon, nhs_capped=True), money, [100] * 3)
    nhs = _paid(book, "south_devon_torbay", FUND, "pool_contribution")
    assert nhs[1, 20] == 35_000_00 and nhs[1, 21] == 35_000_00 + 700_00
    assert _paid(book, "torbay_council", FUND, "pool_contribution")[1, 21] == 15_000_00 + 19_300_00


def test_performance_money_is_released_as_emergencies_fall_and_pays_the_trust_where_they_do_not(
    devon: System, money: Money
):
    """1,200 emergencies in the baseline year, then 1.4 and 4 % fewer: 6 million pounds, as in the small case."""
    stake = Figure(value=6_000_000, unit="GBP per year", year="2015/16", basis="not applicable")
    book, pool = _post(_pays(devon, performance=stake), money, [5000, 4930, 4800])
    assert pool.trusts == {"torbay_south_devon": 60_000}
    kept = _paid(book, "south_devon_torbay", "torbay_south_devon", "patient_care")
    assert kept[0, 11] == 6_000_000_00 and kept[0, 23] == 3_600_000_00 and kept[0, 35] == 0
    assert kept[0].sum() == kept[0, [11, 23, 35]].sum()
    nhs = _paid(book, "south_devon_torbay", FUND, "pool_contribution")
    council = _paid(book, "torbay_council", FUND, "pool_contribution")
    assert nhs[0, 23] == 35_000_00 + 2_400_000_00 * 3 // 10  # pays it in, and has seven tenths of it back
    assert council[0, 23] == 15_000_00 - 2_400_000_00 * 3 // 10


def test_a_pool_that_cannot_pay_for_what_it_says_is_refused(devon: System, money: Money):
    bad = _pays(devon, services=["p1", "p9"])
    with pytest.raises(FaultsError, match="p9"):
        pools_of(bad, _done([1] * 3), _spent(new=False), owners(bad, ["torbay"]), money)
    data = devon.model_dump(mode="json", exclude_none=True)
    fund = data["funds"][FUND]
    fund["purposes"] = ["social_care"]
    del fund["contributions"]
    data["funds"]["second"] = dict(data["funds"]["better_care_devon"])
    data["funds"]["second"]["pays"] = fund["pays"] | {"share": fund["pays"]["share"] | {"value": 0.8}}
    with pytest.raises(FaultsError) as found:
        read_system(data)
    text = str(found.value)
    assert "members' shares" in text and "'pool_spending'" in text and "more than all of its cost" in text


# -- in a run ------------------------------------------------------------------------------------------------------


def _again(outcome: Outcome, **changes: Any) -> Any:
    chosen = outcome.settings
    assert chosen.finance
    funds = {
        name: f.model_copy(update={"pays": f.pays.model_copy(update=changes) if f.pays and changes else None})
        for name, f in chosen.finance.funds.items()
    }
    finance = chosen.finance.model_copy(update={"funds": funds})
    return accounts_of(replace(chosen, finance=finance), outcome.observed, outcome.schedules)


@pytest.mark.parametrize("changes", [{"pot": "C"}, {"pot": "B", "ratified": False}, {"nhs_capped": True}])
def test_no_rule_of_a_pool_changes_what_the_area_is_left_with(outcome: Outcome, changes: dict[str, Any]):
    assert outcome.money
    other = _again(outcome, **changes)
    for arm in outcome.money.arms:
        assert same_system_pound(outcome.money.arms[arm].books, other.arms[arm].books) == []


def test_without_pools_the_area_is_left_with_the_same_in_every_year(outcome: Outcome):
    assert outcome.money
    other = _again(outcome)
    assert not other.basis.pools
    for arm, account in outcome.money.arms.items():
        one, two = (by_year(account, system_result(a.books)) for a in (account, other.arms[arm]))
        assert (one == two).all()


def test_members_bear_what_the_plan_opens_and_pools_hold_nothing_over(outcome: Outcome):
    assert outcome.money
    books = {arm: outcome.money.arms[arm].books for arm in (USUAL, "3y")}
    fund = "better_care_plymouth"
    for found in books.values():
        assert not found.closing[found.keys.where("cash", entity=fund)].any()
    paid = {
        arm: found.movement[found.keys.index[fund, "expenditure", "livewell", "pool_spending"]]
        for arm, found in books.items()
    }
    assert (paid["3y"][:, :12] == paid[USUAL][:, :12]).all()
    assert (paid["3y"][:, -12:].sum(axis=1) > 1.2 * paid[USUAL][:, -12:].sum(axis=1)).all()
