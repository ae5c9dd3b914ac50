"""Published behaviours of stocks, flows and delays, over ranges of their parameters."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from sim.stocks.load import load_stocks
from sim.stocks.run import Stocks, Trajectory, at_other_times
from tests.sim.stocks.small_models import made

PIPELINE = Path(__file__).resolve().parents[3] / "configs" / "stocks" / "workforce_pipeline.yaml"

# -- worse before better: the capability trap of Repenning and Sterman ------------------------------------------------

#: share of effort that goes into improvement at first, how much more of it later, and how long the shift takes
FIRST, MORE, SHIFT, BEGIN = 0.2, 0.2, 1.0, 1.0
DELAYS = [0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0]


def trap(delay: float, capability: str) -> Trajectory:
    """Output is what is left of effort for work, times capability, which follows improvement after a delay."""
    stocks = {"built": {"initial": "1", "unit": "1", "inflows": ["building"], "outflows": ["eroding"]}}
    auxiliaries = {
        "improvement": f"{FIRST} + RAMP({MORE / SHIFT}, {BEGIN}, {BEGIN + SHIFT})",
        "capability": capability,
        "output": "(1 - improvement) * capability",
    }
    flows = {"building": f"improvement / {FIRST} / delay", "eroding": "built / delay"}
    model = made(
        30,
        0.0078125,
        parameters={"delay": f"{delay} 1"},
        stocks=stocks,
        flows=flows,
        auxiliaries=auxiliaries,
        save=0.015625,
    )
    return Stocks(at_other_times(model, method="rk4")).run()


def dip(found: Trajectory) -> tuple[float, float]:
    """How far output falls below where it began, and how long it stays there."""
    lost = found["output"][0] - found["output"]
    return float(lost.max()), float((lost > 1e-12).sum() * (found.time[1] - found.time[0]))


@pytest.mark.parametrize("capability", ["built", f"SMOOTH3(improvement / {FIRST}, delay)"])
def test_output_falls_before_it_rises_the_more_the_longer_the_delay(capability: str) -> None:
    runs = [trap(delay, capability) for delay in DELAYS]
    depths, lengths = zip(*map(dip, runs), strict=True)
    assert all(a < b for a, b in zip(depths, depths[1:], strict=False))
    assert all(a < b for a, b in zip(lengths, lengths[1:], strict=False))
    # with next to no delay there is next to no dip; with a long one all of the effort that is moved is missed
    assert depths[0] < 0.02 * MORE and lengths[0] < 0.3 * SHIFT
    assert depths[-1] > 0.5 * MORE and lengths[-1] > SHIFT
    for found in runs:  # in the end it is better than it was: (1 - 0.4) * 2 against 0.8
        assert found["output"][found.time <= BEGIN] == pytest.approx(0.8, rel=1e-12)
        assert found["output"][-1] == pytest.approx((1 - FIRST - MORE) * (1 + MORE / FIRST), rel=1e-2)


@pytest.mark.parametrize("delay", DELAYS)
def test_capability_while_effort_shifts_has_its_closed_form(delay: float) -> None:
    found = trap(delay, "built")
    rows = (found.time >= BEGIN) & (found.time <= BEGIN + SHIFT)
    t = found.time[rows] - BEGIN
    exact = 1 + MORE / SHIFT / FIRST * (t - delay * (1 - np.exp(-t / delay)))
    assert_allclose(found["capability"][rows], exact, rtol=1e-5)


@pytest.mark.parametrize("first", [0.55, 0.7])
def test_shifting_effort_does_not_pay_where_there_is_enough_improvement(first: float) -> None:
    auxiliaries = {"improvement": f"{first} + STEP(0.1, 1)", "output": "(1 - improvement) * capability"}
    auxiliaries["capability"] = f"SMOOTH1(improvement / {first}, 1)"
    found = Stocks(made(20, 0.0625, auxiliaries=auxiliaries)).run()
    assert found["output"][-1] < found["output"][0]


# -- intake that reacts to a gap overshoots after a training delay ----------------------------------------------------

LEAVING = 0.1


def hiring(training: float, adjustment: float, seen: str = "staff", delay: str = "stock") -> Trajectory:
    """The wanted staff rises from 100 to 140; intake makes up for leavers and for the gap that is seen."""
    auxiliaries = {
        "wanted": "100 + STEP(40, 1)",
        "gap": "wanted - staff" if seen == "staff" else "wanted * (1 + leaving * training) - staff - trainees",
        "needed": "staff * leaving + gap / adjustment",
    }
    stocks = {
        "trainees": {"initial": "100 * leaving * training", "unit": "1", "inflows": ["joining"], "outflows": ["ready"]},
        "staff": {"initial": 100, "unit": "1", "inflows": ["ready"], "outflows": ["lost"]},
    }
    ready = {"stock": "trainees / training", "none": "needed", "third": "DELAY3(needed, training)"}[delay]
    flows = {"joining": "needed", "ready": ready, "lost": "staff * leaving"}
    parameters = {"training": f"{training} 1", "adjustment": f"{adjustment} 1", "leaving": f"{LEAVING} 1"}
    stocks["trainees"]["non_negative"] = False
    blocks = {"parameters": parameters, "stocks": stocks, "auxiliaries": auxiliaries}
    model = made(81, 0.03125, flows={n: {"equation": e, "both_ways": True} for n, e in flows.items()}, **blocks)
    return Stocks(at_other_times(model, method="rk4")).run()


def overshoot(found: Trajectory) -> float:
    """By how much staff exceeds what is wanted, as a share of the rise."""
    return float((found["staff"].max() - 140) / 40)


@pytest.mark.parametrize("training", [0.5, 1.0, 3.0, 6.0])
@pytest.mark.parametrize("adjustment", [0.5, 1.5, 4.0])
def test_reactive_intake_overshoots_after_training_as_a_second_order_system_does(
    training: float, adjustment: float
) -> None:
    damping = (1 + LEAVING * training) / 2 * np.sqrt(adjustment / training)
    exact = np.exp(-np.pi * damping / np.sqrt(1 - damping**2)) if damping < 1 else 0.0
    found = overshoot(hiring(training, adjustment))
    assert found == pytest.approx(exact, abs=1e-3)
    if damping < 0.9:
        assert found > 1e-3
    elif damping > 1:
        assert found < 1e-6


@pytest.mark.parametrize("adjustment", [0.5, 1.5, 4.0])
def test_reactive_intake_without_training_does_not_overshoot(adjustment: float) -> None:
    found = hiring(1, adjustment, delay="none")
    assert overshoot(found) < 1e-9
    assert_allclose(found["staff"], 140 - 40 * np.exp(-np.maximum(0, found.time - 1) / adjustment), rtol=1e-5)


@pytest.mark.parametrize("adjustment", [1.5, 3.0])
def test_a_training_of_third_order_overshoots_the_more_the_longer_it_is(adjustment: float) -> None:
    found = [overshoot(hiring(training, adjustment, delay="third")) for training in (0.25, 1.5, 2.5, 3.5)]
    assert found[0] < 1e-6
    assert all(a < b for a, b in zip(found[1:], found[2:], strict=False))
    assert found[-1] > 0.05


@pytest.mark.parametrize("training", [1.0, 3.0, 6.0])
def test_counting_the_trainees_prevents_overshoot(training: float) -> None:
    assert overshoot(hiring(training, 1.5, seen="both")) < 1e-6
    assert overshoot(hiring(training, 0.5)) > 0.05


# -- the pace at which a pipeline makes up a difference ---------------------------------------------------------------


@pytest.mark.parametrize("training", [0.5, 1.0, 3.0, 5.0, 8.0])
@pytest.mark.parametrize("leaving", [0.04, 0.1, 0.25, 0.45])
def test_a_pipeline_realises_its_uplift_at_the_exact_pace(training: float, leaving: float) -> None:
    stocks = Stocks(at_other_times(load_stocks(PIPELINE), method="rk4"))
    for extra in (10, -20):
        found = stocks.run({"training_time": training, "leaving_rate": leaving, "extra_intake": extra})
        t = np.maximum(0, found.time - 2)
        pace = 1 / training
        reached = 1 - (pace * np.exp(-leaving * t) - leaving * np.exp(-pace * t)) / (pace - leaving)
        assert_allclose(found["share_of_uplift_reached"], reached, atol=1e-6)
        assert_allclose(found["staff"], 30 / leaving + extra / leaving * reached, rtol=1e-6)


def test_after_five_years_less_than_half_of_an_uplift_is_there() -> None:
    found = Stocks(load_stocks(PIPELINE)).run()
    share = {year: found["share_of_uplift_reached"][found.time == year][0] for year in (5, 15)}
    assert share[5] < 0.15 and share[15] > 0.55
