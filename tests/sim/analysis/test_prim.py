"""PRIM finds boxes that were planted, and none in noise."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sim.analysis import discover


def sample(points: int = 1000, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({f"x{n}": rng.random(points) for n in range(5)})
    return frame.assign(word=rng.choice(["a", "b", "c"], points), flag=rng.random(points) < 0.5)


@pytest.mark.parametrize("seed", range(4))
def test_a_planted_box_is_found(seed: int) -> None:
    points = sample(seed=seed)
    planted = (points.x0 > 0.6) & points.x1.between(0.2, 0.7) & points.word.isin(["a", "b"])
    first = discover(points, planted.to_numpy())[0]
    assert first.is_real
    assert first.coverage > 0.9
    assert first.density > 0.9
    limits = first.limits.set_index("key")
    assert set(limits.index) == {"x0", "x1", "word"}
    assert limits.loc["x0", "low"] == pytest.approx(0.6, abs=0.05)
    assert limits.loc["x0", "high"] == np.inf
    assert limits.loc["word", "words"] == "a or b"
    assert (limits["quasi_p"] < 0.001).all()


def test_the_trajectory_tells_every_step() -> None:
    points = sample()
    found = discover(points, (points.x0 > 0.7).to_numpy())[0]
    steps = found.trajectory
    assert steps["kind"].iloc[0] == "start"
    assert steps[["coverage", "mass"]].iloc[0].to_list() == [1, 1]
    peels = steps[steps["kind"].isin(["start", "peel"])]
    assert (np.diff(peels["density"]) > 0).all()
    assert (np.diff(peels["points"]) < 0).all()
    assert steps["chosen"].sum() == 1
    one = steps[steps["chosen"]].iloc[0]
    assert (one["coverage"], one["density"], one["mass"]) == (found.coverage, found.density, found.mass)
    assert found.inside.sum() == one["points"]


def test_two_planted_boxes_are_found_one_after_the_other() -> None:
    points = sample(2000)
    planted = ((points.x0 > 0.7) & (points.x1 > 0.6)) | ((points.x0 < 0.3) & (points.x2 < 0.4))
    found = [f for f in discover(points, planted.to_numpy()) if f.is_real]
    assert len(found) >= 2
    assert sum(f.coverage for f in found[:2]) > 0.85
    assert not (found[0].inside & found[1].inside).any()


@pytest.mark.nightly
def test_noise_holds_no_box() -> None:
    points = sample(500)
    said = [
        any(f.is_real for f in discover(points, np.random.default_rng(seed).random(500) < share))
        for seed in range(10)
        for share in (0.2, 0.5)
    ]
    assert sum(said) <= 3  # one in twenty is allowed to chance; more than three of twenty is 1.6 % likely


def test_a_grid_of_few_values_is_peeled_value_by_value() -> None:
    points = pd.DataFrame([(a, b) for a in range(10) for b in range(10)] * 3, columns=["a", "b"])
    found = discover(points, ((points.a >= 7) & (points.b <= 2)).to_numpy())[0]
    limits = found.limits.set_index("key")
    assert (limits.loc["a", "low"], limits.loc["b", "high"]) == (7, 2)
    assert (found.coverage, found.density) == (1, 1)


@pytest.mark.parametrize("interest", [True, False])
def test_nothing_is_sought_where_all_points_are_alike(interest: bool) -> None:
    assert discover(sample(50), np.full(50, interest)) == []


def test_the_search_is_reproducible() -> None:
    points = sample(300)
    interest = (points.x0 + points.x1 > 1.3).to_numpy()
    one, other = (discover(points, interest)[0] for _ in range(2))
    pd.testing.assert_frame_equal(one.trajectory, other.trajectory)
    assert one.p_value == other.p_value
