"""Files and folders that appear under their name only when they are whole: temporary name, flush, rename."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sim.errors import CarebridgeError

__all__ = ["check_file", "check_room", "json_text", "replace_bytes", "replace_text", "run_folder", "write_json"]


def json_text(data: Any) -> str:
    """JSON that is the same whenever the data are."""
    return json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def write_json(path: Path, data: Any) -> None:
    """Write JSON into a folder that is not yet under its name; see :func:`json_text`."""
    path.write_text(json_text(data), encoding="utf-8")


def replace_text(path: Path, text: str) -> None:
    """Write a text file whole or not at all; see :func:`replace_bytes`."""
    replace_bytes(path, text.encode("utf-8"))


def replace_bytes(path: Path, data: bytes) -> None:
    """Write a file whole or not at all.

    Raises
    ------
    CarebridgeError
        When it cannot be written; what stood there before is untouched.
    """
    part = path.with_name(f".{path.name}.part-{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise CarebridgeError(f"{path} could not be written: {error.strerror or error}") from None
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def check_room(out: Path, needed_mb: float) -> None:
    """Check, before any work is done, that a folder can be written and that the disk has room.

    Raises
    ------
    CarebridgeError
        Naming the folder and what is missing.
    """
    above = _writable(out)
    free_mb = shutil.disk_usage(above).free / 1e6
    if free_mb < needed_mb:
        raise CarebridgeError(f"out={out}: about {needed_mb:.0f} MB are needed there and {free_mb:.0f} MB are free.")


def check_file(out: Path, key: str = "out") -> None:
    """Check, before any work is done, that a file can be written; see :func:`check_room`."""
    _writable(out, key)


def _writable(out: Path, key: str = "out") -> Path:
    """Folder above `out`, the nearest that exists: new results are laid beside what they replace."""
    above = next(p for p in out.resolve().parents if p.exists())
    if not above.is_dir():
        raise CarebridgeError(f"{key}={out}: {above} is a file, not a folder.")
    if not os.access(above, os.W_OK | os.X_OK):
        raise CarebridgeError(f"{key}={out}: {above} cannot be written; give another folder.")
    return above


@contextmanager
def run_folder(out: Path) -> Iterator[Path]:
    """A folder that appears under its name only when everything in it has been written.

    Raises
    ------
    CarebridgeError
        When writing fails, for example because the disk is full; nothing half-written remains.
    """
    out = out.resolve()
    part = out.parent / f".{out.name}.part-{os.getpid()}"
    shutil.rmtree(part, ignore_errors=True)  # of a process of the same number that was killed
    try:
        part.mkdir(parents=True, exist_ok=False)
        yield part
        _flush(part)
        _take_the_place(part, out)
    except OSError as error:
        shutil.rmtree(part, ignore_errors=True)
        before = "; the earlier results there are untouched" if out.exists() else ""
        raise CarebridgeError(f"the results could not be written to {out}: {error.strerror or error}{before}") from None
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


def _take_the_place(part: Path, out: Path) -> None:
    """Give a folder its name; what stood there before comes back if that fails."""
    if not out.exists():
        os.replace(part, out)
        return
    old = out.parent / f".{out.name}.old-{os.getpid()}"
    shutil.rmtree(old, ignore_errors=True)
    try:
        os.replace(out, old)
        os.replace(part, out)
    except BaseException:
        if old.exists() and not out.exists():
            os.rename(old, out)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _flush(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("r+b") as file:
                os.fsync(file.fileno())
