"""Published figures of system dynamics, and the closed forms behind them for other parameters.

The figures are those of the project's verification cases, each test under the name of its case.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import brentq
from scipy.special import gammainc

from sim.stocks.load import load_stocks
from sim.stocks.model import Method, Model
from sim.stocks.run import Stocks, Trajectory, at_other_times
from tests.sim.stocks.small_models import made

PIPELINE = Path(__file__).resolve().parents[3] / "configs" / "stocks" / "workforce_pipeline.yaml"


def run(model: Model, method: Method = "rk4", **changes: float) -> Trajectory:
    return Stocks(at_other_times(model, method=method)).run(changes)


def at(found: Trajectory, column: str, time: float) -> float:
    [row] = np.flatnonzero(np.abs(found.time - time) < 1e-9)
    return float(found[column][row])


# -- sd_exp_decay -----------------------------------------------------------------------------------------------------


def decay(dt: float, end: float = 10) -> Model:
    parameters = {"tau": "5 day", "first": "100 1"}
    stocks = {"s": {"initial": "first", "unit": "1", "outflows": ["out"]}}
    return made(end, dt, parameters=parameters, stocks=stocks, flows={"out": "s / tau"})


def test_sd_exp_decay() -> None:
    found = run(decay(0.03125))
    assert at(found, "s", 5) == pytest.approx(36.787944117144235, rel=1e-9)
    assert at(found, "s", 10) == pytest.approx(13.53352832366127, rel=1e-9)


@pytest.mark.parametrize(("dt", "expected"), [(0.25, 35.84859224085419), (1.0, 32.76800000000001)])
def test_sd_exp_decay_by_euler_to_the_last_digits(dt: float, expected: float) -> None:
    assert at(run(decay(dt), "euler"), "s", 5) == pytest.approx(expected, rel=4e-16 / dt)


@pytest.mark.parametrize("tau", [1.0, 3.7, 60.0])
@pytest.mark.parametrize("first", [0.0, 2.5, 1e6])
def test_decay_for_other_times(tau: float, first: float) -> None:
    found = run(decay(0.03125), tau=tau, first=first)
    assert_allclose(found["s"], first * np.exp(-found.time / tau), rtol=1e-6)
    euler = run(decay(0.25), "euler", tau=tau, first=first)
    assert_allclose(euler["s"], first * (1 - 0.25 / tau) ** np.arange(41), rtol=1e-12)


# -- sd_delay1_step, sd_delay3_step -----------------------------------------------------------------------------------

ERLANG = {
    1: [0.15351827510938587, 0.3934693402873666, 0.6321205588285577, 0.8646647167633873, 0.9816843611112658],
    3: [0.014387677966970713, 0.19115316946194194, 0.5768099188731565, 0.938031195583341, 0.9994777419499671],
}


@pytest.mark.parametrize(("order", "equation"), [(1, "DELAY1(1, 6, 0)"), (3, "DELAY3(1, 6, 0)")])
def test_sd_delay1_step_and_sd_delay3_step(order: int, equation: str) -> None:
    for text in (equation, f"DELAYN(1, 6, 0, {order})", equation.replace("DELAY", "SMOOTH")):
        found = run(made(24, 0.03125, auxiliaries={"y": text}))
        assert [at(found, "y", t) for t in (1, 3, 6, 12, 24)] == pytest.approx(ERLANG[order], abs=1e-8)


@pytest.mark.parametrize("order", [1, 2, 3, 5, 10, 50])
@pytest.mark.parametrize("tau", [2.0, 13.0])
def test_delays_of_any_order_give_the_erlang_distribution(order: int, tau: float) -> None:
    dt = min(0.125, tau / order / 8)
    dt = 2.0 ** np.floor(np.log2(dt))
    equations = {"y": f"DELAYN(1, {tau}, 0, {order})", "z": f"SMOOTHN(1, {tau}, 0, {order})"}
    found = run(made(2 * tau, dt, auxiliaries=equations))
    exact = gammainc(order, order * found.time / tau)
    assert_allclose(found["y"], exact, atol=1e-5)
    assert_allclose(found["z"], exact, atol=1e-5)


# -- sd_smooth_ramp ---------------------------------------------------------------------------------------------------


def test_sd_smooth_ramp() -> None:
    found = run(made(20, 0.03125, auxiliaries={"y": "SMOOTH1(TIME, 4, 0)"}))
    expected = [0.11520313228561951, 1.4715177646857693, 4.541341132946451, 16.026951787996342]
    assert [at(found, "y", t) for t in (1, 4, 8, 20)] == pytest.approx(expected, rel=1e-7)


@pytest.mark.parametrize("tau", [0.5, 2.0, 9.0])
@pytest.mark.parametrize("slope", [-1.5, 4.0])
def test_a_smooth_lags_behind_a_ramp_by_its_time(tau: float, slope: float) -> None:
    found = run(made(20, 0.03125, auxiliaries={"y": f"SMOOTH1({slope} * TIME, {tau})"}))
    t = found.time
    assert_allclose(found["y"], slope * (t - tau * (1 - np.exp(-t / tau))), atol=1e-5)
    if tau < 1:
        assert (slope * 20 - found["y"][-1]) / slope == pytest.approx(tau, rel=1e-6)


# -- sd_sir_final_R0_1.5 ----------------------------------------------------------------------------------------------


def epidemic(first: float, reproduction: float) -> Trajectory:
    """Shares of a population, with a mean infectious time of 1; `first` is infected at the start."""
    parameters = {"reproduction": f"{reproduction} 1", "first": f"{first!r} 1"}
    stocks = {
        "s": {"initial": "1 - first", "unit": "1", "outflows": ["infection"]},
        "i": {"initial": "first", "unit": "1", "inflows": ["infection"], "outflows": ["recovery"]},
        "r": {"initial": 0, "unit": "1", "inflows": ["recovery"]},
    }
    flows = {"infection": "reproduction * s * i", "recovery": "i"}
    end = 2 * (12 - np.log(first)) // (reproduction - 1) + 30
    return run(made(end, 0.03125, parameters=parameters, stocks=stocks, flows=flows))


def summit(values: np.ndarray) -> float:
    """Highest value of the parabola through the highest row and its neighbours."""
    row = int(values.argmax())
    before, top, after = values[row - 1 : row + 2]
    return float(top - (after - before) ** 2 / (8 * (after - 2 * top + before)))


def final_size(reproduction: float, susceptible: float = 1.0) -> float:
    """Share that has been infected in the end: 1 - s0 exp(-R0 z) = z."""
    return float(brentq(lambda z: 1 - susceptible * np.exp(-reproduction * z) - z, 1e-3, 1))


def peak(reproduction: float, first: float = 0.0) -> float:
    return 1 - (1 + np.log(reproduction * (1 - first))) / reproduction


def test_sd_sir_final_R0_1_5() -> None:  # noqa: N802 - the name of the case
    assert final_size(1.5) == pytest.approx(0.5828116438658115, rel=1e-12)
    assert peak(1.5) == pytest.approx(0.0630232612612237, rel=1e-12)
    off = []
    for first in (1e-3, 1e-5, 1e-7):  # as s0 goes to 1
        found = epidemic(first, 1.5)
        off.append((abs(found["r"][-1] - 0.5828116438658115), abs(summit(found["i"]) - 0.0630232612612237)))
    assert off[0] > off[1] > off[2]
    assert max(off[2]) < 2e-6


@pytest.mark.parametrize("reproduction", [1.3, 2.0, 3.5])
@pytest.mark.parametrize("first", [1e-5, 0.02])
def test_epidemics_have_their_final_size_and_peak(reproduction: float, first: float) -> None:
    found = epidemic(first, reproduction)
    assert found["r"][-1] == pytest.approx(final_size(reproduction, 1 - first), abs=1e-6)
    assert summit(found["i"]) == pytest.approx(peak(reproduction, first), abs=2e-6)
    assert_allclose(found["s"] + found["i"] + found["r"], 1, rtol=1e-12)


# -- sd_workforce_pipeline --------------------------------------------------------------------------------------------


def test_sd_workforce_pipeline() -> None:
    for method in ("euler", "rk4"):
        found = run(load_stocks(PIPELINE), method, extra_intake=0)
        for year in (1, 3, 5, 10, 15):
            assert [at(found, name, year) for name in ("trainees", "staff")] == pytest.approx([90, 300], rel=1e-12)


def workforce(t: np.ndarray, trainees: float, staff: float, tau: float, rate: float, intake: float) -> Any:
    """Closed forms of both stocks; tau and 1/rate differ."""
    away = trainees - intake * tau
    if rate == 0:
        return intake * tau + away * np.exp(-t / tau), staff + intake * t + away * (1 - np.exp(-t / tau))
    a = away / tau / (rate - 1 / tau)
    b = staff - intake / rate - a
    return intake * tau + away * np.exp(-t / tau), intake / rate + a * np.exp(-t / tau) + b * np.exp(-rate * t)


@pytest.mark.parametrize("tau", [0.5, 3.0, 7.0])
@pytest.mark.parametrize("rate", [0.0, 0.03, 0.3])
@pytest.mark.parametrize(("trainees", "staff", "intake"), [(90, 300, 30), (0, 0, 45), (250, 10, 0), (10, 900, 3)])
def test_pipelines_off_balance(tau: float, rate: float, trainees: float, staff: float, intake: float) -> None:
    values = {"tau": tau, "rate": rate, "intake": intake, "trainees0": trainees, "staff0": staff}
    stocks = {
        "trainees": {"initial": "trainees0", "unit": "1", "inflows": ["joining"], "outflows": ["qualifying"]},
        "staff": {"initial": "staff0", "unit": "1", "inflows": ["qualifying"], "outflows": ["leaving"]},
    }
    flows = {"joining": "intake", "qualifying": "trainees / tau", "leaving": "staff * rate"}
    parameters = {name: f"{value} 1" for name, value in values.items()}
    found = run(made(15, 0.03125, parameters=parameters, stocks=stocks, flows=flows))
    exact = workforce(found.time, trainees, staff, tau, rate, intake)
    assert_allclose(found["trainees"], exact[0], atol=1e-4)
    assert_allclose(found["staff"], exact[1], atol=1e-4)
