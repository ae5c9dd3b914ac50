"""Sweeps: whatever happens on the way, the tables are those of an undisturbed run, and nothing done is done again."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pyarrow import parquet

from sim.errors import CarebridgeError, FaultsError
from sim.sweep import Folder, Part, Sweep, begin, collect, faults, lay_out, status
from sim.sweep import chunk as chunk_module
from sim.sweep.collect import hashes
from sim.sweep.journal import read_journal
from sim.sweep.lock import sole_owner
from sim.sweep.plan import cut
from sim.sweep.status import words
from tests.sim.sweep.conftest import REPLICATIONS, run_sweep, toy_sweep
from tests.sim.sweep.toy import Toy

ROOT = Path(__file__).resolve().parents[3]
COORDINATOR = """
import sys
from pathlib import Path
from sim.sweep import Folder, LocalExecutor, coordinate
folder = Folder.open(Path(sys.argv[1]))
outcome = coordinate(folder, lambda: LocalExecutor(folder.path, 2))
print(outcome.done, outcome.stopped)
"""


def finished_once(folder: Folder) -> bool:
    """Whether every chunk was finished once and no more."""
    done = Counter(line["chunk"] for line in read_journal(folder.path) if line["event"] == "done")
    return sorted(done) == list(range(folder.chunks)) and set(done.values()) == {1}


def start_coordinator(folder: Folder, program: str = COORDINATOR) -> subprocess.Popen[str]:
    """Coordinate in a process of its own, which can be interrupted and killed."""
    return subprocess.Popen(
        [sys.executable, "-c", program, str(folder.path)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def wait_for_chunks(folder: Folder, count: int) -> None:
    """Wait until so many chunks are done."""
    for _ in range(600):
        if len(list(folder.file("chunks").glob("*/*.arrow"))) >= count:
            return
        time.sleep(0.05)
    raise AssertionError("the sweep does not get on")


def test_tables_hold_every_task_with_its_point(tmp_path: Path) -> None:
    folder = begin(tmp_path / "s", toy_sweep())
    outcome = run_sweep(folder)
    assert outcome.complete and outcome.made == folder.chunks > 5
    files = collect(folder)
    values = parquet.read_table(files["values"]).to_pandas()
    assert len(values) == 48 * REPLICATIONS * 2
    expected = values["a"] + values["b"]
    noise = values["value"] - expected
    assert ((noise >= 0) & (noise < 1)).all()
    assert (
        noise.round(9).groupby([values["replication"], values["row"]]).nunique() == 1
    ).all()  # common random numbers
    odd = parquet.read_table(files["odd"]).to_pandas()
    assert set(odd["replication"]) == {1, 3} and len(odd) == 48 * 2
    mean = parquet.read_table(files["mean"]).to_pandas()
    assert (mean["replications"] == REPLICATIONS).all() and list(mean["point"]) == list(range(48))
    schema = parquet.read_schema(files["values"])
    assert schema.field("value").metadata == {b"unit": b"beds"}
    assert schema.metadata[b"sweep_hash"].decode() == folder.about["sweep_hash"]
    manifest = Folder.open(folder.path)._read("manifest.arrow").to_pandas()
    assert (manifest["state"] == "done").all() and (manifest["sha256"].str.len() == 64).all()
    assert (manifest["attempts"] == 1).all() and manifest["tasks"].sum() == 48 * REPLICATIONS


@pytest.mark.parametrize(
    ("chunk_seconds", "workers"), [(0.004, 1), pytest.param(0.02, 3, marks=pytest.mark.nightly), (10.0, 2), (0.0001, 2)]
)
def test_tables_are_the_same_bytes_however_the_work_is_cut(
    tmp_path: Path, undisturbed: dict[str, str], chunk_seconds: float, workers: int
) -> None:
    folder = begin(tmp_path / "s", toy_sweep(chunk_seconds))
    assert run_sweep(folder, workers).complete
    assert hashes(collect(folder)) == undisturbed


def test_a_complete_sweep_is_not_run_again(tmp_path: Path, undisturbed: dict[str, str]) -> None:
    folder = begin(tmp_path / "s", toy_sweep())
    run_sweep(folder)
    again = run_sweep(begin(tmp_path / "s", toy_sweep()))
    assert (again.complete, again.made) == (True, 0)
    assert finished_once(folder)
    assert hashes(collect(folder)) == undisturbed


@pytest.mark.skipif(os.name != "posix", reason="needs signals")
def test_a_killed_worker_costs_its_chunk_only(
    tmp_path: Path, undisturbed: dict[str, str], trouble: Callable[..., Path]
) -> None:
    trouble("die", 3)
    folder = begin(tmp_path / "s", toy_sweep())
    study = json.loads((folder.path / "sweep.json").read_text("utf-8"))
    study["settings"]["trouble"] = str(tmp_path / "trouble")
    (folder.path / "sweep.json").write_text(json.dumps(study), "utf-8")
    outcome = run_sweep(Folder.open(folder.path))
    assert outcome.complete and not outcome.failed
    failed = [line for line in read_journal(folder.path) if line["event"] == "failed"]
    assert len(failed) == 1 and "SIGKILL" in failed[0]["reason"]
    assert finished_once(folder)
    assert hashes(collect(folder)) == undisturbed


def with_trouble(path: Path, place: Path) -> Folder:
    """A sweep whose workers meet trouble, while the plan was made without."""
    folder = begin(path, toy_sweep())
    about = json.loads((path / "sweep.json").read_text("utf-8"))
    about["settings"]["trouble"] = str(place)
    (path / "sweep.json").write_text(json.dumps(about), "utf-8")
    return Folder.open(folder.path)


def test_a_chunk_that_fails_is_tried_three_times_and_then_reported(
    tmp_path: Path, undisturbed: dict[str, str], trouble: Callable[..., Path]
) -> None:
    place = trouble("fail", 5, always=True)
    folder = with_trouble(tmp_path / "s", place)
    outcome = run_sweep(folder)
    assert not outcome.complete and outcome.failed
    chunk, bad = min(outcome.failed.items(), key=lambda item: item[0])
    assert "point 5 does not work" in bad.reason
    tries = [line for line in read_journal(folder.path) if line["event"] == "began" and line["chunk"] == chunk]
    assert len(tries) == 3
    found = status(folder)
    assert found.failed == len(outcome.failed) and found.done == folder.chunks - found.failed
    assert f"carebridge chunk {folder.path} {chunk}" in "\n".join(words(found, folder.path))
    with pytest.raises(CarebridgeError, match=f"{found.failed} of {folder.chunks} chunks are missing"):
        collect(folder)
    (place / "fail-5").unlink()
    assert run_sweep(folder).complete
    assert finished_once(folder)
    assert hashes(collect(folder)) == undisturbed


def test_words_that_a_study_prints_do_not_get_between_the_answers(
    tmp_path: Path, undisturbed: dict[str, str], trouble: Callable[..., Path]
) -> None:
    folder = with_trouble(tmp_path / "s", trouble("print", 2, always=True))
    assert run_sweep(folder).complete
    assert hashes(collect(folder)) == undisturbed


@pytest.mark.parametrize("damage", [b"", pytest.param(b"ARROW1\0\0 and then nothing", marks=pytest.mark.nightly), None])
def test_damaged_files_are_made_anew(tmp_path: Path, undisturbed: dict[str, str], damage: bytes | None) -> None:
    folder = begin(tmp_path / "s", toy_sweep())
    run_sweep(folder)
    files = sorted(folder.file("chunks").glob("*/*.arrow"))
    for path in files[2:4]:
        path.write_bytes(path.read_bytes()[:-100] if damage is None else damage)
    half = files[0].with_name(f".{files[0].name}.part-1")
    half.write_bytes(b"half")
    assert status(folder).done == folder.chunks - 2
    outcome = run_sweep(folder)
    assert (outcome.damaged, outcome.made, outcome.complete) == (2, 2, True)
    assert not half.exists()
    assert hashes(collect(folder)) == undisturbed


def test_a_full_disk_stops_the_sweep_and_leaves_nothing_half_written(
    tmp_path: Path, undisturbed: dict[str, str], trouble: Callable[..., Path]
) -> None:
    place = trouble("full", 6, always=True)
    folder = with_trouble(tmp_path / "s", place)
    outcome = run_sweep(folder)
    assert outcome.stopped.startswith("the disk is full") and not outcome.complete
    assert not list(folder.file("chunks").glob("*/.*"))
    (place / "full-6").unlink()
    assert run_sweep(folder).complete
    assert hashes(collect(folder)) == undisturbed


def test_a_failed_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(chunk_module.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        chunk_module.write_once(tmp_path / "x" / "y.arrow", b"data")
    assert not list((tmp_path / "x").iterdir())


def test_room_is_asked_for_before_the_first_chunk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = begin(tmp_path / "s", toy_sweep())
    little = lambda _: os.terminal_size((0, 0)) and type("Usage", (), {"free": 1000, "total": 1, "used": 1})()  # noqa: E731
    monkeypatch.setattr("shutil.disk_usage", little)
    with pytest.raises(CarebridgeError, match="MB are needed for what is missing and 0 MB are free"):
        run_sweep(folder)
    with pytest.raises(OSError, match="MB are needed"):
        faults.ask_room(tmp_path, 1)


def test_a_folder_that_cannot_be_made_is_refused_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder", "utf-8")
    with pytest.raises(CarebridgeError, match="cannot be written"):
        begin(tmp_path / "file" / "s", toy_sweep())
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("keep", "utf-8")
    with pytest.raises(CarebridgeError, match=r"holds other things \(letter.txt\)"):
        begin(tmp_path / "mine", toy_sweep())


def test_a_folder_that_can_no_longer_be_written_stops_the_sweep(tmp_path: Path, undisturbed: dict[str, str]) -> None:
    folder = begin(tmp_path / "s", toy_sweep())
    folder.file("chunks").mkdir()
    folder.file("chunks/000").write_text("in the way", "utf-8")
    outcome = run_sweep(folder)
    assert outcome.stopped.startswith("the folder cannot be written") and outcome.made == 0
    folder.file("chunks/000").unlink()
    assert run_sweep(folder).complete
    assert hashes(collect(folder)) == undisturbed


def test_a_typo_in_a_key_fails_before_anything_is_written(tmp_path: Path) -> None:
    points = lay_out([Part.model_validate({"grid": {"nane": ["x"]}})])
    with pytest.raises(FaultsError, match=r"nane: no such key. Did you mean 'name'"):
        begin(tmp_path / "s", Sweep(Toy(), points, 1, 1))
    assert not (tmp_path / "s").exists()


def test_a_key_that_is_called_like_a_column_is_refused_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.sim.sweep.toy.KEYS", ("a", "value"))
    points = lay_out([Part.model_validate({"grid": {"value": [1, 2]}})])
    with pytest.raises(CarebridgeError, match="the table 'values' has a column 'value'"):
        begin(tmp_path / "s", Sweep(Toy(), points, 1, 1))


def test_another_sweep_in_the_same_folder_is_refused_with_the_difference(tmp_path: Path) -> None:
    begin(tmp_path / "s", toy_sweep())
    with pytest.raises(CarebridgeError, match="identity.rows: was 2, is now 3"):
        begin(tmp_path / "s", toy_sweep(rows=3))
    other = Sweep(Toy(seconds=0.0005), lay_out([]), 9, 7)
    with pytest.raises(CarebridgeError, match="replications: was 4, is now 9"):
        begin(tmp_path / "s", other)


def test_a_worker_with_other_software_is_noticed(tmp_path: Path) -> None:
    folder = begin(tmp_path / "s", toy_sweep())
    about = json.loads((folder.path / "sweep.json").read_text("utf-8"))
    about["software"]["numba"] = "0.1"
    (folder.path / "sweep.json").write_text(json.dumps(about), "utf-8")
    outcome = run_sweep(Folder.open(folder.path))
    assert "numba is" in outcome.stopped and "planned with 0.1" in outcome.stopped
    assert outcome.made == 0


def test_two_coordinators_on_one_folder(tmp_path: Path) -> None:
    folder = begin(tmp_path / "s", toy_sweep())
    with (
        sole_owner(folder.path, "a sweep"),
        pytest.raises(CarebridgeError, match=f"at work in this folder: a sweep on .*process {os.getpid()}"),
    ):
        run_sweep(folder)
    assert run_sweep(folder).complete


def test_a_sweep_that_is_being_planned_is_not_planned_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else begins the same sweep while this one measures; or has begun it when this one gets the lock."""

    def begin_again(_: Toy) -> None:
        monkeypatch.undo()
        with pytest.raises(CarebridgeError, match="at work in this folder: planning a sweep"):
            begin(tmp_path / "s", toy_sweep())

    monkeypatch.setattr(Toy, "warm", begin_again)
    folder = begin(tmp_path / "s", toy_sweep())
    before = (folder.path / "manifest.arrow").read_bytes()
    assert begin(tmp_path / "s", toy_sweep(chunk_seconds=0.02)).chunks == folder.chunks
    assert (folder.path / "manifest.arrow").read_bytes() == before


def test_a_disk_that_is_full_at_the_end_spoils_no_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    folder = begin(tmp_path / "s", toy_sweep())
    monkeypatch.setattr(sys.modules["sim.sweep.coordinate"], "write_manifest", full)
    assert run_sweep(folder).complete


def test_a_clock_that_jumps_changes_nothing(
    tmp_path: Path, undisturbed: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = begin(tmp_path / "s", toy_sweep())
    now = [2e9]
    monkeypatch.setattr(time, "time", lambda: now.__setitem__(0, now[0] - 3600) or now[0])
    for path in folder.path.rglob("*.json"):
        os.utime(path, (1.0, 1.0))
    assert run_sweep(folder).complete
    for path in folder.file("chunks").rglob("*.arrow"):
        os.utime(path, (4e9, 4e9))
    assert run_sweep(folder).made == 0
    assert hashes(collect(folder)) == undisturbed


@pytest.mark.nightly
@pytest.mark.skipif(os.name != "posix", reason="needs signals")
def test_a_killed_coordinator_takes_its_workers_along_and_the_sweep_goes_on(
    tmp_path: Path, undisturbed: dict[str, str]
) -> None:
    folder = begin(tmp_path / "s", toy_sweep(seconds=0.01))
    process = start_coordinator(folder)
    wait_for_chunks(folder, 3)
    process.kill()
    process.communicate()
    time.sleep(0.5)
    before = sorted(folder.file("chunks").glob("*/*.arrow"))
    time.sleep(0.5)
    assert sorted(folder.file("chunks").glob("*/*.arrow")) == before  # nobody is left at work
    assert status(folder).owner == "" and status(folder).running == 0
    assert run_sweep(folder).complete
    lines = list(read_journal(folder.path))
    done = Counter(line["chunk"] for line in lines if line["event"] == "done")
    untold = set(range(folder.chunks)) - set(done)  # a chunk was whole, and the kill came before it was written down
    assert set(done.values()) == {1}
    assert len(untold) <= 2 and untold <= {line["chunk"] for line in lines if line["event"] == "began"}
    assert hashes(collect(folder)) == undisturbed


@pytest.mark.skipif(os.name != "posix", reason="needs signals")
@pytest.mark.parametrize("presses", [1, pytest.param(2, marks=pytest.mark.nightly)])
def test_ctrl_c_finishes_what_is_running_and_twice_ends_at_once(
    tmp_path: Path, undisturbed: dict[str, str], presses: int
) -> None:
    folder = begin(tmp_path / "s", toy_sweep(seconds=0.02))
    process = start_coordinator(folder)
    wait_for_chunks(folder, 2)
    for _ in range(presses):
        process.send_signal(signal.SIGINT)
        time.sleep(0.7 if presses == 2 else 0)
    out, err = process.communicate(timeout=60)
    assert "chunks are being finished" in err
    assert out.split()[1] == "stopped"
    done = int(out.split()[0])
    assert 2 <= done < folder.chunks
    began = Counter(line["event"] for line in read_journal(folder.path))
    if presses == 1:
        assert began["began"] == began["done"] == done
    assert run_sweep(folder).complete
    assert finished_once(folder)
    assert hashes(collect(folder)) == undisturbed


def test_a_chunk_made_twice_with_different_results_is_not_overlooked(tmp_path: Path) -> None:
    folder = begin(tmp_path / "s", toy_sweep())
    run_sweep(folder)
    other = b"something else"
    chunk_module.write_once(folder.chunk_file(0, chunk_module.file_hash(other)), other)
    with pytest.raises(CarebridgeError, match="chunk 0 was made twice with different results"):
        run_sweep(folder)


def test_collecting_leaves_nothing_when_it_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = begin(tmp_path / "s", toy_sweep())
    run_sweep(folder)
    monkeypatch.setattr(Toy, "reduce", lambda *_: (_ for _ in ()).throw(ValueError("no")))
    with pytest.raises(ValueError, match="no"):
        collect(folder)
    assert not list(folder.file("tables").iterdir())


def test_chunks_are_cut_by_cost() -> None:
    seconds = np.array([1.0] * 10 + [5.0] * 10)
    edges = cut(seconds, 4, 20.0)
    sizes = np.add.reduceat(np.repeat(seconds, 4), edges[:-1])
    assert edges[0] == 0 and edges[-1] == 80
    assert sizes.min() > 10 and sizes.max() < 30
    assert (np.diff(edges) > 0).all()


def test_a_journal_that_was_cut_short_is_read(tmp_path: Path) -> None:
    folder = begin(tmp_path / "s", toy_sweep())
    run_sweep(folder)
    path = next(iter(folder.file("journal").glob("*.jsonl")))
    path.write_bytes(path.read_bytes()[:-7])
    assert status(folder).done == folder.chunks


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs to find the children of a process")
@pytest.mark.nightly
def test_a_hundred_kills_lose_nothing_and_repeat_nothing(tmp_path: Path, undisturbed: dict[str, str]) -> None:
    """Workers and coordinators are killed at random; whenever the sweep is complete, a third of it is taken away."""
    folder = begin(tmp_path / "s", toy_sweep(seconds=0.01))
    rng = np.random.default_rng(1)
    taken: Counter[int] = Counter()
    kills = {"worker": 0, "coordinator": 0}
    while sum(kills.values()) < 100:
        if status(folder).done == folder.chunks:
            for path in rng.permutation(sorted(folder.file("chunks").glob("*/*.arrow")))[: folder.chunks // 3]:
                taken[int(path.name[:6])] += 1
                path.unlink()
        process = start_coordinator(folder)
        while process.poll() is None and sum(kills.values()) < 100:
            time.sleep(float(rng.uniform(0.02, 0.5)))
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
            workers = [int(pid) for pid in children.read_text("utf-8").split()] if children.exists() else []
            if rng.random() < 0.2:
                process.kill()
                kills["coordinator"] += 1
                break
            if workers:
                os.kill(int(rng.choice(workers)), signal.SIGKILL)
                kills["worker"] += 1
        process.communicate()
    assert run_sweep(folder).complete or run_sweep(folder).complete
    assert min(kills.values()) > 5
    done = Counter(line["chunk"] for line in read_journal(folder.path) if line["event"] == "done")
    assert all(done[chunk] <= 1 + taken[chunk] for chunk in range(folder.chunks))
    assert hashes(collect(folder)) == undisturbed
