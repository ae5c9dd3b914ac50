"""What sweeps cost beside the work itself: planning, overhead of chunks, two workers against one, and a projection.

Run: ``python -m benchmarks.sweeps`` (some four minutes on an idle machine; ``--quick`` one).
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from sim.errors import Fault
from sim.sweep import LocalExecutor, Part, Sweep, begin, collect, coordinate, lay_out
from sim.sweep.design import Value
from sim.sweep.study import replication_column

TARGETS = {"plan_seconds": 30.0, "plan_mb": 500.0, "overhead": 0.03, "two_workers": 1.85}


class Wait:
    """A study that takes a given time, asleep or counting, and gives one number."""

    def __init__(self, seconds: float, busy: bool = False):
        self._seconds, self._busy = seconds, busy

    @property
    def settings(self) -> dict[str, Any]:
        return {"seconds": self._seconds, "busy": self._busy}

    def identity(self) -> dict[str, Any]:
        return {}

    def check(self, values: Mapping[str, Sequence[Value]]) -> list[Fault]:
        return []

    def units(self) -> dict[str, dict[str, str]]:
        return {}

    def warm(self) -> None:
        pass

    def run(self, point: Mapping[str, Value], seed: int, replications: range) -> dict[str, pa.Table]:
        for _ in replications:
            if self._busy:
                end = time.process_time() + self._seconds
                while time.process_time() < end:
                    pass
            else:
                time.sleep(self._seconds)
        numbers = replication_column(replications, 1)
        return {"values": pa.table({"replication": numbers, "value": pa.array([1.0] * len(replications))})}

    def reduce(self, point: Mapping[str, Value], tables: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
        return {}


def plan() -> dict[str, float]:
    """Lay out and plan 100,000 tiny points, in this process."""
    design = [
        {
            "grid": {
                "footprint": [f"f{n}" for n in range(10)],
                "plan": ["a", "b"],
                "timeline": ["3y", "5y", "10y", "15y", "20y"],
            }
        },
        {
            "latin_hypercube": {
                "points": 1000,
                "over": {"beds": {"low": 0, "high": 400, "whole": True}, "effect": [0, 1]},
            }
        },
    ]
    begun = time.perf_counter()
    points = lay_out([Part.model_validate(part) for part in design])
    with tempfile.TemporaryDirectory() as place:
        folder = begin(Path(place) / "s", Sweep(Wait(1e-4), points, 1, 1, chunk_seconds=0.01))
        chunks = folder.chunks
    seconds = time.perf_counter() - begun
    return {
        "points": len(points),
        "planned_chunks": chunks,
        "plan_seconds": seconds,
        "plan_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3,
    }


def overhead(chunks: int, seconds: float, workers: int = 2) -> dict[str, float]:
    """Time that chunks of so many seconds take beyond their work, which is sleep; the start of workers included."""
    points = lay_out([Part.model_validate({"grid": {"a": list(range(chunks))}})])
    with tempfile.TemporaryDirectory() as place:
        folder = begin(Path(place) / "s", Sweep(Wait(seconds / 10), points, 10, 1, chunk_seconds=seconds))
        begun = time.perf_counter()
        outcome = coordinate(folder, lambda: LocalExecutor(folder.path, workers))
        wall = time.perf_counter() - begun
        collect(folder)
    assert outcome.complete and folder.chunks == chunks
    return {"chunks": chunks, "wall": wall, "overhead": wall * workers / (chunks * seconds) - 1}


def many(chunks: int) -> dict[str, float]:
    """Time of one chunk whose work takes none: what a chunk costs at the least."""
    points = lay_out([Part.model_validate({"grid": {"a": list(range(chunks))}})])
    with tempfile.TemporaryDirectory() as place:
        folder = begin(Path(place) / "s", Sweep(Wait(0.0), points, 1, 1, chunk_seconds=1e-9))
        begun = time.perf_counter()
        assert coordinate(folder, lambda: LocalExecutor(folder.path, 2)).complete
        wall = time.perf_counter() - begun
        begun = time.perf_counter()
        collect(folder)
        gathered = time.perf_counter() - begun
    return {
        "chunks": folder.chunks,
        "milliseconds_a_chunk": 2e3 * wall / chunks,
        "collect_milliseconds": 1e3 * gathered / chunks,
    }


def two_workers(chunks: int, seconds: float) -> dict[str, float]:
    """Wall time of counting work on one worker over that on two."""
    walls = {}
    for workers in (1, 2):
        points = lay_out([Part.model_validate({"grid": {"a": list(range(chunks))}})])
        with tempfile.TemporaryDirectory() as place:
            folder = begin(
                Path(place) / "s", Sweep(Wait(seconds / 10, busy=True), points, 10, 1, chunk_seconds=seconds)
            )
            begun = time.perf_counter()
            coordinate(folder, lambda folder=folder, workers=workers: LocalExecutor(folder.path, workers))
            walls[workers] = time.perf_counter() - begun
    return {"one": walls[1], "two": walls[2], "two_workers": walls[1] / walls[2]}


def main() -> int:
    """Measure everything and print it; 1 when a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer and shorter chunks")
    parser.add_argument("--plan", action="store_true", help="only planning, in this process")
    asked = parser.parse_args()
    if asked.plan:
        print(json.dumps(plan()))
        return 0
    apart = subprocess.run([sys.executable, "-m", "benchmarks.sweeps", "--plan"], check=True, stdout=subprocess.PIPE)
    found = json.loads(apart.stdout)
    found |= {f"idle_{k}": v for k, v in many(200 if asked.quick else 1000).items()}
    found |= overhead(4 if asked.quick else 12, 10.0)
    found |= two_workers(6, 2.0 if asked.quick else 10.0)
    for name, value in found.items():
        limit = TARGETS.get(name)
        print(f"{name:28} {value:12.4g}" + (f"   target {limit:g}" if limit is not None else ""))
    missed = [n for n, limit in TARGETS.items() if (found[n] < limit if n == "two_workers" else found[n] > limit)]
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
