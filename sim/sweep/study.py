"""What is swept: a study gives meaning to the keys of a design and runs a point; the sweep knows nothing else of it."""

from __future__ import annotations

import hashlib
import importlib
import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import pyarrow as pa

from sim.errors import CarebridgeError, Fault
from sim.sweep.design import Value

__all__ = ["Study", "digest", "load_study", "name_of", "replication_column"]


class Study(Protocol):
    """A model with keys that can be set.

    A study is made anew in every worker from `settings`, so these say everything about it.
    """

    @property
    def settings(self) -> dict[str, Any]:
        """Arguments with which the study is made, as plain data."""
        ...

    def identity(self) -> dict[str, Any]:
        """Everything beside the points that results depend on, as plain data: figures, files, rules."""
        ...

    def check(self, values: Mapping[str, Sequence[Value]]) -> list[Fault]:
        """Faults of keys and of the values that they will take; called before any work starts."""
        ...

    def units(self) -> dict[str, dict[str, str]]:
        """Unit of the columns of each table."""
        ...

    def warm(self) -> None:
        """Compile, or load, what every run needs."""
        ...

    def run(self, point: Mapping[str, Value], seed: int, replications: range) -> dict[str, pa.Table]:
        """Run some replications of a point.

        Returns
        -------
        dict of Table
            The same tables with the same columns for every point, each with a column ``replication`` (int32) in which
            it is sorted. Replication r is the same whatever others are run with it.
        """
        ...

    def reduce(self, point: Mapping[str, Value], tables: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
        """Tables that need all replications of a point, made when results are collected."""
        ...


def name_of(study: Study) -> str:
    """Name under which the study's class can be imported.

    Raises
    ------
    CarebridgeError
        When it stands in a program that workers cannot import.
    """
    kind = type(study)
    module = kind.__module__
    if module == "__main__":  # run as `python -m package.module`, it has a name all the same
        spec = sys.modules[module].__spec__
        if spec is None:
            raise CarebridgeError(f"the study {kind.__qualname__} must stand in a module that workers can import")
        module = spec.name
    return f"{module}:{kind.__qualname__}"


def load_study(name: str, settings: Mapping[str, Any]) -> Study:
    """Make a study from the name of its class and its settings.

    Raises
    ------
    CarebridgeError
        When there is no such class.
    """
    module, _, kind = name.partition(":")
    try:
        return getattr(importlib.import_module(module), kind)(**settings)
    except (ImportError, AttributeError, TypeError) as error:
        raise CarebridgeError(f"the study '{name}' of this sweep cannot be made: {error}") from None


def replication_column(replications: range, rows: int) -> pa.Array:
    """Column ``replication`` of a table that holds so many rows for each replication, one after another."""
    return pa.array([r for r in replications for _ in range(rows)], pa.int32())


def digest(data: Any) -> str:
    """Hash of plain data."""
    return hashlib.sha256(json.dumps(data, sort_keys=True, default=str).encode()).hexdigest()[:16]
