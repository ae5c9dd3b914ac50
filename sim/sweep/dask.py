"""Chunks on a Dask cluster that is there already; needs the extra ``carebridge[dask]``."""

from __future__ import annotations

import os
import queue
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sim.errors import CarebridgeError
from sim.sweep.executor import Ended
from sim.sweep.faults import DIED, Trouble, describe
from sim.sweep.journal import SESSION
from sim.sweep.remote import make_chunk

__all__ = ["DaskExecutor"]

_AHEAD = 2  #: chunks handed out at a time for each thread of the cluster
_PATIENCE = 10  #: seconds in which the scheduler must answer


class DaskExecutor:
    """Workers of a Dask cluster, which must see the folder under the same name.

    Parameters
    ----------
    folder : Path
        Folder of the sweep.
    scheduler : str
        Address, for example ``tcp://host:8786``.

    Raises
    ------
    CarebridgeError
        When Dask is not installed, or nobody answers at the address.
    """

    def __init__(self, folder: Path, scheduler: str):
        try:
            from distributed import Client
        except ImportError:
            raise CarebridgeError("executor=dask needs Dask: install carebridge with its extra, '.[dask]'.") from None
        self._folder = str(folder.resolve())
        try:
            self._client: Any = Client(scheduler, timeout=_PATIENCE, set_as_default=False)
        except (OSError, ValueError) as error:
            raise CarebridgeError(f"scheduler={scheduler}: no Dask scheduler answers there ({error}).") from None
        self._session = os.environ.get(SESSION, "")
        self._waiting: deque[int] = deque()
        self._open: dict[int, Any] = {}
        self._ended: queue.SimpleQueue[tuple[int, Any]] = queue.SimpleQueue()
        self._held = False

    def submit(self, chunks: Sequence[int]) -> None:
        """Add chunks to those that are to be made, in this order."""
        self._waiting.extend(chunks)
        self._hand_out()

    def _hand_out(self) -> None:
        threads = sum(self._client.nthreads().values()) or 1
        while self._waiting and not self._held and len(self._open) < _AHEAD * threads:
            chunk = self._waiting.popleft()
            future = self._client.submit(make_chunk, self._folder, chunk, "dask", self._session, pure=False)
            self._open[chunk] = future
            future.add_done_callback(lambda done, chunk=chunk: self._ended.put((chunk, done)))

    def wait(self, seconds: float) -> list[Ended]:
        """Attempts that have ended."""
        ended: list[Ended] = []
        timeout = seconds
        while True:
            try:
                chunk, future = self._ended.get(timeout=timeout) if timeout else self._ended.get_nowait()
            except queue.Empty:
                break
            if self._open.get(chunk) is not future:
                continue
            del self._open[chunk]
            ended.append(_outcome(chunk, future))
            timeout = 0.0
        if ended:
            self._hand_out()
        return ended

    def running(self) -> int:
        """Chunks that the cluster has been given."""
        return len(self._open)

    def hold(self) -> None:
        """Give the cluster no more chunks, and take back those that it has not begun."""
        self._held = True
        processing = {key for keys in self._client.processing().values() for key in keys}
        for chunk, future in list(self._open.items()):
            if future.key not in processing:
                self._client.cancel([future])
                self._open.pop(chunk)

    def close(self) -> None:
        """Leave the cluster; what it has not finished is given up."""
        self._held = True
        if self._open:
            self._client.cancel(list(self._open.values()), force=True)
        self._client.close(timeout=_PATIENCE)


def _outcome(chunk: int, future: Any) -> Ended:
    if future.status == "finished":
        answer = future.result()
        bad = Trouble(answer["kind"], answer["reason"]) if "kind" in answer else None
        return Ended(chunk, bad, answer.get("seconds", 0.0))
    error = future.exception() if future.status == "error" else None
    return Ended(chunk, Trouble(DIED, describe(error) if error else f"Dask gave it up ({future.status})"))
