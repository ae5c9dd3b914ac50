"""The command that fits: what it writes and prints, and how it refuses."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from models.calibration import calibrate
from models.calibration import command as calibrate_command
from models.calibration import whole as calibration_whole
from models.calibration.calibrate import CannotFit
from models.calibration.command import HELP
from models.calibration.whole import Calibrated, fit_hash
from models.cli import main
from models.settings.fit import Fit, Missed, Range
from models.settings.settings import Settings
from sim.calibration import HeldOut, Target
from tests.models.calibration.test_calibrate_whole import contradictory


@pytest.fixture
def point(chosen: Settings, monkeypatch: pytest.MonkeyPatch) -> Fit:
    """The shipped point estimate, found at once."""
    assert chosen.fit is not None
    fit = chosen.fit.model_copy(update={"posterior": {}, "identified": [], "implausibility": {}, "hash": ""})
    monkeypatch.setattr(calibrate, "fit_footprint", lambda *_, **__: fit)
    return fit


@pytest.fixture
def found(point: Fit, monkeypatch: pytest.MonkeyPatch) -> Calibrated:
    """A whole calibration, found at once."""
    words = "Home with support: arrivals_p1 x stay_p1 / places_p1: only their ratio is identified; the rest are priors"
    update = {
        "posterior": {
            "stay_p1": Range(
                unit="days",
                used=16.2,
                low=13.8,
                median=16.7,
                high=20.3,
                prior_low=13.0,
                prior_high=20.1,
                state="only in combination",
            )
        },
        "identified": [words],
        "implausibility": {
            "p1_delayed_beds": Missed(
                unit="beds",
                basis="host trust",
                year="2018/19",
                clock="counted delayed transfers (c to d)",
                observed=25.2,
                simulated=25.7,
                sd=11.8,
                implausibility=0.04,
                within_ranges=0.03,
            )
        },
    }
    fit = point.model_copy(update=update)
    fit = fit.model_copy(update={"hash": fit_hash(fit)})
    targets = [Target(f"{s} 2019/20 Q1", 300.0, sd_model=3.0, unit="beds") for s in ("torbay", "exeter")]
    held = HeldOut(
        tuple(targets),
        0.9,
        np.array([305.0, 350.0]),
        np.array([290.0, 340.0]),
        np.array([320.0, 360.0]),
        np.array([0.3, 0.0]),
        np.array([3.0, 45.0]),
    )
    whole: Any = Calibrated(fit, *([None] * 4), held)  # type: ignore[arg-type]
    monkeypatch.setattr(calibration_whole, "calibrate_around", lambda *_, **__: whole)
    return whole


def test_quick_writes_the_point_estimate_alone(point: Fit, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "fit.yaml"
    assert main(["calibrate", "timeline=5y", "quick=true", f"out={out}"]) == 0
    text = out.read_text("utf-8")
    assert "quick=true" in text.splitlines()[1]
    assert Fit.model_validate(yaml.safe_load(text)) == point
    assert "torbay_beds_occupied" in capsys.readouterr().out


def test_the_whole_is_kept_in_the_file_and_printed(
    found: Calibrated, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, table = tmp_path / "fit.yaml", tmp_path / "ranges.csv"
    assert main(["calibrate", "timeline=5y", f"out={out}", f"csv={table}"]) == 0
    data = yaml.safe_load(out.read_text("utf-8"))
    assert {"posterior", "identified", "implausibility", "hash", "feedback", "mechanisms"} <= set(data)
    assert Fit.model_validate(data) == found.fit
    said = capsys.readouterr().out
    for words in (
        "counted delayed transfers (c to d)",
        "only their ratio is identified",
        "13.8 to 20.3",
        "torbay: 1 of 1 inside",
        "exeter: 0 of 1 inside",
        "all: 50% inside",
        found.fit.hash,
    ):
        assert words in said
    assert all(len(line) <= 160 for line in said.splitlines() if not line.startswith("Fitted"))
    ranges = pd.read_csv(table)
    assert ranges.loc[0, ["parameter", "used", "state"]].tolist() == ["stay_p1", 16.2, "only in combination"]
    assert "held" not in out.read_text("utf-8") and "Q1" not in out.read_text("utf-8")  # printed, never used


def test_json_holds_everything(found: Calibrated, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calibrate", "timeline=5y", f"out={tmp_path / 'fit.yaml'}", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["baseline"] is True and data["fit"]["hash"] == found.fit.hash
    assert [row["inside"] for row in data["held_out"]] == [True, False]
    assert data["coverage"][0] == {"site": "torbay", "quarters": 1, "inside": 1, "level": 0.9}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["quick=yes"], "true or false"),
        (["quick=true", "csv=ranges.csv"], "no ranges"),
        (["quick=true", "quick=true"], "given twice"),
        (["csv=/"], "a file is needed"),
        (["quick"], "key=value"),
    ],
)
def test_wrong_words_are_faults(
    found: Calibrated, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    assert main(["calibrate", "timeline=5y", *words]) == 2
    assert said in capsys.readouterr().err


def test_help_names_every_key() -> None:
    for key in ("footprint", "replications", "seed", "workers", "feedback", "quick", "out", "csv"):
        assert re.search(rf"^  {key}=", HELP, re.MULTILINE)
    assert "NO BASELINE" in HELP and "--json" in HELP


# --- no baseline -------------------------------------------------------------------------------------------------


def test_a_contradictory_footprint_has_no_baseline_and_no_file(
    chosen: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    changed = dataclasses.replace(chosen, footprint=contradictory(chosen.footprint))
    monkeypatch.setattr(calibrate_command, "settings", lambda _: changed)
    out = tmp_path / "fit.yaml"
    assert main(["calibrate", "timeline=5y", f"out={out}"]) == 1
    said = capsys.readouterr()
    assert "NO BASELINE" in said.err and "north_devon" in said.err and "no file was written" in said.err
    assert said.out == "" and list(tmp_path.iterdir()) == []


def test_what_cannot_be_found_leaves_the_earlier_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: Any, **__: Any) -> Fit:
        raise CannotFit("Devon: the baseline 2018/19 is not reproduced: p2 (+80.0%).")

    monkeypatch.setattr(calibrate, "fit_footprint", refuse)
    out = tmp_path / "fit.yaml"
    out.write_text("earlier")
    assert main(["calibrate", "timeline=5y", f"out={out}"]) == 1
    assert "NO BASELINE. Devon" in (said := capsys.readouterr().err) and "p2 (+80.0%)" in said
    assert out.read_text() == "earlier"


def test_figures_of_another_year_are_no_baseline_and_both_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "fit.yaml"
    mixed = "footprint.pathways.p1.delayed_target.year=2022/23"
    assert main(["calibrate", "timeline=5y", mixed, f"out={out}"]) == 1
    said = capsys.readouterr().err
    for words in ("NO BASELINE", "pathways.p1.delayed_target", "2022/23", "2018/19", "(a to d)", "(c to d)"):
        assert words in said
    assert not out.exists()


def test_a_short_footprint_on_two_bases_is_refused_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(calibrate, "fit_footprint", lambda *_, **__: pytest.fail("it fitted"))
    out = tmp_path / "fit.yaml"
    assert main(["calibrate", "timeline=5y", "footprint=liverpool", f"out={out}"]) == 1
    said = capsys.readouterr().err
    assert "NO BASELINE" in said and "known only within 22.5%" in said and "no file was written" in said
    assert not out.exists()


@pytest.mark.nightly
def test_the_whole_for_devon(chosen: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "devon.yaml"
    assert main(["calibrate", "timeline=5y", f"out={out}", "workers=2"]) == 0
    fit, shipped = Fit.model_validate(yaml.safe_load(out.read_text("utf-8"))), chosen.fit
    assert shipped is not None
    for part in ("stay_factor", "capacity_factor", "usual_pressure", "achieved", "inputs"):
        assert getattr(fit, part) == getattr(shipped, part)
    assert (fit.feedback, fit.mechanisms) == ("history", ["bed_limited_response"])
    assert fit.identified[0].startswith(
        "Home with support: arrivals_p1 x stay_p1 / places_p1: only their ratio is identified"
    )
    assert max(row.implausibility for row in fit.implausibility.values()) < 3
    assert fit.posterior["stay_factor_plymouth"].state == "identified"
    assert fit.posterior["reported_share"].state == "stays prior"
    said = capsys.readouterr().out
    assert len(re.findall(r"of 3 inside", said)) == 4
