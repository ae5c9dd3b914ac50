"""Tasks on threads or processes, with results in the order of the tasks.

Threads serve one process well, because the kernel releases the interpreter lock; processes serve measures that spend
their time in Python. The results are the same to the last byte for one worker or many, of either kind.
"""

from __future__ import annotations

import multiprocessing
import pickle
import signal
import threading
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from typing import Any, Literal, Protocol, TypeVar

from sim.errors import CarebridgeError

__all__ = ["Kind", "Stop", "Stopped", "in_order"]

Task = TypeVar("Task")
Result = TypeVar("Result")
Kind = Literal["threads", "processes"]

_AHEAD = 4  #: tasks handed out at a time, for each worker
_LOOK_UP = 0.2  #: seconds after which Ctrl-C is noticed at the latest


class Stopped(Exception):
    """Raised inside a task when the experiment is being stopped."""


class Stop(Protocol):
    """Tells a task whether it should give up; an event of threads or of processes."""

    def is_set(self) -> bool:
        """Whether to give up."""
        ...


def in_order(
    tasks: Iterable[Task],
    work: Callable[[Task, Any], Result],
    workers: int,
    on_done: Callable[[int], None] | None = None,
    kind: Kind = "threads",
) -> Generator[Result, None, None]:
    """Do tasks side by side and yield their results in the order of the tasks.

    Tasks are taken from the iterable as they are needed, so there may be infinitely many; close the iterator to end
    them. Some tasks beyond the last result taken will then have been done in vain.

    Parameters
    ----------
    tasks : iterable
    work : callable
        Takes a task and a stop event; when the event is set it should give up by raising Stopped.
    workers : int
        Number of threads or processes.
    on_done : callable, optional
        Called in the calling thread with the number of tasks finished, in whatever order they finish.
    kind : {"threads", "processes"}
        With processes, `work`, tasks and results must survive pickling, and a script that uses them must start its
        work under ``if __name__ == "__main__":``.

    Raises
    ------
    Exception
        The first error of a task; the others are stopped before it is passed on, as they are on Ctrl-C.
    CarebridgeError
        When `work` cannot be sent to processes, or when a process dies.
    """
    pool, stop, submit = _open(kind, work, max(1, workers))
    position: dict[Future[Result], int] = {}
    ready: dict[int, Result] = {}
    numbered = enumerate(tasks)
    finished = following = 0
    try:
        while True:
            for number, task in islice(numbered, _AHEAD * max(1, workers) - len(position)):
                position[submit(task)] = number
            if not position:
                return
            done, _ = wait(position, timeout=_LOOK_UP, return_when=FIRST_COMPLETED)
            for future in done:  # a future is forgotten once its result is taken, so that results do not pile up
                ready[position.pop(future)] = future.result()
            finished += len(done)
            if done and on_done:
                on_done(finished)
            del done
            while following in ready:
                yield ready.pop(following)
                following += 1
    except BrokenProcessPool:
        raise CarebridgeError(
            "A worker process ended before its work was done; the machine may have run out of memory. "
            "Use fewer workers, or threads, which share memory."
        ) from None
    finally:
        stop.set()
        pool.shutdown(wait=True, cancel_futures=True)


def _open(kind: Kind, work: Callable[..., Any], workers: int) -> tuple[Executor, Any, Callable[[Any], Future[Any]]]:
    """Pool of workers, the event that stops them, and the way to hand them a task."""
    if kind == "threads":
        stop = threading.Event()
        threads = ThreadPoolExecutor(workers, thread_name_prefix="replication")
        return threads, stop, lambda task: threads.submit(work, task, stop)
    if kind != "processes":
        raise ValueError(f"workers are 'threads' or 'processes', not {kind!r}")
    try:
        pickle.dumps(work)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise CarebridgeError(
            f"This work cannot be sent to other processes ({error}). Give functions that stand at the top level "
            "of a module, or use threads."
        ) from None
    # spawn: a fresh interpreter, which is safe beside the threads of numerical libraries
    context = multiprocessing.get_context("spawn")
    event = context.Event()
    processes = ProcessPoolExecutor(workers, mp_context=context, initializer=_begin, initargs=(work, event))
    return processes, event, lambda task: processes.submit(_do, task)


_worker: list[Any] = []  #: in a worker process: the work and the stop event


def _begin(work: Callable[..., Any], stop: Any) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches every process; the parent alone decides
    _worker[:] = work, stop


def _do(task: Any) -> Any:
    work, stop = _worker
    return work(task, stop)
