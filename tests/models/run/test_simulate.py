"""The main job from Python: it is the command's, its tables are the folder's, and its page's examples run."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
import pytest

import models
from models import simulate
from models.cli import main
from models.run.outputs import read_table
from models.run.simulate import Simulated
from models.settings.request import EACH
from sim.errors import CarebridgeError, FaultsError
from tests.models.conftest import SHORT

PAGE = (Path(__file__).parents[3] / "docs" / "python.md").read_text("utf-8")
KEYS = {"timeline": "3y", "replications": 2, "seed": 3, "patients": 1}


@pytest.fixture(scope="module")
def run() -> Simulated:
    return simulate(*SHORT, **KEYS)


def test_it_leaves_what_the_command_leaves(run, tmp_path, capsys):
    words = [*SHORT, *(f"{key}={value}" for key, value in KEYS.items())]
    assert main(["run", *words, f"each={','.join(EACH)}", f"out={tmp_path / 'a'}"]) == 0
    assert repr(run) in capsys.readouterr().out
    written = run.write(tmp_path / "b")
    here = {p.relative_to(written).as_posix(): p for p in written.rglob("*") if p.is_file()}
    there = {p.relative_to(tmp_path / "a").as_posix(): p for p in (tmp_path / "a").rglob("*") if p.is_file()}
    assert there.keys() - here.keys() == {f"{name}_each.arrow" for name in EACH}
    assert all(path.read_bytes() == there[name].read_bytes() for name, path in here.items() if name != "manifest.json")
    for name in run.tables:
        found = run.table(name)
        pd.testing.assert_frame_equal(found, read_table(written / f"{name}.arrow"))
        assert found.attrs == read_table(written / f"{name}.arrow").attrs
    for name in EACH:
        pd.testing.assert_frame_equal(run.each(name), read_table(there[f"{name}_each.arrow"]))
    assert run.patients().equals(read_table(there["patients.arrow"]))
    manifests = [json.loads((tmp_path / name / "manifest.json").read_text("utf-8")) for name in ("a", "b")]
    assert manifests[1]["command"] == ["carebridge", "run", *words]  # by which `carebridge repeat` goes
    assert manifests[0]["tables"].items() > manifests[1]["tables"].items()


@pytest.mark.parametrize("name", EACH)
def test_means_are_those_of_every_replication(run, name):
    each, means = run.each(name), run.table(name)
    columns = [c for c in means.columns if c not in ("mean", "p05", "p95")]
    assert list(each["replication"].unique()) == [0, 1]
    again = each.groupby(columns, observed=True, sort=False)["value"].mean().rename("again").reset_index()
    both = means.merge(again, on=columns, how="outer")
    assert len(both) == len(means) == len(each) / 2
    assert both["again"].to_numpy() == pytest.approx(both["mean"].to_numpy(), rel=1e-9, abs=1e-9)
    assert each.attrs["units"]["value"] == means.attrs["units"]["mean"] and each.attrs["words"]["value"]
    assert all(each.attrs["words"].values())


def test_same_replication_has_the_same_people_in_every_arm(run):
    """Before the plan begins both arms are the same in every replication, which means alone would not show."""
    start = pd.Timestamp(run.outcome.settings.plan.starts)
    beds = run.each("beds").query("measure == 'occupied'")
    before = beds[beds["month"] < start].pivot(index=["replication", "place", "month"], columns="arm", values="value")
    assert len(before) and (before["3y"] == before["business as usual"]).all()
    plan = beds.query("arm == '3y' and place == 'footprint'")
    first = plan.pivot(index="month", columns="replication", values="value")
    assert (first[0] != first[1]).any()


def test_visits_are_those_that_were_counted(run):
    """Events and people present, month by month, of every patient's visits, are those of replication 0."""
    visits = run.patients()
    assert visits["replication"].unique().tolist() == [0] and all(visits.attrs["words"].values())
    keys = ["arm", "station", "class", "month"]
    counted = run.each("flows").query("replication == 0").set_index(["flow", *keys])["value"]
    for flow, instant in {"started": "started", "left": "left", "transferred_out": "left", "lost": "left"}.items():
        came = visits["started"] > visits["joined"].min()  # the others were there at the start
        these = visits[came] if flow == "started" else visits[visits["ended"] == flow]
        month = these[instant].dt.to_period("M").dt.to_timestamp()
        told = these.assign(month=month).groupby(keys, observed=True).size()
        assert told.sum() and (counted[flow][counted[flow] > 0].sort_index() == told.sort_index()).all()
    there = run.each("state").query("replication == 0 and state in ('in_service', 'blocked', 'in_transition')")
    month, following = pd.Timestamp("2019-01-01"), pd.Timestamp("2019-02-01")
    bed = visits[visits["started"].notna()]
    inside = bed["left"].fillna(following).clip(month, following) - bed["started"].clip(month, following)
    mean = inside.groupby([bed["arm"], bed["station"]], observed=True).sum() / pd.Timedelta("31D")
    kept = there[there["month"] == month].groupby(["arm", "station"], observed=True)["value"].sum()
    assert mean.to_numpy() == pytest.approx(kept[mean.index].to_numpy(), rel=1e-9)


def test_a_person_has_the_same_number_in_every_arm(run):
    """Who came before the plan began came, and got a bed, at the same instant in both arms."""
    visits = run.patients()
    before = visits[visits["started"] < pd.Timestamp(run.outcome.settings.plan.starts)]
    keys = ["patient", "station", "joined", "started"]
    arms = [before[before["arm"] == arm][keys].reset_index(drop=True) for arm in ("business as usual", "3y")]
    assert len(arms[0]) > 100_000 and arms[0]["patient"].nunique() > 90_000
    assert arms[0].equals(arms[1])


def test_visits_that_were_not_kept():
    with pytest.raises(CarebridgeError, match="patients=1"):
        simulate("fit=none", timeline="3y", replications=2).patients()


def test_faults_are_named_all_at_once():
    with pytest.raises(FaultsError) as caught:
        simulate("plan.moves.close_acute.size.value=x y=1", footprint="devonn", replications=0)
    assert "Did you mean 'devon'?" in str(caught.value) and "replications" in str(caught.value)
    with pytest.raises(FaultsError, match="results stay in memory"):
        simulate(out="x")


def test_tables_that_are_not_there(run):
    with pytest.raises(CarebridgeError, match="no table 'bed' in this run.*Did you mean 'beds'"):
        run.table("bed")
    with pytest.raises(CarebridgeError, match="no table 'criteria' in this run; there are: beds, waits"):
        run.each("criteria")


def test_write_spares_a_folder_that_holds_something_else(run, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(FaultsError):
        run.write(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]


def test_without_a_baseline_there_is_a_verdict_and_no_table():
    none = simulate("fit=none", timeline="3y", replications=2)
    assert none.tables == [] and none.verdicts.empty and "NO BASELINE" in repr(none)
    assert none.document["verdict"] == "no baseline"


def test_the_package_names_what_it_has():
    assert models.simulate is simulate
    with pytest.raises(AttributeError, match="no attribute 'simulated'"):
        _ = models.simulated


@pytest.mark.nightly
def test_examples_of_the_page_run(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert len(blocks) == 6
    few = "replications=2, **{'criteria.longest_timeline_years': 6, 'criteria.window_years_after': 1}"
    here: dict[str, object] = {}
    for block in blocks:
        exec(block.replace("replications=12", few), here)
    said = capsys.readouterr().out
    assert "beds held by delayed patients: " in said and "nan" not in said.replace("finance", "")
    assert "beds closed" in said and "plymouth" in said


@pytest.mark.parametrize(
    ("verb", "words"),
    [("compare", []), ("search", []), ("monotonicity", []), ("calibrate", ["out=fit.yaml"])],
)
def test_other_commands_refuse_what_only_runs_keep(verb, words, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main([verb, "each=beds", *words]) == 2
    assert "a key of `carebridge run`" in capsys.readouterr().err
    assert main([verb, "search=plan", *words]) == 2
    assert "a key of `carebridge run`" in capsys.readouterr().err
    assert main([verb, "patients=1", *words]) == 2
    assert "patients" in (said := capsys.readouterr().err) and "a key of `carebridge run`" in said


def test_a_table_that_is_not_kept_is_named_with_the_nearest(capsys):
    assert main(["run", "each=bed,waits"]) == 2
    assert "Did you mean 'beds'?" in capsys.readouterr().err
