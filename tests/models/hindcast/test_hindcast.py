"""The hindcast: nothing later than the origin is seen, the model is scaled right, and what was promised is kept."""

import dataclasses

import numpy as np
import pytest
import yaml

from models.care.crowding import read_crowding
from models.cli import main
from models.hindcast.command import KEYS
from models.hindcast.crowded import crowding_with, fit_crowding
from models.hindcast.england import england_care, feedback_named
from models.hindcast.fit import figures, simulated, targets, training_hash
from models.hindcast.forecast import TARGETS, forecast_beds, forecasts_of, modelled, persistence, season_left
from models.hindcast.frozen_fit import FIT_FILE, FrozenFit, read_fit
from models.hindcast.hospitals import SITES, country
from models.hindcast.later import LATER_FIT_FILE, LATER_TARGETS, LATER_TRAINED_UNTIL, OLD, later, later_setup
from models.hindcast.parameters import FITTED, read_hindcast
from models.hindcast.run import DEMAND_ONLY, FORECAST_BEDS, FULL, hindcast
from models.hindcast.told import told_by
from models.hindcast.words import later_lines
from models.history import LATER_QUARTERS, TEST_QUARTERS, History, england, england_later, freeze, score
from models.history.data import COMPLETE_FROM
from sim.errors import CarebridgeError, FaultsError


@pytest.fixture(scope="module")
def setup():
    return read_hindcast()


@pytest.fixture(scope="module")
def care():
    return england_care(feedback_named("history"))


@pytest.fixture(scope="module")
def history():
    return england()


@pytest.fixture(scope="module")
def trained(setup, history):
    return history.until(setup.trained_until)


@pytest.fixture(scope="module")
def fit(setup, care, trained):
    return read_fit(setup, care, trained)


@pytest.fixture(scope="module")
def found(setup, care, history, trained, fit):
    """The whole history, few replications."""
    return simulated(setup, care, told_by(history, trained), fit.point, replications=3, seed=1, workers=2)


def scrambled(history: History) -> History:
    """The same up to March 2015, and everything but the inputs changed after it."""
    table, months = history.frame(), history.months()
    later = table["year"] > "2014/15"
    for column in ("beds_occupied", "waits_over_4h", "type1_4h_share", "delayed_days_acute", "delayed_days_non_acute"):
        table.loc[later, column] = table.loc[later, column] * 0.9
        if column in months.columns:
            months.loc[months["month"] >= "2015-04", column] *= 0.9
    return History.of(table.drop(columns="delayed_days_all"), months)


def _crowded(fit: FrozenFit):
    return crowding_with(read_crowding(), fit.crowding)


# -- what it is told --------------------------------------------------------------------------------------------------


def test_no_target_is_told(history, trained):
    """Changing every target after March 2015 changes nothing of what the model is told."""
    assert repr(told_by(history, trained)) == repr(told_by(scrambled(history), trained))  # nan is not equal to itself


def test_the_season_is_that_of_the_training_years(history, trained):
    """Told the whole or the beginning of the history, the month indices are the same."""
    whole, part = told_by(history, trained), told_by(trained, trained)
    assert whole.month_index == part.month_index
    assert whole.keys[: len(part.keys)] == part.keys
    assert whole.beds[: len(part.beds)] == part.beds
    assert np.mean(whole.month_index) == pytest.approx(1)


def test_the_first_year_is_lived_twice(history, trained):
    """The warm-up repeats the first year's beds, and has the first day of the run."""
    told = told_by(history, trained)
    assert told.beds[: told.warm_up] == told.beds[told.warm_up : 2 * told.warm_up]
    assert told.starts[0] == read_hindcast().start


def test_season_of_need_swings_more_than_beds_in_use(history, trained):
    """With an answer to pressure, need has to move more than what is seen; without, just as much."""
    told = told_by(history, trained)
    plain = np.array(told.stay_season(0.0))
    strong = np.array(told.stay_season(2.0))
    assert np.ptp(strong) > np.ptp(plain)
    assert plain.mean() == pytest.approx(1) and strong.mean() == pytest.approx(1)


def test_forecast_beds_know_only_the_years_before(history, trained):
    """Beds of a later year may change as they like: forecasts of earlier years stand."""
    told = told_by(history, trained)
    known = forecast_beds(told, history)
    table, months = history.frame(), history.months()
    table.loc[table["year"] >= "2017/18", "beds_available"] *= 1.05
    other = forecast_beds(told, History.of(table.drop(columns="delayed_days_all"), months))
    for n, key in enumerate(told.keys):
        if key[0] <= "2017/18":
            assert known.beds[n] == other.beds[n], key
        if key[0] <= "2014/15":
            assert known.beds[n] == told.beds[n]
    assert known.beds != told.beds


# -- the hospitals ----------------------------------------------------------------------------------------------------


def test_three_hospitals_stand_for_england(setup, care, found, history):
    """People admitted are the overnight share of England's admissions, within a few per cent."""
    rows = history.frame()
    first = [n for n, key in enumerate(found.keys) if key[0] == COMPLETE_FROM]
    admitted = found.started[:, first].sum(axis=1).mean()
    expected = setup.overnight_share.value * rows[rows["year"] == COMPLETE_FROM]["emergency_admissions"].sum()
    assert admitted == pytest.approx(expected, rel=0.03)
    assert len(SITES) == 3


def test_beds_in_use_are_near_before_any_level_is_taken(found, history):
    """The hospitals by themselves, every training year within 2 %."""
    rows = history.frame()
    for year in ("2011/12", "2012/13", "2013/14", "2014/15"):
        mine = found.occupied[:, [n for n, k in enumerate(found.keys) if k[0] == year]].mean()
        assert mine == pytest.approx(float(rows[rows["year"] == year]["beds_occupied"].mean()), rel=0.02)


def test_the_same_whatever_the_workers_and_replications_beside(setup, care, history, trained, fit, found):
    """A replication is the same alone or among others."""
    alone = simulated(setup, care, told_by(history, trained), fit.point, replications=range(1, 2), seed=1)
    assert np.array_equal(alone.occupied[0], found.occupied[1])
    assert np.array_equal(alone.waits_over_4h[0], found.waits_over_4h[1])


def test_every_fitted_parameter_is_asked_for(setup, care, history, trained, fit):
    """Leaving one out is an error, not a default."""
    assert set(fit.point) == set(FITTED)
    with pytest.raises(KeyError):
        country(setup, care, told_by(history, trained), {k: v for k, v in fit.point.items() if k != "spread"})


def test_targets_are_yearly_figures_of_the_training_years_only(found, trained):
    """Five years of beds, four of waits and delays, and the winters."""
    wanted = targets(trained)
    assert len(wanted) == 5 + 4 + 4 + 1
    assert not any("2015/16" in t.name for t in wanted)
    made = figures(found, wanted)
    assert set(made) == {t.name for t in wanted} and all(v.shape == (3,) for v in made.values())


# -- forecasts --------------------------------------------------------------------------------------------------------


def test_a_model_that_is_right_up_to_a_factor_is_right(history, trained):
    """With rho 1 the level of the last known year is taken, with rho 0 nothing is."""
    rows = history.frame()
    keys = list(zip(rows["year"], rows["quarter"], strict=True))
    model = {
        "beds_occupied": {
            (str(y), int(q)): float(v) * 1.1 for (y, q), v in zip(keys, rows["beds_occupied"], strict=True)
        }
    }
    lock = freeze({"a": 1.0}, trained)
    right = forecasts_of("x", model, history, lock, {"beds_occupied": 1.0}, targets=("beds_occupied",))
    assert all(score(one).mean == pytest.approx(0, abs=1e-9) for one in right)
    wrong = forecasts_of("x", model, history, lock, {"beds_occupied": 0.0}, targets=("beds_occupied",))
    assert all(score(one).mean == pytest.approx(10) for one in wrong)


def test_forecasts_do_not_see_later_targets(found, history, trained, setup, fit):
    """Five years ahead nothing after March 2015 is seen, whatever it was."""
    says = modelled(found, told_by(history, trained), setup, _crowded(fit))
    lock = fit.frozen(trained)
    here = forecasts_of("x", says, history, lock, fit.persistence, horizons=("five_years",))
    there = forecasts_of("x", says, scrambled(history), lock, fit.persistence, horizons=("five_years",))
    assert [one.values for one in here] == [one.values for one in there]


def test_persistence_is_one_share_for_what_was_fitted(trained, fit):
    """A constant error gives 1, an alternating one 0; delays take the last level whole."""
    rows = trained.frame()
    keys = [(str(y), int(q)) for y, q in zip(rows["year"], rows["quarter"], strict=True)]

    def off(factor):
        logs = {t for t, scale in TARGETS.items() if scale == "log"}
        pairs = {t: zip(keys, rows[t].to_numpy(float), strict=True) for t in TARGETS}
        return {
            t: {k: v * (factor(k) if t in logs else 1 - 0.01 * (2 - factor(k))) for k, v in p} for t, p in pairs.items()
        }

    assert persistence(off(lambda k: 0.95), trained)["waits_over_4h"] == pytest.approx(1, abs=0.05)
    assert persistence(off(lambda k: 0.95 if int(k[0][:4]) % 2 else 1.05), trained)["waits_over_4h"] == 0
    assert all(0 <= v <= 1 for v in fit.persistence.values())
    assert fit.persistence["delayed_days_all"] == fit.persistence["delayed_days_acute"] == 1
    assert fit.persistence["waits_over_4h"] == fit.persistence["beds_occupied"] < 1


def test_a_fault_of_season_is_taken_out(trained, fit):
    """What a model is too high by every winter is taken off again, and the four corrections sum to nought."""
    rows = trained.frame()
    keys = [(str(y), int(q)) for y, q in zip(rows["year"], rows["quarter"], strict=True)]
    high = {
        t: {k: v * (1.2 if k[1] == 4 and TARGETS[t] == "log" else 1.0) for k, v in zip(keys, rows[t], strict=True)}
        for t in TARGETS
    }
    left = season_left(high, trained)["waits_over_4h"]
    assert left[3] - left[0] == pytest.approx(-np.log(1.2)) and sum(left) == pytest.approx(0)
    assert all(abs(sum(v)) < 1e-3 for v in fit.season_left.values())


def test_crowding_is_found_again(found, history, trained, setup):
    """Four-hour shares made with known slopes give the slopes back."""
    told, crowding = told_by(history, trained), read_crowding()
    truth = {"base_breach": 0.02, "crowding_slope": 0.9}
    made = modelled(found, told, setup, crowding_with(crowding, truth))["type1_4h_share"]
    table = trained.frame()
    keys = zip(table["year"], table["quarter"], strict=True)
    table["type1_4h_share"] = [made[str(y), int(q)] if y >= COMPLETE_FROM else np.nan for y, q in keys]
    part = dataclasses.replace(found)
    got = fit_crowding(
        part, told, setup, crowding, History.of(table.drop(columns="delayed_days_all"), trained.months())
    )
    assert got["crowding_slope"] == pytest.approx(0.9, rel=0.1)


# -- the frozen fit and the command -----------------------------------------------------------------------------------


def test_a_fit_belongs_to_its_figures(setup, care, trained, tmp_path):
    """Another figure of care, another hash, and a refusal that says what to do."""
    assert yaml.safe_load(FIT_FILE.read_text("utf-8"))["inputs"] == training_hash(setup, care, trained)
    other = setup.model_copy(update={"overnight_share": setup.overnight_share.model_copy(update={"value": 0.7})})
    with pytest.raises(CarebridgeError, match="--refit"):
        read_fit(other, care, trained)
    with pytest.raises(CarebridgeError, match="no fit"):
        read_fit(setup, care, trained, tmp_path / "none.yaml")


def test_a_changed_fit_cannot_be_tested(fit: FrozenFit, trained):
    """The lock notices a parameter that was changed after freezing."""
    lock = fit.frozen(trained)
    changed = fit.model_copy(update={"point": {**fit.point, "spread": 0.4}})
    with pytest.raises(CarebridgeError, match="changed"):
        lock.check(changed.parameters)


def test_faults_of_the_parameters_are_named(setup):
    """Unit and range, both at once."""
    data = setup.model_dump(mode="json", by_alias=True)
    data["hospitals"]["unit"] = "trusts"
    data["fitted"]["spread"]["value"] = 2
    with pytest.raises(FaultsError) as caught:
        read_hindcast(data)
    keys = " ".join(f.key for f in caught.value.faults)
    assert "hospitals" in keys and "spread" in keys


def test_bad_words_are_named(capsys):
    """Nearest word, and nothing is run."""
    assert main(["hindcast", "replicatoins=4"]) == 2
    assert "replications" in capsys.readouterr().err
    assert set(KEYS) == {"years", "replications", "seed", "workers", "out"}


# -- the second test --------------------------------------------------------------------------------------------------


def test_a_drive_is_told_to_a_fit_that_saw_it_begin(setup, care, history):
    """What a fit hangs on: the drive of 2017 where the training years reach it, and only there."""
    none = setup.model_copy(update={"announced": {}})
    for until, differs in (("2014/15", False), ("2016/17", False), ("2018/19", True)):
        trained = history.until(until)
        assert (training_hash(setup, care, trained) != training_hash(none, care, trained)) == differs, until


@pytest.mark.nightly
def test_the_second_test_is_the_first_in_other_years(setup, care, history, trained, fit, found):
    """Asked about quarters of the first test, with the same fit and the same draws, it says the same of them."""
    test = tuple(key for key in TEST_QUARTERS if "2015/16" <= key[0] <= "2017/18")
    second = later(setup, care, read_crowding(), history, (fit, fit), test=test, replications=3, seed=1, workers=2)
    says = modelled(found, told_by(history, trained), setup, _crowded(fit))
    first = forecasts_of(FULL, says, history, fit.frozen(trained), fit.persistence, fit.season_left)
    for one in (f for f in second.forecasts if f.name in (FULL, OLD)):
        same = next(f for f in first if (f.target, f.horizon) == (one.target, one.horizon))
        assert one.values == {key: same.values[key] for key in test}
    assert {f.target for f in second.forecasts} == set(LATER_TARGETS)
    assert len(second.quarters) == len(second.forecasts) * len(test)
    assert any("frozen in March 2015" in line for line in later_lines(second))


@pytest.mark.nightly
def test_what_the_hindcast_promises(setup, care, history, fit):
    """The thresholds of a baseline that earns belief, with the replications of the command."""
    outcome = hindcast(setup, care, read_crowding(), history, fit, replications=96, seed=1, workers=2)
    error = {(r["forecast"], r["target"], r["horizon"]): r["mean_error"] for r in outcome.scores.to_dict("records")}
    assert error[FULL, "beds_occupied", "one_year"] <= 0.90
    assert error[FULL, "beds_occupied", "five_years"] <= 1.3
    assert error[FORECAST_BEDS, "beds_occupied", "one_year"] <= 1.0
    assert error[DEMAND_ONLY, "beds_occupied", "one_year"] > error[FULL, "beds_occupied", "one_year"]
    assert error[FULL, "type1_4h_share", "one_year"] < error["same quarter last year", "type1_4h_share", "one_year"]
    assert error[FULL, "waits_over_4h", "five_years"] < error["held at 2014/15", "waits_over_4h", "five_years"]
    for delays in ("delayed_days_all", "delayed_days_acute"):
        assert error[FULL, delays, "one_year"] < error["same quarter last year", delays, "one_year"]
    assert error[FULL, "waits_over_4h", "one_year"] > error["same quarter last year", "waits_over_4h", "one_year"]
    own = outcome.added[outcome.added["kind"] == "given"]
    assert set(own["target"]) == {one.target for one in outcome.forecasts}
    assert (own["half_each"] < own["last_year"]).all(), (
        "half each, model and last year's value are nearer than that value"
    )
    assert outcome.response.inside
    assert outcome.overshoot == pytest.approx(0.25, abs=0.01)
    assert 0.20 < outcome.overshoot_simulated < 0.35
    assert len(outcome.quarters) == len(outcome.forecasts) * len(TEST_QUARTERS)


@pytest.mark.nightly
def test_what_the_second_test_found(setup, care, fit):
    """As the page says: beds in use still follow after the pandemic, waits for a bed and the four-hour share do not."""
    whole = england_later()
    new = read_fit(later_setup(setup), care, england().until(LATER_TRAINED_UNTIL), LATER_FIT_FILE)
    found = later(setup, care, read_crowding(), whole, (new, fit), replications=96, seed=1, workers=2)
    error = {(r["forecast"], r["target"]): r["mean_error"] for r in found.scores.to_dict("records")}
    naive = "same quarter last year"
    assert error[FULL, "beds_occupied"] == pytest.approx(1.65, abs=0.15)
    assert error[OLD, "beds_occupied"] < error["last year's occupancy x actual beds", "beds_occupied"]
    assert error[FULL, "waits_over_4h"] > error[naive, "waits_over_4h"]
    assert error[FULL, "type1_4h_share"] > error[naive, "type1_4h_share"]
    nearer = found.added[found.added["forecast"] == FULL].set_index("target")["gain"] > 0
    assert nearer.to_dict() == {"beds_occupied": True, "type1_4h_share": False, "waits_over_4h": False}
    assert len(found.quarters) == len(found.forecasts) * len(LATER_QUARTERS)
