"""Chunks made in processes that others start: by Slurm or by Dask."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

from sim.sweep.attempt import attempt
from sim.sweep.faults import ALL
from sim.sweep.folder import Folder
from sim.sweep.journal import Journal
from sim.sweep.study import Study

__all__ = ["make_chunk", "make_chunks", "stop_file"]


def stop_file(folder: Path, session: str) -> Path:
    """File that asks the jobs of a session to begin no more chunks."""
    return folder / "journal" / f"{session}.stop"


def make_chunk(folder: str, chunk: int, who: str, session: str) -> dict[str, Any]:
    """Make a chunk; what came of it, as plain data."""
    where, study, journal = _open(folder, who, session)
    return attempt(where, study, chunk, journal)


def make_chunks(folder: str, chunks: Iterable[int], who: str, session: str) -> int:
    """Make chunks one after another until there is a stop file; how many were made or tried."""
    count, stop = 0, stop_file(Path(folder), session)
    for chunk in chunks:
        if stop.exists():
            break
        answer = make_chunk(folder, chunk, who, session)
        count += 1
        if answer.get("kind") in ALL:
            break  # the next one would meet the same
    return count


@lru_cache(maxsize=4)
def _open(folder: str, who: str, session: str) -> tuple[Folder, Study, Journal]:
    """The sweep as this process knows it: read once."""
    where = Folder.open(Path(folder))
    return where, where.study(), Journal(where.path, who, session)
