"""The national history, its naive forecasts, the lock before the test quarters, and what may be claimed."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from models.history import (
    LATER_QUARTERS,
    NAIVE,
    TARGETS,
    TEST_QUARTERS,
    Ahead,
    Forecast,
    History,
    NotFrozenError,
    Quarter,
    SealedError,
    best_naive,
    claim,
    england,
    england_later,
    forecasts,
    freeze,
    month_indices,
    naive_forecasts,
    observed_elasticity,
    opened,
    score,
    table,
    trusts,
    trusts_ae,
    trusts_stp,
)
from models.history.data import COLUMNS, DATA, INPUTS, days_of, label, parse
from models.history.frozen import Frozen, parameters_hash
from models.history.naive import HORIZONS, Naive, origin_of
from models.history.score import Score, diebold_mariano, paired
from sim.errors import CarebridgeError, FaultsError

TRAINING = "2014/15"


def frozen_fit(until: str = TRAINING) -> Frozen:
    return freeze({"weight": 0.75}, england().until(until))


def actual(target: str) -> dict[tuple[str, int], float]:
    return {key: getattr(england().at(*key), target) for key in TEST_QUARTERS}


def off_by(percent: float, target: str = "beds_occupied", horizon: str = "one_year") -> Forecast:
    """A forecast that is wrong by the same percent, up and down in turn."""
    turns = {key: value * (1 + percent / 100 * (-1) ** i) for i, (key, value) in enumerate(actual(target).items())}
    return Forecast("model", target, horizon, turns, frozen_fit())  # type: ignore[arg-type]


# --- the data --------------------------------------------------------------------------------------------------------


def test_the_year_figures_are_the_published_ones():
    rows = england().frame()
    years = rows[rows["year"] >= "2011/12"].groupby("year")
    published = {
        "2011/12": (105_703, 91_845, 5.120, 6.55, 1.373),
        "2014/15": (104_653, 93_128, 5.498, 6.19, 1.625),
        "2016/17": (103_152, 92_754, 5.800, 5.84, 2.255),
        "2018/19": (101_352, 91_373, 6.369, 5.24, 1.666),
    }
    for year, (available, occupied, admissions, stay, delayed) in published.items():
        got = years.get_group(year)
        assert got["beds_available"].mean() == pytest.approx(available, abs=0.6)
        assert got["beds_occupied"].mean() == pytest.approx(occupied, abs=0.6)
        assert got["emergency_admissions"].sum() / 1e6 == pytest.approx(admissions, abs=6e-4)
        # The published stay is a mean of quarters that all have 91.3 days.
        stays = 91.3 * got["beds_occupied"] / got["emergency_admissions"]
        assert stays.mean() == pytest.approx(stay, abs=6e-3)
        assert got["delayed_days_all"].sum() / 1e6 == pytest.approx(delayed, abs=6e-4)


def test_the_history_is_complete_and_in_order():
    history = england()
    assert (len(history), history.first, history.last) == (39, ("2010/11", 1), ("2019/20", 3))
    assert history.keys()[-len(TEST_QUARTERS) :] == list(TEST_QUARTERS)
    rows = history.frame()
    assert rows[rows["year"] >= "2011/12"][list(COLUMNS)].notna().all().all()
    assert (rows["delayed_days_all"] == rows["delayed_days_acute"] + rows["delayed_days_non_acute"])[4:].all()
    assert set(COLUMNS) | {"year", "quarter", "days"} == {f.name for f in dataclasses.fields(Quarter)}
    assert history.at("2017/18", 3).beds_occupied == 91797.8


def test_the_later_history_goes_on_where_the_other_ends():
    whole, later = england().frame(), england_later().frame()
    pd.testing.assert_frame_equal(later[: len(whole)], whole, check_dtype=False)
    assert (len(later), england_later().last) == (58, ("2024/25", 2))
    after = later[len(whole) :]
    assert after[["beds_available", "beds_occupied", "emergency_admissions", "waits_over_4h"]].notna().all().all()
    assert after[["delayed_days_all", "elective_admissions", "rtt_list"]].isna().all().all()
    assert set(LATER_QUARTERS) <= set(england_later().keys())
    assert not set(LATER_QUARTERS) & set(TEST_QUARTERS)


def test_a_figure_may_only_be_missing_once_its_publication_has_ended():
    rows = england_later().frame().drop(columns="delayed_days_all")
    for key, column in ((("2019/20", 3), "delayed_days_acute"), (("2022/23", 1), "waits_over_4h")):
        at = (rows["year"] == key[0]) & (rows["quarter"] == key[1])
        with pytest.raises(FaultsError, match=f"{key[0]} Q{key[1]}.{column}"):
            History.of(rows.assign(**{column: rows[column].mask(at)}))


@pytest.mark.parametrize(("year", "days"), [("2010/11", [91, 92, 92, 90]), ("2011/12", [91, 92, 92, 91])])
def test_days_follow_the_calendar(year: str, days: list[int]):
    assert [days_of(year, quarter) for quarter in (1, 2, 3, 4)] == days


def test_the_tabled_four_hour_share_parts_from_the_reported_one_in_the_field_test_only():
    rows = england().frame().dropna(subset=["type1_4h_share"])
    apart = rows["type1_4h_share_tabled"] - rows["type1_4h_share"]
    late = rows["year"] == "2019/20"
    assert (apart[~late] == 0).all()
    assert apart[late].between(0.015, 0.034).all()


def test_a_frame_handed_out_does_not_change_the_history():
    rows = england().frame()
    rows.loc[:, "beds_occupied"] = 0.0
    assert england().at("2011/12", 1).beds_occupied == 90317.3


BROKEN = {
    "gap": (lambda t: t.drop(index=5), "2011/12 Q2 is due"),
    "order": (lambda t: t.iloc[[1, 0, *range(2, len(t))]], "in order"),
    "missing figure": (lambda t: t.assign(waits_over_4h=t["waits_over_4h"].mask(t["year"] == "2013/14")), "missing"),
    "negative": (lambda t: t.assign(elective_cancelled=-t["elective_cancelled"]), "negative"),
    "share in percent": (lambda t: t.assign(type1_4h_share=100 * t["type1_4h_share"]), "between 0 and 1"),
    "overfull": (lambda t: t.assign(beds_occupied=t["beds_available"] + 1), "must not exceed"),
    "days": (lambda t: t.assign(days=90), "calendar has"),
    "sum": (lambda t: t.assign(emergency_admissions=t["emergency_admissions"] + 5), "months sum to"),
    "column": (lambda t: t.rename(columns={"beds_occupied": "beds_ocupied"}), "Did you mean 'beds_ocupied'"),
    "year": (lambda t: t.assign(year="2011-12"), "must be a quarter"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_table_is_refused(name: str):
    spoil, said = BROKEN[name]
    with pytest.raises(FaultsError, match=said):
        History.of(spoil(england().frame()), england().months())


def test_all_faults_are_told_at_once():
    rows = england().frame()
    rows.loc[6, "beds_occupied"], rows.loc[9, "waits_over_4h"] = -1, np.nan
    with pytest.raises(FaultsError) as told:
        History.of(rows)
    assert {fault.key for fault in told.value.faults} == {"2011/12 Q3.beds_occupied", "2012/13 Q2.waits_over_4h"}


@pytest.mark.parametrize("when", ["2014", "2014/16", "2014/15 Q5", "14/15"])
def test_a_date_that_is_none_is_refused(when: str):
    with pytest.raises(FaultsError, match="financial year"):
        parse(when)


def test_a_view_holds_nothing_later_and_cannot_be_widened():
    view = england().until("2014/15")
    assert view.last == ("2014/15", 4)
    assert view.frame()["year"].max() == "2014/15"
    assert view.months()["month"].iloc[-1] == "2015-03"
    assert england().until("2014/15 Q2").months()["month"].iloc[-1] == "2014-09"
    assert england().until("2014/15 Q3").months()["month"].iloc[-1] == "2014-12"
    with pytest.raises(SealedError, match="2015/16 Q1 was asked for, but this history ends with 2014/15 Q4.*sealed"):
        view.at("2015/16", 1)
    with pytest.raises(SealedError):
        view.until("2015/16")
    with pytest.raises(SealedError):
        view.inputs("2015/16", 1, ["beds_available"])
    with pytest.raises(SealedError, match="2019/20 Q4"):
        england().until("2019/20 Q4")
    with pytest.raises(FaultsError, match="before the history"):
        view.at("2009/10", 4)


def test_a_target_is_never_told_as_an_input():
    assert not set(INPUTS) & set(TARGETS)
    with pytest.raises(FaultsError, match="must be one of"):
        england().inputs("2015/16", 1, ["beds_occupied"])


def test_month_indices_are_the_published_ones_and_a_view_has_its_own():
    published = pd.read_csv(DATA / "period_indices.csv", dtype={"period": str})
    published = published[published["series"] == "emergency_admissions"]["index"].to_numpy()
    whole = month_indices(england().until("2018/19"))
    assert whole.to_numpy() == pytest.approx(published, abs=6e-5)
    assert whole.mean() == pytest.approx(1, abs=1e-3)
    assert abs(month_indices(england().until("2014/15")) - whole).max() > 1e-3


# --- trusts ----------------------------------------------------------------------------------------------------------


def test_the_elasticity_is_the_published_one():
    found = observed_elasticity()
    assert round(found.value, 2) == 0.73
    assert round(found.se, 2) == 0.05
    assert (found.trust_quarters, found.trusts, found.cuts) == (388, 131, 95)
    assert round(100 * found.cut_available, 1) == -5.8
    assert round(100 * found.cut_occupied, 1) == -2.3
    assert found.se_clustered > found.se
    with pytest.raises(FaultsError, match="too few"):
        observed_elasticity(min_beds=1e6)


def test_trusts_add_up_to_england():
    rows = trusts()
    for (year, quarter), group in rows.groupby(["year", "quarter"]):  # type: ignore[misc]
        nation = england().at(str(year), int(quarter))
        assert group["beds_available"].sum() == pytest.approx(nation.beds_available, rel=2.5e-3)
        assert group["beds_occupied"].sum() == pytest.approx(nation.beds_occupied, rel=2.5e-3)
    assert (rows["type1_4h_share"].dropna() > 0.4).all()
    assert not rows.duplicated(["org_code", "year", "quarter"]).any()


def test_major_departments_add_up_to_england_and_lie_in_the_44_stps():
    rows, places = trusts_ae(), trusts_stp()
    for quarter, group in rows.groupby("quarter"):
        nation = england().at("2018/19", int(quarter))  # type: ignore[arg-type]
        assert group["attendances"].sum() == pytest.approx(nation.type1_attendances, abs=2)
        assert group["over_4h"].sum() == pytest.approx(nation.type1_over_4h, rel=1e-3)
        assert group["admissions"].sum() == pytest.approx(nation.emergency_admissions_via_type1, rel=1e-3)
    assert (rows["months"] == 3).all()
    assert places["stp_code"].nunique() == 44
    assert set(rows["org_code"]) == set(places["org_code"])


# --- naive forecasts -------------------------------------------------------------------------------------------------

PRINTED = [naive for naive in NAIVE if naive.printed is not None]


def test_the_whole_table_is_there():
    beds = [n for n in PRINTED if n.target == "beds_occupied"]
    assert [n.printed for n in beds if n.horizon == "one_year"] == [1.31, 0.81, 0.89, 0.75, 1.14, 2.25, 3.89]
    assert [n.printed for n in beds if n.horizon == "five_years"] == [2.27, 1.29, 0.75, 0.93, 3.21, 5.37, 0.83]
    assert sorted(n.printed for n in PRINTED if n not in beds) == [2.5, 2.6, 7.5, 14.4, 20.0, 47.0]  # type: ignore[type-var]


@pytest.mark.parametrize("naive", PRINTED, ids=lambda n: f"{n.target}-{n.horizon}-{n.name}")
def test_a_naive_forecast_has_its_printed_error(naive: Naive):
    places = 2 if naive.target == "beds_occupied" else 0 if naive.target == "waits_over_4h" else 1
    assert round(score(naive).mean, places) == naive.printed


def test_a_constant_and_a_trend_are_found_exactly():
    rows = england().frame()
    first = rows["year"].str[:4].astype(int) - 2011
    rows["beds_occupied"] = 0.8 * 1.01**first * rows["beds_available"]
    rows["rtt_list"] = 2e6 + 1e5 * first + 1e4 * rows["quarter"]
    made = History.of(rows)
    assert score(naive_forecasts("beds_occupied", "one_year")[3], made).mean == pytest.approx(0, abs=1e-9)
    for naive in naive_forecasts("rtt_list", "five_years"):
        exact = naive.name in ("trend to 2014/15", "2014/15 with drift")
        assert (score(naive, made).mean < 1e-9) == exact


def spoilt(history: History, inputs: tuple[str, ...], origin: str, key: tuple[str, int]) -> History:
    """Every figure later than the origin changed, but for what the rule is told of its quarter."""
    rows, noise = history.frame(), np.random.default_rng(7)
    later = rows["year"] > origin
    told = (rows["year"] == key[0]) & (rows["quarter"] == key[1])
    for name in (c for c in COLUMNS if c != "delayed_days_all"):
        # Beds in use stay below beds available, shares below one.
        change = noise.uniform(0.3, 0.6, len(rows)) if name != "beds_available" else noise.uniform(0.9, 1.5, len(rows))
        changed = later & ~(told & (name in inputs))
        rows[name] = rows[name].where(~changed, rows[name] * change)
    return History.of(rows)


@pytest.mark.parametrize("key", [("2015/16", 1), ("2017/18", 4), ("2019/20", 3)], ids=label)
def test_no_later_quarter_changes_a_naive_forecast(key: tuple[str, int]):
    others: dict[tuple[tuple[str, ...], str], History] = {}
    for naive in NAIVE:
        case = naive.inputs, origin_of(naive.horizon, key[0])
        if case not in others:
            others[case] = spoilt(england(), *case, key)
        assert not others[case].frame().equals(england().frame())
        assert forecasts(naive, others[case], [key]) == forecasts(naive, england(), [key]), naive.name


def test_inputs_are_used_where_declared_and_refused_where_not():
    for naive in (n for n in NAIVE if n.inputs):
        past, given = england().until(TRAINING), england().inputs("2015/16", 1, naive.inputs)
        value = naive.rule(past, Ahead("2015/16", 1, given))
        for name in naive.inputs:
            assert naive.rule(past, Ahead("2015/16", 1, {**given, name: 1.1 * given[name]})) != value
        with pytest.raises(CarebridgeError, match="was not declared"):
            naive.rule(past, Ahead("2015/16", 1))


def test_a_rule_that_reaches_ahead_is_stopped():
    cheat = Naive("cheat", "beds_occupied", "one_year", lambda past, ahead: past.at(ahead.year, 1).beds_occupied)
    with pytest.raises(SealedError):
        forecasts(cheat)


# --- the lock --------------------------------------------------------------------------------------------------------


def test_test_quarters_open_only_to_a_fit_frozen_before_them():
    assert list(opened(frozen_fit())["year"].unique()) == ["2015/16", "2016/17", "2017/18", "2018/19", "2019/20"]
    with pytest.raises(NotFrozenError, match="2015/16 Q1 is no test"):
        opened(frozen_fit("2015/16 Q1"))
    with pytest.raises(NotFrozenError, match="must use a view"):
        freeze({"weight": 1}, england())
    with pytest.raises(NotFrozenError, match="freeze it"):
        opened(None)  # type: ignore[arg-type]


def test_changed_parameters_do_not_open_them():
    frozen = freeze({"b": np.array([1.0, 2.0]), "a": {"x": 1}}, england().until(TRAINING))
    assert len(opened(frozen, {"a": {"x": 1}, "b": [1.0, 2.0]})) == len(TEST_QUARTERS)
    with pytest.raises(NotFrozenError, match="changed after"):
        opened(frozen, {"a": {"x": 1}, "b": [1.0, 2.0 + 1e-12]})


@pytest.mark.parametrize("wrong", [{}, {"a": float("nan")}, {"a": object()}])
def test_what_cannot_be_hashed_is_refused(wrong: dict):
    with pytest.raises(FaultsError):
        parameters_hash(wrong)


def test_a_hash_is_not_made_up():
    with pytest.raises(FaultsError, match="use freeze"):
        Frozen("my parameters", ("2014/15", 4))


# --- scores and claims -----------------------------------------------------------------------------------------------


def test_a_forecast_is_scored_in_percent_or_points():
    assert score(off_by(2.0)).mean == pytest.approx(2.0)
    share = {key: value - 0.03 for key, value in actual("type1_4h_share").items()}
    found = score(Forecast("m", "type1_4h_share", "five_years", share, frozen_fit()))
    assert (found.mean, found.unit) == (pytest.approx(3.0), "points")


def test_a_fit_that_saw_its_test_is_not_scored():
    late = dataclasses.replace(off_by(1.0), fit=frozen_fit("2016/17"))
    with pytest.raises(NotFrozenError, match="was trained until 2016/17 Q4"):
        score(late)
    yearly = {year: frozen_fit(origin_of("one_year", year)) for year, _ in TEST_QUARTERS}
    assert score(dataclasses.replace(late, fit=yearly)).mean == pytest.approx(1.0)
    with pytest.raises(NotFrozenError, match="from the end of 2014/15"):
        score(dataclasses.replace(late, fit=yearly, horizon="five_years"))
    del yearly["2018/19"]
    with pytest.raises(NotFrozenError, match="no frozen fit for 2018/19"):
        score(dataclasses.replace(late, fit=yearly))


def test_a_forecast_must_be_whole():
    good = off_by(1.0)
    values = {**dict(list(good.values.items())[1:]), ("2012/13", 1): 1.0, ("2016/17", 2): float("nan")}
    with pytest.raises(FaultsError) as told:
        dataclasses.replace(good, values=values, inputs=("beds_occupied",))
    assert [f.key for f in told.value.faults] == [
        "values.2015/16 Q1",
        "values.2012/13 Q1",
        "values.2016/17 Q2",
        "inputs",
    ]
    with pytest.raises(FaultsError, match="Did you mean 'beds_occupied'"):
        dataclasses.replace(good, target="beds")


def test_only_a_clear_gain_is_claimed():
    said = claim(off_by(0.05))
    assert "is better than that by 0.6" in said
    assert "19 quarters in 5 years are few" in said
    assert "not distinguishable" in claim(off_by(0.6))
    assert "is worse than that by" in claim(off_by(3.0))
    assert "from one origin" in claim(off_by(0.05, horizon="five_years"))


def test_the_bar_is_the_best_naive_whatever_it_is_told_and_never_one_of_hindsight():
    for target in TARGETS:
        for horizon in HORIZONS:
            best, bar = best_naive(target, horizon)
            fair = [score(n).mean for n in naive_forecasts(target, horizon) if not n.hindsight]
            assert bar.mean == min(fair)
            assert not best.hindsight
    assert best_naive("beds_occupied", "one_year")[1].mean < 0.75


def test_a_copy_of_the_best_naive_earns_nothing():
    best, _ = best_naive("waits_over_4h", "one_year")
    copy = Forecast("copy", "waits_over_4h", "one_year", forecasts(best), frozen_fit())
    own = table([copy]).set_index("kind").loc["given"]
    assert (own["gain"], own["gain_low"], own["gain_high"], own["verdict"]) == (0, 0, 0, "not distinguishable")


def test_the_table_puts_a_forecast_beside_every_naive_one():
    mine = off_by(0.7)
    rows = table([mine])
    assert len(rows) == 1 + len(naive_forecasts("beds_occupied", "one_year"))
    assert rows["mean_error"].is_monotonic_increasing
    assert (rows["verdict"] == "best naive").sum() == 1
    own = rows[rows["kind"] == "given"].iloc[0]
    best = best_naive("beds_occupied", "one_year")[1].mean
    assert own["skill"] == pytest.approx(1 - 0.7 / best)
    assert own["gain"] == pytest.approx(best - 0.7)
    assert set(table(of=[("beds_occupied", "five_years")])["kind"]) == {"naive", "hindsight"}


def test_the_interval_is_students_over_equal_years():
    years, effects = ["a", "b", "c", "d", "e"], [0.1, 0.4, 0.2, 0.5, 0.3]
    keys = [(year, quarter) for year in years for quarter in (1, 2, 3, 4)]
    worse = Score("w", "%", {k: 1 + effects[years.index(k[0])] + 0.01 * k[1] for k in keys})
    better = Score("b", "%", {k: 1 + 0.01 * k[1] for k in keys})
    found = paired(better, worse)
    # Mean 0.3, standard deviation 0.158 over five years, t(4) = 2.776.
    assert found.gain == pytest.approx(0.3)
    assert found.high - found.gain == pytest.approx(2.7764 * 0.15811 / 5**0.5, rel=1e-3)
    assert found.verdict == "better"
    assert np.isnan(found.dm_p)


def test_the_interval_covers_with_years_that_move_together():
    draw, runs, missed = np.random.default_rng(3), 1000, 0
    for _ in range(runs):
        year = draw.normal(size=5)
        gains = {key: year[i // 4] + 0.5 * draw.normal() for i, key in enumerate(TEST_QUARTERS)}
        nought = Score("nought", "%", dict.fromkeys(TEST_QUARTERS, 0.0))
        missed += paired(nought, Score("gains", "%", gains)).verdict != "not distinguishable"
    assert missed / runs == pytest.approx(0.05, abs=0.021)


def test_diebold_mariano_of_one_step_is_the_t_test():
    gains = np.array([0.3, -0.1, 0.4, 0.2, 0.1, 0.5, -0.2, 0.3])
    # With one step the corrected statistic is mean / (sd / sqrt(n)), with n - 1 degrees of freedom.
    assert diebold_mariano(gains, 1) == pytest.approx(float(stats.ttest_1samp(gains, 0.0).pvalue))
    assert np.isnan(diebold_mariano([1.0, -1.0, 1.0, -1.0], 2))
