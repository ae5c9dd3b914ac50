"""One coordinator a folder: a lock that the system lifts when its owner ends, however it ends."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from sim.errors import CarebridgeError
from sim.sweep.journal import SESSION, new_session

__all__ = ["is_locked", "owner", "session", "sole_owner"]


@contextmanager
def sole_owner(folder: Path, work: str) -> Iterator[None]:
    """Own a folder while working in it.

    Raises
    ------
    CarebridgeError
        Naming who owns it.
    """
    lock = FileLock(folder / "lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise CarebridgeError(
            f"{folder}: another command is at work in this folder: {owner(folder)}. Wait for it or stop it first."
        ) from None
    try:
        about = {
            "work": work,
            "session": new_session(),
            "host": socket.gethostname(),
            "process": os.getpid(),
            "since": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        (folder / "owner.json").write_text(json.dumps(about) + "\n", "utf-8")
        os.environ[SESSION] = about["session"]  # for the workers that are started now
        yield
    finally:
        os.environ.pop(SESSION, None)
        (folder / "owner.json").unlink(missing_ok=True)
        lock.release()


def is_locked(folder: Path) -> bool:
    """Whether somebody works in a folder now."""
    if not (folder / "lock").exists():
        return False
    lock = FileLock(folder / "lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    lock.release()
    return False


def session(folder: Path) -> str:
    """Session that is at work in a folder, or an empty text."""
    if not is_locked(folder):
        return ""
    try:
        return json.loads((folder / "owner.json").read_text("utf-8"))["session"]
    except (OSError, ValueError, KeyError):
        return ""


def owner(folder: Path) -> str:
    """Who owns a folder, in words."""
    try:
        found = json.loads((folder / "owner.json").read_text("utf-8"))
        return f"{found['work']} on {found['host']}, process {found['process']}, since {found['since']}"
    except (OSError, ValueError, KeyError):
        return "unknown"
