"""Arrays side by side in large pages of memory, where the system has them (Linux).

A processor remembers where some thousand pages of memory lie. What is asked for in no order is found with fewer
look-ups in pages of 2 MiB than in pages of 4 KiB.
"""

from __future__ import annotations

import contextlib
import mmap
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["in_large_pages"]

PAGE = 1 << 21
LINE = 64  #: bytes that a processor reads at once; every array begins with a line
WORTH = 1 << 19  #: bytes; below, making a large page costs more than it saves


def in_large_pages(arrays: Mapping[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
    """Copies of arrays, side by side; the arrays themselves where they are small or there are no large pages.

    Parameters
    ----------
    arrays : mapping of ndarray
        They share their memory afterwards: it is free again when the last of them is.
    """
    lines = {name: -(-array.nbytes // LINE) * LINE for name, array in arrays.items()}
    size = sum(lines.values())
    if size < WORTH or not hasattr(mmap, "MADV_HUGEPAGE"):
        return dict(arrays)
    try:
        memory = mmap.mmap(-1, (-(-size // PAGE) + 1) * PAGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    except OSError:  # no room for all of it in one piece
        return dict(arrays)
    with contextlib.suppress(OSError):  # a system without large pages gives small ones
        memory.madvise(mmap.MADV_HUGEPAGE)
    whole = np.frombuffer(memory, np.uint8)
    at, out = -whole.ctypes.data % PAGE, {}
    for name, array in arrays.items():
        out[name] = whole[at : at + array.nbytes].view(array.dtype).reshape(array.shape)
        out[name][...] = array
        at += lines[name]
    return out
