"""The fit, and what is said without one."""

from __future__ import annotations

import json

import numpy as np
import pytest

from models.baseline import _clear_miss, check_baseline
from models.calibrate import CannotFit, fit_footprint, inputs_hash, targets
from models.cli import main
from models.compose import parse, settings
from models.figures import Figure
from models.footprint import load_footprint


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
    assert _clear_miss(103.0, 0.1, 30, 100.0, 0.02) == pytest.approx(0.03)
    assert _clear_miss(103.0, 10.0, 4, 100.0, 0.02) == 0.0
    assert _clear_miss(101.0, 0.0001, 30, 100.0, 0.02) == 0.0
    assert _clear_miss(150.0, 0.0, 1, 100.0, 0.02) == 0.0


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
    short = ["criteria.longest_timeline_years=3", "criteria.window_years_after=1", f"out={tmp_path / 'x'}"]
    assert main([*words, *short]) == 0
    assert "other figures" in capsys.readouterr().out
    assert json.loads((tmp_path / "x" / "verdict.json").read_text())["verdict"] == "no baseline"


@pytest.mark.nightly
def test_fit_reaches_its_tolerances():
    chosen = settings(parse([]))
    fit = fit_footprint(chosen.footprint, chosen.future, replications=32, seed=1, workers=2)
    assert fit == chosen.fit


def test_an_impossible_past_is_refused(chosen):
    data = chosen.footprint.model_dump(mode="json")
    footprint = load_footprint(data)
    impossible = footprint.pathways["p2"].model_copy(
        update={"delayed_target": Figure(**{**data["pathways"]["p2"]["delayed_target"], "value": 1500.0})}
    )
    changed = footprint.model_copy(update={"pathways": {**footprint.pathways, "p2": impossible}})
    with pytest.raises(CannotFit, match="p2"):
        fit_footprint(changed, chosen.future, replications=2, workers=2, rounds=3)
