"""Draws by address, and the distributions made from them, against published vectors and SciPy.

Stays are read from the kernel itself: entities of the census leave a gate together and start a stay in the same
instant, so the times on the list of events, less that instant, are their stays.
"""

import json
from functools import cache
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy import special, stats

from sim.clock import DAY, HOUR
from sim.kernel.draws import _words, inverse_normal, pair, uniform
from sim.network.load import load_network
from sim.network.schema import Service
from sim.run import Run
from sim.services import quantile, resolve
from sim.tables import lower

SEED, REPLICATION = 3, 1
U = np.uint64
ONES = 2**64 - 1


# -- Threefry-2x64-13 -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("counter", "key", "answer"),
    [
        ((0, 0), (0, 0), (0xF167B032C3B480BD, 0xE91F9FEE4B7A6FB5)),
        ((ONES, ONES), (ONES, ONES), (0xCCDEC5C917A874B1, 0x4DF53ABCA26CEB01)),
        (
            (0x243F6A8885A308D3, 0x13198A2E03707344),
            (0xA4093822299F31D0, 0x082EFA98EC4E6C89),
            (0xC3AAC71561042993, 0x3FE7AE8801AFF316),
        ),
    ],
)
def test_known_answers(counter: tuple[int, int], key: tuple[int, int], answer: tuple[int, int]) -> None:
    """Known answers of the Random123 library (Salmon et al. 2011) for 13 rounds."""
    assert tuple(map(int, _words(*map(U, counter), *map(U, key)))) == answer


def test_pair_is_threefry_at_the_address_of_the_semantics() -> None:
    seed, replication, purpose, entity, k = 5, 7, 3, 2**63 + 11, 9
    words = _words(U(entity), U(k), U(seed), U(replication * 256 + purpose))
    found = pair(seed, replication, purpose, U(entity), k)
    assert found == tuple(((int(w) >> 12) + 0.5) / 2**52 for w in words)


def test_uniforms_are_never_0_or_1() -> None:
    python = uniform.py_func
    low, high = python(U(0)), python(U(ONES))
    assert low == 0.5 / 2**52
    assert high == 1 - 0.5 / 2**52 < 1
    assert np.isfinite([np.log(low), np.log(high), np.log(high / (1 - high)), inverse_normal.py_func(high)]).all()


def draws(replication: int, purpose: int, n: int = 20_000, seed: int = SEED) -> npt.NDArray[np.float64]:
    return np.array([pair(seed, replication, purpose, entity, 0) for entity in range(n)])


def test_uniforms_are_uniform() -> None:
    both = draws(0, 1)
    assert 0 < both.min()
    assert both.max() < 1
    for column in both.T:
        assert stats.kstest(column, "uniform").pvalue > 1e-3


def test_purposes_replications_and_seeds_are_unrelated() -> None:
    """Any two columns of draws at the same entities correlate no more than chance allows."""
    columns = {
        **{f"purpose {p} word {w}": draws(0, p)[:, w] for p in range(1, 9) for w in (0, 1)},
        **{f"replication {r}": draws(r, 1)[:, 0] for r in (1, 2, 255, 256)},
        **{f"seed {s}": draws(0, 1, seed=s)[:, 0] for s in (SEED + 1, SEED + 256, 2**62)},
    }
    pairs = list(combinations(columns, 2))
    limit = stats.norm.isf(1e-3 / len(pairs) / 2) / np.sqrt(20_000)
    related = [(a, b) for a, b in pairs if abs(np.corrcoef(columns[a], columns[b])[0, 1]) > limit]
    assert related == []


def test_neighbours_are_unrelated() -> None:
    u = draws(0, 3)[:, 0]
    by_k = np.array([pair(SEED, 0, 3, 17, k)[0] for k in range(20_000)])
    for x in (u, by_k):
        for lag in (1, 2, 256):
            assert abs(np.corrcoef(x[:-lag], x[lag:])[0, 1]) < 4.5 / np.sqrt(20_000)


def test_inverse_normal() -> None:
    p = np.concatenate([np.linspace(1e-6, 1 - 1e-6, 4001), np.logspace(-16, -2, 200), [0.5, 0.075, 0.925]])
    found = np.array([inverse_normal.py_func(float(x)) for x in p])
    assert np.allclose(found, special.ndtri(p), rtol=5e-15, atol=5e-16)


# -- stays, through the kernel ----------------------------------------------------------------------------------------

PEOPLE = 20_000
LONG = 1e13  #: ms; so long that rounding to a whole millisecond does not show
MIXTURE = [
    {"kind": "exponential", "mean": "2 h", "share": 0.3},
    {"kind": "gamma", "mean": "30 h", "shape": 2, "share": 0.5},
    {"kind": "lognormal", "mean": "90 h", "cv": 1.2, "share": 0.2},
]


@cache
def _stays(given: str) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    service = json.loads(given)
    network = {
        "horizon": "36500 d",
        "classes": ["a"],
        "stations": {
            "gate": {
                "places": "inf",
                "service": {"kind": "deterministic", "mean": "1 h"},
                "routes": [{"to": {"w": 1}}],
            },
            "w": {"places": "inf", "service": service},
        },
        "census": [{"station": "gate", "class": "a", "count": PEOPLE, "elapsed": "0 h"}],
        "observe": {"period": "36500 d", "snapshot_every": "36500 d"},
    }
    run = Run(lower(load_network(network)), SEED, REPLICATION)
    run.advance(HOUR)
    assert run.events == 0
    run.advance(HOUR + 1)
    times = run.state.entity["since"]
    who = np.flatnonzero(times > HOUR)
    u = np.array([pair(SEED, REPLICATION, 3, i, 2)[0] for i in run.state.entity["id"][who]])
    return u, (times[who] - HOUR).astype(float)


def stays(service: dict[str, Any]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Uniform and stay (ms) of everybody whose stay is longer than half a millisecond."""
    return _stays(json.dumps(service))


def ms(hours: float) -> float:
    return hours * HOUR


LAWS: dict[str, tuple[dict[str, Any], Any]] = {
    "exponential": ({"kind": "exponential", "mean": "30 h"}, stats.expon(scale=ms(30))),
    "lognormal": (
        {"kind": "lognormal", "mean": "30 h", "cv": 1.5},
        stats.lognorm(np.sqrt(np.log(3.25)), scale=ms(30) / np.sqrt(3.25)),
    ),
    "lognormal by median": (
        {"kind": "lognormal", "mean": "30 h", "median": "20 h"},
        stats.lognorm(np.sqrt(2 * np.log(1.5)), scale=ms(20)),
    ),
    "weibull": (
        {"kind": "weibull", "mean": "30 h", "shape": 0.7},
        stats.weibull_min(0.7, scale=ms(30) / special.gamma(1 + 1 / 0.7)),
    ),
    "gamma": ({"kind": "gamma", "mean": "30 h", "shape": 0.6}, stats.gamma(0.6, scale=ms(30) / 0.6)),
    "gamma by cv": ({"kind": "gamma", "mean": "30 h", "cv": 0.5}, stats.gamma(4, scale=ms(30) / 4)),
    "erlang": ({"kind": "erlang", "mean": "30 h", "shape": 3}, stats.gamma(3, scale=ms(10))),
}


@pytest.mark.parametrize("law", LAWS)
def test_stays_follow_their_law(law: str) -> None:
    service, exact = LAWS[law]
    _, x = stays(service)
    assert len(x) > 0.99 * PEOPLE
    assert stats.kstest(x, exact.cdf).pvalue > 1e-3
    assert x.mean() == pytest.approx(exact.mean(), abs=5 * exact.std() / np.sqrt(PEOPLE))


def test_stays_of_a_mixture_follow_their_law() -> None:
    _, x = stays({"kind": "mixture", "parts": MIXTURE})
    parts = [
        (0.3, stats.expon(scale=ms(2))),
        (0.5, stats.gamma(2, scale=ms(15))),
        (0.2, stats.lognorm(np.sqrt(np.log(2.44)), scale=ms(90) / np.sqrt(2.44))),
    ]
    assert stats.kstest(x, lambda t: sum(share * law.cdf(t) for share, law in parts)).pvalue > 1e-3


def test_deterministic_stays() -> None:
    _, x = stays({"kind": "deterministic", "mean": "30 h"})
    assert len(x) == PEOPLE
    assert set(x) == {ms(30)}


@pytest.mark.parametrize("shape", [0.2, 0.6, 1.0, 2.5, 9.0, 60.0])
def test_gamma_stays_are_quantiles(shape: float) -> None:
    u, x = stays({"kind": "gamma", "mean": f"{LONG!r} ms", "shape": shape})
    seen = x > 1e9
    assert seen.sum() > 0.7 * PEOPLE
    exact = stats.gamma.ppf(u[seen], shape, scale=LONG / shape)
    assert np.allclose(x[seen], exact, rtol=5e-8, atol=1)


@pytest.mark.parametrize("cv", [0.1, 1.5])
def test_lognormal_stays_are_quantiles(cv: float) -> None:
    u, x = stays({"kind": "lognormal", "mean": f"{LONG!r} ms", "cv": cv})
    sigma = np.sqrt(np.log1p(cv**2))
    exact = np.exp(np.log(LONG) - sigma**2 / 2 + sigma * special.ndtri(u))
    assert np.allclose(x, exact, rtol=1e-12, atol=1)


def test_exponential_and_weibull_stays_are_quantiles() -> None:
    u, x = stays({"kind": "exponential", "mean": f"{LONG!r} ms"})
    assert np.allclose(x, np.minimum(-LONG * np.log(u), 1e15), rtol=1e-13, atol=1)
    u, x = stays({"kind": "weibull", "mean": f"{LONG!r} ms", "shape": 2.0})
    assert np.allclose(x, LONG / special.gamma(1.5) * np.sqrt(-np.log(u)), rtol=1e-13, atol=1)


@pytest.mark.parametrize("shape", [0.2, 0.35, 0.6, 1.0, 1.7, 3.0, 9.0, 25.0, 60.0])
def test_gamma_table_over_the_whole_range(shape: float) -> None:
    service = resolve(Service.model_validate({"kind": "gamma", "mean": "1 h", "shape": shape}))
    low = np.concatenate([np.logspace(-14, -3, 400), np.linspace(0.001, 0.999, 1999)])
    assert np.allclose(quantile(service, low), stats.gamma.ppf(low, shape, scale=HOUR / shape), rtol=5e-8, atol=0)
    high = np.logspace(-12, -3, 300)
    exact = stats.gamma.isf(high, shape, scale=HOUR / shape)
    # 1 - u holds u's last digits only to 1e-16, which moves the quantile by that over the density
    slack = 1.2e-16 / high
    assert (np.abs(quantile(service, 1 - high) / exact - 1) < 5e-8 + slack).all()


# -- the census -------------------------------------------------------------------------------------------------------


def residual_stays(service: dict[str, Any], elapsed: str) -> npt.NDArray[np.float64]:
    network = {
        "horizon": "36500 d",
        "classes": ["a"],
        "stations": {"w": {"places": "inf", "service": service}},
        "census": [{"station": "w", "class": "a", "count": PEOPLE, "elapsed": elapsed}],
        "observe": {"period": "36500 d", "snapshot_every": "36500 d"},
    }
    run = Run(lower(load_network(network)), SEED, REPLICATION)
    return run.state.entity["since"][:PEOPLE].astype(float)


@pytest.mark.parametrize("law", LAWS)
def test_stationary_residual_stays(law: str) -> None:
    """The residual of a stay observed at any instant has the density P(stay > x) / mean."""
    service, exact = LAWS[law]
    grid = np.concatenate([[0.0], np.geomspace(1e-3, exact.isf(1e-13), 60_000)])
    tail = exact.sf(grid)
    area = np.concatenate([[0.0], np.cumsum((tail[1:] + tail[:-1]) / 2 * np.diff(grid))]) / exact.mean()
    assert area[-1] == pytest.approx(1, abs=1e-4)
    assert stats.kstest(residual_stays(service, "stationary"), lambda x: np.interp(x, grid, area)).pvalue > 1e-3


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("elapsed", [0.0, 12.0, 70.0])
def test_residual_stays_after_some_time(law: str, elapsed: float) -> None:
    service, exact = LAWS[law]
    left = exact.sf(ms(elapsed))
    found = residual_stays(service, f"{elapsed} h")
    assert stats.kstest(found, lambda x: 1 - exact.sf(ms(elapsed) + x) / left).pvalue > 1e-3


def test_deterministic_residual_stays() -> None:
    service = {"kind": "deterministic", "mean": "30 h"}
    assert stats.kstest(residual_stays(service, "stationary"), stats.uniform(0, ms(30)).cdf).pvalue > 1e-3
    assert set(residual_stays(service, "12 h")) == {ms(18)}
    assert set(residual_stays(service, "40 h")) == {0.0}


@pytest.mark.parametrize(
    "service",
    [
        {"kind": "weibull", "mean": "0.3 h", "shape": 3},
        {"kind": "gamma", "mean": "0.3 h", "shape": 5},
        {"kind": "lognormal", "mean": "0.3 h", "cv": 0.1},
        {"kind": "mixture", "parts": MIXTURE},
    ],
)
def test_nothing_is_left_of_a_stay_beyond_all_expectation(service: dict[str, Any]) -> None:
    found = residual_stays(service, "30000 d")
    assert found.min() >= 0
    assert found.max() <= DAY
