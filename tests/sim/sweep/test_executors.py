"""The same sweep on Dask and on a real Slurm: the same tables, and nothing lost when a task or coordinator is killed.

Slurm is started by the project's own script. Where that is not possible the tests are skipped as "not shown".
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sim.errors import CarebridgeError
from sim.sweep import Folder, begin, collect, coordinate, status
from sim.sweep.collect import hashes
from sim.sweep.dask import DaskExecutor
from sim.sweep.journal import read_journal
from sim.sweep.slurm import SlurmExecutor, SlurmLimits, shares
from tests.sim.sweep.conftest import run_sweep, toy_sweep
from tests.sim.sweep.test_sweep import finished_once, start_coordinator, wait_for_chunks, with_trouble

ROOT = Path(__file__).resolve().parents[3]
SCRIPT = ROOT / "tests" / "cluster" / "one_node_slurm.sh"
SMALL = SlurmLimits(jobs=2, minutes=2, mem_gb=0.5)
COORDINATOR = """
import sys
from pathlib import Path
from sim.sweep import Folder, coordinate
from sim.sweep.slurm import SlurmExecutor, SlurmLimits
folder = Folder.open(Path(sys.argv[1]))
outcome = coordinate(folder, lambda: SlurmExecutor(folder, SlurmLimits(jobs=2, minutes=2, mem_gb=0.5)))
print(outcome.done, outcome.stopped)
"""


def test_shares_are_even_and_within_the_limit() -> None:
    seconds = [1.0 + n % 7 for n in range(100)]
    found = shares(range(100), seconds, 4, 60.0)
    loads = [sum(seconds[c] for c in share) for share in found]
    assert sorted(c for share in found for c in share) == list(range(100))
    assert max(loads) <= 66 and max(loads) - min(loads) <= 7
    assert len(shares(range(3), [1.0] * 3, 16, 60.0)) == 3


# -- Dask -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def scheduler() -> Iterator[str]:
    """A scheduler and two workers, in processes of their own."""
    from distributed import LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50) as cluster:
        yield cluster.scheduler_address


@pytest.mark.filterwarnings("default")  # Dask's own processes and sockets end when they please
def test_dask_gives_the_same_tables(tmp_path: Path, undisturbed: dict[str, str], scheduler: str) -> None:
    folder = begin(tmp_path / "s", toy_sweep())
    outcome = coordinate(folder, lambda: DaskExecutor(folder.path, scheduler))
    assert outcome.complete and finished_once(folder)
    assert hashes(collect(folder)) == undisturbed


@pytest.mark.filterwarnings("default")
def test_a_killed_dask_worker_and_a_failing_chunk(tmp_path: Path, undisturbed: dict[str, str], scheduler: str) -> None:
    place = tmp_path / "trouble"
    place.mkdir()
    (place / "die-3").write_text("once", "utf-8")
    (place / "fail-5").write_text("always", "utf-8")
    folder = with_trouble(tmp_path / "s", place)
    outcome = coordinate(folder, lambda: DaskExecutor(folder.path, scheduler))
    assert outcome.failed and all("point 5 does not work" in bad.reason for bad in outcome.failed.values())
    (place / "fail-5").unlink()
    assert coordinate(folder, lambda: DaskExecutor(folder.path, scheduler)).complete
    assert hashes(collect(folder)) == undisturbed


def test_no_scheduler_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sim.sweep.dask._PATIENCE", 1)
    folder = begin(tmp_path / "s", toy_sweep())
    with pytest.raises(CarebridgeError, match="no Dask scheduler answers there"):
        coordinate(folder, lambda: DaskExecutor(folder.path, "tcp://127.0.0.1:9"))


def test_no_slurm_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    folder = begin(tmp_path / "s", toy_sweep())
    with pytest.raises(CarebridgeError, match="there is no sbatch here"):
        coordinate(folder, lambda: SlurmExecutor(folder, SMALL))


# -- Slurm ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def slurm() -> None:
    """A real one-node Slurm with accounting."""
    done = subprocess.run([str(SCRIPT), "start"], capture_output=True, text=True, timeout=600, check=False)
    if done.returncode:
        pytest.skip(f"NOT SHOWN on a real Slurm: {(done.stdout + done.stderr).strip().splitlines()[-1]}")


def on_slurm(folder: Folder) -> SlurmExecutor:
    return SlurmExecutor(folder, SMALL)


def running_tasks(folder: Folder) -> list[int]:
    """Numbers of the processes that make chunks of a sweep now."""
    names = (line["session"] for line in read_journal(folder.path) if line["event"] == "submitted")
    assert list(names)
    found = []
    for path in folder.file("journal").glob("*.slurm-*.jsonl"):
        pid = int(path.name.split("-")[-2])
        if Path(f"/proc/{pid}").exists():
            found.append(pid)
    return found


@pytest.mark.nightly
def test_slurm_gives_the_same_tables(tmp_path: Path, undisturbed: dict[str, str], slurm: None) -> None:
    folder = begin(tmp_path / "s", toy_sweep())
    outcome = coordinate(folder, lambda: on_slurm(folder))
    assert outcome.complete and finished_once(folder)
    assert hashes(collect(folder)) == undisturbed


@pytest.mark.nightly
def test_a_killed_slurm_task_costs_its_chunk_only(tmp_path: Path, undisturbed: dict[str, str], slurm: None) -> None:
    folder = begin(tmp_path / "s", toy_sweep(0.1, seconds=0.05))
    killed: list[int] = []

    def kill_one(*_: object) -> None:
        if not killed and (alive := running_tasks(folder)):
            os.kill(alive[0], signal.SIGKILL)
            killed.append(alive[0])

    outcome = coordinate(folder, lambda: on_slurm(folder), kill_one)
    assert killed and outcome.complete and not outcome.failed
    assert finished_once(folder)
    assert hashes(collect(folder)) == undisturbed


@pytest.mark.nightly
def test_a_chunk_that_fails_on_slurm_is_reported_with_its_reason(
    tmp_path: Path, undisturbed: dict[str, str], slurm: None
) -> None:
    place = tmp_path / "trouble"
    place.mkdir()
    (place / "die-5").write_text("always", "utf-8")
    folder = with_trouble(tmp_path / "s", place)
    outcome = coordinate(folder, lambda: on_slurm(folder))
    assert outcome.failed and all("FAILED" in bad.reason for bad in outcome.failed.values())
    assert len(outcome.failed) + outcome.done == folder.chunks
    (place / "die-5").unlink()
    assert run_sweep(folder).complete  # what Slurm began, this machine may end
    assert hashes(collect(folder)) == undisturbed


@pytest.mark.nightly
@pytest.mark.parametrize("how", ["killed", "interrupted"])
def test_a_coordinator_that_ends_leaves_a_sweep_that_goes_on(
    tmp_path: Path, undisturbed: dict[str, str], slurm: None, how: str
) -> None:
    folder = begin(tmp_path / "s", toy_sweep(0.1, seconds=0.05))
    process = start_coordinator(folder, COORDINATOR)
    wait_for_chunks(folder, 3)
    process.send_signal(signal.SIGKILL if how == "killed" else signal.SIGINT)
    out, err = process.communicate(timeout=120)
    if how == "interrupted":
        assert "stopped" in out and "chunks are being finished" in err
        time.sleep(2)
        assert not running_tasks(folder)
        assert 3 <= status(folder).done < folder.chunks
    outcome = coordinate(folder, lambda: on_slurm(folder))
    assert outcome.complete and finished_once(folder)
    assert hashes(collect(folder)) == undisturbed


@pytest.mark.nightly
def test_jobs_that_slurm_refuses_are_said(tmp_path: Path, slurm: None) -> None:
    folder = begin(tmp_path / "s", toy_sweep())
    limits = SlurmLimits(jobs=1, minutes=2, mem_gb=0.5, partition="nowhere")
    with pytest.raises(CarebridgeError, match="Slurm refused the jobs: .*[Pp]artition"):
        coordinate(folder, lambda: SlurmExecutor(folder, limits))
