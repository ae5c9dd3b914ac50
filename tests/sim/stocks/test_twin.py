"""The reference program for stocks and flows, against sums done by hand and closed forms."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import gammainc

from sim.errors import CarebridgeError
from sim.stocks.grammar import parse
from sim.stocks.run import Stocks
from sim.stocks.twin import look, march, solve
from sim.stocks.twin.wording import text_of
from tests.sim.stocks.small_models import GROUPS, made


def series(equation: str, end: float = 4, dt: float = 1, **blocks: Any) -> list[float]:
    return march(made(end, dt, auxiliaries={"y": equation}, **blocks))["y"].tolist()


def value(equation: str, **blocks: Any) -> float:
    return series(equation, end=0, **blocks)[0]


# -- section 6: functions of numbers ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("equation", "expected"),
    [
        ("2 + 3 * 4 - 6 / 4", 12.5),
        ("-2^2", -4),
        ("2^3^2", 512),
        ("2^-1", 0.5),
        ("POWER(2, 0.5)", math.sqrt(2)),
        ("(-2)^3", -8),
        ("0^0", 1),
        ("10 - 4 - 3", 3),
        ("IF(1 > 2, 1 / 0, 7)", 7),
        ("IF 0.5 THEN 3 ELSE 1 / 0", 3),
        ("MIN(3, 1, 2) + 10 * MAX(4, 9, 5)", 91),
        ("ABS(-3) + SQRT(16)", 7),
        ("EXP(1) + LN(EXP(2))", math.e + 2),
        ("LOG10(1000) + LOG(8, 2)", 6),
        ("SIN(PI / 2) + COS(PI) + TAN(PI / 4)", 1),
        ("ARCTAN(1) + TANH(0.5)", math.pi / 4 + math.tanh(0.5)),
        ("INTEGER(-2.7) + 100 * INTEGER(2.7)", 198),
        ("FLOOR(-2.7) + 100 * FLOOR(2.7)", 197),
        ("MODULO(-7, 3) + 10 * MODULO(7, -3)", 9),
        ("QUANTUM(7.9, 2.5) + 100 * QUANTUM(3.3, 0) + QUANTUM(-7.9, 2.5)", 330),
        ("ZIDZ(1, 0) + XIDZ(1, 9e-7, 5) + XIDZ(1, -2e-6, 5) + ZIDZ(6, 3)", 5 - 5e5 + 2),
        ("ZIDZ(1, -2e-6) + ZIDZ(1, -9e-7)", -5e5),
        ("(1 = 1) + 10 * (1 <> 1) + 100 * (2 >= 2) + 1000 * (2 < 2)", 101),
        ("(1 == 2) + 10 * (1 != 2) + 100 * (3 <= 2) + 1000 * (3 > 2)", 1010),
        ("(0.2 AND 3) + 10 * (0 OR 0) + 100 * (NOT 0) + 1000 * (1 and not 1)", 101),
        ("inside(1.5) + 100 * inside(-9) + 10000 * inside(9)", 15 + 100 * 10 + 10000 * 30),
        ("beyond(-1) + 1000 * beyond(4)", 0 + 1000 * 50),
        ("jumps(-1) + 100 * jumps(1) + 10000 * jumps(1.99) + 1000000 * jumps(9)", 10 + 2000 + 200000 + 30000000),
        ("INITIAL_TIME + FINAL_TIME + DT + TIME", 1),
    ],
)
def test_functions_of_numbers(equation: str, expected: float) -> None:
    points = [[0, 10], [1, 20], [2, 30]]
    lookups = {
        "inside": {"points": [[0, 10], [1, 10], [2, 20], [3, 30]]},
        "beyond": {"points": [*points, [3, 40]], "outside": "extrapolate"},
        "jumps": {"points": points, "outside": "discrete"},
    }
    assert value(equation, lookups=lookups) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize(
    "tree", ["a - (b - c)", "(a + b) * c", "-(a + b)^2^c", "(a^b)^c", "NOT (a AND b) OR c > (d = 1)"]
)
def test_text_of_a_tree_reads_as_the_same_tree(tree: str) -> None:
    again = parse(text_of(parse(tree)))
    assert again == parse(tree)
    assert text_of(parse(tree)) == tree


# -- section 6: functions of time -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("equation", "expected"),
    [
        ("STEP(3, 1)", [0, 0, 3, 3, 3]),
        ("STEP(3, 0.75)", [0, 0, 3, 3, 3]),  # t + dt/2 > at: 0.5 + 0.25 is not
        ("STEP(3, 0.7)", [0, 3, 3, 3, 3]),
        ("STEP(TIME, 1)", [0, 0, 1, 1.5, 2]),
        ("RAMP(2, 0.5)", [0, 0, 1, 2, 3]),
        ("RAMP(2, 0.5, 1.25)", [0, 0, 1, 1.5, 1.5]),
        ("PULSE(0.5, 0.1)", [0, 1, 0, 0, 0]),  # at least one step
        ("PULSE(0.5, 1)", [0, 1, 1, 0, 0]),
        ("PULSE(0, 1)", [1, 1, 0, 0, 0]),
        ("PULSE_TRAIN(0.5, 0.5, 1, 10)", [0, 1, 0, 1, 0]),
        ("PULSE_TRAIN(0, 0.5, 1, 1.5)", [1, 0, 1, 0, 0]),
        ("IMPULSE(6, 1)", [0, 0, 12, 0, 0]),
        ("IMPULSE(6, 0.25)", [0, 12, 0, 0, 0]),  # at - dt/2 < t <= at + dt/2
        ("IMPULSE(6, 0.5, 1)", [0, 12, 0, 12, 0]),
        ("IMPULSE(6, 0, 0.5)", [12, 12, 12, 12, 12]),
    ],
)
def test_functions_of_time_at_steps_of_a_half(equation: str, expected: list[float]) -> None:
    assert series(equation, end=2, dt=0.5) == expected


def test_steps_switch_at_steps_in_all_parts_and_ramps_follow_the_parts() -> None:
    flows = {"a": "STEP(1, 0.5)", "b": "RAMP(1, 0)", "c": "TIME^3", "d": "IMPULSE(5, 1)", "e": "PULSE(1, 1)"}
    stocks = {f"s{f}": {"initial": 0, "unit": "1", "inflows": [f]} for f in flows}
    found = march(made(3, 1, stocks=stocks, flows=flows), method="rk4")
    assert found["sa"].tolist() == [0, 0, 1, 2]  # at t = 0, 0 + 0.5 > 0.5 fails in all four parts
    assert_allclose(found["sb"], [0, 0.5, 2, 4.5], rtol=1e-14)
    assert_allclose(found["sc"], np.arange(4) ** 4 / 4, rtol=1e-14)  # Simpson's rule is exact for cubics
    assert found["sd"].tolist() == [0, 0, 5, 5]
    assert found["se"].tolist() == [0, 0, 1, 1]


# -- section 5: delays ------------------------------------------------------------------------------------------------

T, X = 3.0, 5.0
AT = [0.0, 0.4, 1.0, 2.5, 7.0]
CLOSED = {
    "SMOOTH1(5, 3, 0)": lambda t: X * gammainc(1, t / T),
    "SMOOTH3(5, 3, 0)": lambda t: X * gammainc(3, 3 * t / T),
    "SMOOTHN(5, 3, 0, 7)": lambda t: X * gammainc(7, 7 * t / T),
    "DELAY1(5, 3, 0)": lambda t: X * gammainc(1, t / T),
    "DELAY3(5, 3, 0)": lambda t: X * gammainc(3, 3 * t / T),
    "DELAYN(5, 3, 0, 7)": lambda t: X * gammainc(7, 7 * t / T),
    "SMOOTH1(TIME, 3, 0)": lambda t: t - T * (1 - np.exp(-t / T)),
    "DELAY1(TIME, 3, 0)": lambda t: t - T * (1 - np.exp(-t / T)),
    "SMOOTH3(2 + 0 * TIME, 3)": lambda t: 2 + 0 * t,
    "DELAY3(2 + 0 * TIME, 3)": lambda t: 2 + 0 * t,
    # with a time that grows the two differ: a delay's content is conserved, a smooth has none
    "SMOOTH1(0, 2 + TIME, 1)": lambda t: 2 / (2 + t),
    "DELAY1(0, 2 + TIME, 1)": lambda t: 4 / (2 + t) ** 2,
    "TREND(EXP(0.1 * TIME), 3, 0.1)": lambda t: 0.1 + 0 * t,
    "TREND(EXP(0.1 * TIME), 3)": lambda t: (
        (np.exp(0.1 * t) - (m := np.exp(0.1 * t) / 1.3 + (1 - 1 / 1.3) * np.exp(-t / T))) / (T * m)
    ),
    "FORECAST(EXP(0.1 * TIME), 3, 2, 0.1)": lambda t: np.exp(0.1 * t) * 1.2,
    "TREND(0 * TIME, 3)": lambda t: 0 * t,
    "SMOOTH1(5, 3, 0) + INITIAL(1 + TIME)": lambda t: 1 + X * gammainc(1, t / T),
}


@pytest.mark.parametrize("equation", CLOSED)
def test_delays_have_their_closed_forms(equation: str) -> None:
    model = made(8, 0.1, auxiliaries={"y": equation})
    assert_allclose(solve(model, AT)["y"], CLOSED[equation](np.array(AT)), rtol=1e-8, atol=1e-8)
    fine, coarse = (march(model, dt=dt, method="rk4") for dt in (0.05, 0.1))
    exact = CLOSED[equation](fine["Time"])
    assert_allclose(fine["y"], exact, atol=2e-5)
    errors = [abs(run["y"] - CLOSED[equation](run["Time"])).max() for run in (coarse, fine)]
    assert errors[1] < 1e-12 or errors[0] / errors[1] > 12


def test_euler_and_runge_kutta_do_what_they_are_called() -> None:
    model = made(1, 0.5, stocks={"y": {"initial": 1, "unit": "1", "inflows": ["growth"]}}, flows={"growth": "y"})
    h = 0.5
    rk4 = 1 + h + h**2 / 2 + h**3 / 6 + h**4 / 24
    assert_allclose(march(model)["y"], [1, 1.5, 2.25], rtol=1e-15)
    assert_allclose(march(model, method="rk4")["y"], [1, rk4, rk4**2], rtol=1e-15)
    assert_allclose(solve(model, [1.0])["y"], math.e, rtol=1e-10)
    errors = [abs(march(model, dt=dt)["y"][-1] - math.e) for dt in (1 / 128, 1 / 256)]
    assert errors[0] / errors[1] == pytest.approx(2, rel=0.02)


def test_discrete_memories_by_hand() -> None:
    assert series("DELAY_FIXED(10 + TIME, 2, -1)") == [-1, -1, 10, 11, 12]
    assert series("DELAY_FIXED(10 + TIME, 2.5, -1)") == [-1, -1, 10, 11, 12]  # 2.5 steps: the even number
    assert series("DELAY_FIXED(10 + TIME, 3.5, -1)") == [-1, -1, -1, -1, 10]
    assert series("DELAY_FIXED(10 + TIME, 0, -1)") == [-1, 10, 11, 12, 13]
    assert series("DELAY_FIXED(10 + TIME, 1 + TIME, -1)") == [-1, 10, 11, 12, 13]  # the time counts at the start only
    assert series("SAMPLE_IF_TRUE(MODULO(TIME, 2) = 1, TIME, 9)") == [9, 1, 1, 3, 3]
    assert series("INITIAL(7 + TIME) + TIME") == [7, 8, 9, 10, 11]
    assert series("IF(TIME > 2, INITIAL(7 + TIME), 0)") == [0, 0, 0, 7, 7]


def test_delayn_uses_the_time_of_the_step_before() -> None:
    m, before, expected = [4 * 6 / 2] * 2, 6.0, []
    for k in range(5):
        out = [x * 2 / before for x in m]
        expected.append(out[1])
        m = [m[0] + 10 - out[0], m[1] + out[0] - out[1]]
        before = 6 - k
    # the time of step 0 is that of the start, so that step 1 is the second with 6
    assert series("DELAYN(10, 6 - TIME, 4, 2)", dt=1) == pytest.approx(expected, rel=1e-14)


def test_delayn_holds_its_time_within_a_step_of_runge_and_kutta() -> None:
    found = march(made(2, 1, auxiliaries={"y": "DELAYN(10, 4 + TIME, 3, 1)"}), method="rk4")["y"]
    m, expected = 12.0, [3.0]
    for k, time in enumerate((4.0, 4.0)):
        h = 1 / time  # m' = 10 - m / time with a time that stays is carried as the polynomial of its exponential
        m = 10 * time + (m - 10 * time) * (1 - h + h**2 / 2 - h**3 / 6 + h**4 / 24)
        expected.append(m / (4 + k))
    assert_allclose(found, expected, rtol=1e-14)


def test_active_initial_breaks_a_circle_at_the_start_only() -> None:
    stocks = {"s": {"initial": "2 * a", "unit": "1"}}
    found = march(made(2, 1, stocks=stocks, auxiliaries={"a": "ACTIVE_INITIAL(s + TIME, 5)"}))
    assert found["s"].tolist() == [10, 10, 10]
    assert found["a"].tolist() == [10, 11, 12]


def test_held_values_of_a_step_of_runge_and_kutta() -> None:
    flows = {"a": "SAMPLE_IF_TRUE(1, TIME, 0)", "b": "DELAY_FIXED(TIME, 1, 0)", "c": "late"}
    stocks = {f"s{f}": {"initial": 0, "unit": "1", "inflows": [f]} for f in flows}
    rules = {"late": {"begins": "TIME > 1.4"}}
    found = march(made(4, 1, stocks=stocks, flows=flows, rules=rules), method="rk4")
    assert found["sa"].tolist() == [0, 0, 1, 3, 6]
    assert found["sb"].tolist() == [0, 0, 0, 1, 3]
    assert found["sc"].tolist() == [0, 0, 0, 1, 2]


# -- sections 3 and 4: flows ------------------------------------------------------------------------------------------


def test_outflows_are_reduced_in_one_proportion_and_nothing_is_lost() -> None:
    stocks = {
        "s": {"initial": 10, "unit": "1", "inflows": ["in"], "outflows": ["a", "b"]},
        "left": {"initial": 1, "unit": "1", "inflows": ["a"]},
        "right": {"initial": 2, "unit": "1", "inflows": ["b"]},
    }
    model = made(3, 0.5, stocks=stocks, flows={"in": "2", "a": "30", "b": "10"}, auxiliaries={"seen": "a + 100 * b"})
    for method in ("euler", "rk4"):
        found = march(model, method=method)
        assert found["a"][0] == pytest.approx(15) and found["b"][0] == pytest.approx(5)  # 10 in half a unit of time
        assert_allclose(found["a"], 3 * found["b"], rtol=1e-12)
        assert_allclose(found["seen"], found["a"] + 100 * found["b"], rtol=1e-15)
        total = found["s"] + found["left"] + found["right"]
        assert_allclose(total, 13 + 2 * found["Time"], rtol=1e-14)
        assert (found["s"] >= 0).all()
    found = march(model)
    # what arrives in a step leaves in the next: 1 in each half
    assert_allclose(found["s"], [10, 1, 1, 1, 1, 1, 1], rtol=1e-12)
    assert found["a"][1] == pytest.approx(1.5)


def test_negative_flows_count_as_nought_unless_they_run_both_ways() -> None:
    stocks = {
        "p": {"initial": 3, "unit": "1", "outflows": ["one", "two"]},
        "q": {"initial": 4, "unit": "1", "inflows": ["two"], "outflows": ["out"]},
    }
    flows = {"one": "-5", "two": {"equation": "-6", "both_ways": True}, "out": "6"}
    found = march(made(1, 1, stocks=stocks, flows=flows))
    assert found["one"][0] == 0
    # q is drained by 6 through either of them and holds 4
    assert found["two"][0] == pytest.approx(-2) and found["out"][0] == pytest.approx(2)
    assert found["p"][1] == pytest.approx(5) and 0 <= found["q"][1] < 1e-12
    free = {**stocks, "q": {**stocks["q"], "non_negative": False}}
    assert march(made(1, 1, stocks=free, flows=flows))["q"].tolist() == [4, -8]


def test_an_outflow_may_not_use_another_of_its_stock() -> None:
    stocks = {"s": {"initial": 10, "unit": "1", "outflows": ["a", "b"]}}
    model = made(1, 1, stocks=stocks, flows={"a": "1", "b": "a"})
    with pytest.raises(CarebridgeError, match="computed from itself: a -> s -> b -> a"):
        march(model)


# -- section 1: subscripts --------------------------------------------------------------------------------------------

STAFF = {"staff[group]": {"value": {"nurse": 1, "doctor": 20, "aide": 300}, "unit": "1"}}


@pytest.mark.parametrize(
    ("equation", "expected"),
    [
        ("SUM(staff[group!])", 321),
        ("SUM(staff[*])", 321),
        ("SUM(staff[senior!])", 320),
        ("SUM(staff[group!] * staff[group!])", 1 + 400 + 90000),  # once, not twice
        ("SUM(staff[group!] * staff[*])", 1 + 400 + 90000),
        ("SUM(staff[group!] * staff[senior!])", 321 * 320),
        ("SUM(staff[group!] * SUM(staff[group!]))", 321 * 321),  # each runs over its own
        ("SUM(staff[group!] * SUM(staff[senior!]))", 321 * 320),
        ("SUM(staff[group!] / SUM(staff[group!]))", 1),
        ("MEAN(staff[*]) + VMIN(staff[*]) + VMAX(staff[*]) + PROD(staff[*])", 107 + 1 + 300 + 6000),
        ("staff[nurse] - staff[doctor]", -19),
        ("SUM(SMOOTH1(staff[group!] * (1 + TIME), 2, staff[group!]))", 321),
    ],
)
def test_sums(equation: str, expected: float) -> None:
    assert value(equation, dimensions=GROUPS, parameters=STAFF) == pytest.approx(expected, rel=1e-14)


def test_each_element_of_a_sum_has_its_own_memory() -> None:
    one = series(
        "SUM(SMOOTH1(staff[group!] * TIME^2 * staff[group!], 2, staff[group!]))", dimensions=GROUPS, parameters=STAFF
    )
    apart = [np.array(series(f"SMOOTH1({x} * TIME^2 * {x}, 2, {x})")) for x in (1, 20, 300)]
    assert_allclose(one, sum(apart), rtol=1e-14)


def test_equations_by_element_by_part_and_else() -> None:
    auxiliaries = {
        "plain[group]": "staff * 2",
        "byelement[group]": {"equation": {"nurse": "staff * 7", "else": "-staff[group]"}},
        "bypart[group]": {"equation": {"senior": "staff[senior] + few[senior]", "nurse": "SUM(few[*])"}},
        "few[senior]": "staff[senior] / 10",
        "two[group, site]": {"equation": {"nurse, north": "1", "senior, south": "staff[senior]", "else": "rent[site]"}},
        "total": "SUM(two[group!, site!]) + 1000 * SUM(two[nurse, *])",
        "grand[site]": "SUM(two[group!, site])",
    }
    dimensions = {**GROUPS, "site": ["north", "south"], "county": ["kent", "devon"]}
    mappings = [{"over": "site", "uses": "county", "pairs": {"north": "devon", "south": "kent"}}]
    parameters = {**STAFF, "price[county]": {"value": [5, 7], "unit": "1"}}
    auxiliaries["rent[site]"] = "price[site]"
    found = march(made(0, 1, dimensions=dimensions, mappings=mappings, parameters=parameters, auxiliaries=auxiliaries))
    row = {name: float(column[0]) for name, column in found.items()}
    assert [row[f"plain[{g}]"] for g in GROUPS["group"]] == [2, 40, 600]
    assert [row[f"byelement[{g}]"] for g in GROUPS["group"]] == [7, -20, -300]
    assert [row[f"bypart[{g}]"] for g in GROUPS["group"]] == [32, 22, 330]
    assert [row[f"rent[{s}]"] for s in ("north", "south")] == [7, 5]  # devon and kent
    two = [[row[f"two[{g},{s}]"] for s in ("north", "south")] for g in GROUPS["group"]]
    assert two == [[1, 5], [7, 20], [7, 300]]
    assert row["total"] == 340 + 6000 and [row["grand[north]"], row["grand[south]"]] == [15, 325]


def test_subscripted_stocks_flow_and_are_limited_by_element() -> None:
    stocks = {
        "s[group]": {"initial": "staff", "unit": "1", "outflows": ["out"]},
        "all": {"initial": 0, "unit": "1", "inflows": ["together"]},
    }
    flows = {"out[group]": "100", "together": "SUM(out[*])"}
    found = march(made(2, 1, dimensions=GROUPS, parameters=STAFF, stocks=stocks, flows=flows))
    assert_allclose(found["out[nurse]"], [1, 0, 0], atol=1e-12)
    assert_allclose(found["out[aide]"], [100, 100, 100], rtol=1e-12)
    assert_allclose(found["all"] + sum(found[f"s[{g}]"] for g in GROUPS["group"]), 321, rtol=1e-14)


# -- section 7: rules -------------------------------------------------------------------------------------------------


def test_rules_begin_end_and_watch_anew() -> None:
    def holds(**rule: str) -> list[float]:
        return march(made(8, 1, rules={"r": rule}))["r"].tolist()

    assert holds(begins="TIME >= 2") == [0, 0, 1, 1, 1, 1, 1, 1, 1]
    assert holds(begins="TIME >= 2", after="2") == [0, 0, 0, 0, 1, 1, 1, 1, 1]
    assert holds(begins="TIME <> 3", after="2") == [0, 0, 1, 1, 1, 1, 1, 1, 1]
    assert holds(begins="TIME >= 1 AND TIME <> 2", after="1") == [0, 0, 0, 0, 1, 1, 1, 1, 1]  # broken at 2
    # always true both: it changes after 0, and the watch of the other begins with the next step
    assert holds(begins="1", ends="1") == [1, 0, 1, 0, 1, 0, 1, 0, 1]
    assert holds(begins="1", ends="1", ends_after="2") == [1, 1, 1, 0, 1, 1, 1, 0, 1]
    # 3 * 0.7 is a little less than 2.1
    assert march(made(3.5, 0.7, rules={"r": {"begins": "1", "after": "2.1"}}))["r"].tolist() == [0, 0, 0, 1, 1, 1]


# -- rows, parameters, inputs -----------------------------------------------------------------------------------------


def test_rows_parameters_and_inputs() -> None:
    model = made(
        5, 0.5, 1, save=1, dimensions=GROUPS, parameters=STAFF,
        inputs={"load": "4 1", "many[group]": "2 1"},
        auxiliaries={"y": "load + SUM(many[*])", "z": "SUM(staff[*])", "e": "FINAL_TIME"},
    )  # fmt: skip
    found = march(model)
    assert found["Time"].tolist() == [1, 2, 3, 4, 5] and list(found)[1:] == model.columns()
    assert found["y"].tolist() == [10] * 5
    given = march(
        model, inputs={"load": lambda k: k, "many": 0, "many[nurse]": 1}, parameters={"staff": 1, "staff[aide]": 5}
    )
    assert given["y"].tolist() == [1, 3, 5, 7, 9] and given["z"][0] == 7
    assert march(model, dt=0.25, until=3)["Time"].tolist() == [1, 2, 3]
    assert march(model, until=2.5)["Time"].tolist() == [1, 2, 2.5] and march(model, until=2.5)["e"][0] == 2.5
    wrongs: tuple[dict[str, Any], ...] = (
        {"until": 2.6},
        {"dt": 0.3},
        {"parameters": {"stuff": 1}},
        {"inputs": {"staff": 1}},
    )
    for wrong in wrongs:
        with pytest.raises(ValueError):
            march(model, **wrong)


def test_an_inflow_may_use_an_outflow_of_its_stock() -> None:
    """Replacing leavers is the commonest rule of recruitment, and no circle."""
    model = made(
        stocks={"staff": {"initial": 100, "unit": "person", "inflows": "joining", "outflows": "leaving"}},
        flows={"leaving": "staff / 4", "joining": "leaving"},
    )
    assert march(model)["staff"].tolist() == Stocks(model).run()["staff"].tolist() == [100.0] * 5
    assert look(model) == []
