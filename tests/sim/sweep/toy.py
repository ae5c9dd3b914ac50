"""A study for tests: a few lines of arithmetic, with switches for whatever can go wrong."""

from __future__ import annotations

import errno
import os
import signal
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from sim.errors import Fault, nearest
from sim.sweep.design import Value
from sim.sweep.study import replication_column

KEYS = ("a", "b", "name")


class Toy:
    """``value = a + b + noise``, in two tables.

    Parameters
    ----------
    trouble : str
        Folder in which files named after a kind of trouble (``die-3``, ``fail-3``) make point 3 meet it; a file is used
        up by each attempt, unless it holds the word ``always``.
    seconds : float
        Time that a task takes.
    """

    def __init__(self, trouble: str = "", seconds: float = 0.0, rows: int = 2):
        self._trouble, self._seconds, self._rows = trouble, seconds, rows

    @property
    def settings(self) -> dict[str, Any]:
        return {"trouble": self._trouble, "seconds": self._seconds, "rows": self._rows}

    def identity(self) -> dict[str, Any]:
        return {"rows": self._rows, "constant": 1.0}

    def check(self, values: Mapping[str, Sequence[Value]]) -> list[Fault]:
        return [Fault(k, None, "no such key.", nearest=nearest(k, KEYS)) for k in values if k not in KEYS]

    def units(self) -> dict[str, dict[str, str]]:
        return {"values": {"value": "beds"}}

    def warm(self) -> None:
        pass

    def run(self, point: Mapping[str, Value], seed: int, replications: range) -> dict[str, pa.Table]:
        self._meet(point)
        time.sleep(self._seconds * len(replications))
        rng = [np.random.default_rng([seed, r]) for r in replications]
        value = [float(point.get("a", 0)) + float(point.get("b", 0)) + x for g in rng for x in g.random(self._rows)]
        row = pa.array(list(range(self._rows)) * len(replications), pa.int32())
        values = {"replication": replication_column(replications, self._rows), "row": row, "value": pa.array(value)}
        some = [r for r in replications if r % 2]
        odd = {"replication": pa.array(some, pa.int32()), "odd": pa.array(["yes"] * len(some), pa.string())}
        return {"values": pa.table(values), "odd": pa.table(odd)}

    def reduce(self, point: Mapping[str, Value], tables: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
        values = tables["values"]
        mean = float(np.mean(values.column("value").to_numpy()))
        replications = len(set(values.column("replication").to_pylist()))
        return {"mean": pa.table({"mean": [mean], "replications": [replications]})}

    def _meet(self, point: Mapping[str, Value]) -> None:
        """Run into the trouble that waits for this point, if any."""
        for kind in ("die", "fail", "full", "print") if self._trouble else ():
            flag = Path(self._trouble) / f"{kind}-{point.get('a')}"
            if not flag.exists():
                continue
            if "always" not in flag.read_text("utf-8"):
                flag.unlink()
            if kind == "die":
                os.kill(os.getpid(), signal.SIGKILL)
            if kind == "fail":
                raise ValueError(f"point {point.get('a')} does not work")
            if kind == "full":
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            print("words in between")
