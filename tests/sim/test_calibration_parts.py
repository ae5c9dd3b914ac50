"""Parts of calibration: spreads, held-out figures, emulators, what remains, and what is refused."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from scipy import integrate, special, stats

from sim.calibration import (
    LogNormal,
    Moments,
    Normal,
    Parameter,
    Target,
    held_out,
    history_match,
    moments,
    posterior,
    spread,
    spread_error,
)
from sim.calibration.emulator import Bank, Emulator, _covariance, _loss, _terms
from sim.calibration.posterior import Posterior
from sim.calibration.problem import Space
from sim.calibration.remaining import remaining
from sim.calibration.runs import Runner
from sim.calibration.summary import summarise
from sim.errors import CarebridgeError, FaultsError
from tests.sim.calibration_cases import LINE, SEEN, SLOPES, line, noise

# -- spreads ----------------------------------------------------------------------------------------------------------


def test_spread_is_unbiased_and_its_error_is_right() -> None:
    sample = np.random.default_rng(1).normal(100, 7, (40_000, 5))
    found = spread(sample)
    assert found.mean() == pytest.approx(7, abs=0.03)
    assert found.std() == pytest.approx(spread_error(7, 5), rel=0.02)
    assert spread(sample.T, axis=0) == pytest.approx(found)
    with pytest.raises(ValueError, match="two values"):
        spread([3.0])


def test_covariance_of_means_and_spreads_is_that_of_repeated_ensembles() -> None:
    targets = [Target("m", 0, 1), Target("s", 1, 1, kind="spread")]
    raw = np.random.default_rng(2).gamma(4.0, 1.0, (4000, 60, 1)).repeat(2, axis=2)
    each = [summarise(one, targets) for one in raw]
    between = np.cov(np.array([e[0] for e in each]).T)
    within = np.mean([e[1] for e in each], axis=0) / 60
    assert within == pytest.approx(between, rel=0.12)
    assert between[0, 1] > 0  # skewed to the right: a high mean goes with a wide spread


def test_a_spread_target_identifies_a_standard_deviation() -> None:
    def years(point: dict[str, float], replications: range) -> np.ndarray:
        return point["mean"] + point["sd"] * noise(replications, 1).repeat(2, axis=1)

    inputs = [Parameter("mean", 0, 200), Parameter("sd", 1, 40, LogNormal(10, 0.7))]
    seen = [Target("level", 100, realisations=10), Target("swing", 12.0, kind="spread", realisations=10)]
    fit = moments(years, inputs, seen, replications=200)
    assert abs(fit.estimate["mean"] - 100) < 3 * fit.table().loc["mean", "sd_sampling"]
    log_sd = spread_error(1, 10)  # observed 12, with prior 10: precisions 1 / log_sd^2 and 1 / 0.7^2
    middle = (np.log(12) / log_sd**2 + np.log(10) / 0.49) / (1 / log_sd**2 + 1 / 0.49)
    assert np.log(fit.estimate["sd"]) == pytest.approx(middle, abs=0.03)
    assert fit.table().loc["mean", "sd"] == pytest.approx(12 / 10**0.5, rel=0.1)


# -- held-out figures -------------------------------------------------------------------------------------------------


def test_held_out_figures_are_predicted_with_all_that_is_uncertain() -> None:
    def by_name(point: Mapping[str, float], replications: range) -> dict[str, np.ndarray]:
        return dict(zip("abc", line(point, replications).T, strict=True))

    fit = moments(by_name, LINE, SEEN[:2], replications=100)
    known = posterior(fit, 4000)
    target = Target("c", 3.7, 0.1, 0.2, unit="beds")
    found = held_out(by_name, known, [target], 400, range(1000, 1100))
    gain = SLOPES[2] @ fit.covariance @ SLOPES[2]
    middle, sd = SLOPES[2] @ fit.values + 3, (gain + 0.05) ** 0.5
    row = found.table().loc["c"]
    assert row["median"] == pytest.approx(middle, abs=0.1 * sd)
    assert row["high"] - row["low"] == pytest.approx(2 * 1.645 * sd, rel=0.1)
    assert row["place"] == pytest.approx(special.ndtr((3.7 - middle) / sd), abs=0.05)
    assert found.coverage[0] == 1.0 and row["inside"]


def test_held_out_score_is_the_integral_it_stands_for() -> None:
    values = np.array([[0.0, 0.0], [1.5, -0.5], [0.2, 0.1]])
    found = held_out(line, Posterior(tuple(LINE), values, "linear", 3.0), SEEN, 3)
    runs = Runner(line, Space(LINE), SEEN, 20)(values)
    sds = np.sqrt(np.diagonal(runs.total(SEEN), axis1=1, axis2=2))
    for k, t in enumerate(SEEN):

        def below(y: float, k: int = k) -> float:
            return float(special.ndtr((y - runs.mean[:, k]) / sds[:, k]).mean())

        low = integrate.quad(lambda y: below(y) ** 2, -20, t.value, limit=300)[0]  # noqa: B023
        high = integrate.quad(lambda y: (1 - below(y)) ** 2, t.value, 20, limit=300)[0]  # noqa: B023
        assert found.crps[k] == pytest.approx(low + high, rel=1e-3)
        assert below(float(found.low[k])) == pytest.approx(0.05, abs=1e-9)


def test_a_wrong_simulator_is_found_out() -> None:
    known = posterior(moments(line, LINE, SEEN, replications=100))
    found = held_out(line, known, [Target(t.name, t.value + 3, t.sd_observed) for t in SEEN])
    assert not found.inside.any() and (found.place > 0.999).all()


# -- emulators and what remains ---------------------------------------------------------------------------------------


def wavy(cube: np.ndarray) -> np.ndarray:
    return np.sin(3 * cube[:, 0]) * np.exp(cube[:, 1]) + cube[:, 2]


def test_leave_one_out_is_what_leaving_one_out_gives() -> None:
    cube = stats.qmc.LatinHypercube(3, rng=np.random.default_rng(1)).random(40)
    values = wavy(cube)
    one = Emulator.fit(cube, values)
    x, i = 2 * cube - 1, 7
    rest = np.delete(np.arange(40), i)
    k = _covariance(x, x, one.lengths) + one.nugget * np.eye(40)
    h, inverse = _terms(x, one.terms), np.linalg.inv(k[np.ix_(rest, rest)])
    beta = np.linalg.solve(h[rest].T @ inverse @ h[rest], h[rest].T @ inverse @ values[rest])
    predicted = h[i] @ beta + k[i, rest] @ inverse @ (values[rest] - h[rest] @ beta)
    assert one.loo_errors[i] == pytest.approx(values[i] - predicted, rel=1e-4)
    assert one.explained > 0.99


def test_gradient_of_the_likelihood() -> None:
    cube = np.random.default_rng(1).random((30, 3))
    x, y = 2 * cube - 1, wavy(cube)
    args = ((x[:, None] - x[None]) ** 2, y - y.mean(), _terms(x, "quadratic"))
    for theta in ([0.3, 0, 1, -3], [1, 1, 1, -6]):
        steps = np.eye(4) * 1e-5
        numeric = [(_loss(theta + d, *args)[0] - _loss(theta - d, *args)[0]) / 2e-5 for d in steps]
        assert _loss(np.array(theta, float), *args)[1] == pytest.approx(numeric, rel=1e-3, abs=1e-4)


def test_emulators_know_their_error() -> None:
    rng = np.random.default_rng(3)
    cube, fresh = stats.qmc.LatinHypercube(3, rng=rng).random(40), rng.random((3000, 3))
    mean, variance = Bank(cube, np.stack([wavy(cube), np.full(40, 7.0)], axis=1)).predict(fresh)
    z = (mean[:, 0] - wavy(fresh)) / np.sqrt(variance[:, 0])
    assert np.abs(mean[:, 0] - wavy(fresh)).max() < 0.3 and 0.85 < (np.abs(z) < 3).mean()
    assert (mean[:, 1] == 7).all() and (variance[:, 1] == 0).all()
    with pytest.raises(CarebridgeError, match="too few"):
        Emulator.fit(cube[:7], wavy(cube[:7]))


@pytest.mark.parametrize("radius", [0.3, 0.02])
def test_what_remains_has_the_right_share_and_is_evenly_spread(radius: float) -> None:
    centre = np.array([0.4, 0.6, 0.5])
    rng = np.random.default_rng(2)
    left = remaining(lambda c: np.sqrt(((c - centre) ** 2).sum(1)), 3, radius, rng)
    assert left.share == pytest.approx(4 / 3 * np.pi * radius**3, rel=0.25)
    away = np.sqrt(((left.cube - centre) ** 2).sum(1)) / radius
    assert away.max() <= 1 and stats.kstest(away**3, "uniform").statistic < 0.06


def test_nothing_remains_where_nothing_can() -> None:
    left = remaining(lambda c: 2 + ((c - 0.3) ** 2).sum(1), 3, 1.0, np.random.default_rng(2))
    assert left.share == 0 and left.least == pytest.approx(2, abs=0.01)


# -- what is refused --------------------------------------------------------------------------------------------------


def test_all_faults_come_at_once() -> None:
    parameters = [
        Parameter("a", 3, 2),
        Parameter("b", -1, 2, "log-uniform"),
        Parameter("c", 0, 1, "unifrom"),  # type: ignore[arg-type]
        Parameter("d", 0, 1, Normal(5, 0)),
        Parameter("d", 0, 1),
    ]
    targets = [
        Target("n", float("nan"), 1),
        Target("m", 1, 0),
        Target("s", -1, 1, kind="spread", realisations=1),
        Target("beds", 1, 1, unit="beds", basis="by trust"),
        Target("more", 1, 1, unit="beds", basis="resident"),
        Target("other", 1, 1, unit="beds", basis="resident", conversion="times 1.04, by the flows of the year"),
    ]
    with pytest.raises(FaultsError) as wrong:
        moments(line, parameters, targets)
    keys = [fault.key for fault in wrong.value.faults]
    for key in ("a.low", "b.low", "c.prior", "d.prior.sd", "d.prior", "d"):
        assert f"parameters.{key}" in keys
    for key in ("n.value", "m.sd_observed", "s.value", "s.realisations", "more.basis"):
        assert f"targets.{key}" in keys
    assert "targets.other.basis" not in keys and "'uniform'" in str(wrong.value)
    for method in (moments, history_match):
        with pytest.raises(FaultsError, match="at least one"):
            method(line, [], [])


def test_a_bad_start_or_too_few_points_are_refused() -> None:
    with pytest.raises(FaultsError, match=r"start.xx.*Did you mean 'x'"):
        moments(line, LINE, SEEN, start={"xx": 1.0})
    with pytest.raises(FaultsError, match=r"start.y = 99"):
        moments(line, LINE, SEEN, start={"y": 99.0})
    with pytest.raises(FaultsError, match="6 or more"):
        history_match(line, LINE, SEEN, points=5)
    with pytest.raises(FaultsError, match="at least two"):
        moments(line, LINE, SEEN, replications=1)


@pytest.mark.parametrize(
    ("simulator", "said"),
    [
        (lambda p, r: np.random.default_rng().normal(size=(len(r), 3)), "does not repeat itself"),
        (lambda p, r: np.zeros((len(r), 2)), r"shape \(1, 2\)"),
        (lambda p, r: np.full((len(r), 3), np.nan), "a, b, c that is not finite, at x="),
        (lambda p, r: {"a": np.zeros(len(r)), "B": np.zeros(len(r))}, "no output 'b'"),
    ],
)
def test_a_simulator_that_breaks_its_word_is_told(simulator: Any, said: str) -> None:
    with pytest.raises(CarebridgeError, match=said):
        moments(simulator, LINE, SEEN)


def test_an_estimate_on_its_bound_says_so() -> None:
    fit: Moments = moments(line, [Parameter("x", -6, 0.4), LINE[1]], SEEN, limit=None)
    assert fit.table()["at_bound"].tolist() == [True, False] and fit.estimate["x"] <= 0.4
