"""A run folder appears whole or not at all, and nothing of a user's is lost."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest

from models.command_line import out_folder
from sim import CarebridgeError, files
from sim.files import check_room, run_folder


def write(folder: Path, text: str) -> None:
    (folder / "verdict.json").write_text(text)


def earlier(out: Path, **more: str) -> Path:
    """A folder as an earlier run has left it, with what a user has added since."""
    out.mkdir(parents=True)
    manifest = {"scenario_hash": "0", "tables": {"state.arrow": "0"}, "charts": ["chart_beds.png"]}
    (out / "manifest.json").write_text(json.dumps(manifest))
    for name in ("verdict.json", "report.html", "state.arrow", "chart_beds.png"):
        (out / name).write_text("old")
    for name, text in more.items():
        (out / name).write_text(text)
    return out


def test_the_new_replaces_the_old_as_a_whole(tmp_path):
    out = earlier(tmp_path / "x")
    with run_folder(out) as folder:
        write(folder, "new")
        assert (out / "verdict.json").read_text() == "old"
    assert [p.name for p in out.iterdir()] == ["verdict.json"]
    assert (out / "verdict.json").read_text() == "new"
    assert [p.name for p in tmp_path.iterdir()] == ["x"]


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
@pytest.mark.parametrize("failing", [1, 2])
def test_the_old_comes_back_when_the_new_cannot_take_its_place(tmp_path, monkeypatch, error, failing):
    out, calls, replace = earlier(tmp_path / "x"), [], os.replace

    def sometimes(*names):
        calls.append(names)
        if len(calls) == failing:
            raise error
        replace(*names)

    monkeypatch.setattr(files.os, "replace", sometimes)
    with pytest.raises((CarebridgeError, KeyboardInterrupt)) as caught, run_folder(out) as folder:
        write(folder, "new")
    monkeypatch.undo()
    assert len(calls) == failing
    assert (out / "verdict.json").read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["x"]
    if isinstance(caught.value, CarebridgeError):
        assert "the earlier results there are untouched" in str(caught.value)


def test_an_error_on_the_way_leaves_nothing(tmp_path):
    with pytest.raises(ZeroDivisionError), run_folder(tmp_path / "x") as folder:
        write(folder, "new")
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_of_the_same_number_left_is_no_obstacle(tmp_path):
    left = tmp_path / f".x.part-{os.getpid()}"
    left.mkdir()
    write(left, "half")
    with run_folder(tmp_path / "x") as folder:
        assert list(folder.iterdir()) == []
        write(folder, "new")
    assert [p.name for p in tmp_path.iterdir()] == ["x"]


@pytest.mark.skipif(os.name == "nt", reason="links need rights")
def test_a_link_to_a_folder_stays_a_link(tmp_path):
    out = earlier(tmp_path / "real")
    (tmp_path / "link").symlink_to(out, target_is_directory=True)
    with run_folder(tmp_path / "link") as folder:
        write(folder, "new")
    assert (tmp_path / "link").is_symlink()
    assert (out / "verdict.json").read_text() == "new"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["link", "real"]


def faults(out: Path) -> str:
    return " ".join(str(fault) for fault in out_folder.folder_faults(out))


def test_a_folder_of_an_earlier_run_may_be_replaced(tmp_path):
    assert faults(earlier(tmp_path / "x")) == ""
    assert faults(earlier(tmp_path / "y", **{".DS_Store": "system"})) == ""
    (tmp_path / "empty").mkdir()
    assert faults(tmp_path / "empty") == ""
    assert faults(tmp_path / "new" / "folder") == ""


def test_a_folder_with_anything_of_the_users_may_not(tmp_path):
    assert "notes.txt" in faults(earlier(tmp_path / "x", **{"notes.txt": "mine"}))
    other = tmp_path / "web"
    other.mkdir()
    (other / "manifest.json").write_text('{"name": "an app on the web"}')
    assert "holds other things (manifest.json)" in faults(other)
    (other / "manifest.json").write_text("not JSON")
    assert "holds other things" in faults(other)


def test_nobody_stands_in_a_folder_that_is_replaced(tmp_path, monkeypatch):
    below = tmp_path / "x" / "below"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    for out in (Path(), Path(".."), tmp_path / "x"):
        assert "you are in this folder" in faults(out)


def test_the_folder_above_must_be_writable(tmp_path, monkeypatch):
    """Not the folder itself: the new one is laid beside it."""
    out = earlier(tmp_path / "x")
    asked = []
    monkeypatch.setattr(files.os, "access", lambda path, how: asked.append(path))
    with pytest.raises(CarebridgeError, match="cannot be written; give another folder"):
        check_room(out, 1)
    assert asked == [tmp_path.resolve()]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="an administrator may write anywhere")
def test_a_folder_that_may_only_be_read_is_refused(tmp_path):
    (tmp_path / "sealed").mkdir(mode=0o555)
    with pytest.raises(CarebridgeError, match="cannot be written"):
        check_room(tmp_path / "sealed" / "x", 1)
