"""Numbers in words: a plus stands before changes only."""

from __future__ import annotations

import pytest

from models.figures.figures import Figure
from models.report.words import MINUS, figure_value


def _figure(value: float, unit: str, low: float | None = None, high: float | None = None) -> Figure:
    given = {"value": value, "unit": unit, "low": low, "high": high, "status": "assumed"}
    return Figure.model_validate(given | {"year": "not applicable", "basis": "not applicable"})


@pytest.mark.parametrize(
    ("figure", "title", "said"),
    [
        (_figure(0.087, "per year", 0.06, 0.12), "Nurses: leavers", "8.7\u00a0%"),  # so many of them a year
        (_figure(0.05, "per year"), "How fast an effect fades", "5\u00a0%"),
        (_figure(0.003, "per year"), "Growth of overnight bed-days a year", "+0.3\u00a0%"),
        (_figure(0.01, "per year", -0.01, 0.02), "", "+1\u00a0%"),  # what may fall is a change
        (_figure(-0.029, "relative change"), "", f"{MINUS}2.9\u00a0%"),
        (_figure(0.12, "relative change"), "", "+12\u00a0%"),
        (_figure(0.9, "share"), "", "90\u00a0%"),
    ],
)
def test_only_changes_have_a_plus(figure: Figure, title: str, said: str) -> None:
    assert figure_value(figure, title=title) == said
