"""Calibration against answers that are known: exact posteriors, queues, contradictions, coverage."""

import doctest
import pickle
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

import sim.calibration.summary
from sim.calibration import (
    CannotFit,
    Normal,
    Parameter,
    Target,
    held_out,
    history_match,
    identify,
    moments,
    posterior,
)
from sim.experiments import replicate
from sim.kernel.layout import FLOWS, SNAPSHOT
from sim.run import Run
from sim.theory import mmc
from tests.sim.calibration_cases import LEVEL, LINE, SEEN, SLOPES, Drawn, line, noise, product

ROOT = Path(__file__).resolve().parent.parent.parent


def exact(total: np.ndarray, outputs_at_0: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Posterior mean and covariance of the linear simulator."""
    precision = np.diag([1.0, 1 / 0.49])
    weight = np.linalg.inv(total)
    covariance = np.linalg.inv(SLOPES.T @ weight @ SLOPES + precision)
    wanted = np.array([t.value for t in SEEN]) - outputs_at_0
    return covariance @ (SLOPES.T @ weight @ wanted + precision @ [0.5, -0.3]), covariance


# -- a linear simulator: the exact posterior --------------------------------------------------------------------------


def test_moments_give_the_exact_posterior_of_a_linear_simulator() -> None:
    fit = moments(line, LINE, SEEN, replications=40)
    drawn = 0.3 * noise(range(40), 3)
    total = np.diag([0.04, 0.09, 0.05]) + np.cov(drawn.T) / 40
    mean, covariance = exact(total, LEVEL + drawn.mean(axis=0))
    assert fit.converged and fit.total == pytest.approx(total, rel=1e-9)
    assert fit.values == pytest.approx(mean, abs=1e-5)
    assert fit.covariance == pytest.approx(covariance, rel=1e-6)
    table = fit.table()
    assert list(table.index) == ["x", "y"] and table.loc["x", "unit"] == "h" and not table["at_bound"].any()
    assert (table["sd_sampling"] < 0.4 * table["sd"]).all()
    miss = fit.outputs[0] - 2.2
    assert fit.misses().loc["a", "tolerances"] == pytest.approx(miss / 0.2)
    assert fit.misses().loc["a", "sds"] == pytest.approx(miss / total[0, 0] ** 0.5)


@pytest.mark.nightly
def test_both_posteriors_agree_with_the_exact_one() -> None:
    fit = moments(line, LINE, SEEN, replications=40)
    mean, covariance = exact(fit.total, fit.outputs - SLOPES @ fit.values)
    sds = np.sqrt(np.diag(covariance))
    match = history_match(line, LINE, SEEN, replications=40, seed=3)
    assert 0 < match.share < 0.1
    for found in (posterior(fit, 20_000), posterior(match, 20_000)):
        table = found.table()
        assert (np.abs(table["mean"] - mean) < 0.06 * sds).all()
        assert table["sd"].to_numpy() == pytest.approx(sds, rel=0.04)
        assert table["low"].to_numpy() == pytest.approx(mean - 1.645 * sds, abs=0.08 * sds.max())
        assert np.corrcoef(found.values.T)[0, 1] == pytest.approx(covariance[0, 1] / sds.prod(), abs=0.05)


@pytest.mark.nightly
def test_misfit_of_a_right_simulator_is_chi_square() -> None:
    chances = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        x, y = rng.normal(0.5, 1), rng.normal(-0.3, 0.7)
        truth = SLOPES @ [x, y] + LEVEL
        seen = [Target(t.name, truth[k] + rng.normal(0, 0.3), 0.3) for k, t in enumerate(SEEN)]
        _, free, chance = moments(line, LINE, seen, replications=200, limit=None).misfit
        assert free == 3
        chances.append(chance)
    assert stats.kstest(chances, "uniform").pvalue > 0.01


# -- what is identified -----------------------------------------------------------------------------------------------


def test_only_a_product_is_identified() -> None:
    ab = [Parameter("a", 1, 10, unit="/d"), Parameter("b", 1, 10, unit="d")]
    fit = moments(product, ab, [Target("n", 24, 0.5)], start={"a": 3, "b": 4})
    found = identify(fit)
    assert found.words == ("a x b: only their product is identified",)
    assert set(found.states.values()) == {"only in combination"}
    assert found.directions[0].ratio < 0.1 and found.directions[1].ratio == pytest.approx(1)
    assert fit.values.prod() == pytest.approx(24, abs=0.5)
    match = history_match(product, ab, [Target("n", 24, 0.5)])
    known = posterior(match)
    low, high = np.quantile(known.values.prod(axis=1), [0.05, 0.95])
    assert (low, high) == pytest.approx((23.2, 24.8), abs=0.35)
    assert np.quantile(known.values[:, 0], [0.05, 0.95]) == pytest.approx([2.58, 9.31], abs=0.3)  # a has density 1/a


def combination(formula: Any, **more: Parameter) -> tuple[str, ...]:
    """What is said when only one formula of two or three positive parameters is seen."""
    parameters = [Parameter(n, 1, 10, "log-uniform", n) for n in "ab"] if not more else list(more.values())

    def simulator(point: dict[str, float], replications: range) -> np.ndarray:
        return formula(**point) + 0.1 * noise(replications, 1)

    at = {p.name: p.quantile(0.4 + 0.1 * n) for n, p in enumerate(parameters)}
    fit = moments(simulator, parameters, [Target("n", formula(**at), 0.1)], start=at)
    return identify(fit).words


def test_combinations_are_named() -> None:
    assert combination(lambda a, b: a / b) == ("a / b: only their ratio is identified",)
    assert "a^1 x b^2" in combination(lambda a, b: a * b**2)[0].replace("a^0.5 x b^1", "a^1 x b^2")
    same = {n: Parameter(n, -10, 10, unit="beds") for n in "ab"}
    assert combination(lambda a, b: a + b, **same) == ("a + b: only their sum is identified",)
    assert combination(lambda a, b: a - b, **same) == ("a - b: only their difference is identified",)
    three = {n: Parameter(n, 1, 5, "log-uniform") for n in "abc"}
    assert combination(lambda a, b, c: a * b / c, **three) == ("a x b / c: only their ratio is identified",)
    one = {"a": Parameter("a", 1, 5), "idle": Parameter("idle", 0, 1)}
    assert combination(lambda a, idle: a, **one) == ("idle: stays what its prior says; the targets do not tell",)
    four = {n: Parameter(n, -1, 1, Normal(0.1, 0.4)) for n in "abcd"}

    def two_of_four(point: dict[str, float], replications: range) -> np.ndarray:
        a, b, c, d = point.values()
        return np.array([a + b + c + d, a + 2 * b + 3 * c + 4 * d]) + 0.01 * noise(replications, 2)

    fit = moments(two_of_four, list(four.values()), [Target("m", 0, 0.02), Target("n", 0, 0.02)])
    assert identify(fit).words == ("a, b, c, d: only 2 combinations of these 4 are identified",)


def test_ratios_are_those_of_the_exact_posterior_and_the_threshold_decides() -> None:
    fit = moments(line, LINE, SEEN, replications=40)
    found = identify(fit)
    sds = np.sqrt(np.diag(exact(fit.total, np.zeros(3))[1]))
    assert list(found.ratios.values()) == pytest.approx([sds[0] / 1.0, sds[1] / 0.7], rel=1e-6)
    assert found.words == () and (found.table()["state"] == "identified").all()
    strict = identify(fit, threshold=0.05)
    assert (strict.table()["state"] == "stays prior").all()
    with pytest.raises(ValueError, match="between 0 and 1"):
        identify(fit, threshold=1.0)


# -- real queues ------------------------------------------------------------------------------------------------------


def ward(rate: float, stay: float, places: Any) -> dict[str, Any]:
    return {
        "horizon": "220 d",
        "sources": {"door": {"to": "ward", "rate_per_day": rate}},
        "stations": {"ward": {"places": places, "service": {"kind": "exponential", "mean": f"{stay} d"}}},
        "observe": {"period": "20 d", "snapshot_every": "1 d"},
    }


def seen_in_ward(run: Run) -> dict[str, float]:
    found = run.observations()
    started = found["flow"][1:, 0, :, FLOWS.index("started")].sum()
    return {
        "in beds": found["snapshot"][20:, 0, SNAPSHOT.index("in_service")].mean(),
        "starts a day": started / 200,
        "mean wait": found["wait_total"][1:, 0].sum() / started / 86_400_000,
    }


class Ward:
    """The engine as a simulator."""

    def __init__(self, places: Any, seed: int = 7):
        self.places, self.seed = places, seed

    def __call__(self, point: Mapping[str, float], replications: range) -> dict[str, np.ndarray]:
        network = ward(point["arrivals"], point["stay"], self.places)
        rows = replicate(network, self.seed, len(replications), seen_in_ward, first=replications.start)
        return {name: np.array([row[name] for row in rows]) for name in rows[0]}


WARD = [Parameter("arrivals", 5, 25, unit="/d"), Parameter("stay", 1, 8, "log-uniform", "d")]


def test_arrivals_and_stay_of_an_infinite_server_queue_are_recovered() -> None:
    truth = {"arrivals": 12.0, "stay": 3.0}  # Little: 36 in beds
    wanted = [Target("in beds", 36.0, 0.3, unit="beds"), Target("starts a day", 12.0, 0.1, unit="/d")]
    fit = moments(Ward("inf"), WARD, wanted, replications=20)
    for name, value in truth.items():
        row = fit.table().loc[name]
        assert abs(row["estimate"] - value) < 3 * row["sd"] and row["sd"] < 0.04 * value
    assert identify(fit).words == ()
    only_beds = moments(Ward("inf"), WARD, wanted[:1], replications=10)
    assert identify(only_beds).words == ("arrivals x stay: only their product is identified",)


@pytest.mark.nightly
def test_the_load_of_a_queue_with_servers_is_recovered_from_its_wait() -> None:
    exactly = mmc(10, 4.0, 0.5)  # arrivals 4 a day, stays of 2 days: load 8 of 10 places
    wanted = [Target("mean wait", exactly.Wq, 0.02, unit="d"), Target("in beds", 8.0, 0.1, unit="beds")]
    few = [Parameter("arrivals", 2, 8, "log-uniform", "/d"), Parameter("stay", 1, 4, "log-uniform", "d")]
    fit = moments(Ward(10), few, wanted, start={"arrivals": 3.4, "stay": 2.2}, replications=40, chunk=20, workers=2)
    table = fit.table()
    assert (np.abs(table["estimate"] - [4.0, 2.0]) < 3 * table["sd"]).all()
    assert table["estimate"].prod() == pytest.approx(8, abs=0.2)
    assert (np.abs(fit.sds_off) < 0.2).all()


# -- contradictions ---------------------------------------------------------------------------------------------------


def plane(point: Mapping[str, float], replications: range) -> np.ndarray:
    x, y = point["x"], point["y"]
    return np.array([x + y, x - y, 2 * x, y * y]) + 0.1 * noise(replications, 4)


SQUARE = [Parameter("x", 0, 10), Parameter("y", 0, 10)]


def three(value: float) -> list[Target]:
    names = {"sum": 8.0, "difference": 2.0, "twice x": value, "y squared": 9.0}
    return [Target(name, v, 0.3 if name == "y squared" else 0.1, unit="beds") for name, v in names.items()]


def test_targets_that_can_be_met_are_not_refused() -> None:
    match = history_match(plane, SQUARE, three(10.0))
    assert match.fitting > 0.3 and match.table().loc["x", ["left_low", "left_high"]].between(4.5, 5.5).all()
    assert list(match.best.values()) == pytest.approx([5, 3], abs=0.3)
    assert match.diagnostics()["explained"].min() > 0.99


@pytest.mark.nightly
def test_contradictory_targets_are_refused_by_name() -> None:
    square = [*three(13.0)[:3], Target("y squared", 9.0, 30.0)]  # says next to nothing
    with pytest.raises(CannotFit) as refused:
        history_match(plane, SQUARE, square)
    assert set(refused.value.targets) == {"sum", "difference", "twice x"}
    table = refused.value.table()
    # with the sum and twice x each within three sds, the difference is no less than 13 - 8 - 2 * 3 sds
    sd = float((table.loc["difference", "nearest"] - 2) / table.loc["difference", "sds"])
    assert table.loc["difference", "nearest"] == pytest.approx(5 - 6 * sd, abs=0.05)
    assert list(table["compromise"].abs()) == pytest.approx([1 / sd] * 3, rel=0.03)
    assert "difference: 2 beds wanted" in str(refused.value) and "too high" in str(refused.value)


def test_a_target_out_of_reach_is_named_alone() -> None:
    with pytest.raises(CannotFit, match="This target cannot be met") as refused:
        history_match(plane, SQUARE, three(23.0))
    assert refused.value.targets == ("twice x",)
    assert refused.value.table().loc["twice x", "nearest"] == pytest.approx(20, abs=0.1)


def test_moments_refuse_what_they_miss() -> None:
    with pytest.raises(CannotFit, match="missed by more than 3 standard deviations") as refused:
        moments(plane, SQUARE, three(13.0))
    assert {"sum", "difference", "twice x"} <= set(refused.value.targets)
    assert moments(plane, SQUARE, three(13.0), limit=None).misfit[2] < 1e-6


@pytest.mark.nightly
def test_history_matching_keeps_the_truth() -> None:
    kept = 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        truth = {"x": rng.uniform(2, 8), "y": rng.uniform(2, 8)}
        clean = plane(truth, range(400)).mean(axis=0)
        seen = [Target(t.name, clean[k] + rng.normal(0, 0.1), 0.1) for k, t in enumerate(three(0))]
        match = history_match(plane, SQUARE, seen, points=24, seed=seed)
        low, high = match.values.min(axis=0), match.values.max(axis=0)
        kept += bool(((low <= list(truth.values())) & (list(truth.values()) <= high)).all())
    assert kept >= 11


def test_a_simulator_that_emulators_cannot_follow_is_not_called_contradictory() -> None:
    def needle(point: dict[str, float], replications: range) -> np.ndarray:
        inside = abs(point["x"] - 5) < 1.2
        return (100.0 if inside else 0.0) + 0.01 * noise(replications, 1)

    match = history_match(needle, [Parameter("x", 0, 10)], [Target("n", 100, 1)], points=20)
    assert match.table().loc["x", "left_low"] < 5 < match.table().loc["x", "left_high"]


# -- coverage and common random numbers -------------------------------------------------------------------------------


def covered(seed: int, emulated: bool) -> list[bool]:
    """Whether 90 % ranges hold the truth; the observation is the mean of four replications that nobody else sees."""
    rng = np.random.default_rng([77, seed])
    truth = {"x": float(rng.normal(0.5, 1)), "y": float(rng.normal(-0.3, 0.7))}
    observed = Drawn(9000 + seed)(truth, range(4)).mean(axis=0)
    seen = [Target(t.name, float(observed[k]), 0.05, realisations=4) for k, t in enumerate(SEEN)]
    if emulated:
        of: Any = history_match(Drawn(seed), LINE, seen, waves=2, replications=30, seed=seed, cutoff=4)
    else:
        of = moments(Drawn(seed), LINE, seen, replications=30, limit=None)
    table = posterior(of, 2000, seed).table()
    return [bool(table.loc[n, "low"] <= truth[n] <= table.loc[n, "high"]) for n in truth]


@pytest.mark.nightly
def test_ninety_percent_ranges_cover_nine_times_in_ten() -> None:
    hits = np.array([covered(seed, False) for seed in range(120)])
    assert 0.83 <= hits.mean() <= 0.96


@pytest.mark.nightly
def test_ninety_percent_ranges_of_the_emulated_posterior_cover() -> None:
    hits = np.array([covered(seed, True) for seed in range(200)])
    assert 0.85 <= hits.mean() <= 0.95


@pytest.mark.nightly
def test_common_random_numbers_make_slopes_sure_and_the_fit_less_variable() -> None:
    def fits(common: bool) -> tuple[np.ndarray, np.ndarray]:
        found = [moments(Drawn(seed, common), LINE, SEEN, replications=8, limit=None) for seed in range(40)]
        return np.array([f.scaled for f in found]).var(axis=0, ddof=1), np.array([f.jacobian for f in found]).var(
            axis=0
        )

    (together, slopes), (apart, unsure) = fits(True), fits(False)
    assert (unsure > 50 * slopes).all()
    assert (apart > 1.25 * together).all() and apart.sum() > 1.5 * together.sum()


# -- the same bytes ---------------------------------------------------------------------------------------------------


def as_bytes(workers: int, kind: Any) -> bytes:
    fit = moments(line, LINE, SEEN, replications=6, workers=workers, kind=kind, chunk=2 if workers > 1 else None)
    match = history_match(line, LINE, SEEN, replications=6, workers=workers, kind=kind, seed=4, waves=2)
    after = held_out(line, posterior(match, 500), SEEN, 5, range(100, 106), workers=workers, kind=kind)
    arrays = [fit.scaled, fit.jacobian, fit.total, match.values, posterior(match, 500).values, after.place, after.crps]
    return pickle.dumps([np.asarray(a).tobytes() for a in arrays])


def test_workers_do_not_change_a_byte() -> None:
    assert as_bytes(1, "threads") == as_bytes(2, "threads")


@pytest.mark.nightly
def test_processes_do_not_change_a_byte() -> None:
    assert as_bytes(1, "threads") == as_bytes(2, "processes")


# -- the page ---------------------------------------------------------------------------------------------------------


@pytest.mark.nightly
def test_examples_of_docstrings_and_page() -> None:
    assert doctest.testmod(sim.calibration.summary).failed == 0
    text = (ROOT / "docs" / "calibration.md").read_text("utf-8")
    session = "\n".join(re.findall(r"```pycon\n(.*?)```", text, re.DOTALL))
    test = doctest.DocTestParser().get_doctest(session, {}, "calibration.md", None, 0)
    result = doctest.DocTestRunner().run(test)
    assert result.attempted > 10 and result.failed == 0
