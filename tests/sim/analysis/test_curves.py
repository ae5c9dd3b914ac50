"""Response curves, tornadoes and frontiers of functions whose answers are plain."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from sim.analysis import frontier, response, tornado
from sim.analysis.frontier import Passing
from tests.sim.analysis.designed import outcome_of

GRID = [{"grid": {"a": [0, 1, 4], "b": [10, 20]}}, {"grid": {"word": ["x", "y"]}}]


def linear(points: pd.DataFrame) -> pd.Series:
    return 3 * points.a - 0.5 * points.b + 2 * (points.word == "y")


def test_response_on_a_grid_is_exact() -> None:
    found = response(outcome_of(GRID, linear, half=0.25))
    a = found[found["key"] == "a"]
    assert a["mean"].to_list() == pytest.approx([3 * v - 7.5 + 1 for v in (0, 1, 4)])
    assert (a["high"] - a["low"]).to_numpy() == pytest.approx([0.5] * 3)
    assert a["greatest"].to_numpy() - a["least"].to_numpy() == pytest.approx([7] * 3)
    word = found[found["key"] == "word"]
    assert word["label"].to_list() == ["x", "y"]
    assert np.diff(word["mean"]) == pytest.approx([2])


def test_tornado_on_a_grid_is_exact_and_sorted() -> None:
    found = tornado(outcome_of(GRID, linear, half=0.3))
    assert found["key"].to_list() == ["a", "b", "word"]
    assert found["swing"].to_list() == pytest.approx([12, -5, 2])
    assert (found["high"] - found["swing"]).to_numpy() == pytest.approx([0.3 * 2**0.5] * 3)
    assert found.loc[1, ["from", "to"]].to_list() == ["10", "20"]


def test_the_swing_of_a_share_stays_within_its_bounds() -> None:
    outcome = outcome_of([{"grid": {"a": [0, 1], "same": ["x", "y"]}}], lambda p: p.a, half=0.2)
    within = replace(outcome, low=np.clip(outcome.low, 0, 1), high=np.clip(outcome.high, 0, 1))
    found = tornado(within).set_index("key")
    assert found.loc["a", ["swing", "high"]].to_list() == [1, 1]
    assert found.loc["a", "low"] == pytest.approx(1 - 0.2 * 2**0.5)
    assert found.loc["same", ["from", "to"]].to_list() == ["x", "y"]


def test_a_key_that_does_not_vary_is_left_out() -> None:
    found = tornado(outcome_of([{"grid": {"a": [1, 2], "b": [7]}}], lambda p: p.a))
    assert found["key"].to_list() == ["a"]


def test_response_of_a_sample_lies_within_its_intervals() -> None:
    design = [{"latin_hypercube": {"points": 2000, "over": {"a": [0, 1], "b": [0, 10]}}}]
    found = response(outcome_of(design, lambda p: p.a + p.b))
    a = found[found["key"] == "a"]
    assert len(a) == 10
    exact = a["value"] + 5
    assert ((a["low"] <= exact) & (exact <= a["high"])).sum() >= 8
    assert a["points"].to_list() == [200] * 10


def test_crossing_with_a_grid_does_not_narrow_the_interval_of_a_sample() -> None:
    sample = {"latin_hypercube": {"points": 100, "over": {"a": [0, 1], "b": [0, 1]}}}
    alone = response(outcome_of([sample], lambda p: p.a + p.b))
    crossed = response(outcome_of([sample, {"grid": {"c": list(range(50))}}], lambda p: p.a + p.b))
    pd.testing.assert_frame_equal(
        alone.drop(columns="points"), crossed[crossed["key"] != "c"].drop(columns="points"), atol=1e-9
    )
    swings = tornado(outcome_of([sample, {"grid": {"c": list(range(50))}}], lambda p: p.a + p.b)).set_index("key")
    for key, row in tornado(outcome_of([sample], lambda p: p.a + p.b)).set_index("key").iterrows():
        assert swings.loc[key, "low"] == pytest.approx(row["low"])


@pytest.mark.parametrize("kind", [{"sobol": {"base": 64}}, {"morris": {"trajectories": 64}}])
def test_rows_of_a_block_that_share_a_value_are_one_draw(kind: dict) -> None:
    (name, settings), over = next(iter(kind.items())), {"a": [0, 1], "b": [0, 1], "c": [0, 1]}
    outcome = outcome_of([{name: {**settings, "over": over}}], lambda p: p.a)
    for key in over:
        draws = outcome.layout.draws(key, outcome.points["point"].to_numpy())
        assert len(set(draws)) == 64 * 2  # of A and of B; before the step and after it
        assert outcome.points.groupby(draws)[key].nunique().max() == 1


def test_tornado_of_a_sample_compares_the_tenths() -> None:
    design = [{"latin_hypercube": {"points": 1000, "over": {"a": [0, 1], "b": [0, 1]}}}]
    found = tornado(outcome_of(design, lambda p: 10 * p.a + p.b)).set_index("key")
    assert found.index.to_list() == ["a", "b"]
    assert found.loc["a", "swing"] == pytest.approx(9, abs=0.2)
    assert found.loc["a", "low"] <= 9 <= found.loc["a", "high"]
    assert "100 draws" in found.loc["a", "rule"]


# -- frontiers --------------------------------------------------------------------------------------------------------

PLANE = [{"grid": {"closed": [0, 100, 200, 300], "care": [0, 1, 2, 3, 4, 5]}}]


def test_a_planted_frontier() -> None:
    outcome = outcome_of(PLANE, lambda p: (p.care >= p.closed / 100 + 1).astype(float))
    found = frontier(outcome, "closed", "care", Passing(0.5))
    assert found["frontier"].to_list() == [1, 2, 3, 4]
    assert found["holds"].all()
    assert not found["undecided"].any()
    assert set(found["side"]) == {"least"}


def test_what_noise_leaves_undecided_is_marked() -> None:
    outcome = outcome_of(PLANE, lambda p: p.care - p.closed / 100, half=1.2)
    found = frontier(outcome, "closed", "care", Passing(1.0))
    assert found["frontier"].to_list() == [1, 2, 3, 4]
    assert found["possible"].to_list() == [0, 1, 2, 3]
    assert found["sure"].to_list()[:2] == [3, 4]
    assert found["undecided"].all()


def test_the_greatest_value_is_sought_where_less_is_better() -> None:
    outcome = outcome_of(PLANE, lambda p: p.closed / 100 + p.care)
    found = frontier(outcome, "care", "closed", Passing(3, at_least=False))
    assert found["frontier"].to_list()[:4] == [300, 200, 100, 0]
    assert found["frontier"].isna().to_list() == [False] * 4 + [True] * 2
    assert set(found["side"]) == {"greatest"}


def test_other_keys_have_frontiers_of_their_own() -> None:
    outcome = outcome_of([*PLANE, {"grid": {"t": [0, 1]}}], lambda p: p.care - p.closed / 100 + p.t)
    found = frontier(outcome, "closed", "care", Passing(2))
    assert found[found["at"] == "t=0"]["frontier"].to_list() == [2, 3, 4, 5]
    assert found[found["at"] == "t=1"]["frontier"].to_list() == [1, 2, 3, 4]


def test_a_frontier_with_gaps_does_not_hold() -> None:
    outcome = outcome_of(PLANE, lambda p: p.care.isin([2, 5]).astype(float))
    found = frontier(outcome, "closed", "care", Passing(0.5))
    assert found["frontier"].to_list() == [2] * 4
    assert not found["holds"].any()
