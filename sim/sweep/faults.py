"""Why a chunk was not made, in words, and whether trying again may help."""

from __future__ import annotations

import errno
import platform
import shutil
import traceback
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import sim
from sim.kernel.jit import source_hash
from sim.sweep.study import digest

__all__ = ["SPARE_BYTES", "Trouble", "ask_room", "describe", "software", "trouble"]

#: kinds of trouble; those of ALL stop the sweep, since every other chunk would meet them too
STUDY, DIED, DISK, FOLDER, SOFTWARE = "error", "died", "disk full", "folder", "software"
ALL = (DISK, FOLDER, SOFTWARE)
SPARE_BYTES = 64_000_000  #: free space under which nothing is written any more
_DISK = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EFBIG)
_FOLDER = (errno.EROFS, errno.EEXIST, errno.EISDIR, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.ESTALE, errno.EIO)
LIBRARIES = ("numpy", "numba", "scipy", "pyarrow", "pandas")


@dataclass(frozen=True)
class Trouble:
    """Why a chunk was not made."""

    kind: str
    reason: str

    @property
    def stops_all(self) -> bool:
        """Whether every other chunk would meet the same."""
        return self.kind in ALL

    def plain(self) -> dict[str, str]:
        """As plain data."""
        return asdict(self)


def trouble(error: BaseException) -> Trouble:
    """What an error means for the sweep."""
    if isinstance(error, SoftwareDiffers):
        return Trouble(SOFTWARE, str(error))
    if isinstance(error, OSError) and error.errno in _DISK:
        return Trouble(DISK, f"the disk is full: {error.strerror or error}")
    if isinstance(error, OSError) and error.errno in _FOLDER:
        return Trouble(FOLDER, f"the folder cannot be written: {error}")
    return Trouble(STUDY, describe(error))


def describe(error: BaseException) -> str:
    """Say what went wrong and where, in a line or two."""
    last = traceback.extract_tb(error.__traceback__)[-1:]
    where = f" ({Path(last[0].filename).name}, line {last[0].lineno})" if last else ""
    return f"{type(error).__name__}: {error}{where}"


class SoftwareDiffers(Exception):
    """A worker runs other software than the one that planned the sweep."""


def ask_room(folder: Path, needed: float) -> None:
    """Make sure that the disk has room for so many bytes more.

    Raises
    ------
    OSError
        When it has not.
    """
    free = shutil.disk_usage(folder).free
    if free < needed + SPARE_BYTES:
        raise OSError(
            errno.ENOSPC, f"{free / 1e6:.0f} MB are free and {(needed + SPARE_BYTES) / 1e6:.0f} MB are needed"
        )


def software() -> dict[str, str]:
    """Versions of everything that results depend on; equal on every machine of a sweep."""
    found = {"python": ".".join(platform.python_version_tuple()[:2]), "processor": platform.machine()}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "missing"
    return found | {"engine": source_hash(), "sim": _sources(Path(sim.__file__).parent)}


def check_software(planned: dict[str, Any], found: dict[str, Any]) -> None:
    """Make sure that this worker runs what the sweep was planned with.

    Raises
    ------
    SoftwareDiffers
        Naming what differs.
    """
    differ = [k for k in sorted({*planned, *found}) if planned.get(k) != found.get(k)]
    if differ:
        pairs = ", ".join(f"{k} is {found.get(k, 'missing')}, planned with {planned.get(k, 'missing')}" for k in differ)
        raise SoftwareDiffers(f"this worker runs other software than the sweep was planned with: {pairs}")


def _sources(folder: Path) -> str:
    """Hash of the Python files of a package."""
    return digest(
        [(p.relative_to(folder).as_posix(), digest(p.read_text("utf-8"))) for p in sorted(folder.rglob("*.py"))]
    )
