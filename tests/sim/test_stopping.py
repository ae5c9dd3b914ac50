"""Rules that decide when there are enough replications, against plain restatements and exact error probabilities."""

import math
from collections.abc import Generator, Sequence
from contextlib import closing

import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats

from sim.errors import CarebridgeError
from sim.experiments import anytime_bounds, decide, stream, until_precise
from sim.experiments.decide import evidence_above
from sim.experiments.precision import look_ahead_length
from sim.statistics import mean_halfwidth
from tests.sim.measures import queue, waits

Floats = npt.NDArray[np.float64]


def rows(*columns: Sequence[float] | Floats) -> list[dict[str, float]]:
    return [dict(zip("xyz", map(float, row), strict=False)) for row in np.column_stack(columns)]


# -- means: the replications algorithm --------------------------------------------------------------------------------


def restated(values: Floats, limit: float, k_limit: int, initial: int) -> int | None:
    """The number recommended, read off the definition with the whole series at hand."""

    def precise(n: int) -> bool:
        return mean_halfwidth(values[:n]) / abs(values[:n].mean()) <= limit

    for n in range(initial, len(values) + 1):
        last = n + (k_limit if n <= 100 else math.floor(k_limit * n / 100))
        if last <= len(values) and all(precise(m) for m in range(n, last + 1)):
            return n
    return None


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("cv", "limit"), [(0.2, 0.1), (0.6, 0.1), (1.0, 0.1)])
@pytest.mark.parametrize("k_limit", [0, 5, 12])
def test_number_recommended_is_that_of_the_definition(seed: int, cv: float, limit: float, k_limit: int) -> None:
    values = np.random.default_rng(seed).gamma(1 / cv**2, cv**2, 1200)
    found = until_precise(rows(values), limit, k_limit=k_limit, maximum=1200)
    n = restated(values, limit, k_limit, 3)
    assert n and found.recommended == n and found.reached
    assert found.run == n + look_ahead_length(k_limit, n)
    assert f"from {n} replications on, confirmed by {found.run - n} more" in found.reason
    if cv == 1.0:
        assert n > 100  # the look-ahead grows here


def test_a_lucky_moment_does_not_end_it() -> None:
    values = [10.0, 10.01, 9.99, 10.0, 14.0, 6.0, *[10.0, 10.1] * 40]
    lucky = until_precise(rows(values), 0.02, k_limit=0)
    assert lucky.recommended == 3 and lucky.run == 3
    patient = until_precise(rows(values), 0.02, k_limit=5)
    assert patient.recommended and patient.recommended > 6


def test_the_whole_sequence_is_kept() -> None:
    values = np.random.default_rng(3).normal(20, 4, 60)
    m = until_precise(rows(values), 1e-9, maximum=60).measures["x"]
    for n in (2, 3, 17, 60):
        assert m.mean[n - 1] == pytest.approx(values[:n].mean(), rel=1e-12)
        assert m.halfwidth[n - 1] == pytest.approx(mean_halfwidth(values[:n]), rel=1e-10)
        assert m.precision[n - 1] == pytest.approx(m.halfwidth[n - 1] / m.mean[n - 1], rel=1e-12)
    assert m.halfwidth[0] == m.precision[0] == math.inf
    assert len(m.mean) == 60


def test_all_means_must_be_precise() -> None:
    generator = np.random.default_rng(4)
    easy, hard = generator.normal(10, 1, 500), generator.normal(10, 4, 500)
    both = until_precise(rows(easy, hard))
    assert both.recommended == both.measures["y"].recommended == restated(hard, 0.05, 5, 3)
    assert both.measures["x"].recommended == restated(easy, 0.05, 5, 3)
    assert until_precise(rows(easy, hard), measures=["x"]).recommended == both.measures["x"].recommended


def test_what_is_not_reached_is_said() -> None:
    found = until_precise(rows(np.random.default_rng(5).normal(1, 3, 99)), maximum=80)
    assert (found.recommended, found.reached, found.run) == (None, False, 80)
    assert found.reason.startswith("not reached: after 80 replications the half-width of 'x' is")
    # precise at the very end, but with no room left to look ahead
    late = until_precise(rows([5.0, 5.0, 5.0, 5.0]), k_limit=5, maximum=4)
    assert late.recommended is None and late.reason.startswith("not reached")
    assert until_precise([]).reason == "there were no replications"


def test_a_mean_of_nought_needs_no_spread() -> None:
    assert until_precise(rows([0.0] * 20)).recommended == 3
    assert until_precise(rows([1.0, -1.0] * 20), maximum=40).recommended is None


def test_a_measure_that_is_no_number_is_refused() -> None:
    with pytest.raises(CarebridgeError, match=r"'x' = nan in replication number 2"):
        until_precise(rows([1.0, math.nan]))
    with pytest.raises(CarebridgeError, match="Did you mean 'x'"):
        until_precise(rows([1.0]), measures=["xx"])
    with pytest.raises(ValueError, match="initial >= 2"):
        until_precise(rows([1.0]), initial=1)


def test_it_takes_from_a_stream_what_it_needs_whatever_the_workers() -> None:
    found = [until_precise(stream(queue(8.0), 5, waits, workers=w), 0.2, ["mean wait"]) for w in (1, 4)]
    assert found[0].reached and found[0].recommended == found[1].recommended
    assert np.array_equal(found[0].measures["mean wait"].mean, found[1].measures["mean wait"].mean)


# -- probabilities: confidence sequences ------------------------------------------------------------------------------


def wrong_by(horizon: int, p: float, level: float) -> float:
    """Exact probability that a lower bound ever exceeds the true probability, or that the verdict is "above" for it.

    Counts of successes move like a random walk; what has crossed is taken out after each trial.
    """
    alive, wrong = np.array([1.0]), 0.0
    for n in range(1, horizon + 1):
        alive = np.append(alive, 0.0) * (1 - p) + np.append(0.0, alive) * p
        crossed = np.array([evidence_above(s, n, p) >= -math.log1p(-level) for s in range(n + 1)])
        wrong += float(alive[crossed].sum())
        alive[crossed] = 0.0
    return wrong


@pytest.mark.parametrize("p", [0.05, 0.5, 0.9])
@pytest.mark.parametrize("level", [0.9, 0.95])
def test_looking_every_time_is_wrong_no_more_often_than_said(p: float, level: float) -> None:
    assert 0.1 * (1 - level) < wrong_by(250, p, level) <= 1 - level


@pytest.mark.nightly
@pytest.mark.parametrize("p", [0.05, 0.3, 0.5, 0.9, 0.97])
def test_looking_every_time_is_wrong_no_more_often_than_said_for_long(p: float) -> None:
    assert wrong_by(2500, p, 0.95) <= 0.05


def test_bounds_cover_in_simulation() -> None:
    # the verdicts of 600 experiments at the threshold itself, where either one is an error
    generator = np.random.default_rng(6)
    errors = {"above": 0, "below": 0, "undetermined": 0}
    for outcomes in generator.random((600, 250)) < 0.8:
        errors[decide(outcomes, 0.8, maximum=250).verdict] += 1
    for side in ("above", "below"):
        assert stats.binomtest(errors[side], 600, 0.05, alternative="greater").pvalue > 0.001
    naive = (np.cumsum(generator.random((2000, 300)) < 0.8, axis=1) - 0.8 * np.arange(1, 301)) / np.sqrt(
        0.16 * np.arange(1, 301)
    )
    assert (naive[:, 20:] > 1.645).any(axis=1).mean() > 0.15  # looking at ordinary bounds errs three times as often


@pytest.mark.parametrize(("p", "verdict"), [(0.97, "above"), (0.75, "below")])
def test_clear_cases_are_decided(p: float, verdict: str) -> None:
    generator = np.random.default_rng(7)
    found = [decide(generator.random(800) < p, 0.9, maximum=800) for _ in range(40)]
    assert sum(d.verdict == verdict for d in found) >= 38
    for d in found:
        if d.verdict == "above":
            assert d.lower > 0.9 and d.reason.startswith("above 0.9 after")
        if d.verdict == "below":
            assert d.upper < 0.9 and d.reason.startswith("below 0.9 after")
        assert d.trials == len(d.sequence) and d.successes == d.sequence[-1]


def test_first_clean_run_that_is_long_enough() -> None:
    assert decide([True] * 100, 0.9).trials == 43
    assert decide([True] * 42, 0.9).verdict == "undetermined"
    assert decide([False] * 42, 0.1).verdict == "undetermined"
    assert decide([False] * 100, 0.1).trials == 43
    assert decide([True] * 100, 0.9, minimum=60).trials == 60


def test_undetermined_at_the_cap_is_said() -> None:
    found = decide([True, True, True, True, False] * 100, 0.8, maximum=200)
    assert (found.verdict, found.trials, found.successes) == ("undetermined", 200, 160)
    assert found.lower < 0.8 < found.upper
    assert found.reason.startswith("undetermined after 200 replications: 0.8 lies between")


def test_generators_are_closed() -> None:
    closed: list[str] = []

    def outcomes() -> Generator[bool, None, None]:
        try:
            while True:
                yield True
        finally:
            closed.append("yes")

    with closing(outcomes()) as endless:
        assert decide(endless, 0.5).verdict == "above"
        assert closed == ["yes"]


@pytest.mark.parametrize(("successes", "trials"), [(0, 0), (0, 9), (3, 9), (9, 9), (95, 100), (700, 1000)])
@pytest.mark.parametrize("level", [0.9, 0.999])
def test_bounds_are_where_the_evidence_is_just_enough(successes: int, trials: int, level: float) -> None:
    lower, upper = anytime_bounds(successes, trials, level)
    share = successes / trials if trials else 0.5
    assert 0 <= lower <= share <= upper <= 1
    if lower > 0:
        assert evidence_above(successes, trials, lower) == pytest.approx(-math.log(1 - level), abs=1e-6)
        # with less and less reason to think so, the higher the threshold
        thresholds = np.linspace(lower / 50, lower, 50)
        evidence = [evidence_above(successes, trials, t) for t in thresholds]
        assert (np.diff(evidence) < 0).all()
    mirrored = anytime_bounds(trials - successes, trials, level)
    assert (lower, upper) == pytest.approx((1 - mirrored[1], 1 - mirrored[0]), abs=1e-11)


def test_evidence_is_the_mixture_of_likelihoods() -> None:
    p = np.linspace(0.7, 1, 200_001)
    likelihood = stats.binom.pmf(17, 20, p) / stats.binom.pmf(17, 20, 0.7)
    assert math.exp(evidence_above(17, 20, 0.7)) == pytest.approx(np.trapezoid(likelihood, p) / 0.3, rel=1e-8)


def test_impossible_settings_are_refused() -> None:
    with pytest.raises(ValueError, match="make no sense"):
        anytime_bounds(3, 2)
    with pytest.raises(ValueError, match="level"):
        anytime_bounds(1, 2, 1.0)
    with pytest.raises(ValueError, match="threshold"):
        decide([True], 1.0)
