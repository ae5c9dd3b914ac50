"""Replications on threads and processes: order, identity, errors, and stopping when asked to."""

import doctest
import os
import pickle
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import count, islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sim.experiments
from sim.errors import CarebridgeError, FaultsError
from sim.experiments import PlacesOf, Stopped, finish, in_order, replicate, stacked, stream
from sim.experiments.replicate import lowered
from sim.network.load import load_network
from sim.run import Run
from tests.sim.measures import everything, queue, waits

SEED = 11
FILE = queue(9.0)
ROOT = Path(__file__).resolve().parent.parent.parent


# -- order and identity -----------------------------------------------------------------------------------------------


def test_results_come_in_order_however_long_each_takes() -> None:
    def work(task: int, stop: Any) -> int:
        time.sleep(0.02 if task % 3 == 0 else 0.0)
        return task * task

    for workers in (1, 3, 8):
        assert list(in_order(range(25), work, workers)) == [n * n for n in range(25)]


def test_tasks_are_taken_as_needed_from_an_endless_supply() -> None:
    taken: list[int] = []

    def supply() -> Iterator[int]:
        for n in count():
            taken.append(n)
            yield n

    with closing(in_order(supply(), lambda n, stop: -n, 2)) as results:
        assert list(islice(results, 10)) == [-n for n in range(10)]
    assert len(taken) < 40


def test_progress_is_told() -> None:
    told: list[int] = []
    replicate(FILE, SEED, 6, waits, workers=2, on_done=told.append)
    assert told == sorted(told) and told[-1] == 6


def test_threads_and_processes_give_the_same_bytes() -> None:
    network = lowered(FILE)
    one = [pickle.dumps(r) for r in replicate(network, SEED, 7, everything)]
    threads = [pickle.dumps(r) for r in replicate(network, SEED, 7, everything, workers=3)]
    processes = [pickle.dumps(r) for r in replicate(network, SEED, 7, everything, workers=2, kind="processes")]
    assert one == threads == processes
    assert len(set(one)) == 7


def test_replications_are_numbered_from_the_first() -> None:
    whole = replicate(FILE, SEED, 6, waits)
    assert replicate(FILE, SEED, 3, waits, first=3) == whole[3:]
    with closing(stream(FILE, SEED, waits, workers=2, first=2)) as results:
        assert list(islice(results, 3)) == whole[2:5]


@pytest.mark.parametrize("given", [FILE, load_network(FILE), lowered(FILE)])
def test_a_network_may_be_given_in_any_form(given: Any) -> None:
    assert replicate(given, SEED, 2, waits) == replicate(FILE, SEED, 2, waits)


def test_a_run_in_slices_is_the_run_in_one_piece() -> None:
    whole = Run(lowered(FILE), SEED, 4)
    whole.advance()
    assert finish(Run(lowered(FILE), SEED, 4)).save() == whole.save()


def test_results_are_stacked_by_name() -> None:
    found = stacked(replicate(FILE, SEED, 4, everything))
    assert found["mean wait"].shape == (4,)
    assert found["flow"].shape[0] == 4
    assert found["mean wait"][2] == waits(finish(Run(lowered(FILE), SEED, 2)))["mean wait"]
    assert stacked([]) == {}


# -- errors and stopping ----------------------------------------------------------------------------------------------


def fails_at_five(task: int, stop: Any) -> int:
    if task == 5:
        raise ZeroDivisionError("at five")
    return task


@pytest.mark.parametrize("kind", ["threads", "processes"])
def test_the_first_error_is_passed_on(kind: Any) -> None:
    with pytest.raises(ZeroDivisionError, match="at five"):
        list(in_order(range(50), fails_at_five, 2, kind=kind))


def test_others_are_stopped_when_one_fails() -> None:
    seen: list[str] = []

    def work(task: int, stop: threading.Event) -> None:
        if task == 0:
            raise ZeroDivisionError
        if stop.wait(timeout=30):
            seen.append("stopped")
            raise Stopped

    began = time.perf_counter()
    with pytest.raises(ZeroDivisionError):
        list(in_order(range(3), work, 3))
    assert seen and time.perf_counter() - began < 20


def test_a_run_gives_up_when_the_event_is_set() -> None:
    stop = threading.Event()
    stop.set()
    run = Run(lowered(FILE), SEED)
    with pytest.raises(Stopped):
        finish(run, stop)
    assert run.now == 0


def dies(task: int, stop: Any) -> None:
    os._exit(1)


def test_a_dead_process_is_told_in_words() -> None:
    with pytest.raises(CarebridgeError, match="worker process ended"):
        list(in_order(range(3), dies, 1, kind="processes"))


def test_a_measure_that_processes_cannot_be_sent_is_refused() -> None:
    with pytest.raises(CarebridgeError, match="top level"):
        replicate(FILE, SEED, 2, lambda run: {"now": run.now}, kind="processes")


def test_unknown_kind_of_worker_is_refused() -> None:
    with pytest.raises(ValueError, match="threads"):
        list(in_order([1], fails_at_five, 1, kind="fibres"))  # type: ignore[arg-type]


LONG = """
from sim.experiments import finish, in_order
from sim.experiments.replicate import lowered
from sim.run import Run
from tests.sim.measures import queue

def work(replication, stop):
    run = Run(lowered(queue(20_000, "inf", days=36_500, period=3_650)), 1, replication)
    run.advance(3_600_000)
    print("running", flush=True)
    return finish(run, stop).now

if __name__ == "__main__":
    list(in_order(range(4), work, 2, kind={kind!r}))
"""


@pytest.mark.skipif(os.name != "posix", reason="signals to a group of processes are sent as POSIX has it")
@pytest.mark.parametrize("kind", ["threads", "processes"])
def test_ctrl_c_stops_within_seconds(kind: str, tmp_path: Path) -> None:
    script = tmp_path / "long.py"
    script.write_text(LONG.format(kind=kind), "utf-8")
    child = subprocess.Popen(
        [sys.executable, str(script)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert child.stdout and child.stdout.readline().startswith(
        "running"
    )  # each replication would take minutes from here
    os.killpg(child.pid, signal.SIGINT)
    _, errors = child.communicate(timeout=30)
    assert child.returncode != 0
    assert errors.strip().endswith("KeyboardInterrupt")
    assert errors.count("Traceback") == 1  # the workers say nothing


# -- levers -----------------------------------------------------------------------------------------------------------


def test_places_are_replaced_and_the_rest_is_kept() -> None:
    plan = [{"from": "0 d", "places": 9}, {"from": "30 d", "places": 7}]
    file = queue(9.0, plan)
    file["stations"]["v"] = {"places": 3, "service": {"kind": "exponential", "mean": "1 d"}}
    of = PlacesOf(file, "w", "v")
    network = of(12, 2).network
    assert (network.stations["w"].places, network.stations["v"].places) == (12, 2)
    assert network.stations["w"].service == load_network(file).stations["w"].service
    assert of(12, 2) is of(12, 2)
    assert (
        replicate(PlacesOf(FILE, "w")(10), SEED, 2, everything)[1]["fingerprint"]
        == (replicate(FILE, SEED, 2, everything)[1]["fingerprint"])
    )
    sent = pickle.loads(pickle.dumps(of))
    assert sent(11, 4).network == of(11, 4).network


def test_a_lever_that_is_not_there_is_a_fault() -> None:
    with pytest.raises(FaultsError, match=r"places = 'wrad'.*station or a pool"):
        PlacesOf(queue(9.0), "wrad")
    with pytest.raises(FaultsError, match="at least one name"):
        PlacesOf(queue(9.0))


def test_public_names_are_there() -> None:
    assert all(hasattr(sim.experiments, name) for name in sim.experiments.__all__)
    assert np.isfinite(sim.experiments.anytime_bounds(1, 2)).all()


def test_page_is_one_session_that_runs() -> None:
    page = (ROOT / "docs" / "experiments.md").read_text("utf-8")
    session = "\n".join(re.findall(r"^```pycon\n(.*?)^```$", page, re.MULTILINE | re.DOTALL))
    test = doctest.DocTestParser().get_doctest(session, {}, "experiments.md", None, 0)
    result = doctest.DocTestRunner().run(test)
    assert result.attempted > 30 and result.failed == 0
