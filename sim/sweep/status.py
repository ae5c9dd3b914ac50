"""How a sweep stands: done, running, failed, the time and the disk that remain."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sim.sweep.folder import Folder
from sim.sweep.lock import is_locked, owner
from sim.sweep.manifest import DONE, FAILED, RUNNING, WAITING, State, states

__all__ = ["Status", "status", "words"]


@dataclass(frozen=True)
class Status:
    """How a sweep stands.

    Parameters
    ----------
    chunks, done, running, failed, waiting : int
    tasks, tasks_done : int
        Replications of points.
    core_seconds_left : float
        Work that remains, by what chunks have taken so far, or by the estimate of the plan.
    bytes_used, bytes_left, bytes_free : float
    reasons : dict
        Why chunks failed, and which.
    owner : str
        Who is at work, or empty.
    """

    chunks: int
    done: int
    running: int
    failed: int
    waiting: int
    tasks: int
    tasks_done: int
    core_seconds_left: float
    bytes_used: float
    bytes_left: float
    bytes_free: float
    reasons: dict[str, list[int]]
    owner: str


def status(folder: Folder) -> Status:
    """Look at a sweep; it may be running."""
    known = states(folder)
    count = {name: sum(s.state == name for s in known) for name in (DONE, RUNNING, FAILED, WAITING)}
    is_done = np.array([s.state == DONE for s in known])
    tasks = np.diff(folder.edges)
    used = float(sum(p.stat().st_size for p in folder.file("chunks").glob("*/*.arrow")))
    a_chunk = used / count[DONE] if count[DONE] else float(folder.about["bytes_a_chunk"])
    reasons: dict[str, list[int]] = {}
    for chunk, one in enumerate(known):
        if one.state == FAILED:
            reasons.setdefault(one.reason, []).append(chunk)
    return Status(
        chunks=folder.chunks,
        done=count[DONE],
        running=count[RUNNING],
        failed=count[FAILED],
        waiting=count[WAITING],
        tasks=int(tasks.sum()),
        tasks_done=int(tasks[is_done].sum()),
        core_seconds_left=float(_pace(folder, known) * folder.seconds[~is_done].sum()),
        bytes_used=used,
        bytes_left=a_chunk * float((~is_done).sum()),
        bytes_free=float(shutil.disk_usage(folder.path).free),
        reasons=reasons,
        owner=owner(folder.path) if is_locked(folder.path) else "",
    )


def _pace(folder: Folder, known: list[State]) -> float:
    """What chunks have taken, over what the plan expected."""
    timed = [(s.seconds, e) for s, e in zip(known, folder.seconds, strict=True) if s.seconds]
    expected = sum(e for _, e in timed)
    return sum(s for s, _ in timed) / expected if expected > 0 else 1.0


def words(found: Status, path: Path) -> list[str]:
    """Say it in lines."""
    lines = [
        f"{found.done} of {found.chunks} chunks done ({found.tasks_done} of {found.tasks} runs), "
        f"{found.running} running, {found.failed} failed, {found.waiting} waiting"
    ]
    if found.done < found.chunks:
        left = f"work left: about {span(found.core_seconds_left)} of one core"
        if found.running:
            left += f", so about {span(found.core_seconds_left / found.running)} on the {found.running} at work"
        lines.append(left)
        lines.append(
            f"disk: {found.bytes_used / 1e6:.1f} MB used, about {found.bytes_left / 1e6:.1f} MB more needed, "
            f"{found.bytes_free / 1e6:.0f} MB free"
        )
        lines.append(f"at work: {found.owner}" if found.owner else "nobody is at work; run the sweep again to go on")
    else:
        lines.append(f"disk: {found.bytes_used / 1e6:.1f} MB; `carebridge collect {path}` makes the tables")
    for reason, chunks in found.reasons.items():
        shown = ", ".join(map(str, chunks[:5])) + (f" and {len(chunks) - 5} more" if len(chunks) > 5 else "")  # noqa: PLR2004
        lines.append(f"failed: chunk {shown}: {reason}")
        lines.append(f"  to run it alone: carebridge chunk {path} {chunks[0]}")
    return lines


def span(seconds: float) -> str:
    """Say a span of time in a fitting unit."""
    for size, name in ((86400.0, "d"), (3600.0, "h"), (60.0, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {name}"
    return f"{seconds:.0f} s"
