"""People and growth of demand: agreement with figures that were read, growth by need, presets."""

from __future__ import annotations

import datetime as dt
import doctest
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from models.care.demand import demand_shape, load_demand, rates_per_day, slow_steps
from models.care.population import (
    BANDS,
    KINDS,
    NEEDS,
    OVERNIGHT,
    Growth,
    age_shares,
    demographic_growth,
    event_index,
    growth,
    load_population,
    local_index,
    overnight_bed_day_growth,
    people,
)
from models.care.shocks import STREAMS, shock_steps, value_on
from sim.errors import FaultsError

CONFIGS = Path(__file__).parents[3] / "configs"
PRESETS = sorted(p.stem for p in (CONFIGS / "demand").glob("*.yaml"))
PLACE = "england_per_million"
START, END = dt.date(2018, 4, 1), dt.date(2028, 4, 1)

# England, mid-2023: Office for National Statistics, people by age band
ENGLAND_2023 = dict(zip(BANDS, (11998646, 34908590, 5472865, 3863610, 1446612), strict=True))


@pytest.fixture(scope="module")
def population():
    return load_population(CONFIGS / "care" / "population.yaml")


@pytest.fixture(scope="module")
def presets():
    return {name: load_demand(CONFIGS / "demand" / f"{name}.yaml") for name in PRESETS}


@pytest.fixture(scope="module")
def history(presets):
    return presets["history"]


def nights(demand):
    return {need: figure.value for need, figure in demand.nights.items()}


# -- people -----------------------------------------------------------------------------------------------------------


def test_growth_to_2023_ends_at_the_ages_that_were_read(population):
    ages = people(population, 2023).loc[PLACE]
    total = sum(ENGLAND_2023.values())
    for band, count in ENGLAND_2023.items():
        assert ages[band] / ages.sum() == pytest.approx(count / total, abs=1e-4)
    assert ages.sum() == pytest.approx(total / 55.98, rel=1e-3)  # per million of mid-2018


def test_people_of_2017_are_slightly_younger(population):
    ages = people(population, 2017).loc[PLACE]
    assert ages[["65_74", "75_84", "85_plus"]].sum() / ages.sum() == pytest.approx(0.180, abs=0.001)
    assert ages["85_plus"] / ages.sum() == pytest.approx(0.024, abs=0.0005)


def test_growth_is_continuous_and_goes_on_after_the_last_window(population):
    for year in (2018, 2023):
        before, after = (people(population, year + d).loc[PLACE] for d in (-1e-6, 1e-6))
        assert np.allclose(before, after, rtol=1e-6)
    a, b, c = (people(population, y).loc[PLACE, "85_plus"] for y in (2036, 2037, 2045))
    assert b / a == pytest.approx(1.035)
    assert c / b == pytest.approx(1.035**8)


def test_range_of_growth(population):
    low, value, high = (people(population, 2030, end).loc[PLACE] for end in ("low", "value", "high"))
    assert (low < value).all() and (value < high).all()


def test_years_before_the_first_window_are_refused(population):
    with pytest.raises(FaultsError, match="no growth is known before 2006"):
        people(population, 1999)


def test_localities_have_their_own_ages(population):
    data = yaml.safe_load((CONFIGS / "care" / "population.yaml").read_text(encoding="utf-8"))
    young = {**data["localities"][PLACE], "title": "Young"}
    young["age"] = {**young["age"], "shares": dict(zip(BANDS, (0.25, 0.65, 0.06, 0.03, 0.01), strict=True))}
    data["localities"]["young"] = young
    two = load_population(data)
    assert list(people(two, 2018).index) == [PLACE, "young"]
    assert local_index(two, "long", PLACE) == pytest.approx(1)
    assert local_index(two, "long", "young") < local_index(two, "zero_day", "young") < 1
    shares = age_shares(two, "long", 2018, "young")
    assert sum(shares.values()) == pytest.approx(1) and shares["85_plus"] < age_shares(two, "long", 2018)["85_plus"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda d: d["standard"]["shares"].update({"85_plus": 0.0, "90_plus": 0.0243}), "needs a share for each of"),
        (lambda d: d["growth"][1].update({"from": 2019}), "ends in 2018 and the next begins in 2019"),
        (lambda d: d["relative_rates"].pop("long"), "lacks long"),
        (lambda d: d["relative_rates"]["long"]["85_plus"].update({"unit": "ratio"}), "ratio to 18_64"),
        (lambda d: d["growth"][0]["bands"]["85_plus"].update({"low": 0.5}), "must lie between low"),
        (lambda d: d.update({"base_yeer": 1}), "base_yeer"),
    ],
)
def test_faults_of_a_population(change, says):
    data = yaml.safe_load((CONFIGS / "care" / "population.yaml").read_text(encoding="utf-8"))
    change(data)
    with pytest.raises(FaultsError, match=says):
        load_population(data)


# -- agreement with what was read -------------------------------------------------------------------------------------


def of_age(population, kind, bands, year):
    shares = age_shares(population, kind, year)
    return sum(shares[b] for b in bands)


def test_older_people_hold_the_bed_days_that_were_read(population, history):
    """BMJ 2016;353:i3019: people over 65 held 62 % of bed days in 2014/15; HSCIC 2014: over 85, 18 % in 2012."""
    beds = {n: history.needs.shares[n] * history.nights[n].value for n in OVERNIGHT}

    def share(bands, year):
        return sum(b * of_age(population, n, bands, year) for n, b in beds.items()) / sum(beds.values())

    assert share(BANDS[2:], 2014) == pytest.approx(0.62, abs=0.02)
    assert share(BANDS[4:], 2012) == pytest.approx(0.18, abs=0.02)


def mix_over_time(population, demand):
    """Emergency admissions by need, in admissions of 2006/07, by year from 2006/07 to 2017/18; mix known at the end."""
    rates = growth(population, demand.growth, 2006, 2017)
    return {
        y: {n: 1.42 * demand.needs.shares[n] * (1 + rates[n].volume) ** (y - 2017) for n in NEEDS}
        for y in range(2006, 2018)
    }


def test_history_has_the_growth_of_admissions_that_was_read(population, history):
    """Health Foundation: +42 %, 3.2 % a year, 2006/07 to 2017/18."""
    mix = mix_over_time(population, history)
    total = sum(mix[2017].values()) / sum(mix[2006].values())
    assert total == pytest.approx(1.42, abs=0.01)
    assert total ** (1 / 11) - 1 == pytest.approx(0.032, abs=0.001)


def test_history_has_the_growth_of_bed_days_that_was_read(population, history):
    """Health Foundation: emergency bed-days +0.3 % a year in the same years, a tenth of the growth of admissions."""
    rates = growth(population, history.growth, 2006, 2017)
    table = overnight_bed_day_growth(rates, history.needs.shares, nights(history), years=-11)
    assert table.loc["all", "bed_days"] == pytest.approx(0.003, abs=0.0003)
    # NHS England KH03 and A&E: G&A bed-days per emergency admission -3 % a year (-3.5 to -2 %), 2011/12 to 2019/20
    assert 1.003 / 1.032 - 1 == pytest.approx(-0.03, abs=0.005)


def test_most_growth_was_without_a_night(population, history):
    """National Audit Office: 79 % of the growth from 2013/14 to 2016/17 did not stay overnight."""
    mix = mix_over_time(population, history)
    more = {n: mix[2016][n] - mix[2013][n] for n in NEEDS}
    assert more["zero_day"] / sum(more.values()) == pytest.approx(0.79, abs=0.01)


def test_demography_explains_just_over_half_of_the_growth_of_older_people(population, history):
    """National Audit Office: demography explains just over half of the rise of admissions of people over 65."""
    old = BANDS[2:]
    now = {n: history.needs.shares[n] * of_age(population, n, old, 2017) for n in NEEDS}
    ageing = demographic_growth(population, 2006, 2017, old)
    rest = {n: history.growth.non_demographic[n].value for n in NEEDS}
    then = sum(now[n] / ((1 + ageing[n]) * (1 + rest[n])) ** 11 for n in NEEDS)
    without = sum(now[n] / (1 + ageing[n]) ** 11 for n in NEEDS)
    yearly = [(sum(now.values()) / x) ** (1 / 11) - 1 for x in (without, then)]
    assert 0.5 < yearly[0] / yearly[1] < 0.6


def test_attendances_and_planned_admissions_grow_as_read(population, history):
    rates = growth(population, history.growth, 2006, 2017)
    monthly = pd.read_csv(CONFIGS / "history" / "data" / "england_monthly.csv")
    april = monthly["month"].str[:4].astype(int) - (monthly["month"].str[5:].astype(int) < 4)
    home = (monthly["type1_attendances"] - monthly["emergency_admissions_via_type1"]).groupby(april).sum()
    assert home[2018] == pytest.approx(15_679_999 - 4_690_148, rel=1e-3)
    assert rates["attendance"].volume == pytest.approx((home[2018] / home[2011]) ** (1 / 7) - 1, abs=2e-4)
    assert rates["elective"].volume == pytest.approx((7898793 / 7173800) ** (1 / 7) - 1, abs=2e-4)  # QMCO


def test_longer_needs_grow_faster_with_age(population):
    ageing = demographic_growth(population, 2018, 2033)
    assert ageing["attendance"] < ageing["zero_day"] < ageing["one_night"] < ageing["medium"] < ageing["long"]
    assert event_index(population, "long", 2018, 2028) > event_index(population, "zero_day", 2018, 2028) > 1


def test_rates_per_day_are_those_of_england(population, presets):
    base = presets["england_2018_19"]
    rates = rates_per_day(base, population, PLACE)
    assert set(rates) == set(STREAMS)
    emergency = sum(rates[n] for n in NEEDS) * 365.25 * 55.98
    assert emergency == pytest.approx(6_369_153, rel=1e-3)
    assert rates["attendance"] * 365.25 * 55.98 == pytest.approx(15_679_999 - 4_690_148, rel=1e-3)
    later = rates_per_day(presets["demographic_only"], population, PLACE, dt.date(2020, 10, 1))
    grown = demographic_growth(population, 2018.25, 2020.25)
    for kind in KINDS:
        assert later[kind] / rates[kind] == pytest.approx((1 + grown[kind]) ** 2, rel=1e-4)


def test_shared_patterns_are_those_of_devon(presets):
    devon = yaml.safe_load((CONFIGS / "footprint" / "devon.yaml").read_text(encoding="utf-8"))["demand"]
    patterns = presets["england_2018_19"].patterns
    assert patterns["attendance"].hour.values == devon["arrival_hour"]["values"]
    assert patterns["emergency"].hour.values == devon["decision_hour"]["values"]
    assert patterns["emergency"].weekday.values == devon["weekday_emergency"]["values"]
    assert patterns["emergency"].month.values == devon["month_index"]["values"]
    assert patterns["elective"].weekday.values == devon["weekday_elective"]["values"]


# -- growth -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("index", [0.032, -0.002, {"admissions": 0.032}, {n: 0.032 for n in OVERNIGHT}, {}, None])
def test_one_index_of_admissions_is_refused(index, history):
    with pytest.raises(FaultsError, match="one index of admissions says nothing about beds"):
        overnight_bed_day_growth(index, history.needs.shares, nights(history))


def test_parts_of_growth_multiply():
    part = Growth(0.01, -0.02, 0.005, -0.014)
    assert part.volume == pytest.approx(1.01 * 0.98 - 1)
    assert part.need_per_stay == pytest.approx(1.005 * 0.986 - 1)
    assert part.bed_days == pytest.approx(1.01 * 0.98 * 1.005 * 0.986 - 1)


def test_bed_days_of_all_by_hand():
    rates = {"one_night": Growth(0.1), "medium": Growth(0.0), "long": Growth(0.0, acuity=0.1), "zero_day": Growth(9.0)}
    stays, length = (
        {"zero_day": 9.0, "one_night": 10.0, "medium": 5.0, "long": 2.0},
        dict(one_night=1, medium=4, long=15),
    )
    table = overnight_bed_day_growth(rates, stays, length)
    assert table.loc["all", "bed_days"] == pytest.approx((11 + 20 + 33) / 60 - 1)
    assert table.loc["all", "volume"] == pytest.approx(18 / 17 - 1)
    assert table["share_of_bed_days"].to_dict() == pytest.approx(
        {"one_night": 1 / 6, "medium": 1 / 3, "long": 0.5, "all": 1}
    )


def test_acuity_lengthens_stays_and_leaves_volume_alone(population, history):
    more = history.growth.model_copy(
        update={"acuity": {n: f.model_copy(update={"value": 0.01}) for n, f in history.growth.acuity.items()}}
    )
    sicker = history.model_copy(update={"growth": more})
    usual, rates = (growth(population, d.growth, 2018, 2028) for d in (history, sicker))
    assert all(rates[k].volume == usual[k].volume for k in KINDS)
    assert all(rates[n].need_per_stay > usual[n].need_per_stay for n in OVERNIGHT)
    for need in OVERNIGHT:
        shapes = [demand_shape(d, population, need, START, END) for d in (history, sicker)]
        assert shapes[0] == shapes[1]


def test_presets_in_their_order(population, presets):
    def beds(name):
        rates = growth(population, presets[name].growth, 2018, 2028)
        return overnight_bed_day_growth(rates, presets[name].needs.shares, nights(presets[name]), 10).loc[
            "all", "bed_days"
        ]

    assert beds("england_2018_19") == 0
    assert 0.01 < beds("demographic_only") < 0.02
    assert 0 < beds("history") < 0.01  # shorter stays made up for most of ageing
    hoped = presets["as_plans_hoped"]
    assert value_on(slow_steps(hoped, population, "medium", END), dt.date(2023, 4, 1)) == pytest.approx(1 - 0.157)
    seen = presets["as_evidence_says"]
    assert value_on(slow_steps(seen, population, "medium", END), dt.date(2024, 4, 1)) == pytest.approx(1 - 0.029)
    assert slow_steps(presets["history"], population, "medium", END) == ()


def test_the_future_of_ageing_has_the_growth_that_ages_bring(population, presets):
    """The figures of configs/future/ageing.yaml are the preset's sums over England's ages, ends of ranges too."""
    future = yaml.safe_load((CONFIGS / "future" / "ageing.yaml").read_text(encoding="utf-8"))
    ageing, attending = future["growth"], future["attendances"]
    preset = presets["demographic_only"]

    def beds(start, end, of_range="value"):
        rates = growth(population, preset.growth, start, end, of_range)
        return overnight_bed_day_growth(rates, preset.needs.shares, nights(preset), end - start).loc["all", "bed_days"]

    ahead = ((2018, 2033), (2023, 2038))
    assert [round(100 * beds(*years), 2) for years in ahead] == [1.37, 1.45]  # as the note says
    assert round(100 * beds(2006, 2018), 1) == 1.3
    for end in ("value", "low", "high"):
        assert all(ageing[end] == pytest.approx(beds(*years, end), abs=0.001) for years in ahead), end
        for years in ahead:
            rate = growth(population, preset.growth, *years, end)["attendance"].volume
            assert attending[end] == pytest.approx(rate, abs=6e-4), end


def test_the_growth_of_an_area_of_ones_own_is_as_the_page_works_it_out(monkeypatch):
    """docs/own_area.md, from this project's folder as the page says."""
    monkeypatch.chdir(CONFIGS.parent)
    page = (CONFIGS.parent / "docs" / "own_area.md").read_text(encoding="utf-8")
    session = "\n".join(re.findall(r"^```pycon\n(.*?)^```$", page, re.MULTILINE | re.DOTALL))
    result = doctest.DocTestRunner().run(doctest.DocTestParser().get_doctest(session, {}, "own_area.md", None, 0))
    assert result.attempted > 5 and result.failed == 0
    assert f"future.growth.value={session.split()[-1]} " in page


@pytest.mark.parametrize("name", PRESETS)
def test_presets_read_the_same_through_hydra(name, presets):
    from hydra import compose, initialize_config_dir
    from omegaconf import OmegaConf

    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        data = OmegaConf.to_container(compose(f"demand/{name}"), resolve=True)
    assert load_demand(data["demand"]) == presets[name]
    assert presets[name].name == name


def test_everything_uncertain_is_off(presets):
    for preset in presets.values():
        assert not any(s.enabled for s in preset.shocks.values())
        assert not any(p.enabled for p in preset.prevention.values())
        assert all(f.value == 0 for f in preset.gp_access.elasticity.values())
        assert all(shock_steps(preset.shocks.values(), stream) == () for stream in STREAMS)


def test_faults_of_a_preset_are_all_told(tmp_path):
    folder = CONFIGS / "demand"
    for path in folder.glob("*.yaml"):
        (tmp_path / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    mine = tmp_path / "mine.yaml"
    mine.write_text(
        "defaults: [history]\nnoise: {variance: {value: 9}}\ngrowth: {admissions: 0.03}\n", encoding="utf-8"
    )
    with pytest.raises(FaultsError) as error:
        load_demand(mine)
    assert "noise.variance" in str(error.value) and "growth.admissions" in str(error.value)
    mine.write_text("defaults: [mine]\n", encoding="utf-8")
    with pytest.raises(FaultsError, match="builds on itself"):
        load_demand(mine)
