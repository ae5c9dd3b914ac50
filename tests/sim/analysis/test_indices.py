"""Sobol's and Morris's indices against functions whose indices are known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sim.analysis import morris_effects, sobol_indices
from tests.sim.analysis.designed import outcome_of

CIRCLE = {key: [-np.pi, np.pi] for key in ("x1", "x2", "x3")}
FIRST, TOTAL = (0.3139, 0.4424, 0.0), (0.5576, 0.4424, 0.2437)  # exact, for a = 7 and b = 0.1


def ishigami(points: pd.DataFrame) -> pd.Series:
    return np.sin(points.x1) + 7 * np.sin(points.x2) ** 2 + 0.1 * points.x3**4 * np.sin(points.x1)


def assert_ishigami(found: pd.DataFrame) -> None:
    for row, first, total in zip(found.to_dict("records"), FIRST, TOTAL, strict=True):
        assert abs(row["first"] - first) <= row["first_half_width"] < 0.12
        assert abs(row["total"] - total) <= row["total_half_width"] < 0.12


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_sobol_indices_of_ishigami(seed: int) -> None:
    found, notes = sobol_indices(outcome_of([{"sobol": {"base": 2048, "seed": seed, "over": CIRCLE}}], ishigami))
    assert not notes
    assert list(found["key"]) == ["x1", "x2", "x3"]
    assert_ishigami(found)


def test_each_combination_of_the_other_keys_is_analysed_alone() -> None:
    """Crossed on both sides; scaling an answer leaves its indices alone, and a constant one has none."""
    design = [
        {"grid": {"scale": [0.0, 1.0, 5.0]}},
        {"sobol": {"base": 1024, "over": CIRCLE}},
        {"grid": {"shift": [0, 100], "one": [1]}},
    ]
    outcome = outcome_of(design, lambda p: p["scale"] * ishigami(p) + p["shift"])
    found, notes = sobol_indices(outcome)
    assert set(found["at"]) == {f"scale={s}, shift={t}" for s in (1, 5) for t in (0, 100)}
    assert notes == [f"x1, x2, x3 at scale=0, shift={t}: the answer is the same everywhere" for t in (0, 100)]
    for _, one in found.groupby("at"):
        assert one["first"].to_numpy() == pytest.approx(found["first"].to_numpy()[:3], abs=1e-9)
        assert_ishigami(one)


def test_indices_are_reproducible() -> None:
    outcome = outcome_of([{"sobol": {"base": 64, "over": CIRCLE}}], ishigami)
    pd.testing.assert_frame_equal(sobol_indices(outcome)[0], sobol_indices(outcome)[0])


def test_missing_answers_are_said_and_not_guessed() -> None:
    outcome = outcome_of([{"sobol": {"base": 16, "over": CIRCLE}}], ishigami)
    outcome.y[3] = np.nan
    found, notes = sobol_indices(outcome)
    assert found.empty
    assert notes == ["x1, x2, x3: no answer for some of its points"]


def test_morris_on_a_linear_function_gives_its_coefficients() -> None:
    """Bounds other than the unit cube: the effect is that of the whole range."""
    over = {"a": [0, 1], "b": [10, 20], "c": [-1, 1], "d": [0, 5]}
    design = [{"grid": {"shift": [0, 7]}}, {"morris": {"trajectories": 10, "levels": 6, "over": over}}]
    found, notes = morris_effects(outcome_of(design, lambda p: p["shift"] + 3 * p.a - 0.5 * p.b + 2 * p.c))
    assert not notes
    assert set(found["at"]) == {"shift=0", "shift=7"}
    for _, one in found.groupby("at"):
        assert one["mu_star"].to_numpy() == pytest.approx([3, 5, 4, 0], abs=1e-9)
        assert one["mu"].to_numpy() == pytest.approx([3, -5, 4, 0], abs=1e-9)
        assert one["sigma"].to_numpy() == pytest.approx([0] * 4, abs=1e-9)
        assert one["mu_star_half_width"].to_numpy() == pytest.approx([0] * 4, abs=1e-9)


def test_morris_sees_an_interaction() -> None:
    over = {"a": [0, 1], "b": [0, 1], "c": [0, 1]}
    found, _ = morris_effects(outcome_of([{"morris": {"trajectories": 40, "over": over}}], lambda p: p.a * p.b + p.c))
    sigma = found["sigma"].to_numpy()
    assert (sigma[:2] > 0.2).all()
    assert sigma[2] == pytest.approx(0, abs=1e-9)


def test_designs_of_other_kinds_have_no_indices() -> None:
    outcome = outcome_of([{"grid": {"a": [1, 2]}}], lambda p: p.a)
    assert sobol_indices(outcome)[0].empty
    assert morris_effects(outcome)[0].empty
