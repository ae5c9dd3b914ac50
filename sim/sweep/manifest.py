"""The manifest: every chunk that is expected, its state, and the hash of its file."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

from sim.sweep.chunk import table_bytes, write_once
from sim.sweep.faults import Trouble
from sim.sweep.folder import Folder
from sim.sweep.journal import read_journal
from sim.sweep.lock import session

__all__ = ["DONE", "FAILED", "RUNNING", "WAITING", "State", "states", "write_manifest"]

DONE, RUNNING, FAILED, WAITING = "done", "running", "failed", "waiting"


@dataclass
class State:
    """State of one chunk.

    Parameters
    ----------
    state : str
        done, running, failed or waiting.
    seconds : float or None
        What the last complete attempt took.
    attempts : int
        Attempts that began.
    reason : str
        Why the last attempt failed.
    sha256 : str
        Hash of its file.
    """

    state: str = WAITING
    seconds: float | None = None
    attempts: int = 0
    reason: str = ""
    sha256: str = ""


def states(folder: Folder) -> list[State]:
    """State of every chunk, from its file and from the journal."""
    found = [State() for _ in range(folder.chunks)]
    now, open_ = session(folder.path), [0] * folder.chunks
    for line in read_journal(folder.path):
        chunk, event = line.get("chunk", -1), line["event"]
        if not 0 <= chunk < folder.chunks:
            continue
        one = found[chunk]
        if event == "began":
            one.attempts += 1
        elif event == "done":
            one.seconds = line["seconds"]
        elif event == "failed":
            one.state, one.reason = FAILED, line["reason"]
        if now and line["session"] == now:
            open_[chunk] += {"began": 1, "done": -1, "failed": -1}.get(event, 0)
    for one, count in zip(found, open_, strict=True):
        if count > 0:
            one.state = RUNNING
    for chunk, path in folder.finished()[0].items():
        found[chunk].state, found[chunk].reason = DONE, ""
        found[chunk].sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def write_manifest(folder: Folder, failed: Mapping[int, Trouble]) -> None:
    """Write what is known of every chunk into ``manifest.arrow``."""
    known = states(folder)
    for chunk, one in enumerate(known):
        if one.state == RUNNING:  # nobody is at work any more
            one.state = WAITING
        if chunk in failed:
            one.state, one.reason = FAILED, failed[chunk].reason
    edges = folder.edges
    table = pa.table(
        {
            "chunk": pa.array(range(folder.chunks), pa.int64()),
            "first_task": pa.array(edges[:-1], pa.int64()),
            "tasks": pa.array(edges[1:] - edges[:-1], pa.int64()),
            "estimated_seconds": pa.array(folder.seconds, pa.float64()),
            "state": pa.array([s.state for s in known]).dictionary_encode(),
            "sha256": pa.array([s.sha256 for s in known]),
            "seconds": pa.array([s.seconds for s in known], pa.float64()),
            "attempts": pa.array([s.attempts for s in known], pa.int32()),
            "reason": pa.array([s.reason for s in known]),
        }
    )
    write_once(folder.file("manifest.arrow"), table_bytes(table))
