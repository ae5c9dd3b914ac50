"""Replications in parallel: threads inside one process, because the kernel releases the interpreter lock.

Results come back in the order of the replications, whatever the number of workers, so they are the same to the last
byte for one worker or many.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TypeVar

__all__ = ["Stopped", "in_order"]

Task = TypeVar("Task")
Result = TypeVar("Result")


class Stopped(Exception):
    """Raised inside a task when the experiment is being stopped."""


def in_order(
    tasks: Sequence[Task],
    work: Callable[[Task, threading.Event], Result],
    workers: int,
    on_done: Callable[[int], None] | None = None,
) -> Iterator[Result]:
    """Do tasks on threads and yield their results in the order of the tasks.

    Parameters
    ----------
    tasks : sequence
    work : callable
        Takes a task and an event; when the event is set it should give up by raising Stopped.
    workers : int
        Number of threads.
    on_done : callable, optional
        Called in the calling thread with the number of tasks finished, in whatever order they finish.

    Raises
    ------
    Exception
        The first error of a task; the others are stopped before it is passed on, as they are on Ctrl-C.
    """
    stop = threading.Event()
    pool = ThreadPoolExecutor(max_workers=max(1, workers), thread_name_prefix="replication")
    position: dict[Future[Result], int] = {pool.submit(work, task, stop): n for n, task in enumerate(tasks)}
    ready: dict[int, Result] = {}
    following = 0
    try:
        while position:  # a future is forgotten once its result is taken, so that results do not pile up
            done, _ = wait(position, timeout=0.2, return_when=FIRST_COMPLETED)
            for future in done:
                ready[position.pop(future)] = future.result()
            if done and on_done:
                on_done(len(tasks) - len(position))
            del done
            while following in ready:
                yield ready.pop(following)
                following += 1
    finally:
        stop.set()
        pool.shutdown(wait=True, cancel_futures=True)
