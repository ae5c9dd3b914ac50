"""Progress of a simulation on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["runs_done"]


@contextmanager
def runs_done(total: int | None) -> Iterator[Callable[[int], None]]:
    """Give a function that shows how many runs are done: on a terminal; nothing elsewhere."""
    from tqdm import tqdm

    with tqdm(total=total, desc="simulating", unit=" runs", file=sys.stderr, disable=None, leave=False) as bar:

        def show(done: int) -> None:
            bar.update(done - bar.n)

        yield show
