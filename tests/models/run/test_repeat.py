"""A folder that a run has made can be made again, and says what has changed where it cannot."""

from __future__ import annotations

import json
import shutil
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.cli import main
from models.run.repeat_command import differences
from tests.models.conftest import SHORT

#: without the loops around the hospitals, which would be compiled for this area alone
WORDS = ["footprint=tameside_glossop", "around=none", "timeline=5y", "replications=2", "workers=2", *SHORT]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "one"
    assert main(["run", *WORDS, f"out={out}"]) == 0
    return out


def test_the_same_settings_make_the_same_files_and_what_was_touched_is_named(folder, capsys):
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert main(["repeat", str(folder), "workers=1"]) == 0
    told = capsys.readouterr().out
    assert "every file is the same" in told and "report.html" not in told  # nor where it was for a moment
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    page = folder / "report.html"
    page.write_text(page.read_text("utf-8").replace("Tameside", "Timeside"), "utf-8")
    (folder / "note.txt").write_text("mine", "utf-8")
    assert main(["repeat", str(folder)]) == 1
    told = capsys.readouterr().out
    assert "report.html: differs" in told and "note.txt: only here" in told and "state.arrow" not in told


@pytest.fixture
def again(folder, tmp_path, monkeypatch):
    """Lays down what the run would make again."""
    again = tmp_path / "again"
    shutil.copytree(folder, again)

    @contextmanager
    def made(*_):
        yield folder, again

    monkeypatch.setattr("models.run.repeat_command.made_again", made)
    return again


def test_pages_are_written_anew_beside_results_that_are_the_same(folder, again, capsys):
    chart = next(folder.glob("chart_*.png"))
    chart.unlink()
    (folder / "report.html").write_text("old", "utf-8")
    (folder / "waits.arrow").unlink()  # what is not there cannot differ
    (folder / "note.txt").write_text("mine", "utf-8")
    results = {p: p.read_bytes() for p in folder.glob("*.arrow")}
    assert main(["report", str(folder)]) == 0
    assert "report.html: written anew" in capsys.readouterr().out
    for name in ("report.html", "money.html", chart.name):
        assert (folder / name).read_bytes() == (again / name).read_bytes()
    assert (folder / "note.txt").read_text("utf-8") == "mine" and not (folder / "waits.arrow").exists()
    assert {p: p.read_bytes() for p in folder.glob("*.arrow")} == results


def test_pages_stay_as_they_are_beside_results_that_are_other(folder, again, capsys):
    (again / "beds.arrow").write_bytes(b"other")
    (folder / "report.html").write_text("old", "utf-8")
    assert main(["report", str(folder)]) == 1
    told = capsys.readouterr().out
    assert "beds.arrow" in told and "report.html" not in told and (folder / "report.html").read_text("utf-8") == "old"


def test_other_settings_are_named_and_nothing_is_run(folder, tmp_path, capsys, monkeypatch):
    made = json.loads((folder / "manifest.json").read_text("utf-8"))
    made["config"]["criteria"]["margin_share"]["value"] = 0.004
    made["scenario_hash"] = "0" * 16
    (tmp_path / "manifest.json").write_text(json.dumps(made), "utf-8")
    monkeypatch.setattr("models.run.repeat_command.run", None)
    assert main(["repeat", str(tmp_path)]) == 1
    assert "criteria.margin_share.value: 0.004 then, 0.005 now" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "says"), [([], "the folder of one run"), (["nowhere"], "not a folder"), (["a", "b"], "one run")]
)
def test_what_cannot_be_repeated_is_said(words, says, capsys):
    for verb in ("repeat", "report"):
        assert main([verb, *words]) == 2
        assert says in (told := capsys.readouterr().err) and (not words or verb in told or "folder" in told)


@pytest.mark.parametrize(
    "damage",
    [
        {"versions": ["numpy"]},
        {"config": None},
        {"command": ["carebridge", "run", 3]},
        {"command": "carebridge run"},
        {"command": ["carebridge", "compare"]},
        {"scenario_hash": 5},
    ],
)
def test_a_manifest_that_was_damaged_is_said_to_be_other(damage, tmp_path, capsys):
    whole = {"command": ["carebridge", "run"], "config": {}, "scenario_hash": "0" * 16, "versions": {}}
    (tmp_path / "manifest.json").write_text(json.dumps(whole | damage), "utf-8")
    assert main(["repeat", str(tmp_path)]) == 2
    assert "is missing or other" in capsys.readouterr().err


VALUES = st.recursive(
    st.integers() | st.text(max_size=3) | st.none(), lambda inner: st.dictionaries(st.text(max_size=2), inner)
)


@given(VALUES, VALUES)
def test_differences_are_none_exactly_where_there_is_no_difference(one, other):
    assert not list(differences(one, one))
    assert bool(list(differences(one, other))) == (_filled(one) != _filled(other))


def _filled(value):
    """What is not there is the same as nothing."""
    if not isinstance(value, dict):
        return value
    inner = {k: _filled(v) for k, v in value.items()}
    return {k: v for k, v in inner.items() if v is not None}
