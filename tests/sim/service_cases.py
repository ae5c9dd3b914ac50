"""Every kind of distribution, plain and kept to a range or to bounds, with independent formulae of what it is."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats

from sim.network.schema import Service
from sim.services import Resolved, resolve, service_faults

Array = npt.NDArray[np.float64]
Survival = Callable[[Any], Any]  #: P(time > x), x in hours

MEAN = {"mean": "30 h"}
PHASES = [{"mean": "2 h", "ends": 0.3}, {"mean": "5 h", "ends": 0.2}, {"mean": "40 h"}]
PARTS = [
    {"kind": "exponential", "mean": "2 h", "share": 0.3},
    {"kind": "gamma", "mean": "30 h", "shape": 2, "share": 0.5},
    {"kind": "lognormal", "mean": "90 h", "cv": 1.2, "share": 0.2},
]
OBSERVED = [50, 3, 14, 14, 70, 30, 41, 22, 8.5, 14]


def lognormal(mean: float, cv: float) -> Survival:
    return stats.lognorm(np.sqrt(np.log1p(cv**2)), scale=mean / np.sqrt(1 + cv**2)).sf


def sum_of_exponentials(*means: float) -> Survival:
    """Survival of a sum of independent exponential times whose means differ."""
    weights = [np.prod([m / (m - other) for other in means if other != m]) for m in means]
    return lambda x: sum(w * np.exp(-np.maximum(x, 0) / m) for w, m in zip(weights, means, strict=True))


def mixed(*parts: tuple[float, Survival]) -> Survival:
    return lambda x: sum(share * sf(x) for share, sf in parts)


SHARE = (1 + math.sqrt(3 / 5)) / 2  # of the first phase of a hyperexponential with balanced means and cv 2
KINDS: dict[str, tuple[dict[str, Any], Survival]] = {
    "exponential": (MEAN, stats.expon(scale=30).sf),
    "lognormal": ({**MEAN, "cv": 1.5}, lognormal(30, 1.5)),
    "lognormal by sd": ({**MEAN, "sd": "2 h"}, lognormal(30, 1 / 15)),
    "lognormal by median": ({**MEAN, "median": "20 h"}, stats.lognorm(np.sqrt(2 * np.log(1.5)), scale=20).sf),
    "weibull": ({**MEAN, "shape": 0.7}, stats.weibull_min(0.7, scale=30 / math.gamma(1 + 1 / 0.7)).sf),
    "uniform": ({"low": "10 h", "high": "50 h"}, stats.uniform(10, 40).sf),
    "triangular": ({"low": "10 h", "mode": "20 h", "high": "60 h"}, stats.triang(0.2, 10, 50).sf),
    "triangular rising": ({"low": "10 h", "mode": "60 h", "high": "60 h"}, stats.triang(1, 10, 50).sf),
    "triangular falling": ({"low": "10 h", "mode": "10 h", "high": "60 h"}, stats.triang(0, 10, 50).sf),
    "normal": ({**MEAN, "sd": "20 h"}, stats.norm(30, 20).sf),
    "normal by cv": ({**MEAN, "cv": 0.2}, stats.norm(30, 6).sf),
    "gamma": ({**MEAN, "shape": 0.6}, stats.gamma(0.6, scale=50).sf),
    "gamma by sd": ({**MEAN, "sd": "15 h"}, stats.gamma(4, scale=7.5).sf),
    "erlang": ({**MEAN, "shape": 3}, stats.gamma(3, scale=10).sf),
    "hyperexponential": (
        {**MEAN, "cv": 2},
        mixed((SHARE, stats.expon(scale=15 / SHARE).sf), (1 - SHARE, stats.expon(scale=15 / (1 - SHARE)).sf)),
    ),
    "coxian": (
        {"phases": PHASES},
        mixed(
            (0.3, sum_of_exponentials(2)), (0.7 * 0.2, sum_of_exponentials(2, 5)), (0.56, sum_of_exponentials(2, 5, 40))
        ),
    ),
    "mixture": (
        {"parts": PARTS},
        mixed((0.3, stats.expon(scale=2).sf), (0.5, stats.gamma(2, scale=15).sf), (0.2, lognormal(90, 1.2))),
    ),
    "empirical": (
        {"observed": [f"{x} h" for x in OBSERVED]},
        lambda x: np.mean(np.array(OBSERVED) > np.asarray(x)[..., None], axis=-1),
    ),
}
RANGES: dict[str, dict[str, Any]] = {
    "plain": {},
    "between": {"between": ["12 h", "45 h"]},
    "at least": {"at_least": "20 h"},
    "at most": {"at_most": "40 h"},
    "all three": {"between": ["12 h", "45 h"], "at_least": "15 h", "at_most": "40 h"},
}
CASES = [(kind, limits) for kind in KINDS for limits in RANGES]
everywhere = pytest.mark.parametrize(("kind", "limits"), CASES, ids=lambda name: name.replace(" ", "_"))


def written(kind: str, limits: str = "plain") -> dict[str, Any]:
    return {"kind": kind.split(maxsplit=1)[0], **KINDS[kind][0], **RANGES[limits]}


def resolved(given: dict[str, Any]) -> Resolved:
    service = Service.model_validate(given)
    assert service_faults(service) == []
    return resolve(service)


def shares(n: int) -> Array:
    """Shares as the engine makes them, both extremes included."""
    u = (np.random.default_rng(20180401).integers(0, 2**52, n) + 0.5) / 2**52
    u[:2] = 0.5 / 2**52, 1 - 0.5 / 2**52
    return u


def hours_of(text: str) -> float:
    return float(text.removesuffix(" h"))


def reference(kind: str, limits: str) -> Survival:
    """P(time > x hours) of a kind with its range and bounds, by their definition."""
    sf, given = KINDS[kind][1], RANGES[limits]
    low, high = (hours_of(x) for x in given.get("between", ("-inf h", "inf h")))
    least, most = hours_of(given.get("at_least", "0 h")), hours_of(given.get("at_most", "inf h"))
    first, last = (1.0, 0.0) if math.isinf(high) else (sf(np.nextafter(low, 0)), sf(np.array(high)))

    def limited(x: Any) -> Any:
        x = np.asarray(x, float)
        inside = (sf(np.clip(x, low, high)) - last) / (first - last)
        inside = np.where(x < low, 1.0, np.where(x >= high, 0.0, inside))
        return np.where(x < least, 1.0, np.where(x >= most, 0.0, inside))

    return limited


def steps_of(kind: str, limits: str) -> list[float]:
    """Hours between which the reference is smooth; the last is beyond all that matters."""
    given = RANGES[limits]
    bounds = [*given.get("between", ()), *(given[key] for key in ("at_least", "at_most") if key in given)]
    corners = OBSERVED if kind == "empirical" else (10, 20, 50, 60)
    return sorted({0.0, *map(hours_of, bounds), *map(float, corners), *np.geomspace(1e-3, 3e5, 60)})
