"""Draws of every kind of distribution: the kernel's own quantiles at given shares u.

They follow their law, keep to their range, and are equal with ``==`` to those of the reference program.
"""

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

from sim import services
from sim.clock import HOUR
from sim.kernel import times
from sim.kernel.jit import compiled
from sim.network.load import load_network
from sim.services import cdf, moments
from sim.tables import lower
from sim.twin.quantiles import quantile as twin_quantile
from tests.sim.service_cases import (
    MEAN,
    RANGES,
    Array,
    Survival,
    everywhere,
    hours_of,
    lognormal,
    mixed,
    reference,
    resolved,
    shares,
    sum_of_exponentials,
    written,
)


@compiled
def _kernel(T, u, x):  # noqa: ANN001, ANN202
    for i in range(len(u)):
        x[i] = times.quantile(T, 0, u[i])


def kernel(given: dict[str, Any], u: Array) -> Array:
    """Quantiles (ms) of the compiled kernel at shares u."""
    network = {"horizon": "1 d", "stations": {"w": {"places": "inf", "service": given}}}
    x = np.empty_like(u)
    _kernel(lower(load_network(network)).tables, u, x)
    return x


@everywhere
def test_kernel_and_reference_program_draw_the_same(kind: str, limits: str) -> None:
    given, u = written(kind, limits), shares(200_000 if limits in ("plain", "all three") else 20_000)
    service = resolved(given)
    assert kernel(given, u).tolist() == [twin_quantile(service, share) for share in u.tolist()]


def test_deterministic_draws() -> None:
    given = {"kind": "deterministic", **MEAN}
    assert set(kernel(given, shares(100))) == {30 * HOUR} == {twin_quantile(resolved(given), 0.3)}


def test_the_longest_time_is_the_same_for_both() -> None:
    given = {"kind": "weibull", "mean": "1e14 ms", "shape": 0.11}
    u = shares(2_000)
    found = kernel(given, u)
    assert found.max() == 1e15
    assert found.tolist() == [twin_quantile(resolved(given), share) for share in u.tolist()]


@pytest.mark.parametrize(("low", "high"), [("12 h", "1e9 h"), ("0 h", "12 h")])
@pytest.mark.parametrize("kind", ["exponential", "lognormal", "weibull", "normal", "gamma", "hyperexponential"])
def test_ranges_that_reach_an_end_of_the_law(kind: str, low: str, high: str) -> None:
    """Base + u * span may round to one, whose quantile would be no number."""
    given, u = written(kind) | {"between": [low, high]}, shares(5_000)
    found = kernel(given, u)
    assert hours_of(low) <= found.min() / HOUR < found.max() / HOUR <= hours_of(high)
    service = resolved(given)
    assert found.tolist() == [twin_quantile(service, share) for share in u.tolist()]


@everywhere
def test_draws_follow_the_law(kind: str, limits: str) -> None:
    """Kolmogorov-Smirnov at a chance of one in a thousand; where the law steps, it is compared after the step."""
    u = shares(20_000)
    x = np.sort(kernel(written(kind, limits), u)) / HOUR
    share = np.searchsorted(x, x, side="right") / len(x)
    assert np.abs(share - (1 - reference(kind, limits)(x))).max() < 1.95 / math.sqrt(len(x))


@everywhere
def test_draws_stay_in_their_range(kind: str, limits: str) -> None:
    x = kernel(written(kind, limits), shares(20_000)) / HOUR
    given = RANGES[limits]
    low, high = (hours_of(t) for t in given.get("between", ("0 h", "inf h")))
    assert max(low, hours_of(given.get("at_least", "0 h"))) <= x.min()
    assert x.max() <= min(high, hours_of(given.get("at_most", "inf h")))


@everywhere
def test_quantiles_are_inverse_to_the_distribution_function(kind: str, limits: str) -> None:
    given, service = written(kind, limits), resolved(written(kind, limits))
    u = np.concatenate([np.linspace(0.0005, 0.9995, 1_000), [1e-9, 1e-5, 1 - 1e-5, 1 - 1e-9]])
    rising = services.quantile(service, u)
    falls = service.kind in (services.EXPONENTIAL, services.WEIBULL)  # the kernel writes these in -log(u)
    assert np.allclose(rising, kernel(given, 1 - u if falls else u), rtol=1e-8, atol=1e-3)
    below, upto = cdf(service, rising * (1 - 1e-7) - 1e-3), cdf(service, rising * (1 + 1e-7))
    assert (below <= u + 1e-8).all()
    assert (u <= upto + 1e-8).all()


@pytest.mark.parametrize("shape", [0.2, 0.35, 0.6, 1.0, 1.7, 3.0, 9.0, 25.0, 60.0])
def test_gamma_table_over_the_whole_range(shape: float) -> None:
    given = {"kind": "gamma", "mean": "1e12 ms", "shape": shape}
    u = np.concatenate([np.logspace(-14, -3, 400), np.linspace(0.001, 0.999, 1999)])
    exact = np.minimum(stats.gamma.ppf(u, shape, scale=1e12 / shape), 1e15)
    assert np.allclose(kernel(given, u), exact, rtol=2e-8, atol=0)
    high = np.logspace(-12, -3, 300)
    exact = stats.gamma.isf(high, shape, scale=1e12 / shape)
    # 1 - u holds u's last digits only to 1e-16, which moves the quantile by that over the density
    assert (np.abs(kernel(given, 1 - high) / exact - 1) < 2e-8 + 1.2e-16 / high).all()


STEEP: dict[str, tuple[dict[str, Any], Survival]] = {
    "short and long stays": (
        {
            "kind": "mixture",
            "parts": [
                {"kind": "lognormal", "mean": "2 h", "cv": 0.1, "share": 0.5},
                {"kind": "lognormal", "mean": "300 h", "cv": 0.1, "share": 0.5},
            ],
        },
        mixed((0.5, lognormal(2, 0.1)), (0.5, lognormal(300, 0.1))),
    ),
    "minutes and months": (
        {"kind": "coxian", "phases": [{"mean": "0.02 h", "ends": 0.9}, {"mean": "2000 h"}]},
        mixed((0.9, sum_of_exponentials(0.02)), (0.1, sum_of_exponentials(0.02, 2000))),
    ),
    "cv of 20": (
        {"kind": "hyperexponential", "mean": "30 h", "cv": 20},
        mixed(
            *((p, stats.expon(scale=15 / p).sf) for p in [(1 + sign * math.sqrt(399 / 401)) / 2 for sign in (1, -1)])
        ),
    ),
}


@pytest.mark.parametrize("name", STEEP)
def test_tables_are_fine_where_the_quantile_is_steep(name: str) -> None:
    given, sf = STEEP[name]
    u = np.linspace(0.0001, 0.9999, 20_001)
    x = kernel(given, u) / HOUR
    assert (np.diff(x) >= 0).all()
    assert np.abs(1 - sf(x) - u).max() < 1e-7


def test_observed_times_are_drawn_equally_often() -> None:
    given = {"kind": "empirical", "observed": ["3 h", "1 h", "2 h"]}
    u = np.array([0.01, 0.33, 0.34, 0.66, 0.67, 1 - 2**-53])
    assert (kernel(given, u) / HOUR).tolist() == [1, 1, 2, 2, 3, 3]


def test_range_of_observed_times_holds_both_ends() -> None:
    given = {"kind": "empirical", "observed": [f"{x} h" for x in (1, 2, 3, 4)], "between": ["2 h", "3 h"]}
    assert sorted(set(kernel(given, shares(100)) / HOUR)) == [2, 3]
    assert moments(resolved(given)) == pytest.approx((2.5 * HOUR, 0.04))


@pytest.mark.parametrize(
    "name",
    ["EXPONENTIAL", "LOGNORMAL", "WEIBULL", "DETERMINISTIC", "TABLE", "UNIFORM", "TRIANGULAR", "NORMAL", "EMPIRICAL",
     "BOUNDED", "CELLS", "LOGIT_MAX", "LAST_SHARE"],
)  # fmt: skip
def test_kernel_and_tables_agree_on_their_numbers(name: str) -> None:
    assert getattr(times, name) == getattr(services, name)
