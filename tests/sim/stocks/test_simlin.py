"""Stock-flow runs against pysimlin, a second program, through XMILE.

Where both give a function one meaning they agree to the last digits. Their meanings differ where the second half of
this file says so; a test there fails when a new version of pysimlin comes nearer:

- marks for flows and stocks that cannot be negative are not heeded (here they are written out as equations);
- XMILE's `DELAY`, a fixed delay, is taken for `DELAY1`; `SMTHN` and `DELAYN` have one or three stages only;
- a delay within a circle, whose initial value is left out, begins as if the delays that it depends on gave 0;
- graphical functions are joined by lines and held at their ends, whatever their type says;
- `STEP` switches in the parts of a step of RK4;
- `INT` is the whole number below, `MOD` is never negative (`INTEGER` and `MODULO` are written out).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from benchmarks.peers.xmile import XmileError, xmile
from sim.stocks.load import load_stocks
from sim.stocks.model import Method, Model
from sim.stocks.run import Stocks, Trajectory, at_other_times
from tests.sim.stocks.small_models import GROUPS, made

simlin = pytest.importorskip("simlin")

CONFIGS = Path(__file__).parents[3] / "configs" / "stocks"
POINTS = [[0, 10], [1, 12], [2, 30], [4, 25], [6, 60]]


def theirs(text: str, folder: Path) -> Any:
    """Run an XMILE file: a table with a column for each variable."""
    path = folder / "model.xmile"
    path.write_text(text, "utf-8")
    model = simlin.load(path)
    assert not model.project.get_errors()
    return model.run(analyze_loops=False).results


def agree(model: Model, folder: Path, method: Method = "euler", *, limits: bool = True) -> Trajectory:
    """Run a model with both programs and compare every value at every row."""
    model = at_other_times(model, method=method)
    ours, found = Stocks(model).run(), theirs(xmile(model, limits=limits), folder)
    assert_allclose(found.index, ours.time, rtol=1e-12)
    for column in ours.columns:
        size = abs(ours[column]).max()
        assert_allclose(found[column.lower()], ours[column], rtol=1e-9, atol=1e-12 * size, err_msg=column)
    return ours


def with_values(model: Model, **values: float) -> Model:
    """The model with other values of parameters."""
    changed = {name: replace(model.variables[name], values={(): value}) for name, value in values.items()}
    return replace(model, variables={**model.variables, **changed})


# -- what is the same -------------------------------------------------------------------------------------------------

NUMBERS = [
    "2 + 3 * TIME - 6 / (1 + TIME) + (1 + TIME)^2 - (-2)^3 + 2^-1 + 2^3^2 - 2^2",
    "MIN(3, TIME, 2) + 10 * MAX(TIME, 4, 5)",
    "ABS(TIME - 3) + SQRT(TIME) + EXP(-TIME) + LN(1 + TIME) + LOG10(1 + TIME) + LOG(8 + TIME, 2)",
    "SIN(TIME) + COS(TIME) + TAN(TIME / 9) + ARCTAN(TIME) + TANH(TIME - 2)",
    "INTEGER(TIME - 3.3) + 100 * FLOOR(TIME - 3.3) + 10000 * FLOOR(TIME - 3)",
    "MODULO(TIME - 3.3, 1.3) + 10 * MODULO(7, -3) + 100 * QUANTUM(TIME - 3.3, 0.7) + QUANTUM(TIME, 0)",
    "POWER(1 + TIME, 1.5) + ZIDZ(TIME, TIME - 2) + XIDZ(1, TIME - 3, 7)",
    "IF(TIME > 2 AND NOT (TIME >= 6) OR TIME = 7, TIME, -1) + 10 * (TIME > 2) + 100 * (TIME <> 3)",
    "INITIAL_TIME + 10 * FINAL_TIME + DT + PI",
    "STEP(3, 1) + STEP(-1, 4)",
    "RAMP(2, 1) + 100 * RAMP(-1, 2, 5)",
    "IMPULSE(6, 1)",
    "IMPULSE(6, 0.5, 1)",
    "PULSE(1, 0.5) + 10 * PULSE(2, 0)",
    "table(TIME)",
    "table(TIME + 0.3) * 2 + table(-1) + table(9)",
]
MEMORIES = [
    "SMOOTH1(TIME, 3)",
    "SMOOTH1(TIME^2, 3, 2)",
    "SMOOTH3(TIME^2, 3, 2)",
    "SMOOTH3(5, 2 + TIME, 1)",
    "SMOOTHN(TIME, 3, 4, 3)",
    "DELAY1(TIME + 5, 3)",
    "DELAY1(5, 2 + TIME, 1)",
    "DELAY3(TIME + 5, 3)",
    "DELAY3(5, 2 + TIME, 1)",
    "DELAYN(TIME, 3, 4, 3)",
    "DELAYN(TIME, 3, 4, 1)",
    "TREND(TIME + 10, 3, 0.1)",
    "INITIAL(7 + TIME) + TIME",
    "SMOOTH1(DELAY3(TIME, 2, 0), 3, 1) + DELAY1(INITIAL(4 + TIME), 2)",
]


@pytest.mark.parametrize("method", ["euler", "rk4"])
@pytest.mark.parametrize("equation", NUMBERS + MEMORIES)
def test_function_has_one_meaning(equation: str, method: Method, tmp_path: Path) -> None:
    lookups = {"table": {"points": POINTS}}
    ours = agree(made(8, 0.25, auxiliaries={"y": equation}, lookups=lookups), tmp_path, method)
    assert len(ours.time) == 33


@pytest.mark.parametrize("method", ["euler", "rk4"])
def test_flows_are_limited_alike(method: Method, tmp_path: Path) -> None:
    stocks = {
        "p": {"initial": 3, "unit": "1", "inflows": ["fed"], "outflows": ["one", "two"]},
        "q": {"initial": "2 * start", "unit": "1", "inflows": ["two"], "outflows": ["out"]},
        "free": {"initial": 0, "unit": "1", "inflows": ["out"], "outflows": ["spent"], "non_negative": False},
    }
    flows = {
        "fed": "2 - TIME",  # negative from 2 on, and counted as nought
        "one": "p",
        "two": {"equation": "7 * COS(TIME)", "both_ways": True},  # drains the one and then the other
        "out": "6",
        "spent": "5",
    }
    model = made(8, 0.25, parameters={"start": "2 1"}, stocks=stocks, flows=flows, auxiliaries={"seen": "two + one"})
    ours = agree(model, tmp_path, method)
    assert (ours["out"] < 6).any() and (abs(ours["two"]) < abs(7 * np.cos(ours.time)) - 1e-9).any()
    assert (ours["p"] >= 0).all() and (ours["q"] >= 0).all() and (ours["free"] < 0).any()


@pytest.mark.parametrize("limits", [True, False])
def test_shipped_models_agree(limits: bool, tmp_path: Path) -> None:
    agree(load_stocks(CONFIGS / "workforce_pipeline.yaml"), tmp_path, limits=limits)
    ours = agree(load_stocks(CONFIGS / "transformation.yaml"), tmp_path, limits=limits)
    assert len(ours.time) == 61 and len(ours.columns) > 200


def test_shipped_models_agree_with_runge_and_kutta_while_nothing_steps(tmp_path: Path) -> None:
    pipeline = load_stocks(CONFIGS / "workforce_pipeline.yaml")
    agree(with_values(pipeline, raised_in=-1), tmp_path, "rk4")
    transformation = load_stocks(CONFIGS / "transformation.yaml")
    agree(with_values(transformation, extra_nurse_intake=0, fund_years=20), tmp_path, "rk4")


# -- what differs -----------------------------------------------------------------------------------------------------


def test_marks_of_what_cannot_be_negative_are_not_heeded(tmp_path: Path) -> None:
    stocks = {
        "s": {"initial": 1, "unit": "1", "outflows": ["out"]},
        "z": {"initial": 0, "unit": "1", "inflows": ["in"]},
    }
    text = xmile(made(2, 1, stocks=stocks, flows={"out": "1", "in": "-3"}), limits=False)
    marked = text.replace("</stock>", "<non_negative/></stock>").replace("</flow>", "<non_negative/></flow>")
    found = theirs(marked, tmp_path)
    assert found["s"].tolist() == [1, 0, -1] and found["z"].tolist() == [0, -3, -6]


def test_fixed_delay_is_taken_for_an_exponential_one(tmp_path: Path) -> None:
    model = made(4, 0.5, auxiliaries={"fixed": "DELAY_FIXED(TIME, 1, -1)", "first": "DELAY1(TIME, 1, -1)"})
    found, ours = theirs(xmile(model), tmp_path), Stocks(model).run()
    assert_allclose(found["fixed"], ours["first"], rtol=1e-12)
    assert abs(found["fixed"] - ours["fixed"]).max() > 0.4


def test_delays_have_one_or_three_stages(tmp_path: Path) -> None:
    (tmp_path / "m.xmile").write_text(xmile(made(4, 0.5, auxiliaries={"y": "SMOOTHN(TIME, 3, 4, 2)"})), "utf-8")
    errors = simlin.load(tmp_path / "m.xmile").project.get_errors()
    assert any("use order 1 or 3" in str(error) for error in errors)


def test_initial_value_that_is_left_out_in_a_circle(tmp_path: Path) -> None:
    auxiliaries = {"felt": "SMOOTH1(load, 1, 3)", "load": "4 + felt / 2", "work": "SMOOTH1(load, 2)"}
    model = made(2, 0.5, auxiliaries=auxiliaries)
    found, ours = theirs(xmile(model), tmp_path), Stocks(model).run()
    assert ours["load"][0] == ours["work"][0] == 5.5
    assert found["load"].iloc[0] == 5.5 and found["work"].iloc[0] == 4  # as if 'felt' gave 0


@pytest.mark.parametrize("outside", ["extrapolate", "discrete"])
def test_graphical_functions_have_one_type(outside: str, tmp_path: Path) -> None:
    clamped, other = (
        made(8, 0.25, auxiliaries={"y": "table(TIME)"}, lookups={"table": {"points": POINTS, "outside": kind}})
        for kind in ("clamp", outside)
    )
    assert f'type="{outside}"' in xmile(other)
    assert_allclose(theirs(xmile(other), tmp_path)["y"], Stocks(clamped).run()["y"], rtol=1e-12)


def test_steps_switch_in_the_parts_of_a_step(tmp_path: Path) -> None:
    agree(made(4, 0.5, auxiliaries={"y": "STEP(1, 1.2) + STEP(1, 2.3)"}), tmp_path)  # at the nearest time
    stocks = {"s": {"initial": 0, "unit": "1", "inflows": ["f"]}}
    model = at_other_times(made(4, 1, stocks=stocks, flows={"f": "STEP(6, 2)"}), method="rk4")
    assert Stocks(model).run()["s"].tolist() == [0, 0, 0, 6, 12]
    assert_allclose(theirs(xmile(model), tmp_path)["s"], [0, 0, 1, 7, 13])  # the last part of the step before counts


# -- what cannot be said ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("blocks", "words"),
    [
        ({"dimensions": GROUPS, "parameters": {"staff[group]": "1 1"}}, "'staff' has subscripts"),
        ({"rules": {"late": {"begins": "TIME > 1"}}}, "'late' is a rule"),
        ({"auxiliaries": {"y": "SAMPLE_IF_TRUE(TIME > 1, TIME, 0)"}}, "does not know SAMPLE_IF_TRUE"),
        ({"auxiliaries": {"Safediv": "1"}}, "'Safediv' cannot be a name"),
        ({"auxiliaries": {"a": "1", "A": "2"}}, "'A' cannot be a name"),
    ],
)
def test_what_xmile_cannot_say_is_refused(blocks: dict[str, Any], words: str) -> None:
    with pytest.raises(XmileError, match=words):
        xmile(made(**blocks))
