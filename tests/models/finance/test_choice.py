"""What is wrong in the finance and money of a run is told at once, faults of shape and of rules together."""

from __future__ import annotations

import datetime as dt
from copy import deepcopy
from typing import Any

import pytest

from models.finance.choice import finance_of, opening_faults
from models.finance.organisations import read_system
from models.settings.request import parse
from models.settings.settings import settings
from sim.errors import Fault, FaultsError

AGAIN = (
    "payer: new_devon, payee: hospitals_plymouth, form: block, start: 2019-04-01, "
    "plan: {value: 1, unit: GBP per year, year: 2018/19, basis: not applicable}"
)
CHEAP = (
    "payer: plymouth_council, payee: general_practice, form: block, "
    "plan: {value: -5, unit: GBP per year, year: 2018/19, basis: not applicable}"
)
#: what is planted, and what must be told of it: key, value, words of the rule, nearest choice
PLANTED = {
    # a contract between organisations that do not exist
    "finance.contracts.new_devon_to_exeter.payee=royal_devon_exter": (
        "finance.contracts.new_devon_to_exeter.payee",
        "royal_devon_exter",
        "must be an organisation, a fund or an outside body",
        "royal_devon_exeter",
    ),
    # shares that do not sum to one: of residents, and of a pooled fund
    "finance.residents.parts.plymouth.share=0.316": (
        "finance.residents.parts",
        None,
        "must sum to one; these sum to 1.1",
        "",
    ),
    "finance.funds.better_care_torbay.contributions.shares.torbay_council=0.4": (
        "finance.funds.better_care_torbay.contributions",
        None,
        "must sum to one; these sum to 1.1",
        "",
    ),
    # a pot spent on what it may not fund
    "finance.contracts.new_devon_to_practices.payer=better_care_devon": (
        "finance.contracts.new_devon_to_practices.purpose",
        "primary_care",
        "better_care_devon may not pay for that; it may pay for: pool_spending, social_care, patient_care",
        "social_care",
    ),
    # negative prices: of a contract, and of an admission
    f"+finance.contracts.cheap={{{CHEAP}}}": (
        "finance.contracts.cheap.plan",
        None,
        "-5 and its range must lie",
        "",
    ),
    "money.hospital.emergency_spell.value=-1": ("money.hospital.emergency_spell", None, "-1 must lie between low", ""),
    # periods of contracts that overlap
    f"+finance.contracts.again={{{AGAIN}}}": (
        "finance.contracts.again.start",
        "2019-04-01",
        "have a contract for patient_care already, 'new_devon_to_plymouth', in force on 2019-04-01",
        "",
    ),
    # an opening balance sheet that does not balance
    "finance.organisations.livewell.opening.balances.ie_reserve=1": (
        "finance.organisations.livewell.opening.balances",
        None,
        "does not balance: debits (what it owns) exceed the other side by £7,999,999",
        "",
    ),
    # shape: a wrong choice, an unknown key, a missing key, a wrong type
    "finance.contracts.new_devon_to_livewell.form=blok": (
        "finance.contracts.new_devon_to_livewell.form",
        "blok",
        "give",
        "block",
    ),
    "+finance.contracts.new_devon_to_ambulance.settle_month=1": (
        "finance.contracts.new_devon_to_ambulance.settle_month",
        None,
        "unknown key",
        "settle_months",
    ),
    "~finance.contracts.south_devon_to_exeter.plan": ("finance.contracts.south_devon_to_exeter.plan", None, "", ""),
    "finance.organisations.torbay_south_devon.title=[1]": (
        "finance.organisations.torbay_south_devon.title",
        None,
        "text",
        "",
    ),
    "money.form=pbrr": ("money.form", "pbrr", "give", "pbr"),
}  # fmt: skip


def _told(words: list[str]) -> list[Fault]:
    with pytest.raises(FaultsError) as caught:
        settings(parse(words))
    return list(caught.value.faults)


def test_everything_is_named_in_one_go_and_nothing_else() -> None:
    found = {fault.key: fault for fault in _told(list(PLANTED))}
    assert sorted(found) == sorted(key for key, *_ in PLANTED.values())
    for key, value, words, close in PLANTED.values():
        fault = found[key]
        assert words in fault.rule
        assert value is None or fault.value == value
        assert fault.nearest == (close or fault.nearest)
        group = key.split(".")[0]
        assert fault.file == f"configs/{group}/{'devon' if group == 'finance' else 'default'}.yaml"


def test_a_section_that_is_no_section_is_told_and_hides_nothing_of_the_other() -> None:
    found = {fault.key for fault in _told(["finance.funds=3", "~money.services", "finance.start=2018-05-01"])}
    assert found == {"finance.funds", "finance.start", "money.services"}


#: figures of money that would stop the books after everything has been simulated, and what is told of each before it
LATE = {
    "control.terms": ("2018/20", "must be a year of rules.sustainability_fund"),
    "control.providers_income.value": (0, "must be above 0"),
    "rules.pooled.bcf_target.value": (0, "must be above 0"),
    "hospital.ward_beds.value": (0.4, "must be above 0.5"),
    "rules.capital.opening_life.value": (0, "must be above 0.5"),
    "rules.public_dividend.payments.value": (5, "must divide a year into whole months"),
    "rules.efficiency.optimism_least.value": (0.5, "must not lie above optimism_capital"),
    "rules.sustainability_fund.by_year.2018/19.quarters.values": ([0.5, 0.5], "each of the four quarters"),
    "rules.sustainability_fund.by_year.2017/18.elements.shares": ({"ae": 1}, "one element must be 'finance'"),
    "control.offsets": ("fualt", "give 'none', 'fault' or 'income'"),  # a fault of shape hides none of the others
}
EARLY = {"title": "Early", "organisation": "hospital_plymouth", "starts": "2018-04-01"} | {
    "target": {"value": 1, "unit": "GBP per year", "year": "2018/19", "basis": "not applicable"}
}


def _set(data: dict[str, Any], key: str, value: object) -> None:
    *above, last = key.split(".")
    for part in above:
        data = data[part]
    data[last] = value
    if last == "value":
        data.pop("low", None)
        data.pop("high", None)


def _sections() -> dict[str, Any]:
    chosen = settings(parse([]))
    assert chosen.money and chosen.finance
    return {name: getattr(chosen, name).model_dump(exclude_none=True, mode="json") for name in ("money", "finance")}


def test_what_would_stop_the_books_is_told_before_anything_is_simulated():
    plain = _sections()
    assert finance_of(deepcopy(plain), "devon")[2] == []
    wrong = deepcopy(plain)
    for key, (value, _) in LATE.items():
        _set(wrong["money"], key, value)
    told = {f.key.removesuffix(".values"): f for f in finance_of(wrong, "devon")[2]}
    for key, (_, words) in LATE.items():
        assert words in told[f"money.{key.removesuffix('.value').removesuffix('.values')}"].rule
    assert len(told) == len(LATE) and told["money.control.terms"].nearest == "2018/19"

    wrong = deepcopy(plain)
    wrong["money"]["savings"] = {"early": EARLY}
    funds = wrong["finance"]["funds"]
    funds["better_care_torbay"]["pays"]["services"] = ["p1", "p9", "p1"]
    funds["psf"]["members"] = ["south_devon_torbay"]
    found = finance_of(wrong, "devon")[2]
    assert [(f.key, f.nearest) for f in found[:4]] == [
        ("money.savings.early.organisation", "hospitals_plymouth"),
        ("money.savings.early.starts", ""),
        ("finance.funds.better_care_torbay.pays.services.1", "p3"),
        ("finance.funds.better_care_torbay.pays.services.2", ""),
    ]
    assert [f.key for f in found[4:]] == ["finance.funds.psf.members"]
    assert "has a contract with northern_devon" in found[4].rule
    assert {f.file for f in found} == {"configs/money/default.yaml", "configs/finance/devon.yaml"}


def test_savings_beyond_what_an_organisation_can_spend_are_told_before_anything_is_simulated():
    data = _sections()
    for organisation, pounds, words in (
        ("royal_devon_exeter", 1e6, ""),
        ("royal_devon_exeter", 9e8, "it has "),
        ("devon_council", 1.0, "all its costs are contracts and pools"),
    ):
        half = {"value": pounds / 2, "unit": "GBP per year", "year": "2018/19", "basis": "not applicable"}
        lean = {"title": "Leaner", "organisation": organisation, "starts": "2020-04-01", "target": half}
        data["money"]["savings"] = {"one": lean, "other": lean}
        found = finance_of(deepcopy(data), "devon")[2]
        assert [(f.key, f.value) for f in found] == ([("money.savings", f"{pounds:,.0f}")] if words else [])
        assert all(f"{organisation} can spend on what is not simulated: {words}" in f.rule for f in found)


@pytest.mark.parametrize("start, sound", [(2017, False), (2018, True), (2019, True), (2020, False)])
def test_books_open_with_the_run_and_not_after_the_plan(start: int, sound: bool):
    plain = read_system("configs/finance/devon.yaml")
    system = plain.model_copy(update={"start": dt.date(start, 4, 1)})
    found = opening_faults(system, dt.date(2018, 4, 1), dt.date(2019, 4, 1))
    assert [fault.key for fault in found] == ([] if sound else ["finance.start"])
