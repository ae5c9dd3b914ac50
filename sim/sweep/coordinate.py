"""The coordinator: hands missing chunks to an executor until all are done, and can be stopped at any moment."""

from __future__ import annotations

import shutil
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sim.errors import CarebridgeError
from sim.sweep.executor import Ended, Executor
from sim.sweep.faults import SPARE_BYTES, Trouble
from sim.sweep.folder import Folder
from sim.sweep.journal import Journal
from sim.sweep.lock import sole_owner
from sim.sweep.manifest import write_manifest

__all__ = ["Outcome", "coordinate"]

ATTEMPTS = 3  #: at a chunk, the first included
_LOOK_UP = 0.5  #: seconds after which Ctrl-C is noticed at the latest


@dataclass
class Outcome:
    """How it went.

    Parameters
    ----------
    chunks, done : int
        Of the whole sweep.
    made : int
        Chunks made now.
    damaged : int
        Files of earlier runs that were not whole, and have been made anew or removed.
    failed : dict
        Chunks given up, and why.
    stopped : str
        Why the work ended early, or empty.
    """

    chunks: int
    done: int = 0
    made: int = 0
    damaged: int = 0
    failed: dict[int, Trouble] = field(default_factory=dict)
    stopped: str = ""

    @property
    def complete(self) -> bool:
        """Whether every chunk is done."""
        return self.done == self.chunks


def coordinate(
    folder: Folder,
    executor: Callable[[], Executor],
    on_ended: Callable[[Ended, Outcome], None] | None = None,
    say: Callable[[str], None] = lambda text: print(text, file=sys.stderr),
) -> Outcome:
    """Make all chunks that are missing.

    Parameters
    ----------
    folder : Folder
    executor : callable
        Makes the executor; called when there is work.
    on_ended : callable, optional
        Told of every attempt that ended.
    say : callable
        Says to the user what happens on Ctrl-C.

    Raises
    ------
    CarebridgeError
        When somebody else is at work in the folder, or the disk has no room for what is missing.
    """
    with sole_owner(folder.path, "a sweep"), _interrupts() as pressed:
        done, damaged = folder.finished()
        for path in [*damaged, *folder.leftovers()]:
            path.unlink(missing_ok=True)
        outcome = Outcome(folder.chunks, len(done), damaged=len(damaged))
        missing = np.array([c for c in range(folder.chunks) if c not in done], np.int64)
        if missing.size:
            _has_room(folder, missing.size)
            longest_first = missing[np.argsort(-folder.seconds[missing], kind="stable")]
            work = executor()
            try:
                _work(folder, work, longest_first.tolist(), outcome, pressed, on_ended, say)
            finally:
                work.close()
        with suppress(OSError):  # on a full disk; all that it says is known without it
            write_manifest(folder, outcome.failed)
        return outcome


def _work(
    folder: Folder,
    executor: Executor,
    missing: list[int],
    outcome: Outcome,
    pressed: list[int],
    on_ended: Callable[[Ended, Outcome], None] | None,
    say: Callable[[str], None],
) -> None:
    journal, tries = Journal(folder.path, "coordinator"), dict.fromkeys(missing, 0)
    open_chunks, heard = set(missing), 0
    executor.submit(missing)
    while open_chunks:
        if len(pressed) > heard:
            heard = len(pressed)
            if heard > 1 or pressed[-1] != signal.SIGINT:
                outcome.stopped = "stopped at once"
                return
            outcome.stopped = "stopped"
            executor.hold()
            say(f"\nStopping: {executor.running()} chunks are being finished. Ctrl-C again ends them as well.")
        if outcome.stopped and not executor.running():
            return
        for ended in executor.wait(_LOOK_UP):
            _note(ended, executor, outcome, tries, open_chunks, journal)
            if on_ended:
                on_ended(ended, outcome)


def _note(
    ended: Ended, executor: Executor, outcome: Outcome, tries: dict[int, int], open_chunks: set[int], journal: Journal
) -> None:
    bad = ended.trouble
    if bad is None:
        outcome.done += 1
        outcome.made += 1
        open_chunks.discard(ended.chunk)
        return
    if bad.kind == "died":
        with suppress(OSError):
            journal.write("failed", ended.chunk, **bad.plain())  # the worker could not say so itself
    if bad.stops_all:
        if not outcome.stopped:
            outcome.stopped = bad.reason
            executor.hold()
        return
    tries[ended.chunk] += ended.counts
    if tries[ended.chunk] < ATTEMPTS:
        executor.submit([ended.chunk])
    else:
        outcome.failed[ended.chunk] = bad
        open_chunks.discard(ended.chunk)


def _has_room(folder: Folder, chunks: int) -> None:
    needed = chunks * float(folder.about["bytes_a_chunk"]) + SPARE_BYTES
    free = shutil.disk_usage(folder.path).free
    if free < needed:
        raise CarebridgeError(
            f"{folder.path}: about {needed / 1e6:.0f} MB are needed for what is missing "
            f"and {free / 1e6:.0f} MB are free."
        )


@contextmanager
def _interrupts() -> Iterator[list[int]]:
    """Signals that ask to stop, as they come; elsewhere than in the main thread there are none."""
    pressed: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield pressed
        return
    names = (signal.SIGINT, signal.SIGTERM)

    def press(number: int, _: Any) -> None:
        pressed.append(number)

    before = {name: signal.signal(name, press) for name in names}
    try:
        yield pressed
    finally:
        for name, old in before.items():
            signal.signal(name, old)
