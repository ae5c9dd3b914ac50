"""Sweeps of the care model and of networks: their tables, their verdicts, and what the command says."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from models.cli import main
from models.run.runner import _simulate
from models.settings.request import parse
from models.settings.settings import settings
from models.sweep import command
from models.sweep.care import Care
from models.sweep.network import NetworkStudy
from models.sweep.request import parse as parse_sweep
from models.sweep.request import sweep_of
from models.sweep.verdicts import verdicts
from sim.errors import CarebridgeError, FaultsError
from sim.results import simulate
from sim.sweep import Folder, begin, collect
from tests.models.conftest import SHORT

NETWORK = """
horizon: 200 d
warm_up: 20 d
seed: 3
stations:
  ward: {places: 20, service: {kind: exponential, mean: 1 d}}
sources:
  door: {to: ward, rate_per_day: 15}
"""
SWEEP = """
# How many places does the ward need?
question: How many places does the ward need?
network: ward.yaml
design:
  - grid: {stations.ward.places: [18, 22]}
  - latin_hypercube: {points: 3, over: {sources.door.rate_per_day: [13, 16]}}
replications: 4
seed: 3
chunk_seconds: 0.05
"""


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "ward.yaml").write_text(NETWORK, "utf-8")
    (tmp_path / "sweep.yaml").write_text(SWEEP, "utf-8")
    return tmp_path


@pytest.fixture(scope="module")
def care() -> Care:
    return Care(["timeline=3y,5y", *SHORT])


def test_care_gives_the_verdicts_of_the_main_job(care: Care) -> None:
    """Replications run in two blocks and judged from their tables: the same as judged at once."""
    point = {"plan.moves.close_acute.size.value": 100}
    tables = [care.run(point, 5, block) for block in (range(0, 2), range(2, 5))]
    joined = {name: pd.concat([t[name].to_pandas() for t in tables], ignore_index=True) for name in tables[0]}
    found = verdicts(joined).set_index("timeline")
    whole = _simulate(
        settings(parse(["timeline=3y,5y", "replications=5", "seed=5", "plan.moves.close_acute.size.value=100", *SHORT]))
    )
    for name, verdict in whole.verdicts.items():
        row = found.loc[name]
        assert (row["verdict"], row["binding_criterion"]) == (verdict.verdict, verdict.binding_criterion)
        assert (row["probability"], row["low"], row["high"]) == (verdict.probability, *verdict.interval)
        assert (row["delivered"], row["safe"]) == (verdict.delivered["probability"], verdict.safe["probability"])
        for criterion in verdict.criteria:
            if criterion["decides"]:
                assert row[f"passes_{criterion['id']}"] == criterion["probability"]
                assert row[f"lens_{criterion['id']}"] == criterion["lens"]
    assert (joined["judged_by"]["replication"] == np.arange(5)).all()
    of_realism = (joined["lenses"]["timeline"] == "5y") & (joined["lenses"]["criterion"] == "K9")
    assert of_realism.sum() == 5 and not joined["lenses"]["rules_out"].any()
    said = verdicts(joined | {"lenses": joined["lenses"].assign(rules_out=of_realism)}).set_index("timeline")["verdict"]
    assert (said["3y"], said["5y"]) == (found.loc["3y", "verdict"], "not credible")


def test_the_same_replication_whatever_is_run_beside_it(care: Care) -> None:
    both, alone = care.run({}, 5, range(1, 3)), care.run({}, 5, range(2, 3))
    for name, table in alone.items():
        frame = both[name].to_pandas()
        pd.testing.assert_frame_equal(frame[frame["replication"] == 2].reset_index(drop=True), table.to_pandas())


def test_care_refuses_keys_and_values_before_any_work(care: Care) -> None:
    faults = care.check(
        {"scenaro": ["evidence"], "plan.moves.close_acute.size.value": [100, -5], "seed": [1], "plan": ["devn"]}
    )
    said = "\n".join(map(str, faults))
    assert "Did you mean 'scenario'?" in said
    assert "plan.moves.close_acute.size" in said and "-5" in said
    assert "seed: belongs to the sweep as a whole" in said
    assert "plan = 'devn'" in said and "Did you mean 'devon_2016'" in said
    assert not care.check({"scenario": ["evidence", "history"], "plan.moves.close_acute.size.value": [0, 400]})


def test_a_network_sweep_gives_what_the_network_command_gives(files: Path) -> None:
    assert main(["sweep", str(files / "sweep.yaml"), f"out={files / 's'}", "workers=1"]) == 0
    assert main(["collect", str(files / "s")]) == 0
    summary = pd.read_parquet(files / "s" / "tables" / "summary.parquet")
    assert len(summary["point"].unique()) == 6
    one = summary[summary["point"] == 4]
    network = NetworkStudy.of(files / "ward.yaml").changed(
        {key: one[key].iloc[0].item() for key in ("stations.ward.places", "sources.door.rate_per_day")}
    )
    figure = simulate(network.settings["network"], replications=4, seed=3).figure("ward", "wait_mean")
    row = one[(one["measure"] == "wait_mean") & (one["name"] == "ward")].iloc[0]
    measures = pd.read_parquet(files / "s" / "tables" / "measures.parquet")
    of = measures[(measures["point"] == 4) & (measures["measure"] == "wait_mean") & (measures["name"] == "ward")]
    assert row["mean"] == pytest.approx(of["value"].mean())
    assert row["mean"] == pytest.approx(figure.value, rel=0.05)  # a mean of ratios against a ratio of means
    assert row["replications"] == 4 and row["half_width"] > 0


def test_a_network_with_files_of_observed_stays(files: Path) -> None:
    (files / "stays.csv").write_text("stay\n1\n2\n3\n", "utf-8")
    text = NETWORK.replace(
        "service: {kind: exponential, mean: 1 d}",
        "service: {kind: empirical, observed: {file: stays.csv, column: stay, unit: h}}",
    )
    (files / "ward.yaml").write_text(text, "utf-8")
    study = NetworkStudy.of(files / "ward.yaml")
    before = study.identity()
    assert study.run({}, 1, range(1))["measures"].num_rows > 10
    (files / "stays.csv").write_text("stay\n1\n2\n4\n", "utf-8")
    assert NetworkStudy.of(files / "ward.yaml").identity() != before


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["sweep.yaml"], "out: a folder for the sweep is needed"),
        (["sweep.yaml", "out=s", "executor=slrum"], "Did you mean 'slurm'"),
        (["sweep.yaml", "out=s", "jobs=4"], "jobs = '4': is for executor=slurm"),
        (["sweep.yaml", "out=s", "executor=dask"], "the address of a Dask scheduler is needed"),
        (["sweep.yaml", "out=s", "executor=slurm", "mem_gb=none"], "a number above 0 is needed"),
        (["sweep.yaml", "out=s", "replications=0"], "must be 1 or more"),
        (["sweep.yaml", "out=s", "seed=1", "seed=2"], "given twice"),
        (["sweep.yaml", "out=s", "stations.wrd.places=2,3"], "there is no 'wrd' in stations. Did you mean 'ward'"),
        (["sweep.yaml", "out=s", "stations.ward.plces=2,3"], "Did you mean 'places'"),
        (["sweep.yaml", "out=s", "stations.ward.places=2"], "stands under set and in the design"),
        (["sweep.yaml", "out=s", "sources.door.attend=0.5,2"], "must be 1 or less"),
        (["nosuch.yaml", "out=s"], "no such file"),
    ],
)
def test_a_wrong_sweep_is_refused_and_nothing_is_written(
    files: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str], says: str
) -> None:
    monkeypatch.chdir(files)
    assert main(["sweep", *words]) == 2
    assert says in capsys.readouterr().err
    assert not (files / "s").exists()


def test_words_of_the_command_line_make_a_design() -> None:
    request = parse_sweep(["scenario=evidence,history", "timeline=3y,5y", "gates.enabled=false", "out=s", "seed=4"])
    asked = sweep_of(request)
    assert asked.points.values == {"scenario": ["evidence", "history"]}
    assert asked.study.settings["words"] == ["timeline=3y,5y", "gates.enabled=false"]
    assert asked.seed == 4


def test_tied_keys_take_the_same_value_at_every_point(care: Care) -> None:
    proof, access = "gates.proof.months.value", "gates.access.months.value"
    request = parse_sweep([f"{proof} & {access}=4,5", "plan.years & timeline.years=5", "out=s"])
    asked = sweep_of(request)
    assert asked.points.values == {f"{proof} & {access}": [4, 5]} and len(asked.points) == 2
    assert set(asked.study.settings["words"]) == {"plan.years=5", "timeline.years=5"}
    chosen = care.at(asked.points[1])
    assert chosen.gates.proof.months.value == chosen.gates.access.months.value == 5
    assert not care.check(asked.points.distinct())
    assert any(f.key.startswith("gates.access") for f in care.check({f"{proof} & {access}": [12]}))  # 6 at most
    (fault,) = care.check({f"{proof} & seed": [4]})
    assert fault.rule == "belongs to the sweep as a whole, not to a point."


def test_tied_keys_of_a_network(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study = NetworkStudy.of(files / "ward.yaml")
    both = "stations.ward.places & sources.door.rate_per_day"
    data = study.changed({both: 19}).settings["network"]
    assert data["stations"]["ward"]["places"] == data["sources"]["door"]["rate_per_day"] == 19
    assert "Did you mean 'ward'" in str(study.check({"stations.wrad.places & sources.door.rate_per_day": [19]})[0])
    words = [
        "sweep",
        f"network={files / 'ward.yaml'}",
        f"{both}=18,20",
        "replications=2",
        f"out={files / 't'}",
        "workers=1",
    ]
    assert main(words) == 0 and main(["collect", str(files / "t")]) == 0
    assert main(["analyse", str(files / "t"), "measure=occupancy", "group=name=ward"]) == 0
    assert "Ward: places and Door: rate per day" in capsys.readouterr().out


def test_a_dry_run_writes_nothing(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sweep", str(files / "sweep.yaml"), f"out={files / 's'}", "--dry-run"]) == 0
    assert "24 runs. Nothing was run." in capsys.readouterr().out
    assert not (files / "s").exists()


def test_status_chunk_and_collect_say_what_there_is(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    request = parse_sweep([str(files / "sweep.yaml"), f"out={files / 's'}"])
    folder = begin(files / "s", sweep_of(request))
    assert main(["status", str(folder.path)]) == 0
    said = capsys.readouterr().out
    assert f"0 of {folder.chunks} chunks done (0 of 24 runs)" in said
    assert "nobody is at work; run the sweep again to go on" in said
    assert main(["collect", str(folder.path)]) == 2
    assert f"{folder.chunks} of {folder.chunks} chunks are missing" in capsys.readouterr().err
    assert main(["chunk", str(folder.path), "0"]) == 0
    assert "done in" in capsys.readouterr().out
    assert main(["chunk", str(folder.path), "0"]) == 0
    assert "done before" in capsys.readouterr().out
    assert main(["chunk", str(folder.path), "999"]) == 2
    assert main(["status", str(files)]) == 2
    assert "there is no sweep in this folder" in capsys.readouterr().err


def test_a_changed_network_is_refused_with_the_difference(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["sweep", str(files / "sweep.yaml"), f"out={files / 's'}", "workers=1"]
    begin(files / "s", sweep_of(parse_sweep(words[1:])))
    (files / "ward.yaml").write_text(NETWORK.replace("mean: 1 d", "mean: 2 d"), "utf-8")
    assert main(words) == 2
    assert "identity.network.stations.ward.service.mean: was 1 d, is now 2 d" in capsys.readouterr().err


def test_a_chunk_that_fails_is_reported_with_the_command_that_shows_it(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = begin(files / "s", sweep_of(parse_sweep([str(files / "sweep.yaml"), f"out={files / 's'}"])))
    about = json.loads((folder.path / "sweep.json").read_text("utf-8"))
    about["settings"]["network"]["sources"]["door"]["to"] = "nowhere"
    (folder.path / "sweep.json").write_text(json.dumps(about), "utf-8")
    folder = Folder.open(folder.path)
    from sim.sweep import LocalExecutor, coordinate

    outcome = coordinate(folder, lambda: LocalExecutor(folder.path, 2))
    assert command._tell(folder, outcome) == 1
    said = capsys.readouterr().out
    assert "failed three times" in said and f"carebridge chunk {folder.path} 0" in said
    with pytest.raises(FaultsError, match="no such station"):
        main_chunk(folder)
    with pytest.raises(CarebridgeError, match="chunks are missing"):
        collect(folder)


def main_chunk(folder: Folder) -> None:
    command.chunk([str(folder.path), "0"])
