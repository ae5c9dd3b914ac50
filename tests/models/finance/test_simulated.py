"""The money of a simulated run: it follows what was done, and no form of contract changes the area's pound."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from models.arms.arms import run_arms
from models.arms.prepare import USUAL, prepare
from models.finance.audit import audit_command
from models.finance.invariants import same_system_pound, system_result
from models.finance.rules.amounts import growing
from models.finance.simulated import costs as costing
from models.finance.simulated.accounts import Accounts
from models.finance.simulated.activity import Activity, Changes, activity
from models.finance.simulated.costs import DOUBLE_RUNNING, NEW_PLACES, STRANDED, costs
from models.finance.simulated.files import write_books
from models.finance.simulated.results import RESULT, by_year, money_table
from models.finance.simulated.settings import FORMS
from models.plans.moves import BEDS
from models.run.money import accounts_of
from models.run.runner import Outcome
from models.run.write import verdict_document
from models.settings.request import parse
from models.settings.settings import Settings, settings
from models.verdict.criteria import Assessed
from models.verdict.criteria_money import money_criterion
from sim.errors import FaultsError

WARD = 2_100_000_00 // 28  #: pence a bed a year
SITE = "exeter"


def _books(chosen: Settings, observed: Any, schedules: Any) -> Accounts:
    found = accounts_of(chosen, observed, schedules)
    assert found
    return found


def _again(outcome: Outcome, **changes: Any) -> Accounts:
    """The books of the same run with something else in the section of money."""
    chosen = outcome.settings
    assert chosen.money
    money = chosen.money.model_copy(update=changes)
    return _books(replace(chosen, money=money), outcome.observed, outcome.schedules)


def _line(found: Accounts, arm: str, organisation: str, line: str) -> np.ndarray:
    rows = money_table(found).to_pandas()
    wanted = (rows["arm"] == arm) & (rows["organisation"] == organisation) & (rows["line"] == line)
    return rows.loc[wanted, "mean"].to_numpy()


@pytest.mark.parametrize("form", FORMS)
def test_the_form_of_contracts_leaves_the_area_as_it_was_in_every_month(outcome: Outcome, form: str):
    assert outcome.money
    other = _again(outcome, form=form)
    for name, one in outcome.money.arms.items():
        assert same_system_pound(one.books, other.arms[name].books) == []
    assert (system_result(outcome.money.arms["3y"].books) != system_result(outcome.money.arms[USUAL].books)).any()


def test_one_contract_alone_may_change_and_moves_money_between_its_two_sides_only(outcome: Outcome):
    chosen = outcome.settings
    assert chosen.finance and chosen.money and outcome.money
    name, all_of_them = "new_devon_to_exeter", chosen.finance.contracts
    block = {name: all_of_them[name].model_copy(update={"form": "block"})}
    finance = chosen.finance.model_copy(update={"contracts": all_of_them | block})
    other = _books(replace(chosen, finance=finance), outcome.observed, outcome.schedules)
    assert same_system_pound(outcome.money.arms[USUAL].books, other.arms[USUAL].books) == []
    moved = {o: _line(outcome.money, USUAL, o, RESULT) - _line(other, USUAL, o, RESULT) for o in finance.organisations}
    changed = {o for o, by in moved.items() if np.abs(by).max() > 1000}  # interest of others may differ by nothing
    assert changed == {"new_devon", "royal_devon_exeter"}


def test_every_pound_that_an_arm_costs_is_in_the_books(outcome: Outcome):
    """Staff and suppliers outside the area got what costs, other services and the care market say; to the penny."""
    assert outcome.money
    for account in outcome.money.arms.values():
        books, costs_ = account.books, account.costs
        got = np.zeros_like(costs_.lines[0].pence)
        for n in books.keys.where("income"):
            entity, _, payer, purpose = books.keys.listed[n]
            if entity in ("staff", "suppliers") and purpose not in ("other", "social_care"):
                assert payer in outcome.money.finance.organisations
                got = got - books.movement[n].T
        posted = [c.pence for c in costs_.lines if c.runs != "council"]
        assert (got == np.sum(posted, axis=0)).all()


def test_business_as_usual_breaks_even_in_the_baseline_year(outcome: Outcome):
    assert outcome.money
    books = outcome.money.arms[USUAL].books
    year = by_year(outcome.money.arms[USUAL], system_result(books, ("psf", "interest")))[:, 0] / 100
    assert abs(year.mean()) < 0.001 * 1.5e9  # about a thousandth of the area's income
    owners = outcome.money.basis.owners
    assert (owners.community["plymouth"], owners.community["exeter"]) == ("livewell", "royal_devon_exeter")
    assert (owners.council["torbay"], owners.council["north_devon"]) == ("torbay_council", "devon_council")


# -- costs by hand -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def done(outcome: Outcome) -> Activity:
    return activity(outcome.observed[USUAL], dt.date(2018, 4, 1))


def _with(outcome: Outcome, done: Activity, **found: Any) -> costing.Costs:
    chosen, nothing = outcome.settings, Changes({}, {}, {}, {}, {}, {})
    assert chosen.money and outcome.system
    plan = outcome.schedules["3y"] if "opened" in found else None
    return costs(done, replace(nothing, **found), outcome.system, plan, chosen.money)


def _from(done: Activity, month: int, beds: int) -> np.ndarray:
    out = np.zeros((len(done.months), done.replications), np.int64)
    out[month:] = beds
    return out


def _of(found: costing.Costs, item: str) -> np.ndarray:
    """One kind of cost at one hospital in the first replication, by month."""
    zero = np.zeros_like(found.lines[0].pence)
    return sum((c.pence for c in found.lines if (c.item, c.site, c.service) == (item, SITE, "")), zero)[:, 0]


def test_wards_cost_what_their_beds_cost_while_all_are_open(outcome: Outcome, done: Activity):
    assert outcome.system
    beds = round(outcome.system.sizes[BEDS, SITE])
    year = _of(_with(outcome, done), "wards")[:12].sum()
    assert abs(year - beds * WARD) <= len(outcome.settings.footprint.sites[SITE].wards) * 28
    assert _of(_with(outcome, done), STRANDED).sum() == 0


def test_twenty_beds_of_a_ward_release_nothing_and_the_whole_ward_releases_it_after_its_notice(
    outcome: Outcome, done: Activity
):
    assert outcome.system and outcome.settings.money
    wards = costing._wards(SITE, outcome.system, outcome.settings.money)
    first = int(wards.beds[0])
    part, whole = (
        _with(outcome, done, closed={(SITE, BEDS): _from(done, 24, n)}, released={(SITE, BEDS): _from(done, 24, n)})
        for n in (20, first)
    )
    assert first > 20
    assert part.ended.sum() == 0
    yearly = int(wards.ward_cost[0])
    assert whole.ended[:27].sum() == 0  # three months' notice
    assert whole.ended[27:39, 0].sum() == yearly
    stranded = _of(part, STRANDED)
    assert stranded[:24].sum() == 0
    assert abs(stranded[24:36].sum() - 20 * WARD) < 2000  # the credit that never came, to the pound
    assert _of(whole, STRANDED)[28:].max() < 100_000  # what the next ward is larger or smaller than the average


def test_as_many_beds_as_a_usual_ward_has_are_a_ward_at_every_hospital(outcome: Outcome):
    assert outcome.system and outcome.settings.money
    usual = round(outcome.settings.money.hospital.ward_beds.value)
    for site in outcome.settings.footprint.sites:
        wards = costing._wards(site, outcome.system, outcome.settings.money)
        assert wards.beds[0] == usual
        assert wards.beds.sum() == round(outcome.system.sizes[BEDS, site])
        assert all(0.5 * usual <= beds <= 1.5 * usual for beds in wards.beds)


def test_mothballed_beds_keep_their_cost(outcome: Outcome, done: Activity):
    closed, freed = _from(done, 24, 56), _from(done, 36, 56)
    found = _with(outcome, done, closed={(SITE, BEDS): closed}, released={(SITE, BEDS): freed})
    plain = _with(outcome, done)
    both = [_of(c, "wards") + _of(c, STRANDED) for c in (found, plain)]
    assert (both[0][:39] == both[1][:39]).all() and (both[0][39:] < both[1][39:]).all()


def test_patients_who_move_take_their_variable_cost_along(outcome: Outcome, done: Activity):
    moved = np.full_like(done.bed_days[SITE], 300)
    days = dict(done.bed_days) | {SITE: done.bed_days[SITE] - moved, "plymouth": done.bed_days["plymouth"] + moved}
    before, after = _with(outcome, done), _with(outcome, replace(done, bed_days=days))
    assert abs(int((after.of("bed days") - before.of("bed days")).sum())) <= 2 * done.replications  # rounding
    assert _of(before, "bed days").sum() - _of(after, "bed days").sum() == pytest.approx(
        growing(moved[:, 0], Fraction("3288")).sum(), abs=2
    )


def test_new_places_are_double_running_until_their_beds_close(outcome: Outcome, done: Activity):
    plan = outcome.schedules["3y"]
    places = plan.opened("p1")[SITE][-1][1]
    beds = sum(s.beds for s in plan.closures if s.site == SITE)
    key = (SITE, "p1")
    more = replace(done, places=dict(done.places) | {key: done.places[key] + places * done.days[:, None]})
    opened = {key: _from(done, 24, places).astype(float)}
    none = _with(outcome, more, opened=opened)
    half = _with(outcome, more, opened=opened, closed={(SITE, BEDS): _from(done, 36, beds // 2)})
    all_ = _with(outcome, more, opened=opened, closed={(SITE, BEDS): _from(done, 36, beds)})
    whole = none.of(DOUBLE_RUNNING)[:, 0]
    day = Fraction(125 * 100) * Fraction("0.88") * Fraction("0.8")
    assert whole[24:].sum() == pytest.approx(float(day) * places * done.days[24:].sum(), abs=2)
    assert none.of(NEW_PLACES).sum() == 0
    assert all_.of(DOUBLE_RUNNING)[36:].sum() == 0
    assert (all_.of(NEW_PLACES)[36:, 0] == whole[36:]).all()
    share = half.of(DOUBLE_RUNNING)[36:, 0].sum() / whole[36:].sum()
    assert share == pytest.approx(1 - (beds // 2) / beds, abs=1e-6)


# -- results -------------------------------------------------------------------------------------------------------


def test_lines_of_the_table_add_up(outcome: Outcome):
    assert outcome.money
    rows = money_table(outcome.money).to_pandas()
    for _, group in rows.groupby(["arm", "year", "organisation"], observed=True):
        flows = group["line"].str.startswith(("income:", "expenditure:"))
        result = group.loc[group["line"] == RESULT, "mean"].sum()
        assert group.loc[flows, "mean"].sum() == pytest.approx(result, abs=0.01)
    memo = rows["line"].astype(str).str.startswith("memo")
    signed = ["new loans", "cash drawn beyond income", "cumulative surplus or deficit carried forward", "reserves left"]
    signed += ["control total", "result less control total", "dashboard ratio, per cent"]
    assert (rows.loc[memo & ~rows["line"].isin([f"memo: {line}" for line in signed]), "mean"] >= 0).all()
    assert not rows.loc[rows["arm"] == USUAL, "line"].isin(["memo: double running", "memo: stranded cost"]).any()


def test_k7_is_told_and_not_judged_while_accounts_are_made_up(outcome: Outcome):
    row = next(c for c in verdict_document(outcome)["criteria"] if c["id"] == "K7")
    assert not row["assessed"] and not row["decides"]
    assert "made up" in row["note"]
    assert re.search("result before PSF and interest is \u2212?£[0-9.]+ million a year under", row["note"])


def test_k7_compares_with_business_as_usual_once_accounts_are_real(outcome: Outcome):
    assert outcome.money
    finance = outcome.money.finance
    real = {
        name: o.model_copy(update={"opening": o.opening.model_copy(update={"synthetic": False})})
        for name, o in finance.organisations.items()
    }
    found = replace(outcome.money, finance=finance.model_copy(update={"organisations": real}))
    allowance = found.money.allowance

    def judged(share: float) -> Assessed:
        money = found.money.model_copy(update={"allowance": allowance.model_copy(update={"value": share})})
        out = money_criterion(replace(found, money=money), "3y", outcome.window)
        assert isinstance(out, Assessed)
        return out

    assert not judged(0).passes.any() and judged(0.05).passes.all()  # running both costs money at first
    assert judged(0).values.shape == (3, 6)


def test_books_of_a_run_can_be_audited_arm_by_arm(outcome: Outcome, tmp_path: Any, capsys: pytest.CaptureFixture[str]):
    assert outcome.money
    written = write_books(tmp_path, outcome.money, "hash")
    assert "money/business_as_usual/trial_balance.arrow" in written
    assert audit_command([str(tmp_path)]) == 0
    assert capsys.readouterr().out.count("The books hold.") == 3


def test_the_do_nothing_twin_grows_with_demand_and_stands_apart_from_business_as_usual(outcome: Outcome):
    assert outcome.money
    twin, growth = outcome.money.nothing, outcome.money.nothing.growth
    assert growth == outcome.settings.footprint.demand.growth["history"].value > 0
    assert abs(twin.result[0]) < 1_000_00  # the baseline year is in balance, but for roundings
    assert twin.care[5] == pytest.approx(twin.care[0] * (1 + growth) ** 5)
    assert twin.other[5] == twin.other[0]
    assert sum(twin.result[1:]) < 0  # who demands more from a fixed allocation runs short
    rows = money_table(outcome.money).to_pandas()
    mine = rows.loc[rows["arm"] == "do nothing, demand met"]
    assert set(mine["organisation"]) == {"system"} and len(mine) == 4 * len(twin.years)
    usual = by_year(outcome.money.arms[USUAL], outcome.money.arms[USUAL].costs.lines[0].pence.T)
    assert (usual[:, 0] == usual[:, 5]).all()  # wards of business as usual do not follow demand


# -- settings ------------------------------------------------------------------------------------------------------


def test_without_money_a_run_is_that_of_a_version_that_knew_none():
    chosen = settings(parse(["finance=none"]))
    assert chosen.money is None and chosen.finance is None
    assert not {"finance", "money"} & set(chosen.composed)
    assert settings(parse([])).scenario_hash != chosen.scenario_hash


def test_faults_of_the_choice_come_at_once():
    with pytest.raises(FaultsError) as found:
        settings(parse(["footprint=dorset", "finance=devon", "money.form=pbrr", "money.hospital.treatment.value=-1"]))
    text = str(found.value)
    assert "another area" in text and "money.form" in text and "money.hospital.treatment" in text
    with pytest.raises(FaultsError, match="no such file of organisations"):
        settings(parse(["finance=rules"]))


SHORT = ["timeline=3y", "replications=2", "criteria.longest_timeline_years=3", "criteria.window_years_after=1"]
BASELINES = """cornwall devon dorset durham_darlington_tees frimley kent_medway lancashire_south_cumbria nottinghamshire
south_yorkshire_bassetlaw suffolk_north_east_essex tameside_glossop west_north_east_cumbria""".split()


def _footprint(name: str) -> None:
    """The area's pound is the same under every form of contract, and the books hold."""
    chosen: Settings = settings(parse([f"footprint={name}", "around=none", "waterfall=0", "sensitivity=0", *SHORT]))
    ready = prepare(chosen)
    assert chosen.money
    observed = dict(zip([a.name for a in ready.arms], run_arms(ready.arms, 1, 2, 1), strict=True))
    moneys = [chosen.money.model_copy(update={"form": form}) for form in ("as_written", *FORMS)]
    one, *others = (_books(replace(chosen, money=money), observed, ready.schedules) for money in moneys)
    for other in others:
        for arm in observed:
            assert same_system_pound(one.arms[arm].books, other.arms[arm].books) == []
    assert one.finance.money_assessed.startswith("not assessed")


def test_a_footprint_without_a_file_of_organisations_has_made_up_ones():
    _footprint("tameside_glossop")


@pytest.mark.nightly
@pytest.mark.parametrize("name", BASELINES)
def test_the_pound_of_every_shipped_footprint_with_a_baseline(name: str):
    _footprint(name)
