"""Interval estimates against exact values, closed forms and another parametrisation of the same law."""

import numpy as np
import pytest
from scipy import stats

from sim.statistics import binomial_bounds, mean_halfwidth, quantile_ranks
from sim.verification.answers import expected, params


@pytest.mark.parametrize("given", expected("binomial_bounds"))
def test_two_sided_bounds(given: str) -> None:
    successes, trials = map(int, given.split("/"))
    found = binomial_bounds(successes, trials, params("binomial_bounds")["level"], sided=2)
    assert found == pytest.approx(expected("binomial_bounds")[given], rel=1e-12)


@pytest.mark.parametrize(("trials", "bound"), [(29, 0.901855), (59, 0.950492), (1, 0.05)])
def test_one_sided_bound_without_a_failure(trials: int, bound: float) -> None:
    lower, upper = binomial_bounds(trials, trials)
    assert lower == pytest.approx(0.05 ** (1 / trials), rel=1e-12)
    assert lower == pytest.approx(bound, abs=5e-7)
    assert upper == 1.0


def test_29_of_29_are_needed_for_90_per_cent() -> None:
    assert round(binomial_bounds(29, 29)[0], 4) == 0.9019
    assert binomial_bounds(28, 28)[0] < 0.9


@pytest.mark.parametrize(("successes", "trials"), [(0, 5), (1, 9), (7, 20), (199, 200), (200, 200)])
@pytest.mark.parametrize("level", [0.5, 0.9, 0.999])
@pytest.mark.parametrize("sided", [1, 2])
def test_bounds_solve_the_binomial_tails(successes: int, trials: int, level: float, sided: int) -> None:
    # by definition: at the lower bound, so many successes or more have the probability that is missed on that side
    lower, upper = binomial_bounds(successes, trials, level, sided)
    miss = (1 - level) / sided
    assert lower == 0.0 if successes == 0 else stats.binom.sf(successes - 1, trials, lower) == pytest.approx(miss)
    assert upper == 1.0 if successes == trials else stats.binom.cdf(successes, trials, upper) == pytest.approx(miss)
    assert lower <= successes / trials <= upper


def test_bounds_cover() -> None:
    # exact coverage of the one-sided lower bound at n = 29, for any true probability: never below the level
    lower = np.array([binomial_bounds(s, 29)[0] for s in range(30)])
    for p in np.linspace(0.01, 0.99, 99):
        assert stats.binom.pmf(np.arange(30), 29, p)[lower <= p].sum() >= 0.95


@pytest.mark.parametrize(("successes", "trials", "level", "sided"), [(-1, 3, 0.9, 1), (4, 3, 0.9, 1), (0, 0, 0.9, 1)])
def test_impossible_counts_are_refused(successes: int, trials: int, level: float, sided: int) -> None:
    with pytest.raises(ValueError, match="make no sense"):
        binomial_bounds(successes, trials, level, sided)


def test_impossible_levels_and_sides_are_refused() -> None:
    with pytest.raises(ValueError, match="level"):
        binomial_bounds(1, 2, 1.0)
    with pytest.raises(ValueError, match="sides"):
        binomial_bounds(1, 2, 0.9, 3)
    with pytest.raises(ValueError, match="level"):
        mean_halfwidth([1.0, 2.0], 0.0)


def test_halfwidth_of_a_mean() -> None:
    wanted = expected("ci_halfwidth")
    x = params("ci_halfwidth")["x"]
    found = mean_halfwidth(x, 0.95)
    assert found == pytest.approx(wanted["half_width"], rel=1e-12)
    assert found / np.mean(x) == pytest.approx(wanted["relative_precision"], rel=1e-12)
    # a relative precision of 1 per cent takes about so many values of the same spread
    assert round(len(x) * (found / np.mean(x) / 0.01) ** 2) == wanted["n_for_1pct_rough"]


@pytest.mark.parametrize("values", [[], [1.0], [[1.0, 2.0]]])
def test_one_value_has_no_halfwidth(values: list) -> None:
    with pytest.raises(ValueError, match="two values"):
        mean_halfwidth(values)


@pytest.mark.parametrize("size", [1, 8, 29, 60, 500])
@pytest.mark.parametrize("share", [0.05, 0.5, 0.9])
@pytest.mark.parametrize("level", [0.8, 0.95])
def test_ranks_bound_a_quantile_as_closely_as_they_may(size: int, share: float, level: float) -> None:
    # the number of values up to the quantile is binomial: a rank bounds it from below when no fewer than that lie there
    lower, middle, upper = quantile_ranks(size, share, level)
    miss = (1 - level) / 2
    assert 0 <= lower <= middle <= upper <= size + 1
    assert (middle - 1) / size < share <= middle / size + 1e-12
    assert lower == 0 or stats.binom.cdf(lower - 1, size, share) <= miss
    assert stats.binom.cdf(lower, size, share) > miss  # the next rank would not do
    assert upper == size + 1 or stats.binom.cdf(upper - 1, size, share) >= 1 - miss
    assert stats.binom.cdf(upper - 2, size, share) < 1 - miss


@pytest.mark.parametrize("given", [(0, 0.5, 0.9), (5, 0.0, 0.9), (5, 0.5, 1.0)])
def test_impossible_quantiles_are_refused(given: tuple[int, float, float]) -> None:
    with pytest.raises(ValueError, match="must be 1 or more"):
        quantile_ranks(*given)
