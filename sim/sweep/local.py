"""Chunks on processes of this machine; one that dies is replaced, and costs its own chunk only."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from sim.sweep.executor import Ended
from sim.sweep.faults import DIED, Trouble

__all__ = ["LocalExecutor"]

ONE_THREAD = {"OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}  #: a worker keeps to its own core
_TAIL = 400  #: characters of a dead worker's last words that are shown


@dataclass
class _Worker:
    process: subprocess.Popen[str]
    log: Path
    chunk: int | None = None
    ear: threading.Thread | None = None

    def tidy(self) -> None:
        """Close what belongs to a process that has ended; an empty log is not kept."""
        if self.ear:
            self.ear.join()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                with suppress(OSError):
                    pipe.close()
        if self.log.exists() and not self.log.stat().st_size:
            self.log.unlink()


class LocalExecutor:
    """Worker processes on this machine.

    Parameters
    ----------
    folder : Path
        Folder of the sweep.
    workers : int
    """

    def __init__(self, folder: Path, workers: int):
        self._folder, self._size = folder, max(1, workers)
        self._waiting: deque[int] = deque()
        self._said: queue.SimpleQueue[tuple[_Worker, str | None]] = queue.SimpleQueue()
        self._workers: list[_Worker] = []
        self._started = 0
        self._held = False

    def submit(self, chunks: Sequence[int]) -> None:
        """Add chunks to those that are to be made, in this order."""
        self._waiting.extend(chunks)
        self._hand_out()

    def running(self) -> int:
        """Chunks that are being made now."""
        return sum(w.chunk is not None for w in self._workers)

    def hold(self) -> None:
        """Begin no more chunks."""
        self._held = True

    def wait(self, seconds: float) -> list[Ended]:
        """Attempts that have ended."""
        ended: list[Ended] = []
        timeout = seconds
        while True:
            try:
                worker, line = self._said.get(timeout=timeout) if timeout else self._said.get_nowait()
            except queue.Empty:
                break
            ended += self._heard(worker, line)
            timeout = 0.0 if ended else timeout
        return ended

    def _heard(self, worker: _Worker, line: str | None) -> list[Ended]:
        chunk, worker.chunk = worker.chunk, None
        if line is None:
            self._workers.remove(worker)
            worker.tidy()
            found = [] if chunk is None else [Ended(chunk, _death(worker))]
            if chunk is None and not self._held and self._waiting:  # it died before it could begin: blame its next
                found = [Ended(self._waiting.popleft(), _death(worker))]
        else:
            answer: dict[str, Any] = json.loads(line)
            bad = Trouble(answer["kind"], answer["reason"]) if "kind" in answer else None
            found = [Ended(answer["chunk"], bad, answer.get("seconds", 0.0))]
        self._hand_out()
        return found

    def _hand_out(self) -> None:
        while self._waiting and not self._held:
            idle = next((w for w in self._workers if w.chunk is None), None)
            if idle is None:
                if len(self._workers) >= self._size:
                    return
                idle = self._start()
            idle.chunk = self._waiting.popleft()
            try:
                assert idle.process.stdin is not None  # noqa: S101 - opened as a pipe
                print(idle.chunk, file=idle.process.stdin, flush=True)
            except OSError:  # it has just died: the end of its output says so
                return

    def _start(self) -> _Worker:
        self._started += 1
        log = self._folder / "logs" / f"worker-{os.getpid()}-{self._started}.log"
        log.parent.mkdir(exist_ok=True)
        environment = {**os.environ, **ONE_THREAD, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
        with log.open("w", encoding="utf-8") as errors:
            process = subprocess.Popen(
                [sys.executable, "-m", "sim.sweep.worker", str(self._folder)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                encoding="utf-8",
                env=environment,
                start_new_session=True,  # Ctrl-C is for the coordinator to understand
            )
        worker = _Worker(process, log)
        worker.ear = threading.Thread(target=self._listen, args=(worker, process.stdout), daemon=True)
        worker.ear.start()
        self._workers.append(worker)
        return worker

    def _listen(self, worker: _Worker, output: IO[str]) -> None:
        for line in output:
            self._said.put((worker, line))
        worker.process.wait()
        self._said.put((worker, None))

    def close(self) -> None:
        """End all workers at once."""
        self._held = True
        for worker in self._workers:
            worker.process.kill()
        for worker in self._workers:
            worker.process.wait()
            worker.tidy()
        self._workers.clear()


def _death(worker: _Worker) -> Trouble:
    code = worker.process.returncode
    if code < 0:
        name = signal.Signals(-code).name
        more = "; the machine may have run out of memory" if name == "SIGKILL" else ""
        reason = f"its worker was ended by {name}{more}"
    else:
        reason = f"its worker ended with exit code {code}"
    words = worker.log.read_text("utf-8", errors="replace").strip()[-_TAIL:] if worker.log.exists() else ""
    return Trouble(DIED, f"{reason}. Its last words: {words}" if words else reason)
