"""Rules in Python: they act, and a rule that equations can say gives the same either way."""

import numpy as np
import pytest

from sim.errors import FaultsError
from sim.hybrid import HybridRun, KernelSide, Moment, PlainHybrid, TwinSide, load_hybrid, ready
from sim.run import Run
from sim.twin import Twin
from tests.sim.hybrid.pairs import everything, everything_model


def test_a_controller_changes_parameters_and_the_network() -> None:
    hybrid = everything_model(horizon=40)
    made = ready(hybrid)
    seen: list[tuple[int, float, int]] = []

    def rule(moment: Moment) -> None:
        seen.append((moment.step, moment.time, moment.network.count("north", None, "left")))
        if moment.step == 20:
            moment.set("wanted", 0.0)
            moment.network.change(moment.at, "multiplier", ("south", "young"), 3.0)

    run = Run(made.network, 1)
    done = PlainHybrid(hybrid, KernelSide(made.network, run), controller=rule).run()
    assert [s[:2] for s in seen] == [(k, float(k)) for k in range(40)]
    assert seen[-1][2] > seen[10][2] > 0
    wanted, arrivals = done["wanted"], done["arrivals"]
    assert wanted[9] == 5.0 and wanted[11] == 0.0 and arrivals[11] == 0.0
    untouched = PlainHybrid(hybrid, KernelSide(made.network, Run(made.network, 1))).run()
    assert np.array_equal(done.values[:10], untouched.values[:10])
    assert not np.array_equal(done.values, untouched.values)


def test_a_controller_beside_simpy_does_the_same() -> None:
    hybrid = everything_model(horizon=40)
    made = ready(hybrid)

    def rule(moment: Moment) -> None:
        if moment.values["waiting"] > 1:
            moment.set("beds[north]", 14.0)

    kernel = PlainHybrid(hybrid, KernelSide(made.network, Run(made.network, 2)), controller=rule).run()
    simpy = PlainHybrid(hybrid, TwinSide(Twin(hybrid.network, 2, 0)), controller=rule).run()
    assert np.array_equal(kernel.values, simpy.values)
    assert kernel["beds[north]"][-1] == 14.0


def test_a_rule_in_python_equals_the_same_rule_in_equations() -> None:
    file = everything(horizon=60)
    written = load_hybrid(file)
    made = ready(written)
    by_equation = PlainHybrid(written, KernelSide(made.network, Run(made.network, 4))).run()
    file = everything(horizon=60)
    file["stocks"]["rules"] = {}
    file["stocks"]["parameters"]["crisis"] = {"value": 0, "unit": "dimensionless"}
    del file["stocks"]["parameters"]["full"]
    plain = load_hybrid(file)
    state = {"on": 0.0, "since": 0}

    def rule(moment: Moment) -> None:
        met = moment.values["used_felt"] > 0.9 if not state["on"] else moment.values["used_felt"] < 0.9
        if met and state["since"] >= (0 if state["on"] else 7):
            state["on"], state["since"] = 1.0 - state["on"], 0
            moment.set("crisis", state["on"])
        else:
            state["since"] = state["since"] + 1 if met else 0

    made = ready(plain)
    in_python = PlainHybrid(plain, KernelSide(made.network, Run(made.network, 4)), controller=rule).run()
    assert by_equation["crisis"].max() == 1.0
    for name in in_python.columns:
        assert np.array_equal(by_equation[name], in_python[name]), name


def test_a_controller_may_set_parameters_only() -> None:
    hybrid = everything_model(horizon=24)
    made = ready(hybrid)
    with pytest.raises(FaultsError, match="at_home"):
        PlainHybrid(
            hybrid, KernelSide(made.network, Run(made.network, 1)), controller=lambda m: m.set("at_home", 3)
        ).run()


@pytest.mark.parametrize("calls", [(), (7,), (19, 20, 33)])
def test_parameters_set_between_two_calls_act_as_a_controller_does(calls: tuple[int, ...]) -> None:
    """Compiled: at the same instant, once, and with what the network gave left as it is."""
    hybrid = everything_model(horizon=40)
    made = ready(hybrid)
    asked = {20: {"wanted": 0.5, "beds[north]": 14.0}, 27: {"wanted": 3.0}, 0: {"beds[north]": 11.0}}

    def rule(moment: Moment) -> None:
        for name, value in asked.get(moment.step, {}).items():
            moment.set(name, value)

    expected = PlainHybrid(hybrid, KernelSide(made.network, Run(made.network, 4)), controller=rule).run()
    run = HybridRun(made, 4)
    for step in sorted({*asked, *calls}):
        run.advance(step)
        if step in asked:
            run.set(asked[step])
    run.advance()
    assert np.array_equal(run.trajectory().values, expected.values)
    with pytest.raises(FaultsError, match="no such parameter"):
        run.set({"wantd": 1.0})
