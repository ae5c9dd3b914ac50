"""Cases worked out by hand, to the penny."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.finance.rules import (
    contracts,
    control_totals,
    double_running,
    loans,
    pooled,
    public_dividend,
    spells,
    step_costs,
    sustainability_fund,
)
from models.finance.rules.amounts import exact
from models.finance.rules.settings import read_rules
from tests.models.finance.rules.by_hand import MILLION, in_pence

CASES = {c["id"]: c for c in json.loads(Path(__file__).with_name("cases.json").read_text("utf-8"))["cases"]}
RULES = read_rules()


def given(case: str) -> dict[str, Any]:
    return CASES[case]["params"]


def wanted(case: str) -> dict[str, Any]:
    return CASES[case]["expected"]


def built(kind: str) -> contracts.Contract:
    """The contract of a case, by the constructor of its kind."""
    terms = RULES.contracts
    return {
        "pbr": contracts.pbr,
        "block": contracts.block,
        "mret70": lambda: contracts.mret(terms.mret_2015),
        "mret30": lambda: contracts.mret(terms.mret_2010),
        "blended20": lambda: contracts.blended(terms.blended_variable),
        "cap_collar_5pct_hard(pay by activity inside, nothing beyond)": lambda: contracts.cap_collar(
            terms.collar, terms.collar
        ),
        "tolerance_2pct_then_marginal50": lambda: contracts.tolerance(
            terms.tolerance, terms.tolerance, terms.tolerance_marginal
        ),
    }[kind]()


def test_every_case_has_a_test() -> None:
    tests = [name for name in globals() if name.startswith("test_fin_")]
    assert {f"test_{name}" for name in CASES} <= set(tests)


@pytest.mark.parametrize("kind", wanted("fin_piecewise_contracts"))
def test_fin_piecewise_contracts(kind: str) -> None:
    case, plan = wanted("fin_piecewise_contracts")[kind], in_pence(given("fin_piecewise_contracts")["plan"])
    actual = np.array([in_pence(float(level)) for level in case])
    due = [in_pence(value) for value in case.values()]
    bands = given("fin_piecewise_contracts")["bands"][kind]
    assert contracts.pay(built(kind), plan, actual).tolist() == due
    assert contracts.pay(contracts.contract(kind, bands), plan, actual).tolist() == due


def test_fin_pbr_spell() -> None:
    case, due = given("fin_pbr_spell"), wanted("fin_pbr_spell")
    mff, adjust = case["mff"], [case["short_stay_adj"], case["mret"]]
    # Ten spells, because one costs half a penny.
    common = {"count": 10, "price": 240000, "trim": case["trim"], "per_diem": 23000, "mff": mff}
    assert spells.spells(days=case["trim"], **common) == round(due["base_payment"] * 1000)
    assert spells.spells(days=case["los"], **common) == round(due["with_excess_beddays"] * 1000)
    assert spells.multiplier(adjust) == exact(due["short_stay_and_MRET_multiplier"])
    adjusted = spells.spells(days=1, **common, adjustments=[(factor, True) for factor in adjust])
    assert adjusted == round(due["base_payment"] * 1000 * 0.21)


def test_fin_mret_retained() -> None:
    case, due = given("fin_mret_retained"), wanted("fin_mret_retained")
    baseline, actual = in_pence(case["baseline_value"]), in_pence(case["actual_value"])
    paid = contracts.pay(contracts.mret(case["marginal"]), baseline, actual)
    kept = contracts.mret_retained(baseline, actual, case["marginal"])
    assert (paid, kept) == (in_pence(due["paid"]), in_pence(due["retained_by_commissioner_for_reinvestment"]))


def test_fin_psf() -> None:
    case, due = given("fin_psf"), wanted("fin_psf")
    terms = RULES.sustainability_fund.by_year["2018/19"]
    assert terms.quarters.values == case["quarter_weights"]
    gates = {"finance": np.array(case["fin_ok"], bool), "ae": np.array(case["ae_ok"], bool)}
    fund = (in_pence(case["allocation"]), terms.quarters.values, terms.elements.shares, gates)
    plain = sustainability_fund.pay_fund(*fund)
    assert plain.quarters.tolist() == [in_pence(x) for x in due["per_quarter"]]
    assert plain.quarters.sum() == in_pence(due["total_no_catchup"])
    later = sustainability_fund.pay_fund(*fund, catch_up=["finance"])
    assert later.quarters.sum() == in_pence(due["total_if_finance_is_cumulative_and_recovered_at_Q4"])
    assert later.quarters.sum() + later.unpaid == fund[0]


def finance_element(case: dict[str, Any], result: list[float], share: float) -> list[int]:
    """Finance element of a year for each organisation, a share of it gated by the system."""
    due = np.array([in_pence(x) for x in result])
    total = np.array([in_pence(x) for x in case["control_totals"]])
    own = sustainability_fund.finance_gate(due[:, None], total[:, None])
    system = sustainability_fund.of_system(due[:, None], total[:, None])
    paid = sustainability_fund.pay_fund(
        np.array([in_pence(x) for x in case["psf_alloc"]]),
        [1],
        RULES.sustainability_fund.by_year["2018/19"].elements.shares,
        {"finance": own, "ae": np.zeros((3, 1), bool)},
        system_gate=system,
        system_share=share,
    )
    return paid.elements["finance"][:, 0].tolist()


def test_fin_system_control_total() -> None:
    case, due = given("fin_system_control_total"), wanted("fin_system_control_total")
    result = np.array([in_pence(x) for x in case["actual_pre_psf"]])
    total = np.array([in_pence(x) for x in case["control_totals"]])
    assert total.sum() == in_pence(due["system_target"])
    assert result.sum() == in_pence(due["system_actual"])
    assert control_totals.system_met(result, total) == due["system_met"]
    assert control_totals.met(result, total).tolist() == due["org_met"]
    assert control_totals.needed(result, total).tolist() == [in_pence(x) for x in due["offset_transfers_needed"]]
    own, system = due["psf_finance_element_if_org_gate"], due["psf_finance_element_if_system_gate"]
    assert finance_element(case, case["actual_pre_psf"], 0) == [in_pence(x) for x in own]
    assert finance_element(case, case["actual_pre_psf"], 1) == [in_pence(x) for x in system]
    moved = control_totals.offsets(result, total)
    assert moved.tolist() == [-in_pence(1.3), in_pence(1.2), in_pence(0.1)]
    assert control_totals.met(result + moved, total).all()


def test_system_control_total_missed() -> None:
    """An organisation on track gets nothing when the system misses its total: 0 instead of 2.8."""
    case = given("fin_system_control_total")
    missed = [3.5, -6.6, 0.9]
    assert finance_element(case, missed, 0) == [in_pence(2.8), 0, 0]
    assert finance_element(case, missed, 1) == [0, 0, 0]


def test_fin_pdc() -> None:
    case = {key: value if key == "rate" else in_pence(value) for key, value in given("fin_pdc").items()}
    due = public_dividend.dividend(
        case["open_net_assets"],
        case["close_net_assets"],
        case["donated_open"],
        case["donated_close"],
        case["avg_gbs_cash"],
        RULES.public_dividend.rate,
    )
    assert case["rate"] == RULES.public_dividend.rate.value
    assert due == in_pence(wanted("fin_pdc")["dividend"])
    assert public_dividend.instalments(due, 2).tolist() == [in_pence(3.57)] * 2


def one_site(case: dict[str, Any], closed: int) -> step_costs.StepCosts:
    """Cost of twelve equal months with beds closed ward by ward; the year has 365 days."""
    wards = case["base_beds"] // case["beds_per_ward"]
    beds = np.full(wards, case["beds_per_ward"])
    for i in range(wards):
        gone = min(closed, beds[i])
        beds[i], closed = beds[i] - gone, closed - gone
    site = step_costs.Wards(
        names=[f"ward {i + 1}" for i in range(wards)],
        site_of=["hospital"] * wards,
        sites=["hospital"],
        ward_cost=np.full(wards, in_pence(case["ward_cost"])),
        site_cost=np.array([in_pence(case["fixed"])]),
    )
    months = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])[:, None]
    per_day = exact(case["var_per_occupied_bed"]) * MILLION / 365
    return step_costs.ward_costs(site, np.tile(beds, (12, 1)), months * beds * case["occupancy"], per_day, notice=0)


@pytest.mark.parametrize("closed", [20, 28, 84])
def test_fin_stranded_cost(closed: int) -> None:
    case, due = given("fin_stranded_cost"), wanted("fin_stranded_cost")[f"close_{closed}"]
    before, after = one_site(case, 0).total.sum(), one_site(case, closed).total.sum()
    assert before == in_pence(wanted("fin_stranded_cost")["base_cost"])
    found = step_costs.stranded(before, after, case["base_beds"], closed)
    assert (found.credit, found.released, found.stranded) == (
        in_pence(due["average_cost_basis"]),
        in_pence(due["released"]),
        in_pence(due["stranded"]),
    )


def test_fin_double_running() -> None:
    case, due = given("fin_double_running"), wanted("fin_double_running")
    stages = double_running.Stages(build=0, ramp=case["ramp_months"], proof=case["proving_months"], lag=0)
    added = double_running.run_up(in_pence(3.0), stages, case["horizon"])
    found = double_running.double_running(added, double_running.release(in_pence(3.6), stages, case["horizon"]))
    assert found.peak == in_pence(due["peak_cumulative_cost"])
    assert found.month_of_peak == due["month_of_peak(1-based)"]
    assert found.cumulative[-1] == in_pence(due["net_at_36m"])
    assert found.break_even == due["breakeven_month_if_continued"]


def test_fin_section75() -> None:
    case, due = given("fin_section75"), wanted("fin_section75")
    put_in, spent = np.array([in_pence(x) for x in case["contrib"]]), in_pence(case["spend"])
    borne, uncovered = pooled.bear(put_in, spent)
    assert borne.tolist() == [in_pence(due["share_NHS"]), in_pence(due["share_LA"])]
    assert uncovered == 0
    most = in_pence(case["contrib"][0] * RULES.pooled.nhs_cap.value)
    borne, uncovered = pooled.bear(put_in, spent, caps=np.array([most, spent]))
    assert (borne.tolist(), int(uncovered)) == ([in_pence(1.2), in_pence(2.8)], 0)


def test_fin_bcf_p4p() -> None:
    case, due = given("fin_bcf_p4p"), wanted("fin_bcf_p4p")
    released, kept = pooled.pay_for_performance(in_pence(case["pot"]), 14, 1000, RULES.pooled.bcf_target)
    assert case["achieved"] == 14 / 1000
    assert (released, kept) == (in_pence(due["released_to_pool"]), in_pence(due["retained_for_nhs_acute_activity"]))


@pytest.mark.parametrize("kind", wanted("fin_system_pound"))
def test_fin_system_pound(kind: str) -> None:
    case, due = given("fin_system_pound"), wanted("fin_system_pound")[kind]
    money = {key: in_pence(value) for key, value in case.items()}
    paid = contracts.pay(built(kind), money["plan"], money["actual"])
    provider = paid - money["provider_cost"]
    commissioner = money["commissioner_alloc"] - money["commissioner_other_spend"] - paid
    found = {"provider_surplus": provider, "commissioner_surplus": commissioner, "system": provider + commissioner}
    assert found == {key: in_pence(value) for key, value in due.items()}


@pytest.mark.parametrize(
    ("name", "millions"), [("most_trusts", 32.41), ("revolving", 32.97), ("special_measures", 33.68)]
)
def test_loans(name: str, millions: float) -> None:
    """A deficit of 1.5 million a month for two years, from cash of 4 million above the minimum, to the ten thousand."""
    rate = getattr(RULES.loans, name)
    found = loans.borrow(np.full(24, -in_pence(1.5)), in_pence(5), in_pence(1), [rate])
    assert round(found.balance[-1] / MILLION, 2) == millions
    assert found.cash[-1] == in_pence(1)
