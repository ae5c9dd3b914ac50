"""Closed forms of queueing theory."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from sim.theory import erlang_c

__all__ = ["birth_death", "mg1_wait", "mmc_number", "trunk_occupancy"]


def mmc_number(load: float, places: int) -> float:
    """Mean number at an M/M/c station."""
    return load + erlang_c(places, load) * load / (places - load)


def mg1_wait(rate: float, mean: float, square: float) -> float:
    """Mean wait before a single place whose stays have this mean and mean square (Pollaczek and Khinchine)."""
    return rate * square / (2 * (1 - rate * mean))


def birth_death(birth: Callable[[int], float], death: Callable[[int], float], states: int) -> npt.NDArray[np.float64]:
    """Distribution of the number present when it moves by one at these rates, over 0 … states − 1."""
    weight = [1.0]
    for n in range(1, states):
        weight.append(weight[-1] * birth(n - 1) / death(n))
    return np.array(weight) / sum(weight)


def trunk_occupancy(loads: Sequence[float], amounts: Sequence[int], limit: int) -> npt.NDArray[np.float64]:
    """Distribution of what is held of a pool by streams that hold different amounts (Kaufman 1981, Roberts 1981)."""
    weight = np.zeros(limit + 1)
    weight[0] = 1.0
    for held in range(1, limit + 1):
        weight[held] = sum(a * b * weight[held - b] for a, b in zip(loads, amounts, strict=True) if held >= b) / held
    return weight / weight.sum()
