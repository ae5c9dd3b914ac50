"""Small sweeps of the toy study."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sim.sweep import Folder, LocalExecutor, Outcome, Part, Sweep, begin, collect, coordinate, lay_out
from sim.sweep.collect import hashes
from tests.sim.sweep.toy import Toy

DESIGN = [{"grid": {"a": list(range(12)), "b": [1, 2.5]}}, {"list": [{"name": "x"}, {"name": "y"}]}]
REPLICATIONS = 4


def toy_sweep(chunk_seconds: float = 0.004, **switches: Any) -> Sweep:
    """48 points of the toy, 4 replications each."""
    points = lay_out([Part.model_validate(part) for part in DESIGN])
    study = Toy(**{"seconds": 0.0005, **switches})
    return Sweep(study, points, REPLICATIONS, 7, "Does it add up?", chunk_seconds, DESIGN)


def run_sweep(folder: Folder, workers: int = 2, **more: Any) -> Outcome:
    """Make all that is missing."""
    return coordinate(folder, lambda: LocalExecutor(folder.path, workers), say=lambda _: None, **more)


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Hashes of the tables of a sweep that nothing happens to."""
    folder = begin(tmp_path_factory.mktemp("undisturbed") / "sweep", toy_sweep())
    assert run_sweep(folder).complete
    return hashes(collect(folder))


@pytest.fixture
def trouble(tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """Put trouble in the way of a point; returns the folder that the toy looks into."""
    place = tmp_path / "trouble"
    place.mkdir()

    def put(kind: str, point: int, always: bool = False) -> Path:
        (place / f"{kind}-{point}").write_text("always" if always else "once", "utf-8")
        return place

    yield put
