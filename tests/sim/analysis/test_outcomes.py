"""From a collected sweep to one answer a point; wrong names give the nearest right one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sim.analysis import Layout, Tables
from sim.errors import CarebridgeError, FaultsError
from sim.sweep import Folder, LocalExecutor, Part, Sweep, begin, collect, coordinate, lay_out
from tests.sim.sweep.toy import Toy

DESIGN = [{"grid": {"a": [1, 2, 3], "b": [1, 2.5]}}, {"list": [{"name": "x"}, {"name": "y"}]}]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    points = lay_out([Part.model_validate(part) for part in DESIGN])
    found = begin(tmp_path_factory.mktemp("toy") / "sweep", Sweep(Toy(), points, 3, 7, design=DESIGN))
    with pytest.raises(CarebridgeError, match="carebridge collect"):
        Tables(found)
    assert coordinate(found, lambda: LocalExecutor(found.path, 1), say=lambda _: None).complete
    collect(found)
    return found


def test_columns_of_numbers_are_measures(folder: Folder) -> None:
    tables = Tables(folder)
    assert tables.measures() == ["mean"]
    (outcome,) = tables.outcomes("mean")
    assert outcome.keys == ["a", "b", "name"]
    assert len(outcome.y) == 12
    noise = outcome.y - outcome.values("a") - outcome.values("b")
    assert np.ptp(noise) == pytest.approx(0, abs=1e-12)  # the toy's points share their random numbers


def test_points_are_confined_by_keys(folder: Folder) -> None:
    (outcome,) = Tables(folder).outcomes("mean", {"a": "2", "name": "y"})
    assert outcome.keys == ["b"]
    assert outcome.name == "mean (a=2, name=y)"
    assert set(outcome.values("a")) == {2}


@pytest.mark.parametrize(
    ("measure", "group", "hint"),
    [
        ("maen", {}, "mean"),
        ("mean", {"nmae": "x"}, "name"),
        ("mean", {"name": "xx"}, "x"),
        ("mean", {"a": "4"}, "1, 2, 3"),
    ],
)
def test_typos_are_answered(folder: Folder, measure: str, group: dict[str, str], hint: str) -> None:
    with pytest.raises(FaultsError, match=f"(?s){hint}") as caught:
        Tables(folder).outcomes(measure, group)
    assert len(caught.value.faults) == 1
    if hint not in {"1, 2, 3", "x"}:
        assert caught.value.faults[0].nearest == hint


def test_a_file_of_points_takes_what_the_other_parts_leave(tmp_path: Path) -> None:
    (tmp_path / "points.csv").write_text("p,q\n1,2\n3,4\n5,6\n")
    design = [{"grid": {"a": [1, 2]}}, {"csv": "points.csv"}, {"latin_hypercube": {"points": 4, "over": {"u": [0, 1]}}}]
    laid = lay_out([Part.model_validate(part) for part in design], tmp_path)
    layout = Layout.of(design, list(laid.values), len(laid))
    assert [piece.keys for piece in layout.pieces] == [("a",), ("p", "q"), ("u",)]
    assert [piece.size for piece in layout.pieces] == [2, 3, 4]
    rows = layout.of_key("p").rows(np.arange(len(laid)))
    assert [laid.values["p"][n] for n in range(len(laid))] == [1 + 2 * row for row in rows]
