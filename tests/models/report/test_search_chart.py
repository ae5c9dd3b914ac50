"""The chart of one question beside another: the edge at each value, and a cross where there is none."""

from __future__ import annotations

from models.report import style
from models.report.charts_search import given_chart
from models.search.look import Found
from models.search.question import Given
from tests.models.search.test_search import scale, tried


def test_edges_are_drawn_at_each_value_that_was_set(tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(style, "save", lambda fig, *rest: drawn.append(fig) or "<svg/>")
    plan = scale(scale=100, axis="Size of the plan, %")
    some = {0.1: [tried(0, 48, 48), tried(10, 48, 48)], 0.5: [tried(0, 48, 48), tried(10, 0, 48)]}
    some |= {1.0: [tried(0, 0, 48), tried(10, 0, 20)]}
    found = [Found(scale(name="stays"), "5y", 5, "2024-03", 0.9, t, given=Given(plan, v)) for v, t in some.items()]
    other = [Found(scale(name="stays"), "15y", 15, "2034-03", 0.9, some[0.1], given=Given(plan, 0.1))]
    with style.styled():
        _, title, name = given_chart([*found, *other], tmp_path)
    assert title == "Size: edge of credible, by size of the plan" and name == "search_stays_beside_plan"
    first, second = drawn[0].axes
    lines = [(list(line.get_xdata()), list(line.get_ydata())) for line in first.get_lines()]
    assert ([10, 50, 100], [10, 10, 0]) in lines  # safe
    assert ([10, 50], [10, 0]) in lines and ([100], [0]) in lines  # both; at all of the plan at no value
    assert second.get_title(loc="left") == "15\u00a0years"
    assert first.get_ylim()[0] < 0 and first.get_ylim()[1] > 100
