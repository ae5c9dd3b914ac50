"""Chunks as array jobs of Slurm, submitted through submitit; needs the extra ``carebridge[slurm]``.

Each job of the array makes a share of the chunks, balanced by their expected time, and writes down what it does in a
journal that the coordinator follows. A job that ends early loses the chunk it was at; the others are submitted anew.
"""

from __future__ import annotations

import getpass
import heapq
import json
import os
import shutil
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sim.errors import CarebridgeError
from sim.sweep.executor import Ended
from sim.sweep.faults import DIED, Trouble
from sim.sweep.folder import Folder
from sim.sweep.journal import SESSION, Journal, read_journal
from sim.sweep.remote import make_chunks, stop_file

__all__ = ["SlurmExecutor", "SlurmLimits", "shares"]

_POLL = 2.0  #: seconds between two looks at the queue
_FULL = 0.7  #: share of a job's time limit that is planned for
_GONE = 3  #: looks at the queue in which a job is missing before it counts as ended
_LARGEST_ARRAY = 1000
_PATIENCE_S = 30.0  #: for cancelled jobs to go


@dataclass(frozen=True)
class SlurmLimits:
    """What jobs may use, and where they run.

    Parameters
    ----------
    jobs : int
        Jobs that run at a time.
    minutes : int
        Time limit of a job.
    mem_gb : float
        Memory of a job.
    partition, account, qos : str
        As the cluster names them; empty for its defaults.
    """

    jobs: int = 16
    minutes: int = 60
    mem_gb: float = 2.0
    partition: str = ""
    account: str = ""
    qos: str = ""


@dataclass
class _Job:
    """One job and its chunks that have not ended."""

    number: str
    open: set[int]
    running: int | None = None
    missed: int = field(default=0)


class SlurmExecutor:
    """Jobs of Slurm, which must see the folder under the same name.

    Raises
    ------
    CarebridgeError
        When Slurm or submitit is not there, or the jobs are refused.
    """

    def __init__(self, folder: Folder, limits: SlurmLimits):
        try:
            import submitit
        except ImportError:
            raise CarebridgeError(
                "executor=slurm needs submitit: install carebridge with its extra, '.[slurm]'."
            ) from None
        if shutil.which("sbatch") is None:
            raise CarebridgeError("executor=slurm: there is no sbatch here; run this on a node that submits jobs.")
        self._folder, self._limits = folder, limits
        self._session = os.environ.get(SESSION, "")
        self._jobs: list[_Job] = []
        self._waiting: list[int] = []
        self._held = False
        self._looked = 0.0
        self._read: dict[Path, int] = {}
        self._journal = Journal(folder.path, "coordinator")
        self._submit = submitit.SlurmExecutor(folder=str(folder.path / "logs" / "slurm"))
        wanted = {"partition": limits.partition, "account": limits.account, "qos": limits.qos}
        self._submit.update_parameters(
            job_name="carebridge",
            time=limits.minutes,
            mem=f"{round(limits.mem_gb * 1024)}M",
            cpus_per_task=1,
            array_parallelism=limits.jobs,
            stderr_to_stdout=True,
            **{k: v for k, v in wanted.items() if v},
        )
        self._cancel_orphans()

    def _cancel_orphans(self) -> None:
        """End jobs of a coordinator that is no more: what they have finished counts, what they are at is made anew."""
        lines = read_journal(self._folder.path)
        before = {j for line in lines if line["event"] == "submitted" for j in line["jobs"]}
        alive = sorted(before & (self._alive() or set()))
        if alive:
            _run("scancel", *alive)
            self._until_gone(set(alive))

    def submit(self, chunks: Sequence[int]) -> None:
        """Add chunks; they go to the cluster together with others at the next look."""
        self._waiting += chunks

    def _send(self) -> None:
        chunks, self._waiting = self._waiting, []
        seconds = self._folder.seconds
        limit = _FULL * 60 * self._limits.minutes
        for group in _arrays(shares(chunks, seconds[chunks].tolist(), self._limits.jobs, limit)):
            count = len(group)
            same = [[value] * count for value in (str(self._folder.path.resolve()), "slurm", self._session)]
            try:
                jobs = self._submit.map_array(make_chunks, same[0], group, *same[1:])
            except Exception as error:  # submitit passes on whatever sbatch said
                raise CarebridgeError(f"Slurm refused the jobs: {error}") from None
            self._journal.write("submitted", jobs=[j.job_id for j in jobs])
            self._jobs += [_Job(j.job_id, set(g)) for j, g in zip(jobs, group, strict=True)]

    def wait(self, seconds: float) -> list[Ended]:
        """Attempts that have ended."""
        if self._waiting and not self._held:
            self._send()
        time.sleep(min(seconds, _POLL))
        ended = self._follow()
        if time.monotonic() - self._looked >= _POLL:
            self._looked = time.monotonic()
            ended += self._look()
        self._jobs = [j for j in self._jobs if j.open]
        return ended

    def _follow(self) -> list[Ended]:
        """Read what jobs of this session have written down since the last time."""
        ended = []
        of = {chunk: job for job in self._jobs for chunk in job.open}
        for path in sorted(self._folder.file("journal").glob(f"{self._session}.slurm-*.jsonl")):
            with path.open("rb") as file:
                file.seek(self._read.get(path, 0))
                data = file.read()
            whole = data[: data.rfind(b"\n") + 1]
            self._read[path] = self._read.get(path, 0) + len(whole)
            for line in whole.decode("utf-8", errors="replace").splitlines():
                found: dict[str, Any] = json.loads(line)
                job = of.get(found.get("chunk", -1))
                if job is None:
                    continue
                if found["event"] == "began":
                    job.running = found["chunk"]
                    continue
                job.running = None
                job.open.discard(found["chunk"])
                bad = Trouble(found["kind"], found["reason"]) if found["event"] == "failed" else None
                ended.append(Ended(found["chunk"], bad, found.get("seconds", 0.0)))
        return ended

    def _look(self) -> list[Ended]:
        """Find jobs that are in the queue no more, although they have chunks left."""
        alive = self._alive()
        if alive is None:
            return []  # Slurm does not answer now; it will
        ended = []
        for job in self._jobs:
            job.missed = 0 if job.number in alive else job.missed + 1
            if job.missed >= _GONE:
                ended += self._lost(job)
        return ended

    def _lost(self, job: _Job) -> list[Ended]:
        """Chunks that a job has left."""
        reason = f"job {job.number} ended: {_reason(job.number)}"
        out = []
        for chunk in sorted(job.open):
            if self._folder.done(chunk):  # it was finished, and the job ended before it could say so
                out.append(Ended(chunk))
            else:
                out.append(Ended(chunk, Trouble(DIED, reason), counts=chunk == job.running or job.running is None))
        job.open.clear()
        return out

    def running(self) -> int:
        """Chunks that jobs are making now."""
        return sum(j.running is not None for j in self._jobs)

    def hold(self) -> None:
        """Begin no more chunks: jobs stop after the one they are at, those that wait are cancelled."""
        self._held = True
        stop_file(self._folder.path, self._session).touch()
        self._cancel("--state=PENDING")

    def close(self) -> None:
        """End all jobs at once."""
        self._held = True
        if self._jobs:
            self._cancel()
            self._until_gone({j.number for j in self._jobs})

    def _cancel(self, *options: str) -> None:
        numbers = sorted({j.number for j in self._jobs})
        for start in range(0, len(numbers), 500):
            _run("scancel", *options, *numbers[start : start + 500])

    def _until_gone(self, numbers: set[str]) -> None:
        end = time.monotonic() + _PATIENCE_S
        while time.monotonic() < end and (self._alive() or set()) & numbers:
            time.sleep(0.5)

    def _alive(self) -> set[str] | None:
        """Numbers of this user's jobs that wait or run; None when Slurm does not answer."""
        found = _run("squeue", "-h", "-r", "-o", "%i", "-u", getpass.getuser())
        return None if found is None else set(found.split())


def shares(chunks: Sequence[int], seconds: Sequence[float], jobs: int, limit: float) -> list[list[int]]:
    """Divide chunks among jobs so that all take about as long, and none longer than its limit if that can be.

    Parameters
    ----------
    seconds : sequence of float
        Expected time of each chunk.
    jobs : int
        Jobs that run at a time.
    limit : float
        Time that a job should take at most (s).
    """
    total = float(sum(seconds))
    count = min(len(chunks), max(jobs, -(-int(total) // max(1, int(limit)))))
    heap: list[tuple[float, int]] = [(0.0, n) for n in range(count)]
    out: list[list[int]] = [[] for _ in range(count)]
    for cost, chunk in sorted(zip(seconds, chunks, strict=True), key=lambda pair: (-pair[0], pair[1])):
        load, n = heapq.heappop(heap)
        out[n].append(chunk)
        heapq.heappush(heap, (load + float(cost), n))
    return [share for share in out if share]


def _arrays(all_shares: list[list[int]]) -> list[list[list[int]]]:
    """Arrays no larger than the cluster takes."""
    return [all_shares[n : n + _LARGEST_ARRAY] for n in range(0, len(all_shares), _LARGEST_ARRAY)]


def _reason(number: str) -> str:
    """Why a job ended, where the cluster keeps accounts."""
    found = _run("sacct", "-n", "-P", "-X", "-o", "State,ExitCode", "-j", number)
    if not found or not found.strip():
        return "the cluster keeps no accounts, so it cannot say why"
    state, _, code = found.splitlines()[0].partition("|")
    return f"{state} (exit code {code})"


def _run(*command: str) -> str | None:
    """What a command of Slurm prints; None when it fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout
