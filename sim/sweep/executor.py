"""What an executor does: makes chunks somewhere and reports how each ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sim.sweep.faults import Trouble

__all__ = ["Ended", "Executor"]


@dataclass(frozen=True)
class Ended:
    """How an attempt at a chunk ended.

    Parameters
    ----------
    chunk : int
    trouble : Trouble or None
        None when the chunk is done.
    seconds : float
        What it took.
    counts : bool
        Whether the attempt counts; one that never began does not.
    """

    chunk: int
    trouble: Trouble | None = None
    seconds: float = 0.0
    counts: bool = True


class Executor(Protocol):
    """Makes chunks."""

    def submit(self, chunks: Sequence[int]) -> None:
        """Add chunks to those that are to be made."""
        ...

    def wait(self, seconds: float) -> list[Ended]:
        """Attempts that have ended, waiting so long at most for the first."""
        ...

    def running(self) -> int:
        """Chunks that are being made now."""
        ...

    def hold(self) -> None:
        """Begin no more chunks."""
        ...

    def close(self) -> None:
        """End all work at once, in the middle of chunks too."""
        ...
