"""Distribution functions, moments and residual times of every kind of distribution, against independent formulae."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from scipy import integrate, stats

from sim.clock import HOUR
from sim.services import cdf, mean_ms, moments, residual, survival
from tests.sim.service_cases import (
    KINDS,
    MEAN,
    OBSERVED,
    Survival,
    everywhere,
    reference,
    resolved,
    shares,
    steps_of,
    written,
)


def integral(function: Survival, steps: Sequence[float]) -> float:
    nodes, weights = np.polynomial.legendre.leggauss(20)
    total = 0.0
    for a, b in zip(steps, steps[1:], strict=False):
        total += float(np.sum(weights * function((a + b) / 2 + (b - a) / 2 * nodes))) * (b - a) / 2
    return total


@everywhere
def test_distribution_functions(kind: str, limits: str) -> None:
    service, sf = resolved(written(kind, limits)), reference(kind, limits)
    x = np.concatenate([[0.0], np.geomspace(0.01, 2_000, 400), [11.9, 12, 12.1, 15, 39.9, 40, 45, 46]])
    x = x[~np.isin(x, [12.0])] if kind == "empirical" else x
    assert np.allclose(survival(service, x * HOUR), sf(x), rtol=1e-9, atol=1e-13)
    assert np.allclose(cdf(service, x * HOUR), 1 - sf(x), rtol=1e-9, atol=1e-13)


@everywhere
def test_moments(kind: str, limits: str) -> None:
    sf, steps = reference(kind, limits), steps_of(kind, limits)
    mean, square = integral(sf, steps), integral(lambda x: 2 * x * sf(x), steps)
    found, scv = moments(resolved(written(kind, limits)))
    assert found / HOUR == pytest.approx(mean, rel=1e-6)
    assert scv == pytest.approx(square / mean**2 - 1, rel=1e-4, abs=1e-6)
    assert mean_ms(resolved(written(kind, limits))) == found


@pytest.mark.parametrize(
    ("kind", "mean", "cv"),
    [("exponential", 30, 1), ("lognormal", 30, 1.5), ("lognormal by sd", 30, 1 / 15), ("gamma by sd", 30, 0.5),
     ("erlang", 30, 3**-0.5), ("hyperexponential", 30, 2), ("empirical", np.mean(OBSERVED), stats.variation(OBSERVED))],
)  # fmt: skip
def test_mean_and_cv_are_those_asked_for(kind: str, mean: float, cv: float) -> None:
    assert moments(resolved(written(kind))) == pytest.approx((mean * HOUR, cv**2), rel=1e-12)


def test_moments_of_a_deterministic_time() -> None:
    assert moments(resolved({"kind": "deterministic", **MEAN})) == (30 * HOUR, 0.0)
    assert moments(resolved({"kind": "deterministic", "mean": "0 h"})) == (0.0, 0.0)


def test_mean_of_a_normal_moved_to_zero() -> None:
    mean = 30 * stats.norm.cdf(1.5) + 20 * stats.norm.pdf(1.5)
    assert mean_ms(resolved(written("normal"))) == pytest.approx(mean * HOUR, rel=1e-12)


def test_a_heavy_tail_counts_in_the_moments_above_a_bound() -> None:
    given = {"kind": "lognormal", **MEAN, "cv": 15}
    mean, scv = moments(resolved({**given, "at_least": "1 h"}))
    law = stats.lognorm(np.sqrt(np.log(226)), scale=30 / np.sqrt(226))
    moved = integrate.quad(law.cdf, 0, 1, epsabs=1e-12)[0], integrate.quad(lambda x: 2 * x * law.cdf(x), 0, 1)[0]
    assert mean / HOUR == pytest.approx(30 + moved[0], rel=1e-9)
    assert (scv + 1) * (mean / HOUR) ** 2 == pytest.approx(30**2 * 226 + moved[1], rel=1e-9)


@everywhere
@pytest.mark.parametrize("elapsed", [0.0, 13.0, 38.0])
def test_residual_after_some_time(kind: str, limits: str, elapsed: float) -> None:
    sf, u = reference(kind, limits), shares(5_000)
    x = np.sort(residual(resolved(written(kind, limits)), u, elapsed * HOUR)) / HOUR
    share = np.searchsorted(x, x + 1e-9, side="right") / len(x)
    exact = 1 - sf(elapsed + x + 1e-9) / sf(elapsed)
    assert np.abs(share - exact).max() < 1.95 / math.sqrt(len(x))


@everywhere
def test_stationary_residual(kind: str, limits: str) -> None:
    """The residual at an arbitrary instant has the density P(time > x) / mean."""
    sf, steps = reference(kind, limits), np.array(steps_of(kind, limits))
    grid = np.unique(np.concatenate([steps, np.linspace(0, 200, 4_001), np.geomspace(200, 3e5, 2_000)]))
    middle = (grid[1:] + grid[:-1]) / 2
    share = np.concatenate([[0.0], np.cumsum(sf(middle) * np.diff(grid))])
    u = shares(5_000)
    x = residual(resolved(written(kind, limits)), u, None) / HOUR
    assert np.abs(np.interp(x, grid, share / share[-1]) - u).max() < 1e-4


LIGHT = ["weibull", "uniform", "normal", "gamma", "erlang", "hyperexponential", "coxian", "empirical"]


@pytest.mark.parametrize(("kind", "limits"), [*((k, "plain") for k in LIGHT), *((k, "at most") for k in KINDS)])
def test_nothing_is_left_of_a_time_beyond_all_expectation(kind: str, limits: str) -> None:
    assert residual(resolved(written(kind, limits)), shares(100), 1e9 * HOUR).max() == 0


def test_a_residual_is_never_longer_than_the_longest_stay() -> None:
    given = {"kind": "lognormal", "mean": "1 d", "cv": 20}
    assert residual(resolved(given), shares(100), 1e15).max() == 1e15


def test_an_exponential_time_has_no_memory() -> None:
    service, u = resolved(written("exponential")), shares(1_000)
    assert np.allclose(residual(service, u, 1e9 * HOUR), residual(service, u, 0.0))


def test_coxian_of_equal_phases_is_erlang() -> None:
    service = resolved({"kind": "coxian", "phases": [{"mean": "3 h"}] * 20})
    x = np.geomspace(5, 400, 60)
    assert np.allclose(cdf(service, x * HOUR), stats.gamma.cdf(x, 20, scale=3), rtol=1e-11)
    assert np.allclose(survival(service, x * HOUR), stats.gamma.sf(x, 20, scale=3), rtol=1e-11)


def test_the_last_phase_always_ends() -> None:
    given = {"kind": "coxian", "phases": [{"mean": "3 h", "ends": 0.4}]}
    assert moments(resolved(given)) == pytest.approx((3 * HOUR, 1.0))
