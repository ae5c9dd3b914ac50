"""Many areas at once: what is asked, kept and written; the fits that are shipped; whose plan may be run where."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from models import CONFIGS
from models.areas import command as footprints_command
from models.areas import folder as footprints_folder
from models.areas.request import read, several
from models.areas.score import Forecast, Span
from models.calibration import calibrate
from models.calibration.aim import targets
from models.calibration.calibrate import CannotFit
from models.calibration.factors import DELAY_TOLERANCE, OCCUPANCY_TOLERANCE, half_a_place
from models.calibration.feedback import feedback_reasons, mechanisms_of
from models.cli import main
from models.footprint.footprint import Footprint, inputs_hash, load_footprint
from models.footprint.observed import holdout_beds
from models.hindcast.england import feedback_named
from models.plans.whose_plan import owner_of, usual_plan
from models.settings.files import of_year
from models.settings.fit import Fit
from models.settings.request import parse
from models.settings.settings import Settings, settings
from sim.arrow import read_table
from sim.errors import FaultsError
from tests.models.report.test_report import Page

FITTED = [name for name in of_year() if (CONFIGS / "fit" / f"{name}.yaml").exists()]
REFUSED = ["berkshire_west", "birmingham_solihull", "liverpool"]


def shipped(name: str) -> Settings:
    return settings(parse([f"footprint={name}", "timeline=5y"]))


# --- the fits that are shipped ---------------------------------------------------------------------------------------


def test_every_footprint_is_fitted_or_says_why_not() -> None:
    assert sorted([*FITTED, *REFUSED]) == of_year()
    assert len(FITTED) == 13


@pytest.mark.parametrize("name", FITTED)
def test_a_shipped_fit_belongs_to_the_figures_and_meets_them(name: str) -> None:
    text = (CONFIGS / "fit" / f"{name}.yaml").read_text("utf-8")
    fit = Fit.model_validate(yaml.safe_load(text))
    footprint = load_footprint(CONFIGS / "footprint" / f"{name}.yaml")
    assert fit.footprint == footprint.name and fit.covers(footprint.sites, footprint.pathways)
    assert fit.inputs == inputs_hash(footprint)
    assert feedback_reasons(fit, mechanisms_of(feedback_named("history"))) == []
    aim = targets(footprint)
    for site, beds in aim.occupied.items():
        assert fit.achieved[f"{site}_beds_occupied"] == pytest.approx(beds, rel=OCCUPANCY_TOLERANCE)
    # where few beds are delayed, one place more or less is more than the tolerance: 0.8 of 4.5 beds, 0.6 of 10.6
    whole_places = {"tameside_glossop": 0.08, "derbyshire": 0.06}.get(name, DELAY_TOLERANCE)
    for way, beds in aim.delayed.items():
        assert fit.achieved[f"{way}_delayed_beds"] == pytest.approx(beds, rel=whole_places)
    assert ("quick=true" in text.splitlines()[1]) == (not fit.posterior)  # the file says how it was made


def test_half_a_place_is_half_of_what_one_place_changes() -> None:
    assert half_a_place({62: 4.97}, 62) == 0.0
    assert half_a_place({62: 4.97, 63: 4.17, 65: 1.0}, 63) == pytest.approx(0.40)
    assert half_a_place({61: 5.97, 62: 4.97, 63: 4.17}, 62) == pytest.approx(0.50)


# --- whose plan ------------------------------------------------------------------------------------------------------


def test_a_plan_belongs_to_the_footprint_that_it_names() -> None:
    assert owner_of("devon_2016") == owner_of("devon_2016_misreading") == "devon"
    assert owner_of("derbyshire_2016") == "derbyshire"
    assert owner_of("nowhere") is None and owner_of("none") is None
    assert usual_plan("cornwall", ["devon_2016", "none"]) == "none"
    assert usual_plan("devon", ["devon_2016", "none"]) == "devon_2016"


def test_other_footprints_run_without_a_plan_and_refuse_that_of_devon(capsys: pytest.CaptureFixture[str]) -> None:
    assert parse([]).plan == "devon_2016"
    chosen = shipped("cornwall")
    assert chosen.plan.name == "none" and chosen.fit is not None
    assert main(["run", "footprint=cornwall", "plan=devon_2016", "seed=-1"]) == 2
    said = capsys.readouterr().err
    assert "is for devon, not for cornwall: give footprint=devon with it; plans for cornwall" in said
    assert "Did you mean 'none'?" in said and "seed" in said
    assert shipped("dorset").plan.name == "dorset"


@pytest.mark.parametrize("name", REFUSED)
def test_a_run_says_no_baseline_and_why(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", f"footprint={name}", "timeline=5y", f"out={tmp_path / 'x'}"]) == 0
    found = json.loads((tmp_path / "x" / "verdict.json").read_text("utf-8"))
    assert found["verdict"] == "no baseline" and "known only within" in found["reasons"][0]
    assert "NO BASELINE" in capsys.readouterr().out
    assert "known only within" in (tmp_path / "x" / "report.html").read_text("utf-8")


def test_the_list_says_which_footprints_can_be_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "footprints"]) == 0
    said = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()[1:]}
    assert all(" fitted " in said[name] for name in FITTED)
    assert all(" no baseline " in said[name] for name in REFUSED)


# --- what is asked ---------------------------------------------------------------------------------------------------


def test_one_area_is_not_several() -> None:
    assert several(["footprint=all"]) and several(["footprint=dorset,cornwall", "quick=true"])
    assert not several(["footprint=dorset"]) and not several(["quick=true"])


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    words = ["footprint=dorst,cornwall,cornwall", "quick=yes", "csv=x.csv", "seed=x", f"out={tmp_path}"]
    with pytest.raises(FaultsError) as caught:
        read([*words, "footprint.delays.reported_share.value=0.5"])
    said = str(caught.value)
    for part in (
        "Did you mean 'dorset'?",
        "is named twice",
        "must be true or false",
        "the fits hold the ranges",
        "a whole number is needed",
        "holds other things (mine.txt)",
        "changed for one area at a time",
    ):
        assert part in said
    assert len(caught.value.faults) == 7


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("mine")
    with pytest.raises(FaultsError, match="this is a file"):
        read(["footprint=cornwall,dorset", f"out={tmp_path / 'x'}"])


# --- what is done, kept and written ----------------------------------------------------------------------------------


def as_last_year(footprint: Footprint, *_: Any, **__: Any) -> Forecast:
    """A forecast that is made at once: what was observed and ten beds."""
    rows = holdout_beds(footprint).to_dict("records")
    sites: dict[str, dict[str, Span]] = {site: {} for site in footprint.sites}
    for row in rows:
        beds = float(row["occupied"]) + 10
        span = Span(beds=beds, low=beds - 15, high=beds + 15, occupancy=beds / float(row["available"]))
        sites[str(row["site"])][f"{row['year']} Q{row['quarter']}"] = span
    used = {name: site.beds_occupied.value for name, site in footprint.sites.items()}
    whole = next(iter(sites.values()))
    return Forecast(sites=sites, whole=whole, baseline_beds=used, baseline_delayed=1.0, reasons=[])


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Fits and forecasts are found at once; which areas were fitted is written down."""
    done: list[str] = []

    def fit(footprint: Footprint, *_: Any, **__: Any) -> Fit:
        if footprint.name == "frimley":
            raise CannotFit("Frimley: the baseline 2018/19 is not reproduced: p1 (+9.0%).")
        done.append(footprint.name)
        found = shipped(footprint.name).fit
        assert found is not None
        return found.model_copy(update={"posterior": {}, "identified": [], "implausibility": {}, "hash": ""})

    monkeypatch.setattr(calibrate, "fit_footprint", fit)
    monkeypatch.setattr(footprints_command, "forecast", as_last_year)
    return done


@pytest.fixture
def unwritten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Charts and pages are left out."""
    monkeypatch.setattr(footprints_folder, "write_folder", lambda *_: None)


def test_one_folder_holds_everything(made: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "x"
    assert main(["calibrate", "footprint=cornwall,liverpool,frimley", "quick=true", f"out={out}"]) == 0
    said = capsys.readouterr()
    assert made == ["cornwall"]
    assert "Liverpool, within Cheshire and Merseyside: NO BASELINE. Delayed beds" in said.out
    assert "Frimley: NO BASELINE. The baseline 2018/19 is not reproduced: p1 (+9.0%)." in said.out
    assert "3 areas, 3 to do" in said.err and "fitted; misses occupancy by" in said.err
    assert {p.name for p in out.glob("*.png")} == {"overview.png", "cornwall.png", "liverpool.png", "frimley.png"}
    fit = Fit.model_validate(yaml.safe_load((out / "fits" / "cornwall.yaml").read_text("utf-8")))
    assert fit.inputs == inputs_hash(shipped("cornwall").footprint)
    scores, hospitals = (read_table(out / f"{name}.arrow", "1.0") for name in ("scores", "hospitals"))
    cornwall = scores[scores["system"] == "cornwall"]
    assert (cornwall["forecast_beds"] - cornwall["observed_beds"]).round(6).eq(10).all() and cornwall["inside"].all()
    assert scores.attrs["units"]["forecast_beds"] == "beds"
    assert hospitals.set_index("system").loc["cornwall", "forecast_error_points"] == pytest.approx(
        100 * (10 / (cornwall["observed_beds"] / cornwall["observed_occupancy"])).mean()
    )
    assert scores[scores["system"] == "frimley"]["forecast_beds"].isna().all()
    html = (out / "report.html").read_text("utf-8")
    page = Page(html)
    assert page.faults == [] and len(page.ids) == len(set(page.ids)) and all(u.startswith("#") for u in page.links)
    assert html.count('class="system"') == 3 and page.text.count("NO BASELINE") == 2
    manifest = json.loads((out / "manifest.json").read_text("utf-8"))
    assert manifest["areas"]["cornwall"]["baseline"] and manifest["areas"]["liverpool"]["reasons"]
    assert not (CONFIGS.parent / "runs" / "footprints").exists()


def test_a_stop_loses_nothing_that_is_done(
    made: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["calibrate", "footprint=cornwall,dorset", "quick=true", f"out={tmp_path / 'x'}"]

    def stop(footprint: Footprint, *_: Any, **__: Any) -> Forecast:
        if footprint.name == "dorset":
            raise KeyboardInterrupt
        return as_last_year(footprint)

    monkeypatch.setattr(footprints_command, "forecast", stop)
    assert main(words) == 130
    said = capsys.readouterr().err
    assert "1 of 2 areas are done and kept" in said and "the same command goes on" in said
    assert not (tmp_path / "x" / "report.html").exists()
    monkeypatch.setattr(footprints_command, "forecast", as_last_year)
    assert main(words) == 0
    assert "2 areas, 1 to do" in (said := capsys.readouterr().err) and "done before" in said
    assert made == ["cornwall", "dorset"]  # the fit of the area that was stopped had been kept as well
    first = (tmp_path / "x" / "report.html").read_bytes()
    assert main(words) == 0
    assert made == ["cornwall", "dorset"] and (tmp_path / "x" / "report.html").read_bytes() == first


@pytest.mark.nightly
def test_other_settings_need_another_folder(made: list[str], unwritten: None, tmp_path: Path) -> None:
    words = ["calibrate", "footprint=cornwall,liverpool", f"out={tmp_path / 'x'}"]
    assert main([*words, "quick=true", "seed=3"]) == 0
    with pytest.raises(FaultsError, match="made with another seed, quick"):
        footprints_command.calibrate_several(words[1:])


@pytest.mark.nightly
def test_a_damaged_file_is_done_anew(made: list[str], unwritten: None, tmp_path: Path) -> None:
    words = ["calibrate", "footprint=cornwall,liverpool", "quick=true", f"out={tmp_path / 'x'}"]
    assert main(words) == 0
    (tmp_path / "x" / "areas" / "cornwall.json").write_text("{half")
    assert main(words) == 0
    assert made == ["cornwall", "cornwall"]


def test_shipped_fits_may_be_taken(made: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["calibrate", "footprint=cornwall,dorset", "refit=false", "quick=true", f"out={tmp_path / 'x'}"]
    assert main([*words, "--json"]) == 0
    assert made == []
    found = json.loads(capsys.readouterr().out)
    assert set(found["fits"]) == {"cornwall", "dorset"}
    assert [row["system"] for row in found["areas"]][-2:] == ["all with a baseline", "all"]
    text = (tmp_path / "x" / "fits" / "dorset.yaml").read_text("utf-8")
    assert text == (CONFIGS / "fit" / "dorset.yaml").read_text("utf-8")


def test_no_baseline_anywhere_ends_with_one(
    unwritten: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["calibrate", "footprint=liverpool,berkshire_west", f"out={tmp_path / 'x'}"]) == 1
    assert capsys.readouterr().out.count("NO BASELINE") == 2


@pytest.mark.nightly
def test_two_areas_are_fitted_and_forecast(tmp_path: Path) -> None:
    words = ["calibrate", "footprint=cornwall,frimley", "quick=true", "workers=2", f"out={tmp_path / 'x'}"]
    assert main(words) == 0
    for name in ("cornwall", "frimley"):
        text = (tmp_path / "x" / "fits" / f"{name}.yaml").read_text("utf-8")
        assert text == (CONFIGS / "fit" / f"{name}.yaml").read_text("utf-8")
    scores: pd.DataFrame = read_table(tmp_path / "x" / "scores.arrow", "1.0")
    assert scores["baseline"].all() and (scores["forecast_low"] < scores["forecast_beds"]).all()
    assert scores["forecast_error_per_cent"].abs().mean() < 6
