"""The fit, and what is said without one."""

from __future__ import annotations

import errno
import json
import shutil

import numpy as np
import pandas as pd
import pytest

from models.calibration import calibrate
from models.calibration.aim import targets
from models.calibration.baseline import _whole_year, check_baseline, clear_miss
from models.calibration.calibrate import CannotFit, fit_footprint
from models.cli import main
from models.figures.figures import Figure
from models.footprint.footprint import inputs_hash, load_footprint
from models.footprint.observed import beds_by_quarter
from models.settings import compose
from models.settings import files as settings_files
from models.settings.request import parse
from models.settings.settings import settings
from sim import files


def test_shipped_fit_belongs_to_the_shipped_footprint(chosen):
    assert chosen.fit.inputs == inputs_hash(chosen.footprint)
    aim = targets(chosen.footprint)
    for site, beds in aim.occupied.items():
        assert chosen.fit.achieved[f"{site}_beds_occupied"] == pytest.approx(beds, rel=0.005)
    for pathway, beds in aim.delayed.items():
        assert chosen.fit.achieved[f"{pathway}_delayed_beds"] == pytest.approx(beds, rel=0.05)


def test_baseline_is_reproduced_and_scored(outcome):
    baseline = outcome.baseline
    assert baseline.reasons == []
    assert len(baseline.holdout) == 4 * 3
    assert set(baseline.errors) >= {"forecast_points", "same_quarter_points", "last_quarter_points"}
    observed = baseline.holdout["observed_occupancy"]
    again = 100 * np.mean(np.abs(baseline.holdout["forecast_occupancy"] - observed))
    assert baseline.errors["forecast_points"] == pytest.approx(again)
    assert baseline.delays["observed_residents"] == pytest.approx(77.9, abs=0.05)
    assert baseline.delays["observed_years"] == 8
    assert baseline.delays["simulated_yearly_change_sd"] > 0


def test_stale_fit_is_no_baseline(chosen, outcome):
    stale = chosen.fit.model_copy(update={"inputs": "0123456789abcdef"})
    reasons = check_baseline(chosen.footprint, stale, outcome.observed["business as usual"]).reasons
    assert any("other figures" in r for r in reasons)


def test_a_miss_must_be_beyond_chance():
    assert clear_miss(103.0, 0.1, 30, 100.0, 0.02) == pytest.approx(0.03)
    assert clear_miss(103.0, 10.0, 4, 100.0, 0.02) == 0.0
    assert clear_miss(101.0, 0.0001, 30, 100.0, 0.02) == 0.0
    assert clear_miss(150.0, 0.0, 1, 100.0, 0.02) == 0.0


def test_without_a_fit_the_verdict_is_no_baseline(tmp_path, capsys):
    assert main(["run", "fit=none", "timeline=5y", f"out={tmp_path / 'x'}"]) == 0
    document = json.loads((tmp_path / "x" / "verdict.json").read_text())
    assert document["verdict"] == "no baseline"
    assert document["reasons"]
    assert {"probability", "interval", "binding_criterion", "criteria", "replications", "scenario_hash"} <= set(
        document
    )
    assert "NO BASELINE" in capsys.readouterr().out


def test_changed_figures_without_a_new_fit_are_no_baseline(tmp_path, capsys):
    words = ["run", "footprint.demand.noise_variance.value=0.004", "timeline=3y", "replications=2"]
    short = [
        "criteria.longest_timeline_years=3",
        "criteria.window_years_after=1",
        "waterfall=0",
        "sensitivity=0",
        f"out={tmp_path / 'x'}",
    ]
    assert main([*words, *short]) == 0
    assert "other figures" in capsys.readouterr().out
    assert json.loads((tmp_path / "x" / "verdict.json").read_text())["verdict"] == "no baseline"


@pytest.mark.nightly
def test_fit_reaches_its_tolerances():
    chosen = settings(parse([]))
    fit = fit_footprint(chosen.footprint, chosen.future, replications=32, seed=1, workers=2, feedback=chosen.feedback)
    for part in ("inputs", "stay_factor", "capacity_factor", "usual_pressure", "achieved"):
        assert getattr(fit, part) == getattr(chosen.fit, part)


def test_an_impossible_past_is_refused(chosen):
    data = chosen.footprint.model_dump(mode="json")
    footprint = load_footprint(data)
    impossible = footprint.pathways["p2"].model_copy(
        update={"delayed_target": Figure(**{**data["pathways"]["p2"]["delayed_target"], "value": 1500.0})}
    )
    changed = footprint.model_copy(update={"pathways": {**footprint.pathways, "p2": impossible}})
    with pytest.raises(CannotFit, match="p2"):
        fit_footprint(changed, chosen.future, replications=2, workers=2, rounds=3)


def test_a_missed_four_hour_share_is_told_in_points(chosen):
    """With everybody followed through A&E its share is a target like the others, and missed like them."""
    with pytest.raises(CannotFit, match=r"_type1_4h \([+-]\d+\.\d points\)"):
        fit_footprint(chosen.footprint, chosen.future, replications=1, rounds=1, detail="full")


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """A copy of the configurations with a second area that nobody has fitted yet."""
    shutil.copytree(settings_files.CONFIGS, tmp_path / "configs")
    shutil.copytree(settings_files.SCENARIOS, tmp_path / "scenarios")
    footprint = tmp_path / "configs" / "footprint" / "devon.yaml"
    text = footprint.read_text(encoding="utf-8").replace("name: devon\n", "name: newland\n", 1)
    footprint.with_name("newland.yaml").write_text(text, encoding="utf-8")
    monkeypatch.setattr(settings_files, "CONFIGS", tmp_path / "configs")
    monkeypatch.setattr(settings_files, "SCENARIOS", tmp_path / "scenarios")
    compose.register_scenarios.cache_clear()
    yield tmp_path
    compose.register_scenarios.cache_clear()


def test_a_new_area_has_no_baseline_until_it_is_calibrated(elsewhere, monkeypatch, capsys):
    out = elsewhere / "run"
    assert main(["run", "footprint=newland", "timeline=3y", f"out={out}"]) == 0
    assert "carebridge calibrate" in capsys.readouterr().out
    assert json.loads((out / "verdict.json").read_text())["verdict"] == "no baseline"
    shipped = settings(parse([])).fit.model_copy(update={"footprint": "newland"})
    monkeypatch.setattr(calibrate, "fit_footprint", lambda *_, **__: shipped)
    assert main(["calibrate", "footprint=newland", "quick=true"]) == 0
    assert "newland.yaml" in capsys.readouterr().out
    assert settings(parse(["footprint=newland", "timeline=3y"])).fit == shipped


def test_calibration_does_not_replace_the_fit_of_other_figures(elsewhere, monkeypatch, capsys):
    monkeypatch.setattr(calibrate, "fit_footprint", lambda *_, **__: pytest.fail("it fitted"))
    before = (elsewhere / "configs" / "fit" / "devon.yaml").read_bytes()
    assert main(["calibrate", "footprint.demand.noise_variance.value=0.004"]) == 2
    assert "out=FILE" in capsys.readouterr().err
    assert (elsewhere / "configs" / "fit" / "devon.yaml").read_bytes() == before


def test_a_place_that_cannot_be_written_is_found_before_the_work(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(calibrate, "fit_footprint", lambda *_, **__: pytest.fail("it fitted"))
    (tmp_path / "file").write_text("mine")
    assert main(["calibrate", f"out={tmp_path / 'file' / 'fit.yaml'}"]) == 2
    assert "is a file" in capsys.readouterr().err
    monkeypatch.setattr(files.os, "access", lambda *_: False)
    assert main(["calibrate", f"out={tmp_path / 'fit.yaml'}"]) == 2
    assert "cannot be written" in capsys.readouterr().err
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_a_full_disk_spares_the_fit_that_is_there(tmp_path, chosen, monkeypatch, capsys):
    monkeypatch.setattr(calibrate, "fit_footprint", lambda *_, **__: chosen.fit)
    (tmp_path / "fit.yaml").write_text("earlier")

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files.os, "replace", full)
    assert main(["calibrate", "quick=true", f"out={tmp_path / 'fit.yaml'}"]) == 2
    assert "No space left on device" in capsys.readouterr().err
    assert (tmp_path / "fit.yaml").read_text() == "earlier"
    assert [p.name for p in tmp_path.iterdir()] == ["fit.yaml"]


@pytest.mark.parametrize("key", ["stay_factor.exeter", "zero_day_share.torbay", "capacity_factor.p3"])
def test_a_fit_that_lacks_a_place_is_no_fit(key):
    assert settings(parse(["timeline=3y", f"~fit.{key}"])).fit is None


def test_a_missing_count_is_missing_and_not_zero():
    assert _whole_year(pd.Series([1, 2, 3, 4], dtype="Int64")) == 10
    assert np.isnan(_whole_year(pd.Series([1, None, 3, 4], dtype="Int64")))


def test_holdout_knows_nothing_of_the_held_out_quarters(chosen, outcome, monkeypatch):
    """Other observed beds in 2019/20 change the score and not the forecast."""
    found = outcome.baseline.holdout
    other = beds_by_quarter(chosen.footprint, "2019/20").assign(occupied=1.0)
    monkeypatch.setattr("models.calibration.baseline.holdout_beds", lambda _: other[other["quarter"] <= 3])
    again = check_baseline(chosen.footprint, chosen.fit, outcome.observed["business as usual"])
    assert again.holdout["forecast_beds"].tolist() == found["forecast_beds"].tolist()
    assert again.errors["forecast_points"] > 50 > found.shape[0] > outcome.baseline.errors["forecast_points"]
