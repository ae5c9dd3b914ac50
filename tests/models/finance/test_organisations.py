"""Who holds the money: shapes, names, shares and balance sheets, with every fault at once."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import yaml

from models.finance.books import entities_of
from models.finance.organisations import EXTERNAL, read_system
from sim.errors import FaultsError
from tests.models.finance.random_system import NOTE, pounds, system, system_of

DEVON = Path(__file__).parents[3] / "configs" / "finance" / "devon.yaml"


def faults_of(data: dict[str, Any]) -> str:
    with pytest.raises(FaultsError) as caught:
        read_system(data)
    return str(caught.value)


def test_devon_is_read_and_its_money_is_not_assessed() -> None:
    devon = read_system(DEVON)
    codes = {o.code for o in devon.organisations.values() if o.kind == "acute trust"}
    assert codes == {"RA9", "RBZ", "RH8", "RK9"}
    assert sum(o.kind == "council" for o in devon.organisations.values()) == 3
    assert sum(o.kind == "commissioner" for o in devon.organisations.values()) == 2
    assert devon.money_assessed == "not assessed: all opening balance sheets are made up"


def test_devons_figures_without_a_source_say_so() -> None:
    devon = read_system(DEVON)
    amounts = [c.plan for c in devon.contracts.values()] + [b.amount for b in devon.border.values()]
    assert {figure.status for figure in amounts} == {"assumed"}
    assert all(figure.low is not None and figure.high is not None for figure in amounts)
    assert {o.opening.status for o in devon.organisations.values()} == {"assumed"}


def test_money_is_assessed_when_no_balance_sheet_is_made_up() -> None:
    data = system_of(2)
    for organisation in data["organisations"].values():
        organisation["opening"] |= {"synthetic": False, "status": "read", "source": "published accounts 2018/19"}
    assert read_system(data).money_assessed == "assessed"
    data["organisations"]["org_1"]["opening"] |= {"synthetic": True, "status": "assumed"}
    assert read_system(data).money_assessed.endswith("made up: org_1")


def test_outside_bodies_hold_the_other_side_of_opening_balances() -> None:
    opening = system(2).opening()
    assert opening["org_0", "pdc", "dhsc", ""] == -400_000_000
    assert opening["dhsc", "pdc_held", "org_0", ""] == 400_000_000
    assert opening["dhsc", "loan_asset", "org_1", ""] == 100_000_000
    for name in ("org_0", "org_1", *EXTERNAL):
        assert sum(pence for key, pence in opening.items() if key[0] == name) == 0


def test_funds_are_inside_or_outside_with_their_host() -> None:
    entities = {e.name: e for e in entities_of(system(2))}
    assert (entities["pool"].external, entities["pool"].kind) == (False, "pooled fund")
    assert (entities["psf"].external, entities["psf"].purposes) == (True, ("psf",))


def contract(**changed: Any) -> dict[str, Any]:
    whole = {"payer": "org_0", "payee": "org_1", "form": "block", "plan": pounds(1e6, "GBP per year")}
    return {"care": whole | changed}


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        ({"start": "2018-05-01"}, ["start", "1 April", "start: 2018-04-01"]),
        ({"contracts": contract(payer="org_9")}, ["contracts.care.payer", "'org_9'", "Did you mean 'org_"]),
        ({"contracts": contract(payee="org_0")}, ["contracts.care.payee", "nobody has a contract with itself"]),
        ({"contracts": contract(purpose="patient_car")}, ["contracts.care.purpose", "Did you mean 'patient_care'?"]),
        ({"contracts": contract(form="blok")}, ["contracts.care.form", "block"]),
        ({"contracts": contract(plan=pounds(1e6))}, ["contracts.care.plan", "GBP per year"]),
        (
            {"funds": {"dhsc": {"title": "x", "host": "nobody", "purposes": ["psf", "sweets"], "members": ["org_7"]}}},
            ["funds.dhsc", "outside the system", "funds.dhsc.host", "funds.dhsc.purposes.1", "funds.dhsc.members.0"],
        ),
        (
            {"funds": {"pot": {"title": "x", "host": "org_0", "purposes": ["psf"], "members": ["org_1"]}}},
            ["funds.pot.host", "one of its members"],
        ),
        (
            {"border": {"b": {"title": "x", "direction": "in", "payer": "org_0", "payee": "dhsc",
                              "amount": pounds(1, "GBP per year")}}},
            ["border.b.payee", "border.b.payer", "outside the system"],
        ),
    ],
)  # fmt: skip
def test_faults_name_key_value_and_choice(change: dict[str, Any], parts: list[str]) -> None:
    text = faults_of(system_of(2) | change)
    assert [part for part in parts if part not in text] == []


def share(value: float) -> dict[str, Any]:
    return pounds(value, "share")


def two_contracts(**changed: Any) -> dict[str, Any]:
    first, second = (
        contract(start="2018-04-01", end="2019-03-31"),
        contract(start="2019-04-01", form="payment by results"),
    )
    return {"first": first["care"], "second": second["care"] | changed}


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"payee": "nobody"}, "contracts.care.payee = 'nobody': must be an organisation, a fund or an outside body"),
        ({"form": "blok"}, "contracts.care.form = 'blok': give"),
        ({"plan": pounds(-5, "GBP per year")}, "contracts.care.plan"),
        ({"payer": "pool"}, "contracts.care.purpose = 'patient_care': pool may not pay for that; it may"),
        ({"payer": "psf", "purpose": "psf", "payee": "suppliers"},
         "contracts.care.payee = 'suppliers': psf pays its members only: org_0, org_1."),
        ({"start": "2019-04-01", "end": "2019-03-31"},
         "contracts.care.end = '2019-03-31': is before the contract's start, 2019-04-01."),
        ({"start": "2018-04-03"}, "contracts.care.start = '2018-04-03': a contract begins on the first day of"),
        ({"end": "2019-03-30"}, "contracts.care.end = '2019-03-30': a contract ends on the last day of a month."),
        ({"start": "April"}, "contracts.care.start = 'April': give a date"),
        ({"form": "cap and collar", "collar": share(0.98), "cap": share(0.95)},
         "contracts.care.cap = 0.95: the cap must not lie below the collar, 0.98 of the plan."),
        ({"form": "cap and collar", "collar": share(1.02)}, "contracts.care.collar = 1.02: it and its range are"),
        ({"form": "cap and collar", "cap": share(0.98)}, "contracts.care.cap = 0.98: it and its range are"),
        ({"cap": share(1.05)}, "contracts.care.cap = 1.05: a contract of the form 'block' has none; these"),
    ],
)  # fmt: skip
def test_terms_of_a_contract(changed: dict[str, Any], fault: str) -> None:
    with pytest.raises(FaultsError) as caught:
        read_system(system_of(2) | {"contracts": contract(**changed)})
    assert fault in str(caught.value)
    assert len(caught.value.faults) == 1


def test_a_pair_may_change_its_contract_but_not_have_two_at_once() -> None:
    found = read_system(system_of(2) | {"contracts": two_contracts()}).contracts
    assert [found[n].in_force(dt.date(2019, 3, 31)) for n in ("first", "second")] == [True, False]
    assert [found[n].in_force(dt.date(2019, 4, 1)) for n in ("first", "second")] == [False, True]
    for changed in ({"start": "2019-03-01"}, {"start": None}, {"start": "2018-04-01", "end": "2018-04-30"}):
        told = faults_of(system_of(2) | {"contracts": two_contracts(**changed)})
        assert "have a contract for patient_care already, 'first', in force on" in told
        assert "contracts.second.start" in told
    for apart in ({"purpose": "primary_care"}, {"payee": "suppliers"}):
        read_system(system_of(2) | {"contracts": two_contracts(start=None, **apart)})


def spoilt() -> dict[str, Any]:
    """A system of four organisations with about every mistake that a file can hold."""
    data = system_of(4)
    organisations = data["organisations"]
    organisations["org_0"]["cash_floor"] = pounds(-1)
    organisations["org_1"]["opening"]["balances"] |= {"cash": 1_000_000, "receivable": {"org_9": 500}}
    organisations["org_2"]["opening"]["balances"] |= {"receivable": {"org_3": 700}, "ie_reserve": 7_000_700}
    data["residents"]["parts"]["part_org_0"]["share"] = 0.8
    data["funds"]["pool"]["contributions"] = NOTE | {"shares": {"org_0": 0.5, "org_1": 0.4}}
    data["contracts"] = {
        "ghost": contract(payer="org_8")["care"],
        "typo": contract(form="payment by result")["care"],
        "cheap": contract(payee="org_3", plan=pounds(-7, "GBP per year"))["care"],
        "pot": contract(payer="pool", payee="org_1", purpose="staff")["care"],
        "first": contract(payee="org_2", end="2019-03-31")["care"],
        "again": contract(payee="org_2", start="2018-10-01")["care"],
        "over": contract(payee="suppliers", start="2020-04-01", end="2019-03-31")["care"],
        "bound": contract(payee="staff", form="cap and collar", collar=share(0.97), cap=share(0.9))["care"],
    }
    return data


SPOILT = (
    "organisations.org_0.cash_floor: -1 and its range must lie at or above zero",
    "organisations.org_1.opening.balances: the opening balance sheet does not balance",
    "organisations.org_1.opening.balances.receivable.org_9 = 'org_9': must be an organisation, a fund",
    "organisations.org_2.opening.balances.receivable.org_3 = 700: does not agree with",
    "residents.parts: shares of residents must sum to one; these sum to 0.8",
    "funds.pool.contributions: shares must sum to one; these sum to 0.9",
    "contracts.ghost.payer = 'org_8'",
    "contracts.typo.form = 'payment by result'",
    "contracts.cheap.plan: -7 and its range must lie at or above zero",
    "contracts.pot.purpose = 'staff': pool may not pay for that; it may pay for: social_care",
    "contracts.again.start = '2018-10-01': org_0 and org_2 have a contract for patient_care already, 'first'",
    "contracts.over.end = '2019-03-31': is before the contract's start, 2020-04-01",
    "contracts.bound.cap = 0.9: the cap must not lie below the collar, 0.97 of the plan",
)


def test_a_thoroughly_spoilt_file_is_told_everything_at_once(tmp_path: Path) -> None:
    """Faults of shape do not hide the others; each names its key, value, rule, file and line."""
    path = tmp_path / "spoilt.yaml"
    path.write_text(yaml.safe_dump(spoilt(), sort_keys=False), "utf-8")
    with pytest.raises(FaultsError) as caught:
        read_system(path)
    told = str(caught.value)
    assert [part for part in SPOILT if part not in told] == []
    assert len(caught.value.faults) == len(SPOILT)
    lines = path.read_text("utf-8").splitlines()
    for fault in caught.value.faults:
        name, _, number = fault.file.rpartition(":")
        assert name == str(path)
        assert any(part in lines[int(number) - 1] for part in fault.key.split("."))
    for words in ("Did you mean 'payment by results'?", "Did you mean 'org_", "Did you mean 'social_care'?"):
        assert words in told


def test_all_faults_come_at_once() -> None:
    data = system_of(3)
    opening = data["organisations"]["org_0"]["opening"]
    opening["balances"] |= {"ie_reserve": 1, "receivable": {"org_1": 500}, "payable": {"pool": 7}}
    data["organisations"]["org_1"]["opening"] |= {"status": "read", "source": "accounts"}
    data["organisations"]["org_2"]["opening"]["balances"] |= {"accumulated_depreciation": 9_500_000}
    data["organisations"]["org_2"]["cash_floor"] = pounds(6_000_000)
    data["residents"]["parts"]["part_org_0"]["share"] = 0.9
    data["contracts"] = contract(payee="elsewhere")
    text = faults_of(data)
    for part in (
        "org_0.opening.balances: the opening balance sheet does not balance",
        "receivable.org_1 = 500: does not agree with organisations.org_1.opening.balances.payable.org_0, which says 0",
        "payable.pool = 7: a fund opens empty",
        "org_1.opening.status = 'read': a synthetic balance sheet is 'assumed'",
        "org_2.opening.balances.accumulated_depreciation: is more than the cost",
        "org_2.opening.balances.cash = 5000000: is below the organisation's own cash floor",
        "residents.parts: shares of residents must sum to one; these sum to 0.9",
        "contracts.care.payee = 'elsewhere'",
    ):
        assert part in text


def test_every_resident_has_one_commissioner_and_every_commissioner_residents() -> None:
    data = system_of(4)
    data["organisations"]["org_1"]["kind"] = "commissioner"
    data["residents"]["parts"]["part_org_0"]["commissioner"] = "org_3"
    text = faults_of(data)
    assert "residents.parts.part_org_0.commissioner = 'org_3': must be the one responsible commissioner" in text
    assert "organisations.org_1.kind = 'commissioner': it is responsible for no resident" in text


@pytest.mark.parametrize(
    ("balances", "words"),
    [
        ({"cash_in_hand": 3}, "'cash_in_hand' is no account of a balance sheet"),
        ({"income": 3}, "'income' is no account of a balance sheet"),
        ({"receivable": 3}, "'receivable' must be given by counterparty"),
        ({"cash": {"org_1": 3}}, "'cash' must be given as one amount"),
        ({"cash": 3.5}, "cash"),
    ],
)
def test_balances_have_the_shape_of_their_accounts(balances: dict[str, Any], words: str) -> None:
    data = system_of(2)
    data["organisations"]["org_0"]["opening"]["balances"] |= balances
    assert words in faults_of(data)
