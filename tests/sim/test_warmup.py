"""MSER and Welch's average: the published vector, the definition, series that never settle, and a simulated queue."""

import numpy as np
import pytest

from sim.experiments import finish, mser, welch
from sim.experiments.replicate import lowered
from sim.kernel.layout import SNAPSHOT
from sim.run import Run
from sim.theory import mginf_mean
from tests.sim.measures import queue


def test_vector() -> None:
    # y(i) = 10 exp(-i / 20) + sin(0.7 i) + 0.3 cos(2.3 i): the figures were worked out elsewhere
    i = np.arange(400)
    found = mser(10 * np.exp(-i / 20) + np.sin(0.7 * i) + 0.3 * np.cos(2.3 * i))
    assert (found.truncate_batches, found.truncate_obs) == (12, 60)
    assert found.statistic == pytest.approx(0.0024443851505714905, rel=1e-6)
    assert found.mean_after == pytest.approx(0.032306115075178825, rel=1e-6)
    assert str(found) == "leave out the first 60 observations"


@pytest.mark.parametrize("batch", [1, 5, 8])
def test_statistic_is_that_of_the_definition(batch: int) -> None:
    x = np.random.default_rng(1).normal(size=203).cumsum()
    n = 203 // batch
    z = [float(np.mean(x[k * batch : (k + 1) * batch])) for k in range(n)]
    wanted = [sum((v - np.mean(z[d:])) ** 2 for v in z[d:]) / (n - d) ** 2 for d in range(n - 4)]
    assert mser(x, batch).statistics == pytest.approx(wanted, rel=1e-9)


def test_a_series_that_never_settles_has_no_warm_up() -> None:
    for x in (np.arange(300.0), np.arange(300.0) ** 2, np.r_[np.zeros(200), np.full(100, 9.0)] + np.arange(300) % 2):
        found = mser(x)
        assert found.truncate_obs is found.truncate_batches is found.mean_after is None
        assert str(found).startswith("no steady state found")


def test_a_steady_series_loses_little() -> None:
    generator = np.random.default_rng(2)
    lost = [mser(generator.normal(size=500)).truncate_obs for _ in range(200)]
    assert np.mean([x is not None and x <= 100 for x in lost]) > 0.8


def test_replications_are_averaged() -> None:
    x = np.random.default_rng(3).normal(size=(7, 120)) + 20 * np.exp(-np.arange(120) / 10)
    assert mser(x).statistics == pytest.approx(mser(x.mean(axis=0)).statistics)
    assert welch(x, 4) == pytest.approx(welch(x.mean(axis=0), 4))


@pytest.mark.parametrize("series", [np.zeros(49), np.full(100, np.nan), np.zeros((2, 2, 100))])
def test_series_that_cannot_be_judged_are_refused(series: np.ndarray) -> None:
    with pytest.raises(ValueError, match="whole batches|finite numbers"):
        mser(series)


@pytest.mark.parametrize("window", [0, 1, 3, 10])
def test_moving_average_is_that_of_the_definition(window: int) -> None:
    x = np.random.default_rng(4).normal(size=21)
    found = welch(x, window)
    assert len(found) == 21 - window
    for i in range(21 - window):
        side = min(i, window)
        assert found[i] == pytest.approx(np.mean(x[i - side : i + side + 1]), rel=1e-12)


def test_window_beyond_the_series_is_refused() -> None:
    with pytest.raises(ValueError, match="half of the 9 observations"):
        welch(np.zeros(9), 5)


def test_warm_up_of_a_queue_that_starts_empty() -> None:
    """Daily number present without limits, load 40: what is left has the exact mean, what is left out has not."""
    network = lowered(queue(40.0, "inf", days=200))
    column = SNAPSHOT.index("in_service")
    runs = [finish(Run(network, 8, r)).observations()["snapshot"][:, 0, column] for r in range(40)]
    found = mser(runs, batch=1)
    assert found.truncate_obs is not None and 2 <= found.truncate_obs <= 20
    assert found.mean_after == pytest.approx(40.0, rel=0.02)
    exact = [mginf_mean(40.0, lambda s: np.exp(-s), t) for t in range(10)]
    assert np.mean(runs, axis=0)[:10] == pytest.approx(exact, abs=4.0)
    assert np.abs(welch(runs, 10)[20:] - 40.0).max() < 1.5
