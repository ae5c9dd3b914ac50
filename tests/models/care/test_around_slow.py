"""The social-care market, buildings, new models of care and capacity for change: closed forms, signs and orders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from pydantic import BaseModel

from models.care.care_market import CareMarket, care_market
from models.care.change_capacity import ChangeCapacity, change_capacity
from models.care.estate import Estate, estate
from models.care.maturity import Maturity, maturity
from models.care.stock_part import StockPart, stocks_together
from models.care.supply import Site, opened, planned
from models.care.wards import shared_out
from models.figures.presets import read_section
from sim.errors import FaultsError
from sim.stocks import Stocks, Trajectory, load_stocks

CONFIGS = Path(__file__).resolve().parents[3] / "configs" / "around"
SITES = {"a": Site({"a_ward": (400, 400, 400, 400)}, 0.9)}
YEAR = 365.25


def figures(name: str, **values: float) -> Any:
    """Figures of a mechanism, some of them set; ranges give way."""
    found = yaml.safe_load((CONFIGS / f"{name}.yaml").read_text(encoding="utf-8"))[name]
    for key, value in values.items():
        found[key] |= {"value": value, "low": min(value, found[key]["low"]), "high": max(value, found[key]["high"])}
    return found


def read(shape: type[BaseModel], data: Any) -> Any:
    return read_section(shape, data, "configs/around")


def run(part: StockPart, years: float, every: int = 1, changes: dict[str, float] | None = None) -> Trajectory:
    blocks = ("units", "dimensions", "parameters", "inputs", "lookups", "stocks", "flows", "auxiliaries", "rules")
    time = {"unit": "day", "start": 0, "end": round(years * 360), "dt": 1, "save_every": every}
    model = load_stocks({"name": "slow", "time": time, **{block: getattr(part, block) for block in blocks}})
    return Stocks(model).run(changes or {})


@pytest.mark.parametrize(
    ("name", "shape", "key"),
    [
        ("care_market", CareMarket, "usual_margin"),
        ("estate", Estate, "backlog"),
        ("maturity", Maturity, "learning_days"),
        ("change_capacity", ChangeCapacity, "trust_gain"),
    ],
)
def test_configs_read_and_faults_name_the_key(name, shape, key):
    assert not read(shape, figures(name)).enabled
    wrong = figures(name)
    wrong[key]["unit"] = "pounds"
    wrong["grade"] = "E"
    with pytest.raises(FaultsError) as caught:
        read(shape, wrong)
    assert {fault.key for fault in caught.value.faults} >= {key, "grade"}


# -- the social-care market -------------------------------------------------------------------------------------------


def market(years: float, every: int = 10, changes: dict[str, float] | None = None, **values: float) -> Trajectory:
    return run(care_market(["a"], read(CareMarket, figures("care_market", **values))), years, every, changes)


def test_a_market_without_a_gap_stays_as_it_is():
    assert np.array_equal(market(10)["market_share[a]"], np.ones(361))


def test_a_lasting_strain_ends_in_the_balance_of_loss_and_rebuilding():
    """Without burden: turnover times the share not replaced, against rebuilding; and the way there is exponential."""
    found = market(40, burden=0, fee_gap=0.05, gap_from_days=0, gap_days=20000, noticing_days=1)
    turnover, rebuilding, lost = 0.307, 4.0, 1 - 0.3  # a gap of the margin is a strain of 1, of which 0.3 is tolerated
    rate = turnover * lost + 1 / rebuilding
    end = 1 / rebuilding / rate
    expected = end + (1 - end) * np.exp(-rate * (found.time - 1) / YEAR)
    assert found["market_share[a]"] == pytest.approx(expected, abs=1e-3)


def test_a_long_squeeze_tips_the_market_and_a_short_one_does_not():
    squeezed = {y: market(30, fee_gap=0.06, gap_from_days=0, gap_days=y * YEAR) for y in (0.5, 1, 6)}
    share = {y: found["market_share[a]"] for y, found in squeezed.items()}
    assert share[0.5][-1] > 0.99 and share[1][-1] > 0.98
    assert share[6][-1] == pytest.approx(1 / (1 + 0.307 * 4), abs=0.005)  # none replaced, against rebuilding
    even = market(30, fee_gap=0.06, gap_from_days=0, gap_days=6 * YEAR, burden=0)
    assert even["market_share[a]"][-1] > 0.98  # without the burden of the rest nothing tips


def test_what_is_lost_in_a_year_takes_many_to_rebuild():
    found = market(20, 1, fee_gap=0.06, gap_from_days=0, gap_days=YEAR)
    share, t = found["market_share[a]"], found.time
    lowest = int(share.argmin())
    back = t[lowest:][share[lowest:] > 1 - 0.1 * (1 - share[lowest])][0] - t[lowest]
    assert share[lowest] < 0.85
    assert back > 5 * t[lowest]
    calm = (found["not_replaced[a]"] == 0) & (t > t[lowest])
    gone = 1 - share[calm]
    assert gone[-1] / gone[0] == pytest.approx(np.exp(-(t[calm][-1] - t[calm][0]) / (4 * YEAR)), rel=5e-3)


def test_a_tipped_market_comes_back_only_when_fees_rise_above_costs():
    stuck = market(40, fee_gap=0.06, gap_from_days=0, gap_days=6 * YEAR)["market_share[a]"]
    helped = market(40, 10, {"fee_relief": 0.1}, fee_gap=0.16, gap_from_days=0, gap_days=6 * YEAR)["market_share[a]"]
    assert stuck[-1] < 0.5
    assert helped.min() < 0.5 and helped[-1] > 0.97


# -- buildings --------------------------------------------------------------------------------------------------------


def buildings(years: float, changes: dict[str, float] | None = None, **values: float) -> Trajectory:
    part = estate(["a"], read(Estate, figures("estate", **values)))
    return run(stocks_together([planned(SITES, 0), part, opened(SITES, usable=True)]), years, 1, changes)


def test_the_backlog_grows_in_a_straight_line_and_beds_follow_with_the_time_of_repair():
    found = buildings(20, growth=0.1, out_of_use=0.02)
    ratio = 1 + 0.1 * found.time / YEAR
    assert found["backlog_ratio[a]"] == pytest.approx(ratio, rel=1e-9)
    late = found.time > 600  # a ramp, followed with a lag of the time of repair
    expected = 400 * 0.02 * (ratio - 0.1 * 60 / YEAR)
    assert found["beds_broken[a]"][late] == pytest.approx(expected[late], rel=1e-3)
    assert found["beds_to_open[a]"][0] == 400
    assert found["beds_to_open[a]"][-1] == 400 - round(expected[-1] - 8)


def test_money_for_repairs_keeps_beds_open():
    lost = []
    for budget in (0.5, 1, 2):
        found = buildings(15, {"repair_budget": budget}, out_of_use=0.02)
        lost.append(found["beds_out_of_use[a]"][-1])
    assert lost[0] > lost[1] > lost[2] == 0
    balanced = buildings(5, {"repair_budget": 1 + 0.08 * 42600 / 5000})
    assert balanced["backlog_ratio[a]"] == pytest.approx(1)
    assert not balanced["beds_out_of_use[a]"].any()


def test_what_a_plan_gives_for_repairs_comes_off_the_backlog():
    """In pounds, as fast as works can be done besides the usual ones."""
    usual, helped = buildings(6), buildings(6, {"plan_repairs[a]": 3e6})
    assert helped["plan_repaired[a]"][-1] == pytest.approx(3e6, rel=1e-9)
    assert (usual["backlog[a]"] - helped["backlog[a]"])[-1] == pytest.approx(3e6, rel=1e-9)
    assert usual["backlog[a]"] - helped["backlog[a]"] == pytest.approx(helped["plan_repaired[a]"], rel=1e-9)
    works = helped["backlog[a]"][:90] / 730 - 400 * 5000 / YEAR  # two years for all there is, less the usual repairs
    assert np.diff(helped["plan_repaired[a]"])[:90] == pytest.approx(works)
    more = buildings(6, {"plan_repairs[a]": 1e11})  # more than there is to do: the rest stays unspent
    assert more["backlog[a]"].min() > 0 and more["plan_repaired[a]"][-1] < 1e8
    assert more["beds_broken[a]"][-1] < helped["beds_broken[a]"][-1] < usual["beds_broken[a]"][-1]


# -- new models of care -----------------------------------------------------------------------------------------------


def model_of_care(years: float, every: int = 10, starts: float = 0, paced: bool = False, **values: float) -> Trajectory:
    care = read(Maturity, figures("maturity", **values))
    part = maturity(SITES, care, starts=starts, paced_by="pace" if paced else None)
    if paced:
        part.parameters["pace[site]"] = {"value": 0.5, "unit": "dimensionless"}
    return run(part, years, every)


def test_adoption_without_fade_is_that_of_bass():
    found = model_of_care(12, supported_years=15, fade_supported=0, admissions_avoided=0.1)
    p, q, t = 0.1, 1.0, found.time / YEAR
    bass = (1 - np.exp(-(p + q) * t)) / (1 + q / p * np.exp(-(p + q) * t))
    assert found["adopted[a]"] == pytest.approx(0.8 * bass, abs=2e-3)
    assert found["admissions_factor[a]"][0] == 1
    assert found["admissions_factor[a]"][-1] == pytest.approx(1 - 0.1 * found["skilled[a]"][-1] / 0.8)
    half = [found.time[np.argmax(found[v] > 0.4)] for v in ("adopted[a]", "skilled[a]")]
    assert 180 < half[1] - half[0] < 500  # a year of learning


def test_skill_fades_when_the_programme_ends():
    found = model_of_care(12, 1, starts=400, supported_years=3)
    t, adopted, mature = found.time, found["adopted[a]"], found["maturity[a]"]
    ends = 400 + 3 * YEAR
    assert not adopted[t <= 400].any() and adopted[420] > 0
    after = t > ends + 1
    expected = adopted[after][0] * np.exp(-0.3 * (t[after] - t[after][0]) / YEAR)
    assert adopted[after] == pytest.approx(expected, rel=5e-3)
    assert ends < t[mature.argmax()] < ends + 730  # the last beginners still learn, then it fades
    assert mature[-1] < 0.3 * mature.max()
    lasting = model_of_care(12, 1, starts=400, supported_years=3, fade_unsupported=0.0)
    assert lasting["maturity[a]"][-1] > 0.9 * lasting["adopted[a]"].max() / 0.8


def test_slow_change_slows_adoption():
    quick, slow = model_of_care(4), model_of_care(4, paced=True)
    assert slow["maturity[a]"][-1] < 0.6 * quick["maturity[a]"][-1]


# -- capacity for change ----------------------------------------------------------------------------------------------


def change(years: float, pressure: float = 1.0, running: float = 4, **values: float) -> Trajectory:
    care = read(ChangeCapacity, figures("change_capacity", running=running, **values))
    part = stocks_together([planned(SITES, 0), change_capacity(["a"], care)])
    return run(part, years, 1, {"in_beds": 360 * pressure, "beds_open": 400})


def days_taken(found: Trajectory) -> float:
    return float(found.time[np.argmax(found["to_do[a]"] < 1e-6)])


def test_more_programmes_than_can_be_led_take_longer_each():
    taken = {n: days_taken(change(14, running=n)) for n in (2, 4, 8, 12)}
    assert taken[2] == taken[4] == pytest.approx(1095, abs=1)
    assert taken[8] == pytest.approx(2 * 1095, abs=2)
    assert taken[12] == pytest.approx(3 * 1095, abs=3)


def test_usual_pressure_leaves_trust_and_speed_as_they_are():
    found = change(10)
    assert found["trust[a]"] == pytest.approx(0.5, abs=1e-9)
    assert found["change_speed[a]"] == pytest.approx(1, abs=1e-9)


def test_pressure_takes_leaders_time_and_wears_trust():
    runs = [change(10, p) for p in (1.0, 1.05, 1.1)]
    trust = [r["trust[a]"][-1] for r in runs]
    speed = [r["change_speed[a]"][-1] for r in runs]
    assert trust[0] > trust[1] > trust[2] and speed[0] > speed[1] > speed[2] > 0
    assert trust[2] == pytest.approx(1 / (1 + 1.1**2), abs=1e-3)  # gain and loss in balance
    left = (1 - 0.7 * 1.1**2) / 0.3
    assert speed[2] == pytest.approx(left * (0.2 + 0.8 * trust[2] / 0.5), rel=1e-6)
    assert change(10, 1.3)["change_speed[a]"][-1] == 0  # a crisis takes all
    assert days_taken(runs[1]) > days_taken(runs[0])
    calmer = change(10, 0.9)
    assert calmer["trust[a]"][-1] > 0.5 and calmer["change_speed[a]"].max() <= 1


def test_trust_grows_as_it_was_seen_to():
    """From 20 per cent to 50 in eight months, were nothing lost meanwhile."""
    found = change(2, trust_at_start=0.2, trust_elasticity=5, pressure=0.01)
    assert found["trust[a]"][round(8 / 12 * YEAR)] == pytest.approx(0.5, abs=0.01)


def test_emergencies_that_a_plan_avoids_stay_avoided():
    """The new models of care and the plan act on the same people: their factors multiply."""
    part = maturity(SITES, read(Maturity, figures("maturity", admissions_avoided=0.1)))
    usual = run(part, 4, 10)["admissions_factor[a]"]
    part.parameters["plan_kept[site]"] |= {"value": dict.fromkeys(SITES, 0.8)}
    assert usual[-1] < 1
    assert run(part, 4, 10)["admissions_factor[a]"] == pytest.approx(0.8 * usual)


# -- beds by ward -----------------------------------------------------------------------------------------------------

WARDS = {"medical": (331, 335, 340, 349), "older": (191, 194, 197, 202), "surgical": (279, 282, 286, 294)}


@pytest.fixture(scope="module")
def beds_of_wards():
    """Beds open in each ward of a hospital of three, by how many a plan has closed; two days of spring."""
    sites = {"a": Site(WARDS, 0.9), "b": Site({"b_ward": (50, 50, 50, 50)}, 0.9)}
    sound = estate(sites, read(Estate, figures("estate", growth=0.0, out_of_use=0.0)))
    whole = stocks_together([planned(sites, 0), sound, opened(sites, usable=True)])
    blocks = ("units", "dimensions", "parameters", "inputs", "stocks", "flows", "auxiliaries")
    time = {"unit": "day", "start": 0, "end": 2, "dt": 1, "save_every": 1}
    stocks = Stocks(load_stocks({"name": "beds", "time": time, **{b: getattr(whole, b) for b in blocks}}))

    def of(closed: int, escalation: int = 0) -> dict[str, float]:
        found = stocks.run({"closed_beds[a]": closed, "escalation_beds[a]": escalation})
        return {ward: float(found[f"staffed_beds[{ward}]"][0]) for ward in (*WARDS, "b_ward")}

    return of


def test_exactly_as_many_beds_close_as_asked_whatever_the_wards(beds_of_wards):
    """Over steps and back again: whole beds that sum to all, each ward within a bed of its share."""
    before = {ward: beds[0] for ward, beds in WARDS.items()}
    total, seen = sum(before.values()), {}
    for closed in (0, 1, 2, 3, 10, 11, 12, 57, 200, 400, 799, 801, 400, 57, 10, 1, 0, -7):
        found = beds_of_wards(closed)
        assert found.pop("b_ward") == 50
        assert sum(found.values()) == total - closed
        for ward, beds in found.items():
            assert beds == int(beds) and abs(beds - before[ward] * (total - closed) / total) < 1
        assert seen.setdefault(closed, found) == found
    assert seen[0] == before
    assert sum(beds_of_wards(10, escalation=4).values()) == 50 + total - 6


def test_wards_share_beds_as_without_stocks(beds_of_wards):
    """Largest remainders first, of two that are alike the first: as :func:`models.care.wards.shared_out` has it."""
    before = {ward: beds[0] for ward, beds in WARDS.items()}
    total = sum(before.values())
    for closed in (1, 10, 33, 250):
        found = beds_of_wards(closed)
        del found["b_ward"]
        assert found == shared_out(total - closed, {ward: beds / total for ward, beds in before.items()})
