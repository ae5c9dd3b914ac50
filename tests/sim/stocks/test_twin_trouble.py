"""What the reference program for stocks and flows finds at the start, what stops it, and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from sim.errors import CarebridgeError
from sim.stocks.twin import look, march, solve
from tests.sim.stocks.small_models import GROUPS, made

FAULTY = {
    "1 / nought": ("divides by 0 at the start: 'nought' is 0.", "ZIDZ(1, nought) or"),
    "1 / (nought * two)": ("divides by 0 at the start: 'nought * two' is 0.", "ZIDZ(1, nought * two) or"),
    "MODULO(1, nought)": ("divides by 0 at the start: 'nought' is 0.", ""),
    "nought^-1": ("divides by 0 at the start: 'nought' is 0.", ""),
    "LOG(two, 1)": ("divides by 0 at the start", ""),
    "PULSE_TRAIN(1, 1, nought, 9)": ("divides by 0 at the start: 'nought' is 0.", ""),
    "SQRT(-two)": ("has no result at the start: a root needs a number that is not negative; '-two' is -2.", "MAX(0"),
    "LN(nought)": ("a logarithm needs a number above 0; 'nought' is 0.", ""),
    "(-two)^0.5": ("a power of a negative number needs a whole exponent, not 0.5.", ""),
    "EXP(1000)": ("is not a finite number at the start: 'EXP(1000)' is too large.", ""),
    "10^200 * 10^200": ("is not a finite number at the start", ""),
    "DELAY3(1, 1)": ("DELAY3 over '1' = 1 needs steps of 0.333 at most; dt is 0.5.", "dt: 0.25"),
    "SMOOTH1(1, two / 8)": ("SMOOTH1 over 'two / 8' = 0.25 needs steps of 0.25 at most; dt is 0.5.", "dt: 0.25"),
    "DELAY1(1, nought)": ("DELAY1 needs a time above 0; 'nought' is 0.", ""),
    "TREND(1, 2, -0.5)": ("divides by 0 at the start", ""),
}


@pytest.mark.parametrize("equation", FAULTY)
def test_trouble_is_found_at_the_start_and_stops_a_run(equation: str) -> None:
    parameters = {"nought": "0 1", "two": "2 1"}
    model = made(1, 0.5, parameters=parameters, auxiliaries={"y": equation, "after": "1 / (y - y)"})
    [fault] = look(model)  # nothing is said of what depends on it
    rule, example = FAULTY[equation]
    assert (
        rule in fault.rule
        and example in fault.example
        and (fault.key, fault.value) == ("auxiliaries.y.equation", equation)
    )
    with pytest.raises(CarebridgeError, match="'y' at time 0") as caught:
        march(model)
    assert rule.replace(" at the start", "").rstrip(".") in str(caught.value)


def test_rounding_is_no_trouble() -> None:
    model = made(1, 0.1, auxiliaries={"y": "DELAY3(1, 0.3)"})
    assert not look(model) and len(march(model)["y"]) == 11


def test_trouble_is_reported_once_and_what_is_unsound_is_left_out() -> None:
    auxiliaries = {
        "a[group]": "1 / nought",
        "b": {"equation": "LN(0)"},
        "loop": "pool + 1 / 0 + 0 * loop",
        "c": "b + 1 / nought",
        "slow": "DELAY1(3, 0 * 2)",
        "d[group]": {"equation": {"nurse": "1 / nought", "else": "2"}},
    }
    stocks = {"pool": {"initial": "1 - 2", "unit": "1"}, "fed": {"initial": "1 / pool", "unit": "1"}}
    blocks = {"dimensions": GROUPS, "parameters": {"nought": "0 1"}, "auxiliaries": auxiliaries, "stocks": stocks}
    model = made(1, 1, **blocks)
    found = {fault.key: fault for fault in look(model)}
    assert list(found) == [
        "stocks.pool.initial",
        "auxiliaries.slow.equation",
        "auxiliaries.a[group].equation",
        "auxiliaries.b.equation",
        "auxiliaries.d[group].equation.nurse",
    ]
    assert len(look(model)) == 5
    assert "'pool' starts at -1" in found["stocks.pool.initial"].rule
    assert [f.key for f in look(model, ["parameters.nought", "stocks.pool", "auxiliaries.slow"])] == [
        "auxiliaries.b.equation"
    ]
    unsound = ["stocks.pool.initial", "auxiliaries.a[group].equation", "auxiliaries.b.equation", "auxiliaries.slow"]
    assert [f.key for f in look(model, unsound)] == ["auxiliaries.d[group].equation.nurse"]


def test_trouble_on_the_way_names_value_element_and_time() -> None:
    blocks = {"dimensions": GROUPS, "auxiliaries": {"y[group]": {"equation": {"aide": "1 / (3 - TIME)", "else": "0"}}}}
    with pytest.raises(CarebridgeError, match=r"^'y\[aide\]' at time 3 divides by 0: '3 - TIME' is 0\.$"):
        march(made(**blocks))
    with pytest.raises(CarebridgeError, match="'y' at time 2: SMOOTH1 over '2.5 - TIME' = 0.5 needs steps of 0.5"):
        march(made(auxiliaries={"y": "SMOOTH1(1, 2.5 - TIME)"}))
    with pytest.raises(CarebridgeError, match="'y' at time 3 divides by 0"):  # its memory goes on in either branch
        march(made(auxiliaries={"y": "IF(0, SMOOTH1(1 / (3 - TIME), 2, 0), 5)"}))
    with pytest.raises(CarebridgeError, match="computed from itself: y -> z -> y"):
        march(made(auxiliaries={"y": "z", "z": "y + 1"}))


@pytest.mark.parametrize(
    ("equation", "blocks"),
    [
        ("DELAY_FIXED(1, 2, 0)", {}),
        ("SAMPLE_IF_TRUE(1, 2, 0)", {}),
        ("IMPULSE(1, 2)", {}),
        ("DELAYN(1, 20 - TIME, 0, 2)", {}),
        ("STEP(1, TIME)", {}),
        ("1 / DT", {}),
        ("0", {"rules": {"r": {"begins": "1"}}}),
        ("0", {"stocks": {"s": {"initial": 1, "unit": "1", "outflows": ["f"]}}, "flows": {"f": "2"}}),
    ],
)
def test_what_has_no_continuous_limit_is_refused(equation: str, blocks: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        solve(made(auxiliaries={"y": equation}, **blocks), [1.0])


def test_the_limit_is_cut_where_functions_of_time_switch() -> None:
    flows = {
        "a": "STEP(2, at)",
        "b": "PULSE(0.3, 0.45)",
        "c": "PULSE_TRAIN(0.1, 0.2, 1, 2.2)",
        "d": "RAMP(1, 0.7, 1.9)",
    }
    stocks = {f"s{f}": {"initial": 0, "unit": "1", "inflows": [f]} for f in flows}
    model = made(3, 0.5, stocks=stocks, flows=flows, auxiliaries={"at": "1 / three"}, parameters={"three": "3 1"})
    found = solve(model, [3.0, 0.5])
    assert found["sa"] == pytest.approx([2 * (3 - 1 / 3), 2 * (0.5 - 1 / 3)], rel=1e-12)
    assert found["sb"] == pytest.approx([0.45, 0.2], rel=1e-12)
    assert found["sc"] == pytest.approx([0.5, 0.2], rel=1e-12)  # 0.2, 0.2 and what is left before 2.2
    assert found["sd"] == pytest.approx([1.2**2 / 2 + 1.2 * 1.1, 0], rel=1e-12)


def test_long_chains_are_read() -> None:
    chain = {f"a{i}": f"a{i + 1} + 1" for i in range(3000)} | {"a3000": "0"}
    model = made(0, 1, auxiliaries=chain)
    assert march(model)["a0"][0] == 3000 and not look(model)
