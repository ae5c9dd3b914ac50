"""Simulators of the tests of calibration: replication r of one number has the same draws at every point."""

from collections.abc import Mapping
from functools import cache

import numpy as np

from sim.calibration import Normal, Parameter, Target

SLOPES = np.array([[1.0, 0.5], [0.3, 2.0], [1.0, -1.0]])
LEVEL = np.array([1.0, 2.0, 3.0])
LINE = [Parameter("x", -6, 6, Normal(0.5, 1.0), "h"), Parameter("y", -6, 6, Normal(-0.3, 0.7))]
SEEN = [Target("a", 2.2, 0.2), Target("b", 3.0, 0.3), Target("c", 4.1, 0.1, 0.2)]


def noise(replications: range, size: int, seed: int = 5) -> np.ndarray:
    return np.array([row(seed, r, size) for r in replications])


@cache
def row(seed: int, replication: int, size: int) -> np.ndarray:
    return np.random.default_rng([seed, replication]).normal(size=size)


def line(point: Mapping[str, float], replications: range) -> np.ndarray:
    return SLOPES @ [point["x"], point["y"]] + LEVEL + 0.3 * noise(replications, 3)


def product(point: Mapping[str, float], replications: range) -> np.ndarray:
    return point["a"] * point["b"] + noise(replications, 1)


class Drawn:
    """A linear simulator whose noise grows with x, on draws of its own; independent draws at every point on request."""

    def __init__(self, seed: int, common: bool = True):
        self.seed, self.common = seed, common

    def __call__(self, point: Mapping[str, float], replications: range) -> np.ndarray:
        seed = self.seed if self.common else abs(hash((self.seed, *point.values())))
        return SLOPES @ [point["x"], point["y"]] + LEVEL + np.exp(point["x"] / 8) * noise(replications, 3, seed)
