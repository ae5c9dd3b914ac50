"""Bytes of an entity, bytes that depend on the horizon, and what compiling costs.

Compile times and the memory of a process need processes of their own: ``python -m benchmarks.memory compile`` and
``python -m benchmarks.memory years YEARS`` are these, and print JSON.
"""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.cases import STAY, crowd, tandem
from benchmarks.tandem import peak_mb

ROOT = Path(__file__).resolve().parent.parent

#: arrays of a run that grow with the entities in it
OF_ENTITIES = ("entity", "extra", "heap_time", "heap_entity", "later", "patient")
#: those that grow with the horizon: statistics by period and year, and snapshots
OF_PERIODS = ("area", "flow", "wait_hist", "clocks", "places_area", "snapshot")


@dataclasses.dataclass(frozen=True)
class Entities:
    """Memory of a crowd."""

    alive: int
    allocated: float  #: bytes for each of them, unused ones included
    needed: float  #: bytes of one


def bytes_of_entities(alive: int, *, extras: bool) -> Entities:
    """Fill a station without limit, without and with the parts of an entity that only some networks use."""
    from sim import Run, load_network, lower
    from sim.kernel.layout import PRESENT

    run = Run(lower(load_network(crowd(alive, 0.0, 5 * STAY, extras=extras))), seed=1)
    run.advance()
    arrays = [getattr(run.state, name) for name in OF_ENTITIES]
    arrays = [array for array in arrays if len(array) > 1]
    present = int(run.state.numbers[PRESENT])
    return Entities(present, sum(a.nbytes for a in arrays) / present, sum(a.itemsize for a in arrays))


@dataclasses.dataclass(frozen=True)
class Horizon:
    """Memory of the tandem over a number of years."""

    periods: int  #: bytes of statistics by period
    rest: int  #: bytes of everything else in the state of a run
    peak_mb: float  #: largest resident memory of the process


def horizon(years: float) -> Horizon:
    """Memory after a run of so many years, in a process of its own."""
    return Horizon(**_apart("years", str(years)))


def compile_seconds() -> dict[str, float]:
    """CPU seconds of the first advance with an empty cache, and with the cache that it leaves behind."""
    with tempfile.TemporaryDirectory() as folder:
        cache = {"CAREBRIDGE_CACHE": folder}
        return {name: _apart("compile", env=cache)["seconds"] for name in ("cold", "warm")}


def _apart(*words: str, env: Mapping[str, str] | None = None) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.memory", *words]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **(env or {})}, stdout=subprocess.PIPE, text=True, check=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def _first_advance() -> dict[str, float]:
    from sim import Run, load_network, lower

    run = Run(lower(load_network(tandem(1.0))), seed=1)
    begin = time.process_time()
    run.advance()
    return {"seconds": time.process_time() - begin}


def _years(years: float) -> dict[str, float]:
    from sim import Run, load_network, lower

    run = Run(lower(load_network(tandem(365.0 * years))), seed=1)
    run.advance()
    sizes = {name: array.nbytes for name, array in run.state._asdict().items()}
    periods = sum(sizes[name] for name in OF_PERIODS)
    return {"periods": periods, "rest": sum(sizes.values()) - periods, "peak_mb": _own_peak_mb()}


def _own_peak_mb() -> float:
    """Peak of this program alone: on Linux the plain figure begins with that of the program which started it."""
    try:
        lines = Path("/proc/self/status").read_text("utf-8").splitlines()
    except OSError:
        return peak_mb()
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), peak_mb())


if __name__ == "__main__":
    print(json.dumps(_first_advance() if sys.argv[1] == "compile" else _years(float(sys.argv[2]))))
