"""The compiled driver against the plain loop beside the kernel and beside the SimPy program: equal to the last bit."""

import threading
import time
from pathlib import Path

import numpy as np
import pytest

from sim.hybrid import Hybrid, HybridRun, KernelSide, PlainHybrid, Ready, TwinSide, load_hybrid, ready
from sim.hybrid.experiment import replicate_hybrid
from sim.reading.yaml_file import read_yaml
from sim.run import Run
from sim.stocks.run import Trajectory
from sim.twin import Twin
from tests.sim.hybrid.pairs import everything_model

WARD = Path(__file__).parents[3] / "configs" / "hybrid" / "ward_staff.yaml"


@pytest.fixture(scope="module")
def whole() -> Ready:
    return ready(everything_model())


def finished(made: Ready, replication: int = 0) -> HybridRun:
    run = HybridRun(made, 7, replication)
    run.advance()
    return run


def beside_simpy(hybrid: Hybrid, replication: int = 0) -> tuple[Trajectory, Twin]:
    twin = Twin(hybrid.network, 7, replication)
    return PlainHybrid(hybrid, TwinSide(twin)).run(), twin


@pytest.mark.parametrize("replication", [0, 1])
def test_driver_and_simpy_agree_in_everything(whole: Ready, replication: int) -> None:
    run = finished(whole, replication)
    stocks, twin = beside_simpy(whole.hybrid, replication)
    assert np.array_equal(run.trajectory().values, stocks.values)
    ours, theirs = run.network.observations(), twin.observations()
    for name in ours:
        assert np.array_equal(ours[name], theirs[name]), name


def test_driver_and_the_plain_loop_beside_the_kernel_agree(whole: Ready) -> None:
    run = finished(whole)
    other = Run(whole.network, 7)
    plain = PlainHybrid(whole.hybrid, KernelSide(whole.network, other)).run()
    assert np.array_equal(run.trajectory().values, plain.values)
    assert run.network.fingerprint == other.fingerprint


def test_something_passes_in_every_feed_and_drive(whole: Ready) -> None:
    done = finished(whole).trajectory()
    for v in whole.hybrid.model.of_kind("input"):
        column = next(c for c in done.columns if c.partition("[")[0] == v.name)
        assert np.unique(done[column]).size > 3, v.name
    assert done["crisis"].max() == 1.0
    assert done["at_home"].std() > 1


def test_a_run_is_the_same_however_it_is_sliced(whole: Ready) -> None:
    once, sliced = finished(whole), HybridRun(whole, 7)
    for exchange in (1, 2, 30, 31, 119, 120):
        sliced.advance(exchange)
    assert np.array_equal(once.trajectory().values, sliced.trajectory().values)
    assert once.network.fingerprint == sliced.network.fingerprint
    assert once.means() == sliced.means()


def test_half_the_interval_also_agrees_with_simpy() -> None:
    hybrid = everything_model(horizon=30, dt=0.5)
    made = ready(hybrid)
    stocks, _ = beside_simpy(hybrid)
    assert np.array_equal(finished(made).trajectory().values, stocks.values)


def test_means_count_every_interval_after_the_warm_up(whole: Ready) -> None:
    run = finished(whole)
    twin = Twin(whole.hybrid.network, 7, 0)
    twin.advance(120 * 86_400_000)
    o = run.network.observations()
    periods = whole.network.tables.period_edges
    first = list(periods).index(20 * 86_400_000)
    waiting = o["area"][first:, :2, :, 0].sum() / (100 * 86_400_000)
    assert run.means()["waiting"] == pytest.approx(waiting, rel=1e-12)
    left = o["flow"][first:, :2, :, 6].sum() / 100
    assert run.means()["left"] == pytest.approx(left, rel=1e-12)


def test_workers_do_not_change_anything(whole: Ready) -> None:
    runs = [replicate_hybrid(whole, 3, 6, w, keep=lambda r: r.network.fingerprint) for w in (1, 2, 4)]
    assert runs[0].means == runs[1].means == runs[2].means
    assert runs[0].kept == runs[1].kept == runs[2].kept
    assert len(set(runs[0].kept)) == 6


def test_changed_parameters_act(whole: Ready) -> None:
    few = replicate_hybrid(whole, 3, 2, changes={"beds[north]": 4.0})
    many = replicate_hybrid(whole, 3, 2, changes={"beds[north]": 40.0})
    assert few.means[0]["waiting"] > many.means[0]["waiting"]


@pytest.mark.nightly
def test_the_interpreter_is_free_while_the_driver_runs() -> None:
    """Another thread of Python goes on at its own pace: no lock is held between exchanges."""
    made = ready(load_hybrid(WARD))
    HybridRun(made, 1).advance(1)
    runs = [HybridRun(made, 1, r) for r in range(20)]
    turns, stop = [0], threading.Event()

    def count() -> None:
        while not stop.is_set():
            turns[0] += 1
            time.sleep(0)

    other = threading.Thread(target=count)
    other.start()
    for run in runs:
        before = turns[0]
        run.advance()
        stop.wait(0)
        if turns[0] > before + 10:
            break
    stop.set()
    other.join()
    assert turns[0] > before + 10


@pytest.mark.nightly
def test_a_change_planned_between_two_calls_is_kept_beside_what_the_stocks_set() -> None:
    """Whoever plans a change while a run stands still takes the room of the stocks' own; it is made anew."""
    data, _ = read_yaml(WARD)
    data["stocks"]["stocks"]["nurses"]["initial"] = "0.5 * funded_beds * nurses_per_bed"  # so that beds change
    made = ready(load_hybrid(data))
    run = HybridRun(made, 7)
    run.advance(10)
    run.network.change([made.network.multiplier_at("ward", "all", 0.5, 60 * 86_400_000)])
    run.advance(100)
    data["network"]["stations"]["ward"]["multiplier"] = [{"from": "60 d", "value": 0.5}]
    planned = HybridRun(ready(load_hybrid(data)), 7)
    planned.advance(100)
    assert run.network.fingerprint == planned.network.fingerprint
