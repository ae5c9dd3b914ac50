"""Two programs for one written page: generated source and the plain twin agree on random models, compiled or not.

What any model must keep to is checked on the same runs: stocks that cannot be negative are not, and what a stock gains
is what flows into it less what flows out of it.
"""

from __future__ import annotations

import re
from collections import Counter
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.errors import CarebridgeError
from sim.stocks.functions import FUNCTIONS
from sim.stocks.load import load_stocks
from sim.stocks.model import Model, elements_of, written
from sim.stocks.run import Stocks, Trajectory
from sim.stocks.twin import march
from tests.sim.stocks.random_models import random_model
from tests.sim.stocks.small_models import GROUPS, made

ORDINARY = range(32)
NIGHTLY = range(1000, 3000)
CHANCE = st.randoms(use_true_random=False)


def loaded(given_: dict[str, Any]) -> Model:
    return load_stocks(given_, check_units=False)


def tried(run: Any, *arguments: Any) -> Any:
    """What a run gives, or the words with which it stops."""
    try:
        return run(*arguments)
    except CarebridgeError as error:
        return str(error)


def agree(model: Model) -> Trajectory | None:
    """Run a model both ways; None when both stop, at the same place."""
    ours, theirs = tried(Stocks(model).run), tried(march, model)
    if isinstance(ours, str) or isinstance(theirs, str):
        assert ours == theirs
        return None
    assert ours.columns == list(theirs)[1:]
    assert np.array_equal(ours.time, theirs["Time"])
    twin = np.column_stack([theirs[column] for column in ours.columns])
    scale = np.abs(twin).max(axis=0) + 1e-3
    far = (np.abs(ours.values - twin) > 1e-9 * np.maximum(np.abs(twin), 1e-3 * scale)).any(axis=0)
    assert [column for column, is_far in zip(ours.columns, far, strict=True) if is_far] == []
    return ours


def keeps_the_rules(model: Model, run: Trajectory) -> None:
    """No stock below nought that cannot be; in Euler's method every change is that of the flows of the row."""
    time = model.time
    for stock in model.of_kind("stock"):
        for element in elements_of(model, stock.dims):
            held = run[written(stock.name, element)]
            if stock.non_negative:
                assert held.min() >= 0
            if time.method == "euler" and time.every == 1:
                into = sum(run[written(f, element)] for f in stock.inflows)
                out = sum(run[written(f, element)] for f in stock.outflows)
                change = time.dt * (np.zeros(len(held)) + into - out)[:-1]
                assert np.abs(np.diff(held) - change).max(initial=0) <= 1e-12 * max(1, np.abs(held).max())


@given(CHANCE)
def test_generated_source_equals_the_twin(r: Random) -> None:
    model = loaded_or_refused(random_model(r, breadth=2, steps=16))
    run = agree(model) if model else None
    if model and run:
        keeps_the_rules(model, run)


def loaded_or_refused(given_: dict[str, Any]) -> Model | None:
    """The model, or None when it is refused for a delay that is too short, the one fault that chance may make."""
    try:
        return loaded(given_)
    except CarebridgeError as error:
        assert all("needs steps of" in line for line in str(error).splitlines()[1:])
        return None


@pytest.mark.parametrize("number", ORDINARY)
def test_generated_source_equals_the_twin_on_numbered_models(number: int) -> None:
    model = loaded_or_refused(random_model(Random(number)))
    run = agree(model) if model else None
    if model and run:
        keeps_the_rules(model, run)


@pytest.mark.nightly
@pytest.mark.parametrize("number", NIGHTLY)
def test_generated_source_equals_the_twin_on_many_models(number: int) -> None:
    test_generated_source_equals_the_twin_on_numbered_models(number)


def test_the_models_use_every_function_and_stay_alive() -> None:
    used: Counter[str] = Counter()
    limited = clipped = switched = 0
    for number in ORDINARY:
        given_ = random_model(Random(number))
        model = loaded_or_refused(given_)
        used.update(set(re.findall(r"(\w+)\(", str(given_).upper())))
        if model is None:
            continue
        run = Stocks(model).run()
        for stock in model.of_kind("stock"):
            for element in elements_of(model, stock.dims):
                held = run[written(stock.name, element)]
                limited += stock.non_negative and bool(stock.outflows) and held.min() < 1e-9 < held.max()
        for flow in model.of_kind("flow"):
            moved = [run[written(flow.name, e)] for e in elements_of(model, flow.dims)]
            clipped += flow.both_ways and min(m.min() for m in moved) < 0 < max(m.max() for m in moved)
        rules = [run[written(v.name, e)] for v in model.of_kind("rule") for e in elements_of(model, v.dims)]
        switched += sum(0 < held.mean() < 1 for held in rules)
    assert [name for name in FUNCTIONS if used[name] < 3] == []
    assert [name for name in ("BENT", "BEYOND", "JUMPS") if used[name] < 3] == []
    assert limited > 5 and clipped > 5 and switched > 5


# -- compiled ---------------------------------------------------------------------------------------------------------

#: numbers of narrow models that compile in two seconds or so, and between them use nearly everything
CHOSEN = (52, 69, 83)


def same_bits(number: int, breadth: int) -> None:
    model = loaded_or_refused(random_model(Random(number), breadth))
    if model is None:
        return
    plain, fast = (tried(lambda fast: Stocks(model).run(fast=fast), fast) for fast in (False, True))
    if isinstance(plain, str) or isinstance(fast, str):
        assert plain == fast
    else:
        assert plain.values.tobytes() == fast.values.tobytes()


@pytest.mark.parametrize("number", CHOSEN)
def test_compiled_equals_plain_bit_for_bit(number: int) -> None:
    same_bits(number, breadth=1)


@pytest.mark.nightly
@pytest.mark.parametrize("number", range(100, 180))
def test_compiled_equals_plain_bit_for_bit_on_many_models(number: int) -> None:
    same_bits(number, breadth=1 + number % 3)


def test_points_of_a_sweep_are_single_runs_bit_for_bit() -> None:
    stocks = Stocks(loaded(random_model(Random(CHOSEN[0]), breadth=1)))
    price = [3.3, 0.2, 7.1] * 50
    points = np.array([stocks.setting({"price": p}) for p in price])
    alone = {p: stocks.run({"price": p}).values for p in set(price)}
    for workers in (1, 3):
        found = list(stocks.sweep(points, workers=workers))
        assert [n for n, _ in found] == list(range(len(price)))
        assert all(rows.tobytes() == alone[p].tobytes() for (_, rows), p in zip(found, price, strict=True))


# -- conservation -----------------------------------------------------------------------------------------------------


def chain(r: Random, method: str) -> Model:
    """Stocks between which flows run, often more than they hold; nothing enters from outside."""
    count = r.randint(2, 5)
    stocks: dict[str, Any] = {
        f"s{i}": {"initial": r.choice([0, 1, 7, 250]), "unit": "1", "inflows": [], "outflows": []} for i in range(count)
    }
    flows = {}
    for i in range(r.randint(1, 8)):
        source, target = r.sample(range(count), 2)
        stocks[f"s{source}"]["outflows"].append(f"f{i}")
        stocks[f"s{target}"]["inflows"].append(f"f{i}")
        size = r.choice([0.1, 3, 40, 1e5])
        equation = r.choice([f"{size} * SIN(TIME * {i + 1})", f"{size}", f"{size} * s{r.randint(0, count - 1)}"])
        flows[f"f{i}"] = {"equation": equation, "both_ways": r.random() < 0.5}
    time = {"unit": "day", "end": 8, "dt": r.choice([0.25, 1, 0.1]), "method": method}
    return loaded({"name": "chain", "time": time, "stocks": stocks, "flows": flows})


@given(CHANCE, st.sampled_from(["euler", "rk4"]))
def test_closed_chains_keep_their_total_and_never_fall_below_nought(r: Random, method: str) -> None:
    model = chain(r, method)
    run = Stocks(model).run()
    total = sum(run[stock.name] for stock in model.of_kind("stock"))
    assert np.abs(total - total[0]).max() <= 1e-9 * total[0]
    keeps_the_rules(model, run)


@settings(max_examples=8)
@given(CHANCE)
def test_closed_chains_agree_with_the_twin(r: Random) -> None:
    agree(chain(r, "rk4"))


@pytest.mark.parametrize("method", ["euler", "rk4"])
def test_a_stock_that_is_emptied_again_and_again_never_falls_below_nought(method: str) -> None:
    stocks = {"s": {"initial": 4.7, "unit": "1", "outflows": ["a", "b"]}}
    time = {"unit": "day", "end": 60, "dt": 0.3, "method": method}
    flows = {"a": "10", "b": "1e9 * 0.123"}
    model = loaded({"name": "empty", "time": time, "stocks": stocks, "flows": flows, "auxiliaries": {"y": "SQRT(s)"}})
    assert 0 <= Stocks(model).run()["s"].min() < (1e-190 if method == "euler" else 1e-80)


# -- corners in which programs have been wrong ------------------------------------------------------------------------


def column(model: Model, name: str = "y") -> list[float]:
    run = agree(model)
    assert run is not None
    return run[name].tolist()


def test_names_of_variables_may_be_those_of_the_engines_own_values() -> None:
    auxiliaries = {"share s": "7", "wanted f": "100", "memory 0": "SMOOTH1(TIME, 1)", "state r": "1000", "need r": "5"}
    auxiliaries["y"] = '"share s" + "wanted f" + "memory 0" + "state r" + "need r"'
    stocks = {"s": {"initial": 3, "unit": "1", "outflows": ["f"]}}
    rules = {"r": {"begins": "TIME > 1"}}
    model = made(stocks=stocks, flows={"f": "1"}, rules=rules, auxiliaries=auxiliaries)
    assert column(model) == [1112, 1112, 1113, 1114, 1115]
    assert column(model, "s") == pytest.approx([3, 2, 1, 0, 0], abs=1e-12)


def test_a_mapping_counts_for_the_dimension_it_is_over() -> None:
    dimensions = {"a": ["x", "w"], "b": ["x", "z"], "c": ["p", "q"]}
    mappings = [
        {"over": "a", "uses": "c", "pairs": {"x": "p", "w": "q"}},
        {"over": "b", "uses": "c", "pairs": {"x": "q", "z": "p"}},
    ]
    auxiliaries = {"u[b]": "price[b]", "v[a]": "price[a]", "y": "u[x] + 10 * u[z] + 100 * v[x] + SUM(price[b!])"}
    price = {"price[c]": {"value": [1, 2], "unit": "1"}}
    model = made(0, dimensions=dimensions, mappings=mappings, parameters=price, auxiliaries=auxiliaries)
    assert column(model) == [2 + 10 + 100 + 3]


def test_an_equation_for_a_part_runs_over_the_part_though_another_has_some_of_it() -> None:
    dimensions = {**GROUPS, "site": ["north", "south"]}
    pay = {"pay[senior, site]": {"value": [[1, 2], [3, 4]], "unit": "1"}}
    equation = {"senior, site": "pay[senior, site] + SUM(pay[senior!, site])", "aide, north": "50", "else": "1000"}
    model = made(
        0, dimensions=dimensions, parameters=pay, auxiliaries={"x[group, site]": {"equation": equation}, "y": "0"}
    )
    run = agree(model)
    assert run is not None
    x = [run[f"x[{g},{s}]"][0] for g in GROUPS["group"] for s in dimensions["site"]]
    assert x == [1000, 1000, 5, 8, 50, 10]


def test_a_row_is_copied_in_few_pieces_since_every_loop_takes_long_to_compile() -> None:
    parameters = {f"p{n}[group]": {"value": [n, n + 1, n + 2], "unit": "1"} for n in range(9)}
    auxiliaries = {f"x{n}[group]": f"p{n}[group] * TIME" for n in range(9)} | {"y": "SUM(x8[group!])"}
    model = made(dimensions=GROUPS, parameters=parameters, auxiliaries=auxiliaries)
    assert column(model)[:2] == [0, 27]
    pieces = re.findall(r"out\[row, .*", Stocks(model).generated.source)
    assert len(pieces) == 3  # parameters, arrays, and what has a name of its own


def test_a_smooth_may_have_a_time_that_depends_on_it() -> None:
    assert column(made(auxiliaries={"y": "SMOOTH1(TIME, 2 + y, 3)"}))[:2] == [3, 3 - 3 / 5]


def test_calls_that_count_at_the_start_only_are_not_carried_on() -> None:
    stocks = {"s": {"initial": "DELAY1(4, 3 - TIME)", "unit": "1"}}
    assert column(made(stocks=stocks, auxiliaries={"y": "INITIAL(SMOOTH1(2, 3 - TIME)) + s"})) == [6] * 5


def test_the_time_of_a_delay_is_checked_in_the_last_step_too() -> None:
    model = made(auxiliaries={"y": "SMOOTH1(TIME, 4.5 - TIME)"})
    assert "'y' at time 4: SMOOTH1" in tried(Stocks(model).run) == tried(march, model)


@pytest.mark.parametrize("count", [199, 205, 390])
def test_long_sums_are_generated(count: int) -> None:
    assert column(loaded({**named(), "auxiliaries": {"y": " + ".join(["TIME"] * count)}})) == [0, count, 2 * count]


def test_equations_that_are_too_deep_are_refused_and_not_stumbled_over() -> None:
    deep = ["+".join(["1"] * 1500), "MIN(1, " * 300 + "2" + ")" * 300, "-" * 700 + "1", "(" * 700 + "1" + ")" * 700]
    for equation in deep[:3]:
        assert "is too long; give parts of it names" in tried(loaded, {**named(), "auxiliaries": {"y": equation}})
    assert column(loaded({**named(), "auxiliaries": {"y": deep[3]}})) == [1, 1, 1]
    nested = "0"
    for i in range(75):
        nested = f"IF(TIME^2 > {i}, {nested}, TIME^2 + {i})"
    assert column(loaded({**named(), "auxiliaries": {"y": nested}})) == [74, 75, 78]


def named() -> dict[str, Any]:
    return {"name": "long", "time": {"unit": "day", "end": 2, "dt": 1}}
