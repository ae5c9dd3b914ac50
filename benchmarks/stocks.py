"""Stocks and flows: the same equations on this engine, on pysimlin and on PySD, in one session.

Run: ``python -m benchmarks.stocks --pysd PYTHON`` (a minute; ``--quick`` less than half of one). PYTHON is an
interpreter that has PySD, which may live in an environment of its own; without the option this one is tried.

The model is ``configs/stocks/transformation.yaml``, which the peers read as XMILE. Limits of flows and stocks, which
the peers do not know or know otherwise, are left out for them; they do not come into force in any of the runs, or the
stocks at the end would not agree. What runs on one thread is measured in CPU time, two threads in wall time.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.measure import machine
from benchmarks.peers.xmile import xmile
from sim.stocks.load import load_stocks
from sim.stocks.model import Model
from sim.stocks.run import Stocks

Floats = npt.NDArray[np.float64]
Draw = dict[str, float]

MODEL = Path(__file__).parents[1] / "configs" / "stocks" / "transformation.yaml"
COLUMN = "waiting_list"  #: the value that every run gives
#: what is drawn, uniformly
RANGES = {
    "beds_to_close": (0.0, 250.0),
    "closing_years": (2.0, 8.0),
    "places_per_bed_closed": (0.5, 2.5),
    "admission_growth": (0.0, 0.03),
}
#: name of a figure: its limit, and whether it is the least (or the most) that is asked for
TARGETS = {
    "PySD over ours, 1 thread": (1000.0, True),
    "pysimlin over ours, 1 thread": (15.0, True),
    "disagreement with pysimlin": (1e-6, False),
    "disagreement with PySD": (1e-6, False),
    "cold: check, compile, run, s": (8.0, False),
    "cached: load, run, s": (0.5, False),
}

#: a fresh process: imports, then the file is checked, then the first compiled run
FRESH = """
import json, sys, time
def now(): return time.perf_counter(), time.process_time()
a = now()
import lark, numba, pint
from sim.kernel import jit
from sim.stocks.load import load_stocks
from sim.stocks.run import Stocks
b = now()
model = load_stocks(sys.argv[1])
c = now()
Stocks(model).run(fast=True)
d = now()
names = ("import", "check", "first run")
print(json.dumps({n: [y - x for x, y in zip(u, v)] for n, u, v in zip(names, (a, b, c), (b, c, d))}))
"""


@dataclasses.dataclass(frozen=True)
class Plan:
    """How much is measured."""

    repeats: int
    runs: int  #: of ours and of pysimlin in a repeat
    slow_runs: int  #: of PySD in a repeat
    fresh: int  #: processes that find the cache filled


FULL = Plan(repeats=7, runs=1000, slow_runs=4, fresh=5)
QUICK = Plan(repeats=3, runs=200, slow_runs=1, fresh=2)


def draws(runs: int) -> list[Draw]:
    """Parameter sets, the same for every program."""
    rng = np.random.default_rng(1)
    columns = {name: rng.uniform(low, high, runs) for name, (low, high) in RANGES.items()}
    return [{name: float(values[n]) for name, values in columns.items()} for n in range(runs)]


# -- the forms --------------------------------------------------------------------------------------------------------


class Ours:
    """Compiled, swept on threads; one column is kept."""

    def __init__(self, model: Model, sets: Sequence[Draw]):
        self.stocks = Stocks(model)
        self.points = np.stack([self.stocks.setting(one) for one in sets])
        self.stocks.run(fast=True)  # compiled or read from the cache

    def seconds(self, workers: int) -> float:
        """Time of all runs."""
        clock = time.process_time if workers == 1 else time.perf_counter
        begun = clock()
        for _ in self.stocks.sweep(self.points, [COLUMN], workers):
            pass
        return clock() - begun

    def ends(self, columns: Sequence[str]) -> Floats:
        """Last values of every run."""
        return np.stack([rows[-1] for _, rows in self.stocks.sweep(self.points, columns, 2)])


class Simlin:
    """One simulation object: reset, set, run to the end, read one value."""

    def __init__(self, path: Path, sets: Sequence[Draw]):
        import simlin

        self.sets = sets
        self.sim = simlin.load(path).simulate()
        self.sim.run_to_end()

    def _one(self, values: Draw) -> None:
        self.sim.reset()
        for name, value in values.items():
            self.sim.set_value(name, value)
        self.sim.run_to_end()

    def seconds(self) -> float:
        """Time of all runs."""
        begun = time.process_time()
        for one in self.sets:
            self._one(one)
            self.sim.get_value(COLUMN)
        return time.process_time() - begun

    def ends(self, columns: Sequence[str]) -> Floats:
        """Last values of every run."""
        found = []
        for one in self.sets:
            self._one(one)
            found.append([self.sim.get_value(column) for column in columns])
        return np.array(found)


class PySD:
    """A process that answers one run after another; see `benchmarks.peers.pysd_stocks`."""

    def __init__(self, process: subprocess.Popen[str], sets: Sequence[Draw]):
        self.process, self.sets = process, sets
        first = self._read()
        self.version, self.loading = first["version"], first["seconds"]

    def _read(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("PySD ended; its words are above")
        return json.loads(line)

    def _one(self, values: Draw, columns: Sequence[str]) -> dict[str, Any]:
        assert self.process.stdin is not None
        print(json.dumps({"parameters": values, "columns": columns}), file=self.process.stdin, flush=True)
        return self._read()

    def seconds(self, runs: int) -> float:
        """Time of the first runs in that process: what passes between the two is not counted."""
        return sum(self._one(one, [COLUMN])["seconds"] for one in self.sets[:runs])

    def ends(self, columns: Sequence[str], runs: int) -> Floats:
        """Last values of the first runs."""
        return np.array([self._one(one, columns)["values"] for one in self.sets[:runs]])


@contextmanager
def pysd(python: str, path: Path, sets: Sequence[Draw]) -> Iterator[PySD]:
    """PySD for as long as it is needed."""
    command = [python, "-u", str(Path(__file__).parent / "peers" / "pysd_stocks.py"), str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield PySD(process, sets)
        finally:
            assert process.stdin is not None
            process.stdin.close()


# -- figures ----------------------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Figure:
    """A figure from several repeats; `best` and `worst` are meant as for this engine."""

    values: tuple[float, ...]
    more_is_better: bool

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def best(self) -> float:
        return max(self.values) if self.more_is_better else min(self.values)

    @property
    def worst(self) -> float:
        return min(self.values) if self.more_is_better else max(self.values)


def interleaved(forms: Mapping[str, Callable[[], float]], repeats: int) -> list[dict[str, float]]:
    """Cost of every form in every repeat; each repeat begins with another one."""
    names = list(forms)
    found = []
    for repeat in range(repeats):
        turn = repeat % len(names)
        found.append({name: forms[name]() for name in names[turn:] + names[:turn]})
    return found


def compared(costs: Sequence[Mapping[str, float]]) -> dict[str, Figure]:
    """Milliseconds a run of every form, and ratios within each repeat."""
    figures = {f"{name}, ms": Figure(tuple(1e3 * c[name] for c in costs), False) for name in costs[0]}
    ours = [name for name in costs[0] if name.startswith("ours")]
    for peer in (name for name in costs[0] if name not in ours):
        for own in ours:
            figures[f"{peer} over {own}"] = Figure(tuple(c[peer] / c[own] for c in costs), True)
    figures["ours, 1 thread over 2"] = Figure(tuple(c["ours, 1 thread"] / c["ours, 2 threads"] for c in costs), True)
    return figures


def disagreement(ours: Floats, theirs: Floats) -> float:
    """Largest difference relative to the larger of the two."""
    size = np.maximum(np.maximum(abs(ours), abs(theirs)), 1e-300)
    return float((abs(ours - theirs) / size).max())


def fresh(processes: int) -> dict[str, Figure]:
    """Seconds in fresh processes: one with an empty compile cache, then some that find it filled."""
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, "CAREBRIDGE_CACHE": cache}
        command = [sys.executable, "-c", FRESH, str(MODEL)]
        answers = [
            json.loads(subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE).stdout)
            for _ in range(1 + processes)
        ]
    cold, cached = answers[:1], answers[1:]
    figures = {}
    for unit, number in (("s", 0), ("CPU s", 1)):

        def seconds(which: list[dict[str, list[float]]], *names: str, at: int = number) -> Figure:
            return Figure(tuple(sum(one[name][at] for name in names) for one in which), False)

        figures |= {
            f"import, {unit}": seconds(cached, "import"),
            f"check of the file, {unit}": seconds(cached, "check"),
            f"cached: load, run, {unit}": seconds(cached, "first run"),
            f"cached: check, load, run, {unit}": seconds(cached, "check", "first run"),
            f"cold: check, compile, run, {unit}": seconds(cold, "check", "first run"),
        }
    return figures


def measure(plan: Plan, python: str) -> dict[str, Figure]:
    """Measure everything."""
    model = load_stocks(MODEL)
    sets = draws(plan.runs)
    stocks = [v.name for v in model.of_kind("stock")]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.xmile"
        path.write_text(xmile(model, limits=False), "utf-8")
        ours, simlin = Ours(model, sets), Simlin(path, sets)
        with pysd(python, path, sets) as third:
            print(f"PySD {third.version}: {third.loading:.1f} s to translate and load")
            ends = ours.ends(stocks)
            apart = {
                "disagreement with pysimlin": disagreement(ends, simlin.ends(stocks)),
                "disagreement with PySD": disagreement(ends[: plan.slow_runs], third.ends(stocks, plan.slow_runs)),
            }
            costs = interleaved(
                {
                    "ours, 1 thread": lambda: ours.seconds(1) / plan.runs,
                    "ours, 2 threads": lambda: ours.seconds(2) / plan.runs,
                    "pysimlin": lambda: simlin.seconds() / plan.runs,
                    "PySD": lambda: third.seconds(plan.slow_runs) / plan.slow_runs,
                },
                plan.repeats,
            )
    return {name: Figure((value,), False) for name, value in apart.items()} | compared(costs) | fresh(plan.fresh)


def missed(figures: Mapping[str, Figure]) -> list[str]:
    """Figures whose median is on the wrong side of what is asked for."""
    return [
        name
        for name, (limit, least) in TARGETS.items()
        if (figures[name].median < limit if least else figures[name].median > limit)
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 1 when a target is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stocks", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer runs and repeats")
    parser.add_argument("--pysd", default=sys.executable, metavar="PYTHON", help="an interpreter that has PySD")
    asked = parser.parse_args(arguments)
    print(f"Machine: {machine()}")
    figures = measure(QUICK if asked.quick else FULL, asked.pysd)
    print(f"{'':36}{'best':>12}{'median':>12}{'worst':>12}")
    for name, figure in figures.items():
        limit = f"   asked: {TARGETS[name][0]:g}" if name in TARGETS else ""
        print(f"{name:36}{figure.best:12.4g}{figure.median:12.4g}{figure.worst:12.4g}{limit}")
    for name in missed(figures):
        print(f"missed: {name}", file=sys.stderr)
    return 1 if missed(figures) else 0


if __name__ == "__main__":
    sys.exit(main())
