"""One attempt at a chunk, wherever it is made: what came of it is said in the journal and in plain data."""

from __future__ import annotations

import sys
from typing import Any

from sim.sweep.chunk import run_chunk
from sim.sweep.faults import ask_room, check_software, software, trouble
from sim.sweep.folder import Folder
from sim.sweep.journal import Journal
from sim.sweep.study import Study

__all__ = ["attempt", "software_of"]


def software_of(study: Study) -> dict[str, Any]:
    """Versions of the engine and of the study's own package."""
    own = getattr(study, "software", None)
    return software() | (own() if own else {})


def attempt(folder: Folder, study: Study, chunk: int, journal: Journal) -> dict[str, Any]:
    """Make a chunk; say what came of it, in the journal too."""
    journal.write("began", chunk)
    try:
        check_software(folder.about["software"], software_of(study))
        ask_room(folder.path, float(folder.about["bytes_a_chunk"]))
        made = run_chunk(folder, study, chunk)
    except Exception as error:
        found = trouble(error)
        _note(journal, "failed", chunk, **found.plain())
        return {"chunk": chunk, **found.plain()}
    if made is not None:
        took = {"seconds": round(made.seconds, 4), "cpu_seconds": round(made.cpu_seconds, 4), "bytes": made.bytes}
        _note(journal, "done", chunk, **took)
        return {"chunk": chunk, **took}
    return {"chunk": chunk, "seconds": 0.0}


def _note(journal: Journal, event: str, chunk: int, **more: Any) -> None:
    """Write into the journal if that is possible: it informs, no more."""
    try:
        journal.write(event, chunk, **more)
    except OSError as error:
        print(f"the journal cannot be written: {error}", file=sys.stderr)
