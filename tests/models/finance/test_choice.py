"""What is wrong in the finance and money of a run is told at once, faults of shape and of rules together."""

from __future__ import annotations

import pytest

from models.compose import parse, settings
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
