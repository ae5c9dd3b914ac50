"""Numbers that money draws once a replication: the same for every arm, however replications are spread over workers."""

from __future__ import annotations

from zlib import crc32

import numpy as np
import numpy.typing as npt

__all__ = ["uniform", "triangular"]

Floats = npt.NDArray[np.float64]


def uniform(low: float, high: float, name: str, seed: int, replications: int) -> Floats:
    """Draw one number a replication (R,) from low to high; `name` says for what."""
    return np.array([_source(name, seed, r).uniform(low, high) for r in range(replications)])


def triangular(low: float, mode: float, high: float, name: str, seed: int, replications: int) -> Floats:
    """Draw one number a replication (R,) that is most likely `mode`."""
    if low == high:
        return np.full(replications, mode)
    return np.array([_source(name, seed, r).triangular(low, mode, high) for r in range(replications)])


def _source(name: str, seed: int, replication: int) -> np.random.Generator:
    return np.random.default_rng([seed, crc32(name.encode()), replication])
