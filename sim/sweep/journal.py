"""The journal of a sweep: who began, finished or failed which chunk. It informs; only chunk files count as done.

Every process appends to a file of its own, one line of JSON at a time, so that nobody waits for anybody and a line
that was cut short by a crash spoils nothing but itself.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

__all__ = ["SESSION", "Journal", "new_session", "read_journal"]

SESSION = "CAREBRIDGE_SESSION"  #: environment variable that tells workers whose they are
ALONE = "alone"  #: session of work that no coordinator started


def new_session() -> str:
    """Name that no other session has."""
    return secrets.token_hex(6)


class Journal:
    """Lines of one process.

    Parameters
    ----------
    folder : Path
        Folder of the sweep.
    who : str
        ``coordinator``, ``worker``, ``slurm`` or ``dask``.
    session : str, optional
        Whose work it is; by default that of the environment.
    """

    def __init__(self, folder: Path, who: str, session: str = ""):
        self.who = f"{who}-{socket.gethostname()}-{os.getpid()}"
        session = session or os.environ.get(SESSION, ALONE)
        self._path = folder / "journal" / f"{session}.{self.who}-{time.time_ns():x}.jsonl"

    def write(self, event: str, chunk: int | None = None, **more: Any) -> None:
        """Append a line, for example ``began``, ``done`` or ``failed``."""
        line: dict[str, Any] = {"event": event, "at": round(time.time(), 3)}
        if chunk is not None:
            line["chunk"] = chunk
        self._path.parent.mkdir(exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line | more, ensure_ascii=False) + "\n")


def read_journal(folder: Path) -> Iterator[dict[str, Any]]:
    """All lines of all processes, file by file, each with its ``session``; torn lines are passed over."""
    for path in sorted((folder / "journal").glob("*.jsonl")):
        for line in path.read_text("utf-8", errors="replace").splitlines():
            try:
                found = json.loads(line)
            except ValueError:
                continue
            if isinstance(found, dict) and "event" in found:
                yield {**found, "session": path.name.partition(".")[0]}
