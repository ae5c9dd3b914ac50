"""Charts of an analysis speak as its text does: titles for keys, units with numbers, shares in per cent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from models.report import style
from models.sweep import charts
from models.sweep.titles import Answer, Titles
from sim.analysis.frontier import Passing, frontier
from tests.sim.analysis.designed import outcome_of

NAMES = Titles({"a.beds": "Beds that close", "a.effect": "Effect"}, {"a.beds": "beds", "a.effect": "relative change"})
SAFE = Answer("Share of futures in which the plan is safe", share=True)


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """Figures instead of files."""
    kept: list[Figure] = []
    monkeypatch.setattr(style, "save", lambda fig, *_: kept.append(fig) or "")
    return kept


def words(fig: Figure) -> list[str]:
    """Every text of a figure as it is drawn, without its line breaks."""
    fig.draw_without_rendering()
    return [one.get_text().replace("\n", " ") for one in fig.findobj(Text) if one.get_visible() and one.get_text()]


def free_of_keys(said: list[str]) -> None:
    assert not [one for one in said if "a.beds" in one or "a.effect" in one]


def test_a_tornado_has_titles_and_percentage_points(drawn: list[Figure]) -> None:
    row = {"key": "a.beds", "from": "50", "to": "400", "swing": -0.4, "low": -0.6, "high": -0.2}
    other = row | {"key": "a.effect", "from": "-0.1", "to": "up to 0", "swing": 0.1, "low": 0.0, "high": 0.2}
    charts.tornado_chart(pd.DataFrame([row, other]), SAFE, NAMES, Path(), "x")
    said = words(drawn[0])
    free_of_keys(said)
    assert (
        "Beds that close 50\u00a0beds \u2192 400\u00a0beds" in said or "Beds that close 50 beds \u2192 400 beds" in said
    )
    assert any(one.startswith("Effect") and "lowest tenth, up to" in one for one in said)
    assert "change of the mean answer (percentage points)" in said
    assert "\u221260" in said and not any(one.endswith("60 %") for one in said)


def test_response_curves_have_units_once(drawn: list[Figure]) -> None:
    value = {"mean": 0.5, "low": 0.4, "high": 0.6, "least": 0.2, "greatest": 0.8}
    rows = [{"key": "a.beds", "value": v, "label": str(v), **value} for v in (50.0, 400.0)]
    rows += [{"key": "a.effect", "value": v, "label": str(v), **value} for v in (-0.1, 0.0)]
    charts.response_chart(pd.DataFrame(rows), ["a.beds", "a.effect"], SAFE, NAMES, Path(), "x")
    said = words(drawn[0])
    free_of_keys(said)
    assert "Beds that close (beds)" in said and "Effect" in said
    assert any("10" in one and "%" in one and "\u2212" in one for one in said)  # a change is written in per cent
    assert any(one.endswith(" %") for one in said)
    assert SAFE.title in " ".join(said)


@pytest.mark.parametrize("draw", [charts.sobol_chart, charts.morris_chart])
def test_indices_have_titles(draw: Any, drawn: list[Figure]) -> None:
    row: dict[str, Any] = dict.fromkeys(
        ("first", "first_half_width", "total", "total_half_width", "mu_star", "mu_star_half_width", "sigma"), 0.2
    )
    table = pd.DataFrame([row | {"key": "a.beds", "at": "a.effect=-0.05"}])
    draw(table, SAFE, NAMES, Path(), "x")
    said = words(drawn[0])
    free_of_keys(said)
    assert "Beds that close" in said
    assert any(one.startswith("Effect: ") and "5" in one for one in said)


def test_a_frontier_has_titles_and_the_threshold(drawn: list[Figure]) -> None:
    outcome = outcome_of([{"grid": {"a.beds": [50, 400], "a.effect": [-0.1, 0.0]}}], lambda p: 0.9 - p["a.beds"] / 500)
    passing = Passing(0.5)
    charts.frontier_chart(
        frontier(outcome, "a.beds", "a.effect", passing), "a.effect", outcome, passing, SAFE, NAMES, Path(), "x"
    )
    said = words(drawn[0])
    free_of_keys(said)
    assert "Beds that close (beds)" in said and "Effect" in said
    assert any("at least 50" in one for one in said)
