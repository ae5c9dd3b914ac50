"""Every function of the written page, as generated source computes it, against figures by hand and closed forms."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.special import gammainc

from sim.errors import CarebridgeError
from sim.stocks.run import Stocks, at_other_times
from tests.sim.stocks.small_models import GROUPS, made

POINTS = [[0, 10], [1, 20], [2, 30]]
LOOKUPS = {
    "inside": {"points": [[0, 10], [1, 10], [2, 20], [3, 30]]},
    "beyond": {"points": [*POINTS, [3, 40]], "outside": "extrapolate"},
    "jumps": {"points": POINTS, "outside": "discrete"},
}
PARAMETERS = {
    "nought": "0 1",
    "two": "2 1",
    "big": "1e20 1",
    "huge": "1e200 1",
    "staff[group]": {"value": {"nurse": 1, "doctor": 20, "aide": 300}, "unit": "1"},
}
BLOCKS: dict[str, Any] = {"lookups": LOOKUPS, "parameters": PARAMETERS, "dimensions": GROUPS}

#: two is a parameter, so that nothing is computed before the run
NUMBERS = {
    "2 + 3 * 4 - 6 / (two + two)": 12.5,
    "-two^2": -4,
    "two^3^2": 512,
    "2^-1": 0.5,
    "POWER(two, 0.5)": math.sqrt(2),
    "(-two)^3": -8,
    "nought^0": 1,
    "10 - 4 - 3": 3,
    "IF(1 > two, 1 / nought, 7)": 7,
    "IF two THEN 3 ELSE 1 / nought": 3,
    "IF(nought, SUM(staff[group!] / nought), 5)": 5,
    "MIN(3, 1, two) + 10 * MAX(4, 9, 5) + MIN(two)": 93,
    "ABS(-3) + SQRT(16)": 7,
    "EXP(1) + LN(EXP(two))": math.e + 2,
    "LOG10(1000) + LOG(8, two)": 6,
    "SIN(PI / two) + COS(PI) + TAN(PI / 4)": 1,
    "ARCTAN(1) + TANH(0.5)": math.pi / 4 + math.tanh(0.5),
    "INTEGER(-2.7) + 100 * INTEGER(2.7)": 198,
    "FLOOR(-2.7) + 100 * FLOOR(2.7)": 197,
    "INTEGER(big) / 1e20 + FLOOR(-big) / 1e20 + MODULO(big, big) + QUANTUM(-big, 1) / 1e20": -1,
    "MODULO(-7, 3) + 10 * MODULO(7, -3)": 9,
    "QUANTUM(7.9, 2.5) + 100 * QUANTUM(3.3, nought) + QUANTUM(-7.9, 2.5)": 330,
    "ZIDZ(1, nought) + XIDZ(1, 9e-7, 5) + XIDZ(1, -2e-6, 5) + ZIDZ(6, 3)": 5 - 5e5 + 2,
    "(1 = 1) + 10 * (1 <> 1) + 100 * (two >= 2) + 1000 * (two < 2)": 101,
    "(1 == two) + 10 * (1 != two) + 100 * (3 <= two) + 1000 * (3 > two)": 1010,
    "(0.2 AND 3) + 10 * (0 OR nought) + 100 * (NOT nought) + 1000 * (1 and not 1)": 101,
    "inside(1.5) + 100 * inside(-9) + 10000 * inside(9)": 15 + 100 * 10 + 10000 * 30,
    "beyond(-1) + 1000 * beyond(4)": 50000,
    "jumps(-1) + 100 * jumps(1) + 10000 * jumps(1.99) + 1000000 * jumps(9)": 30202010,
    "INITIAL_TIME + FINAL_TIME + DT": 8.03125,
    "SUM(staff[group!]) + 1000 * SUM(staff[senior!])": 320321,
    "MEAN(staff[*]) + VMIN(staff[*]) + VMAX(staff[*]) + PROD(staff[*])": 107 + 1 + 300 + 6000,
    "SUM(staff[group!] * SUM(staff[group!])) + SUM(staff[group!] * staff[senior!])": 321 * 321 + 321 * 320,
    "INITIAL(two + TIME) + ACTIVE_INITIAL(two, 9)": 4,
}

T, X = 3.0, 5.0
CLOSED: dict[str, Callable[[np.ndarray], Any]] = {
    "TIME": lambda t: t,
    "RAMP(2, 1)": lambda t: 2 * np.maximum(0, t - 1),
    "RAMP(2, 1, 3)": lambda t: 2 * np.clip(t - 1, 0, 2),
    "SMOOTH1(5, 3, 0)": lambda t: X * gammainc(1, t / T),
    "SMOOTH3(5, 3, 0)": lambda t: X * gammainc(3, 3 * t / T),
    "SMOOTHN(5, 3, 0, 7)": lambda t: X * gammainc(7, 7 * t / T),
    "SMOOTHN(5, 3, 0, 1)": lambda t: X * gammainc(1, t / T),
    "DELAY1(5, 3, 0)": lambda t: X * gammainc(1, t / T),
    "DELAY3(5, 3, 0)": lambda t: X * gammainc(3, 3 * t / T),
    "DELAYN(5, 3, 0, 7)": lambda t: X * gammainc(7, 7 * t / T),
    "SMOOTH1(TIME, 3)": lambda t: t - T * (1 - np.exp(-t / T)),
    "DELAY1(TIME, 3, 0)": lambda t: t - T * (1 - np.exp(-t / T)),
    "DELAY1(TIME, 3, 2)": lambda t: t - T + (T + 2) * np.exp(-t / T),
    "SMOOTH3(2 + 0 * TIME, 3)": lambda t: 2 + 0 * t,
    "DELAY3(2 + 0 * TIME, 3)": lambda t: 2 + 0 * t,
    "SMOOTH1(0, 2 + TIME, 1)": lambda t: 2 / (2 + t),
    "DELAY1(0, 2 + TIME, 1)": lambda t: 4 / (2 + t) ** 2,
    "TREND(EXP(0.1 * TIME), 3, 0.1)": lambda t: 0.1 + 0 * t,
    "TREND(EXP(0.1 * TIME), 3)": lambda t: (
        (np.exp(0.1 * t) - (m := np.exp(0.1 * t) / 1.3 + (1 - 1 / 1.3) * np.exp(-t / T))) / (T * m)
    ),
    "TREND(0 * TIME, 3)": lambda t: 0 * t,
    "FORECAST(EXP(0.1 * TIME), 3, 2, 0.1)": lambda t: 1.2 * np.exp(0.1 * t),
    "SUM(SMOOTH1(staff[group!], 3, 0))": lambda t: 321 * gammainc(1, t / T),
    "SUM(DELAY3(staff[senior!], 3, 0) * staff[senior!])": lambda t: (400 + 90000) * gammainc(3, 3 * t / T),
}

DT, END = 0.03125, 8.0
#: those that are computed at every step, but are functions of the time of the step alone
STEPPED: dict[str, Callable[[np.ndarray], Any]] = {
    "STEP(3, 1)": lambda t: 3.0 * (t >= 1),
    "STEP(TIME, 1.01)": lambda t: t * (t >= 1),
    "PULSE(1, 0.5)": lambda t: 1.0 * ((t >= 1) & (t < 1.5)),
    "PULSE_TRAIN(1, 0.5, 2, 6)": lambda t: 1.0 * ((t >= 1) & ((t - 1) % 2 < 0.5) & (t < 6)),
    "IMPULSE(6, 2)": lambda t: 6 / DT * (t == 2),
    "IMPULSE(6, 1, 2)": lambda t: 6 / DT * (t % 2 == 1),
    "DELAY_FIXED(TIME, 2, -1)": lambda t: np.where(t < 2, -1, t - 2),
    "SAMPLE_IF_TRUE(MODULO(TIME, 1) = 0, TIME, 9)": np.floor,
}


def everything() -> tuple[list[str], Stocks]:
    """All of the equations in one model."""
    equations = [*NUMBERS, *CLOSED, *STEPPED]
    auxiliaries = {f"y{n}": equation for n, equation in enumerate(equations)}
    return equations, Stocks(at_other_times(made(END, DT, auxiliaries=auxiliaries, **BLOCKS), method="rk4"))


def test_every_function_against_its_closed_form() -> None:
    equations, stocks = everything()
    run = stocks.run()
    t = run.time
    assert len(t) == END / DT + 1
    for n, equation in enumerate(equations):
        if equation in NUMBERS:
            assert_allclose(run[f"y{n}"], NUMBERS[equation], rtol=1e-14, err_msg=equation)
        elif equation in STEPPED:
            assert_allclose(run[f"y{n}"], STEPPED[equation](t), rtol=1e-14, err_msg=equation)
        else:
            exact = CLOSED[equation](t)
            assert_allclose(run[f"y{n}"], exact, rtol=1e-6, atol=1e-6 * max(1, exact.max()), err_msg=equation)


@pytest.mark.nightly
def test_all_functions_together_are_compiled_to_the_same_bits() -> None:
    _, stocks = everything()
    assert stocks.run().values.tobytes() == stocks.run(fast=True).values.tobytes()


def series(equation: str, end: float = 4, dt: float = 1, **blocks: Any) -> list[float]:
    return Stocks(made(end, dt, auxiliaries={"y": equation}, **blocks)).run()["y"].tolist()


@pytest.mark.parametrize(
    ("equation", "expected"),
    [
        ("STEP(3, 0.75)", [0, 0, 3, 3, 3]),  # t + dt/2 > at: 0.5 + 0.25 is not
        ("STEP(3, 0.7)", [0, 3, 3, 3, 3]),
        ("RAMP(2, 0.5, 1.25)", [0, 0, 1, 1.5, 1.5]),
        ("PULSE(0.5, 0.1)", [0, 1, 0, 0, 0]),  # at least one step
        ("PULSE(0, 1)", [1, 1, 0, 0, 0]),
        ("PULSE_TRAIN(0.5, 0.5, 1, 10)", [0, 1, 0, 1, 0]),
        ("PULSE_TRAIN(0, 0.5, 1, 1.5)", [1, 0, 1, 0, 0]),
        ("IMPULSE(6, 0.25)", [0, 12, 0, 0, 0]),  # at - dt/2 < t <= at + dt/2
        ("IMPULSE(6, 0.5, 1)", [0, 12, 0, 12, 0]),
        ("IMPULSE(6, 0, 0.5)", [12, 12, 12, 12, 12]),
        ("IMPULSE(6, 0, 0.1)", [12, 12, 12, 12, 12]),
        ("DELAY_FIXED(TIME, 1.25, -1)", [-1, -1, 0, 0.5, 1]),  # 2.5 steps: the even number
        ("DELAY_FIXED(TIME, 0.75, -1)", [-1, -1, 0, 0.5, 1]),
        ("DELAY_FIXED(TIME, 0, -1)", [-1, 0, 0.5, 1, 1.5]),  # at least one step
        ("DELAY_FIXED(TIME, -3, -1)", [-1, 0, 0.5, 1, 1.5]),
        ("DELAY_FIXED(TIME, 0.5 + TIME, -1)", [-1, 0, 0.5, 1, 1.5]),  # the time counts at the start only
        ("IF(TIME > 1, INITIAL(7 + TIME), 0)", [0, 0, 0, 7, 7]),
    ],
)
def test_functions_of_time_at_steps_of_a_half(equation: str, expected: list[float]) -> None:
    assert series(equation, end=2, dt=0.5) == expected


@given(st.sampled_from([0.1, 0.3, 0.25, 0.7, 1 / 3]), st.integers(0, 60), st.booleans())
def test_an_impulse_is_given_once_and_in_full_wherever_it_falls(dt: float, half: int, again: bool) -> None:
    # also where it falls half-way between two steps, but for rounding
    assume((161 - half) % 25)  # not half-way behind the last step
    at = half * dt / 2
    every = f", {12.5 * dt!r}" if again else ""
    given_ = np.array(series(f"IMPULSE(6, {at!r}{every})", end=80 * dt, dt=dt))
    count = sum(at + m * 12.5 * dt < 80.25 * dt for m in range(99)) if again else 1
    assert np.count_nonzero(given_) == count
    assert given_.sum() * dt == pytest.approx(6 * count, rel=1e-14)


def test_delayn_uses_the_time_of_the_step_before() -> None:
    m, before, expected = [4 * 6 / 2] * 2, 6.0, []
    for k in range(5):
        out = [x * 2 / before for x in m]
        expected.append(out[1])
        m = [m[0] + 10 - out[0], m[1] + out[0] - out[1]]
        before = 6 - k
    assert series("DELAYN(10, 6 - TIME, 4, 2)", end=3) == pytest.approx(expected[:4], rel=1e-14)


def test_steps_switch_at_steps_in_all_parts_and_ramps_follow_the_parts() -> None:
    flows = {"a": "STEP(1, 0.5)", "b": "RAMP(1, 0)", "c": "TIME^3", "d": "IMPULSE(5, 1)", "e": "PULSE(1, 1)"}
    flows |= {"f": "SAMPLE_IF_TRUE(1, TIME, 0)", "g": "DELAY_FIXED(TIME, 1, 0)", "h": "late"}
    stocks = {f"s{f}": {"initial": 0, "unit": "1", "inflows": [f]} for f in flows}
    model = made(4, 1, stocks=stocks, flows=flows, rules={"late": {"begins": "TIME > 1.4"}})
    run = Stocks(at_other_times(model, method="rk4")).run()
    assert run["sa"].tolist() == [0, 0, 1, 2, 3]
    assert_allclose(run["sb"], np.arange(5) ** 2 / 2, rtol=1e-14)
    assert_allclose(run["sc"], np.arange(5) ** 4 / 4, rtol=1e-14)  # Simpson's rule is exact for cubics
    assert run["sd"].tolist() == [0, 0, 5, 5, 5]
    assert run["se"].tolist() == [0, 0, 1, 1, 1]
    assert run["sf"].tolist() == [0, 0, 1, 3, 6]
    assert run["sg"].tolist() == [0, 0, 0, 1, 3]
    assert run["sh"].tolist() == [0, 0, 0, 1, 2]


def rule(**ends: str) -> list[float]:
    return Stocks(made(8, 1, rules={"r": ends})).run()["r"].tolist()


def test_rules_begin_end_and_watch_anew() -> None:
    assert rule(begins="TIME >= 2") == [0, 0, 1, 1, 1, 1, 1, 1, 1]
    assert rule(begins="TIME >= 2", after="2") == [0, 0, 0, 0, 1, 1, 1, 1, 1]
    assert rule(begins="TIME >= 1 AND TIME <> 2", after="1") == [0, 0, 0, 0, 1, 1, 1, 1, 1]  # broken at 2
    assert rule(begins="1", ends="1") == [1, 0, 1, 0, 1, 0, 1, 0, 1]
    assert rule(begins="1", ends="1", ends_after="2") == [1, 1, 1, 0, 1, 1, 1, 0, 1]
    assert Stocks(made(3.5, 0.7, rules={"r": {"begins": "1", "after": "2.1"}})).run()["r"].tolist() == [
        0,
        0,
        0,
        1,
        1,
        1,
    ]


#: what hides a result that does not exist is stopped all the same
STOPPED = [
    "IF(two / nought > 5, 1, 2)",
    "IF(nought <> 0 AND two / nought > 5, 1, 2)",
    "ZIDZ(1, two / nought)",
    "MIN(5, two / nought)",
    "MODULO(two, nought)",
    "nought^-1",
    "LOG(two, nought + 1)",
    "PULSE_TRAIN(9, 1, nought, 9)",
    "IMPULSE(1, 0, nought)",
    "SQRT(-two)",
    "LN(nought)",
    "(-two)^0.5",
    "EXP(1000 * two)",
    "SUM(staff[group!] / nought)",
    "1 / (3 - TIME)",
    "TREND(1, 2, -0.5 * two / 2)",
    "SMOOTH1(1, 2.5 - TIME)",
    "IF(1, 2, DELAY1(1 / (2 - TIME), 3, 1))",
]


@pytest.mark.parametrize("equation", STOPPED)
def test_what_gives_no_number_stops_the_run_and_says_where(equation: str) -> None:
    with pytest.raises(CarebridgeError, match="'y' at time [0-9]"):
        series(equation, **BLOCKS)


def test_all_of_them_stop_a_compiled_run_too() -> None:
    picks = {f"a{n}": f"IF(pick = {n}, {equation}, 0)" for n, equation in enumerate(STOPPED)}
    parameters = {**PARAMETERS, "pick": "-1 1"}
    # what stops by its memory stops in whatever branch; it stands in a model of its own
    remembered = {name: e for name, e in picks.items() if any(f in e for f in ("TREND", "SMOOTH", "DELAY"))}
    stocks = Stocks(
        made(
            auxiliaries={n: e for n, e in picks.items() if n not in remembered}, **{**BLOCKS, "parameters": parameters}
        )
    )
    stocks.run(fast=True)
    for n in range(len(STOPPED)):
        if f"a{n}" not in remembered:
            with pytest.raises(CarebridgeError, match=f"'a{n}' at time [0-9]"):
                stocks.run({"pick": n}, fast=True)


@pytest.mark.parametrize("equation", ["MIN(5, huge * huge)", "1 / (huge * huge)", "MIN(5, huge^3)"])
def test_numbers_that_are_too_large_stop_a_plain_run(equation: str) -> None:
    with pytest.raises(CarebridgeError, match="'y' at time 0 is not a finite number"):
        series(equation, **BLOCKS)
