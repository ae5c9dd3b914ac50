"""``carebridge analyse``: whole runs over small sweeps of a network, and what it says to wrong words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from models.cli import main
from models.sweep.wanted import wanted
from sim.errors import FaultsError

MMC = Path(__file__).parents[3] / "configs" / "network" / "mmc.yaml"
RATE, PLACES = "sources.door.rate_per_day", "stations.ward.places"
DESIGNS = {
    "grid": [{"grid": {RATE: [14, 16, 18], PLACES: [16, 17, 18, 19, 20, 22, 24]}}],
    "sobol": [{"grid": {"warm_up": ["20 d", "25 d"]}}, {"sobol": {"base": 8, "over": {RATE: [14, 18], PLACES: {
        "low": 18, "high": 26, "whole": True}}}}],
    "morris": [{"morris": {"trajectories": 6, "over": {RATE: [14, 18], PLACES: {
        "low": 18, "high": 26, "whole": True}}}}],
}  # fmt: skip


def swept(folder: Path, kind: str) -> Path:
    file = folder / f"{kind}.yaml"
    data = {"network": str(MMC), "set": {"horizon": "90 d"}, "design": DESIGNS[kind], "replications": 3}
    file.write_text(yaml.safe_dump(data, sort_keys=False))
    out = folder / kind
    assert main(["sweep", str(file), f"out={out}", "workers=1"]) == 0
    assert main(["collect", str(out)]) == 0
    return out


@pytest.fixture(scope="module")
def grid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return swept(tmp_path_factory.mktemp("analyse"), "grid")


def test_a_grid_with_a_threshold(grid: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyse", str(grid), "measure=wait_mean", "at_most=0.1", "group=name=ward"]) == 0
    said = capsys.readouterr().out
    assert "Wait mean (station, ward)\n" in said and "Over 21 points it goes from " in said
    assert "Ward: places: least value that passes (at most 0.1 days), by Door: rate per day:" in said
    for raw in ("swing", "NaN", "Int64", "dtype", "mean_from", "undecided", "quasi_p"):  # a reader is no programmer
        assert raw not in said
    assert said.count(PLACES) == said.count(RATE) == 1  # bare keys stand once, beside their titles
    assert "wait-mean-station-ward-frontier.csv  how much of one figure each value of another needs" in said
    names = {p.name for p in (grid / "analysis").iterdir()}
    for kind in ("response", "tornado", "frontier", "prim"):
        assert f"wait-mean-station-ward-{kind}.csv" in names
    for kind in ("response", "tornado", "frontier"):
        assert (grid / "analysis" / f"wait-mean-station-ward-{kind}.png").read_bytes().startswith(b"\x89PNG")
    swings = pd.read_csv(grid / "analysis" / "wait-mean-station-ward-tornado.csv").set_index("key")
    assert swings.loc[PLACES, "swing"] < 0 < swings.loc[RATE, "swing"]
    edge = pd.read_csv(grid / "analysis" / "wait-mean-station-ward-frontier.csv")
    assert (np.diff(edge["frontier"]) > 0).all()
    assert (edge["possible"] <= edge["frontier"]).all()


def test_the_same_analysis_gives_the_same_files(grid: Path) -> None:
    words = ["analyse", str(grid), "measure=occupancy", "at_least=0.9", "find=passing"]
    assert main(words) == 0
    first = {p.name: p.read_bytes() for p in (grid / "analysis").glob("occupancy*")}
    assert main(words) == 0
    assert first == {p.name: p.read_bytes() for p in (grid / "analysis").glob("occupancy*")}
    assert len(first) >= 6


@pytest.mark.parametrize("kind", [pytest.param("sobol", marks=pytest.mark.nightly), "morris"])
def test_designs_for_indices(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = swept(tmp_path, kind)
    assert main(["analyse", str(out), "measure=occupancy", "group=name=ward"]) == 0
    said = capsys.readouterr().out
    assert "give a limit: at_least=0.8" in said
    assert ("Door: rate per day explains about " if kind == "sobol" else "Door: rate per day: by about ") in said
    assert "mu_star" not in said and "half_width" not in said
    (file,) = (out / "analysis").glob(f"*-{kind}.csv")
    assert file.with_suffix(".png").is_file()
    found = pd.read_csv(file, keep_default_na=False)
    assert list(found["key"]) == [RATE, PLACES] * (2 if kind == "sobol" else 1)
    assert found["at"].nunique() == (2 if kind == "sobol" else 1)


def test_without_a_measure_all_are_listed(grid: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyse", str(grid)]) == 2
    said = capsys.readouterr().err
    assert "wait_mean" in said
    assert f"group={PLACES}=...: 16, 17, 18" in said


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["measure=wait_men"], "Did you mean 'wait_mean'?"),
        (["measure=wait_mean", "group=nane=ward"], "Did you mean 'name'?"),
        (["measure=wait_mean", "group=name=wadr"], "Did you mean 'ward'?"),
        (["measure=wait_mean", "frontier=stations.ward.place,sources.door.rate_per_day"], f"Did you mean '{PLACES}'?"),
    ],
)
def test_typos_give_the_nearest(grid: Path, words: list[str], hint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyse", str(grid), *words]) == 2
    assert hint in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["a", "b"],
        ["a", "mesure=x"],
        ["a", "measure="],
        ["a", "group=x"],
        ["a", "at_least=much"],
        ["a", "at_least=1", "at_most=2"],
        ["a", "find=fialing"],
        ["a", "frontier=one"],
        ["a", "frontier=one,one"],
    ],
)
def test_wrong_words_are_faults(words: list[str]) -> None:
    with pytest.raises(FaultsError) as caught:
        wanted(words)
    assert len(caught.value.faults) == 1


def test_not_collected(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sweep", f"network={MMC}", f"{PLACES}=18,20", "horizon=90 d",
                 "replications=1", f"out={tmp_path / 's'}", "workers=1"]) == 0  # fmt: skip
    assert main(["analyse", str(tmp_path / "s")]) == 2
    assert f"run `carebridge collect {tmp_path / 's'}` first" in capsys.readouterr().err


def test_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyse", "--help"]) == 0
    assert "frontier=KEY,KEY" in capsys.readouterr().out
