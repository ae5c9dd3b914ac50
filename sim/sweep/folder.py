"""The folder of a sweep: what stands where, and which chunks are done.

``sweep.json`` says what is swept, ``points.arrow`` with which values, ``manifest.arrow`` in which chunks. A chunk's
file carries a hash of its own bytes in its name: a file that is there and whole is done, whatever has happened.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import feather

from sim.errors import CarebridgeError
from sim.sweep.design import Points
from sim.sweep.study import Study, load_study

__all__ = ["LAYOUT", "Folder", "file_hash"]

LAYOUT = "1.0"  #: layout of the folder; another first number is refused
_CHUNK = re.compile(r"^(\d{6,})-([0-9a-f]{16})\.arrow$")
_A_FOLDER = 1000  #: chunks in one folder


def file_hash(data: bytes) -> str:
    """Hash that stands in the name of a chunk's file."""
    return hashlib.sha256(data).hexdigest()[:16]


@dataclass(frozen=True)
class Folder:
    """A sweep on disk.

    Parameters
    ----------
    path : Path
    """

    path: Path

    @classmethod
    def open(cls, path: Path) -> Folder:
        """Sweep in a folder.

        Raises
        ------
        CarebridgeError
            When there is none, or one of another layout.
        """
        folder = cls(path)
        if not folder.file("sweep.json").is_file():
            raise CarebridgeError(f"{path}: there is no sweep in this folder (no sweep.json).")
        found = str(folder.about.get("layout"))
        if found.split(".", maxsplit=1)[0] != LAYOUT.split(".", maxsplit=1)[0]:
            raise CarebridgeError(f"{path}: layout {found} cannot be read by this version, which knows {LAYOUT}.")
        return folder

    def file(self, name: str) -> Path:
        """Path of a file or folder in it."""
        return self.path / name

    @cached_property
    def about(self) -> dict[str, Any]:
        """What ``sweep.json`` says."""
        try:
            return json.loads(self.file("sweep.json").read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise CarebridgeError(f"{self.file('sweep.json')}: cannot be read: {error}.") from None

    @cached_property
    def points(self) -> Points:
        """All points of the sweep."""
        columns = self._read("points.arrow").to_pydict()
        count = len(columns.pop("point"))
        return Points({key: columns[key] for key in self.about["keys"]}, count)

    @cached_property
    def edges(self) -> npt.NDArray[np.int64]:
        """First task of every chunk, and the number of tasks."""
        manifest = self._read("manifest.arrow")
        first, tasks = (manifest.column(n).to_numpy() for n in ("first_task", "tasks"))
        return np.append(first, first[-1] + tasks[-1])

    @cached_property
    def seconds(self) -> npt.NDArray[np.float64]:
        """Estimated time of every chunk (s)."""
        return self._read("manifest.arrow").column("estimated_seconds").to_numpy()

    @property
    def chunks(self) -> int:
        """Number of chunks."""
        return len(self.edges) - 1

    @property
    def replications(self) -> int:
        """Replications of every point."""
        return int(self.about["replications"])

    def _read(self, name: str) -> pa.Table:
        try:
            return feather.read_table(str(self.file(name)), memory_map=False)
        except (OSError, pa.ArrowInvalid) as error:
            raise CarebridgeError(f"{self.file(name)}: cannot be read: {error}.") from None

    def study(self) -> Study:
        """The study that is swept, made anew."""
        return load_study(self.about["study"], self.about["settings"])

    def chunk_file(self, chunk: int, digest: str) -> Path:
        """Path of the file of a chunk whose bytes have this hash."""
        return self.path / "chunks" / f"{chunk // _A_FOLDER:03d}" / f"{chunk:06d}-{digest}.arrow"

    def done(self, chunk: int) -> Path | None:
        """File of a chunk, if it is done."""
        for path in self.chunk_file(chunk, "*").parent.glob(f"{chunk:06d}-*.arrow"):
            match = _CHUNK.match(path.name)
            if match and _whole(path, match[2]):
                return path
        return None

    def finished(self) -> tuple[dict[int, Path], list[Path]]:
        """Chunks that are done, with their files, and the files that are damaged.

        Raises
        ------
        CarebridgeError
            When a chunk was made twice with different results: the same configuration must give the same bytes.
        """
        done: dict[int, Path] = {}
        damaged = []
        for path in sorted(self.file("chunks").glob("*/*.arrow")):
            match = _CHUNK.match(path.name)
            if match is None:
                continue
            chunk = int(match[1])
            if chunk >= self.chunks or not _whole(path, match[2]):
                damaged.append(path)
            elif chunk in done:
                raise CarebridgeError(
                    f"chunk {chunk} was made twice with different results ({done[chunk].name}, {path.name}); "
                    "the machines or their software differ. Remove both files and go on with one kind of machine."
                )
            else:
                done[chunk] = path
        return done, damaged

    def leftovers(self) -> list[Path]:
        """Parts of files that a worker was writing when it ended."""
        return sorted(self.file("chunks").glob("*/.*.part-*"))


def _whole(path: Path, digest: str) -> bool:
    """Whether a file holds the bytes that its name promises."""
    try:
        return file_hash(path.read_bytes()) == digest
    except FileNotFoundError:
        return False
