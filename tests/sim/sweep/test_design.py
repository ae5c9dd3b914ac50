"""Designs: every combination once, samples that fill their axes, and faults that name what is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from sim.errors import FaultsError
from sim.sweep.design import Axis, Part, Points, lay_out, spans


def laid_out(*parts: dict[str, Any], folder: Path | None = None) -> Points:
    return lay_out([Part.model_validate(p) for p in parts], folder)


def test_parts_are_crossed_and_the_last_changes_fastest() -> None:
    points = laid_out({"grid": {"a": [1, 2], "b": ["x", "y", "z"]}}, {"list": [{"c": 1, "d": 5}, {"c": 2, "d": 6}]})
    assert len(points) == 12
    assert points[0] == {"a": 1, "b": "x", "c": 1, "d": 5}
    assert points[1] == {"a": 1, "b": "x", "c": 2, "d": 6}
    assert points[2] == {"a": 1, "b": "y", "c": 1, "d": 5}
    assert len({tuple(points[n].values()) for n in range(12)}) == 12


def test_a_sweep_without_a_design_has_one_point() -> None:
    assert len(laid_out()) == 1
    assert laid_out()[0] == {}


def test_latin_hypercube_has_one_point_in_every_slice() -> None:
    points = laid_out(
        {"latin_hypercube": {"points": 50, "over": {"a": [10, 20], "b": {"low": 1, "high": 100, "log": True}}}}
    )
    a = np.sort(np.array(points.values["a"], float))
    assert (np.floor((a - 10) / 10 * 50) == np.arange(50)).all()
    b = np.sort(np.log10(np.array(points.values["b"], float)))
    assert (np.floor(b / 2 * 50) == np.arange(50)).all()


def test_saltelli_and_morris_designs_have_their_shapes() -> None:
    over = {"a": [0, 1], "b": [0, 2], "c": {"values": ["x", "y"]}}
    assert len(laid_out({"sobol": {"base": 16, "over": over}})) == 16 * (3 + 2)
    walks = laid_out({"morris": {"trajectories": 5, "over": over}})
    assert len(walks) == 5 * (3 + 1)
    rows = [walks[n] for n in range(4)]
    changed = [sum(p[k] != q[k] for k in p) for p, q in zip(rows, rows[1:], strict=False)]
    assert changed == [1, 1, 1]


def test_the_same_seed_gives_the_same_points_and_another_others() -> None:
    def sample(seed: int) -> Points:
        return laid_out({"sobol": {"base": 8, "seed": seed, "over": {"a": [0, 1]}}})

    assert sample(3).values == sample(3).values
    assert sample(3).values != sample(4).values


def test_axis_shapes() -> None:
    u = np.linspace(0, 1, 100_001)
    whole = Axis(low=1, high=3, whole=True).at(u)
    assert {v: round(whole.count(v) / len(whole), 2) for v in (1, 2, 3)} == {1: 0.33, 2: 0.33, 3: 0.33}
    mode = np.array(Axis(low=0, high=10, mode=2).at(u), float)
    assert mode.mean() == pytest.approx((0 + 10 + 2) / 3, rel=1e-4)
    assert np.mean(mode < 2) == pytest.approx(0.2, abs=1e-4)


def test_csv_keeps_kinds_of_columns(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("beds,share,plan,gate\n10,0.5,a,true\n12,1,b,false\n", "utf-8")
    points = laid_out({"csv": "p.csv"}, folder=tmp_path)
    assert points[0] == {"beds": 10, "share": 0.5, "plan": "a", "gate": True}
    assert type(points[1]["share"]) is float


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ([{"grid": {"a": [1]}}, {"list": [{"a": 2}]}], "part 0 of the design sets this key already"),
        ([{"grid": {"a & b": [1], "b": [2]}}], "part 0 of the design sets this key already"),
        ([{"grid": {"b": [2]}}, {"grid": {"a & b": [1]}}], "part 0 of the design sets 'b' already"),
        ([{"grid": {"a &": [1]}}], "a key is missing beside '&'"),
        ([{"csv": "missing.csv"}], "no such file"),
        ([{"list": [{"a": 1}, {"b": 1}]}], "every point of a list has the same keys; point 1 differs in a, b"),
        ([{"grid": {"a": list(range(4000))}}, {"grid": {"b": list(range(4000))}}], "4000 x 4000 = 16000000 points"),
    ],
)
def test_faults_of_a_design(parts: list[dict[str, Any]], says: str) -> None:
    with pytest.raises(FaultsError, match=says):
        laid_out(*parts)


@pytest.mark.parametrize(
    ("part", "says"),
    [
        ({}, "exactly one of: grid, list, csv"),
        ({"grid": {"a": [1]}, "csv": "x.csv"}, "here: grid, csv"),
        ({"latin_hypercube": {"points": 5, "over": {"a": [2, 1]}}}, "low must be less than high"),
        ({"latin_hypercube": {"points": 5, "over": {"a": {"low": 0, "high": 1, "log": True}}}}, "low above 0"),
        ({"sobol": {"base": 100, "over": {"a": [0, 1]}}}, "a power of two, for example 128"),
        ({"morris": {"trajectories": 5, "levels": 5, "over": {"a": [0, 1]}}}, "levels must be even"),
    ],
)
def test_faults_of_a_part(part: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        Part.model_validate(part)


def test_columns_of_mixed_values_are_text_in_tables() -> None:
    table = laid_out({"grid": {"places": [3, "inf"], "rate": [1, 2.5]}}).table()
    assert table.column("places").to_pylist() == ["3", "3", "inf", "inf"]
    assert table.column("rate").to_pylist() == [1.0, 2.5, 1.0, 2.5]


def test_spans_cover_tasks_once() -> None:
    covered = [(p, r) for first, last in ((0, 5), (5, 13), (13, 21)) for p, rs in spans(first, last, 3) for r in rs]
    assert covered == [(p, r) for p in range(7) for r in range(3)]
