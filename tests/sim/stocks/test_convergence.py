"""Euler's method is of first order and Runge and Kutta's of fourth: errors against closed forms as steps grow short."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from scipy.linalg import expm
from scipy.special import gammainc

from sim.stocks.model import Method
from sim.stocks.run import Stocks, at_other_times
from tests.sim.stocks.small_models import made

END = 4.0
Exact = Callable[[], dict[str, float]]


def chain() -> tuple[dict[str, Any], dict[str, float]]:
    """Three stocks in a row, of which the first begins full."""
    stocks = {
        "a": {"initial": 10, "unit": "1", "outflows": ["ab"]},
        "b": {"initial": 0, "unit": "1", "inflows": ["ab"], "outflows": ["bc"]},
        "c": {"initial": 0, "unit": "1", "inflows": ["bc"]},
    }
    exact = {"a": 10 * np.exp(-END), "b": 10 * END * np.exp(-END), "c": 10 * gammainc(2, END)}
    return {"stocks": stocks, "flows": {"ab": "a", "bc": "b"}}, exact


def logistic() -> tuple[dict[str, Any], dict[str, float]]:
    stocks = {"n": {"initial": 1, "unit": "1", "inflows": ["growth"]}}
    return {"stocks": stocks, "flows": {"growth": "1.1 * n * (1 - n / 20)"}}, {"n": 20 / (1 + 19 * np.exp(-1.1 * END))}


def epidemic() -> tuple[dict[str, Any], dict[str, float]]:
    stocks = {
        "s": {"initial": 99, "unit": "1", "outflows": ["infection"]},
        "i": {"initial": 1, "unit": "1", "inflows": ["infection"], "outflows": ["recovery"]},
        "r": {"initial": 0, "unit": "1", "inflows": ["recovery"]},
    }
    flows = {"infection": "2 * s * i / 100", "recovery": "0.7 * i"}

    def slope(_: float, y: np.ndarray) -> list[float]:
        new, gone = 2 * y[0] * y[1] / 100, 0.7 * y[1]
        return [-new, new - gone, gone]

    return {"stocks": stocks, "flows": flows}, integrated(slope, {"s": 99, "i": 1, "r": 0})


def oscillator() -> tuple[dict[str, Any], dict[str, float]]:
    stocks = {
        "x": {"initial": 1, "unit": "1", "inflows": ["dx"], "non_negative": False},
        "v": {"initial": 0, "unit": "1", "outflows": ["dv"], "non_negative": False},
    }
    flows = {name: {"equation": e, "both_ways": True} for name, e in {"dx": "v", "dv": "2.25 * x"}.items()}
    return {"stocks": stocks, "flows": flows}, {"x": np.cos(1.5 * END), "v": -1.5 * np.sin(1.5 * END)}


def driven() -> tuple[dict[str, Any], dict[str, float]]:
    """Time itself, a lookup on its one line, delays and smooths, all of which the parts of a step must follow."""
    stocks = {"x": {"initial": 2, "unit": "1", "inflows": ["into"], "outflows": ["out"]}}
    flows = {"into": "2 + SIN(TIME) + line(TIME)", "out": "DELAY1(x, 2, 0.3) + SMOOTH3(x, 3, 0.2) * 0.1"}
    lookups = {"line": {"points": [[0, 0], [1, 0.5]], "outside": "extrapolate"}}

    def slope(t: float, y: np.ndarray) -> list[float]:
        x, delayed, *smooth = y
        out = delayed / 2 + smooth[2] * 0.1
        into = 2 + np.sin(t) + t / 2
        smoothing = [(before - m) for before, m in zip((x, *smooth), smooth, strict=False)]
        return [into - out, x - delayed / 2, *smoothing]

    exact = integrated(slope, {"x": 2, "m": 0.6, "m1": 0.2, "m2": 0.2, "m3": 0.2})
    return {"stocks": stocks, "flows": flows, "lookups": lookups}, {"x": exact["x"]}


def integrated(slope: Callable[..., Any], start: dict[str, float]) -> dict[str, float]:
    found = solve_ivp(slope, (0, END), list(start.values()), method="DOP853", rtol=1e-13, atol=1e-13)
    return dict(zip(start, found.y[:, -1], strict=True))


@pytest.mark.parametrize("method", ["euler", "rk4"])
@pytest.mark.parametrize("case", [chain, logistic, epidemic, oscillator, driven])
def test_errors_fall_with_the_order_of_the_method(case: Callable[[], Any], method: Method) -> None:
    blocks, exact = case()
    model = made(END, 1, **blocks)
    halvings = range(6, 10) if method == "euler" else range(3, 7)
    steps = [2.0**-n for n in halvings]
    order = 1 if method == "euler" else 4
    errors = []
    for dt in steps:
        run = Stocks(at_other_times(model, dt=dt, method=method)).run()
        errors.append(max(abs(run[name][-1] - value) for name, value in exact.items()))
    slope = np.polyfit(np.log(steps), np.log(errors), 1)[0]
    assert slope == pytest.approx(order, abs=0.05 if method == "euler" else 0.25)
    assert errors[-1] < (0.05 if method == "euler" else 1e-5)


RATES = st.floats(-0.6, 0.6, allow_nan=False, allow_subnormal=False)


@st.composite
def systems(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """x' = A x + b with its start."""
    n = draw(st.integers(1, 4))
    rows = st.lists(st.lists(RATES, min_size=n, max_size=n), min_size=n, max_size=n)
    vectors = st.lists(st.floats(-5, 5, allow_subnormal=False), min_size=n, max_size=n)
    return np.array(draw(rows)), np.array(draw(vectors)), np.array(draw(vectors))


@given(systems(), st.booleans())
def test_random_linear_systems_equal_the_exponential_of_their_matrix(
    system: tuple[np.ndarray, np.ndarray, np.ndarray], subscripted: bool
) -> None:
    a, b, start = system
    n = len(start)
    whole = expm(END * np.block([[a, b[:, None]], [np.zeros((1, n + 1))]]))
    exact = whole[:n, :n] @ start + whole[:n, n]
    model = (as_array if subscripted else one_by_one)(a, b, start)
    run = Stocks(at_other_times(model, dt=0.03125, method="rk4")).run()
    found = run.values[-1, [run.columns.index(f"x[e{i}]" if subscripted else f"x{i}") for i in range(n)]]
    assert np.abs(found - exact).max() <= 1e-6 * max(1, np.abs(exact).max(), np.abs(start).max())


def one_by_one(a: np.ndarray, b: np.ndarray, start: np.ndarray) -> Any:
    stocks, flows = {}, {}
    for i, row in enumerate(a):
        terms = " + ".join(f"({float(rate)!r}) * x{j}" for j, rate in enumerate(row))
        flows[f"f{i}"] = {"equation": f"{terms} + ({float(b[i])!r})", "both_ways": True}
        stocks[f"x{i}"] = {
            "initial": f"({float(start[i])!r})", "unit": "1", "inflows": [f"f{i}"], "non_negative": False
        }  # fmt: skip
    return made(END, 1, stocks=stocks, flows=flows)


def as_array(a: np.ndarray, b: np.ndarray, start: np.ndarray) -> Any:
    """The same with subscripts: the sum runs over one dimension while the equation runs over the other."""
    elements = [f"e{i}" for i in range(len(b))]
    mapped = [{"over": "to", "uses": "of", "pairs": {f"to {e}": e for e in elements}}]
    flow = {"equation": "SUM(rate[of, to!] * x[to!]) + push[of]", "both_ways": True}
    parameters = {
        "rate[of, to]": {"value": a.tolist(), "unit": "1"},
        "push[of]": {"value": b.tolist(), "unit": "1"},
        "first[of]": {"value": start.tolist(), "unit": "1"},
    }
    return made(
        END, 1,
        dimensions={"of": elements, "to": [f"to {e}" for e in elements]}, mappings=mapped, parameters=parameters,
        stocks={"x[of]": {"initial": "first", "unit": "1", "inflows": ["f"], "non_negative": False}},
        flows={"f[of]": flow},
    )  # fmt: skip
